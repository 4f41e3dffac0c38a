//! Documents of other programs that are read, but could not be sent, or not be
//! rewritten, as they are.

use std::fs;
use std::path::Path;

use callboard::grpc::pb;
use callboard::limits::DOCUMENT_BYTES_MAX;
use pb::watch_response::Frame;
use tonic::Code;

use crate::client::reason;
use crate::server::Server;
use crate::storage_client::StorageClient;

fn put(root: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
    fs::write(path, content).expect("written");
}

/// Bytes that a document may hold, and that take three times the room in an answer.
fn no_text() -> Vec<u8> {
    vec![0xff; 1_900_000]
}

/// Returns the first frames of a watch.
async fn watched(client: &mut StorageClient) -> Vec<Frame> {
    let request = pb::WatchRequest::default();
    let mut watch = client.0.watch(request).await.expect("a watch").into_inner();
    let mut frames = Vec::new();
    loop {
        let answer = watch.message().await.expect("the watch goes on").expect("a frame");
        match answer.frame.expect("a frame says something") {
            Frame::Synced(_) => return frames,
            frame => frames.push(frame),
        }
    }
}

#[tokio::test]
async fn a_run_that_is_too_large_to_send_goes_out_without_its_texts() {
    let folder = tempfile::tempdir().expect("a folder");
    let cwd = [b"RUN_ID=r\nEXIT_CODE=3\nCWD=", no_text().as_slice()].concat();
    put(folder.path(), "p/t/runs/r/cwd", cwd);
    put(folder.path(), "p/t/runs/s/run-info.yaml", "agent: codex\nstatus: failed\n");
    let server = Server::start_on(folder.path());
    let mut client = StorageClient::connect(&server).await;

    let runs = client.runs("p", "t").await;
    let [run, other] = runs.as_slice() else { panic!("{} runs", runs.len()) };
    assert_eq!((&*other.agent_type, &*other.problem), ("codex", ""));
    let said = "its record is too large to send (5";
    assert!(run.problem.starts_with(said), "{}", run.problem);
    let expected = pb::Run {
        project_id: "p".into(),
        task_id: "t".into(),
        run_id: "r".into(),
        status: "failed".into(),
        exit_code: 3,
        run_path: "p/t/runs/r".into(),
        liveness: pb::Liveness::Ended.into(),
        problem: run.problem.clone(),
        ..Default::default()
    };
    assert_eq!(*run, expected);
    assert_eq!(client.run("r").await, expected);
    let place =
        pb::GetRunTreeRequest { project_id: "p".into(), task_id: "t".into(), ..Default::default() };
    let tree = client.get_run_tree(place).await.expect("a tree");
    assert_eq!((tree.nodes.len(), tree.truncated), (2, false));
    assert_eq!(tree.nodes[0].run, Some(expected.clone()));
    assert!(watched(&mut client).await.contains(&Frame::Run(expected)));
}

#[tokio::test]
async fn a_task_that_is_too_large_to_send_goes_out_without_its_texts() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = "x".repeat(DOCUMENT_BYTES_MAX - 1000);
    let record = format!("{{\"status\": \"running\", \"description\": \"{long}\"}}");
    put(folder.path(), "p/t/task.json", record);
    put(folder.path(), "p/t/TASK-CONFIG.yaml", format!("depends_on: {long}\n"));
    put(folder.path(), "p/t/TASK.md", "do it\n");
    let server = Server::start_on(folder.path());
    let mut client = StorageClient::connect(&server).await;

    let tasks = client.tasks("p").await;
    let [task] = tasks.as_slice() else { panic!("{} tasks", tasks.len()) };
    let said = "its record is too large to send (4";
    assert!(task.problem.starts_with(said), "{}", task.problem);
    assert_eq!((&*task.task_id, &*task.status, &*task.description), ("t", "running", ""));
    let with_prompt = pb::Task { prompt: "do it\n".into(), ..task.clone() };
    assert_eq!(client.task("p", "t").await, with_prompt);
    assert!(watched(&mut client).await.contains(&Frame::Task(task.clone())));
}

#[tokio::test]
async fn a_prompt_and_a_state_that_are_no_text_are_cut_to_an_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), "p/t/TASK.md", no_text());
    put(folder.path(), "p/t/TASK_STATE.md", no_text());
    let server = Server::start_on(folder.path());
    let mut client = StorageClient::connect(&server).await;

    let task = client.task("p", "t").await;
    assert!(task.prompt.len() > 3_000_000 && task.prompt.chars().all(|it| it == '\u{fffd}'));
    let said = format!(
        "its prompt is too large to send: only {} of 5700000 bytes are sent",
        task.prompt.len()
    );
    assert_eq!(task.problem, said);
    let place = pb::GetTaskStateRequest { project_id: "p".into(), task_id: "t".into() };
    let state = client.get_task_state(place).await.expect("a state");
    assert_eq!(state.state_status, "unknown");
    let sent = state.markdown.trim_start_matches('\u{fffd}');
    let size = state.markdown.len() - sent.len();
    let note = format!("\n\n[too large to send: only {size} of 5700000 bytes are sent]\n");
    assert_eq!((sent, size > 3_000_000), (&*note, true));
}

#[tokio::test]
async fn a_time_that_clients_have_no_form_for_damages_its_document_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let record = "run_id: r\nstart_time: 0000-06-01T00:00:00Z\n";
    put(folder.path(), "p/t/runs/r/run-info.yaml", record);
    let record = "run_id: s\nstart_time: 0001-01-01T00:00:00Z\n";
    put(folder.path(), "p/t/runs/s/run-info.yaml", record);
    put(folder.path(), "p/task-00000101-000000-x/TASK.md", "");
    let server = Server::start_on(folder.path());
    let mut client = StorageClient::connect(&server).await;

    let runs = client.runs("p", "t").await;
    let [run, other] = runs.as_slice() else { panic!("{runs:?}") };
    assert_eq!((&*run.status, run.start_time), ("damaged", None));
    assert!(run.problem.contains("`start_time` is no time in line 2"), "{}", run.problem);
    assert_eq!((&*other.problem, other.start_time), ("", None));
    assert!(client.tasks("p").await.iter().all(|task| task.created_at.is_none()));
}

#[tokio::test]
async fn what_cannot_be_kept_in_a_rewrite_is_not_rewritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let flow = "{run_id: r, status: running, due: 2026-01-02, project_root: /x, depends_on: [u]}\n";
    let documents = ["p/t/runs/r/run-info.yaml", "p/t/TASK-CONFIG.yaml", "p/home-folders.md"];
    for document in documents {
        put(folder.path(), document, flow);
    }
    put(folder.path(), "p/t/TASK.md", "do it\n");
    let server = Server::start_on(folder.path());
    let mut client = StorageClient::connect(&server).await;

    let run = pb::UpdateRunRequest { run_id: "r".into(), pid: 7, ..Default::default() };
    let project = pb::UpdateProjectRequest {
        project_id: "p".into(),
        project_root: "/y".into(),
        ..Default::default()
    };
    let task = pb::UpdateTaskRequest {
        project_id: "p".into(),
        task_id: "t".into(),
        depends_on: vec!["v".into()],
        ..Default::default()
    };
    let refusals = [
        client.update_run(run).await.expect_err("refused"),
        client.end("r", "completed").await.expect_err("refused"),
        client.update_project(project).await.expect_err("refused"),
        client.update_task(task).await.expect_err("refused"),
    ];
    for refused in refusals {
        assert_eq!((refused.code(), &*reason(&refused)), (Code::DataLoss, "CORRUPT_DOCUMENT"));
        assert!(refused.message().contains("mend it by hand"), "{refused}");
    }
    for document in documents {
        let text = fs::read_to_string(folder.path().join(document)).expect("the document");
        assert_eq!(text, flow, "{document}");
    }
    assert_eq!(client.run("r").await.status, "running");
}
