//! Hints about single folders, for whoever follows a file in one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::disk::{Disk, Hints};
use crate::domain::TreePath;

/// Hints about folders that somebody follows. The system is asked for a folder once,
/// however many follow it.
pub(super) struct FolderHints {
    table: Arc<Mutex<HashMap<TreePath, Followed>>>,
    hints: Mutex<Source>,
    disk: Arc<dyn Disk>,
}

struct Followed {
    changed: Arc<Notify>,
    followers: usize,
}

enum Source {
    NotAsked,
    Asked(Option<Box<dyn Hints>>),
}

/// Tells of changes in a folder, for as long as it is kept.
pub(super) struct FolderHint {
    folder: TreePath,
    changed: Arc<Notify>,
    hints: Arc<FolderHints>,
}

impl FolderHints {
    pub(super) fn new(disk: Arc<dyn Disk>) -> Arc<Self> {
        Arc::new(Self { table: Arc::default(), hints: Mutex::new(Source::NotAsked), disk })
    }

    /// Follows a folder.
    pub(super) fn follow(self: &Arc<Self>, folder: &TreePath) -> FolderHint {
        let changed = {
            let mut table = super::locked(&self.table);
            let followed = table
                .entry(folder.clone())
                .or_insert_with(|| Followed { changed: Arc::default(), followers: 0 });
            followed.followers += 1;
            Arc::clone(&followed.changed)
        };
        self.with_hints(|hints| {
            let _ = hints.watch(folder);
        });
        FolderHint { folder: folder.clone(), changed, hints: Arc::clone(self) }
    }

    fn with_hints(&self, act: impl FnOnce(&mut Box<dyn Hints>)) {
        let mut source = super::locked(&self.hints);
        if let Source::NotAsked = *source {
            let table = Arc::clone(&self.table);
            *source = Source::Asked(self.disk.hints(Box::new(move |path| {
                let table = super::locked(&table);
                match path {
                    Some(path) => {
                        for folder in [path.parent(), Some(path)].into_iter().flatten() {
                            if let Some(followed) = table.get(&folder) {
                                followed.changed.notify_waiters();
                            }
                        }
                    }
                    None => table.values().for_each(|one| one.changed.notify_waiters()),
                }
            })));
        }
        if let Source::Asked(Some(hints)) = &mut *source {
            act(hints);
        }
    }
}

impl FolderHint {
    /// Returns a future that ends with the next change after this call.
    pub(super) fn next(&self) -> impl Future<Output = ()> + Send + use<> {
        Arc::clone(&self.changed).notified_owned()
    }
}

impl Drop for FolderHint {
    fn drop(&mut self) {
        {
            let mut table = super::locked(&self.hints.table);
            let Some(followed) = table.get_mut(&self.folder) else { return };
            followed.followers -= 1;
            if followed.followers > 0 {
                return;
            }
            table.remove(&self.folder);
        }
        self.hints.with_hints(|hints| {
            // Somebody may have begun to follow it since.
            if !super::locked(&self.hints.table).contains_key(&self.folder) {
                hints.unwatch(&self.folder);
            }
        });
    }
}
