//! Hints about changes from the operating system.

use std::path::{Path, PathBuf};

use notify::event::{EventKind, Flag};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::domain::TreePath;

use super::{Changed, Hints};

/// Hints from inotify, or from what the system has in its place.
pub(super) struct NotifyHints {
    root: PathBuf,
    watcher: RecommendedWatcher,
}

impl NotifyHints {
    /// Starts without watching anything; none when the system has no more room.
    pub(super) fn start(root: PathBuf, changed: Changed) -> Option<Self> {
        let below = root.clone();
        let watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| match event {
                Ok(event) if event.attrs.flag() == Some(Flag::Rescan) => changed(None),
                // Reading a file changes nothing.
                Ok(event) if matches!(event.kind, EventKind::Access(_)) => {}
                Ok(event) => {
                    for path in &event.paths {
                        changed(tree_path(&below, path));
                    }
                }
                Err(_) => changed(None),
            });
        match watcher {
            Ok(watcher) => Some(Self { root, watcher }),
            Err(error) => {
                tracing::warn!(%error, "no hints about changes; looking from time to time instead");
                None
            }
        }
    }

    fn absolute(&self, folder: &TreePath) -> PathBuf {
        folder.components().fold(self.root.clone(), |path, component| path.join(component))
    }
}

impl Hints for NotifyHints {
    fn watch(&mut self, folder: &TreePath) -> bool {
        self.watcher.watch(&self.absolute(folder), RecursiveMode::NonRecursive).is_ok()
    }

    fn unwatch(&mut self, folder: &TreePath) {
        // It fails when the folder is gone, which ended the watch as well.
        let _ = self.watcher.unwatch(&self.absolute(folder));
    }
}

fn tree_path(root: &Path, path: &Path) -> Option<TreePath> {
    let mut tree_path = TreePath::root();
    for component in path.strip_prefix(root).ok()?.components() {
        tree_path = tree_path.join(component.as_os_str().to_str()?);
    }
    Some(tree_path)
}
