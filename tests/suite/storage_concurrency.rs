//! Many who change the same things at once: through the service, beside it, and with
//! request ids. Nothing that was acknowledged is lost, and nothing is made twice.

mod creations;
mod foreign;
pub(crate) mod processes;
mod requests;

use callboard::grpc::pb;
use tokio::task::JoinSet;

use crate::client::reason;
use crate::server::Server;
use crate::storage_client::StorageClient;
use processes::Role;

/// Rounds of a race; a full run sets `CALLBOARD_ROUNDS`.
pub(crate) fn rounds() -> usize {
    std::env::var("CALLBOARD_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(5)
}

/// Returns the counter that processes keep in the record of run `r`.
async fn counter(server: &Server) -> usize {
    let run = StorageClient::connect(server).await.run("r").await;
    run.error_summary.parse().expect("a number")
}

#[tokio::test]
async fn eight_processes_through_the_service_lose_none_of_800_increments() {
    let server = Server::start();
    StorageClient::connect(&server).await.new_run("p", "t", "r").await;
    let children = (0..8).map(|_| processes::spawn(Role::Service, server.addr(), 100));
    processes::wait(children.collect());
    assert_eq!(counter(&server).await, 800);
}

#[tokio::test]
async fn four_processes_through_the_service_and_four_beside_it_lose_none_of_800_increments() {
    let server = Server::start();
    StorageClient::connect(&server).await.new_run("p", "t", "r").await;
    let record = server.root().join("p/t/runs/r/run-info.yaml");
    let record = record.to_str().expect("text");
    let children = (0..8).map(|n| match n % 2 {
        0 => processes::spawn(Role::Service, server.addr(), 100),
        _ => processes::spawn(Role::Direct, record, 100),
    });
    processes::wait(children.collect());
    assert_eq!(counter(&server).await, 800);
    let run = StorageClient::connect(&server).await.run("r").await;
    assert_eq!((run.status.as_str(), run.agent_type.as_str()), ("running", "claude"));
}

#[tokio::test]
async fn updates_of_different_fields_at_once_without_etags_lose_none() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("p", "t", "r").await;
    client.new_task("p", "t").await;
    let mut updates = JoinSet::new();
    type Set<T> = fn(&mut T, String);
    let of_run: [Set<pb::UpdateRunRequest>; 5] = [
        |run, value| run.cwd = value,
        |run, value| run.commandline = value,
        |run, value| run.agent_version = value,
        |run, value| run.error_summary = value,
        |run, value| run.process_ownership = value,
    ];
    for set in of_run {
        let mut client = StorageClient::connect(&server).await;
        updates.spawn(async move {
            for n in 0..=40 {
                let mut request = pb::UpdateRunRequest { run_id: "r".into(), ..Default::default() };
                set(&mut request, n.to_string());
                client.update_run(request).await.expect("an update");
            }
        });
    }
    let of_task: [Set<pb::UpdateTaskRequest>; 5] = [
        |task, value| task.description = value,
        |task, value| task.prompt = value,
        |task, value| task.template = value,
        |task, value| task.model = value,
        |task, value| task.depends_on = vec![value],
    ];
    for set in of_task {
        let mut client = StorageClient::connect(&server).await;
        updates.spawn(async move {
            for n in 0..=40 {
                let mut request = pb::UpdateTaskRequest {
                    project_id: "p".into(),
                    task_id: "t".into(),
                    ..Default::default()
                };
                set(&mut request, n.to_string());
                client.update_task(request).await.expect("an update");
            }
        });
    }
    updates.join_all().await;
    let run = client.run("r").await;
    let values =
        [run.cwd, run.commandline, run.agent_version, run.error_summary, run.process_ownership];
    assert_eq!(values, ["40"; 5]);
    let task = client.task("p", "t").await;
    let values = [task.description, task.prompt, task.template, task.model];
    assert_eq!(values, ["40"; 4]);
    assert_eq!(task.depends_on, ["40"]);
}

#[tokio::test]
async fn of_many_that_end_a_run_at_once_one_way_wins() {
    let server = Server::start();
    for round in 0..rounds() {
        let run = format!("r{round}");
        StorageClient::connect(&server).await.new_run("p", "t", &run).await;
        let mut ends = JoinSet::new();
        for n in 0..16 {
            let mut client = StorageClient::connect(&server).await;
            let run = run.clone();
            ends.spawn(async move {
                let status = if n % 2 == 0 { "completed" } else { "failed" };
                (status, client.end(&run, status).await)
            });
        }
        let ends = ends.join_all().await;
        let run = StorageClient::connect(&server).await.run(&run).await;
        for (status, end) in ends {
            match end {
                Ok(ended) => assert_eq!((status, &ended), (run.status.as_str(), &run)),
                Err(refused) => {
                    assert_ne!(status, run.status);
                    assert_eq!(reason(&refused), "INVALID_TRANSITION");
                }
            }
        }
    }
}
