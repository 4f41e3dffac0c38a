//! What a run's record says, and that it is whole whenever it is looked at.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use callboard::grpc::pb;
use tokio::task::JoinSet;
use tonic::Code;

use super::{file, ids, put, put_record, text};
use crate::client::assert_refused;
use crate::server::Server;
use crate::storage_client::{StorageClient, new_run};

#[tokio::test]
async fn every_field_comes_back_and_stands_in_the_file_in_its_order() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let request = pb::CreateRunRequest {
        project_id: "p".into(),
        task_id: "t".into(),
        agent_type: "claude".into(),
        run_id: "r".into(),
        parent_run_id: "parent".into(),
        previous_run_id: "before".into(),
        host: String::new(),
        pid: 4_000_001,
        pgid: 4_000_002,
        process_ownership: "managed".into(),
        cwd: "/srv/a: b #c".into(),
        commandline: "claude -p 'go on'\n--verbose\ttab \u{1f600}".into(),
        agent_version: "1.0".into(),
        prompt: "do it\n".into(),
        request_id: String::new(),
        meta: None,
    };
    let created = client.create_run(request).await.expect("a run").run.expect("the run");
    let end = pb::UpdateRunStatusRequest {
        run_id: "r".into(),
        status: "failed".into(),
        exit_code: Some(7),
        error_summary: "it: \"broke\"".into(),
        ..Default::default()
    };
    let ended = client.update_run_status(end).await.expect("ended").run.expect("the run");
    assert_eq!(client.run("r").await, ended);
    assert_eq!(client.runs("p", "t").await, std::slice::from_ref(&ended));

    let root = fs::canonicalize(server.root()).expect("the root");
    let path = |name: &str| format!("{}/p/t/runs/r/{name}", root.display());
    let expected = pb::Run {
        project_id: "p".into(),
        task_id: "t".into(),
        run_id: "r".into(),
        parent_run_id: "parent".into(),
        previous_run_id: "before".into(),
        agent_type: "claude".into(),
        process_ownership: "managed".into(),
        pid: 4_000_001,
        pgid: 4_000_002,
        start_time: created.start_time,
        end_time: ended.end_time,
        exit_code: 7,
        status: "failed".into(),
        cwd: "/srv/a: b #c".into(),
        prompt_path: path("prompt.md"),
        output_path: path("output.md"),
        stdout_path: path("agent-stdout.txt"),
        stderr_path: path("agent-stderr.txt"),
        commandline: "claude -p 'go on'\n--verbose\ttab \u{1f600}".into(),
        error_summary: "it: \"broke\"".into(),
        agent_version: "1.0".into(),
        liveness: pb::Liveness::Ended.into(),
        etag: ended.etag.clone(),
        run_path: "p/t/runs/r".into(),
        problem: String::new(),
        meta: None,
    };
    assert_eq!(ended, expected);
    assert!(created.start_time.is_some() && ended.end_time.is_some());
    assert_eq!(
        (created.exit_code, created.end_time, created.status.as_str()),
        (-1, None, "running")
    );

    let written = text(&file(&server, "r", "run-info.yaml"));
    let keys: Vec<&str> = written
        .lines()
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split_once(':').expect("a key").0)
        .collect();
    let order = "version run_id parent_run_id previous_run_id project_id task_id agent \
        process_ownership pid pgid start_time end_time exit_code status cwd prompt_path output_path \
        stdout_path stderr_path commandline error_summary agent_version agent_type";
    assert_eq!(keys, order.split_whitespace().collect::<Vec<_>>());
    assert_eq!(text(&file(&server, "r", "prompt.md")), "do it\n");
    assert_eq!(text(&file(&server, "r", "parent-run-id")), "parent\n");
    assert_eq!(text(&file(&server, "r", "agent-type")), "claude\n");
    let cwd = text(&file(&server, "r", "cwd"));
    assert!(cwd.starts_with("RUN_ID=r\nCWD=/srv/a: b #c\nAGENT=claude\n"), "{cwd}");
    assert!(cwd.ends_with("PID=4000001\nEXIT_CODE=7\n"), "{cwd}");
    assert!(file(&server, "r", "logs").is_dir());
}

#[tokio::test]
async fn what_is_empty_is_left_out_of_the_file() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let run = client.new_run("p", "t", "r").await;
    let written = text(&file(&server, "r", "run-info.yaml"));
    let optional = ["parent_run_id", "previous_run_id", "process_ownership", "cwd", "prompt_path"];
    for key in optional.iter().chain(&["commandline", "error_summary"]) {
        assert!(!written.contains(key), "{key} in\n{written}");
    }
    for line in ["pid: 0", "pgid: 0", "exit_code: -1", "status: running", "agent_version: \"\""] {
        assert!(written.lines().any(|it| it == line), "no {line} in\n{written}");
    }
    assert!(written.contains("\nend_time: 0001-01-01T00:00:00Z\n"), "{written}");
    assert_eq!((run.prompt_path.as_str(), run.parent_run_id.as_str()), ("", ""));
    assert!(!file(&server, "r", "prompt.md").exists());
    assert!(!file(&server, "r", "parent-run-id").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_in_a_loop_sees_a_whole_record_during_1000_rewrites() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("p", "t", "r").await;
    let path = file(&server, "r", "run-info.yaml");
    let ended = Arc::new(AtomicBool::new(false));
    let reading = Arc::clone(&ended);
    let by_file = std::thread::spawn(move || {
        let mut seen = BTreeSet::new();
        while !reading.load(Ordering::SeqCst) {
            let written = text(&path);
            let whole = written.starts_with("version: 1\nrun_id: r\n")
                && written.ends_with("\nagent_type: claude\n");
            assert!(whole, "a part:\n{written}");
            seen.insert(written);
        }
        seen.len()
    });
    let mut reader = StorageClient::connect(&server).await;
    let reading = Arc::clone(&ended);
    let by_call = tokio::spawn(async move {
        let mut seen = BTreeSet::new();
        while !reading.load(Ordering::SeqCst) {
            let run = reader.run("r").await;
            assert_eq!(run.cwd.len() % 97, run.error_summary.len() % 97, "of two versions");
            seen.insert(run.etag);
        }
        seen.len()
    });
    for n in 0..1000 {
        let request = pb::UpdateRunRequest {
            run_id: "r".into(),
            cwd: "c".repeat(1 + n % 97),
            error_summary: "e".repeat(1 + n % 97),
            ..Default::default()
        };
        client.update_run(request).await.expect("an update");
    }
    ended.store(true, Ordering::SeqCst);
    let (by_file, by_call) = (by_file.join().expect("no panic"), by_call.await.expect("no panic"));
    assert!(by_file > 50 && by_call > 50, "they looked while it changed: {by_file}, {by_call}");
}

#[tokio::test]
async fn runs_are_found_by_their_id_alone_and_listed_in_the_order_of_their_ids() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for (project, task, run) in [("b", "t", "9"), ("a", "u", "z"), ("a", "t", "c"), ("a", "t", "B")]
    {
        client.new_run(project, task, run).await;
    }
    client.new_run("a", "t", "a").await;
    assert_eq!(ids(&client.runs("a", "t").await), ["B", "a", "c"]);
    assert_eq!(ids(&client.runs("a", "").await), ["B", "a", "c", "z"]);
    assert_eq!(ids(&client.runs("", "").await), ["B", "a", "c", "z", "9"]);
    let found = client.run("z").await;
    assert_eq!((found.project_id.as_str(), found.task_id.as_str()), ("a", "u"));
    assert_eq!(found.run_path, "a/u/runs/z");
    let missing = client.try_run("nowhere").await;
    assert_refused(missing, Code::NotFound, "RUN_NOT_FOUND", "nowhere");
    assert!(client.runs("nobody", "").await.is_empty());
    assert!(client.runs("a", "nothing").await.is_empty());
    // Ids that we make are in the order of time.
    for _ in 0..20 {
        client.new_run("c", "t", "").await;
    }
    let made = client.runs("c", "t").await;
    assert!(made.is_sorted_by_key(|run| run.start_time.map(|time| (time.seconds, time.nanos))));
}

#[tokio::test]
async fn a_run_without_a_record_is_unknown_a_damaged_one_is_damaged_and_neither_hides_others() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("p", "t", "1-whole").await;
    fs::create_dir(server.root().join("p/t/runs/2-empty")).expect("a folder");
    for (run, bytes) in [
        ("3-list", &b"- a\n"[..]),
        ("4-half", b"version: 1\nrun_id: \"4-ha"),
        ("5-binary", b"\xff\xfe\x00\x01"),
        ("6-number", b"run_id: x\npid: many\n"),
        ("7-nothing", b""),
    ] {
        put(server.root(), &format!("p/t/runs/{run}/run-info.yaml"), bytes);
    }
    client.new_run("p", "t", "8-whole").await;
    let runs = client.runs("p", "t").await;
    let shown: Vec<(&str, &str)> =
        runs.iter().map(|run| (run.run_id.as_str(), run.status.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("1-whole", "running"),
            ("2-empty", "unknown"),
            ("3-list", "damaged"),
            ("4-half", "damaged"),
            ("5-binary", "damaged"),
            ("6-number", "damaged"),
            ("7-nothing", "unknown"),
            ("8-whole", "running"),
        ]
    );
    for run in &runs {
        let is_damaged = run.status == "damaged";
        assert_eq!(run.problem.contains("run-info.yaml"), is_damaged, "{run:?}");
        let one = client.try_run(&run.run_id).await;
        if is_damaged {
            let place = format!("p/t/runs/{}/run-info.yaml", run.run_id);
            assert_refused(one, Code::DataLoss, "CORRUPT_DOCUMENT", &place);
            let kept = fs::read(server.root().join(&place)).expect("the file");
            let refused = client.end(&run.run_id, "failed").await;
            assert_refused(refused, Code::DataLoss, "CORRUPT_DOCUMENT", &place);
            assert_eq!(fs::read(server.root().join(&place)).expect("the file"), kept);
        } else {
            assert_eq!(&one.expect("a run"), run);
        }
    }
    let filtered = pb::ListRunsRequest { statuses: vec!["damaged".into()], ..Default::default() };
    assert_eq!(client.list_runs(filtered).await.expect("a page").runs.len(), 4);
}

#[tokio::test]
async fn runs_created_in_one_instant_have_ids_of_their_own() {
    let server = Server::start();
    let mut creating = JoinSet::new();
    for _ in 0..4 {
        let client = StorageClient::connect(&server).await;
        for _ in 0..25 {
            let mut client = client.clone();
            creating.spawn(async move { client.new_run("p", "t", "").await.run_id });
        }
    }
    let made: BTreeSet<String> = creating.join_all().await.into_iter().collect();
    assert_eq!(made.len(), 100);
    let mut client = StorageClient::connect(&server).await;
    assert_eq!(ids(&client.runs("p", "t").await), made.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_collision_is_refused_and_overwrites_nothing() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("p", "t", "r").await;
    put_record(server.root(), "p/t/runs/foreign", "agent: codex\nmine: 1\n");
    fs::create_dir(server.root().join("p/t/runs/empty")).expect("a folder");
    for run in ["r", "foreign", "empty"] {
        let record = file(&server, run, "run-info.yaml");
        let before = fs::read(&record).ok();
        let other = pb::CreateRunRequest { prompt: "other".into(), ..new_run("p", "t", run) };
        let refused = client.create_run(other).await;
        assert_refused(refused, Code::AlreadyExists, "RUN_EXISTS", &format!("p/t/{run}"));
        assert_eq!(fs::read(&record).ok(), before);
        assert!(!file(&server, run, "prompt.md").exists());
    }
    assert_eq!(client.runs("p", "t").await.len(), 3);
}
