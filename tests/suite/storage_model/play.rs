//! Plays calls about projects and tasks, and compares the answers with the model.

use std::fmt::Debug;
use std::sync::Arc;

use callboard::clock::Clock as _;
use callboard::domain::{
    Etag, FactScope, ProjectId, Reach, RequestId, RunFile, RunId, RunKey, Task, TaskId, TaskKey,
    TaskProgress, TaskRecord, TaskState,
};
use callboard::error::{Reason, Result};
use callboard::store::{FileStart, NewTask, Part, Storage, TaskPosition, TaskQuery};
use jiff::Timestamp;

use super::SetClock;
use super::kept::{Kept, Sending};
use super::model::{Creation, KeptTask, Model, New, Request};
use super::operation::{EtagUse, JUMP_SECONDS, Operation};
use super::play_tasks::merged;

/// Plays calls on a backend and on the model.
pub(super) struct Player<S> {
    pub(super) store: S,
    pub(super) clock: Arc<SetClock>,
    pub(super) model: Model,
    /// Which call is played, for failures.
    pub(super) said: String,
    /// The last call that appended.
    pub(super) appended: Option<(RunKey, RunFile, Option<u64>, Vec<u8>)>,
}

impl<S: Storage> Player<S> {
    pub(super) fn new(store: S, clock: Arc<SetClock>) -> Self {
        Self { store, clock, model: Model::default(), said: String::new(), appended: None }
    }

    /// Closes the backend, and goes on with one that is opened on what it kept.
    pub(super) fn reopened(self, open: impl FnOnce() -> S) -> Self {
        let Self { store, clock, model, said, appended } = self;
        drop(store);
        Self { store: open(), clock, model, said, appended }
    }

    pub(super) fn step(&mut self, seconds: i64) {
        self.clock.step(seconds);
        if seconds == JUMP_SECONDS {
            self.model.requests.clear();
        }
    }

    /// Makes a call of what stands for one that was made before.
    pub(super) fn resolve(&self, operation: &Operation) -> Operation {
        let Operation::Again(which, other) = operation else { return operation.clone() };
        let requests = &self.model.requests;
        let Some((id, request)) = requests.iter().nth(which % requests.len().max(1)) else {
            return Operation::ListProjects(1);
        };
        match request.new.clone() {
            New::Project(mut new) => {
                new.home_folders.project_root.push_str(if *other { "x" } else { "" });
                Operation::CreateProject(new, Some(id))
            }
            New::Task(mut new) => {
                new.model.push_str(if *other { "x" } else { "" });
                Operation::CreateTask(new, Some(id))
            }
            New::Run(mut new) => {
                new.agent_version.push_str(if *other { "x" } else { "" });
                Operation::CreateRun(new, Some(id))
            }
            New::Fact(mut new) => {
                new.body.push_str(if *other { "x" } else { "" });
                Operation::Kept(Kept::AppendFact(new, Some(id)))
            }
            New::Artifact(new, mut content) => {
                content.extend(other.then_some(b'x'));
                let chunks = vec![content];
                let sending = Sending { chunks, is_broken_off: false, hash: None, size: None };
                Operation::Kept(Kept::SaveArtifact(new, sending, Some(id)))
            }
            New::Log(key, mut entries) => {
                entries.extend(other.then(|| entries[0].clone()));
                Operation::Kept(Kept::AppendLog(key, entries, Some(id)))
            }
            New::Event(task, folder, mut event) => {
                event.event.push_str(if *other { "x" } else { "" });
                let run = RunId::parse(&folder).expect("an id");
                let key = RunKey { task: Some(task), run };
                Operation::Kept(Kept::AppendEvent(key, event, Some(id)))
            }
        }
    }

    pub(super) async fn play(&mut self, operation: &Operation) {
        match operation.clone() {
            Operation::CreateProject(new, request_id) => self.create_project(new, request_id).await,
            Operation::Project(id) => self.project(id).await,
            Operation::ListProjects(limit) => self.list_projects(limit).await,
            Operation::UpdateProject(id, change, etag) => {
                self.update_project(id, change, etag).await;
            }
            Operation::DeleteProject(id, force) => self.delete_project(id, force).await,
            Operation::CreateTask(new, request_id) => self.create_task(new, request_id).await,
            Operation::Task(key) => self.task(key).await,
            Operation::ListTasks(id, statuses, limit) => self.list_tasks(id, statuses, limit).await,
            Operation::UpdateTask(key, change, etag) => self.update_task(key, change, etag).await,
            Operation::DeleteTask(key, force) => {
                let expected = self.model.task(&key).and_then(|kept| {
                    let alive =
                        kept.runs.values().any(|kept| super::play_runs::is_alive(&kept.run));
                    if alive && !force { Err(Reason::RunActive) } else { Ok(()) }
                });
                let answer = self.store.delete_task(key.clone(), force).await;
                if self.unless_refused(answer, expected, false).is_some() {
                    self.model.project(&key.project).expect("it was found").tasks.remove(&key.task);
                }
            }
            Operation::TaskState(key) => self.task_state(key).await,
            Operation::SetTaskState(key, state, etag) => {
                self.set_task_state(key, state, etag).await;
            }
            Operation::SetTaskDone(key, done) => {
                let expected = self.model.task(&key).map(|kept| kept.task.done);
                let answer = self.store.set_task_done(key.clone(), done).await;
                if let Some(changed) = self.unless_refused(answer, expected, false) {
                    let kept = self.model.task(&key).expect("it was found");
                    let before = std::mem::replace(&mut kept.task.done, done);
                    assert_eq!(changed, before != done, "{}", self.said);
                }
            }
            Operation::Kept(kept) => Box::pin(self.play_kept(kept)).await,
            operation => Box::pin(self.play_run(operation)).await,
        }
        self.model.note_removals();
    }

    /// Chooses an etag to give. Returns also whether it must be refused.
    pub(super) fn etag(&self, etag: EtagUse, current: Option<&Etag>) -> (Option<Etag>, bool) {
        match etag {
            EtagUse::Without => (None, false),
            EtagUse::Current => (current.cloned(), false),
            EtagUse::Stale => {
                let past = self.model.past.iter().rev().find(|past| Some(*past) != current);
                (Some(past.cloned().unwrap_or_else(|| Etag::of(b"never"))), true)
            }
        }
    }

    /// Checks that a document's etag tells whether it changed, and notes the old one.
    pub(super) fn etag_moved(&mut self, before: Option<Etag>, now: Option<&Etag>, same: bool) {
        assert!(now.is_some(), "{}: no etag", self.said);
        assert!(same || before.as_ref() != now, "{}: the etag stayed", self.said);
        self.model.past.extend(before.filter(|before| Some(before) != now));
    }

    /// Returns the answer, unless it has to be a refusal and is that one.
    pub(super) fn unless_refused<T: Debug, E>(
        &self,
        answer: Result<T>,
        expected: std::result::Result<E, Reason>,
        is_stale: bool,
    ) -> Option<T> {
        self.unless_refused_with(answer, expected.err().into_iter().collect(), is_stale)
    }

    /// As `unless_refused`, where each of several reasons is right.
    pub(super) fn unless_refused_with<T: Debug>(
        &self,
        answer: Result<T>,
        mut reasons: Vec<Reason>,
        is_stale: bool,
    ) -> Option<T> {
        let is_missing = |reason: &Reason| {
            matches!(
                reason,
                Reason::ProjectNotFound
                    | Reason::TaskNotFound
                    | Reason::RunNotFound
                    | Reason::RunAmbiguous
            )
        };
        if is_stale && !reasons.iter().any(is_missing) {
            reasons.push(Reason::EtagMismatch);
        }
        if reasons.is_empty() {
            return Some(self.answered(answer));
        }
        self.refused(answer, &reasons);
        None
    }

    pub(super) fn answered<T>(&self, answer: Result<T>) -> T {
        answer.unwrap_or_else(|error| panic!("{}: {:?}: {error}", self.said, error.reason()))
    }

    pub(super) fn refused<T: Debug>(&self, answer: Result<T>, reasons: &[Reason]) {
        let reason = match answer {
            Ok(answered) => panic!("{}: {answered:?} instead of {reasons:?}", self.said),
            Err(error) => error.reason(),
        };
        assert!(reasons.contains(&reason), "{}: {reason:?} instead of {reasons:?}", self.said);
    }

    /// Compares a creation with what it must come to. Returns the item when it is new,
    /// and otherwise the name of what has to be answered, as it is.
    pub(super) fn created<T: Debug>(
        &mut self,
        new: &New,
        request_id: Option<&'static str>,
        answer: Result<callboard::store::Created<T>>,
    ) -> Option<(T, Option<String>)> {
        match self.model.creation(new, request_id) {
            Creation::Refused(reasons) => {
                self.refused(answer, &reasons);
                None
            }
            Creation::RepeatedOrRefused(_) if answer.is_err() => {
                self.refused(answer, &[Reason::RequestIdReused]);
                None
            }
            Creation::Repeated(name) | Creation::RepeatedOrRefused(name) => {
                let created = self.answered(answer);
                assert!(created.duplicate, "{}: created once more", self.said);
                Some((created.item, Some(name)))
            }
            Creation::New => {
                let created = self.answered(answer);
                assert!(!created.duplicate, "{}: not new", self.said);
                Some((created.item, None))
            }
        }
    }

    /// Remembers which request created something.
    pub(super) fn remember(&mut self, request_id: Option<&'static str>, new: New, name: &str) {
        if let Some(id) = request_id {
            let request = Request { new, name: name.to_owned(), removed: false };
            self.model.requests.insert(id, request);
        }
    }

    pub(super) fn check_page(&self, count: usize, limit: usize, more: bool) {
        assert!(count <= limit && (count > 0 || !more), "{}: a page of {count}", self.said);
    }

    /// Returns a task of the model, which something was just created in.
    pub(super) fn adopt_task(&mut self, key: &TaskKey) -> &mut KeptTask {
        let tasks = &mut self.adopt_project(&key.project).tasks;
        tasks.entry(key.task.clone()).or_insert_with(|| KeptTask {
            task: Task {
                key: key.clone(),
                record: TaskRecord::default(),
                progress: None,
                created_at: time_in_id(&key.task),
                prompt: Some(String::new()),
                depends_on: Vec::new(),
                state_status: String::new(),
                done: false,
                etag: None,
                problem: None,
            },
            state: None,
            runs: Default::default(),
            log: String::new(),
            artifacts: Default::default(),
            facts: Default::default(),
        })
    }

    async fn create_task(&mut self, new: NewTask, request_id: Option<&'static str>) {
        let answer = self.store.create_task(new.clone(), parsed(request_id)).await;
        let Some((item, repeated)) = self.created(&New::Task(new.clone()), request_id, answer)
        else {
            return;
        };
        let key = item.key.clone();
        if let Some(name) = repeated {
            assert_eq!((&key.project, key.task.as_str()), (&new.project, &*name), "{}", self.said);
        } else {
            assert!(new.task.as_ref().is_none_or(|id| *id == key.task), "{}", self.said);
            let is_free = new.task.is_some() || self.model.task(&key).is_err();
            assert!(is_free && key.task.check_creatable().is_ok(), "{}: {key}", self.said);
            let now = Some(self.clock.now());
            let task = &mut self.adopt_task(&key).task;
            task.record = TaskRecord {
                description: new.description.clone(),
                template: new.template.clone(),
                model: new.model.clone(),
                status: "pending".into(),
                created_at: now,
                updated_at: now,
                step_count: new.steps.len(),
                schema_version: "1.0".into(),
                ..TaskRecord::default()
            };
            let progress = TaskProgress {
                steps: new.steps.clone(),
                metadata: merged(None, new.metadata.as_ref(), item.progress.as_deref()),
                ..TaskProgress::default()
            };
            task.progress = Some(Box::new(progress));
            task.created_at = now;
            task.prompt = Some(new.prompt.clone());
            task.depends_on.clone_from(&new.depends_on);
            task.etag.clone_from(&item.etag);
            assert!(item.etag.is_some(), "{}", self.said);
            self.remember(request_id, New::Task(new), key.task.as_str());
        }
        let expected = &self.model.task(&key).expect("the task").task.clone();
        assert_eq!(with_prompt(item), *expected, "{}", self.said);
    }

    async fn task(&mut self, key: TaskKey) {
        let expected = self.model.task(&key).map(|kept| kept.task.clone());
        let answer = self.store.task(key).await;
        if let Some(task) = self.unless_refused(answer, expected.clone(), false) {
            assert_eq!(Ok(with_prompt(task)), expected, "{}", self.said);
        }
    }

    async fn list_tasks(&mut self, project: ProjectId, statuses: Vec<String>, limit: usize) {
        let mut listed: Vec<Task> = Vec::new();
        loop {
            let after = listed.last().map(|task| TaskPosition {
                created_at: task.created_at,
                task: task.key.task.clone(),
            });
            let query =
                TaskQuery { project: project.clone(), statuses: statuses.clone(), after, limit };
            let page = self.answered(self.store.list_tasks(query).await);
            self.check_page(page.items.len(), limit, page.more);
            listed.extend(page.items);
            if !page.more {
                break;
            }
        }
        let tasks = self.model.tasks_of(&Part::Project(project)).unwrap_or_default();
        let mut expected: Vec<Task> = tasks
            .into_iter()
            .map(|kept| Task { prompt: None, progress: None, ..kept.task.clone() })
            .filter(|task| statuses.is_empty() || statuses.contains(&task.record.status))
            .collect();
        // Stable: those of one instant stay in the order of their ids.
        expected.sort_by_key(|task| std::cmp::Reverse(task.created_at));
        assert_eq!(listed, expected, "{}", self.said);
    }

    async fn task_state(&mut self, key: TaskKey) {
        let expected = self.model.task(&key).map(|kept| kept.state.clone());
        let answer = self.store.task_state(key).await;
        if let Some(state) = self.unless_refused(answer, expected.clone(), false) {
            assert_eq!(Ok(state), expected, "{}", self.said);
        }
    }

    async fn set_task_state(&mut self, key: TaskKey, state: TaskState, etag: EtagUse) {
        let found = self.model.task(&key).map(|kept| kept.state.clone());
        let before = found.clone().ok().flatten();
        let current = before.as_ref().map(|(_, etag)| etag.clone());
        let (etag, is_stale) = self.etag(etag, current.as_ref());
        let answer = self.store.set_task_state(key.clone(), state.clone(), etag).await;
        if let Some(etag) = self.unless_refused(answer, found, is_stale) {
            let same = before.is_some_and(|(before, _)| before == state);
            self.etag_moved(current, Some(&etag), same);
            let kept = self.model.task(&key).expect("it was found");
            kept.task.state_status.clone_from(&state.status);
            kept.state = Some((state, etag));
        }
    }

    /// Compares everything there is.
    pub(super) async fn compare_everything(&mut self) {
        self.list_projects(2).await;
        let projects: Vec<ProjectId> = self.model.projects.keys().cloned().collect();
        for id in projects {
            self.project(id.clone()).await;
            self.compare_facts(FactScope::Project(id.clone())).await;
            self.list_tasks(id, Vec::new(), 2).await;
        }
        self.list_runs(Part::All(Reach::All), Vec::new(), 2, true).await;
        let tasks = self.model.tasks_of(&Part::All(Reach::All)).expect("everything");
        let keys: Vec<TaskKey> = tasks.iter().map(|kept| kept.task.key.clone()).collect();
        for key in keys {
            self.task(key.clone()).await;
            self.task_state(key.clone()).await;
            self.compare_facts(FactScope::Task(key.clone())).await;
            self.compare_artifacts(key.clone()).await;
            self.read_log(key.clone(), 0, false).await;
            let runs = self.model.task(&key).expect("the task").runs.iter();
            let files: Vec<(String, Vec<RunFile>)> =
                runs.map(|(id, kept)| (id.clone(), kept.files.keys().cloned().collect())).collect();
            for (id, files) in files {
                let run = RunId::parse(&id).expect("an id");
                let key = RunKey { task: Some(key.clone()), run };
                self.run(RunKey { task: None, ..key.clone() }).await;
                self.list_run_files(key.clone(), 2).await;
                for file in files {
                    self.read_run_file(key.clone(), file, FileStart::Offset(0)).await;
                }
            }
        }
    }
}

/// A task with the prompt that it has, empty when it has none.
pub(super) fn with_prompt(task: Task) -> Task {
    Task { prompt: Some(task.prompt.unwrap_or_default()), ..task }
}

pub(super) fn parsed(request_id: Option<&str>) -> Option<RequestId> {
    RequestId::parse(request_id.unwrap_or_default()).expect("a request id")
}

pub(super) fn set<T>(field: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *field = new;
    }
}

/// When a task was made that has no record: the one id that tells it.
fn time_in_id(id: &TaskId) -> Option<Timestamp> {
    (id.as_str() == "task-20260102-030405-x")
        .then(|| "2026-01-02T03:04:05Z".parse().expect("a time"))
}
