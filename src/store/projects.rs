//! Projects and tasks as a backend offers them.

use std::future::Future;

use jiff::Timestamp;

use crate::domain::{
    Etag, JsonObject, Project, ProjectId, Reach, RequestId, Step, StepResult, Task, TaskId,
    TaskKey, TaskState,
};
use crate::error::Result;

/// What creating something gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created<T> {
    /// What was created.
    pub item: T,
    /// Whether an earlier call with the same request id had created it.
    pub duplicate: bool,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether there are more.
    pub more: bool,
}

/// Projects: folders of tasks.
///
/// Every backend promises of these and of all that follow:
/// - creation is exclusive, and seen as a whole or not at all;
/// - a request id makes a repeated creation return the first answer;
/// - an update is atomic, keeps what it does not change, and is refused with
///   ETAG_MISMATCH when an etag is given and the document has another;
/// - nothing is acknowledged before it is durable;
/// - a document that cannot be read is an error of its own, and of no list.
pub trait Projects: Send + Sync + 'static {
    /// Creates a project.
    ///
    /// # Errors
    /// INVALID_ID, PROJECT_EXISTS, REQUEST_ID_REUSED, DISK_FULL, IO.
    fn create_project(
        &self,
        new: NewProject,
        request_id: Option<RequestId>,
    ) -> impl Future<Output = Result<Created<Project>>> + Send;

    /// Returns a project.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, CORRUPT_DOCUMENT, NOT_A_REGULAR_FILE, IO.
    fn project(&self, id: ProjectId) -> impl Future<Output = Result<Project>> + Send;

    /// Lists the projects within reach in the order of their ids, strictly after `after`.
    ///
    /// # Errors
    /// IO.
    fn list_projects(
        &self,
        reach: Reach,
        after: Option<ProjectId>,
        limit: usize,
    ) -> impl Future<Output = Result<Page<Project>>> + Send;

    /// Changes a project's home folders.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, ETAG_MISMATCH, FOREIGN_WRITE, LOCK_TIMEOUT,
    /// CORRUPT_DOCUMENT, DISK_FULL, IO.
    fn update_project(
        &self,
        id: ProjectId,
        change: ProjectChange,
        etag: Option<Etag>,
    ) -> impl Future<Output = Result<Project>> + Send;

    /// Removes a project; with `force` also one that holds something.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, NOT_EMPTY, IO.
    fn delete_project(&self, id: ProjectId, force: bool)
    -> impl Future<Output = Result<()>> + Send;
}

/// A project to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProject {
    /// Its id.
    pub id: ProjectId,
    /// Its folders.
    pub home_folders: crate::domain::HomeFolders,
}

/// What to change of a project; none means that it stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectChange {
    /// The folder that agents work in.
    pub project_root: Option<String>,
    /// Folders with sources.
    pub source_folders: Option<Vec<String>>,
    /// Further folders.
    pub additional_folders: Option<Vec<String>>,
}

/// Tasks of projects.
pub trait Tasks: Send + Sync + 'static {
    /// Creates a task, and its project when that is missing. A folder that exists
    /// only because a message or a run came first is taken over.
    ///
    /// # Errors
    /// INVALID_ID, TASK_EXISTS, REQUEST_ID_REUSED, DISK_FULL, IO.
    fn create_task(
        &self,
        new: NewTask,
        request_id: Option<RequestId>,
    ) -> impl Future<Output = Result<Created<Task>>> + Send;

    /// Returns a task with its prompt, its steps and its history.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, CORRUPT_DOCUMENT, IO.
    fn task(&self, key: TaskKey) -> impl Future<Output = Result<Task>> + Send;

    /// Lists a project's tasks without all that, newest first, those of one
    /// instant in the order of their ids. An absent project has none.
    ///
    /// # Errors
    /// IO.
    fn list_tasks(&self, query: TaskQuery) -> impl Future<Output = Result<Page<Task>>> + Send;

    /// Changes a task. The etag covers its record.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, INVALID_TRANSITION, INVALID_FIELD, TOO_LARGE,
    /// ETAG_MISMATCH, FOREIGN_WRITE, LOCK_TIMEOUT, CORRUPT_DOCUMENT, DISK_FULL, IO.
    fn update_task(
        &self,
        key: TaskKey,
        change: TaskChange,
        etag: Option<Etag>,
    ) -> impl Future<Output = Result<Task>> + Send;

    /// Moves a task to another status and appends that to its history. Returns the task
    /// without its prompt.
    ///
    /// # Errors
    /// As `update_task`.
    fn transition_task(
        &self,
        key: TaskKey,
        to: NewStatus,
        etag: Option<Etag>,
    ) -> impl Future<Output = Result<Task>> + Send;

    /// Saves what a step resulted in, and all that comes with it, in one write. Returns
    /// the task without its prompt.
    ///
    /// # Errors
    /// As `update_task`.
    fn save_step_result(
        &self,
        key: TaskKey,
        checkpoint: Checkpoint,
        etag: Option<Etag>,
    ) -> impl Future<Output = Result<Task>> + Send;

    /// Removes a task with everything in it; with `force` also when one of its runs
    /// is alive.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, RUN_ACTIVE, IO.
    fn delete_task(&self, key: TaskKey, force: bool) -> impl Future<Output = Result<()>> + Send;

    /// Returns a task's state document, with its etag; none when there is none.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, IO.
    fn task_state(
        &self,
        key: TaskKey,
    ) -> impl Future<Output = Result<Option<(TaskState, Etag)>>> + Send;

    /// Replaces a task's state document; returns its etag.
    ///
    /// # Errors
    /// As `update_task`.
    fn set_task_state(
        &self,
        key: TaskKey,
        state: TaskState,
        etag: Option<Etag>,
    ) -> impl Future<Output = Result<Etag>> + Send;

    /// Marks a task as done, or no longer. Returns whether that changed anything.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, DISK_FULL, IO.
    fn set_task_done(&self, key: TaskKey, done: bool) -> impl Future<Output = Result<bool>> + Send;
}

/// A task to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// The project.
    pub project: ProjectId,
    /// Its id; none has one made.
    pub task: Option<TaskId>,
    /// What it is about.
    pub description: String,
    /// What to do; empty means none.
    pub prompt: String,
    /// The template it is made from.
    pub template: String,
    /// The model its agents are to use.
    pub model: String,
    /// The tasks it waits for.
    pub depends_on: Vec<String>,
    /// Its steps, none of them begun.
    pub steps: Vec<Step>,
    /// Further data.
    pub metadata: Option<JsonObject>,
}

/// What to change of a task; none means that it stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskChange {
    /// What it is about.
    pub description: Option<String>,
    /// What to do.
    pub prompt: Option<String>,
    /// The template it was made from.
    pub template: Option<String>,
    /// The model its agents are to use.
    pub model: Option<String>,
    /// The tasks it waits for.
    pub depends_on: Option<Vec<String>>,
    /// Its status.
    pub status: Option<String>,
    /// The step it is at.
    pub current_step: Option<i64>,
    /// Its steps. One whose place and name are as before keeps its state.
    pub steps: Option<Vec<Step>>,
    /// Further data: each key replaces the one of its name, or removes it when its
    /// value is null.
    pub metadata: Option<JsonObject>,
}

/// A status that a task is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStatus {
    /// The status.
    pub status: String,
    /// Why; empty means not said.
    pub reason: String,
}

/// What is saved after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The result.
    pub result: StepResult,
    /// The step that the task is at from now on; none means that it stays.
    pub current_step: Option<i64>,
    /// The status that it is to have; none means that it stays.
    pub to: Option<NewStatus>,
}

/// Which tasks to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskQuery {
    /// The project.
    pub project: ProjectId,
    /// These statuses; empty means all.
    pub statuses: Vec<String>,
    /// Strictly after this place in the list.
    pub after: Option<TaskPosition>,
    /// At most this many.
    pub limit: usize,
}

/// A task's place in a list: newest first, then by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskPosition {
    /// When the task was made, as far as that is known.
    pub created_at: Option<Timestamp>,
    /// The task.
    pub task: TaskId,
}
