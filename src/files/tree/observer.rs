//! Looking after what is watched: at once where there is a hint, and at everything
//! from time to time, because hints get lost and because processes end without any.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::disk::Status;
use crate::domain::{ProjectId, TaskKey, TreePath};
use crate::error::{Error, Reason, Result};
use crate::files::blocking::blocking;
use crate::files::watched_folders::WatchedFolders;
use crate::layout::paths;
use crate::limits::FOLLOW_POLL_INTERVAL;
use crate::store::Part;

use super::Tree;
use super::changes::{Changes, Hinted, Key};
use super::runs::RunPlace;

/// Between two looks at everything passes at least this many times the duration of
/// one.
const LOOK_REST: u32 = 20;
/// What changes all the time is not looked at more often than this.
const HINT_INTERVAL: Duration = Duration::from_millis(2);
/// And it rests for so many times as long as the look took.
const HINT_REST: u32 = 4;
/// Folders for which the system is asked for hints at most. It has a limit of its
/// own, for all programs of the user together; what is beyond is looked at from time
/// to time.
const HINTED_FOLDERS_MAX: usize = 8192;
/// A file's time stands still for so long at most while it changes.
const TIME_GRAIN: Duration = Duration::from_millis(50);

/// What was seen of the things that are watched, so that most looks read nothing.
#[derive(Default)]
struct Seen {
    things: HashMap<Key, Sight>,
}

/// What one thing looked like from outside.
struct Sight {
    files: Vec<Option<Status>>,
    /// When it was first seen like this.
    since: Instant,
    /// Whether it was read when it had been like this for a while.
    settled: bool,
}

/// How a thing may still change by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// It has ended, or is no run.
    None,
    /// It runs, and its process may end, which shows in no file.
    OfItsProcess,
    /// Nobody says whether it runs; a file may say so later.
    OfItsFiles,
}

/// Looks after what is watched, until the shutdown.
pub(in crate::files) async fn observe(tree: Arc<Tree>) {
    let changes = Arc::clone(&tree.changes);
    let hints = tree.disk.hints(Box::new(move |path| note_hint(&changes, path.as_ref())));
    let mut watched = WatchedFolders::new(hints);
    let mut seen = Seen::default();
    while !tree.shutdown.is_cancelled() {
        let (parts, number) = tree.changes.watched();
        if parts.is_empty() {
            watched.set(BTreeSet::new());
            seen = Seen::default();
            tree.changes.clear();
            tokio::select! {
                () = tree.changes.asked() => {}
                () = tree.shutdown.cancelled() => {}
            }
            continue;
        }
        let began = Instant::now();
        // What is hinted at from now on is looked at again.
        tree.changes.take_hinted();
        let looked;
        (seen, looked) = look(&tree, seen, parts, number).await;
        match looked {
            Ok(folders) => {
                if watched.set(folders) {
                    // What changed before its watch began gave no hint.
                    tree.changes.touch_anything();
                }
            }
            Err(error) => tracing::warn!(%error, "cannot look after what is watched"),
        }
        let rest = began.elapsed() * LOOK_REST;
        let next_look = tokio::time::Instant::now() + rest.max(FOLLOW_POLL_INTERVAL);
        let not_before = tokio::time::Instant::now() + rest;
        let rest = Rest { number, not_before, next_look };
        seen = rest_with_hints(&tree, seen, &mut watched, rest).await;
    }
}

/// The time between two looks at everything.
struct Rest {
    /// The newest watcher for whom everything was looked at.
    number: u64,
    /// When to look again at the earliest.
    not_before: tokio::time::Instant,
    /// When to look again at the latest.
    next_look: tokio::time::Instant,
}

/// Looks at what hints name until it is time to look at everything again. Whoever
/// begins to watch is not kept waiting.
async fn rest_with_hints(
    tree: &Arc<Tree>,
    mut seen: Seen,
    watched: &mut WatchedFolders,
    rest: Rest,
) -> Seen {
    let mut until = rest.next_look;
    loop {
        tokio::select! {
            () = tokio::time::sleep_until(until) => return seen,
            () = tree.shutdown.cancelled() => return seen,
            () = tree.changes.asked() => {}
        }
        let (parts, newest) = tree.changes.watched();
        if newest != rest.number || parts.is_empty() {
            return seen;
        }
        let hinted = tree.changes.take_hinted();
        if hinted.anything {
            until = until.min(rest.not_before);
        }
        if !hinted.keys.is_empty() || !hinted.tasks.is_empty() {
            let began = Instant::now();
            let folders;
            (seen, folders) = look_at(tree, seen, parts, hinted).await;
            for folder in folders {
                if watched.count() < HINTED_FOLDERS_MAX && watched.add(&folder) {
                    // What changed before its watch began gave no hint.
                    note_hint(&tree.changes, Some(&folder));
                }
            }
            // Looking at what changes all the time must not become all that is done.
            tokio::time::sleep(HINT_INTERVAL.max(began.elapsed() * HINT_REST)).await;
        }
    }
}

/// Looks at everything that is watched. Returns the folders in which it changes.
async fn look(
    tree: &Arc<Tree>,
    seen: Seen,
    parts: Vec<Part>,
    number: u64,
) -> (Seen, Result<BTreeSet<TreePath>>) {
    let tree = Arc::clone(tree);
    let looked = blocking(move || {
        let mut look = Look::new(&tree, seen);
        let outcome = look.at_everything(&parts);
        let folders = look.folders();
        let Look { mut seen, found, .. } = look;
        let outcome = outcome.map(|()| {
            seen.things.retain(|key, _| found.contains(key));
            tree.changes.finish_look(&parts, &found, number);
            folders
        });
        Ok((seen, outcome))
    });
    looked.await.unwrap_or_else(|error| (Seen::default(), Err(error)))
}

/// Looks at single things. Returns the folders in which they change.
async fn look_at(
    tree: &Arc<Tree>,
    seen: Seen,
    parts: Vec<Part>,
    hinted: Hinted,
) -> (Seen, BTreeSet<TreePath>) {
    let tree = Arc::clone(tree);
    let looked = blocking(move || {
        let mut look = Look::new(&tree, seen);
        let is_watched = |key: &Key| parts.iter().any(|part| key.is_in(part));
        for key in hinted.keys.iter().filter(|key| is_watched(key)) {
            look.at_hinted(key);
        }
        for task in &hinted.tasks {
            if is_watched(&Key::Task(task.clone())) {
                look.at_task(task);
            }
        }
        let folders = look.folders();
        Ok((look.seen, folders))
    });
    looked.await.unwrap_or_default()
}

/// Says what may have changed when something happened at a path.
fn note_hint(changes: &Changes, path: Option<&TreePath>) {
    let Some(path) = path else { return changes.touch_anything() };
    let mut names = path.components();
    let Some(project) = names.next().and_then(paths::project_of_folder) else { return };
    let Some(name) = names.next() else { return changes.touch(Key::Project(project)) };
    let Some(task) = paths::task_of_folder(name) else { return };
    let task = TaskKey { project: project.clone(), task };
    let Some(inner) = names.next() else {
        // It may be a file of the project as well as a task.
        if !paths::is_bus_or_archive(name) {
            changes.touch(Key::Project(project));
            changes.touch(Key::Task(task));
        }
        return;
    };
    let run = names.next().and_then(paths::run_of_folder);
    match run {
        // What a run writes into its other files changes nothing of it.
        Some(run)
            if paths::runs_folder(&task).name() == inner
                && names.next().is_none_or(paths::tells_of_a_run) =>
        {
            changes.touch(Key::Run(RunPlace { task, folder: run.to_string() }));
        }
        Some(_) => {}
        None if paths::is_bus_or_archive(inner) => {}
        // Runs may have come with their folder.
        None if paths::runs_folder(&task).name() == inner => changes.touch_runs_of(task),
        None => changes.touch(Key::Task(task)),
    }
}

/// A look at some things.
struct Look<'a> {
    tree: &'a Tree,
    seen: Seen,
    found: BTreeSet<Key>,
    /// Runs that have not ended.
    changing: BTreeSet<RunPlace>,
    /// Folders in which other things may appear and change.
    folders: BTreeSet<TreePath>,
}

impl<'a> Look<'a> {
    fn new(tree: &'a Tree, seen: Seen) -> Self {
        Self {
            tree,
            seen,
            found: BTreeSet::new(),
            changing: BTreeSet::new(),
            folders: BTreeSet::new(),
        }
    }

    /// Returns the folders in which things change, as many as the system is asked
    /// for hints about, the most important first.
    fn folders(&self) -> BTreeSet<TreePath> {
        let first =
            std::iter::once(TreePath::root()).chain(self.changing.iter().map(RunPlace::path));
        first.chain(self.folders.iter().cloned()).take(HINTED_FOLDERS_MAX).collect()
    }

    fn at_everything(&mut self, parts: &[Part]) -> Result<()> {
        for project in self.tree.project_ids()? {
            let key = Key::Project(project.clone());
            let wanted = |part: &Part| match part {
                Part::All => true,
                Part::Project(wanted) => *wanted == project,
                Part::Task(task) => task.project == project,
            };
            if !parts.iter().any(wanted) {
                continue;
            }
            if parts.iter().any(|part| key.is_in(part)) {
                self.at(&key);
            }
            for task in self.tasks_of(&project) {
                if parts.iter().any(|part| Key::Task(task.clone()).is_in(part)) {
                    self.at_task(&task);
                }
            }
        }
        Ok(())
    }

    /// Lists what may be tasks of a project. What cannot be listed may still be there.
    fn tasks_of(&mut self, project: &ProjectId) -> Vec<TaskKey> {
        match self.tree.task_keys(project) {
            Ok(tasks) => {
                self.folders.insert(paths::project_folder(project));
                tasks
            }
            Err(error) => {
                self.keep_below(&Key::Project(project.clone()), &error);
                Vec::new()
            }
        }
    }

    /// Counts everything that is known below a thing as found.
    fn keep_below(&mut self, key: &Key, error: &Error) {
        tracing::debug!(?key, %error, "something that is watched cannot be listed");
        let below = self.seen.things.keys().filter(|one| one.is_below(key)).cloned();
        self.found.extend(below.collect::<Vec<_>>());
    }

    fn at_task(&mut self, task: &TaskKey) {
        self.folders.insert(paths::task_folder(task));
        let key = Key::Task(task.clone());
        if !self.at(&key) {
            return;
        }
        let folders = match self.tree.run_folders(task) {
            Ok(folders) => folders,
            Err(error) => return self.keep_below(&key, &error),
        };
        let runs = paths::runs_folder(task);
        if !folders.is_empty() || matches!(self.tree.disk.status(&runs), Ok(Some(_))) {
            self.folders.insert(runs);
        }
        for folder in folders {
            self.at(&Key::Run(RunPlace { task: task.clone(), folder }));
        }
    }

    fn at_hinted(&mut self, key: &Key) {
        // What it stands in may be new as well.
        match key {
            Key::Project(_) => {}
            Key::Task(task) => drop(self.at(&Key::Project(task.project.clone()))),
            Key::Run(run) => {
                self.at(&Key::Project(run.task.project.clone()));
                self.at(&Key::Task(run.task.clone()));
            }
        }
        let is_known = self.seen.things.contains_key(key);
        match key {
            // What is new may have come with all that is in it.
            Key::Task(task) if !is_known => self.at_task(task),
            Key::Project(project) if !is_known => {
                if self.at(key) {
                    for task in self.tasks_of(project) {
                        self.at_task(&task);
                    }
                }
            }
            key => drop(self.at(key)),
        }
    }

    /// Looks at a thing, and reads it unless it looks as before. Returns whether it
    /// is there.
    fn at(&mut self, key: &Key) -> bool {
        let files = self.files_of(key);
        let now = Instant::now();
        if let Some(sight) = self.seen.things.get_mut(key) {
            if sight.files == files {
                let is_old = now.duration_since(sight.since) > TIME_GRAIN;
                // What stood in something that was gone for a moment is gone with it.
                if sight.settled && self.tree.changes.is_there(key) {
                    self.found.insert(key.clone());
                    return true;
                }
                sight.settled = is_old;
            } else {
                *sight = Sight { files, since: now, settled: false };
            }
        } else {
            self.seen.things.insert(key.clone(), Sight { files, since: now, settled: false });
        }
        match self.read(key) {
            Ok((look, run_id, ending)) => {
                if let (Some(sight), Ending::OfItsProcess) = (self.seen.things.get_mut(key), ending)
                {
                    sight.settled = false;
                }
                if let (Key::Run(run), false) = (key, ending == Ending::None) {
                    self.changing.insert(run.clone());
                }
                self.tree.changes.set(key, Some(look), &run_id);
                self.found.insert(key.clone());
                true
            }
            Err(error) if !is_absent(&error) => {
                self.keep_below(key, &error);
                if let Some(sight) = self.seen.things.get_mut(key) {
                    sight.settled = false;
                }
                self.found.insert(key.clone());
                false
            }
            Err(_) => {
                self.seen.things.remove(key);
                self.tree.changes.set(key, None, "");
                false
            }
        }
    }

    /// Reads a thing: a number that is another one when it changes, a run's id, and
    /// how it may still end.
    fn read(&self, key: &Key) -> Result<(u64, String, Ending)> {
        let mut hasher = DefaultHasher::new();
        let mut run_id = String::new();
        let mut ending = Ending::None;
        match key {
            Key::Project(project) => {
                if self.tree.disk.status(&paths::project_folder(project))?.is_none() {
                    return Err(Error::ProjectNotFound { project: project.to_string() });
                }
                self.tree.show_project(project).hash(&mut hasher);
            }
            Key::Task(task) => self.tree.show_task(task)?.hash(&mut hasher),
            Key::Run(place) => {
                let run = self.tree.show_run(place)?;
                run.hash(&mut hasher);
                ending = match run.info.is_running() {
                    true => Ending::OfItsProcess,
                    false if run.info.has_ended() => Ending::None,
                    false => Ending::OfItsFiles,
                };
                run_id = run.info.run_id;
            }
        }
        Ok((hasher.finish(), run_id, ending))
    }

    /// Returns what the files are by which a thing changes.
    fn files_of(&self, key: &Key) -> Vec<Option<Status>> {
        let files = match key {
            Key::Project(project) => {
                let folder = paths::project_folder(project);
                vec![paths::home_folders_file(&folder), folder]
            }
            Key::Task(task) => {
                let folder = paths::task_folder(task);
                // The folder's own time tells which names there are.
                vec![
                    paths::task_record_file(&folder),
                    paths::task_config_file(&folder),
                    paths::task_state_file(&folder),
                    folder,
                ]
            }
            Key::Run(run) => vec![run.record(), run.path()],
        };
        files.iter().map(|path| self.tree.disk.status(path).ok().flatten()).collect()
    }
}

fn is_absent(error: &Error) -> bool {
    matches!(error.reason(), Reason::ProjectNotFound | Reason::TaskNotFound | Reason::RunNotFound)
}
