//! More connections than there are places, which say nothing, or nothing of use.

use callboard::limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::http2;
use super::neighbour::Neighbour;
use super::{Memory, descriptors};
use crate::client::eventually;
use crate::server::{DEADLINE, Server};
use crate::skip;

/// What must be shown.
const FLOOD: usize = 10_000;
/// Further ones, for which idle connections have to go: more than those that are given up.
const BEYOND: usize = limits::CONNECTIONS_MAX + 2 * SPEECHLESS;
/// The last of them, which say nothing, or nothing of use.
const SPEECHLESS: usize = 400;
/// What one idle connection takes of the server's memory at most.
const CONNECTION_BYTES: usize = 24 << 10;
/// Descriptors of the tests that run beside this one.
const SPARE_DESCRIPTORS: u64 = 2000;

/// What a connection says first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Silent,
    Garbage,
    Idle,
}

fn kind(nth: usize, count: usize) -> Kind {
    match nth {
        _ if nth + SPEECHLESS < count => Kind::Idle,
        _ if nth.is_multiple_of(2) => Kind::Silent,
        _ => Kind::Garbage,
    }
}

async fn open(server: &Server, kind: Kind) -> TcpStream {
    let connect = timeout(DEADLINE, TcpStream::connect(server.addr()));
    let mut stream = connect.await.expect("in time").expect("the server accepts");
    let words: &[u8] = match kind {
        Kind::Silent => b"",
        Kind::Garbage => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        Kind::Idle => &http2::beginning(),
    };
    let _ = stream.write_all(words).await;
    stream
}

/// Returns how many connections this process can open, of those that are wanted.
fn as_many_as_allowed() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let allowed = limit.current.unwrap_or(u64::MAX).saturating_sub(SPARE_DESCRIPTORS);
    let count = BEYOND.min(usize::try_from(allowed).unwrap_or(BEYOND));
    if count < FLOOD {
        skip::skip(&format!("the descriptor limit is too low: {count} connections, not {FLOOD}"));
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_connections_than_places_lock_nobody_out() {
    let server = Server::start();
    let mut neighbour = Neighbour::of(&server).await;
    neighbour.is_served(&server).await;
    let count = as_many_as_allowed();
    let before = descriptors(&server);
    let memory = Memory::of(&server);

    let mut flood = Vec::new();
    for nth in 0..count {
        flood.push(open(&server, kind(nth, count)).await);
        if nth % 4000 == 3999 || nth + 1 == FLOOD.min(count) {
            neighbour.is_served(&server).await;
        }
    }
    neighbour.is_served(&server).await;
    // The places are the same for both ways in.
    let words = http2::beginning();
    let socket = async {
        let mut stream = UnixStream::connect(server.uds()).await.expect("the socket");
        stream.write_all(&words).await.expect("the beginning");
        stream.read_u8().await.expect("an answer")
    };
    timeout(DEADLINE, socket).await.expect("served through the socket");
    assert!(descriptors(&server) <= limits::CONNECTIONS_MAX + 100, "no more than the places");
    memory.assert_grew_less(&server, "connections", count * CONNECTION_BYTES);

    // Who does not speak is given up, HANDSHAKE_TIMEOUT after he came.
    let (mut idle, mut silent) = (Vec::new(), Vec::new());
    for (nth, stream) in flood.into_iter().enumerate() {
        if kind(nth, count) == Kind::Idle { &mut idle } else { &mut silent }.push(stream);
    }
    let wait = limits::HANDSHAKE_TIMEOUT + DEADLINE;
    let given_up = async {
        for mut stream in silent {
            // The server's own beginning comes to everybody.
            let mut bytes = [0; 4096];
            while let Ok(1..) = stream.read(&mut bytes).await {}
        }
    };
    timeout(wait, given_up).await.expect("the silent ones are given up");
    // Of those that spoke, only as many had to go as there were too many.
    let mut gone = 0;
    for stream in &mut idle {
        let mut bytes = [0; 4096];
        // The first bytes are the server's own beginning.
        while let Ok(read) = stream.try_read(&mut bytes) {
            if read == 0 {
                gone += 1;
                break;
            }
        }
    }
    let too_many = (count + 100).saturating_sub(limits::CONNECTIONS_MAX);
    assert!(gone <= too_many, "{gone} connections were closed, {too_many} were too many");
    neighbour.is_served(&server).await;

    drop(idle);
    eventually("all is freed", async || descriptors(&server) <= before + 5).await;
    let tally = neighbour.tally(count).await;
    tally.settle(
        "more connections than places",
        "nothing_lost::floods::connections::more_connections_than_places_lock_nobody_out",
    );
}
