//! A server that is killed again and again while many write.

use std::sync::Arc;

use super::ledger::{BUSES, Ledger, PROJECT};
use super::recorder::Recorder;
use super::tally::{Tally, rounds};
use super::writers::{AfterFailure, Writers};
use crate::client::follow;
use crate::server::Server;

const WRITERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_once_after_each_kill() {
    let mut server = Server::start();
    Writers::prepare(server.addr(), WRITERS).await;
    let ledger = Arc::new(Ledger::default());
    let earliest = callboard::grpc::pb::StartPosition::Earliest;
    let mut recorder = Recorder::start(
        server.addr(),
        callboard::grpc::pb::SubscribeRequest {
            scope: callboard::grpc::pb::SubscribeScope::Project.into(),
            ..follow(PROJECT, "", earliest)
        },
    );
    let writers = Writers::start(server.addr(), &ledger, "kills", WRITERS, AfterFailure::Repeat);
    let mut tally = Tally::default();
    for round in 0..rounds(200) {
        ledger.reaches(ledger.count() + 100 + 37 * round % 300).await;
        server.kill();
        server.restart();
        tally.cases += 1;
    }
    writers.stop().await;
    tally.add(ledger.check(server.addr()).await);
    let mut client = crate::client::Client::connect(&server).await;
    let mut held = 0;
    for (project, task) in BUSES {
        held += client.read_all(project, task).await.len();
    }
    recorder.reaches(held).await;
    let recording = recorder.stop().await;
    let recorded = recording.validate(server.addr(), &BUSES).await;
    eprintln!("{} breaks, {recorded:?}", recording.breaks());
    tally.settle(
        "kill -9 under 16 writers",
        "nothing_lost::kills::what_was_acknowledged_is_there_once_after_each_kill",
    );
}
