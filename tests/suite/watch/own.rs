//! What the service itself changes.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use callboard::grpc::pb;
use pb::watch_response::Frame;

use super::{Watch, foreign_run, name, names};
use crate::server::Server;
use crate::storage_client::StorageClient;

#[tokio::test]
async fn a_watch_begins_with_everything_there_is_and_then_says_synced() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let mut empty = Watch::open(&mut client, pb::WatchRequest::default()).await;
    assert_eq!(empty.snapshot().await, Vec::new());
    let task = pb::CreateTaskRequest {
        prompt: "do it".into(),
        description: "it".into(),
        ..crate::storage_client::new_task("demo", "one")
    };
    let task = client.create_task(task).await.expect("a task").task.expect("the task");
    let run = client.new_run("demo", "one", "r1").await;
    foreign_run(server.root(), "two", "r2", "completed");
    std::fs::create_dir(server.root().join("empty")).expect("a folder");
    let mut watch = Watch::open(&mut client, pb::WatchRequest::default()).await;
    let snapshot = watch.snapshot().await;
    let expected = ["demo", "demo/one", "demo/one/r1", "demo/two", "demo/two/r2", "empty"];
    assert_eq!(
        names(&snapshot).into_iter().collect::<BTreeSet<_>>(),
        expected.map(String::from).into()
    );
    assert_eq!(snapshot.len(), expected.len(), "each once: {:?}", names(&snapshot));
    for frame in snapshot {
        match (name(&frame).as_str(), frame) {
            ("demo/one", Frame::Task(shown)) => {
                assert_eq!(shown, pb::Task { prompt: String::new(), ..task.clone() });
            }
            ("demo/one/r1", Frame::Run(shown)) => assert_eq!(shown, run),
            ("demo/two/r2", Frame::Run(shown)) => assert_eq!(shown, client.run("r2").await),
            ("demo" | "empty", Frame::Project(_)) | ("demo/two", Frame::Task(_)) => {}
            (name, frame) => panic!("{name}: {frame:?}"),
        }
    }
}

#[tokio::test]
async fn what_the_service_creates_changes_and_removes_arrives() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let mut watch = Watch::of_everything(&mut client).await;
    let create = pb::CreateProjectRequest { project_id: "demo".into(), ..Default::default() };
    client.create_project(create).await.expect("a project");
    watch.project("demo", |_| true).await;
    let update = pb::UpdateProjectRequest {
        project_id: "demo".into(),
        project_root: "/src".into(),
        ..Default::default()
    };
    client.update_project(update).await.expect("an update");
    watch.project("demo", |project| project.project_root == "/src").await;

    let created = client.new_task("demo", "t").await;
    assert_eq!(watch.task("t", |_| true).await, created);
    let update = pb::UpdateTaskRequest {
        project_id: "demo".into(),
        task_id: "t".into(),
        model: "large".into(),
        ..Default::default()
    };
    client.update_task(update).await.expect("an update");
    watch.task("t", |task| task.model == "large").await;
    let state = pb::SetTaskStateRequest {
        project_id: "demo".into(),
        task_id: "t".into(),
        state_status: "working".into(),
        ..Default::default()
    };
    client.set_task_state(state).await.expect("a state");
    watch.task("t", |task| task.state_status == "working").await;
    let (project_id, task_id) = ("demo".to_owned(), "t".to_owned());
    let done = pb::MarkTaskDoneRequest { project_id: project_id.clone(), task_id: task_id.clone() };
    client.mark_task_done(done).await.expect("done");
    watch.task("t", |task| task.done).await;
    let undone = pb::ClearTaskDoneRequest { project_id, task_id };
    client.clear_task_done(undone).await.expect("not done");
    watch.task("t", |task| !task.done).await;

    let created = client.new_run("demo", "t", "r").await;
    assert_eq!(watch.run("r", |_| true).await, created);
    client.new_run("demo", "t", "other").await;
    let update =
        pb::UpdateRunRequest { run_id: "r".into(), cwd: "/work".into(), ..Default::default() };
    let updated = client.update_run(update).await.expect("an update").run.expect("the run");
    assert_eq!(watch.run("r", |run| run.cwd == "/work").await, updated);
    let ended = client.end("r", "completed").await.expect("an end");
    assert_eq!(watch.run("r", |run| run.status == "completed").await, ended);

    let delete = pb::DeleteRunRequest { run_id: "r".into(), ..Default::default() };
    client.delete_run(delete).await.expect("removed");
    let gone = watch.gone(&["demo/t/r"]).await.remove("demo/t/r").expect("it is told of");
    assert_eq!((gone.kind(), gone.run_path.as_str()), (pb::WatchKind::Run, "demo/t/runs/r"));
    let delete = pb::DeleteTaskRequest {
        project_id: "demo".into(),
        task_id: "t".into(),
        ..Default::default()
    };
    client.delete_task(delete).await.expect("removed");
    let gone = watch.gone(&["demo/t", "demo/t/other"]).await;
    assert_eq!(gone["demo/t"].kind(), pb::WatchKind::Task);
    client.new_run("demo", "t2", "r2").await;
    watch.run("r2", |_| true).await;
    let delete =
        pb::DeleteProjectRequest { project_id: "demo".into(), force: true, ..Default::default() };
    client.delete_project(delete).await.expect("removed");
    let gone = watch.gone(&["demo", "demo/t2", "demo/t2/r2"]).await;
    assert_eq!(gone["demo"].kind(), pb::WatchKind::Project);
}

/// Twenty changes, each made when the one before has arrived, are through in less
/// than the ten seconds that looking every half second would take.
#[tokio::test]
async fn own_changes_arrive_without_waiting_for_a_look() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("demo", "t", "r").await;
    let mut watch = Watch::of_everything(&mut client).await;
    let began = Instant::now();
    for n in 0..20 {
        let summary = format!("n {n}");
        let update = pb::UpdateRunRequest {
            run_id: "r".into(),
            error_summary: summary.clone(),
            ..Default::default()
        };
        client.update_run(update).await.expect("an update");
        watch.run("r", |run| run.error_summary == summary).await;
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_quick_updates_the_last_state_arrives() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("demo", "t", "ours").await;
    let folder = foreign_run(server.root(), "t", "theirs", "running");
    let mut watch = Watch::of_everything(&mut client).await;
    let foreign = std::thread::spawn(move || {
        for n in 1..=2000 {
            let record = super::record("t", "theirs", "running", &n.to_string());
            super::replace(&folder.join("run-info.yaml"), &record);
        }
    });
    let mut updates = tokio::task::JoinSet::new();
    for n in 0..200 {
        let mut client = client.clone();
        let update = pb::UpdateRunRequest {
            run_id: "ours".into(),
            error_summary: n.to_string(),
            ..Default::default()
        };
        updates.spawn(async move { client.update_run(update).await.expect("an update") });
    }
    updates.join_all().await;
    let ours = client.run("ours").await;
    let (mut frames, mut ours_came, mut theirs_came) = (0, false, false);
    let both = |frame: &Frame| {
        frames += 1;
        ours_came |= matches!(frame, Frame::Run(run) if *run == ours);
        theirs_came |= matches!(frame, Frame::Run(run) if run.error_summary == "2000");
        ours_came && theirs_came
    };
    watch.until("the last state of both", both).await;
    foreign.join().expect("all were written");
    assert!(frames <= 2200, "no state is sent twice: {frames}");
}
