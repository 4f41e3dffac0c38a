//! Projects, tasks with all that they keep, and runs: everything of the tree but the
//! buses.
//!
//! The methods here are synchronous and block on files; `files::storage` runs them
//! where that is no harm, one at a time for each thing that they change. Reads take
//! no lock and write nothing.

mod artifact_save;
mod artifacts;
mod changes;
mod clean_up;
mod create;
mod document;
mod fact_list;
mod facts;
mod file_hints;
mod file_lock;
mod followed_file;
mod json_lines;
mod line_files;
mod look;
mod made_up_names;
mod observer;
mod places;
mod projects;
mod reconcile;
mod requests;
mod run_files;
mod run_folders;
mod run_index;
mod run_list;
mod run_meta;
mod run_output;
mod run_tree;
mod run_update;
mod runs;
mod staged_file;
mod staging;
mod task_create;
mod task_list;
mod task_log;
mod task_state;
mod task_update;
mod tasks;
mod turns;
mod watching;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::disk::{Disk, Status};
use crate::domain::{RequestId, TreePath};
use crate::error::{Error, Holder, Result};
use crate::files::lock::locked;
use crate::files::seat::Seats;
use crate::files::synced_folders::SyncedFolders;
use crate::layout::{paths, stamp};

use changes::Changes;
use fact_list::FactHeads;
use file_hints::FileHints;
use line_files::LineFiles;
use requests::Requests;
use run_files::SyncedEntry;
use run_folders::RunFolders;
use run_index::RunIndex;
use task_list::Ages;
use turns::Turns;

pub(super) use artifacts::DEPTH_MAX as ARTIFACT_DEPTH_MAX;
pub(super) use file_lock::FileLock;
pub(super) use observer::observe;
pub(super) use requests::is_request;
pub(super) use runs::{RunPlace, derived_files};
pub(super) use turns::Turn;

/// Tells for how long the times of a file or a folder may stand still while it changes: what
/// was looked at within that time of a change may have missed a later one.
fn time_grain(status: &Status) -> Duration {
    // Some file systems know only whole seconds, or every second one.
    match status.changed.subsec_nanosecond() {
        0 => Duration::from_millis(2_050),
        _ => Duration::from_millis(50),
    }
}

/// The tree of one root.
pub(super) struct Tree {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    pid: u32,
    /// Who may change what now.
    turns: Turns,
    /// Requests that created something.
    requests: Requests,
    /// Where runs are, by their ids.
    runs: RunIndex,
    /// Long lists of runs.
    run_folders: RunFolders,
    /// When tasks were made.
    ages: Ages,
    /// Documents whose last replacement failed at its end.
    doubtful: Mutex<HashSet<TreePath>>,
    synced_folders: Arc<SyncedFolders>,
    /// Held shared while something is created, alone while something is removed: what
    /// is found to be empty stays so until it is gone.
    removals: Arc<RwLock<()>>,
    /// Files that are appended to, as they were when their names were made durable.
    synced_entries: Mutex<HashMap<TreePath, SyncedEntry>>,
    /// How far files of lines are on disk.
    line_files: LineFiles,
    /// Facts as they were listed.
    fact_heads: FactHeads,
    /// What an earlier server left half-way.
    pub(super) left_over: Vec<TreePath>,
    /// What watchers see.
    changes: Arc<Changes>,
    /// Hints for those who follow a file.
    hints: Arc<FileHints>,
    /// How many streams are open.
    streams: Arc<Seats>,
    shutdown: CancellationToken,
}

impl Tree {
    /// Prepares a tree; reads little of it.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        pid: u32,
        synced_folders: Arc<SyncedFolders>,
        removals: Arc<RwLock<()>>,
        streams: Arc<Seats>,
    ) -> Result<Self> {
        staging::prepare_trash(&*disk);
        Ok(Self {
            left_over: staging::left_over(&*disk),
            requests: Requests::load(&*disk, clock.now())?,
            hints: FileHints::new(Arc::clone(&disk)),
            turns: Turns::default(),
            runs: RunIndex::default(),
            run_folders: RunFolders::default(),
            ages: Ages::default(),
            doubtful: Mutex::default(),
            synced_folders,
            removals,
            synced_entries: Mutex::default(),
            line_files: LineFiles::default(),
            fact_heads: FactHeads::default(),
            changes: Arc::default(),
            streams,
            disk,
            clock,
            pid,
            shutdown: CancellationToken::new(),
        })
    }

    /// Ends streams; everything else goes on working.
    pub(super) fn shut_down(&self) {
        self.shutdown.cancel();
    }

    /// Waits for the turn to change what is at a path.
    pub(super) async fn turn(&self, path: &TreePath) -> Result<Turn> {
        self.turns.take(path).await.map_err(|error| match error {
            // Whoever has the turn waits for the lock himself.
            Error::LockTimeout { path: of, budget_seconds, .. } => {
                Error::LockTimeout { path: of, holder: self.lock_holder(path), budget_seconds }
            }
            error => error,
        })
    }

    /// Finds who holds the lock of a document, or of a file that is its own lock.
    fn lock_holder(&self, path: &TreePath) -> Holder {
        let holder = |path: &TreePath| self.disk.open(path).ok()??.lock_holder();
        Holder(holder(&paths::lock_file(path)).or_else(|| holder(path)))
    }

    /// Waits for the turn of a request id.
    pub(super) async fn turn_of_request(&self, request_id: &RequestId) -> Result<Turn> {
        let name = requests::hash(&[request_id.as_str()]);
        self.turns.take(&paths::requests_file().join(&name)).await
    }

    /// Returns how many bytes may still be written.
    pub(super) fn free_bytes(&self) -> Result<u64> {
        self.disk.free_bytes()
    }

    /// Returns a name that nothing of this server has had.
    fn stamp(&self) -> String {
        stamp::stamp(self.clock.now(), self.pid)
    }
}
