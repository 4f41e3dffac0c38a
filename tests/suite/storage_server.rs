//! What holds of every method of Storage, and what the server says of itself.
//! The methods are taken from the descriptors, so that a new one is tested as well.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use callboard::clock::{Clock as _, SystemClock};
use callboard::config::ServiceLimits;
use callboard::grpc::pb;
use callboard::{host, limits};
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value,
};
use rustix::process::Signal;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

use crate::any_call::{self, Caller};
use crate::client::{channel, reason};
use crate::run_files::listing;
use crate::server::Server;
use crate::storage_client::StorageClient;

/// The methods of Storage.
fn methods() -> Vec<MethodDescriptor> {
    let methods = any_call::methods("Storage");
    assert!(methods.len() >= 44, "{}", methods.len());
    methods
}

/// Returns the field that the comments call required, the first if there are several.
fn required(message: &MessageDescriptor) -> Option<String> {
    let file = message.parent_file();
    let file = file.file_descriptor_proto();
    let comments: BTreeMap<&[i32], &str> = file
        .source_code_info
        .iter()
        .flat_map(|info| &info.location)
        .map(|location| (location.path.as_slice(), location.leading_comments()))
        .collect();
    let is_required = |field: &FieldDescriptor| {
        comments[field.path()].split_whitespace().any(|word| word == "Required.")
    };
    message.fields().find(is_required).map(|field| field.name().to_owned())
}

/// Makes a tree with something in it that must stay.
async fn with_tree() -> (Server, Vec<(PathBuf, u64, SystemTime)>) {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("demo", "t").await;
    client.new_run("demo", "t", "r").await;
    let before = listing(around(&server));
    (server, before)
}

/// The folder that the root is in.
fn around(server: &Server) -> &Path {
    server.root().parent().expect("a folder")
}

#[tokio::test]
async fn every_method_refuses_an_empty_request_unless_that_means_everything() {
    let (server, before) = with_tree().await;
    let mut caller = Caller::connect(&server).await;
    let everything = ["GetServerInfo", "ListProjects", "ListRuns", "ReconcileRuns", "Watch"];
    for method in methods() {
        let name = method.name();
        let answer = caller.call(&method, &DynamicMessage::new(method.input())).await;
        if everything.contains(&name) {
            assert!(answer.is_ok(), "{name}: {answer:?}");
            continue;
        }
        let expected = match name {
            // A task, or a run: neither alone is required.
            "GetRunTree" => "run_id".to_owned(),
            // All that it requires is in its first part.
            "UploadArtifact" => "part".to_owned(),
            _ => required(&method.input()).unwrap_or_else(|| panic!("{name} requires nothing")),
        };
        let status = answer.expect_err(name);
        assert_eq!(status.code(), Code::InvalidArgument, "{name}: {status:?}");
        assert_eq!(reason(&status), "REQUIRED_FIELD", "{name}: {status:?}");
        let metadata = status.get_details_error_info().expect("its info").metadata;
        assert_eq!(metadata["field"], expected, "{name}");
        assert!(status.message().contains(&expected), "{name}: {}", status.message());
    }
    assert_eq!(listing(around(&server)), before);
}

#[tokio::test]
async fn every_method_refuses_bad_ids_and_touches_nothing() {
    let (server, before) = with_tree().await;
    let mut caller = Caller::connect(&server).await;
    let long = "x".repeat(300);
    let bad = [
        ("..", "PATH_TRAVERSAL"),
        (".", "PATH_TRAVERSAL"),
        ("a/b", "PATH_TRAVERSAL"),
        ("/etc", "PATH_TRAVERSAL"),
        ("../../outside", "PATH_TRAVERSAL"),
        ("a\0b", "INVALID_ID"),
        ("a\nb", "INVALID_ID"),
        (&long, "INVALID_ID"),
        (".hidden", "INVALID_ID"),
        (".callboard", "INVALID_ID"),
        (" ", "INVALID_ID"),
    ];
    let mut calls = 0;
    for method in methods() {
        let is_id = |field: &FieldDescriptor| {
            let name = field.name();
            let names_a_thing = ["project_id", "task_id", "depends_on", "fact_id"].contains(&name)
                || name.ends_with("run_id");
            names_a_thing && matches!(field.kind(), Kind::String)
        };
        for field in method.input().fields().filter(is_id) {
            for (id, expected) in bad {
                let mut request = any_call::filled(&method, "demo");
                let id = Value::String(id.into());
                let id = if field.is_list() { Value::List(vec![id]) } else { id };
                request.set_field(&field, id);
                let what = format!("{} with {} {expected}", method.name(), field.name());
                let status = caller.call(&method, &request).await.expect_err(&what);
                assert_eq!(status.code(), Code::InvalidArgument, "{what}: {status:?}");
                assert_eq!(reason(&status), expected, "{what}: {status:?}");
                let metadata = status.get_details_error_info().expect("its info").metadata;
                assert_eq!(metadata["field"], field.name(), "{what}");
                calls += 1;
            }
        }
    }
    assert!(calls > 700, "{calls} calls");
    assert_eq!(listing(around(&server)), before);
}

#[tokio::test]
async fn a_new_project_task_or_run_has_an_id_of_the_form_for_new_ones() {
    let (server, before) = with_tree().await;
    let mut client = StorageClient::connect(&server).await;
    let long = "x".repeat(129);
    for id in ["Demo", "a_b", "-a", "a-", "a b", "ü", "a.b", "a.tmp", &long] {
        let project_id = id.to_owned();
        let project = pb::CreateProjectRequest { project_id, ..Default::default() };
        let in_project = crate::storage_client::new_task(id, "t");
        let run = crate::storage_client::new_run(id, "t", "");
        for refused in [
            client.create_project(project).await.map(|_| ()),
            client.create_task(in_project).await.map(|_| ()),
            client.create_run(run).await.map(|_| ()),
        ] {
            assert_eq!(reason(&refused.expect_err(id)), "INVALID_ID", "{id}");
        }
    }
    for id in [
        "-a",
        "_a",
        "a b",
        "ü",
        "a.tmp",
        "a.lock",
        "a.archived",
        "a.torn",
        "a.damaged",
        "a:b",
        &long,
    ] {
        let task = crate::storage_client::new_task("demo", id);
        let run = crate::storage_client::new_run("demo", "t", id);
        let in_task = crate::storage_client::new_run("demo", id, "");
        for refused in [
            client.create_task(task).await.map(|_| ()),
            client.create_run(run).await.map(|_| ()),
            client.create_run(in_task).await.map(|_| ()),
        ] {
            assert_eq!(reason(&refused.expect_err(id)), "INVALID_ID", "{id}");
        }
    }
    assert_eq!(listing(around(&server)), before);
}

#[tokio::test]
async fn the_server_says_what_it_is() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let info = client.get_server_info(pb::GetServerInfoRequest {}).await.expect("an answer");
    assert_eq!(info.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(info.backend, "files");
    assert_eq!(info.host, host::name());
    assert!(!info.host.is_empty());
    let root = fs::canonicalize(server.root()).expect("the root");
    assert_eq!(Path::new(&info.root), root);
    assert_eq!(u32::try_from(info.pid), Ok(server.pid()));
    let time = |time: Option<prost_types::Timestamp>| {
        SystemTime::try_from(time.expect("a time")).expect("a time")
    };
    let (started_at, now) = (time(info.started_at), time(info.now));
    assert!(started_at <= now && now <= SystemTime::from(SystemClock.now()));
    assert!(info.free_bytes > 0);
    let set = ServiceLimits::default().announced();
    let set = set.map(|(name, limit)| (name, i64::try_from(limit).expect("a limit")));
    let announced: BTreeMap<&str, i64> = limits::ANNOUNCED.iter().copied().chain(set).collect();
    let told: BTreeMap<&str, i64> =
        info.limits.iter().map(|(name, limit)| (name.as_str(), *limit)).collect();
    assert_eq!(told, announced);
    assert_eq!(told["RUN_OUTPUT_CHUNK_BYTES_MAX"], 1 << 20);
    for feature in [
        "foreign_writers",
        "request_ids",
        "etags",
        "watch",
        "checkpoints",
        "task_logs",
        "artifacts",
        "facts",
        "run_meta",
    ] {
        assert!(info.features.iter().any(|one| one == feature), "{feature}: {:?}", info.features);
    }
    let later = client.get_server_info(pb::GetServerInfoRequest {}).await.expect("an answer");
    assert_eq!(time(later.started_at), started_at);
    assert!(time(later.now) >= now);
}

// The client must go on working while the test waits for the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_health_of_storage_is_served_and_says_when_it_ends() {
    let mut server = Server::start();
    let mut health = HealthClient::new(channel(server.addr()).await);
    let request = || HealthCheckRequest { service: "callboard.v1.Storage".into() };
    assert_eq!(health.check(request()).await.expect("an answer").into_inner().status, 1);
    let mut watch = health.watch(request()).await.expect("a watch").into_inner();
    assert_eq!(watch.message().await.expect("a status").expect("a status").status, 1);
    server.signal(Signal::TERM);
    // It is told that it does not serve any more, unless the end comes first.
    while let Ok(Some(answer)) = watch.message().await {
        assert_eq!(answer.status, 2);
    }
    assert_eq!(server.ended().code(), Some(0));
}
