//! Bad messages are refused, each with its reason, and nothing is written.

use callboard::grpc::pb;
use tonic::Code;

use crate::client::{Client, assert_refused, message};
use crate::server::Server;

#[tokio::test]
async fn a_batch_is_refused_as_a_whole() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let batch = vec![
        message("demo", "", "good"),
        pb::Message { r#type: String::new(), ..message("demo", "", "bad") },
    ];
    assert_refused(
        client.append_batch(batch, "").await,
        Code::InvalidArgument,
        "REQUIRED_FIELD",
        "type",
    );
    let batch = vec![message("demo", "", "one"), message("other", "", "two")];
    assert_refused(
        client.append_batch(batch, "").await,
        Code::InvalidArgument,
        "MIXED_BUSES",
        "other",
    );
    assert_refused(
        client.append_batch(Vec::new(), "").await,
        Code::InvalidArgument,
        "REQUIRED_FIELD",
        "messages",
    );
    let batch = (0..1001).map(|_| message("demo", "", "")).collect();
    assert_refused(
        client.append_batch(batch, "").await,
        Code::InvalidArgument,
        "TOO_LARGE",
        "BATCH_MESSAGES_MAX",
    );
    let batch = (0..4).map(|_| message("demo", "", &"x".repeat(900_000))).collect();
    assert_refused(
        client.append_batch(batch, "").await,
        Code::InvalidArgument,
        "TOO_LARGE",
        "BATCH_BYTES_MAX",
    );
    // A header that only the encoder finds too large, in the middle of a batch.
    let large = (0..200).map(|n| (format!("k{n}"), "x".repeat(400))).collect();
    let batch = vec![
        message("demo", "", "good"),
        pb::Message { meta: large, ..message("demo", "", "bad") },
    ];
    assert_refused(
        client.append_batch(batch, "").await,
        Code::InvalidArgument,
        "TOO_LARGE",
        "HEADER_BYTES_MAX",
    );
    assert!(!server.root().join("demo").exists(), "nothing was made");
}

#[tokio::test]
async fn bad_messages_are_refused_with_their_reason_and_write_nothing() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let good = || message("demo", "", "x");
    let long = "x".repeat(129);
    let cases: Vec<(pb::Message, &str, &str)> = vec![
        (pb::Message { project_id: String::new(), ..good() }, "REQUIRED_FIELD", "project_id"),
        (pb::Message { project_id: "..".into(), ..good() }, "PATH_TRAVERSAL", "project_id"),
        (pb::Message { project_id: "../x".into(), ..good() }, "PATH_TRAVERSAL", "project_id"),
        (pb::Message { project_id: "/etc".into(), ..good() }, "PATH_TRAVERSAL", "project_id"),
        (pb::Message { project_id: ".callboard".into(), ..good() }, "INVALID_ID", "dot"),
        (pb::Message { project_id: "Demo".into(), ..good() }, "INVALID_ID", "a-z"),
        (pb::Message { project_id: "a\0b".into(), ..good() }, "INVALID_ID", "control"),
        (pb::Message { project_id: long.clone(), ..good() }, "INVALID_ID", "128"),
        (pb::Message { project_id: "../".repeat(4000), ..good() }, "INVALID_ID", "255"),
        (pb::Message { task_id: "../other".into(), ..good() }, "PATH_TRAVERSAL", "task_id"),
        (pb::Message { task_id: "a/b".into(), ..good() }, "PATH_TRAVERSAL", "task_id"),
        (pb::Message { task_id: "x.lock".into(), ..good() }, "INVALID_ID", ".lock"),
        (pb::Message { task_id: "a b".into(), ..good() }, "INVALID_ID", "task_id"),
        (pb::Message { task_id: long.clone(), ..good() }, "INVALID_ID", "128"),
        (pb::Message { run_id: long.clone(), ..good() }, "INVALID_ID", "run_id"),
        (pb::Message { r#type: String::new(), ..good() }, "REQUIRED_FIELD", "type"),
        (pb::Message { r#type: "  ".into(), ..good() }, "REQUIRED_FIELD", "type"),
        (pb::Message { r#type: "x".repeat(65), ..good() }, "TOO_LARGE", "MESSAGE_TYPE_BYTES_MAX"),
        (pb::Message { r#type: "A\nB".into(), ..good() }, "INVALID_ID", "type"),
        (
            pb::Message { body: "x".repeat((1 << 20) + 1), ..good() },
            "TOO_LARGE",
            "MESSAGE_BODY_BYTES_MAX",
        ),
        (pb::Message { body: "x".repeat(8 << 20), ..good() }, "TOO_LARGE", "REQUEST_BYTES_MAX"),
        (
            pb::Message {
                parents: vec![pb::Parent { msg_id: "p".into(), ..Default::default() }; 10_000],
                ..good()
            },
            "TOO_LARGE",
            "PARENTS_MAX",
        ),
        (
            pb::Message { parents: vec![pb::Parent::default()], ..good() },
            "REQUIRED_FIELD",
            "parents",
        ),
        (pb::Message { links: vec![pb::Link::default()], ..good() }, "REQUIRED_FIELD", "links"),
        (
            pb::Message { meta: [("a\nb".to_owned(), String::new())].into(), ..good() },
            "INVALID_ID",
            "meta",
        ),
        (
            pb::Message { meta: [(long.clone(), String::new())].into(), ..good() },
            "TOO_LARGE",
            "META_KEY_CHARS_MAX",
        ),
        (
            pb::Message {
                meta: (0..257).map(|n| (n.to_string(), String::new())).collect(),
                ..good()
            },
            "TOO_LARGE",
            "META_KEYS_MAX",
        ),
        (
            pb::Message {
                meta: (0..200).map(|n| (n.to_string(), "x".repeat(400))).collect(),
                ..good()
            },
            "TOO_LARGE",
            "HEADER_BYTES_MAX",
        ),
        (
            pb::Message { attachment_path: "../../etc/passwd".into(), ..good() },
            "PATH_TRAVERSAL",
            "attachment_path",
        ),
        (
            pb::Message { attachment_path: "/etc/passwd".into(), ..good() },
            "PATH_TRAVERSAL",
            "attachment_path",
        ),
    ];
    for (message, reason, word) in cases {
        assert_refused(client.try_append(message).await, Code::InvalidArgument, reason, word);
    }
    let request = |request_id: &str| pb::AppendMessageRequest {
        message: Some(good()),
        request_id: request_id.into(),
        ..Default::default()
    };
    assert_refused(
        client.append_request(request(&long)).await,
        Code::InvalidArgument,
        "INVALID_ID",
        "request_id",
    );
    assert_refused(
        client.append_request(request("a\nb")).await,
        Code::InvalidArgument,
        "INVALID_ID",
        "request_id",
    );
    let nothing = pb::AppendMessageRequest::default();
    assert_refused(
        client.append_request(nothing).await,
        Code::InvalidArgument,
        "REQUIRED_FIELD",
        "message",
    );

    let left: Vec<_> = std::fs::read_dir(server.root())
        .expect("the root")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .filter(|name| name != ".callboard")
        .collect();
    assert_eq!(left, Vec::<String>::new(), "nothing was written");
}
