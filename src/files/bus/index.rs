//! A sparse index of one part of a bus: a checkpoint every so often, enough to
//! begin a scan close to what is looked for. It is built by scanning and lost
//! without loss.

use std::io;

use jiff::Timestamp;

use crate::disk::DiskFile;
use crate::layout::message_file::{Origin, Position, Record};

use super::scanner::{Found, Scanner};

/// Bytes between two checkpoints, at least.
const CHECKPOINT_BYTES: u64 = 64 << 10;

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
    pub(super) line: u64,
    pub(super) msg_id: String,
    pub(super) ts: Option<Timestamp>,
}

/// The index of one part.
#[derive(Debug, Clone)]
pub(super) struct Index {
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
        let start =
            Checkpoint { position: Position::start(), records: 0, own_ts: None, latest_ts: None };
        Self {
            checkpoints: vec![start],
            records: 0,
            damages: 0,
            own_ts: None,
            latest_ts: None,
            first: None,
            last: None,
        }
    }

    /// Builds the index of a whole part.
    pub(super) fn build(file: &dyn DiskFile, end: u64) -> io::Result<Self> {
        Self::of(&mut Scanner::new(file, Position::start(), end))
    }

    /// Builds the index of what no bytes still to come could change; returns it with
    /// where that ends.
    pub(super) fn build_unfinished(file: &dyn DiskFile, end: u64) -> io::Result<(Self, Position)> {
        let mut scanner = Scanner::unfinished(file, Position::start(), end)?;
        Ok((Self::of(&mut scanner)?, scanner.position().clone()))
    }

    fn of(scanner: &mut Scanner<'_>) -> io::Result<Self> {
        let mut index = Self::new();
        loop {
            match scanner.next()? {
                Found::Record(record) => index.note(&record, scanner.position()),
                Found::Damage(_) => index.note_damage(),
                Found::End(_) => return Ok(index),
            }
        }
    }

    /// Takes in one damaged place.
    pub(super) fn note_damage(&mut self) {
        self.damages += 1;
    }

    /// Takes in one record that was scanned.
    pub(super) fn note(&mut self, record: &Record, after: &Position) {
        let entry = Entry {
            offset: record.offset,
            line: record.line,
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
            self.checkpoints.push(Checkpoint {
                position: after.clone(),
                records: self.records,
                own_ts: self.own_ts,
                latest_ts: self.latest_ts,
            });
        }
    }

    pub(super) fn checkpoints(&self) -> &[Checkpoint] {
        &self.checkpoints
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

    /// Whether the range that [`Index::before_last`] looks for reaches back past
    /// this part.
    pub(super) fn is_younger_than(&self, records: u64, since: Timestamp) -> bool {
        self.records < records || self.first.as_ref().is_none_or(|first| first.ts >= Some(since))
    }
}
