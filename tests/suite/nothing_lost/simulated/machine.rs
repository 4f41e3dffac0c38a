//! The state of the machine: its files and folders, and the journal of its entries.
//!
//! What each operation does to what everybody sees is what Linux does; `against_the_system`
//! compares them. What is on disk is kept apart: see [`crash`](super::crash).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use callboard::disk::calls::Purpose;
use rustix::fs::Mode;
use rustix::io::{Errno, Result};

use super::faults::{Faults, Operation, Part};
use super::node::{Fate, File, Folder, Held, Inode, Node};

/// The root folder.
pub(super) const ROOT: Inode = 2;
/// The first of all times: 2026-01-01 00:00 UTC.
const START: u64 = 1_767_225_600_000_000_000;
/// Each operation is so much later than the one before.
const TICK: u64 = 1_000_000;
const FILE_MODE: Mode = Mode::from_raw_mode(0o600);
const NAME_BYTES_MAX: usize = 255;

/// The machine.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    pub(super) nodes: BTreeMap<Inode, Arc<Node>>,
    /// The changes of entries that are not on disk, or stand behind one that is not.
    pub(super) journal: Vec<EntryChange>,
    pub(super) faults: Faults,
    next: u64,
    now: u64,
}

/// A change of one entry, or of two that are changed in one step.
#[derive(Debug, Clone)]
pub(super) struct EntryChange {
    /// What gets its place by it, or loses it.
    pub(super) inode: Inode,
    /// Which name of which folder is what then.
    pub(super) entries: Vec<(Inode, OsString, Option<Inode>)>,
    pub(super) fate: Fate,
}

impl Machine {
    pub(super) fn new() -> Self {
        let root = Node::new(Held::Folder(Folder::default()), Mode::RWXU, START);
        Self {
            nodes: BTreeMap::from([(ROOT, Arc::new(root))]),
            journal: Vec::new(),
            faults: Faults::default(),
            next: ROOT + 1,
            now: START,
        }
    }

    /// Returns a number that nothing else has.
    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(super) fn node(&self, inode: Inode) -> &Node {
        &self.nodes[&inode]
    }

    pub(super) fn node_mut(&mut self, inode: Inode) -> &mut Node {
        Arc::make_mut(self.nodes.get_mut(&inode).expect("a node"))
    }

    fn folder(&self, inode: Inode) -> Result<&Folder> {
        self.node(inode).folder().ok_or(Errno::NOTDIR)
    }

    fn file_mut(&mut self, inode: Inode) -> &mut File {
        self.node_mut(inode).file_mut().expect("a file")
    }

    /// Finds a name in a folder.
    pub(super) fn find(&self, folder: Inode, name: &OsStr) -> Result<Inode> {
        let entries = &self.folder(folder)?.entries;
        if name.len() > NAME_BYTES_MAX && !self.is_removed(folder) {
            return Err(Errno::NAMETOOLONG);
        }
        entries.get(name).copied().ok_or(Errno::NOENT)
    }

    /// Makes sure that a folder can take a new name.
    fn takes(&self, folder: Inode, name: &OsStr) -> Result<()> {
        match self.find(folder, name) {
            Ok(_) => Err(Errno::EXIST),
            Err(Errno::NOENT) if name.is_empty() || self.is_removed(folder) => Err(Errno::NOENT),
            Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    fn is_removed(&self, folder: Inode) -> bool {
        folder != ROOT && self.node(folder).place.is_none()
    }

    /// Tells where something stands.
    fn path(&self, inode: Inode) -> String {
        match &self.node(inode).place {
            _ if inode == ROOT => ".".to_owned(),
            None => format!("(removed {inode})"),
            Some((folder, name)) => self.path_of(*folder, name),
        }
    }

    fn path_of(&self, folder: Inode, name: &OsStr) -> String {
        let name = name.to_string_lossy();
        if folder == ROOT { name.into_owned() } else { format!("{}/{name}", self.path(folder)) }
    }

    /// Counts an operation; its words are only made when they are kept.
    fn step(
        &mut self,
        operation: Operation,
        bytes: usize,
        told: impl FnOnce(&Self) -> String,
    ) -> Result<Part> {
        let told = if self.faults.are_counted() { told(self) } else { String::new() };
        let part = self.faults.step(operation, bytes, &told)?;
        self.now += TICK;
        Ok(part)
    }

    pub(super) fn open(&mut self, folder: Inode, name: &OsStr, purpose: Purpose) -> Result<Inode> {
        if purpose == Purpose::New {
            self.takes(folder, name)?;
            self.step(Operation::Create, 0, |all| format!("create {}", all.path_of(folder, name)))?;
            let node = Node::new(Held::File(File::default()), FILE_MODE, self.now);
            return Ok(self.place_new(folder, name, node));
        }
        let found = self.find(folder, name)?;
        self.opens(found, purpose)
    }

    /// Makes sure that what was found can be opened so.
    pub(super) fn opens(&self, found: Inode, purpose: Purpose) -> Result<Inode> {
        match (&self.node(found).held, purpose) {
            (_, Purpose::New) => Err(Errno::EXIST),
            (Held::Folder(_), Purpose::Append) => Err(Errno::ISDIR),
            (Held::File(_), Purpose::Folder) => Err(Errno::NOTDIR),
            _ => Ok(found),
        }
    }

    pub(super) fn create_folder(&mut self, folder: Inode, name: &OsStr, mode: Mode) -> Result<()> {
        self.takes(folder, name)?;
        self.step(Operation::CreateFolder, 0, |all| {
            format!("mkdir {}", all.path_of(folder, name))
        })?;
        let node = Node::new(Held::Folder(Folder::default()), mode, self.now);
        self.place_new(folder, name, node);
        Ok(())
    }

    fn place_new(&mut self, folder: Inode, name: &OsStr, node: Node) -> Inode {
        let inode = self.number();
        self.nodes.insert(inode, Arc::new(node));
        self.change(inode, vec![(folder, name.to_owned(), Some(inode))]);
        inode
    }

    /// Changes entries in one step.
    fn change(&mut self, inode: Inode, entries: Vec<(Inode, OsString, Option<Inode>)>) {
        let now = self.now;
        for (folder, name, found) in &entries {
            let node = self.node_mut(*folder);
            (node.modified, node.changed) = (now, now);
            let folder_entries = &mut node.folder_mut().expect("a folder").entries;
            let before = match found {
                Some(found) => folder_entries.insert(name.clone(), *found),
                None => folder_entries.remove(name),
            };
            if let Some(before) = before {
                let before = self.node_mut(before);
                (before.place, before.changed) = (None, now);
            }
        }
        // After all that lost its place.
        for (folder, name, found) in &entries {
            if let Some(found) = found {
                let found = self.node_mut(*found);
                (found.place, found.changed) = (Some((*folder, name.clone())), now);
            }
        }
        self.journal.push(EntryChange { inode, entries, fate: Fate::Pending });
    }

    pub(super) fn rename(
        &mut self,
        (folder, name): (Inode, &OsStr),
        (to, new_name): (Inode, &OsStr),
        exclusive: bool,
    ) -> Result<()> {
        self.folder(to)?;
        let moved = self.find(folder, name)?;
        let replaced = match self.takes(to, new_name) {
            Ok(()) => None,
            Err(Errno::EXIST) if !exclusive => Some(self.find(to, new_name)?),
            Err(errno) => return Err(errno),
        };
        if self.is_in(to, moved) {
            return Err(Errno::INVAL);
        }
        if let Some(replaced) = replaced {
            if folder != to && self.is_in(folder, replaced) {
                return Err(Errno::NOTEMPTY);
            }
            if moved == replaced {
                return Ok(());
            }
            match (&self.node(moved).held, &self.node(replaced).held) {
                (Held::File(_), Held::Folder(_)) => return Err(Errno::ISDIR),
                (Held::Folder(_), Held::File(_)) => return Err(Errno::NOTDIR),
                (_, Held::Folder(held)) if !held.entries.is_empty() => {
                    return Err(Errno::NOTEMPTY);
                }
                _ => {}
            }
        }
        self.step(Operation::Rename, 0, |all| {
            format!("rename {} -> {}", all.path_of(folder, name), all.path_of(to, new_name))
        })?;
        let entries = vec![(folder, name.to_owned(), None), (to, new_name.to_owned(), Some(moved))];
        self.change(moved, entries);
        Ok(())
    }

    /// Whether something is this folder, or lies below it.
    fn is_in(&self, mut inode: Inode, folder: Inode) -> bool {
        while inode != folder {
            match &self.node(inode).place {
                Some((parent, _)) => inode = *parent,
                None => return false,
            }
        }
        true
    }

    pub(super) fn remove_file(&mut self, folder: Inode, name: &OsStr) -> Result<()> {
        let removed = self.find(folder, name)?;
        if self.node(removed).folder().is_some() {
            return Err(Errno::ISDIR);
        }
        self.remove(folder, name, removed)
    }

    pub(super) fn remove_folder(&mut self, folder: Inode, name: &OsStr) -> Result<()> {
        let removed = self.find(folder, name)?;
        if !self.folder(removed)?.entries.is_empty() {
            return Err(Errno::NOTEMPTY);
        }
        self.remove(folder, name, removed)
    }

    fn remove(&mut self, folder: Inode, name: &OsStr, removed: Inode) -> Result<()> {
        self.step(Operation::Remove, 0, |all| format!("remove {}", all.path_of(folder, name)))?;
        self.change(removed, vec![(folder, name.to_owned(), None)]);
        Ok(())
    }

    pub(super) fn set_mode(&mut self, inode: Inode, mode: Mode) -> Result<()> {
        self.step(Operation::SetMode, 0, |all| format!("chmod {}", all.path(inode)))?;
        let now = self.now;
        let node = self.node_mut(inode);
        (node.mode, node.changed) = (mode, now);
        Ok(())
    }

    /// Appends, perhaps not all; returns how much.
    pub(super) fn write(&mut self, inode: Inode, bytes: &[u8]) -> Result<usize> {
        let part = self.step(Operation::Write, bytes.len(), |all| {
            format!("write {} bytes to {}", bytes.len(), all.path(inode))
        })?;
        let written = if part == Part::Half { &bytes[..bytes.len() / 2] } else { bytes };
        self.file_mut(inode).append(written);
        self.touch(inode);
        Ok(written.len())
    }

    pub(super) fn truncate(&mut self, inode: Inode, length: u64) -> Result<()> {
        self.step(Operation::Truncate, 0, |all| {
            format!("truncate {} to {length}", all.path(inode))
        })?;
        self.file_mut(inode).truncate(usize::try_from(length).map_err(|_| Errno::FBIG)?);
        self.touch(inode);
        Ok(())
    }

    fn touch(&mut self, inode: Inode) {
        let now = self.now;
        let node = self.node_mut(inode);
        (node.modified, node.changed) = (now, now);
    }

    pub(super) fn sync(&mut self, inode: Inode) -> Result<()> {
        let synced = self.step(Operation::Sync, 0, |all| format!("sync {}", all.path(inode)));
        if let Some(file) = self.node_mut(inode).file_mut() {
            match synced {
                Ok(_) => file.sync(),
                // Without power nothing more happens, not even this.
                Err(_) if self.faults.power().is_err() => {}
                Err(_) => self.file_mut(inode).give_up(),
            }
        } else if synced.is_ok() {
            self.sync_entries(inode);
        }
        synced.map(drop)
    }

    /// Brings a folder's entries to the disk. A move from or to another folder is one change,
    /// and on disk as a whole.
    fn sync_entries(&mut self, folder: Inode) {
        for change in &mut self.journal {
            if change.entries.iter().any(|(changed, ..)| *changed == folder) {
                change.fate = Fate::Synced;
            }
        }
        let ready = self.journal.iter().take_while(|change| change.fate == Fate::Synced).count();
        let ready = self.journal.drain(..ready).collect::<Vec<_>>();
        for (folder, name, found) in ready.into_iter().flat_map(|change| change.entries) {
            let synced = &mut self.node_mut(folder).folder_mut().expect("a folder").synced;
            match found {
                Some(found) => synced.insert(name, found),
                None => synced.remove(&name),
            };
        }
    }
}
