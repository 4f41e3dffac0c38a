//! SaveStepResult: the checkpoint after a step.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use callboard::clock::SystemClock;
use callboard::domain::StepResult;
use callboard::files::Files;
use callboard::grpc::pb;
use callboard::store::{Checkpoint, NewStatus, Tasks as _};
use serde_json::Value;
use tonic::Code;

use super::{
    Backend, at, files_in, json, nanos, plain_task, put, task_json, text, with_steps, with_task,
};
use crate::client::assert_refused;
use crate::storage_client::step_result;
use crate::storage_faults::step_disk::{StepDisk, Steps};

/// A result of a step of task `p/t`.
fn result(index: i32, status: &str) -> pb::SaveStepResultRequest {
    step_result("p", "t", index, status)
}

fn with(
    request: pb::SaveStepResultRequest,
    change: impl FnOnce(&mut pb::StepResult),
) -> pb::SaveStepResultRequest {
    let mut request = request;
    change(request.step_result.as_mut().expect("a result"));
    request
}

#[tokio::test]
async fn a_result_is_appended_and_says_how_its_step_is() {
    let (server, mut client) = with_steps(3).await;
    let full = pb::StepResult {
        step_index: 1,
        step_name: "renamed".into(),
        status: "completed".into(),
        started_at: Some(prost_types::Timestamp { seconds: 1_772_000_000, nanos: 500_000_000 }),
        completed_at: Some(prost_types::Timestamp { seconds: 1_772_000_002, nanos: 0 }),
        duration_ms: 1234,
        output: "out\n\"ü\"".into(),
        error: "a warning".into(),
        files_changed: vec!["src/a.rs".into(), "b c".into()],
        artifact_path: "artifacts/sdd/spec.1.md".into(),
        session_id: "s-1".into(),
        num_turns: 7,
        metadata_json: "{\"big\":9007199254740993}".into(),
    };
    let request = pb::SaveStepResultRequest { step_result: Some(full.clone()), ..result(1, "x") };
    let task = client.step(request).await.expect("saved");
    assert_eq!(task.step_results, std::slice::from_ref(&full));
    let expected = pb::Step {
        status: "completed".into(),
        started_at: full.started_at,
        completed_at: full.completed_at,
        error: "a warning".into(),
        attempts: 1,
        ..super::step("step-1", "ai")
    };
    assert_eq!(task.steps, [super::step("step-0", "ai"), expected, super::step("step-2", "ai")]);
    assert_eq!((task.current_step, task.status.as_str()), (0, "pending"), "they stay");
    let shown = client.task("p", "t").await;
    assert_eq!(shown, pb::Task { prompt: shown.prompt.clone(), ..task });
    let written = &json(&server.root().join(task_json("p", "t")))["step_results"][0];
    let keys: Vec<_> = written.as_object().expect("an object").keys().collect();
    let order = [
        "step_index",
        "step_name",
        "status",
        "started_at",
        "completed_at",
        "duration_ms",
        "output",
        "error",
        "files_changed",
        "artifact_path",
        "session_id",
        "num_turns",
        "metadata",
    ];
    assert_eq!(keys, order);
    let all = files_in(&server.root().join("p/t"));
    assert_eq!(all, ["task.json", "task.json.lock"], "nothing else is left");
}

#[tokio::test]
async fn a_step_that_is_said_to_have_begun_runs_until_the_result_of_the_same_attempt() {
    let (_server, mut client) = with_steps(1).await;
    for attempt in 1..=2 {
        let begun = client.step(result(0, "running")).await.expect("saved").steps[0].clone();
        assert_eq!((begun.status.as_str(), begun.attempts), ("running", attempt));
        assert!(begun.started_at.is_some() && begun.completed_at.is_none(), "{begun:?}");
        let task = client.step(result(0, "failed")).await.expect("saved");
        let ended = &task.steps[0];
        assert_eq!((ended.attempts, &ended.started_at), (attempt, &begun.started_at));
        let last = task.step_results.last().expect("a result");
        assert_eq!(
            (&last.started_at, &last.completed_at),
            (&begun.started_at, &ended.completed_at)
        );
    }
}

#[tokio::test]
async fn a_step_that_is_tried_again_has_several_results_and_counts_its_attempts() {
    let (_server, mut client) = with_steps(2).await;
    let results = [("failed", "first", 1), ("failed", "second", 2), ("completed", "", 3)];
    for (n, (status, error, attempts)) in results.into_iter().enumerate() {
        let request = with(result(0, status), |result| {
            result.error = error.into();
            result.output = n.to_string();
        });
        let task = client.step(request).await.expect("saved");
        let outputs: Vec<_> = task.step_results.iter().map(|it| it.output.clone()).collect();
        assert_eq!(outputs, (0..=n).map(|n| n.to_string()).collect::<Vec<_>>());
        let step = &task.steps[0];
        assert_eq!((step.status.as_str(), step.error.as_str()), (status, error));
        assert_eq!(step.attempts, attempts, "as many as it has results");
        assert_eq!(task.steps[1].attempts, 0, "of the other there is none");
    }
}

#[tokio::test]
async fn what_a_result_leaves_out_is_taken_from_its_step_and_the_clock() {
    let backend = Backend::start();
    let (clock, files) = (&backend.clock, &backend.files);
    clock.set("2026-03-04T12:00:00Z");
    files.create_task(plain_task("t", 2), None).await.expect("a task");
    clock.set("2026-03-04T12:10:00Z");
    let (noon, now) = (at("2026-03-04T12:00:00Z"), at("2026-03-04T12:10:00Z"));
    let (four, five) = (at("2026-03-04T12:04:00Z"), at("2026-03-04T12:05:00.250Z"));
    // What is given: start, end, milliseconds; and what is kept.
    let cases = [
        ((None, None, 0), (now, now, 0)),
        ((None, None, 60_000), (at("2026-03-04T12:09:00Z"), now, 60_000)),
        ((Some(noon), None, 0), (noon, now, 600_000)),
        ((Some(four), Some(five), 0), (four, five, 60_250)),
        ((None, Some(five), 60_250), (four, five, 60_250)),
        ((Some(four), Some(five), 5), (four, five, 5)),
    ];
    for ((started_at, completed_at, duration_ms), expected) in cases {
        let result = StepResult {
            step_index: 1,
            status: "completed".to_owned(),
            started_at,
            completed_at,
            duration_ms,
            ..StepResult::default()
        };
        let checkpoint = Checkpoint { result, current_step: None, to: None };
        let task = files.save_step_result(super::key("t"), checkpoint, None).await.expect("saved");
        let progress = task.progress.expect("its steps");
        let last = progress.step_results.last().expect("a result");
        assert_eq!(last.step_name, "step-1");
        let kept = (last.started_at, last.completed_at, last.duration_ms);
        assert_eq!(kept, (Some(expected.0), Some(expected.1), expected.2));
        let step = &progress.steps[1];
        assert_eq!((step.started_at, step.completed_at), (Some(expected.0), Some(expected.1)));
        assert_eq!(task.record.updated_at, Some(now));
    }
}

#[tokio::test]
async fn a_result_the_current_step_and_the_status_are_saved_in_one_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let steps = Arc::new(Steps::default());
    let disk = StepDisk::open(folder.path(), &steps);
    let files = Files::open(disk, Arc::new(SystemClock), 1).expect("the root is free");
    files.create_task(plain_task("t", 2), None).await.expect("a task");
    steps.written();
    let result = StepResult { status: "completed".to_owned(), ..StepResult::default() };
    let to = NewStatus { status: "running".to_owned(), reason: "begun".to_owned() };
    let checkpoint = Checkpoint { result, current_step: Some(1), to: Some(to) };
    let task = files.save_step_result(super::key("t"), checkpoint, None).await.expect("saved");
    assert_eq!(steps.written(), ["task.json"], "once, and nothing else");
    assert_eq!((task.record.current_step, task.record.status.as_str()), (1, "running"));
    let progress = task.progress.expect("its steps");
    assert_eq!((progress.step_results.len(), progress.transitions.len()), (1, 1));
    assert_eq!(progress.transitions[0].reason, "begun");
    assert_eq!(progress.steps[0].attempts, 1);
}

/// Also while the file is read by another program all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_never_sees_half_of_a_checkpoint() {
    let (server, mut client) = with_steps(40).await;
    client.transition("p", "t", "running").await.expect("a move");
    let file = server.root().join(task_json("p", "t"));
    let over = Arc::new(AtomicBool::new(false));
    let reader = std::thread::spawn({
        let over = Arc::clone(&over);
        move || {
            let mut seen = std::collections::BTreeSet::new();
            while !over.load(Ordering::SeqCst) {
                seen.insert(whole(&json(&file)));
            }
            seen.len()
        }
    });
    for n in 0..40 {
        let request = pb::SaveStepResultRequest {
            current_step: Some(n + 1),
            to_status: if n % 2 == 0 { "interrupted" } else { "running" }.into(),
            ..result(n, "completed")
        };
        client.step(request).await.expect("saved");
        let task = client.task("p", "t").await;
        assert_eq!(usize::try_from(task.current_step), Ok(task.step_results.len()));
    }
    over.store(true, Ordering::SeqCst);
    let states = reader.join().expect("it was whole each time");
    assert!(states > 1, "it was read while it changed");
    assert_eq!(whole(&json(&server.root().join(task_json("p", "t")))), 40);
}

/// Asserts that all parts of a record are of one checkpoint; returns its number.
fn whole(record: &Value) -> usize {
    let results = record["step_results"].as_array().map_or(0, Vec::len);
    assert_eq!(record["current_step"].as_u64(), u64::try_from(results).ok());
    let status = if results.is_multiple_of(2) { "running" } else { "interrupted" };
    assert_eq!(record["status"], status);
    let moves = record["transitions"].as_array().expect("a history").len();
    assert_eq!(moves, results + 1);
    let steps = record["steps"].as_array().expect("steps");
    let done = steps.iter().filter(|step| step["status"] == "completed").count();
    assert_eq!(done, results);
    results
}

#[tokio::test]
async fn a_step_that_the_task_does_not_have_is_refused_and_nothing_is_saved() {
    let (server, mut client) = with_steps(3).await;
    client.new_task("p", "bare").await;
    client.new_run("p", "unrecorded", "r").await;
    let file = server.root().join(task_json("p", "t"));
    let before = text(&file);
    for index in [3, 4, i32::MAX, -1, i32::MIN] {
        let refused = client.step(result(index, "completed")).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "step_index");
    }
    for task in ["bare", "unrecorded"] {
        let refused = client.step(step_result("p", task, 0, "completed")).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "step_index");
    }
    assert!(!server.root().join(task_json("p", "unrecorded")).exists());
    for current_step in [4, -1] {
        let request = pb::SaveStepResultRequest {
            current_step: Some(current_step),
            ..result(2, "completed")
        };
        let refused = client.step(request).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "current_step");
    }
    assert_eq!(text(&file), before);
    let last = pb::SaveStepResultRequest { current_step: Some(3), ..result(2, "completed") };
    assert_eq!(client.step(last).await.expect("all are done").current_step, 3);
}

#[tokio::test]
async fn with_a_stale_etag_or_a_refused_move_nothing_is_saved() {
    let (server, mut client) = with_steps(2).await;
    let file = server.root().join(task_json("p", "t"));
    let first = client.task("p", "t").await.etag;
    let once = pb::SaveStepResultRequest { etag: first.clone(), ..result(0, "completed") };
    let task = client.step(once.clone()).await.expect("saved");
    assert_ne!(task.etag, first);
    let before = text(&file);
    // The repetition of a call whose answer was lost.
    let refused = client.step(once).await;
    assert_refused(refused, Code::Aborted, "ETAG_MISMATCH", "task.json");
    let moved = pb::SaveStepResultRequest {
        current_step: Some(1),
        to_status: "completed".into(),
        ..result(1, "completed")
    };
    let refused = client.step(moved).await;
    assert_refused(refused, Code::FailedPrecondition, "INVALID_TRANSITION", "pending");
    let same = pb::SaveStepResultRequest { to_status: "pending".into(), ..result(1, "completed") };
    let refused = client.step(same).await;
    assert_refused(refused, Code::FailedPrecondition, "INVALID_TRANSITION", "pending");
    assert_eq!(text(&file), before);
    let right = pb::SaveStepResultRequest { etag: task.etag, ..result(1, "completed") };
    assert_eq!(client.step(right).await.expect("saved").step_results.len(), 2);
}

#[tokio::test]
async fn what_a_result_must_have_and_must_not_is_refused() {
    let (server, mut client) = with_steps(1).await;
    let before = text(&server.root().join(task_json("p", "t")));
    let bare = pb::SaveStepResultRequest { step_result: None, ..result(0, "") };
    let refused = client.step(bare).await;
    assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", "step_result");
    let refused = client.step(result(0, "")).await;
    assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", "status");
    for (project, task, field) in [("", "t", "project_id"), ("p", "", "task_id")] {
        let refused = client.step(step_result(project, task, 0, "completed")).await;
        assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", field);
    }
    let refused = client.step(step_result("p", "x", 0, "completed")).await;
    assert_refused(refused, Code::NotFound, "TASK_NOT_FOUND", "p/x");
    type Change = fn(&mut pb::StepResult);
    let bad: [(&str, &str, Change); 9] = [
        ("INVALID_FIELD", "metadata_json", |it| it.metadata_json = "[1]".into()),
        ("INVALID_FIELD", "metadata_json", |it| it.metadata_json = "{\"a\":".into()),
        ("INVALID_FIELD", "duration_ms", |it| it.duration_ms = -1),
        ("INVALID_FIELD", "num_turns", |it| it.num_turns = -1),
        ("TOO_LARGE", "output", |it| it.output = "x".repeat((64 << 10) + 1)),
        ("TOO_LARGE", "error", |it| it.error = "x".repeat((64 << 10) + 1)),
        ("TOO_LARGE", "status", |it| it.status = "x".repeat(129)),
        ("TOO_LARGE", "files_changed", |it| it.files_changed = vec!["x".into(); 1001]),
        ("TOO_LARGE", "session_id", |it| it.session_id = "x".repeat(129)),
    ];
    for (reason, word, change) in bad {
        let refused = client.step(with(result(0, "completed"), change)).await;
        assert_refused(refused, Code::InvalidArgument, reason, word);
    }
    assert_eq!(text(&server.root().join(task_json("p", "t"))), before);
}

#[tokio::test]
async fn a_record_that_would_be_over_2_mib_is_refused_and_stays_as_it_is() {
    let (server, mut client) = with_steps(1).await;
    let file = server.root().join(task_json("p", "t"));
    let large = with(result(0, "completed"), |result| result.output = "x".repeat(64 << 10));
    let mut saved = 0;
    let refused = loop {
        assert!(saved < 32, "it grows without end");
        match client.step(large.clone()).await {
            Ok(_) => saved += 1,
            Err(refused) => break refused,
        }
    };
    assert!(saved >= 30, "{saved} results of 64 KiB fit");
    assert_refused(Err::<(), _>(refused), Code::InvalidArgument, "TOO_LARGE", "DOCUMENT_BYTES_MAX");
    assert_eq!(json(&file)["step_results"].as_array().expect("results").len(), saved);
    assert_eq!(client.task("p", "t").await.step_results.len(), saved);
    // Something small still fits.
    client.step(result(0, "skipped")).await.expect("saved");
    client.transition("p", "t", "running").await.expect("a move");
}

#[tokio::test]
async fn a_result_of_a_damaged_record_is_refused_and_leaves_it() {
    let (server, mut client) = with_task().await;
    for damaged in ["", "{", "[]", "{\"steps\":[{\"name\":5}]}", "{\"steps\":{}}"] {
        let file = put(server.root(), &task_json("p", "t"), damaged);
        let refused = client.step(result(0, "completed")).await;
        assert_refused(refused, Code::DataLoss, "CORRUPT_DOCUMENT", "p/t/task.json");
        assert_eq!(text(&file), damaged);
    }
}

#[tokio::test]
async fn the_times_of_what_is_saved_later_are_not_earlier() {
    let (_server, mut client) = with_steps(1).await;
    let mut last = client.task("p", "t").await;
    for _ in 0..5 {
        let task = client.step(result(0, "failed")).await.expect("saved");
        assert!(nanos(task.updated_at) >= nanos(last.updated_at));
        let newest = task.step_results.last().expect("a result");
        assert!(nanos(newest.completed_at) >= nanos(newest.started_at));
        assert_eq!(task.created_at, last.created_at);
        last = task;
    }
}
