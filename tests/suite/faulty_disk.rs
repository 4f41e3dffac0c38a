//! A disk that fails when a test says so; otherwise the real one.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use callboard::disk::{
    Changed, Content, Disk, DiskFile, Entry, Expected, Hints, OsDisk, Renamed, Replaced, Status,
};
use callboard::domain::TreePath;
use callboard::error::{Error, Result};

/// What is to fail.
#[derive(Default)]
pub(crate) struct Faults {
    /// The next so many syncs of files fail.
    pub(crate) syncs: AtomicUsize,
    /// Whatever is written is written by half, and then there is no space.
    pub(crate) full: AtomicBool,
    /// No archive can be opened.
    pub(crate) archives: AtomicBool,
    /// How many syncs of files succeeded.
    pub(crate) synced: AtomicUsize,
    /// How many bytes are said to be free; 0 for the truth.
    pub(crate) free_bytes: AtomicU64,
    /// How many bytes were read of files that were opened for that.
    pub(crate) bytes_read: AtomicUsize,
    /// How often a folder was listed.
    pub(crate) listed: AtomicUsize,
}

impl Faults {
    /// Makes the next sync fail.
    pub(crate) fn fail_next_sync(&self) {
        self.syncs.store(1, Ordering::SeqCst);
    }

    /// Fails when a sync is to fail.
    fn sync(&self) -> io::Result<()> {
        let failing =
            self.syncs.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if failing.is_ok() {
            return Err(io::Error::other("a broken disk"));
        }
        Ok(())
    }

    /// Fails when there is to be no space.
    fn take_space(&self) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
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

    /// Fails as writing a new file does when the disk is full or broken: what was
    /// written of it stood under a temporary name, and is gone again.
    fn write(&self, path: &TreePath, content: &[u8], sync: bool) -> Result<()> {
        let written = self.faults.take_space();
        let length = if written.is_ok() { content.len() } else { content.len() / 2 };
        let written = written.and_then(|()| if sync { self.faults.sync() } else { Ok(()) });
        let Err(source) = written else {
            return Ok(());
        };
        let folder = path.parent().unwrap_or_else(TreePath::root);
        let temporary = folder.join(&format!(".{}.faulty.tmp", path.name()));
        self.disk.write_new(&temporary, &content[..length], false)?;
        self.disk.remove_file(&temporary)?;
        Err(Error::io("write", path.as_str(), source))
    }

    fn wrap(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(FaultyFile { file, faults: Arc::clone(&self.faults) })
    }
}

impl Disk for FaultyDisk {
    fn location(&self) -> String {
        self.disk.location()
    }

    fn read(&self, path: &TreePath, bytes_max: usize) -> Result<Option<Content>> {
        self.disk.read(path, bytes_max)
    }

    fn replace(
        &self,
        path: &TreePath,
        content: &[u8],
        unless_changed: Option<Expected>,
    ) -> Result<Replaced> {
        self.write(path, content, true)?;
        let replaced = self.disk.replace(path, content, unless_changed)?;
        if matches!(replaced, Replaced::Done(_)) {
            self.faults.synced.fetch_add(1, Ordering::SeqCst);
        }
        Ok(replaced)
    }

    fn write_new(&self, path: &TreePath, content: &[u8], sync: bool) -> Result<()> {
        self.write(path, content, sync)?;
        self.disk.write_new(path, content, sync)?;
        self.faults.synced.fetch_add(usize::from(sync), Ordering::SeqCst);
        Ok(())
    }

    fn create_new_folder(&self, path: &TreePath) -> Result<()> {
        self.faults.take_space().map_err(|source| Error::io("create", path.as_str(), source))?;
        self.disk.create_new_folder(path)
    }

    fn remove_tree(&self, path: &TreePath) -> Result<()> {
        self.disk.remove_tree(path)
    }

    fn free_bytes(&self) -> Result<u64> {
        match self.faults.free_bytes.load(Ordering::SeqCst) {
            0 => self.disk.free_bytes(),
            said => Ok(said),
        }
    }

    fn open(&self, path: &TreePath) -> Result<Option<Arc<dyn DiskFile>>> {
        if self.faults.archives.load(Ordering::SeqCst) && path.name().ends_with(".archived") {
            return Err(Error::io("open", path.as_str(), io::Error::other("a broken disk")));
        }
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
        self.faults.listed.fetch_add(1, Ordering::SeqCst);
        self.disk.list(path)
    }

    fn list_with_lengths(&self, path: &TreePath) -> Result<Option<Vec<(Entry, u64)>>> {
        self.faults.listed.fetch_add(1, Ordering::SeqCst);
        self.disk.list_with_lengths(path)
    }

    fn rename_new(&self, from: &TreePath, to: &TreePath) -> Result<Renamed> {
        self.disk.rename_new(from, to)
    }

    fn rename_over(&self, from: &TreePath, to: &TreePath) -> Result<()> {
        self.disk.rename_over(from, to)
    }

    fn is_folder_of_host(&self, path: &str) -> bool {
        self.disk.is_folder_of_host(path)
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

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(offset, into)?;
        self.faults.bytes_read.fetch_add(read, Ordering::SeqCst);
        Ok(read)
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
        self.faults.sync()?;
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
