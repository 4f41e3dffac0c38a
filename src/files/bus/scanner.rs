//! Reads one part of a bus through a window, so that a file of any size costs a
//! bounded amount of memory.

use std::io;

use crate::disk::DiskFile;
use crate::files::unwritten::written_end;
use crate::layout::message_file::{self, Damage, Position, Record, Step, Tail};

/// How much is read at first: most scans are of a few records.
const WINDOW_BYTES_MIN: usize = 32 << 10;
/// How much is read at once by a scan that goes on, unless a record is longer.
const WINDOW_BYTES: usize = 256 << 10;

/// What a scan meets.
pub(in crate::files) enum Found {
    /// A message.
    Record(Box<Record>),
    /// Bytes that should be a message and are none.
    Damage(Damage),
    /// Nothing more before the end it was given.
    End(Tail),
}

/// A scan of one file from a position up to an end.
pub(in crate::files) struct Scanner<'f> {
    file: &'f dyn DiskFile,
    position: Position,
    end: u64,
    /// The end it was given, behind zeros that are not looked at.
    length: u64,
    /// Whether what is at the end is decided as if nothing were to follow.
    finished: bool,
    /// The file's bytes from `window_offset` on.
    window: Vec<u8>,
    window_offset: u64,
    /// How much the next read takes.
    step: usize,
}

impl<'f> Scanner<'f> {
    /// Starts a scan that looks at nothing from `end` on.
    pub(in crate::files) fn new(file: &'f dyn DiskFile, position: Position, end: u64) -> Self {
        let window_offset = position.offset();
        let window = Vec::new();
        let step = WINDOW_BYTES_MIN;
        Self { file, position, end, length: end, finished: true, window, window_offset, step }
    }

    /// Starts a scan of a file of this length, without the zeros it may end with: they are a
    /// torn tail.
    pub(in crate::files) fn whole(
        file: &'f dyn DiskFile,
        position: Position,
        length: u64,
    ) -> io::Result<Self> {
        let end = written_end(file, position.offset().min(length)..length)?;
        Ok(Self { length, ..Self::new(file, position, end) })
    }

    /// Starts a scan of a file of this length that ends before whatever bytes still to come
    /// could change, and before zeros.
    pub(in crate::files) fn unfinished(
        file: &'f dyn DiskFile,
        position: Position,
        length: u64,
    ) -> io::Result<Self> {
        Ok(Self { finished: false, ..Self::whole(file, position, length)? })
    }

    /// Returns where the scan stands: after what `next` returned last.
    pub(in crate::files) fn position(&self) -> &Position {
        &self.position
    }

    /// Reads on.
    pub(in crate::files) fn next(&mut self) -> io::Result<Found> {
        loop {
            let consumed = usize::try_from(self.position.offset() - self.window_offset)
                .unwrap_or(usize::MAX)
                .min(self.window.len());
            let window_end = self.window_offset + self.window.len() as u64;
            let at_end = window_end >= self.end;
            match message_file::next(
                &mut self.position,
                &self.window[consumed..],
                at_end && self.finished,
            ) {
                Step::Record(record) => return Ok(Found::Record(record)),
                Step::Damage(damage) => return Ok(Found::Damage(damage)),
                Step::End(tail) => {
                    return Ok(Found::End(tail.at_written(self.end, self.length)));
                }
                Step::NeedMore if at_end => return Ok(Found::End(Tail::Complete)),
                Step::NeedMore => self.grow()?,
                Step::NeedLine => {
                    let breaks = count_lines(self.file, self.position.offset())?;
                    self.position.set_line(1 + breaks);
                }
            }
        }
    }

    /// Drops what was consumed and doubles what is left, so that the work of
    /// looking at the same bytes again stays in proportion.
    fn grow(&mut self) -> io::Result<()> {
        let offset = self.position.offset();
        if offset >= self.window_offset + self.window.len() as u64 {
            self.window.clear();
        } else {
            self.window.drain(..usize::try_from(offset - self.window_offset).unwrap_or(0));
        }
        self.window_offset = offset;
        let kept = self.window.len();
        let left = usize::try_from(self.end.saturating_sub(offset)).unwrap_or(usize::MAX) - kept;
        let more = left.min(kept.max(self.step));
        self.step = (2 * self.step).min(WINDOW_BYTES);
        self.window.resize(kept + more, 0);
        let read = self.file.read_at(offset + kept as u64, &mut self.window[kept..])?;
        self.window.truncate(kept + read);
        if read < more {
            // The file is shorter than it was said to be: somebody cut it.
            self.end = offset + self.window.len() as u64;
            self.length = self.end;
        }
        Ok(())
    }
}

/// Counts the line breaks of a file before an offset.
fn count_lines(file: &dyn DiskFile, to: u64) -> io::Result<u64> {
    let mut buffer = vec![0; WINDOW_BYTES];
    let mut offset = 0;
    let mut lines = 0;
    while offset < to {
        let wanted = usize::try_from(to - offset).unwrap_or(usize::MAX).min(buffer.len());
        let read = file.read_at(offset, &mut buffer[..wanted])?;
        if read == 0 {
            break;
        }
        lines += memchr::memchr_iter(b'\n', &buffer[..read]).count() as u64;
        offset += read as u64;
    }
    Ok(lines)
}
