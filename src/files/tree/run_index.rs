//! Where runs are, by their ids, and which come from which: an index over all
//! projects, so that finding a run by its id alone looks at no other run.
//!
//! It only says where to look. A run is read where the index says and must have the
//! id; when it has not, or is not there, the index is brought up to date. That costs
//! one look at each task's folder of runs, and reads the runs that are new or have
//! not ended. It is also done from time to time, so that a second run of the same id
//! is found: but it rests for many times as long as it takes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::time::Instant;

use crate::disk::Status;
use crate::domain::{Reach, Run, RunKey, TaskKey};
use crate::error::{Error, Reason, Result};
use crate::layout::paths;

use super::runs::RunPlace;
use super::{Tree, time_grain};

/// Between two looks at everything passes at least this many times the duration of
/// one, unless something is not found.
const REFRESH_REST: u32 = 20;

/// The index.
#[derive(Default)]
pub(super) struct RunIndex {
    state: Mutex<State>,
    /// Held while the index is brought up to date.
    refreshing: Mutex<()>,
}

#[derive(Default)]
struct State {
    tasks: BTreeMap<TaskKey, TaskRuns>,
    /// Folders by the id of their run, in order; almost always one.
    places: HashMap<String, Vec<RunPlace>>,
    /// How often it was begun to be brought up to date.
    begun: u64,
    /// The last of these that came to its end.
    completed: u64,
    /// When it is worth being brought up to date again.
    due: Option<Instant>,
}

#[derive(Default)]
struct TaskRuns {
    listed: Option<Listed>,
    runs: BTreeMap<String, Indexed>,
}

/// A folder of runs when it was listed.
#[derive(Clone, Copy)]
struct Listed {
    status: Status,
    /// When it was first seen like this.
    since: Instant,
    /// Whether it was listed when it had been like this for a while, so that nothing
    /// can have changed since.
    settled: bool,
}

/// What is kept of a run.
#[derive(Clone)]
struct Indexed {
    id: String,
    parent: String,
    previous: String,
    has_ended: bool,
}

/// Which runs come from which.
#[derive(Default)]
pub(super) struct Descent {
    /// What each id names: its folders.
    pub(super) places: HashMap<String, Vec<RunPlace>>,
    /// What comes from an id: the ids of its children and of its restarts.
    pub(super) below: HashMap<String, BTreeSet<String>>,
    /// The parent and the previous run of an id.
    pub(super) above: HashMap<String, (String, String)>,
}

impl RunIndex {
    /// Takes in a run as it was read.
    pub(super) fn note(&self, run: &Run) {
        let place = RunPlace::of(run);
        super::locked(&self.state).insert(&place, run);
    }

    /// Forgets a run.
    pub(super) fn forget(&self, place: &RunPlace) {
        super::locked(&self.state).remove(place);
    }

    /// Forgets a task's runs.
    pub(super) fn forget_task(&self, task: &TaskKey) {
        super::locked(&self.state).keep(task, &[]);
    }

    fn is_due(&self) -> bool {
        super::locked(&self.state).due.is_none_or(|due| Instant::now() >= due)
    }

    fn places(&self, id: &str) -> Vec<RunPlace> {
        let state = super::locked(&self.state);
        state.places.get(id).cloned().unwrap_or_default()
    }

    /// Returns where a run is, when the index knows one place, need not be brought up to
    /// date first, and is not in use.
    pub(super) fn only_place(&self, id: &str) -> Option<RunPlace> {
        let state = self.state.try_lock().ok()?;
        if state.due.is_none_or(|due| Instant::now() >= due) {
            return None;
        }
        match state.places.get(id)?.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    /// Returns which runs within reach come from which, as if there were no others.
    pub(super) fn descent(&self, reach: &Reach) -> Descent {
        let state = super::locked(&self.state);
        let mut descent = Descent::default();
        for (id, places) in &state.places {
            let reached = places.iter().filter(|place| reach.covers(&place.task.project));
            let reached: Vec<_> = reached.cloned().collect();
            if !reached.is_empty() {
                descent.places.insert(id.clone(), reached);
            }
        }
        let reached = state.tasks.iter().filter(|(task, _)| reach.covers(&task.project));
        for run in reached.flat_map(|(_, task)| task.runs.values()) {
            descent.above.insert(run.id.clone(), (run.parent.clone(), run.previous.clone()));
            for above in [&run.parent, &run.previous] {
                if !above.is_empty() {
                    descent.below.entry(above.clone()).or_default().insert(run.id.clone());
                }
            }
        }
        descent
    }
}

impl State {
    fn insert(&mut self, place: &RunPlace, run: &Run) {
        let indexed = Indexed {
            id: run.info.run_id.clone(),
            parent: run.info.parent_run_id.clone(),
            previous: run.info.previous_run_id.clone(),
            has_ended: run.info.has_ended(),
        };
        let runs = &mut self.tasks.entry(place.task.clone()).or_default().runs;
        let before = runs.insert(place.folder.clone(), indexed);
        if let Some(before) = before
            && before.id != run.info.run_id
        {
            self.forget_place(&before.id, place);
        }
        let places = self.places.entry(run.info.run_id.clone()).or_default();
        if let Err(at) = places.binary_search(place) {
            places.insert(at, place.clone());
        }
    }

    fn remove(&mut self, place: &RunPlace) {
        let runs = self.tasks.get_mut(&place.task);
        if let Some(run) = runs.and_then(|task| task.runs.remove(&place.folder)) {
            self.forget_place(&run.id, place);
        }
    }

    fn forget_place(&mut self, id: &str, place: &RunPlace) {
        if let Some(places) = self.places.get_mut(id) {
            places.retain(|known| known != place);
            if places.is_empty() {
                self.places.remove(id);
            }
        }
    }

    /// Keeps only these folders of a task's runs.
    fn keep(&mut self, task: &TaskKey, folders: &[String]) {
        let Some(known) = self.tasks.get(task) else { return };
        let gone = known.runs.keys().filter(|folder| folders.binary_search(folder).is_err());
        let gone: Vec<String> = gone.cloned().collect();
        for folder in gone {
            self.remove(&RunPlace { task: task.clone(), folder });
        }
    }
}

impl Tree {
    /// Finds a run.
    ///
    /// # Errors
    /// RUN_NOT_FOUND or RUN_AMBIGUOUS.
    pub(in crate::files) fn find_run(&self, key: &RunKey) -> Result<RunPlace> {
        self.locate_run(key).map(|(place, _)| place)
    }

    /// Finds a run, and returns it as a list shows it.
    pub(super) fn locate_run(&self, key: &RunKey) -> Result<(RunPlace, Run)> {
        let id = key.run.as_str();
        if let Some(task) = &key.task {
            let place = RunPlace { task: task.clone(), folder: id.to_owned() };
            // Almost always the folder has the run's id. A run that cannot be read is
            // known by its folder.
            match self.show_run(&place) {
                Ok(run) if run.info.run_id == id => return Ok((place, run)),
                Err(error) if error.reason() != Reason::RunNotFound => return Err(error),
                _ => {}
            }
        }
        if key.task.is_none() && self.runs.is_due() {
            self.refresh_runs()?;
        }
        let mut found = self.confirmed(key);
        if found.is_empty() {
            match &key.task {
                Some(task) => self.refresh_task_runs(task),
                None => self.refresh_runs()?,
            }
            found = self.confirmed(key);
        }
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (None, _) => Err(Error::RunNotFound { run: key.to_string() }),
            (Some(last), false) => {
                found.push(last);
                let places = found.iter().map(|(place, _)| place.path().to_string()).collect();
                Err(Error::RunAmbiguous { run: id.to_owned(), places })
            }
        }
    }

    /// Returns the places of a run that the index knows and that still have it.
    fn confirmed(&self, key: &RunKey) -> Vec<(RunPlace, Run)> {
        let mut places = self.runs.places(key.run.as_str());
        places.retain(|place| key.task.as_ref().is_none_or(|task| *task == place.task));
        let confirm = |place: RunPlace| match self.show_run(&place) {
            Ok(run) => {
                self.runs.note(&run);
                (run.info.run_id == key.run.as_str()).then_some((place, run))
            }
            Err(_) => {
                self.runs.forget(&place);
                None
            }
        };
        places.into_iter().filter_map(confirm).collect()
    }

    /// Brings the index up to date. Of several that want it at the same time, one
    /// does it.
    pub(super) fn refresh_runs(&self) -> Result<()> {
        let asked_at = super::locked(&self.runs.state).begun;
        let _refreshing = super::locked(&self.runs.refreshing);
        let began = Instant::now();
        {
            let mut state = super::locked(&self.runs.state);
            // One that began after this was asked for has ended by now.
            if state.completed > asked_at {
                return Ok(());
            }
            state.begun += 1;
        }
        let mut tasks = Vec::new();
        let mut unlisted = Vec::new();
        for project in self.project_ids()? {
            match self.task_keys(&project) {
                Ok(keys) => tasks.extend(keys),
                Err(_) => unlisted.push(project),
            }
        }
        for task in &tasks {
            self.refresh_task_runs(task);
        }
        let mut state = super::locked(&self.runs.state);
        let is_gone = |task: &TaskKey| {
            tasks.binary_search(task).is_err() && !unlisted.contains(&task.project)
        };
        let gone: Vec<TaskKey> = state.tasks.keys().filter(|task| is_gone(task)).cloned().collect();
        for task in gone {
            state.keep(&task, &[]);
            state.tasks.remove(&task);
        }
        let ended = Instant::now();
        state.completed = state.begun;
        state.due = Some(ended + (ended - began) * REFRESH_REST);
        Ok(())
    }

    fn refresh_task_runs(&self, task: &TaskKey) {
        let status = self.disk.status(&paths::runs_folder(task)).ok().flatten();
        let now = Instant::now();
        let (listed, known) = {
            let state = super::locked(&self.runs.state);
            let task = state.tasks.get(task);
            let runs = task.into_iter().flat_map(|task| &task.runs);
            let known: BTreeMap<String, bool> =
                runs.map(|(folder, run)| (folder.clone(), run.has_ended)).collect();
            (task.and_then(|task| task.listed), known)
        };
        let same = listed.filter(|listed| Some(listed.status) == status);
        let folders: Vec<String> = match same {
            Some(Listed { settled: true, .. }) => known.keys().cloned().collect(),
            _ => match self.run_folders(task) {
                Ok(folders) => folders,
                // What cannot be listed may still be there.
                Err(error) => return tracing::debug!(%task, %error, "runs cannot be listed"),
            },
        };
        for folder in &folders {
            // One that has ended changes neither its id nor its parents.
            if known.get(folder) != Some(&true) {
                let place = RunPlace { task: task.clone(), folder: folder.clone() };
                if let Ok(run) = self.show_run(&place) {
                    self.runs.note(&run);
                }
            }
        }
        let mut state = super::locked(&self.runs.state);
        state.keep(task, &folders);
        let listed = status.map(|status| {
            let since = same.map_or(now, |same| same.since);
            let settled = now.duration_since(since) > time_grain(&status);
            Listed { status, since, settled }
        });
        if listed.is_some() {
            state.tasks.entry(task.clone()).or_default().listed = listed;
        } else {
            state.tasks.remove(task);
        }
    }
}
