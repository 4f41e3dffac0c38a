//! Building folders where nobody looks, and giving what was built its place in one step;
//! and the way back: taking them out of their place before they are removed.

use crate::disk::{Disk, Renamed};
use crate::domain::TreePath;
use crate::error::{Error, Result};
use crate::layout::paths;

use super::Tree;

/// A folder that is being built. It is removed unless it gets its place.
pub(super) struct Staged<'a> {
    tree: &'a Tree,
    pub(super) folder: TreePath,
    placed: bool,
}

impl Tree {
    /// Begins a folder.
    pub(super) fn stage(&self) -> Result<Staged<'_>> {
        let staging = paths::staging_folder();
        self.disk.create_folder(&staging)?;
        let folder = staging.join(&self.stamp());
        self.disk.create_new_folder(&folder)?;
        Ok(Staged { tree: self, folder, placed: false })
    }

    /// Gives a folder or a file that was built its place, durably, unless something is
    /// there. The place's parent exists.
    pub(super) fn place(&self, from: &TreePath, to: &TreePath) -> Result<Renamed> {
        let parent = to.folder();
        self.synced_folders.sync_names(&*self.disk, &parent)?;
        let renamed = self.disk.rename_new(from, to)?;
        if renamed == Renamed::Done
            && let Err(error) = self.disk.sync_folder(&parent)
        {
            // Taken back, so that a repetition makes it anew instead of finding it.
            if !matches!(self.disk.rename_new(to, from), Ok(Renamed::Done)) {
                self.doubt(to);
            }
            return Err(error);
        }
        Ok(renamed)
    }

    /// Takes a folder out of its place, in one durable step. Returns where it is
    /// until `empty_trash` removes it.
    pub(super) fn discard(&self, folder: &TreePath) -> Result<TreePath> {
        let trash = paths::trash_folder();
        self.disk.create_folder(&trash)?;
        self.requests.settle(&*self.disk)?;
        let to = trash.join(&self.stamp());
        // Stamps are not given twice, and a restart begins with an empty trash.
        if self.disk.rename_new(folder, &to)? == Renamed::Exists {
            return Err(Error::Bug(format!("{to} is taken")));
        }
        self.synced_folders.forget(folder);
        super::locked(&self.synced_entries).retain(|path, _| !path.is_in(folder));
        self.disk.sync_folder(&folder.folder())?;
        Ok(to)
    }

    /// Removes what is out of the tree.
    pub(in crate::files) fn empty_trash(&self, left: &[TreePath]) {
        for path in left {
            if let Err(error) = self.disk.remove_tree(path) {
                tracing::warn!(%path, %error, "cannot remove; the next start tries again");
            }
        }
    }
}

/// Makes the folder that removing needs, while there is room for it: a disk that is full is
/// emptied by removing.
pub(super) fn prepare_trash(disk: &dyn Disk) {
    let trash = paths::trash_folder();
    if let Err(error) = disk.create_folder(&trash) {
        tracing::warn!(path = %trash, %error, "cannot create; the next removal tries again");
    }
}

/// Lists what an earlier server has left in its private folders. Nothing of this one is
/// among it, because nothing was begun yet.
pub(super) fn left_over(disk: &dyn Disk) -> Vec<TreePath> {
    let mut left = Vec::new();
    for folder in [paths::staging_folder(), paths::trash_folder()] {
        let entries = disk.list(&folder).ok().flatten().unwrap_or_default();
        left.extend(entries.iter().map(|entry| folder.join(&entry.name)));
    }
    left
}

impl Staged<'_> {
    /// Gives the folder its place, durably, unless something is there. The place's
    /// parent exists.
    pub(super) fn place(mut self, to: &TreePath) -> Result<Renamed> {
        self.tree.disk.sync_folder(&self.folder)?;
        let placed = self.tree.place(&self.folder, to);
        // What may have got its place is not removed.
        self.placed = !matches!(self.tree.disk.status(&self.folder), Ok(Some(_)));
        placed
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        if !self.placed {
            self.tree.empty_trash(std::slice::from_ref(&self.folder));
        }
    }
}
