//! Creating tasks, anew and out of folders that are there.

use std::fs;

use callboard::grpc::pb;
use tonic::Code;

use super::{get, ids, names, put, text};
use crate::client::{Client, assert_refused, message};
use crate::server::Server;
use crate::storage_client::{StorageClient, new_task};

#[tokio::test]
async fn a_new_task_has_its_documents_and_only_those_with_something_in_them() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let request = pb::CreateTaskRequest {
        description: "mend it".into(),
        prompt: "Do this.\nThen that.".into(),
        template: "default".into(),
        model: "opus".into(),
        depends_on: vec!["a".into(), "b c".into()],
        ..new_task("p", "t")
    };
    let task = client.create_task(request).await.expect("a task").task.expect("the task");
    assert_eq!(client.task("p", "t").await, task);
    let expected = pb::Task {
        project_id: "p".into(),
        task_id: "t".into(),
        description: "mend it".into(),
        template: "default".into(),
        model: "opus".into(),
        status: "pending".into(),
        current_step: 0,
        created_at: task.created_at,
        updated_at: task.created_at,
        completed_at: None,
        prompt: "Do this.\nThen that.".into(),
        depends_on: vec!["a".into(), "b c".into()],
        state_status: String::new(),
        done: false,
        etag: task.etag.clone(),
        problem: String::new(),
        schema_version: "1.0".into(),
        ..Default::default()
    };
    assert_eq!(task, expected);
    assert!(task.created_at.is_some() && !task.etag.is_empty());
    let folder = server.root().join("p/t");
    assert_eq!(names(&folder), ["TASK-CONFIG.yaml", "TASK.md", "task.json"]);
    assert_eq!(text(&folder.join("TASK.md")), "Do this.\nThen that.");
    assert_eq!(text(&folder.join("TASK-CONFIG.yaml")), "depends_on:\n    - a\n    - b c\n");
    let json = text(&folder.join("task.json"));
    assert!(json.starts_with("{\n  \"id\": \"t\",\n  \"workspace_name\": \"p\",\n"), "{json}");

    client.new_task("p", "bare").await;
    assert_eq!(names(&server.root().join("p/bare")), ["task.json"]);
    // Lists leave the prompt out.
    let listed = client.tasks("p").await;
    assert_eq!(listed[1], pb::Task { prompt: String::new(), ..task });
}

#[tokio::test]
async fn an_existing_task_is_not_created_again() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "t").await;
    let before = text(&server.root().join("p/t/task.json"));
    let other = pb::CreateTaskRequest { prompt: "other".into(), ..new_task("p", "t") };
    let refused = client.create_task(other).await;
    assert_refused(refused, Code::AlreadyExists, "TASK_EXISTS", "p/t");
    assert_eq!(names(&server.root().join("p/t")), ["task.json"]);
    assert_eq!(text(&server.root().join("p/t/task.json")), before);
    let project = pb::CreateProjectRequest { project_id: "p".into(), ..Default::default() };
    let refused = client.create_project(project).await;
    assert_refused(refused, Code::AlreadyExists, "PROJECT_EXISTS", "p");
}

#[tokio::test]
async fn a_folder_that_came_with_a_message_or_a_run_is_taken_over_as_it_is() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let mut bus = Client::connect(&server).await;
    bus.append(message("p", "messaged", "first")).await;
    client.new_run("p", "ran", "r").await;
    // What only holds messages is no task yet.
    let refused = client.get_task(get("p", "messaged")).await;
    assert_refused(refused, Code::NotFound, "TASK_NOT_FOUND", "messaged");
    assert_eq!(client.task("p", "ran").await.status, "");
    for task in ["messaged", "ran"] {
        let request = pb::CreateTaskRequest { prompt: "do it".into(), ..new_task("p", task) };
        let made = client.create_task(request).await.expect("taken over").task.expect("the task");
        assert_eq!((made.status.as_str(), made.prompt.as_str()), ("pending", "do it"));
    }
    assert_eq!(bus.read_all("p", "messaged").await.len(), 1);
    assert_eq!(client.run("r").await.task_id, "ran");
    let again = client.create_task(new_task("p", "ran")).await;
    assert_refused(again, Code::AlreadyExists, "TASK_EXISTS", "p/ran");
}

#[tokio::test]
async fn what_another_program_wrote_into_a_task_is_never_overwritten() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let prompt = put(server.root(), "p/t/TASK.md", "theirs");
    put(server.root(), "p/u/TASK-CONFIG.yaml", "depends_on: [x]\n");
    for (task, mine) in [("t", "mine"), ("t", ""), ("u", "")] {
        let request = pb::CreateTaskRequest { prompt: mine.into(), ..new_task("p", task) };
        let refused = client.create_task(request).await;
        assert_refused(refused, Code::AlreadyExists, "TASK_EXISTS", "another program");
        assert!(!server.root().join("p").join(task).join("task.json").exists());
    }
    assert_eq!(text(&prompt), "theirs");
    // The same is no contradiction.
    let same = pb::CreateTaskRequest { prompt: "theirs".into(), ..new_task("p", "t") };
    client.create_task(same).await.expect("taken over");
    assert_eq!(client.task("p", "t").await.prompt, "theirs");
    // One that is theirs alone becomes ours with an update.
    let update = pb::UpdateTaskRequest {
        project_id: "p".into(),
        task_id: "u".into(),
        description: "ours".into(),
        ..Default::default()
    };
    let task = client.update_task(update).await.expect("an update").task.expect("the task");
    assert_eq!((task.status.as_str(), task.depends_on), ("pending", vec!["x".to_owned()]));
}

#[tokio::test]
async fn an_id_is_made_of_time_and_description_and_twice_the_same_is_two_tasks() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let mut made = std::collections::BTreeSet::new();
    for description in ["Fix the login bug!", "Fix the login bug!", "Fix the login bug!", "", ""] {
        let request =
            pb::CreateTaskRequest { description: description.into(), ..new_task("p", "") };
        let task = client.create_task(request).await.expect("a task").task.expect("the task");
        let (stamp, slug) = (&task.task_id[..21], &task.task_id[21..]);
        let is_stamp = stamp.starts_with("task-20")
            && stamp.chars().filter(char::is_ascii_digit).count() == 14
            && stamp.ends_with('-');
        assert!(is_stamp, "{}", task.task_id);
        if description.is_empty() {
            assert_eq!(slug.len(), 6, "{}", task.task_id);
        } else {
            assert!(slug.starts_with("fix-the-login-bug"), "{}", task.task_id);
        }
        assert!(made.insert(task.task_id));
    }
    assert_eq!(client.tasks("p").await.len(), 5);
    for bad in ["x.lock", ".x", "a b", "ä", "-x"] {
        let refused = client.create_task(new_task("p", bad)).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_ID", "task_id");
    }
    for bad in ["P", "-p", "p-", "p.q", "p_q"] {
        let refused = client.create_task(new_task(bad, "t")).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_ID", "project_id");
        assert!(!server.root().join(bad).exists());
    }
}

#[tokio::test]
async fn tasks_are_listed_newest_first_by_their_record_else_by_their_id() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    assert!(client.tasks("p").await.is_empty(), "an absent project has no tasks");
    let json = |time: &str| format!("{{\"created_at\":\"{time}\",\"status\":\"running\"}}");
    put(server.root(), "p/by-record/task.json", json("2026-03-01T00:00:00+02:00"));
    put(server.root(), "p/task-20260201-000000-x/TASK.md", "x");
    put(server.root(), "p/task-20990101-000000-x/task.json", json("2026-01-01T00:00:00Z"));
    put(server.root(), "p/b-timeless/TASK.md", "x");
    put(server.root(), "p/a-timeless/TASK.md", "x");
    client.new_task("p", "new").await;
    let expected = [
        "new",
        "by-record",
        "task-20260201-000000-x",
        "task-20990101-000000-x",
        "a-timeless",
        "b-timeless",
    ];
    assert_eq!(ids(&client.tasks("p").await), expected);
    // A record that changes its time moves.
    put(server.root(), "p/by-record/task.json", json("2025-01-01T00:00:00Z"));
    assert_eq!(client.tasks("p").await[3].task_id, "by-record");
    let running = pb::ListTasksRequest {
        project_id: "p".into(),
        statuses: vec!["running".into()],
        ..Default::default()
    };
    let page = client.list_tasks(running).await.expect("a page");
    assert_eq!(ids(&page.tasks), ["task-20990101-000000-x", "by-record"]);
}

#[tokio::test]
async fn names_that_we_would_not_give_are_read_and_used() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let (project, task) = ("My Project", "Größe: 1, a..b");
    put(server.root(), &format!("{project}/{task}/TASK.md"), "do");
    let folder = format!("{project}/{task}/runs/run 1");
    put(server.root(), &format!("{folder}/run-info.yaml"), "status: running\n");
    assert_eq!(client.task(project, task).await.prompt, "do");
    assert_eq!(client.runs(project, task).await[0].run_id, "run 1");
    assert_eq!(client.run("run 1").await.run_path, folder);
    client.end("run 1", "completed").await.expect("ended");
    let done = pb::MarkTaskDoneRequest { project_id: project.into(), task_id: task.into() };
    client.mark_task_done(done).await.expect("done");
    let projects = client.list_projects(pb::ListProjectsRequest::default()).await.expect("a page");
    assert_eq!(projects.projects[0].project_id, project);
    // Further things may be made in what is there.
    client.new_run(project, task, "ours").await;
    assert!(client.task(project, task).await.done);
    assert!(fs::exists(server.root().join(project).join(task).join("runs/ours")).expect("a look"));
}
