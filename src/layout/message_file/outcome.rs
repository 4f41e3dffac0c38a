//! What becomes of a `---` line that opens something: the record it is delivered as, or
//! the damage that is reported instead.

use crate::domain::{Integrity, Message};
use crate::limits;

use super::block::{STORED_BYTES_MAX, is_next_header};
use super::body::{self, Body, End, Walk, walk};
use super::header::Header;
use super::legacy::LegacyLine;
use super::own_header::Trailer;
use super::position::Context;
use super::scan::{Scan, TEXT_BYTES_MAX, as_index, next};
use super::window::{Delimiter, without_separator};
use super::{Damage, GUARD, Origin, Record, SEPARATOR, Step, Tail, stuffing, work};

/// What may stand between a body of the greatest size and the next record.
const SEPARATOR_BYTES_MAX: usize = 64;

/// Where a record lies in the window, and where to go on.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    resume: usize,
}

impl Scan<'_> {
    pub(super) fn legacy(&mut self, start: usize, end: usize, line: &LegacyLine<'_>) -> Step {
        // A legacy line is named by its number, nothing else is.
        let Some(number) = self.line(start) else { return Step::NeedLine };
        let message = Message {
            ts: Some(line.ts),
            kind: line.kind.clone(),
            ..Header::default().into_message(line.body.to_vec(), Integrity::Synthetic, || {
                format!("LEGACY-LINE-{number:09}")
            })
        };
        let at = Span { start, end, resume: end };
        self.record(at, Context::Outside, Origin::Legacy, message, None)
    }

    pub(super) fn own(
        &mut self,
        rule: Delimiter,
        mut header: Header,
        closing: Delimiter,
        size: usize,
    ) -> Step {
        header.check_id();
        // Any program may write one with a right checksum. And one without a guard, that a
        // person has put something before, may be missed itself.
        let guard =
            header.is_lax || header.left_out.is_some() || self.here.guard && !self.is_guarded(rule);
        let stored = &self.window.bytes[closing.end..closing.end + size];
        let body = if header.stuffed { stuffing::remove(stored) } else { stored.to_vec() };
        let batch = header.batch;
        let message =
            header.into_message(body, Integrity::Verified, || self.made_up_id(rule, closing));
        let end = closing.end + size + 1;
        let at = Span { start: rule.start, end, resume: end };
        let step = self.record(at, Context::Outside, Origin::Own, message, batch);
        self.here.after_own = true;
        self.here.guard = guard;
        step
    }

    /// Tells whether a guard stands right before the record at `rule`.
    fn is_guarded(&self, rule: Delimiter) -> bool {
        let before = self.window.bytes[..rule.start].strip_suffix(SEPARATOR);
        // The newline that the guard begins with may lie before the window.
        let before = before.and_then(|before| before.strip_suffix(&GUARD[SEPARATOR.len()..]));
        before.is_some_and(|before| match before {
            [] => !self.here.mid_line,
            _ => before.ends_with(SEPARATOR),
        })
    }

    pub(super) fn foreign(
        &mut self,
        rule: Delimiter,
        mut header: Header,
        closing: Delimiter,
    ) -> Step {
        let bytes = self.window.bytes;
        let older = header.older;
        let limit = closing.end + limits::FOREIGN_BODY_BYTES_MAX + SEPARATOR_BYTES_MAX;
        let Walk { end, has_rules } =
            walk(&self.window, closing.end, limit, if older { Body::Older } else { Body::Plain });
        let body_context = Context::Body { older };
        let mut resume = None;
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
                    // A last line without newline may be a person's, or the rest of a body
                    // that was not written to its end. They cannot be told apart, and a
                    // record that may have been read must not go: only a body without any
                    // whole line is torn, and one that is the next record's unclosed header.
                    _ if !region.contains(&b'\n') => return self.torn(rule.start),
                    None if !region.ends_with(b"\n") && is_next_header(region, header.has_six) => {
                        return self.torn(rule.start);
                    }
                    Some(at) => {
                        let region = &bytes[closing.end..at];
                        let end = closing.end + without_separator(region).len();
                        (body::before_next(region), end, body_context)
                    }
                    None => {
                        resume = undecided.or_else(|| self.window.growing_line());
                        (body::at_eof(region), bytes.len(), body_context)
                    }
                }
            }
        };
        if body.len() > limits::FOREIGN_BODY_BYTES_MAX {
            return self.too_long(rule, resume.unwrap_or(end), context);
        }
        header.check_id();
        if let Some(detail) = header.left_out.filter(|_| !self.here.reported) {
            return self.report_first(rule, closing.start, detail);
        }
        let is_sized = header.body_size.is_some();
        self.here.guard |= has_rules || header.is_lax || header.left_out.is_some();
        // Only a record of ours says so, one that has lost its checksum.
        let body = if header.stuffed { stuffing::remove(body) } else { body.to_vec() };
        let message =
            header.into_message(body, Integrity::Unchecked, || self.made_up_id(rule, closing));
        let at = Span { start: rule.start, end, resume: resume.unwrap_or(end) };
        let mut step = self.record(at, context, Origin::Foreign, message, None);
        if let Step::Record(record) = &mut step {
            record.is_sized = is_sized;
        }
        step
    }

    pub(super) fn damaged(
        &mut self,
        rule: Delimiter,
        header: Header,
        closing: Delimiter,
        trailer: Option<Trailer>,
    ) -> Step {
        let bytes = self.window.bytes;
        // A whole closing line is `---\n`, as in a record that verifies.
        let is_short = self.window.at_end
            && b"---\n".starts_with(&bytes[closing.start..closing.end])
            && trailer.is_some_and(|trailer| {
                let size = trailer.body_size;
                size <= STORED_BYTES_MAX && bytes.len() - closing.end <= size
            });
        if is_short && !self.here.probing && self.here.known_record <= self.offset(rule.start) {
            match self.record_follows(closing.end) {
                Some(offset) => self.here.known_record = offset,
                None => return self.torn(rule.start),
            }
        }
        let limit = closing.end + limits::FOREIGN_BODY_BYTES_MAX + SEPARATOR_BYTES_MAX;
        let (body, end, context) = match walk(&self.window, closing.end, limit, Body::Plain).end {
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
            End::Eof { undecided } => match self.window.torn_opening(closing.end) {
                // As after a foreign record: what is about to be moved away is no body.
                Some(at) => {
                    let region = &bytes[closing.end..at];
                    let end = closing.end + without_separator(region).len();
                    (Some(body::before_next(region)), end, Context::PassingOver)
                }
                None => {
                    let body = body::at_eof(&bytes[closing.end..]);
                    (Some(body), undecided.unwrap_or(bytes.len()), Context::PassingOver)
                }
            },
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
            let detail =
                "a record was edited: its checksum does not fit, its text is longer than before";
            return self.report_first(rule, end, detail);
        }
        let body = if header.stuffed { stuffing::remove(body) } else { body.to_vec() };
        self.here.guard = true;
        let message =
            header.into_message(body, Integrity::Modified, || self.made_up_id(rule, closing));
        let at = Span { start: rule.start, end, resume: end };
        let step = self.record(at, context, Origin::Own, message, None);
        self.here.damaged = true;
        step
    }

    pub(super) fn torn_header(&mut self, rule: Delimiter, from: usize) -> Step {
        const DETAIL: &str = "a header was not written to its end; what follows is passed over";
        let limit = from + TEXT_BYTES_MAX;
        let region = &self.window.bytes[rule.start..];
        let (end, context) = match walk(&self.window, from, limit, Body::Torn).end {
            End::NeedMore => return Step::NeedMore,
            End::TooLong => (limit, Context::PassingOver),
            End::Next { at } => {
                let region = without_separator(&region[..at - rule.start]);
                (rule.start + region.len(), Context::Outside)
            }
            End::Closed { after, .. } => (after, Context::Outside),
            End::Eof { undecided } => {
                (undecided.unwrap_or(self.window.len()), Context::PassingOver)
            }
        };
        let step = self.damage(rule.start, end, context, DETAIL);
        self.here.torn_closing = end == from && context == Context::PassingOver;
        step
    }

    fn too_long(&mut self, rule: Delimiter, end: usize, context: Context) -> Step {
        self.damage(rule.start, end, context, "the body of a record is too long; it is passed over")
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

    pub(super) fn damage(
        &mut self,
        start: usize,
        end: usize,
        context: Context,
        detail: &'static str,
    ) -> Step {
        let offset = self.offset(start);
        self.here.advance(self.window.bytes, end, context);
        self.here.guard = true;
        Step::Damage(Damage { offset, length: (end - start) as u64, detail: detail.into() })
    }

    fn record(
        &mut self,
        at: Span,
        context: Context,
        origin: Origin,
        message: Message,
        batch: Option<(u32, u32)>,
    ) -> Step {
        let offset = self.offset(at.start);
        let end = self.offset(at.end);
        self.here.advance(self.window.bytes, at.resume, context);
        self.here.damaged = false;
        let is_sized = origin == Origin::Own;
        Step::Record(Box::new(Record { offset, end, origin, message, batch, is_sized }))
    }

    /// Ends with a torn tail that opens at `start`. The position stays, so that what is
    /// left after the cut is read from there.
    pub(super) fn torn(&mut self, start: usize) -> Step {
        self.here.context = self.entry;
        Step::End(Tail::Torn { keep: self.offset(self.window.keep_before(start)) })
    }

    /// Looks for a record behind a header at the end of the file that announces more bytes
    /// than there are: then not the file was cut short, but the header is damaged.
    fn record_follows(&self, from: usize) -> Option<u64> {
        let mut position = self.here.clone();
        position.advance(self.window.bytes, from, Context::PassingOver);
        position.probing = true;
        // Only where it stands is asked, not how a legacy line is named.
        position.line.get_or_insert(1);
        loop {
            let from = as_index(position.offset - self.here.offset);
            match next(&mut position, &self.window.bytes[from..], true) {
                Step::Record(record) => return Some(record.offset),
                Step::Damage(_) => {}
                Step::NeedMore | Step::NeedLine | Step::End(_) => return None,
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

    fn line(&self, at: usize) -> Option<u64> {
        let passed = &self.window.bytes[..at];
        work::looked_at(at);
        let line = self.here.line?;
        Some(line + memchr::memchr_iter(SEPARATOR[0], passed).count() as u64)
    }
}
