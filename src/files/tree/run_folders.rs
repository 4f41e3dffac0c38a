//! The folders of a task's runs as they were listed, so that a page of a long list costs no
//! listing of all of it. Used only while the folder is as it was when it was listed.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::disk::Status;
use crate::domain::TaskKey;
use crate::error::Result;
use crate::layout::paths;
use crate::limits::RUN_NAMES_BYTES_MAX;

use super::{Tree, time_grain};

/// Fewer folders than these are listed each time: that takes no longer than looking here.
const LONG: usize = 500;
/// What a name takes besides its text, in bytes.
const NAME_BYTES: usize = 40;

/// The long lists that are kept.
#[derive(Default)]
pub(super) struct RunFolders(Mutex<HashMap<TaskKey, Kept>>);

struct Kept {
    /// The folder when it was listed.
    status: Status,
    /// When it was first seen like this.
    since: Instant,
    /// Their names in order, when they were listed so late that nothing can have changed since
    /// without a trace in the status.
    names: Option<Arc<[String]>>,
    /// What these take, roughly.
    bytes: usize,
}

impl RunFolders {
    fn get(&self, task: &TaskKey, status: &Status) -> Option<Arc<[String]>> {
        let lists = super::locked(&self.0);
        lists.get(task).filter(|kept| kept.status == *status)?.names.clone()
    }

    /// Keeps a list; `seen` is from before to after the look at the folder's status.
    fn keep(&self, task: &TaskKey, status: Status, seen: Range<Instant>, names: &Arc<[String]>) {
        let mut lists = super::locked(&self.0);
        let before = lists.remove(task);
        let bytes = names.iter().map(|name| name.len() + NAME_BYTES).sum();
        if names.len() < LONG || bytes > RUN_NAMES_BYTES_MAX {
            return;
        }
        let same = before.filter(|before| before.status == status);
        let since = same.map_or(seen.end, |same| same.since);
        let is_settled = seen.start.saturating_duration_since(since) > time_grain(&status);
        while bytes + lists.values().map(|kept| kept.bytes).sum::<usize>() > RUN_NAMES_BYTES_MAX
            && let Some(longest) = lists.iter().max_by_key(|(_, kept)| kept.bytes)
        {
            let longest = longest.0.clone();
            lists.remove(&longest);
        }
        // One that was not kept counts, too: it is about to be.
        let names = is_settled.then(|| Arc::clone(names));
        lists.insert(task.clone(), Kept { status, since, names, bytes });
    }

    /// Forgets the lists of tasks that are gone.
    pub(super) fn forget(&self, is_gone: impl Fn(&TaskKey) -> bool) {
        super::locked(&self.0).retain(|task, _| !is_gone(task));
    }
}

impl Tree {
    /// Returns what [`run_folders`](Tree::run_folders) returns, and lists the folder only when
    /// it has to.
    pub(super) fn listed_run_folders(&self, task: &TaskKey) -> Result<Arc<[String]>> {
        let begin = Instant::now();
        let Some(status) = self.disk.status(&paths::runs_folder(task))? else {
            return Ok(Arc::default());
        };
        let seen = begin..Instant::now();
        if let Some(names) = self.run_folders.get(task, &status) {
            return Ok(names);
        }
        let names: Arc<[String]> = self.run_folders(task)?.into();
        self.run_folders.keep(task, status, seen, &names);
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::disk::{Identity, Kind};
    use crate::domain::{ProjectId, TaskId};

    fn status(nanosecond: i32) -> Status {
        let changed = Timestamp::new(1_700_000_000, nanosecond).expect("a time");
        let identity = Identity { device: 1, inode: 2 };
        Status { kind: Kind::Folder, length: 4096, identity, modified: changed, changed }
    }

    /// Whether a list is kept that was seen again so long after it was first seen like this.
    fn is_kept_after(status: Status, wait: Duration) -> bool {
        let project = ProjectId::parse("p").expect("a project's id");
        let task = TaskKey { project, task: TaskId::parse("t").expect("a task's id") };
        let names: Arc<[String]> = (0..LONG).map(|number| number.to_string()).collect();
        let (lists, first) = (RunFolders::default(), Instant::now());
        lists.keep(&task, status, first..first, &names);
        assert!(lists.get(&task, &status).is_none(), "a change in the same moment left no trace");
        lists.keep(&task, status, first + wait..first + wait, &names);
        lists.get(&task, &status).is_some()
    }

    #[test]
    fn a_list_is_kept_once_the_times_of_its_folder_would_have_moved() {
        let [short, long] = [Duration::from_millis(200), Duration::from_secs(3)];
        assert!(is_kept_after(status(5), short));
        assert!(!is_kept_after(status(0), short), "it may be a file system of whole seconds");
        assert!(is_kept_after(status(0), long));
    }
}
