//! Scalars as the original's YAML library (yaml.v3 of Go) writes them, so that a file of
//! ours and one of theirs differ in nothing but what they say.
//!
//! Where its output would not be read back to the same text by every YAML reader, the
//! text is double-quoted instead.

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// Writes the value of a top-level key, from behind the colon to the end of its last
/// line.
pub(in crate::layout) fn write_value(text: &str, out: &mut String) {
    if style(text) == Style::Literal {
        write_literal(text, out);
    } else {
        out.push(' ');
        write_inline(text, out);
        out.push('\n');
    }
}

/// Writes a top-level key with a list of texts.
pub(in crate::layout) fn write_list(key: &str, texts: &[String], out: &mut String) {
    out.push_str(key);
    out.push_str(if texts.is_empty() { ": []\n" } else { ":\n" });
    for text in texts {
        out.push_str("    - ");
        write_inline(text, out);
        out.push('\n');
    }
}

/// Writes a scalar on one line.
pub(in crate::layout) fn write_inline(text: &str, out: &mut String) {
    match style(text) {
        Style::Plain => out.push_str(text),
        Style::Single => {
            out.push('\'');
            out.push_str(&text.replace('\'', "''"));
            out.push('\'');
        }
        Style::Double | Style::Literal => write_quoted(text, out),
    }
}

/// Reads a scalar of one line exactly as [`write_inline`] makes it; none for any other,
/// and for text with escapes.
pub(in crate::layout) fn read_inline(written: &str) -> Option<String> {
    let text = if let Some(quoted) = written.strip_prefix('"') {
        let text = quoted.strip_suffix('"')?;
        if text.contains(['"', '\\']) {
            return None;
        }
        text.to_owned()
    } else if let Some(quoted) = written.strip_prefix('\'') {
        quoted.strip_suffix('\'')?.replace("''", "'")
    } else {
        written.to_owned()
    };
    let mut again = String::with_capacity(written.len());
    write_inline(&text, &mut again);
    (again == written).then_some(text)
}

/// Chooses the style as the original library does.
fn style(text: &str) -> Style {
    let traits = Traits::of(text);
    if text.contains('\n') {
        return if traits.literal_allowed() { Style::Literal } else { Style::Double };
    }
    if is_no_plain_text(text) || !traits.quotes_allowed() {
        return Style::Double;
    }
    if traits.plain_allowed() { Style::Plain } else { Style::Single }
}

/// What matters about a text for its style.
#[derive(Default)]
struct Traits {
    has_indicators: bool,
    has_special: bool,
    has_tab: bool,
    has_edge_space: bool,
    ends_with_space: bool,
    has_space_before_break: bool,
    starts_with_break_or_tab: bool,
}

impl Traits {
    fn of(text: &str) -> Self {
        let marker = ["---", "..."].iter().any(|marker| text.starts_with(marker));
        let mut traits = Self {
            has_indicators: marker,
            has_edge_space: text.starts_with(' ') || text.ends_with(' '),
            ends_with_space: text.ends_with(' '),
            starts_with_break_or_tab: text.starts_with(['\n', '\t']),
            ..Self::default()
        };
        let mut previous = None;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let before_blank = characters.peek().is_none_or(|&next| matches!(next, ' ' | '\t'));
            let after_blank =
                previous.is_none_or(|before| matches!(before, ' ' | '\t' | '\n' | '\r'));
            traits.has_indicators |= match character {
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
                | '@' | '`' => previous.is_none(),
                '?' | '-' => previous.is_none() && before_blank,
                ':' => before_blank,
                '#' => after_blank,
                _ => false,
            };
            traits.has_tab |= character == '\t';
            traits.has_special |= character != '\t' && !is_printable(character);
            traits.has_space_before_break |= character == '\n' && previous == Some(' ');
            previous = Some(character);
        }
        traits
    }

    fn quotes_allowed(&self) -> bool {
        !self.has_special && !self.has_tab
    }

    fn plain_allowed(&self) -> bool {
        !self.has_indicators && !self.has_edge_space
    }

    /// A literal that begins with an empty line or a tab is not read back by every
    /// reader.
    fn literal_allowed(&self) -> bool {
        !self.has_special
            && !self.has_space_before_break
            && !self.ends_with_space
            && !self.starts_with_break_or_tab
    }
}

/// Tells whether the character may stand unescaped. The original library holds what is
/// beyond the basic plane unprintable; the two separators are line breaks to some
/// readers only.
fn is_printable(character: char) -> bool {
    match character {
        '\u{2028}' | '\u{2029}' | '\u{feff}' => false,
        '\n' | ' '..='~' | '\u{a0}'..='\u{fffd}' => true,
        _ => false,
    }
}

/// Tells whether some YAML version takes the plain text for something else than text.
pub(super) fn is_no_plain_text(text: &str) -> bool {
    const WORDS: [&str; 13] =
        ["", "~", "=", "<<", "y", "n", "yes", "no", "on", "off", "null", "true", "false"];
    let lower = text.to_ascii_lowercase();
    let is_word = WORDS.contains(&lower.as_str()) && {
        // In mixed case, such as `yEs`, they are text to everybody.
        let tail = text.get(1..).unwrap_or_default();
        let is_upper = |text: &str| !text.bytes().any(|byte| byte.is_ascii_lowercase());
        is_upper(text) || !tail.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    let unsigned = lower.strip_prefix(['+', '-']).unwrap_or(&lower);
    is_word
        || unsigned == ".inf"
        || lower == ".nan"
        || is_number(unsigned)
        || is_sexagesimal(unsigned)
        || is_date(text)
}

/// Tells whether the text, in lower case and without its sign, is a number to somebody.
fn is_number(unsigned: &str) -> bool {
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '.' | '_')) {
        return false;
    }
    let bare = unsigned.replace('_', "");
    let spaced = bare.len() < unsigned.len();
    let based = |prefix: &str, is_digit: fn(&u8) -> bool| {
        bare.strip_prefix(prefix).is_some_and(|digits| {
            // The original library takes a second sign here.
            let digits = digits.strip_prefix(['+', '-']).unwrap_or(digits);
            (!digits.is_empty() || spaced) && digits.as_bytes().iter().all(is_digit)
        })
    };
    based("0x", u8::is_ascii_hexdigit)
        || based("0o", |digit| matches!(digit, b'0'..=b'7'))
        || based("0b", |digit| matches!(digit, b'0' | b'1'))
        || is_decimal(&bare)
}

/// Tells whether the text is digits with a point and an exponent at will.
fn is_decimal(bare: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = bare.split_once('e').unwrap_or((bare, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mantissa = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    mantissa && digits(exponent) && !exponent.is_empty()
}

/// Tells whether YAML 1.1 takes the text for a number to the base of 60, such as `1:20`.
fn is_sexagesimal(unsigned: &str) -> bool {
    let Some((first, rest)) = unsigned.split_once(':') else {
        return false;
    };
    let (rest, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let place = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [b'0'..=b'5', digit] => digit.is_ascii_digit(),
        _ => false,
    };
    first.starts_with(|digit: char| digit.is_ascii_digit())
        && digits(first)
        && digits(fraction)
        && rest.split(':').all(place)
}

/// Tells whether the text begins as a date and goes on as a time or not at all.
fn is_date(text: &str) -> bool {
    let mut rest = text;
    for (place, digits_min) in [4, 1, 1].into_iter().enumerate() {
        let digits_max = if place == 0 { 4 } else { 2 };
        if place > 0 {
            let Some(after) = rest.strip_prefix('-') else { return false };
            rest = after;
        }
        let count = rest.bytes().take(digits_max).take_while(u8::is_ascii_digit).count();
        if count < digits_min {
            return false;
        }
        rest = &rest[count..];
    }
    let is_clock = |text: &str| {
        let hour = text.bytes().take_while(u8::is_ascii_digit).count();
        (1..=2).contains(&hour) && text[hour..].starts_with(':')
    };
    rest.is_empty()
        || rest.strip_prefix(['T', 't']).is_some_and(is_clock)
        || (rest.starts_with(' ') && is_clock(rest.trim_start_matches(' ')))
}

/// Writes a text in double quotes.
pub(in crate::layout) fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        let letter = match character {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' | '\\' => character,
            '\u{85}' => 'N',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ if is_printable(character) => {
                out.push(character);
                continue;
            }
            '\0'..='\u{ff}' => {
                out.push_str(&format!("\\x{:02X}", u32::from(character)));
                continue;
            }
            '\u{100}'..='\u{ffff}' => {
                out.push_str(&format!("\\u{:04X}", u32::from(character)));
                continue;
            }
            _ => {
                out.push_str(&format!("\\U{:08X}", u32::from(character)));
                continue;
            }
        };
        out.push('\\');
        out.push(letter);
    }
    out.push('"');
}

/// Writes a literal block below a top-level key.
fn write_literal(text: &str, out: &mut String) {
    out.push_str(" |");
    if text.starts_with(' ') {
        out.push('4');
    }
    if !text.ends_with('\n') {
        out.push('-');
    } else if text.ends_with("\n\n") {
        out.push('+');
    }
    out.push('\n');
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            out.push_str("    ");
            out.push_str(line);
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(value: &str) -> String {
        let document = format!("v:{value}after: \"1\"\n");
        let pairs: std::collections::BTreeMap<String, String> =
            serde_yaml::from_str(&document).unwrap_or_else(|error| panic!("{document}: {error}"));
        assert_eq!(pairs["after"], "1");
        pairs["v"].clone()
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[ -~\n\t]{0,20}",
            "[-+.0-9_:eExobTZ a-f]{0,12}",
            "([ \n\ta]|---|[.]{3}|: |#|\u{85}|\u{2028}|\u{a0}|\u{feff}|\r|é|😀){0,8}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read_back_by_a_yaml_reader(text in text()) {
            let mut value = String::new();
            write_value(&text, &mut value);
            prop_assert_eq!(&read(&value), &text);
            let mut line = String::new();
            write_inline(&text, &mut line);
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(&read(&format!(" {line}\n")), &text);
        }

        #[test]
        fn what_is_read_without_the_yaml_reader_is_the_same(text in text(), other in "[ -~]{0,10}") {
            let mut line = String::new();
            write_inline(&text, &mut line);
            if let Some(found) = read_inline(&line) {
                prop_assert_eq!(found, text);
            } else {
                prop_assert!(line.contains('\\'));
            }
            if let Some(found) = read_inline(&other) {
                prop_assert_eq!(found, read(&format!(" {other}\n")));
            }
        }
    }

    #[test]
    fn what_another_reader_takes_for_something_else_is_quoted() {
        for text in [
            "1e999",
            "0x_",
            "=",
            "<<",
            "2026-13-01",
            "2026-01-02 03:04:05 +2",
            "1:20.5",
            "-.INF",
            ".nan",
            "+0b1",
            "+_8",
            "0o+0",
            "-_2._",
            "off",
            "False",
        ] {
            let mut line = String::new();
            write_inline(text, &mut line);
            assert_eq!(line, format!("\"{text}\""));
        }
    }
}
