//! Opening beneath the root, and saying what stands in the way.

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::domain::TreePath;
use crate::error::{Error, Result};

use super::super::{Identity, Kind, Status};
use super::OsDisk;
use super::file::OsFile;
use jiff::Timestamp;

impl OsDisk {
    /// Opens beneath the root without following any symlink.
    pub(super) fn open_at(
        &self,
        path: &TreePath,
        flags: OFlags,
        mode: Mode,
    ) -> rustix::io::Result<OwnedFd> {
        // NONBLOCK: opening a pipe that somebody put here must not hang.
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::ResolveFlags;
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            match rustix::fs::openat2(&self.root, path.as_str(), flags, mode, resolve) {
                // An old kernel, or a sandbox that does not know the call.
                Err(Errno::NOSYS | Errno::PERM) => {}
                answer => return answer,
            }
        }
        self.walk(path, flags, mode)
    }

    /// Opens component by component: what `openat2` does in one step.
    fn walk(&self, path: &TreePath, flags: OFlags, mode: Mode) -> rustix::io::Result<OwnedFd> {
        let folder = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        let mut at = rustix::fs::openat(&self.root, ".", folder, Mode::empty())?;
        let mut components = path.components().peekable();
        while let Some(component) = components.next() {
            let last = components.peek().is_none();
            at = if last {
                rustix::fs::openat(&at, component, flags, mode)?
            } else {
                rustix::fs::openat(&at, component, folder, Mode::empty())?
            };
        }
        Ok(at)
    }

    pub(super) fn open_folder(&self, path: &TreePath) -> rustix::io::Result<OwnedFd> {
        self.open_at(path, OFlags::DIRECTORY | OFlags::RDONLY, Mode::empty())
    }

    /// Opens the folder of a path, to use the `…at` calls with its name.
    pub(super) fn open_parent(&self, path: &TreePath) -> rustix::io::Result<OwnedFd> {
        self.open_folder(&path.folder())
    }

    pub(super) fn open_file(&self, path: &TreePath, flags: OFlags) -> Result<Option<OsFile>> {
        match self.open_at(path, flags, Mode::empty()) {
            Ok(fd) => Ok(Some(regular(path, fd)?)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.refused("open", path, "regular file", errno)),
        }
    }

    /// Says why the system refused a path: what stands in the way, when something
    /// does.
    pub(super) fn refused(
        &self,
        action: &'static str,
        path: &TreePath,
        expected: &'static str,
        errno: Errno,
    ) -> Error {
        match errno {
            Errno::LOOP | Errno::NOTDIR => self.obstacle(path, expected),
            Errno::ISDIR => Some(not_regular(path, Kind::Folder, expected)),
            Errno::NXIO => Some(not_regular(path, Kind::Other, expected)),
            _ => None,
        }
        .unwrap_or_else(|| Error::io(action, path.as_str(), errno.into()))
    }

    /// Finds the first component of a path that is no folder.
    fn obstacle(&self, path: &TreePath, expected: &'static str) -> Option<Error> {
        let mut at = TreePath::root();
        for component in path.components() {
            let folder = self.open_folder(&at).ok()?;
            at = at.join(component);
            let stat = rustix::fs::statat(&folder, component, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            let kind = status_of(&stat).kind;
            if kind != Kind::Folder {
                return Some(not_regular(&at, kind, if at == *path { expected } else { "folder" }));
            }
        }
        None
    }
}

/// Takes what was opened as a file, if it is one.
pub(super) fn regular(path: &TreePath, fd: OwnedFd) -> Result<OsFile> {
    let stat = rustix::fs::fstat(&fd)
        .map_err(|errno| Error::io("look at", path.as_str(), errno.into()))?;
    let kind = status_of(&stat).kind;
    if kind != Kind::File {
        return Err(not_regular(path, kind, "regular file"));
    }
    // NONBLOCK was for pipes only; on files it means nothing, but leave none set.
    let flags = rustix::fs::fcntl_getfl(fd.as_fd()).unwrap_or(OFlags::empty());
    let _ = rustix::fs::fcntl_setfl(fd.as_fd(), flags - OFlags::NONBLOCK);
    Ok(OsFile::new(fd))
}

pub(super) fn not_regular(path: &TreePath, kind: Kind, expected: &'static str) -> Error {
    let found = match kind {
        Kind::File => "a file",
        Kind::Folder => "a folder",
        Kind::Symlink => "a symlink, which is never followed",
        Kind::Other => "a socket, pipe or device",
    };
    Error::NotRegular { path: path.to_string(), found, expected }
}

pub(super) fn kind_of(kind: FileType) -> Kind {
    match kind {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Symlink,
        _ => Kind::Other,
    }
}

pub(super) fn status_of(stat: &Stat) -> Status {
    Status {
        kind: kind_of(FileType::from_raw_mode(stat.st_mode)),
        length: u64::try_from(stat.st_size).unwrap_or(0),
        identity: Identity { device: stat.st_dev, inode: stat.st_ino },
        modified: timestamp(stat.st_mtime, i64::try_from(stat.st_mtime_nsec).unwrap_or(0)),
        changed: timestamp(stat.st_ctime, i64::try_from(stat.st_ctime_nsec).unwrap_or(0)),
    }
}

fn timestamp(seconds: i64, nanoseconds: i64) -> Timestamp {
    Timestamp::new(seconds, i32::try_from(nanoseconds).unwrap_or(0))
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
