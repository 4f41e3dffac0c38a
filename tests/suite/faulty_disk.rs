//! A disk that fails when a test says so; otherwise the real one.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use callboard::disk::{Changed, Disk, DiskFile, Entry, Hints, OsDisk, Status};
use callboard::domain::TreePath;
use callboard::error::Result;

/// What is to fail.
#[derive(Default)]
pub(crate) struct Faults {
    /// The next so many syncs of files fail.
    pub(crate) syncs: AtomicUsize,
    /// Appends write half of what they should, and then there is no space.
    pub(crate) full: AtomicBool,
    /// How many syncs of files succeeded.
    pub(crate) synced: AtomicUsize,
}

impl Faults {
    /// Makes the next sync fail.
    pub(crate) fn fail_next_sync(&self) {
        self.syncs.store(1, Ordering::SeqCst);
    }
}

/// The disk.
pub(crate) struct FaultyDisk {
    disk: OsDisk,
    faults: Arc<Faults>,
}

impl FaultyDisk {
    /// Opens a root.
    pub(crate) fn open(root: &Path, faults: &Arc<Faults>) -> Arc<Self> {
        let disk = OsDisk::open_root(root).expect("the root");
        Arc::new(Self { disk, faults: Arc::clone(faults) })
    }

    fn wrap(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(FaultyFile { file, faults: Arc::clone(&self.faults) })
    }
}

impl Disk for FaultyDisk {
    fn open(&self, path: &TreePath) -> Result<Option<Arc<dyn DiskFile>>> {
        Ok(self.disk.open(path)?.map(|file| self.wrap(file)))
    }

    fn open_append(&self, path: &TreePath) -> Result<Option<Arc<dyn DiskFile>>> {
        Ok(self.disk.open_append(path)?.map(|file| self.wrap(file)))
    }

    fn create_append(&self, path: &TreePath) -> Result<Arc<dyn DiskFile>> {
        Ok(self.wrap(self.disk.create_append(path)?))
    }

    fn create_synced(&self, path: &TreePath, content: &[u8]) -> Result<()> {
        self.disk.create_synced(path, content)
    }

    fn create_folder(&self, path: &TreePath) -> Result<()> {
        self.disk.create_folder(path)
    }

    fn status(&self, path: &TreePath) -> Result<Option<Status>> {
        self.disk.status(path)
    }

    fn list(&self, path: &TreePath) -> Result<Option<Vec<Entry>>> {
        self.disk.list(path)
    }

    fn rename_new(&self, from: &TreePath, to: &TreePath) -> Result<()> {
        self.disk.rename_new(from, to)
    }

    fn remove_file(&self, path: &TreePath) -> Result<()> {
        self.disk.remove_file(path)
    }

    fn sync_folder(&self, path: &TreePath) -> Result<()> {
        self.disk.sync_folder(path)
    }

    fn hints(&self, changed: Changed) -> Option<Box<dyn Hints>> {
        self.disk.hints(changed)
    }
}

struct FaultyFile {
    file: Arc<dyn DiskFile>,
    faults: Arc<Faults>,
}

impl DiskFile for FaultyFile {
    fn status(&self) -> io::Result<Status> {
        self.file.status()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, buffer)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        if self.faults.full.load(Ordering::SeqCst) {
            self.file.append(&bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.append(bytes)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.file.truncate(length)
    }

    fn sync(&self) -> io::Result<()> {
        let failing = self
            .faults
            .syncs
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if failing.is_ok() {
            return Err(io::Error::other("a broken disk"));
        }
        self.file.sync()?;
        self.faults.synced.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.file.try_lock()
    }

    fn unlock(&self) -> io::Result<()> {
        self.file.unlock()
    }

    fn lock_holder(&self) -> Option<u32> {
        self.file.lock_holder()
    }
}
