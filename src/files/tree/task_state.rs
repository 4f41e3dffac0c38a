//! How a task stands in its agents' words, and whether it is done.

use std::time::Instant;

use crate::domain::{Etag, TaskKey, TaskState, TreePath};
use crate::error::{Error, Result};
use crate::layout::{paths, state_file};
use crate::limits::STATE_MARKDOWN_BYTES_MAX;

use super::Tree;
use super::document::Document;

impl Tree {
    /// Returns a task's state document.
    pub(in crate::files) fn task_state(&self, key: &TaskKey) -> Result<Option<(TaskState, Etag)>> {
        self.demand_task(key)?;
        let document = self.read_document(&paths::task_state_file(&paths::task_folder(key)))?;
        Ok(document.map(|document| (state_file::read(&document.bytes).state, document.etag)))
    }

    /// Replaces a task's state document.
    pub(in crate::files) fn set_task_state(
        &self,
        key: &TaskKey,
        state: &TaskState,
        etag: Option<&Etag>,
        deadline: Instant,
    ) -> Result<Etag> {
        self.demand_task(key)?;
        let folder = paths::task_folder(key);
        self.or_task_gone(key, self.synced_folders.sync_names(&*self.disk, &folder))?;
        let path = paths::task_state_file(&folder);
        let written = self.update_document(&path, etag, deadline, |current| {
            self.keep_unreadable_state(&path, current)?;
            Ok(Some(state_file::write(state)))
        });
        let written = self.or_task_gone(key, written)?;
        self.changes.touch_task(key);
        written
            .map(|document| document.etag)
            .ok_or_else(|| Error::Bug("a state was written and is not there".into()))
    }

    /// Rewrites a state document that cannot be read. Returns whether there was one.
    pub(in crate::files) fn repair_state(&self, key: &TaskKey, deadline: Instant) -> Result<bool> {
        let path = paths::task_state_file(&paths::task_folder(key));
        let is_corrupt = |document: &Document| state_file::read(&document.bytes).corrupt;
        if !self.read_document(&path)?.as_ref().is_some_and(is_corrupt) {
            return Ok(false);
        }
        self.update_document(&path, None, deadline, |current| {
            self.keep_unreadable_state(&path, current)?;
            let current = current.filter(|document| is_corrupt(document));
            Ok(current.map(|document| {
                let mut state = state_file::read(&document.bytes).state;
                // What was no text is longer as text. All of it is kept beside.
                let most = state.markdown.floor_char_boundary(STATE_MARKDOWN_BYTES_MAX);
                state.markdown.truncate(most);
                state_file::write(&state)
            }))
        })?;
        Ok(true)
    }

    /// Rewrites a state document that cannot be read, after another write to the task
    /// or one of its runs: that write is done, whatever comes of this.
    pub(super) fn repair_after(&self, key: &TaskKey) {
        // Not patiently: the next write tries again.
        if let Err(error) = self.repair_state(key, Instant::now()) {
            tracing::warn!(task = %key, %error, "cannot rewrite an unreadable task state");
        }
    }

    /// Says of a failure whether it is because the task was removed meanwhile.
    pub(super) fn or_task_gone<T>(&self, key: &TaskKey, result: Result<T>) -> Result<T> {
        result.map_err(|error| match self.disk.status(&paths::task_folder(key)) {
            Ok(None) => Error::TaskNotFound { task: key.to_string() },
            _ => error,
        })
    }

    /// Whether a task's state document cannot be read.
    pub(super) fn has_unreadable_state(&self, key: &TaskKey) -> bool {
        let path = paths::task_state_file(&paths::task_folder(key));
        let document = self.read_document(&path).ok().flatten();
        document.is_some_and(|document| state_file::read(&document.bytes).corrupt)
    }

    /// Keeps the bytes of a state document that cannot be read beside it.
    fn keep_unreadable_state(&self, path: &TreePath, current: Option<&Document>) -> Result<()> {
        match current {
            Some(document) if state_file::read(&document.bytes).corrupt => {
                let kept = paths::unreadable_file(path, &self.stamp());
                self.disk.create_synced(&kept, &document.bytes)
            }
            _ => Ok(()),
        }
    }

    /// Marks a task as done, or no longer; returns whether that changed anything.
    pub(in crate::files) fn set_task_done(&self, key: &TaskKey, done: bool) -> Result<bool> {
        self.demand_task(key)?;
        let changed = self.or_task_gone(key, self.mark_done(key, done))?;
        self.repair_after(key);
        self.changes.touch_task(key);
        Ok(changed)
    }

    fn mark_done(&self, key: &TaskKey, done: bool) -> Result<bool> {
        let path = paths::task_done_file(&paths::task_folder(key));
        // Opening it says whether it is a file.
        let is_done = self.disk.open(&path)?.is_some();
        match (is_done, done) {
            (_, true) if !is_done || self.is_doubtful(&path) => {
                let _ = self.replace(&path, b"", None)?;
            }
            (true, false) => {
                let removed = self.disk.remove_file(&path);
                // Somebody else may have removed it.
                if self.disk.status(&path)?.is_some() {
                    removed?;
                }
            }
            _ => {}
        }
        // Also when nothing changed: it may be there, or gone, and not on disk.
        let folder = paths::task_folder(key);
        self.disk.sync_folder(&folder)?;
        self.synced_folders.sync_names(&*self.disk, &folder)?;
        Ok(is_done != done)
    }
}
