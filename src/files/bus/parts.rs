//! The parts of a bus: its archives, oldest first, and then its live file.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::Timestamp;

use crate::disk::{Disk, DiskFile, Identity, Kind};
use crate::domain::{BusId, TreePath};
use crate::error::{Error, Result};
use crate::layout::message_file::Position;
use crate::layout::paths;

use super::index::{Entry, Index};
use super::scanner::{Found, Scanner};

/// How far into an archive its first time is looked for, in bytes.
const FIRST_TIME_BYTES: u64 = 1 << 20;

/// One part of a bus, up to where it is committed.
#[derive(Clone)]
pub(super) struct Part {
    /// Which file.
    pub(super) identity: Identity,
    /// Increases along the bus, within one process: two parts that follow each
    /// other differ by one, so a part that went away leaves a gap.
    pub(super) sequence: u64,
    /// Where it is.
    pub(super) path: TreePath,
    /// How far it may be read, in bytes.
    pub(super) end: u64,
    /// The live file; an archive is opened when it is read.
    pub(super) live: Option<LiveFile>,
}

/// What only the live part has.
#[derive(Clone)]
pub(super) struct LiveFile {
    pub(super) file: Arc<dyn DiskFile>,
    /// Where a scan that begins at the committed end begins.
    pub(super) position: Position,
    /// The last committed message.
    pub(super) last: Option<Entry>,
    pub(super) index: SharedIndex,
}

/// The index of the live part: the owner extends it, readers look things up.
#[derive(Clone)]
pub(super) struct SharedIndex(Arc<Mutex<Index>>);

impl SharedIndex {
    pub(super) fn new(index: Index) -> Self {
        Self(Arc::new(Mutex::new(index)))
    }

    /// Locks the index, for a moment and never across I/O on the bus.
    pub(super) fn lock(&self) -> MutexGuard<'_, Index> {
        // An index is only ever added to; a panic half-way leaves it usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What readers see of a bus: a moment of it, all of it durable.
#[derive(Clone, Default)]
pub(super) struct View {
    /// Archives, oldest first, then the live part.
    pub(super) parts: Vec<Part>,
    /// Whether appends are refused since a sync failed.
    pub(super) poisoned: bool,
    /// Whether the files were looked at: the first view of all is empty.
    pub(super) opened: bool,
    /// Until when a part that was renamed may still be appended to.
    pub(super) unsettled_until: Option<Instant>,
}

impl View {
    /// Finds a part by its file.
    pub(super) fn find(&self, identity: Identity) -> Option<&Part> {
        self.parts.iter().find(|part| part.identity == identity)
    }

    /// Returns the part that follows one.
    pub(super) fn after(&self, identity: Identity) -> Option<&Part> {
        let at = self.parts.iter().position(|part| part.identity == identity)?;
        self.parts.get(at + 1)
    }

    /// Returns the live part.
    pub(super) fn live(&self) -> Option<(&Part, &LiveFile)> {
        self.parts.last().and_then(|part| part.live.as_ref().map(|live| (part, live)))
    }

    /// Whether the files are as this says. Looks at nothing but their status.
    pub(super) fn is_current(&self, disk: &dyn Disk, path: &TreePath) -> Result<bool> {
        if !self.opened || self.unsettled_until.is_some_and(|until| Instant::now() < until) {
            return Ok(false);
        }
        Ok(match (self.live(), disk.status(path)?) {
            (Some((part, _)), Some(status)) => {
                part.identity == status.identity && part.end == status.length
            }
            (None, None) => true,
            _ => false,
        })
    }

    /// Returns how many archives there are.
    pub(super) fn archive_count(&self) -> usize {
        self.parts.iter().filter(|part| part.live.is_none()).count()
    }
}

/// An archive that was found in the folder.
#[derive(Debug, Clone)]
pub(super) struct Archive {
    pub(super) identity: Identity,
    pub(super) path: TreePath,
    pub(super) length: u64,
    /// The time of its first record that has one.
    first_ts: Option<Timestamp>,
}

/// Lists the archives of a bus in their order: by the time of their first record,
/// because the stamps of other programs are local time in whole seconds. `known`
/// are archives that were listed before: their first time is not read again.
pub(super) fn list_archives(
    disk: &dyn Disk,
    bus: &BusId,
    known: &[Archive],
) -> Result<Vec<Archive>> {
    let folder = paths::bus_folder(bus);
    let mut archives = Vec::new();
    for entry in disk.list(&folder)?.unwrap_or_default() {
        if entry.kind != Kind::File || !paths::is_archive_of(bus, &entry.name) {
            continue;
        }
        let path = folder.join(&entry.name);
        let Some(status) = disk.status(&path)? else {
            continue;
        };
        let before = known.iter().find(|archive| archive.identity == status.identity);
        let first_ts = match before.filter(|archive| archive.first_ts.is_some()) {
            Some(archive) => archive.first_ts,
            None => first_ts(disk, &path)?,
        };
        archives.push(Archive { identity: status.identity, path, length: status.length, first_ts });
    }
    archives.sort_by(|a, b| a.first_ts.cmp(&b.first_ts).then_with(|| a.path.cmp(&b.path)));
    Ok(archives)
}

fn first_ts(disk: &dyn Disk, path: &TreePath) -> Result<Option<Timestamp>> {
    let Some(file) = disk.open(path)? else {
        return Ok(None);
    };
    let failed = |source| Error::io("read", path.as_str(), source);
    let length = file.status().map_err(failed)?.length;
    let mut scanner = Scanner::new(&*file, Position::start(), length.min(FIRST_TIME_BYTES));
    loop {
        match scanner.next().map_err(failed)? {
            Found::Record(record) if record.message.ts.is_some() => return Ok(record.message.ts),
            Found::Record(_) | Found::Damage(_) => {}
            Found::End(_) => return Ok(None),
        }
    }
}
