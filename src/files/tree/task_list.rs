//! Lists of tasks, newest first.

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::Timestamp;

use crate::disk::Status;
use crate::domain::{ProjectId, Task, TaskKey};
use crate::error::{Reason, Result};
use crate::layout::paths;
use crate::store::{Page, TaskPosition, TaskQuery};

use super::Tree;
use super::tasks::time_in_id;

/// When tasks were made, by what their records were when that was read: a list is
/// sorted by it.
#[derive(Default)]
pub(super) struct Ages {
    known: Mutex<HashMap<TaskKey, (Status, Option<Timestamp>)>>,
}

impl Ages {
    /// Keeps only these tasks of a project; they are sorted.
    fn keep(&self, project: &ProjectId, tasks: &[TaskKey]) {
        super::locked(&self.known)
            .retain(|known, _| known.project != *project || tasks.binary_search(known).is_ok());
    }

    /// Forgets a task.
    pub(super) fn forget(&self, key: &TaskKey) {
        super::locked(&self.known).remove(key);
    }
}

impl Tree {
    /// Lists a project's tasks, newest first.
    pub(in crate::files) fn list_tasks(&self, query: &TaskQuery) -> Result<Page<Task>> {
        // A project that is no folder is an error; one that is not there has none.
        self.is_folder(&paths::project_folder(&query.project))?;
        let keys = self.task_keys(&query.project)?;
        self.ages.keep(&query.project, &keys);
        let mut aged: Vec<(Option<Timestamp>, TaskKey)> =
            keys.into_iter().map(|key| (self.age(&key), key)).collect();
        aged.sort_by(|(one, key), (other, other_key)| other.cmp(one).then(key.cmp(other_key)));
        let follows = |(created_at, key): &(Option<Timestamp>, TaskKey)| {
            let Some(TaskPosition { created_at: last, task }) = &query.after else { return true };
            created_at < last || (created_at == last && key.task > *task)
        };
        let mut items = Vec::new();
        for (_, key) in aged.iter().filter(|one| follows(one)) {
            let task = match self.show_task(key) {
                Ok(task) => task,
                // Removed meanwhile, or a folder of something else.
                Err(error) if error.reason() == Reason::TaskNotFound => continue,
                Err(error) => return Err(error),
            };
            if !query.statuses.is_empty() && !query.statuses.contains(&task.record.status) {
                continue;
            }
            if items.len() == query.limit {
                return Ok(Page { items, more: true });
            }
            items.push(task);
        }
        Ok(Page { items, more: false })
    }

    /// Returns when a task was made.
    fn age(&self, key: &TaskKey) -> Option<Timestamp> {
        let path = paths::task_record_file(&paths::task_folder(key));
        let by_id = || time_in_id(key.task.as_str());
        let Ok(Some(status)) = self.disk.status(&path) else { return by_id() };
        if let Some((seen, age)) = super::locked(&self.ages.known).get(key)
            && *seen == status
        {
            return *age;
        }
        let record = self.read_document(&path).ok().flatten();
        let record = record.and_then(|document| self.parse_record(key, &document).ok());
        let age = record.and_then(|record| record.created_at).or_else(by_id);
        super::locked(&self.ages.known).insert(key.clone(), (status, age));
        age
    }
}
