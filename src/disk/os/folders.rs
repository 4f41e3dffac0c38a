//! Folders: making, listing, renaming.

use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, FileType, Mode};
use rustix::io::Errno;

use crate::domain::TreePath;
use crate::error::{Error, Result};

use super::super::{Disk as _, Entry, Kind, Renamed};
use super::OsDisk;
use super::open::{kind_of, not_regular, status_of};

const FOLDER_MODE: Mode = Mode::RWXU;

impl OsDisk {
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
        let at = self.open_parent(path)?;
        rustix::fs::mkdirat(&at, path.name(), FOLDER_MODE)?;
        rustix::fs::chmodat(&at, path.name(), FOLDER_MODE, AtFlags::empty())
    }

    pub(super) fn list_folder(&self, path: &TreePath) -> Result<Option<Vec<Entry>>> {
        let folder = match self.open_folder(path) {
            Ok(folder) => folder,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(self.refused("list", path, "folder", errno)),
        };
        let failed = |errno: Errno| Error::io("list", path.as_str(), errno.into());
        let mut entries = Vec::new();
        for entry in rustix::fs::Dir::read_from(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => {
                    match rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                        Ok(stat) => status_of(&stat).kind,
                        // It went away while the folder was read.
                        Err(Errno::NOENT) => continue,
                        Err(errno) => return Err(failed(errno)),
                    }
                }
                known => kind_of(known),
            };
            entries.push(Entry { name: name.to_owned(), kind });
        }
        Ok(Some(entries))
    }

    pub(super) fn rename_to_new(&self, from: &TreePath, to: &TreePath) -> Result<Renamed> {
        let from_folder =
            self.open_parent(from).map_err(|errno| self.refused("rename", from, "file", errno))?;
        let to_folder = self
            .open_parent(to)
            .map_err(|errno| self.refused("rename something to", to, "file", errno))?;
        rename_new_at(&from_folder, from.name(), &to_folder, to.name())
            .map_err(|errno| Error::io("rename", from.as_str(), errno.into()))
    }
}

impl OsDisk {
    pub(super) fn rename_to_file(&self, from: &TreePath, to: &TreePath) -> Result<()> {
        let refused = |errno| self.refused("rename something to", to, "regular file", errno);
        let from_folder =
            self.open_parent(from).map_err(|errno| self.refused("rename", from, "file", errno))?;
        let to_folder = self.open_parent(to).map_err(refused)?;
        match rustix::fs::statat(&to_folder, to.name(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if status_of(&stat).kind != Kind::File => {
                return Err(not_regular(to, status_of(&stat).kind, "regular file"));
            }
            Ok(_) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(refused(errno)),
        }
        rustix::fs::renameat(&from_folder, from.name(), &to_folder, to.name()).map_err(refused)
    }
}

/// Renames unless something has the new name.
pub(super) fn rename_new_at(
    from_folder: &OwnedFd,
    from: impl rustix::path::Arg,
    to_folder: &OwnedFd,
    to: impl rustix::path::Arg,
) -> rustix::io::Result<Renamed> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    let renamed = {
        let exclusive = rustix::fs::RenameFlags::NOREPLACE;
        rustix::fs::renameat_with(from_folder, from, to_folder, to, exclusive)
    };
    #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
    let renamed = rustix::fs::renameat(from_folder, from, to_folder, to);
    match renamed {
        Ok(()) => Ok(Renamed::Done),
        Err(Errno::EXIST | Errno::NOTEMPTY) => Ok(Renamed::Exists),
        Err(errno) => Err(errno),
    }
}
