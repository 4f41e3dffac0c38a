//! The backend traits, in domain words: what the services need, and what every
//! backend promises. The embedded backend is `files`.

mod message_bus;
mod projects;
mod runs;
mod watch;

pub use message_bus::{
    AppendBatch, AppendTicket, Appended, Archives, BusPage, BusSummary, Filter, Frame, FrameStream,
    MessageBus, ReadPage, ReadQuery, ReadStart, Scope, Start, Subscription, Trimmed,
};
pub use projects::{
    Created, NewProject, NewTask, Page, ProjectChange, Projects, TaskChange, TaskPosition,
    TaskQuery, Tasks,
};
pub use runs::{
    ChunkStream, CleanUp, CleanedUp, EndStatus, FileChunk, FileStart, NewRun, OutputAppended, Part,
    Reconciled, Relation, RunChange, RunEnd, RunFileQuery, RunFileSummary, RunFiles, RunPage,
    RunPosition, RunQuery, Runs, TreeNode, TreeRoot, Upkeep,
};
pub use watch::{Change, ChangeStream, Watch, Watching};

/// Everything that the Storage service needs of a backend.
pub trait Storage: Projects + Tasks + Runs + RunFiles + Upkeep + Watching {}

impl<B: Projects + Tasks + Runs + RunFiles + Upkeep + Watching> Storage for B {}
