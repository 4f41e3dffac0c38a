//! The worktree that a run must have.

use std::fs;

use callboard::grpc::pb;
use tonic::Code;

use super::{details, file, least, put, with_meta};
use crate::client::assert_refused;
use crate::server::Server;
use crate::storage_client::StorageClient;

fn at(path: &str) -> pb::RunMeta {
    pb::RunMeta { worktree_path: path.into(), ..least() }
}

#[tokio::test]
async fn a_worktree_that_does_not_exist_or_is_no_folder_is_refused_before_anything_is_made() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let outside = tempfile::tempdir().expect("a folder");
    let a_file = outside.path().join("file");
    fs::write(&a_file, "x").expect("written");
    let missing = outside.path().join("missing");
    for path in [missing.to_str(), a_file.to_str()] {
        let path = path.expect("text");
        let refused = client.create_run(with_meta("r", at(path))).await;
        let info = details(refused.as_ref().expect_err(path));
        assert_eq!(info["worktree_path"], path);
        assert_refused(refused, Code::FailedPrecondition, "WORKTREE_MISSING", path);
    }
    // A relative path means nothing to a server.
    for path in ["usr", ".", "../usr"] {
        let refused = client.create_run(with_meta("r", at(path))).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "meta.worktree_path");
    }
    let refused = client.create_run(with_meta("r", at(""))).await;
    assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", "meta.worktree_path");
    assert!(!server.root().join("p").exists(), "nothing was made");
    fs::create_dir(&missing).expect("a folder");
    let there = missing.to_str().expect("text");
    client.create_run(with_meta("r", at(there))).await.expect("it is there now");
    // The run goes on when its worktree goes away.
    fs::remove_dir(&missing).expect("removed");
    let meta = client.meta("r").await.expect("the metadata");
    assert_eq!((meta.worktree_path.as_str(), meta.problem.as_str()), (there, ""));
    let title = pb::RunMeta { title: "on".into(), ..Default::default() };
    client.set_meta("r", title, &[]).await.expect("only a new file demands it");
}

#[tokio::test]
async fn the_worktree_of_a_run_on_another_host_is_not_looked_for() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let elsewhere = pb::CreateRunRequest {
        host: "elsewhere.example".into(),
        ..with_meta("r", at("/no/such/folder/here"))
    };
    client.create_run(elsewhere.clone()).await.expect("a run elsewhere");
    let here =
        pb::CreateRunRequest { host: callboard::host::name(), run_id: "here".into(), ..elsewhere };
    let refused = client.create_run(here).await;
    assert_refused(refused, Code::FailedPrecondition, "WORKTREE_MISSING", "/no/such");
}

#[tokio::test]
async fn an_update_that_creates_the_file_demands_a_worktree_that_exists() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let pid = i32::try_from(server.pid()).expect("a pid");
    let run = pb::CreateRunRequest { pid, ..crate::storage_client::new_run("p", "t", "r") };
    client.create_run(run).await.expect("a run");
    let title = pb::RunMeta { title: "new".into(), ..Default::default() };
    let refused = client.set_meta("r", title.clone(), &[]).await;
    assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", "meta.worktree_path");
    let missing = pb::RunMeta { worktree_path: "/no/such/folder/here".into(), ..title.clone() };
    let refused = client.set_meta("r", missing, &[]).await;
    assert_refused(refused, Code::FailedPrecondition, "WORKTREE_MISSING", "/no/such");
    assert!(!file(&server, "r", "meta.json").exists());
    let meta = client.set_meta("r", pb::RunMeta { ..least() }, &[]).await.expect("created");
    assert_eq!((meta.title.as_str(), meta.repo_id.as_str(), meta.run_id.as_str()), ("r", "p", "r"));
    assert_eq!((meta.runner.as_str(), meta.schema_version.as_str()), ("claude", "1.0"));
    // Also for a run that another program made, of which nothing else is known.
    put(&server, "foreign", "agent-type", "codex\n");
    let meta = client.set_meta("foreign", least(), &["worktree_path"]).await.expect("created");
    assert_eq!((meta.runner.as_str(), meta.run_id.as_str()), ("codex", "foreign"));
    // One on another host is not looked for.
    client.new_run("p", "t", "elsewhere").await;
    let elsewhere = pb::UpdateRunMetaRequest {
        run_id: "elsewhere".into(),
        host: "elsewhere.example".into(),
        meta: Some(at("/no/such/folder/here")),
        ..Default::default()
    };
    let made = client.update_run_meta(elsewhere).await.expect("created").meta.expect("the meta");
    assert_eq!(made.worktree_path, "/no/such/folder/here");
    let gone = client.set_meta("no-such-run", least(), &[]).await;
    assert_refused(gone, Code::NotFound, "RUN_NOT_FOUND", "no-such-run");
}

#[tokio::test]
async fn an_update_looks_for_the_worktree_of_a_run_without_a_process_too() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let update = |run: &str, host: &str| pb::UpdateRunMetaRequest {
        run_id: run.into(),
        host: host.into(),
        meta: Some(at("/no/such/folder/here")),
        ..Default::default()
    };
    client.new_run("p", "t", "ours").await;
    put(&server, "foreign", "agent-type", "codex\n");
    for run in ["ours", "foreign"] {
        for host in [String::new(), callboard::host::name()] {
            let refused = client.update_run_meta(update(run, &host)).await;
            assert_refused(refused, Code::FailedPrecondition, "WORKTREE_MISSING", "/no/such");
            assert!(!file(&server, run, "meta.json").exists(), "{run}");
        }
        client.update_run_meta(update(run, "elsewhere.example")).await.expect("not looked for");
        assert!(file(&server, run, "meta.json").exists(), "{run}");
    }
}
