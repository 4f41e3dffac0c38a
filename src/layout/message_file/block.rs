//! What a `---` line means: whether it opens a record, and whose (rules 1, 2 and 4).

use crate::limits;

use super::header::{self, Header};
use super::own_header::{self, Trailer};
use super::position::ends_with_blank_line;
use super::window::{Delimiter, Found, Window};
use super::work;

/// The longest stored body that a header of ours is believed to announce: a body of the
/// greatest size, every line of it stuffed.
pub(super) const STORED_BYTES_MAX: usize = 2 * limits::MESSAGE_BODY_BYTES_MAX;

/// The longest line that is looked at to find `---` in it, past a limit.
pub(super) const DASHES: usize = 3;

/// What a `---` line opens.
pub(super) enum Opening {
    /// A record of ours whose checksum fits, with a body of `size` stored bytes.
    Own { header: Box<Header>, closing: Delimiter, size: usize },
    /// Another program's record.
    Foreign { header: Box<Header>, closing: Delimiter },
    /// A record of ours whose checksum does not fit, or of which bytes are missing.
    Damaged { header: Box<Header>, closing: Delimiter, trailer: Option<Trailer> },
    /// A header that was not written to its end; `next` may open a record.
    TornHeader { next: usize },
    /// The same at the end of the file.
    TornEnd,
    /// Nothing: it is text.
    Text,
    /// Nothing yet, but more bytes may make it a record.
    Undecided,
    /// The window ends too early.
    NeedMore,
}

/// Where the block ends that a `---` line opens.
enum Block {
    Closed(Delimiter),
    /// Longer than a header may be.
    TooLong,
    Unclosed,
    NeedMore,
}

/// Says what the `---` line `opening` opens. Inside a body it takes more to be believed
/// when no blank line precedes.
pub(super) fn classify(window: &Window<'_>, opening: Delimiter, in_body: bool) -> Opening {
    let is_doubtful = in_body && !window.after_blank(opening.start);
    let closing = match find_block(window, opening) {
        Block::Closed(closing) => closing,
        Block::NeedMore => return Opening::NeedMore,
        Block::Unclosed if !is_doubtful && looks_torn(&window.bytes[opening.end..]) => {
            return Opening::TornEnd;
        }
        Block::Unclosed => return Opening::Undecided,
        Block::TooLong if !is_doubtful && window.bytes[opening.end..].starts_with(b"msg_id:") => {
            return Opening::TornHeader { next: opening.end };
        }
        Block::TooLong => return Opening::Text,
    };
    let block = &window.bytes[opening.end..closing.start];
    let trailer = own_header::trailer(block);
    if let Some(trailer) = trailer {
        match verify(window, opening, closing, trailer) {
            Found::Pending(_) => return Opening::NeedMore,
            Found::Yes(()) => {
                if let Some(header) = own_header::read(block).or_else(|| header::read(block)) {
                    let header = Box::new(header);
                    return Opening::Own { header, closing, size: trailer.body_size };
                }
            }
            Found::No => {}
        }
    }
    let header = match opens_guard(window, closing, trailer.is_some()) {
        Found::Pending(_) => return Opening::NeedMore,
        Found::Yes(()) => None,
        Found::No => header::read(block),
    };
    let Some(header) = header else {
        let is_torn = !is_doubtful && looks_torn(block);
        return if is_torn { Opening::TornHeader { next: closing.start } } else { Opening::Text };
    };
    if is_doubtful && !header.is_full() {
        return Opening::Text;
    }
    match opens_next(window, closing, ends_with_blank_line(block), header.has_six) {
        Found::Pending(_) => Opening::NeedMore,
        Found::Yes(()) if block.starts_with(b"msg_id:") => {
            Opening::TornHeader { next: closing.start }
        }
        Found::Yes(()) => Opening::Text,
        Found::No if header.has_checksum => {
            Opening::Damaged { header: Box::new(header), closing, trailer }
        }
        Found::No => Opening::Foreign { header: Box::new(header), closing },
    }
}

fn find_block(window: &Window<'_>, opening: Delimiter) -> Block {
    let limit = opening.start + limits::HEADER_BYTES_MAX;
    match window.next_delimiter(opening.end) {
        Found::Yes(closing) if closing.start <= limit => Block::Closed(closing),
        Found::Yes(_) => Block::TooLong,
        Found::Pending(start) if start <= limit => Block::NeedMore,
        Found::Pending(_) => Block::TooLong,
        Found::No if window.len() > limit + DASHES => Block::TooLong,
        Found::No if window.at_end => Block::Unclosed,
        Found::No => Block::NeedMore,
    }
}

/// Tells whether the `---` line at `rule` is that of a guard, which closes no header. At
/// the end of the file the guard may be half written, but behind a whole header of ours
/// that is rather its half body.
fn opens_guard(window: &Window<'_>, rule: Delimiter, is_ours: bool) -> Found<()> {
    const OPENING: &[u8] = b"---\n";
    const REST: &[u8] = b"<!-- -->\n\n---\n";
    let text = &window.bytes[rule.start..];
    let known = text.len().min(OPENING.len() + REST.len());
    let is_guard = match text[..known].strip_prefix(OPENING) {
        Some(rest) => REST.starts_with(rest),
        None => OPENING.starts_with(&text[..known]),
    };
    if !is_guard {
        return Found::No;
    }
    let is_whole = known == OPENING.len() + REST.len();
    if !is_whole && !window.at_end {
        Found::Pending(rule.start)
    } else if is_whole || known > OPENING.len() && !is_ours {
        Found::Yes(())
    } else {
        Found::No
    }
}

/// Tells whether a block without a header is one that was not written to its end.
fn looks_torn(block: &[u8]) -> bool {
    const KEY: &[u8] = b"msg_id:";
    let line = block.trim_ascii_end();
    block.starts_with(KEY) || (!line.is_empty() && KEY.starts_with(line))
}

/// Checks a record of ours. Pending: its body reaches past the window.
fn verify(
    window: &Window<'_>,
    opening: Delimiter,
    closing: Delimiter,
    trailer: Trailer,
) -> Found<()> {
    let body = &window.bytes[closing.end..];
    if trailer.body_size > STORED_BYTES_MAX || closing.end - closing.start != 4 {
        return Found::No;
    }
    if body.len() <= trailer.body_size {
        return if window.at_end { Found::No } else { Found::Pending(opening.start) };
    }
    let (body, after) = body.split_at(trailer.body_size);
    let signed = &window.bytes[opening.start..opening.end + trailer.sum_line];
    if after[0] != b'\n' {
        return Found::No;
    }
    work::looked_at(signed.len() + body.len());
    let fits = crc32c::crc32c_append(crc32c::crc32c(signed), body) == trailer.sum;
    if fits { Found::Yes(()) } else { Found::No }
}

/// Tells whether the line that closes a header opens the next record instead, because that
/// header was not written to its end (rule 4).
fn opens_next(
    window: &Window<'_>,
    closing: Delimiter,
    ends_blank: bool,
    has_six: bool,
) -> Found<()> {
    const KEY: &[u8] = b"msg_id:";
    let next = &window.bytes[closing.end..];
    if !next.starts_with(KEY) {
        let may_become = !window.at_end && KEY.starts_with(next);
        return if may_become { Found::Pending(closing.start) } else { Found::No };
    }
    if ends_blank {
        return Found::Yes(());
    }
    let end = match find_block(window, closing) {
        Block::Closed(end) => end,
        Block::NeedMore => return Found::Pending(closing.start),
        Block::TooLong | Block::Unclosed => return Found::No,
    };
    let block = &window.bytes[closing.end..end.start];
    if let Some(trailer) = own_header::trailer(block) {
        match verify(window, closing, end, trailer) {
            Found::No => {}
            verified => return verified,
        }
    }
    if is_next_header(block, has_six) { Found::Yes(()) } else { Found::No }
}

/// Tells whether the block behind a header is a header itself, so that the first one was
/// not written to its end. `has_six` says whether the first has the keys of ours.
pub(super) fn is_next_header(block: &[u8], has_six: bool) -> bool {
    block.starts_with(b"msg_id:")
        && block.len() <= limits::HEADER_BYTES_MAX
        && !ends_with_blank_line(block)
        && header::read(block).is_some_and(|next| next.is_full() && (!has_six || next.has_six))
}
