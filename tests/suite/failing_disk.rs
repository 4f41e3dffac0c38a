//! When the disk fails, the call says so, nothing is acknowledged, and what was
//! there stays.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use callboard::clock::SystemClock;
use callboard::domain::{BusId, NewMessage, Reach};
use callboard::error::{Reason, Result};
use callboard::files::Files;
use callboard::store::{
    AppendBatch, Appended, Archives as _, Filter, Frame, FrameStream, MessageBus as _, ReadQuery,
    ReadStart, Scope, Start, Subscription,
};
use tempfile::TempDir;
use tokio_stream::StreamExt as _;

use crate::faulty_disk::{Faults, FaultyDisk};
use crate::server::DEADLINE;

/// A backend on a disk that can fail.
struct Backend {
    folder: TempDir,
    faults: Arc<Faults>,
    files: Files,
}

impl Backend {
    fn start() -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"))
    }

    fn start_in(folder: TempDir) -> Self {
        let faults = Arc::new(Faults::default());
        let disk = FaultyDisk::open(folder.path(), &faults);
        let files = Files::open(disk, Arc::new(SystemClock), 1).expect("the root is free");
        Self { folder, faults, files }
    }

    /// Ends it and starts another one on the same root.
    fn restart(self) -> Self {
        let Self { folder, files, .. } = self;
        drop(files);
        Self::start_in(folder)
    }

    async fn append(&self, body: &str) -> Result<Appended> {
        self.append_to(demo(), body).await
    }

    async fn append_to(&self, bus: BusId, body: &str) -> Result<Appended> {
        let message = NewMessage { kind: "FACT".into(), body: body.into(), ..Default::default() };
        let batch =
            AppendBatch { bus, messages: vec![message], request_id: None, expected_last: None };
        self.files.append(batch).await
    }

    async fn try_bodies(&self) -> Result<Vec<String>> {
        let query = ReadQuery {
            bus: demo(),
            start: ReadStart::From(Start::Earliest),
            limit: 5000,
            filter: Filter::default(),
        };
        let page = self.files.read(query).await?;
        Ok(page
            .messages
            .into_iter()
            .map(|message| String::from_utf8(message.body).expect("text"))
            .collect())
    }

    async fn bodies(&self) -> Vec<String> {
        self.try_bodies().await.expect("a read")
    }

    async fn follow(&self, scope: Scope) -> FrameStream {
        let subscription = Subscription {
            scope,
            start: Start::Earliest,
            positions: Vec::new(),
            filter: Filter::default(),
            stop_at_tail: false,
            limit: None,
            heartbeat_interval: Duration::from_secs(60),
        };
        self.files.subscribe(subscription).await.expect("a subscription")
    }

    fn bus(&self) -> PathBuf {
        self.folder.path().join("demo/PROJECT-MESSAGE-BUS.md")
    }
}

fn demo() -> BusId {
    BusId::parse("demo", "").expect("an id")
}

fn saved(folder: &Path) -> Vec<String> {
    fs::read_dir(folder.join("demo"))
        .expect("the project")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "torn"))
        .map(|path| fs::read_to_string(path).expect("text"))
        .collect()
}

async fn next_body(frames: &mut FrameStream) -> String {
    loop {
        let frame = tokio::time::timeout(DEADLINE, frames.next()).await.expect("in time");
        if let Frame::Message(told) = frame.expect("the stream goes on").expect("no error") {
            return String::from_utf8(told.message.body.clone()).expect("text");
        }
    }
}

#[tokio::test]
async fn a_full_disk_refuses_keeps_what_is_there_and_works_again_when_freed() {
    let backend = Backend::start();
    backend.append("before").await.expect("an append");
    let bytes = fs::read(backend.bus()).expect("the bus");
    backend.faults.full.store(true, Ordering::SeqCst);
    let refused = backend.append("never").await.expect_err("no space");
    assert_eq!(refused.reason(), Reason::DiskFull);
    assert_eq!(fs::read(backend.bus()).expect("the bus"), bytes, "the half record was taken back");
    assert_eq!(backend.bodies().await, ["before"]);
    backend.faults.full.store(false, Ordering::SeqCst);
    backend.append("after").await.expect("an append");
    assert_eq!(backend.bodies().await, ["before", "after"]);
}

#[tokio::test]
async fn a_failed_sync_acknowledges_and_delivers_nothing_until_the_bus_is_rotated() {
    let backend = Backend::start();
    backend.append("before").await.expect("an append");
    let mut frames = backend.follow(Scope::Bus(demo())).await;
    assert_eq!(next_body(&mut frames).await, "before");

    backend.faults.fail_next_sync();
    let refused = backend.append("never").await.expect_err("the sync failed");
    assert_eq!(refused.reason(), Reason::Io);
    let synced = backend.faults.synced.load(Ordering::SeqCst);
    let refused = backend.append("nor this").await.expect_err("the bus is closed");
    assert_eq!(refused.reason(), Reason::BusPoisoned);
    assert_eq!(backend.bodies().await, ["before"]);
    assert_eq!(
        backend.faults.synced.load(Ordering::SeqCst),
        synced,
        "a failed sync is never retried"
    );

    backend.files.rotate(demo()).await.expect("rotated");
    backend.append("after").await.expect("an append");
    assert_eq!(backend.bodies().await, ["before", "after"]);
    assert_eq!(next_body(&mut frames).await, "after", "what failed was not delivered");
    let saved = saved(backend.folder.path());
    assert!(
        saved.len() == 1 && saved[0].contains("never"),
        "it was moved aside, not lost: {saved:?}"
    );
}

#[tokio::test]
async fn a_failed_sync_before_anything_was_acknowledged_leaves_a_bus_that_can_be_reopened() {
    let backend = Backend::start();
    // Of the two syncs of a new bus, the one of what was appended.
    backend.faults.fail_next_sync();
    let refused = backend.append("never").await.expect_err("the sync failed");
    assert_eq!(refused.reason(), Reason::Io);
    let _ = backend.files.rotate(demo()).await;
    backend.append("after").await.expect("an append");
    assert!(backend.bodies().await.ends_with(&["after".to_owned()]));
}

#[tokio::test]
async fn a_failed_sync_at_the_first_look_hides_nothing_and_moves_nothing_away() {
    let backend = Backend::start();
    for body in ["one", "two", "three"] {
        backend.append(body).await.expect("an append");
    }
    for reading_first in [true, false] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("demo")).expect("a project");
        fs::copy(backend.bus(), folder.path().join("demo/PROJECT-MESSAGE-BUS.md")).expect("copied");
        let backend = Backend::start_in(folder);
        backend.faults.fail_next_sync();
        let first = if reading_first {
            backend.try_bodies().await.map(drop)
        } else {
            backend.append("never").await.map(drop)
        };
        assert_eq!(first.expect_err("the sync failed").reason(), Reason::Io);
        // Never an empty answer: it is not known what is durable.
        assert_eq!(backend.try_bodies().await.expect_err("closed").reason(), Reason::BusPoisoned);
        backend.files.rotate(demo()).await.expect("rotated");
        backend.append("after").await.expect("an append");
        let bodies = backend.bodies().await;
        assert_eq!(
            (&bodies[..3], bodies.last().map(String::as_str)),
            (&["one", "two", "three"].map(String::from)[..], Some("after"))
        );
        assert_eq!(saved(backend.folder.path()), [""; 0]);
        assert_eq!(backend.restart().bodies().await, bodies);
    }
}

#[tokio::test]
async fn a_failed_sync_is_not_forgotten_while_many_other_buses_are_used() {
    let backend = Backend::start();
    backend.append("before").await.expect("an append");
    let backend = backend.restart();
    backend.faults.fail_next_sync();
    backend.try_bodies().await.expect_err("the sync failed");
    for n in 0..1200 {
        let query = ReadQuery {
            bus: BusId::parse(&format!("other-{n}"), "").expect("an id"),
            start: ReadStart::From(Start::Earliest),
            limit: 1,
            filter: Filter::default(),
        };
        backend.files.read(query).await.expect("an empty bus");
    }
    let refused = backend.append("never").await.expect_err("the bus is closed");
    assert_eq!(refused.reason(), Reason::BusPoisoned);
}

/// Has an archive fail to open, before or after a subscription begins, while another bus is
/// busy; it is read when it can be opened again.
async fn is_tried_again(fails_at_the_start: bool) {
    let backend = Backend::start();
    for body in ["first", "second"] {
        backend.append(body).await.expect("an append");
        backend.files.rotate(demo()).await.expect("rotated");
    }
    backend.append("live").await.expect("an append");
    let fail = || backend.faults.archives.store(true, Ordering::SeqCst);
    if fails_at_the_start {
        fail();
    }
    let mut frames = backend.follow(Scope::All(Reach::All)).await;
    fail();
    loop {
        let frame = tokio::time::timeout(DEADLINE, frames.next()).await.expect("in time");
        if let Frame::Damaged { bus, .. } = frame.expect("the stream goes on").expect("no error") {
            assert_eq!(bus, demo());
            break;
        }
    }
    backend.faults.archives.store(false, Ordering::SeqCst);
    let busy = async {
        loop {
            let other = BusId::parse("other", "").expect("an id");
            backend.append_to(other, "more").await.expect("an append");
        }
    };
    let read = async { while next_body(&mut frames).await != "second" {} };
    tokio::select! {
        () = busy => {}
        read = tokio::time::timeout(DEADLINE, read) => read.expect("it is tried again"),
    }
}

#[tokio::test]
async fn a_bus_that_could_not_be_taken_up_is_tried_again_while_others_bring_much() {
    is_tried_again(true).await;
}

#[tokio::test]
async fn a_bus_that_could_not_be_read_on_is_tried_again_while_others_bring_much() {
    is_tried_again(false).await;
}
