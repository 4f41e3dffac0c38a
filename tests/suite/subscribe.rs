//! Following: nothing missed, nothing twice, in order, through breaks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use callboard::grpc::pb;
use pb::StartPosition::{Earliest, Latest};
use pb::message_bus_client::MessageBusClient;
use pb::subscribe_response::Frame;
use tokio::sync::{Barrier, Notify, oneshot};
use tonic::Code;
use tonic::transport::Endpoint;

use crate::client::{Client, assert_refused, follow, follow_after, message, reason};
use crate::server::Server;

const WRITERS: usize = 16;
const APPENDS: usize = 1000;
const ALL: usize = WRITERS * APPENDS;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_subscribers_see_16000_messages_of_16_writers_once_and_in_file_order() {
    let server = Server::start();
    let (open, opened) = oneshot::channel();
    let early = tokio::spawn({
        let mut client = Client::connect(&server).await;
        async move {
            let mut subscription = client.subscribe(follow("demo", "", Latest)).await;
            assert!(matches!(subscription.frame().await, Frame::Opened(_)));
            open.send(()).expect("somebody waits for it");
            collect(&mut subscription, ALL).await
        }
    });
    // One that stalls: it takes nothing until everything has been written.
    let (go_on, all_written) = oneshot::channel();
    let (stalled, stalls) = oneshot::channel();
    let slow = tokio::spawn({
        // The window is small, so that the server soon cannot send.
        let endpoint = Endpoint::from_shared(format!("http://{}", server.addr()));
        let endpoint = endpoint.expect("an address").initial_stream_window_size(65_535);
        let channel = endpoint.connect().await.expect("the server answers");
        let mut client = Client(MessageBusClient::new(channel));
        async move {
            let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
            assert!(matches!(subscription.frame().await, Frame::Opened(_)));
            stalled.send(()).expect("somebody waits for it");
            all_written.await.expect("the writers end");
            collect(&mut subscription, ALL).await
        }
    });
    // One that breaks off again and again and resumes from its last cursor.
    let resuming = tokio::spawn({
        let mut client = Client::connect(&server).await;
        async move {
            let (mut ids, mut cursor) = (Vec::new(), None::<String>);
            while ids.len() < ALL {
                let request = match &cursor {
                    None => follow("demo", "", Earliest),
                    Some(cursor) => follow_after("demo", "", cursor),
                };
                let mut subscription = client.subscribe(request).await;
                for _ in 0..997.min(ALL - ids.len()) {
                    let delivery = subscription.message().await;
                    ids.push(delivery.message.expect("a message").msg_id);
                    cursor = Some(delivery.cursor);
                }
            }
            ids
        }
    });
    let mut writers = tokio::task::JoinSet::new();
    let started = Arc::new(Barrier::new(WRITERS));
    let under_way = Arc::new(Notify::new());
    opened.await.expect("the early one is there before the first message");
    stalls.await.expect("the slow one as well");
    for writer in 0..WRITERS {
        let mut client = Client::connect(&server).await;
        let (started, under_way) = (started.clone(), under_way.clone());
        writers.spawn(async move {
            started.wait().await;
            for n in 0..APPENDS {
                if n == APPENDS / 4 {
                    under_way.notify_one();
                }
                client.append(message("demo", "", &format!("{writer}.{n}"))).await;
            }
        });
    }
    // One joins late.
    let late = tokio::spawn({
        let mut client = Client::connect(&server).await;
        let under_way = under_way.clone();
        async move {
            under_way.notified().await;
            let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
            collect(&mut subscription, ALL).await
        }
    });
    writers.join_all().await;
    assert!(!slow.is_finished());
    go_on.send(()).expect("the slow one waits for it");
    let stored = Client::connect(&server).await.read_all("demo", "").await;
    let expected: Vec<String> = stored.iter().map(|message| message.msg_id.clone()).collect();
    assert_eq!(expected.len(), ALL);
    for (name, seen) in [("early", early), ("slow", slow), ("resuming", resuming), ("late", late)] {
        assert!(
            seen.await.expect(name) == expected,
            "{name} saw something else than the file holds"
        );
    }
    // Each writer's messages stand in the order of its calls.
    let mut next: BTreeMap<&str, usize> = BTreeMap::new();
    for message in &stored {
        let (writer, n) = message.body.split_once('.').expect("a body of ours");
        let expected = next.entry(writer).or_default();
        assert_eq!(n.parse::<usize>().expect("a number"), *expected);
        *expected += 1;
    }
}

async fn collect(subscription: &mut crate::client::Subscription, count: usize) -> Vec<String> {
    let mut ids = Vec::with_capacity(count);
    while ids.len() < count {
        ids.push(subscription.message().await.message.expect("a message").msg_id);
    }
    ids
}

#[tokio::test]
async fn a_subscription_opens_replays_catches_up_and_follows() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let first = client.append(message("demo", "", "one")).await;
    let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
    let Frame::Opened(opened) = subscription.frame().await else { panic!("opened comes first") };
    assert_eq!((opened.project_id.as_str(), opened.task_id.as_str()), ("demo", ""));
    assert_eq!(subscription.message().await.message.expect("a message").msg_id, first);
    assert!(matches!(subscription.frame().await, Frame::CaughtUp(_)));
    let second = client.append(message("demo", "", "two")).await;
    let delivery = subscription.message().await;
    assert_eq!(delivery.message.expect("a message").msg_id, second);
    // The cursor of `opened` is a position as good as any.
    let mut again = client.subscribe(follow_after("demo", "", &opened.cursor)).await;
    assert_eq!(again.message().await.message.expect("a message").msg_id, first);
}

#[tokio::test]
async fn latest_begins_after_what_is_there_and_a_missing_bus_is_waited_for() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", "old")).await;
    let mut latest = client.subscribe(follow("demo", "", Latest)).await;
    latest.caught_up().await;
    let mut missing = client.subscribe(follow("later", "task-1", Earliest)).await;
    missing.caught_up().await;
    client.append(message("demo", "", "new")).await;
    assert_eq!(latest.message().await.message.expect("a message").body, "new");
    client.append(message("later", "task-1", "born")).await;
    assert_eq!(missing.message().await.message.expect("a message").body, "born");
}

#[tokio::test]
async fn stop_at_tail_and_limit_end_the_stream_with_ok() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    for n in 0..5 {
        client.append(message("demo", "", &n.to_string())).await;
    }
    let request = pb::SubscribeRequest { stop_at_tail: true, ..follow("demo", "", Earliest) };
    let mut subscription = client.subscribe(request).await;
    let frames = subscription.caught_up().await;
    assert_eq!(frames.iter().filter(|frame| matches!(frame, Frame::Message(_))).count(), 5);
    assert_eq!(subscription.try_frame().await.expect("OK"), None);

    let request = pb::SubscribeRequest { limit: 3, ..follow("demo", "", Earliest) };
    let mut subscription = client.subscribe(request).await;
    for n in 0..3 {
        assert_eq!(subscription.message().await.message.expect("a message").body, n.to_string());
    }
    assert_eq!(subscription.try_frame().await.expect("OK"), None);
}

#[tokio::test]
async fn filters_pass_types_and_runs_and_heartbeats_fill_the_silence() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let request = pb::SubscribeRequest {
        types: vec!["ERROR".into()],
        run_id: "r2".into(),
        heartbeat_interval: Some(prost_types::Duration { seconds: 0, nanos: 150_000_000 }),
        ..follow("demo", "", Latest)
    };
    let mut subscription = client.subscribe(request).await;
    subscription.caught_up().await;
    for (kind, run) in [("FACT", "r2"), ("ERROR", "r1"), ("ERROR", "r2")] {
        let sent =
            pb::Message { r#type: kind.into(), run_id: run.into(), ..message("demo", "", "x") };
        client.append(sent).await;
    }
    let got = subscription.message().await.message.expect("a message");
    assert_eq!((got.r#type.as_str(), got.run_id.as_str()), ("ERROR", "r2"));
    let beat = subscription.try_frame().await.expect("the stream goes on").expect("a frame");
    let Frame::Heartbeat(beat) = beat else { panic!("{beat:?} instead of a heartbeat") };
    assert!(beat.ts.is_some());
}

#[tokio::test]
async fn a_wide_subscription_takes_up_new_buses_and_resumes_from_its_positions() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("alpha", "", "a1")).await;
    client.append(message("alpha", "task-1", "a2")).await;
    client.append(message("beta", "", "b1")).await;

    let everything = pb::SubscribeRequest {
        scope: pb::SubscribeScope::All.into(),
        start: Some(pb::subscribe_request::Start::Position(Earliest.into())),
        ..Default::default()
    };
    let mut subscription = client.subscribe(everything).await;
    let mut positions = BTreeMap::new();
    let mut seen = Vec::new();
    for frame in subscription.caught_up().await {
        note(&frame, &mut positions, &mut seen);
    }
    assert_eq!(seen.iter().map(String::as_str).collect::<BTreeSet<_>>(), ["a1", "a2", "b1"].into());
    assert_eq!(positions.len(), 3, "opened gives a position for each");

    client.append(message("gamma", "task-9", "c1")).await;
    let frame = subscription.frame().await;
    assert!(matches!(&frame, Frame::Opened(opened) if opened.project_id == "gamma"), "{frame:?}");
    note(&frame, &mut positions, &mut seen);
    let frame = subscription.frame().await;
    note(&frame, &mut positions, &mut seen);
    assert_eq!(seen.last().expect("one more"), "c1");
    drop(subscription);

    // What happens while nobody listens, in known buses and a new one.
    client.append(message("alpha", "", "a3")).await;
    client.append(message("gamma", "task-9", "c2")).await;
    client.append(message("delta", "", "d1")).await;
    let resumed = pb::SubscribeRequest {
        scope: pb::SubscribeScope::All.into(),
        positions: positions
            .iter()
            .map(|((project_id, task_id), cursor)| pb::BusPosition {
                project_id: project_id.clone(),
                task_id: task_id.clone(),
                cursor: cursor.clone(),
            })
            .collect(),
        ..Default::default()
    };
    let mut subscription = client.subscribe(resumed).await;
    let mut seen = Vec::new();
    for frame in subscription.caught_up().await {
        note(&frame, &mut positions, &mut seen);
    }
    seen.sort();
    assert_eq!(seen, ["a3", "c2", "d1"]);
}

#[tokio::test]
async fn a_projects_subscription_covers_its_tasks_and_nothing_else() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let request = pb::SubscribeRequest {
        project_id: "alpha".into(),
        scope: pb::SubscribeScope::Project.into(),
        ..Default::default()
    };
    let mut subscription = client.subscribe(request).await;
    subscription.caught_up().await;
    client.append(message("beta", "", "no")).await;
    client.append(message("alpha", "task-1", "yes")).await;
    client.append(message("alpha", "", "also")).await;
    let mut seen = [subscription.message().await, subscription.message().await]
        .map(|delivery| (delivery.project_id, delivery.task_id));
    seen.sort();
    assert_eq!(seen, [("alpha".into(), String::new()), ("alpha".into(), "task-1".to_owned())]);
}

fn note(frame: &Frame, positions: &mut BTreeMap<(String, String), String>, seen: &mut Vec<String>) {
    let (project, task, cursor) = match frame {
        Frame::Opened(opened) => (&opened.project_id, &opened.task_id, &opened.cursor),
        Frame::Message(delivery) => {
            seen.push(delivery.message.as_ref().expect("a message").body.clone());
            (&delivery.project_id, &delivery.task_id, &delivery.cursor)
        }
        other => panic!("unexpected {other:?}"),
    };
    positions.insert((project.clone(), task.clone()), cursor.clone());
}

#[tokio::test]
async fn a_wide_subscription_reports_a_gap_and_goes_on() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("alpha", "", "a1")).await;
    client.append(message("beta", "", "b1")).await;
    let request = pb::SubscribeRequest {
        scope: pb::SubscribeScope::All.into(),
        positions: vec![pb::BusPosition {
            project_id: "alpha".into(),
            task_id: String::new(),
            cursor: "c1.5.MSG-20200101-000000-000000000-PID00001-0001".into(),
        }],
        ..Default::default()
    };
    let mut subscription = client.subscribe(request).await;
    let frames = subscription.caught_up().await;
    let gap = frames.iter().find_map(|frame| match frame {
        Frame::Gap(gap) => Some(gap),
        _ => None,
    });
    let gap = gap.expect("a gap");
    assert_eq!((gap.project_id.as_str(), gap.reason.as_str()), ("alpha", "CURSOR_EXPIRED"));
    let mut bodies: Vec<_> = frames
        .iter()
        .filter_map(|frame| match frame {
            Frame::Message(delivery) => {
                delivery.message.as_ref().map(|message| message.body.as_str())
            }
            _ => None,
        })
        .collect();
    bodies.sort_unstable();
    assert_eq!(bodies, ["a1", "b1"]);
}

#[tokio::test]
async fn a_subscriber_crosses_rotations_and_a_deleted_bus() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let rotate = pb::RotateBusRequest { project_id: "demo".into(), ..Default::default() };
    let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
    for n in 0..20 {
        client.append(message("demo", "", &n.to_string())).await;
        if n % 3 == 0 {
            client.0.rotate_bus(rotate.clone()).await.expect("rotated");
        }
    }
    for n in 0..20 {
        assert_eq!(subscription.message().await.message.expect("a message").body, n.to_string());
    }
    // Somebody removes the whole folder.
    std::fs::remove_dir_all(server.root().join("demo")).expect("removed");
    let gap = loop {
        match subscription.frame().await {
            Frame::Gap(gap) => break gap,
            // Where replay met the end is a matter of timing.
            Frame::CaughtUp(_) => {}
            other => panic!("{other:?} instead of a gap"),
        }
    };
    assert_eq!(gap.reason, "BUS_DELETED");
    client.append(message("demo", "", "again")).await;
    assert_eq!(subscription.message().await.message.expect("a message").body, "again");
}

#[tokio::test]
async fn bad_subscriptions_are_refused() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", "x")).await;
    let cursor = "c1.0.MSG-20200101-000000-000000000-PID00001-0001";
    let wide = pb::SubscribeRequest { scope: pb::SubscribeScope::All.into(), ..Default::default() };
    let position =
        pb::BusPosition { project_id: "demo".into(), cursor: cursor.into(), ..Default::default() };
    let seconds = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    let cases = [
        (follow_after("demo", "", "nonsense"), Code::OutOfRange, "CURSOR_UNKNOWN"),
        (follow_after("demo", "", cursor), Code::OutOfRange, "CURSOR_EXPIRED"),
        (
            pb::SubscribeRequest { task_id: "t".into(), ..wide.clone() },
            Code::InvalidArgument,
            "INVALID_FIELD",
        ),
        (
            pb::SubscribeRequest {
                start: Some(pb::subscribe_request::Start::Cursor(cursor.into())),
                ..wide.clone()
            },
            Code::InvalidArgument,
            "INVALID_FIELD",
        ),
        (
            pb::SubscribeRequest { positions: vec![position], ..follow("demo", "", Earliest) },
            Code::InvalidArgument,
            "INVALID_FIELD",
        ),
        (
            pb::SubscribeRequest { scope: 99, ..Default::default() },
            Code::InvalidArgument,
            "INVALID_FIELD",
        ),
        (
            pb::SubscribeRequest { limit: -1, ..wide.clone() },
            Code::InvalidArgument,
            "INVALID_FIELD",
        ),
        (
            pb::SubscribeRequest { heartbeat_interval: seconds(-1), ..wide.clone() },
            Code::InvalidArgument,
            "INVALID_FIELD",
        ),
        (
            pb::SubscribeRequest { heartbeat_interval: seconds(0), ..wide },
            Code::InvalidArgument,
            "INVALID_FIELD",
        ),
        (follow("../x", "", Latest), Code::InvalidArgument, "PATH_TRAVERSAL"),
    ];
    for (request, code, expected) in cases {
        let status = client.try_subscribe(request.clone()).await.err().expect("a refusal");
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (code, expected),
            "{request:?}: {status:?}"
        );
    }
    let since = pb::SubscribeRequest {
        start: Some(pb::subscribe_request::Start::SinceId("MSG-unknown".into())),
        ..follow("demo", "", Latest)
    };
    let refused = client.try_subscribe(since).await.map(|_| ());
    assert_refused(refused, Code::NotFound, "MESSAGE_NOT_FOUND", "MSG-unknown");
}
