//! The reader: one item after the other, from a position on.
//!
//! Nothing is kept between two calls but the [`Position`]. A call looks only as far as it
//! must to be sure of one item, so that a file reads the same in windows of any size, and
//! it never needs a longer window than the longest record and the block behind it.

use crate::limits;

use super::block::{DASHES, Opening, classify};
use super::body;
use super::legacy::{self, LegacyLine};
use super::own_header;
use super::position::{BYTE_ORDER_MARK, Context, Position};
use super::window::{Delimiter, Found, Window};
use super::{Item, Step, Tail};

/// How much text without any record is passed over in silence. Bounds the window.
pub(super) const TEXT_BYTES_MAX: usize = limits::FOREIGN_BODY_BYTES_MAX;

/// Reads the next item. `bytes` are the file's bytes from `position.offset()` on, maybe
/// only a window of them; `at_end` says that they reach the end of what may be read.
///
/// A record or a damage advances the position; the caller then drops the bytes before it
/// and calls again. `NeedMore` comes only when not `at_end` and leaves the position alone;
/// so does `NeedLine`.
/// At `End` the position is where to go on when the file has grown: never past anything
/// that later bytes could still make a record.
///
/// A record of ours whose checksum does not fit is reported. It is also delivered, as
/// MODIFIED and by its delimiters, when that body is longer than `body_size` says: then a
/// person has added to it. An edit that kept or cut the length cannot be told from a
/// flipped bit or a torn write, and is not delivered.
///
/// Bytes 0 at the end of a file are the caller's to leave out; see [`Tail::at_written`].
pub fn next(position: &mut Position, bytes: &[u8], at_end: bool) -> Step {
    let mut scan = Scan {
        window: Window::new(position, bytes, at_end),
        here: position.clone(),
        entry: position.context,
    };
    let step = scan.step();
    if !matches!(step, Step::NeedMore | Step::NeedLine) {
        *position = scan.here;
    }
    step
}

/// Reads a whole file at once.
pub fn scan_all(bytes: &[u8]) -> (Vec<Item>, Tail) {
    let mut position = Position::start();
    let mut items = Vec::new();
    let length = bytes.len() as u64;
    let bytes = without_zeros(bytes);
    loop {
        let rest = &bytes[as_index(position.offset)..];
        match next(&mut position, rest, true) {
            Step::Record(record) => items.push(Item::Record(record)),
            Step::Damage(damage) => items.push(Item::Damage(damage)),
            Step::End(tail) => return (items, tail.at_written(bytes.len() as u64, length)),
            Step::NeedMore | Step::NeedLine => return (items, Tail::Complete),
        }
    }
}

/// Returns a file's bytes without those 0 at its end: no text ends so, but a file does of
/// which a power cut left the new length without the new content.
pub fn without_zeros(file: &[u8]) -> &[u8] {
    let length = file.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    &file[..length]
}

pub(super) fn as_index(offset: u64) -> usize {
    usize::try_from(offset).expect("an offset in memory fits")
}

/// One call: the window, and the position as far as it has come.
pub(super) struct Scan<'a> {
    pub(super) window: Window<'a>,
    pub(super) here: Position,
    /// What the window's first byte belongs to.
    pub(super) entry: Context,
}

/// A line that may be something else than text.
enum Line<'a> {
    Rule(Delimiter),
    Legacy {
        start: usize,
        end: usize,
        line: LegacyLine<'a>,
    },
    /// A checksum of ours outside of any record: the record's opening line is damaged.
    Checksum {
        start: usize,
        end: usize,
    },
    Pending,
    None,
}

impl<'a> Scan<'a> {
    fn step(&mut self) -> Step {
        let mut cursor = match self.first_line() {
            Ok(cursor) => cursor,
            Err(step) => return step,
        };
        let mut undecided = None;
        loop {
            let rule = match self.next_line(cursor) {
                Line::Rule(rule) if rule.start <= TEXT_BYTES_MAX => rule,
                Line::Legacy { start, end, line } if start <= TEXT_BYTES_MAX => {
                    return self.legacy(start, end, &line);
                }
                Line::Checksum { start, end } => {
                    let detail =
                        "a checksum stands outside of any record; the record cannot be read";
                    return self.damage(start, end, Context::Outside, detail);
                }
                Line::Pending => return Step::NeedMore,
                Line::None if self.window.len() <= TEXT_BYTES_MAX + DASHES => {
                    return if self.window.at_end { self.end(undecided) } else { Step::NeedMore };
                }
                _ => return self.pass_over(),
            };
            let is_undecided = match classify(&self.window, rule, self.here.in_body()) {
                Opening::NeedMore => return Step::NeedMore,
                Opening::Own { header, closing, size } => {
                    return self.own(rule, *header, closing, size);
                }
                Opening::Foreign { header, closing } => {
                    return self.foreign(rule, *header, closing);
                }
                Opening::Damaged { header, closing, trailer } => {
                    return self.damaged(rule, *header, closing, trailer);
                }
                Opening::TornHeader { next } => return self.torn_header(rule, next),
                Opening::TornEnd => return self.torn(rule.start),
                Opening::Text => false,
                Opening::Undecided => true,
            };
            if is_undecided {
                undecided = Some(rule.start);
            }
            match self.pass_rule(rule, is_undecided) {
                Some(step) => return step,
                None => cursor = rule.end,
            }
        }
    }

    /// Returns where the first whole line starts.
    fn first_line(&mut self) -> Result<usize, Step> {
        let bytes = self.window.bytes;
        if self.here.offset == 0 && bytes.starts_with(BYTE_ORDER_MARK) {
            // The original reader takes the mark for a part of the first line.
            self.here.guard = true;
            return Ok(BYTE_ORDER_MARK.len());
        }
        if self.here.offset == 0 && BYTE_ORDER_MARK.starts_with(bytes) && !self.window.at_end {
            return Err(Step::NeedMore);
        }
        if !self.here.mid_line {
            return Ok(0);
        }
        match self.window.line_end(0) {
            Some(end) if end <= TEXT_BYTES_MAX => Ok(end),
            None if bytes.len() <= TEXT_BYTES_MAX && !self.window.at_end => Err(Step::NeedMore),
            None if bytes.len() <= TEXT_BYTES_MAX => {
                self.here.advance(bytes, bytes.len(), self.here.context);
                Err(Step::End(self.whole_tail()))
            }
            _ => Err(self.pass_over()),
        }
    }

    /// Finds the next line that may be something else than text. Only outside of records
    /// is a legacy line a message.
    fn next_line(&self, from: usize) -> Line<'a> {
        if self.here.in_body() {
            return match self.window.next_delimiter(from) {
                Found::Yes(rule) => Line::Rule(rule),
                Found::Pending(start) if start <= TEXT_BYTES_MAX => Line::Pending,
                Found::Pending(_) | Found::No => Line::None,
            };
        }
        let mut start = from;
        while start <= TEXT_BYTES_MAX {
            match self.window.delimiter_at(start) {
                Found::Yes(rule) => return Line::Rule(rule),
                Found::Pending(_) => return Line::Pending,
                Found::No => {}
            }
            let end = match self.window.line_end(start) {
                Some(end) => end,
                None if self.window.at_end => self.window.len(),
                None if self.window.len() - start > legacy::LINE_BYTES_MAX => return Line::None,
                None => return Line::Pending,
            };
            if let Some(line) = legacy::read(&self.window.bytes[start..end]) {
                return Line::Legacy { start, end, line };
            }
            if own_header::is_sum_line(&self.window.bytes[start..end]) {
                return Line::Checksum { start, end };
            }
            if end == self.window.len() && self.window.at_end {
                return Line::None;
            }
            start = end;
        }
        Line::None
    }

    /// Passes a `---` line that opens nothing; it may close the body it stands in.
    fn pass_rule(&mut self, rule: Delimiter, is_undecided: bool) -> Option<Step> {
        self.here.guard = true;
        match self.here.context {
            Context::Outside => {}
            Context::Body { older: true } if is_undecided => {}
            Context::Body { older: true } => self.here.context = Context::Outside,
            _ if rule.start == 0 && self.here.torn_closing => {}
            Context::Body { older: false } | Context::PassingOver => {
                match body::legacy_follows(&self.window, rule.end) {
                    Found::Pending(_) => return Some(Step::NeedMore),
                    Found::Yes(()) => self.here.context = Context::Outside,
                    Found::No => {}
                }
            }
        }
        None
    }

    /// Passes over text without any record in it.
    fn pass_over(&mut self) -> Step {
        let detail = "a long text without any record is passed over";
        let guard = self.here.guard;
        let step = self.damage(0, TEXT_BYTES_MAX, self.here.context, detail);
        self.here.guard = guard;
        step
    }

    /// Ends at the end of the file.
    fn end(&mut self, undecided: Option<usize>) -> Step {
        const AFTER_OWN: [&[u8]; 5] = [b"\n", b"\n-", b"\n--", b"\n---", b"\n---\n"];
        let bytes = self.window.bytes;
        if self.here.after_own && AFTER_OWN.contains(&bytes) {
            return Step::End(Tail::Torn { keep: self.here.offset });
        }
        if let Some(start) = self.window.torn_opening(0) {
            return self.torn(start);
        }
        let end = undecided.or_else(|| self.window.growing_line()).unwrap_or(bytes.len());
        self.here.advance(bytes, end, self.here.context);
        Step::End(self.whole_tail())
    }

    fn whole_tail(&self) -> Tail {
        if self.here.damaged { Tail::Damaged } else { Tail::Complete }
    }
}
