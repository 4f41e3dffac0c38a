//! Following through what goes wrong: locks, replaced and removed files, buses that
//! cannot be read.

use std::fs;

use callboard::grpc::pb;
use fs4::fs_std::FileExt as Lock;
use pb::StartPosition::{Earliest, Latest};
use pb::subscribe_response::Frame;
use tonic::Code;

use crate::client::{Client, assert_refused, bodies, follow, message, reason};
use crate::foreign_writer::{self, append, record};
use crate::server::Server;

fn everything(position: pb::StartPosition) -> pb::SubscribeRequest {
    pb::SubscribeRequest {
        scope: pb::SubscribeScope::All.into(),
        start: Some(pb::subscribe_request::Start::Position(position.into())),
        ..Default::default()
    }
}

async fn rotate(client: &mut Client) {
    let request = pb::RotateBusRequest { project_id: "demo".into(), ..Default::default() };
    client.0.rotate_bus(request).await.expect("rotated");
}

#[tokio::test]
async fn one_unreadable_bus_does_not_hold_up_the_others() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("good", "", "g1")).await;
    fs::create_dir_all(server.root().join("bad/PROJECT-MESSAGE-BUS.md"))
        .expect("a folder for a bus");
    let request = pb::SubscribeRequest { stop_at_tail: true, ..everything(Earliest) };
    let mut subscription = client.subscribe(request).await;
    let frames = subscription.caught_up().await;
    assert_eq!(frames.iter().filter(|frame| matches!(frame, Frame::Message(_))).count(), 1);
    let damaged = frames.iter().find_map(|frame| match frame {
        Frame::Damaged(damaged) => Some(damaged.project_id.as_str()),
        _ => None,
    });
    assert_eq!(damaged, Some("bad"));
    assert_eq!(subscription.try_frame().await.expect("OK"), None, "stop_at_tail ends it");
}

#[tokio::test]
async fn a_bus_that_is_locked_at_first_is_taken_up_where_it_was_to_be() {
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("locked", "", "old")).await;
    client.append(message("free", "", "old")).await;
    server.restart();
    let mut client = Client::connect(&server).await;
    let path = server.root().join("locked/PROJECT-MESSAGE-BUS.md");
    let file = foreign_writer::open(&path);
    Lock::lock_exclusive(&file).expect("the lock");
    let mut subscription = client.subscribe(everything(Latest)).await;
    subscription.caught_up().await;
    // The lock of one holds up no other, and what is there stays old.
    append(&server.root().join("free/PROJECT-MESSAGE-BUS.md"), &record("F-1", "new in free"));
    assert_eq!(subscription.message().await.message.expect("a message").body, "new in free");
    Lock::unlock(&file).expect("unlocked");
    loop {
        if let Frame::Opened(opened) = subscription.frame().await {
            assert_eq!(opened.project_id, "locked");
            break;
        }
    }
    client.append(message("locked", "", "new")).await;
    assert_eq!(
        subscription.message().await.message.expect("a message").body,
        "new",
        "not the old one"
    );
}

#[tokio::test]
async fn a_file_that_was_cut_in_place_is_a_gap_and_then_read_anew() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    for n in 0..20 {
        client.append(message("demo", "", &format!("old {n}"))).await;
    }
    let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
    subscription.caught_up().await;
    fs::OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(server.root().join("demo/PROJECT-MESSAGE-BUS.md"))
        .expect("cut");
    for n in 0..30 {
        client.append(message("demo", "", &format!("new {n}"))).await;
    }
    let Frame::Gap(_) = subscription.frame().await else { panic!("a gap comes first") };
    for n in 0..30 {
        assert_eq!(
            subscription.message().await.message.expect("a message").body,
            format!("new {n}")
        );
    }
}

#[tokio::test]
async fn an_archive_with_older_times_than_those_before_it_is_not_read_twice() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let bus = server.root().join("demo/PROJECT-MESSAGE-BUS.md");
    client.append(message("demo", "", "1")).await;
    rotate(&mut client).await;
    // Another program starts the next part, with a time long ago.
    append(&bus, &record("F-2", "2").replace("2026-03-04", "2020-03-04"));
    let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
    for n in ["1", "2"] {
        assert_eq!(subscription.message().await.message.expect("a message").body, n);
    }
    rotate(&mut client).await;
    client.append(message("demo", "", "3")).await;
    assert_eq!(subscription.message().await.message.expect("a message").body, "3");
    assert_eq!(bodies(&client.read_all("demo", "").await), ["1", "2", "3"]);
}

#[tokio::test]
async fn trimming_what_was_read_is_no_gap() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", "1")).await;
    let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
    subscription.caught_up().await;
    rotate(&mut client).await;
    let trim = pb::TrimBusRequest {
        project_id: "demo".into(),
        older_than: Some(prost_types::Duration::default()),
        dry_run: Some(false),
        ..Default::default()
    };
    client.0.trim_bus(trim).await.expect("trimmed");
    client.append(message("demo", "", "2")).await;
    let frame = subscription.frame().await;
    let Frame::Message(delivery) = frame else { panic!("{frame:?} instead of the message") };
    assert_eq!(delivery.message.expect("a message").body, "2");
}

#[tokio::test]
async fn an_archive_that_somebody_removed_breaks_no_read() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    for n in ["1", "2", "3"] {
        client.append(message("demo", "", n)).await;
        if n != "3" {
            rotate(&mut client).await;
        }
    }
    assert_eq!(bodies(&client.read_all("demo", "").await), ["1", "2", "3"]);
    let mut archives: Vec<_> = fs::read_dir(server.root().join("demo"))
        .expect("the project")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "archived"))
        .collect();
    archives.sort();
    fs::remove_file(&archives[0]).expect("removed");
    assert_eq!(bodies(&client.read_all("demo", "").await), ["2", "3"]);
}

#[tokio::test]
async fn reading_a_bus_that_does_not_exist_tells_wide_subscribers_nothing() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let mut subscription = client.subscribe(everything(Latest)).await;
    subscription.caught_up().await;
    for n in 0..10 {
        client.read_all(&format!("nobody-{n}"), "").await;
    }
    client.append(message("demo", "", "x")).await;
    let Frame::Opened(opened) = subscription.frame().await else { panic!("opened") };
    assert_eq!(opened.project_id, "demo");
}

#[tokio::test]
async fn a_task_that_is_deleted_is_a_gap_in_a_wide_subscription() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "task-1", "x")).await;
    let mut subscription = client.subscribe(everything(Earliest)).await;
    subscription.caught_up().await;
    fs::rename(server.root().join("demo/task-1"), server.root().join("demo/.gone"))
        .expect("moved away");
    let frame = subscription.frame().await;
    let Frame::Gap(gap) = frame else { panic!("{frame:?} instead of a gap") };
    assert_eq!((gap.task_id.as_str(), gap.reason.as_str()), ("task-1", "BUS_DELETED"));
}

#[tokio::test]
async fn a_half_record_in_an_archive_is_reported() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let bus = server.root().join("demo/PROJECT-MESSAGE-BUS.md");
    client.append(message("demo", "", "1")).await;
    append(&bus, "---\nmsg_id: F-half\nts: 2026-");
    rotate(&mut client).await;
    client.append(message("demo", "", "2")).await;
    let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
    let frames = subscription.caught_up().await;
    assert!(frames.iter().any(|frame| matches!(frame, Frame::Damaged(_))), "{frames:?}");
    assert_eq!(frames.iter().filter(|frame| matches!(frame, Frame::Message(_))).count(), 2);
}

#[tokio::test]
async fn expecting_a_last_message_of_no_bus_makes_nothing() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let request = pb::AppendMessageRequest {
        message: Some(message("demo", "task-1", "x")),
        expected_last_msg_id: "MSG-1".into(),
        ..Default::default()
    };
    assert_refused(client.append_request(request).await, Code::Aborted, "BUS_MOVED", "MSG-1");
    assert!(!server.root().join("demo").exists());
}

#[tokio::test]
async fn an_oversized_message_ends_a_stream_behind_the_answers_before_it() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let request = |body: &str| pb::AppendStreamRequest {
        message: Some(message("demo", "", body)),
        request_id: String::new(),
    };
    let mut requests: Vec<_> = (0..50).map(|n| request(&n.to_string())).collect();
    requests.push(request(&"x".repeat(6 << 20)));
    let answers = client.0.append_stream(tokio_stream::iter(requests)).await.expect("a stream");
    let mut answers = answers.into_inner();
    for _ in 0..50 {
        assert!(answers.message().await.expect("an answer").is_some());
    }
    let refused = answers.message().await.expect_err("a refusal");
    assert_eq!(reason(&refused), "TOO_LARGE");
    let metadata =
        tonic_types::StatusExt::get_details_error_info(&refused).expect("an ErrorInfo").metadata;
    assert_eq!(metadata["index"], "50");
}
