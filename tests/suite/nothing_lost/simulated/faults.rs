//! Operations that are counted, and the one that fails.

use rustix::io::Errno;

use super::{Armed, Fault};

/// What changes the disk. Reading, looking and locking change nothing and are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Create,
    CreateFolder,
    Write,
    Truncate,
    SetMode,
    Sync,
    Rename,
    Remove,
}

impl Operation {
    /// Whether it needs space: a folder whose entries fill a block needs another one.
    fn takes_space(self) -> bool {
        matches!(self, Self::Create | Self::CreateFolder | Self::Write | Self::Rename)
    }

    /// Whether POSIX lets it be interrupted.
    fn can_be_interrupted(self) -> bool {
        matches!(self, Self::Create | Self::Write | Self::Truncate | Self::SetMode | Self::Sync)
    }
}

/// How much of an operation is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    All,
    /// The first half of a write.
    Half,
}

/// What is armed, and what happened since.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    armed: Option<(Fault, usize)>,
    operations: usize,
    hit: bool,
    /// A write ended half-way for want of space: the next one finds none.
    full: bool,
    off: bool,
    trace: Vec<String>,
}

impl Faults {
    pub(super) fn arm(&mut self, fault: Fault, at: usize) {
        *self = Self { armed: Some((fault, at)), off: self.off, ..Self::default() };
    }

    /// Ends what was armed; a power that is off stays off.
    pub(super) fn disarm(&mut self) -> Armed {
        (self.armed, self.full) = (None, false);
        Armed { operations: self.operations, hit: self.hit }
    }

    pub(super) fn trace(&self) -> &[String] {
        &self.trace
    }

    pub(super) fn power_off(&mut self) {
        self.off = true;
    }

    /// Fails when there is no power.
    pub(super) fn power(&self) -> Result<(), Errno> {
        if self.off { Err(Errno::IO) } else { Ok(()) }
    }

    pub(super) fn are_counted(&self) -> bool {
        self.armed.is_some()
    }

    /// Counts an operation, and says how much of it is to be done, or how it fails.
    pub(super) fn step(
        &mut self,
        operation: Operation,
        bytes: usize,
        told: &str,
    ) -> Result<Part, Errno> {
        self.power()?;
        let Some((fault, at)) = self.armed else {
            return Ok(Part::All);
        };
        let number = self.operations;
        self.operations += 1;
        let part = self.fate(fault, number, at, operation, bytes);
        let outcome = match part {
            Ok(Part::All) => String::new(),
            Ok(Part::Half) => ": only half".to_owned(),
            Err(errno) => format!(": {errno}"),
        };
        self.trace.push(format!("{number} {told}{outcome}"));
        part
    }

    fn fate(
        &mut self,
        fault: Fault,
        number: usize,
        at: usize,
        operation: Operation,
        bytes: usize,
    ) -> Result<Part, Errno> {
        let (now, writes) = (number == at, operation == Operation::Write);
        let part = match fault {
            Fault::PowerOff if number >= at => {
                self.off = true;
                Err(Errno::IO)
            }
            Fault::Eio if now => Err(Errno::IO),
            Fault::SyncFails if now && operation == Operation::Sync => Err(Errno::IO),
            Fault::Eintr if now && operation.can_be_interrupted() => Err(Errno::INTR),
            Fault::ShortWrite if now && writes && bytes > 1 => Ok(Part::Half),
            Fault::Enospc if self.full && writes => {
                self.full = false;
                Err(Errno::NOSPC)
            }
            Fault::Enospc if now && (operation.takes_space() || operation == Operation::Sync) => {
                self.full = writes && bytes > 1;
                if self.full { Ok(Part::Half) } else { Err(Errno::NOSPC) }
            }
            Fault::FullFromThere if number >= at && operation.takes_space() => {
                let half = writes && bytes > 1 && !self.full;
                self.full = true;
                if half { Ok(Part::Half) } else { Err(Errno::NOSPC) }
            }
            _ => return Ok(Part::All),
        };
        self.hit = true;
        part
    }
}
