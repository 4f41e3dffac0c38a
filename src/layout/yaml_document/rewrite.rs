//! How the keys of others survive a rewrite: as they were written if that reads the
//! same, else written anew.

use super::value::Value;
use super::{Document, scalar};

/// Adds to the text of the keys that we know the other keys of the document that is
/// replaced.
pub(in crate::layout) fn compose(
    known: String,
    known_keys: &[&str],
    previous: Option<&[u8]>,
) -> Vec<u8> {
    let foreign = previous
        .and_then(|bytes| Document::read(bytes).ok())
        .map(|mut document| {
            document.entries.retain(|(key, _)| !known_keys.contains(&key.as_str()));
            document
        })
        .filter(|document| !document.entries.is_empty());
    let (Some(foreign), Ok(mut expected)) = (foreign, Document::read(known.as_bytes())) else {
        return known.into_bytes();
    };
    expected.entries.extend(foreign.entries.iter().cloned());
    let forms = [copy(foreign.text, known_keys), Some(write_anew(&foreign.entries))];
    for form in forms.into_iter().flatten() {
        let whole = format!("{known}{form}").into_bytes();
        if Document::read(&whole).is_ok_and(|found| found.entries == expected.entries) {
            return whole;
        }
    }
    known.into_bytes()
}

/// Copies the lines of the keys that are not known; none when the document is not in
/// plain block style.
fn copy(text: &str, known_keys: &[&str]) -> Option<String> {
    let mut copied = String::new();
    // Comments between two keys belong to the second.
    let mut comments = String::new();
    let mut keeps = None;
    for line in text.split_inclusive('\n') {
        let has_end = line.ends_with('\n');
        let into = if line.starts_with('#') {
            Some(&mut comments)
        } else if let Some((key, _)) = key_of(line) {
            let keep = !known_keys.contains(&key);
            keeps = Some(keep);
            if keep {
                copied.push_str(&comments);
            }
            comments.clear();
            keep.then_some(&mut copied)
        } else if keeps.is_none() {
            let is_start = line.trim_end() == "---" || line.trim().is_empty();
            if !is_start {
                return None;
            }
            None
        } else if line.starts_with([' ', '-']) || line.trim().is_empty() {
            let keep = keeps == Some(true);
            if keep {
                copied.push_str(&comments);
            }
            comments.clear();
            keep.then_some(&mut copied)
        } else {
            return None;
        };
        if let Some(into) = into {
            into.push_str(line);
            if !has_end {
                into.push('\n');
            }
        }
    }
    if keeps == Some(true) {
        copied.push_str(&comments);
    }
    Some(copied)
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

fn write_anew(entries: &[(String, Value)]) -> String {
    let mut out = String::new();
    for (key, value) in entries {
        write_pair(&Value::Text(key.clone()), value, 0, &mut out);
    }
    out
}

fn write_pair(key: &Value, value: &Value, indent: usize, out: &mut String) {
    match key {
        Value::Text(_) | Value::Other(_) | Value::Null => write_flow(key, out),
        _ => {
            out.push_str("? ");
            write_flow(key, out);
            out.push('\n');
            out.push_str(&" ".repeat(indent));
        }
    }
    out.push(':');
    write_block(value, indent, out);
}

/// Writes what stands behind a colon or a dash, to the end of its last line.
fn write_block(value: &Value, indent: usize, out: &mut String) {
    let inner = indent + 4;
    let margin = " ".repeat(inner);
    match value {
        Value::Tagged(tag, value) => {
            out.push(' ');
            write_tag(tag, out);
            write_block(value, indent, out);
        }
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
            write_flow(value, out);
            out.push('\n');
        }
    }
}

/// Writes a value on one line.
fn write_flow(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Other(text) => out.push_str(text),
        Value::Text(text) => {
            let mut written = String::new();
            scalar::write_inline(text, &mut written);
            // What is plain in a block may mean something in brackets, or be a long key.
            let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if written.bytes().all(is_word) || written.starts_with('"') {
                out.push_str(&written);
            } else {
                scalar::write_quoted(text, out);
            }
        }
        Value::List(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                write_flow(item, out);
            }
            out.push(']');
        }
        Value::Map(pairs) => {
            out.push('{');
            for (place, (key, value)) in pairs.iter().enumerate() {
                out.push_str(if place == 0 { "? " } else { ", ? " });
                write_flow(key, out);
                out.push_str(" : ");
                write_flow(value, out);
            }
            out.push('}');
        }
        Value::Tagged(tag, value) => {
            write_tag(tag, out);
            out.push(' ');
            write_flow(value, out);
        }
    }
}

fn write_tag(tag: &str, out: &mut String) {
    out.push('!');
    for byte in tag.bytes().filter(|_| tag != "!") {
        if byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rewrite(previous: &str) -> String {
        let bytes = compose("a: 1\n".to_owned(), &["a", "b"], Some(previous.as_bytes()));
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn the_lines_of_other_keys_are_copied_with_their_comments() {
        let kept = "# of x\nx:  1   # one\n\"y\":\n- 007\n# in y\n- 1e999\n\nz: |\n  # text\n\n  more\n  \
                    n:\n      big: 9223372036854775808\n# end\n";
        let previous = format!("# head\na: 2\n# of b\nb:\n  - c\n  # in b\n{kept}");
        assert_eq!(rewrite(&previous), format!("a: 1\n{kept}"));
        assert_eq!(rewrite("---\nx: 1"), "a: 1\nx: 1\n");
        assert_eq!(rewrite("\u{feff}x: 1\r\na: 2\r\n---\nz: 1\n"), "a: 1\nx: 1\r\n");
        assert_eq!(rewrite(&rewrite(&previous)), rewrite(&previous));
    }

    #[test]
    fn keys_that_cannot_be_copied_are_written_anew() {
        assert_eq!(
            rewrite("{x: 1, a: 2, y: [1.50, {k: v}], z: {}}"),
            "a: 1\nx: 1\n\"y\":\n    - 1.50\n    -\n        k: v\nz: {}\n"
        );
        assert_eq!(rewrite("a: &b [1]\nx: *b\n"), "a: 1\nx:\n    - 1\n");
        assert_eq!(rewrite("? x\n: 1\n"), "a: 1\nx: 1\n");
        // Without its newline the text ends otherwise.
        assert_eq!(rewrite("x: |+\n  t"), "a: 1\nx: t\n");
        assert_eq!(
            rewrite("a: &t !mine {b: c}\nx: {k: *t, ? [1, {2: 3}] : d}"),
            "a: 1\nx:\n    k: !mine\n        b: c\n    ? [1, {? 2 : 3}]\n    : d\n"
        );
    }

    #[test]
    fn a_document_that_cannot_be_read_is_replaced() {
        assert_eq!(rewrite("x: [\n"), "a: 1\n");
        assert_eq!(rewrite("x"), "a: 1\n");
    }

    fn value() -> impl Strategy<Value = Value> {
        let text = prop_oneof![any::<String>(), "[ -~\n]{0,9}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            text.prop_map(Value::Text),
            "[1-9][0-9]{0,30}".prop_map(Value::Other),
            "[0-9]{1,3}[.][0-9]{1,3}(e9)?".prop_map(Value::Other),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                proptest::collection::vec((inner.clone(), inner.clone()), 0..4)
                    .prop_map(Value::Map),
                ("[a-z%é ]{1,4}", inner)
                    .prop_filter("one tag", |(_, it)| !matches!(it, Value::Tagged(..)))
                    .prop_map(|(tag, it)| Value::Tagged(tag, Box::new(it))),
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
        fn other_keys_survive_in_any_document(lines in proptest::collection::vec("(a|b|x|y|z|\"w\"|'v'|- |  -|  x|#|---|&n|[*]n|[{]x|[}]|)(: ?)?([|>-]|[ -~]{0,5}|[*]n|&n 1)\r?", 0..8)) {
            let previous = lines.join("\n");
            let rewritten = rewrite(&previous);
            let mut expected = Document::read(b"a: 1").expect("YAML").entries;
            if let Ok(document) = Document::read(previous.as_bytes()) {
                expected.extend(document.entries.into_iter().filter(|(key, _)| key != "a" && key != "b"));
            }
            prop_assert_eq!(Document::read(rewritten.as_bytes()).expect("YAML").entries, expected, "{}", rewritten);
            prop_assert_eq!(rewrite(&rewritten), rewritten);
        }
    }
}
