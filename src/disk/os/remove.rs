//! Removing a folder with everything in it.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};

use rustix::fs::Mode;
use rustix::io::Errno;

use crate::domain::TreePath;
use crate::error::{Error, Result};

use super::super::calls::{Calls, Descriptor, Purpose};
use super::super::{Kind, Renamed};
use super::TreeDisk;
use super::again::again;
use super::folders::rename_new_at;

/// How often a folder is emptied into which somebody goes on writing.
const ROUNDS_MAX: usize = 100;

impl<C: Calls> TreeDisk<C> {
    pub(super) fn remove_with_all(&self, path: &TreePath) -> Result<()> {
        if *path == TreePath::root() {
            return Err(Error::Bug("the root is never removed".into()));
        }
        let parent = match self.open_parent(path) {
            Ok(parent) => parent,
            Err(Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(self.refused("remove", path, "folder", errno)),
        };
        remove(&parent, OsStr::new(path.name()))
            .map_err(|errno| Error::io("remove", path.as_str(), errno.into()))
    }
}

fn remove(parent: &impl Descriptor, name: &OsStr) -> rustix::io::Result<()> {
    for _ in 0..ROUNDS_MAX {
        if is_removed(parent, name, None)? {
            return Ok(());
        }
        match open_folder(parent, name) {
            Ok(top) => empty(&top)?,
            // Something else has the name now, or nothing.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
            Err(errno) => return Err(errno),
        }
    }
    Err(Errno::NOTEMPTY)
}

/// Empties a folder.
///
/// Folders in its folders are moved right into it, and emptied there: however deep
/// they are nested, two folders are open at a time and no path gets long.
fn empty(top: &impl Descriptor) -> rustix::io::Result<()> {
    let mut waiting = VecDeque::from(remove_entries(top)?);
    let mut moved = 0_u64;
    while let Some(name) = waiting.pop_front() {
        let folder = match open_folder(top, &name) {
            Ok(folder) => folder,
            // Whatever it is now, the next round finds it.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => continue,
            Err(errno) => return Err(errno),
        };
        for inner in remove_entries(&folder)? {
            if let Some(name) = move_up(&folder, &inner, top, &mut moved)? {
                waiting.push_back(name);
            }
        }
        // Not when somebody wrote into it meanwhile: the next round.
        is_removed(top, &name, Some(Kind::Folder))?;
    }
    Ok(())
}

/// Moves a folder under a name that is free there; none when it went away.
fn move_up<D: Descriptor>(
    from: &D,
    name: &OsStr,
    to: &D,
    moved: &mut u64,
) -> rustix::io::Result<Option<OsString>> {
    let mut opened = false;
    loop {
        *moved += 1;
        let free = OsString::from(format!(".{}-{moved}.tmp", std::process::id()));
        match rename_new_at(from, name, to, &free) {
            Ok(Renamed::Done) => return Ok(Some(free)),
            Ok(Renamed::Exists) => {}
            Err(Errno::NOENT) => return Ok(None),
            // Moving a folder changes its `..`: opening makes a read-only one writable.
            Err(Errno::ACCESS) if !opened => {
                opened = true;
                drop(open_folder(from, name));
            }
            Err(errno) => return Err(errno),
        }
    }
}

/// Removes what a folder holds, except for folders that are not empty: returns
/// their names.
fn remove_entries(folder: &impl Descriptor) -> rustix::io::Result<Vec<OsString>> {
    // The names first: a folder that is changed while it is read skips some.
    let entries = again(|| folder.entries())?.collect::<rustix::io::Result<Vec<_>>>()?;
    let mut left = Vec::new();
    for (name, kind) in entries {
        if !is_removed(folder, &name, kind)? {
            left.push(name);
        }
    }
    Ok(left)
}

/// Removes what has a name, if it is no folder, or an empty one. Returns whether
/// it did, or nothing has the name any more.
fn is_removed(
    folder: &impl Descriptor,
    name: &OsStr,
    kind: Option<Kind>,
) -> rustix::io::Result<bool> {
    if kind != Some(Kind::Folder) {
        match folder.remove_file(name) {
            Ok(()) | Err(Errno::NOENT) => return Ok(true),
            // A folder: Linux says the one, POSIX the other, which may also mean what
            // it says. The next call tells.
            Err(Errno::ISDIR | Errno::PERM) => {}
            Err(errno) => return Err(errno),
        }
    }
    match folder.remove_folder(name) {
        Ok(()) | Err(Errno::NOENT) => Ok(true),
        Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
        // No folder any more, or a file that may not be removed.
        Err(Errno::NOTDIR) => match folder.remove_file(name) {
            Ok(()) | Err(Errno::NOENT) => Ok(true),
            // A folder again: the next round.
            Err(Errno::ISDIR) => Ok(false),
            Err(errno) => Err(errno),
        },
        Err(errno) => Err(errno),
    }
}

/// Opens a folder to empty it.
fn open_folder<D: Descriptor>(at: &D, name: &OsStr) -> rustix::io::Result<D> {
    let folder = again(|| at.open(name, Purpose::Folder))?;
    // Some programs make their folders read-only (module caches do).
    if !folder.mode()?.contains(Mode::RWXU) {
        let _ = again(|| folder.set_mode(Mode::RWXU));
    }
    Ok(folder)
}
