//! Lists of tasks. That they are sorted, and what stands between their items, is shown
//! in `tasks`.

use std::time::Duration;

use callboard::grpc::pb;

use super::{put, task_json, task_of};
use crate::server::Server;
use crate::storage_client::{StorageClient, new_task, step_result};
use crate::storage_concurrency::processes;

fn ids(tasks: &[pb::Task]) -> Vec<&str> {
    tasks.iter().map(|task| task.task_id.as_str()).collect()
}

#[tokio::test]
async fn three_tasks_are_listed_newest_first_without_what_grows_with_them() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for task in ["first", "second", "third"] {
        let request = pb::CreateTaskRequest {
            prompt: "do".into(),
            metadata_json: "{\"a\":1}".into(),
            ..task_of(task, 2)
        };
        client.create_task(request).await.expect("a task");
        client.transition("p", task, "running").await.expect("a move");
        client.step(step_result("p", task, 0, "completed")).await.expect("saved");
    }
    let listed = client.tasks("p").await;
    assert_eq!(ids(&listed), ["third", "second", "first"]);
    for task in &listed {
        let whole = client.task("p", &task.task_id).await;
        assert_eq!(
            (whole.steps.len(), whole.step_results.len(), whole.transitions.len()),
            (2, 1, 1)
        );
        let bare = pb::Task {
            prompt: String::new(),
            steps: Vec::new(),
            step_results: Vec::new(),
            transitions: Vec::new(),
            metadata_json: String::new(),
            ..whole
        };
        assert_eq!(*task, bare);
        assert_eq!(task.step_count, 2);
    }
}

#[tokio::test]
async fn an_empty_and_an_absent_project_have_an_empty_list() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let empty = pb::CreateProjectRequest { project_id: "empty".into(), ..Default::default() };
    client.create_project(empty).await.expect("a project");
    std::fs::create_dir(server.root().join("bare")).expect("a folder");
    for project in ["empty", "bare", "absent"] {
        assert!(client.tasks(project).await.is_empty(), "{project}");
    }
}

/// The original leaves such a task out.
#[tokio::test]
async fn a_task_whose_record_is_locked_is_listed_and_read() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for task in ["a", "b"] {
        client.new_task("p", task).await;
    }
    let _lock = processes::lock(&server.root().join(task_json("p", "a")));
    assert_eq!(ids(&client.tasks("p").await), ["b", "a"]);
    assert_eq!(client.task("p", "a").await.status, "pending");
}

/// What is wrong further down than a list looks is no reason to leave it out either.
#[tokio::test]
async fn a_damaged_task_is_listed_as_damaged_with_its_path() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "fine").await;
    put(server.root(), &task_json("p", "bad"), "{\"id\":");
    put(server.root(), &task_json("p", "worse"), "{\"created_at\":7}");
    let listed = client.tasks("p").await;
    assert_eq!(ids(&listed), ["fine", "bad", "worse"]);
    assert_eq!(listed[0].problem, "");
    assert!(listed[1].problem.contains("p/bad/task.json"), "{}", listed[1].problem);
    assert!(listed[2].problem.contains("p/worse/task.json"), "{}", listed[2].problem);
}

#[tokio::test]
async fn a_list_that_is_given_up_half_way_stops_and_disturbs_nobody() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for n in 0..300 {
        let created = format!("{{\"created_at\":\"2026-01-01T00:{:02}:{:02}Z\"}}", n / 60, n % 60);
        put(server.root(), &task_json("p", &format!("t{n:03}")), created);
    }
    let page = |page_size: i32, page_token: &str| pb::ListTasksRequest {
        project_id: "p".into(),
        page_size,
        page_token: page_token.into(),
        ..Default::default()
    };
    let first = client.list_tasks(page(100, "")).await.expect("a page");
    assert_eq!(first.tasks.len(), 100);
    // Calls that end before their answers.
    let mut ended = 0;
    for n in 0..100 {
        let patience = Duration::from_micros(50 * n);
        let call = client.list_tasks(page(1000, ""));
        ended += usize::from(tokio::time::timeout(patience, call).await.is_err());
    }
    assert!(ended > 0, "some were given up");
    client.create_task(new_task("p", "after")).await.expect("a task");
    let rest = client.list_tasks(page(1000, &first.next_page_token)).await.expect("a page");
    assert_eq!((rest.tasks.len(), rest.next_page_token.as_str()), (200, ""));
    assert_eq!(client.tasks("p").await.len(), 301);
}
