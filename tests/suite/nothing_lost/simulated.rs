//! A disk in memory that knows what is synced, and can lose power at any of its operations.
//!
//! It stands in for the system below [`TreeDisk`]: each step of what a disk promises is an
//! operation of its own here, and can fail, or be the first that is not done any more.

mod against_the_system;
mod backend;
mod crash;
mod faults;
mod machine;
mod node;
pub(crate) mod random;
mod surviving;
mod sweeps;
mod system;

use std::ffi::OsStr;
use std::sync::{Arc, Mutex};

use callboard::disk::{Disk, TreeDisk};

use machine::{Machine, ROOT};
use system::SimulatedCalls;

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
    /// That operation is interrupted, if it is one that can be: EINTR. A sync that is
    /// interrupted is one that failed.
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
pub(crate) struct Simulated(SimulatedCalls);

impl Simulated {
    /// Makes an empty root.
    pub(crate) fn new() -> Self {
        Self::of(Machine::new())
    }

    fn of(machine: Machine) -> Self {
        Self(SimulatedCalls(Arc::new(Mutex::new(machine))))
    }

    /// Opens the root, as a new process would.
    pub(crate) fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(TreeDisk::on(self.0.clone()))
    }

    /// Makes an operation fail; they are counted from now, from 0.
    pub(crate) fn arm(&self, fault: Fault, at: usize) {
        self.0.machine().faults.arm(fault, at);
    }

    /// Lets everything succeed again, unless the power is off: then it stays off.
    pub(crate) fn disarm(&self) -> Armed {
        self.0.machine().faults.disarm()
    }

    /// Cuts the power: returns the disk after it came back. This one is dead: whoever has
    /// something open on it gets EIO.
    pub(crate) fn crash(&self, survives: Survives) -> Self {
        let mut machine = self.0.machine();
        machine.faults.power_off();
        Self::of(crash::crash(&machine, survives))
    }

    /// Returns the operations since a fault was armed, for messages.
    pub(crate) fn trace(&self) -> Vec<String> {
        self.0.machine().faults.trace().to_vec()
    }

    /// Copies all of it, as long as nothing is open that matters. Nothing is lost, what was
    /// not synced is still not synced, and the one knows nothing of the other.
    pub(crate) fn fork(&self) -> Self {
        Self::of(crash::fork(&self.0.machine()))
    }

    /// Returns what readers of a file see, also when the power is off.
    pub(crate) fn read(&self, path: &str) -> Option<Vec<u8>> {
        let machine = self.0.machine();
        let mut found = ROOT;
        for component in path.split('/') {
            found = machine.find(found, OsStr::new(component)).ok()?;
        }
        Some(machine.node(found).file()?.content().to_vec())
    }

    /// Returns the paths of all files, sorted.
    pub(crate) fn paths(&self) -> Vec<String> {
        let machine = self.0.machine();
        let mut paths = Vec::new();
        let mut waiting = vec![(ROOT, String::new())];
        while let Some((inode, path)) = waiting.pop() {
            let Some(folder) = machine.node(inode).folder() else {
                paths.push(path);
                continue;
            };
            for (name, found) in &folder.entries {
                let name = name.to_string_lossy();
                let below =
                    if path.is_empty() { name.into_owned() } else { format!("{path}/{name}") };
                waiting.push((*found, below));
            }
        }
        paths.sort();
        paths
    }
}
