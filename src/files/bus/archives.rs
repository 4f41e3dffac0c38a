//! The archives of a bus, as its owner knows them: which there are, in which
//! order, and how far each is durable.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::disk::{DiskFile, Identity, Kind, Status};
use crate::domain::{BusId, TreePath};
use crate::error::{Error, Result};
use crate::layout::message_file::Position;
use crate::layout::paths;

use super::Context;
use super::scanner::{Found, Scanner};
use crate::files::lock::{release, timed_out};
use crate::files::unwritten::written_end;

/// How far into an archive its first time is looked for, in bytes.
const FIRST_TIME_BYTES: u64 = 1 << 20;
/// How long the lock of an archive is waited for. Hardly anybody holds one.
const LOCK_BUDGET: Duration = Duration::from_millis(100);

/// Which content of which file. Inodes are used again, so the identity alone does
/// not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) identity: Identity,
    pub(super) length: u64,
    pub(super) modified: Timestamp,
}

impl Version {
    fn of(status: &Status) -> Self {
        Self { identity: status.identity, length: status.length, modified: status.modified }
    }
}

/// One archive.
#[derive(Debug, Clone)]
pub(super) struct Archive {
    pub(super) path: TreePath,
    /// Its place among the parts of the bus.
    pub(super) sequence: u64,
    /// What of it is durable, without zeros at its end.
    pub(super) committed: Version,
    /// What was found when it was last committed.
    seen: Version,
    /// A sync of it failed: nothing more of it is ever taken for durable.
    failed: bool,
    /// The time of its first record that has one.
    first_ts: Option<Timestamp>,
}

/// All archives of a bus.
#[derive(Debug, Default)]
pub(super) struct ArchiveList {
    list: Vec<Archive>,
    /// The greatest sequence that an archive ever had here.
    through: Option<u64>,
    /// A file whose first sync failed: nobody knows what of it is durable, also when a
    /// later one succeeds.
    unknown: Option<Identity>,
}

/// The file that was the live one until now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retired {
    pub(super) identity: Identity,
    /// Its place among the parts of the bus.
    pub(super) sequence: u64,
    /// How far it is durable.
    pub(super) committed: Option<u64>,
}

impl ArchiveList {
    /// Returns the archives, oldest first.
    pub(super) fn as_slice(&self) -> &[Archive] {
        &self.list
    }

    /// Returns up to which sequence parts were archived, whether they are still
    /// there or not.
    pub(super) fn through(&self) -> Option<u64> {
        self.through
    }

    /// Whether a file stands among them of which nobody knows what is durable.
    pub(super) fn has_unknown(&self) -> bool {
        self.unknown.is_some()
    }

    /// Takes what is found there for durable from now on, when a sync says so.
    pub(super) fn forget_unknown(&mut self) {
        self.unknown = None;
    }

    /// Whether a file is one of them.
    pub(super) fn contains(&self, identity: Identity) -> bool {
        self.list.iter().any(|archive| archive.committed.identity == identity)
    }

    /// Looks at the folder anew, and makes durable what is new in it.
    ///
    /// At first the order is that of the first records' times, because the stamps of
    /// other programs are local time in whole seconds. What is archived later comes
    /// later, whatever its records say. `live` is the file that is the live one now.
    ///
    /// # Errors
    /// Also when a file is found of which nothing is known to be durable, and its sync
    /// fails: without it the bus would look as if its messages had never been there.
    pub(super) fn refresh(
        &mut self,
        context: &Context,
        bus: &BusId,
        live: Option<Identity>,
        retired: Option<Retired>,
        next_sequence: &mut u64,
    ) -> Result<()> {
        let disk = &*context.disk;
        let folder = paths::bus_folder(bus);
        let mut known = Vec::new();
        let mut new = Vec::new();
        for entry in disk.list(&folder)?.unwrap_or_default() {
            if entry.kind != Kind::File || !paths::is_archive_of(bus, &entry.name) {
                continue;
            }
            let path = folder.join(&entry.name);
            let Some(status) = disk.status(&path)? else { continue };
            if live == Some(status.identity) {
                // Renamed a moment ago: the owner is about to see it.
                continue;
            }
            let before =
                self.list.iter().find(|archive| archive.committed.identity == status.identity);
            if let Some(before) =
                before.filter(|before| before.failed || before.seen == Version::of(&status))
            {
                known.push(Archive { path, ..before.clone() });
                continue;
            }
            if self.unknown == Some(status.identity) {
                return Err(Error::BusPoisoned { bus: bus.to_string() });
            }
            let retired = retired.filter(|retired| retired.identity == status.identity);
            let durable = retired.and_then(|retired| retired.committed);
            let mut archive = match commit(context, path, before, durable) {
                Ok(Some(archive)) => archive,
                Ok(None) => continue,
                Err(Uncommitted::Unknown(error)) => {
                    self.unknown = Some(status.identity);
                    return Err(error);
                }
                Err(Uncommitted::Refused(error)) => return Err(error),
            };
            let sequence = before
                .map(|before| before.sequence)
                .or_else(|| retired.map(|retired| retired.sequence));
            match sequence {
                Some(sequence) => {
                    archive.sequence = sequence;
                    known.push(archive);
                }
                None => new.push(archive),
            }
        }
        new.sort_by(|a, b| a.first_ts.cmp(&b.first_ts).then_with(|| a.path.cmp(&b.path)));
        for archive in &mut new {
            archive.sequence = *next_sequence;
            *next_sequence += 1;
        }
        known.append(&mut new);
        known.sort_by_key(|archive| archive.sequence);
        self.through = self.through.max(known.last().map(|last| last.sequence));
        self.list = known;
        Ok(())
    }
}

/// Why an archive cannot be taken in.
enum Uncommitted {
    /// It cannot be looked at; another time it may.
    Refused(Error),
    /// Its sync failed, and nothing is known of it.
    Unknown(Error),
}

impl From<Error> for Uncommitted {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Makes an archive durable as far as it is whole: with its lock, because a program
/// that waited for it may be appending. None when it went away. `durable` is how far it
/// is known to be durable when it was no archive yet.
fn commit(
    context: &Context,
    path: TreePath,
    before: Option<&Archive>,
    durable: Option<u64>,
) -> Result<Option<Archive>, Uncommitted> {
    let Some(file) = context.disk.open(&path)? else { return Ok(None) };
    let failed = |source| Error::io("read", path.as_str(), source);
    if !context.writers.take_lock(&*file, Instant::now() + LOCK_BUDGET).map_err(failed)? {
        // What was committed of it stays; it is tried again at the next look.
        return match before {
            Some(before) => Ok(Some(Archive { path, ..before.clone() })),
            None => Err(timed_out(&*file, &path, LOCK_BUDGET).into()),
        };
    }
    let looked = file.status().and_then(|status| {
        let first_ts = match before.and_then(|before| before.first_ts) {
            Some(first_ts) => Some(first_ts),
            None => first_ts(&*file, status.length)?,
        };
        Ok((status, first_ts, written_end(&*file, 0..status.length)?))
    });
    let unlocked = release(&*file);
    let (status, first_ts, written) = looked.map_err(failed)?;
    unlocked.map_err(failed)?;
    let seen = Version::of(&status);
    let synced = file.sync();
    if let Err(error) = &synced {
        tracing::error!(%path, %error, "cannot sync an archive; what was appended to it is not served");
    }
    let committed = match (&synced, before, durable) {
        (Ok(()), _, _) => Version { length: written, ..seen },
        (Err(_), Some(before), _) => before.committed,
        (Err(_), None, Some(durable)) => Version { length: durable, ..seen },
        (Err(source), None, None) => {
            let source = std::io::Error::new(source.kind(), source.to_string());
            return Err(Uncommitted::Unknown(Error::io("sync", path.as_str(), source)));
        }
    };
    Ok(Some(Archive { path, sequence: 0, committed, seen, failed: synced.is_err(), first_ts }))
}

fn first_ts(file: &dyn DiskFile, length: u64) -> std::io::Result<Option<Timestamp>> {
    let mut scanner = Scanner::new(file, Position::start(), length.min(FIRST_TIME_BYTES));
    loop {
        match scanner.next()? {
            Found::Record(record) if record.message.ts.is_some() => return Ok(record.message.ts),
            Found::Record(_) | Found::Damage(_) => {}
            Found::End(_) => return Ok(None),
        }
    }
}
