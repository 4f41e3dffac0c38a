//! A file that is written where nobody looks, before it gets its place.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::disk::{DiskFile, Status};
use crate::domain::TreePath;
use crate::error::{Error, Result};
use crate::layout::paths;

use super::Tree;

/// A file that is being written. It is removed unless it gets its place.
pub(super) struct StagedFile {
    tree: Arc<Tree>,
    pub(super) path: TreePath,
    file: Arc<dyn DiskFile>,
    hash: Sha256,
    pub(super) size: u64,
    is_done: bool,
}

impl Tree {
    /// Begins a file. Its name is not durable; nobody needs it to be.
    pub(super) fn stage_file(self: &Arc<Self>) -> Result<StagedFile> {
        let staging = paths::staging_folder();
        self.disk.create_folder(&staging)?;
        let path = staging.join(&self.stamp());
        let file = self.disk.create_append(&path)?;
        let hash = Sha256::new();
        Ok(StagedFile { tree: Arc::clone(self), path, file, hash, size: 0, is_done: false })
    }
}

impl StagedFile {
    /// Appends bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.append(bytes).map_err(|source| Error::io("write", self.path.as_str(), source))?;
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Makes the content durable.
    pub(super) fn sync(&self) -> Result<()> {
        self.file.sync().map_err(|source| Error::io("sync", self.path.as_str(), source))
    }

    /// Tells what the file is now, wherever it is.
    pub(super) fn status(&self) -> Result<Status> {
        self.file.status().map_err(|source| Error::io("look at", self.path.as_str(), source))
    }

    /// Returns the SHA-256 of the content, in hex.
    pub(super) fn sha256(&self) -> String {
        format!("{:x}", self.hash.clone().finalize())
    }

    /// Goes on with the file, or removes it when what was done with it failed.
    pub(super) fn unless_failed(self, done: Result<()>) -> Result<Self> {
        match done {
            Ok(()) => Ok(self),
            Err(error) => {
                self.discard();
                Err(error)
            }
        }
    }

    /// Removes the file, unless it got its place: then nothing is there any more.
    pub(super) fn discard(mut self) {
        self.is_done = true;
        self.tree.empty_trash(std::slice::from_ref(&self.path));
    }
}

impl Drop for StagedFile {
    /// Whoever sent the content has gone away.
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let tree = Arc::clone(&self.tree);
        let path = self.path.clone();
        let remove = move || tree.empty_trash(&[path]);
        match tokio::runtime::Handle::try_current() {
            // Removing much takes its time.
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}
