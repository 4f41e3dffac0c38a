//! Removing runs, tasks and projects.

use std::fs;
use std::path::Path;

use callboard::grpc::pb;
use tonic::Code;

use super::{Sleeper, ids, put, run_of};
use crate::client::{assert_refused, eventually};
use crate::server::Server;
use crate::storage_client::{StorageClient, new_run};

fn run(id: &str) -> pb::DeleteRunRequest {
    pb::DeleteRunRequest { run_id: id.into(), ..Default::default() }
}

fn task(id: &str) -> pb::DeleteTaskRequest {
    pb::DeleteTaskRequest { project_id: "p".into(), task_id: id.into(), ..Default::default() }
}

fn project(id: &str) -> pb::DeleteProjectRequest {
    pb::DeleteProjectRequest { project_id: id.into(), ..Default::default() }
}

/// Waits until nothing is left of what was removed.
async fn trash_is_empty(root: &Path) {
    let trash = root.join(".callboard/trash");
    eventually("the trash is emptied", async || {
        fs::read_dir(&trash).is_ok_and(|mut entries| entries.next().is_none())
    })
    .await;
}

#[tokio::test]
async fn a_removed_run_is_gone_with_its_files_and_its_id_is_free_again() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("p", "t", "r").await;
    client.new_run("p", "t", "s").await;
    put(server.root(), "p/t/runs/r/logs/deep/er/x.log", "x");
    assert!(client.delete_run(run("r")).await.expect("deleted").existed);
    assert!(!server.root().join("p/t/runs/r").exists());
    assert_refused(client.try_run("r").await, Code::NotFound, "RUN_NOT_FOUND", "r");
    assert_eq!(ids(&client.runs("p", "t").await), ["s"]);
    trash_is_empty(server.root()).await;
    assert_refused(client.delete_run(run("r")).await, Code::NotFound, "RUN_NOT_FOUND", "r");
    let fine = pb::DeleteRunRequest { allow_missing: true, ..run("r") };
    assert!(!client.delete_run(fine).await.expect("fine").existed);
    client.new_run("p", "t", "r").await;
    assert_eq!(client.run("r").await.status, "running");
}

#[tokio::test]
async fn what_lives_is_removed_by_force_only() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let process = Sleeper::start();
    for id in ["r", "s"] {
        client.create_run(run_of(id, &process)).await.expect("a run");
    }
    let refused = client.delete_run(run("r")).await;
    assert_refused(refused, Code::FailedPrecondition, "RUN_ACTIVE", "p/t/r");
    let fine = pb::DeleteRunRequest { allow_missing: true, ..run("r") };
    assert_refused(client.delete_run(fine).await, Code::FailedPrecondition, "RUN_ACTIVE", "r");
    let refused = client.delete_task(task("t")).await;
    assert_refused(refused, Code::FailedPrecondition, "RUN_ACTIVE", "p/t/r");
    assert_eq!(client.runs("p", "t").await.len(), 2, "nothing is gone");
    client.delete_run(pb::DeleteRunRequest { force: true, ..run("r") }).await.expect("by force");
    client.delete_task(pb::DeleteTaskRequest { force: true, ..task("t") }).await.expect("by force");
    assert!(!server.root().join("p/t").exists());
    assert_refused(client.try_run("s").await, Code::NotFound, "RUN_NOT_FOUND", "s");
    // One that is lost, remote or ended does not stand in the way.
    client.create_run(run_of("lost", &process)).await.expect("a run");
    client.create_run(new_run("p", "t", "remote")).await.expect("a run");
    drop(process);
    client.delete_task(task("t")).await.expect("deleted");
    trash_is_empty(server.root()).await;
}

#[tokio::test]
async fn a_removed_task_is_gone_with_its_runs_and_its_bus() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "t").await;
    client.new_task("p", "u").await;
    client.new_run("p", "t", "r").await;
    put(server.root(), "p/t/TASK-MESSAGE-BUS.md", "---\n");
    assert!(client.delete_task(task("t")).await.expect("deleted").existed);
    assert!(!server.root().join("p/t").exists());
    assert_refused(client.try_run("r").await, Code::NotFound, "RUN_NOT_FOUND", "r");
    let left: Vec<_> = client.tasks("p").await.into_iter().map(|task| task.task_id).collect();
    assert_eq!(left, ["u"]);
    assert_refused(client.delete_task(task("t")).await, Code::NotFound, "TASK_NOT_FOUND", "p/t");
    let elsewhere = pb::DeleteTaskRequest { project_id: "x".into(), ..task("t") };
    let refused = client.delete_task(elsewhere).await;
    assert_refused(refused, Code::NotFound, "PROJECT_NOT_FOUND", "x");
    let fine = pb::DeleteTaskRequest { allow_missing: true, ..task("t") };
    assert!(!client.delete_task(fine).await.expect("fine").existed);
    client.new_task("p", "t").await;
    assert!(client.runs("p", "t").await.is_empty(), "nothing of the old one comes back");
    trash_is_empty(server.root()).await;
}

#[tokio::test]
async fn a_project_that_holds_something_is_removed_by_force_only() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let create = pb::CreateProjectRequest {
        project_id: "p".into(),
        project_root: "/src".into(),
        ..Default::default()
    };
    client.create_project(create.clone()).await.expect("a project");
    let update = pb::UpdateProjectRequest {
        project_id: "p".into(),
        project_root: "/other".into(),
        ..Default::default()
    };
    client.update_project(update).await.expect("an update");
    assert!(client.delete_project(project("p")).await.expect("only ours in it").existed);
    for content in ["p/t/TASK.md", "p/PROJECT-MESSAGE-BUS.md", "p/notes.txt", "p/.hidden"] {
        client.create_project(create.clone()).await.expect("a project");
        let kept = put(server.root(), content, "x");
        let refused = client.delete_project(project("p")).await;
        assert_refused(refused, Code::FailedPrecondition, "NOT_EMPTY", "p");
        assert!(kept.exists());
        let by_force = pb::DeleteProjectRequest { force: true, ..project("p") };
        assert!(client.delete_project(by_force).await.expect("by force").existed);
        assert!(!server.root().join("p").exists());
    }
    let refused = client.delete_project(project("p")).await;
    assert_refused(refused, Code::NotFound, "PROJECT_NOT_FOUND", "p");
    let fine = pb::DeleteProjectRequest { allow_missing: true, ..project("p") };
    assert!(!client.delete_project(fine).await.expect("fine").existed);
    trash_is_empty(server.root()).await;
}

#[tokio::test]
async fn what_a_server_that_was_killed_had_left_of_a_removal_is_removed_by_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), ".callboard/trash/1/run-info.yaml", "x");
    put(folder.path(), ".callboard/staging/2/run-info.yaml", "x");
    let server = Server::start_on(folder.path());
    trash_is_empty(folder.path()).await;
    eventually("nothing half-made is left", async || {
        fs::read_dir(folder.path().join(".callboard/staging")).expect("the folder").next().is_none()
    })
    .await;
    let mut client = StorageClient::connect(&server).await;
    assert!(client.runs("", "").await.is_empty());
}
