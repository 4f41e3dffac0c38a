//! A disk that counts its steps, and fails at the one that a test names.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use callboard::disk::{
    Changed, Content, Disk, DiskFile, Entry, Expected, Hints, OsDisk, Renamed, Replaced, Status,
};
use callboard::domain::TreePath;
use callboard::error::{Error, Result};

/// In which way it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// From that step on nothing more can be written.
    Full,
    /// That one sync fails.
    Sync,
}

/// Called before a document is replaced.
type BeforeReplace = Box<dyn Fn(&TreePath) + Send>;

/// What the disk is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// To list a folder.
    List,
    /// To make a file with its content.
    Create,
    /// To give a file its place.
    Rename,
    /// To sync a file.
    Sync,
    /// To sync a folder.
    SyncFolder,
}

/// Called before each of these calls; what it fails with, the call fails with.
type BeforeCall = Arc<dyn Fn(Call, &TreePath) -> io::Result<()> + Send + Sync>;

/// What is to fail, and what was done.
#[derive(Default)]
pub(crate) struct Steps(Mutex<State>);

#[derive(Default)]
struct State {
    armed: Option<(Fault, usize)>,
    /// Steps since it was armed that can fail in this way.
    count: usize,
    hit: bool,
    /// The names of files and documents that were written, in order.
    written: Vec<String>,
    /// How many documents were read.
    read: usize,
    before_replace: Option<BeforeReplace>,
    before_call: Option<BeforeCall>,
}

impl Steps {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("the steps")
    }

    /// Makes a step from now on fail, counted from 0.
    pub(crate) fn arm(&self, fault: Fault, step: usize) {
        let mut state = self.state();
        (state.armed, state.count, state.hit) = (Some((fault, step)), 0, false);
    }

    /// Lets everything succeed again; returns whether something has failed.
    pub(crate) fn disarm(&self) -> bool {
        let mut state = self.state();
        state.armed = None;
        state.hit
    }

    /// Calls something before each replacement of a document.
    pub(crate) fn before_replace(&self, call: impl Fn(&TreePath) + Send + 'static) {
        self.state().before_replace = Some(Box::new(call));
    }

    /// Calls something before each of the calls that it is told of. It may take its time.
    pub(crate) fn before_call(
        &self,
        call: impl Fn(Call, &TreePath) -> io::Result<()> + Send + Sync + 'static,
    ) {
        self.state().before_call = Some(Arc::new(call));
    }

    fn call(&self, call: Call, path: &TreePath) -> io::Result<()> {
        let before = self.state().before_call.clone();
        before.map_or(Ok(()), |before| before(call, path))
    }

    fn path_call(&self, call: Call, path: &TreePath) -> Result<()> {
        self.call(call, path).map_err(|source| Error::io("handle", path.as_str(), source))
    }

    /// Returns the names of what was written since the last call.
    pub(crate) fn written(&self) -> Vec<String> {
        std::mem::take(&mut self.state().written)
    }

    /// Returns how many documents were read since the last call.
    pub(crate) fn documents_read(&self) -> usize {
        std::mem::take(&mut self.state().read)
    }

    fn note(&self, path: &TreePath) {
        self.state().written.push(path.name().to_owned());
    }

    fn step(&self, kind: Fault) -> io::Result<()> {
        let mut state = self.state();
        let Some((fault, at)) = state.armed.filter(|(fault, _)| *fault == kind) else {
            return Ok(());
        };
        let step = state.count;
        state.count += 1;
        if step != at && (fault == Fault::Sync || step < at) {
            return Ok(());
        }
        state.hit = true;
        Err(match fault {
            Fault::Full => io::ErrorKind::StorageFull.into(),
            Fault::Sync => io::Error::other("a broken disk"),
        })
    }

    fn path_step(&self, kind: Fault, path: &TreePath) -> Result<()> {
        self.step(kind).map_err(|source| Error::io("write", path.as_str(), source))
    }
}

/// The disk.
pub(crate) struct StepDisk {
    disk: OsDisk,
    steps: Arc<Steps>,
}

impl StepDisk {
    /// Opens a root.
    pub(crate) fn open(root: &Path, steps: &Arc<Steps>) -> Arc<Self> {
        let disk = OsDisk::open_root(root).expect("the root");
        Arc::new(Self { disk, steps: Arc::clone(steps) })
    }

    fn wrap(&self, path: &TreePath, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(StepFile { file, path: path.clone(), steps: Arc::clone(&self.steps) })
    }
}

impl Disk for StepDisk {
    fn location(&self) -> String {
        self.disk.location()
    }

    fn open(&self, path: &TreePath) -> Result<Option<Arc<dyn DiskFile>>> {
        Ok(self.disk.open(path)?.map(|file| self.wrap(path, file)))
    }

    fn open_append(&self, path: &TreePath) -> Result<Option<Arc<dyn DiskFile>>> {
        Ok(self.disk.open_append(path)?.map(|file| self.wrap(path, file)))
    }

    fn create_append(&self, path: &TreePath) -> Result<Arc<dyn DiskFile>> {
        if self.disk.status(path)?.is_none() {
            self.steps.path_step(Fault::Full, path)?;
        }
        Ok(self.wrap(path, self.disk.create_append(path)?))
    }

    fn create_synced(&self, path: &TreePath, content: &[u8]) -> Result<()> {
        self.steps.path_step(Fault::Full, path)?;
        self.steps.path_step(Fault::Sync, path)?;
        self.steps.note(path);
        self.steps.path_call(Call::Create, path)?;
        self.disk.create_synced(path, content)?;
        // The file is there, and its name may not be on disk.
        self.steps.path_step(Fault::Sync, path)
    }

    fn read(&self, path: &TreePath, bytes_max: usize) -> Result<Option<Content>> {
        let content = self.disk.read(path, bytes_max)?;
        self.steps.state().read += usize::from(content.is_some());
        Ok(content)
    }

    fn replace(
        &self,
        path: &TreePath,
        content: &[u8],
        unless_changed: Option<Expected>,
    ) -> Result<Replaced> {
        if let Some(call) = &self.steps.state().before_replace {
            call(path);
        }
        self.steps.path_step(Fault::Full, path)?;
        self.steps.path_step(Fault::Sync, path)?;
        let replaced = self.disk.replace(path, content, unless_changed)?;
        if matches!(replaced, Replaced::Done(_)) {
            self.steps.note(path);
            // The last step: the new content is seen, and may not be on disk.
            self.steps.path_step(Fault::Sync, path)?;
        }
        Ok(replaced)
    }

    fn write_new(&self, path: &TreePath, content: &[u8], sync: bool) -> Result<()> {
        self.steps.path_step(Fault::Full, path)?;
        if sync {
            self.steps.path_step(Fault::Sync, path)?;
        }
        self.steps.note(path);
        self.disk.write_new(path, content, sync)
    }

    fn create_new_folder(&self, path: &TreePath) -> Result<()> {
        self.steps.path_step(Fault::Full, path)?;
        self.disk.create_new_folder(path)
    }

    fn create_folder(&self, path: &TreePath) -> Result<()> {
        if self.disk.status(path)?.is_some() {
            return self.disk.create_folder(path);
        }
        self.steps.path_step(Fault::Full, path)?;
        self.disk.create_folder(path)?;
        self.steps.path_step(Fault::Sync, path)
    }

    fn status(&self, path: &TreePath) -> Result<Option<Status>> {
        self.disk.status(path)
    }

    fn list(&self, path: &TreePath) -> Result<Option<Vec<Entry>>> {
        self.steps.path_call(Call::List, path)?;
        self.disk.list(path)
    }

    fn list_with_lengths(&self, path: &TreePath) -> Result<Option<Vec<(Entry, u64)>>> {
        self.steps.path_call(Call::List, path)?;
        self.disk.list_with_lengths(path)
    }

    fn rename_new(&self, from: &TreePath, to: &TreePath) -> Result<Renamed> {
        self.steps.path_step(Fault::Full, to)?;
        self.steps.path_call(Call::Rename, to)?;
        self.disk.rename_new(from, to)
    }

    fn rename_over(&self, from: &TreePath, to: &TreePath) -> Result<()> {
        self.steps.path_step(Fault::Full, to)?;
        self.steps.path_call(Call::Rename, to)?;
        self.disk.rename_over(from, to)
    }

    fn is_folder_of_host(&self, path: &str) -> bool {
        self.disk.is_folder_of_host(path)
    }

    fn remove_file(&self, path: &TreePath) -> Result<()> {
        self.disk.remove_file(path)
    }

    fn remove_tree(&self, path: &TreePath) -> Result<()> {
        self.disk.remove_tree(path)
    }

    fn free_bytes(&self) -> Result<u64> {
        self.disk.free_bytes()
    }

    fn sync_folder(&self, path: &TreePath) -> Result<()> {
        self.steps.path_step(Fault::Sync, path)?;
        self.steps.path_call(Call::SyncFolder, path)?;
        self.disk.sync_folder(path)
    }

    fn hints(&self, changed: Changed) -> Option<Box<dyn Hints>> {
        self.disk.hints(changed)
    }
}

struct StepFile {
    file: Arc<dyn DiskFile>,
    path: TreePath,
    steps: Arc<Steps>,
}

impl DiskFile for StepFile {
    fn status(&self) -> io::Result<Status> {
        self.file.status()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, buffer)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        if let Err(full) = self.steps.step(Fault::Full) {
            self.file.append(&bytes[..bytes.len() / 2])?;
            return Err(full);
        }
        self.steps.note(&self.path);
        self.file.append(bytes)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.file.truncate(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.steps.step(Fault::Sync)?;
        self.steps.call(Call::Sync, &self.path)?;
        self.file.sync()
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
