//! Archiving the live file, and removing archives.

use std::time::Duration;

use jiff::SignedDuration;

use crate::disk::Renamed;
use crate::error::{Error, Result};
use crate::layout::{paths, stamp};
use crate::limits;
use crate::store::Trimmed;

use super::Publisher;
use super::owner::{Owner, Refresh};
use super::tail::Rescue;

impl Owner {
    /// Renames the live file to an archive; returns the archive's path. Also ends
    /// the refusal of appends after a failed sync: the new file starts clean.
    pub(super) fn rotate(&mut self, publisher: &Publisher) -> Result<String> {
        self.archives.forget_unknown();
        if !self.lock_live(false, limits::LOCK_BUDGET)? {
            self.refresh_archives()?;
            if self.renamed {
                // An earlier call got as far as the rename.
                self.settle_rotation(publisher)?;
            }
            let bus = self.bus.to_string();
            return Err(if self.archives.as_slice().is_empty() {
                Error::BusNotFound { bus }
            } else {
                Error::BusEmpty { bus }
            });
        }
        let renamed = self.rename_live();
        self.unlock();
        if matches!(renamed, Err(Error::BusEmpty { .. })) && self.poisoned {
            // Nothing is left that a sync failed for. The file is opened anew.
            self.poisoned = false;
            self.live = None;
        }
        let archive = renamed?;
        self.renamed = true;
        self.settle_rotation(publisher)?;
        tracing::info!(bus = %self.bus, %archive, "archived the bus file");
        Ok(archive)
    }

    /// Makes the rename durable, and shows that it was made.
    fn settle_rotation(&mut self, publisher: &Publisher) -> Result<()> {
        self.disk().sync_folder(&paths::bus_folder(&self.bus))?;
        self.retire_live()?;
        self.poisoned = false;
        self.renamed = false;
        self.publish(publisher);
        Ok(())
    }

    fn rename_live(&mut self) -> Result<String> {
        self.ingest()?;
        let live = self.live.as_ref().ok_or_else(|| Error::Bug("no live file".into()))?;
        if self.poisoned {
            // Nobody knows what of the rest is on disk, and its writers were told
            // that it failed. Kept beside, as a fresh copy that is synced. When not
            // even the beginning is known to be durable, all stays in the archive.
            if let Some(keep) = live.committed_end().filter(|keep| *keep < live.length) {
                // Whatever a writer without the lock appends meanwhile is in doubt as well.
                while let Some(live) = &self.live
                    && let length = live.file.status().map_err(self.failed("look at"))?.length
                    && length > keep
                    && matches!(self.rescue(keep, length)?, Rescue::Changed)
                {}
            }
        }
        let live = self.live.as_ref().ok_or_else(|| Error::Bug("no live file".into()))?;
        if live.end == 0 {
            return Err(Error::BusEmpty { bus: self.bus.to_string() });
        }
        if !self.poisoned {
            self.sync()?;
        }
        let stamp = stamp::stamp(self.context.clock.now(), self.context.pid);
        let archive = paths::archive_file(&self.bus, &stamp);
        match self.disk().rename_new(&self.path, &archive)? {
            Renamed::Done => Ok(archive.to_string()),
            Renamed::Exists => Err(Error::io(
                "rename",
                self.path.as_str(),
                std::io::ErrorKind::AlreadyExists.into(),
            )),
        }
    }

    /// Removes archives whose last message is older than this, oldest first.
    pub(super) fn trim(
        &mut self,
        older_than: Duration,
        dry_run: bool,
        publisher: &Publisher,
    ) -> Result<Trimmed> {
        self.refresh(Refresh { patient: true, relist: true }, publisher)?;
        if self.archives.as_slice().is_empty() && self.live.is_none() {
            return Err(Error::BusNotFound { bus: self.bus.to_string() });
        }
        let before = SignedDuration::try_from(older_than)
            .ok()
            .and_then(|age| self.context.clock.now().checked_sub(age).ok());
        let mut trimmed = Trimmed::default();
        for archive in self.archives.as_slice() {
            let index = self.context.whole_archive_index(&archive.path, archive.committed)?;
            // Without a single time in it, nobody knows how old it is.
            let last_ts = index.lock().latest_ts();
            if last_ts.is_none() || last_ts > before {
                break;
            }
            trimmed.archives.push(archive.path.to_string());
            trimmed.size_bytes += archive.committed.length;
        }
        if !dry_run && !trimmed.archives.is_empty() {
            let removed = self.remove_archives(trimmed.archives.len());
            // Readers learn of what is gone also when the rest failed.
            self.refresh_archives()?;
            self.publish(publisher);
            removed?;
        }
        Ok(trimmed)
    }

    /// Removes the oldest archives.
    fn remove_archives(&self, count: usize) -> Result<()> {
        for archive in &self.archives.as_slice()[..count] {
            self.disk().remove_file(&archive.path)?;
        }
        self.disk().sync_folder(&paths::bus_folder(&self.bus))
    }
}
