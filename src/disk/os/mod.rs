//! The real disk: the system's calls beneath one open folder.

mod document;
mod file;
mod folders;
mod open;
mod remove;

use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::domain::TreePath;
use crate::error::{Error, Result};

use super::hints::NotifyHints;
use super::{Changed, Content, Disk, DiskFile, Entry, Expected, Hints, Renamed, Replaced, Status};

/// Files of the operating system below one folder.
#[derive(Debug)]
pub struct OsDisk {
    root: OwnedFd,
    path: PathBuf,
}

/// Lets this process have as many files open as the system allows it: every
/// followed bus and every connection takes one, and the usual limit is 1024.
pub fn raise_descriptor_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::warn!(%error, "cannot raise the limit of open files");
        }
    }
}

impl OsDisk {
    /// Opens the root, and creates it when it is missing.
    ///
    /// # Errors
    /// IO when it cannot be created, opened or written.
    pub fn open_root(path: &Path) -> Result<Self> {
        let shown = path.display().to_string();
        if !path.is_dir() {
            let mut builder = fs::DirBuilder::new();
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder
                .recursive(true)
                .create(path)
                .map_err(|source| Error::io("create the root", &shown, source))?;
        }
        // Canonical, so that messages name the real place and a later change of
        // the working directory means nothing.
        let path =
            path.canonicalize().map_err(|source| Error::io("find the root", &shown, source))?;
        let root = rustix::fs::open(
            &path,
            OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(|errno| Error::io("open the root", &shown, errno.into()))?;
        rustix::fs::access(&path, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)
            .map_err(|errno| Error::io("write to the root", &shown, errno.into()))?;
        Ok(Self { root, path })
    }

    /// Returns the root's real path.
    pub fn root(&self) -> &Path {
        &self.path
    }
}

impl Disk for OsDisk {
    fn location(&self) -> String {
        self.path.display().to_string()
    }

    fn open(&self, path: &TreePath) -> Result<Option<Arc<dyn DiskFile>>> {
        Ok(self.open_file(path, OFlags::RDONLY)?.map(|file| Arc::new(file) as _))
    }

    fn open_append(&self, path: &TreePath) -> Result<Option<Arc<dyn DiskFile>>> {
        let flags = OFlags::RDWR | OFlags::APPEND;
        Ok(self.open_file(path, flags)?.map(|file| Arc::new(file) as _))
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
        let stat = self
            .open_parent(path)
            .and_then(|at| rustix::fs::statat(&at, path.name(), AtFlags::SYMLINK_NOFOLLOW));
        match stat {
            Ok(stat) => Ok(Some(open::status_of(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.refused("look at", path, "file", errno)),
        }
    }

    fn list(&self, path: &TreePath) -> Result<Option<Vec<Entry>>> {
        self.list_folder(path)
    }

    fn rename_new(&self, from: &TreePath, to: &TreePath) -> Result<Renamed> {
        self.rename_to_new(from, to)
    }

    fn rename_over(&self, from: &TreePath, to: &TreePath) -> Result<()> {
        self.rename_to_file(from, to)
    }

    fn remove_file(&self, path: &TreePath) -> Result<()> {
        self.open_parent(path)
            .and_then(|at| rustix::fs::unlinkat(&at, path.name(), AtFlags::empty()))
            .map_err(|errno| Error::io("remove", path.as_str(), errno.into()))
    }

    fn remove_tree(&self, path: &TreePath) -> Result<()> {
        self.remove_with_all(path)
    }

    fn is_folder_of_host(&self, path: &str) -> bool {
        let path = Path::new(path);
        path.is_absolute() && path.is_dir()
    }

    fn free_bytes(&self) -> Result<u64> {
        rustix::fs::fstatvfs(&self.root)
            .map(|space| space.f_bavail.saturating_mul(space.f_frsize))
            .map_err(|errno| Error::io("look at the space of", ".", errno.into()))
    }

    fn sync_folder(&self, path: &TreePath) -> Result<()> {
        self.open_folder(path)
            .and_then(|folder| rustix::fs::fsync(&folder))
            .map_err(|errno| self.refused("sync", path, "folder", errno))
    }

    fn hints(&self, changed: Changed) -> Option<Box<dyn Hints>> {
        NotifyHints::start(self.path.clone(), changed)
            .map(|hints| Box::new(hints) as Box<dyn Hints>)
    }
}
