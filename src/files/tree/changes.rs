//! What watchers know of the tree: for each thing when it last changed, by a number
//! that only grows. A watcher remembers the last number it has seen and asks for
//! what came after it, so a slow one always gets the last state, and costs no more
//! memory than the names of what is removed meanwhile.
//!
//! There is one way in: somebody says that a thing may have changed, because we
//! changed it, because the system gave a hint, or because it was its turn; the
//! observer looks at it and compares.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, watch};

use crate::domain::{ArtifactId, FactId, FactScope, ProjectId, TaskKey};
use crate::store::Part;

use super::runs::RunPlace;

/// A thing that is watched.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Key {
    Project(ProjectId),
    Task(TaskKey),
    Run(RunPlace),
    Artifact(TaskKey, ArtifactId),
    Fact(FactScope, FactId),
}

impl Key {
    /// Whether it belongs to a part of the tree.
    pub(super) fn is_in(&self, part: &Part) -> bool {
        match (part, self) {
            (Part::All(reach), key) => reach.covers(key.project()),
            (Part::Project(wanted), key) => key.project() == wanted,
            (Part::Task(wanted), Self::Task(task)) => task == wanted,
            (Part::Task(wanted), Self::Run(run)) => run.task == *wanted,
            (Part::Task(wanted), Self::Artifact(task, _)) => task == wanted,
            (Part::Task(wanted), Self::Fact(FactScope::Task(task), _)) => task == wanted,
            (Part::Task(_), Self::Project(_) | Self::Fact(FactScope::Project(_), _)) => false,
        }
    }

    fn project(&self) -> &ProjectId {
        match self {
            Self::Project(project) => project,
            Self::Task(task) => &task.project,
            Self::Run(run) => &run.task.project,
            Self::Artifact(task, _) => &task.project,
            Self::Fact(scope, _) => scope.project(),
        }
    }

    /// Whether it lies below another.
    pub(super) fn is_below(&self, other: &Self) -> bool {
        match (other, self) {
            (_, Self::Project(_)) => false,
            (Self::Project(project), below) => below.project() == project,
            (Self::Task(task), Self::Run(run)) => run.task == *task,
            (Self::Task(task), Self::Artifact(of, _) | Self::Fact(FactScope::Task(of), _)) => {
                of == task
            }
            _ => false,
        }
    }
}

/// The state of one thing.
#[derive(Debug, Clone)]
struct Item {
    revision: u64,
    /// What it looked like; none when it is gone.
    look: Option<u64>,
    /// The id of a run, which is needed when it is gone.
    run_id: String,
}

/// What became of a thing after some revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Changed {
    pub(super) key: Key,
    pub(super) revision: u64,
    pub(super) is_gone: bool,
    pub(super) run_id: String,
}

/// What all watchers share.
#[derive(Default)]
pub(super) struct Changes {
    table: Mutex<Table>,
    hinted: Mutex<Hinted>,
    /// Somebody began to watch, or said that something may have changed.
    asked: Notify,
    /// The newest revision.
    newest: watch::Sender<u64>,
    /// The newest watcher for whom everything was looked at.
    served: watch::Sender<u64>,
}

#[derive(Default)]
struct Table {
    items: BTreeMap<Key, Item>,
    by_revision: BTreeMap<u64, Key>,
    revision: u64,
    watchers: HashMap<u64, Watcher>,
    watchers_ever: u64,
}

struct Watcher {
    wanted: Wanted,
    seen: Arc<AtomicU64>,
}

/// What somebody watches: projects, tasks and runs of a part of the tree, and more when
/// he says so, because it has to be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) part: Part,
    pub(super) artifacts: bool,
    pub(super) facts: bool,
}

impl Wanted {
    /// Whether a thing is watched.
    pub(super) fn covers(&self, key: &Key) -> bool {
        let is_kind = match key {
            Key::Project(_) | Key::Task(_) | Key::Run(_) => true,
            Key::Artifact(..) => self.artifacts,
            Key::Fact(..) => self.facts,
        };
        is_kind && key.is_in(&self.part)
    }
}

/// What may have changed.
#[derive(Default)]
pub(super) struct Hinted {
    pub(super) keys: BTreeSet<Key>,
    /// Tasks in which anything may have changed.
    pub(super) tasks: BTreeSet<TaskKey>,
    /// Whether hints were lost, or somebody began to watch.
    pub(super) anything: bool,
}

/// A watcher, for as long as it is kept.
pub(super) struct Registration {
    changes: Arc<Changes>,
    number: u64,
    seen: Arc<AtomicU64>,
}

impl Changes {
    /// Says that a project may have changed.
    pub(super) fn touch_project(&self, project: &ProjectId) {
        self.touch(Key::Project(project.clone()));
    }

    /// Says that a task may have changed.
    pub(super) fn touch_task(&self, task: &TaskKey) {
        self.touch(Key::Task(task.clone()));
    }

    /// Says that a run may have changed.
    pub(super) fn touch_run(&self, run: &RunPlace) {
        self.touch(Key::Run(run.clone()));
    }

    /// Says that an artifact may have changed.
    pub(super) fn touch_artifact(&self, task: &TaskKey, artifact: &ArtifactId) {
        self.touch(Key::Artifact(task.clone(), artifact.clone()));
    }

    /// Says that a fact may have changed.
    pub(super) fn touch_fact(&self, scope: &FactScope, fact: &FactId) {
        self.touch(Key::Fact(scope.clone(), fact.clone()));
    }

    pub(super) fn touch(&self, key: Key) {
        if super::locked(&self.table).watchers.is_empty() {
            return;
        }
        super::locked(&self.hinted).keys.insert(key);
        self.asked.notify_one();
    }

    /// Says that anything in a task may have changed.
    pub(super) fn touch_all_of(&self, task: TaskKey) {
        super::locked(&self.hinted).tasks.insert(task);
        self.asked.notify_one();
    }

    /// Says that anything may have changed.
    pub(super) fn touch_anything(&self) {
        super::locked(&self.hinted).anything = true;
        self.asked.notify_one();
    }

    /// Takes what may have changed.
    pub(super) fn take_hinted(&self) -> Hinted {
        std::mem::take(&mut *super::locked(&self.hinted))
    }

    /// Waits until something may have changed or somebody begins to watch. Safe to
    /// drop.
    pub(super) async fn asked(&self) {
        self.asked.notified().await;
    }

    /// Begins to watch.
    pub(super) fn register(self: &Arc<Self>, wanted: Wanted) -> Registration {
        let seen = Arc::new(AtomicU64::new(0));
        let number = {
            let mut table = super::locked(&self.table);
            table.watchers_ever += 1;
            let number = table.watchers_ever;
            table.watchers.insert(number, Watcher { wanted, seen: Arc::clone(&seen) });
            number
        };
        self.touch_anything();
        Registration { changes: Arc::clone(self), number, seen }
    }

    /// Returns what is watched, and the newest watcher among those.
    pub(super) fn watched(&self) -> (Vec<Wanted>, u64) {
        let table = super::locked(&self.table);
        let mut watched: Vec<Wanted> = Vec::new();
        for watcher in table.watchers.values() {
            if !watched.contains(&watcher.wanted) {
                watched.push(watcher.wanted.clone());
            }
        }
        (watched, table.watchers_ever)
    }

    /// Whether a thing is known to be there.
    pub(super) fn is_there(&self, key: &Key) -> bool {
        super::locked(&self.table).items.get(key).is_some_and(|item| item.look.is_some())
    }

    /// Notes what a thing looks like; none when it is gone. Returns whether it was
    /// not known.
    pub(super) fn set(&self, key: &Key, look: Option<u64>, run_id: &str) -> bool {
        let (is_new, revision) = {
            let mut table = super::locked(&self.table);
            let known = table.items.get(key);
            let is_new = known.is_none_or(|known| known.look.is_none());
            if known.map_or(look.is_none(), |known| known.look == look) {
                return false;
            }
            // What is gone keeps the id it had.
            let known_id = known.map_or_else(String::new, |known| known.run_id.clone());
            table.put(key, look, if look.is_some() { run_id } else { &known_id });
            if look.is_none() && matches!(key, Key::Project(_) | Key::Task(_)) {
                let below = |one: &Key| one.is_below(key);
                let below: Vec<(Key, String)> = table
                    .items
                    .iter()
                    .filter(|(one, item)| item.look.is_some() && below(one))
                    .map(|(one, item)| (one.clone(), item.run_id.clone()))
                    .collect();
                for (one, run_id) in below {
                    table.put(&one, None, &run_id);
                }
            }
            (is_new, table.revision)
        };
        self.newest.send_replace(revision);
        is_new
    }

    /// Notes that everything that is watched was looked at: `found` is what is there
    /// of it. The rest is gone, or is watched no more.
    pub(super) fn finish_look(&self, watched: &[Wanted], found: &BTreeSet<Key>, number: u64) {
        let revision = {
            let mut table = super::locked(&self.table);
            let covered = |key: &Key| watched.iter().any(|wanted| wanted.covers(key));
            let (gone, dropped): (Vec<_>, Vec<_>) = table
                .items
                .iter()
                .filter(|(key, _)| !found.contains(*key))
                .map(|(key, item)| (key.clone(), item.clone()))
                .partition(|(key, _)| covered(key));
            for (key, item) in gone {
                if item.look.is_some() {
                    table.put(&key, None, &item.run_id);
                }
            }
            for (key, item) in dropped {
                table.items.remove(&key);
                table.by_revision.remove(&item.revision);
            }
            table.forget_gone();
            table.revision
        };
        self.newest.send_replace(revision);
        self.served.send_replace(number);
    }

    /// Forgets everything: nobody watches.
    pub(super) fn clear(&self) {
        let mut table = super::locked(&self.table);
        if table.watchers.is_empty() {
            table.items.clear();
            table.by_revision.clear();
        }
    }

    /// Returns the first things of a part after a key, in the order of the keys.
    pub(super) fn after_key(&self, part: &Part, after: Option<&Key>, limit: usize) -> Vec<Key> {
        use std::ops::Bound;
        let table = super::locked(&self.table);
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        table
            .items
            .range::<Key, _>((from, Bound::Unbounded))
            .filter(|(key, item)| item.look.is_some() && key.is_in(part))
            .take(limit)
            .map(|(key, _)| key.clone())
            .collect()
    }

    /// Returns what changed of a part after a revision, oldest change first, and the
    /// revision up to which that is all.
    pub(super) fn after_revision(
        &self,
        part: &Part,
        revision: u64,
        limit: usize,
    ) -> (Vec<Changed>, u64) {
        let table = super::locked(&self.table);
        let changed: Vec<Changed> = table
            .by_revision
            .range(revision + 1..)
            .filter(|(_, key)| key.is_in(part))
            .take(limit)
            .filter_map(|(revision, key)| {
                let item = table.items.get(key)?;
                Some(Changed {
                    key: key.clone(),
                    revision: *revision,
                    is_gone: item.look.is_none(),
                    run_id: item.run_id.clone(),
                })
            })
            .collect();
        let upto = if changed.len() < limit {
            table.revision
        } else {
            changed.last().map_or(revision, |last| last.revision)
        };
        (changed, upto)
    }
}

impl Table {
    fn put(&mut self, key: &Key, look: Option<u64>, run_id: &str) {
        self.revision += 1;
        let item = Item { revision: self.revision, look, run_id: run_id.to_owned() };
        if let Some(before) = self.items.insert(key.clone(), item) {
            self.by_revision.remove(&before.revision);
        }
        self.by_revision.insert(self.revision, key.clone());
    }

    /// Forgets what is gone and what every watcher has been told of.
    fn forget_gone(&mut self) {
        let told = self.watchers.values().map(|watcher| watcher.seen.load(Ordering::Relaxed)).min();
        let told = told.unwrap_or(self.revision);
        let gone: Vec<(u64, Key)> = self
            .by_revision
            .range(..=told)
            .filter(|(_, key)| self.items.get(*key).is_some_and(|item| item.look.is_none()))
            .map(|(revision, key)| (*revision, key.clone()))
            .collect();
        for (revision, key) in gone {
            self.by_revision.remove(&revision);
            self.items.remove(&key);
        }
    }
}

impl Registration {
    /// Waits until all that was there when this watcher came is known.
    pub(super) async fn served(&self) {
        let mut served = self.changes.served.subscribe();
        let ours = self.number;
        // The sender lives as long as we do.
        let _ = served.wait_for(|newest| *newest >= ours).await;
    }

    /// Notes how far this watcher has come.
    pub(super) fn note_seen(&self, revision: u64) {
        self.seen.store(revision, Ordering::Relaxed);
    }

    /// Returns the newest revision.
    pub(super) fn newest(&self) -> u64 {
        super::locked(&self.changes.table).revision
    }

    /// Waits until there is a newer revision. Safe to drop.
    pub(super) async fn newer_than(&self, revision: u64) {
        let mut newest = self.changes.newest.subscribe();
        let _ = newest.wait_for(|newest| *newest > revision).await;
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        super::locked(&self.changes.table).watchers.remove(&self.number);
        // The observer may have less to look at.
        self.changes.asked.notify_one();
    }
}
