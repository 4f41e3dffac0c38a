//! Runs: one execution of an agent for a task.

use std::fmt;

use jiff::Timestamp;

use super::{Etag, ProjectId, RunId, RunMeta, TaskId};

/// Which folder of runs: a task's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskKey {
    /// The project.
    pub project: ProjectId,
    /// The task.
    pub task: TaskId,
}

impl fmt::Display for TaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.task)
    }
}

/// What `run-info.yaml` says of a run. Text that the file leaves out is empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunInfo {
    /// The run's id.
    pub run_id: String,
    /// The run that started this one.
    pub parent_run_id: String,
    /// The run that this one is a restart of.
    pub previous_run_id: String,
    /// The project, as the file says it.
    pub project_id: String,
    /// The task, as the file says it.
    pub task_id: String,
    /// Which agent it is, such as `claude`.
    pub agent_type: String,
    /// `managed` or `external`, in other programs' words.
    pub process_ownership: String,
    /// The process; 0 when it is no process of this host.
    pub pid: i64,
    /// The process group; 0 when it is none of this host.
    pub pgid: i64,
    /// When it began.
    pub start_time: Option<Timestamp>,
    /// When it ended; none while it runs.
    pub end_time: Option<Timestamp>,
    /// Its exit code; -1 while it runs, or when it is not known.
    pub exit_code: i64,
    /// `running`, `completed`, `failed`, `unknown`, or another program's word.
    pub status: String,
    /// Its working directory.
    pub cwd: String,
    /// Where its prompt is, an absolute path as a rule.
    pub prompt_path: String,
    /// Where its result is.
    pub output_path: String,
    /// Where its standard output is.
    pub stdout_path: String,
    /// Where its standard error is.
    pub stderr_path: String,
    /// The command line.
    pub commandline: String,
    /// Why it failed, in short.
    pub error_summary: String,
    /// The agent's version.
    pub agent_version: String,
}

/// The statuses that Callboard gives a run, and those it shows for a file that says
/// none.
pub mod run_status {
    /// It has not ended.
    pub const RUNNING: &str = "running";
    /// It ended well.
    pub const COMPLETED: &str = "completed";
    /// It ended badly.
    pub const FAILED: &str = "failed";
    /// There is no run-info.yaml, or it names no status.
    pub const UNKNOWN: &str = "unknown";
    /// The run-info.yaml cannot be read.
    pub const DAMAGED: &str = "damaged";
}

/// Whether a run's process is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Liveness {
    /// It runs, and its process or process group is there.
    Alive,
    /// It is said to run, but its process is gone.
    Lost,
    /// It is said to run, and no process of this host is named.
    Remote,
    /// It has ended, or nobody says that it runs.
    Ended,
}

/// A run as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Run {
    /// Where it is: the task, by its folder.
    pub task: TaskKey,
    /// The name of the run's folder: its id, but for old forms.
    pub folder: String,
    /// That folder, relative to the root.
    pub path: String,
    /// What its file says, or what can be told without it.
    pub info: RunInfo,
    /// Whether its process is there.
    pub liveness: Liveness,
    /// The version of its file; none when there is no file.
    pub etag: Option<Etag>,
    /// Why its file cannot be read.
    pub problem: Option<String>,
    /// What is kept of its worktree and tools; none when nothing is, and where it was
    /// not asked for.
    pub meta: Option<Box<RunMeta>>,
}

impl RunInfo {
    /// The exit code of a run that has not ended, or of which it is not known.
    pub const EXIT_CODE_UNKNOWN: i64 = -1;
    /// The error summary of a run whose process was found to be gone.
    pub const PROCESS_GONE: &str = "its process is gone";

    /// Returns a run of which nothing is known but its place.
    pub fn unknown(task: &TaskKey, run_id: &str) -> Self {
        Self {
            run_id: run_id.to_owned(),
            parent_run_id: String::new(),
            previous_run_id: String::new(),
            project_id: task.project.to_string(),
            task_id: task.task.to_string(),
            agent_type: String::new(),
            process_ownership: String::new(),
            pid: 0,
            pgid: 0,
            start_time: None,
            end_time: None,
            exit_code: Self::EXIT_CODE_UNKNOWN,
            status: run_status::UNKNOWN.to_owned(),
            cwd: String::new(),
            prompt_path: String::new(),
            output_path: String::new(),
            stdout_path: String::new(),
            stderr_path: String::new(),
            commandline: String::new(),
            error_summary: String::new(),
            agent_version: String::new(),
        }
    }

    /// Whether it is said to run.
    pub fn is_running(&self) -> bool {
        self.status == run_status::RUNNING
    }

    /// Whether it counts as failed only because its process was found to be gone.
    /// Whoever waited for the process knows better.
    pub fn end_is_a_guess(&self) -> bool {
        self.status == run_status::FAILED
            && self.exit_code == Self::EXIT_CODE_UNKNOWN
            && self.error_summary == Self::PROCESS_GONE
    }

    /// Whether it has ended, well or badly.
    pub fn has_ended(&self) -> bool {
        self.status == run_status::COMPLETED || self.status == run_status::FAILED
    }
}

/// Names a run: by its id alone, or by its place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunKey {
    /// The task; none means wherever it is.
    pub task: Option<TaskKey>,
    /// The run.
    pub run: RunId,
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.task {
            Some(task) => write!(f, "{task}/{}", self.run),
            None => self.run.fmt(f),
        }
    }
}
