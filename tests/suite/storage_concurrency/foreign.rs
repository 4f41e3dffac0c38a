//! Programs beside the service: one that holds a lock for long, and one that ignores
//! locks.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use callboard::clock::SystemClock;
use callboard::domain::{RunId, RunKey};
use callboard::error::Reason;
use callboard::files::Files;
use callboard::grpc::pb;
use callboard::store::{RunChange, Runs as _};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::processes;
use crate::client::assert_refused;
use crate::server::Server;
use crate::storage_client::StorageClient;
use crate::storage_faults::step_disk::{StepDisk, Steps};

#[tokio::test]
async fn a_lock_that_is_held_for_long_is_a_timeout_with_its_holder_and_delays_nothing_else() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for run in ["r", "other"] {
        client.new_run("p", "t", run).await;
    }
    client.new_task("p", "t").await;
    let record = server.root().join("p/t/runs/r/run-info.yaml");
    let before = fs::read(&record).expect("the record");
    let lock = processes::lock(&record);
    let update = |run: &str, cwd: &str| pb::UpdateRunRequest {
        run_id: run.into(),
        cwd: cwd.into(),
        ..Default::default()
    };
    let began = Instant::now();
    // The first waits for the lock, the second for its turn.
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let (mut client, request) = (client.clone(), update("r", "/never"));
            tokio::spawn(async move { (client.update_run(request).await, began.elapsed()) })
        })
        .collect();
    let mut slowest = Duration::ZERO;
    let mut looks = 0;
    while !waiting.iter().all(tokio::task::JoinHandle::is_finished) {
        let look = Instant::now();
        assert_eq!(client.run("r").await.cwd, "", "nothing is written");
        assert_eq!(client.runs("p", "t").await.len(), 2);
        client.update_run(update("other", &looks.to_string())).await.expect("another record");
        let state = pb::SetTaskStateRequest {
            project_id: "p".into(),
            task_id: "t".into(),
            state_status: format!("look-{looks}"),
            ..Default::default()
        };
        client.set_task_state(state).await.expect("another document");
        let output = pb::AppendRunOutputRequest {
            run_id: "r".into(),
            file: "stdout".into(),
            chunk: b"x".into(),
            ..Default::default()
        };
        client.append_run_output(output).await.expect("a file of the same run");
        slowest = slowest.max(look.elapsed());
        looks += 1;
    }
    assert!(looks > 5 && slowest < Duration::from_secs(5), "{looks} looks, up to {slowest:?}");
    let holder = std::process::id().to_string();
    let mut holders = Vec::new();
    for update in waiting {
        let (refused, after) = update.await.expect("no panic");
        assert!((9..20).contains(&after.as_secs()), "after {after:?}");
        let status = refused.as_ref().expect_err("locked");
        let info = status.get_details_error_info().expect("ErrorInfo");
        holders.extend(info.metadata.get("holder_pid").cloned());
        assert!(status.get_details_retry_info().is_some(), "{status:?}");
        assert_refused(refused, Code::Unavailable, "LOCK_TIMEOUT", "run-info.yaml");
    }
    assert_eq!(holders.first(), Some(&holder), "{holders:?}");
    assert_eq!(fs::read(&record).expect("the record"), before, "nothing was written");
    drop(lock);
    client.update_run(update("r", "/now")).await.expect("it is free again");
}

/// A backend on a disk on which somebody replaces the record of run `p/t/r` right
/// before the server does, so many times.
fn beside_an_ignorant_writer(
    root: &Path,
    times: usize,
    in_place: bool,
) -> (Files, Arc<AtomicUsize>) {
    let record: PathBuf = root.join("p/t/runs/r/run-info.yaml");
    fs::create_dir_all(record.parent().expect("a folder")).expect("folders");
    fs::write(&record, "version: 1\nstatus: running\nagent: a\nwrites: 0\n").expect("written");
    let steps = Arc::new(Steps::default());
    let disk = StepDisk::open(root, &steps);
    let writes = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&writes);
    steps.before_replace(move |path| {
        if path.name() != "run-info.yaml" || count.load(Ordering::SeqCst) >= times {
            return;
        }
        let n = count.fetch_add(1, Ordering::SeqCst) + 1;
        let text = fs::read_to_string(&record).expect("the record");
        let text = text.replace(&format!("writes: {}\n", n - 1), &format!("writes: {n}\n"));
        if in_place {
            fs::write(&record, text).expect("written");
        } else {
            processes::replace(&record, text.as_bytes());
        }
    });
    (Files::open(disk, Arc::new(SystemClock), 1).expect("the root is free"), writes)
}

async fn update(files: &Files) -> callboard::error::Result<callboard::domain::Run> {
    let key = RunKey { task: None, run: RunId::parse("r").expect("an id") };
    let change = RunChange { cwd: Some("/ours".to_owned()), ..RunChange::default() };
    files.update_run(key, change, None).await
}

#[tokio::test]
async fn what_a_writer_without_a_lock_put_in_between_is_taken_in_not_overwritten() {
    for in_place in [false, true] {
        for times in [1, 3] {
            let folder = tempfile::tempdir().expect("a folder");
            let (files, writes) = beside_an_ignorant_writer(folder.path(), times, in_place);
            assert_eq!(update(&files).await.expect("an update").info.cwd, "/ours");
            assert_eq!(writes.load(Ordering::SeqCst), times);
            let record = folder.path().join("p/t/runs/r/run-info.yaml");
            let text = fs::read_to_string(record).expect("the record");
            assert!(text.contains(&format!("writes: {times}\n")), "{text}");
            assert!(text.contains("cwd: /ours\n"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_writer_without_a_lock_that_never_rests_makes_the_update_fail_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (files, writes) = beside_an_ignorant_writer(folder.path(), usize::MAX, false);
    let refused = update(&files).await.expect_err("somebody comes between each time");
    assert_eq!(refused.reason(), Reason::ForeignWrite);
    let written = writes.load(Ordering::SeqCst);
    assert!((2..20).contains(&written), "it gives up after {written} attempts");
    let record = folder.path().join("p/t/runs/r/run-info.yaml");
    let text = fs::read_to_string(&record).expect("the record");
    assert!(text.contains(&format!("writes: {written}\n")) && !text.contains("/ours"), "{text}");
    let left = fs::read_dir(record.parent().expect("a folder")).expect("the run");
    let mut names: Vec<_> = left.map(|entry| entry.expect("an entry").file_name()).collect();
    names.sort();
    assert_eq!(names, ["run-info.yaml", "run-info.yaml.lock"], "nothing of ours is left");
}
