//! Facts: what somebody found out about a project or a task.

use std::fmt;

use jiff::Timestamp;

use crate::error::Result;

use super::ids::check_component;
use super::{Etag, ProjectId, TaskId, TaskKey};

/// What a fact is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactScope {
    /// A project.
    Project(ProjectId),
    /// A task.
    Task(TaskKey),
}

impl FactScope {
    /// Returns the project.
    pub fn project(&self) -> &ProjectId {
        match self {
            Self::Project(project) => project,
            Self::Task(task) => &task.project,
        }
    }

    /// Returns the task, of a fact about one.
    pub fn task(&self) -> Option<&TaskId> {
        match self {
            Self::Project(_) => None,
            Self::Task(task) => Some(&task.task),
        }
    }
}

impl fmt::Display for FactScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(project) => project.fmt(f),
            Self::Task(task) => task.fmt(f),
        }
    }
}

/// A fact's id: the name of its file, without `.md`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FactId(String);

impl FactId {
    /// Takes the id of a fact to read: any single path component without a leading
    /// dot.
    ///
    /// # Errors
    /// REQUIRED_FIELD, INVALID_ID or PATH_TRAVERSAL.
    pub fn parse(text: &str) -> Result<Self> {
        check_component("fact_id", text)?;
        Ok(Self(text.to_owned()))
    }

    /// Returns the id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a fact's file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct FactText {
    /// When it was written down.
    pub created_at: Option<Timestamp>,
    /// The name it was given.
    pub name: String,
    /// The run that found it out.
    pub run_id: String,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
}

/// A fact as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fact {
    /// What it is about.
    pub scope: FactScope,
    /// Its id.
    pub id: FactId,
    /// What its file says. The body is empty where it was not asked for.
    pub text: FactText,
    /// The version of its file; none when it cannot be read.
    pub etag: Option<Etag>,
    /// Why it cannot be read.
    pub problem: Option<String>,
}
