//! Opening beneath the root, and saying what stands in the way.

use std::ffi::OsStr;

use rustix::io::Errno;

use crate::domain::TreePath;
use crate::error::{Error, Result};

use super::super::Kind;
use super::super::calls::{Calls, Descriptor, Purpose};
use super::TreeDisk;
use super::again::again;
use super::file::TreeFile;

impl<C: Calls> TreeDisk<C> {
    /// Opens beneath the root without following any symlink.
    pub(super) fn open_at(
        &self,
        path: &TreePath,
        purpose: Purpose,
    ) -> rustix::io::Result<C::Descriptor> {
        again(|| self.calls.open(path.as_str(), purpose))
    }

    pub(super) fn open_folder(&self, path: &TreePath) -> rustix::io::Result<C::Descriptor> {
        self.open_at(path, Purpose::Folder)
    }

    /// Opens the folder of a path, to use the `…at` calls with its name.
    pub(super) fn open_parent(&self, path: &TreePath) -> rustix::io::Result<C::Descriptor> {
        self.open_folder(&path.folder())
    }

    pub(super) fn open_file(
        &self,
        path: &TreePath,
        purpose: Purpose,
    ) -> Result<Option<TreeFile<C::Descriptor>>> {
        match self.open_at(path, purpose) {
            Ok(descriptor) => Ok(Some(regular(path, descriptor)?)),
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
            let kind = folder.status_of(OsStr::new(component)).ok()?.kind;
            if kind != Kind::Folder {
                return Some(not_regular(&at, kind, if at == *path { expected } else { "folder" }));
            }
        }
        None
    }
}

/// Takes what was opened as a file, if it is one.
fn regular<D: Descriptor>(path: &TreePath, descriptor: D) -> Result<TreeFile<D>> {
    let status =
        descriptor.status().map_err(|errno| Error::io("look at", path.as_str(), errno.into()))?;
    if status.kind != Kind::File {
        return Err(not_regular(path, status.kind, "regular file"));
    }
    // Not to wait was for pipes only; on files it means nothing, but leave none so.
    descriptor.set_blocking();
    Ok(TreeFile::new(descriptor))
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
