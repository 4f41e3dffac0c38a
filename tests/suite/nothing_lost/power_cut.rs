//! A file system that is cut off in the middle of its writes, as by a power cut: only what
//! reached the disk is there when it is mounted again.

use std::sync::Arc;
use std::time::Duration;

use callboard::grpc::pb;
use pb::subscribe_response::Delivery;

use super::ledger::{BUSES, Ledger, PROJECT, TASK};
use super::long_writes::LongWrites;
use super::recorder::{Bus, Recorder, Recording};
use super::tally::{Tally, rounds};
use super::volume::{Armed, Cut, Volume};
use super::writers::{AfterFailure, Writers};
use super::{whole_tree, written_order};
use crate::client::{Client, follow};
use crate::server::{DEADLINE, Server};

const WRITERS: usize = 16;
/// From this number on they append with streams.
const STREAMS: usize = 13;
/// How often the power is cut in a full run.
const ROUNDS: usize = 20;
/// How often at least: it takes a second.
const ROUNDS_MIN: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_after_each_power_cut_of_ext4() {
    let Some(volume) = Volume::ext4(128 << 20, &[]) else { return };
    let Some(tally) = cut_again_and_again(volume).await else { return };
    tally.settle(
        "power cut on ext4",
        "nothing_lost::power_cut::what_was_acknowledged_is_there_after_each_power_cut_of_ext4",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_after_each_power_cut_of_xfs() {
    let Some(volume) = Volume::xfs(512 << 20) else { return };
    let Some(tally) = cut_again_and_again(volume).await else { return };
    tally.settle(
        "power cut on XFS",
        "nothing_lost::power_cut::what_was_acknowledged_is_there_after_each_power_cut_of_xfs",
    );
}

/// Has a server, its writers and a follower cut off round after round, always on the same
/// file system; returns none when the test is skipped.
async fn cut_again_and_again(volume: Volume) -> Option<Tally> {
    // In this order, so that a test that fails ends the server before it unmounts.
    let mut volume = volume;
    let mut server = Server::start_on(&volume.root());
    let addr = server.addr().to_owned();
    Writers::prepare(&addr, WRITERS).await;
    LongWrites::prepare(&addr).await;
    let ledger = Arc::new(Ledger::default());
    let long_writes = Arc::new(LongWrites::default());
    let mut recording = Recording(Vec::new());
    let mut tally = Tally::default();
    for round in 0..rounds(ROUNDS).max(ROUNDS_MIN) {
        let armed = Armed::on(&volume)?;
        let recorder = Recorder::start(&addr, after(&recording));
        let name = format!("cut{round}");
        let mut writers = Writers::start(&addr, &ledger, &name, STREAMS, AfterFailure::End);
        writers.add_streams(&addr, &ledger, &name, STREAMS..WRITERS, AfterFailure::End);
        let mut long = long_writes.start(&addr, &ledger).await;
        let moment = Moment::of(round);
        ledger.reaches(ledger.count() + moment.acknowledged / 2).await;
        let mut client = Client::connect_to(&addr).await;
        if moment.acknowledged > 100 {
            rotate(&mut client, round).await.expect("the bus is archived");
        }
        ledger.reaches(ledger.count() + moment.acknowledged / 2).await;
        // One more of them is in the middle of its work.
        let rotating = tokio::spawn(async move { rotate(&mut client, round + 1).await });
        // In the middle of whatever it is.
        tokio::time::sleep(moment.delay).await;
        // Whoever has ended by now would be cut off in the middle of nothing.
        writers.all_at_work();
        assert!(long.try_join_next().is_none(), "a long write ended before the power cut");
        // What is answered from now on would not have been heard of.
        ledger.seal(true);
        let recorded = recorder.length();
        tokio::task::block_in_place(|| armed.cut(moment.cut));
        writers.ended().await;
        let ended = async { while long.join_next().await.is_some() {} };
        tokio::time::timeout(DEADLINE, ended).await.expect("no call goes on for ever");
        let _ = rotating.await.expect("the rotation ends");

        recording.0.extend(recorder.stop().await.0.into_iter().take(recorded));
        server.kill();
        volume.mount_again();
        server.restart();
        ledger.seal(false);
        tally.cases += 1;
        let found = ledger.check_after_power_cut(&addr).await;
        let found_long = long_writes.check(&addr).await;
        eprintln!("round {round}, {moment:?}: {found:?}, {found_long:?}");
        let mut client = Client::connect_to(&addr).await;
        for (project, task) in BUSES {
            written_order::check(&client.read_all(project, task).await);
        }
        // Each check counts all that was acknowledged since the first round.
        tally.acknowledged = 0;
        tally.add(found);
        tally.add(found_long);
    }
    assert_eq!(ledger.never_acknowledged(), [""; 0], "of each kind something was written");
    let mut client = Client::connect_to(&addr).await;
    let mut held = 0;
    for (project, task) in BUSES {
        let messages = client.read_all(project, task).await;
        assert!(written_order::check(&messages) > 1, "more than one has written");
        held += messages.len();
    }
    let mut recorder = Recorder::start(&addr, after(&recording));
    recorder.reaches(held.saturating_sub(told(&recording))).await;
    recording.0.extend(recorder.stop().await.0);
    // What was shown to a follower before a cut, and is not there any more, counts as torn.
    let recorded = recording.validate(&addr, &BUSES).await;
    tally.lost += recorded.lost;
    tally.duplicated += recorded.duplicated;
    tally.torn += recorded.torn;
    whole_tree::is_in_order(&mut server);
    drop(server);
    Some(tally)
}

/// Follows all buses, from where a recording ends.
fn after(recording: &Recording) -> pb::SubscribeRequest {
    let request = pb::SubscribeRequest {
        scope: pb::SubscribeScope::Project.into(),
        ..follow(PROJECT, "", pb::StartPosition::Earliest)
    };
    let messages = recording.messages();
    if messages.is_empty() {
        return request;
    }
    let position = |((project_id, task_id), told): (Bus, Vec<&Delivery>)| pb::BusPosition {
        project_id,
        task_id,
        cursor: told.last().map_or_else(String::new, |last| last.cursor.clone()),
    };
    let positions = messages.into_iter().map(position).collect();
    pb::SubscribeRequest { start: None, positions, ..request }
}

/// Returns how many messages were recorded.
fn told(recording: &Recording) -> usize {
    recording.messages().values().map(Vec::len).sum()
}

async fn rotate(client: &mut Client, round: usize) -> Result<(), tonic::Status> {
    let task_id = if round.is_multiple_of(2) { String::new() } else { TASK.to_owned() };
    let request = pb::RotateBusRequest { project_id: PROJECT.into(), task_id };
    client.0.rotate_bus(request).await.map(|_| ())
}

/// When a round's cut comes, and how.
#[derive(Debug, Clone, Copy)]
struct Moment {
    /// After so many writes were acknowledged,
    acknowledged: usize,
    /// and so much later.
    delay: Duration,
    cut: Cut,
}

impl Moment {
    /// Returns a moment that is another one in each round, and the same in each run.
    fn of(round: usize) -> Self {
        let mut random = (round as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        random ^= random >> 31;
        random = random.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        random ^= random >> 29;
        // Now and then hardly anything was written since the server has started.
        let most = if round % 5 == 3 { 10 } else { 600 };
        let acknowledged = usize::try_from(random % most).expect("a small number");
        let delay = Duration::from_micros((random >> 32) % 8000);
        let cut = match round % 8 {
            2 => Cut::Journal,
            5 => Cut::Everything,
            _ => Cut::Nothing,
        };
        Self { acknowledged, delay, cut }
    }
}
