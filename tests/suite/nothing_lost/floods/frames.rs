//! Frames that are meant to do harm: too many, too large, too slow, or never taken.

use std::time::Duration;

use callboard::grpc::pb;
use callboard::limits;
use tokio::task::JoinSet;

use super::super::tally::{Tally, rounds};
use super::Memory;
use super::http2::{self, Connection};
use super::neighbour::Neighbour;
use crate::client::{Client, follow, message, read_of};
use crate::server::Server;

/// What a client that floods one connection makes the server hold at most, in bytes.
const FRAMES_BYTES_MAX: usize = 96 << 20;
/// How often a flood sends its frames before it is content.
const TIMES: usize = 200;

/// What comes of a flood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The server closes the connection.
    Closed,
    /// The server bears it.
    Borne,
}

/// Each flood: what it begins with, what it repeats, and what comes of it.
fn floods() -> Vec<(&'static str, Vec<u8>, Vec<u8>, End)> {
    let block = http2::header_block("MessageBus/AppendMessage");
    let open = |flags| http2::frame(http2::HEADERS, flags, 1, &block);
    let long = http2::field("x", 4096);
    let many = |frame: &[u8], count| frame.repeat(count);
    let overflow = (1_u32 << 31) - 1;
    let mut headers = http2::frame(http2::HEADERS, 0, 1, &block);
    for nth in 0..40 {
        let last = if nth == 39 { http2::END_HEADERS } else { 0 };
        headers.extend(http2::frame(http2::CONTINUATION, last, 1, &long));
    }
    vec![
        (
            "continuations without an end",
            open(0),
            many(&http2::frame(http2::CONTINUATION, 0, 1, &long), 20),
            End::Closed,
        ),
        (
            "empty continuations without an end",
            open(0),
            many(&http2::frame(http2::CONTINUATION, 0, 1, &[]), 1000),
            End::Closed,
        ),
        ("headers over their limit", headers, vec![], End::Borne),
        ("settings", vec![], many(&http2::setting(http2::INITIAL_WINDOW_SIZE, 0), 500), End::Borne),
        ("pings", vec![], many(&http2::frame(http2::PING, 0, 0, &[1; 8]), 500), End::Borne),
        (
            "empty data without an end",
            open(http2::END_HEADERS),
            many(&http2::frame(http2::DATA, 0, 1, &[]), 500),
            End::Closed,
        ),
        (
            "a window that overflows",
            vec![],
            many(&http2::frame(http2::WINDOW_UPDATE, 0, 0, &overflow.to_be_bytes()), 2),
            End::Closed,
        ),
        (
            "more data than the window",
            open(http2::END_HEADERS),
            http2::frame(http2::DATA, 0, 1, &[0; 16 << 10]),
            End::Closed,
        ),
        (
            "a frame over its limit",
            vec![],
            http2::frame(http2::DATA, 0, 1, &[0; 17 << 10]),
            End::Closed,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_are_meant_to_do_harm_do_it_to_nobody_else() {
    let server = Server::start();
    let mut neighbour = Neighbour::of(&server).await;
    neighbour.is_served(&server).await;
    let memory = Memory::of(&server);
    let floods = floods();
    let cases = floods.len();
    let mut flooding = JoinSet::new();
    for (name, first, again, end) in floods {
        let addr = server.addr().to_owned();
        flooding.spawn(async move {
            let mut connection = Connection::open(&addr).await;
            let (mut answers, mut sending) = connection.0.split();
            use tokio::io::AsyncWriteExt as _;
            // What comes back is taken, so that the server may go on.
            let mut sink = tokio::io::sink();
            let taking = tokio::io::copy(&mut answers, &mut sink);
            let send = async {
                sending.write_all(&first).await?;
                for _ in 0..TIMES {
                    sending.write_all(&again).await?;
                }
                std::io::Result::Ok(())
            };
            let sent = tokio::select! {
                sent = send => sent.is_ok(),
                _ = taking => false,
            };
            if end == End::Closed {
                if sent {
                    connection.is_closed().await;
                }
            } else {
                assert!(sent, "{name}: the server closed the connection");
            }
            name
        });
    }
    while !flooding.is_empty() {
        neighbour.is_served(&server).await;
        while let Some(ended) = flooding.try_join_next() {
            ended.expect("a flood comes to its end");
        }
    }
    memory.assert_grew_less(&server, "frames", FRAMES_BYTES_MAX);
    let tally = neighbour.tally(cases).await;
    tally.settle(
        "floods of frames",
        "nothing_lost::floods::frames::frames_that_are_meant_to_do_harm_do_it_to_nobody_else",
    );
}

/// Answers of 1 MiB that nobody takes, with windows that let nothing out, and as many short
/// ones, with windows of a byte. Each takes as much again while it is made.
const UNTAKEN: usize = 512;
const SHORT_BYTES: usize = 50_000;
const UNTAKEN_BYTES_MAX: usize = 2 * limits::ANSWERS_BYTES_MAX + (128 << 20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_take_nothing_or_come_to_no_end_are_given_up() {
    let server = Server::start();
    let mut neighbour = Neighbour::of(&server).await;
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", &"x".repeat(1 << 20))).await;
    client.append(message("short", "", &"x".repeat(SHORT_BYTES))).await;
    neighbour.is_served(&server).await;
    let memory = Memory::of(&server);

    // Nothing may be sent to the first, and next to nothing to the second, which its transport
    // is handed whole.
    let untaken = u32::try_from(rounds(UNTAKEN).max(64)).expect("a number");
    let mut not_taking = Vec::new();
    for (window, project) in [(0, "demo"), (1, "short")] {
        let mut connection = Connection::open(server.addr()).await;
        let window = http2::setting(http2::INITIAL_WINDOW_SIZE, window);
        connection.send(&window).await.expect("a setting");
        for nth in 0..untaken {
            let mut call = http2::call(1 + 2 * nth, "MessageBus/ReadMessages");
            call.extend(http2::message(1 + 2 * nth, &read_of(project, ""), true));
            connection.send(&call).await.expect("a call");
        }
        not_taking.push(connection);
    }
    // This one sends a byte now and then.
    let mut slow = Connection::open(server.addr()).await;
    let append = pb::AppendMessageRequest {
        message: Some(message("demo", "", "never whole")),
        ..Default::default()
    };
    let whole = http2::message(1, &append, true);
    slow.send(&http2::call(1, "MessageBus/AppendMessage")).await.expect("the beginning");
    // This one subscribes, and reads nothing either: it may.
    let mut quiet = Connection::open(server.addr()).await;
    quiet.send(&http2::call(1, "MessageBus/Subscribe")).await.expect("the beginning");
    let request = follow("demo", "", pb::StartPosition::Earliest);
    quiet.send(&http2::message(1, &request, true)).await.expect("the request");

    let mut tally = Tally::default();
    for byte in &whole[9..12] {
        slow.send(&http2::frame(http2::DATA, 0, 1, &[*byte])).await.expect("a byte");
        neighbour.is_served(&server).await;
    }
    tally.cases = 4;
    // The timeouts are long, and waited for only where there is time.
    if rounds(200) >= 200 {
        let loris = async {
            for byte in whole[12..].iter().cycle() {
                let frame = http2::frame(http2::DATA, 0, 1, &[*byte]);
                // A second is what it takes between its bytes.
                let pause = tokio::time::sleep(Duration::from_secs(1));
                tokio::select! {
                    answered = slow.until(http2::HEADERS) => return assert!(answered, "refused"),
                    () = pause => {}
                }
                if slow.send(&frame).await.is_err() {
                    return;
                }
            }
        };
        let wait = limits::REQUEST_TIMEOUT + limits::ANSWER_TIMEOUT;
        let gone = futures_util::future::join_all(not_taking.iter_mut().map(Connection::is_gone));
        let given_up = async { tokio::join!(loris, gone) };
        tokio::time::timeout(wait, given_up).await.expect("all are given up in time");
        assert!(quiet.until(http2::DATA).await, "the subscription goes on");
    }
    neighbour.is_served(&server).await;
    memory.assert_grew_less(&server, "untaken answers", UNTAKEN_BYTES_MAX);
    tally.add(neighbour.tally(0).await);
    tally.settle(
        "clients that take nothing, or send a byte at a time",
        "nothing_lost::floods::frames::clients_that_take_nothing_or_come_to_no_end_are_given_up",
    );
}
