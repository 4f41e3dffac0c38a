//! Programs that hold the locks of buses for long, or for ever.

use std::fs;
use std::path::PathBuf;

use callboard::grpc::pb;
use pb::StartPosition::Latest;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::program::{Program, argument, can_run};
use crate::client::{Client, assert_refused, bodies, follow, message};
use crate::nothing_lost::tally::Tally;
use crate::server::{Server, wait_until};

/// More buses than the server has threads to wait with.
const LOCKED: usize = callboard::limits::BUS_WRITERS_MAX + 8;
/// Appends to the bus that nobody holds.
const FREE: usize = 20;

/// Makes buses with one message each; returns their projects and files.
async fn prepare(server: &Server, client: &mut Client, count: usize) -> Vec<(String, PathBuf)> {
    let mut buses = Vec::new();
    for n in 0..count {
        let project = format!("held-{n}");
        client.append(message(&project, "", "before")).await;
        let bus = server.root().join(&project).join("PROJECT-MESSAGE-BUS.md");
        buses.push((project, bus));
    }
    buses
}

/// Starts an append to each bus.
fn append_to_each(
    client: &Client,
    buses: &[(String, PathBuf)],
) -> JoinSet<Result<pb::AppendMessageResponse, Status>> {
    let mut waiting = JoinSet::new();
    for (project, _) in buses {
        let (mut client, body) = (client.clone(), message(project, "", "held up"));
        waiting.spawn(async move { client.try_append(body).await });
    }
    waiting
}

/// Returns how many threads of a server write to buses.
fn writers_of(process: u32) -> usize {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("the server is there");
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim_end() == "bus-writer").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_buses_are_locked_the_others_go_on_and_what_waited_is_appended_once() {
    if !can_run() {
        return;
    }
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("free", "", "0")).await;
    let buses = prepare(&server, &mut client, LOCKED).await;
    let files: Vec<&str> = buses.iter().map(|(_, bus)| argument(bus)).collect();
    let holder = Program::start("hold.py", &files);
    holder.says("held");
    let mut waiting = append_to_each(&client, &buses);
    // Who waits for a lock has a thread for itself.
    wait_until("all of them wait", || writers_of(server.pid()) >= LOCKED);
    let mut other = Client::connect(&server).await;
    let mut subscription = other.subscribe(follow("free", "", Latest)).await;
    for n in 0..FREE {
        let body = format!("free {n}");
        other.append(message("free", "", &body)).await;
        assert_eq!(subscription.message().await.message.expect("a message").body, body);
    }
    // An append that is refused after its 10 s would have ended by now.
    assert!(waiting.try_join_next().is_none(), "the free bus had to wait for the locked ones");
    holder.ended().await;
    while let Some(appended) = waiting.join_next().await {
        appended.expect("no panic").expect("it is free again");
    }
    let mut tally = Tally { cases: LOCKED, acknowledged: LOCKED + FREE, ..Tally::default() };
    for (project, _) in &buses {
        let held = client.read_all(project, "").await;
        let times = bodies(&held).iter().filter(|&&body| body == "held up").count();
        tally.lost += usize::from(times == 0);
        tally.duplicated += times.saturating_sub(1);
    }
    tally.lost += FREE + 1 - client.read_all("free", "").await.len();
    tally.settle(
        "buses, more than there are threads for them, whose locks another program holds for a while",
        "nothing_lost::neighbours::held::however_many_buses_are_locked_the_others_go_on_and_what_waited_is_appended_once",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_held_for_ever_refuses_with_its_holder_and_writes_nothing() {
    if !can_run() {
        return;
    }
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let buses = prepare(&server, &mut client, 4).await;
    let contents = |buses: &[(String, PathBuf)]| -> Vec<Vec<u8>> {
        buses.iter().map(|(_, bus)| fs::read(bus).expect("the bus")).collect()
    };
    let before = contents(&buses);
    let files: Vec<&str> = buses.iter().map(|(_, bus)| argument(bus)).collect();
    let holder = Program::start("hold.py", &files);
    holder.says("held");
    let mut waiting = append_to_each(&client, &buses);
    let mut tally = Tally::default();
    while let Some(refused) = waiting.join_next().await {
        let refused = refused.expect("no panic");
        let info = refused.as_ref().expect_err("a refusal").get_details_error_info();
        let pid = info.expect("ErrorInfo").metadata.get("holder_pid").cloned();
        assert_eq!(pid, Some(holder.pid().to_string()), "{refused:?}");
        assert_refused(refused, Code::Unavailable, "LOCK_TIMEOUT", "PROJECT-MESSAGE-BUS.md");
        tally.cases += 1;
    }
    tally.torn += usize::from(contents(&buses) != before);
    holder.ended().await;
    for (project, _) in &buses {
        client.append(message(project, "", "after")).await;
        tally.acknowledged += 1;
        let held = client.read_all(project, "").await;
        tally.lost += usize::from(bodies(&held) != ["before", "after"]);
    }
    tally.settle(
        "a program that never gives a lock back",
        "nothing_lost::neighbours::held::a_lock_that_is_held_for_ever_refuses_with_its_holder_and_writes_nothing",
    );
}
