//! Connections that are meant to do harm: those that never come to an end, those that say too
//! much, and those that lie. Each is closed or refused, and a neighbour is served meanwhile.

mod lies;
mod pages;
mod raw_calls;

use std::time::Duration;

use callboard::limits;
use callboard_client::v1::Message;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::authority::{Authority, Leaf};
use crate::metrics::{Scrape, http_of};
use crate::nothing_lost::floods::Memory;
use crate::nothing_lost::floods::http2::{self, Connection};
use crate::nothing_lost::floods::neighbour::Neighbour;
use crate::server::{DEADLINE, Server};

/// Between the bytes of who is slow: long enough to be slow, and short of every timeout.
const PAUSE: Duration = Duration::from_millis(100);
/// Timeouts that a test can wait for.
const SHORT: [&str; 3] =
    ["--handshake-timeout=1s", "--keepalive-interval=1s", "--keepalive-timeout=1s"];
/// What a client says in its headers and more, none of which ever ends.
const ENDLESS: usize = 40;
/// What these together make the server hold at most, in bytes.
const ENDLESS_BYTES_MAX: usize = 32 << 20;

/// Says something once, and then the rest a byte at a time, again and again, until the server
/// has closed the connection.
async fn dribble(addr: String, first: Vec<u8>, rest: Vec<u8>) {
    let mut stream = TcpStream::connect(addr).await.expect("the server accepts");
    let _ = stream.write_all(&first).await;
    let (mut answers, mut sending) = stream.split();
    let dribbling = async {
        for byte in rest.iter().cycle() {
            // It is the pause that makes them slow.
            tokio::time::sleep(PAUSE).await;
            if sending.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
        std::future::pending::<()>().await;
    };
    let closed = async {
        let mut bytes = [0; 4096];
        while let Ok(1..) = answers.read(&mut bytes).await {}
    };
    let end = async {
        tokio::select! {
            () = dribbling => {}
            () = closed => {}
        }
    };
    // Sooner than it would by any timeout that was not set.
    timeout(limits::HANDSHAKE_TIMEOUT, end).await.expect("the server closes the connection");
}

/// Beginnings that have no end, and what is dribbled after them.
fn endless() -> Vec<(Vec<u8>, Vec<u8>)> {
    let preface = http2::beginning();
    let block = http2::header_block("MessageBus/AppendMessage");
    let half_headers = http2::frame(http2::HEADERS, 0, 1, &block);
    let then = |more: &[u8]| [&preface[..], more].concat();
    // So long that it takes more time than there is.
    let long = http2::frame(http2::HEADERS, http2::END_HEADERS, 1, &[0; 4000]);
    vec![
        (vec![], vec![]),
        (preface[..10].to_vec(), vec![]),
        (preface[..24].to_vec(), vec![]),
        (preface.clone(), vec![]),
        (then(&half_headers), vec![]),
        (then(&half_headers[..20]), vec![]),
        (vec![], preface.clone()),
        (then(&half_headers), http2::frame(http2::CONTINUATION, 0, 1, b"")),
        (then(&long[..9]), vec![0]),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_come_to_no_end_are_closed_in_time_and_hold_up_nobody() {
    let server = Server::start_with(&SHORT);
    let mut neighbour = Neighbour::of(&server).await;
    let mut slow = JoinSet::new();
    for (first, rest) in endless() {
        slow.spawn(dribble(server.addr().to_owned(), first, rest));
    }
    // He is served until the last of them is gone, by a subscription from before they came.
    while !slow.is_empty() {
        neighbour.is_served(&server).await;
        while let Some(ended) = slow.try_join_next() {
            ended.expect("it is closed");
        }
    }
    neighbour.is_served(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_come_to_no_end_of_tls_are_closed_in_time_and_hold_up_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new(folder.path(), "authority");
    let files = authority.issue("server", &Leaf::server());
    let cert = format!("--tls-cert={}", files.certificate.display());
    let key = format!("--tls-key={}", files.key.display());
    let flags = [&SHORT[..], &[&cert, &key, "--http=127.0.0.1:0"]].concat();
    let server = Server::start_with(&flags);
    let client = callboard_client::Client::builder()
        .address(format!("https://{}", server.addr()))
        .ca_file(authority.file())
        .project("demo")
        .connect_now()
        .await
        .expect("a client");
    let mut followed = client.follow().open().await.expect("a subscription");
    let mut is_served = async || {
        client.append(Message::new("FACT", "x")).send().await.expect("an append");
        let told = timeout(DEADLINE, followed.next()).await.expect("in time");
        told.expect("not at its end").expect("a message");
    };
    // A record of a handshake, which says that 512 bytes of it follow.
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec();
    let mut slow = JoinSet::new();
    for (first, rest) in [(vec![], vec![]), (hello.clone(), vec![]), (hello, vec![0])] {
        slow.spawn(dribble(server.addr().to_owned(), first, rest));
    }
    while !slow.is_empty() {
        is_served().await;
        while let Some(ended) = slow.try_join_next() {
            ended.expect("it is closed");
        }
    }
    is_served().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_without_an_end_are_refused_and_take_no_memory() {
    let server = Server::start();
    let mut neighbour = Neighbour::of(&server).await;
    neighbour.is_served(&server).await;
    let memory = Memory::of(&server);
    let block = http2::header_block("MessageBus/AppendMessage");
    let first = http2::frame(http2::HEADERS, 0, 1, &block);
    let more = http2::frame(http2::CONTINUATION, 0, 1, &http2::field("x-more", 100));
    let mut flood = JoinSet::new();
    for _ in 0..ENDLESS {
        let (addr, first, more) = (server.addr().to_owned(), first.clone(), more.repeat(100));
        flood.spawn(async move {
            let mut connection = Connection::open(&addr).await;
            connection.send(&first).await.expect("the headers begin");
            // It is to be closed before it is through with all of this.
            let sent = async { while connection.send(&more).await.is_ok() {} };
            timeout(2 * DEADLINE, sent).await.expect("the server closes the connection");
            connection.is_closed().await;
        });
    }
    while !flood.is_empty() {
        neighbour.is_served(&server).await;
        while let Some(ended) = flood.try_join_next() {
            ended.expect("it is closed");
        }
    }
    memory.assert_grew_less(&server, "headers without an end", ENDLESS_BYTES_MAX);
}

#[tokio::test]
async fn headers_over_the_limit_that_was_set_are_refused_and_the_connection_goes_on() {
    let flags = ["--request-header-bytes-max=4KiB", "--http=127.0.0.1:0"];
    let server = Server::start_with(&flags);
    let http = http_of(&server);
    let mut connection = Connection::open(server.addr()).await;
    let block = http2::header_block("Storage/GetServerInfo");
    for (stream, length, is_taken) in [(1, 3_000, true), (3, 5_000, false), (5, 3_000, true)] {
        let before = Scrape::of(&http).calls("Storage/GetServerInfo", "OK");
        let fields = [block.clone(), http2::field("x-long", length)].concat();
        let flags = http2::END_HEADERS;
        connection.send(&http2::frame(http2::HEADERS, flags, stream, &fields)).await.expect("sent");
        let message = http2::message(stream, &callboard::grpc::pb::GetServerInfoRequest {}, true);
        connection.send(&message).await.expect("sent");
        assert!(connection.until(http2::HEADERS).await, "{length}: an answer");
        connection.is_through().await;
        let after = Scrape::of(&http).calls("Storage/GetServerInfo", "OK");
        assert_eq!(after - before, f64::from(u8::from(is_taken)), "{length}");
    }
}
