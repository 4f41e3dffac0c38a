//! Makes stored text safe to show: a message may hold anything, also bytes that
//! would move a terminal's cursor, recolour it, or reorder its text.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns text for a place that must stay one line: every control character is
/// escaped, line breaks and tabs included.
pub(super) fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_active)
}

/// Returns text of several lines: every control character but the line break and
/// the tab is escaped.
pub(super) fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_active(c) && !matches!(c, '\n' | '\t'))
}

/// Returns JSON with the characters escaped that JSON allows and a terminal may
/// act on. They stand only inside strings, so the value does not change.
pub(super) fn json(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_active) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_active(c) {
            // All of them lie in the plane that four digits reach.
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Whether a terminal may act on the character instead of showing it: the control
/// characters C0, DEL and C1, and the marks that change the direction of text.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escaped(text: &str, mut hide: impl FnMut(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&mut hide) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if !hide(c) {
            safe.push(c);
            continue;
        }
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            _ if u32::from(c) < 0x100 => {
                let _ = write!(safe, "\\x{:02x}", u32::from(c));
            }
            _ => {
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_become_visible() {
        assert_eq!(line("\x1b[31mred\x1b[0m"), "\\x1b[31mred\\x1b[0m");
        assert_eq!(lines("\u{9b}2J\x07\x7f\0"), "\\x9b2J\\x07\\x7f\\x00");
        assert_eq!(line("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn only_bodies_keep_line_breaks_and_tabs() {
        assert_eq!(lines("a\n\tb\rc"), "a\n\tb\\rc");
        assert_eq!(line("a\n\tb\rc"), "a\\n\\tb\\rc");
    }

    #[test]
    fn plain_text_of_any_script_stays_as_it_is() {
        for text in ["", "plain", "grüße 世界 🙂 \\x1b"] {
            assert!(matches!(lines(text), Cow::Borrowed(_)), "{text}");
            assert!(matches!(json(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn escaped_json_means_the_same() {
        let value = serde_json::json!({"body": "\u{7f}\u{9b}\u{202e}\x1b\n"});
        let text = value.to_string();
        let safe = json(&text);
        assert!(!safe.chars().any(is_active), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).expect("json"), value);
    }
}
