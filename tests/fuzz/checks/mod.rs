//! What must hold whatever the bytes are that come from outside: a function for each thing
//! that is read, which panics when it does not hold.
//!
//! The fuzzers of `tests/fuzz` and the test `nothing_lost::parsers` call the same functions.
//! They touch no file and keep nothing between two calls.

mod bus_file;
mod cursor;
mod documents;
mod names;
mod operator_files;
mod page_token;
mod run_info;
mod task_file;

#[allow(unused_imports, reason = "the fuzzers need only the targets")]
pub(crate) use bus_file::{append, windowed};

/// A target: the name of its fuzzer and of its folder of the corpus, and what it checks.
type Target = (&'static str, fn(&[u8]));

/// Every target.
pub(crate) const TARGETS: &[Target] = &[
    ("bus_file", bus_file::check),
    ("cursor", cursor::check),
    ("fact_file", documents::check_fact),
    ("home_folders", documents::check_home_folders),
    ("json_line", documents::check_json_line),
    ("meta_file", documents::check_meta),
    ("names", names::check),
    ("page_token", page_token::check),
    ("run_info", run_info::check),
    ("settings_file", operator_files::check_settings),
    ("task_config", documents::check_task_config),
    ("task_file", task_file::check),
    ("task_state", documents::check_task_state),
    ("token_file", operator_files::check_tokens),
];

/// The task that documents are read for.
fn task() -> callboard::domain::TaskKey {
    callboard::domain::TaskKey {
        project: callboard::domain::ProjectId::parse("demo").expect("a project"),
        task: callboard::domain::TaskId::parse("task-a").expect("a task"),
    }
}

/// Returns bytes as text for a message of an assertion.
fn shown(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
