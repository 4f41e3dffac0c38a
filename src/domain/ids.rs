//! Ids, and the rules for their text. Ids become paths in `layout` alone.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::limits;

/// Endings that the layout keeps for itself.
const RESERVED_ENDINGS: [&str; 5] = [".lock", ".tmp", ".archived", ".torn", ".damaged"];

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Returns the id's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A project's id: the name of its folder.
    ProjectId
}
text_id! {
    /// A task's id: the name of its folder.
    TaskId
}
text_id! {
    /// A run's id: the name of its folder, but for old forms.
    RunId
}
text_id! {
    /// A message's id.
    MsgId
}
text_id! {
    /// What a caller names a request by, so that repeating it is safe.
    RequestId
}

impl ProjectId {
    /// Takes the name of a project to read: any single path component without a
    /// leading dot, because other programs are laxer than we are.
    ///
    /// # Errors
    /// REQUIRED_FIELD, INVALID_ID or PATH_TRAVERSAL.
    pub fn parse(text: &str) -> Result<Self> {
        check_component("project_id", text)?;
        Ok(Self(text.into()))
    }

    /// Checks that a project of this name may be created:
    /// `[a-z0-9]([a-z0-9-]*[a-z0-9])?`, at most 128 characters.
    ///
    /// # Errors
    /// INVALID_ID.
    pub fn check_creatable(&self) -> Result<()> {
        check_new_length("project_id", &self.0)?;
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let bytes = self.0.as_bytes();
        let ends_plain =
            bytes.first().copied().is_some_and(plain) && bytes.last().copied().is_some_and(plain);
        if !ends_plain || !bytes.iter().all(|&c| plain(c) || c == b'-') {
            return Err(Error::invalid(
                "project_id",
                &self.0,
                "a new project's id holds only a-z, 0-9 and '-', and begins and ends with a letter or digit",
            ));
        }
        Ok(())
    }
}

impl TaskId {
    /// Takes the name of a task to read: any single path component without a
    /// leading dot.
    ///
    /// # Errors
    /// REQUIRED_FIELD, INVALID_ID or PATH_TRAVERSAL.
    pub fn parse(text: &str) -> Result<Self> {
        check_component("task_id", text)?;
        Ok(Self(text.into()))
    }

    /// Checks that a task of this name may be created:
    /// `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`, without a reserved ending.
    ///
    /// # Errors
    /// INVALID_ID.
    pub fn check_creatable(&self) -> Result<()> {
        check_new_name("task_id", &self.0)
    }
}

impl RunId {
    /// Takes the id of a run to read: any single path component without a leading
    /// dot.
    ///
    /// # Errors
    /// REQUIRED_FIELD, INVALID_ID or PATH_TRAVERSAL.
    pub fn parse(text: &str) -> Result<Self> {
        check_component("run_id", text)?;
        Ok(Self(text.into()))
    }

    /// Checks that a run of this name may be created, by the rules of task ids.
    ///
    /// # Errors
    /// INVALID_ID.
    pub fn check_creatable(&self) -> Result<()> {
        check_new_name("run_id", &self.0)
    }
}

impl MsgId {
    /// Takes a message's id.
    ///
    /// # Errors
    /// REQUIRED_FIELD or INVALID_ID.
    pub fn parse(field: &'static str, text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::RequiredField { field });
        }
        if text.len() > limits::MSG_ID_BYTES_MAX {
            return Err(Error::TooLarge {
                field,
                limit_name: "MSG_ID_BYTES_MAX",
                limit: limits::MSG_ID_BYTES_MAX,
                actual: text.len(),
            });
        }
        Ok(Self(text.into()))
    }
}

impl RequestId {
    /// Takes a request id; empty means none.
    ///
    /// # Errors
    /// TOO_LARGE or INVALID_ID.
    pub fn parse(text: &str) -> Result<Option<Self>> {
        if text.is_empty() {
            return Ok(None);
        }
        check_id_text("request_id", text, limits::REQUEST_ID_BYTES_MAX)?;
        Ok(Some(Self(text.into())))
    }
}

/// Names a bus: a project's own, or a task's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BusId {
    /// The project.
    pub project: ProjectId,
    /// The task; none means the project's own bus.
    pub task: Option<TaskId>,
}

impl BusId {
    /// Takes a project id and a task id as they come from a caller; an empty task
    /// id means the project's own bus.
    ///
    /// # Errors
    /// REQUIRED_FIELD, INVALID_ID or PATH_TRAVERSAL.
    pub fn parse(project_id: &str, task_id: &str) -> Result<Self> {
        let task = if task_id.is_empty() { None } else { Some(TaskId::parse(task_id)?) };
        Ok(Self { project: ProjectId::parse(project_id)?, task })
    }

    /// Returns the task id's text, empty for a project's own bus.
    pub fn task_str(&self) -> &str {
        self.task.as_ref().map_or("", TaskId::as_str)
    }

    /// Checks that the project's and the task's folders may be created.
    ///
    /// # Errors
    /// INVALID_ID.
    pub fn check_creatable(&self) -> Result<()> {
        self.project.check_creatable()?;
        self.task.as_ref().map_or(Ok(()), TaskId::check_creatable)
    }
}

impl fmt::Display for BusId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.task {
            Some(task) => write!(f, "{}/{task}", self.project),
            None => self.project.fmt(f),
        }
    }
}

/// Checks text that names something but never becomes a path.
pub(super) fn check_id_text(field: &'static str, text: &str, bytes_max: usize) -> Result<()> {
    if text.len() > bytes_max {
        return Err(Error::invalid(field, text, format!("longer than {bytes_max} bytes")));
    }
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(Error::invalid(field, text, "blank, or holds a control character"));
    }
    Ok(())
}

/// Checks text that becomes one component of a path.
pub(super) fn check_component(field: &'static str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(Error::RequiredField { field });
    }
    check_id_text(field, text, limits::NAME_BYTES_MAX)?;
    if text == "." || text == ".." || text.contains('/') {
        return Err(Error::traversal(field, text));
    }
    if text.starts_with('.') {
        return Err(Error::invalid(field, text, "begins with a dot"));
    }
    Ok(())
}

/// Checks the name of something new: `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`, without a
/// reserved ending.
///
/// # Errors
/// INVALID_ID.
pub fn check_new_name(field: &'static str, name: &str) -> Result<()> {
    check_new_length(field, name)?;
    let bytes = name.as_bytes();
    let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
    if !bytes.first().is_some_and(u8::is_ascii_alphanumeric) || !bytes.iter().all(|&c| allowed(c)) {
        return Err(Error::invalid(
            field,
            name,
            "a new one holds only letters, digits, '.', '_' and '-', and begins with a letter or digit",
        ));
    }
    check_ending(field, name)
}

/// Refuses the endings that the layout keeps for itself.
pub(super) fn check_ending(field: &'static str, name: &str) -> Result<()> {
    match RESERVED_ENDINGS.iter().find(|ending| name.ends_with(**ending)) {
        Some(ending) => {
            Err(Error::invalid(field, name, format!("the ending {ending} is reserved")))
        }
        None => Ok(()),
    }
}

/// Refuses a name that is longer than new ones may be.
fn check_new_length(field: &'static str, text: &str) -> Result<()> {
    if text.len() > limits::ID_BYTES_MAX {
        let problem = format!("longer than ID_BYTES_MAX = {} bytes", limits::ID_BYTES_MAX);
        return Err(Error::invalid(field, text, problem));
    }
    Ok(())
}
