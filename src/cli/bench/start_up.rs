//! Starting a server: with much in its root, and what it takes when nobody wants anything.

use std::time::Duration;

use tonic::Status;

use crate::grpc::pb::CreateTaskRequest;

use super::super::failure::Failure;
use super::Bench;
use super::append::request;
use super::arrivals::follow_new;
use super::big_bus::fill;
use super::documents::Task;
use super::latencies::Latencies;
use super::row::Row;
use super::site::Site;

/// What is in the root.
const TASKS: usize = 10_000;
const BUSES: usize = 100;
/// About 10 MB.
const MESSAGES_OF_A_BUS: usize = 20_000;
/// How many create tasks at once.
const CREATORS: usize = 16;
/// How many follow without being told anything, as many each of the buses.
const SUBSCRIBERS: usize = 1000;
const CONNECTIONS: usize = 10;
/// How long nothing happens.
const QUIET: Duration = Duration::from_secs(5);

/// Measures a start, and a server that has nothing to do.
pub(super) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let mut site = Site::open_own(bench).await?;
    fill_root(&site).await?;
    for _ in 0..bench.runs {
        site = site.restart().await?;
        let usage = site.server.usage().server;
        let mut took = Latencies::default();
        took.note(site.server.ready_after);
        let mut row = Row::of_calls("start-up", took);
        row.server_cpu_s = usage.map(|usage| usage.cpu_s);
        row.server_rss_mb = usage.map(|usage| usage.peak_rss_mb);
        bench.note(row);
        // What is done once it is ready is seen here.
        quiet(bench, &site, "start-up.settled", 0).await;
    }
    site.end().await?;
    for _ in 0..bench.runs {
        idle(bench).await?;
    }
    Ok(())
}

/// Measures a server without work: alone, and with many who follow.
async fn idle(bench: &mut Bench) -> Result<(), Failure> {
    let site = Site::open_own(bench).await?;
    let failed = |status: Status| site.server.failure(&status);
    quiet(bench, &site, "idle", 0).await;
    let mut followers = Vec::with_capacity(SUBSCRIBERS);
    let mut clients = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        clients.push(site.client("load").await?);
    }
    for (number, client) in clients.iter().cycle().take(SUBSCRIBERS).enumerate() {
        let client = client.clone().with_task(format!("idle-{}", number % BUSES));
        if number < BUSES {
            let first = request(&site.message(client.task_id()));
            client.bus().append_message(first).await.map_err(failed)?;
        }
        followers.push(follow_new(&client).await.map_err(failed)?);
    }
    quiet(bench, &site, "idle.subscribers", SUBSCRIBERS).await;
    drop(followers);
    site.end().await
}

/// Lets some time pass, and notes what the server has and takes meanwhile.
async fn quiet(bench: &mut Bench, site: &Site, name: &str, subscribers: usize) {
    let before = site.server.usage();
    tokio::time::sleep(QUIET).await;
    let after = site.server.usage();
    let mut row = Row::of_times(name, subscribers, 0.0, Latencies::default());
    row.add_usage(before, after);
    row.server_rss_mb = after.server.map(|server| server.rss_mb);
    bench.note(row);
}

async fn fill_root(site: &Site) -> Result<(), Failure> {
    for bus in 0..BUSES {
        fill(site, &format!("bus-{bus}"), MESSAGES_OF_A_BUS).await?;
    }
    Task::create(site, "first").await?;
    let mut creating = tokio::task::JoinSet::new();
    for creator in 0..CREATORS {
        let mut client = site.client("").await?.storage();
        let project_id = site.project.clone();
        creating.spawn(async move {
            for number in 0..(TASKS - BUSES).div_ceil(CREATORS) {
                let request = CreateTaskRequest {
                    project_id: project_id.clone(),
                    task_id: format!("task-{creator}-{number}"),
                    description: "one of many".to_owned(),
                    ..Default::default()
                };
                client.create_task(request).await?;
            }
            Ok(())
        });
    }
    while let Some(created) = creating.join_next().await {
        let created = created.map_err(|error| Failure::own("create tasks", &error))?;
        created.map_err(|status: Status| site.server.failure(&status))?;
    }
    Ok(())
}
