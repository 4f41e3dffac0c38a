//! How what others have written survives a rewrite: as it was written if that reads the
//! same; else written anew, if that says the same to every reader.

use super::value::Value;
use super::{Document, may_be_tagged, scalar};
use crate::layout::Damage;

/// Adds to the text of the keys that we know what others have put into the document that
/// is replaced: their keys, comments, and what is behind the first document.
///
/// # Errors
/// When the previous document cannot be read, or their keys cannot be kept.
pub(in crate::layout) fn compose(
    known: String,
    known_keys: &[&str],
    previous: Option<&[u8]>,
) -> Result<Vec<u8>, Damage> {
    let Some(bytes) = previous else {
        return Ok(known.into_bytes());
    };
    let previous = Document::read(bytes)?;
    let mut foreign = previous.entries.clone();
    foreign.retain(|(key, _)| !known_keys.contains(&key.as_str()));
    let mut whole = if foreign.is_empty() && !previous.text.contains('#') {
        known.into_bytes()
    } else {
        rewrite(&known, known_keys, previous.text, &foreign)?
    };
    whole.extend_from_slice(previous.behind(bytes));
    Ok(whole)
}

fn rewrite(
    known: &str,
    known_keys: &[&str],
    previous: &str,
    foreign: &[(String, Value)],
) -> Result<Vec<u8>, Damage> {
    let mut expected = Document::read(known.as_bytes())?.entries;
    expected.extend_from_slice(foreign);
    let copied = Kept::of(previous, known_keys).map(|kept| kept.with(known));
    let anew =
        is_the_same_to_all(previous, foreign).then(|| format!("{known}{}", write_anew(foreign)));
    let forms = copied.into_iter().chain(anew);
    let mut forms = forms.filter(|form| {
        Document::read(form.as_bytes()).is_ok_and(|found| found.entries == expected)
    });
    forms
        .next()
        .map(String::into_bytes)
        .ok_or_else(|| Damage::new("it is not in plain block style; mend it by hand"))
}

/// The lines that are kept of a document.
#[derive(Default)]
struct Kept {
    /// The comments before the first key.
    head: String,
    /// The comments of the keys that we know, by key.
    of_known: Vec<(String, String)>,
    /// The other keys with their comments, and what comments end the document.
    foreign: String,
}

impl Kept {
    /// Takes the lines; none when the document is not in plain block style.
    fn of(text: &str, known_keys: &[&str]) -> Option<Self> {
        let mut kept = Self::default();
        // Comments between two keys belong to the second.
        let mut comments = String::new();
        let mut current = None;
        for line in text.split_inclusive('\n') {
            let line = if line.ends_with('\n') { line } else { &format!("{line}\n") };
            let is_blank = line.trim().is_empty();
            if line.starts_with('#') || (current.is_none() && is_blank) {
                comments.push_str(line);
            } else if let Some((key, value)) = key_of(line) {
                let comments = std::mem::take(&mut comments);
                let is_known = known_keys.contains(&key);
                if current.is_none() {
                    kept.head = Some(comments).filter(|it| it.contains('#')).unwrap_or_default();
                } else if is_known {
                    kept.of_known.push((key.to_owned(), comments));
                } else {
                    kept.foreign.push_str(&comments);
                }
                if !is_known {
                    kept.foreign.push_str(line);
                }
                current = Some((key.to_owned(), is_known, value.trim().is_empty()));
            } else if let Some((key, is_known, is_below)) = &current {
                if !is_blank && !line.starts_with([' ', '-']) {
                    return None;
                } else if !is_known {
                    kept.foreign.push_str(&std::mem::take(&mut comments));
                    kept.foreign.push_str(line);
                } else if !is_blank {
                    let comment = Some(line.trim_start()).filter(|it| it.starts_with('#'));
                    comments.push_str(comment.filter(|_| *is_below).unwrap_or_default());
                    kept.of_known.push((key.clone(), std::mem::take(&mut comments)));
                } else if !comments.is_empty() {
                    comments.push_str(line);
                }
            } else if line.trim_end() != "---" {
                return None;
            }
        }
        let end = if current.is_none() { &mut kept.head } else { &mut kept.foreign };
        end.push_str(&comments);
        Some(kept)
    }

    /// Returns them with the keys that we know.
    fn with(self, known: &str) -> String {
        let mut whole = self.head;
        for line in known.split_inclusive('\n') {
            let key = key_of(line).map(|(key, _)| key);
            let of_key = self.of_known.iter().filter(|(of, _)| Some(of.as_str()) == key);
            whole.extend(of_key.map(|(_, comments)| comments.as_str()));
            whole.push_str(line);
        }
        whole + &self.foreign
    }
}

/// Splits a line that begins with a key, plain or in quotes without escapes, into the
/// key and what follows the colon.
pub(super) fn key_of(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_end_matches(['\r', '\n']);
    let (key, rest) = match line.as_bytes().first()? {
        quote @ (b'"' | b'\'') => {
            let (key, rest) = line[1..].split_once(char::from(*quote))?;
            if key.contains('\\') {
                return None;
            }
            (key, rest.strip_prefix(':')?)
        }
        byte if byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'<' => {
            let (key, rest) = line.split_once(':')?;
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./<".contains(&byte);
            if !key.bytes().all(allowed) {
                return None;
            }
            (key, rest)
        }
        _ => return None,
    };
    (rest.is_empty() || rest.starts_with(' ')).then_some((key, rest))
}

/// Tells whether entries that are written anew say to readers of any YAML version what
/// they said before. How a scalar was written is not known, nor are all tags.
fn is_the_same_to_all(previous: &str, entries: &[(String, Value)]) -> bool {
    // A key that is null has no text either.
    let is_text = |key: &str| !key.is_empty() && !scalar::is_no_plain_text(key);
    !may_be_tagged(previous) && entries.iter().all(|(key, value)| is_text(key) && is_plain(value))
}

fn is_plain(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.is_empty() || !scalar::is_no_plain_text(text),
        Value::Other(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let is_decimal = digits.bytes().all(|byte| byte.is_ascii_digit());
            matches!(text.as_str(), "true" | "false" | "0")
                || (is_decimal && !digits.is_empty() && !digits.starts_with('0'))
        }
        Value::List(items) => items.iter().all(is_plain),
        Value::Map(pairs) => pairs.iter().all(|(key, value)| {
            let is_scalar = !matches!(key, Value::List(_) | Value::Map(_));
            is_scalar && is_plain(key) && is_plain(value)
        }),
        Value::Tagged(..) => false,
    }
}

fn write_anew(entries: &[(String, Value)]) -> String {
    let mut out = String::new();
    for (key, value) in entries {
        write_pair(&Value::Text(key.clone()), value, 0, &mut out);
    }
    out
}

fn write_pair(key: &Value, value: &Value, indent: usize, out: &mut String) {
    write_scalar(key, out);
    out.push(':');
    write_block(value, indent, out);
}

/// Writes what stands behind a colon or a dash, to the end of its last line.
fn write_block(value: &Value, indent: usize, out: &mut String) {
    let inner = indent + 4;
    let margin = " ".repeat(inner);
    match value {
        Value::List(items) if !items.is_empty() => {
            out.push('\n');
            for item in items {
                out.push_str(&margin);
                out.push('-');
                write_block(item, inner, out);
            }
        }
        Value::Map(pairs) if !pairs.is_empty() => {
            out.push('\n');
            for (key, value) in pairs {
                out.push_str(&margin);
                write_pair(key, value, inner, out);
            }
        }
        _ => {
            out.push(' ');
            write_scalar(value, out);
            out.push('\n');
        }
    }
}

/// Writes a value on one line: a scalar, or what is empty.
fn write_scalar(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Other(text) => out.push_str(text),
        Value::Text(text) => {
            let mut written = String::new();
            scalar::write_inline(text, &mut written);
            // What is plain elsewhere may be a long key.
            let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if written.bytes().all(is_word) || written.starts_with('"') {
                out.push_str(&written);
            } else {
                scalar::write_quoted(text, out);
            }
        }
        Value::List(_) => out.push_str("[]"),
        Value::Map(_) | Value::Tagged(..) => out.push_str("{}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REFUSED: &str = "it is not in plain block style; mend it by hand";

    fn try_rewrite(previous: &str) -> Result<String, Damage> {
        let bytes = compose("a: 1\n".to_owned(), &["a", "b"], Some(previous.as_bytes()))?;
        Ok(String::from_utf8(bytes).expect("text"))
    }

    fn rewrite(previous: &str) -> String {
        try_rewrite(previous).expect(previous)
    }

    #[test]
    fn the_lines_of_other_keys_are_copied_with_their_comments() {
        let kept = "# of x\nx:  1   # one\n\"y\":\n- 007\n# in y\n- 1e999\n\nz: |\n  # text\n\n  more\n  \
                    n:\n      big: 9223372036854775808\n# end\n";
        let previous = format!("a: 2\n# of b\nb:\n  - c\n  # in b\n{kept}");
        assert_eq!(rewrite(&previous), format!("a: 1\n{kept}"));
        assert_eq!(rewrite("---\nx: 1"), "a: 1\nx: 1\n");
        assert_eq!(rewrite("\u{feff}x: 1\r\na: 2\r\n"), "a: 1\nx: 1\r\n");
        assert_eq!(rewrite(&rewrite(&previous)), rewrite(&previous));
    }

    #[test]
    fn comments_before_the_first_key_and_of_our_keys_stay_where_they_are() {
        for (previous, expected) in [
            ("# head\n#\n\nb: 1\nx: 2\n", "# head\n#\n\na: 1\nx: 2\n"),
            ("# head\n---\n# more\nx: 2\na: 2\n", "# head\n# more\na: 1\nx: 2\n"),
            ("# alone\n", "# alone\na: 1\n"),
            ("x: 2\n# of a\na: 2\n# end", "# of a\na: 1\nx: 2\n# end\n"),
            ("x: 2\na:\n  # in a\n  - 2\n# more\n  - 3\n", "# in a\n# more\na: 1\nx: 2\n"),
            ("a: |\n  # text\n# of x\n\nx: 2\n", "a: 1\n# of x\n\nx: 2\n"),
        ] {
            assert_eq!(rewrite(previous), expected, "{previous}");
            assert_eq!(rewrite(expected), expected, "{previous}");
        }
    }

    #[test]
    fn what_is_behind_the_first_document_stays_there() {
        for behind in ["---\nz: [\n", "...\nprose", "--- # more\r\nb: 1\n---\n"] {
            for previous in ["", "b: 1\n", "---\n# c\nb: 1\nx: [1]\n", "---\n{x: 1}\n"] {
                if previous.is_empty() && behind.starts_with("---") {
                    continue; // It is the first.
                }
                let whole = rewrite(&format!("{previous}{behind}"));
                assert_eq!(whole, format!("{}{behind}", rewrite(previous)));
                assert_eq!(rewrite(&whole), whole);
            }
        }
    }

    #[test]
    fn keys_that_cannot_be_copied_are_written_anew_where_that_says_the_same() {
        assert_eq!(
            rewrite("{x: 1, a: 2, u: [-15, {k: v, e: ''}], z: {}, t: true, v: ~}"),
            "a: 1\nx: 1\nu:\n    - -15\n    -\n        k: v\n        e: \"\"\nz: {}\nt: true\nv: null\n"
        );
        assert_eq!(rewrite("a: &b [1]\nx: *b\n"), "a: 1\nx:\n    - 1\n");
        assert_eq!(rewrite("? x\n: 1\n"), "a: 1\nx: 1\n");
        // Without its newline the text ends otherwise.
        assert_eq!(rewrite("x: |+\n  t"), "a: 1\nx: t\n");
        assert_eq!(rewrite("{a: !mine {b: c}}"), "a: 1\n");
    }

    #[test]
    fn what_would_say_something_else_to_other_readers_is_not_rewritten() {
        for value in [
            "yes",
            "{y: 1}",
            "017",
            "0x1F",
            "1.50",
            "1e3",
            "1_000",
            "1:20",
            "2026-01-02",
            "True",
            "<<",
            "=",
            ".inf",
            "!mine b",
            "!!binary aGk=",
            "!!set {k}",
            "!<tag:x,2000:y> b",
            "{<<: 1}",
            "{[k]: v}",
            "{2026-01-02: v}",
            "[k, {1.5: v}]",
        ] {
            let refused = try_rewrite(&format!("{{x: {value}}}")).expect_err(value);
            assert_eq!(refused.to_string(), REFUSED, "{value}");
            assert_eq!(rewrite(&format!("x: {value}\n")), format!("a: 1\nx: {value}\n"));
        }
        assert!(try_rewrite("a: &t 1.5\nx: *t\n").is_err());
    }

    #[test]
    fn a_key_that_is_null_does_not_become_an_empty_text() {
        for previous in ["?", "? \n: 1\n", "{~: 1}", "{\"\": 1}"] {
            assert_eq!(try_rewrite(previous).expect_err(previous).to_string(), REFUSED);
        }
        assert_eq!(rewrite("\"\": 1\n"), "a: 1\n\"\": 1\n");
    }

    #[test]
    fn a_document_that_cannot_be_read_is_not_replaced() {
        try_rewrite("x: [\n").expect_err("damage");
        try_rewrite("x").expect_err("damage");
        try_rewrite("a: 1\na: 1\n").expect_err("damage");
    }

    fn value() -> impl Strategy<Value = Value> {
        let text = prop_oneof![any::<String>(), "[ -~\n]{0,9}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            text.prop_map(Value::Text),
            "-?[1-9][0-9]{0,30}".prop_map(Value::Other),
            "true|false".prop_map(Value::Other),
        ];
        leaf.clone().prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                proptest::collection::vec((leaf.clone(), inner), 0..4).prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_value_that_is_written_anew_reads_the_same(value in value(), key in "[ -~]{0,9}") {
            prop_assume!(key != "<<");
            let entries = vec![(key, value)];
            let text = write_anew(&entries);
            let found = Document::read(text.as_bytes());
            prop_assert_eq!(found.map(|it| it.entries), Ok(entries), "{}", text);
        }

        #[test]
        fn other_keys_survive_in_any_document_that_is_rewritten(lines in proptest::collection::vec("(a|b|x|y|z|\"w\"|'v'|- |  -|  x|#|---|&n|[*]n|[{]x|[}]|)(: ?)?([|>-]|[ -~]{0,5}|[*]n|&n 1)\r?", 0..8)) {
            let previous = lines.join("\n");
            let Ok(rewritten) = try_rewrite(&previous) else { return Ok(()) };
            let mut expected = Document::read(b"a: 1").expect("YAML").entries;
            let document = Document::read(previous.as_bytes()).expect("YAML");
            let behind = document.behind(previous.as_bytes());
            expected.extend(document.entries.iter().filter(|(key, _)| key != "a" && key != "b").cloned());
            let found = Document::read(rewritten.as_bytes()).expect("YAML");
            prop_assert_eq!(found.entries.clone(), expected, "{}", rewritten);
            prop_assert_eq!(found.behind(rewritten.as_bytes()), behind);
            prop_assert_eq!(rewrite(&rewritten), rewritten);
        }
    }
}
