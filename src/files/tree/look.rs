//! Looking at what is watched: comparing what things look like from outside with what
//! was seen, reading those that look different, and noting what they are now.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Instant;

use crate::disk::{Kind, Status};
use crate::domain::{ArtifactId, FactScope, ProjectId, TaskKey, TreePath};
use crate::error::{Error, Reason, Result};
use crate::layout::{fact_names, paths};
use crate::store::Part;

use super::changes::{Key, Wanted};
use super::runs::RunPlace;
use super::{Tree, time_grain};

/// Folders for which the system is asked for hints at most. It has a limit of its
/// own, for all programs of the user together; what is beyond is looked at from time
/// to time.
pub(super) const HINTED_FOLDERS_MAX: usize = 8192;

/// What was seen of the things that are watched, so that most looks read nothing.
#[derive(Default)]
pub(super) struct Seen {
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

impl Seen {
    /// Keeps only what is there.
    pub(super) fn keep(&mut self, found: &BTreeSet<Key>) {
        self.things.retain(|key, _| found.contains(key));
    }
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

/// A look at some things.
pub(super) struct Look<'a> {
    tree: &'a Tree,
    watched: &'a [Wanted],
    pub(super) seen: Seen,
    pub(super) found: BTreeSet<Key>,
    /// Runs that have not ended.
    changing: BTreeSet<RunPlace>,
    /// Folders in which other things may appear and change.
    folders: BTreeSet<TreePath>,
}

impl<'a> Look<'a> {
    pub(super) fn new(tree: &'a Tree, watched: &'a [Wanted], seen: Seen) -> Self {
        Self {
            tree,
            watched,
            seen,
            found: BTreeSet::new(),
            changing: BTreeSet::new(),
            folders: BTreeSet::new(),
        }
    }

    /// Returns the folders in which things change, as many as the system is asked
    /// for hints about, the most important first.
    pub(super) fn folders(&self) -> BTreeSet<TreePath> {
        let first =
            std::iter::once(TreePath::root()).chain(self.changing.iter().map(RunPlace::path));
        first.chain(self.folders.iter().cloned()).take(HINTED_FOLDERS_MAX).collect()
    }

    pub(super) fn at_everything(&mut self) -> Result<()> {
        for project in self.tree.project_ids()? {
            let key = Key::Project(project.clone());
            let reaches_in = |wanted: &Wanted| match &wanted.part {
                Part::All(reach) => reach.covers(&project),
                Part::Project(wanted) => *wanted == project,
                Part::Task(task) => task.project == project,
            };
            if !self.watched.iter().any(reaches_in) {
                continue;
            }
            if self.is_watched(&key) {
                self.at(&key);
                self.at_facts(&FactScope::Project(project.clone()));
            }
            for task in self.tasks_of(&project) {
                if self.is_watched(&Key::Task(task.clone())) {
                    self.at_task(&task);
                }
            }
        }
        Ok(())
    }

    /// Whether a thing is watched.
    pub(super) fn is_watched(&self, key: &Key) -> bool {
        self.watched.iter().any(|wanted| wanted.covers(key))
    }

    /// Looks at the facts about something, when they are watched.
    fn at_facts(&mut self, scope: &FactScope) {
        let part = match scope {
            FactScope::Project(project) => Key::Project(project.clone()),
            FactScope::Task(task) => Key::Task(task.clone()),
        };
        if !self.watched.iter().any(|wanted| wanted.facts && part.is_in(&wanted.part)) {
            return;
        }
        match self.tree.fact_ids(scope) {
            Ok(ids) => {
                self.folders.insert(paths::facts_folder(scope));
                for id in ids {
                    self.at(&Key::Fact(scope.clone(), id));
                }
            }
            Err(error) => self.keep(&error, |key| matches!(key, Key::Fact(of, _) if of == scope)),
        }
    }

    /// Looks at the artifacts of a task, when they are watched.
    fn at_artifacts(&mut self, task: &TaskKey) {
        let part = Key::Task(task.clone());
        if !self.watched.iter().any(|wanted| wanted.artifacts && part.is_in(&wanted.part)) {
            return;
        }
        let ids = match self.tree.artifact_ids(task) {
            Ok(ids) => ids,
            Err(error) => {
                return self.keep(&error, |key| matches!(key, Key::Artifact(of, _) if of == task));
            }
        };
        let top = paths::artifacts_folder(&paths::task_folder(task));
        if matches!(self.tree.disk.status(&top), Ok(Some(_))) {
            self.folders.insert(top);
        }
        for (id, error) in ids {
            if let Some(error) = error {
                let below = format!("{}/", id.name());
                let is_below = |key: &Key| match key {
                    Key::Artifact(of, one) => of == task && one.name().starts_with(&below),
                    _ => false,
                };
                self.keep(&error, is_below);
                continue;
            }
            if let ArtifactId::Artifact(_) = id {
                let folder = paths::artifact_file(&paths::task_folder(task), &id).folder();
                self.folders.insert(folder);
            }
            self.at(&Key::Artifact(task.clone(), id));
        }
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
        self.keep(error, |one| one.is_below(key));
    }

    /// Counts some things that are known as found, because they cannot be looked for.
    fn keep(&mut self, error: &Error, which: impl Fn(&Key) -> bool) {
        tracing::debug!(%error, "something that is watched cannot be listed");
        let kept = self.seen.things.keys().filter(|one| which(one)).cloned();
        self.found.extend(kept.collect::<Vec<_>>());
    }

    pub(super) fn at_task(&mut self, task: &TaskKey) {
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
        self.at_artifacts(task);
        self.at_facts(&FactScope::Task(task.clone()));
    }

    pub(super) fn at_hinted(&mut self, key: &Key) {
        // What it stands in may be new as well.
        match key {
            Key::Project(_) => {}
            Key::Task(task) => drop(self.at(&Key::Project(task.project.clone()))),
            Key::Run(run) => {
                self.at(&Key::Project(run.task.project.clone()));
                self.at(&Key::Task(run.task.clone()));
            }
            Key::Artifact(task, _) => drop(self.at(&Key::Task(task.clone()))),
            Key::Fact(FactScope::Task(task), _) => drop(self.at(&Key::Task(task.clone()))),
            Key::Fact(FactScope::Project(project), _) => {
                self.at(&Key::Project(project.clone()));
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
                    self.at_facts(&FactScope::Project(project.clone()));
                }
            }
            // A folder may have come with all that is in it.
            Key::Artifact(task, id) if self.is_folder_of_artifacts(task, id) => {
                self.at_artifacts(task);
            }
            key => drop(self.at(key)),
        }
    }

    fn is_folder_of_artifacts(&self, task: &TaskKey, id: &ArtifactId) -> bool {
        let path = paths::artifact_file(&paths::task_folder(task), id);
        let status = self.tree.disk.status(&path);
        status.is_ok_and(|status| status.is_some_and(|status| status.kind == Kind::Folder))
    }

    /// Looks at a thing, and reads it unless it looks as before. Returns whether it
    /// is there.
    fn at(&mut self, key: &Key) -> bool {
        let files = self.files_of(key);
        let now = Instant::now();
        if let Some(sight) = self.seen.things.get_mut(key) {
            if sight.files == files {
                let grain = files.iter().flatten().map(time_grain).max().unwrap_or_default();
                let is_old = now.duration_since(sight.since) > grain;
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
            Key::Artifact(task, id) => self.tree.show_artifact(task, id)?.hash(&mut hasher),
            Key::Fact(scope, id) => self.tree.show_fact(scope, id)?.hash(&mut hasher),
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
            Key::Artifact(task, id) => {
                vec![paths::artifact_file(&paths::task_folder(task), id)]
            }
            Key::Fact(scope, id) => vec![fact_names::file(scope, id.as_str())],
        };
        files.iter().map(|path| self.tree.disk.status(path).ok().flatten()).collect()
    }
}

/// Whether an error says that what was to be read is not there.
pub(super) fn is_absent(error: &Error) -> bool {
    matches!(
        error.reason(),
        Reason::ProjectNotFound
            | Reason::TaskNotFound
            | Reason::RunNotFound
            | Reason::ArtifactNotFound
            | Reason::FactNotFound
    )
}
