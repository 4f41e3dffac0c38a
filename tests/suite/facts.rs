//! Facts: what somebody found out about a project or a task, a file each. That a watch
//! sees them is with the other things that are watched.

mod bodies;
mod foreign;
mod lists;
mod writing;

use std::fs;
use std::path::{Path, PathBuf};

use callboard::grpc::pb;
use tonic::Status;

use crate::server::Server;
use crate::storage_client::StorageClient;

/// Starts a server with task `p/t`.
async fn with_task() -> (Server, StorageClient) {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "t").await;
    (server, client)
}

/// The file of a fact; no task means the project.
fn file(server: &Server, task: &str, fact_id: &str) -> PathBuf {
    server.root().join("p").join(task).join(format!("{fact_id}.md"))
}

/// Puts a fact into its place as another program would.
fn put(server: &Server, task: &str, fact_id: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = file(server, task, fact_id);
    fs::write(&path, content).expect("written");
    path
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The facts about project `p` or its task.
fn of(task: &str) -> pb::ListFactsRequest {
    pb::ListFactsRequest { project_id: "p".into(), task_id: task.into(), ..Default::default() }
}

fn ids(facts: &[pb::Fact]) -> Vec<&str> {
    facts.iter().map(|fact| fact.fact_id.as_str()).collect()
}

/// Returns a fact with its body.
async fn get(client: &mut StorageClient, task: &str, fact_id: &str) -> Result<pb::Fact, Status> {
    let request = pb::GetFactRequest {
        project_id: "p".into(),
        task_id: task.into(),
        fact_id: fact_id.into(),
    };
    client.get_fact(request).await.map(|answer| answer.fact.expect("the fact"))
}

fn time(text: &str) -> Option<prost_types::Timestamp> {
    Some(text.parse().expect("a time"))
}
