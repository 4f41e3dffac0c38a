//! Subscribers that are slow, break off, and come back: no gap, and nothing twice.

mod cutting_proxy;

use std::collections::BTreeMap;
use std::time::Duration;

use callboard::grpc::pb;
use pb::StartPosition::{Earliest, Latest};
use pb::subscribe_request::Start;
use pb::subscribe_response::Frame;

use super::recorder::{Recorded, Recorder, Recording};
use super::tally::{Tally, rounds};
use crate::client::{Client, follow, message, read_of};
use crate::server::Server;
use cutting_proxy::CuttingProxy;

const PROJECT: &str = "demo";
const TASK: &str = "task-20260101-120000-followed";
/// Messages of one batch.
const BATCH: usize = 100;

/// A subscription from the beginning of a bus, of a project, or of everything.
fn all_of(scope: pb::SubscribeScope) -> pb::SubscribeRequest {
    let project = if scope == pb::SubscribeScope::All { "" } else { PROJECT };
    pb::SubscribeRequest { scope: scope.into(), ..follow(project, "", Earliest) }
}

/// Appends so many messages to a bus, in batches.
async fn append(client: &mut Client, project: &str, task: &str, count: usize) {
    for batch in 0..count.div_ceil(BATCH) {
        let messages = (batch * BATCH..count.min((batch + 1) * BATCH)).map(|nth| pb::Message {
            r#type: if nth % 3 == 0 { "PROGRESS" } else { "FACT" }.into(),
            run_id: if nth % 5 == 0 { "run-5" } else { "" }.into(),
            ..message(project, task, &format!("{nth}: {}", "x".repeat(nth % 700)))
        });
        client.append_batch(messages.collect(), "").await.expect("an append");
    }
}

async fn rotate(client: &mut Client, task: &str) {
    let request = pb::RotateBusRequest { project_id: PROJECT.into(), task_id: task.into() };
    client.0.rotate_bus(request).await.expect("an archive");
}

/// Returns the ids of what was recorded of a bus.
fn ids(recording: &Recording, project: &str, task: &str) -> Vec<String> {
    let messages = recording.messages();
    let told = messages.get(&(project.to_owned(), task.to_owned()));
    let id = |told: &&pb::subscribe_response::Delivery| {
        told.message.as_ref().expect("a message").msg_id.clone()
    };
    told.map(|told| told.iter().map(id).collect()).unwrap_or_default()
}

fn held_ids(held: &[pb::Message]) -> Vec<String> {
    held.iter().map(|message| message.msg_id.clone()).collect()
}

/// Counts what of some messages was told, in their order, and what was told besides.
fn compared(told: &[String], expected: &[String]) -> Tally {
    let mut times = BTreeMap::<&String, usize>::new();
    for id in told {
        *times.entry(id).or_default() += 1;
    }
    let duplicated = times.values().map(|times| times - 1).sum();
    let lost = expected.iter().filter(|id| !times.contains_key(id)).count();
    let tally = Tally { cases: 0, acknowledged: expected.len(), lost, duplicated, torn: 0 };
    if lost + duplicated == 0 {
        assert_eq!(told, expected, "told in the order of the bus, and nothing else");
    }
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_and_one_that_stops_for_long_are_told_everything() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    append(&mut client, PROJECT, "", 10).await;
    let pause = Duration::from_millis(2);
    let bus = all_of(pb::SubscribeScope::Bus);
    let mut slow = Recorder::start_slow(server.addr(), bus.clone(), pause);
    slow.reaches(1).await;
    // This one stops after its first message, as long as all the others come.
    let mut stopping =
        Client::connect(&server).await.subscribe(follow(PROJECT, "", Earliest)).await;
    let mut told = vec![stopping.message().await];
    append(&mut client, PROJECT, "", rounds(50_000)).await;
    let held = client.read_all(PROJECT, "").await;
    while told.len() < held.len() {
        told.push(stopping.message().await);
    }
    slow.reaches(held.len()).await;
    rotate(&mut client, "").await;
    let mut tally = slow.stop().await.validate(server.addr(), &[(PROJECT, "")]).await;
    let told = told.into_iter().map(|told| told.message.expect("a message").msg_id);
    tally.add(compared(&told.collect::<Vec<_>>(), &held_ids(&held)));
    tally.cases += 1;
    tally.settle(
        "a subscriber that is slow, one that stops for long",
        "nothing_lost::subscribers::\
         a_slow_reader_and_one_that_stops_for_long_are_told_everything",
    );
}

/// How often connections are cut.
const BREAKS: usize = 1000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_that_is_cut_off_at_any_byte_goes_on_where_it_was() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    append(&mut client, PROJECT, "", 10).await;
    let proxy = CuttingProxy::start(server.addr());
    let recorders = [pb::SubscribeScope::Bus, pb::SubscribeScope::Project, pb::SubscribeScope::All]
        .map(|scope| Recorder::start(&proxy.address(), all_of(scope)));
    // Buses appear while they follow, some while they are cut off.
    let mut buses = vec![(PROJECT.to_owned(), String::new())];
    let breaks = rounds(BREAKS).max(20);
    while proxy.cuts() < breaks {
        let nth = buses.len();
        if nth < 12 {
            let project = if nth % 2 == 0 { PROJECT.to_owned() } else { format!("other{nth}") };
            buses.push((project, format!("task-20260101-120000-{nth}")));
        }
        for (project, task) in &buses {
            append(&mut client, project, task, 20).await;
        }
    }
    proxy.stop_cutting();
    let mut held = BTreeMap::new();
    for (project, task) in &buses {
        held.insert((project, task), client.read_all(project, task).await.len());
    }
    let mut tally = Tally { cases: proxy.cuts(), ..Tally::default() };
    for (nth, mut recorder) in recorders.into_iter().enumerate() {
        let covered = |project: &str, task: &str| match nth {
            0 => project == PROJECT && task.is_empty(),
            1 => project == PROJECT,
            _ => true,
        };
        let buses: Vec<(&str, &str)> = buses
            .iter()
            .map(|(project, task)| (project.as_str(), task.as_str()))
            .filter(|(project, task)| covered(project, task))
            .collect();
        let all = held.iter().filter(|((project, task), _)| covered(project, task));
        recorder.reaches(all.map(|(_, count)| count).sum()).await;
        let recording = recorder.stop().await;
        assert!(recording.breaks() > 0, "it was cut off itself");
        tally.add(Tally { cases: 0, ..recording.validate(server.addr(), &buses).await });
    }
    tally.settle(
        "connections of subscribers cut at a random byte",
        "nothing_lost::subscribers::\
         a_subscriber_that_is_cut_off_at_any_byte_goes_on_where_it_was",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscribers_go_on_through_restarts_and_rotations() {
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    append(&mut client, PROJECT, "", 10).await;
    append(&mut client, PROJECT, TASK, 10).await;
    let filtered = |types: &[&str], run_id: &str| pb::SubscribeRequest {
        types: types.iter().map(ToString::to_string).collect(),
        run_id: run_id.into(),
        ..all_of(pb::SubscribeScope::Bus)
    };
    let requests = [
        all_of(pb::SubscribeScope::Bus),
        all_of(pb::SubscribeScope::Project),
        all_of(pb::SubscribeScope::All),
        filtered(&["PROGRESS"], ""),
        filtered(&[], "run-5"),
    ];
    let mut recorders = requests.map(|request| Recorder::start(server.addr(), request));
    let times = rounds(200);
    for round in 0..times {
        append(&mut client, PROJECT, "", 50).await;
        append(&mut client, PROJECT, TASK, 50).await;
        if round % 2 == 0 {
            rotate(&mut client, "").await;
        }
        if round % 3 == 0 {
            rotate(&mut client, TASK).await;
        }
        // One breaks off by itself, too.
        recorders[round % recorders.len()].break_off();
        append(&mut client, PROJECT, "", 20).await;
        if round % 2 == 0 {
            server.kill();
        } else {
            server.terminate();
        }
        server.restart();
        client = Client::connect(&server).await;
    }
    append(&mut client, PROJECT, "", 10).await;
    let bus = client.read_all(PROJECT, "").await;
    let task = client.read_all(PROJECT, TASK).await;
    let progress = bus.iter().filter(|message| message.r#type == "PROGRESS").cloned();
    let progress: Vec<pb::Message> = progress.collect();
    let of_run = bus.iter().filter(|message| message.run_id == "run-5").cloned();
    let of_run: Vec<pb::Message> = of_run.collect();
    let both = bus.len() + task.len();
    let counts = [bus.len(), both, both, progress.len(), of_run.len()];
    for (recorder, count) in recorders.iter_mut().zip(counts) {
        recorder.reaches(count).await;
    }
    let [one, project, all, by_type, by_run] = recorders;
    let mut tally = Tally::default();
    let buses = [(PROJECT, ""), (PROJECT, TASK)];
    tally.add(one.stop().await.validate(server.addr(), &buses[..1]).await);
    tally.add(project.stop().await.validate(server.addr(), &buses).await);
    tally.add(all.stop().await.validate(server.addr(), &buses).await);
    for (recorder, expected) in [(by_type, progress), (by_run, of_run)] {
        let told = ids(&recorder.stop().await, PROJECT, "");
        tally.add(compared(&told, &held_ids(&expected)));
    }
    tally.cases = times;
    tally.settle(
        "restarts and rotations under subscribers of every scope",
        "nothing_lost::subscribers::subscribers_go_on_through_restarts_and_rotations",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trimming_behind_a_subscriber_takes_nothing_from_it() {
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    append(&mut client, PROJECT, "", 10).await;
    let mut recorder = Recorder::start(server.addr(), all_of(pb::SubscribeScope::Bus));
    let mut told_to_be = held_ids(&client.read_all(PROJECT, "").await);
    let times = rounds(100).max(6);
    for round in 0..times {
        recorder.reaches(told_to_be.len()).await;
        rotate(&mut client, "").await;
        let trim = pb::TrimBusRequest {
            project_id: PROJECT.into(),
            older_than: Some(prost_types::Duration::default()),
            dry_run: Some(false),
            ..Default::default()
        };
        let trimmed = client.0.trim_bus(trim).await.expect("a trim").into_inner();
        assert!(!trimmed.archive_paths.is_empty(), "something was trimmed");
        append(&mut client, PROJECT, "", 30).await;
        told_to_be.extend(held_ids(&client.read_all(PROJECT, "").await));
        if round % 3 == 2 {
            recorder.reaches(told_to_be.len()).await;
            server.terminate();
            server.restart();
            client = Client::connect(&server).await;
            // Who is away while the message is removed that he goes on after is refused.
            append(&mut client, PROJECT, "", 1).await;
            told_to_be.extend(held_ids(&client.read_all(PROJECT, "").await).pop());
            recorder.reaches(told_to_be.len()).await;
        }
    }
    recorder.reaches(told_to_be.len()).await;
    let recording = recorder.stop().await;
    for recorded in &recording.0 {
        match recorded {
            Recorded::Frame(frame) => {
                assert!(!matches!(frame, Frame::Gap(_) | Frame::Damaged(_)), "{frame:?}");
            }
            Recorded::Broken(why) => eprintln!("broken off: {why}"),
        }
    }
    let mut tally = compared(&ids(&recording, PROJECT, ""), &told_to_be);
    tally.cases = times;
    tally.settle(
        "archives trimmed behind a subscriber",
        "nothing_lost::subscribers::trimming_behind_a_subscriber_takes_nothing_from_it",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_from_any_start_is_told_what_a_read_from_there_returns() {
    use pb::read_messages_request::Start as ReadStart;
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    append(&mut client, PROJECT, "", 40).await;
    rotate(&mut client, "").await;
    append(&mut client, PROJECT, "", 40).await;
    server.terminate();
    server.restart();
    client = Client::connect(&server).await;
    append(&mut client, PROJECT, "", 20).await;
    let held = client.read_all(PROJECT, "").await;
    let mut tally = Tally::default();
    for message in &held {
        let (id, ts) = (message.msg_id.clone(), message.ts.expect("a time"));
        let (_, cursor) = cursor_of(&mut client, &id).await;
        for (start, read) in [
            (Start::SinceId(id.clone()), ReadStart::SinceId(id)),
            (Start::SinceTime(ts), ReadStart::SinceTime(ts)),
            (Start::Cursor(cursor.clone()), ReadStart::Cursor(cursor)),
        ] {
            let request =
                pb::ReadMessagesRequest { start: Some(read), limit: 5000, ..read_of(PROJECT, "") };
            let expected = held_ids(&client.read(request).await.messages);
            let request = pb::SubscribeRequest {
                start: Some(start),
                stop_at_tail: true,
                ..follow(PROJECT, "", Latest)
            };
            let mut subscription = client.subscribe(request).await;
            let mut told = Vec::new();
            while let Some(frame) = subscription.try_frame().await.expect("the stream goes on") {
                if let Frame::Message(delivery) = frame {
                    told.push(delivery.message.expect("a message").msg_id);
                }
            }
            tally.add(Tally { cases: 1, ..compared(&told, &expected) });
        }
    }
    tally.settle(
        "subscriptions from every id, time and cursor, after a rotation and a restart",
        "nothing_lost::subscribers::\
         a_subscription_from_any_start_is_told_what_a_read_from_there_returns",
    );
}

async fn cursor_of(client: &mut Client, id: &str) -> (pb::Message, String) {
    let request = pb::GetMessageRequest {
        project_id: PROJECT.into(),
        msg_id: id.into(),
        ..Default::default()
    };
    let answer = client.0.get_message(request).await.expect("the message").into_inner();
    (answer.message.expect("a message"), answer.cursor)
}
