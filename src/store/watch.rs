//! Watching projects, tasks and runs.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio_stream::Stream;

use crate::domain::{
    Artifact, ArtifactId, Fact, FactId, FactScope, Project, ProjectId, Run, Task, TaskKey,
};
use crate::error::Result;

use super::Part;

/// Following the state of the tree.
pub trait Watching: Send + Sync + 'static {
    /// Sends the state of everything there is, then `Synced`, then the state of
    /// whatever changes. Changes in quick succession may be sent as one; the last
    /// one never gets lost. The stream ends after an error.
    ///
    /// # Errors
    /// SUBSCRIBER_LIMIT, IO.
    fn watch(&self, watch: Watch) -> impl Future<Output = Result<ChangeStream>> + Send;
}

/// What to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// Where.
    pub part: Part,
    /// Whether projects are of interest.
    pub projects: bool,
    /// Whether tasks are.
    pub tasks: bool,
    /// Whether runs are.
    pub runs: bool,
    /// Whether artifacts are.
    pub artifacts: bool,
    /// Whether facts are.
    pub facts: bool,
    /// How long the stream may be silent.
    pub heartbeat_interval: Duration,
}

/// The changes of a tree.
pub type ChangeStream = Pin<Box<dyn Stream<Item = Result<Change>> + Send>>;

/// One frame of a watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A project as it is now.
    Project(Project),
    /// A task as it is now, without its prompt.
    Task(Box<Task>),
    /// A run as it is now.
    Run(Box<Run>),
    /// An artifact as it is now, without its hash.
    Artifact(Box<Artifact>),
    /// A fact as it is now, without its body.
    Fact(Box<Fact>),
    /// A project is gone.
    ProjectGone(ProjectId),
    /// A task is gone.
    TaskGone(TaskKey),
    /// A run is gone.
    RunGone {
        /// The task.
        task: TaskKey,
        /// The run's folder.
        folder: String,
        /// That folder, relative to the root.
        path: String,
        /// The run's id.
        run_id: String,
    },
    /// An artifact is gone.
    ArtifactGone(TaskKey, ArtifactId),
    /// A fact is gone.
    FactGone(FactScope, FactId),
    /// All that was there at the beginning has been sent.
    Synced,
    /// Nothing happened for a while.
    Heartbeat,
}
