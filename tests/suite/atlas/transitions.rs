//! The statuses of a task and the moves between them.

use std::fs;

use callboard::domain::Task;
use callboard::grpc::pb;
use callboard::store::{NewStatus, TaskChange, Tasks as _};
use tonic::Code;

use super::{Backend, STATUSES, at, details, json, moves, nanos, put, task_json, text, with_task};
use crate::client::assert_refused;
use crate::server::Server;
use crate::storage_client::StorageClient;

fn transition(task: &str, to: &str) -> pb::TransitionTaskRequest {
    pb::TransitionTaskRequest {
        project_id: "p".into(),
        task_id: task.into(),
        to_status: to.into(),
        ..Default::default()
    }
}

fn status_of(task: &str, status: &str) -> pb::UpdateTaskRequest {
    pb::UpdateTaskRequest {
        project_id: "p".into(),
        task_id: task.into(),
        status: status.into(),
        ..Default::default()
    }
}

/// All twelve times twelve, those of a status to itself and out of a final one too.
#[tokio::test]
async fn every_move_of_the_table_is_accepted_and_every_other_is_refused() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let mut accepted = 0;
    for (from, allowed) in STATUSES {
        for (to, after) in STATUSES {
            let file = put(server.root(), &task_json("p", "t"), record(from));
            let before = text(&file);
            let moved = client.transition("p", "t", to).await;
            if moves(allowed).any(|one| one == to) {
                let task = moved.unwrap_or_else(|refused| panic!("{from} to {to}: {refused:?}"));
                assert_eq!(task.status, to, "from {from}");
                assert_eq!(task.completed_at.is_some(), after.is_empty(), "{from} to {to}");
                let shown = client.task("p", "t").await;
                assert_eq!((&shown.status, &shown.etag), (&task.status, &task.etag));
                accepted += 1;
                continue;
            }
            let status = moved.as_ref().expect_err(&format!("{from} to {to}"));
            let info = details(status);
            assert_eq!((info["from"].as_str(), info["to"].as_str()), (from, to));
            assert_eq!(info["allowed"], allowed, "from {from}");
            assert_eq!(info["task"], "p/t");
            assert_refused(moved, Code::FailedPrecondition, "INVALID_TRANSITION", to);
            assert_eq!(text(&file), before, "{from} to {to} changes nothing");
        }
    }
    assert_eq!(accepted, 23);
}

/// The same table; only the status it has already is no change.
#[tokio::test]
async fn an_update_of_the_status_obeys_the_table_and_is_kept_in_the_history() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for (from, allowed) in STATUSES {
        for (to, _) in STATUSES {
            let file = put(server.root(), &task_json("p", "t"), record(from));
            let before = text(&file);
            let request = pb::UpdateTaskRequest { description: "new".into(), ..status_of("t", to) };
            let updated = client.update_task(request).await;
            if from != to && !moves(allowed).any(|one| one == to) {
                assert_refused(updated, Code::FailedPrecondition, "INVALID_TRANSITION", to);
                assert_eq!(text(&file), before, "{from} to {to}: the description stays, too");
                continue;
            }
            let task = updated.expect("an update").task.expect("the task");
            assert_eq!((task.status.as_str(), task.description.as_str()), (to, "new"));
            let history: Vec<_> = task
                .transitions
                .iter()
                .map(|it| (it.from_status.as_str(), it.to_status.as_str()))
                .collect();
            let expected = if from == to { vec![] } else { vec![(from, to)] };
            assert_eq!(history, expected, "{from} to {to}");
        }
    }
}

#[tokio::test]
async fn unknown_statuses_are_refused_on_either_side() {
    let (server, mut client) = with_task().await;
    for unknown in ["done", "Running", "RUNNING", " running", "running ", "läuft", "paused"] {
        let refused = client.transition("p", "t", unknown).await;
        assert_refused(refused, Code::FailedPrecondition, "INVALID_TRANSITION", unknown.trim());
        let refused = client.update_task(status_of("t", unknown)).await;
        assert_refused(refused, Code::FailedPrecondition, "INVALID_TRANSITION", unknown.trim());
    }
    let refused = client.transition("p", "t", "").await;
    assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", "to_status");
    assert_eq!(client.task("p", "t").await.status, "pending");
    // A word of another program's leads nowhere that we know of.
    let file = put(server.root(), &task_json("p", "t"), record("paused"));
    let before = text(&file);
    for (to, _) in STATUSES {
        let refused = client.transition("p", "t", to).await;
        assert_refused(refused, Code::FailedPrecondition, "INVALID_TRANSITION", "paused");
    }
    assert_eq!(text(&file), before);
    assert_eq!(client.task("p", "t").await.status, "paused");
}

#[tokio::test]
async fn a_move_appends_from_to_time_and_reason_and_sets_the_times_of_the_task() {
    let (server, mut client) = with_task().await;
    let file = server.root().join(task_json("p", "t"));
    let path = ["running", "gh_failed", "running", "validating", "awaiting_approval", "completed"];
    let mut from = "pending";
    let mut earlier: Vec<pb::Transition> = Vec::new();
    for (n, to) in path.into_iter().enumerate() {
        // One without a reason.
        let reason = if n == 1 { String::new() } else { format!("because of {n} \"ü\"\n") };
        let request = pb::TransitionTaskRequest { reason: reason.clone(), ..transition("t", to) };
        let task = client.transition_task(request).await.expect(to).task.expect("the task");
        let (last, before) = task.transitions.split_last().expect("a history");
        assert_eq!(before, earlier, "what was there stays");
        assert_eq!((last.from_status.as_str(), last.to_status.as_str()), (from, to));
        assert_eq!(last.reason, reason);
        assert_eq!(last.timestamp, task.updated_at);
        assert!(earlier.last().is_none_or(|it| nanos(it.timestamp) <= nanos(last.timestamp)));
        let expected = if to == "completed" { task.updated_at } else { None };
        assert_eq!(task.completed_at, expected, "{to}");
        let written = &json(&file)["transitions"][n];
        let keys: Vec<_> = written.as_object().expect("an object").keys().collect();
        let wanted: &[&str] = match n {
            1 => &["from_status", "to_status", "timestamp"],
            _ => &["from_status", "to_status", "timestamp", "reason"],
        };
        assert_eq!(keys, wanted);
        assert!(written["timestamp"].as_str().expect("text").ends_with('Z'), "{written}");
        assert_eq!(client.task("p", "t").await.transitions, task.transitions);
        earlier = task.transitions;
        from = to;
    }
    // Lists and moves leave out the prompt, lists the history.
    assert!(client.tasks("p").await[0].transitions.is_empty());
}

#[tokio::test]
async fn each_final_status_sets_completed_at() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for (from, to) in [
        ("awaiting_approval", "completed"),
        ("awaiting_approval", "rejected"),
        ("running", "abandoned"),
    ] {
        let file = put(server.root(), &task_json("p", to), record(from));
        assert!(client.task("p", to).await.completed_at.is_none());
        let task = client.transition("p", to, to).await.expect(to);
        assert!(task.completed_at.is_some() && task.completed_at == task.updated_at);
        assert!(json(&file)["completed_at"].as_str().expect("text").ends_with('Z'));
    }
}

#[tokio::test]
async fn a_task_without_a_record_is_pending_and_gets_one_with_its_first_move() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("p", "t", "r").await;
    let refused = client.transition("p", "t", "validating").await;
    assert_refused(refused, Code::FailedPrecondition, "INVALID_TRANSITION", "pending");
    assert!(!server.root().join(task_json("p", "t")).exists());
    let task = client.transition("p", "t", "running").await.expect("a move");
    assert_eq!((task.status.as_str(), task.transitions.len()), ("running", 1));
    assert_eq!(task.transitions[0].from_status, "pending");
    assert_eq!(json(&server.root().join(task_json("p", "t")))["schema_version"], "1.0");
}

#[tokio::test]
async fn a_move_with_a_stale_etag_or_of_what_is_missing_or_damaged_is_refused() {
    let (server, mut client) = with_task().await;
    let first = client.task("p", "t").await.etag;
    let right = pb::TransitionTaskRequest { etag: first.clone(), ..transition("t", "running") };
    let task = client.transition_task(right).await.expect("a move").task.expect("the task");
    assert_eq!(client.task("p", "t").await.etag, task.etag);
    let stale = pb::TransitionTaskRequest { etag: first, ..transition("t", "validating") };
    let refused = client.transition_task(stale).await;
    assert_refused(refused, Code::Aborted, "ETAG_MISMATCH", "task.json");
    assert_eq!(client.task("p", "t").await.status, "running");
    let refused = client.transition("p", "x", "running").await;
    assert_refused(refused, Code::NotFound, "TASK_NOT_FOUND", "p/x");
    let refused = client.transition("q", "t", "running").await;
    assert_refused(refused, Code::NotFound, "PROJECT_NOT_FOUND", "q");
    assert!(!server.root().join("p/x").exists() && !server.root().join("q").exists());
    for (project, task, field) in [("", "t", "project_id"), ("p", "", "task_id")] {
        let refused = client.transition(project, task, "running").await;
        assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", field);
    }
    let long = pb::TransitionTaskRequest {
        reason: "x".repeat((64 << 10) + 1),
        ..transition("t", "validating")
    };
    assert_refused(
        client.transition_task(long).await,
        Code::InvalidArgument,
        "TOO_LARGE",
        "reason",
    );
    let damaged = put(server.root(), &task_json("p", "t"), "{\n  \"status\": \"running\",\n");
    let refused = client.transition("p", "t", "validating").await;
    assert_refused(refused, Code::DataLoss, "CORRUPT_DOCUMENT", "p/t/task.json");
    assert_eq!(fs::read(damaged).expect("the file"), b"{\n  \"status\": \"running\",\n");
}

#[tokio::test]
async fn times_never_go_backwards_when_the_clock_does() {
    let backend = Backend::start();
    let (clock, files) = (&backend.clock, &backend.files);
    clock.set("2026-03-04T12:00:00Z");
    let created = files.create_task(super::plain_task("t", 2), None).await.expect("a task").item;
    assert_eq!(created.record.created_at, Some(at("2026-03-04T12:00:00Z")));
    clock.set("2026-03-04T12:05:00Z");
    let to = |status: &str| NewStatus { status: status.to_owned(), reason: String::new() };
    let key = super::key("t");
    let mut last = files.transition_task(key.clone(), to("running"), None).await.expect("a move");
    assert_eq!(last.record.updated_at, Some(at("2026-03-04T12:05:00Z")));
    let later = |last: &Task, now: &Task| {
        assert!(now.record.updated_at >= last.record.updated_at, "{now:?}");
        let progress = now.progress.as_ref().expect("its history");
        assert!(progress.transitions.is_sorted_by_key(|it| it.timestamp), "{progress:?}");
        assert!(now.record.completed_at.is_none_or(|it| Some(it) >= last.record.updated_at));
    };
    for (n, status) in ["validating", "awaiting_approval", "rejected"].into_iter().enumerate() {
        // Ever further back.
        clock.set(&format!("2026-03-04T{:02}:00:00Z", 11 - n));
        let change = TaskChange { description: Some(n.to_string()), ..TaskChange::default() };
        let task = files.update_task(key.clone(), change, None).await.expect("an update");
        later(&last, &task);
        let task = files.transition_task(key.clone(), to(status), None).await.expect("a move");
        later(&last, &task);
        last = task;
    }
    assert!(last.record.completed_at >= Some(at("2026-03-04T12:05:00Z")));
    // What comes later is later again.
    clock.set("2026-03-04T13:00:00Z");
    let change = TaskChange { model: Some("large".to_owned()), ..TaskChange::default() };
    let task = files.update_task(key, change, None).await.expect("an update");
    assert_eq!(task.record.updated_at, Some(at("2026-03-04T13:00:00Z")));
}

/// A record as another program has written it.
fn record(status: &str) -> String {
    let completed = match status {
        "completed" | "rejected" | "abandoned" => ",\"completed_at\":\"2026-01-02T00:00:00Z\"",
        _ => "",
    };
    format!(
        "{{\"id\":\"t\",\"status\":\"{status}\",\"created_at\":\"2026-01-01T00:00:00Z\",\
         \"updated_at\":\"2026-01-02T00:00:00Z\"{completed}}}"
    )
}
