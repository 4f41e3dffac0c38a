//! A frozen tree with every form that was ever written. It must stay readable for ever:
//! what is expected of it stands in `layout-v1.json` beside it and is only added to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use callboard::grpc::{DESCRIPTORS, pb};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::{Map, Value, json};
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::client::Client;
use crate::server::Server;
use crate::storage_client::StorageClient;

/// The folder of fixtures.
fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the fixtures").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// All files below a root with their bytes, and folders without; but not what is
/// private to the server.
fn content(root: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry"))
        {
            let path = entry.path();
            if folder == root && entry.file_name() == ".callboard" {
                continue;
            }
            if entry.file_type().expect("a type").is_dir() {
                found.insert(path.clone(), None);
                folders.push(path);
            } else {
                let bytes = fs::read(&path).expect("a file");
                found.insert(path, Some(bytes));
            }
        }
    }
    found
}

/// Shows answers as JSON, without what differs from time to time.
struct Shown(DescriptorPool);

impl Shown {
    fn of(&self, name: &str, message: &impl Message) -> Value {
        let descriptor = self.0.get_message_by_name(&format!("callboard.v1.{name}"));
        let mut dynamic = DynamicMessage::new(descriptor.expect("a message of the API"));
        dynamic.transcode_from(message).expect("the same message");
        let options =
            SerializeOptions::new().use_proto_field_name(true).stringify_64_bit_integers(false);
        let mut value =
            dynamic.serialize_with_options(serde_json::value::Serializer, &options).expect("JSON");
        let fields = value.as_object_mut().expect("an object");
        for varying in ["modified_at", "cursor"] {
            fields.remove(varying);
        }
        if fields.contains_key("problem") {
            fields.insert("problem".into(), json!("told"));
        }
        value
    }

    fn answer<T, M: Message>(
        &self,
        answer: Result<T, Status>,
        name: &str,
        item: impl Fn(T) -> M,
    ) -> Value {
        match answer {
            Ok(answer) => self.of(name, &item(answer)),
            Err(status) => refusal(&status),
        }
    }
}

fn refusal(status: &Status) -> Value {
    let info = status.get_error_details().error_info().map(|info| info.reason.clone());
    json!({ "refused": info.expect("a reason") })
}

/// Reads everything there is, in every way there is to read it.
async fn everything(server: &Server) -> Map<String, Value> {
    let shown = Shown(DescriptorPool::decode(DESCRIPTORS).expect("descriptors"));
    let mut client = StorageClient::connect(server).await;
    let mut all = Map::new();
    let request = pb::ListProjectsRequest { page_size: 1000, ..Default::default() };
    let projects = client.list_projects(request).await.expect("the projects").projects;
    for project in &projects {
        let id = &project.project_id;
        all.insert(format!("ListProjects {id}"), shown.of("Project", project));
        let got = client.get_project(pb::GetProjectRequest { project_id: id.clone() }).await;
        let got = shown.answer(got, "Project", |got| got.project.expect("the project"));
        all.insert(format!("GetProject {id}"), got);
        let tasks = client.tasks(id).await;
        let order = tasks.iter().map(|task| json!(task.task_id)).collect();
        all.insert(format!("ListTasks {id}"), Value::Array(order));
        for task in &tasks {
            of_task(&mut client, &shown, &mut all, task).await;
            of_kept(&mut client, &shown, &mut all, task).await;
        }
        of_facts(&mut client, &shown, &mut all, id, "").await;
    }
    let runs = client.runs("", "").await;
    let order = runs.iter().map(|run| json!(run.run_path)).collect();
    all.insert("ListRuns".into(), Value::Array(order));
    for run in &runs {
        of_run(&mut client, &shown, &mut all, run).await;
    }
    for run in client.runs_with_meta().await {
        of_meta(&mut client, &shown, &mut all, run).await;
    }
    of_buses(server, &shown, &mut all).await;
    all
}

async fn of_task(
    client: &mut StorageClient,
    shown: &Shown,
    all: &mut Map<String, Value>,
    task: &pb::Task,
) {
    let (project_id, task_id) = (task.project_id.clone(), task.task_id.clone());
    let name = format!("{project_id}/{task_id}");
    all.insert(format!("ListTasks {name}"), shown.of("Task", task));
    let request = pb::GetTaskRequest { project_id: project_id.clone(), task_id: task_id.clone() };
    let got = client.get_task(request).await;
    let got = shown.answer(got, "Task", |got| got.task.expect("the task"));
    all.insert(format!("GetTask {name}"), got);
    let request =
        pb::GetTaskStateRequest { project_id: project_id.clone(), task_id: task_id.clone() };
    let state = client.get_task_state(request).await;
    let state = shown.answer(state, "GetTaskStateResponse", |state| state);
    all.insert(format!("GetTaskState {name}"), state);
    let request = pb::GetRunTreeRequest { project_id, task_id, ..Default::default() };
    let tree = client.get_run_tree(request).await.expect("the tree").nodes;
    let lines = tree.iter().map(|node| {
        let run = node.run.as_ref().expect("a run");
        let missing = if node.missing { " missing" } else { "" };
        json!(format!("{} {} {}{missing}", node.depth, node.relation, run.run_id))
    });
    all.insert(format!("GetRunTree {name}"), lines.collect());
}

async fn of_run(
    client: &mut StorageClient,
    shown: &Shown,
    all: &mut Map<String, Value>,
    run: &pb::Run,
) {
    let path = &run.run_path;
    all.insert(format!("ListRuns {path}"), shown.of("Run", run));
    // The place is that of the folders, whatever the file says.
    let mut folders = path.split('/');
    let project_id = folders.next().expect("a project").to_owned();
    let task_id = folders.next().expect("a task").to_owned();
    let run_id = run.run_id.clone();
    let request = pb::GetRunInfoRequest {
        project_id: project_id.clone(),
        task_id: task_id.clone(),
        run_id: run_id.clone(),
    };
    let got = client.get_run_info(request).await;
    let got = shown.answer(got, "Run", |got| got.run.expect("the run"));
    all.insert(format!("GetRunInfo {path}"), got);
    let by_id = client.try_run(&run_id).await;
    let by_id = by_id.map(|run| json!(run.run_path)).unwrap_or_else(|status| refusal(&status));
    all.insert(format!("GetRunInfo by id {path}"), by_id);
    let request = pb::ListRunFilesRequest {
        project_id: project_id.clone(),
        task_id: task_id.clone(),
        run_id: run_id.clone(),
        ..Default::default()
    };
    let files = client.list_run_files(request).await.expect("the files").files;
    for file in files {
        let key = format!("{path} {}", file.file);
        all.insert(format!("ListRunFiles {key}"), shown.of("RunFile", &file));
        let request = pb::ReadRunFileRequest {
            project_id: project_id.clone(),
            task_id: task_id.clone(),
            run_id: run_id.clone(),
            file: file.file,
            ..Default::default()
        };
        let mut chunks = client.0.read_run_file(request).await.expect("a stream").into_inner();
        let mut bytes = Vec::new();
        while let Some(chunk) = chunks.message().await.expect("a chunk") {
            bytes.extend(chunk.chunk);
        }
        all.insert(format!("ReadRunFile {key}"), json!(bytes.escape_ascii().to_string()));
    }
}

/// What a task has beside its documents. What is empty is not named.
async fn of_kept(
    client: &mut StorageClient,
    shown: &Shown,
    all: &mut Map<String, Value>,
    task: &pb::Task,
) {
    let (project, task) = (task.project_id.as_str(), task.task_id.as_str());
    let name = format!("{project}/{task}");
    let log = client.read_log(project, task).await;
    if !log.is_empty() {
        let log = log.iter().map(|entry| shown.of("TaskLogEntry", entry)).collect();
        all.insert(format!("ReadTaskLog {name}"), Value::Array(log));
    }
    let request = pb::ListArtifactsRequest {
        project_id: project.into(),
        task_id: task.into(),
        with_sha256: true,
        page_size: 1000,
        ..Default::default()
    };
    let artifacts = client.list_artifacts(request).await.expect("the artifacts").artifacts;
    for artifact in &artifacts {
        let path = &artifact.path;
        all.insert(format!("ListArtifacts {name} {path}"), shown.of("Artifact", artifact));
        let request = pb::GetArtifactRequest {
            project_id: project.into(),
            task_id: task.into(),
            path: path.clone(),
            ..Default::default()
        };
        let read = client.download(request).await.map(|read| read.bytes.escape_ascii().to_string());
        let read = read.map_or_else(|status| refusal(&status), Value::String);
        all.insert(format!("GetArtifact {name} {path}"), read);
    }
    if !artifacts.is_empty() {
        let order = artifacts.iter().map(|artifact| json!(artifact.path)).collect();
        all.insert(format!("ListArtifacts {name}"), Value::Array(order));
    }
    of_facts(client, shown, all, project, task).await;
}

/// The facts about a project or a task, in their order.
async fn of_facts(
    client: &mut StorageClient,
    shown: &Shown,
    all: &mut Map<String, Value>,
    project: &str,
    task: &str,
) {
    let name = format!("{project}/{task}");
    let request = pb::ListFactsRequest {
        project_id: project.into(),
        task_id: task.into(),
        page_size: 1000,
        ..Default::default()
    };
    let facts = client.facts(request).await;
    for fact in &facts {
        let id = &fact.fact_id;
        all.insert(format!("ListFacts {name} {id}"), shown.of("Fact", fact));
        let request = pb::GetFactRequest {
            project_id: project.into(),
            task_id: task.into(),
            fact_id: id.clone(),
        };
        let got = client.get_fact(request).await;
        let got = shown.answer(got, "Fact", |got| got.fact.expect("the fact"));
        all.insert(format!("GetFact {name} {id}"), got);
    }
    if !facts.is_empty() {
        let order = facts.iter().map(|fact| json!(fact.fact_id)).collect();
        all.insert(format!("ListFacts {name}"), Value::Array(order));
    }
}

/// What is kept of a run's worktree and tools, when there is something.
async fn of_meta(
    client: &mut StorageClient,
    shown: &Shown,
    all: &mut Map<String, Value>,
    run: pb::Run,
) {
    let path = &run.run_path;
    let Some(mut meta) = run.meta else { return };
    if !meta.problem.is_empty() {
        meta.problem = "told".into();
    }
    all.insert(format!("ListRuns with_meta {path}"), shown.of("RunMeta", &meta));
    let mut folders = path.split('/').map(str::to_owned);
    let request = pb::GetRunMetaRequest {
        project_id: folders.next().expect("a project"),
        task_id: folders.next().expect("a task"),
        run_id: run.run_id.clone(),
    };
    let got = client.get_run_meta(request).await;
    let got = shown.answer(got, "RunMeta", |got| got.meta.expect("the metadata"));
    all.insert(format!("GetRunMeta {path}"), got);
}

async fn of_buses(server: &Server, shown: &Shown, all: &mut Map<String, Value>) {
    let mut client = Client::connect(server).await;
    let request = pb::ListBusesRequest { page_size: 1000, ..Default::default() };
    let buses = client.0.list_buses(request).await.expect("the buses").into_inner().buses;
    for bus in buses {
        let name = format!("{}/{}", bus.project_id, bus.task_id);
        all.insert(format!("ListBuses {name}"), shown.of("Bus", &bus));
        let messages = client.read_all(&bus.project_id, &bus.task_id).await;
        let messages = messages.iter().map(|message| shown.of("Message", message)).collect();
        all.insert(format!("ReadMessages {name}"), Value::Array(messages));
    }
}

#[tokio::test]
async fn the_frozen_tree_reads_as_ever_and_reading_changes_nothing_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("root");
    copy(&fixtures().join("layout-v1"), &root);
    let before = content(&root);
    let server = Server::start_on(&root);
    let mut actual = everything(&server).await;
    let expected = fs::read(fixtures().join("layout-v1.json")).unwrap_or_else(|_| b"{}".to_vec());
    let expected: Map<String, Value> = serde_json::from_slice(&expected).expect("JSON");
    let after = content(&root);
    let changed: Vec<_> = after.iter().filter(|(path, it)| before.get(*path) != Some(it)).collect();
    assert!(changed.is_empty() && before.len() == after.len(), "reading changed {changed:?}");
    let mut differing = Vec::new();
    for (key, expected) in &expected {
        let actual = actual.remove(key).unwrap_or(Value::Null);
        if actual != *expected {
            differing.push(format!("{key}:\n  expected {expected}\n  got      {actual}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    // What was added to the tree has to be added to what is expected.
    let added = serde_json::to_string_pretty(&actual).expect("JSON");
    assert!(actual.is_empty(), "not expected yet, add when it is right:\n{added}");
}
