//! What the words mean: ids, messages, cursors, projects,
//! tasks, runs. No I/O and no wire formats.

mod cursor;
mod etag;
mod ids;
mod message;
mod run;
mod run_file;
mod task;
mod tree_path;

pub use cursor::Cursor;
pub use etag::Etag;
pub use ids::{BusId, MsgId, ProjectId, RequestId, RunId, TaskId, check_new_name};
pub use message::{Integrity, Link, Message, NewMessage, Parent};
pub use run::{Liveness, Run, RunInfo, RunKey, TaskKey, run_status};
pub use run_file::RunFile;
pub use task::{HomeFolders, Project, Task, TaskRecord, TaskState};
pub use tree_path::TreePath;
