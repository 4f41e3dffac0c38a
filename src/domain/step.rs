//! The steps of a task, what they resulted in, and the moves of its status: what a
//! checkpoint consists of.

use jiff::Timestamp;

use super::JsonObject;

/// A step of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// What kind of step it is, such as `ai` or `git`.
    pub kind: String,
    /// What it does.
    pub description: String,
    /// What its agent is told.
    pub prompt: String,
    /// What it runs.
    pub commands: Vec<String>,
    /// How long it may take, in seconds; 0 means as long as it takes.
    pub timeout_seconds: i64,
    /// Its state, in its newest result's word; empty means not begun.
    pub status: String,
    /// When its newest attempt began.
    pub started_at: Option<Timestamp>,
    /// When its newest attempt ended.
    pub completed_at: Option<Timestamp>,
    /// Why its newest attempt failed.
    pub error: String,
    /// How often it was tried.
    pub attempts: i64,
}

/// What a step resulted in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct StepResult {
    /// Which step, from 0.
    pub step_index: i64,
    /// The step's name.
    pub step_name: String,
    /// What became of it.
    pub status: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// What it gave.
    pub output: String,
    /// Why it failed.
    pub error: String,
    /// The files that it changed.
    pub files_changed: Vec<String>,
    /// Where its artifact is, relative to the task's folder.
    pub artifact_path: String,
    /// The session of its agent.
    pub session_id: String,
    /// How many turns its agent took.
    pub num_turns: i64,
    /// Further data.
    pub metadata: Option<JsonObject>,
}

/// A move of a task from one status to another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Transition {
    /// The status it had.
    pub from_status: String,
    /// The status it got.
    pub to_status: String,
    /// When.
    pub timestamp: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

/// How far a task has come: what of `task.json` grows with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TaskProgress {
    /// Its steps.
    pub steps: Vec<Step>,
    /// The results of its steps, oldest first.
    pub step_results: Vec<StepResult>,
    /// The history of its status, oldest first.
    pub transitions: Vec<Transition>,
    /// Further data.
    pub metadata: Option<JsonObject>,
}
