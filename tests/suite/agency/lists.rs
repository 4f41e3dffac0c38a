//! Lists of runs.

use std::fs;
use std::sync::Arc;

use callboard::clock::SystemClock;
use callboard::domain::Reach;
use callboard::files::Files;
use callboard::grpc::pb;
use callboard::store::{Part, RunQuery, Runs as _};

use super::{least, with_meta};
use crate::server::Server;
use crate::storage_client::StorageClient;
use crate::storage_faults::step_disk::{StepDisk, Steps};

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

/// In one task, or five in each of a thousand.
#[tokio::test]
async fn of_5000_runs_a_page_is_read_without_reading_more_than_needed() {
    for (tasks, runs) in [(1, 5000), (1000, 5)] {
        let folder = tempfile::tempdir().expect("a folder");
        for n in 0..5000 {
            let (task, run) = (n / runs % tasks, n % runs);
            let run = folder.path().join(format!("p/t{task:03}/runs/r{run:04}"));
            fs::create_dir_all(&run).expect("a folder");
            fs::write(run.join("meta.json"), META.replace("NAME", &n.to_string()))
                .expect("written");
            fs::write(run.join("run-info.yaml"), "status: completed\n").expect("written");
        }
        let steps = Arc::new(Steps::default());
        let disk = StepDisk::open(folder.path(), &steps);
        let files = Files::open(disk, Arc::new(SystemClock), 1).expect("the root is free");
        let page = |after, limit| RunQuery {
            part: Part::All(Reach::All),
            statuses: Vec::new(),
            after,
            limit,
            with_meta: true,
        };
        steps.documents_read();
        for _ in 0..2 {
            let first = files.list_runs(page(None, 10)).await.expect("a page");
            assert_eq!(first.runs.len(), 10);
            // The record and the metadata of each, and perhaps of the one behind.
            let read = steps.documents_read();
            assert!((20..=22).contains(&read), "{read} documents for ten runs");
        }
        let (mut next, mut seen) = (None, Vec::new());
        loop {
            let page = files.list_runs(page(next, 1000)).await.expect("a page");
            seen.extend(page.runs.into_iter().map(|run| run.meta.expect("its metadata").title));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..5000).map(|n| n.to_string()).collect::<Vec<_>>());
        let read = steps.documents_read();
        assert!((10_000..=10_010).contains(&read), "{read} documents for all runs");
    }
}
