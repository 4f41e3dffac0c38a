//! Calls that one client makes too many of.

use callboard::grpc::pb;
use callboard::limits;

use super::http2::{self, Connection};
use super::neighbour::Neighbour;
use super::{Memory, descriptors};
use crate::client::eventually;
use crate::server::Server;

/// Calls of one connection, and more of them in all than there are places.
const CALLS: usize = limits::CONNECTION_STREAMS_MAX as usize;
const CONNECTIONS: usize = limits::CALLS_MAX / CALLS + 2;
/// What a call that waits takes of the server's memory at most, besides what it sent.
const CALL_BYTES: usize = 24 << 10;

/// Opens connections, and on each as many calls as it may have: they begin, and say no more.
async fn flood(
    server: &Server,
    connections: usize,
    call: impl Fn(u32) -> Vec<u8>,
) -> Vec<Connection> {
    let mut flood = Vec::new();
    for _ in 0..connections {
        let mut connection = Connection::open(server.addr()).await;
        let streams = (0..CALLS).map(|nth| 1 + 2 * u32::try_from(nth).expect("a stream"));
        let calls: Vec<u8> = streams.flat_map(&call).collect();
        connection.send(&calls).await.expect("the calls");
        connection.is_through().await;
        flood.push(connection);
    }
    flood
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_one_client_leave_places_to_the_others() {
    let server = Server::start();
    let mut neighbour = Neighbour::of(&server).await;
    neighbour.is_served(&server).await;
    let (before, memory) = (descriptors(&server), Memory::of(&server));

    let unfinished =
        flood(&server, CONNECTIONS, |stream| http2::call(stream, "MessageBus/AppendMessage")).await;
    neighbour.is_served(&server).await;
    drop(unfinished);
    eventually("all is freed", async || descriptors(&server) <= before + 5).await;

    let poll = pb::PollForNewRequest { project_id: "nobody".into(), ..Default::default() };
    let connections = limits::WAITING_CALLS_MAX / CALLS + 2;
    let waiting = flood(&server, connections, |stream| {
        [http2::call(stream, "MessageBus/PollForNew"), http2::message(stream, &poll, true)].concat()
    })
    .await;
    neighbour.waits_and_is_told(&server).await;
    memory.assert_grew_less(&server, "calls", limits::CALLS_MAX / 2 * CALL_BYTES);
    drop(waiting);
    let tally = neighbour.tally((CONNECTIONS + connections) * CALLS).await;
    tally.settle(
        "more calls of one client than there are places",
        "nothing_lost::floods::calls::calls_of_one_client_leave_places_to_the_others",
    );
}
