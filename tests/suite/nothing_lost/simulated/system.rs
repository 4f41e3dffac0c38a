//! The machine's calls, as the disk makes them.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use callboard::disk::calls::{Calls, Descriptor, Purpose};
use callboard::disk::{Changed, Hints, Identity, Kind, Status};
use jiff::Timestamp;
use rustix::fs::Mode;
use rustix::io::{Errno, Result};

use super::machine::{Machine, ROOT};
use super::node::{Held, Inode, Node};

/// Where the root is said to be.
const LOCATION: &str = "/simulated";
/// What is said to be free; that it is full is only known from writing.
const FREE_BYTES: u64 = 1 << 40;
const PATH_BYTES_MAX: usize = 4096;

/// The calls.
#[derive(Clone)]
pub(super) struct SimulatedCalls(pub(super) Arc<Mutex<Machine>>);

impl SimulatedCalls {
    pub(super) fn machine(&self) -> MutexGuard<'_, Machine> {
        self.0.lock().expect("the machine")
    }

    /// Takes the machine, if it has power.
    fn powered(&self) -> Result<MutexGuard<'_, Machine>> {
        let machine = self.machine();
        machine.faults.power()?;
        Ok(machine)
    }

    fn open_in(
        &self,
        machine: &mut Machine,
        folder: Inode,
        name: &OsStr,
        purpose: Purpose,
    ) -> Result<SimulatedDescriptor> {
        let inode = machine.open(folder, name, purpose)?;
        Ok(self.opened(machine, inode, purpose))
    }

    fn opened(&self, machine: &mut Machine, inode: Inode, purpose: Purpose) -> SimulatedDescriptor {
        SimulatedDescriptor { calls: self.clone(), inode, purpose, open: machine.number() }
    }
}

impl Calls for SimulatedCalls {
    type Descriptor = SimulatedDescriptor;

    fn location(&self) -> &Path {
        Path::new(LOCATION)
    }

    fn open(&self, path: &str, purpose: Purpose) -> Result<SimulatedDescriptor> {
        let mut machine = self.powered()?;
        if path.len() >= PATH_BYTES_MAX {
            return Err(Errno::NAMETOOLONG);
        }
        if path == "." {
            let root = machine.opens(ROOT, purpose)?;
            return Ok(self.opened(&mut machine, root, purpose));
        }
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut folder = ROOT;
        for component in folders.split('/').filter(|component| !component.is_empty()) {
            folder = machine.find(folder, OsStr::new(component))?;
        }
        self.open_in(&mut machine, folder, OsStr::new(name), purpose)
    }

    fn open_cached(&self, path: &str) -> Result<SimulatedDescriptor> {
        self.open(path, Purpose::Read)
    }

    fn free_bytes(&self) -> Result<u64> {
        self.powered().map(|_| FREE_BYTES)
    }

    fn is_folder_of_host(&self, path: &Path) -> bool {
        let machine = self.machine();
        let Ok(below) = path.strip_prefix(LOCATION) else {
            return path == Path::new("/");
        };
        let mut at = ROOT;
        for component in below.components() {
            match machine.find(at, component.as_os_str()) {
                Ok(found) => at = found,
                Err(_) => return false,
            }
        }
        machine.node(at).folder().is_some()
    }

    fn hints(&self, _changed: Changed) -> Option<Box<dyn Hints>> {
        None
    }
}

/// Something that is open: one open description.
pub(super) struct SimulatedDescriptor {
    calls: SimulatedCalls,
    inode: Inode,
    purpose: Purpose,
    open: u64,
}

impl SimulatedDescriptor {
    fn machine(&self) -> Result<MutexGuard<'_, Machine>> {
        self.calls.powered()
    }

    /// Takes the machine to write to what is open.
    fn to_write(&self, refused: Errno) -> Result<MutexGuard<'_, Machine>> {
        let machine = self.machine()?;
        match self.purpose {
            Purpose::Append | Purpose::New => Ok(machine),
            Purpose::Read | Purpose::Folder => Err(refused),
        }
    }
}

impl Drop for SimulatedDescriptor {
    fn drop(&mut self) {
        let Ok(mut machine) = self.calls.0.lock() else {
            return;
        };
        // What the power was cut of holds no lock anyhow.
        if machine.nodes.contains_key(&self.inode)
            && machine.node(self.inode).lock == Some(self.open)
        {
            machine.node_mut(self.inode).lock = None;
        }
    }
}

impl Descriptor for SimulatedDescriptor {
    fn status(&self) -> Result<Status> {
        Ok(status(self.inode, self.machine()?.node(self.inode)))
    }

    fn mode(&self) -> Result<Mode> {
        Ok(self.machine()?.node(self.inode).mode)
    }

    fn set_mode(&self, mode: Mode) -> Result<()> {
        self.machine()?.set_mode(self.inode, mode)
    }

    fn sync(&self) -> Result<()> {
        self.machine()?.sync(self.inode)
    }

    fn sync_data(&self) -> Result<()> {
        self.machine()?.sync(self.inode)
    }

    fn set_blocking(&self) {}

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let machine = self.machine()?;
        let content = machine.node(self.inode).file().ok_or(Errno::ISDIR)?.content();
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
        let count = buffer.len().min(content.len() - start);
        buffer[..count].copy_from_slice(&content[start..start + count]);
        Ok(count)
    }

    fn read_cached_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.read_at(offset, buffer)
    }

    fn write(&self, bytes: &[u8]) -> Result<usize> {
        self.to_write(Errno::BADF)?.write(self.inode, bytes)
    }

    fn truncate(&self, length: u64) -> Result<()> {
        self.to_write(Errno::INVAL)?.truncate(self.inode, length)
    }

    fn lock(&self) -> Result<()> {
        let mut machine = self.machine()?;
        match machine.node(self.inode).lock {
            Some(holder) if holder != self.open => Err(Errno::WOULDBLOCK),
            _ => {
                machine.node_mut(self.inode).lock = Some(self.open);
                Ok(())
            }
        }
    }

    fn unlock(&self) -> Result<()> {
        let mut machine = self.machine()?;
        if machine.node(self.inode).lock == Some(self.open) {
            machine.node_mut(self.inode).lock = None;
        }
        Ok(())
    }

    fn lock_holder(&self) -> Option<u32> {
        None
    }

    fn open(&self, name: &OsStr, purpose: Purpose) -> Result<Self> {
        self.calls.open_in(&mut *self.machine()?, self.inode, name, purpose)
    }

    fn status_of(&self, name: &OsStr) -> Result<Status> {
        let machine = self.machine()?;
        let found = machine.find(self.inode, name)?;
        Ok(status(found, machine.node(found)))
    }

    fn set_mode_of(&self, name: &OsStr, mode: Mode) -> Result<()> {
        let mut machine = self.machine()?;
        let found = machine.find(self.inode, name)?;
        machine.set_mode(found, mode)
    }

    fn create_folder(&self, name: &OsStr, mode: Mode) -> Result<()> {
        self.machine()?.create_folder(self.inode, name, mode)
    }

    fn rename(&self, name: &OsStr, to: &Self, new_name: &OsStr) -> Result<()> {
        self.machine()?.rename((self.inode, name), (to.inode, new_name), false)
    }

    fn rename_new(&self, name: &OsStr, to: &Self, new_name: &OsStr) -> Result<()> {
        self.machine()?.rename((self.inode, name), (to.inode, new_name), true)
    }

    fn remove_file(&self, name: &OsStr) -> Result<()> {
        self.machine()?.remove_file(self.inode, name)
    }

    fn remove_folder(&self, name: &OsStr) -> Result<()> {
        self.machine()?.remove_folder(self.inode, name)
    }

    fn entries(&self) -> Result<impl Iterator<Item = Result<(OsString, Option<Kind>)>>> {
        let machine = self.machine()?;
        let folder = machine.node(self.inode).folder().ok_or(Errno::NOTDIR)?;
        let entries = folder.entries.iter().map(|(name, inode)| {
            let kind = status(*inode, machine.node(*inode)).kind;
            Ok((name.clone(), Some(kind)))
        });
        Ok(entries.collect::<Vec<_>>().into_iter())
    }
}

fn status(inode: Inode, node: &Node) -> Status {
    let (kind, length) = match &node.held {
        Held::File(file) => (Kind::File, file.content().len()),
        Held::Folder(_) => (Kind::Folder, 0),
    };
    let time = |nanoseconds| {
        Timestamp::from_nanosecond(i128::from(nanoseconds)).expect("a time of this century")
    };
    Status {
        kind,
        length: u64::try_from(length).expect("a length"),
        identity: Identity { device: 1, inode },
        modified: time(node.modified),
        changed: time(node.changed),
    }
}
