//! Open files, and making new ones.

use std::ffi::OsStr;
use std::io;

use rustix::fs::Mode;
use rustix::io::Errno;

use crate::domain::TreePath;
use crate::error::{Error, Result};

use super::super::calls::{Calls, Descriptor, Purpose};
use super::super::{DiskFile, Status};
use super::TreeDisk;
use super::again::again;

const FILE_MODE: Mode = Mode::from_raw_mode(0o600);

/// An open file.
pub(super) struct TreeFile<D>(D);

impl<D: Descriptor> TreeFile<D> {
    /// Takes what was opened, which is known to be a file.
    pub(super) fn new(descriptor: D) -> Self {
        Self(descriptor)
    }

    /// Makes content, length and all else of the file durable.
    pub(super) fn sync_all(&self) -> io::Result<()> {
        Ok(self.0.sync()?)
    }
}

impl<D: Descriptor> DiskFile for TreeFile<D> {
    fn status(&self) -> io::Result<Status> {
        Ok(self.0.status()?)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match again(|| self.0.read_at(offset + filled as u64, &mut buffer[filled..]))? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(filled)
    }

    fn append(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match again(|| self.0.write(bytes))? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => bytes = &bytes[count..],
            }
        }
        Ok(())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        Ok(again(|| self.0.truncate(length))?)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(self.0.sync_data()?)
    }

    fn try_lock(&self) -> io::Result<bool> {
        match again(|| self.0.lock()) {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    fn unlock(&self) -> io::Result<()> {
        Ok(again(|| self.0.unlock())?)
    }

    fn lock_holder(&self) -> Option<u32> {
        self.0.lock_holder()
    }
}

impl<C: Calls> TreeDisk<C> {
    pub(super) fn create_or_open_append(&self, path: &TreePath) -> Result<TreeFile<C::Descriptor>> {
        loop {
            match self.open_at(path, Purpose::New) {
                Ok(descriptor) => {
                    set_mode(path, &descriptor)?;
                    return Ok(TreeFile::new(descriptor));
                }
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(self.refused("create", path, "regular file", errno)),
            }
            // Unless it went away again, somebody else made it.
            if let Some(file) = self.open_file(path, Purpose::Append)? {
                return Ok(file);
            }
        }
    }

    pub(super) fn create_with(&self, path: &TreePath, content: &[u8], sync: bool) -> Result<()> {
        let refused = |errno| self.refused("create", path, "regular file", errno);
        let folder = self.open_parent(path).map_err(refused)?;
        let name = OsStr::new(path.name());
        let file = create_new(&folder, name).map_err(refused)?;
        let written =
            file.append(content).and_then(|()| if sync { file.sync_all() } else { Ok(()) });
        written.map_err(|source| {
            let _ = folder.remove_file(name);
            Error::io("write", path.as_str(), source)
        })
    }
}

/// Creates a file that is not there yet, with its mode whatever the umask.
pub(super) fn create_new<D: Descriptor>(
    folder: &D,
    name: &OsStr,
) -> rustix::io::Result<TreeFile<D>> {
    let descriptor = again(|| folder.open(name, Purpose::New))?;
    if let Err(errno) = again(|| descriptor.set_mode(FILE_MODE)) {
        let _ = folder.remove_file(name);
        return Err(errno);
    }
    Ok(TreeFile::new(descriptor))
}

/// Gives a file that was made just now its mode, which the umask may have cut.
fn set_mode(path: &TreePath, descriptor: &impl Descriptor) -> Result<()> {
    again(|| descriptor.set_mode(FILE_MODE))
        .map_err(|errno| Error::io("set the mode of", path.as_str(), errno.into()))
}
