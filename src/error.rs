//! The one error of the crate: variants by cause, and the reason clients see.
//!
//! Which gRPC code a [`Reason`] becomes is said in `grpc::status` alone, which
//! exit code in `cli` alone.

mod details;
mod reason;

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::access::Denial;

pub use reason::Reason;

/// A result with the crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, with what it concerned. Paths are relative to the root.
#[derive(Debug, Clone, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum Error {
    #[error("{field} {value:?} is not valid: {problem}")]
    InvalidId { field: &'static str, value: String, problem: String },
    #[error("{field} {value:?} would leave its folder")]
    PathTraversal { field: &'static str, value: String },
    #[error("{field} is required")]
    RequiredField { field: &'static str },
    #[error("{field} is too large: {actual} is over {limit_name} = {limit}")]
    TooLarge { field: &'static str, limit_name: &'static str, limit: usize, actual: usize },
    #[error(
        "{path} would have {actual} bytes, which is over {limit_name} = {limit}; keep what is long in files of its own, as artifacts"
    )]
    DocumentTooLarge { path: String, limit_name: &'static str, limit: usize, actual: usize },
    #[error("{field} is not valid: {problem}")]
    InvalidField { field: &'static str, problem: String },
    #[error(
        "the messages of one batch must name one bus: the first names {first}, number {index} names {other}"
    )]
    MixedBuses { first: String, other: String, index: usize },
    #[error("the page token is not one that this method gave out; start again without one")]
    InvalidPageToken,

    #[error("project {project} does not exist")]
    ProjectNotFound { project: String },
    #[error("task {task} does not exist")]
    TaskNotFound { task: String },
    #[error("run {run} does not exist")]
    RunNotFound { run: String },
    #[error("run {run} has no meta.json; an update creates it")]
    RunMetaNotFound { run: String },
    #[error("task {task} has no artifact {path}")]
    ArtifactNotFound { task: String, path: String },
    #[error("{scope} has no fact {fact_id}")]
    FactNotFound { scope: String, fact_id: String },
    #[error("run {run} has no file {file}")]
    RunFileNotFound { run: String, file: String },
    #[error("project {project} exists already")]
    ProjectExists { project: String },
    #[error("task {task} exists already{}", .detail)]
    TaskExists { task: String, detail: &'static str },
    #[error("run {run} exists already")]
    RunExists { run: String },
    #[error("run id {run:?} is in more than one place: {}; name project and task", places.join(" and "))]
    RunAmbiguous { run: String, places: Vec<String> },
    #[error(
        "request id {request_id:?} created {path}, which was removed since; use another request id"
    )]
    CreatedAndRemoved { path: String, request_id: String },
    #[error("run {run} is alive; end it first, or force its removal")]
    RunActive { run: String },
    #[error(
        "project {project} is not empty: it has {content}; force its removal to remove that too"
    )]
    NotEmpty { project: String, content: String },
    #[error("run {run} is {from} and cannot become {to}")]
    InvalidRunTransition { run: String, from: String, to: String },
    #[error("task {task} is {from} and cannot become {to}; it may become {}", one_of(allowed))]
    InvalidTaskTransition {
        task: String,
        from: String,
        to: String,
        allowed: &'static [&'static str],
    },
    #[error("the worktree {path} is no folder on the server's host")]
    WorktreeMissing { path: String },
    #[error("what was sent for {name} has the SHA-256 {actual}, not {expected}; nothing was saved")]
    ChecksumMismatch { name: String, expected: String, actual: String },
    #[error("of {name}, {actual} bytes were sent, not {expected}; nothing was saved")]
    SizeMismatch { name: String, expected: u64, actual: u64 },
    #[error("{name} has {limit} versions already, which is ARTIFACT_VERSIONS_MAX")]
    TooManyVersions { name: String, limit: usize },
    /// An error for which the programs that Callboard stands in for have a code.
    #[error("{source}")]
    Coded { code: &'static str, source: Box<Error> },
    #[error("{path} has the etag {actual:?}, not {expected:?}: somebody changed it; read it again")]
    EtagMismatch { path: String, expected: String, actual: String },
    #[error(
        "{path} is replaced again and again by a program that does not respect its lock; nothing was written, try again"
    )]
    ForeignWrite { path: String },
    #[error("{path} ends at {size} and does not hold the chunk at offset {offset}")]
    OffsetMismatch { path: String, offset: u64, size: u64 },
    #[error("{path} cannot be read: {problem}")]
    CorruptDocument { path: String, problem: String },

    #[error("bus {bus} does not exist; the first append creates it")]
    BusNotFound { bus: String },
    #[error("message {msg_id:?} is not in bus {bus}")]
    MessageNotFound { bus: String, msg_id: String },
    #[error("message id {msg_id:?} occurs more than once in bus {bus}; name a cursor instead")]
    AmbiguousId { bus: String, msg_id: String },
    #[error("bus {bus} is empty, there is nothing to archive")]
    BusEmpty { bus: String },

    #[error("request id {request_id:?} was used before with other content in {place}")]
    RequestIdReused { place: String, request_id: String },
    #[error("the last message of bus {bus} is {actual:?}, not {expected:?}")]
    BusMoved { bus: String, expected: String, actual: String },
    #[error(
        "bus {bus} takes no appends since a sync of it failed; rotate it, or restart the server"
    )]
    BusPoisoned { bus: String },

    #[error(
        "cursor {cursor:?} points to messages of bus {bus} that were removed; the oldest left is at {oldest}"
    )]
    CursorExpired { bus: String, cursor: String, oldest: String, newest: String },
    #[error(
        "cursor {cursor:?} lies ahead of bus {bus}, which ends at {newest}; was an older copy put in place?"
    )]
    CursorAhead { bus: String, cursor: String, oldest: String, newest: String },
    #[error("cursor {cursor:?} cannot be used: {problem}")]
    CursorUnknown { cursor: String, problem: String },

    #[error("{path} is locked by another program ({holder}) for longer than {budget_seconds} s")]
    LockTimeout { path: String, holder: Holder, budget_seconds: u64 },
    #[error(
        "the root is in use by another callboard server ({holder}); stop that one, or use another root"
    )]
    RootLocked { holder: Holder },
    #[error("the server is shutting down; connect again in a moment")]
    ShuttingDown,
    #[error(
        "nothing of the upload came for {idle_seconds} s, which is UPLOAD_IDLE; nothing was saved"
    )]
    UploadStalled { idle_seconds: u64 },
    #[error(
        "the request did not come to its end within {seconds} s, by REQUEST_TIMEOUT and \
         REQUEST_BYTES_PER_SECOND_MIN; nothing was done"
    )]
    RequestStalled { seconds: u64 },
    #[error("there are already {limit} subscribers, which is SUBSCRIBERS_MAX")]
    SubscriberLimit { limit: usize },
    #[error("the server has as many {what} as it takes: {limit_name} = {limit}; try again")]
    Busy { what: &'static str, limit_name: &'static str, limit: usize },

    #[error("{0}")]
    Denied(Denial),
    #[error(
        "project {project} has {used_bytes} bytes of the {quota_bytes} that it may have, so nothing was written; remove what is not needed, or raise project_quota"
    )]
    QuotaExceeded { project: String, quota_bytes: u64, used_bytes: u64 },
    #[error(
        "the disk has {free_bytes} bytes left, and the server keeps {free_bytes_min} free (free_bytes_min), so nothing was written; make room, or lower that"
    )]
    LowSpace { free_bytes: u64, free_bytes_min: u64 },
    #[error(
        "the call took longer than {seconds} s, which is call_timeout; what it had begun to write is written all the same"
    )]
    CallTimedOut { seconds: u64 },

    #[error("{path} is {found}, not a {expected}")]
    NotRegular { path: String, found: &'static str, expected: &'static str },
    #[error("cannot {action} {path}: {source}")]
    Io { action: &'static str, path: String, source: Arc<io::Error> },
    #[error("{path} was removed while it was read; try again")]
    ArchiveGone { path: String },
    #[error("internal error: {0}")]
    Bug(String),
}

/// Cuts a long value, so that an error never carries a megabyte back.
fn shown(value: &str) -> String {
    let mut shown: String = value.chars().take(128).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    shown
}

/// Lists the statuses that are allowed.
fn one_of(allowed: &[&str]) -> String {
    if allowed.is_empty() { "nothing else".to_owned() } else { allowed.join(", ") }
}

/// Who holds a lock, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder(pub Option<u32>);

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(pid) => write!(f, "pid {pid}"),
            None => f.write_str("pid unknown"),
        }
    }
}

impl Error {
    /// Builds an [`Error::InvalidId`].
    pub fn invalid(field: &'static str, value: &str, problem: impl Into<String>) -> Self {
        Self::InvalidId { field, value: shown(value), problem: problem.into() }
    }

    /// Builds an [`Error::PathTraversal`].
    pub fn traversal(field: &'static str, value: &str) -> Self {
        Self::PathTraversal { field, value: shown(value) }
    }

    /// Builds an [`Error::CorruptDocument`] from what is wrong with the one at a path.
    pub fn corrupt(path: &impl ToString, problem: &impl ToString) -> Self {
        Self::CorruptDocument { path: path.to_string(), problem: problem.to_string() }
    }

    /// Builds an [`Error::Io`] from what was tried on which path.
    pub fn io(action: &'static str, path: impl Into<String>, source: io::Error) -> Self {
        Self::Io { action, path: path.into(), source: Arc::new(source) }
    }

    /// Gives an error of the disk the code that the programs that Callboard stands in for
    /// have for it. What a caller did wrong stays as it is.
    pub fn coded(self, code: &'static str) -> Self {
        match self.reason() {
            Reason::Io | Reason::DiskFull | Reason::NotARegularFile => {
                Self::Coded { code, source: Box::new(self) }
            }
            _ => self,
        }
    }

    /// Returns the reason clients branch on.
    pub fn reason(&self) -> Reason {
        match self {
            Self::InvalidId { .. } => Reason::InvalidId,
            Self::PathTraversal { .. } => Reason::PathTraversal,
            Self::RequiredField { .. } => Reason::RequiredField,
            Self::TooLarge { .. } | Self::DocumentTooLarge { .. } => Reason::TooLarge,
            Self::InvalidField { .. } => Reason::InvalidField,
            Self::MixedBuses { .. } => Reason::MixedBuses,
            Self::InvalidPageToken => Reason::InvalidPageToken,
            Self::ProjectNotFound { .. } => Reason::ProjectNotFound,
            Self::TaskNotFound { .. } => Reason::TaskNotFound,
            Self::RunNotFound { .. } | Self::RunMetaNotFound { .. } => Reason::RunNotFound,
            Self::RunFileNotFound { .. } => Reason::RunFileNotFound,
            Self::ArtifactNotFound { .. } => Reason::ArtifactNotFound,
            Self::FactNotFound { .. } => Reason::FactNotFound,
            Self::ProjectExists { .. } => Reason::ProjectExists,
            Self::TaskExists { .. } => Reason::TaskExists,
            Self::RunExists { .. } => Reason::RunExists,
            Self::RunAmbiguous { .. } => Reason::RunAmbiguous,
            Self::RunActive { .. } => Reason::RunActive,
            Self::NotEmpty { .. } => Reason::NotEmpty,
            Self::InvalidRunTransition { .. } | Self::InvalidTaskTransition { .. } => {
                Reason::InvalidTransition
            }
            Self::WorktreeMissing { .. } => Reason::WorktreeMissing,
            Self::ChecksumMismatch { .. } | Self::SizeMismatch { .. } => Reason::ChecksumMismatch,
            Self::TooManyVersions { .. } => Reason::TooManyVersions,
            Self::Coded { source, .. } => source.reason(),
            Self::EtagMismatch { .. } => Reason::EtagMismatch,
            Self::ForeignWrite { .. } => Reason::ForeignWrite,
            Self::OffsetMismatch { .. } => Reason::OffsetMismatch,
            Self::CorruptDocument { .. } => Reason::CorruptDocument,
            Self::BusNotFound { .. } => Reason::BusNotFound,
            Self::MessageNotFound { .. } => Reason::MessageNotFound,
            Self::AmbiguousId { .. } => Reason::AmbiguousId,
            Self::BusEmpty { .. } => Reason::BusEmpty,
            Self::RequestIdReused { .. } | Self::CreatedAndRemoved { .. } => {
                Reason::RequestIdReused
            }
            Self::BusMoved { .. } => Reason::BusMoved,
            Self::BusPoisoned { .. } => Reason::BusPoisoned,
            Self::CursorExpired { .. } => Reason::CursorExpired,
            Self::CursorAhead { .. } => Reason::CursorAhead,
            Self::CursorUnknown { .. } => Reason::CursorUnknown,
            Self::LockTimeout { .. } => Reason::LockTimeout,
            Self::RootLocked { .. } => Reason::RootLocked,
            Self::ShuttingDown => Reason::ShuttingDown,
            Self::UploadStalled { .. } | Self::RequestStalled { .. } => Reason::UploadStalled,
            Self::SubscriberLimit { .. } | Self::Busy { .. } => Reason::SubscriberLimit,
            Self::NotRegular { .. } => Reason::NotARegularFile,
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Reason::DiskFull,
                _ => Reason::Io,
            },
            Self::ArchiveGone { .. } => Reason::Io,
            Self::Denied(denial) => denial.reason(),
            Self::QuotaExceeded { .. } => Reason::QuotaExceeded,
            Self::LowSpace { .. } => Reason::DiskFull,
            Self::CallTimedOut { .. } => Reason::CallTimedOut,
            Self::Bug(_) => Reason::Bug,
        }
    }
}
