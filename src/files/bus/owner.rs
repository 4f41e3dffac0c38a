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
use crate::error::{Error, Holder, Result};
use crate::layout::message_file::Position;
use crate::layout::paths;
use crate::limits;

use super::index::{Entry, Index};
use super::parts::{Archive, LiveFile, Part, SharedIndex, View, list_archives};
use super::request_ids::RequestIds;
use super::{Context, Publisher};

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
    /// What readers may see.
    pub(super) committed: Committed,
}

/// A durable state of the live file.
#[derive(Clone)]
pub(super) struct Committed {
    pub(super) end: u64,
    pub(super) position: Position,
    pub(super) last: Option<Entry>,
}

/// An archive that may still be appended to.
struct Renamed {
    file: Arc<dyn DiskFile>,
    identity: Identity,
    until: Instant,
}

/// What the owner of a bus knows. All of it can be read from the files again.
pub(super) struct Owner {
    pub(super) context: Arc<Context>,
    pub(super) bus: BusId,
    pub(super) path: TreePath,
    pub(super) live: Option<Live>,
    archives: Vec<Archive>,
    /// The sequence of each archive, by its file.
    sequences: Vec<(Identity, u64)>,
    pub(super) next_sequence: u64,
    renamed: Vec<Renamed>,
    opened: bool,
    /// The time of the last message id made, or found in the file.
    pub(super) last_ts: Option<Timestamp>,
    pub(super) request_ids: Option<RequestIds>,
    pub(super) poisoned: bool,
}

impl Owner {
    pub(super) fn new(context: Arc<Context>, bus: BusId) -> Self {
        let path = paths::bus_file(&bus);
        Self {
            context,
            bus,
            path,
            live: None,
            archives: Vec::new(),
            sequences: Vec::new(),
            next_sequence: 0,
            renamed: Vec::new(),
            opened: false,
            last_ts: None,
            request_ids: None,
            poisoned: false,
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
    pub(super) fn refresh(&mut self, publisher: &Publisher) -> Result<()> {
        if self.poisoned || self.opened && self.is_current()? {
            return Ok(());
        }
        let budget = if self.opened { REFRESH_LOCK_BUDGET } else { limits::LOCK_BUDGET };
        match self.lock_live(false, budget) {
            Ok(true) => {
                let ingested = self.ingest().map(|_| self.has_uncommitted());
                self.unlock();
                if ingested? {
                    // Its writer may not have synced it; whoever reads it may rely
                    // on it.
                    self.sync()?;
                }
            }
            Ok(false) => self.refresh_archives()?,
            Err(Error::LockTimeout { .. }) if self.opened => return Ok(()),
            Err(error) => return Err(error),
        }
        self.follow_renamed()?;
        self.publish(publisher);
        Ok(())
    }

    /// Whether the live file is the one we know, no longer than we know it, and
    /// no renamed one needs looking at.
    fn is_current(&mut self) -> Result<bool> {
        self.renamed.retain(|renamed| renamed.until > Instant::now());
        let status = self.disk().status(&self.path)?;
        Ok(self.renamed.is_empty()
            && match (&self.live, status) {
                (Some(live), Some(status)) => {
                    live.identity == status.identity
                        && live.length == status.length
                        && live.committed.end == live.end
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
        while !file.try_lock().map_err(self.failed("lock"))? {
            if Instant::now() >= deadline {
                return Err(Error::LockTimeout {
                    path: self.path.to_string(),
                    holder: Holder(file.lock_holder()),
                    budget_seconds: budget.as_secs(),
                });
            }
            // There is no event to wait for: flock can be waited for only
            // without a time limit.
            std::thread::sleep(limits::LOCK_RETRY_INTERVAL);
        }
        Ok(())
    }

    pub(super) fn unlock(&self) {
        if let Some(live) = &self.live
            && let Err(error) = live.file.unlock()
        {
            tracing::error!(bus = %self.bus, %error, "cannot unlock the bus file");
        }
    }

    fn has_uncommitted(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.committed.end != live.end)
    }

    /// Syncs the live file. After a failure the system may have dropped what it
    /// could not write, and a second sync would say nothing about it: the bus
    /// takes no more appends.
    pub(super) fn sync(&mut self) -> Result<()> {
        let Some(live) = &self.live else {
            return Ok(());
        };
        if let Err(source) = live.file.sync() {
            self.poisoned = true;
            self.request_ids = None;
            tracing::error!(bus = %self.bus, error = %source, "a sync failed; the bus takes no more appends");
            return Err(self.failed("sync")(source));
        }
        if let Some(live) = &mut self.live {
            live.committed = Committed {
                end: live.end,
                position: live.position.clone(),
                last: live.index.lock().last().cloned(),
            };
        }
        Ok(())
    }

    /// Shows readers what is durable.
    pub(super) fn publish(&mut self, publisher: &Publisher) {
        let sequence_of = |identity| {
            self.sequences
                .iter()
                .find(|(known, _)| *known == identity)
                .map_or(0, |(_, sequence)| *sequence)
        };
        let mut parts: Vec<Part> = self
            .archives
            .iter()
            .map(|archive| Part {
                identity: archive.identity,
                sequence: sequence_of(archive.identity),
                path: archive.path.clone(),
                end: archive.length,
                live: None,
            })
            .collect();
        parts.extend(self.live.as_ref().map(|live| Part {
            identity: live.identity,
            sequence: live.sequence,
            path: self.path.clone(),
            end: live.committed.end,
            live: Some(LiveFile {
                file: Arc::clone(&live.file),
                position: live.committed.position.clone(),
                last: live.committed.last.clone(),
                index: live.index.clone(),
            }),
        }));
        self.opened = true;
        publisher.publish(View {
            parts,
            poisoned: self.poisoned,
            opened: true,
            unsettled_until: self.renamed.iter().map(|renamed| renamed.until).max(),
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
                self.create_folder(&folder)?;
                let file = self.disk().create_append(&self.path)?;
                file.sync().map_err(self.failed("sync"))?;
                self.disk().sync_folder(&folder)?;
                file
            }
            None => return Ok(()),
        };
        self.refresh_archives()?;
        let status = file.status().map_err(self.failed("look at"))?;
        let mut index = Index::new();
        let position = index
            .extend_unfinished(&*file, Position::start(), status.length)
            .map_err(self.failed("read"))?;
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.live = Some(Live {
            file,
            identity: status.identity,
            sequence,
            end: position.offset(),
            length: position.offset(),
            committed: Committed { end: 0, position: Position::start(), last: None },
            position,
            index: SharedIndex::new(index),
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
        // As an archive it keeps its place in the sequence.
        self.sequences.push((live.identity, live.sequence));
        self.last_ts = self.last_ts.max(live.index.lock().own_ts());
        self.refresh_archives()?;
        if self.archives.iter().any(|archive| archive.identity == live.identity) {
            self.renamed.push(Renamed {
                file: live.file,
                identity: live.identity,
                until: Instant::now() + FOLLOW_RENAMED,
            });
        }
        Ok(())
    }

    /// Lists the archives anew.
    pub(super) fn refresh_archives(&mut self) -> Result<()> {
        self.archives = list_archives(&*self.context.disk, &self.bus, &self.archives)?;
        let archives = &self.archives;
        self.sequences
            .retain(|(identity, _)| archives.iter().any(|archive| archive.identity == *identity));
        for archive in archives {
            if !self.sequences.iter().any(|(identity, _)| *identity == archive.identity) {
                self.sequences.push((archive.identity, self.next_sequence));
                self.next_sequence += 1;
            }
        }
        Ok(())
    }

    /// Takes in what was appended to archives after their rename.
    fn follow_renamed(&mut self) -> Result<()> {
        let look_failed = self.failed("look at");
        let sync_failed = self.failed("sync");
        for renamed in &self.renamed {
            let status = renamed.file.status().map_err(&look_failed)?;
            let archive =
                self.archives.iter_mut().find(|archive| archive.identity == renamed.identity);
            if let Some(archive) = archive
                && archive.length < status.length
            {
                renamed.file.sync().map_err(&sync_failed)?;
                archive.length = status.length;
            }
        }
        Ok(())
    }

    /// Finds the time that the next id must be later than, when no id was made
    /// or seen yet.
    pub(super) fn load_last_ts(&mut self) -> Result<()> {
        let mut archives = self.archives.iter().rev();
        while let (None, Some(archive)) = (self.last_ts, archives.next()) {
            self.last_ts = self
                .context
                .archive_index(&archive.path, archive.identity, archive.length)?
                .own_ts();
        }
        Ok(())
    }

    pub(super) fn archives(&self) -> &[Archive] {
        &self.archives
    }

    /// Returns the last message of the bus.
    pub(super) fn last(&self) -> Result<Option<Entry>> {
        if let Some(last) = self.live.as_ref().and_then(|live| live.index.lock().last().cloned()) {
            return Ok(Some(last));
        }
        for archive in self.archives.iter().rev() {
            if let Some(last) =
                self.context.archive_index(&archive.path, archive.identity, archive.length)?.last()
            {
                return Ok(Some(last.clone()));
            }
        }
        Ok(None)
    }
}
