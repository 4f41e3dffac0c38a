//! What other programs change.

use std::fs;
use std::time::{Duration, Instant};

use callboard::grpc::pb;
use pb::watch_response::Frame;

use super::{Watch, every, foreign_run, name, names, record, replace};
use crate::server::Server;
use crate::storage_client::StorageClient;

#[tokio::test]
async fn changes_of_other_programs_arrive_without_waiting_for_a_look() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let folder = foreign_run(server.root(), "t", "r", "running");
    let task = server.root().join("demo/t");
    let mut watch = Watch::of_everything(&mut client).await;
    let began = Instant::now();
    for n in 0..10 {
        let summary = n.to_string();
        replace(&folder.join("run-info.yaml"), &record("t", "r", "running", &summary));
        watch.run("r", |run| run.error_summary == summary).await;
        fs::write(task.join("DONE"), "").expect("touched");
        watch.task("t", |task| task.done).await;
        // In place, as a shell does.
        fs::write(task.join("TASK_STATE.md"), format!("status: step-{n}\n")).expect("written");
        watch.task("t", |task| task.state_status == format!("step-{n}")).await;
        fs::remove_file(task.join("DONE")).expect("removed");
        watch.task("t", |task| !task.done).await;
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(10), "forty changes took {took:?}");
    replace(&folder.join("run-info.yaml"), &record("t", "r", "failed", ""));
    let ended = watch.run("r", |run| run.status == "failed").await;
    assert_eq!(ended.liveness(), pb::Liveness::Ended);
}

#[tokio::test]
async fn a_run_that_comes_slowly_is_shown_at_each_stage() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let root = server.root().to_owned();
    let mut watch = Watch::of_everything(&mut client).await;
    fs::create_dir(root.join("demo")).expect("a folder");
    watch.project("demo", |_| true).await;
    fs::create_dir(root.join("demo/t")).expect("a folder");
    fs::write(root.join("demo/t/TASK.md"), "do it").expect("written");
    watch.task("t", |_| true).await;
    let folder = root.join("demo/t/runs/r");
    fs::create_dir(root.join("demo/t/runs")).expect("a folder");
    fs::create_dir(&folder).expect("a folder");
    let run = watch.run("r", |_| true).await;
    assert_eq!((run.status.as_str(), run.etag.as_str()), ("unknown", ""));
    fs::write(folder.join("agent-type"), "codex\n").expect("written");
    watch.run("r", |run| run.agent_type == "codex" && run.status == "unknown").await;
    replace(&folder.join("run-info.yaml"), &record("t", "r", "running", ""));
    watch.run("r", |run| run.status == "running").await;
}

/// Also one that did not change while it was away.
#[tokio::test]
async fn a_task_that_is_moved_out_and_in_goes_and_comes_with_its_runs() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let task = server.root().join("demo/t");
    foreign_run(server.root(), "t", "r1", "completed");
    foreign_run(server.root(), "t", "r2", "running");
    let other = server.root().join("demo/other/runs/r3");
    foreign_run(server.root(), "other", "r3", "completed");
    let away = tempfile::tempdir_in(server.root().parent().expect("a folder")).expect("a folder");
    let request = pb::WatchRequest { heartbeat_interval: every(1200), ..Default::default() };
    let mut watch = Watch::open(&mut client, request).await;
    watch.snapshot().await;
    for round in 0..3 {
        // By then everything was looked at again, and is known to be as it was.
        while !matches!(watch.try_frame().await.expect("a frame"), Frame::Heartbeat(_)) {}
        fs::rename(&task, away.path().join("t")).expect("moved out");
        let gone = watch.gone(&["demo/t", "demo/t/r1", "demo/t/r2"]).await;
        assert_eq!(gone.len(), 3, "round {round}: {gone:?}");
        fs::rename(away.path().join("t"), &task).expect("moved in");
        let mut back = std::collections::BTreeSet::new();
        let all = |frame: &Frame| {
            back.insert(name(frame));
            ["demo/t", "demo/t/r1", "demo/t/r2"].iter().all(|one| back.contains(*one))
        };
        watch.until(&format!("all are back in round {round}"), all).await;
        // What stayed goes on.
        let summary = format!("round {round}");
        replace(&other.join("run-info.yaml"), &record("other", "r3", "completed", &summary));
        watch.run("r3", |run| run.error_summary == summary).await;
        // So does what came back.
        let there = task.join("runs/r1/run-info.yaml");
        replace(&there, &record("t", "r1", "completed", &summary));
        watch.run("r1", |run| run.error_summary == summary).await;
    }
}

#[tokio::test]
async fn a_project_that_is_removed_goes_with_everything_in_it() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for task in ["a", "b"] {
        foreign_run(server.root(), task, &format!("{task}1"), "running");
        foreign_run(server.root(), task, &format!("{task}2"), "completed");
    }
    client.new_run("kept", "t", "k").await;
    let mut watch = Watch::of_everything(&mut client).await;
    fs::remove_dir_all(server.root().join("demo")).expect("removed");
    let all = ["demo", "demo/a", "demo/a/a1", "demo/a/a2", "demo/b", "demo/b/b1", "demo/b/b2"];
    let gone = watch.gone(&all).await;
    assert_eq!(gone.keys().collect::<Vec<_>>(), all);
    let mut again = Watch::open(&mut client, pb::WatchRequest::default()).await;
    assert_eq!(names(&again.snapshot().await), ["kept", "kept/t", "kept/t/k"]);
}

#[tokio::test]
async fn a_damaged_record_is_shown_with_its_problem_and_hides_no_neighbour() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let bad = foreign_run(server.root(), "t", "bad", "running").join("run-info.yaml");
    let good = foreign_run(server.root(), "t", "good", "running").join("run-info.yaml");
    let mut watch = Watch::of_everything(&mut client).await;
    fs::write(&bad, "run_id: [\n\0").expect("written");
    let run = watch.run("bad", |run| run.status == "damaged").await;
    assert!(run.problem.contains("demo/t/runs/bad/run-info.yaml"), "{}", run.problem);
    replace(&good, &record("t", "good", "completed", ""));
    watch.run("good", |run| run.status == "completed").await;
    fs::write(server.root().join("demo/t/task.json"), "{").expect("written");
    watch.task("t", |task| task.problem.contains("task.json")).await;
    let mut again = Watch::open(&mut client, pb::WatchRequest::default()).await;
    assert_eq!(names(&again.snapshot().await), ["demo", "demo/t", "demo/t/bad", "demo/t/good"]);
    replace(&bad, &record("t", "bad", "running", ""));
    let run = watch.run("bad", |run| run.status == "running").await;
    assert_eq!(run.problem, "");
}
