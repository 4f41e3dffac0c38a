//! How the folder of a run comes to be.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use callboard::clock::SystemClock;
use callboard::domain::{ProjectId, Reach, RunId, RunKey, RunMeta, TaskId, TaskKey};
use callboard::error::Reason;
use callboard::files::Files;
use callboard::grpc::pb;
use callboard::store::{NewRun, Part, RunQuery, Runs as _};
use tokio::task::JoinSet;
use tonic::Code;

use super::{WORKTREE, details, file, least, names, put, text, with_meta};
use crate::client::assert_refused;
use crate::server::Server;
use crate::storage_client::{StorageClient, new_run};
use crate::storage_faults::step_disk::{Fault, StepDisk, Steps};

#[tokio::test]
async fn a_run_gets_a_folder_of_its_own_with_logs_inside() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let made = client.create_run(with_meta("r", least())).await.expect("a run").run;
    let made = made.expect("the run");
    assert_eq!(made.run_path, "p/t/runs/r");
    assert_eq!(made.meta.as_ref().map(|meta| meta.worktree_path.as_str()), Some(WORKTREE));
    let folder = file(&server, "r", "");
    assert_eq!(names(&folder), ["agent-type", "cwd", "logs", "meta.json", "run-info.yaml"]);
    assert!(folder.join("logs").is_dir() && names(&folder.join("logs")).is_empty());
    client.new_run("p", "t", "without").await;
    let folder = file(&server, "without", "");
    assert_eq!(names(&folder), ["agent-type", "cwd", "logs", "run-info.yaml"]);
}

#[tokio::test]
async fn a_second_run_of_an_id_is_refused_with_agencys_code_and_changes_nothing() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.create_run(with_meta("r", least())).await.expect("a run");
    let before = text(&file(&server, "r", "meta.json"));
    let other = pb::RunMeta { title: "another".into(), ..least() };
    // As a folder that another program made does.
    put(&server, "foreign", "logs/x", "");
    for request in [with_meta("r", other), new_run("p", "t", "r"), with_meta("foreign", least())] {
        let run = request.run_id.clone();
        let refused = client.create_run(request).await;
        let info = details(refused.as_ref().expect_err("it is there"));
        assert_eq!(info["code"], "E_RUN_DIR_EXISTS");
        assert_refused(refused, Code::AlreadyExists, "RUN_EXISTS", &run);
    }
    assert_eq!(text(&file(&server, "r", "meta.json")), before);
    assert_eq!(names(&file(&server, "foreign", "")), ["logs"]);
}

#[tokio::test]
async fn of_many_that_create_one_run_at_once_one_succeeds_and_its_meta_is_whole() {
    let server = Server::start();
    for round in 0..10 {
        let run = format!("r{round}");
        let mut calls = JoinSet::new();
        for n in 0..8 {
            let mut client = StorageClient::connect(&server).await;
            let meta = pb::RunMeta { title: format!("of {n}"), ..least() };
            let request = with_meta(&run, meta);
            calls.spawn(async move { (n, client.create_run(request).await) });
        }
        let mut won = Vec::new();
        for (n, made) in calls.join_all().await {
            match made {
                Ok(_) => won.push(n),
                Err(refused) => assert_eq!(details(&refused)["code"], "E_RUN_DIR_EXISTS"),
            }
        }
        assert_eq!(won.len(), 1, "{won:?}");
        let mut client = StorageClient::connect(&server).await;
        let meta = client.meta(&run).await.expect("the metadata");
        assert_eq!(meta.title, format!("of {}", won[0]));
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_refused_with_agencys_code() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "t").await;
    // A file where the folder of the runs belongs.
    let file = server.root().join("p/t/runs");
    fs::write(&file, "in the way").expect("written");
    let refused = client.create_run(with_meta("r", least())).await;
    let info = details(refused.as_ref().expect_err("it cannot be made"));
    assert_eq!(info["code"], "E_RUN_DIR_CREATE_FAILED");
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "p/t/runs");
    assert_eq!(text(&file), "in the way");
    fs::remove_file(file).expect("removed");
    client.create_run(with_meta("r", least())).await.expect("now it can be made");
}

fn task() -> TaskKey {
    TaskKey {
        project: ProjectId::parse("p").expect("an id"),
        task: TaskId::parse("t").expect("an id"),
    }
}

fn new() -> NewRun {
    NewRun {
        task: task(),
        run: Some(RunId::parse("r").expect("an id")),
        agent_type: "claude".to_owned(),
        parent_run_id: String::new(),
        previous_run_id: String::new(),
        host: String::new(),
        pid: 0,
        pgid: 0,
        process_ownership: String::new(),
        cwd: String::new(),
        commandline: String::new(),
        agent_version: String::new(),
        prompt: String::new(),
        meta: Some(RunMeta { worktree_path: WORKTREE.to_owned(), ..RunMeta::default() }),
    }
}

/// Whatever step of the disk fails first.
#[tokio::test]
async fn a_meta_that_cannot_be_written_leaves_no_half_run_and_a_later_creation_succeeds() {
    let mut codes = BTreeSet::new();
    for fault in [Fault::Full, Fault::Sync] {
        for step in 0.. {
            let folder = tempfile::tempdir().expect("a folder");
            let steps = Arc::new(Steps::default());
            let disk = StepDisk::open(folder.path(), &steps);
            let files = Files::open(disk, Arc::new(SystemClock), 1).expect("the root is free");
            steps.arm(fault, step);
            let made = files.create_run(new(), None).await;
            if !steps.disarm() {
                made.expect("nothing has failed");
                break;
            }
            let failed = made.expect_err("a disk that fails");
            let pairs = failed.metadata();
            let code = pairs.iter().find(|(name, _)| *name == "code").map(|(_, code)| &**code);
            let path = pairs.iter().find(|(name, _)| *name == "path").map_or("", |(_, path)| path);
            // The one code is that of this file alone.
            assert_eq!(
                path.ends_with("/meta.json"),
                code == Some("E_META_WRITE_FAILED"),
                "{fault:?} at step {step}: {failed}"
            );
            codes.extend(code.map(|code| (format!("{fault:?}"), code.to_owned())));
            let expected = if fault == Fault::Full { Reason::DiskFull } else { Reason::Io };
            assert_eq!(failed.reason(), expected);
            assert!(!folder.path().join("p/t/runs/r").exists(), "{fault:?} at step {step}");
            let staging = folder.path().join(".callboard/staging");
            assert!(!staging.exists() || names(&staging).is_empty(), "{fault:?} at step {step}");
            let query = RunQuery {
                part: Part::All(Reach::All),
                statuses: Vec::new(),
                after: None,
                limit: 10,
                with_meta: true,
            };
            let listed = files.list_runs(query).await.expect("a list");
            assert_eq!(listed.runs, []);
            let made = files.create_run(new(), None).await.expect("a later creation").item;
            assert!(made.meta.is_some_and(|meta| meta.problem.is_none()));
            let key = RunKey { task: Some(task()), run: RunId::parse("r").expect("an id") };
            files.run(key).await.expect("the run");
        }
    }
    for fault in ["Full", "Sync"] {
        for code in ["E_META_WRITE_FAILED", "E_RUN_DIR_CREATE_FAILED"] {
            assert!(codes.contains(&(fault.to_owned(), code.to_owned())), "{fault}: {codes:?}");
        }
    }
}
