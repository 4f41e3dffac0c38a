//! What watching costs, and what it leaves behind.

use std::fs;

use callboard::grpc::pb;
use pb::watch_response::Frame;

use super::{Watch, every, foreign_run, record, replace};
use crate::client::eventually;
use crate::server::Server;
use crate::storage_client::StorageClient;

/// Counts the folders for which a process has asked the system for hints.
fn hinted_folders(pid: u32) -> usize {
    let open = fs::read_dir(format!("/proc/{pid}/fdinfo")).expect("a process of ours");
    let open = open.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    open.map(|info| info.lines().filter(|line| line.starts_with("inotify ")).count()).sum()
}

/// Returns the CPU time that a process has used, in ticks of the system.
fn ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process of ours");
    let (_, words) = stat.rsplit_once(')').expect("a name");
    // The fields 14 and 15.
    words.split_whitespace().skip(11).take(2).map(|word| word.parse::<u64>().expect("ticks")).sum()
}

#[tokio::test]
async fn a_watch_of_an_idle_tree_costs_next_to_nothing() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for n in 0..20 {
        foreign_run(server.root(), &format!("t{n}"), &format!("r{n}"), "running");
    }
    let request = pb::WatchRequest { heartbeat_interval: every(1000), ..Default::default() };
    let mut watch = Watch::open(&mut client, request).await;
    watch.snapshot().await;
    // The first looks are dearer: what has just changed is read again.
    let quiet = async |watch: &mut Watch| {
        let frame = watch.try_frame().await.expect("a frame");
        assert!(matches!(frame, Frame::Heartbeat(_)), "{frame:?}");
    };
    quiet(&mut watch).await;
    let before = ticks(server.pid());
    for _ in 0..3 {
        quiet(&mut watch).await;
    }
    let used = ticks(server.pid()) - before;
    let second = rustix::param::clock_ticks_per_second();
    assert!(used < 3 * second / 5, "{used} ticks of {second} in three seconds");
}

/// Counted by the system, also after folders were moved away and came back.
#[tokio::test]
async fn a_watch_that_ends_leaves_no_hints_behind() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for n in 0..10 {
        foreign_run(server.root(), &format!("t{n}"), &format!("r{n}"), "running");
    }
    let task = server.root().join("demo/t0");
    let away = tempfile::tempdir_in(server.root().parent().expect("a folder")).expect("a folder");
    let before = hinted_folders(server.pid());
    for round in 0..3 {
        let mut watch = Watch::of_everything(&mut client).await;
        let hinted = async || hinted_folders(server.pid()) >= before + 30;
        eventually("the system is asked for hints", hinted).await;
        for n in 0..3 {
            fs::rename(&task, away.path().join("t0")).expect("moved out");
            watch.gone(&["demo/t0"]).await;
            // Another folder of the same name.
            let other = foreign_run(server.root(), "t0", "r0", "running");
            watch.task("t0", |_| true).await;
            let summary = format!("{round}.{n}");
            replace(&other.join("run-info.yaml"), &record("t0", "r0", "running", &summary));
            watch.run("r0", |run| run.error_summary == summary).await;
            fs::remove_dir_all(away.path().join("t0")).expect("removed");
        }
        // One stays away, and is there.
        let stays = away.path().join(format!("stays-{round}"));
        fs::rename(server.root().join("demo/t1"), stays).expect("moved out");
        watch.gone(&["demo/t1"]).await;
        foreign_run(server.root(), "t1", "r1", "running");
        watch.run("r1", |_| true).await;
        drop(watch);
        let back = async || hinted_folders(server.pid()) == before;
        eventually("the system is asked for no more", back).await;
    }
}
