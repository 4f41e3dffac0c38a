//! Processes that die: what changes without any file.

use std::process::{Command, Stdio};

use callboard::grpc::pb;
use pb::watch_response::Frame;

use super::{Watch, every};
use crate::server::Server;
use crate::storage_client::{StorageClient, new_run};

#[tokio::test]
async fn a_process_that_dies_is_noticed_though_no_file_changes() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let mut child =
        Command::new("sleep").arg("600").stdout(Stdio::null()).spawn().expect("a process");
    let pid = i32::try_from(child.id()).expect("a pid");
    let run = pb::CreateRunRequest { pid, ..new_run("demo", "t", "r") };
    client.create_run(run).await.expect("a run");
    let record = server.root().join("demo/t/runs/r/run-info.yaml");
    let before = std::fs::read(&record).expect("the record");
    let request = pb::WatchRequest { heartbeat_interval: every(1200), ..Default::default() };
    let mut watch = Watch::open(&mut client, request).await;
    watch.snapshot().await;
    // By then it was looked at again, and no file of it had changed.
    while !matches!(watch.try_frame().await.expect("a frame"), Frame::Heartbeat(_)) {}
    let alive = client.run("r").await;
    assert_eq!(alive.liveness(), pb::Liveness::Alive);
    child.kill().expect("it was there");
    child.wait().expect("it was ours");
    let lost = watch.run("r", |run| run.liveness() == pb::Liveness::Lost).await;
    assert_eq!(pb::Run { liveness: alive.liveness, ..lost }, alive, "and nothing else changed");
    assert_eq!(std::fs::read(&record).expect("the record"), before);
}
