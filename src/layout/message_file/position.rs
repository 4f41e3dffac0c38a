//! Where a scan stands, and all it has to remember there.

use super::work;

/// What some editors put at the start of a file.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where a scan of a bus file stands: the offset, the number of the line there if it is known,
/// and what the bytes before it make of the bytes that follow. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    pub(super) offset: u64,
    /// From 1; not known when the scan did not begin at the start of the file.
    pub(super) line: Option<u64>,
    pub(super) context: Context,
    /// The line before is blank, or there is none.
    pub(super) after_blank: bool,
    /// The offset lies inside a line whose start was passed.
    pub(super) mid_line: bool,
    /// The offset is the end of a verified record of ours.
    pub(super) after_own: bool,
    /// What is wrong with the record that opens here was reported.
    pub(super) reported: bool,
    /// The last record is one of ours whose checksum does not fit.
    pub(super) damaged: bool,
    /// See [`Position::needs_guard`].
    pub(super) guard: bool,
    /// A record is known to open here, so that no header before it is the torn end of
    /// the file. Saves looking for it from each of many damaged headers.
    pub(super) known_record: u64,
    /// The `---` line that opens here was to close a torn header: a legacy line behind it is
    /// that record's text.
    pub(super) torn_closing: bool,
    /// The scan only asks whether a record follows; see `scan::record_follows`.
    pub(super) probing: bool,
}

/// What the bytes at a position belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// No record.
    Outside,
    /// A foreign record that was delivered, or was too long to be.
    Body {
        /// It has a `messageId`, so that any `---` line ends it.
        older: bool,
    },
    /// A damaged record.
    PassingOver,
}

impl Position {
    /// The start of a file; a byte order mark there is skipped.
    pub fn start() -> Self {
        Self {
            offset: 0,
            line: Some(1),
            context: Context::Outside,
            after_blank: true,
            mid_line: false,
            after_own: false,
            reported: false,
            damaged: false,
            guard: false,
            known_record: 0,
            torn_closing: false,
            probing: false,
        }
    }

    /// A place where a record is known to open. What lies before it is not known, so a
    /// guard is needed until one has been read.
    pub fn at_record(offset: u64) -> Self {
        Self { offset, line: None, guard: true, ..Self::start() }
    }

    /// A place where a record of ours is known to open that the original reader does not
    /// miss.
    pub fn at_own_record(offset: u64) -> Self {
        Self { offset, line: None, ..Self::start() }
    }

    /// Returns the offset of the next byte to read.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the number of the line there, from 1, if it is known.
    pub fn line(&self) -> Option<u64> {
        self.line
    }

    /// Sets the number of the line there, from 1: one more than there are line breaks before
    /// the offset.
    pub fn set_line(&mut self, line: u64) {
        self.line = Some(line);
    }

    /// Tells whether [`GUARD`](super::GUARD) belongs before the next record: there was a
    /// `---` line that is text, damage, or a field that was left out, since then no guard
    /// with a record of ours behind it, and the original reader may take a header for a
    /// body.
    pub fn needs_guard(&self) -> bool {
        self.guard
    }

    /// Tells whether a `---` line here stands in some record's text.
    pub(super) fn in_body(&self) -> bool {
        self.context != Context::Outside
    }

    /// Moves on by `consumed` bytes of the window, to a place in `context`.
    pub(super) fn advance(&mut self, bytes: &[u8], consumed: usize, context: Context) {
        let passed = &bytes[..consumed];
        if self.offset == 0 && passed == BYTE_ORDER_MARK {
            // Still the start of the first line.
        } else if consumed > 0 {
            self.after_blank = match passed {
                [b'\n'] => !self.mid_line,
                _ => ends_with_blank_line(passed),
            };
            self.mid_line = passed.last() != Some(&b'\n');
            self.after_own = false;
            self.torn_closing = false;
        }
        self.offset += consumed as u64;
        work::looked_at(consumed);
        if let Some(line) = &mut self.line {
            *line += memchr::memchr_iter(b'\n', passed).count() as u64;
        }
        self.context = context;
        self.reported = false;
    }
}

/// Tells whether the last line of `text` is complete and blank. What precedes the text is
/// taken for a whole line.
pub(super) fn ends_with_blank_line(text: &[u8]) -> bool {
    let Some(mut rest) = text.strip_suffix(b"\n") else {
        return false;
    };
    while let Some(shorter) = rest.strip_suffix(b"\r") {
        rest = shorter;
    }
    rest.is_empty() || rest.ends_with(b"\n")
}
