//! Hints about single files, for whoever follows one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::disk::{Disk, Hints};
use crate::domain::TreePath;

/// Hints about files that somebody follows. The system is asked for a folder once,
/// however many follow something in it.
pub(super) struct FileHints {
    table: Arc<Mutex<Table>>,
    hints: Mutex<Source>,
    disk: Arc<dyn Disk>,
}

#[derive(Default)]
struct Table {
    /// Who follows a path.
    followers: HashMap<TreePath, Vec<Arc<Notify>>>,
    /// How many follow something in a folder.
    folders: HashMap<TreePath, usize>,
}

enum Source {
    NotAsked,
    Asked(Option<Box<dyn Hints>>),
}

/// Tells of changes of some paths, for as long as it is kept.
pub(super) struct FileHint {
    paths: Vec<TreePath>,
    changed: Arc<Notify>,
    hints: Arc<FileHints>,
}

impl Table {
    fn notify(&self, path: &TreePath) {
        self.followers.get(path).into_iter().flatten().for_each(|one| one.notify_waiters());
    }
}

impl FileHints {
    pub(super) fn new(disk: Arc<dyn Disk>) -> Arc<Self> {
        Arc::new(Self { table: Arc::default(), hints: Mutex::new(Source::NotAsked), disk })
    }

    /// Follows some paths.
    pub(super) fn follow(self: &Arc<Self>, paths: &[TreePath]) -> FileHint {
        let changed = Arc::<Notify>::default();
        {
            let mut table = super::locked(&self.table);
            for path in paths {
                table.followers.entry(path.clone()).or_default().push(Arc::clone(&changed));
                *table.folders.entry(path.folder()).or_default() += 1;
            }
        }
        self.with_hints(|hints| {
            for path in paths {
                // Where the system gives no hints, looking from time to time must do.
                let _ = hints.watch(&path.folder());
            }
        });
        FileHint { paths: paths.to_vec(), changed, hints: Arc::clone(self) }
    }

    /// Says that a path has changed, to those who follow it.
    pub(super) fn tell(&self, path: &TreePath) {
        super::locked(&self.table).notify(path);
    }

    fn with_hints(&self, act: impl FnOnce(&mut Box<dyn Hints>)) {
        let mut source = super::locked(&self.hints);
        if let Source::NotAsked = *source {
            let table = Arc::clone(&self.table);
            *source = Source::Asked(self.disk.hints(Box::new(move |path| {
                let table = super::locked(&table);
                match path {
                    Some(path) => table.notify(&path),
                    None => table.followers.keys().for_each(|path| table.notify(path)),
                }
            })));
        }
        if let Source::Asked(Some(hints)) = &mut *source {
            act(hints);
        }
    }
}

impl FileHint {
    /// Returns a future that ends with the next change after this call.
    pub(super) fn next(&self) -> impl Future<Output = ()> + Send + use<> {
        Arc::clone(&self.changed).notified_owned()
    }
}

impl Drop for FileHint {
    fn drop(&mut self) {
        let mut left = Vec::new();
        {
            let mut table = super::locked(&self.hints.table);
            for path in &self.paths {
                if let Some(followers) = table.followers.get_mut(path) {
                    followers.retain(|one| !Arc::ptr_eq(one, &self.changed));
                    if followers.is_empty() {
                        table.followers.remove(path);
                    }
                }
                let folder = path.folder();
                if let Some(count) = table.folders.get_mut(&folder) {
                    *count -= 1;
                    if *count == 0 {
                        table.folders.remove(&folder);
                        left.push(folder);
                    }
                }
            }
        }
        self.hints.with_hints(|hints| {
            // Somebody may have begun to follow something there since.
            let table = super::locked(&self.hints.table);
            left.retain(|folder| !table.folders.contains_key(folder));
            drop(table);
            left.iter().for_each(|folder| hints.unwatch(folder));
        });
    }
}
