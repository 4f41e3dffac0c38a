//! The folders for which the system is asked for hints.

use std::collections::BTreeSet;

use crate::disk::Hints;
use crate::domain::TreePath;

/// A set of folders with hints, as far as the system gives any.
pub(in crate::files) struct WatchedFolders {
    hints: Option<Box<dyn Hints>>,
    watched: BTreeSet<TreePath>,
}

impl WatchedFolders {
    /// Begins with no folder.
    pub(in crate::files) fn new(hints: Option<Box<dyn Hints>>) -> Self {
        Self { hints, watched: BTreeSet::new() }
    }

    /// Asks for hints about these folders and no others. Returns whether some are
    /// new: what changed before its watch began gave no hint.
    pub(in crate::files) fn set(&mut self, wanted: BTreeSet<TreePath>) -> bool {
        let Some(hints) = &mut self.hints else { return false };
        self.watched.retain(|folder| {
            let keep = wanted.contains(folder);
            if !keep {
                hints.unwatch(folder);
            }
            keep
        });
        let before = self.watched.len();
        // Also those that are watched: one that was removed and made again is not.
        self.watched.extend(wanted.into_iter().filter(|folder| hints.watch(folder)));
        self.watched.len() > before
    }

    /// Returns how many folders there are.
    pub(in crate::files) fn count(&self) -> usize {
        self.watched.len()
    }

    /// Asks for hints about one more folder. Returns whether it is new.
    pub(in crate::files) fn add(&mut self, folder: &TreePath) -> bool {
        let Some(hints) = &mut self.hints else { return false };
        !self.watched.contains(folder) && hints.watch(folder) && self.watched.insert(folder.clone())
    }
}
