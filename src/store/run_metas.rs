//! What is kept of runs' worktrees and tools, and of what happened to them, as a backend
//! offers it.

use std::future::Future;

use jiff::Timestamp;

use crate::domain::{Etag, JsonObject, RequestId, RunKey, RunMeta, RunSetup};
use crate::error::Result;

use super::LinesAppended;

/// What is kept of runs' worktrees and tools, and of what happened to them.
pub trait RunMetas: Send + Sync + 'static {
    /// Returns what is kept of a run.
    ///
    /// # Errors
    /// RUN_NOT_FOUND, also when nothing is kept; RUN_AMBIGUOUS, CORRUPT_DOCUMENT, IO.
    fn run_meta(&self, key: RunKey) -> impl Future<Output = Result<RunMeta>> + Send;

    /// Changes what is kept of a run, or begins to keep it.
    ///
    /// # Errors
    /// As `Runs::update_run`, and WORKTREE_MISSING.
    fn update_run_meta(
        &self,
        key: RunKey,
        change: RunMetaChange,
        etag: Option<Etag>,
    ) -> impl Future<Output = Result<RunMeta>> + Send;

    /// Appends an event to those of a run.
    ///
    /// # Errors
    /// RUN_NOT_FOUND, RUN_AMBIGUOUS, REQUEST_ID_REUSED, LOCK_TIMEOUT, DISK_FULL, IO.
    fn append_run_event(
        &self,
        key: RunKey,
        event: NewRunEvent,
        request_id: Option<RequestId>,
    ) -> impl Future<Output = Result<LinesAppended>> + Send;
}

/// What to change of what is kept of a run; none means that it stays. What is given
/// and empty is removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of RunMeta")]
pub struct RunMetaChange {
    /// The host of the worktree; empty means this one.
    pub host: String,
    pub repo_id: Option<String>,
    pub title: Option<String>,
    pub runner: Option<String>,
    pub runner_cmd: Option<String>,
    pub parent_branch: Option<String>,
    pub branch: Option<String>,
    pub worktree_path: Option<String>,
    pub created_at: Option<Timestamp>,
    pub tmux_session_name: Option<String>,
    pub flags: RunFlagsChange,
    pub setup: RunSetupChange,
    pub pr_number: Option<i64>,
    pub pr_url: Option<String>,
    pub last_push_at: Option<Option<Timestamp>>,
    pub last_verify_at: Option<Option<Timestamp>>,
    pub last_report_sync_at: Option<Option<Timestamp>>,
    pub last_report_hash: Option<String>,
    pub archive: RunArchiveChange,
}

/// What to change of a run's flags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of RunFlags")]
pub struct RunFlagsChange {
    pub setup_failed: Option<bool>,
    pub tmux_failed: Option<bool>,
    pub needs_attention: Option<bool>,
    pub needs_attention_reason: Option<String>,
    pub abandoned: Option<bool>,
}

/// What to change of how a run's setup went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RunSetupChange {
    /// It stays.
    #[default]
    Keep,
    /// There was none.
    Remove,
    /// It is this as a whole.
    Replace(RunSetup),
    /// These fields of it change; it is begun when there was none.
    Change(RunSetupFields),
}

/// Single fields of how a run's setup went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of RunSetup")]
pub struct RunSetupFields {
    pub command: Option<String>,
    pub exit_code: Option<i64>,
    pub duration_ms: Option<i64>,
    pub timed_out: Option<bool>,
    pub log_path: Option<String>,
    pub output_ok: Option<Option<bool>>,
    pub output_summary: Option<String>,
}

/// What to change of what became of a run's worktree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of RunArchive")]
pub struct RunArchiveChange {
    pub archived_at: Option<Option<Timestamp>>,
    pub merged_at: Option<Option<Timestamp>>,
}

/// Something that happened to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRunEvent {
    /// What.
    pub event: String,
    /// More about it.
    pub data: Option<JsonObject>,
    /// When; none means now.
    pub timestamp: Option<Timestamp>,
    /// The repository; empty means what is kept of the run, else the project.
    pub repo_id: String,
}
