//! `echo` and `printf` into the file of a bus, without any lock, while the server appends.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use callboard::clock::SystemClock;
use callboard::domain::{BusId, NewMessage, ProjectId};
use callboard::files::Files;
use callboard::grpc::pb;
use callboard::store::{AppendBatch, Filter, MessageBus as _, ReadQuery, ReadStart, Start};
use pb::StartPosition::Earliest;
use tokio::task::JoinSet;

use super::acknowledged::Acknowledged;
use crate::client::{Client, follow, message};
use crate::coexist::bus;
use crate::foreign_writer::{self, record};
use crate::nothing_lost::recorder::Recorder;
use crate::nothing_lost::tally::Tally;
use crate::server::{Server, wait_with_deadline};
use crate::storage_faults::step_disk::{Call, StepDisk, Steps};

const SHELLS: usize = 4;
const CLIENTS: usize = 4;
const EACH: usize = 100;

/// One record in one `printf`: a shell writes that with one write.
const WHOLE: &str = r#"n=0
while [ $n -lt $3 ]; do
  printf '\n---\nmsg_id: %s-%d\nts: 2026-03-04T05:06:07Z\ntype: FACT\nproject_id: demo\ntask_id: ""\nrun_id: ""\n---\n%s.%d\n' "$2" $n "$2" $n >> "$1"
  n=$((n + 1))
done"#;

/// The same, line by line, each a write of its own; and how many ns that took, into a file
/// beside the bus.
const PIECES: &str = r#"n=0
while [ $n -lt $3 ]; do
  began=$(date +%s%N)
  printf '\n---\n' >> "$1"
  echo "msg_id: $2-$n" >> "$1"
  echo 'ts: 2026-03-04T05:06:07Z' >> "$1"
  echo 'type: FACT' >> "$1"
  echo 'project_id: demo' >> "$1"
  printf 'task_id: ' >> "$1"
  echo '""' >> "$1"
  echo 'run_id: ""' >> "$1"
  echo '---' >> "$1"
  echo "$2.$n" >> "$1"
  echo $(($(date +%s%N) - began)) >> "$1.times"
  n=$((n + 1))
done"#;
/// The server waits 50 ms for a writer without the lock to go on; within that, it never takes
/// half a record for a whole one.
const SETTLING_NS: u64 = 45_000_000;

/// Remarks that are no message.
const PROSE: &str = r#"n=0
while [ $n -lt $3 ]; do
  echo "a remark of $2, number $n" >> "$1"
  n=$((n + 1))
done"#;

/// Starts a shell with a script, the path of the bus, a name and a count.
fn shell(script: &str, bus: &Path, name: &str, count: usize) -> Child {
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(bus).arg(name).arg(count.to_string());
    shell.stdin(Stdio::null()).spawn().expect("a shell")
}

fn ended(shells: Vec<Child>) {
    for mut shell in shells {
        assert!(wait_with_deadline(&mut shell).success());
    }
}

/// Appends through the service as many clients do, and notes it.
async fn append(server: &Server, acknowledged: &mut Acknowledged) {
    let mut clients = JoinSet::new();
    for n in 0..CLIENTS {
        let mut client = Client::connect(server).await;
        clients.spawn(async move {
            let writer = format!("client{n}");
            let mut written = Vec::new();
            for n in 0..EACH {
                let body = format!("{writer}.{n}");
                written.push((client.append(message("demo", "", &body)).await, body));
            }
            (writer, written)
        });
    }
    for (writer, written) in clients.join_all().await {
        for one in written {
            acknowledged.note(&writer, one);
        }
    }
}

fn recorder(server: &Server) -> Recorder {
    let one = pb::SubscribeRequest {
        scope: pb::SubscribeScope::Bus.into(),
        ..follow("demo", "", Earliest)
    };
    Recorder::start(server.addr(), one)
}

/// Notes what a shell has written.
fn note(acknowledged: &mut Acknowledged, shell: &str) {
    for n in 0..EACH {
        acknowledged.note(shell, (format!("{shell}-{n}"), format!("{shell}.{n}")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_shells_print_without_a_lock_are_there_once_beside_those_of_the_service() {
    let server = Server::start();
    let bus = bus(&server);
    let mut acknowledged = Acknowledged::default();
    let mut client = Client::connect(&server).await;
    acknowledged.note("first", (client.append(message("demo", "", "0")).await, "0".into()));
    let mut recorder = recorder(&server);
    let shells = (0..SHELLS).map(|n| shell(WHOLE, &bus, &format!("shell{n}"), EACH)).collect();
    append(&server, &mut acknowledged).await;
    ended(shells);
    (0..SHELLS).for_each(|n| note(&mut acknowledged, &format!("shell{n}")));
    recorder.reaches(acknowledged.count()).await;
    let mut tally = Tally { cases: SHELLS * EACH, ..Tally::default() };
    tally.add(acknowledged.check(&client.read_all("demo", "").await));
    let recorded = recorder.stop().await.validate(server.addr(), &[("demo", "")]).await;
    tally.add(Tally { cases: 0, acknowledged: 0, ..recorded });
    tally.settle(
        "printf >> without a lock, a record at a time, beside 4 clients",
        "nothing_lost::neighbours::shell::records_that_shells_print_without_a_lock_are_there_once_beside_those_of_the_service",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_echoed_line_by_line_is_delivered_when_it_is_whole_and_never_before() {
    let server = Server::start();
    let bus = bus(&server);
    let mut acknowledged = Acknowledged::default();
    let mut client = Client::connect(&server).await;
    acknowledged.note("first", (client.append(message("demo", "", "0")).await, "0".into()));
    let mut recorder = recorder(&server);
    // Nobody else writes meanwhile; the server only looks.
    let mut shells = vec![shell(PIECES, &bus, "shell", EACH)];
    let mut read = BTreeSet::new();
    while shells[0].try_wait().expect("it is ours").is_none() {
        let messages = client.read_all("demo", "").await;
        read.extend(messages.into_iter().map(|message| (message.msg_id, message.body)));
    }
    ended(std::mem::take(&mut shells));
    note(&mut acknowledged, "shell");
    recorder.reaches(acknowledged.count()).await;
    let mut tally = Tally { cases: EACH, ..Tally::default() };
    let held = client.read_all("demo", "").await;
    tally.add(acknowledged.check(&held));
    let recorded = recorder.stop().await.validate(server.addr(), &[("demo", "")]).await;
    for message in held {
        read.remove(&(message.msg_id, message.body));
    }
    if !read.is_empty() {
        eprintln!("torn: read, and not there in the end: {read:?}");
    }
    // On a busy machine a shell may be stopped in the middle of a record for longer than that.
    let times = std::fs::read_to_string(format!("{}.times", bus.display())).expect("the times");
    let times = times.lines().map(|ns| ns.parse::<u64>().expect("a time"));
    let stopped = times.filter(|ns| *ns > SETTLING_NS).count();
    let torn = recorded.torn.saturating_sub(stopped) + read.len().saturating_sub(stopped);
    tally.add(Tally { cases: 0, acknowledged: 0, torn, ..recorded });
    tally.settle(
        "echo >> line by line without a lock, while the bus is followed and read",
        "nothing_lost::neighbours::shell::what_is_echoed_line_by_line_is_delivered_when_it_is_whole_and_never_before",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_echoed_in_pieces_and_remarks_harm_nothing_that_the_service_appends() {
    let server = Server::start();
    let bus = bus(&server);
    let mut acknowledged = Acknowledged::default();
    let mut client = Client::connect(&server).await;
    acknowledged.note("first", (client.append(message("demo", "", "0")).await, "0".into()));
    let mut recorder = recorder(&server);
    let shells = vec![shell(PIECES, &bus, "pieces", EACH), shell(PROSE, &bus, "prose", EACH)];
    append(&server, &mut acknowledged).await;
    ended(shells);
    // Whatever became of the pieces: this comes last.
    let last = client.append(message("demo", "", "last")).await;
    acknowledged.note("last", (last.clone(), "last".into()));
    let held = client.read_all("demo", "").await;
    recorder.reaches(held.len()).await;
    let recording = recorder.stop().await;
    let told = &recording.messages()[&("demo".to_owned(), String::new())];
    let told = told.iter().map(|told| told.message.clone().expect("a message"));
    let told: Vec<pb::Message> = told.collect();
    let mut tally = Tally { cases: 2 * EACH, ..Tally::default() };
    for (seen, counted) in [(&held, acknowledged.count()), (&told, 0)] {
        let (ours, theirs): (Vec<_>, Vec<_>) =
            seen.iter().partition(|message| message.msg_id.starts_with("MSG-"));
        tally.add(Tally { acknowledged: counted, ..acknowledged.check(ours) });
        // A record that was begun may have been cut by one of ours: in its header, then it is
        // none, or right behind that. And remarks may have become a part of its body.
        for message in theirs {
            let n = message.msg_id.strip_prefix("pieces-").expect("an id of the shell");
            let body = format!("pieces.{n}");
            let first = message.body.lines().next().unwrap_or_default();
            let is_one = first == body || first.is_empty() || first.starts_with("a remark");
            assert!(is_one, "{message:?}");
        }
    }
    tally.settle(
        "echo >> in pieces and remarks without a lock, beside 4 clients",
        "nothing_lost::neighbours::shell::what_is_echoed_in_pieces_and_remarks_harm_nothing_that_the_service_appends",
    );
}

#[tokio::test]
async fn what_is_appended_without_a_lock_while_half_a_record_is_moved_aside_is_not_cut_off() {
    let print_one = |bus: &Path| print(bus, &format!("\n{}", record("F-1", "printed meanwhile")));
    let (bodies, file) = while_half_a_record_is_moved_aside(print_one).await;
    assert_eq!(bodies, ["before", "printed meanwhile", "after"]);
    assert!(file.contains("F-half"), "it is there still");
}

#[tokio::test]
async fn what_is_emptied_without_a_lock_while_half_a_record_is_moved_aside_gets_no_zeros() {
    let empty = |bus: &Path| std::fs::write(bus, "").expect("the bus");
    let (bodies, file) = while_half_a_record_is_moved_aside(empty).await;
    assert_eq!(bodies, ["after"]);
    assert!(!file.contains('\0'), "{file:?}");
}

/// Appends behind half a record, and has somebody touch the bus when that is copied, and is
/// not cut off yet; returns what is read then, and the file.
async fn while_half_a_record_is_moved_aside(
    touch: impl Fn(&Path) + Send + Sync + 'static,
) -> (Vec<String>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let bus = folder.path().join("demo/PROJECT-MESSAGE-BUS.md");
    let steps = Arc::new(Steps::default());
    let disk = StepDisk::open(folder.path(), &steps);
    let files = Files::open(disk, Arc::new(SystemClock), 1).expect("the root is free");
    let append = async |body: &str| {
        let new = NewMessage { kind: "FACT".into(), body: body.into(), ..Default::default() };
        let batch =
            AppendBatch { bus: demo(), messages: vec![new], request_id: None, expected_last: None };
        files.append(batch).await.expect("an append");
    };
    append("before").await;
    print(&bus, "\n---\nmsg_id: F-half\nts: 2026-03");
    let (path, touched) = (bus.clone(), Arc::new(AtomicBool::new(false)));
    let is_touched = Arc::clone(&touched);
    steps.before_call(move |call, at| {
        if call == Call::Create
            && at.name().ends_with(".torn")
            && !touched.swap(true, Ordering::SeqCst)
        {
            touch(&path);
        }
        Ok(())
    });
    append("after").await;
    assert!(is_touched.load(Ordering::SeqCst), "half a record was moved aside");
    let query = ReadQuery {
        bus: demo(),
        start: ReadStart::From(Start::Earliest),
        limit: 100,
        filter: Filter::default(),
    };
    let page = files.read(query).await.expect("a page");
    let text = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
    let bodies = page.messages.iter().map(|message| text(&message.body)).collect();
    (bodies, std::fs::read_to_string(&bus).expect("the bus"))
}

fn demo() -> BusId {
    BusId { project: ProjectId::parse("demo").expect("an id"), task: None }
}

/// Appends as a shell does.
fn print(bus: &Path, text: &str) {
    foreign_writer::open(bus).write_all(text.as_bytes()).expect("a write");
}
