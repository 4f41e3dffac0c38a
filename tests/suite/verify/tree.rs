//! Trees to look through: one with everything in it that the service writes, and copies of
//! whatever there is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use callboard::grpc::pb;
use tempfile::TempDir;

use crate::client::{Client, message};
use crate::server::Server;
use crate::storage_client::{StorageClient, log_of, new_artifact, new_run, new_task, step_result};

/// The record of the run that [`full`] makes.
pub(super) const RUN: &str = "demo/job/runs/run-1";

/// Lets a server write everything that there is, and returns its root.
pub(super) async fn full() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Server::start_on(folder.path());
    fill(&server).await;
    // The connections of the clients end meanwhile: the server waits for those.
    let ended = tokio::task::spawn_blocking(move || server.terminate()).await;
    assert!(ended.expect("it ends").success());
    folder
}

/// Writes everything that there is through a server.
pub(super) async fn fill(server: &Server) {
    let mut storage = StorageClient::connect(server).await;
    let mut bus = Client::connect(server).await;
    let project = pb::CreateProjectRequest {
        project_id: "demo".into(),
        project_root: "/src".into(),
        ..Default::default()
    };
    storage.create_project(project).await.expect("a project");
    let task = pb::CreateTaskRequest {
        prompt: "do it".into(),
        depends_on: vec!["other".into()],
        steps: vec![pb::Step { name: "plan".into(), r#type: "ai".into(), ..Default::default() }],
        ..new_task("demo", "job")
    };
    storage.create_task(task).await.expect("a task");
    storage.transition("demo", "job", "running").await.expect("a move");
    let done = pb::SaveStepResultRequest {
        current_step: Some(1),
        ..step_result("demo", "job", 0, "completed")
    };
    storage.save_step_result(done).await.expect("a result");
    let state = pb::SetTaskStateRequest {
        project_id: "demo".into(),
        task_id: "job".into(),
        state_status: "working".into(),
        markdown: "- a".into(),
        ..Default::default()
    };
    storage.set_task_state(state).await.expect("a state");
    let done = pb::MarkTaskDoneRequest { project_id: "demo".into(), task_id: "job".into() };
    storage.mark_task_done(done).await.expect("done");
    storage.append_task_log(log_of("demo", "job", &["{\"a\":1}", "{}"])).await.expect("a log");
    for name in ["plan.md", "deep/er/plan.md"] {
        storage.save(new_artifact("demo", "job", name, "text")).await.expect("an artifact");
    }
    let versioned =
        pb::SaveArtifactRequest { versioned: true, ..new_artifact("demo", "job", "v.md", "1") };
    storage.save(versioned).await.expect("a version");
    let attachment =
        pb::SaveArtifactRequest { attachment: true, ..new_artifact("demo", "job", "a.md", "1") };
    storage.save(attachment).await.expect("an attachment");
    storage.fact("demo", "job", "of the task").await;
    storage.fact("demo", "", "of the project").await;
    let run = pb::CreateRunRequest {
        prompt: "go".into(),
        parent_run_id: "run-0".into(),
        request_id: "once".into(),
        ..new_run("demo", "job", "run-1")
    };
    storage.create_run(run).await.expect("a run");
    let worktree = server.root().to_str().expect("a path").to_owned();
    let meta = pb::RunMeta { worktree_path: worktree, ..Default::default() };
    storage.set_meta("run-1", meta, &["worktree_path"]).await.expect("the metadata");
    storage.event("run-1", "pushed", "{}").await.expect("an event");
    for file in ["output", "stdout", "stderr", "logs/setup.log"] {
        let write = pb::WriteRunFileRequest {
            run_id: "run-1".into(),
            file: file.into(),
            data: b"text".to_vec(),
            ..Default::default()
        };
        storage.write_run_file(write).await.expect(file);
    }
    storage.end("run-1", "completed").await.expect("an end");
    storage.new_run("demo", "job", "run-2").await;
    for (task, bodies) in [("", ["one", "---\nmsg_id: x\n---\nforged"]), ("job", ["two", "three"])]
    {
        for body in bodies {
            bus.append(message("demo", task, body)).await;
        }
    }
    let rotate = pb::RotateBusRequest { project_id: "demo".into(), task_id: "job".into() };
    bus.0.rotate_bus(rotate).await.expect("rotated");
    bus.append(message("demo", "job", "four")).await;
}

/// Copies a folder with everything in it.
pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        match entry.file_type().expect("a type") {
            kind if kind.is_dir() => copy(&entry.path(), &target),
            kind if kind.is_file() => drop(fs::copy(entry.path(), target).expect("copied")),
            _ => {}
        }
    }
}

/// All files below a root with their bytes.
pub(super) fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry"))
        {
            let kind = entry.file_type().expect("a type");
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let bytes = fs::read(entry.path()).expect("a file");
                found.insert(entry.path().strip_prefix(root).expect("below").to_owned(), bytes);
            }
        }
    }
    found
}

/// Writes a file of a tree, and the folders above it.
pub(super) fn put(root: &Path, path: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
    fs::write(path, bytes).expect("written");
}

/// Makes records of ours, as the bytes of a bus.
pub(super) fn bus_of(bodies: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (place, body) in bodies.iter().enumerate() {
        if place > 0 {
            bytes.push(b'\n');
        }
        append(&mut bytes, i64::try_from(place).expect("a number"), body);
    }
    bytes
}

/// Appends a record of ours, written so many seconds after the first.
pub(super) fn append(bytes: &mut Vec<u8>, second: i64, body: &str) {
    let ts = jiff::Timestamp::new(1_772_000_000 + second, 0).expect("a time");
    let message = callboard::domain::NewMessage {
        kind: "FACT".into(),
        body: body.into(),
        ..Default::default()
    };
    let record = callboard::layout::message_file::NewRecord {
        project_id: "p",
        task_id: "",
        message: &message,
        msg_id: &callboard::layout::msg_id::format(ts, 7, 0),
        ts,
        request_id: None,
        batch: None,
    };
    callboard::layout::message_file::encode(&record, bytes).expect("a record");
}
