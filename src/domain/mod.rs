//! What the words mean: ids, messages, cursors, projects, tasks and their checkpoints,
//! artifacts, facts, runs. No I/O and no wire formats.

mod artifact;
mod cursor;
mod etag;
mod fact;
mod ids;
mod json_object;
mod message;
mod project_pattern;
mod run;
mod run_file;
mod run_meta;
mod step;
mod task;
pub mod task_status;
mod tree_path;

pub use artifact::{Artifact, ArtifactId, ArtifactName};
pub use cursor::Cursor;
pub use etag::Etag;
pub use fact::{Fact, FactId, FactScope, FactText};
pub use ids::{BusId, MsgId, ProjectId, RequestId, RunId, TaskId, check_new_name};
pub use json_object::JsonObject;
pub(crate) use json_object::end_of_string;
pub(crate) use message::check_path_in_task;
pub use message::{Integrity, Link, Message, NewMessage, Parent};
pub use project_pattern::{ProjectPattern, Reach};
pub use run::{Liveness, Run, RunInfo, RunKey, TaskKey, run_status};
pub use run_file::RunFile;
pub use run_meta::{RunArchive, RunEvent, RunFlags, RunMeta, RunSetup};
pub use step::{Step, StepResult, TaskProgress, Transition};
pub use task::{HomeFolders, Project, Task, TaskRecord, TaskState};
pub use tree_path::TreePath;
