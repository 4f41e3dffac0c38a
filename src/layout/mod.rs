//! The formats on disk, one module each: bytes in, values out, no I/O. Ids become
//! paths here and nowhere else.

pub mod artifact_names;
pub mod cwd_file;
mod damage;
mod document_time;
pub mod event_line;
pub mod fact_file;
pub mod fact_names;
pub mod home_folders_file;
mod json_document;
pub mod message_file;
pub mod meta_file;
pub mod msg_id;
pub mod paths;
pub mod run_info_file;
pub mod stamp;
pub mod state_file;
pub mod task_config_file;
pub mod task_file;
mod yaml_document;

pub use damage::Damage;
