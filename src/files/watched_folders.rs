//! The folders for which the system is asked for hints.

use std::collections::BTreeSet;

use crate::disk::Hints;
use crate::domain::TreePath;

/// A set of folders with hints, as far as the system gives any.
pub(in crate::files) struct WatchedFolders {
    hints: Option<Box<dyn Hints>>,
    watched: BTreeSet<TreePath>,
    /// Folders for which the system gave none: they are not there, or are too many.
    refused: BTreeSet<TreePath>,
}

impl WatchedFolders {
    /// Begins with no folder.
    pub(in crate::files) fn new(hints: Option<Box<dyn Hints>>) -> Self {
        Self { hints, watched: BTreeSet::new(), refused: BTreeSet::new() }
    }

    /// Asks for hints about these folders and no others. Returns whether some are
    /// new: what changed before its watch began gave no hint.
    ///
    /// `renew` asks again for those that it asked for before: one that was removed and made
    /// again is watched no more, and one that was refused may be there by now. To ask costs a
    /// turn of another thread for each.
    pub(in crate::files) fn set(&mut self, wanted: BTreeSet<TreePath>, renew: bool) -> bool {
        let Some(hints) = &mut self.hints else { return false };
        let watched = std::mem::take(&mut self.watched);
        let refused = std::mem::take(&mut self.refused);
        for folder in watched.difference(&wanted) {
            hints.unwatch(folder);
        }
        let mut has_new = false;
        for folder in wanted {
            let was_watched = watched.contains(&folder);
            let is_watched = if renew || !(was_watched || refused.contains(&folder)) {
                hints.watch(&folder)
            } else {
                was_watched
            };
            has_new |= is_watched && !was_watched;
            if is_watched { &mut self.watched } else { &mut self.refused }.insert(folder);
        }
        has_new
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Watches all but one folder, and notes what it was asked.
    struct Noted {
        asked: Arc<Mutex<Vec<String>>>,
        missing: Arc<Mutex<TreePath>>,
    }

    impl Hints for Noted {
        fn watch(&mut self, folder: &TreePath) -> bool {
            self.asked.lock().expect("whole").push(format!("+{folder}"));
            *self.missing.lock().expect("whole") != *folder
        }

        fn unwatch(&mut self, folder: &TreePath) {
            self.asked.lock().expect("whole").push(format!("-{folder}"));
        }
    }

    #[test]
    fn what_is_watched_is_asked_for_again_only_to_renew_and_what_went_away_is_new_when_it_is_back()
    {
        let (a, b) = (TreePath::root().join("a"), TreePath::root().join("b"));
        let (asked, missing) = (Arc::default(), Arc::new(Mutex::new(TreePath::root())));
        let hints = Noted { asked: Arc::clone(&asked), missing: Arc::clone(&missing) };
        let mut watched = WatchedFolders::new(Some(Box::new(hints)));
        let mut set = |folders: &[&TreePath], renew| {
            let has_new =
                watched.set(folders.iter().map(|&folder| folder.clone()).collect(), renew);
            (has_new, std::mem::take(&mut *asked.lock().expect("whole")).join(" "))
        };
        assert_eq!(set(&[&a, &b], false), (true, "+a +b".to_owned()));
        assert_eq!(set(&[&a, &b], false), (false, String::new()));
        assert_eq!(set(&[&a, &b], true), (false, "+a +b".to_owned()));
        *missing.lock().expect("whole") = b.clone();
        assert_eq!(set(&[&a, &b], true), (false, "+a +b".to_owned()));
        *missing.lock().expect("whole") = TreePath::root();
        assert_eq!(set(&[&a, &b], false), (false, String::new()));
        assert_eq!(set(&[&a, &b], true), (true, "+a +b".to_owned()));
        assert_eq!(set(&[&a], false), (false, "-b".to_owned()));
    }
}
