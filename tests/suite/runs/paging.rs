//! Lists come in pages, each thing once, and never more than an answer holds.

use std::collections::BTreeSet;
use std::fs;

use callboard::grpc::pb;
use prost::Message as _;
use tonic::Code;

use super::{ids, put, put_record};
use crate::client::assert_refused;
use crate::server::Server;
use crate::storage_client::{StorageClient, new_task};

fn page_of(size: i32, token: &str) -> pb::ListRunsRequest {
    pb::ListRunsRequest { page_size: size, page_token: token.into(), ..Default::default() }
}

#[tokio::test]
async fn every_page_size_gives_each_run_once_in_order() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let mut expected = Vec::new();
    for (project, task, count) in [("a", "t", 7), ("a", "u", 1), ("b", "t", 0), ("c", "t", 5)] {
        fs::create_dir_all(server.root().join(format!("{project}/{task}/runs"))).expect("folders");
        for n in 0..count {
            let run = format!("{project}-{task}-{n}");
            put_record(
                server.root(),
                &format!("{project}/{task}/runs/{run}"),
                &format!("status: {}\n", if n % 2 == 0 { "failed" } else { "running" }),
            );
            expected.push(run);
        }
    }
    for size in 1..=14 {
        let mut seen = Vec::new();
        let mut token = String::new();
        loop {
            let page = client.list_runs(page_of(size, &token)).await.expect("a page");
            assert!(page.runs.len() <= usize::try_from(size).expect("a size"));
            seen.extend(page.runs.into_iter().map(|run| run.run_id));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, expected, "{size} on a page");
    }
    let failed = pb::ListRunsRequest { statuses: vec!["failed".into()], ..page_of(3, "") };
    let page = client.list_runs(failed.clone()).await.expect("a page");
    assert_eq!(ids(&page.runs), ["a-t-0", "a-t-2", "a-t-4"]);
    let next = pb::ListRunsRequest { page_token: page.next_page_token, ..failed };
    let page = client.list_runs(next).await.expect("a page");
    assert_eq!(ids(&page.runs), ["a-t-6", "a-u-0", "c-t-0"]);
    // What was removed in between is no reason to lose or repeat others.
    let page = client.list_runs(page_of(3, "")).await.expect("a page");
    fs::remove_dir_all(server.root().join("a/t/runs/a-t-2")).expect("removed");
    fs::remove_dir_all(server.root().join("a/t/runs/a-t-3")).expect("removed");
    let page = client.list_runs(page_of(3, &page.next_page_token)).await.expect("a page");
    assert_eq!(ids(&page.runs), ["a-t-4", "a-t-5", "a-t-6"]);
}

#[tokio::test]
async fn pages_of_projects_and_tasks_give_each_once() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for n in 0..12 {
        client.new_task("p", &format!("t{n:02}")).await;
        fs::create_dir(server.root().join(format!("q{n:02}"))).expect("a project");
    }
    // Tasks of one instant and of no known time, besides.
    for n in 0..5 {
        put(server.root(), &format!("p/old{n}/TASK.md"), "do\n");
        let json = r#"{"created_at":"2026-01-01T00:00:00Z"}"#;
        put(server.root(), &format!("p/same{n}/task.json"), json);
    }
    let all: Vec<String> = client.tasks("p").await.into_iter().map(|task| task.task_id).collect();
    assert_eq!(all.len(), 22);
    let mut newest_first: Vec<String> = (0..12).rev().map(|n| format!("t{n:02}")).collect();
    newest_first.extend((0..5).map(|n| format!("same{n}")));
    newest_first.extend((0..5).map(|n| format!("old{n}")));
    assert_eq!(all, newest_first);
    for size in [1, 2, 3, 7, 11, 22, 23] {
        let mut request =
            pb::ListTasksRequest { project_id: "p".into(), page_size: size, ..Default::default() };
        let mut seen = Vec::new();
        loop {
            let page = client.list_tasks(request.clone()).await.expect("a page");
            seen.extend(page.tasks.into_iter().map(|task| task.task_id));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, all, "{size} on a page");
        let mut request = pb::ListProjectsRequest { page_size: size, ..Default::default() };
        let mut seen = Vec::new();
        loop {
            let page = client.list_projects(request.clone()).await.expect("a page");
            seen.extend(page.projects.into_iter().map(|project| project.project_id));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        assert_eq!(seen.len(), 13, "{size} on a page");
        assert!(seen.is_sorted_by(|one, other| one < other), "{seen:?}");
    }
}

#[tokio::test]
async fn a_token_of_another_list_and_a_size_out_of_range_are_refused() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for run in ["a", "b"] {
        client.new_run("p", "t", run).await;
    }
    for task in ["u", "v"] {
        client.new_task("p", task).await;
        client.new_task("q", task).await;
    }
    let runs = client.list_runs(page_of(1, "")).await.expect("a page").next_page_token;
    let tasks = pb::ListTasksRequest { project_id: "p".into(), page_size: 1, ..Default::default() };
    let of_tasks = client.list_tasks(tasks.clone()).await.expect("a page").next_page_token;
    let projects = pb::ListProjectsRequest { page_size: 1, ..Default::default() };
    let of_projects = client.list_projects(projects).await.expect("a page").next_page_token;
    assert!(!runs.is_empty() && !of_tasks.is_empty() && !of_projects.is_empty());
    for wrong in ["x", &of_tasks, &of_projects, &runs[..runs.len() - 1].replace('/', "")] {
        let refused = client.list_runs(page_of(1, wrong)).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_PAGE_TOKEN", "");
    }
    // Nor is one of another part of the tree.
    let elsewhere =
        pb::ListRunsRequest { project_id: "p".into(), task_id: "u".into(), ..page_of(1, &runs) };
    let refused = client.list_runs(elsewhere).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_PAGE_TOKEN", "");
    for wrong in ["x", &runs, &of_projects] {
        let request = pb::ListTasksRequest { page_token: wrong.into(), ..tasks.clone() };
        let refused = client.list_tasks(request).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_PAGE_TOKEN", "");
        let token = if wrong == of_projects { &of_tasks } else { wrong };
        let request = pb::ListProjectsRequest { page_size: 1, page_token: token.into() };
        let refused = client.list_projects(request).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_PAGE_TOKEN", "");
    }
    assert_refused(
        client.list_runs(page_of(-1, "")).await,
        Code::InvalidArgument,
        "INVALID_FIELD",
        "",
    );
    let refused = client.list_runs(page_of(1001, "")).await;
    assert_refused(refused, Code::InvalidArgument, "TOO_LARGE", "1000");
}

#[tokio::test]
async fn a_page_of_more_than_an_answer_holds_is_cut_and_goes_on() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let long = "x".repeat(60_000);
    for n in 0..120 {
        let run = format!("r{n:03}");
        put_record(server.root(), &format!("p/t/runs/{run}"), &format!("commandline: {long}\n"));
        if n < 60 {
            let task = pb::CreateTaskRequest { description: long.clone(), ..new_task("q", &run) };
            client.create_task(task).await.expect("a task");
        }
    }
    let mut seen = BTreeSet::new();
    let mut request = page_of(1000, "");
    let mut pages = 0;
    loop {
        let page = client.list_runs(request.clone()).await.expect("a page");
        assert!(page.encoded_len() <= (3 << 20) + 4096, "{}", page.encoded_len());
        pages += 1;
        seen.extend(page.runs.into_iter().map(|run| run.run_id));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!((seen.len(), pages), (120, 3));
    let mut request =
        pb::ListTasksRequest { project_id: "q".into(), page_size: 1000, ..Default::default() };
    let first = client.list_tasks(request.clone()).await.expect("a page");
    assert!(first.encoded_len() <= (3 << 20) + 4096 && !first.next_page_token.is_empty());
    request.page_token = first.next_page_token;
    let second = client.list_tasks(request).await.expect("a page");
    assert_eq!(first.tasks.len() + second.tasks.len(), 60);
    assert!(second.next_page_token.is_empty());
}
