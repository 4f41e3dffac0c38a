//! Creating something once, however often it is asked for with one request id.

use std::borrow::Cow;
use std::sync::PoisonError;

use crate::disk::Renamed;
use crate::domain::{RequestId, TreePath};
use crate::error::{Error, Reason, Result};

use super::Tree;

/// How often another name is made up when the first ones are taken.
const NAMES_TRIED: usize = 16;

/// Something that can be created: a project, a task, a run, a fact, a version.
pub(super) trait Creatable {
    /// All that is asked for, so that a request id used again can be told from a
    /// repetition.
    fn content(&self) -> Vec<Cow<'_, str>>;

    /// The name it is to have; none has one made up.
    fn name(&self) -> Option<&str>;

    /// Makes up a name; `attempt` counts from 0.
    ///
    /// # Errors
    /// When it has to look which names there are, and cannot.
    fn make_up_name(&self, tree: &Tree, attempt: usize) -> Result<String>;

    /// The path that exists when the thing exists.
    fn record(&self, name: &str) -> TreePath;

    /// The folder in which it appears in one step.
    fn commits_in(&self, name: &str) -> TreePath;

    /// Makes it, durably and in one step, unless it is there already.
    fn make(&self, tree: &Tree, name: &str) -> Result<Renamed>;

    /// What tells the thing from others that may get its name: empty where nobody else
    /// comes to that name.
    fn mark(&self) -> Result<String> {
        Ok(String::new())
    }

    /// Whether what is there has the mark of an earlier call that asked for the same.
    fn has_mark(&self, tree: &Tree, name: &str, mark: &str) -> Result<bool> {
        let _ = (tree, name, mark);
        Ok(true)
    }

    /// Whether a call that failed has surely made nothing; false where that is not known.
    fn is_unmade(&self, tree: &Tree) -> bool {
        let _ = tree;
        false
    }

    /// Says that it is there already.
    fn taken(&self, name: &str) -> Error;
}

/// What became of a creation.
pub(super) struct Made {
    pub(super) name: String,
    /// Whether an earlier call had created it.
    pub(super) duplicate: bool,
}

impl Tree {
    /// Creates something, or finds what an earlier call with this request id
    /// created.
    pub(super) fn create(
        &self,
        new: &impl Creatable,
        request_id: Option<&RequestId>,
    ) -> Result<Made> {
        let _creating = self.removals.read().unwrap_or_else(PoisonError::into_inner);
        let Some(request_id) = request_id else {
            return self.create_new(new, None, |_| Ok(()));
        };
        let now = self.clock.now();
        let content = super::requests::hash(&new.content());
        let mut known = self.requests.find(request_id, &content, now)?;
        if let Some(found) = &known {
            let record = new.record(&found.name);
            let is_there = self.disk.status(&record)?.is_some();
            if is_there && new.has_mark(self, &found.name, &found.mark)? {
                self.sync_creation(&record, &new.commits_in(&found.name))?;
                self.requests.finish(request_id);
                return Ok(Made { name: found.name.clone(), duplicate: true });
            }
            if found.done {
                return Err(Error::CreatedAndRemoved {
                    path: record.to_string(),
                    request_id: request_id.as_str().to_owned(),
                });
            }
            if is_there {
                known = None;
            }
        }
        let begin = |name: &str| {
            // What is taken now must not be found there as his own by a repetition.
            if self.disk.status(&new.record(name))?.is_some() {
                return Err(new.taken(name));
            }
            let mark = new.mark()?;
            self.requests.begin(&*self.disk, request_id, &content, (name, &mark), now)
        };
        let made = self.create_new(new, known.map(|known| known.name), begin);
        match &made {
            Ok(_) => self.requests.finish(request_id),
            // Of these nothing was made: the id is free for another try.
            Err(error)
                if error.reason() == new.taken("").reason()
                    || matches!(
                        error.reason(),
                        Reason::InvalidId | Reason::WorktreeMissing | Reason::TooManyVersions
                    ) =>
            {
                self.requests.withdraw(request_id);
            }
            // It may be there all the same: the repetition will see. While it is not,
            // somebody else may create it, and that is not ours.
            Err(_) => {
                let record = new.name().map(|name| new.record(name));
                let is_absent =
                    record.is_some_and(|record| matches!(self.disk.status(&record), Ok(None)));
                if is_absent || new.is_unmade(self) {
                    self.requests.withdraw(request_id);
                }
            }
        }
        made
    }

    /// Makes what an earlier call created durable: when a crash came between, it is
    /// there but not on disk.
    fn sync_creation(&self, record: &TreePath, folder: &TreePath) -> Result<()> {
        let parent = record.folder();
        if self.is_doubtful(record)
            && let Ok(Some(document)) = self.read_document(record)
        {
            // What a failed sync left is not made durable by another: it is written anew.
            let _ = self.replace(record, &document.bytes, None)?;
        }
        if self.is_doubtful(record) || self.is_doubtful(&parent) {
            let source = std::io::Error::other("an earlier sync of it failed; restart the server");
            return Err(Error::io("sync", record.as_str(), source));
        }
        self.disk.sync_folder(&parent)?;
        self.disk.sync_folder(folder)?;
        self.synced_folders.sync_names(&*self.disk, folder)
    }

    fn create_new(
        &self,
        new: &impl Creatable,
        begun: Option<String>,
        begin: impl Fn(&str) -> Result<()>,
    ) -> Result<Made> {
        let mut begun = begun;
        for attempt in 0..NAMES_TRIED {
            let name = match (begun.take(), new.name()) {
                (Some(name), _) => name,
                (None, Some(name)) => name.to_owned(),
                (None, None) => new.make_up_name(self, attempt)?,
            };
            let made = match begin(&name) {
                Ok(()) => new.make(self, &name)?,
                Err(error) if error.reason() == new.taken("").reason() => Renamed::Exists,
                Err(error) => return Err(error),
            };
            if made == Renamed::Done {
                return Ok(Made { name, duplicate: false });
            }
            if new.name().is_some() {
                return Err(new.taken(&name));
            }
        }
        Err(Error::Bug(format!("{NAMES_TRIED} names that were made up are all taken")))
    }
}
