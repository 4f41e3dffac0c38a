//! A clock that steps back: ids stay unique, and go on increasing along a bus.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use callboard::clock::Clock;
use callboard::disk::OsDisk;
use callboard::domain::{BusId, NewMessage, ProjectId, TaskId, TaskKey};
use callboard::files::Files;
use callboard::grpc::pb;
use callboard::layout::message_file::{NewRecord, encode};
use callboard::layout::msg_id;
use callboard::store::{
    AppendBatch, Archives as _, Filter, MessageBus as _, NewRun, ReadQuery, ReadStart, Runs as _,
    Start,
};
use jiff::{SignedDuration, Timestamp};

use super::BUS;
use crate::client::{Client, bodies, message};
use crate::nothing_lost::tally::{Tally, rounds};
use crate::server::Server;

/// A clock that a test sets.
#[derive(Default)]
struct SetClock(Mutex<Timestamp>);

impl SetClock {
    fn set(&self, time: Timestamp) {
        *self.0.lock().expect("the time") = time;
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("the time")
    }
}

fn open(root: &Path, clock: &Arc<SetClock>, pid: u32) -> Files {
    let disk = Arc::new(OsDisk::open_root(root).expect("the root"));
    Files::open(disk, clock.clone(), pid).expect("the root is free")
}

async fn append(files: &Files, body: &str) -> String {
    let bus = BusId::parse("demo", "").expect("a bus");
    let message = NewMessage { kind: "FACT".into(), body: body.into(), ..NewMessage::default() };
    let batch = AppendBatch { bus, messages: vec![message], request_id: None, expected_last: None };
    files.append(batch).await.expect("an append").messages.remove(0).0
}

#[tokio::test]
async fn ids_increase_however_the_clock_steps_across_restarts_and_rotations() {
    let mut tally = Tally::default();
    for _ in 0..rounds(40) {
        tally.add(with_a_stepping_clock().await);
    }
    tally.settle(
        "the clock steps back, with restarts and rotations",
        "nothing_lost::damaged::clock::ids_increase_however_the_clock_steps_across_restarts_and_rotations",
    );
}

/// Appends and makes runs while the clock steps, in a root of its own.
async fn with_a_stepping_clock() -> Tally {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Arc::<SetClock>::default();
    let bus = BusId::parse("demo", "").expect("a bus");
    let task = TaskKey {
        project: ProjectId::parse("demo").expect("a project"),
        task: TaskId::parse("t").expect("a task"),
    };
    let begin: Timestamp = "2026-11-01T01:30:00Z".parse().expect("a time");
    let mut files = open(folder.path(), &clock, 1);
    let (mut ids, mut runs) = (Vec::new(), BTreeSet::new());
    // Hours: on by one, back by ever more, on again; and once by years.
    let steps = [0, 1, -2, -2, 5, -30, 0, 1, -24 * 400, 24 * 800, -24 * 30, 0];
    let mut hour = 0;
    let mut tally = Tally::default();
    for round in 0..20 {
        for (number, step) in steps.into_iter().enumerate() {
            hour += step;
            clock.set(begin + SignedDuration::from_hours(hour));
            // The same process id again: nothing but the time can tell ids apart.
            match (number + round) % 4 {
                0 => {
                    drop(files);
                    files = open(folder.path(), &clock, 1);
                }
                1 => drop(files.rotate(bus.clone()).await.expect("rotated")),
                _ => {}
            }
            for _ in 0..2 {
                ids.push(append(&files, &ids.len().to_string()).await);
            }
            let run = NewRun {
                task: task.clone(),
                run: None,
                agent_type: "claude".into(),
                parent_run_id: String::new(),
                previous_run_id: String::new(),
                host: String::new(),
                pid: 0,
                pgid: 0,
                process_ownership: String::new(),
                cwd: String::new(),
                commandline: String::new(),
                agent_version: String::new(),
                prompt: String::new(),
                meta: None,
            };
            let made = files.create_run(run, None).await.expect("a run");
            tally.duplicated += usize::from(!runs.insert(made.item.info.run_id));
            tally.cases += 1;
            tally.acknowledged += 3;
        }
    }
    let query = ReadQuery {
        bus,
        start: ReadStart::From(Start::Earliest),
        limit: 5000,
        filter: Filter::default(),
    };
    let read = files.read(query).await.expect("a read").messages;
    let found: Vec<&str> = read.iter().map(|message| message.msg_id.as_str()).collect();
    assert_eq!(found, ids, "in the order of the appends");
    assert!(ids.is_sorted_by(|a, b| a < b), "increasing: {ids:?}");
    tally
}

#[tokio::test]
async fn ids_increase_when_the_clock_stepped_back() {
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", "now")).await;
    server.kill();
    // A record of ours from the future: as if the clock had been wrong for a while.
    let path = server.root().join("demo").join(BUS);
    let ahead = "2099-01-01T00:00:00Z".parse().expect("a time");
    let mut bytes = fs::read(&path).expect("the bus");
    bytes.push(b'\n');
    let new = NewMessage { kind: "FACT".into(), body: "later".into(), ..NewMessage::default() };
    let record = NewRecord {
        project_id: "demo",
        task_id: "",
        message: &new,
        msg_id: &msg_id::format(ahead, 1, 0),
        ts: ahead,
        request_id: None,
        batch: None,
    };
    encode(&record, &mut bytes).expect("a record");
    fs::write(&path, bytes).expect("written");
    server.restart();
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", "after")).await;
    // Also when only an archive tells.
    let rotate = pb::RotateBusRequest { project_id: "demo".into(), ..Default::default() };
    client.0.rotate_bus(rotate).await.expect("rotated");
    server.restart();
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", "archived")).await;
    let stored = client.read_all("demo", "").await;
    assert_eq!(bodies(&stored), ["now", "later", "after", "archived"]);
    assert!(stored.is_sorted_by(|a, b| a.msg_id < b.msg_id));
}
