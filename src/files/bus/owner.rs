//! The one owner of a bus: it alone locks the file, appends to it, and takes in
//! what other programs appended.
//!
//! A turn takes all waiting appends into one write and one sync:
//! lock, compare the inode, look at the tail, write, unlock, sync, publish,
//! answer. The lock is released before the sync because other writers poll it and
//! would starve. Nothing is published and nothing is answered before the sync.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::disk::{Disk, DiskFile, Identity};
use crate::domain::{BusId, TreePath};
use crate::error::{Error, Result};
use crate::layout::message_file::Position;
use crate::layout::paths;
use crate::limits;

use super::archives::{ArchiveList, Retired};
use super::index::{Entry, Index};
use super::parts::{LiveFile, Part, SharedIndex, View};
use super::recent::Recent;
use super::request_ids::RequestIds;
use super::{Context, Publisher};
use crate::files::lock::{release, timed_out};
use std::sync::PoisonError;

/// How long an archive is looked at after its rename: another program may have
/// waited for its lock and still append to it.
const FOLLOW_RENAMED: Duration = Duration::from_secs(30);
/// How long a refresh waits for a held lock. What is committed can be read
/// meanwhile.
const REFRESH_LOCK_BUDGET: Duration = Duration::from_millis(100);

/// The live file of a bus, as its owner knows it.
pub(super) struct Live {
    pub(super) file: Arc<dyn DiskFile>,
    pub(super) identity: Identity,
    pub(super) sequence: u64,
    /// Where the scan stands, at or before `end`.
    pub(super) position: Position,
    /// How far whole records reach, durable or not.
    pub(super) end: u64,
    /// The file's length when it was last looked at: more than `end` when the
    /// tail is torn.
    pub(super) length: u64,
    pub(super) index: SharedIndex,
    pub(super) recent: Arc<Recent>,
    /// What readers may see; none until the file was synced once.
    pub(super) committed: Option<Committed>,
}

/// A durable state of the live file.
#[derive(Clone)]
pub(super) struct Committed {
    pub(super) end: u64,
    pub(super) position: Position,
    pub(super) last: Option<Entry>,
}

impl Live {
    /// Returns how far the file is durable; none until it was synced once.
    pub(super) fn committed_end(&self) -> Option<u64> {
        self.committed.as_ref().map(|committed| committed.end)
    }
}

/// How a refresh is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refresh {
    /// Whether the first look at a bus may wait long for its lock.
    pub(super) patient: bool,
    /// Whether the archives are looked at even when the live file did not change.
    pub(super) relist: bool,
}

/// What the owner of a bus knows. All of it can be read from the files again.
pub(super) struct Owner {
    pub(super) context: Arc<Context>,
    pub(super) bus: BusId,
    pub(super) path: TreePath,
    pub(super) live: Option<Live>,
    pub(super) archives: ArchiveList,
    pub(super) next_sequence: u64,
    /// The last file that was the live one.
    retired: Option<Retired>,
    /// Until when the file that was renamed last may still be appended to, by a
    /// program that waited for its lock.
    unsettled_until: Option<Instant>,
    /// Whether there is a view.
    pub(super) opened: bool,
    /// The time of the last message id made, or found in the file.
    pub(super) last_ts: Option<Timestamp>,
    pub(super) request_ids: Option<RequestIds>,
    pub(super) poisoned: bool,
    /// Our own rename of the live file was made, and is not known to be durable.
    pub(super) renamed: bool,
}

impl Owner {
    pub(super) fn new(context: Arc<Context>, bus: BusId) -> Self {
        let path = paths::bus_file(&bus);
        Self {
            context,
            bus,
            path,
            live: None,
            archives: ArchiveList::default(),
            next_sequence: 0,
            retired: None,
            unsettled_until: None,
            opened: false,
            last_ts: None,
            request_ids: None,
            poisoned: false,
            renamed: false,
        }
    }

    pub(super) fn disk(&self) -> &dyn Disk {
        &*self.context.disk
    }

    pub(super) fn failed(&self, action: &'static str) -> impl Fn(std::io::Error) -> Error + use<> {
        let path = self.path.to_string();
        move |source| Error::io(action, path.clone(), source)
    }

    /// Brings what is published up to what the files hold. Cheap when nothing
    /// changed; when another program holds the lock, what is published stays.
    pub(super) fn refresh(&mut self, refresh: Refresh, publisher: &Publisher) -> Result<()> {
        if self.poisoned {
            // What was committed can be read, if it is known what that is.
            let bus = self.bus.to_string();
            return if self.opened { Ok(()) } else { Err(Error::BusPoisoned { bus }) };
        }
        if self.opened && self.is_settled() && !refresh.relist && self.is_current()? {
            return Ok(());
        }
        let patient = !self.opened && refresh.patient;
        let budget = if patient { limits::LOCK_BUDGET } else { REFRESH_LOCK_BUDGET };
        match self.lock_live(false, budget) {
            Ok(true) => {
                let ingested = self.ingest();
                self.unlock();
                ingested?;
                if self.live.as_ref().is_some_and(|live| live.committed_end() != Some(live.end)) {
                    // Its writer may not have synced it; whoever reads it may rely
                    // on it.
                    let synced = self.sync();
                    if synced.is_err() && self.opened {
                        self.publish(publisher);
                    }
                    synced?;
                }
            }
            Ok(false) => {}
            Err(Error::LockTimeout { .. }) if self.opened => return Ok(()),
            Err(error) => return Err(error),
        }
        self.refresh_archives()?;
        self.publish(publisher);
        Ok(())
    }

    /// Whether nothing is known here that the files would not tell a new owner: that a
    /// sync failed, or that a renamed file may still be appended to.
    pub(super) fn is_replaceable(&self) -> bool {
        !self.poisoned && self.is_settled() && !self.archives.has_unknown()
    }

    fn is_settled(&self) -> bool {
        self.unsettled_until.is_none_or(|until| until <= Instant::now())
    }

    /// Whether the live file is the one we know, no longer than we know it.
    fn is_current(&self) -> Result<bool> {
        Ok(match (&self.live, self.disk().status(&self.path)?) {
            (Some(live), Some(status)) => {
                live.identity == status.identity
                    && live.length == status.length
                    && live.committed_end() == Some(live.end)
            }
            (None, None) => true,
            _ => false,
        })
    }

    /// Locks the live file, whichever that is by now. Returns false, without a
    /// lock, when there is none and none is to be created.
    pub(super) fn lock_live(&mut self, create: bool, budget: Duration) -> Result<bool> {
        let deadline = Instant::now() + budget;
        loop {
            let status = self.disk().status(&self.path)?;
            let known = self.live.as_ref().map(|live| live.identity);
            if status.is_none() || known != status.map(|status| status.identity) {
                self.retire_live()?;
                if status.is_none() && !create {
                    return Ok(false);
                }
                self.open_live(create)?;
                if self.live.is_none() {
                    continue;
                }
            }
            let Some(live) = &self.live else { continue };
            let (file, identity) = (Arc::clone(&live.file), live.identity);
            self.lock_file(&*file, deadline, budget)?;
            // Whoever held the lock may have renamed the file meanwhile.
            let moved = match self.disk().status(&self.path) {
                Ok(status) => status.is_none_or(|status| status.identity != identity),
                Err(error) => {
                    self.unlock();
                    return Err(error);
                }
            };
            if !moved {
                return Ok(true);
            }
            self.unlock();
        }
    }

    fn lock_file(&self, file: &dyn DiskFile, deadline: Instant, budget: Duration) -> Result<()> {
        if self.context.writers.take_lock(file, deadline).map_err(self.failed("lock"))? {
            return Ok(());
        }
        Err(timed_out(file, &self.path, budget))
    }

    pub(super) fn unlock(&self) {
        if let Some(live) = &self.live
            && let Err(error) = release(&*live.file)
        {
            tracing::error!(bus = %self.bus, %error, "cannot unlock the bus file");
        }
    }

    /// Syncs the live file. After a failure the system may have dropped what it
    /// could not write, and a second sync would say nothing about it: the bus
    /// takes no more appends.
    pub(super) fn sync(&mut self) -> Result<()> {
        let Some(live) = &mut self.live else { return Ok(()) };
        if let Err(source) = live.file.sync() {
            self.poisoned = true;
            self.request_ids = None;
            tracing::error!(bus = %self.bus, error = %source, "a sync failed; the bus takes no more appends");
            return Err(self.failed("sync")(source));
        }
        live.committed = Some(Committed {
            end: live.end,
            position: live.position.clone(),
            last: live.index.lock().last().cloned(),
        });
        Ok(())
    }

    /// Shows readers what is durable.
    pub(super) fn publish(&mut self, publisher: &Publisher) {
        let mut parts: Vec<Part> = self
            .archives
            .as_slice()
            .iter()
            .map(|archive| Part {
                identity: archive.committed.identity,
                sequence: archive.sequence,
                path: archive.path.clone(),
                end: archive.committed.length,
                modified: archive.committed.modified,
                live: None,
            })
            .collect();
        if let Some(live) = &self.live
            && let Some(committed) = &live.committed
        {
            parts.push(Part {
                identity: live.identity,
                sequence: live.sequence,
                path: self.path.clone(),
                end: committed.end,
                modified: Timestamp::UNIX_EPOCH,
                live: Some(LiveFile {
                    file: Arc::clone(&live.file),
                    position: committed.position.clone(),
                    last: committed.last.clone(),
                    index: live.index.clone(),
                    recent: Arc::clone(&live.recent),
                }),
            });
        }
        self.opened = true;
        publisher.publish(View {
            parts,
            poisoned: self.poisoned,
            opened: true,
            unsettled_until: self.unsettled_until,
            archived_through: self.archives.through(),
        });
    }

    /// Opens the live file, or creates it with its folder, and scans what is
    /// there without the lock: a large file would hold others up. Whatever the
    /// bytes still to come could change is left for `ingest`, under the lock.
    fn open_live(&mut self, create: bool) -> Result<()> {
        let folder = paths::bus_folder(&self.bus);
        let file = match self.disk().open_append(&self.path)? {
            Some(file) => file,
            None if create => {
                let _creating =
                    self.context.removals.read().unwrap_or_else(PoisonError::into_inner);
                self.create_folder(&folder)?;
                self.disk().create_append(&self.path)?
            }
            None => return Ok(()),
        };
        // Whoever made the file and its folders may have died before they were
        // durable.
        self.disk().sync_folder(&folder)?;
        self.context.synced_folders.sync_names(self.disk(), &folder)?;
        self.refresh_archives()?;
        let status = file.status().map_err(self.failed("look at"))?;
        let (index, position) =
            Index::build_unfinished(&*file, status.length).map_err(self.failed("read"))?;
        if index.damages() > 0 {
            tracing::warn!(bus = %self.bus, places = index.damages(), "damage in the bus file");
        }
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.live = Some(Live {
            file,
            identity: status.identity,
            sequence,
            end: position.offset(),
            length: position.offset(),
            committed: None,
            position,
            index: SharedIndex::new(status.identity, index),
            recent: Arc::default(),
        });
        Ok(())
    }

    fn create_folder(&self, folder: &TreePath) -> Result<()> {
        if self.disk().status(&paths::project_folder(&self.bus.project))?.is_none() {
            self.bus.check_creatable()?;
        } else if let Some(task) = &self.bus.task
            && self.disk().status(folder)?.is_none()
        {
            task.check_creatable()?;
        }
        self.disk().create_folder(folder)
    }

    /// Gives up the live file that was known: it was archived, replaced or
    /// deleted.
    pub(super) fn retire_live(&mut self) -> Result<()> {
        let Some(live) = self.live.take() else { return Ok(()) };
        self.last_ts = self.last_ts.max(live.index.lock().own_ts());
        // As an archive it keeps its place in the sequence.
        self.retired = Some(Retired {
            identity: live.identity,
            sequence: live.sequence,
            committed: live.committed_end(),
        });
        self.refresh_archives()?;
        if self.archives.contains(live.identity) {
            self.unsettled_until = Some(Instant::now() + FOLLOW_RENAMED);
        }
        Ok(())
    }

    /// Looks at the archives anew.
    pub(super) fn refresh_archives(&mut self) -> Result<()> {
        let live = self.live.as_ref().map(|live| live.identity);
        let context = Arc::clone(&self.context);
        self.archives.refresh(&context, &self.bus, live, self.retired, &mut self.next_sequence)
    }

    /// Finds the time that the next id must be later than, when no id was made
    /// or seen yet.
    pub(super) fn load_last_ts(&mut self) -> Result<()> {
        let mut archives = self.archives.as_slice().iter().rev();
        while let (None, Some(archive)) = (self.last_ts, archives.next()) {
            let index = self.context.archive_index(&archive.path, archive.committed)?;
            self.last_ts = index.lock().own_ts();
        }
        Ok(())
    }

    /// Returns the last message of the bus.
    pub(super) fn last(&self) -> Result<Option<Entry>> {
        if let Some(last) = self.live.as_ref().and_then(|live| live.index.lock().last().cloned()) {
            return Ok(Some(last));
        }
        for archive in self.archives.as_slice().iter().rev() {
            let index = self.context.archive_index(&archive.path, archive.committed)?;
            let last = index.lock().last().cloned();
            if last.is_some() {
                return Ok(last);
            }
        }
        Ok(None)
    }
}
