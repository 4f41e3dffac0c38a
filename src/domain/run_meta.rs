//! What is kept of a run's worktree and tools, and of what happened to it.

use jiff::Timestamp;

use super::{Etag, JsonObject};

/// What a run's `meta.json` says. Text that the file leaves out is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RunMeta {
    /// The run, by its folder.
    pub run_id: String,
    /// The repository.
    pub repo_id: String,
    /// What the run is about.
    pub title: String,
    /// The runner's name.
    pub runner: String,
    /// The command that it runs, word for word.
    pub runner_cmd: String,
    /// The branch that its branch comes from.
    pub parent_branch: String,
    /// Its branch.
    pub branch: String,
    /// Its worktree.
    pub worktree_path: String,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Its terminal session.
    pub tmux_session_name: String,
    /// What went wrong with it.
    pub flags: RunFlags,
    /// How its setup went; none when there was none.
    pub setup: Option<RunSetup>,
    /// The number of its pull request; 0 means none.
    pub pr_number: i64,
    /// The address of its pull request.
    pub pr_url: String,
    /// When it was last pushed.
    pub last_push_at: Option<Timestamp>,
    /// When it was last verified.
    pub last_verify_at: Option<Timestamp>,
    /// When its report was last copied.
    pub last_report_sync_at: Option<Timestamp>,
    /// The hash of that report.
    pub last_report_hash: String,
    /// What became of its worktree.
    pub archive: RunArchive,
    /// The version of the form; empty for one that is to be written.
    pub schema_version: String,
    /// The version of the file; none for one that is to be written.
    pub etag: Option<Etag>,
    /// Why it cannot be read.
    pub problem: Option<String>,
}

/// What went wrong with a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RunFlags {
    /// Its setup failed.
    pub setup_failed: bool,
    /// Its terminal could not be made.
    pub tmux_failed: bool,
    /// A person has to look at it.
    pub needs_attention: bool,
    /// Why.
    pub needs_attention_reason: String,
    /// Nobody goes on with it.
    pub abandoned: bool,
}

/// How a run's setup went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RunSetup {
    /// What was run.
    pub command: String,
    /// Its exit code.
    pub exit_code: i64,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// Whether it took too long.
    pub timed_out: bool,
    /// Where its log is.
    pub log_path: String,
    /// Whether its output says that it went well.
    pub output_ok: Option<bool>,
    /// What its output says, in short.
    pub output_summary: String,
}

/// What became of a run's worktree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RunArchive {
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
    /// When it was merged.
    pub merged_at: Option<Timestamp>,
}

/// Something that happened to a run: a line of its `events.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEvent {
    /// When.
    pub timestamp: Timestamp,
    /// The repository.
    pub repo_id: String,
    /// The run.
    pub run_id: String,
    /// What.
    pub event: String,
    /// More about it.
    pub data: Option<JsonObject>,
}
