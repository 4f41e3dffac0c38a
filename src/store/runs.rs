//! Runs and their files as a backend offers them.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use tokio_stream::Stream;

use crate::domain::{
    Etag, ProjectId, Reach, RequestId, Run, RunFile, RunId, RunKey, RunMeta, TaskKey,
};
use crate::error::Result;

use super::Created;

/// Runs of tasks.
pub trait Runs: Send + Sync + 'static {
    /// Creates a run that is running, and its project and task when they are
    /// missing.
    ///
    /// # Errors
    /// INVALID_ID, RUN_EXISTS, WORKTREE_MISSING, REQUEST_ID_REUSED, DISK_FULL, IO.
    fn create_run(
        &self,
        new: NewRun,
        request_id: Option<RequestId>,
    ) -> impl Future<Output = Result<Created<Run>>> + Send;

    /// Returns a run.
    ///
    /// # Errors
    /// RUN_NOT_FOUND, RUN_AMBIGUOUS, CORRUPT_DOCUMENT, NOT_A_REGULAR_FILE, IO.
    fn run(&self, key: RunKey) -> impl Future<Output = Result<Run>> + Send;

    /// Lists runs in the order of project, task and folder.
    ///
    /// # Errors
    /// IO.
    fn list_runs(&self, query: RunQuery) -> impl Future<Output = Result<RunPage>> + Send;

    /// Ends a run. Ending it again in the same way is fine; in another way only when
    /// its end is a guess of `reconcile_runs`.
    ///
    /// # Errors
    /// As `update_run`, and INVALID_TRANSITION.
    fn end_run(
        &self,
        key: RunKey,
        end: RunEnd,
        etag: Option<Etag>,
    ) -> impl Future<Output = Result<Run>> + Send;

    /// Changes a run.
    ///
    /// # Errors
    /// RUN_NOT_FOUND, RUN_AMBIGUOUS, ETAG_MISMATCH, FOREIGN_WRITE, LOCK_TIMEOUT,
    /// CORRUPT_DOCUMENT, DISK_FULL, IO.
    fn update_run(
        &self,
        key: RunKey,
        change: RunChange,
        etag: Option<Etag>,
    ) -> impl Future<Output = Result<Run>> + Send;

    /// Removes a run with all its files; with `force` also one that is alive.
    ///
    /// # Errors
    /// RUN_NOT_FOUND, RUN_AMBIGUOUS, RUN_ACTIVE, IO.
    fn delete_run(&self, key: RunKey, force: bool) -> impl Future<Output = Result<()>> + Send;

    /// Returns what comes from a task's runs or from one run, each run before those
    /// below it. Runs of projects out of reach are left out, with what comes from them.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, RUN_NOT_FOUND, RUN_AMBIGUOUS, IO.
    fn run_tree(
        &self,
        root: TreeRoot,
        reach: Reach,
    ) -> impl Future<Output = Result<Vec<TreeNode>>> + Send;
}

/// A run to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// The task.
    pub task: TaskKey,
    /// Its id; none has one made.
    pub run: Option<RunId>,
    /// Which agent it is.
    pub agent_type: String,
    /// The run that starts it.
    pub parent_run_id: String,
    /// The run that it is a restart of.
    pub previous_run_id: String,
    /// The host of the process; empty means this one.
    pub host: String,
    /// The process.
    pub pid: i64,
    /// The process group.
    pub pgid: i64,
    /// Who looks after the process.
    pub process_ownership: String,
    /// Its working directory.
    pub cwd: String,
    /// Its command line.
    pub commandline: String,
    /// The agent's version.
    pub agent_version: String,
    /// Its prompt; empty means none.
    pub prompt: String,
    /// Its worktree and tools; what is empty of it is taken from the run.
    pub meta: Option<RunMeta>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// The status it is to have.
    pub status: EndStatus,
    /// Its exit code, when it is known.
    pub exit_code: Option<i64>,
    /// Why it failed; empty means that it stays as it is.
    pub error_summary: String,
}

/// A status that a caller may give a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndStatus {
    /// It runs already, and goes on.
    Running,
    /// It ended well.
    Completed,
    /// It ended badly.
    Failed,
}

/// What to change of a run; none means that it stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunChange {
    /// The host of the process; empty means this one.
    pub host: String,
    /// The process.
    pub pid: Option<i64>,
    /// The process group.
    pub pgid: Option<i64>,
    /// Who looks after the process.
    pub process_ownership: Option<String>,
    /// Its working directory.
    pub cwd: Option<String>,
    /// Its command line.
    pub commandline: Option<String>,
    /// The agent's version.
    pub agent_version: Option<String>,
    /// Why it failed.
    pub error_summary: Option<String>,
    /// The run that started it.
    pub parent_run_id: Option<String>,
    /// The run that it is a restart of.
    pub previous_run_id: Option<String>,
}

/// Which part of the tree is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Every project that the caller reaches.
    All(Reach),
    /// A project.
    Project(ProjectId),
    /// A task.
    Task(TaskKey),
}

/// Which runs to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunQuery {
    /// Where.
    pub part: Part,
    /// These statuses; empty means all.
    pub statuses: Vec<String>,
    /// Strictly after this place in the list.
    pub after: Option<RunPosition>,
    /// At most this many.
    pub limit: usize,
    /// Whether to read what is kept of their worktrees and tools.
    pub with_meta: bool,
}

/// A run's place in a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunPosition {
    /// The task.
    pub task: TaskKey,
    /// The run's folder.
    pub folder: String,
}

/// A page of runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunPage {
    /// The runs.
    pub runs: Vec<Run>,
    /// Where the next page begins; none when this is the last.
    pub next: Option<RunPosition>,
}

/// Where a tree of runs starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeRoot {
    /// At all runs of a task.
    Task(TaskKey),
    /// At a run.
    Run(RunKey),
}

/// How a run in a tree belongs to the one above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// It stands at the top.
    Top,
    /// The run above is its parent.
    Child,
    /// It is a restart of the run above.
    Restart,
}

/// One run of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeNode {
    /// The run's id.
    pub run_id: String,
    /// The run; none when others name it and it does not exist.
    pub run: Option<Run>,
    /// How far below the top.
    pub depth: usize,
    /// How it belongs to the run above.
    pub relation: Relation,
    /// Whether it stands further up in this branch already; the tree ends there.
    pub is_loop: bool,
}

/// The files that runs leave.
pub trait RunFiles: Send + Sync + 'static {
    /// Replaces a file as a whole; returns its size.
    ///
    /// # Errors
    /// RUN_NOT_FOUND, RUN_AMBIGUOUS, INVALID_ID, DISK_FULL, IO.
    fn write_run_file(
        &self,
        key: RunKey,
        file: RunFile,
        data: Vec<u8>,
    ) -> impl Future<Output = Result<u64>> + Send;

    /// Appends to a file. With an offset, a chunk that is there already is not
    /// appended again.
    ///
    /// # Errors
    /// As `write_run_file`, and OFFSET_MISMATCH.
    fn append_run_output(
        &self,
        key: RunKey,
        file: RunFile,
        offset: Option<u64>,
        chunk: Vec<u8>,
    ) -> impl Future<Output = Result<OutputAppended>> + Send;

    /// Reads a file from a place on, and follows it when asked. The stream ends
    /// after an error; one that follows ends when the run has ended.
    ///
    /// # Errors
    /// RUN_NOT_FOUND, RUN_AMBIGUOUS, RUN_FILE_NOT_FOUND, OFFSET_MISMATCH,
    /// SUBSCRIBER_LIMIT, IO.
    fn read_run_file(
        &self,
        query: RunFileQuery,
    ) -> impl Future<Output = Result<ChunkStream>> + Send;

    /// Lists a run's files in the order of their names in [`RunFile`], strictly
    /// after `after`.
    ///
    /// # Errors
    /// RUN_NOT_FOUND, RUN_AMBIGUOUS, IO.
    fn list_run_files(
        &self,
        key: RunKey,
        after: Option<RunFile>,
        limit: usize,
    ) -> impl Future<Output = Result<super::Page<RunFileSummary>>> + Send;
}

/// An appended chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputAppended {
    /// The offset after it.
    pub next_offset: u64,
    /// Whether it was there already.
    pub duplicate: bool,
}

/// What to read of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFileQuery {
    /// The run.
    pub run: RunKey,
    /// The file.
    pub file: RunFile,
    /// Where to begin.
    pub start: FileStart,
    /// Whether to go on with what is appended.
    pub follow: bool,
}

/// Where to begin in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileStart {
    /// At a byte.
    Offset(u64),
    /// At the last so many lines.
    TailLines(u64),
}

/// The chunks of a file.
pub type ChunkStream = Pin<Box<dyn Stream<Item = Result<FileChunk>> + Send>>;

/// A part of a file. A character of UTF-8 is never split between two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChunk {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Where they begin.
    pub offset: u64,
    /// Whether the file was replaced or cut, and this is its new beginning.
    pub restarted: bool,
}

/// What a list tells of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFileSummary {
    /// The file.
    pub file: RunFile,
    /// Its size in bytes.
    pub size: u64,
    /// When its content last changed.
    pub modified: Timestamp,
}

/// Keeping the tree in order.
pub trait Upkeep: Send + Sync + 'static {
    /// Marks runs as ended whose process is gone, and repairs derived files.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, IO. What concerns one run is reported.
    fn reconcile_runs(
        &self,
        part: Part,
        dry_run: bool,
    ) -> impl Future<Output = Result<Reconciled>> + Send;

    /// Removes runs that ended long ago, oldest first.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, IO. What concerns one run is reported.
    fn clean_up_runs(&self, wanted: CleanUp) -> impl Future<Output = Result<CleanedUp>> + Send;

    /// Returns how many bytes may still be written.
    ///
    /// # Errors
    /// IO.
    fn free_bytes(&self) -> impl Future<Output = Result<u64>> + Send;
}

/// What `reconcile_runs` did, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// The runs that were marked.
    pub runs: Vec<Run>,
    /// The files that were repaired.
    pub repaired: Vec<String>,
    /// What could not be done.
    pub problems: Vec<String>,
}

/// Which runs to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanUp {
    /// Where.
    pub part: Part,
    /// Those that ended longer ago.
    pub older_than: Duration,
    /// Only while less than this many bytes are free.
    pub only_if_free_below: Option<u64>,
    /// Only say which.
    pub dry_run: bool,
}

/// What `clean_up_runs` removed, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CleanedUp {
    /// The runs, oldest end first.
    pub runs: Vec<Run>,
    /// The size of their files.
    pub size_bytes: u64,
    /// What was free before.
    pub free_bytes: u64,
    /// What could not be removed.
    pub problems: Vec<String>,
}
