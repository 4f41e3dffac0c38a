//! Tasks: folders of projects.

use std::sync::PoisonError;

use jiff::Timestamp;

use crate::domain::{Task, TaskKey, TaskProgress, TaskRecord, TreePath};
use crate::error::{Error, Reason, Result};
use crate::layout::{paths, stamp, state_file, task_config_file, task_file};

use super::Tree;
use super::document::Document;

/// How much is read of a task's record.
enum Detail {
    /// Its basic fields.
    Basic,
    /// All of it.
    Whole,
    /// All of it, which was just written.
    Written(Document),
}

impl Tree {
    /// Returns a task with its prompt, its steps and its history.
    pub(in crate::files) fn task(&self, key: &TaskKey) -> Result<Task> {
        self.demand_project(&key.project)?;
        self.with_prompt(self.read_task(key, Detail::Whole)?)
    }

    /// Adds its prompt to a task.
    pub(super) fn with_prompt(&self, mut task: Task) -> Result<Task> {
        match self.read_document(&paths::task_prompt_file(&paths::task_folder(&task.key))) {
            Ok(prompt) => {
                let text =
                    |document: Document| String::from_utf8_lossy(&document.bytes).into_owned();
                task.prompt = prompt.map(text);
            }
            // Another program's prompt hides nothing else of the task.
            Err(error) if error.reason() == Reason::CorruptDocument => {
                let problems = task.problem.into_iter().chain([error.to_string()]);
                task.problem = Some(problems.collect::<Vec<_>>().join("; "));
            }
            Err(error) => return Err(error),
        }
        Ok(task)
    }

    /// Returns a task with this record, its steps and its history.
    pub(super) fn task_of(&self, key: &TaskKey, record: Document) -> Result<Task> {
        self.read_task(key, Detail::Written(record))
    }

    /// Refuses a task that does not exist.
    pub(super) fn demand_task(&self, key: &TaskKey) -> Result<()> {
        self.demand_project(&key.project)?;
        let entries = self.disk.list(&paths::task_folder(key))?.unwrap_or_default();
        if entries.iter().any(|entry| paths::makes_a_task(&entry.name)) {
            Ok(())
        } else {
            Err(Error::TaskNotFound { task: key.to_string() })
        }
    }

    pub(super) fn parse_record(&self, key: &TaskKey, document: &Document) -> Result<TaskRecord> {
        task_file::read(&document.bytes).map_err(|damage| {
            Error::corrupt(&paths::task_record_file(&paths::task_folder(key)), &damage)
        })
    }

    pub(super) fn parse_progress(
        &self,
        key: &TaskKey,
        document: &Document,
    ) -> Result<TaskProgress> {
        task_file::read_progress(&document.bytes).map_err(|damage| {
            Error::corrupt(&paths::task_record_file(&paths::task_folder(key)), &damage)
        })
    }

    /// Returns a task as a list shows it, without its prompt; what of it cannot be
    /// read is its problem.
    ///
    /// # Errors
    /// TASK_NOT_FOUND for what is no task.
    pub(super) fn show_task(&self, key: &TaskKey) -> Result<Task> {
        match self.read_task(key, Detail::Basic) {
            Err(error) if error.reason() != Reason::TaskNotFound => Ok(damaged(key, &error)),
            read => read,
        }
    }

    /// Reads a task. When all of its record is wanted, one that cannot be read is an error;
    /// else it is the task's problem.
    fn read_task(&self, key: &TaskKey, detail: Detail) -> Result<Task> {
        let folder = paths::task_folder(key);
        let entries = self.disk.list(&folder)?.unwrap_or_default();
        let has = |path: &TreePath| entries.iter().any(|entry| entry.name == path.name());
        if !entries.iter().any(|entry| paths::makes_a_task(&entry.name)) {
            return Err(Error::TaskNotFound { task: key.to_string() });
        }
        let mut problems = Vec::new();
        let mut read = |path: TreePath| {
            if !has(&path) {
                return None;
            }
            self.read_document(&path).unwrap_or_else(|error| {
                problems.push(error.to_string());
                None
            })
        };
        let record_file = paths::task_record_file(&folder);
        let is_basic = matches!(detail, Detail::Basic);
        let document = match detail {
            Detail::Basic => read(record_file),
            Detail::Whole => self.read_document(&record_file)?,
            Detail::Written(document) => Some(document),
        };
        let config_file = paths::task_config_file(&folder);
        let config = read(config_file.clone());
        let state = read(paths::task_state_file(&folder));
        let record = document.as_ref().map(|document| self.parse_record(key, document));
        let record = match record.transpose() {
            Err(error) if is_basic => {
                problems.push(error.to_string());
                None
            }
            record => record?,
        };
        let progress = match &document {
            Some(document) if !is_basic => Some(self.parse_progress(key, document)?),
            _ => None,
        };
        let depends_on = config.map(|document| task_config_file::read(&document.bytes));
        let depends_on = depends_on.transpose().unwrap_or_else(|damage| {
            problems.push(format!("{config_file} cannot be read: {damage}"));
            None
        });
        let record = record.unwrap_or_default();
        Ok(Task {
            key: key.clone(),
            created_at: record.created_at.or_else(|| time_in_id(key.task.as_str())),
            record,
            progress: progress.map(Box::new),
            prompt: None,
            depends_on: depends_on.unwrap_or_default(),
            state_status: state
                .map(|document| state_file::read(&document.bytes).state.status)
                .unwrap_or_default(),
            done: has(&paths::task_done_file(&folder)),
            etag: document.map(|document| document.etag),
            problem: (!problems.is_empty()).then(|| problems.join("; ")),
        })
    }

    /// Takes a task out of the tree; returns what is left to be removed.
    pub(in crate::files) fn delete_task(&self, key: &TaskKey, force: bool) -> Result<TreePath> {
        // No run of ours is created meanwhile.
        let _alone = self.removals.write().unwrap_or_else(PoisonError::into_inner);
        self.demand_task(key)?;
        if !force {
            self.demand_none_alive(key)?;
        }
        let discarded = self.discard(&paths::task_folder(key))?;
        self.runs.forget_task(key);
        self.run_folders.forget(|task| task == key);
        self.ages.forget(key);
        self.changes.touch_task(key);
        Ok(discarded)
    }
}

/// A task that cannot be looked into.
fn damaged(key: &TaskKey, error: &Error) -> Task {
    Task {
        key: key.clone(),
        record: TaskRecord::default(),
        progress: None,
        created_at: time_in_id(key.task.as_str()),
        prompt: None,
        depends_on: Vec::new(),
        state_status: String::new(),
        done: false,
        etag: None,
        problem: Some(error.to_string()),
    }
}

/// Reads the time in an id of the form `task-YYYYMMDD-HHMMSS…`.
pub(super) fn time_in_id(id: &str) -> Option<Timestamp> {
    stamp::time_at_beginning(id.strip_prefix("task-")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_in_an_id_is_read() {
        let time = time_in_id("task-20260205-115154-greeting").expect("a time");
        assert_eq!(time.to_string(), "2026-02-05T11:51:54Z");
        assert!(time_in_id("task-20260205-115154").is_some());
        assert!(time_in_id("task-20261305-115154").is_none());
        assert!(time_in_id("greeting").is_none());
        assert!(time_in_id("task-ä").is_none());
    }
}
