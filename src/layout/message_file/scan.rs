//! The reader: one item after the other, from a position on.
//!
//! Nothing is kept between two calls but the [`Position`]. A call looks only as far as it
//! must to be sure of one item, so that a file reads the same in windows of any size, and
//! it never needs a longer window than the longest record and the block behind it.

use crate::domain::{Integrity, Message};
use crate::limits;

use super::block::{DASHES, Opening, STORED_BYTES_MAX, classify};
use super::body::{self, End, Walk, walk};
use super::header::Header;
use super::legacy::{self, LegacyLine};
use super::own_header::Trailer;
use super::position::{BYTE_ORDER_MARK, Context, Position};
use super::window::{Delimiter, Found, Window, without_separator};
use super::{Damage, Item, Origin, Record, SEPARATOR, Step, Tail, stuffing};

/// How much text without any record is passed over in silence. Bounds the window.
const TEXT_BYTES_MAX: usize = limits::FOREIGN_BODY_BYTES_MAX;

/// What may stand between a body of the greatest size and the next record.
const SEPARATOR_BYTES_MAX: usize = 64;

/// Reads the next item. `bytes` are the file's bytes from `position.offset()` on, maybe
/// only a window of them; `at_end` says that they reach the end of what may be read.
///
/// A record or a damage advances the position; the caller then drops the bytes before it
/// and calls again. `NeedMore` comes only when not `at_end` and leaves the position alone.
/// At `End` the position is where to go on when the file has grown: never past anything
/// that later bytes could still make a record.
///
/// A record of ours whose checksum does not fit is reported. It is also delivered, as
/// MODIFIED and by its delimiters, when that body is longer than `body_size` says: then a
/// person has added to it. An edit that kept or cut the length cannot be told from a
/// flipped bit or a torn write, and is not delivered.
pub fn next(position: &mut Position, bytes: &[u8], at_end: bool) -> Step {
    let mut scan =
        Scan { window: Window::new(position, bytes, at_end), here: position.clone(), entry: position.context };
    let step = scan.step();
    if step != Step::NeedMore {
        *position = scan.here;
    }
    step
}

/// Reads a whole file at once.
pub fn scan_all(bytes: &[u8]) -> (Vec<Item>, Tail) {
    let mut position = Position::start();
    let mut items = Vec::new();
    loop {
        let rest = &bytes[as_index(position.offset)..];
        match next(&mut position, rest, true) {
            Step::Record(record) => items.push(Item::Record(record)),
            Step::Damage(damage) => items.push(Item::Damage(damage)),
            Step::End(tail) => return (items, tail),
            Step::NeedMore => return (items, Tail::Complete),
        }
    }
}

fn as_index(offset: u64) -> usize {
    usize::try_from(offset).expect("an offset in memory fits")
}

/// One call: the window, and the position as far as it has come.
struct Scan<'a> {
    window: Window<'a>,
    here: Position,
    /// What the window's first byte belongs to.
    entry: Context,
}

/// A line that may be something else than text.
enum Line<'a> {
    Rule(Delimiter),
    Legacy { start: usize, end: usize, line: LegacyLine<'a> },
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
                Line::Pending => return Step::NeedMore,
                Line::None if self.window.len() <= TEXT_BYTES_MAX + DASHES => {
                    return if self.window.at_end { self.end(undecided) } else { Step::NeedMore };
                }
                _ => return self.pass_over(),
            };
            let is_undecided = match classify(&self.window, rule, self.here.in_body()) {
                Opening::NeedMore => return Step::NeedMore,
                Opening::Own { header, closing, size } => return self.own(rule, *header, closing, size),
                Opening::Foreign { header, closing } => return self.foreign(rule, *header, closing),
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

    fn legacy(&mut self, start: usize, end: usize, line: &LegacyLine<'_>) -> Step {
        let number = self.line(start);
        let message = Message {
            ts: Some(line.ts),
            kind: line.kind.clone(),
            ..Header::default().into_message(line.body.to_vec(), Integrity::Synthetic, || {
                format!("LEGACY-LINE-{number:09}")
            })
        };
        self.record(start, end, Context::Outside, Origin::Legacy, message, None)
    }

    fn own(&mut self, rule: Delimiter, header: Header, closing: Delimiter, size: usize) -> Step {
        let stored = &self.window.bytes[closing.end..closing.end + size];
        let body = if header.stuffed { stuffing::remove(stored) } else { stored.to_vec() };
        let batch = header.batch;
        let message = header.into_message(body, Integrity::Verified, || self.made_up_id(rule, closing));
        let end = closing.end + size + 1;
        let step = self.record(rule.start, end, Context::Outside, Origin::Own, message, batch);
        self.here.after_own = true;
        self.here.guard = false;
        step
    }

    fn foreign(&mut self, rule: Delimiter, mut header: Header, closing: Delimiter) -> Step {
        let bytes = self.window.bytes;
        let older = header.older;
        let limit = closing.end + limits::FOREIGN_BODY_BYTES_MAX + SEPARATOR_BYTES_MAX;
        let Walk { end, has_rules } = walk(&self.window, closing.end, limit, older);
        let body_context = Context::Body { older };
        let (body, end, context) = match end {
            End::NeedMore => return Step::NeedMore,
            End::TooLong => return self.too_long(rule, limit, body_context),
            End::Next { at } => {
                let region = &bytes[closing.end..at];
                let end = closing.end + without_separator(region).len();
                (body::before_next(region), end, Context::Outside)
            }
            End::Closed { at, after } => {
                (body::before_next(&bytes[closing.end..at]), after, Context::Outside)
            }
            End::Eof { undecided } => {
                let region = &bytes[closing.end..];
                match self.window.torn_opening(closing.end) {
                    _ if region.is_empty() => return self.torn(rule.start),
                    Some(at) => {
                        let region = &bytes[closing.end..at];
                        let end = closing.end + without_separator(region).len();
                        (body::before_next(region), end, body_context)
                    }
                    None if !region.ends_with(b"\n") => return self.torn(rule.start),
                    None => (body::at_eof(region), undecided.unwrap_or(bytes.len()), body_context),
                }
            }
        };
        if body.len() > limits::FOREIGN_BODY_BYTES_MAX {
            return self.too_long(rule, end, context);
        }
        header.check_id();
        if let Some(detail) = header.left_out.filter(|_| !self.here.reported) {
            return self.report_first(rule, closing.start, detail);
        }
        self.here.guard |= has_rules || header.is_lax || header.left_out.is_some();
        let message = header.into_message(body.to_vec(), Integrity::Unchecked, || {
            self.made_up_id(rule, closing)
        });
        self.record(rule.start, end, context, Origin::Foreign, message, None)
    }

    fn damaged(
        &mut self,
        rule: Delimiter,
        header: Header,
        closing: Delimiter,
        trailer: Option<Trailer>,
    ) -> Step {
        let bytes = self.window.bytes;
        let is_short = self.window.at_end
            && trailer.is_some_and(|trailer| {
                let size = trailer.body_size;
                size <= STORED_BYTES_MAX && bytes.len() - closing.end <= size
            });
        if is_short && !self.here.probing && self.here.known_record <= self.offset(rule.start) {
            match self.record_follows(closing.start) {
                Some(offset) => self.here.known_record = offset,
                None => return self.torn(rule.start),
            }
        }
        let limit = closing.end + limits::FOREIGN_BODY_BYTES_MAX + SEPARATOR_BYTES_MAX;
        let (body, end, context) = match walk(&self.window, closing.end, limit, false).end {
            End::NeedMore => return Step::NeedMore,
            End::TooLong => (None, limit, Context::PassingOver),
            End::Next { at } => {
                let region = &bytes[closing.end..at];
                let end = closing.end + without_separator(region).len();
                (Some(body::before_next(region)), end, Context::Outside)
            }
            End::Closed { at, after } => {
                (Some(body::before_next(&bytes[closing.end..at])), after, Context::Outside)
            }
            End::Eof { undecided } => {
                let body = body::at_eof(&bytes[closing.end..]);
                (Some(body), undecided.unwrap_or(bytes.len()), Context::PassingOver)
            }
        };
        let added_to = body.filter(|body| {
            body.len() <= limits::FOREIGN_BODY_BYTES_MAX
                && header.body_size.is_some_and(|size| body.len() > size)
        });
        let Some(body) = added_to else {
            let detail = "the checksum of a record does not fit; it is passed over";
            let step = self.damage(rule.start, end, context, detail);
            self.here.damaged = true;
            return step;
        };
        if !self.here.reported {
            let detail = "a record was edited: its checksum does not fit, its text is longer than before";
            return self.report_first(rule, end, detail);
        }
        let body = if header.stuffed { stuffing::remove(body) } else { body.to_vec() };
        self.here.guard = true;
        let message = header.into_message(body, Integrity::Modified, || self.made_up_id(rule, closing));
        let step = self.record(rule.start, end, context, Origin::Own, message, None);
        self.here.damaged = true;
        step
    }

    fn torn_header(&mut self, rule: Delimiter, from: usize) -> Step {
        const DETAIL: &str = "a header was not written to its end; what follows is passed over";
        let limit = from + TEXT_BYTES_MAX;
        let region = &self.window.bytes[rule.start..];
        let (end, context) = match walk(&self.window, from, limit, false).end {
            End::NeedMore => return Step::NeedMore,
            End::TooLong => (limit, Context::PassingOver),
            End::Next { at } => {
                let region = without_separator(&region[..at - rule.start]);
                (rule.start + region.len(), Context::Outside)
            }
            End::Closed { after, .. } => (after, Context::Outside),
            End::Eof { undecided } => (undecided.unwrap_or(self.window.len()), Context::PassingOver),
        };
        self.damage(rule.start, end, context, DETAIL)
    }

    fn too_long(&mut self, rule: Delimiter, end: usize, context: Context) -> Step {
        self.damage(rule.start, end, context, "the body of a record is too long; it is passed over")
    }

    /// Passes over text without any record in it.
    fn pass_over(&mut self) -> Step {
        let detail = "a long text without any record is passed over";
        let guard = self.here.guard;
        let step = self.damage(0, TEXT_BYTES_MAX, self.here.context, detail);
        self.here.guard = guard;
        step
    }

    /// Reports what is wrong with the record at `rule`, which comes next.
    fn report_first(&mut self, rule: Delimiter, end: usize, detail: &'static str) -> Step {
        let length = (end - rule.start) as u64;
        let offset = self.offset(rule.start);
        self.here.advance(self.window.bytes, rule.start, Context::Outside);
        self.here.reported = true;
        self.here.guard = true;
        Step::Damage(Damage { offset, length, detail: detail.into() })
    }

    fn damage(&mut self, start: usize, end: usize, context: Context, detail: &'static str) -> Step {
        let offset = self.offset(start);
        self.here.advance(self.window.bytes, end, context);
        self.here.guard = true;
        Step::Damage(Damage { offset, length: (end - start) as u64, detail: detail.into() })
    }

    fn record(
        &mut self,
        start: usize,
        end: usize,
        context: Context,
        origin: Origin,
        message: Message,
        batch: Option<(u32, u32)>,
    ) -> Step {
        let (offset, line) = (self.offset(start), self.line(start));
        self.here.advance(self.window.bytes, end, context);
        self.here.damaged = false;
        let end = self.here.offset;
        Step::Record(Box::new(Record { offset, end, line, origin, message, batch }))
    }

    /// Ends with a torn tail that opens at `start`. The position stays, so that what is
    /// left after the cut is read from there.
    fn torn(&mut self, start: usize) -> Step {
        self.here.context = self.entry;
        Step::End(Tail::Torn { keep: self.offset(self.window.keep_before(start)) })
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
        let partial = self.window.partial_line();
        let partial = partial.filter(|start| bytes.len() - start <= limits::HEADER_BYTES_MAX);
        let end = undecided.or(partial).unwrap_or(bytes.len());
        self.here.advance(bytes, end, self.here.context);
        Step::End(self.whole_tail())
    }

    fn whole_tail(&self) -> Tail {
        if self.here.damaged { Tail::Damaged } else { Tail::Complete }
    }

    /// Looks for a record behind a header at the end of the file that announces more bytes
    /// than there are: then not the file was cut short, but the header is damaged.
    fn record_follows(&self, from: usize) -> Option<u64> {
        let mut position = self.here.clone();
        position.advance(self.window.bytes, from, Context::PassingOver);
        position.probing = true;
        loop {
            let from = as_index(position.offset - self.here.offset);
            match next(&mut position, &self.window.bytes[from..], true) {
                Step::Record(record) => return Some(record.offset),
                Step::Damage(_) => {}
                Step::NeedMore | Step::End(_) => return None,
            }
        }
    }

    /// Names a record that has no id, by where it stands and what its header says.
    fn made_up_id(&self, rule: Delimiter, closing: Delimiter) -> String {
        let sum = crc32c::crc32c(&self.window.bytes[rule.start..closing.start]);
        format!("NO-ID-{:012}-{sum:08x}", self.offset(rule.start))
    }

    fn offset(&self, at: usize) -> u64 {
        self.here.offset + at as u64
    }

    fn line(&self, at: usize) -> u64 {
        let passed = &self.window.bytes[..at];
        self.here.line + memchr::memchr_iter(SEPARATOR[0], passed).count() as u64
    }
}
