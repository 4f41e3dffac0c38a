//! Limits that were set: a server with lower ones keeps them, refuses what is over them by
//! name, and serves whoever stays within them as ever.

use std::collections::BTreeSet;

use callboard::grpc::pb;
use fs4::fs_std::FileExt as Lock;
use pb::StartPosition::Latest;
use pb::upload_artifact_request::Part;
use prost_reflect::{DynamicMessage, MethodDescriptor, ReflectMessage as _, Value};
use tokio_stream::StreamExt as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::any_call::{Caller, filled, methods};
use crate::client::{Client, assert_refused, bodies, eventually, follow, message, reason};
use crate::foreign_writer;
use crate::metrics::{get, http_of};
use crate::nothing_lost::floods::http2::Connection;
use crate::run_files::listing;
use crate::server::Server;
use crate::storage_client::{
    StorageClient, get_artifact, new_artifact, new_fact, new_task, upload_header, upload_part,
};

const BUS: &str = "demo/PROJECT-MESSAGE-BUS.md";

/// What a refusal says besides its reason.
#[track_caller]
fn metadata(status: &Status, key: &str) -> String {
    let info = status.get_details_error_info().expect("a reason");
    info.metadata.get(key).unwrap_or_else(|| panic!("no {key} in {info:?}")).clone()
}

/// Asserts that something was over a limit, which is named.
#[track_caller]
fn assert_too_large<T: std::fmt::Debug>(result: Result<T, Status>, name: &str, limit: usize) {
    let status = result.expect_err("it is over the limit");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "TOO_LARGE"));
    let said = (metadata(&status, "limit_name"), metadata(&status, "limit"));
    assert_eq!(said, (name.to_owned(), limit.to_string()), "{status:?}");
}

#[tokio::test]
async fn a_connection_too_many_takes_the_place_of_one_without_a_call() {
    let server = Server::start_with(&["--connections-max=2"]);
    let mut subscriber = Client::connect(&server).await;
    let mut subscription = subscriber.subscribe(follow("demo", "", Latest)).await;
    subscription.caught_up().await;
    for round in ["one", "two"] {
        let mut idle = Connection::open(server.addr()).await;
        idle.is_through().await;
        let mut further = Client::connect(&server).await;
        further.append(message("demo", "", round)).await;
        idle.is_closed().await;
        let told = subscription.message().await.message.expect("a message");
        assert_eq!(told.body, round, "the subscription keeps its place");
    }
}

#[tokio::test]
async fn a_subscription_too_many_is_refused_until_one_ends() {
    let server = Server::start_with(&["--subscribers-max=1"]);
    let mut client = Client::connect(&server).await;
    let first = client.subscribe(follow("demo", "", Latest)).await;
    let refused = client.try_subscribe(follow("demo", "", Latest)).await;
    let status = refused.err().expect("a refusal");
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::ResourceExhausted, "SUBSCRIBER_LIMIT")
    );
    assert_eq!(metadata(&status, "limit"), "1");
    drop(first);
    let mut again = client.clone();
    eventually("its seat is free", async || {
        again.try_subscribe(follow("demo", "", Latest)).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_longer_body_than_was_set_is_refused_by_name_however_it_comes() {
    let server = Server::start_with(&["--message-body-bytes-max=100"]);
    let mut client = Client::connect(&server).await;
    let of = |length: usize| message("demo", "", &"x".repeat(length));
    client.append(of(100)).await;
    assert_too_large(client.try_append(of(101)).await, "MESSAGE_BODY_BYTES_MAX", 100);
    let batch = vec![of(1), of(101)];
    assert_too_large(client.append_batch(batch, "").await, "MESSAGE_BODY_BYTES_MAX", 100);
    let requests = [1, 101]
        .map(|length| pb::AppendStreamRequest { message: Some(of(length)), ..Default::default() });
    let requests = tokio_stream::iter(requests);
    let mut answers = client.0.append_stream(requests).await.expect("a stream").into_inner();
    answers.message().await.expect("an answer").expect("an answer");
    assert_too_large(answers.message().await, "MESSAGE_BODY_BYTES_MAX", 100);
    let held: Vec<usize> =
        client.read_all("demo", "").await.iter().map(|message| message.body.len()).collect();
    assert_eq!(held, [100, 1]);
}

#[tokio::test]
async fn a_longer_request_than_was_set_is_refused_by_name() {
    const LIMIT: usize = 64 << 10;
    let server = Server::start_with(&["--request-bytes-max=64KiB"]);
    let mut storage = StorageClient::connect(&server).await;
    let of = |task: &str, length: usize| pb::CreateTaskRequest {
        prompt: "x".repeat(length),
        ..new_task("demo", task)
    };
    assert_too_large(storage.create_task(of("t", LIMIT)).await, "REQUEST_BYTES_MAX", LIMIT);
    storage.create_task(of("t", LIMIT - 100)).await.expect("it is within the limit");
}

#[tokio::test]
async fn a_stream_that_may_have_one_append_in_flight_takes_them_all_in_order() {
    let server = Server::start_with(&["--append-stream-in-flight=1"]);
    let mut client = Client::connect(&server).await;
    let expected: Vec<String> = (0..200).map(|number| format!("message {number}")).collect();
    let requests: Vec<_> = expected
        .iter()
        .map(|body| pb::AppendStreamRequest {
            message: Some(message("demo", "", body)),
            ..Default::default()
        })
        .collect();
    let requests = tokio_stream::iter(requests);
    let answers = client.0.append_stream(requests).await.expect("a stream").into_inner();
    let answers: Vec<_> = answers.map(|answer| answer.expect("an answer").msg_id).collect().await;
    let held = client.read_all("demo", "").await;
    assert_eq!(bodies(&held), expected);
    assert_eq!(held.into_iter().map(|message| message.msg_id).collect::<Vec<_>>(), answers);
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_ended_and_what_it_writes_is_whole_or_not_there() {
    let server = Server::start_with(&["--call-timeout=1s"]);
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", "first")).await;
    let mut subscription = client.subscribe(follow("demo", "", Latest)).await;
    subscription.caught_up().await;
    let late = || pb::AppendMessageRequest {
        message: Some(message("demo", "", "late")),
        request_id: "late".into(),
        ..Default::default()
    };
    let file = foreign_writer::open(&server.root().join(BUS));
    Lock::lock_exclusive(&file).expect("the lock");
    for _ in 0..2 {
        let refused = client.append_request(late()).await;
        assert_refused(refused, Code::DeadlineExceeded, "CALL_TIMED_OUT", "longer than 1 s");
    }
    Lock::unlock(&file).expect("unlocked");
    // Whoever calls again is told of the one that was written meanwhile, or has it written now.
    eventually("it is written", async || client.append_request(late()).await.is_ok()).await;
    client.append(message("demo", "", "last")).await;
    assert_eq!(bodies(&client.read_all("demo", "").await), ["first", "late", "last"]);
    for expected in ["late", "last"] {
        let told = subscription.message().await.message.expect("a message");
        assert_eq!(told.body, expected, "the subscription outlived the timeout");
    }
}

#[tokio::test]
async fn a_connection_without_a_call_is_closed_in_time_and_one_with_a_subscription_never() {
    let server = Server::start_with(&["--connection-idle-timeout=1s"]);
    let mut subscriber = Client::connect(&server).await;
    let mut subscription = subscriber.subscribe(follow("demo", "", Latest)).await;
    subscription.caught_up().await;
    // Each of these came after it, and the second when the first had met the timeout.
    for body in ["one", "two"] {
        let mut idle = Connection::open(server.addr()).await;
        idle.is_through().await;
        idle.is_closed().await;
        Client::connect(&server).await.append(message("demo", "", body)).await;
        let told = subscription.message().await.message.expect("a message");
        assert_eq!(told.body, body);
    }
}

#[tokio::test]
async fn an_upload_that_falls_silent_is_given_up_and_nothing_is_saved() {
    let server = Server::start_with(&["--upload-idle-timeout=1s"]);
    let mut storage = StorageClient::connect(&server).await;
    storage.new_task("demo", "t").await;
    let header = upload_part(Part::Header(upload_header("demo", "t", "half.bin")));
    let chunk = upload_part(Part::Chunk(vec![b'x'; 1000]));
    let parts = tokio_stream::iter([header, chunk]).chain(tokio_stream::pending());
    let refused = storage.0.upload_artifact(parts).await;
    assert_refused(refused, Code::DeadlineExceeded, "UPLOAD_STALLED", "for 1 s");
    assert_eq!(storage.artifacts("demo", "t").await, []);
    let chunks = vec![vec![b'x'; 1000]; 2];
    let header = upload_header("demo", "t", "whole.bin");
    storage.upload(header, chunks).await.expect("one that goes on is saved");
}

#[tokio::test]
async fn a_project_over_its_quota_is_refused_and_others_and_its_readers_are_not() {
    const QUOTA: u64 = 64 << 10;
    let server = Server::start_with(&["--project-quota=demo=64KiB"]);
    let mut client = Client::connect(&server).await;
    let mut storage = StorageClient::connect(&server).await;
    storage.new_task("demo", "t").await;
    storage.new_run("demo", "t", "r").await;
    let body = "x".repeat(5_000);
    let (mut appended, mut refused) = (0, None);
    while refused.is_none() && appended < 20 {
        refused = client.try_append(message("demo", "", &body)).await.err();
        appended += usize::from(refused.is_none());
    }
    let status = refused.expect("the quota ends");
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::ResourceExhausted, "QUOTA_EXCEEDED")
    );
    assert_eq!(metadata(&status, "project_id"), "demo");
    assert_eq!(metadata(&status, "quota_bytes"), QUOTA.to_string());
    let used: u64 = metadata(&status, "used_bytes").parse().expect("a number");
    assert!(used <= QUOTA && used + 5_000 > QUOTA - 1_000, "{used}");
    assert!(appended * body.len() < usize::try_from(QUOTA).expect("a size"), "{appended}");
    // A run says nothing of its project, and is in it all the same.
    let output = pb::AppendRunOutputRequest {
        run_id: "r".into(),
        file: "stdout".into(),
        chunk: vec![b'x'; 60_000],
        ..Default::default()
    };
    let refused = storage.append_run_output(output).await;
    assert_refused(refused, Code::ResourceExhausted, "QUOTA_EXCEEDED", "demo");

    assert_eq!(client.read_all("demo", "").await.len(), appended);
    for _ in 0..20 {
        client.append(message("other", "", &body)).await;
    }
    let delete = pb::DeleteTaskRequest {
        project_id: "demo".into(),
        task_id: "t".into(),
        force: true,
        ..Default::default()
    };
    storage.delete_task(delete).await.expect("what makes room is allowed");
}

/// Methods that only read.
fn reads(method: &MethodDescriptor) -> bool {
    const VERBS: [&str; 6] = ["Get", "List", "Read", "Poll", "Subscribe", "Watch"];
    VERBS.iter().any(|verb| method.name().starts_with(verb))
}

/// Methods that remove, or write next to nothing.
fn tidies(method: &MethodDescriptor) -> bool {
    const VERBS: [&str; 6] = ["Clear", "Reconcile", "CleanUp", "Rotate", "Trim", "Delete"];
    VERBS.iter().any(|verb| method.name().starts_with(verb))
}

/// The same request about a run, wherever that is; none where that cannot be asked for.
fn wherever_the_run_is(request: &DynamicMessage) -> Option<DynamicMessage> {
    let descriptor = request.descriptor();
    let fields = ["project_id", "task_id"].map(|name| descriptor.get_field_by_name(name));
    let [Some(project), Some(task)] = fields else { return None };
    descriptor.get_field_by_name("run_id")?;
    let mut request = request.clone();
    request.set_field(&project, Value::String(String::new()));
    request.set_field(&task, Value::String(String::new()));
    Some(request)
}

#[tokio::test]
async fn below_the_floor_of_free_space_every_write_is_refused_and_reads_and_removals_go_on() {
    let root = tempfile::tempdir().expect("a folder");
    let mut before = Server::start_on(root.path());
    let (mut client, mut storage) =
        (Client::connect(&before).await, StorageClient::connect(&before).await);
    storage.new_task("demo", "t").await;
    storage.new_run("demo", "t", "r").await;
    storage.save(new_artifact("demo", "t", "x", b"x".to_vec())).await.expect("an artifact");
    storage.append_fact(new_fact("demo", "t", "x")).await.expect("a fact");
    client.append(message("demo", "", "x")).await;
    client.append(message("demo", "t", "x")).await;
    assert!(before.terminate().success());

    // A PiB: no disk of ours has that.
    let floor = ["--free-bytes-min=1024T", "--http=127.0.0.1:0"];
    let server = Server::start_on_with(root.path(), &floor);
    let (head, body) = get(&http_of(&server), "/readyz");
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert_eq!(body, "disk: too little is free\n", "how little is not for everybody");

    let mut caller = Caller::connect(&server).await;
    let all: Vec<_> = ["MessageBus", "Storage"].into_iter().flat_map(methods).collect();
    let (mut refused, mut wrong) = (BTreeSet::new(), Vec::new());
    let tree = || listing(&root.path().join("demo"));
    let before = tree();
    for method in all.iter().filter(|method| !reads(method) && !tidies(method)) {
        let request = filled(method, "demo");
        let anywhere = wherever_the_run_is(&request);
        for request in [Some(request), anywhere].into_iter().flatten() {
            match caller.call(method, &request).await {
                Err(status) if reason(&status) == "DISK_FULL" => {
                    assert_eq!(metadata(&status, "free_bytes_min"), (1_u64 << 50).to_string());
                    refused.insert(method.name().to_owned());
                }
                other => wrong.push(format!("{} {request}: {other:?}", method.name())),
            }
        }
    }
    assert!(wrong.is_empty(), "not refused for want of space:\n{}", wrong.join("\n"));
    assert!(refused.len() > 15, "{refused:?}");
    assert_eq!(tree(), before, "something was written");

    let go_on = async |caller: &mut Caller, kind: fn(&MethodDescriptor) -> bool| {
        for method in all.iter().filter(|method| kind(method)) {
            if let Err(status) = caller.call(method, &filled(method, "demo")).await {
                assert_ne!(reason(&status), "DISK_FULL", "{}", method.name());
            }
        }
    };
    go_on(&mut caller, reads).await;
    let (mut client, mut storage) =
        (Client::connect(&server).await, StorageClient::connect(&server).await);
    assert_eq!(bodies(&client.read_all("demo", "").await), ["x"]);
    storage.download(get_artifact("demo", "t", "x")).await.expect("the artifact");
    let (project_id, task_id) = ("demo".to_owned(), "t".to_owned());
    let artifact = pb::DeleteArtifactRequest {
        project_id: project_id.clone(),
        task_id: task_id.clone(),
        name: "x".into(),
        ..Default::default()
    };
    storage.delete_artifact(artifact).await.expect("it is removed");
    let task = pb::DeleteTaskRequest { project_id, task_id, force: true, ..Default::default() };
    storage.delete_task(task).await.expect("it is removed");
    assert!(!root.path().join("demo/t").exists());
    go_on(&mut caller, tidies).await;
}
