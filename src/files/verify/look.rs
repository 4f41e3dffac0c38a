//! One look through a tree: which places there are, and what every place has in common.

use std::time::{Duration, Instant};

use crate::disk::{Content, Disk, DiskFile, Entry, Kind as Thing};
use crate::domain::{BusId, ProjectId, TaskKey, TreePath};
use crate::error::{Error, Holder, Reason, Result};
use crate::files::lock::{lock_until, release};
use crate::limits::{DOCUMENT_BYTES_MAX, LOCK_BUDGET, LOCK_RETRY_INTERVAL};

use super::Seen;
use super::finding::{Finding, Kind};

/// How long a lock is waited for after one was waited for in vain, and at a second look.
const SHORT_LOCK_BUDGET: Duration = Duration::from_millis(200);

/// Something that is looked at as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Root,
    Private,
    Project(ProjectId),
    Task(TaskKey),
    Run(TaskKey, String),
    Bus(BusId),
}

/// Who is at work in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Presence {
    /// The server that holds the root.
    pub(super) server: Option<Holder>,
}

/// A look through a tree.
pub(super) struct Look<'d> {
    pub(super) disk: &'d dyn Disk,
    pub(super) presence: Presence,
    pub(super) seen: Seen,
    /// What is still to be looked at.
    waiting: Vec<Place>,
    found: Vec<Finding>,
    lock_budget: Duration,
}

/// What became of reading a document.
pub(super) enum Read {
    Content(Content),
    /// There is none.
    Absent,
    /// It was found to be wrong.
    Wrong,
}

impl<'d> Look<'d> {
    pub(super) fn new(disk: &'d dyn Disk, presence: Presence) -> Self {
        Self {
            disk,
            presence,
            seen: Seen::default(),
            waiting: Vec::new(),
            found: Vec::new(),
            lock_budget: LOCK_BUDGET,
        }
    }

    /// A second look at places where something was found.
    pub(super) fn again(disk: &'d dyn Disk, presence: Presence) -> Self {
        Self { lock_budget: SHORT_LOCK_BUDGET, ..Self::new(disk, presence) }
    }

    /// Returns the next place that a look at another one has found.
    pub(super) fn next(&mut self) -> Option<Place> {
        self.waiting.pop()
    }

    /// Notes a place that is to be looked at.
    pub(super) fn later(&mut self, place: Place) {
        self.waiting.push(place);
    }

    /// Looks at a place; returns what is wrong there.
    ///
    /// # Errors
    /// IO when the root itself cannot be read.
    pub(super) fn look_at(&mut self, place: &Place) -> Result<Vec<Finding>> {
        match place {
            Place::Root => self.look_at_root()?,
            Place::Private => self.look_at_private(),
            Place::Project(project) => self.look_at_project(project),
            Place::Task(task) => self.look_at_task(task),
            Place::Run(task, folder) => self.look_at_run(task, folder),
            Place::Bus(bus) => self.look_at_bus(bus),
        }
        Ok(std::mem::take(&mut self.found))
    }

    pub(super) fn report(&mut self, finding: Finding) {
        self.found.push(finding);
    }

    /// Reports what the disk refused. What went away meanwhile is nothing.
    pub(super) fn report_error(&mut self, path: &TreePath, error: &Error) {
        let at = match error {
            // Something above it may be what stands in the way.
            Error::NotRegular { path: at, .. } if *at != path.as_str() => return,
            _ => path,
        };
        self.report(match error {
            Error::NotRegular { found, expected, .. } => {
                let message = format!("it is {found}; a {expected} belongs here");
                Finding::new(at, Kind::NotRegular, message)
            }
            Error::Io { action, source, .. } => {
                Finding::new(at, Kind::Unreadable, format!("cannot {action} it: {source}"))
            }
            error => Finding::new(at, Kind::Unreadable, error.to_string()),
        });
    }

    /// Lists a folder; nothing when it went away or cannot be listed, which is reported.
    pub(super) fn list(&mut self, folder: &TreePath) -> Vec<Entry> {
        match self.disk.list(folder) {
            Ok(entries) => entries.unwrap_or_default(),
            Err(error) => {
                self.report_error(folder, &error);
                Vec::new()
            }
        }
    }

    /// Makes sure that a file can be opened. Its content may be anything.
    pub(super) fn look_at_file(&mut self, path: &TreePath) {
        match self.disk.open(path) {
            Ok(Some(_)) => self.seen.files += 1,
            Ok(None) => {}
            Err(error) => self.report_error(path, &error),
        }
    }

    /// Reads a document.
    pub(super) fn read(&mut self, path: &TreePath, corrupt: Kind) -> Read {
        match self.disk.read(path, DOCUMENT_BYTES_MAX) {
            Ok(Some(content)) => {
                self.seen.files += 1;
                Read::Content(content)
            }
            Ok(None) => Read::Absent,
            Err(Error::TooLarge { limit_name, limit, .. }) => {
                let message = format!("it is over {limit_name} = {limit} bytes");
                let status = self.disk.status(path).ok().flatten();
                self.report(Finding::new(path, corrupt, message).while_unchanged(vec![status]));
                Read::Wrong
            }
            Err(error) => {
                self.report_error(path, &error);
                Read::Wrong
            }
        }
    }

    /// Waits for the lock of a file. One that is held for too long is reported.
    pub(super) fn lock(&mut self, path: &TreePath, file: &dyn DiskFile) -> bool {
        match lock_until(file, Instant::now() + self.lock_budget, || LOCK_RETRY_INTERVAL) {
            Ok(true) => true,
            Ok(false) => {
                let holder = Holder(file.lock_holder());
                let message = format!("its lock cannot be had; {holder} holds it");
                self.report(Finding::new(path, Kind::Locked, message));
                self.lock_budget = SHORT_LOCK_BUDGET;
                false
            }
            Err(source) => {
                self.report_error(path, &Error::io("lock", path.as_str(), source));
                false
            }
        }
    }

    /// Gives back a lock.
    pub(super) fn unlock(&mut self, path: &TreePath, file: &dyn DiskFile) {
        if let Err(source) = release(file) {
            self.report_error(path, &Error::io("unlock", path.as_str(), source));
        }
    }

    /// Looks at the root.
    fn look_at_root(&mut self) -> Result<()> {
        let entries = self.disk.list(&TreePath::root())?.unwrap_or_default();
        for entry in entries {
            let path = TreePath::root();
            if path.join(&entry.name) == crate::layout::paths::private_folder() {
                self.later(Place::Private);
                continue;
            }
            let Some(project) = crate::layout::paths::project_of_folder(&entry.name) else {
                continue;
            };
            match entry.kind {
                Thing::Folder => {
                    self.seen.projects += 1;
                    self.later(Place::Project(project));
                }
                // A project to the server, which it cannot look into.
                Thing::Symlink => self.report_misplaced(&path.join(&entry.name), "folder"),
                Thing::File | Thing::Other => {}
            }
        }
        Ok(())
    }

    /// Reports a thing that stands where a file or a folder belongs.
    pub(super) fn report_misplaced(&mut self, path: &TreePath, expected: &str) {
        let opened = match expected {
            "folder" => self.disk.list(path).map(drop),
            _ => self.disk.open(path).map(drop),
        };
        // Opening it says what it is.
        if let Err(error) = opened
            && error.reason() == Reason::NotARegularFile
        {
            self.report_error(path, &error);
        }
    }
}
