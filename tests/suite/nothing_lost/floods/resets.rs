//! Streams that are reset as fast as they are opened (CVE-2023-44487), and at any other
//! moment.

use std::fs;

use callboard::grpc::pb;
use callboard::limits;

use super::http2::{self, Connection};
use super::neighbour::Neighbour;
use super::{Memory, descriptors};
use crate::client::{Client, eventually, follow, message};
use crate::server::Server;
use crate::storage_client::{upload_header, upload_part};

/// Streams of each kind: more than there are seats, so that one that was not given back
/// would be missed.
const STREAMS: usize = limits::SUBSCRIBERS_MAX + 200;
/// Streams that are opened at once.
const AT_ONCE: usize = 50;
/// What all of it takes of the server's memory at most.
const RESETS_BYTES_MAX: usize = 192 << 20;

/// The kinds of calls.
const METHODS: [&str; 5] = [
    "MessageBus/AppendMessage",
    "MessageBus/Subscribe",
    "MessageBus/AppendStream",
    "Storage/UploadArtifact",
    "Storage/Watch",
];

fn append() -> pb::AppendMessageRequest {
    let message = Some(message("resets", "", "appended or not"));
    pb::AppendMessageRequest { message, ..Default::default() }
}

/// Returns what a call begins with: enough of it that the server begins to work on it.
fn beginning(stream: u32, method: &str, nth: usize) -> Vec<u8> {
    use pb::upload_artifact_request::Part;
    let mut bytes = http2::call(stream, method);
    let more = match method {
        "MessageBus/AppendMessage" => {
            let whole = http2::message(stream, &append(), false);
            let length = 9 + nth % (whole.len() - 9);
            // The length of a frame that is sent must be the one that it says.
            http2::frame(http2::DATA, 0, stream, &whole[9..length])
        }
        "MessageBus/Subscribe" => {
            let earliest = pb::StartPosition::Earliest;
            http2::message(stream, &follow("neighbour", "", earliest), true)
        }
        "MessageBus/AppendStream" => {
            let message = append().message;
            let request = pb::AppendStreamRequest { message, ..Default::default() };
            http2::message(stream, &request, false)
        }
        "Storage/UploadArtifact" => {
            let header = upload_header("neighbour", "task-a", &format!("never{nth}.bin"));
            let mut parts = http2::message(stream, &upload_part(Part::Header(header)), false);
            let chunk = upload_part(Part::Chunk(vec![b'x'; 2000]));
            parts.extend(http2::message(stream, &chunk, false));
            parts
        }
        _ => http2::message(stream, &pb::WatchRequest::default(), true),
    };
    bytes.extend(more);
    bytes
}

/// Opens streams and resets them, on one connection after the other. Half of them are reset
/// at once; the others when the server has begun to answer.
async fn reset_all(addr: &str, method: &str) -> usize {
    let (mut connection, mut stream, mut closed) = (Connection::open(addr).await, 1, 0);
    for round in 0..STREAMS / AT_ONCE {
        let streams: Vec<u32> = (0..AT_ONCE).map(|_| (stream, stream += 2).0).collect();
        let is_rapid = round % 2 == 0;
        let (mut opened, mut resets) = (Vec::new(), Vec::new());
        for (nth, &stream) in streams.iter().enumerate() {
            opened.extend(beginning(stream, method, round + nth));
            let reset = http2::reset(stream);
            if is_rapid { &mut opened } else { &mut resets }.extend(reset);
        }
        let mut sent = connection.send(&opened).await.is_ok();
        if sent && !is_rapid {
            // A ping is answered when what came before it was taken in.
            let ping = http2::frame(http2::PING, 0, 0, &[7; 8]);
            sent = connection.send(&ping).await.is_ok()
                && connection.until(http2::PING).await
                && connection.send(&resets).await.is_ok();
        }
        if !sent || stream > 1 << 20 {
            (connection, stream) = (Connection::open(addr).await, 1);
            closed += 1;
        }
    }
    closed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_are_reset_leave_nothing_behind() {
    let mut server = Server::start();
    let mut neighbour = Neighbour::of(&server).await;
    neighbour.is_served(&server).await;
    Client::connect(&server).await.append(message("resets", "", "the first")).await;
    let mut storage = crate::storage_client::StorageClient::connect(&server).await;
    storage.new_task("neighbour", "task-a").await;
    let (before, memory) = (descriptors(&server), Memory::of(&server));

    let mut resetting = tokio::task::JoinSet::new();
    for method in METHODS {
        let addr = server.addr().to_owned();
        resetting.spawn(async move { (method, reset_all(&addr, method).await) });
    }
    while !resetting.is_empty() {
        neighbour.is_served(&server).await;
        while let Some(ended) = resetting.try_join_next() {
            let (method, closed) = ended.expect("the flood goes on to its end");
            eprintln!("{method}: {STREAMS} streams, {closed} connections closed");
        }
    }
    neighbour.is_served(&server).await;
    memory.assert_grew_less(&server, "resets", RESETS_BYTES_MAX);

    // No seat, no file and no descriptor is kept.
    let staging = server.root().join(".callboard/staging");
    eventually("nothing is left of the uploads", async || {
        fs::read_dir(&staging).map_or(0, Iterator::count) == 0
    })
    .await;
    eventually("all descriptors are freed", async || descriptors(&server) <= before + 10).await;
    let found = storage.artifacts("neighbour", "task-a").await;
    assert_eq!(found, [], "what was broken off is not saved");
    // What of the appends was carried out is whole.
    let appended = Client::connect(&server).await.read_all("resets", "").await;
    assert!(appended[1..].iter().all(|message| message.body == "appended or not"));
    let tally = neighbour.tally(METHODS.len() * STREAMS).await;
    assert!(server.terminate().success(), "no call is left that would hold up the end");
    tally.settle(
        "streams reset at once or while they are answered",
        "nothing_lost::floods::resets::streams_that_are_reset_leave_nothing_behind",
    );
}
