//! A clean-up that renames the file of a bus without its lock, while writers wait on it.

use std::fs;
use std::path::Path;

use callboard::grpc::pb;
use fs4::fs_std::FileExt as Lock;
use pb::StartPosition::Earliest;

use super::acknowledged::Acknowledged;
use super::program::{Program, argument, can_run};
use crate::client::{Client, follow, follow_after, message};
use crate::foreign_writer;
use crate::nothing_lost::recorder::Recorder;
use crate::nothing_lost::tally::{Tally, rounds};
use crate::server::{Server, wait_until};

/// Programs that have the old file open and do not look at its name again.
const LATE: usize = 3;
/// Programs that wait for its lock and then look at the name.
const WAITING: usize = 2;
const APPENDS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_on_a_file_that_is_renamed_without_a_lock_is_delivered_once() {
    if !can_run() {
        return;
    }
    let server = Server::start();
    let mut tally = Tally::default();
    for round in 0..rounds(200) {
        tally.add(rename_under_writers(&server, &format!("round{round}")).await);
        tally.cases += 1;
    }
    tally.settle(
        "a bus renamed without a lock under waiting writers",
        "nothing_lost::neighbours::renamed::what_waits_on_a_file_that_is_renamed_without_a_lock_is_delivered_once",
    );
}

async fn rename_under_writers(server: &Server, project: &str) -> Tally {
    let bus = server.root().join(project).join("PROJECT-MESSAGE-BUS.md");
    let mut client = Client::connect(server).await;
    let mut acknowledged = Acknowledged::default();
    for n in 0..5 {
        append(&mut client, project, &format!("before.{n}"), &mut acknowledged).await;
    }
    let one = pb::SubscribeRequest {
        scope: pb::SubscribeScope::Bus.into(),
        ..follow(project, "", Earliest)
    };
    let mut recorder = Recorder::start(server.addr(), one);
    recorder.reaches(5).await;
    let count = APPENDS.to_string();
    let start = |name: &str, further: &[&str]| {
        let arguments = [&[argument(&bus), name, &count], further].concat();
        (name.to_owned(), Program::start("append.py", &arguments))
    };
    let mut late: Vec<_> = (0..LATE).map(|n| start(&format!("late{n}"), &["--late"])).collect();
    for (_, program) in &late {
        program.says("open");
    }
    let file = foreign_writer::open(&bus);
    Lock::lock_exclusive(&file).expect("the lock");
    let waiting: Vec<_> = (0..WAITING).map(|n| start(&format!("waiting{n}"), &[])).collect();
    let ours = tokio::spawn({
        let (mut client, body) = (client.clone(), message(project, "", "waiting.ours"));
        async move { client.append(body).await }
    });
    for (_, program) in &waiting {
        wait_until("it has the old file open", || program.has_open(&bus));
    }
    // Ours waits, too, or finds the new file: nobody can tell, and it is stored once either way.
    client.read_all(project, "").await;
    let archive = Program::start("clean_up.py", &[argument(&bus)]).ended().await;
    let [archive] = archive.as_slice() else { panic!("one archive, not {archive:?}") };
    Lock::unlock(&file).expect("unlocked");
    let msg_id = ours.await.expect("appended");
    acknowledged.note("ours", (msg_id, "waiting.ours".into()));
    // The new file has a message, so that followers have left the old one.
    recorder.reaches(6).await;
    for (_, program) in &mut late {
        program.tell("go on");
    }
    for n in 0..APPENDS {
        append(&mut client, project, &format!("after.{n}"), &mut acknowledged).await;
    }
    for (name, program) in late.into_iter().chain(waiting) {
        acknowledged.note_printed(&name, &program.ended().await);
    }
    let old = fs::read_to_string(archive).expect("the archive");
    assert!((0..LATE).all(|n| old.contains(&format!("late{n}-0"))), "they had the old file");
    assert!(!old.contains("waiting"), "they looked at the name");
    check(server, &acknowledged, recorder, project, &bus).await
}

/// Appends through the service, and notes it.
async fn append(client: &mut Client, project: &str, body: &str, acknowledged: &mut Acknowledged) {
    let msg_id = client.append(message(project, "", body)).await;
    acknowledged.note("service", (msg_id, body.into()));
}

/// Compares with what is stored and with what the follower was told.
async fn check(
    server: &Server,
    acknowledged: &Acknowledged,
    mut recorder: Recorder,
    project: &str,
    bus: &Path,
) -> Tally {
    let mut client = Client::connect(server).await;
    recorder.reaches(acknowledged.count()).await;
    let mut tally = acknowledged.check(&client.read_all(project, "").await);
    let recording = recorder.stop().await;
    let told = recording.messages();
    let told = &told[&(project.to_owned(), String::new())];
    let delivered = acknowledged.check(told.iter().filter_map(|told| told.message.as_ref()));
    tally.add(Tally { acknowledged: 0, ..delivered });
    // Late ones come with the cursor of where the stream is: going on repeats none.
    let cursor = &told.last().expect("a message").cursor;
    let request = pb::SubscribeRequest { stop_at_tail: true, ..follow_after(project, "", cursor) };
    let mut rest = client.subscribe(request).await;
    let frames = rest.caught_up().await;
    let again =
        frames.iter().filter(|frame| matches!(frame, pb::subscribe_response::Frame::Message(_)));
    assert_eq!(again.count(), 0, "after the last cursor of {}", bus.display());
    tally
}
