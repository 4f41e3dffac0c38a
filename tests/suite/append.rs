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
            pb::Parent {
                msg_id: "MSG-b".into(),
                ..Default::default()
            },
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
    let issue = pb::Message {
        r#type: "ISSUE".into(),
        ..message("demo", "", "it broke")
    };
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
            let batch = (0..100)
                .map(|n| message("demo", "", &format!("{number}.{n}")))
                .collect();
            client.append_batch(batch, "").await.expect("a batch");
        });
    }
    clients.join_all().await;
    let messages = Client::connect(&server).await.read_all("demo", "").await;
    assert_eq!(messages.len(), 1000);
    assert!(
        messages.is_sorted_by(|a, b| a.msg_id < b.msg_id),
        "ids increase strictly"
    );
}

#[tokio::test]
async fn a_repeated_request_is_answered_as_the_first_time_also_after_a_crash() {
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    let request = pb::AppendMessageRequest {
        message: Some(message("demo", "", "once")),
        request_id: "req-1".into(),
        ..Default::default()
    };
    let first = client
        .append_request(request.clone())
        .await
        .expect("an append");
    assert!(!first.duplicate);
    let again = client
        .append_request(request.clone())
        .await
        .expect("a repetition");
    assert_eq!(
        again,
        pb::AppendMessageResponse {
            duplicate: true,
            ..first.clone()
        }
    );

    server.restart();
    let mut client = Client::connect(&server).await;
    let again = client
        .append_request(request.clone())
        .await
        .expect("a repetition");
    assert_eq!(
        again,
        pb::AppendMessageResponse {
            duplicate: true,
            ..first.clone()
        }
    );

    // Nor does archiving make it forgotten, with a restart on top.
    client
        .0
        .rotate_bus(pb::RotateBusRequest {
            project_id: "demo".into(),
            ..Default::default()
        })
        .await
        .expect("rotated");
    server.restart();
    let mut client = Client::connect(&server).await;
    let again = client
        .append_request(request.clone())
        .await
        .expect("a repetition");
    assert_eq!(again.msg_id, first.msg_id);
    assert_eq!(client.read_all("demo", "").await.len(), 1);

    let other = pb::AppendMessageRequest {
        message: Some(message("demo", "", "twice")),
        ..request
    };
    let refused = client.append_request(other).await;
    assert_refused(refused, Code::AlreadyExists, "REQUEST_ID_REUSED", "req-1");
    assert_eq!(client.read_all("demo", "").await.len(), 1);
}

#[tokio::test]
async fn request_ids_at_once_from_many_calls_append_once() {
    let server = Server::start();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let mut client = Client::connect(&server).await;
        calls.spawn(async move {
            let request = pb::AppendMessageRequest {
                message: Some(message("demo", "", "once")),
                request_id: "same".into(),
                ..Default::default()
            };
            client.append_request(request).await.expect("an append")
        });
    }
    let answers = calls.join_all().await;
    assert_eq!(answers.iter().filter(|answer| !answer.duplicate).count(), 1);
    assert!(
        answers
            .iter()
            .all(|answer| answer.msg_id == answers[0].msg_id)
    );
    assert_eq!(
        Client::connect(&server)
            .await
            .read_all("demo", "")
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn a_batch_that_a_crash_cut_short_is_completed_by_its_repetition() {
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    let batch: Vec<_> = (0..5)
        .map(|n| message("demo", "", &format!("m{n}")))
        .collect();
    let first = client
        .append_batch(batch.clone(), "batch-1")
        .await
        .expect("a batch");
    assert_eq!(first.msg_ids.len(), 5);

    // What a crash of the machine may leave: two records and half of the third.
    server.kill();
    let path = server.root().join("demo/PROJECT-MESSAGE-BUS.md");
    let bytes = std::fs::read(&path).expect("the bus");
    let third = bytes
        .windows(4)
        .enumerate()
        .filter(|(_, w)| w == b"\nm2\n")
        .map(|(at, _)| at)
        .next()
        .expect("m2");
    std::fs::write(&path, &bytes[..third + 2]).expect("cut");
    server.restart();
    let mut client = Client::connect(&server).await;
    assert_eq!(bodies(&client.read_all("demo", "").await), ["m0", "m1"]);

    let again = client
        .append_batch(batch.clone(), "batch-1")
        .await
        .expect("a repetition");
    assert!(!again.duplicate);
    assert_eq!(again.msg_ids[..2], first.msg_ids[..2]);
    assert_eq!(
        bodies(&client.read_all("demo", "").await),
        ["m0", "m1", "m2", "m3", "m4"]
    );
    let third_time = client
        .append_batch(batch.clone(), "batch-1")
        .await
        .expect("a repetition");
    assert!(third_time.duplicate);
    assert_eq!(third_time.msg_ids, again.msg_ids);

    let longer = batch
        .iter()
        .cloned()
        .chain([message("demo", "", "m5")])
        .collect();
    assert_refused(
        client.append_batch(longer, "batch-1").await,
        Code::AlreadyExists,
        "REQUEST_ID_REUSED",
        "batch-1",
    );
    let shorter = batch[..2].to_vec();
    assert_refused(
        client.append_batch(shorter, "batch-1").await,
        Code::AlreadyExists,
        "REQUEST_ID_REUSED",
        "batch-1",
    );
}

#[tokio::test]
async fn a_batch_is_refused_as_a_whole() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let batch = vec![
        message("demo", "", "good"),
        pb::Message {
            r#type: String::new(),
            ..message("demo", "", "bad")
        },
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
    let batch = (0..4)
        .map(|_| message("demo", "", &"x".repeat(900_000)))
        .collect();
    assert_refused(
        client.append_batch(batch, "").await,
        Code::InvalidArgument,
        "TOO_LARGE",
        "BATCH_BYTES_MAX",
    );
    // A header that only the encoder finds too large, in the middle of a batch.
    let large = (0..200)
        .map(|n| (format!("k{n}"), "x".repeat(400)))
        .collect();
    let batch = vec![
        message("demo", "", "good"),
        pb::Message {
            meta: large,
            ..message("demo", "", "bad")
        },
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
    let second = client
        .append_request(after(&first))
        .await
        .expect("it was the last")
        .msg_id;
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
    let requests = tokio_stream::iter((0..3000).map(request));
    let mut answers = client
        .0
        .append_stream(requests)
        .await
        .expect("a stream")
        .into_inner();
    let mut ids = Vec::new();
    while let Some(answer) = answers.next().await {
        ids.push(answer.expect("an answer").msg_id);
    }
    let stored = client.read_all("demo", "").await;
    assert_eq!(
        ids,
        stored
            .iter()
            .map(|message| message.msg_id.clone())
            .collect::<Vec<_>>()
    );
    assert_eq!(bodies(&stored)[2999], "m2999");

    let bad = pb::AppendStreamRequest {
        message: None,
        request_id: String::new(),
    };
    let requests = tokio_stream::iter([request(3000), request(3001), bad, request(3002)]);
    let mut answers = client
        .0
        .append_stream(requests)
        .await
        .expect("a stream")
        .into_inner();
    assert!(answers.next().await.expect("first").is_ok());
    assert!(answers.next().await.expect("second").is_ok());
    let refused = answers.next().await.expect("third").expect_err("a refusal");
    assert_eq!(reason(&refused), "REQUIRED_FIELD");
    let metadata = tonic_types::StatusExt::get_details_error_info(&refused)
        .expect("an ErrorInfo")
        .metadata;
    assert_eq!(metadata["index"], "2");
    assert!(answers.next().await.is_none());
    assert_eq!(
        client.read_all("demo", "").await.len(),
        3002,
        "nothing after the refused one"
    );
}

#[tokio::test]
async fn bad_messages_are_refused_with_their_reason_and_write_nothing() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let good = || message("demo", "", "x");
    let long = "x".repeat(129);
    let cases: Vec<(pb::Message, &str, &str)> = vec![
        (
            pb::Message {
                project_id: String::new(),
                ..good()
            },
            "REQUIRED_FIELD",
            "project_id",
        ),
        (
            pb::Message {
                project_id: "..".into(),
                ..good()
            },
            "PATH_TRAVERSAL",
            "project_id",
        ),
        (
            pb::Message {
                project_id: "../x".into(),
                ..good()
            },
            "PATH_TRAVERSAL",
            "project_id",
        ),
        (
            pb::Message {
                project_id: "/etc".into(),
                ..good()
            },
            "PATH_TRAVERSAL",
            "project_id",
        ),
        (
            pb::Message {
                project_id: ".callboard".into(),
                ..good()
            },
            "INVALID_ID",
            "dot",
        ),
        (
            pb::Message {
                project_id: "Demo".into(),
                ..good()
            },
            "INVALID_ID",
            "a-z",
        ),
        (
            pb::Message {
                project_id: "a\0b".into(),
                ..good()
            },
            "INVALID_ID",
            "control",
        ),
        (
            pb::Message {
                project_id: long.clone(),
                ..good()
            },
            "INVALID_ID",
            "128",
        ),
        (
            pb::Message {
                task_id: "../other".into(),
                ..good()
            },
            "PATH_TRAVERSAL",
            "task_id",
        ),
        (
            pb::Message {
                task_id: "a/b".into(),
                ..good()
            },
            "PATH_TRAVERSAL",
            "task_id",
        ),
        (
            pb::Message {
                task_id: "x.lock".into(),
                ..good()
            },
            "INVALID_ID",
            ".lock",
        ),
        (
            pb::Message {
                task_id: "a b".into(),
                ..good()
            },
            "INVALID_ID",
            "task_id",
        ),
        (
            pb::Message {
                task_id: long.clone(),
                ..good()
            },
            "INVALID_ID",
            "128",
        ),
        (
            pb::Message {
                run_id: long.clone(),
                ..good()
            },
            "INVALID_ID",
            "run_id",
        ),
        (
            pb::Message {
                r#type: String::new(),
                ..good()
            },
            "REQUIRED_FIELD",
            "type",
        ),
        (
            pb::Message {
                r#type: "  ".into(),
                ..good()
            },
            "REQUIRED_FIELD",
            "type",
        ),
        (
            pb::Message {
                r#type: "x".repeat(65),
                ..good()
            },
            "TOO_LARGE",
            "MESSAGE_TYPE_BYTES_MAX",
        ),
        (
            pb::Message {
                r#type: "A\nB".into(),
                ..good()
            },
            "INVALID_ID",
            "type",
        ),
        (
            pb::Message {
                body: "x".repeat((1 << 20) + 1),
                ..good()
            },
            "TOO_LARGE",
            "MESSAGE_BODY_BYTES_MAX",
        ),
        (
            pb::Message {
                body: "x".repeat(8 << 20),
                ..good()
            },
            "TOO_LARGE",
            "REQUEST_BYTES_MAX",
        ),
        (
            pb::Message {
                parents: vec![
                    pb::Parent {
                        msg_id: "p".into(),
                        ..Default::default()
                    };
                    10_000
                ],
                ..good()
            },
            "TOO_LARGE",
            "PARENTS_MAX",
        ),
        (
            pb::Message {
                parents: vec![pb::Parent::default()],
                ..good()
            },
            "REQUIRED_FIELD",
            "parents",
        ),
        (
            pb::Message {
                links: vec![pb::Link::default()],
                ..good()
            },
            "REQUIRED_FIELD",
            "links",
        ),
        (
            pb::Message {
                meta: [("a\nb".to_owned(), String::new())].into(),
                ..good()
            },
            "INVALID_ID",
            "meta",
        ),
        (
            pb::Message {
                meta: [(long.clone(), String::new())].into(),
                ..good()
            },
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
            pb::Message {
                attachment_path: "../../etc/passwd".into(),
                ..good()
            },
            "PATH_TRAVERSAL",
            "attachment_path",
        ),
        (
            pb::Message {
                attachment_path: "/etc/passwd".into(),
                ..good()
            },
            "PATH_TRAVERSAL",
            "attachment_path",
        ),
    ];
    for (message, reason, word) in cases {
        assert_refused(
            client.try_append(message).await,
            Code::InvalidArgument,
            reason,
            word,
        );
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
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .filter(|name| name != ".callboard")
        .collect();
    assert_eq!(left, Vec::<String>::new(), "nothing was written");
}

#[tokio::test]
async fn files_and_folders_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "task-1", "x")).await;
    let mode = |path: &str| {
        std::fs::metadata(server.root().join(path))
            .expect("it exists")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("."), 0o700);
    assert_eq!(mode("demo"), 0o700);
    assert_eq!(mode("demo/task-1"), 0o700);
    assert_eq!(mode("demo/task-1/TASK-MESSAGE-BUS.md"), 0o600);
    assert_eq!(mode(".callboard"), 0o700);
    assert_eq!(mode(".callboard/lock"), 0o600);
    let socket = std::fs::metadata(server.uds())
        .expect("the socket")
        .permissions()
        .mode()
        & 0o777;
    assert_eq!(socket, 0o600);
}
