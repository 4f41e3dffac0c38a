//! Finding records of ours from any place in a file, without its index: the last ones of a large
//! part, and where one of a time must be.

use std::io;

use jiff::Timestamp;

use crate::disk::DiskFile;
use crate::layout::message_file::{self, Origin, Position, Record, Step};

/// What a record of ours begins with, behind the line before.
const OPENING: &[u8] = b"\n---\nmsg_id: ";
/// How many of those are tried to find one.
const OPENINGS_MAX: usize = 64;
/// How much is read to find a record behind a place: first, and each time there is none. The last
/// is longer than any record of ours.
const PROBES_BYTES: [u64; 3] = [8 << 10, 256 << 10, 4 << 20];
/// When the place is narrowed down to so much, that is scanned.
const SCANNED_BYTES: u64 = 64 << 10;

/// Where a record must be: where to scan from, and before which offset it begins.
pub(super) struct Range {
    pub(super) from: Position,
    pub(super) until: u64,
}

/// Returns the first record of ours that begins in a piece of a file, if one is found.
///
/// A record of ours whose checksum fits is a record wherever it stands: it opens with a `---`
/// line, and there is none in the body of another one of ours.
pub(super) fn own_record(
    file: &dyn DiskFile,
    from: u64,
    length: u64,
) -> io::Result<Option<Record>> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    let read = file.read_at(from, &mut bytes)?;
    bytes.truncate(read);
    for line_end in memchr::memmem::find_iter(&bytes, OPENING).take(OPENINGS_MAX) {
        let start = line_end + 1;
        let offset = from + start as u64;
        let mut position = Position::at_record(offset);
        if let Step::Record(record) = message_file::next(&mut position, &bytes[start..], false)
            && record.origin == Origin::Own
            && record.offset == offset
        {
            return Ok(Some(*record));
        }
    }
    Ok(None)
}

/// Narrows down where a record of ours with a time is, when another one of ours that is later
/// begins at an offset: their times increase along a file. None when there are stretches without
/// any of ours, or when the times do not increase after all.
pub(super) fn around_own(
    file: &dyn DiskFile,
    ts: Timestamp,
    before: u64,
) -> io::Result<Option<Range>> {
    let (mut from, mut until) = (0, before);
    // All records of ours that begin behind it are later, and all up to `from` are earlier.
    let mut earlier_end = before;
    let (mut earliest, mut latest) = (None, None);
    while earlier_end - from > SCANNED_BYTES {
        let middle = from + (earlier_end - from) / 2;
        let Some(record) = record_behind(file, middle)? else { return Ok(None) };
        let found = record.message.ts;
        if found < earliest || latest.is_some_and(|latest| found > latest) {
            return Ok(None);
        }
        if found < Some(ts) {
            from = record.offset;
            earliest = found;
        } else {
            earlier_end = middle;
            // It may be the one that is looked for.
            until = until.min(record.offset + 1);
            latest = Some(found);
        }
        if from >= earlier_end {
            return Ok(None);
        }
    }
    let from = if from == 0 { Position::start() } else { Position::at_record(from) };
    Ok(Some(Range { from, until }))
}

/// Returns the first record of ours behind a place.
fn record_behind(file: &dyn DiskFile, from: u64) -> io::Result<Option<Record>> {
    for length in PROBES_BYTES {
        if let Some(record) = own_record(file, from, length)? {
            return Ok(Some(record));
        }
    }
    Ok(None)
}
