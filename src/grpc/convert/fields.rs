//! Single fields of requests: what holds of them, wherever they stand.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::{
    Etag, JsonObject, ProjectId, Reach, RunId, TaskId, TaskKey, check_path_in_task,
};
use crate::error::{Error, Result};
use crate::limits;
use crate::store::Part;

/// Builds an [`Error::InvalidField`].
pub(super) fn invalid(field: &'static str, problem: impl Into<String>) -> Error {
    Error::InvalidField { field, problem: problem.into() }
}

/// Refuses what is over a limit.
pub(super) fn check_size(
    field: &'static str,
    limit_name: &'static str,
    actual: usize,
    limit: usize,
) -> Result<()> {
    if actual > limit { Err(Error::TooLarge { field, limit_name, limit, actual }) } else { Ok(()) }
}

/// Takes a number of things.
pub(super) fn count(field: &'static str, number: i32) -> Result<usize> {
    usize::try_from(number).map_err(|_| negative(field))
}

/// Takes an offset or a size, in bytes.
pub(super) fn bytes(field: &'static str, number: i64) -> Result<u64> {
    u64::try_from(number).map_err(|_| negative(field))
}

/// Takes a process or a group; 0 means none.
pub(super) fn pid(field: &'static str, pid: i32) -> Result<i64> {
    number(field, pid)
}

/// Takes a number that must not be negative.
pub(super) fn number(field: &'static str, number: impl Into<i64>) -> Result<i64> {
    let number = number.into();
    if number < 0 { Err(negative(field)) } else { Ok(number) }
}

fn negative(field: &'static str) -> Error {
    invalid(field, "it must not be negative")
}

/// Takes a time.
pub(super) fn timestamp(field: &'static str, time: prost_types::Timestamp) -> Result<Timestamp> {
    Timestamp::new(time.seconds, time.nanos).map_err(|_| {
        let (min, max) = (Timestamp::MIN, Timestamp::MAX);
        invalid(field, format!("it must lie between {min} and {max}, with nanos below 1000000000"))
    })
}

/// Takes a time that may be absent.
pub(super) fn optional_time(
    field: &'static str,
    time: Option<prost_types::Timestamp>,
) -> Result<Option<Timestamp>> {
    time.map(|time| timestamp(field, time)).transpose()
}

/// Takes a duration that must not be negative.
pub(in crate::grpc) fn duration(
    field: &'static str,
    duration: prost_types::Duration,
) -> Result<Duration> {
    Duration::try_from(duration)
        .map_err(|_| invalid(field, "it must be a duration that is not negative"))
}

/// Takes the silence after which a stream is to send a heartbeat.
pub(super) fn heartbeat_interval(interval: Option<prost_types::Duration>) -> Result<Duration> {
    let interval = match interval {
        None => limits::HEARTBEAT_INTERVAL_DEFAULT,
        Some(interval) => duration("heartbeat_interval", interval)?,
    };
    if !(limits::HEARTBEAT_INTERVAL_MIN..=limits::HEARTBEAT_INTERVAL_MAX).contains(&interval) {
        return Err(invalid("heartbeat_interval", "it must lie between 100 ms and 1 h"));
    }
    Ok(interval)
}

/// Takes a page size.
pub(in crate::grpc) fn page_size(size: i32) -> Result<usize> {
    let size = count("page_size", size)?;
    check_size("page_size", "PAGE_SIZE_MAX", size, limits::PAGE_SIZE_MAX)?;
    Ok(if size == 0 { limits::PAGE_SIZE_DEFAULT } else { size })
}

/// Takes the etag that a document must still have.
pub(in crate::grpc) fn etag(text: &str) -> Result<Option<Etag>> {
    Etag::parse(text)
}

/// Takes the part of the tree that a call is about: a task, a project, or all that its caller
/// reaches.
pub(in crate::grpc) fn part(project_id: &str, task_id: &str, reach: &Reach) -> Result<Part> {
    Ok(match (project_id, task_id) {
        ("", "") => Part::All(reach.clone()),
        (project, "") => Part::Project(ProjectId::parse(project)?),
        (project, task) => Part::Task(task_key(project, task)?),
    })
}

/// Takes a task's place.
pub(super) fn task_key(project_id: &str, task_id: &str) -> Result<TaskKey> {
    Ok(TaskKey { project: ProjectId::parse(project_id)?, task: TaskId::parse(task_id)? })
}

/// Takes the statuses to list.
pub(super) fn statuses(statuses: Vec<String>) -> Result<Vec<String>> {
    let limit = limits::FILTER_STATUSES_MAX;
    check_size("statuses", "FILTER_STATUSES_MAX", statuses.len(), limit)?;
    Ok(statuses)
}

/// Takes a description, a command line or the summary of an error.
pub(super) fn text(field: &'static str, text: String) -> Result<String> {
    bounded(field, "TEXT_BYTES_MAX", limits::TEXT_BYTES_MAX, text)
}

/// Takes a value of a word or two.
pub(super) fn label(field: &'static str, label: String) -> Result<String> {
    bounded(field, "LABEL_BYTES_MAX", limits::LABEL_BYTES_MAX, label)
}

/// Takes a path on somebody's host. It is kept as text, and never opened.
pub(super) fn path(field: &'static str, path: String) -> Result<String> {
    bounded(field, "PATH_BYTES_MAX", limits::PATH_BYTES_MAX, path)
}

/// Takes the path of an artifact or an attachment, below the task's folder, as a message
/// may name one.
pub(super) fn path_in_task(field: &'static str, path: String) -> Result<String> {
    let limit = limits::ATTACHMENT_PATH_BYTES_MAX;
    check_size(field, "ATTACHMENT_PATH_BYTES_MAX", path.len(), limit)?;
    check_path_in_task(field, &path)?;
    Ok(path)
}

/// Takes a prompt: a file of its own, in which anything may stand.
pub(super) fn prompt(field: &'static str, prompt: String) -> Result<String> {
    check_size(field, "PROMPT_BYTES_MAX", prompt.len(), limits::PROMPT_BYTES_MAX)?;
    Ok(prompt)
}

/// Takes a value of a word or two that must not be empty.
pub(super) fn required_label(field: &'static str, value: String) -> Result<String> {
    if value.is_empty() { Err(Error::RequiredField { field }) } else { label(field, value) }
}

/// Takes a JSON object.
pub(super) fn json_object(
    field: &'static str,
    limit_name: &'static str,
    limit: usize,
    text: &str,
) -> Result<JsonObject> {
    check_size(field, limit_name, text.trim_ascii().len(), limit)?;
    JsonObject::parse(text).map_err(|problem| invalid(field, problem))
}

/// Takes further data of a task or of a step's result; empty means none.
pub(super) fn metadata(field: &'static str, text: &str) -> Result<Option<JsonObject>> {
    if text.is_empty() {
        return Ok(None);
    }
    let limit = limits::METADATA_BYTES_MAX;
    json_object(field, "METADATA_BYTES_MAX", limit, text).map(Some)
}

/// Takes the id of a run that something names; it need not exist, and may be empty.
pub(super) fn other_run(field: &'static str, run_id: String) -> Result<String> {
    if !run_id.is_empty() {
        in_field(field, RunId::parse(&run_id))?;
    }
    Ok(run_id)
}

/// Takes a text of one bound, without a NUL.
pub(super) fn bounded(
    field: &'static str,
    limit_name: &'static str,
    limit: usize,
    text: String,
) -> Result<String> {
    check_size(field, limit_name, text.len(), limit)?;
    if text.contains('\0') {
        return Err(invalid(field, "it holds a NUL"));
    }
    Ok(text)
}

/// Names the field that an id stood in, where that is not the id's own.
pub(super) fn in_field<T>(field: &'static str, id: Result<T>) -> Result<T> {
    id.map_err(|error| match error {
        Error::InvalidId { value, problem, .. } => Error::InvalidId { field, value, problem },
        Error::PathTraversal { value, .. } => Error::PathTraversal { field, value },
        Error::RequiredField { .. } => Error::RequiredField { field },
        error => error,
    })
}
