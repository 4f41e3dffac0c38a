//! One bad file, symlink or stray thing hides no other.

use std::fs;
use std::os::unix::fs::symlink;

use callboard::grpc::pb;
use tonic::Code;

use super::{get, ids, names, put, text};
use crate::client::assert_refused;
use crate::server::Server;
use crate::storage_client::{StorageClient, new_run, new_task};

fn describe(task: &str) -> pb::UpdateTaskRequest {
    pb::UpdateTaskRequest {
        project_id: "p".into(),
        task_id: task.into(),
        description: "new".into(),
        depends_on: vec!["new".into()],
        ..Default::default()
    }
}

#[tokio::test]
async fn a_damaged_task_is_listed_with_its_problem_between_its_neighbours() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let damaged = [
        ("a", &b"{"[..]),
        ("b", b""),
        ("c", b"[]"),
        ("d", b"{\"status\": 5}"),
        ("e", b"\xff"),
        ("f", b"{\"created_at\": \"yesterday\"}"),
    ];
    for (task, bytes) in damaged {
        put(server.root(), &format!("p/{task}/task.json"), bytes);
    }
    client.new_task("p", "z").await;
    let listed = client.tasks("p").await;
    assert_eq!(ids(&listed), ["z", "a", "b", "c", "d", "e", "f"]);
    assert_eq!(listed[0].problem, "");
    for (task, (id, bytes)) in listed[1..].iter().zip(damaged) {
        let path = format!("p/{id}/task.json");
        assert!(task.problem.contains(&path), "{task:?}");
        assert_eq!(task.status, "");
        let refused = client.get_task(get("p", id)).await;
        assert_refused(refused, Code::DataLoss, "CORRUPT_DOCUMENT", &path);
        let refused = client.update_task(describe(id)).await;
        assert_refused(refused, Code::DataLoss, "CORRUPT_DOCUMENT", &path);
        let refused = client.create_task(new_task("p", id)).await;
        assert_refused(refused, Code::AlreadyExists, "TASK_EXISTS", id);
        assert_eq!(fs::read(server.root().join(&path)).expect("the file"), bytes);
    }
}

#[tokio::test]
async fn a_damaged_configuration_is_a_problem_of_its_task_and_is_not_written_over() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "t").await;
    let config = put(server.root(), "p/t/TASK-CONFIG.yaml", "- a\n");
    let task = client.task("p", "t").await;
    assert!(task.problem.contains("TASK-CONFIG.yaml") && task.status == "pending", "{task:?}");
    let refused = client.update_task(describe("t")).await;
    assert_refused(refused, Code::DataLoss, "CORRUPT_DOCUMENT", "TASK-CONFIG.yaml");
    assert_eq!(text(&config), "- a\n");
    let unchanged = client.task("p", "t").await;
    assert_eq!((unchanged.description, unchanged.etag), (task.description, task.etag));
    let projects = || pb::ListProjectsRequest::default();
    let folders = put(server.root(), "p/home-folders.md", "- a\n");
    client.new_task("q", "t").await;
    let listed = client.list_projects(projects()).await.expect("a page").projects;
    assert!(listed[0].problem.contains("home-folders.md") && listed[1].problem.is_empty());
    let one = pb::GetProjectRequest { project_id: "p".into() };
    let refused = client.get_project(one).await;
    assert_refused(refused, Code::DataLoss, "CORRUPT_DOCUMENT", "home-folders.md");
    let update = pb::UpdateProjectRequest {
        project_id: "p".into(),
        project_root: "/x".into(),
        ..Default::default()
    };
    let refused = client.update_project(update).await;
    assert_refused(refused, Code::DataLoss, "CORRUPT_DOCUMENT", "home-folders.md");
    assert_eq!(text(&folders), "- a\n");
}

#[tokio::test]
async fn a_symlinked_document_is_refused_and_never_followed() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let outside = tempfile::tempdir().expect("a folder");
    let secret = put(outside.path(), "secret", "{\"description\":\"secret\"}");
    client.new_task("p", "neighbour").await;
    for (task, document) in
        [("a", "task.json"), ("b", "TASK.md"), ("c", "TASK-CONFIG.yaml"), ("d", "TASK_STATE.md")]
    {
        put(server.root(), &format!("p/{task}/runs/keep"), "");
        symlink(&secret, server.root().join("p").join(task).join(document)).expect("a link");
    }
    let listed = client.tasks("p").await;
    assert_eq!(ids(&listed), ["neighbour", "a", "b", "c", "d"]);
    for (task, document) in [("a", "task.json"), ("c", "TASK-CONFIG.yaml"), ("d", "TASK_STATE.md")]
    {
        let shown = listed.iter().find(|it| it.task_id == task).expect("listed");
        assert!(shown.problem.contains(document), "{shown:?}");
    }
    assert!(!format!("{listed:?}").contains("secret"), "{listed:?}");
    let refuses = async |client: &mut StorageClient, task: &str| {
        let refused = client.get_task(get("p", task)).await;
        assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", task);
    };
    refuses(&mut client, "a").await;
    refuses(&mut client, "b").await;
    let prompt = pb::UpdateTaskRequest { prompt: "mine".into(), ..describe("b") };
    let refused = client.update_task(prompt).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "TASK.md");
    let state = pb::SetTaskStateRequest {
        project_id: "p".into(),
        task_id: "d".into(),
        state_status: "mine".into(),
        ..Default::default()
    };
    let refused = client.set_task_state(state).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "TASK_STATE.md");
    for task in ["a", "c"] {
        let refused = client.update_task(describe(task)).await;
        assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", task);
    }
    assert_eq!(text(&secret), "{\"description\":\"secret\"}");
    assert_eq!(names(outside.path()), ["secret"]);
}

#[tokio::test]
async fn a_symlinked_project_task_or_folder_of_runs_is_refused_and_nothing_is_made_behind_it() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let outside = tempfile::tempdir().expect("a folder");
    put(outside.path(), "project/t/task.json", "{\"description\":\"secret\"}");
    put(outside.path(), "task/TASK.md", "secret");
    fs::create_dir(outside.path().join("runs")).expect("a folder");
    client.new_task("p", "t").await;
    symlink(outside.path().join("project"), server.root().join("linked")).expect("a link");
    symlink(outside.path().join("task"), server.root().join("p/linked")).expect("a link");
    symlink(outside.path().join("runs"), server.root().join("p/t/runs")).expect("a link");

    let projects = client.list_projects(pb::ListProjectsRequest::default()).await.expect("a page");
    let shown: Vec<(&str, bool)> = projects
        .projects
        .iter()
        .map(|project| (project.project_id.as_str(), project.problem.contains("symlink")))
        .collect();
    assert_eq!(shown, [("linked", true), ("p", false)]);
    assert_eq!(ids(&client.tasks("p").await), ["t"]);
    let denied = |status: Result<(), tonic::Status>| {
        assert_refused(status, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "symlink");
    };
    denied(client.get_task(get("linked", "t")).await.map(drop));
    denied(client.get_task(get("p", "linked")).await.map(drop));
    denied(client.create_task(new_task("linked", "u")).await.map(drop));
    denied(client.create_task(new_task("p", "linked")).await.map(drop));
    denied(client.create_run(new_run("linked", "t", "r")).await.map(drop));
    denied(client.create_run(new_run("p", "linked", "r")).await.map(drop));
    denied(client.create_run(new_run("p", "t", "r")).await.map(drop));
    let listing = pb::ListTasksRequest { project_id: "linked".into(), ..Default::default() };
    denied(client.list_tasks(listing).await.map(drop));
    let state = pb::SetTaskStateRequest {
        project_id: "p".into(),
        task_id: "linked".into(),
        state_status: "x".into(),
        ..Default::default()
    };
    denied(client.set_task_state(state).await.map(drop));
    assert!(client.runs("", "").await.is_empty(), "a list of everything goes on");
    assert_eq!(names(outside.path()), ["project", "runs", "task"]);
    assert_eq!(names(&outside.path().join("project")), ["t"]);
    assert_eq!(names(&outside.path().join("project/t")), ["task.json"]);
    assert_eq!(names(&outside.path().join("task")), ["TASK.md"]);
    assert_eq!(names(&outside.path().join("runs")), [""; 0]);
}

#[tokio::test]
async fn stray_files_and_dotted_folders_are_no_projects_tasks_or_runs() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("p", "t", "r").await;
    for path in ["README.md", "p/notes.txt", "p/t/scratch", "p/t/runs/index.json", ".git/HEAD"] {
        put(server.root(), path, "x");
    }
    put(server.root(), "p/.cache/TASK.md", "x");
    put(server.root(), "p/t/runs/.tmp-1/run-info.yaml", "status: running\n");
    put(server.root(), "p/docs/page.md", "no task");
    let projects = client.list_projects(pb::ListProjectsRequest::default()).await.expect("a page");
    assert_eq!(projects.projects.len(), 1);
    assert_eq!(ids(&client.tasks("p").await), ["t"]);
    let runs = client.runs("", "").await;
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!(runs[0].run_id, "r");
    let refused = client.get_task(get("p", "docs")).await;
    assert_refused(refused, Code::NotFound, "TASK_NOT_FOUND", "docs");
    // A file in the way of a task is not replaced.
    let refused = client.create_task(new_task("p", "notes.txt")).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "notes.txt");
    assert_eq!(text(&server.root().join("p/notes.txt")), "x");
}
