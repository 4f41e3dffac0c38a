//! A sparse index of one part of a bus: a checkpoint every so often, enough to
//! begin a scan close to what is looked for. It is built by scanning and lost
//! without loss.
//!
//! Of a large part it begins with the last records, which is all that an append, a follower, or a
//! look at the end need; the rest is scanned when somebody looks further back.

use std::io;

use jiff::Timestamp;

use crate::disk::DiskFile;
use crate::layout::message_file::{Origin, Position, Record};

use super::bisect;
use super::scanner::{Found, Scanner};

/// Bytes between two checkpoints, at least.
const CHECKPOINT_BYTES: u64 = 64 << 10;
/// Up to this size a part is scanned as a whole at once.
const WHOLE_BYTES_MAX: u64 = 4 << 20;
/// How much of the end of a larger part is scanned at first.
const END_BYTES: u64 = 1 << 20;

/// A place where a scan can begin, between two records.
#[derive(Debug, Clone)]
pub(super) struct Checkpoint {
    /// Where to scan from.
    pub(super) position: Position,
    /// How many records lie before it.
    pub(super) records: u64,
    /// The time of the last record of ours before it: ours increase along a file.
    pub(super) own_ts: Option<Timestamp>,
    /// The latest time of any record before it.
    pub(super) latest_ts: Option<Timestamp>,
}

/// One record, as far as the index keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) offset: u64,
    pub(super) msg_id: String,
    pub(super) ts: Option<Timestamp>,
}

/// The index of one part, or of its end.
#[derive(Debug, Clone)]
pub(super) struct Index {
    /// Where it begins: what stands before that is not counted in anything here.
    from: u64,
    /// The first one is where the index begins.
    checkpoints: Vec<Checkpoint>,
    records: u64,
    damages: usize,
    own_ts: Option<Timestamp>,
    latest_ts: Option<Timestamp>,
    first: Option<Entry>,
    last: Option<Entry>,
}

impl Index {
    /// An index of nothing yet.
    pub(super) fn new() -> Self {
        Self::at(Position::start())
    }

    fn at(position: Position) -> Self {
        let from = position.offset();
        let start = Checkpoint { position, records: 0, own_ts: None, latest_ts: None };
        Self {
            from,
            checkpoints: vec![start],
            records: 0,
            damages: 0,
            own_ts: None,
            latest_ts: None,
            first: None,
            last: None,
        }
    }

    /// Builds the index of a part, of a large one that of its end.
    pub(super) fn build(file: &dyn DiskFile, end: u64) -> io::Result<Self> {
        let start = near_end(file, end)?;
        Self::of(&mut Scanner::new(file, start, end))
    }

    /// As [`Index::build`], of what no bytes still to come could change; returns it with
    /// where that ends.
    pub(super) fn build_unfinished(file: &dyn DiskFile, end: u64) -> io::Result<(Self, Position)> {
        let mut scanner = Scanner::unfinished(file, near_end(file, end)?, end)?;
        Ok((Self::of(&mut scanner)?, scanner.position().clone()))
    }

    fn of(scanner: &mut Scanner<'_>) -> io::Result<Self> {
        let mut index = Self::at(scanner.position().clone());
        loop {
            match scanner.next()? {
                Found::Record(record) => index.note(&record, scanner.position()),
                Found::Damage(_) => index.note_damage(),
                Found::End(_) => return Ok(index),
            }
        }
    }

    /// Returns where it begins, when something stands before that.
    pub(super) fn missing(&self) -> Option<u64> {
        Some(self.from).filter(|from| *from > 0)
    }

    /// Returns where it begins, when a record of ours with a time stands before that.
    pub(super) fn missing_before(&self, ts: Timestamp) -> Option<u64> {
        // One that is not whole begins with a record of ours.
        let begins = self.first.as_ref().and_then(|first| first.ts);
        self.missing().filter(|_| begins.is_none_or(|begins| ts < begins))
    }

    /// Builds the index of what stands before the beginning of another one.
    pub(super) fn build_missing(file: &dyn DiskFile, missing: u64, end: u64) -> io::Result<Self> {
        // Up to the part's end, so that nothing looks torn where this one ends.
        let mut scanner = Scanner::new(file, Position::start(), end);
        let mut index = Self::new();
        loop {
            let before = scanner.position().clone();
            let found = match scanner.next()? {
                Found::Record(record) if record.offset < missing => {
                    index.note(&record, scanner.position());
                    continue;
                }
                Found::Damage(damage) if damage.offset < missing => {
                    index.note_damage();
                    continue;
                }
                Found::Record(record) => Some(record.offset),
                Found::Damage(_) | Found::End(_) => None,
            };
            if found != Some(missing) {
                tracing::warn!(
                    offset = missing,
                    "a record stands within another one: a bus file was forged"
                );
            }
            // Between any two checkpoints there is a record.
            if index.checkpoints.last().is_none_or(|last| last.records < index.records) {
                index.push_checkpoint(before);
            }
            return Ok(index);
        }
    }

    /// Adds what stands before it.
    pub(super) fn complete(&mut self, missing: Self) {
        for checkpoint in &mut self.checkpoints {
            checkpoint.records += missing.records;
            checkpoint.own_ts = checkpoint.own_ts.max(missing.own_ts);
            checkpoint.latest_ts = checkpoint.latest_ts.max(missing.latest_ts);
        }
        // Where it began is the last one of what was missing, and known better there.
        self.checkpoints.splice(..1, missing.checkpoints);
        self.from = missing.from;
        self.records += missing.records;
        self.damages += missing.damages;
        self.own_ts = self.own_ts.max(missing.own_ts);
        self.latest_ts = self.latest_ts.max(missing.latest_ts);
        self.first = missing.first.or(self.first.take());
    }

    /// Takes in one damaged place.
    pub(super) fn note_damage(&mut self) {
        self.damages += 1;
    }

    /// Takes in one record that was scanned.
    pub(super) fn note(&mut self, record: &Record, after: &Position) {
        let entry = Entry {
            offset: record.offset,
            msg_id: record.message.msg_id.clone(),
            ts: record.message.ts,
        };
        self.push(entry, record.origin == Origin::Own, after);
    }

    /// Takes in one record that is known to stand there.
    pub(super) fn push(&mut self, entry: Entry, own: bool, after: &Position) {
        self.records += 1;
        if own {
            self.own_ts = self.own_ts.max(entry.ts);
        }
        self.latest_ts = self.latest_ts.max(entry.ts);
        if self.first.is_none() {
            self.first = Some(entry.clone());
        }
        self.last = Some(entry);
        let covered = self.checkpoints.last().map_or(0, |checkpoint| checkpoint.position.offset());
        if after.offset() >= covered + CHECKPOINT_BYTES {
            self.push_checkpoint(after.clone());
        }
    }

    fn push_checkpoint(&mut self, position: Position) {
        self.checkpoints.push(Checkpoint {
            position,
            records: self.records,
            own_ts: self.own_ts,
            latest_ts: self.latest_ts,
        });
    }

    /// Returns the last checkpoint before an offset; none when there is none in the index.
    pub(super) fn last_before(&self, offset: u64) -> Option<&Checkpoint> {
        let before =
            self.checkpoints.partition_point(|checkpoint| checkpoint.position.offset() < offset);
        self.checkpoints.get(before.checked_sub(1)?)
    }

    /// Returns how many records the part has.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    pub(super) fn damages(&self) -> usize {
        self.damages
    }

    pub(super) fn last(&self) -> Option<&Entry> {
        self.last.as_ref()
    }

    /// Returns the time of the last record of ours.
    pub(super) fn own_ts(&self) -> Option<Timestamp> {
        self.own_ts
    }

    /// Returns the latest time of any record.
    pub(super) fn latest_ts(&self) -> Option<Timestamp> {
        self.latest_ts
    }

    /// Returns the last checkpoint at or before an offset.
    pub(super) fn before_offset(&self, offset: u64) -> &Checkpoint {
        let after =
            self.checkpoints.partition_point(|checkpoint| checkpoint.position.offset() <= offset);
        &self.checkpoints[after.saturating_sub(1)]
    }

    /// Returns the checkpoint from which a scan meets the first record that is
    /// later than a time, with at least one record before it where there is one.
    pub(super) fn before_later_than(&self, ts: Timestamp) -> &Checkpoint {
        let after = self.checkpoints.partition_point(|checkpoint| checkpoint.latest_ts <= Some(ts));
        &self.checkpoints[after.saturating_sub(2)]
    }

    /// Returns the range in which a record of ours with this time must lie: from
    /// a checkpoint up to an offset, none for up to the end.
    pub(super) fn around_own(&self, ts: Timestamp) -> (&Checkpoint, Option<u64>) {
        let after = self.checkpoints.partition_point(|checkpoint| checkpoint.own_ts < Some(ts));
        let to = self.checkpoints.get(after).map(|checkpoint| checkpoint.position.offset());
        (&self.checkpoints[after.saturating_sub(1)], to)
    }

    /// Returns the last checkpoint with at least so many records after it, and
    /// with all records of ours since a time after it.
    pub(super) fn before_last(&self, records: u64, since: Timestamp) -> &Checkpoint {
        let enough = self.records.saturating_sub(records);
        let after = self.checkpoints.partition_point(|checkpoint| {
            checkpoint.records <= enough && checkpoint.own_ts < Some(since)
        });
        &self.checkpoints[after.saturating_sub(1)]
    }

    /// Whether [`Index::before_last`] finds the same as in the index of the whole part.
    pub(super) fn reaches_back(&self, records: u64, since: Timestamp) -> bool {
        self.from == 0 || self.before_last(records, since).position.offset() > self.from
    }

    /// Whether the range that [`Index::before_last`] looks for reaches back past
    /// this part.
    pub(super) fn is_younger_than(&self, records: u64, since: Timestamp) -> bool {
        self.records < records || self.first.as_ref().is_none_or(|first| first.ts >= Some(since))
    }
}

/// Returns where to begin to index a part: at its start, or for a large one at a record near its
/// end.
fn near_end(file: &dyn DiskFile, end: u64) -> io::Result<Position> {
    if end <= WHOLE_BYTES_MAX {
        return Ok(Position::start());
    }
    let record = bisect::own_record(file, end - END_BYTES, END_BYTES)?;
    Ok(record.map_or_else(Position::start, |record| Position::at_record(record.offset)))
}
