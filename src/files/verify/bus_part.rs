//! One file of a bus: its records, one after the other, and its tail under the lock.

use std::io;

use jiff::Timestamp;

use crate::disk::{DiskFile, Status};
use crate::domain::{Integrity, Message};
use crate::files::bus::{Found, Scanner};
use crate::layout::message_file::{Damage, Origin, Position, Record, Tail};
use crate::layout::msg_id;

use super::finding::Kind;
use super::lines::FINDINGS_MAX;

/// How much may be read while others wait for the lock.
const LOCKED_BYTES_MAX: u64 = 1 << 20;
/// How often what was appended meanwhile is read before the lock is taken.
const CATCH_UPS_MAX: usize = 16;

/// What is wrong at a place in the file.
#[derive(Debug, Clone)]
pub(super) struct Wrong {
    pub(super) offset: u64,
    pub(super) kind: Kind,
    pub(super) message: String,
}

/// Half a record at the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Torn {
    pub(super) keep: u64,
    /// What the file was.
    pub(super) status: Status,
}

/// A file of a bus, as far as it was read.
#[derive(Debug, Clone)]
pub(super) struct BusPart {
    pub(super) wrong: Vec<Wrong>,
    /// Places that are not in `wrong`, because there are too many.
    pub(super) more: u64,
    pub(super) messages: u64,
    pub(super) torn: Option<Torn>,
    /// The time of its first record that has one: the order of the archives.
    pub(super) first_ts: Option<Timestamp>,
    /// The ids of the first and of the last record of ours.
    pub(super) first_own: Option<(Timestamp, String)>,
    pub(super) last_own: Option<(Timestamp, String)>,
    /// What was reported last, until it is known what follows it.
    damage: Option<Damage>,
    position: Position,
}

impl Default for BusPart {
    /// A file of which nothing was read.
    fn default() -> Self {
        Self {
            wrong: Vec::new(),
            more: 0,
            messages: 0,
            torn: None,
            first_ts: None,
            first_own: None,
            last_own: None,
            damage: None,
            position: Position::start(),
        }
    }
}

impl BusPart {
    /// Reads a file up to where its writers may be at work. Takes no lock: a large file
    /// would hold them up.
    pub(super) fn read(file: &dyn DiskFile) -> io::Result<Self> {
        let mut part = Self::default();
        for _ in 0..CATCH_UPS_MAX {
            let length = file.status()?.length;
            if length < part.position.offset() {
                // Somebody cut it.
                part = Self::default();
            } else if length - part.position.offset() < LOCKED_BYTES_MAX && part.messages > 0 {
                break;
            }
            let before = part.position.offset();
            part.scan(Scanner::unfinished(file, part.position.clone(), length)?)?;
            if part.position.offset() == before {
                break;
            }
        }
        Ok(part)
    }

    /// Reads the rest of the file. The lock must be held: then no writer that respects it
    /// is within a record. One that does not is seen at the second look: the file changed.
    pub(super) fn read_tail(&mut self, file: &dyn DiskFile) -> io::Result<()> {
        let status = file.status()?;
        if status.length < self.position.offset() {
            *self = Self::default();
        }
        let scanner = Scanner::whole(file, self.position.clone(), status.length)?;
        if let Tail::Torn { keep } = self.scan(scanner)? {
            self.torn = Some(Torn { keep, status });
        }
        Ok(())
    }

    /// Ends the reading.
    pub(super) fn finish(&mut self) {
        self.settle(None);
    }

    fn scan(&mut self, mut scanner: Scanner<'_>) -> io::Result<Tail> {
        loop {
            match scanner.next()? {
                Found::Record(record) => self.note(&record),
                Found::Damage(damage) => {
                    self.settle(None);
                    self.damage = Some(damage);
                }
                Found::End(tail) => {
                    self.position = scanner.position().clone();
                    return Ok(tail);
                }
            }
        }
    }

    fn note(&mut self, record: &Record) {
        self.settle(Some(record));
        self.messages += 1;
        self.first_ts = self.first_ts.or(record.message.ts);
        if record.origin == Origin::Foreign && record.is_sized {
            let message = "the checksum line of a record is spoiled; it is served as unchecked";
            self.wrong(record.offset, Kind::DamagedRecord, message.to_owned());
        }
        if record.origin == Origin::Own && record.message.integrity == Integrity::Verified {
            self.note_own(record);
        }
    }

    fn note_own(&mut self, record: &Record) {
        let Message { msg_id, ts, .. } = &record.message;
        let Some(time) = msg_id::time_of(msg_id).or(*ts) else { return };
        let own = (time, msg_id.clone());
        if let Some((before, last)) = &self.last_own
            && *before >= time
        {
            let message =
                format!("message {msg_id} does not come after {last}, which stands before it");
            self.wrong(record.offset, Kind::IdOrder, message);
        }
        self.first_own.get_or_insert_with(|| own.clone());
        self.last_own = self.last_own.take().max(Some(own));
    }

    /// Decides what the damage is that was reported last, by the record that follows it.
    fn settle(&mut self, next: Option<&Record>) {
        let Some(damage) = self.damage.take() else { return };
        let kind = match next.filter(|record| record.offset == damage.offset) {
            Some(record) if record.message.integrity == Integrity::Modified => Kind::EditedRecord,
            Some(_) => Kind::LeftOutField,
            None => Kind::DamagedRecord,
        };
        let message = match kind {
            Kind::DamagedRecord => format!("{} ({} bytes)", damage.detail, damage.length),
            _ => damage.detail.into_owned(),
        };
        self.wrong(damage.offset, kind, message);
    }

    fn wrong(&mut self, offset: u64, kind: Kind, message: String) {
        if self.wrong.len() < FINDINGS_MAX {
            self.wrong.push(Wrong { offset, kind, message });
        } else {
            self.more += 1;
        }
    }
}
