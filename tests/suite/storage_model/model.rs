//! What a backend should have kept: maps of what the calls so far made.

use std::collections::{BTreeMap, BTreeSet};

use callboard::domain::{
    ArtifactId, Etag, Fact, FactId, FactScope, JsonObject, Liveness, Project, ProjectId, Reach,
    Run, RunFile, RunInfo, RunKey, RunMeta, Task, TaskId, TaskKey, TaskState,
};
use callboard::error::Reason;
use callboard::store::{
    NewArtifact, NewFact, NewProject, NewRun, NewRunEvent, NewTask, Part, Relation, Storing,
    TreeRoot,
};

use super::kept::WORKTREE;

/// Everything that is kept.
#[derive(Default)]
pub(super) struct Model {
    pub(super) projects: BTreeMap<ProjectId, KeptProject>,
    pub(super) requests: BTreeMap<&'static str, Request>,
    /// Etags that documents had.
    pub(super) past: Vec<Etag>,
}

pub(super) struct KeptProject {
    pub(super) project: Project,
    /// With their bodies, as those of a task.
    pub(super) facts: BTreeMap<FactId, Fact>,
    pub(super) tasks: BTreeMap<TaskId, KeptTask>,
}

pub(super) struct KeptTask {
    /// With its prompt, empty when there is none.
    pub(super) task: Task,
    pub(super) state: Option<(TaskState, Etag)>,
    pub(super) runs: BTreeMap<String, KeptRun>,
    /// Whole lines.
    pub(super) log: String,
    pub(super) artifacts: BTreeMap<ArtifactId, Vec<u8>>,
    pub(super) facts: BTreeMap<FactId, Fact>,
}

pub(super) struct KeptRun {
    pub(super) run: Run,
    pub(super) files: BTreeMap<RunFile, Vec<u8>>,
    pub(super) meta: Option<RunMeta>,
}

/// Something to create.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "there are few of them at a time")]
pub(super) enum New {
    Project(NewProject),
    Task(NewTask),
    Run(NewRun),
    Fact(NewFact),
    /// With its content.
    Artifact(NewArtifact, Vec<u8>),
    Log(TaskKey, Vec<JsonObject>),
    /// Of the run in a folder of a task.
    Event(TaskKey, String, NewRunEvent),
}

/// What is remembered of a request.
pub(super) struct Request {
    pub(super) new: New,
    /// The id of what it created; of lines, where they begin and end.
    pub(super) name: String,
    /// Whether that was removed since.
    pub(super) removed: bool,
}

/// What a creation must come to.
#[derive(Debug)]
pub(super) enum Creation {
    New,
    /// The earlier one is answered.
    Repeated(String),
    /// What it created was removed, and something else is there now: either answer is
    /// right.
    RepeatedOrRefused(String),
    /// With one of these.
    Refused(Vec<Reason>),
}

impl Model {
    pub(super) fn project(&mut self, id: &ProjectId) -> Result<&mut KeptProject, Reason> {
        self.projects.get_mut(id).ok_or(Reason::ProjectNotFound)
    }

    pub(super) fn task(&mut self, key: &TaskKey) -> Result<&mut KeptTask, Reason> {
        self.project(&key.project)?.tasks.get_mut(&key.task).ok_or(Reason::TaskNotFound)
    }

    pub(super) fn run(&mut self, key: &RunKey) -> Result<&mut KeptRun, Reason> {
        let id = key.run.as_str();
        let mut found: Vec<&mut KeptRun> = self
            .projects
            .values_mut()
            .flat_map(|project| project.tasks.values_mut())
            .filter(|task| key.task.as_ref().is_none_or(|key| *key == task.task.key))
            .filter_map(|task| task.runs.get_mut(id))
            .collect();
        match found.len() {
            0 => Err(Reason::RunNotFound),
            1 => Ok(found.remove(0)),
            _ => Err(Reason::RunAmbiguous),
        }
    }

    /// Returns the tasks of a part in order.
    pub(super) fn tasks_of(&self, part: &Part) -> Result<Vec<&KeptTask>, Reason> {
        let project = |id: &ProjectId| self.projects.get(id).ok_or(Reason::ProjectNotFound);
        Ok(match part {
            Part::All(_) => self.projects.values().flat_map(|it| it.tasks.values()).collect(),
            Part::Project(id) => project(id)?.tasks.values().collect(),
            Part::Task(key) => {
                vec![project(&key.project)?.tasks.get(&key.task).ok_or(Reason::TaskNotFound)?]
            }
        })
    }

    /// Returns the runs of a part in order.
    pub(super) fn runs_of(&self, part: &Part) -> Result<Vec<&Run>, Reason> {
        let tasks = self.tasks_of(part)?;
        Ok(tasks.iter().flat_map(|task| task.runs.values()).map(|kept| &kept.run).collect())
    }

    /// Tells what a creation must come to.
    pub(super) fn creation(&mut self, new: &New, request_id: Option<&str>) -> Creation {
        let mut refusals = Vec::new();
        let mut known = None;
        if let Some(request) = request_id.and_then(|id| self.requests.get(id)) {
            if request.new == *new {
                known = Some((request.name.clone(), request.removed));
            } else {
                refusals.push(Reason::RequestIdReused);
            }
        }
        if let Some((name, removed)) = known {
            return match (removed, self.has(new, &name)) {
                (false, _) => Creation::Repeated(name),
                (true, true) => Creation::RepeatedOrRefused(name),
                (true, false) => {
                    Creation::Refused(vec![Reason::RequestIdReused, Reason::ArtifactNotFound])
                }
            };
        }
        let (valid, named, exists) = match new {
            New::Project(new) => {
                let id = &new.id;
                (id.check_creatable().is_ok(), Some(id.to_string()), Reason::ProjectExists)
            }
            New::Task(new) => {
                let id = new.task.as_ref();
                let valid = id.is_none_or(|id| id.check_creatable().is_ok())
                    && new.project.check_creatable().is_ok();
                (valid, id.map(ToString::to_string), Reason::TaskExists)
            }
            New::Run(new) => {
                let id = new.run.as_ref();
                let valid = id.is_none_or(|id| id.check_creatable().is_ok())
                    && new.task.project.check_creatable().is_ok()
                    && new.task.task.check_creatable().is_ok();
                if !has_worktree(new) {
                    refusals.push(Reason::WorktreeMissing);
                }
                (valid, id.map(ToString::to_string), Reason::RunExists)
            }
            // Their names are made up.
            New::Fact(_) | New::Artifact(..) | New::Log(..) | New::Event(..) => {
                (true, None, Reason::Bug)
            }
        };
        if !valid {
            refusals.push(Reason::InvalidId);
        }
        if named.is_some_and(|name| self.has(new, &name)) {
            refusals.push(exists);
        }
        if refusals.is_empty() { Creation::New } else { Creation::Refused(refusals) }
    }

    /// Whether there is what a creation makes. A task is made by its record: without
    /// one it is there because a run came first.
    pub(super) fn has(&mut self, new: &New, name: &str) -> bool {
        match new {
            New::Project(new) => self.projects.contains_key(&new.id),
            New::Task(new) => {
                let task = self.projects.get(&new.project).and_then(|project| {
                    project.tasks.iter().find(|(id, _)| id.as_str() == name).map(|(_, task)| task)
                });
                task.is_some_and(|task| task.task.etag.is_some())
            }
            New::Run(new) => self.task(&new.task).is_ok_and(|task| task.runs.contains_key(name)),
            New::Fact(new) => {
                self.facts(&new.scope).is_ok_and(|facts| facts.keys().any(|id| id.as_str() == name))
            }
            New::Artifact(new, _) => self.task(&new.task).is_ok_and(|task| {
                let is_attachment = new.storing == Storing::Attachment;
                let is_it = |id: &ArtifactId| {
                    id.name() == name && matches!(id, ArtifactId::Attachment(_)) == is_attachment
                };
                task.artifacts.keys().any(is_it)
            }),
            // Lines are not looked for.
            New::Log(..) | New::Event(..) => true,
        }
    }

    /// Returns the facts about something.
    pub(super) fn facts(
        &mut self,
        scope: &FactScope,
    ) -> Result<&mut BTreeMap<FactId, Fact>, Reason> {
        Ok(match scope {
            FactScope::Project(project) => &mut self.project(project)?.facts,
            FactScope::Task(task) => &mut self.task(task)?.facts,
        })
    }

    /// Notes that an artifact was replaced: a version that had its name is gone.
    pub(super) fn note_replacement(&mut self, task: &TaskKey, name: &str) {
        for request in self.requests.values_mut() {
            let is_version = |new: &NewArtifact| {
                new.task == *task && new.storing == Storing::Versioned && request.name == name
            };
            request.removed |= matches!(&request.new, New::Artifact(new, _) if is_version(new));
        }
    }

    /// Notes which things that requests created are gone.
    pub(super) fn note_removals(&mut self) {
        let mut requests = std::mem::take(&mut self.requests);
        for request in requests.values_mut() {
            request.removed |= !self.has(&request.new, &request.name);
        }
        self.requests = requests;
    }

    /// Whether no run id is in two places.
    pub(super) fn run_ids_are_unique(&self) -> bool {
        let runs = self.runs_of(&Part::All(Reach::All)).expect("everything");
        let ids: BTreeSet<&str> = runs.iter().map(|run| run.info.run_id.as_str()).collect();
        ids.len() == runs.len()
    }

    /// Returns the tree of runs from a root on, while run ids are unique: the groups of
    /// nodes of each run at the top.
    pub(super) fn tree(&mut self, root: &TreeRoot) -> Result<Vec<Vec<Node>>, Reason> {
        let tops = match root {
            TreeRoot::Run(key) => vec![self.run(key)?.run.info.run_id.clone()],
            TreeRoot::Task(key) => {
                self.task(key)?;
                self.tops(key)
            }
        };
        Ok(tops.into_iter().map(|top| self.below(&top)).collect())
    }

    /// The runs of a task that come from none of them, the runs above them that do not
    /// exist, and the first run of each loop.
    fn tops(&self, key: &TaskKey) -> Vec<String> {
        let runs = self.runs_of(&Part::Task(key.clone())).expect("the task");
        let among: BTreeSet<&str> = runs.iter().map(|run| run.info.run_id.as_str()).collect();
        let mut tops: Vec<String> = Vec::new();
        for run in &runs {
            let top = match self.above(run) {
                Some((id, _)) if among.contains(id) => continue,
                Some((id, _)) if !self.exists(id) => id,
                _ => run.info.run_id.as_str(),
            };
            if !tops.iter().any(|other| other == top) {
                tops.push(top.to_owned());
            }
        }
        for run in &runs {
            let id = &run.info.run_id;
            if !tops.iter().any(|top| self.below(top).iter().any(|node| node.id == *id)) {
                tops.push(id.clone());
            }
        }
        tops
    }

    /// Returns the nodes from a run on, each before those below it.
    fn below(&self, top: &str) -> Vec<Node> {
        let mut nodes = Vec::new();
        self.walk(top, Relation::Top, &mut Vec::new(), &mut nodes);
        nodes
    }

    fn walk(&self, id: &str, relation: Relation, path: &mut Vec<String>, nodes: &mut Vec<Node>) {
        let is_loop = path.iter().any(|above| above == id);
        let exists = self.exists(id);
        nodes.push(Node { id: id.to_owned(), exists, depth: path.len(), relation, is_loop });
        if is_loop {
            return;
        }
        path.push(id.to_owned());
        let runs = self.runs_of(&Part::All(Reach::All)).expect("everything");
        let mut below: Vec<(&str, Relation)> = runs
            .iter()
            .filter_map(|run| {
                let (above, relation) = self.above(run)?;
                (above == id).then_some((run.info.run_id.as_str(), relation))
            })
            .collect();
        below.sort_by_key(|(id, _)| *id);
        for (id, relation) in below {
            self.walk(id, relation, path, nodes);
        }
        path.pop();
    }

    fn exists(&self, id: &str) -> bool {
        self.runs_of(&Part::All(Reach::All))
            .expect("everything")
            .iter()
            .any(|run| run.info.run_id == id)
    }

    /// Under which run a run stands: the one that it restarts, else its parent; rather
    /// one that exists.
    fn above<'a>(&self, run: &'a Run) -> Option<(&'a str, Relation)> {
        let (previous, parent) = (&*run.info.previous_run_id, &*run.info.parent_run_id);
        let by_parent = (parent, Relation::Child);
        let by_previous = (previous, Relation::Restart);
        match (previous, parent) {
            ("", "") => None,
            ("", _) => Some(by_parent),
            (_, "") => Some(by_previous),
            _ if !self.exists(previous) && self.exists(parent) => Some(by_parent),
            _ => Some(by_previous),
        }
    }
}

/// Whether a new run's worktree is there, as far as anybody can tell.
fn has_worktree(new: &NewRun) -> bool {
    let is_there = |meta: &RunMeta| meta.worktree_path == WORKTREE;
    !new.host.is_empty() || new.meta.as_ref().is_none_or(is_there)
}

/// A node of a tree of runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) exists: bool,
    pub(super) depth: usize,
    pub(super) relation: Relation,
    pub(super) is_loop: bool,
}

/// Tells whether a run's process is there: the only one that ever is is ours.
pub(super) fn liveness(info: &RunInfo) -> Liveness {
    let ours = i64::from(std::process::id());
    match (info.status.as_str(), info.pid) {
        ("running", 0) => Liveness::Remote,
        ("running", pid) if pid == ours => Liveness::Alive,
        ("running", _) => Liveness::Lost,
        _ => Liveness::Ended,
    }
}
