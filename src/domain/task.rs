//! Projects and tasks.

use jiff::Timestamp;

use super::{Etag, ProjectId, TaskKey, TaskProgress};

/// Where a project's sources are: what `home-folders.md` says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct HomeFolders {
    /// The folder that agents work in.
    pub project_root: String,
    /// Folders with sources.
    pub source_folders: Vec<String>,
    /// Further folders.
    pub additional_folders: Vec<String>,
}

/// A project as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its folders.
    pub home_folders: HomeFolders,
    /// The version of `home-folders.md`; none when there is no such file.
    pub etag: Option<Etag>,
    /// Why it cannot be read.
    pub problem: Option<String>,
}

/// The basic fields of `task.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TaskRecord {
    /// What the task is about.
    pub description: String,
    /// The template it was made from.
    pub template: String,
    /// The model its agents are to use.
    pub model: String,
    /// Its status, such as `pending`.
    pub status: String,
    /// The step it is at, from 0.
    pub current_step: i64,
    /// How many steps it has.
    pub step_count: usize,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When its record last changed.
    pub updated_at: Option<Timestamp>,
    /// When it reached a final status.
    pub completed_at: Option<Timestamp>,
    /// The version of the form; empty when the file names none.
    pub schema_version: String,
}

/// A task as it is now: three facts that are never mixed, `record.status`,
/// `state_status` and `done`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Task {
    /// Where it is.
    pub key: TaskKey,
    /// What `task.json` says; the default when there is none.
    pub record: TaskRecord,
    /// Its steps and its history; none when they were not asked for.
    pub progress: Option<Box<TaskProgress>>,
    /// When it was made, as far as that can be told.
    pub created_at: Option<Timestamp>,
    /// What `TASK.md` says; none when it was not asked for.
    pub prompt: Option<String>,
    /// The tasks it waits for: `TASK-CONFIG.yaml`.
    pub depends_on: Vec<String>,
    /// The status word of `TASK_STATE.md`; empty when there is no such file.
    pub state_status: String,
    /// Whether `DONE` is there.
    pub done: bool,
    /// The version of `task.json`; none when there is no such file.
    pub etag: Option<Etag>,
    /// Which of its files cannot be read, and why.
    pub problem: Option<String>,
}

/// What `TASK_STATE.md` says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TaskState {
    /// The word after `status:` in the first line.
    pub status: String,
    /// The text below it.
    pub markdown: String,
}
