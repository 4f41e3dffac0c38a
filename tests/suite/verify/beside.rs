//! Beside a server and others that write, nothing is found that is not wrong.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use callboard::grpc::pb;

use super::tree::{fill, put};
use super::verify;
use crate::client::{Client, message};
use crate::foreign_writer;
use crate::nothing_lost::tally::rounds;
use crate::server::Server;
use crate::storage_client::{StorageClient, log_of, new_artifact};

/// Changes documents and logs on and on.
async fn update(mut storage: StorageClient, writer: usize, ended: Arc<AtomicBool>) {
    for round in 0.. {
        if ended.load(Ordering::Relaxed) {
            return;
        }
        let run = format!("run-{writer}-{round}");
        storage.new_run("demo", "job", &run).await;
        let change = pb::UpdateRunRequest {
            run_id: run.clone(),
            cwd: format!("/{round}"),
            ..Default::default()
        };
        storage.update_run(change).await.expect("an update");
        storage.end(&run, "completed").await.expect("an end");
        storage.append_task_log(log_of("demo", "job", &["{\"a\":1}"])).await.expect("a line");
        storage.event(&run, "pushed", "{}").await.expect("an event");
        let name = format!("{writer}.md");
        storage.save(new_artifact("demo", "job", &name, "x".repeat(9000))).await.expect("saved");
        storage.fact("demo", "job", "found").await;
        let state = pb::SetTaskStateRequest {
            project_id: "demo".into(),
            task_id: "job".into(),
            state_status: format!("round-{round}"),
            ..Default::default()
        };
        storage.set_task_state(state).await.expect("a state");
        let delete = pb::DeleteRunRequest { run_id: run, force: true, ..Default::default() };
        storage.delete_run(delete).await.expect("removed");
    }
}

/// Appends on and on, and archives now and then.
async fn append(mut bus: Client, writer: usize, ended: Arc<AtomicBool>) {
    for round in 0.. {
        if ended.load(Ordering::Relaxed) {
            return;
        }
        let task = if writer.is_multiple_of(2) { "" } else { "job" };
        let body = format!("{writer} {round} {}", "x".repeat(round % 5000));
        bus.append(message("demo", task, &body)).await;
        if round % 50 == 49 {
            let rotate = pb::RotateBusRequest { project_id: "demo".into(), task_id: task.into() };
            // Another writer may have been quicker.
            let _ = bus.0.rotate_bus(rotate).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_writers_of_everything_nothing_is_found_again_and_again() {
    let server = Server::start();
    fill(&server).await;
    let ended = Arc::<AtomicBool>::default();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4 {
        writers.spawn(append(Client::connect(&server).await, writer, Arc::clone(&ended)));
    }
    for writer in 0..2 {
        let storage = StorageClient::connect(&server).await;
        writers.spawn(update(storage, writer, Arc::clone(&ended)));
    }
    let bus = server.root().join("demo/PROJECT-MESSAGE-BUS.md");
    let mut foreign = foreign_writer::spawn(&bus, "foreign", 400);
    // Each waits for three seconds when it comes by something half-way.
    for _ in 0..rounds(160).min(40) {
        let root = server.root().to_owned();
        let looked = tokio::task::spawn_blocking(move || verify(&root)).await.expect("looked");
        looked.assert_found(&[]);
        assert!(looked.stderr.contains("beside a server (pid "), "{}", looked.stderr);
    }
    ended.store(true, Ordering::Relaxed);
    writers.join_all().await;
    assert!(foreign.wait().expect("it ends").success());
    verify(server.root()).assert_found(&[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_writers_what_is_wrong_is_found_all_the_same() {
    let server = Server::start();
    fill(&server).await;
    put(server.root(), "demo/damaged/task.json", "{");
    let ended = Arc::<AtomicBool>::default();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..2 {
        writers.spawn(append(Client::connect(&server).await, writer, Arc::clone(&ended)));
    }
    let root = server.root().to_owned();
    let looked = tokio::task::spawn_blocking(move || verify(&root)).await.expect("looked");
    looked.assert_found(&["demo/damaged/task.json CORRUPT_DOCUMENT"]);
    ended.store(true, Ordering::Relaxed);
    writers.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_grows_without_any_lock_is_not_torn_until_it_stands_still() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), "p/PROJECT-MESSAGE-BUS.md", foreign_writer::record("a", "whole"));
    let path = folder.path().join("p/PROJECT-MESSAGE-BUS.md");
    let whole = std::fs::metadata(&path).expect("its status").len();
    foreign_writer::open(&path).write_all(b"\n---\nmsg_id: b\nmeta:\n").expect("written");
    let has_looked = || {
        let ended = Arc::<AtomicBool>::default();
        let writing = Arc::clone(&ended);
        let path = path.clone();
        // A header that goes on and on, as by an editor that saves without the lock. Tells
        // for how long it was kept from writing at most.
        let writer = std::thread::spawn(move || {
            let mut file = foreign_writer::open(&path);
            let mut last = Instant::now();
            let mut longest = Duration::ZERO;
            while !writing.load(Ordering::Relaxed) {
                file.write_all(b"  k: v\n").expect("written");
                longest = longest.max(last.elapsed());
                last = Instant::now();
                std::thread::sleep(Duration::from_millis(5));
            }
            longest.max(last.elapsed())
        });
        let looked = verify(folder.path());
        ended.store(true, Ordering::Relaxed);
        let stood_still = writer.join().expect("it ends") > Duration::from_millis(50);
        if !stood_still {
            looked.assert_found(&[]);
        }
        !stood_still
    };
    // On a busy machine the writer may stand still, and then it is rightly found.
    assert!((0..50).any(|_| has_looked()), "the writer stood still each time");
    verify(folder.path()).assert_found(&[&format!("p/PROJECT-MESSAGE-BUS.md:{whole} TORN_RECORD")]);
}
