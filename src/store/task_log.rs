//! The logs of tasks as a backend offers them.

use std::future::Future;
use std::pin::Pin;

use tokio_stream::Stream;

use crate::domain::{JsonObject, RequestId, TaskKey};
use crate::error::Result;

use super::FileStart;

/// Logs of tasks: lines of JSON that are only appended to.
pub trait TaskLogs: Send + Sync + 'static {
    /// Appends entries in one write with one sync.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, REQUEST_ID_REUSED, LOCK_TIMEOUT, DISK_FULL,
    /// IO.
    fn append_task_log(
        &self,
        key: TaskKey,
        entries: Vec<JsonObject>,
        request_id: Option<RequestId>,
    ) -> impl Future<Output = Result<LinesAppended>> + Send;

    /// Reads a log from a place on, and follows it when asked. Nothing is read that is
    /// not on disk. The stream ends after an error; one that follows ends in no other
    /// way.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, OFFSET_MISMATCH, SUBSCRIBER_LIMIT, IO.
    fn read_task_log(&self, query: LogQuery) -> impl Future<Output = Result<LogStream>> + Send;
}

/// Lines that were appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinesAppended {
    /// Where the first of them begins.
    pub offset: u64,
    /// Where the last of them ends.
    pub next_offset: u64,
    /// Whether an earlier call had appended them.
    pub duplicate: bool,
}

/// What to read of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// The task.
    pub task: TaskKey,
    /// Where to begin.
    pub start: FileStart,
    /// Whether to go on with what is appended.
    pub follow: bool,
}

/// The lines of a log.
pub type LogStream = Pin<Box<dyn Stream<Item = Result<LogLines>> + Send>>;

/// The next lines of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogLines {
    /// The lines.
    pub lines: Vec<LogLine>,
    /// Where the next ones begin.
    pub next_offset: u64,
    /// Whether the log was replaced or cut, and this is its new beginning.
    pub restarted: bool,
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The line, without its end.
    pub text: String,
    /// Where it begins.
    pub offset: u64,
    /// Whether it is no JSON object.
    pub damaged: bool,
}
