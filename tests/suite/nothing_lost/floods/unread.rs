//! Subscribers that never read.

use callboard::grpc::pb::StartPosition::Latest;

use super::super::recorder::Recorder;
use super::super::tally::rounds;
use super::http2::{self, Connection};
use super::neighbour::Neighbour;
use super::{Memory, descriptors};
use crate::client::{Client, eventually, follow, message};
use crate::server::Server;

const SUBSCRIBERS: usize = 1000;
const CONNECTIONS: usize = 100;
const BODY_BYTES: usize = 1 << 10;
const BATCH: usize = 100;
/// What a subscriber that does not read takes of the server's memory at most, on top of one
/// read of its bus: what the window of its stream lets out, as much again where it is
/// encoded, and the frames that wait.
const SUBSCRIBER_BYTES: usize = callboard::limits::SUBSCRIBER_READ_BYTES + (256 << 10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscribers_that_never_read_hold_up_nobody() {
    let server = Server::start();
    let mut neighbour = Neighbour::of(&server).await;
    neighbour.is_served(&server).await;
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", "the first")).await;
    let (before, memory) = (descriptors(&server), Memory::of(&server));
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(server.addr()).await;
        for nth in 0..SUBSCRIBERS / CONNECTIONS {
            let stream = 1 + 2 * u32::try_from(nth).expect("a stream");
            let mut call = http2::call(stream, "MessageBus/Subscribe");
            call.extend(http2::message(stream, &follow("demo", "", Latest), true));
            connection.send(&call).await.expect("the call");
        }
        // The last of them is answered; nothing is read any more.
        for _ in 0..SUBSCRIBERS / CONNECTIONS {
            assert!(connection.until(http2::HEADERS).await, "subscribed");
        }
        connections.push(connection);
    }
    let earliest = callboard::grpc::pb::StartPosition::Earliest;
    let mut recorder = Recorder::start(server.addr(), bus(follow("demo", "", earliest)));
    let batches = rounds(200);
    let body = "x".repeat(BODY_BYTES);
    for nth in 0..batches {
        let batch = vec![message("demo", "", &body); BATCH];
        client.append_batch(batch, "").await.expect("an append");
        if nth % 20 == 0 {
            neighbour.is_served(&server).await;
        }
    }
    recorder.reaches(1 + batches * BATCH).await;
    let mut tally = recorder.stop().await.validate(server.addr(), &[("demo", "")]).await;
    neighbour.is_served(&server).await;
    memory.assert_grew_less(&server, "unread", SUBSCRIBERS * SUBSCRIBER_BYTES);
    drop(connections);
    eventually("all is freed", async || descriptors(&server) <= before + 10).await;
    tally.add(neighbour.tally(SUBSCRIBERS - 1).await);
    tally.settle(
        "1000 subscribers that never read",
        "nothing_lost::floods::unread::subscribers_that_never_read_hold_up_nobody",
    );
}

/// Says that a request is about one bus.
fn bus(request: callboard::grpc::pb::SubscribeRequest) -> callboard::grpc::pb::SubscribeRequest {
    let scope = callboard::grpc::pb::SubscribeScope::Bus.into();
    callboard::grpc::pb::SubscribeRequest { scope, ..request }
}
