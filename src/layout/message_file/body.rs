//! Where the body of a record ends that does not say so itself (rules 3 and 5).

use super::block::{DASHES, Opening, classify};
use super::legacy;
use super::window::{Found, Window, without_guards, without_newline, without_separator};
use super::work;

/// How far blank lines are passed over to find out what follows them.
const BLANK_BYTES_MAX: usize = 64 << 10;

/// Where a body's text ends.
pub(super) enum End {
    /// Another record opens at `at`, or something that was to be one.
    Next { at: usize },
    /// A `---` line at `at` closes it; what follows is outside.
    Closed { at: usize, after: usize },
    /// At the end of the file. `undecided` is a `---` line that may yet open a record.
    Eof { undecided: Option<usize> },
    /// Not before `limit`.
    TooLong,
    /// The window ends too early.
    NeedMore,
}

/// What was found along a body.
pub(super) struct Walk {
    pub(super) end: End,
    /// There was a `---` line that is text, or closes the record.
    pub(super) has_rules: bool,
}

/// Whose body it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// A record's.
    Plain,
    /// A record's with a `messageId`: any `---` line closes it.
    Older,
    /// That of a torn header. Its first line may be the one that was to close the header.
    Torn,
}

/// Finds the end of a body whose lines are read from `from` on.
pub(super) fn walk(window: &Window<'_>, from: usize, limit: usize, body: Body) -> Walk {
    let older = body == Body::Older;
    let mut cursor = from;
    let mut has_rules = false;
    let mut undecided = None;
    let end = loop {
        let line = match window.next_delimiter(cursor) {
            Found::Yes(line) if line.start <= limit => line,
            Found::Pending(start) if start <= limit => break End::NeedMore,
            Found::Yes(_) | Found::Pending(_) => break End::TooLong,
            Found::No if window.len() > limit + DASHES => break End::TooLong,
            Found::No if window.at_end => break End::Eof { undecided },
            Found::No => break End::NeedMore,
        };
        let is_undecided = match classify(window, line, true) {
            Opening::NeedMore => break End::NeedMore,
            Opening::Text => false,
            Opening::Undecided => true,
            _ => break End::Next { at: line.start },
        };
        has_rules = true;
        if older && is_undecided {
            break End::Next { at: line.start };
        }
        if older {
            break End::Closed { at: line.start, after: line.end };
        }
        match legacy_follows(window, line.end) {
            Found::Yes(()) if body == Body::Torn && line.start == from => {}
            Found::Yes(()) => {
                break End::Closed { at: line.start, after: line.end };
            }
            Found::Pending(_) => break End::NeedMore,
            Found::No => {}
        }
        if is_undecided {
            undecided = Some(line.start);
        }
        cursor = line.end;
    };
    Walk { end, has_rules }
}

/// Tells whether the next line that is not blank is a legacy line.
pub(super) fn legacy_follows(window: &Window<'_>, from: usize) -> Found<()> {
    let limit = from + BLANK_BYTES_MAX;
    let rest = &window.bytes[from..window.len().min(limit)];
    let blank = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    work::looked_at(blank);
    let start = window.line_start(from + blank).max(from);
    if blank == BLANK_BYTES_MAX {
        return Found::No;
    }
    let line = match window.line_end(start) {
        Some(end) => &window.bytes[start..end],
        None if window.at_end => &window.bytes[start..],
        None if window.len() - start > legacy::LINE_BYTES_MAX => return Found::No,
        None if may_be_legacy(&window.bytes[start..]) => return Found::Pending(start),
        None => return Found::No,
    };
    if legacy::read(line).is_some() { Found::Yes(()) } else { Found::No }
}

/// Tells whether the start of a line may become that of a legacy line.
fn may_be_legacy(line: &[u8]) -> bool {
    line.trim_ascii_start().first().is_none_or(|&byte| byte == b'[')
}

/// Returns the text of a region before another record: without its separator and its
/// final newline.
pub(super) fn before_next(region: &[u8]) -> &[u8] {
    without_last_newline(without_separator(region))
}

/// Returns the text of a region at the end of the file.
pub(super) fn at_eof(region: &[u8]) -> &[u8] {
    without_last_newline(without_guards(region))
}

/// Cuts off the newline that ends a text. A last line of `\r` alone that has none goes
/// with it, as it does when a separator has ended that line.
fn without_last_newline(text: &[u8]) -> &[u8] {
    let last = text.iter().rposition(|&byte| byte != b'\r').map_or(0, |at| at + 1);
    without_newline(if text[..last].ends_with(b"\n") { &text[..last] } else { text })
}
