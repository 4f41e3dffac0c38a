//! The client against a real server, which the environment names: CALLBOARD_ADDR, and
//! CALLBOARD_TEST_UDS for its Unix socket.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Once;
use std::time::Duration;

use callboard_client::v1::{
    CreateTaskRequest, GetRunInfoRequest, GetServerInfoRequest, Message, Run, WatchKind,
    WatchRequest, watch_response,
};
use callboard_client::{Client, Content, Error, ErrorKind, ErrorReason, Follow, Frame, WatchEvent};
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

/// Says once that these tests are not run here, and why.
fn skip(reason: &str) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        // Straight to stderr: what a test that passes prints is not shown.
        let said = format!("left to the suite of the server, which has one: {reason}\n");
        let _ = std::io::stderr().write_all(said.as_bytes());
    });
}

/// A client with a new task of its own; none without a server.
async fn client() -> Option<Client> {
    let Ok(address) = std::env::var("CALLBOARD_ADDR") else {
        skip("CALLBOARD_ADDR names no server");
        return None;
    };
    Some(task_at(&address).await)
}

async fn task_at(address: &str) -> Client {
    let mut random = [0; 8];
    getrandom::fill(&mut random).expect("random bits");
    let project = random.iter().fold("rust-".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("text");
        text
    });
    let client = Client::builder().address(address).project(&project).task("work").run("");
    let client = client.build().expect("a client");
    let request = CreateTaskRequest {
        project_id: project,
        task_id: "work".into(),
        ..CreateTaskRequest::default()
    };
    client.call(request).await.expect("a task");
    client
}

fn fact(body: &str) -> Message {
    Message::new("FACT", body)
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.body.as_str()).collect()
}

async fn next_body(follow: &mut Follow) -> String {
    follow.next().await.expect("it goes on").expect("a message").body
}

#[tokio::test]
async fn what_is_appended_is_read_back_with_everything_it_had() {
    let Some(client) = client().await else { return };
    let first = client.append(fact("one")).send().await.expect("appended");
    let message = fact("two")
        .with_meta("key", "value")
        .with_parent(&first.msg_id)
        .with_link("https://example.org/")
        .with_issue("ISSUE-1")
        .with_attachment("artifacts/a.txt");
    let second = client.append(message.clone()).send().await.expect("appended");
    let read = client.get(&second.msg_id).await.expect("there");
    assert_eq!((read.project_id.as_str(), read.task_id.as_str()), (client.project_id(), "work"));
    assert_eq!((read.body, read.meta), (message.body, message.meta));
    assert_eq!((read.parents, read.links), (message.parents, message.links));
    assert_eq!((read.issue_id, read.attachment_path), (message.issue_id, message.attachment_path));
    let all = client.read().cursor(first.cursor).all().await.expect("read");
    assert_eq!(bodies(&all), ["two"]);
    let own = client.with_task("").read().all().await.expect("read");
    assert!(own.is_empty(), "the project's own bus is another one");
}

#[tokio::test]
async fn the_same_request_id_appends_once_and_with_other_content_is_refused() {
    let Some(client) = client().await else { return };
    let append = |body: &str| client.append(fact(body)).request_id("once").send();
    let first = append("one").await.expect("appended");
    let again = append("one").await.expect("answered");
    assert_eq!((again.msg_id, again.duplicate), (first.msg_id, true));
    let error = append("two").await.expect_err("another content");
    assert!(error.is(ErrorReason::RequestIdReused) && error.request_id() == "once");
}

#[tokio::test]
async fn a_batch_is_appended_whole_and_a_stream_in_order_up_to_what_is_refused() {
    let Some(client) = client().await else { return };
    let batch = client.append_many([fact("one"), fact("two")]).send().await.expect("appended");
    assert_eq!(batch.msg_ids.len(), 2);
    let moved = client.append(fact("x")).expected_last_msg_id(&batch.msg_ids[0]).send().await;
    assert!(moved.expect_err("not the last").is(ErrorReason::BusMoved));
    let messages = vec![fact("three"), fact("four"), Message::new("", "no type")];
    let mut appended = client.append_stream(stream::iter(messages)).open();
    assert!(appended.next().await.expect("an answer").is_ok());
    assert!(appended.next().await.expect("an answer").is_ok());
    let error = appended.next().await.expect("an end").expect_err("it has no type");
    assert_eq!((error.reason(), error.metadata()["index"].as_str()), ("REQUIRED_FIELD", "2"));
    assert!(appended.next().await.is_none());
    let all = client.read().all().await.expect("read");
    assert_eq!(bodies(&all), ["one", "two", "three", "four"]);
}

#[tokio::test]
async fn more_messages_than_a_page_are_all_read_and_no_more_than_asked_for() {
    let Some(client) = client().await else { return };
    for part in 0..3 {
        let batch = (0..700).map(|n| fact(&format!("{}", part * 700 + n)));
        client.append_many(batch).send().await.expect("appended");
    }
    let all = client.read().all().await.expect("read");
    let expected: Vec<String> = (0..2100).map(|n| n.to_string()).collect();
    assert!(bodies(&all) == expected, "{} messages", all.len());
    let some: Vec<_> = client.read().limit(1500).messages().collect().await;
    assert_eq!(some.len(), 1500);
    let last = client.read().tail(2).all().await.expect("read");
    assert_eq!(bodies(&last), ["2098", "2099"]);
}

#[tokio::test]
async fn a_poll_waits_for_what_is_new_and_no_longer_than_it_is_told() {
    let Some(client) = client().await else { return };
    let none = client.poll().wait(Duration::from_millis(10)).send().await.expect("an answer");
    assert!(none.messages.is_empty());
    let (new, sent) =
        tokio::join!(client.poll().cursor(none.cursor).send(), client.append(fact("new")).send(),);
    sent.expect("appended");
    assert_eq!(bodies(&new.expect("an answer").messages), ["new"]);
}

#[tokio::test]
async fn what_is_appended_after_a_follow_is_open_is_never_missed() {
    let Some(client) = client().await else { return };
    client.append(fact("before")).send().await.expect("appended");
    let mut follow = client.follow().open().await.expect("open");
    let sent = client.append(fact("after")).send().await.expect("appended");
    assert_eq!(next_body(&mut follow).await, "after");
    assert_eq!(follow.cursor(), Some(sent.cursor.as_str()));
    assert_eq!(follow.last().map(|last| last.cursor.as_str()), Some(sent.cursor.as_str()));
}

#[tokio::test]
async fn a_follow_that_is_waited_for_in_vain_loses_nothing() {
    let Some(client) = client().await else { return };
    let mut follow = client.follow().open().await.expect("open");
    let in_vain = tokio::time::timeout(Duration::from_millis(20), follow.next()).await;
    assert!(in_vain.is_err());
    client.append(fact("one")).send().await.expect("appended");
    assert_eq!(next_body(&mut follow).await, "one");
}

#[tokio::test]
async fn a_wide_follow_goes_on_from_its_positions_and_takes_up_new_buses() {
    let Some(client) = client().await else { return };
    client.append(fact("one")).send().await.expect("appended");
    let mut follow = client.follow().with_tasks().from_beginning().open().await.expect("open");
    assert_eq!(next_body(&mut follow).await, "one");
    let positions = follow.positions();
    drop(follow);
    client.append(fact("two")).send().await.expect("appended");
    client.with_task("other").append(fact("three")).send().await.expect("appended");
    let follow = client.follow().with_tasks().positions(positions).limit(2).open().await;
    let messages: Vec<_> =
        follow.expect("open").map(|one| one.expect("a message").body).collect().await;
    let mut sorted = messages;
    sorted.sort();
    assert_eq!(sorted, ["three", "two"]);
}

#[tokio::test]
async fn frames_tell_when_the_live_end_is_reached_and_that_the_stream_lives() {
    let Some(client) = client().await else { return };
    client.append(fact("one")).send().await.expect("appended");
    let follow = client.follow().from_beginning().heartbeat_interval(Duration::from_millis(500));
    let mut follow = follow.open().await.expect("open");
    let mut kinds = Vec::new();
    while kinds.last() != Some(&"heartbeat") {
        kinds.push(match follow.next_frame().await.expect("it goes on").expect("a frame") {
            Frame::Opened(_) => "opened",
            Frame::Message(_) => "message",
            Frame::CaughtUp(_) => "caught up",
            Frame::Heartbeat(_) => "heartbeat",
            _ => "another",
        });
    }
    assert_eq!(kinds, ["opened", "message", "caught up", "heartbeat"]);
}

#[tokio::test]
async fn what_does_not_exist_and_what_cannot_be_right_are_told_apart() {
    let Some(client) = client().await else { return };
    let error = client.get("MSG-unknown").await.expect_err("no such message");
    assert_eq!((error.kind(), error.reason()), (ErrorKind::NotFound, "MESSAGE_NOT_FOUND"));
    assert_eq!(error.metadata()["msg_id"], "MSG-unknown");
    let error = client.follow().cursor("nonsense").open().await.err().expect("no cursor");
    assert_eq!((error.kind(), error.reason()), (ErrorKind::Cursor, "CURSOR_UNKNOWN"));
    let large = client.append(fact(&"x".repeat(6 << 20))).send().await.expect_err("too large");
    assert_eq!((large.kind(), large.reason()), (ErrorKind::InvalidArgument, "TOO_LARGE"));
    let both = client.read().since_id("a").cursor("b").all().await.expect_err("two starts");
    assert_eq!(both.kind(), ErrorKind::Usage);
}

#[tokio::test]
async fn artifacts_of_every_size_come_back_byte_for_byte_from_bytes_files_and_streams() {
    let Some(client) = client().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for size in [0_usize, 1, (1 << 20) + 1, 3_000_000] {
        let bytes: Vec<u8> = (0..size).map(|n| n.to_le_bytes()[0]).collect();
        let path = folder.path().join(format!("from-{size}.bin"));
        std::fs::write(&path, &bytes).expect("written");
        let stream = Content::stream(std::io::Cursor::new(bytes.clone()));
        let sources = [
            ("bytes", Content::bytes(bytes.clone())),
            ("path", Content::path(&path)),
            ("stream", stream),
        ];
        for (kind, content) in sources {
            let name = format!("{kind}/{size}.bin");
            let saved = client.put_artifact(content).name(&name).send().await.expect(&name);
            assert_eq!(saved.artifact.sha256, format!("{:x}", Sha256::digest(&bytes)), "{name}");
            let copy = folder.path().join("copy.bin");
            let artifact = client.get_artifact(&name).save(&copy).await.expect(&name);
            assert_eq!(artifact, saved.artifact);
            assert!(std::fs::read(&copy).expect("saved") == bytes, "{name}");
            let mut written = Vec::new();
            let get = client.get_artifact_at(&artifact.path);
            get.write_to(&mut written).await.expect(&name);
            assert!(written == bytes, "{name}");
        }
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").collect();
    assert_eq!(left.len(), 5, "nothing but the files themselves: {left:?}");
}

#[tokio::test]
async fn a_stream_that_breaks_saves_nothing() {
    let Some(client) = client().await else { return };
    let (mut writer, reader) = tokio::io::duplex(1 << 16);
    let feed = tokio::spawn(async move {
        writer.write_all(&vec![7; 2 << 20]).await.expect("taken");
        writer
    });
    let broken = Broken(reader, feed.abort_handle());
    let error = client.put_artifact(Content::stream(broken)).name("half").send().await;
    assert_eq!(error.expect_err("broken").kind(), ErrorKind::Io);
    let error = client.get_artifact("half").open().await.err().expect("not saved");
    assert!(error.is(ErrorReason::ArtifactNotFound));
}

/// A stream that fails once its other end has given all.
struct Broken(tokio::io::DuplexStream, tokio::task::AbortHandle);

impl tokio::io::AsyncRead for Broken {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        if self.1.is_finished() {
            return std::task::Poll::Ready(Err(std::io::ErrorKind::InvalidData.into()));
        }
        std::pin::Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

#[tokio::test]
async fn an_artifact_with_another_hash_than_it_must_have_is_refused() {
    let Some(client) = client().await else { return };
    let put = client.put_artifact(&b"content"[..]).name("a").sha256("0".repeat(64));
    let error = put.send().await.expect_err("another hash");
    assert!(error.is(ErrorReason::ChecksumMismatch) && !error.request_id().is_empty());
    let versions = [(); 2].map(|()| client.put_artifact(&b"v"[..]).name("b.md").versioned());
    for (put, name) in versions.into_iter().zip(["b.1.md", "b.2.md"]) {
        assert_eq!(put.send().await.expect("saved").artifact.name, name);
    }
}

#[tokio::test]
async fn a_followed_log_gives_what_was_there_and_what_comes() {
    let Some(client) = client().await else { return };
    let append = |n: i32| client.append_log([json!({ "n": n })]).send();
    append(1).await.expect("appended");
    let mut log = client.read_log().follow().open().expect("a project");
    let first = log.next().await.expect("it goes on").expect("an entry");
    assert_eq!(first.parse::<serde_json::Value>().expect("JSON"), json!({ "n": 1 }));
    let second = append(2).await.expect("appended");
    let entry = log.next().await.expect("it goes on").expect("an entry");
    assert_eq!((entry.offset, entry.damaged), (second.offset, false));
    let mut log = client.read_log().tail(1).open().expect("a project");
    assert_eq!(log.next().await.expect("one").expect("an entry"), entry);
    assert!(log.next().await.is_none());
}

async fn info(run: &Run, client: &Client) -> Run {
    let request = GetRunInfoRequest {
        project_id: run.project_id.clone(),
        task_id: run.task_id.clone(),
        run_id: run.run_id.clone(),
    };
    client.call(request).await.expect("an answer").run.expect("a run")
}

#[tokio::test]
async fn a_run_is_recorded_from_its_start_to_its_end() {
    let Some(client) = client().await else { return };
    let start = client.run("test").prompt("do it").parent_run_id("the-parent");
    let recorded = start
        .scope(async |run| -> Result<Run, Error> {
            let during = info(run.info(), &client).await;
            assert_eq!((during.status.as_str(), during.pid), ("running", run.info().pid));
            let mut stdout = run.stdout();
            stdout.write_all(b"one\n").await?;
            stdout.write_all(b"two\n").await?;
            run.output().write_all("a result\n".as_bytes()).await?;
            run.event("step", &json!({ "n": 1 })).await?;
            run.append(Message::new("PROGRESS", "halfway")).await?;
            Ok(run.info().clone())
        })
        .await
        .expect("recorded");
    let ended = info(&recorded, &client).await;
    assert_eq!((ended.status.as_str(), ended.exit_code), ("completed", 0));
    assert_eq!(ended.parent_run_id, "the-parent");
    let of_run = client.with_run(&recorded.run_id);
    for (file, text) in [("stdout", "one\ntwo\n"), ("output", "a result\n"), ("prompt", "do it")] {
        let mut bytes = Vec::new();
        of_run.get_run_file(file).write_to(&mut bytes).await.expect(file);
        assert_eq!(String::from_utf8_lossy(&bytes), text);
    }
    let messages = client.read().all().await.expect("read");
    let types: Vec<_> = messages.iter().map(|message| message.r#type.as_str()).collect();
    assert_eq!(types, ["RUN_START", "PROGRESS", "RUN_STOP"]);
    assert_eq!(messages[2].parents[0].msg_id, messages[0].msg_id);
}

#[tokio::test]
async fn an_error_or_a_panic_within_a_run_fails_it_and_goes_on() {
    let Some(client) = client().await else { return };
    let start = client.run("test").run_id("failing");
    let error = start.scope(async |run| -> Result<(), Error> {
        run.stdout().write_all(b"before the end").await?;
        run.client().get("MSG-unknown").await.map(drop)
    });
    assert!(error.await.expect_err("no such message").is(ErrorReason::MessageNotFound));
    let panicking = client.clone();
    let panic = tokio::spawn(async move {
        let start = panicking.run("test").run_id("panicking");
        start.scope(async |_| -> Result<(), Error> { panic!("a bug") }).await
    });
    assert!(panic.await.expect_err("a panic").is_panic());
    for (run_id, why) in [("failing", "Error: MESSAGE_NOT_FOUND"), ("panicking", "panicked")] {
        let run = Run {
            project_id: client.project_id().into(),
            task_id: "work".into(),
            run_id: run_id.into(),
            ..Run::default()
        };
        let run = info(&run, &client).await;
        assert_eq!((run.status.as_str(), run.exit_code), ("failed", 1));
        assert!(run.error_summary.contains(why), "{}", run.error_summary);
    }
    let crashes = client.read().types(["RUN_CRASH"]).all().await.expect("read");
    assert_eq!(crashes.len(), 2);
}

#[tokio::test]
async fn what_is_put_into_a_run_file_is_appended_and_followed_to_the_runs_end() {
    let Some(client) = client().await else { return };
    let run = client.run("test").start().await.expect("started");
    let of_run = run.client().clone();
    let size = of_run.put_run_file("logs/a.log", &b"one\n"[..]).await.expect("appended");
    assert_eq!(size, 4);
    let mut file = of_run.get_run_file("logs/a.log").follow().open().expect("a run");
    assert_eq!(file.next().await.expect("it goes on").expect("bytes"), b"one\n");
    let size = of_run.put_run_file("logs/a.log", &b"one\n"[..]).await.expect("appended");
    assert_eq!(size, 8, "the same bytes again are appended again");
    assert_eq!(file.next().await.expect("it goes on").expect("bytes"), b"one\n");
    run.end(3).await.expect("recorded");
    assert!(file.next().await.is_none());
}

#[tokio::test]
async fn a_watcher_sees_the_present_state_and_then_what_changes() {
    let Some(client) = client().await else { return };
    let request = WatchRequest {
        project_id: client.project_id().into(),
        kinds: vec![WatchKind::Task.into()],
        ..WatchRequest::default()
    };
    let mut watch = client.watch(request);
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let event = watch.next().await.expect("it goes on").expect("an event");
        let WatchEvent::Frame(frame) = event else { continue };
        match *frame {
            watch_response::Frame::Task(task) => seen.push(task.task_id),
            watch_response::Frame::Synced(_) => {
                seen.push("synced".into());
                let request = CreateTaskRequest {
                    project_id: client.project_id().into(),
                    task_id: "later".into(),
                    ..CreateTaskRequest::default()
                };
                client.call(request).await.expect("a task");
            }
            _ => {}
        }
    }
    assert_eq!(seen, ["work", "synced", "later"]);
}

#[tokio::test]
async fn a_unix_socket_serves_as_a_port_does() {
    let Ok(path) = std::env::var("CALLBOARD_TEST_UDS") else {
        skip("CALLBOARD_TEST_UDS names no socket");
        return;
    };
    let client = task_at(&format!("unix:{path}")).await;
    client.append(fact("over the socket")).send().await.expect("appended");
    assert_eq!(bodies(&client.read().all().await.expect("read")), ["over the socket"]);
    let now = Client::builder().address(format!("unix:{path}")).connect_now().await;
    now.expect("connected").call(GetServerInfoRequest {}).await.expect("an answer");
}
