//! A YAML document that we read part of and rewrite whole: the keys that we know, and
//! those of others, which survive.
//!
//! | module | what it knows |
//! |---|---|
//! | `value` | any value with the text of its scalars, out of hostile bytes |
//! | `scalar` | how a text is written |
//! | `rewrite` | how the keys of others are kept |

mod rewrite;
pub(super) mod scalar;
mod value;

use jiff::Timestamp;

pub(super) use rewrite::compose;
use value::Value;

use super::{Damage, document_time};

/// The first document of a file: a mapping, or nothing.
#[derive(Debug)]
pub(super) struct Document<'a> {
    /// Its text, with what stands before it, so that lines count from the file's first.
    text: &'a str,
    /// Its top level, in order.
    entries: Vec<(String, Value)>,
}

impl<'a> Document<'a> {
    /// Reads it. A byte order mark and further documents are passed over.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Damage> {
        let text = str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            let line = memchr::memchr_iter(b'\n', before).count() + 1;
            Damage::new(format!("not UTF-8 in line {line}"))
        })?;
        let text = first_document(text.strip_prefix('\u{feff}').unwrap_or(text));
        let entries = value::read_mapping(text)?;
        let document = Self { text, entries };
        let mut keys = std::collections::HashSet::new();
        for (key, _) in &document.entries {
            if !keys.insert(key.as_str()) {
                let line = document.place(key, 1);
                return Err(Damage::new(format!("`{key}` stands twice{line}")));
            }
            if key == "<<" {
                let line = document.place(key, 0);
                return Err(Damage::new(format!("`<<` is not supported{line}")));
            }
        }
        Ok(document)
    }

    /// Returns the text of a scalar; empty when it is missing or null.
    pub(super) fn text(&self, key: &str) -> Result<String, Damage> {
        match self.value(key) {
            Value::Null => Ok(String::new()),
            Value::Text(text) | Value::Other(text) => Ok(text.clone()),
            _ => Err(self.wrong(key, "no text")),
        }
    }

    /// Returns a whole number; none when it is missing or null.
    pub(super) fn integer(&self, key: &str) -> Result<Option<i64>, Damage> {
        match self.value(key) {
            Value::Null => Ok(None),
            Value::Other(text) => match read_integer(text) {
                Some(number) => Ok(Some(number)),
                None => Err(self.wrong(key, "no whole number")),
            },
            _ => Err(self.wrong(key, "no whole number")),
        }
    }

    /// Returns a time; none when it is missing, null or the zero time.
    pub(super) fn time(&self, key: &str) -> Result<Option<Timestamp>, Damage> {
        match self.value(key) {
            Value::Null => Ok(None),
            Value::Text(text) | Value::Other(text) => {
                document_time::read(text).ok_or_else(|| self.wrong(key, "no time"))
            }
            _ => Err(self.wrong(key, "no time")),
        }
    }

    /// Returns a list of texts; a text alone is a list of one. What is empty is left out.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, Damage> {
        let items = match self.value(key) {
            Value::List(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        let mut texts = Vec::new();
        for item in items {
            match item {
                Value::Null => {}
                Value::Text(text) | Value::Other(text) if text.trim().is_empty() => {}
                Value::Text(text) | Value::Other(text) => texts.push(text.clone()),
                _ => return Err(self.wrong(key, "no list of texts")),
            }
        }
        Ok(texts)
    }

    /// Returns what follows the document in its file, with the line that ends it.
    pub(super) fn behind<'b>(&self, file: &'b [u8]) -> &'b [u8] {
        let mark = if file.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        file.get(mark + self.text.len()..).unwrap_or_default()
    }

    fn value(&self, key: &str) -> &Value {
        self.entries.iter().find(|(name, _)| name == key).map_or(&Value::Null, |(_, value)| value)
    }

    fn wrong(&self, key: &str, what: &str) -> Damage {
        Damage::new(format!("`{key}` is {what}{}", self.place(key, 0)))
    }

    /// Returns ` in line N` for a top-level key, when it is easily found.
    fn place(&self, key: &str, skip: usize) -> String {
        let mut lines = self
            .text
            .lines()
            .enumerate()
            .filter(|(_, line)| rewrite::key_of(line).is_some_and(|(name, _)| name == key));
        lines.nth(skip).map(|(line, _)| format!(" in line {}", line + 1)).unwrap_or_default()
    }
}

/// Cuts off everything from the line that ends the first document.
fn first_document(text: &str) -> &str {
    let mut has_begun = false;
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        let is_marker = |marker: &str| {
            line.strip_prefix(marker)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
        };
        if is_marker("...") || (has_begun && is_marker("---")) {
            break;
        }
        has_begun |= !line.trim().is_empty() && !line.starts_with(['#', '%']);
        end += line.len();
    }
    &text[..end]
}

/// Tells whether some value may have a tag, such as `!name`, of which each parser makes
/// something else.
pub(in crate::layout) fn may_be_tagged(text: &str) -> bool {
    let may_be_tag = |(place, _): (usize, &str)| {
        let before = &text[..place];
        before.is_empty()
            || before.ends_with(|it: char| it.is_whitespace() || "[{,:-?".contains(it))
    };
    text.match_indices('!').any(may_be_tag)
}

/// Reads a whole number in the forms of YAML: `12`, `-1`, `0x10`, `0o14`, `0b1`, `12.0`.
fn read_integer(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { "-" } else { "" };
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = unsigned.strip_prefix(prefix) {
            return i64::from_str_radix(&format!("{sign}{digits}"), radix).ok();
        }
    }
    if let Ok(number) = format!("{sign}{unsigned}").parse() {
        return Some(number);
    }
    // Within these bounds every whole number has a double of its own.
    const BOUND: f64 = 9_007_199_254_740_992.0;
    let number: f64 = text.parse().ok()?;
    (number.fract() == 0.0 && number.abs() < BOUND).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_in_the_forms_of_yaml() {
        for (text, number) in [
            ("12", 12),
            ("-1", -1),
            ("+7", 7),
            ("0x10", 16),
            ("-0x10", -16),
            ("0o17", 15),
            ("0b11", 3),
            ("12.0", 12),
            ("1e3", 1000),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(read_integer(text), Some(number), "{text}");
        }
        for text in ["", "1.5", "9223372036854775808", "1e30", ".inf", ".nan", "true", "--1", "0x"]
        {
            assert_eq!(read_integer(text), None, "{text}");
        }
    }

    #[test]
    fn the_damage_names_the_line() {
        let wrong = |text: &[u8]| match Document::read(text) {
            Ok(document) => document.integer("pid").expect_err("damage").to_string(),
            Err(damage) => damage.to_string(),
        };
        assert_eq!(wrong(b"a: 1\npid: x\n"), "`pid` is no whole number in line 2");
        assert_eq!(
            wrong(b"\xef\xbb\xbf---\na: 1\n\"pid\": []\n"),
            "`pid` is no whole number in line 3"
        );
        assert_eq!(wrong(b"a: 1\nb: 2\na: 3\n"), "`a` stands twice in line 3");
        assert_eq!(wrong(b"a: 1\n<<: {b: 2}\n"), "`<<` is not supported in line 2");
        assert_eq!(wrong(b"a: 1\nb: \xff\n"), "not UTF-8 in line 2");
        assert!(wrong(b"a: 1\nb: [\n").contains("line 3"), "{}", wrong(b"a: 1\nb: [\n"));
        assert_eq!(wrong(b"- a\n"), "a list, where a mapping belongs, in line 1");
        assert_eq!(
            wrong(b"%YAML 1.1\n---\n# c\n\na\n"),
            "a text, where a mapping belongs, in line 5"
        );
    }

    #[test]
    fn only_the_first_document_counts() {
        for text in [
            "a: 1\n--- \nb: [",
            "---\na: 1\n---\n",
            "# c\n\n---\na: 1\n...\n]",
            "%YAML 1.1\n---\na: 1",
            "--- # c\na: 1\n",
            "a: 1\n---\r\n]",
        ] {
            let document = Document::read(text.as_bytes()).expect(text);
            assert_eq!(document.integer("a"), Ok(Some(1)), "{text}");
            assert_eq!(document.entries.len(), 1, "{text}");
        }
        for text in ["", "\n", "# c\n", "---\n---\na: 1\n", "null", "~\n", "...\na: 1\n"] {
            assert!(Document::read(text.as_bytes()).expect(text).entries.is_empty(), "{text}");
        }
    }
}
