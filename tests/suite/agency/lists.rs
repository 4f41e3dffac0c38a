//! Lists of runs.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use callboard::grpc::pb;

use super::{least, with_meta};
use crate::server::Server;
use crate::storage_client::StorageClient;

const META: &str = r#"{"schema_version":"1.0","created_at":"2026-01-02T03:04:05Z","title":"NAME"}"#;

/// Creates a run with its metadata anywhere.
async fn create(client: &mut StorageClient, project: &str, task: &str, run: &str) {
    let place = pb::CreateRunRequest {
        project_id: project.into(),
        task_id: task.into(),
        ..with_meta(run, least())
    };
    client.create_run(place).await.expect("a run");
}

#[tokio::test]
async fn runs_are_listed_in_the_order_of_their_folders_in_one_project_or_over_all() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let places =
        [("b", "t", "z"), ("a", "u", "m"), ("b", "t", "a"), ("a", "t", "q"), ("b", "s", "k")];
    for (project, task, run) in places {
        create(&mut client, project, task, run).await;
    }
    let mut sorted = places.map(|(project, task, run)| format!("{project}/{task}/runs/{run}"));
    sorted.sort();
    for _ in 0..3 {
        let listed = client.runs_with_meta().await;
        let paths: Vec<_> = listed.iter().map(|run| run.run_path.clone()).collect();
        assert_eq!(paths, sorted);
        assert!(listed.iter().all(|run| run.meta.is_some()));
    }
    let in_project = client.runs("b", "").await;
    let ids: Vec<_> = in_project.iter().map(|run| run.run_id.as_str()).collect();
    assert_eq!(ids, ["k", "a", "z"]);
    let in_task = client.runs("b", "t").await;
    assert_eq!(in_task.len(), 2);
}

#[tokio::test]
async fn an_empty_root_an_absent_project_and_an_absent_task_have_no_runs() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    assert!(client.runs_with_meta().await.is_empty());
    client.new_task("p", "t").await;
    for (project, task) in [("", ""), ("p", ""), ("p", "t"), ("p", "absent"), ("absent", "")] {
        assert!(client.runs(project, task).await.is_empty(), "{project}/{task}");
    }
    // Also where the root itself went away meanwhile.
    fs::remove_dir_all(server.root().join("p")).expect("removed");
    assert!(client.runs_with_meta().await.is_empty());
}

/// A page costs what it holds: pages of all runs take together not much longer than one
/// that holds a fifth of them would take five times.
#[tokio::test]
async fn of_5000_runs_a_page_is_read_without_reading_more_than_needed() {
    let server = Server::start();
    let runs = server.root().join("p/t/runs");
    for n in 0..5000 {
        let folder = runs.join(format!("r{n:04}"));
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("meta.json"), META.replace("NAME", &n.to_string())).expect("written");
        let record = format!("run_id: r{n:04}\nstatus: completed\n");
        fs::write(folder.join("run-info.yaml"), record).expect("written");
    }
    // What is behind a page is not read for it: this one would fail, were it read.
    let unread = runs.join("r4999/meta.json");
    fs::write(&unread, "damaged").expect("written");
    let mut client = StorageClient::connect(&server).await;
    let page = |size, token: &str| pb::ListRunsRequest {
        with_meta: true,
        page_size: size,
        page_token: token.into(),
        ..Default::default()
    };
    client.list_runs(page(1, "")).await.expect("a page");
    let began = Instant::now();
    let first = client.list_runs(page(10, "")).await.expect("a page");
    let small = began.elapsed();
    assert_eq!(first.runs.len(), 10);
    let began = Instant::now();
    let mut seen = BTreeMap::new();
    let (mut token, mut pages) = (String::new(), 0);
    loop {
        let page = client.list_runs(page(1000, &token)).await.expect("a page");
        for run in page.runs {
            let meta = run.meta.expect("its metadata");
            assert!(seen.insert(run.run_id, meta).is_none(), "listed once");
        }
        pages += 1;
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let all = began.elapsed();
    assert_eq!((seen.len(), pages), (5000, 5));
    for (n, (run, meta)) in seen.into_iter().enumerate() {
        assert_eq!(run, format!("r{n:04}"));
        assert_eq!(meta.problem.is_empty(), n != 4999, "{run}");
        assert_eq!(meta.title == n.to_string(), n != 4999, "{run}");
    }
    // 500 times as many runs: a page that read them all would take as long.
    assert!(small * 10 < all, "ten runs took {small:?}, all {all:?}");
}
