//! A creation that is repeated with its request id returns what the first one made.

use std::collections::BTreeMap;
use std::fs;

use callboard::grpc::pb;
use tokio::task::JoinSet;
use tonic::Code;

use super::rounds;
use crate::client::{assert_refused, reason};
use crate::server::Server;
use crate::storage_client::{StorageClient, new_run, new_task};

fn run_request(run: &str, request_id: &str) -> pb::CreateRunRequest {
    pb::CreateRunRequest { request_id: request_id.into(), ..new_run("p", "t", run) }
}

fn task_request(task: &str, request_id: &str) -> pb::CreateTaskRequest {
    pb::CreateTaskRequest { request_id: request_id.into(), ..new_task("p", task) }
}

fn project_request(project: &str, request_id: &str) -> pb::CreateProjectRequest {
    pb::CreateProjectRequest {
        project_id: project.into(),
        request_id: request_id.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_repeated_creation_returns_the_first_also_after_a_crash() {
    let mut server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for id in ["named", ""] {
        let (run, task) =
            (run_request(id, &format!("run-{id}")), task_request(id, &format!("task-{id}")));
        let first_run = client.create_run(run.clone()).await.expect("a run");
        let first_task = client.create_task(task.clone()).await.expect("a task");
        assert!(!first_run.duplicate && !first_task.duplicate);
        for crash in [false, true] {
            if crash {
                server.restart();
                client = StorageClient::connect(&server).await;
            }
            let again = client.create_run(run.clone()).await.expect("a repetition");
            assert_eq!(again, pb::CreateRunResponse { duplicate: true, ..first_run.clone() });
            let again = client.create_task(task.clone()).await.expect("a repetition");
            assert_eq!(again, pb::CreateTaskResponse { duplicate: true, ..first_task.clone() });
        }
    }
    let project = project_request("q", "project");
    let first = client.create_project(project.clone()).await.expect("a project");
    for _ in 0..2 {
        let again = client.create_project(project.clone()).await.expect("a repetition");
        assert_eq!(again, pb::CreateProjectResponse { duplicate: true, ..first.clone() });
        server.restart();
        client = StorageClient::connect(&server).await;
    }
    assert_eq!(client.runs("", "").await.len(), 2);
    // A run that went on is returned as it is by now.
    client.end("named", "completed").await.expect("ended");
    let again = client.create_run(run_request("named", "run-named")).await.expect("a repetition");
    assert_eq!(again.run.expect("the run").status, "completed");
}

#[tokio::test]
async fn repetitions_at_once_create_one_thing() {
    let server = Server::start();
    for round in 0..rounds() {
        for id in [format!("named-{round}"), String::new()] {
            let mut calls = JoinSet::new();
            for n in 0..32 {
                let mut client = StorageClient::connect(&server).await;
                let request = format!("{round}-{}", id.is_empty());
                let id = id.clone();
                calls.spawn(async move {
                    if n % 2 == 0 {
                        let made =
                            client.create_run(run_request(&id, &format!("r-{request}"))).await;
                        let made = made.expect("a run");
                        ("run", made.run.expect("the run").run_id, made.duplicate)
                    } else {
                        let made =
                            client.create_task(task_request(&id, &format!("t-{request}"))).await;
                        let made = made.expect("a task");
                        ("task", made.task.expect("the task").task_id, made.duplicate)
                    }
                });
            }
            let mut made: BTreeMap<(&str, String), usize> = BTreeMap::new();
            for (kind, id, duplicate) in calls.join_all().await {
                *made.entry((kind, id)).or_default() += usize::from(!duplicate);
            }
            assert_eq!(made.len(), 2, "one run and one task: {made:?}");
            assert!(made.values().all(|first| *first == 1), "one was first: {made:?}");
        }
    }
    let mut client = StorageClient::connect(&server).await;
    assert_eq!(client.runs("p", "t").await.len(), 2 * rounds());
}

#[tokio::test]
async fn a_request_id_that_comes_with_other_content_is_refused_and_creates_nothing() {
    let mut server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.create_run(run_request("r", "same")).await.expect("a run");
    for _ in 0..2 {
        let mut others = vec![run_request("s", "same"), run_request("", "same")];
        others.push(pb::CreateRunRequest { prompt: "x".into(), ..run_request("r", "same") });
        others.push(pb::CreateRunRequest { cwd: "x".into(), ..run_request("r", "same") });
        others.push(pb::CreateRunRequest { task_id: "u".into(), ..run_request("r", "same") });
        for other in others {
            let refused = client.create_run(other).await;
            assert_refused(refused, Code::AlreadyExists, "REQUEST_ID_REUSED", "same");
        }
        let refused = client.create_task(task_request("u", "same")).await;
        assert_refused(refused, Code::AlreadyExists, "REQUEST_ID_REUSED", "same");
        let refused = client.create_project(project_request("q", "same")).await;
        assert_refused(refused, Code::AlreadyExists, "REQUEST_ID_REUSED", "same");
        assert_eq!(client.runs("", "").await.len(), 1);
        assert!(!server.root().join("p/u").exists() && !server.root().join("q").exists());
        server.restart();
        client = StorageClient::connect(&server).await;
    }
}

#[tokio::test]
async fn what_another_created_is_not_claimed_by_a_repetition() {
    let mut server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("p", "t", "r").await;
    client.new_task("p", "u").await;
    client.create_project(project_request("q", "")).await.expect("a project");
    for _ in 0..3 {
        for _ in 0..2 {
            let refused = client.create_run(run_request("r", "run")).await;
            assert_refused(refused, Code::AlreadyExists, "RUN_EXISTS", "p/t/r");
            let refused = client.create_task(task_request("u", "task")).await;
            assert_refused(refused, Code::AlreadyExists, "TASK_EXISTS", "p/u");
            let refused = client.create_project(project_request("q", "project")).await;
            assert_refused(refused, Code::AlreadyExists, "PROJECT_EXISTS", "q");
        }
        server.restart();
        client = StorageClient::connect(&server).await;
    }
    // The id of the request was not used up by that.
    client.create_run(run_request("free", "run")).await.expect("another run");
}

#[tokio::test]
async fn of_two_with_request_ids_of_their_own_one_creates_and_the_other_never_has() {
    let server = Server::start();
    for round in 0..4 * rounds() {
        let run = format!("r{round}");
        let mut calls = JoinSet::new();
        for n in 0..4 {
            let mut client = StorageClient::connect(&server).await;
            let request = run_request(&run, &format!("{round}-{n}"));
            calls.spawn(async move {
                let first = client.create_run(request.clone()).await;
                (first.is_ok(), client.create_run(request).await)
            });
        }
        let mut made = 0;
        for (was_first, again) in calls.join_all().await {
            match again {
                Ok(again) => {
                    assert!(was_first && again.duplicate, "claimed what another created");
                    made += 1;
                }
                Err(refused) => {
                    assert!(!was_first);
                    assert_eq!(reason(&refused), "RUN_EXISTS");
                }
            }
        }
        assert_eq!(made, 1);
    }
}

#[tokio::test]
async fn creations_cut_off_by_a_kill_are_completed_by_their_repetitions_once() {
    let mut server = Server::start();
    for round in 0..rounds() {
        let mut calls = JoinSet::new();
        for writer in 0..4 {
            let mut client = StorageClient::connect(&server).await;
            calls.spawn(async move {
                let mut answered = Vec::new();
                for n in 0.. {
                    let id = format!("{round}-{writer}-{n}");
                    match client.create_run(run_request("", &id)).await {
                        Ok(made) => answered.push((id, made.run.expect("the run").run_id)),
                        // The server is gone.
                        Err(_) => return (answered, id),
                    }
                }
                unreachable!("the server is killed")
            });
        }
        // Counted in the folder: reading pages would run after those who create.
        let runs = server.root().join("p/t/runs");
        let count = || fs::read_dir(&runs).map_or(0, Iterator::count);
        let enough = count() + 10 + 7 * (round % 10);
        crate::client::eventually("some runs are there", async || count() > enough).await;
        server.kill();
        let calls = calls.join_all().await;
        server.restart();
        let mut client = StorageClient::connect(&server).await;
        let mut known = client.runs("p", "t").await.len();
        for (answered, cut_off) in calls {
            for (request, run) in answered {
                let again = client.create_run(run_request("", &request)).await.expect("the run");
                assert!(again.duplicate);
                assert_eq!(again.run.expect("the run").run_id, run);
            }
            let cut = client.create_run(run_request("", &cut_off)).await.expect("completed");
            known += usize::from(!cut.duplicate);
            let again = client.create_run(run_request("", &cut_off)).await.expect("the run");
            assert_eq!((again.duplicate, again.run), (true, cut.run));
        }
        assert_eq!(client.runs("p", "t").await.len(), known, "none was made twice");
    }
}
