//! A disk in memory that knows what is synced, and can lose power at any of its operations.
// The sweeps use what is not used here.
#![allow(dead_code, reason = "an interface that is filled in step by step")]

use std::sync::Arc;

use callboard::disk::Disk;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing: operations are only counted.
    None,
    /// That operation and all after it fail, and nothing can be read any more.
    PowerOff,
    /// That operation fails with EIO.
    Eio,
    /// That operation fails with ENOSPC; a write writes its first half before that.
    Enospc,
    /// From that operation on nothing more can be created, written or renamed: ENOSPC.
    FullFromThere,
    /// That operation, if it is a write, writes its first half and says so.
    ShortWrite,
    /// That operation is interrupted, if it is one that can be: EINTR.
    Eintr,
    /// That operation, if it is a sync, fails with EIO.
    SyncFails,
}

/// What of the disk is there when power comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Survives {
    /// What was synced, and nothing else.
    SyncedOnly,
    /// All of it.
    Everything,
    /// What was synced, and what a journalling file system may keep of the rest: entries in
    /// the order of their changes, and the beginning of what was written to each file.
    Ordered(u64),
    /// What was synced, and any part of the rest.
    Subset(u64),
}

/// What happened since a fault was armed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Armed {
    /// How many operations there were.
    pub(crate) operations: usize,
    /// Whether the fault came about.
    pub(crate) hit: bool,
}

/// An in-memory machine's disk. Clones share it.
#[derive(Clone)]
pub(crate) struct Simulated;

impl Simulated {
    /// Makes an empty root.
    pub(crate) fn new() -> Self {
        Self
    }

    /// Opens the root, as a new process would.
    pub(crate) fn disk(&self) -> Arc<dyn Disk> {
        panic!("the simulated disk is on its way")
    }

    /// Makes an operation fail; they are counted from now, from 0.
    pub(crate) fn arm(&self, _fault: Fault, _at: usize) {}

    /// Lets everything succeed again.
    pub(crate) fn disarm(&self) -> Armed {
        Armed { operations: 0, hit: false }
    }

    /// Cuts the power: returns the disk after it came back. This one is dead.
    pub(crate) fn crash(&self, _survives: Survives) -> Self {
        Self
    }

    /// Returns the operations since a fault was armed, for messages.
    pub(crate) fn trace(&self) -> Vec<String> {
        Vec::new()
    }

    /// Copies all of it, as long as nothing is open that matters. Nothing is lost, and the
    /// one knows nothing of the other.
    pub(crate) fn fork(&self) -> Self {
        Self
    }

    /// Returns what readers of a file see.
    pub(crate) fn read(&self, _path: &str) -> Option<Vec<u8>> {
        None
    }

    /// Returns the paths of all files, sorted.
    pub(crate) fn paths(&self) -> Vec<String> {
        Vec::new()
    }
}
