//! Open files, and making new ones.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;

use fs4::fs_std::FileExt as Lock;
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::domain::TreePath;
use crate::error::{Error, Result};

use super::super::{DiskFile, Status, lock_holder};
use super::OsDisk;
use super::open::{regular, status_of};

const FILE_MODE: Mode = Mode::from_raw_mode(0o600);

/// An open file of the operating system.
pub(super) struct OsFile(File);

impl OsFile {
    /// Takes what was opened, which is known to be a file.
    pub(super) fn new(fd: OwnedFd) -> Self {
        Self(File::from(fd))
    }

    /// Makes content, length and all else of the file durable.
    pub(super) fn sync_all(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

impl DiskFile for OsFile {
    fn status(&self) -> io::Result<Status> {
        Ok(status_of(&rustix::fs::fstat(&self.0)?))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.0.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.0).write_all(bytes)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn try_lock(&self) -> io::Result<bool> {
        // In full: std has methods of the same names that would hide fs4's.
        Lock::try_lock_exclusive(&self.0)
    }

    fn unlock(&self) -> io::Result<()> {
        Lock::unlock(&self.0)
    }

    fn lock_holder(&self) -> Option<u32> {
        lock_holder::of(&self.0)
    }
}

impl OsDisk {
    pub(super) fn create_or_open_append(&self, path: &TreePath) -> Result<OsFile> {
        loop {
            let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL;
            match self.open_at(path, flags, FILE_MODE) {
                Ok(fd) => {
                    set_mode(path, &fd)?;
                    return regular(path, fd);
                }
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(self.refused("create", path, "regular file", errno)),
            }
            // Unless it went away again, somebody else made it.
            if let Some(file) = self.open_file(path, OFlags::RDWR | OFlags::APPEND)? {
                return Ok(file);
            }
        }
    }

    pub(super) fn create_with(&self, path: &TreePath, content: &[u8], sync: bool) -> Result<()> {
        let refused = |errno| self.refused("create", path, "regular file", errno);
        let folder = self.open_parent(path).map_err(refused)?;
        let file = create_new(&folder, path.name()).map_err(refused)?;
        let written =
            file.append(content).and_then(|()| if sync { file.sync_all() } else { Ok(()) });
        written.map_err(|source| {
            let _ = rustix::fs::unlinkat(&folder, path.name(), AtFlags::empty());
            Error::io("write", path.as_str(), source)
        })
    }
}

/// Creates a file that is not there yet, with its mode whatever the umask.
pub(super) fn create_new(folder: &OwnedFd, name: &str) -> rustix::io::Result<OsFile> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = rustix::fs::openat(folder, name, flags, FILE_MODE)?;
    if let Err(errno) = rustix::fs::fchmod(&fd, FILE_MODE) {
        let _ = rustix::fs::unlinkat(folder, name, AtFlags::empty());
        return Err(errno);
    }
    Ok(OsFile::new(fd))
}

/// Gives a file that was made just now its mode, which the umask may have cut.
fn set_mode(path: &TreePath, fd: &OwnedFd) -> Result<()> {
    rustix::fs::fchmod(fd, FILE_MODE)
        .map_err(|errno| Error::io("set the mode of", path.as_str(), errno.into()))
}
