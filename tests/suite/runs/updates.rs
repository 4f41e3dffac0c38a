//! What an update of a run changes, and what it leaves.

use std::fs;

use callboard::grpc::pb;
use tonic::Code;

use super::{file, put_record, text};
use crate::client::assert_refused;
use crate::server::Server;
use crate::storage_client::{StorageClient, new_run};

/// A record with everything in it that others may have put there.
const FOREIGN: &str = "run_id: r
project_id: p
task_id: t
agent: codex
pid: 0
pgid: 0
start_time: 2026-02-05T11:51:54.123456789Z
end_time: 0001-01-01T00:00:00Z
exit_code: -1
status: running
cwd: /somewhere
restart_count: 3 # thrice
more:
  - 1e400
  - {a: 007}
agent_version: \"\"
";

/// The lines of a record but those with these keys.
fn without(written: &str, keys: &[&str]) -> Vec<String> {
    let is_left = |line: &&str| !keys.iter().any(|key| line.starts_with(&format!("{key}:")));
    let mut lines: Vec<String> = written.lines().filter(is_left).map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn an_end_changes_status_exit_code_and_end_time_and_nothing_else() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let record = put_record(server.root(), "p/t/runs/r", FOREIGN);
    let before = client.run("r").await;
    let ended = client.end("r", "completed").await.expect("ended");
    let expected = pb::Run {
        status: "completed".into(),
        exit_code: 0,
        end_time: ended.end_time,
        liveness: pb::Liveness::Ended.into(),
        etag: ended.etag.clone(),
        ..before.clone()
    };
    assert_eq!(ended, expected);
    assert!(ended.end_time.is_some() && ended.etag != before.etag);
    let changed = ["status", "exit_code", "end_time", "agent_type"];
    let written = text(&record);
    let foreign = format!("version: 1\n{FOREIGN}");
    assert_eq!(without(&written, &changed), without(&foreign, &changed), "{written}");
    assert!(written.contains("\nmore:\n  - 1e400\n  - {a: 007}\n"), "{written}");
}

#[tokio::test]
async fn a_run_ends_once_and_again_only_in_the_same_way() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("p", "t", "r").await;
    let record = file(&server, "r", "run-info.yaml");
    let untouched = text(&record);
    client.end("r", "running").await.expect("it runs already");
    for status in ["unknown", "RUNNING", "completed ", "damaged"] {
        let refused = client.end("r", status).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "status");
    }
    assert_eq!(text(&record), untouched, "nothing of that changed anything");
    let end = |status: &str, exit_code| pb::UpdateRunStatusRequest {
        run_id: "r".into(),
        status: status.into(),
        exit_code,
        ..Default::default()
    };
    let ended = client.update_run_status(end("failed", Some(3))).await.expect("ended").run;
    let written = text(&record);
    for exit_code in [Some(3), None] {
        let again = client.update_run_status(end("failed", exit_code)).await.expect("again");
        assert_eq!(again.run, ended);
    }
    for (status, exit_code) in
        [("failed", Some(4)), ("completed", None), ("completed", Some(3)), ("running", None)]
    {
        let refused = client.update_run_status(end(status, exit_code)).await;
        assert_refused(refused, Code::FailedPrecondition, "INVALID_TRANSITION", "failed");
    }
    assert_eq!(text(&record), written);
    // Without an exit code nobody knows how it failed.
    client.new_run("p", "t", "other").await;
    assert_eq!(client.end("other", "failed").await.expect("ended").exit_code, -1);
}

#[tokio::test]
async fn each_field_that_may_change_is_changed_by_its_mask_alone() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let full = pb::UpdateRunRequest {
        run_id: "r".into(),
        pid: 4_000_001,
        pgid: 4_000_002,
        process_ownership: "external".into(),
        cwd: "/new".into(),
        commandline: "new".into(),
        agent_version: "2".into(),
        error_summary: "oops".into(),
        parent_run_id: "q".into(),
        previous_run_id: "o".into(),
        ..Default::default()
    };
    let mask = |path: &str| Some(prost_types::FieldMask { paths: vec![path.to_owned()] });
    let mut expected = client.new_run("p", "t", "r").await;
    type Set = fn(&mut pb::Run);
    let fields: [(&str, Set); 9] = [
        ("process_ownership", |run| run.process_ownership = "external".into()),
        ("cwd", |run| run.cwd = "/new".into()),
        ("commandline", |run| run.commandline = "new".into()),
        ("agent_version", |run| run.agent_version = "2".into()),
        ("error_summary", |run| run.error_summary = "oops".into()),
        ("parent_run_id", |run| run.parent_run_id = "q".into()),
        ("previous_run_id", |run| run.previous_run_id = "o".into()),
        ("pgid", |run| {
            run.pgid = 4_000_002;
            run.liveness = pb::Liveness::Lost.into();
        }),
        ("pid", |run| run.pid = 4_000_001),
    ];
    for (path, set) in fields {
        set(&mut expected);
        let request = pb::UpdateRunRequest { update_mask: mask(path), ..full.clone() };
        let run = client.update_run(request).await.expect(path).run.expect("the run");
        expected.etag.clone_from(&run.etag);
        assert_eq!(run, expected, "{path}");
        assert_eq!(client.run("r").await, expected, "{path}");
    }
    assert_eq!(text(&file(&server, "r", "parent-run-id")), "q\n", "derived files follow");
    for path in ["status", "run_id", "end_time", "nothing"] {
        let request = pb::UpdateRunRequest { update_mask: mask(path), ..full.clone() };
        let refused = client.update_run(request).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "update_mask");
    }
    let emptied =
        pb::UpdateRunRequest { run_id: "r".into(), update_mask: mask("cwd"), ..Default::default() };
    let run = client.update_run(emptied).await.expect("emptied").run.expect("the run");
    assert_eq!(run.cwd, "");
    assert!(!text(&file(&server, "r", "run-info.yaml")).contains("\ncwd:"));
    let nothing = pb::UpdateRunRequest { run_id: "r".into(), ..Default::default() };
    let refused = client.update_run(nothing).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "nothing to change");
}

#[tokio::test]
async fn a_stale_etag_is_refused_and_changes_nothing() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let first = client.new_run("p", "t", "r").await.etag;
    let change = |cwd: &str, etag: &str| pb::UpdateRunRequest {
        run_id: "r".into(),
        cwd: cwd.into(),
        etag: etag.into(),
        ..Default::default()
    };
    let second = client.update_run(change("/a", &first)).await.expect("an update").run;
    let second = second.expect("the run").etag;
    let written = text(&file(&server, "r", "run-info.yaml"));
    let refused = client.update_run(change("/b", &first)).await;
    assert_refused(refused, Code::Aborted, "ETAG_MISMATCH", "run-info.yaml");
    let end = |etag: &str| pb::UpdateRunStatusRequest {
        run_id: "r".into(),
        status: "completed".into(),
        etag: etag.into(),
        ..Default::default()
    };
    let refused = client.update_run_status(end(&first)).await;
    assert_refused(refused, Code::Aborted, "ETAG_MISMATCH", &second);
    let refused = client.update_run_status(end("x")).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "etag");
    assert_eq!(text(&file(&server, "r", "run-info.yaml")), written);
    // A foreign change is one, too.
    let foreign = written.replace("cwd: /a", "cwd: /foreign");
    fs::write(file(&server, "r", "run-info.yaml"), &foreign).expect("written");
    let refused = client.update_run_status(end(&second)).await;
    assert_refused(refused, Code::Aborted, "ETAG_MISMATCH", "run-info.yaml");
    let third = client.run("r").await.etag;
    client.update_run_status(end(&third)).await.expect("ended");
    assert_eq!(client.run("r").await.cwd, "/foreign");
}

#[tokio::test]
async fn bad_runs_are_refused_and_nothing_is_made() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let good = new_run("p", "t", "r");
    type Spoil = fn(&mut pb::CreateRunRequest);
    let cases: [(Spoil, &str); 14] = [
        (|run| run.project_id = String::new(), "REQUIRED_FIELD"),
        (|run| run.task_id = String::new(), "REQUIRED_FIELD"),
        (|run| run.agent_type = String::new(), "REQUIRED_FIELD"),
        (|run| run.project_id = "P".into(), "INVALID_ID"),
        (|run| run.task_id = "a b".into(), "INVALID_ID"),
        (|run| run.run_id = "x.lock".into(), "INVALID_ID"),
        (|run| run.run_id = "x".repeat(129), "INVALID_ID"),
        (|run| run.run_id = "../x".into(), "PATH_TRAVERSAL"),
        (|run| run.parent_run_id = "a/b".into(), "PATH_TRAVERSAL"),
        (|run| run.pid = -1, "INVALID_FIELD"),
        (|run| run.agent_type = "a\nb".into(), "INVALID_FIELD"),
        (|run| run.cwd = "x".repeat(4097), "TOO_LARGE"),
        (|run| run.commandline = "x".repeat(65_537), "TOO_LARGE"),
        (|run| run.prompt = "x".repeat((1 << 20) + 1), "TOO_LARGE"),
    ];
    for (spoil, expected) in cases {
        let mut request = good.clone();
        spoil(&mut request);
        assert_refused(client.create_run(request).await, Code::InvalidArgument, expected, "");
    }
    let made: Vec<_> = fs::read_dir(server.root())
        .expect("the root")
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|name| name != ".callboard")
        .collect();
    assert!(made.is_empty(), "{made:?}");
}
