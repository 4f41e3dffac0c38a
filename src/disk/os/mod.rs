//! The disk: each promise a sequence of the system's calls beneath one open folder. The
//! only place where such sequences are.

mod again;
mod document;
mod file;
mod folders;
mod open;
mod remove;

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use rustix::io::Errno;

use crate::domain::TreePath;
use crate::error::{Error, Result};

use super::calls::{Calls, Descriptor as _, Purpose};
use super::system::SystemCalls;
use super::{Changed, Content, Disk, DiskFile, Entry, Expected, Hints, Renamed, Replaced, Status};

/// Files below one folder, by the calls of a system.
#[derive(Debug)]
pub struct TreeDisk<C> {
    calls: C,
}

/// Files of the operating system below one folder.
pub type OsDisk = TreeDisk<SystemCalls>;

impl OsDisk {
    /// Opens a root that exists, to look at it: it need not be writable.
    ///
    /// # Errors
    /// IO when it does not exist or cannot be opened.
    pub fn open_existing_root(path: &Path) -> Result<Self> {
        Ok(Self::on(SystemCalls::open_existing_root(path)?))
    }

    /// Opens the root, and creates it when it is missing.
    ///
    /// # Errors
    /// IO when it cannot be created, opened or written.
    pub fn open_root(path: &Path) -> Result<Self> {
        Ok(Self::on(SystemCalls::open_root(path)?))
    }

    /// Returns the root's real path.
    pub fn root(&self) -> &Path {
        self.calls.location()
    }
}

impl<C: Calls> TreeDisk<C> {
    /// Uses the root of a system.
    pub fn on(calls: C) -> Self {
        Self { calls }
    }
}

impl<C: Calls> Disk for TreeDisk<C> {
    fn location(&self) -> String {
        self.calls.location().display().to_string()
    }

    fn open(&self, path: &TreePath) -> Result<Option<Arc<dyn DiskFile>>> {
        Ok(self.open_file(path, Purpose::Read)?.map(|file| Arc::new(file) as _))
    }

    fn open_append(&self, path: &TreePath) -> Result<Option<Arc<dyn DiskFile>>> {
        Ok(self.open_file(path, Purpose::Append)?.map(|file| Arc::new(file) as _))
    }

    fn create_append(&self, path: &TreePath) -> Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(self.create_or_open_append(path)?))
    }

    fn create_synced(&self, path: &TreePath, content: &[u8]) -> Result<()> {
        self.create_with(path, content, true)?;
        self.sync_folder(&path.folder())
    }

    fn read(&self, path: &TreePath, bytes_max: usize) -> Result<Option<Content>> {
        self.read_whole(path, bytes_max)
    }

    fn read_at_once(&self, path: &TreePath, bytes_max: usize) -> Option<Content> {
        self.read_whole_at_once(path, bytes_max)
    }

    fn replace(
        &self,
        path: &TreePath,
        content: &[u8],
        unless_changed: Option<Expected>,
    ) -> Result<Replaced> {
        self.replace_whole(path, content, unless_changed)
    }

    fn write_new(&self, path: &TreePath, content: &[u8], sync: bool) -> Result<()> {
        self.create_with(path, content, sync)
    }

    fn create_new_folder(&self, path: &TreePath) -> Result<()> {
        self.create_one(path).map_err(|errno| self.refused("create", path, "folder", errno))
    }

    fn create_folder(&self, path: &TreePath) -> Result<()> {
        self.create_folders(path)
    }

    fn status(&self, path: &TreePath) -> Result<Option<Status>> {
        let found =
            self.open_parent(path).and_then(|folder| folder.status_of(OsStr::new(path.name())));
        match found {
            Ok(status) => Ok(Some(status)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.refused("look at", path, "file", errno)),
        }
    }

    fn list(&self, path: &TreePath) -> Result<Option<Vec<Entry>>> {
        self.list_folder(path)
    }

    fn list_with_lengths(&self, path: &TreePath) -> Result<Option<Vec<(Entry, u64)>>> {
        self.list_folder_with_lengths(path)
    }

    fn rename_new(&self, from: &TreePath, to: &TreePath) -> Result<Renamed> {
        self.rename_to_new(from, to)
    }

    fn rename_over(&self, from: &TreePath, to: &TreePath) -> Result<()> {
        self.rename_to_file(from, to)
    }

    fn remove_file(&self, path: &TreePath) -> Result<()> {
        self.open_parent(path)
            .and_then(|folder| folder.remove_file(OsStr::new(path.name())))
            .map_err(|errno| Error::io("remove", path.as_str(), errno.into()))
    }

    fn remove_tree(&self, path: &TreePath) -> Result<()> {
        self.remove_with_all(path)
    }

    fn is_folder_of_host(&self, path: &str) -> bool {
        let path = Path::new(path);
        path.is_absolute() && self.calls.is_folder_of_host(path)
    }

    fn free_bytes(&self) -> Result<u64> {
        self.calls
            .free_bytes()
            .map_err(|errno| Error::io("look at the space of", ".", errno.into()))
    }

    fn sync_folder(&self, path: &TreePath) -> Result<()> {
        self.open_folder(path)
            .and_then(|folder| folder.sync())
            .map_err(|errno| self.refused("sync", path, "folder", errno))
    }

    fn hints(&self, changed: Changed) -> Option<Box<dyn Hints>> {
        self.calls.hints(changed)
    }
}
