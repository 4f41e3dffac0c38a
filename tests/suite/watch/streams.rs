//! Many watchers: their scopes, their pace, their ends.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use callboard::grpc::pb;
use pb::WatchKind;
use pb::watch_response::Frame;
use rustix::process::Signal;
use tonic::Code;
use tonic::transport::Endpoint;
use tonic_types::StatusExt as _;

use super::{Watch, every, foreign_run, name, names, record, replace, take};
use crate::client::{assert_refused, reason};
use crate::server::Server;
use crate::storage_client::StorageClient;

fn of(project: &str, task: &str, kinds: &[WatchKind]) -> pb::WatchRequest {
    pb::WatchRequest {
        project_id: project.into(),
        task_id: task.into(),
        kinds: kinds.iter().map(|kind| (*kind).into()).collect(),
        heartbeat_interval: None,
    }
}

#[tokio::test]
async fn scopes_and_kinds_bound_what_is_sent() {
    use WatchKind::{Project, Run, Task};
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let cases: Vec<(pb::WatchRequest, Vec<&str>)> = vec![
        (of("a", "", &[]), vec!["a", "a/t", "a/t/r", "a/u", "a/u/s"]),
        (of("a", "t", &[]), vec!["a/t", "a/t/r"]),
        (of("", "", &[Project]), vec!["a", "b"]),
        (of("", "", &[Task, Project]), vec!["a", "a/t", "a/u", "b", "b/t"]),
        (of("a", "", &[Run]), vec!["a/t/r", "a/u/s"]),
        (of("a", "t", &[Task]), vec!["a/t"]),
        (of("a", "t", &[Project]), vec![]),
        (of("absent", "", &[]), vec![]),
    ];
    // Some watch before there is anything, some begin with everything.
    let mut early = Vec::new();
    for (request, _) in &cases {
        let mut watch = Watch::open(&mut client, request.clone()).await;
        assert_eq!(watch.snapshot().await, Vec::new());
        early.push(watch);
    }
    client.new_run("a", "t", "r").await;
    client.new_run("a", "u", "s").await;
    client.new_run("b", "t", "q").await;
    for ((request, expected), mut early) in cases.into_iter().zip(early) {
        let mut watch = Watch::open(&mut client, request.clone()).await;
        let mut snapshot = names(&watch.snapshot().await);
        snapshot.sort();
        assert_eq!(snapshot, expected, "{request:?}");
        let mut known = BTreeMap::new();
        early.until_known(&mut known, |known| known.len() == expected.len()).await;
        assert!(known.keys().eq(expected.iter()), "{request:?}: {:?}", known.keys());
    }
    for (request, reason, field) in [
        (of("", "t", &[]), "REQUIRED_FIELD", "project_id"),
        (of("", "", &[WatchKind::Unspecified]), "INVALID_FIELD", "kinds"),
        (pb::WatchRequest { kinds: vec![77], ..Default::default() }, "INVALID_FIELD", "kinds"),
        (
            pb::WatchRequest { heartbeat_interval: every(99), ..Default::default() },
            "INVALID_FIELD",
            "heartbeat_interval",
        ),
    ] {
        assert_refused(client.0.watch(request).await, Code::InvalidArgument, reason, field);
    }
}

#[tokio::test]
async fn a_watcher_that_leaves_takes_nothing_from_the_others() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let ours = foreign_run(server.root(), "t", "r", "running").join("run-info.yaml");
    foreign_run(server.root(), "other", "o", "running");
    let mut wide = Watch::of_everything(&mut client).await;
    let mut narrow = Watch::open(&mut client, of("demo", "t", &[])).await;
    narrow.snapshot().await;
    replace(&ours, &record("t", "r", "running", "one"));
    wide.run("r", |run| run.error_summary == "one").await;
    narrow.run("r", |run| run.error_summary == "one").await;
    drop(wide);
    replace(&ours, &record("t", "r", "running", "two"));
    narrow.run("r", |run| run.error_summary == "two").await;
    // One that comes again is sent what it missed, also where nobody looked.
    foreign_run(server.root(), "other", "o", "completed");
    let mut wide = Watch::open(&mut client, pb::WatchRequest::default()).await;
    let snapshot = wide.snapshot().await;
    let ended = |frame: &Frame| matches!(frame, Frame::Run(run) if run.run_id == "o" && run.status == "completed");
    assert!(snapshot.iter().any(ended), "{snapshot:?}");
    drop(narrow);
    replace(&ours, &record("t", "r", "running", "three"));
    wide.run("r", |run| run.error_summary == "three").await;
}

#[tokio::test]
async fn a_watch_that_is_opened_again_begins_with_what_is_there_by_then() {
    let mut server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("demo", "t", "ends").await;
    client.new_run("demo", "t", "goes").await;
    drop(Watch::of_everything(&mut client).await);
    client.end("ends", "completed").await.expect("an end");
    let delete = pb::DeleteRunRequest { run_id: "goes".into(), ..Default::default() };
    client.delete_run(delete).await.expect("removed");
    for _ in 0..2 {
        let mut watch = Watch::open(&mut client, pb::WatchRequest::default()).await;
        let snapshot = watch.snapshot().await;
        assert_eq!(names(&snapshot), ["demo", "demo/t", "demo/t/ends"]);
        assert!(matches!(&snapshot[2], Frame::Run(run) if run.status == "completed"));
        server.restart();
        client = StorageClient::connect(&server).await;
    }
}

/// Also when much changes that it does not watch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_watch_sends_heartbeats() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("quiet", "t", "q").await;
    client.new_run("busy", "t", "r").await;
    let _wide = Watch::of_everything(&mut client).await;
    let request = pb::WatchRequest { heartbeat_interval: every(300), ..of("quiet", "", &[]) };
    let mut watch = Watch::open(&mut client, request).await;
    watch.snapshot().await;
    let mut updates = client.clone();
    let busy = tokio::spawn(async move {
        for n in 0_u64.. {
            let update = pb::UpdateRunRequest {
                run_id: "r".into(),
                error_summary: n.to_string(),
                ..Default::default()
            };
            updates.update_run(update).await.expect("an update");
        }
    });
    let began = Instant::now();
    for _ in 0..3 {
        let frame = watch.try_frame().await.expect("a frame");
        let Frame::Heartbeat(heartbeat) = frame else { panic!("{frame:?}") };
        assert!(heartbeat.ts.is_some());
    }
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(850), "{took:?}");
    assert!(!busy.is_finished(), "the changes went on all the while");
    busy.abort();
}

// The client must go on working while the test waits for the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_ends_with_the_server_and_does_not_hold_it_up() {
    let mut server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("demo", "t", "r").await;
    let mut watch = Watch::of_everything(&mut client).await;
    let began = Instant::now();
    server.signal(Signal::TERM);
    let ended = watch.try_frame().await.expect_err("an error ends it");
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Unavailable, "SHUTTING_DOWN"));
    assert!(ended.get_details_retry_info().is_some());
    assert_eq!(server.ended().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn of_3000_runs_each_is_sent_once_before_synced() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for n in 0..3000 {
        foreign_run(server.root(), &format!("t{}", n % 30), &format!("r{n}"), "completed");
    }
    let mut watch = Watch::open(&mut client, pb::WatchRequest::default()).await;
    let mut sent = names(&watch.snapshot().await);
    sent.sort();
    let count = sent.len();
    sent.dedup();
    assert_eq!((sent.len(), count), (1 + 30 + 3000, 1 + 30 + 3000));
}

/// What it does not take does not pile up: it gets the last state of each thing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_that_stalls_gets_the_last_state_of_everything() {
    let server = Server::start();
    let root = server.root().to_owned();
    let mut client = StorageClient::connect(&server).await;
    for n in 0..1500 {
        foreign_run(&root, "t", &format!("r{n}"), "running");
    }
    // The window is small, so that the server soon cannot send.
    let connect = async || {
        let endpoint = Endpoint::from_shared(format!("http://{}", server.addr()));
        let endpoint = endpoint.expect("an address").initial_stream_window_size(65_535);
        let channel = endpoint.connect().await.expect("the server answers");
        StorageClient(pb::storage_client::StorageClient::new(channel))
    };
    // One stalls from the beginning, one when it knows everything.
    let mut from_the_beginning =
        Watch::open(&mut connect().await, pb::WatchRequest::default()).await;
    let mut later = Watch::open(&mut connect().await, pb::WatchRequest::default()).await;
    let mut known = BTreeMap::new();
    later.snapshot().await.into_iter().for_each(|frame| take(&mut known, frame));
    let mut brisk = Watch::of_everything(&mut client).await;
    for status in ["failed", "completed"] {
        for n in (0..1500).filter(|n| n % 3 != 0) {
            foreign_run(&root, "t", &format!("r{n}"), status);
        }
    }
    for n in (0..1500).step_by(3) {
        std::fs::remove_dir_all(root.join(format!("demo/t/runs/r{n}"))).expect("removed");
    }
    for n in 0..200 {
        foreign_run(&root, "late", &format!("l{n}"), "running");
    }
    // Somebody who takes everything has seen it all: now the others begin to take.
    let last = |known: &BTreeMap<String, Frame>, runs: &BTreeMap<String, String>| {
        let shown = known.values().filter_map(|frame| match frame {
            Frame::Run(run) => Some((name(frame), run.etag.clone())),
            _ => None,
        });
        shown.collect::<BTreeMap<_, _>>() == *runs
    };
    let runs = client.runs("", "").await;
    assert_eq!(runs.len(), 1200);
    let runs: BTreeMap<String, String> =
        runs.into_iter().map(|run| (name(&Frame::Run(run.clone())), run.etag)).collect();
    let mut brisk_known = known.clone();
    brisk.until_known(&mut brisk_known, |known| last(known, &runs)).await;
    later.until_known(&mut known, |known| last(known, &runs)).await;
    let mut known = BTreeMap::new();
    from_the_beginning.until_known(&mut known, |known| last(known, &runs)).await;
}
