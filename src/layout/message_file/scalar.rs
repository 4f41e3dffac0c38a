//! Scalars as we write them: plain when every YAML version reads that as the same text,
//! else double-quoted on one line, in printable ASCII.

/// Words that some YAML version reads as something else than text, in any case.
const RESERVED: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// Tells whether `text` may stand without quotes: letters first, or one of our stamps.
pub(super) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((first, last)) = bytes.first().zip(bytes.last()) else {
        return false;
    };
    let allowed = |&byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b' ')
    };
    if !first.is_ascii_alphabetic() {
        return is_stamp(bytes);
    }
    *last != b' '
        && bytes.iter().all(allowed)
        && !RESERVED.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Tells whether the text has the form of a run id, `20260223-2048581234-66789-1`: with
/// three dashes no YAML version takes it for a number or a date.
fn is_stamp(bytes: &[u8]) -> bool {
    let mut parts = bytes.split(|&byte| byte == b'-');
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    parts.next().is_some_and(|date| date.len() == 8 && digits(date))
        && (0..3).all(|_| parts.next().is_some_and(digits))
        && parts.next().is_none()
}

/// Appends a scalar.
pub(super) fn write(text: &str, out: &mut Vec<u8>) {
    if is_plain(text) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for character in text.chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\r' => out.extend_from_slice(b"\\r"),
            ' '..='~' => out.push(character as u8),
            '\0'..='\u{ff}' => write_escape(b'x', 2, character, out),
            '\u{100}'..='\u{ffff}' => write_escape(b'u', 4, character, out),
            _ => write_escape(b'U', 8, character, out),
        }
    }
    out.push(b'"');
}

fn write_escape(letter: u8, digits: u32, character: char, out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'\\', letter]);
    for place in (0..digits).rev() {
        out.push(hex_digit(u32::from(character) >> (4 * place)));
    }
}

/// Returns the last hexadecimal digit of a number.
pub(super) fn hex_digit(number: u32) -> u8 {
    b"0123456789abcdef"[(number & 15) as usize]
}

/// Reads a scalar exactly as [`write`] makes it; none for anything else.
pub(super) fn read(written: &str) -> Option<String> {
    let Some(quoted) = written.strip_prefix('"') else {
        return is_plain(written).then(|| written.to_owned());
    };
    let mut rest = quoted.strip_suffix('"')?;
    if !rest.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    let mut text = String::with_capacity(rest.len());
    while let Some(place) = rest.find(['\\', '"']) {
        text.push_str(&rest[..place]);
        let (character, length) = read_escape(&rest[place..])?;
        text.push(character);
        rest = &rest[place + length..];
    }
    text.push_str(rest);
    Some(text)
}

/// Reads the escape that `rest` begins with: its character and its length.
fn read_escape(rest: &str) -> Option<(char, usize)> {
    let digits = match rest.as_bytes() {
        [b'\\', b'"', ..] => return Some(('"', 2)),
        [b'\\', b'\\', ..] => return Some(('\\', 2)),
        [b'\\', b'n', ..] => return Some(('\n', 2)),
        [b'\\', b't', ..] => return Some(('\t', 2)),
        [b'\\', b'r', ..] => return Some(('\r', 2)),
        [b'\\', b'x', ..] => 2,
        [b'\\', b'u', ..] => 4,
        [b'\\', b'U', ..] => 8,
        _ => return None,
    };
    let number = rest.get(2..2 + digits)?;
    if !number.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let character = char::from_u32(u32::from_str_radix(number, 16).ok()?)?;
    Some((character, 2 + digits))
}
