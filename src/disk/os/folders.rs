//! Folders: making, listing, renaming.

use std::ffi::OsStr;

use rustix::fs::Mode;
use rustix::io::Errno;

use crate::domain::TreePath;
use crate::error::{Error, Result};

use super::super::calls::{Calls, Descriptor};
use super::super::{Disk as _, Entry, Kind, Renamed};
use super::TreeDisk;
use super::again::again;
use super::open::not_regular;

const FOLDER_MODE: Mode = Mode::RWXU;

impl<C: Calls> TreeDisk<C> {
    pub(super) fn create_folders(&self, path: &TreePath) -> Result<()> {
        let mut folder = TreePath::root();
        for component in path.components() {
            let parent = folder;
            folder = parent.join(component);
            match self.create_one(&folder) {
                Ok(()) => self.sync_folder(&parent)?,
                // Opening it says whether what is there is a folder.
                Err(Errno::EXIST) => drop(
                    self.open_folder(&folder)
                        .map_err(|errno| self.refused("open", &folder, "folder", errno))?,
                ),
                Err(errno) => return Err(self.refused("create", &folder, "folder", errno)),
            }
        }
        Ok(())
    }

    /// Creates a folder in one that is there, with its mode whatever the umask.
    pub(super) fn create_one(&self, path: &TreePath) -> rustix::io::Result<()> {
        let folder = self.open_parent(path)?;
        let name = OsStr::new(path.name());
        folder.create_folder(name, FOLDER_MODE)?;
        again(|| folder.set_mode_of(name, FOLDER_MODE))
    }

    pub(super) fn list_folder(&self, path: &TreePath) -> Result<Option<Vec<Entry>>> {
        self.list_each(path, |_, entry| Ok(entry))
    }

    pub(super) fn list_folder_with_lengths(
        &self,
        path: &TreePath,
    ) -> Result<Option<Vec<(Entry, u64)>>> {
        self.list_each(path, |folder, mut entry| {
            if entry.kind != Kind::File {
                return Ok((entry, 0));
            }
            let status = folder.status_of(OsStr::new(&entry.name))?;
            // Something else may have the name by now.
            entry.kind = status.kind;
            let length = if status.kind == Kind::File { status.length } else { 0 };
            Ok((entry, length))
        })
    }

    /// Lists a folder, and makes something of each entry. What is gone when it is looked at
    /// is left out.
    fn list_each<T>(
        &self,
        path: &TreePath,
        make: impl Fn(&C::Descriptor, Entry) -> rustix::io::Result<T>,
    ) -> Result<Option<Vec<T>>> {
        let folder = match self.open_folder(path) {
            Ok(folder) => folder,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(self.refused("list", path, "folder", errno)),
        };
        let failed = |errno: Errno| Error::io("list", path.as_str(), errno.into());
        let mut made = Vec::new();
        for entry in again(|| folder.entries()).map_err(failed)? {
            let (name, kind) = entry.map_err(failed)?;
            let Ok(name) = name.into_string() else {
                continue;
            };
            let kind = match kind {
                Some(kind) => Ok(kind),
                None => folder.status_of(OsStr::new(&name)).map(|status| status.kind),
            };
            match kind.and_then(|kind| make(&folder, Entry { name, kind })) {
                Ok(one) => made.push(one),
                // It went away while the folder was read.
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(failed(errno)),
            }
        }
        Ok(Some(made))
    }

    pub(super) fn rename_to_new(&self, from: &TreePath, to: &TreePath) -> Result<Renamed> {
        let from_folder =
            self.open_parent(from).map_err(|errno| self.refused("rename", from, "file", errno))?;
        let to_folder = self
            .open_parent(to)
            .map_err(|errno| self.refused("rename something to", to, "file", errno))?;
        let (name, new_name) = (OsStr::new(from.name()), OsStr::new(to.name()));
        rename_new_at(&from_folder, name, &to_folder, new_name)
            .map_err(|errno| Error::io("rename", from.as_str(), errno.into()))
    }

    pub(super) fn rename_to_file(&self, from: &TreePath, to: &TreePath) -> Result<()> {
        let refused = |errno| self.refused("rename something to", to, "regular file", errno);
        let from_folder =
            self.open_parent(from).map_err(|errno| self.refused("rename", from, "file", errno))?;
        let to_folder = self.open_parent(to).map_err(refused)?;
        let new_name = OsStr::new(to.name());
        match to_folder.status_of(new_name) {
            Ok(status) if status.kind != Kind::File => {
                return Err(not_regular(to, status.kind, "regular file"));
            }
            Ok(_) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(refused(errno)),
        }
        from_folder.rename(OsStr::new(from.name()), &to_folder, new_name).map_err(refused)
    }
}

/// Renames unless something has the new name.
pub(super) fn rename_new_at<D: Descriptor>(
    folder: &D,
    name: &OsStr,
    to: &D,
    new_name: &OsStr,
) -> rustix::io::Result<Renamed> {
    match folder.rename_new(name, to, new_name) {
        Ok(()) => Ok(Renamed::Done),
        Err(Errno::EXIST | Errno::NOTEMPTY) => Ok(Renamed::Exists),
        Err(errno) => Err(errno),
    }
}
