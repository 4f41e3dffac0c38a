//! Files and folders: what everybody sees of them, and what of that is on disk.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use rustix::fs::Mode;

/// The number of a file or a folder.
pub(super) type Inode = u64;

/// A file or a folder.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) mode: Mode,
    /// When its content changed, in nanoseconds since the start of time.
    pub(super) modified: u64,
    /// When anything of it changed.
    pub(super) changed: u64,
    /// Which open description holds the lock.
    pub(super) lock: Option<u64>,
    /// The folder in which it stands, and its name there; none once it is removed.
    pub(super) place: Option<(Inode, OsString)>,
    pub(super) held: Held,
}

/// What is in it.
#[derive(Debug, Clone)]
pub(super) enum Held {
    File(File),
    Folder(Folder),
}

/// A folder.
#[derive(Debug, Clone, Default)]
pub(super) struct Folder {
    pub(super) entries: BTreeMap<OsString, Inode>,
    /// The entries on disk, as far as the journal does not hold changes of them.
    pub(super) synced: BTreeMap<OsString, Inode>,
}

/// A file.
#[derive(Debug, Clone, Default)]
pub(super) struct File {
    content: Arc<Vec<u8>>,
    /// The content on disk, before the changes.
    synced: Arc<Vec<u8>>,
    /// What was done to it since, in order.
    changes: Vec<Change>,
}

/// One write, or one cut.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) what: What,
    pub(super) fate: Fate,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Write { offset: usize, bytes: Arc<[u8]> },
    Truncate(usize),
}

/// What is known of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is not synced.
    Pending,
    /// A sync failed: no later one writes it. It may be on disk all the same.
    GivenUp,
    /// It is on disk, and stands here only because of one that is given up before it.
    Synced,
}

impl File {
    /// Makes a file with a content that is on disk.
    pub(super) fn synced_with(content: Vec<u8>) -> Self {
        let content = Arc::new(content);
        Self { synced: Arc::clone(&content), content, changes: Vec::new() }
    }

    pub(super) fn content(&self) -> &[u8] {
        &self.content
    }

    pub(super) fn synced(&self) -> &[u8] {
        &self.synced
    }

    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    pub(super) fn append(&mut self, bytes: &[u8]) {
        let what = What::Write { offset: self.content.len(), bytes: bytes.into() };
        self.change(what);
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.change(What::Truncate(length));
    }

    fn change(&mut self, what: What) {
        what.apply(Arc::make_mut(&mut self.content));
        self.changes.push(Change { what, fate: Fate::Pending });
    }

    /// Brings it to the disk.
    pub(super) fn sync(&mut self) {
        if self.changes.iter().any(|change| change.fate == Fate::GivenUp) {
            for change in self.changes.iter_mut().filter(|change| change.fate == Fate::Pending) {
                change.fate = Fate::Synced;
            }
        } else {
            self.synced = Arc::clone(&self.content);
            self.changes.clear();
        }
    }

    /// A sync failed: the system takes what was written for clean, whether it is on disk or
    /// not. A length is no data: the file system still has it to write.
    pub(super) fn give_up(&mut self) {
        for change in &mut self.changes {
            if change.fate == Fate::Pending && matches!(change.what, What::Write { .. }) {
                change.fate = Fate::GivenUp;
            }
        }
    }
}

impl What {
    /// Does it to a content. What lies before a write and was never written is zeros.
    pub(super) fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => write(content, *offset, bytes),
            Self::Truncate(length) => content.resize(*length, 0),
        }
    }
}

/// Writes at an offset.
pub(super) fn write(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}

impl Node {
    pub(super) fn new(held: Held, mode: Mode, now: u64) -> Self {
        Self { mode, modified: now, changed: now, lock: None, place: None, held }
    }

    pub(super) fn file(&self) -> Option<&File> {
        match &self.held {
            Held::File(file) => Some(file),
            Held::Folder(_) => None,
        }
    }

    pub(super) fn folder(&self) -> Option<&Folder> {
        match &self.held {
            Held::File(_) => None,
            Held::Folder(folder) => Some(folder),
        }
    }

    pub(super) fn file_mut(&mut self) -> Option<&mut File> {
        match &mut self.held {
            Held::File(file) => Some(file),
            Held::Folder(_) => None,
        }
    }

    pub(super) fn folder_mut(&mut self) -> Option<&mut Folder> {
        match &mut self.held {
            Held::File(_) => None,
            Held::Folder(folder) => Some(folder),
        }
    }
}
