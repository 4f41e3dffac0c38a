//! Legacy lines: `[2026-03-01 10:00:00] FACT: one`.

use jiff::Timestamp;

use crate::limits;

use super::{time, work};

/// What a legacy line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LegacyLine<'a> {
    pub(super) ts: Timestamp,
    pub(super) kind: String,
    pub(super) body: &'a [u8],
}

/// The longest line that is read as one.
pub(super) const LINE_BYTES_MAX: usize = limits::FOREIGN_BODY_BYTES_MAX;

/// The longest time that is looked for between the brackets.
const TIME_BYTES_MAX: usize = 64;

/// Reads a line, with or without its newline, as a legacy line: leading space, a time in
/// brackets, and some text. What stands before the text's first colon is the type when it
/// has no space in it.
pub(super) fn read(line: &[u8]) -> Option<LegacyLine<'_>> {
    if line.len() > LINE_BYTES_MAX {
        return None;
    }
    work::looked_at(line.len());
    let line = line.trim_ascii_start().strip_prefix(b"[")?;
    let close = line.iter().take(TIME_BYTES_MAX).position(|&byte| byte == b']')?;
    let ts = time::read_legacy(str::from_utf8(&line[..close]).ok()?)?;
    let text = line[close + 1..].trim_ascii();
    if text.is_empty() {
        return None;
    }
    let colon = text.iter().take(limits::MESSAGE_TYPE_BYTES_MAX + 1).position(|&byte| byte == b':');
    let kind =
        colon.and_then(|colon| str::from_utf8(&text[..colon]).ok()).filter(|kind| is_type(kind));
    let Some((kind, colon)) = kind.zip(colon) else {
        return Some(LegacyLine { ts, kind: "INFO".to_owned(), body: text });
    };
    let after = text[colon + 1..].trim_ascii();
    let body = if after.is_empty() { text } else { after };
    Some(LegacyLine { ts, kind: kind.to_uppercase(), body })
}

fn is_type(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}
