//! What the words mean: ids, messages, cursors. No I/O and no wire formats.

mod cursor;
mod ids;
mod message;
mod tree_path;

pub use cursor::Cursor;
pub use ids::{BusId, MsgId, ProjectId, RequestId, TaskId};
pub use message::{Integrity, Link, Message, NewMessage, Parent};
pub use tree_path::TreePath;
