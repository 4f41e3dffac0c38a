//! Appending: durable ids, batches, streams, and repetitions that do no harm.

use callboard::grpc::pb;
use tokio_stream::StreamExt as _;
use tonic::Code;

use crate::client::{Client, assert_refused, bodies, message, reason};
use crate::server::Server;

#[tokio::test]
async fn what_is_appended_comes_back_as_it_was() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let sent = pb::Message {
        run_id: "run-1".into(),
        issue_id: "issue-1".into(),
        parents: vec![
            pb::Parent {
                msg_id: "MSG-a".into(),
                kind: "depends_on".into(),
                meta: [("k".into(), "v\nw".into())].into(),
            },
            pb::Parent { msg_id: "MSG-b".into(), ..Default::default() },
        ],
        links: vec![pb::Link {
            url: "https://e/x".into(),
            label: "ż: \"q\"".into(),
            kind: "commit".into(),
        }],
        meta: [
            ("a b".into(), "yes".into()),
            ("ż".into(), "1.50".into()),
            ("empty".into(), String::new()),
        ]
        .into(),
        attachment_path: "artifacts/a.txt".into(),
        ..message("demo", "task-1", "body\r\n---\nmsg_id: forged\n\n")
    };
    let answer = client.try_append(sent.clone()).await.expect("an append");
    let got = client.read_all("demo", "task-1").await;
    let expected = pb::Message {
        msg_id: answer.msg_id,
        ts: answer.ts,
        integrity: pb::Integrity::Verified.into(),
        ..sent
    };
    assert_eq!(got, [expected]);
}

#[tokio::test]
async fn an_issue_without_an_issue_id_gets_its_own_id() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let issue = pb::Message { r#type: "ISSUE".into(), ..message("demo", "", "it broke") };
    let id = client.append(issue).await;
    assert_eq!(client.read_all("demo", "").await[0].issue_id, id);
}

#[tokio::test]
async fn ids_from_ten_clients_at_once_are_unique_and_increase_along_the_file() {
    let server = Server::start();
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..10 {
        let mut client = Client::connect(&server).await;
        clients.spawn(async move {
            let batch = (0..100).map(|n| message("demo", "", &format!("{number}.{n}"))).collect();
            client.append_batch(batch, "").await.expect("a batch");
        });
    }
    clients.join_all().await;
    let messages = Client::connect(&server).await.read_all("demo", "").await;
    assert_eq!(messages.len(), 1000);
    assert!(messages.is_sorted_by(|a, b| a.msg_id < b.msg_id), "ids increase strictly");
}

#[tokio::test]
async fn compare_and_append_happens_only_after_the_expected_message() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let after = |expected: &str| pb::AppendMessageRequest {
        message: Some(message("demo", "", "x")),
        expected_last_msg_id: expected.into(),
        ..Default::default()
    };
    assert_refused(
        client.append_request(after("MSG-none")).await,
        Code::Aborted,
        "BUS_MOVED",
        "MSG-none",
    );
    let first = client.append(message("demo", "", "first")).await;
    let second = client.append_request(after(&first)).await.expect("it was the last").msg_id;
    let refused = client.append_request(after(&first)).await;
    assert_refused(refused, Code::Aborted, "BUS_MOVED", &second);
    // Of many that expect the same, one wins.
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (mut client, request) = (client.clone(), after(&second));
        calls.spawn(async move { client.append_request(request).await });
    }
    let answers = calls.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(client.read_all("demo", "").await.len(), 3);
}

#[tokio::test]
async fn a_stream_of_appends_is_answered_in_order_and_ends_at_the_first_refusal() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let request = |n: usize| pb::AppendStreamRequest {
        message: Some(message("demo", "", &format!("m{n}"))),
        request_id: format!("s{n}"),
    };
    let requests = tokio_stream::iter((0..30_000).map(request));
    let mut answers = client.0.append_stream(requests).await.expect("a stream").into_inner();
    let mut ids = Vec::new();
    while let Some(answer) = answers.next().await {
        ids.push(answer.expect("an answer").msg_id);
    }
    let stored = client.read_all("demo", "").await;
    assert_eq!(ids, stored.iter().map(|message| message.msg_id.clone()).collect::<Vec<_>>());
    assert_eq!(bodies(&stored)[29_999], "m29999");

    let bad = pb::AppendStreamRequest { message: None, request_id: String::new() };
    let requests = tokio_stream::iter([request(30_000), request(30_001), bad, request(30_002)]);
    let mut answers = client.0.append_stream(requests).await.expect("a stream").into_inner();
    assert!(answers.next().await.expect("first").is_ok());
    assert!(answers.next().await.expect("second").is_ok());
    let refused = answers.next().await.expect("third").expect_err("a refusal");
    assert_eq!(reason(&refused), "REQUIRED_FIELD");
    let metadata =
        tonic_types::StatusExt::get_details_error_info(&refused).expect("an ErrorInfo").metadata;
    assert_eq!(metadata["index"], "2");
    assert!(answers.next().await.is_none());
    assert_eq!(client.read_all("demo", "").await.len(), 30_002, "nothing after the refused one");
}

#[tokio::test]
async fn files_and_folders_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "task-1", "x")).await;
    let mode = |path: &str| {
        std::fs::metadata(server.root().join(path)).expect("it exists").permissions().mode() & 0o777
    };
    assert_eq!(mode("."), 0o700);
    assert_eq!(mode("demo"), 0o700);
    assert_eq!(mode("demo/task-1"), 0o700);
    assert_eq!(mode("demo/task-1/TASK-MESSAGE-BUS.md"), 0o600);
    assert_eq!(mode(".callboard"), 0o700);
    assert_eq!(mode(".callboard/lock"), 0o600);
    let socket = std::fs::metadata(server.uds()).expect("the socket").permissions().mode() & 0o777;
    assert_eq!(socket, 0o600);
}
