//! What stands in the tree before a mutation: the place it is about, and neighbours.

use std::sync::Arc;

use callboard::clock::Clock;
use callboard::domain::{
    ArtifactName, BusId, FactScope, JsonObject, NewMessage, ProjectId, RequestId, RunFile, RunId,
    RunKey, Step, TaskId, TaskKey, TaskState,
};
use callboard::error::{Error, Result};
use callboard::files::Files;
use callboard::store::{
    AppendBatch, Artifacts as _, ContentStream, Facts as _, MessageBus as _, NewArtifact, NewFact,
    NewRun, NewTask, RunFiles as _, Runs as _, Storing, TaskLogs as _, Tasks as _,
};

use super::super::{Simulated, Survives};
use super::mutation::Mutation;

/// A clock that stands still, so that what is written is the same each time.
pub(super) struct Stopped(&'static str);

impl Clock for Stopped {
    fn now(&self) -> jiff::Timestamp {
        self.0.parse().expect("a time")
    }
}

/// When the ground was prepared, and, half an hour later, when everything happens.
const BEFORE: &str = "2026-02-03T04:05:06.789Z";
const NOW: &str = "2026-02-03T04:35:06.789Z";

/// Starts a backend.
pub(super) fn open(disk: &Simulated) -> Result<Files> {
    Files::open(disk.disk(), Arc::new(Stopped(NOW)), 1)
}

/// What every mutation finds; it is on disk.
pub(super) async fn common() -> Simulated {
    let disk = Simulated::new();
    let files = Files::open(disk.disk(), Arc::new(Stopped(BEFORE)), 1).expect("a new root");
    for (project, id) in [("p", "t"), ("other", "n")] {
        let key = task_of(project, id);
        files.create_task(new_task(project, id), None).await.expect("a task");
        let id_of_run = if project == "p" { "r" } else { "m" };
        let new_run = NewRun { task: key.clone(), ..new_run("t", id_of_run) };
        files.create_run(new_run, None).await.expect("a run");
        files.set_task_state(key.clone(), state("before"), None).await.expect("a state");
        files.append_task_log(key.clone(), vec![object(1)], None).await.expect("a log");
        let new = NewArtifact { task: key.clone(), ..artifact("a.txt", Storing::Plain) };
        files.save_artifact(new, content(&["bef", "ore"]), None).await.expect("an artifact");
        let known = NewFact { title: "known".to_owned(), ..fact(FactScope::Task(key)) };
        files.append_fact(known, None).await.expect("a fact");
        let stdout = RunFile::Stdout;
        let run = run(id_of_run);
        files.append_run_output(run, stdout, None, b"before;".into()).await.expect("an output");
        for task in ["", id] {
            let batch = batch_of(project, task, &["one", "two"], None);
            files.append(batch).await.expect("messages");
        }
    }
    settled(disk, files).await
}

/// The ground of one mutation.
pub(super) async fn of(mutation: &Mutation, common: &Simulated) -> Simulated {
    let disk = common.fork();
    let files = Files::open(disk.disk(), Arc::new(Stopped(BEFORE)), 1).expect("the root is free");
    (mutation.prepare)(&files).await.unwrap_or_else(|error| panic!("{}: {error}", mutation.name));
    let disk = settled(disk, files).await;
    (mutation.tamper)(&*disk.disk());
    disk.crash(Survives::Everything)
}

/// Ends a backend; everything it wrote is on disk.
async fn settled(disk: Simulated, files: Files) -> Simulated {
    idle().await;
    drop(files);
    disk.crash(Survives::Everything)
}

/// Waits for what a call left to be done in the background: there is one thread for it.
pub(super) async fn idle() {
    tokio::task::spawn_blocking(|| {}).await.expect("it does nothing");
}

/// Runs what a sweep does.
pub(super) fn block_on<T>(sweep: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    // One thread for what blocks, so that operations come in the same order each time.
    let runtime = runtime.enable_all().max_blocking_threads(1).build().expect("a runtime");
    runtime.block_on(sweep)
}

pub(super) fn task_of(project: &str, task: &str) -> TaskKey {
    TaskKey {
        project: ProjectId::parse(project).expect("an id"),
        task: TaskId::parse(task).expect("an id"),
    }
}

pub(super) fn task() -> TaskKey {
    task_of("p", "t")
}

pub(super) fn run(id: &str) -> RunKey {
    RunKey { task: None, run: RunId::parse(id).expect("an id") }
}

pub(super) fn request(id: &str) -> Option<RequestId> {
    RequestId::parse(id).expect("an id")
}

pub(super) fn state(status: &str) -> TaskState {
    TaskState { status: status.to_owned(), markdown: "- a\n- b".to_owned() }
}

pub(super) fn object(number: usize) -> JsonObject {
    JsonObject::parse(&format!("{{\"n\":{number},\"event\":\"something\"}}")).expect("an object")
}

pub(super) fn content(chunks: &[&str]) -> ContentStream {
    let chunks: Vec<Result<Vec<u8>, Error>> =
        chunks.iter().map(|chunk| Ok(chunk.as_bytes().to_vec())).collect();
    Box::pin(tokio_stream::iter(chunks))
}

pub(super) fn artifact(name: &str, storing: Storing) -> NewArtifact {
    let name = ArtifactName::parse(name).expect("a name");
    NewArtifact { task: task(), name, storing, sha256: None, size: None }
}

pub(super) fn fact(scope: FactScope) -> NewFact {
    NewFact {
        scope,
        name: "named".to_owned(),
        title: "a title".to_owned(),
        run_id: "r".to_owned(),
        body: "a body\nof two lines\n".to_owned(),
    }
}

pub(super) fn new_task(project: &str, id: &str) -> NewTask {
    NewTask {
        project: ProjectId::parse(project).expect("an id"),
        task: Some(TaskId::parse(id).expect("an id")),
        description: "a task".to_owned(),
        prompt: "do it\n".to_owned(),
        template: String::new(),
        model: String::new(),
        depends_on: vec!["x".to_owned()],
        steps: ["one", "two"]
            .map(|name| Step { name: name.to_owned(), kind: "ai".to_owned(), ..Step::default() })
            .to_vec(),
        metadata: None,
    }
}

pub(super) fn new_run(in_task: &str, id: &str) -> NewRun {
    NewRun {
        task: task_of("p", in_task),
        run: Some(RunId::parse(id).expect("an id")),
        agent_type: "claude".to_owned(),
        parent_run_id: String::new(),
        previous_run_id: String::new(),
        host: "elsewhere".to_owned(),
        pid: 0,
        pgid: 0,
        process_ownership: String::new(),
        cwd: "/before".to_owned(),
        commandline: "claude --fast".to_owned(),
        agent_version: "1".to_owned(),
        prompt: "do it".to_owned(),
        meta: None,
    }
}

pub(super) fn message(body: &str) -> NewMessage {
    NewMessage { kind: "FACT".to_owned(), body: body.to_owned(), ..NewMessage::default() }
}

/// Messages for a bus as one batch.
pub(super) fn batch_of(
    project: &str,
    task: &str,
    bodies: &[&str],
    request_id: Option<RequestId>,
) -> AppendBatch {
    AppendBatch {
        bus: BusId::parse(project, task).expect("a bus"),
        messages: bodies.iter().map(|body| message(body)).collect(),
        request_id,
        expected_last: None,
    }
}
