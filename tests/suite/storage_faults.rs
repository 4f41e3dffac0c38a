//! A disk that is full, or fails to sync, at any step of a write: an error, the old
//! content, nothing half-made, and it works again afterwards.

mod appended;
mod checkpoints;
mod repeated;
mod shown;
pub(crate) mod step_disk;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use callboard::clock::Clock;
use callboard::domain::{
    ProjectId, Reach, RequestId, RunFile, RunId, RunKey, Step, TaskId, TaskKey, TaskState,
};
use callboard::error::{Reason, Result};
use callboard::files::Files;
use callboard::store::{
    NewRun, NewTask, Part, RunChange, RunFiles as _, RunQuery, Runs as _, TaskQuery, Tasks as _,
};
use tempfile::TempDir;

use step_disk::{Fault, StepDisk, Steps};

/// A clock that stands still, so that what is written is the same each time.
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> jiff::Timestamp {
        "2026-02-03T04:05:06.789Z".parse().expect("a time")
    }
}

/// A backend on a disk that fails at a step.
struct Backend {
    folder: TempDir,
    steps: Arc<Steps>,
    files: Files,
}

impl Backend {
    fn start() -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"))
    }

    fn start_in(folder: TempDir) -> Self {
        let steps = Arc::new(Steps::default());
        let disk = StepDisk::open(folder.path(), &steps);
        let files = Files::open(disk, Arc::new(Stopped), 1).expect("the root is free");
        Self { folder, steps, files }
    }

    /// Ends it and starts another one on the same root.
    fn restart(self) -> Self {
        let Self { folder, files, .. } = self;
        drop(files);
        Self::start_in(folder)
    }

    /// One with task `p/t`, its state, run `r`, and an output of it.
    async fn prepared() -> Self {
        let backend = Self::start();
        let files = &backend.files;
        files.create_task(new_task("t"), None).await.expect("a task");
        files.create_run(new_run("t", "r"), None).await.expect("a run");
        files.set_task_state(task("t"), state("before"), None).await.expect("a state");
        files.write_run_file(run(), RunFile::Output, b"before".into()).await.expect("an output");
        files
            .append_run_output(run(), RunFile::Stdout, None, b"before;".into())
            .await
            .expect("out");
        backend
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Every file that others see, with its content; locks are none of them. The
    /// root's own name is left out of the contents.
    fn visible(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        gather(self.root(), self.root(), &mut found);
        found.retain(|path, _| !path.starts_with(".callboard/") && !path.ends_with(".lock"));
        found
    }

    /// What is half-made anywhere.
    fn half_made(&self) -> Vec<String> {
        let mut found = BTreeMap::new();
        gather(self.root(), self.root(), &mut found);
        let is_half =
            |path: &String| path.ends_with(".tmp") || path.contains(".callboard/staging/");
        found.into_keys().filter(is_half).collect()
    }

    /// The ids of all runs and of the tasks of project `p`.
    async fn listed(&self) -> (Vec<String>, Vec<String>) {
        let runs = RunQuery {
            part: Part::All(Reach::All),
            statuses: Vec::new(),
            after: None,
            limit: 100,
            with_meta: true,
        };
        let runs = self.files.list_runs(runs).await.expect("a list").runs;
        let tasks = TaskQuery { project: project(), statuses: Vec::new(), after: None, limit: 100 };
        let tasks = self.files.list_tasks(tasks).await.expect("a list").items;
        assert!(runs.iter().all(|run| run.problem.is_none()), "{runs:?}");
        assert!(tasks.iter().all(|task| task.problem.is_none()), "{tasks:?}");
        let tasks = tasks.iter().map(|task| task.key.task.to_string()).collect();
        (runs.into_iter().map(|run| run.info.run_id).collect(), tasks)
    }
}

fn gather(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            gather(root, &path, found);
        } else {
            let bytes = fs::read(&path).expect("a file");
            let name = path.strip_prefix(root).expect("below the root").display().to_string();
            let real = fs::canonicalize(root).expect("the root").display().to_string();
            found.insert(name, String::from_utf8_lossy(&bytes).replace(&real, "ROOT"));
        }
    }
}

fn project() -> ProjectId {
    ProjectId::parse("p").expect("an id")
}

fn task(id: &str) -> TaskKey {
    TaskKey { project: project(), task: TaskId::parse(id).expect("an id") }
}

fn run() -> RunKey {
    RunKey { task: None, run: RunId::parse("r").expect("an id") }
}

fn state(status: &str) -> TaskState {
    TaskState { status: status.to_owned(), markdown: "- a".to_owned() }
}

fn request(id: &str) -> Option<RequestId> {
    RequestId::parse(id).expect("an id")
}

fn new_run(in_task: &str, id: &str) -> NewRun {
    NewRun {
        task: task(in_task),
        run: Some(RunId::parse(id).expect("an id")),
        agent_type: "claude".to_owned(),
        parent_run_id: "q".to_owned(),
        previous_run_id: String::new(),
        host: String::new(),
        pid: 0,
        pgid: 0,
        process_ownership: String::new(),
        cwd: String::new(),
        commandline: String::new(),
        agent_version: String::new(),
        prompt: "do it".to_owned(),
        meta: None,
    }
}

fn new_task(id: &str) -> NewTask {
    NewTask {
        project: project(),
        task: Some(TaskId::parse(id).expect("an id")),
        description: "a task".to_owned(),
        prompt: "do it".to_owned(),
        template: String::new(),
        model: String::new(),
        depends_on: vec!["x".to_owned()],
        steps: vec![Step { name: "one".to_owned(), kind: "ai".to_owned(), ..Step::default() }],
        metadata: None,
    }
}

fn cwd(path: &str) -> RunChange {
    RunChange { cwd: Some(path.to_owned()), ..RunChange::default() }
}

/// Runs a write on prepared backends, on a disk that fails at its first step, at its
/// second and so on, until it meets no failure.
async fn fails_at_each_step(write: impl AsyncFn(&Files) -> Result<()>) {
    let whole = Backend::prepared().await;
    let before = whole.visible();
    let listed_before = whole.listed().await;
    write(&whole.files).await.expect("nothing fails");
    let (after, listed_after) = (whole.visible(), whole.listed().await);
    assert_ne!(before, after, "it writes something");
    for fault in [Fault::Full, Fault::Sync] {
        for step in 0.. {
            let backend = Backend::prepared().await;
            assert_eq!(backend.visible(), before, "each begins alike");
            backend.steps.arm(fault, step);
            let result = write(&backend.files).await;
            let what = format!("{fault:?} at step {step}: {result:?}");
            if !backend.steps.disarm() {
                result.expect("nothing has failed");
                assert!(step > 0, "{fault:?} was never met");
                break;
            }
            match (fault, &result) {
                // Derived files may be missing: the next write recreates them.
                (_, Ok(())) => {}
                (Fault::Full, Err(error)) => assert_eq!(error.reason(), Reason::DiskFull, "{what}"),
                (Fault::Sync, Err(error)) => assert_eq!(error.reason(), Reason::Io, "{what}"),
            }
            assert_eq!(backend.half_made(), [""; 0], "{what}");
            let seen = backend.visible();
            for path in before.keys().chain(after.keys()).chain(seen.keys()) {
                let now = seen.get(path);
                let is_old = now == before.get(path);
                let is_new = result.is_err() && fault == Fault::Sync && now == after.get(path);
                let is_acknowledged = result.is_ok() && now == after.get(path);
                // An empty file is one that was made to be appended to.
                let is_begun = now.is_some_and(String::is_empty) && !before.contains_key(path);
                let is_derived = ["cwd", "agent-type", "parent-run-id"]
                    .iter()
                    .any(|name| path.ends_with(&format!("/{name}")));
                // Of a task taken over file by file, those that came first.
                let is_part = now == after.get(path) && path.starts_with("p/messaged/");
                assert!(
                    is_old && (result.is_err() || is_derived || now == after.get(path))
                        || is_new
                        || is_acknowledged
                        || is_begun
                        || is_part,
                    "{what}: {path} is {now:?}"
                );
            }
            let listed = backend.listed().await;
            assert!(listed == listed_before || listed == listed_after || !listed.1.is_empty());
            assert!(
                listed.0 == listed_before.0 || listed.0 == listed_after.0,
                "{what}: {listed:?}"
            );

            write(&backend.files).await.unwrap_or_else(|error| panic!("{what}: then {error}"));
            assert_eq!(backend.listed().await, listed_after, "{what}");
            assert_eq!(backend.visible(), after, "{what}");
            let backend = backend.restart();
            write(&backend.files).await.unwrap_or_else(|error| panic!("{what}: then {error}"));
            assert_eq!(backend.visible(), after, "{what}");
        }
    }
}

#[tokio::test]
async fn a_run_is_created_whole_or_not_at_all() {
    for in_task in ["t", "other"] {
        fails_at_each_step(async |files| {
            files.create_run(new_run(in_task, "new"), request("one")).await.map(drop)
        })
        .await;
    }
}

#[tokio::test]
async fn a_run_is_updated_whole_or_not_at_all() {
    fails_at_each_step(async |files| files.update_run(run(), cwd("/new"), None).await.map(drop))
        .await;
}

#[tokio::test]
async fn a_task_is_created_whole_or_not_at_all() {
    fails_at_each_step(async |files| {
        files.create_task(new_task("new"), request("one")).await.map(drop)
    })
    .await;
}

#[tokio::test]
async fn a_state_is_replaced_whole_or_not_at_all() {
    fails_at_each_step(async |files| {
        files.set_task_state(task("t"), state("after"), None).await.map(drop)
    })
    .await;
}

#[tokio::test]
async fn a_file_of_a_run_is_replaced_whole_or_not_at_all() {
    fails_at_each_step(async |files| {
        let file = RunFile::Output;
        files.write_run_file(run(), file, b"after, and longer".into()).await.map(drop)
    })
    .await;
}

#[tokio::test]
async fn a_chunk_is_appended_whole_or_not_at_all() {
    for (file, offset) in [(RunFile::Stdout, 7), (RunFile::Log("new.log".to_owned()), 0)] {
        fails_at_each_step(async |files| {
            files
                .append_run_output(run(), file.clone(), Some(offset), b"after".into())
                .await
                .map(drop)
        })
        .await;
    }
}
