//! Between the wire and the domain. Requests are checked here, once.
//!
//! `requests` and `answers` are those of MessageBus; Storage has a file for each
//! noun, with both directions.

mod answer_size;
mod answers;
pub(super) mod artifacts;
pub(super) mod facts;
mod fields;
mod mask;
pub mod page_tokens;
pub(super) mod projects;
mod requests;
pub(super) mod run_events;
pub(super) mod run_files;
pub(super) mod run_metas;
pub(super) mod runs;
pub(super) mod steps;
pub(super) mod task_log;
pub(super) mod tasks;
pub(super) mod upkeep;
mod values;
pub(super) mod watch;

pub(super) use answers::{bus, frame, integrity, link, message, parent, text};
pub(super) use fields::{duration, etag, page_size, part};
pub(super) use requests::{batch, poll_query, read_query, single, subscription};
pub(super) use values::{count_out, pid_out, size_out, timestamp_out};
