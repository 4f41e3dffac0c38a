//! Facts as a backend offers them.

use std::future::Future;

use jiff::Timestamp;

use crate::domain::{Fact, FactId, FactScope, RequestId};
use crate::error::Result;

use super::{Created, Page};

/// Facts about projects and tasks.
pub trait Facts: Send + Sync + 'static {
    /// Writes a fact down. Returns it without its body.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, REQUEST_ID_REUSED, DISK_FULL, IO.
    fn append_fact(
        &self,
        new: NewFact,
        request_id: Option<RequestId>,
    ) -> impl Future<Output = Result<Created<Fact>>> + Send;

    /// Returns a fact with its body.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, FACT_NOT_FOUND, CORRUPT_DOCUMENT, IO.
    fn fact(&self, scope: FactScope, id: FactId) -> impl Future<Output = Result<Fact>> + Send;

    /// Lists facts, newest first, those of one instant in the falling order of their
    /// ids.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, TASK_NOT_FOUND, IO.
    fn list_facts(&self, query: FactQuery) -> impl Future<Output = Result<Page<Fact>>> + Send;
}

/// A fact to write down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFact {
    /// What it is about.
    pub scope: FactScope,
    /// Its name; empty means one made from the title.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The run that found it out.
    pub run_id: String,
    /// Its text.
    pub body: String,
}

/// Which facts to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactQuery {
    /// About what.
    pub scope: FactScope,
    /// Of this run; empty means of any or none.
    pub run_id: String,
    /// From this time on.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// Whether to return their bodies.
    pub with_bodies: bool,
    /// Strictly after this place in the list.
    pub after: Option<FactPosition>,
    /// At most this many.
    pub limit: usize,
}

/// A fact's place in a list: newest first, then by falling id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FactPosition {
    /// When it was written down, as far as that is known.
    pub created_at: Option<Timestamp>,
    /// The fact.
    pub id: FactId,
}
