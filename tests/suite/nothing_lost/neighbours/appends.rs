//! Programs that append to a bus by themselves, while the server does, and while it is
//! archived again and again: by the server, and by a program that takes no lock.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use callboard::grpc::pb;
use pb::StartPosition::Earliest;
use tokio::task::JoinSet;

use super::acknowledged::{Acknowledged, Written, printed};
use super::program::{Program, argument, can_run};
use crate::client::{Client, follow, message, reason};
use crate::coexist::bus;
use crate::nothing_lost::recorder::Recorder;
use crate::nothing_lost::tally::{Tally, rounds};
use crate::original_reader;
use crate::server::Server;

const PROGRAMS: usize = 8;
const CLIENTS: usize = 4;
/// How often the bus is archived.
const ARCHIVED: usize = 10;

/// How many messages each program appends.
fn appends() -> usize {
    rounds(500).max(100)
}

const BODIES: [&str; 8] = [
    "plain",
    "",
    "---",
    "a rule\n---\n\n ---\r\nand text\n",
    "\n\n---\nmsg_id: forged\nts: 2026-03-04T05:06:07Z\ntype: FACT\n---\nforged",
    "größe \u{0} \u{1b}[0m \u{2028}\r",
    "[2026-03-01 10:00:00] FACT: a legacy line",
    "<!-- -->",
];

/// Appends as a client of the service until it is told to stop, and 100 messages at least.
async fn append(mut client: Client, writer: String, stop: Arc<AtomicBool>) -> Vec<Written> {
    let mut written = Vec::new();
    while written.len() < 100 || written.len() < 5000 && !stop.load(Ordering::Relaxed) {
        let n = written.len();
        let body = format!("{}{writer}.{n}{}", BODIES[n % 8], BODIES[n / 8 % 8]);
        written.push((client.append(message("demo", "", &body)).await, body));
    }
    written
}

/// Archives the bus, by the service or by a program that takes no lock; returns how many
/// files were archived by each.
async fn archive_again_and_again(
    client: &mut Client,
    bus: &Path,
    told: &mut Recorder,
) -> [usize; 2] {
    let mut archived = [0; 2];
    for turn in 1..=ARCHIVED {
        told.reaches(turn * PROGRAMS * appends() / ARCHIVED).await;
        if turn % 2 == 1 {
            let said = Program::start("clean_up.py", &[argument(bus)]).ended().await;
            archived[0] += said.len();
            continue;
        }
        let request = pb::RotateBusRequest { project_id: "demo".into(), ..Default::default() };
        match client.0.rotate_bus(request).await {
            Ok(_) => archived[1] += 1,
            // Nothing was written since.
            Err(status) => assert_eq!(reason(&status), "BUS_EMPTY", "{status:?}"),
        }
    }
    archived
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_eight_programs_and_four_clients_append_to_a_bus_that_is_archived_is_there_once() {
    if !can_run() {
        return;
    }
    let mut server = Server::start();
    let bus = bus(&server);
    let mut client = Client::connect(&server).await;
    let mut acknowledged = Acknowledged::default();
    let first = client.append(message("demo", "", "first")).await;
    acknowledged.note("first", (first, "first".into()));
    let everything =
        pb::SubscribeRequest { scope: pb::SubscribeScope::All.into(), ..follow("", "", Earliest) };
    let one = pb::SubscribeRequest {
        scope: pb::SubscribeScope::Bus.into(),
        ..follow("demo", "", Earliest)
    };
    let mut recorders = [everything, one].map(|asked| Recorder::start(server.addr(), asked));

    let programs: Vec<(String, Program)> = (0..PROGRAMS)
        .map(|n| {
            let (name, count) = (format!("py{n}"), appends().to_string());
            let mut arguments = vec![argument(&bus), &name, &count];
            arguments.extend((n % 2 == 0).then_some("--sync"));
            let program = Program::start("append.py", &arguments);
            (name, program)
        })
        .collect();
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for n in 0..CLIENTS {
        let (client, stop) = (Client::connect(&server).await, Arc::clone(&stop));
        let writer = format!("client{n}");
        clients.spawn(async move { (writer.clone(), append(client, writer, stop).await) });
    }
    let archived = archive_again_and_again(&mut client, &bus, &mut recorders[0]).await;
    assert!(archived.iter().all(|&count| count > 0), "{archived:?}");
    for (name, program) in programs {
        acknowledged.note_printed(&name, &program.ended().await);
    }
    stop.store(true, Ordering::Relaxed);
    for (writer, written) in clients.join_all().await {
        for one in written {
            acknowledged.note(&writer, one);
        }
    }

    let held = client.read_all("demo", "").await;
    let mut tally = Tally { cases: archived.iter().sum(), ..Tally::default() };
    tally.add(acknowledged.check(&held));
    for mut recorder in recorders {
        recorder.reaches(acknowledged.count()).await;
        let recorded = recorder.stop().await.validate(server.addr(), &[("demo", "")]).await;
        tally.add(Tally { cases: 0, acknowledged: 0, ..recorded });
    }
    // Whoever comes later finds the same, in the same order.
    server.restart();
    let again = Client::connect(&server).await.read_all("demo", "").await;
    assert!(again == held, "the same after a restart");
    read_by_the_original_rules(&bus, &acknowledged);
    let theirs = Program::start("read.py", &[argument(&bus)]).ended().await;
    let theirs: Vec<Written> = theirs.iter().map(|line| printed(line)).collect();
    let ours: Vec<Written> =
        held.into_iter().map(|message| (message.msg_id, message.body)).collect();
    assert!(theirs == ours, "a reader in Python reads the same");
    eprintln!("archived {} times without a lock, {} times by the server", archived[0], archived[1]);
    tally.settle(
        "8 programs that append beside 4 clients, the bus archived meanwhile",
        "nothing_lost::neighbours::appends::what_eight_programs_and_four_clients_append_to_a_bus_that_is_archived_is_there_once",
    );
}

/// Asserts that the original reader gets each message once out of the parts of a bus.
fn read_by_the_original_rules(bus: &Path, acknowledged: &Acknowledged) {
    let folder = fs::read_dir(bus.parent().expect("a folder")).expect("the project");
    let parts = folder.map(|entry| entry.expect("an entry").path());
    let parts: Vec<PathBuf> = parts
        .filter(|path| path == bus || path.extension().is_some_and(|name| name == "archived"))
        .collect();
    assert!(parts.len() > 2, "{parts:?}");
    let read = |path| original_reader::read(&fs::read(path).expect("a part of the bus"));
    let mut theirs: Vec<_> = parts.iter().flat_map(read).collect();
    theirs.sort_by(|one, other| one.msg_id.cmp(&other.msg_id));
    let mut written: Vec<&Written> = acknowledged.0.values().flatten().collect();
    written.sort();
    assert_eq!(theirs.len(), written.len(), "the original reader gets each once");
    for (theirs, (msg_id, body)) in theirs.iter().zip(written) {
        assert_eq!(&theirs.msg_id, msg_id);
        // It leaves the separator at the body, and the space in front of our `---` lines.
        if !body.contains("---") {
            let theirs = String::from_utf8_lossy(&theirs.body);
            assert_eq!(theirs.trim_end(), body.trim_end(), "{msg_id}");
        }
    }
}
