//! Tokens that are taken back, or run out, while they are used.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use callboard::access::Permission::{Admin, Read, Write};
use callboard::grpc::pb;
use pb::message_bus_client::MessageBusClient;
use pb::storage_client::StorageClient;
use pb::subscribe_response::Frame;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::client::{Subscription, assert_refused, channel, eventually, message};
use crate::server::output_of;

use super::{Guarded, With, seconds_from_now};

async fn subscribed(guarded: &Guarded, token: &str) -> Subscription {
    let channel = channel(guarded.server.addr()).await;
    let mut client = MessageBusClient::with_interceptor(channel, With::token(token));
    let request = pb::SubscribeRequest { project_id: "demo".into(), ..Default::default() };
    Subscription(client.subscribe(request).await.expect("a stream").into_inner())
}

/// Takes frames until one is an error.
async fn end_of(stream: &mut Subscription) -> tonic::Status {
    loop {
        match stream.try_frame().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended well"),
            Err(status) => return status,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_ends_its_streams_and_calls_at_once_and_no_others() {
    let guarded = Guarded::start();
    let tokens = &guarded.tokens;
    let kept = tokens.add("kept", &["demo"], &[Read, Write]);
    let gone = tokens.add("gone-soon", &["demo"], &[Read, Write]);
    let (mut ends, mut goes_on) =
        (subscribed(&guarded, &gone).await, subscribed(&guarded, &kept).await);
    let mut writer = MessageBusClient::with_interceptor(
        channel(guarded.server.addr()).await,
        With::token(&gone),
    );
    let (send, requests) = tokio::sync::mpsc::channel(8);
    let request = |body: &str| pb::AppendStreamRequest {
        message: Some(message("demo", "", body)),
        ..Default::default()
    };
    send.send(request("before")).await.expect("sent");
    let mut answers =
        writer.append_stream(ReceiverStream::new(requests)).await.expect("a stream").into_inner();
    answers.message().await.expect("appended").expect("an answer");

    let mut revoke = crate::server::callboard(&["token", "revoke", "gone-soon", "--tokens"]);
    revoke.arg(&tokens.path);
    assert!(output_of(revoke).status.success());
    let refused = writer
        .read_messages(pb::ReadMessagesRequest { project_id: "demo".into(), ..Default::default() });
    assert_refused(refused.await, Code::Unauthenticated, "TOKEN_INVALID", "gone-soon was revoked");
    let status = end_of(&mut ends).await;
    assert_refused(Err::<(), _>(status), Code::Unauthenticated, "TOKEN_INVALID", "gone-soon was");
    let status = loop {
        let _ = send.send(request("after")).await;
        match answers.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended well"),
            Err(status) => break status,
        }
    };
    assert_refused(Err::<(), _>(status), Code::Unauthenticated, "TOKEN_INVALID", "gone-soon was");

    // Nothing of what came after it is there.
    let mut other = MessageBusClient::with_interceptor(
        channel(guarded.server.addr()).await,
        With::token(&kept),
    );
    let request = pb::AppendMessageRequest {
        message: Some(message("demo", "", "later")),
        ..Default::default()
    };
    other.append_message(request).await.expect("an append");
    loop {
        if let Some(Frame::Message(delivery)) = goes_on.try_frame().await.expect("it goes on") {
            let body = delivery.message.expect("a message").body;
            assert_ne!(body, "after", "it was taken from a revoked token");
            if body == "later" {
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_token_is_revoked_gives_its_place_back_though_its_client_stays_silent() {
    let guarded = Guarded::start();
    let kept = guarded.tokens.add("kept", &["*"], &[Read]);
    let gone = guarded.tokens.add("gone-soon", &["demo"], &[Write]);
    let mut writer = MessageBusClient::with_interceptor(
        channel(guarded.server.addr()).await,
        With::token(&gone),
    );
    let (_held, requests) = tokio::sync::mpsc::channel::<pb::AppendStreamRequest>(1);
    let mut answers =
        writer.append_stream(ReceiverStream::new(requests)).await.expect("a stream").into_inner();
    let mut looker =
        StorageClient::with_interceptor(channel(guarded.server.addr()).await, With::token(&kept));
    let mut calls = async || {
        let info = looker.get_server_info(pb::GetServerInfoRequest::default()).await;
        info.expect("an answer").into_inner().open["calls"]
    };
    assert_eq!(calls().await, 2, "the stream, and this one");
    guarded.tokens.update(|grants| grants.0.retain(|grant| grant.name != "gone-soon"));
    let refused = answers.message().await;
    assert_refused(refused, Code::Unauthenticated, "TOKEN_INVALID", "gone-soon was");
    eventually("the stream has no place any more", async || calls().await == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_its_token_expires() {
    let guarded = Guarded::start();
    let token = guarded.tokens.add_with("short", &["*"], &[Admin], |grant| {
        grant.expires_at = Some(seconds_from_now(2));
    });
    let mut stream = subscribed(&guarded, &token).await;
    let began = std::time::Instant::now();
    let status = end_of(&mut stream).await;
    assert_refused(Err::<(), _>(status), Code::Unauthenticated, "TOKEN_INVALID", "short was");
    assert!(began.elapsed() < Duration::from_secs(10), "soon after its time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_used_changes_nothing_until_it_can() {
    let guarded = Guarded::start();
    let kept = guarded.tokens.add("kept", &["demo"], &[Read]);
    let mut stream = subscribed(&guarded, &kept).await;
    let half = guarded.tokens.path.with_extension("half");
    std::fs::write(&half, "tokens: [").expect("half of it");
    std::fs::set_permissions(&half, std::fs::Permissions::from_mode(0o600)).expect("its mode");
    // By a rename: for a moment an empty file would be there, which is one without tokens.
    std::fs::rename(&half, &guarded.tokens.path).expect("put in place");
    guarded.server.log_until("the tokens stay as they were");
    subscribed(&guarded, &kept).await;
    std::fs::remove_file(&guarded.tokens.path).expect("removed");
    let status = end_of(&mut stream).await;
    assert_eq!(status.code(), Code::Unauthenticated, "without the file nobody is let in");
}
