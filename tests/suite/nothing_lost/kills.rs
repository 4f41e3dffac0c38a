//! A server that is killed again and again while many write.

mod chance;
mod cursors;

use std::sync::Arc;
use std::time::Duration;

use callboard::grpc::pb;
use pb::StartPosition::Earliest;
use tonic::Code;

use self::chance::Chance;
use self::cursors::Cursors;
use super::ledger::{BUSES, Ledger, PROJECT, TASK};
use super::recorder::Recorder;
use super::tally::{Tally, rounds};
use super::writers::{AfterFailure, Writers};
use super::{whole_tree, written_order};
use crate::client::{Client, follow, reason};
use crate::server::Server;

const WRITERS: usize = 16;
/// In so many rounds there is a rotation that nobody interrupts.
const ROUNDS_TO_ROTATE: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_once_after_each_kill() {
    let mut chance = Chance::new();
    let mut server = Server::start();
    Writers::prepare(server.addr(), WRITERS).await;
    let ledger = Arc::new(Ledger::default());
    let mut all = Recorder::start(
        server.addr(),
        pb::SubscribeRequest {
            scope: pb::SubscribeScope::Project.into(),
            ..follow(PROJECT, "", Earliest)
        },
    );
    let mut one = Recorder::start(
        server.addr(),
        pb::SubscribeRequest {
            scope: pb::SubscribeScope::Bus.into(),
            ..follow(PROJECT, TASK, Earliest)
        },
    );
    let addr = server.addr().to_owned();
    let mut writers = Writers::start(&addr, &ledger, "kills", 9, AfterFailure::Repeat);
    writers.add(&addr, &ledger, "kills", 9..13, AfterFailure::GoOn);
    writers.add_streams(&addr, &ledger, "kills", 13..15, AfterFailure::Repeat);
    writers.add_streams(&addr, &ledger, "kills", 15..WRITERS, AfterFailure::GoOn);

    let (mut tally, mut cursors, mut rotations) = (Tally::default(), Cursors::default(), 0);
    let rounds = rounds(200);
    for round in 0..rounds {
        match round % 4 {
            // After so many writes.
            0 => {
                ledger.reaches(ledger.count() + 30 + chance.below(120)).await;
                cursors.take(&addr).await;
            }
            // In the middle of a rotation, or right after it.
            1 => {
                ledger.reaches(ledger.count() + chance.below(80)).await;
                cursors.take(&addr).await;
                // It connects to a server that is there.
                let client = Client::connect_to(&addr).await;
                let rotating = tokio::spawn(rotate(client, round % BUSES.len()));
                tokio::time::sleep(Duration::from_micros(chance.below(20_000) as u64)).await;
                server.kill();
                rotations += usize::from(rotating.await.expect("a rotation or none"));
            }
            // In the middle of the start, so that what repairs is interrupted itself.
            2 => {
                ledger.reaches(ledger.count() + chance.below(80)).await;
                server.start_and_kill(Duration::from_micros(chance.below(60_000) as u64));
            }
            // While it serves for the first milliseconds, or right after a rotation.
            _ => {
                if round % 8 == 3 {
                    let client = Client::connect_to(&addr).await;
                    rotations += usize::from(rotate(client, round / 8 % BUSES.len()).await);
                }
                tokio::time::sleep(Duration::from_micros(chance.below(30_000) as u64)).await;
            }
        }
        server.kill();
        server.restart();
        tally.cases += 1;
        cursors.last_are_honoured(&addr).await;
    }
    writers.stop().await;
    tally.add(ledger.check(&addr).await);
    let mut client = Client::connect_to(&addr).await;
    let mut held = Vec::new();
    for (project, task) in BUSES {
        held.push(client.read_all(project, task).await);
    }
    for messages in &held {
        assert!(written_order::check(messages) > 1, "more than one has written");
    }
    cursors.all_are_honoured(&addr, &held).await;
    all.reaches(held.iter().map(Vec::len).sum()).await;
    one.reaches(held[1].len()).await;
    let breaks = {
        let (all, one) = (all.stop().await, one.stop().await);
        // Those who follow one bus and all are told the same cursors of the task's bus, and each
        // is gone on from. Of the project's own bus only those are that were taken on the way:
        // it is the same code, and each is a call.
        for recorded in [all.compare(&addr, &BUSES).await, one.validate(&addr, &BUSES[1..]).await] {
            // The writes are counted by the ledger.
            tally.add(Tally { cases: 0, acknowledged: 0, ..recorded });
        }
        all.breaks() + one.breaks()
    };
    let in_part = ledger.batches_in_part(&addr).await;
    whole_tree::is_in_order(&mut server);
    if rounds >= ROUNDS_TO_ROTATE {
        assert!(rotations > rounds / 16, "{rotations} rotations in {rounds} rounds");
    }
    eprintln!(
        "seed {}: {rotations} rotations, {breaks} breaks of streams, {} cursors, {in_part} batches \
         in part that nobody repeated",
        chance.seed(),
        cursors.count(),
    );
    tally.settle(
        "kill -9 under 16 writers",
        "nothing_lost::kills::what_was_acknowledged_is_there_once_after_each_kill",
    );
}

/// Archives a bus; returns whether that was answered before the server was gone.
async fn rotate(mut client: Client, bus: usize) -> bool {
    let (project, task) = BUSES[bus];
    let request = pb::RotateBusRequest { project_id: project.into(), task_id: task.into() };
    match client.0.rotate_bus(request).await {
        Ok(_) => true,
        Err(status) => {
            let is_fine = match status.code() {
                // Nothing was appended since the last rotation.
                Code::FailedPrecondition => reason(&status) == "BUS_EMPTY",
                code => matches!(code, Code::Unavailable | Code::Unknown | Code::Cancelled),
            };
            assert!(is_fine, "{status:?}");
            false
        }
    }
}
