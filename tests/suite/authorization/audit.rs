//! What is noted of callers, and that no secret is.

use callboard::access::Permission::{Read, Write};
use callboard::grpc::pb;
use pb::message_bus_client::MessageBusClient;
use pb::storage_client::StorageClient;
use serde_json::Value;
use tonic::Code;

use crate::client::{channel, eventually, message};

use super::{Guarded, With};

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_noted_with_its_caller_and_nothing_that_was_only_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.log");
    let log = path.display().to_string();
    let guarded = Guarded::start_with(&["--audit-log", &log, "--access-log"]);
    let token = guarded.tokens.add("agent-7", &["demo"], &[Read, Write]);
    let mut client = MessageBusClient::with_interceptor(
        channel(guarded.server.addr()).await,
        With::token(&token),
    );
    let append = |project: &str| pb::AppendMessageRequest {
        message: Some(message(project, "", "top secret body")),
        request_id: "once".into(),
        ..Default::default()
    };
    let appended = client.append_message(append("demo")).await.expect("an append").into_inner();
    let refused = client.append_message(append("other")).await.expect_err("refused");
    assert_eq!(refused.code(), Code::PermissionDenied);
    let requests = ["a", "b"].map(|body| pb::AppendStreamRequest {
        message: Some(message("demo", "", body)),
        ..Default::default()
    });
    let mut answers =
        client.append_stream(tokio_stream::iter(requests)).await.expect("a stream").into_inner();
    let mut streamed = Vec::new();
    while let Some(answer) = answers.message().await.expect("an answer") {
        streamed.push(answer.msg_id);
    }
    let read = pb::ReadMessagesRequest { project_id: "demo".into(), ..Default::default() };
    client.read_messages(read).await.expect("a read");

    // Each line is written before its call is answered.
    let text = std::fs::read_to_string(&path).expect("the log");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |key: &str| -> Vec<&str> {
        lines.iter().map(|line| line[key].as_str().unwrap_or_default()).collect()
    };
    assert_eq!(of("method"), ["AppendMessage", "AppendMessage", "AppendStream", "AppendStream"]);
    assert_eq!(of("outcome"), ["OK", "NOT_ALLOWED", "OK", "OK"]);
    assert_eq!(of("made"), [&appended.msg_id, "", &streamed[0], &streamed[1]]);
    assert!(of("caller").iter().all(|caller| *caller == "token agent-7"));
    assert_eq!(of("project_id"), ["demo", "other", "demo", "demo"]);
    assert!(lines[0].get("task_id").is_none(), "the project's own bus");
    assert_eq!(of("request_id"), ["once", "once", "", ""]);

    guarded.server.log_until("ReadMessages");
    let access = guarded.server.log();
    assert!(
        access.contains("caller=\"token agent-7\"") && access.contains("NOT_ALLOWED"),
        "{access}"
    );
    let secret = &token[13..];
    for noted in [&text, &access] {
        assert!(!noted.contains(secret) && !noted.contains("top secret body"), "{noted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_caller_goes_away_is_noted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.log");
    let guarded = Guarded::start_with(&["--audit-log", &path.display().to_string()]);
    let token = guarded.tokens.add("gone", &["demo"], &[Write]);
    let mut client = MessageBusClient::with_interceptor(
        channel(guarded.server.addr()).await,
        With::token(&token),
    );
    let request = |body: &str| pb::AppendMessageRequest {
        message: Some(message("demo", "", body)),
        ..Default::default()
    };
    client.append_message(request("the bus is there")).await.expect("an append");
    // While another program holds the bus, the append waits; and its caller does not.
    let bus = guarded.server.root().join("demo/PROJECT-MESSAGE-BUS.md");
    let bus = std::fs::File::open(bus).expect("the bus");
    rustix::fs::flock(&bus, rustix::fs::FlockOperation::LockExclusive).expect("the lock");
    let waiting = tokio::spawn(async move { client.append_message(request("left alone")).await });
    let other = guarded.tokens.add("other", &["*"], &[Read]);
    let channel = channel(guarded.server.addr()).await;
    let mut storage = StorageClient::with_interceptor(channel, With::token(&other));
    eventually("the append is there, besides the question", async || {
        let info = storage.get_server_info(pb::GetServerInfoRequest {}).await;
        info.expect("an answer").into_inner().open["calls"] == 2
    })
    .await;
    waiting.abort();
    eventually("it is noted", async || {
        std::fs::read_to_string(&path).is_ok_and(|text| text.contains("UNANSWERED"))
    })
    .await;
}
