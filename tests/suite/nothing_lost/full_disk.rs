//! A file system that is full, and then has room again: what does not fit is refused with its
//! reason, everything else goes on.

mod ballast;
mod beginnings;
mod calls;
mod refusals;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use callboard::error::{Error, Reason};
use callboard::grpc::pb;

use self::ballast::{Ballast, Scarce};
use self::refusals::{assert_disk_full, assert_nothing_stray, nothing_stray};
use super::ledger::{BUSES, Ledger, PROJECT};
use super::recorder::Recorder;
use super::tally::{Tally, rounds};
use super::volume::Volume;
use super::writers::{AfterFailure, Writers};
use super::{whole_tree, written_order};
use crate::client::{Client, follow, message};
use crate::server::Server;

const WRITERS: usize = 16;
/// How often a volume fills in a full run.
const FILLS: usize = 20;
/// How often at least.
const FILLS_MIN: usize = 6;

fn tmpfs() -> Option<Volume> {
    Volume::tmpfs(2 << 20)
}

fn ext4() -> Option<Volume> {
    // Small enough to be full soon; blocks of the size that the ballast counts in.
    Volume::ext4(24 << 20, &["-b", "4096", "-m", "0"])
}

fn ext4_of_few_inodes() -> Option<Volume> {
    // So large that its blocks do not run out before.
    Volume::ext4(128 << 20, &["-b", "4096", "-m", "0", "-N", "2048"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tmpfs_that_fills_loses_nothing_and_goes_on_when_it_has_room() {
    let Some(volume) = tmpfs() else { return };
    fill_again_and_again(&volume, Scarce::Blocks, 64).await.settle(
        "tmpfs of 2 MiB that fills and is freed",
        "nothing_lost::full_disk::a_tmpfs_that_fills_loses_nothing_and_goes_on_when_it_has_room",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ext4_that_fills_loses_nothing_and_goes_on_when_it_has_room() {
    let Some(volume) = ext4() else { return };
    fill_again_and_again(&volume, Scarce::Blocks, 64).await.settle(
        "ext4 that fills",
        "nothing_lost::full_disk::an_ext4_that_fills_loses_nothing_and_goes_on_when_it_has_room",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ext4_without_inodes_loses_nothing_and_goes_on_when_it_has_some() {
    let Some(volume) = ext4_of_few_inodes() else { return };
    fill_again_and_again(&volume, Scarce::Inodes, 64).await.settle(
        "ext4 without inodes",
        "nothing_lost::full_disk::an_ext4_without_inodes_loses_nothing_and_goes_on_when_it_has_some",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_a_full_tmpfs_refuses_changes_nothing_and_is_made_later() {
    // With room for all that is made in the end.
    let Some(volume) = Volume::tmpfs(4 << 20) else { return };
    refusals::each_is_refused_and_then_made(&volume, Scarce::Blocks).await.settle(
        "each kind of call on a full tmpfs",
        "nothing_lost::full_disk::a_call_that_a_full_tmpfs_refuses_changes_nothing_and_is_made_later",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_a_full_ext4_refuses_changes_nothing_and_is_made_later() {
    let Some(volume) = ext4() else { return };
    refusals::each_is_refused_and_then_made(&volume, Scarce::Blocks).await.settle(
        "each kind of call on a full ext4",
        "nothing_lost::full_disk::a_call_that_a_full_ext4_refuses_changes_nothing_and_is_made_later",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_finds_no_inode_changes_nothing_and_is_made_later() {
    let Some(volume) = ext4_of_few_inodes() else { return };
    refusals::each_is_refused_and_then_made(&volume, Scarce::Inodes).await.settle(
        "each kind of call on an ext4 without inodes",
        "nothing_lost::full_disk::a_call_that_finds_no_inode_changes_nothing_and_is_made_later",
    );
}

#[test]
fn a_quota_that_is_used_up_is_a_full_disk() {
    let used_up = std::io::Error::from(rustix::io::Errno::DQUOT);
    assert_eq!(Error::io("write", "a/file", used_up).reason(), Reason::DiskFull);
}

/// Has many write until each was refused, gives them some room, and so on, on as many volumes
/// as it takes: there is always the same server while there is something to give.
async fn fill_again_and_again(volume: &Volume, scarce: Scarce, portion: usize) -> Tally {
    let fills = rounds(FILLS).max(FILLS_MIN);
    let mut tally = Tally::default();
    while tally.cases < fills {
        let root = volume.root();
        let left = fills - tally.cases;
        tally.add(fill_until_nothing_is_left(volume, &root, scarce, portion, left).await);
        fs::remove_dir_all(root).expect("the root is removed");
    }
    tally
}

async fn fill_until_nothing_is_left(
    volume: &Volume,
    root: &Path,
    scarce: Scarce,
    portion: usize,
    fills: usize,
) -> Tally {
    let mut server = Server::start_on(root);
    let addr = server.addr().to_owned();
    Writers::prepare(&addr, WRITERS).await;
    let ledger = Arc::new(Ledger::default());
    let mut client = Client::connect_to(&addr).await;
    let mut recorder = Recorder::start(
        &addr,
        pb::SubscribeRequest {
            scope: pb::SubscribeScope::Project.into(),
            ..follow(PROJECT, "", pb::StartPosition::Earliest)
        },
    );
    let mut ballast = Ballast::new(volume, scarce);
    let mut tally = Tally::default();
    for fill in 0..fills {
        // The server is the same one: that there is room again is all that it needs.
        if ballast.leave(portion) == 0 {
            break;
        }
        let name = format!("fill{fill}");
        let before = ledger.count();
        let writers = Writers::start(&addr, &ledger, &name, WRITERS, AfterFailure::End);
        let failures = writers.ended().await;
        assert_eq!(failures.len(), WRITERS, "each writer ends when it is refused");
        for failure in &failures {
            assert_disk_full(failure, &name);
        }
        assert!(ledger.count() > before, "what has room is written");
        // While it is full, everything is read and was delivered.
        let found = ledger.check(&addr).await;
        tally.acknowledged = 0;
        tally.add(found);
        let mut held = 0;
        for (project, task) in BUSES {
            let messages = client.read_all(project, task).await;
            written_order::check(&messages);
            held += messages.len();
        }
        recorder.reaches(held).await;
        nothing_stray(root).await;
        tally.cases += 1;
    }
    // A server that finds the disk full serves what is there.
    ballast.leave(0);
    assert_eq!(server.terminate().code(), Some(0));
    server.restart();
    tally.acknowledged = 0;
    tally.add(ledger.check(&addr).await);
    ballast.remove();
    let mut client = Client::connect_to(&addr).await;
    client.append(message(PROJECT, "", "there is room")).await;
    let mut held = 0;
    for (project, task) in BUSES {
        held += client.read_all(project, task).await.len();
    }
    recorder.reaches(held).await;
    let recorded = recorder.stop().await.validate(&addr, &BUSES).await;
    tally.lost += recorded.lost;
    tally.duplicated += recorded.duplicated;
    tally.torn += recorded.torn;
    assert_eq!(server.terminate().code(), Some(0));
    assert_nothing_stray(root);
    whole_tree::is_in_order(&mut server);
    fs::remove_dir_all(volume.path().join("ballast")).expect("the ballast is removed");
    tally
}
