//! The parts of a bus: its archives, oldest first, and then its live file.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::Timestamp;

use crate::disk::{Disk, DiskFile, Identity};
use crate::domain::TreePath;
use crate::error::Result;
use crate::layout::message_file::Position;
use crate::meters;

use super::archives::Version;
use super::index::{Entry, Index};
use super::recent::Recent;

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
    /// When an archive last changed.
    pub(super) modified: Timestamp,
    /// The live file; an archive is opened when it is read.
    pub(super) live: Option<LiveFile>,
}

impl Part {
    /// Returns which content of which file is read.
    pub(super) fn version(&self) -> Version {
        Version { identity: self.identity, length: self.end, modified: self.modified }
    }
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
    pub(super) recent: Arc<Recent>,
}

/// The index of a part: readers look things up, and the owner extends that of the live part.
#[derive(Clone)]
pub(super) struct SharedIndex(Arc<Shared>);

struct Shared {
    /// Which file it is of.
    file: Identity,
    index: Mutex<Index>,
    /// Held while what is missing is scanned, so that one does it and the others wait.
    completing: Mutex<()>,
}

impl SharedIndex {
    pub(super) fn new(file: Identity, index: Index) -> Self {
        let (index, completing) = (Mutex::new(index), Mutex::default());
        let shared = Self(Arc::new(Shared { file, index, completing }));
        shared.count_damage();
        shared
    }

    /// Counts the damage that is known by now and was not before.
    pub(super) fn count_damage(&self) {
        let Identity { device, inode } = self.0.file;
        meters::damage_known(device, inode, self.lock().damages());
    }

    /// Adds what the index is missing: of a large part it begins near its end.
    pub(super) fn complete(&self, file: &dyn DiskFile, end: u64) -> io::Result<()> {
        if self.lock().missing().is_none() {
            return Ok(());
        }
        let _completing = self.0.completing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(missing) = self.lock().missing() else { return Ok(()) };
        let before = Index::build_missing(file, missing, end)?;
        self.lock().complete(before);
        self.count_damage();
        Ok(())
    }

    /// Locks the index, for a moment and never across I/O on the bus.
    pub(super) fn lock(&self) -> MutexGuard<'_, Index> {
        // An index is only ever added to; a panic half-way leaves it usable.
        self.0.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What readers see of a bus: a moment of it, all of it durable.
#[derive(Default)]
pub(super) struct View {
    /// Archives, oldest first, then the live part.
    pub(super) parts: Vec<Part>,
    /// Whether appends are refused since a sync failed.
    pub(super) poisoned: bool,
    /// Whether the files were looked at: the first view of all is empty.
    pub(super) opened: bool,
    /// Until when a part that was renamed may still be appended to.
    pub(super) unsettled_until: Option<Instant>,
    /// Up to which sequence parts were archived, whether they are still there or
    /// were removed.
    pub(super) archived_through: Option<u64>,
}

impl View {
    /// Finds a part by its file.
    pub(super) fn find(&self, identity: Identity) -> Option<&Part> {
        self.parts.iter().find(|part| part.identity == identity)
    }

    /// Whether readers find the same in both.
    pub(super) fn shows_the_same_as(&self, other: &Self) -> bool {
        let what = |part: &Part| (part.sequence, part.identity, part.end);
        self.poisoned == other.poisoned
            && self.parts.iter().map(what).eq(other.parts.iter().map(what))
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
