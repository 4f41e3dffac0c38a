//! Who follows a bus and is up to date is served from memory: with what the file says, and
//! once for all.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use callboard::clock::SystemClock;
use callboard::disk::OsDisk;
use callboard::domain::{BusId, Cursor, NewMessage};
use callboard::files::Files;
use callboard::store::{
    AppendBatch, Archives as _, Delivery, Filter, Frame, FrameStream, MessageBus as _, ReadQuery,
    ReadStart, Scope, Start, Subscription,
};
use tempfile::TempDir;
use tokio_stream::StreamExt as _;

use crate::foreign_writer;
use crate::server::DEADLINE;

struct Backend {
    folder: TempDir,
    files: Files,
}

impl Backend {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Arc::new(OsDisk::open_root(folder.path()).expect("the root"));
        let files = Files::open(disk, Arc::new(SystemClock), 1).expect("the root is free");
        Self { folder, files }
    }

    fn bus(&self) -> PathBuf {
        self.folder.path().join("demo/PROJECT-MESSAGE-BUS.md")
    }

    /// Appends a message; returns the cursor after it.
    async fn append(&self, body: &str) -> Cursor {
        let message = NewMessage { kind: "FACT".into(), body: body.into(), ..Default::default() };
        let batch = AppendBatch {
            bus: demo(),
            messages: vec![message],
            request_id: None,
            expected_last: None,
        };
        self.files.append(batch).await.expect("an append").cursor
    }

    /// Has the server look at the file.
    async fn look(&self) {
        let start = ReadStart::From(Start::Earliest);
        let query = ReadQuery { bus: demo(), start, limit: 1, filter: Filter::default() };
        self.files.read(query).await.expect("a read");
    }

    async fn subscribe(&self, start: Start) -> FrameStream {
        let subscription = Subscription {
            scope: Scope::Bus(demo()),
            start,
            positions: Vec::new(),
            filter: Filter::default(),
            stop_at_tail: false,
            limit: None,
            heartbeat_interval: Duration::from_secs(3600),
        };
        self.files.subscribe(subscription).await.expect("a subscription")
    }

    /// Follows the bus; returns when its live end was met, with what came before.
    async fn follow(&self, start: Start) -> (FrameStream, Vec<Arc<Delivery>>) {
        let mut frames = self.subscribe(start).await;
        let mut replayed = Vec::new();
        loop {
            match frame(&mut frames).await {
                Frame::Message(delivery) => replayed.push(delivery),
                Frame::CaughtUp => return (frames, replayed),
                _ => {}
            }
        }
    }
}

fn demo() -> BusId {
    BusId::parse("demo", "").expect("an id")
}

async fn frame(frames: &mut FrameStream) -> Frame {
    let frame = tokio::time::timeout(DEADLINE, frames.next()).await.expect("in time");
    frame.expect("the stream goes on").expect("no error")
}

async fn delivery(frames: &mut FrameStream) -> Arc<Delivery> {
    loop {
        if let Frame::Message(delivery) = frame(frames).await {
            return delivery;
        }
    }
}

/// A runtime with one thread for what blocks: what is given to it is done in turn.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .expect("a runtime")
}

#[test]
fn who_is_up_to_date_is_served_though_no_thread_is_free_for_what_blocks() {
    runtime().block_on(async {
        let backend = Backend::start();
        backend.append("before").await;
        let (mut frames, _) = backend.follow(Start::Latest).await;
        let (end, ended) = mpsc::channel::<()>();
        let blocked = tokio::task::spawn_blocking(move || ended.recv());
        for body in ["one", "two", "three"] {
            backend.append(body).await;
            assert_eq!(delivery(&mut frames).await.message.body, body.as_bytes());
        }
        drop(end);
        let _ = blocked.await;
    });
}

#[test]
fn what_is_appended_while_a_replay_reads_ahead_to_the_end_is_delivered() {
    runtime().block_on(async {
        let backend = Backend::start();
        let body = "x".repeat(100_000);
        let replayed = 8;
        for _ in 0..replayed {
            backend.append(&body).await;
        }
        let mut frames = backend.subscribe(Start::Earliest).await;
        // The rest of the first reading is still to be taken.
        assert_eq!(delivery(&mut frames).await.message.body.len(), body.len());
        let read_ahead = tokio::task::spawn_blocking(|| ());
        read_ahead.await.expect("the thread comes to it");
        backend.append("late").await;
        for _ in 1..replayed {
            assert_eq!(delivery(&mut frames).await.message.body.len(), body.len());
        }
        assert_eq!(delivery(&mut frames).await.message.body, b"late");
    });
}

#[test]
fn a_rotation_while_a_replay_reads_ahead_loses_nothing() {
    runtime().block_on(async {
        let backend = Backend::start();
        let body = "x".repeat(100_000);
        for _ in 0..8 {
            backend.append(&body).await;
        }
        let mut frames = backend.subscribe(Start::Earliest).await;
        delivery(&mut frames).await;
        let read_ahead = tokio::task::spawn_blocking(|| ());
        read_ahead.await.expect("the thread comes to it");
        backend.files.rotate(demo()).await.expect("a rotation");
        backend.append("in the new file").await;
        for _ in 1..8 {
            assert_eq!(delivery(&mut frames).await.message.body.len(), body.len());
        }
        assert_eq!(delivery(&mut frames).await.message.body, b"in the new file");
    });
}

#[tokio::test]
async fn who_reads_again_gets_the_text_that_was_added_behind_a_message_of_others() {
    let backend = Backend::start();
    backend.append("first").await;
    let (mut frames, _) = backend.follow(Start::Earliest).await;
    let before = Start::Cursor(backend.append("before").await);
    delivery(&mut frames).await;
    foreign_writer::append(&backend.bus(), &foreign_writer::record("THEIRS", "half of"));
    backend.look().await;
    assert_eq!(delivery(&mut frames).await.message.body, b"half of");
    for added in ["the text", "and more"] {
        foreign_writer::append(&backend.bus(), &format!("{added}\n"));
        backend.look().await;
        let (_, told) = backend.follow(before.clone()).await;
        let body = String::from_utf8_lossy(&told[0].message.body);
        assert!(body.starts_with("half of") && body.trim_end().ends_with(added), "{body}");
    }
    foreign_writer::append(&backend.bus(), "and before a record\n");
    backend.append("after").await;
    let mut frames = backend.subscribe(before).await;
    let body = delivery(&mut frames).await.message.body.clone();
    assert!(
        body.trim_ascii_end().ends_with(b"and before a record"),
        "{}",
        String::from_utf8_lossy(&body)
    );
    assert_eq!(delivery(&mut frames).await.message.body, b"after");
}

#[tokio::test]
async fn what_is_told_of_a_message_that_grows_is_what_the_file_says_at_each_look() {
    let backend = Backend::start();
    backend.append("first").await;
    let (_follower, _) = backend.follow(Start::Earliest).await;
    let header = |id: &str, ts: &str| {
        format!("---\nmsg_id: {id}\nts: {ts}\ntype: FACT\nproject_id: demo\nrun_id: r\n---\n")
    };
    let time = "2026-03-04T05:06:07Z";
    let half = "\n---\ntype: FACT\n";
    let pieces = [
        // A last line that is not whole yet, and goes on.
        vec![format!("\n{}one\ntwo", header("GROWS", time)), " three".into(), "\n".into()],
        // Text, and half a header.
        vec![format!("\n{}one\n", header("TORN", time)), "two\n\n---\nmsg_id: HA".into()],
        // A header that is text at first.
        vec![
            format!("\n{}one\n", header("TEXT", time)),
            half.into(),
            format!("msg_id: LATE\nts: {time}\nproject_id: demo\nrun_id: r\n---\nlate\n"),
        ],
        // Text, then damage before anything else.
        vec![
            format!("\n{}one\n", header("DAMAGED", time)),
            format!("two\n\n{}damaged\n\n{}three\n", header("D", "no time"), header("E", time)),
        ],
    ];
    for pieces in pieces {
        let before = Start::Cursor(backend.append("before").await);
        for piece in pieces {
            let mut file = foreign_writer::open(&backend.bus());
            file.write_all(piece.as_bytes()).expect("a write");
            backend.look().await;
            let start = ReadStart::From(before.clone());
            let query = ReadQuery { bus: demo(), start, limit: 99, filter: Filter::default() };
            let read = backend.files.read(query).await.expect("a read").messages;
            let (_, told) = backend.follow(before.clone()).await;
            let told: Vec<_> = told.iter().map(|delivery| delivery.message.clone()).collect();
            assert_eq!(told, read, "after {piece:?}");
        }
    }
}

#[tokio::test]
async fn who_follows_is_told_of_damage_before_the_message_it_belongs_to() {
    let backend = Backend::start();
    backend.append("first").await;
    let (mut frames, _) = backend.follow(Start::Latest).await;
    let record = "---\nmsg_id: THEIRS\nts: no time\ntype: FACT\nproject_id: demo\nrun_id: r\n---\n";
    // Right behind ours, without an empty line between: both begin at the same offset.
    let mut file = foreign_writer::open(&backend.bus());
    file.write_all(format!("{record}of others\n").as_bytes()).expect("a write");
    backend.append("after").await;
    let damaged = frame(&mut frames).await;
    assert!(matches!(damaged, Frame::Damaged { .. }), "{damaged:?}");
    assert_eq!(delivery(&mut frames).await.message.msg_id, "THEIRS");
    assert_eq!(delivery(&mut frames).await.message.body, b"after");
}

#[tokio::test]
async fn all_who_follow_a_bus_share_one_delivery() {
    let backend = Backend::start();
    backend.append("before").await;
    let (mut one, _) = backend.follow(Start::Latest).await;
    let (mut other, _) = backend.follow(Start::Latest).await;
    backend.append("now").await;
    let (one, other) = (delivery(&mut one).await, delivery(&mut other).await);
    assert!(Arc::ptr_eq(&one, &other));
    assert_eq!(one.message.body, b"now");
}

#[tokio::test]
async fn what_is_followed_is_what_is_replayed_whoever_appends_and_however() {
    let backend = Backend::start();
    backend.append("first").await;
    let (mut frames, _) = backend.follow(Start::Earliest).await;
    let foreign = |id: &str, body: &str| {
        foreign_writer::append(&backend.bus(), &foreign_writer::record(id, body));
    };
    let mut told = Vec::new();
    backend.append("ours").await;
    told.push(delivery(&mut frames).await);
    foreign("THEIRS-1", "of another program");
    foreign("THEIRS-2", "of another program\n\n\n");
    backend.look().await;
    told.push(delivery(&mut frames).await);
    told.push(delivery(&mut frames).await);
    // Text behind theirs would become theirs, which was told before.
    backend.append("ours again").await;
    told.push(delivery(&mut frames).await);
    // Text that is no record, a line of dashes that makes ours need a guard, and half a record
    // that ours has to move away.
    foreign_writer::append(&backend.bus(), "by hand\n\n---\n\n");
    backend.append("behind what a person wrote").await;
    told.push(delivery(&mut frames).await);
    foreign_writer::append(&backend.bus(), "\n---\nmsg_id: HALF\nts: 2026-");
    backend.append("behind half a record").await;
    told.push(delivery(&mut frames).await);
    foreign("THEIRS-3", "the last one");
    backend.append("after it").await;
    told.push(delivery(&mut frames).await);
    told.push(delivery(&mut frames).await);

    let (_, replayed) = backend.follow(Start::Earliest).await;
    assert_eq!(told.len() + 1, replayed.len(), "all but the first");
    for (told, replayed) in told.iter().zip(&replayed[1..]) {
        assert_eq!(told.message, replayed.message);
        assert_eq!(told.cursor, replayed.cursor);
        assert_eq!(told.bus, replayed.bus);
    }
}
