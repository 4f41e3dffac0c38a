//! Many large requests at once: those that find no room wait, and small ones pass them.

use std::fs::File;

use callboard::limits;
use rustix::fs::{FlockOperation, flock};
use tokio::task::JoinSet;

use super::Memory;
use super::neighbour::Neighbour;
use crate::client::{Client, eventually, message};
use crate::server::Server;

/// Appends on one connection: more than there is room for, and of the others, which wait, each
/// has as much on its way as its window lets in.
const APPENDS: usize = 1000;
const BODY_BYTES: usize = 448 << 10;
/// What requests take of the server's memory at most: their bytes as they come, and once more
/// as what they say; what waits in the windows; and what is in the queue of the bus.
const REQUESTS_MEMORY_MAX: usize = 2 * limits::REQUESTS_BYTES_MAX
    + limits::CONNECTION_WINDOW_BYTES as usize
    + limits::BUS_QUEUE_BYTES_MAX as usize
    + (64 << 20);
/// From here on it shows that the server takes in what it has room for.
const TAKEN_IN: usize = limits::REQUESTS_BYTES_MAX / 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_appends_beyond_the_room_for_them_wait_and_all_are_carried_out() {
    let server = Server::start();
    let mut neighbour = Neighbour::of(&server).await;
    neighbour.is_served(&server).await;
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", "the first")).await;
    let memory = Memory::of(&server);
    // While the bus is locked, nothing that comes goes out again.
    let bus = server.root().join("demo/PROJECT-MESSAGE-BUS.md");
    let lock = File::open(&bus).expect("the bus");
    flock(&lock, FlockOperation::LockExclusive).expect("the lock of the bus");
    let mut appending = JoinSet::new();
    for nth in 0..APPENDS {
        let mut client = client.clone();
        appending.spawn(async move {
            let name = format!("{nth}.");
            let body = name.clone() + &"x".repeat(BODY_BYTES - name.len());
            client.append(message("demo", "", &body)).await
        });
    }
    eventually("the server takes in what there is room for", async || {
        Memory::of(&server).now > memory.now + TAKEN_IN
    })
    .await;
    neighbour.is_served(&server).await;
    drop(lock);
    let mut acknowledged = appending.join_all().await;
    memory.assert_grew_less(&server, "large appends", REQUESTS_MEMORY_MAX);

    let mut tally = neighbour.tally(APPENDS).await;
    tally.acknowledged += acknowledged.len();
    let held = client.read_all("demo", "").await;
    let mut ids: Vec<String> = held[1..].iter().map(|message| message.msg_id.clone()).collect();
    tally.torn += held[1..].iter().filter(|message| message.body.len() != BODY_BYTES).count();
    ids.sort();
    acknowledged.sort();
    tally.lost += acknowledged.iter().filter(|id| ids.binary_search(id).is_err()).count();
    tally.duplicated += ids.len() - acknowledged.len();
    tally.settle(
        "438 MiB of appends in flight at once",
        "nothing_lost::floods::requests::\
         large_appends_beyond_the_room_for_them_wait_and_all_are_carried_out",
    );
}
