//! Request ids: a repetition returns the first answer, through crashes and archives.

use callboard::grpc::pb;
use tonic::Code;

use crate::client::{Client, assert_refused, bodies, message};
use crate::server::Server;

#[tokio::test]
async fn a_repeated_request_is_answered_as_the_first_time_also_after_a_crash() {
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    let request = pb::AppendMessageRequest {
        message: Some(message("demo", "", "once")),
        request_id: "req-1".into(),
        ..Default::default()
    };
    let first = client.append_request(request.clone()).await.expect("an append");
    assert!(!first.duplicate);
    let again = client.append_request(request.clone()).await.expect("a repetition");
    assert_eq!(again, pb::AppendMessageResponse { duplicate: true, ..first.clone() });

    server.restart();
    let mut client = Client::connect(&server).await;
    let again = client.append_request(request.clone()).await.expect("a repetition");
    assert_eq!(again, pb::AppendMessageResponse { duplicate: true, ..first.clone() });

    // Nor does archiving make it forgotten, with a restart on top.
    client
        .0
        .rotate_bus(pb::RotateBusRequest { project_id: "demo".into(), ..Default::default() })
        .await
        .expect("rotated");
    server.restart();
    let mut client = Client::connect(&server).await;
    let again = client.append_request(request.clone()).await.expect("a repetition");
    assert_eq!(again.msg_id, first.msg_id);
    assert_eq!(client.read_all("demo", "").await.len(), 1);

    let other = pb::AppendMessageRequest { message: Some(message("demo", "", "twice")), ..request };
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
    assert!(answers.iter().all(|answer| answer.msg_id == answers[0].msg_id));
    assert_eq!(Client::connect(&server).await.read_all("demo", "").await.len(), 1);
}

#[tokio::test]
async fn a_batch_that_a_crash_cut_short_is_completed_by_its_repetition() {
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    let batch: Vec<_> = (0..5).map(|n| message("demo", "", &format!("m{n}"))).collect();
    let first = client.append_batch(batch.clone(), "batch-1").await.expect("a batch");
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

    let again = client.append_batch(batch.clone(), "batch-1").await.expect("a repetition");
    assert!(!again.duplicate);
    assert_eq!(again.msg_ids[..2], first.msg_ids[..2]);
    assert_eq!(bodies(&client.read_all("demo", "").await), ["m0", "m1", "m2", "m3", "m4"]);
    let third_time = client.append_batch(batch.clone(), "batch-1").await.expect("a repetition");
    assert!(third_time.duplicate);
    assert_eq!(third_time.msg_ids, again.msg_ids);

    let longer = batch.iter().cloned().chain([message("demo", "", "m5")]).collect();
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
