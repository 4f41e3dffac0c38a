//! One thing as people read it: a line for each of its fields.

use std::borrow::Cow;

use super::escape;

/// Fields with their values, one a line, the values aligned; then texts.
#[derive(Debug, Default)]
pub(super) struct Block {
    fields: Vec<(Cow<'static, str>, String)>,
    texts: Vec<(&'static str, String)>,
}

impl Block {
    /// Adds a field, unless it is empty. The value is taken as it is stored.
    pub(super) fn field(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.fields.push((name.into(), value));
        }
        self
    }

    /// Adds a field for each value.
    pub(super) fn fields(mut self, name: &'static str, values: &[String]) -> Self {
        self.fields.extend(values.iter().map(|value| (name.into(), value.clone())));
        self
    }

    /// Adds text of several lines below the fields, unless it is empty.
    pub(super) fn text(mut self, name: &'static str, text: &str) -> Self {
        if !text.is_empty() {
            self.texts.push((name, text.to_owned()));
        }
        self
    }

    /// Returns the lines. `terminal` says whether control characters of texts must
    /// be escaped; those of fields always are, because each is one line.
    pub(super) fn lines(&self, terminal: bool) -> String {
        let width = self.fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let mut lines = String::new();
        for (name, value) in &self.fields {
            let space = width - name.len();
            lines.push_str(&format!("{name}:{:space$} {}\n", "", escape::line(value)));
        }
        for (name, text) in &self.texts {
            lines.push_str(&format!("{name}:\n"));
            for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
                let line = line.strip_suffix('\r').unwrap_or(line);
                let safe = if terminal { escape::lines(line) } else { line.into() };
                lines.push_str(format!("    {safe}").trim_end_matches(' '));
                lines.push('\n');
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_aligned_and_what_is_empty_is_left_out() {
        let block = Block::default()
            .field("task", "p/t")
            .field("description", "two\nlines")
            .field("model", "")
            .fields("after", &["a".into(), "b".into()])
            .text("prompt", "first\n\n\x1b[1m\n");
        assert_eq!(
            block.lines(true),
            "task:        p/t\ndescription: two\\nlines\nafter:       a\nafter:       b\n\
             prompt:\n    first\n\n    \\x1b[1m\n"
        );
        assert!(block.lines(false).ends_with("    \x1b[1m\n"));
        assert_eq!(Block::default().lines(true), "");
    }
}
