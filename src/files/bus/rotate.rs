//! Archiving the live file, and removing archives.

use std::time::Duration;

use jiff::SignedDuration;

use crate::error::{Error, Result};
use crate::layout::{paths, stamp};
use crate::limits;
use crate::store::Trimmed;

use super::Publisher;
use super::owner::Owner;

impl Owner {
    /// Renames the live file to an archive; returns the archive's path. Also ends
    /// the refusal of appends after a failed sync: the new file starts clean.
    pub(super) fn rotate(&mut self, publisher: &Publisher) -> Result<String> {
        if !self.lock_live(false, limits::LOCK_BUDGET)? {
            self.refresh_archives()?;
            let bus = self.bus.to_string();
            return Err(if self.archives().is_empty() {
                Error::BusNotFound { bus }
            } else {
                Error::BusEmpty { bus }
            });
        }
        let renamed = self.rename_live();
        self.unlock();
        let archive = renamed?;
        self.disk().sync_folder(&paths::bus_folder(&self.bus))?;
        self.poisoned = false;
        self.retire_live()?;
        self.publish(publisher);
        tracing::info!(bus = %self.bus, %archive, "archived the bus file");
        Ok(archive)
    }

    fn rename_live(&mut self) -> Result<String> {
        self.ingest()?;
        let Some(live) = &self.live else {
            return Err(Error::Bug("no live file".into()));
        };
        if self.poisoned && live.length > live.committed.end {
            // Nobody knows what of this is on disk, and its writers were told that
            // it failed. Kept beside, as a fresh copy that is synced.
            let (keep, length) = (live.committed.end, live.length);
            self.rescue(keep, length)?;
        }
        let Some(live) = &self.live else {
            return Err(Error::Bug("no live file".into()));
        };
        if live.end == 0 {
            return Err(Error::BusEmpty { bus: self.bus.to_string() });
        }
        live.file.sync().map_err(self.failed("sync"))?;
        let stamp = stamp::stamp(self.context.clock.now(), self.context.pid);
        let archive = paths::archive_file(&self.bus, &stamp);
        self.disk().rename_new(&self.path, &archive)?;
        Ok(archive.to_string())
    }

    /// Removes archives whose last message is older than this, oldest first.
    pub(super) fn trim(
        &mut self,
        older_than: Duration,
        dry_run: bool,
        publisher: &Publisher,
    ) -> Result<Trimmed> {
        self.refresh_archives()?;
        if self.archives().is_empty() && self.disk().status(&self.path)?.is_none() {
            return Err(Error::BusNotFound { bus: self.bus.to_string() });
        }
        let before = SignedDuration::try_from(older_than)
            .ok()
            .and_then(|age| self.context.clock.now().checked_sub(age).ok());
        let mut trimmed = Trimmed::default();
        for archive in self.archives() {
            let index =
                self.context.archive_index(&archive.path, archive.identity, archive.length)?;
            // Without a single time in it, nobody knows how old it is.
            let last_ts = index.latest_ts();
            if last_ts.is_none() || last_ts > before {
                break;
            }
            if !dry_run {
                self.disk().remove_file(&archive.path)?;
            }
            trimmed.archives.push(archive.path.to_string());
            trimmed.size_bytes += archive.length;
        }
        if !dry_run && !trimmed.archives.is_empty() {
            self.disk().sync_folder(&paths::bus_folder(&self.bus))?;
            self.refresh_archives()?;
            self.publish(publisher);
        }
        Ok(trimmed)
    }
}
