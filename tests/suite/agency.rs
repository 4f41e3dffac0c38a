//! The folder of a run, its meta.json and its events. The lines are those of the cases
//! that the program which first kept runs so is tested with, and of those that it fails.
//!
//! | line | tests |
//! |---|---|
//! | creating | `creation`; of many that create one: `storage_concurrency::creations` |
//! | the bytes of meta.json | `meta_file` |
//! | the worktree | `worktree` |
//! | reading | `reading` |
//! | updating | `updating` |
//! | lists | `lists`; their order and scopes: `runs::paging` |
//! | the runner and its command | `meta_file::the_runner_and_its_command_are_two_fields_and_stay_two` |
//! | events.jsonl | `events` |
//! | the clock | `clock` |

mod clock;
mod creation;
mod events;
mod lists;
mod meta_file;
mod reading;
mod updating;
mod worktree;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use callboard::grpc::pb;
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::server::Server;
use crate::storage_client::{StorageClient, new_run};

/// A worktree that is always there.
const WORKTREE: &str = "/usr";

/// What is kept of a run, with nothing but what it must have.
fn least() -> pb::RunMeta {
    pb::RunMeta { worktree_path: WORKTREE.into(), ..Default::default() }
}

/// A run of task `p/t` to create, of which something is kept.
fn with_meta(run: &str, meta: pb::RunMeta) -> pb::CreateRunRequest {
    pb::CreateRunRequest { meta: Some(meta), ..new_run("p", "t", run) }
}

/// Starts a server with run `r` of task `p/t`, of which the least is kept.
async fn with_run() -> (Server, StorageClient) {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.create_run(with_meta("r", least())).await.expect("a run");
    (server, client)
}

/// A file of a run of task `p/t`.
fn file(server: &Server, run: &str, name: &str) -> PathBuf {
    server.root().join("p/t/runs").join(run).join(name)
}

/// Puts a file into a run of task `p/t` as another program would.
fn put(server: &Server, run: &str, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = file(server, run, name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
    fs::write(&path, content).expect("written");
    path
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    names.sort();
    names
}

/// What an error tells beside its reason.
fn details(status: &Status) -> HashMap<String, String> {
    status.get_details_error_info().expect("its info").metadata
}

fn time(text: &str) -> Option<prost_types::Timestamp> {
    Some(text.parse().expect("a time"))
}
