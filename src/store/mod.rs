//! The backend traits, in domain words: what the services need, and what every
//! backend promises. The embedded backend is `files`.

mod artifacts;
mod facts;
mod message_bus;
mod projects;
mod room;
mod run_metas;
mod runs;
mod task_log;
mod watch;

pub use artifacts::{
    ArtifactContent, ArtifactQuery, ArtifactRange, Artifacts, ContentStream, NewArtifact,
    SavedArtifact, Storing,
};
pub use facts::{FactPosition, FactQuery, Facts, NewFact};
pub use message_bus::{
    AppendBatch, AppendTicket, Appended, Archives, BusPage, BusSummary, Delivery, Filter, Frame,
    FrameStream, MessageBus, ReadPage, ReadQuery, ReadStart, Scope, Start, Subscription, Trimmed,
};
pub use projects::{
    Checkpoint, Created, NewProject, NewStatus, NewTask, Page, ProjectChange, Projects, TaskChange,
    TaskPosition, TaskQuery, Tasks,
};
pub use room::Room;
pub use run_metas::{
    NewRunEvent, RunArchiveChange, RunFlagsChange, RunMetaChange, RunMetas, RunSetupChange,
    RunSetupFields,
};
pub use runs::{
    ChunkStream, CleanUp, CleanedUp, EndStatus, FileChunk, FileStart, NewRun, OutputAppended, Part,
    Reconciled, Relation, RunChange, RunEnd, RunFileQuery, RunFileSummary, RunFiles, RunPage,
    RunPosition, RunQuery, Runs, TreeNode, TreeRoot, Upkeep,
};
pub use task_log::{LinesAppended, LogLine, LogLines, LogQuery, LogStream, TaskLogs};
pub use watch::{Change, ChangeStream, Watch, Watching};

/// Everything that the Storage service needs of a backend.
pub trait Storage:
    Projects + Tasks + TaskLogs + Artifacts + Facts + Runs + RunMetas + RunFiles + Upkeep + Watching
{
}

impl<B> Storage for B where
    B: Projects
        + Tasks
        + TaskLogs
        + Artifacts
        + Facts
        + Runs
        + RunMetas
        + RunFiles
        + Upkeep
        + Watching
{
}
