//! The formats on disk, one module each: bytes in, values out, no I/O. Ids become
//! paths here and nowhere else.

pub mod message_file;
pub mod msg_id;
pub mod paths;
pub mod stamp;
