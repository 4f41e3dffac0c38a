//! A bus that is too large to be read as a whole at a start: what is asked of it is answered the
//! same, and its end without the rest.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use callboard::clock::SystemClock;
use callboard::domain::{BusId, MsgId};
use callboard::files::Files;
use callboard::grpc::pb;
use callboard::store::{self, Filter, MessageBus as _, ReadQuery, ReadStart};
use pb::read_messages_request::Start;
use pb::{ListBusesRequest, StartPosition};

use crate::client::{Client, follow, follow_after, message, read_of};
use crate::faulty_disk::{Faults, FaultyDisk};
use crate::foreign_writer;
use crate::server::Server;

/// More than is read of a large bus at first.
const FILE_BYTES: u64 = 6 << 20;
const BODY_BYTES: usize = 2500;

/// A server whose bus of the project demo is large, with all sorts of things at its beginning.
struct LargeBus {
    server: Server,
    file: PathBuf,
    /// What stands in it.
    messages: Vec<pb::Message>,
    /// What the server told of it when it had read all of it.
    listed: pb::Bus,
}

impl LargeBus {
    async fn make() -> Self {
        let mut server = Server::start();
        let file = server.root().join("demo/PROJECT-MESSAGE-BUS.md");
        let mut client = Client::connect(&server).await;
        client.append_request(first_request()).await.expect("it");
        foreign_writer::append(&file, "[2026-03-01 10:00:00] FACT: a legacy line\n");
        foreign_writer::append(&file, &foreign_writer::record("PY-1", "from another program"));
        let damaged = client.append(message("demo", "", "this one is to be damaged")).await;
        client.append(message("demo", "", "---\nmsg_id: forged\ntype: X\n---\nno record")).await;
        server.kill();
        let text = std::fs::read_to_string(&file).expect("the bus");
        assert!(text.contains(&damaged));
        std::fs::write(&file, text.replace("to be damaged", "to be DAMAGED")).expect("an edit");
        server.restart();
        let mut client = Client::connect(&server).await;
        let mut number = 0;
        while file.metadata().expect("the bus").len() < FILE_BYTES {
            let body = |number: usize| format!("{number}\n---\n{}", "x".repeat(BODY_BYTES));
            let batch = (number..number + 700).map(|it| message("demo", "", &body(it))).collect();
            client.append_batch(batch, "").await.expect("a batch");
            number += 700;
        }
        let messages = client.read_all("demo", "").await;
        let listed = list(&mut client).await;
        assert_eq!(listed.damage_count, 1, "{listed:?}");
        Self { server, file, messages, listed }
    }

    /// Starts the server anew, so that it knows nothing of the bus.
    async fn restart(&mut self) -> Client {
        self.server.kill();
        self.server.restart();
        Client::connect(&self.server).await
    }

    fn place_of(&self, is: impl Fn(&pb::Message) -> bool) -> usize {
        self.messages.iter().position(is).expect("it is there")
    }
}

fn first_request() -> pb::AppendMessageRequest {
    pb::AppendMessageRequest {
        message: Some(message("demo", "", "first")),
        request_id: "the first request".to_owned(),
        ..Default::default()
    }
}

async fn list(client: &mut Client) -> pb::Bus {
    let listed = client.0.list_buses(ListBusesRequest::default()).await.expect("a list");
    listed.into_inner().buses.remove(0)
}

async fn read_from(client: &mut Client, start: Start, limit: i32) -> Vec<pb::Message> {
    let request = pb::ReadMessagesRequest { start: Some(start), limit, ..read_of("demo", "") };
    client.read(request).await.messages
}

#[tokio::test]
async fn whatever_is_asked_first_of_a_large_bus_is_answered_as_when_all_of_it_was_read() {
    let mut bus = LargeBus::make().await;
    let all = bus.messages.clone();
    let last = all.len() - 1;

    let mut client = bus.restart().await;
    assert_eq!(read_from(&mut client, Start::Tail(20), 20).await, all[all.len() - 20..]);
    // Further back than what was read for the end.
    assert_eq!(read_from(&mut client, Start::Tail(2000), 3).await, all[all.len() - 2000..][..3]);
    assert_eq!(list(&mut client).await, bus.listed);

    let mut client = bus.restart().await;
    assert_eq!(list(&mut client).await, bus.listed);

    for of in ["PY-1", "LEGACY-LINE-", "MSG-"] {
        let mut client = bus.restart().await;
        let place = bus.place_of(|it| it.msg_id.starts_with(of));
        let start = Start::SinceId(all[place].msg_id.clone());
        assert_eq!(read_from(&mut client, start, 5).await, all[place + 1..place + 6], "{of}");
    }

    let mut client = bus.restart().await;
    let start = Start::SinceId(all[last - 2].msg_id.clone());
    assert_eq!(read_from(&mut client, start, 5).await, all[last - 1..]);

    let mut client = bus.restart().await;
    let time = all[700].ts.expect("a time");
    assert_eq!(read_from(&mut client, Start::SinceTime(time), 2).await, all[701..703]);

    let mut client = bus.restart().await;
    let first = read_from(&mut client, Start::Tail(5000), 1).await;
    assert_eq!(first, all[..1]);

    let mut client = bus.restart().await;
    assert_eq!(client.read_all("demo", "").await, all);
    assert!(!bus.server.log().contains("forged"), "{}", bus.server.log());
}

#[tokio::test]
async fn a_message_of_ours_is_found_by_its_id_without_reading_the_whole_bus() {
    let mut bus = LargeBus::make().await;
    // What is long, and what others wrote, leaves few places with a record of ours near.
    let mut client = Client::connect(&bus.server).await;
    client.append(message("demo", "", &"x".repeat(600 << 10))).await;
    foreign_writer::append(&bus.file, &foreign_writer::record("PY-2", &"y".repeat(400 << 10)));
    client.append(message("demo", "", "one more")).await;
    foreign_writer::append(&bus.file, &foreign_writer::record("PY-3", &"z".repeat(400 << 10)));
    let all = client.read_all("demo", "").await;
    bus.server.kill();
    let ours = |place: &usize| all[*place].msg_id.starts_with("MSG-");
    let (middle, end) = (all.len() / 2, all.len() - 20);
    let spread = (0..end).step_by(200).chain(middle - 60..middle + 60);
    for place in spread.chain(end..all.len() - 1).filter(ours) {
        let (found, read) = read_after(&bus, &all[place].msg_id).await;
        assert_eq!(found, [all[place + 1].msg_id.as_str()], "after message {place}");
        // The end is looked at when the bus is opened. What is long is read over where it is near.
        assert!(place >= end || read < 4 << 20, "{read} bytes were read to find message {place}");
    }
}

/// Opens the bus anew, and reads the message after one. Returns its id, and how many bytes that
/// took.
async fn read_after(bus: &LargeBus, msg_id: &str) -> (Vec<String>, usize) {
    let faults = Arc::new(Faults::default());
    let disk = FaultyDisk::open(bus.server.root(), &faults);
    let files = Files::open(disk, Arc::new(SystemClock), 1).expect("the root is free");
    let start = store::Start::SinceId(MsgId::parse("id", msg_id).expect("an id"));
    let query = ReadQuery {
        bus: BusId::parse("demo", "").expect("an id"),
        start: ReadStart::From(start),
        limit: 1,
        filter: Filter::default(),
    };
    let page = files.read(query).await.expect("a page");
    let found = page.messages.into_iter().map(|message| message.msg_id).collect();
    (found, faults.bytes_read.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_large_bus_goes_on_after_a_start_as_a_small_one_does() {
    let mut bus = LargeBus::make().await;
    let count = bus.messages.len();

    // A request from its beginning is known.
    let mut client = bus.restart().await;
    let again = client.append_request(first_request()).await.expect("an answer");
    assert!(again.duplicate);
    assert_eq!(again.msg_id, bus.messages[0].msg_id);

    // What is appended has later ids, and is followed from the cursor before it.
    let mut client = bus.restart().await;
    let mut following = client.subscribe(follow("demo", "", StartPosition::Latest)).await;
    following.caught_up().await;
    let appended = client.append(message("demo", "", "after the start")).await;
    assert!(appended > bus.messages[count - 1].msg_id);
    let delivered = following.message().await;
    assert_eq!(delivered.message.expect("a message").msg_id, appended);

    // A line is named by its number, which nobody has counted yet.
    let mut client = bus.restart().await;
    let text = std::fs::read_to_string(&bus.file).expect("the bus");
    foreign_writer::append(&bus.file, "[2026-03-02 10:00:00] FACT: another legacy line\n");
    let longer = std::fs::read_to_string(&bus.file).expect("the bus");
    let at = longer[text.len()..].find("[2026-03-02").expect("the line") + text.len();
    let number = 1 + longer[..at].matches('\n').count();
    let line = read_from(&mut client, Start::Tail(1), 1).await.remove(0);
    assert_eq!(line.msg_id, format!("LEGACY-LINE-{number:09}"));
    let mut following = client.subscribe(follow_after("demo", "", &delivered.cursor)).await;
    assert_eq!(following.message().await.message.expect("a message"), line);
}

/// How many bytes a process has read, from files or anything else.
fn read_by(pid: u32) -> u64 {
    let io = std::fs::read_to_string(format!("/proc/{pid}/io")).expect("what it read");
    let count = io.lines().find_map(|line| line.strip_prefix("rchar: ")).expect("a count");
    count.parse().expect("a number")
}

#[tokio::test]
async fn the_end_of_a_large_bus_is_read_and_appended_to_without_the_rest() {
    let mut bus = LargeBus::make().await;
    let cursor = {
        let mut client = Client::connect(&bus.server).await;
        let request = pb::ReadMessagesRequest { limit: 700, ..read_of("demo", "") };
        client.read(request).await.cursor
    };
    let mut client = bus.restart().await;
    let before = read_by(bus.server.pid());
    let tail = read_from(&mut client, Start::Tail(20), 20).await;
    assert_eq!(tail, bus.messages[bus.messages.len() - 20..]);
    client.append(message("demo", "", "one more")).await;
    let mut following = client.subscribe(follow("demo", "", StartPosition::Latest)).await;
    following.caught_up().await;
    // A cursor names its place: what stands before it is not looked at.
    let since = read_from(&mut client, Start::Cursor(cursor), 5).await;
    assert_eq!(since, bus.messages[700..705]);
    let read = read_by(bus.server.pid()) - before;
    assert!(read < FILE_BYTES / 2, "{read} bytes were read");
}

#[tokio::test]
async fn a_start_at_a_time_is_right_on_both_sides_of_where_the_scan_began() {
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    // Longer than what lies between two places that the index remembers.
    let (count, body) = (80, "x".repeat(70 << 10));
    let mut appended = Vec::new();
    for _ in 0..count {
        appended.push(client.try_append(message("demo", "", &body)).await.expect("an append"));
    }
    server.kill();
    server.restart();
    let mut client = Client::connect(&server).await;
    assert_eq!(read_from(&mut client, Start::Tail(1), 1).await.len(), 1);
    for one in &appended {
        let start = pb::subscribe_request::Start::SinceTime(one.ts.expect("a time"));
        let request = pb::SubscribeRequest {
            start: Some(start),
            ..follow("demo", "", StartPosition::Latest)
        };
        let mut following = client.subscribe(request).await;
        match following.frame().await {
            callboard_client::Frame::Opened(opened) => assert_eq!(opened.cursor, one.cursor),
            frame => panic!("{frame:?}"),
        }
    }
}
