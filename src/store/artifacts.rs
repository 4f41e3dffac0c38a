//! Artifacts as a backend offers them.

use std::future::Future;
use std::pin::Pin;

use tokio_stream::Stream;

use crate::domain::{Artifact, ArtifactId, ArtifactName, RequestId, TaskKey};
use crate::error::Result;

use super::{ChunkStream, Page};

/// Artifacts of tasks, and attachments of their messages.
pub trait Artifacts: Send + Sync + 'static {
    /// Saves an artifact, whole or not at all. Reads `content` to its end; an error in
    /// it, or dropping the call, leaves nothing.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, CHECKSUM_MISMATCH, TOO_LARGE,
    /// TOO_MANY_VERSIONS, REQUEST_ID_REUSED, SUBSCRIBER_LIMIT, DISK_FULL, IO, and
    /// whatever `content` fails with.
    fn save_artifact(
        &self,
        new: NewArtifact,
        content: ContentStream,
        request_id: Option<RequestId>,
    ) -> impl Future<Output = Result<SavedArtifact>> + Send;

    /// Reads an artifact, or a range of it.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, ARTIFACT_NOT_FOUND, OFFSET_MISMATCH,
    /// SUBSCRIBER_LIMIT, IO.
    fn artifact(
        &self,
        task: TaskKey,
        id: ArtifactId,
        range: ArtifactRange,
    ) -> impl Future<Output = Result<ArtifactContent>> + Send;

    /// Lists a task's artifacts and attachments in the order of their ids.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, IO.
    fn list_artifacts(
        &self,
        query: ArtifactQuery,
    ) -> impl Future<Output = Result<Page<Artifact>>> + Send;

    /// Removes an artifact.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, ARTIFACT_NOT_FOUND, IO.
    fn delete_artifact(
        &self,
        task: TaskKey,
        id: ArtifactId,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// An artifact to save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewArtifact {
    /// The task.
    pub task: TaskKey,
    /// Its name.
    pub name: ArtifactName,
    /// Where it goes.
    pub storing: Storing,
    /// The SHA-256 that its content must have, in lower-case hex.
    pub sha256: Option<String>,
    /// The size that its content must have, in bytes.
    pub size: Option<u64>,
}

/// Where a new artifact goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storing {
    /// In the place of the one with its name.
    Plain,
    /// Beside those with its name, with the next number.
    Versioned,
    /// Beside the task's bus, under a name of its own.
    Attachment,
}

/// What comes of an artifact to save, in order. A backend asks for it in the caller's own
/// task: when the caller goes away in the middle, that task is dropped, and the end of the
/// stream is not taken for the end of the content.
pub type ContentStream = Pin<Box<dyn Stream<Item = Result<Vec<u8>>> + Send>>;

/// What became of saving an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedArtifact {
    /// The artifact, with its hash.
    pub artifact: Artifact,
    /// Whether an earlier call with the same request id had saved it.
    pub duplicate: bool,
}

/// Which bytes of an artifact to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArtifactRange {
    /// Where to begin.
    pub offset: u64,
    /// How many at most; none means all.
    pub length: Option<u64>,
}

/// An artifact that is read.
pub struct ArtifactContent {
    /// What it was when it was opened.
    pub artifact: Artifact,
    /// Its bytes. Ends with an error when the file turns out to be shorter.
    pub chunks: ChunkStream,
}

/// Which artifacts to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactQuery {
    /// The task.
    pub task: TaskKey,
    /// Whether to compute their hashes.
    pub with_sha256: bool,
    /// Strictly after this one.
    pub after: Option<ArtifactId>,
    /// At most this many.
    pub limit: usize,
}
