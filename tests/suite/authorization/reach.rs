//! Calls without a project: a caller gets what it reaches.

use callboard::access::Permission::{Admin, Read, Write};
use callboard::grpc::pb;
use pb::message_bus_client::MessageBusClient;
use pb::storage_client::StorageClient;
use pb::subscribe_response::Frame;
use tonic::Code;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

use crate::client::{Subscription, assert_refused, channel};

use super::{Guarded, With};

type Calls = InterceptedService<Channel, With>;

async fn bus(guarded: &Guarded, token: &str) -> MessageBusClient<Calls> {
    MessageBusClient::with_interceptor(channel(guarded.server.addr()).await, With::token(token))
}

async fn storage(guarded: &Guarded, token: &str) -> StorageClient<Calls> {
    StorageClient::with_interceptor(channel(guarded.server.addr()).await, With::token(token))
}

fn append(project: &str, body: &str) -> pb::AppendMessageRequest {
    let message = pb::Message {
        project_id: project.into(),
        r#type: "INFO".into(),
        body: body.into(),
        ..Default::default()
    };
    pb::AppendMessageRequest { message: Some(message), ..Default::default() }
}

async fn run(storage: &mut StorageClient<Calls>, project: &str, run: &str, parent: &str) {
    let request = pb::CreateRunRequest {
        project_id: project.into(),
        task_id: "t".into(),
        run_id: run.into(),
        parent_run_id: parent.into(),
        agent_type: "x".into(),
        ..Default::default()
    };
    storage.create_run(request).await.expect("a run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wide_subscription_follows_what_its_caller_reaches_and_nothing_else() {
    let guarded = Guarded::start();
    let all = guarded.tokens.add("all", &["*"], &[Admin]);
    let limited = guarded.tokens.add("limited", &["swarm*"], &[Read]);
    let mut writer = bus(&guarded, &all).await;
    for (project, body) in [("swarm-1", "a"), ("other", "b")] {
        writer.append_message(append(project, body)).await.expect("an append");
    }
    let subscribe = pb::SubscribeRequest {
        scope: pb::SubscribeScope::All.into(),
        start: Some(pb::subscribe_request::Start::Position(pb::StartPosition::Earliest.into())),
        ..Default::default()
    };
    let mut reader = bus(&guarded, &limited).await;
    let stream = reader.subscribe(subscribe).await.expect("a stream").into_inner();
    let mut stream = Subscription(stream);
    let (mut opened, mut bodies) = (Vec::new(), Vec::new());
    let mut is_live = false;
    while bodies.len() < 3 {
        match stream.try_frame().await.expect("a frame").expect("more") {
            Frame::Opened(frame) => opened.push(frame.project_id),
            Frame::Message(delivery) => bodies.push(delivery.message.expect("a message").body),
            Frame::CaughtUp(_) if !is_live => {
                is_live = true;
                // One after the other: what is not to come would come before what is.
                for (project, body) in
                    [("other", "c"), ("another", "d"), ("swarm-1", "e"), ("swarm-2", "f")]
                {
                    writer.append_message(append(project, body)).await.expect("an append");
                }
            }
            _ => {}
        }
    }
    bodies[1..].sort();
    assert_eq!(bodies, ["a", "e", "f"]);
    opened.sort();
    assert_eq!(opened, ["swarm-1", "swarm-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_watches_and_upkeep_of_everything_keep_to_what_the_caller_reaches() {
    let guarded = Guarded::start();
    let all = guarded.tokens.add("all", &["*"], &[Admin]);
    let limited = guarded.tokens.add("limited", &["mine"], &[Admin]);
    let mut owner = storage(&guarded, &all).await;
    for (project, one, parent) in
        [("mine", "r-mine", ""), ("other", "r-other", "r-mine"), ("mine", "r-below", "r-other")]
    {
        run(&mut owner, project, one, parent).await;
    }
    bus(&guarded, &all).await.append_message(append("other", "x")).await.expect("an append");
    bus(&guarded, &all).await.append_message(append("mine", "x")).await.expect("an append");

    let mut mine = storage(&guarded, &limited).await;
    let projects = mine.list_projects(pb::ListProjectsRequest::default()).await;
    let projects = projects.expect("a list").into_inner().projects;
    assert_eq!(projects.iter().map(|it| it.project_id.as_str()).collect::<Vec<_>>(), ["mine"]);
    let runs = mine.list_runs(pb::ListRunsRequest::default()).await.expect("a list").into_inner();
    let ids: Vec<&str> = runs.runs.iter().map(|run| run.run_id.as_str()).collect();
    assert_eq!(ids, ["r-below", "r-mine"]);
    let buses = bus(&guarded, &limited).await.list_buses(pb::ListBusesRequest::default()).await;
    let buses = buses.expect("a list").into_inner().buses;
    assert!(buses.iter().all(|bus| bus.project_id == "mine"));
    assert!(!buses.is_empty());
    let tree = pb::GetRunTreeRequest {
        project_id: "mine".into(),
        task_id: "t".into(),
        ..Default::default()
    };
    let tree = mine.get_run_tree(tree).await.expect("a tree").into_inner();
    assert!(!format!("{tree:?}").contains("other/t"), "{tree:?}");

    let mut watch = mine.watch(pb::WatchRequest::default()).await.expect("a watch").into_inner();
    let mut seen = String::new();
    while let Some(frame) = watch.message().await.expect("a frame") {
        let is_synced = format!("{frame:?}").contains("Synced");
        seen.push_str(&format!("{frame:?}"));
        if is_synced {
            break;
        }
    }
    assert!(seen.contains("r-mine") && !seen.contains("project_id: \"other\""), "{seen}");

    for run_id in ["r-mine", "r-other"] {
        let end = pb::UpdateRunStatusRequest {
            run_id: run_id.into(),
            status: "failed".into(),
            ..Default::default()
        };
        owner.update_run_status(end.clone()).await.expect("ended");
        assert_refused(
            mine.update_run_status(end).await,
            Code::PermissionDenied,
            "NOT_ALLOWED",
            "name the project as well",
        );
    }
    let clean_up = pb::CleanUpRunsRequest {
        older_than: Some(prost_types::Duration::default()),
        dry_run: Some(false),
        ..Default::default()
    };
    let removed = mine.clean_up_runs(clean_up).await.expect("a clean-up").into_inner();
    assert_eq!(removed.run_count, 1, "{removed:?}");
    let left = owner.list_runs(pb::ListRunsRequest::default()).await.expect("a list").into_inner();
    let ids: Vec<&str> = left.runs.iter().map(|run| run.run_id.as_str()).collect();
    assert_eq!(ids, ["r-below", "r-other"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_the_same_id_out_of_reach_moves_none_in_the_tree() {
    let guarded = Guarded::start();
    let all = guarded.tokens.add("all", &["*"], &[Admin]);
    let limited = guarded.tokens.add("limited", &["mine"], &[Read]);
    let mut owner = storage(&guarded, &all).await;
    for (project, one, parent) in
        [("mine", "top", ""), ("mine", "twin", "top"), ("a", "twin", "else"), ("z", "twin", "")]
    {
        run(&mut owner, project, one, parent).await;
    }
    let tree = pb::GetRunTreeRequest {
        project_id: "mine".into(),
        task_id: "t".into(),
        ..Default::default()
    };
    let mut mine = storage(&guarded, &limited).await;
    let nodes = mine.get_run_tree(tree).await.expect("a tree").into_inner().nodes;
    let shown = nodes.iter().map(|node| {
        (node.run.as_ref().map(|run| run.run_id.as_str()).unwrap_or_default(), node.depth)
    });
    assert_eq!(shown.collect::<Vec<_>>(), [("top", 0), ("twin", 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_of_a_stream_and_the_header_of_an_upload_are_checked() {
    let guarded = Guarded::start();
    let limited = guarded.tokens.add("limited", &["mine"], &[Write]);
    let mut writer = bus(&guarded, &limited).await;
    let requests = ["mine", "other", "mine"].map(|project| pb::AppendStreamRequest {
        message: append(project, "x").message,
        ..Default::default()
    });
    let answers = writer.append_stream(tokio_stream::iter(requests)).await.expect("a stream");
    let mut answers = answers.into_inner();
    assert!(answers.message().await.expect("the first is allowed").is_some());
    let refused = answers.message().await;
    assert_refused(refused, Code::PermissionDenied, "NOT_ALLOWED", "in project other");
    let projects: Vec<_> = std::fs::read_dir(guarded.server.root()).expect("the root").collect();
    assert_eq!(projects.len(), 2, "mine, and the private folder: {projects:?}");

    let header = |project: &str| pb::UploadArtifactRequest {
        part: Some(pb::upload_artifact_request::Part::Header(
            pb::upload_artifact_request::Header {
                project_id: project.into(),
                task_id: "t".into(),
                name: "a".into(),
                ..Default::default()
            },
        )),
    };
    let mut uploader = storage(&guarded, &limited).await;
    let upload = uploader.upload_artifact(tokio_stream::iter([header("other")])).await;
    assert_refused(upload, Code::PermissionDenied, "NOT_ALLOWED", "in project other");
    let upload = uploader.upload_artifact(tokio_stream::iter([header("mine")])).await;
    assert_refused(upload, Code::NotFound, "TASK_NOT_FOUND", "t");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_of_another_project_names_no_path_of_it() {
    let guarded = Guarded::start();
    let all = guarded.tokens.add("all", &["*"], &[Admin]);
    let limited = guarded.tokens.add("limited", &["mine"], &[Write]);
    let create = |project: &str| pb::CreateTaskRequest {
        project_id: project.into(),
        task_id: "secret-name".into(),
        description: project.into(),
        request_id: "same".into(),
        ..Default::default()
    };
    storage(&guarded, &all).await.create_task(create("other")).await.expect("a task");
    let refused = storage(&guarded, &limited).await.create_task(create("mine")).await;
    let status = refused.expect_err("it was used before");
    assert!(!format!("{status:?}").contains("other/"), "{status:?}");
    assert_refused(Err::<(), _>(status), Code::AlreadyExists, "REQUEST_ID_REUSED", "not shown");
}
