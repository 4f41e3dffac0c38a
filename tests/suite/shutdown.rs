//! Ending: streams are told, calls in progress finish, and nothing holds it up.

use std::time::{Duration, Instant};

use callboard::grpc::pb;
use fs4::fs_std::FileExt as Lock;
use pb::StartPosition::Earliest;
use pb::subscribe_response::Frame;
use rustix::process::Signal;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::client::{Client, channel, follow, message, reason};
use crate::foreign_writer;
use crate::server::Server;

#[tokio::test]
async fn streams_end_with_closing_and_unavailable() {
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    let answer = client.try_append(message("demo", "", "x")).await.expect("an append");
    let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
    subscription.caught_up().await;
    server.signal(Signal::TERM);
    let Frame::Closing(closing) = subscription.frame().await else { panic!("closing comes first") };
    assert_eq!(closing.positions.len(), 1);
    assert_eq!(closing.positions[0].cursor, answer.cursor);
    let ended = subscription.try_frame().await.expect_err("an error ends it");
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Unavailable, "SHUTTING_DOWN"));
    assert!(ended.get_details_retry_info().is_some());
    assert_eq!(server.ended().code(), Some(0));
}

// The client must go on working while the test waits for the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_never_end_do_not_hold_it() {
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", "x")).await;
    // A follower, a long poll, a stream of appends that is never closed, a watched
    // health, and a reflection that asks nothing.
    let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
    subscription.caught_up().await;
    let poll = tokio::spawn({
        let mut client = client.clone();
        let request = pb::PollForNewRequest {
            project_id: "demo".into(),
            timeout: Some(prost_types::Duration { seconds: 300, nanos: 0 }),
            ..Default::default()
        };
        async move { client.0.poll_for_new(request).await.map(|_| ()) }
    });
    let requests = tokio_stream::StreamExt::chain(
        tokio_stream::iter([pb::AppendStreamRequest {
            message: Some(message("other", "", "y")),
            request_id: String::new(),
        }]),
        tokio_stream::pending(),
    );
    let mut appends = client.0.append_stream(requests).await.expect("a stream").into_inner();
    assert!(appends.message().await.expect("an answer").is_some());
    let mut health =
        tonic_health::pb::health_client::HealthClient::new(channel(server.addr()).await);
    let mut watch = health
        .watch(tonic_health::pb::HealthCheckRequest::default())
        .await
        .expect("a watch")
        .into_inner();
    assert!(watch.message().await.expect("a status").is_some());
    let mut reflection =
        tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient::new(
            channel(server.addr()).await,
        );
    let asked = reflection.server_reflection_info(tokio_stream::pending()).await;
    let began = Instant::now();
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
    let took = began.elapsed();
    assert!(
        took < Duration::from_secs(5),
        "it took {took:?}, as long as the deadline for calls that hang"
    );
    let ended = poll.await.expect("the poll").expect_err("an error ends it");
    assert_eq!(reason(&ended), "SHUTTING_DOWN");
    let ended = appends.message().await.expect_err("an error ends it");
    assert_eq!(reason(&ended), "SHUTTING_DOWN");
    drop((asked, watch));
}

#[tokio::test]
async fn a_call_in_progress_finishes() {
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", "x")).await;
    let file = foreign_writer::open(&server.root().join("demo/PROJECT-MESSAGE-BUS.md"));
    Lock::lock_exclusive(&file).expect("the lock");
    let waiting = tokio::spawn({
        let mut client = client.clone();
        async move { client.try_append(message("demo", "", "in progress")).await }
    });
    // It has arrived when a read behind it on the same connection was answered.
    client.read_all("demo", "").await;
    server.signal(Signal::TERM);
    server.log_until("draining");
    Lock::unlock(&file).expect("unlocked");
    waiting.await.expect("the call").expect("it was answered");
    assert_eq!(server.ended().code(), Some(0));
    server.restart();
    assert_eq!(Client::connect(&server).await.read_all("demo", "").await.len(), 2);
}

#[tokio::test]
async fn a_call_that_hangs_is_cut_off_at_the_deadline() {
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    // A subscriber that reads nothing cannot be told that it ends.
    let body = "x".repeat(1 << 20);
    for _ in 0..24 {
        client.append(message("demo", "", &body)).await;
    }
    let stalled = client.subscribe(follow("demo", "", Earliest)).await;
    let began = Instant::now();
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(15));
    drop(stalled);
}
