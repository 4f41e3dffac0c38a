//! Looking at the disk for what is free and for what each project has: from time to time, as
//! long as anybody needs to know. Holds no lock of the tree, and changes nothing in it.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::disk::Kind;
use crate::domain::{ProjectId, TreePath};
use crate::error::Result;
use crate::files::blocking::blocking;
use crate::layout::paths;
use crate::limits::{
    FREE_SPACE_LOOK_INTERVAL, USAGE_LOOK_INTERVAL, USAGE_METER_INTERVAL, USAGE_REST_MAX,
};

use super::Usage;

/// Between two looks at the projects passes at least this many times the duration of one.
const LOOK_REST: u32 = 20;

impl Usage {
    /// Looks from time to time, until the shutdown.
    pub(in crate::files) async fn look_after(self: Arc<Self>) {
        tokio::join!(self.look_after_free_space(), self.look_after_projects());
    }

    async fn look_after_free_space(self: &Arc<Self>) {
        if self.settings.free_bytes_min == 0 {
            return;
        }
        while !self.shutdown.is_cancelled() {
            let usage = Arc::clone(self);
            if let Err(error) = blocking(move || usage.look_at_free_space()).await {
                tracing::warn!(%error, "what was free last counts");
            }
            self.rest(FREE_SPACE_LOOK_INTERVAL).await;
        }
    }

    async fn look_after_projects(self: &Arc<Self>) {
        while !self.shutdown.is_cancelled() {
            if !self.is_wanted() {
                tokio::select! {
                    () = self.asked.notified() => {}
                    () = self.shutdown.cancelled() => {}
                }
                continue;
            }
            let began = Instant::now();
            let usage = Arc::clone(self);
            if let Err(error) = blocking(move || usage.look()).await {
                tracing::warn!(%error, "what projects had last counts");
            }
            self.rest(self.rest_after(began.elapsed())).await;
        }
    }

    /// Returns how long to rest after a look that took so long: quotas are to be kept, and
    /// metrics need not be new.
    fn rest_after(&self, took: Duration) -> Duration {
        let rest = took * LOOK_REST;
        if self.has_quotas() {
            rest.clamp(USAGE_LOOK_INTERVAL, USAGE_REST_MAX)
        } else {
            rest.max(USAGE_METER_INTERVAL)
        }
    }

    async fn rest(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.shutdown.cancelled() => {}
        }
    }

    /// Looks at what is free and at what each project has.
    pub(in crate::files) fn look(&self) -> Result<()> {
        self.look_at_free_space()?;
        self.look_at_projects()
    }

    /// Looks at what is free.
    pub(super) fn look_at_free_space(&self) -> Result<()> {
        let free_bytes = self.disk.free_bytes()?;
        let before = self.free_bytes.swap(free_bytes, Ordering::Relaxed);
        let free_bytes_min = self.settings.free_bytes_min;
        let (was_low, is_low) = (before < free_bytes_min, free_bytes < free_bytes_min);
        if is_low && !was_low {
            tracing::warn!(free_bytes, free_bytes_min, "writes are refused: too little is free");
        }
        if was_low && !is_low {
            tracing::info!(free_bytes, free_bytes_min, "writes are taken again");
        }
        Ok(())
    }

    /// Looks at what each project has. After a shutdown it ends early.
    fn look_at_projects(&self) -> Result<()> {
        let _alone = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let shared_before = self.lock().shared.admitted;
        for project in self.projects()? {
            let admitted_before = self.lock().admitted(&project);
            let found = self.bytes_below(paths::project_folder(&project));
            if self.shutdown.is_cancelled() {
                return Ok(());
            }
            match found {
                Ok(found) => self.lock().correct(project, found, admitted_before),
                // What could not be counted is not gone.
                Err(error) => tracing::warn!(%project, %error, "what the project had last counts"),
            }
        }
        self.lock().shared.correct(None, shared_before);
        Ok(())
    }

    /// Lists the projects that are there, and those that were or have been asked for.
    fn projects(&self) -> Result<BTreeSet<ProjectId>> {
        let entries = self.disk.list(&TreePath::root())?.unwrap_or_default();
        let folders = entries.iter().filter(|entry| entry.kind == Kind::Folder);
        let mut projects: BTreeSet<ProjectId> =
            folders.filter_map(|entry| paths::project_of_folder(&entry.name)).collect();
        projects.extend(self.lock().by_project.keys().cloned());
        Ok(projects)
    }

    /// Adds up the lengths of the files below a folder; none when there is no such folder.
    ///
    /// # Errors
    /// IO when one of them cannot be listed.
    fn bytes_below(&self, folder: TreePath) -> Result<Option<u64>> {
        let mut bytes = None;
        let mut folders = vec![folder];
        while let Some(folder) = folders.pop() {
            let Some(entries) = self.disk.list_with_lengths(&folder)? else { continue };
            let sum = bytes.get_or_insert(0_u64);
            for (entry, length) in entries {
                *sum = sum.saturating_add(length);
                if entry.kind == Kind::Folder {
                    folders.push(folder.join(&entry.name));
                }
            }
            if self.shutdown.is_cancelled() {
                break;
            }
        }
        Ok(bytes)
    }
}
