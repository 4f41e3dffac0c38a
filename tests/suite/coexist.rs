//! Other programs and people write the same files: both sides see each other, and
//! neither harms the other.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use callboard::grpc::pb;
use fs4::fs_std::FileExt as Lock;
use pb::StartPosition::{Earliest, Latest};
use pb::read_messages_request::Start;
use pb::subscribe_response::Frame;
use tonic::Code;

use crate::client::{Client, assert_refused, bodies, follow, message, read_of};
use crate::foreign_writer::{self, append, record};
use crate::original_reader;
use crate::server::{Server, wait_with_deadline};

/// Makes the project `demo`; returns the path of its bus.
pub(crate) fn bus(server: &Server) -> PathBuf {
    fs::create_dir_all(server.root().join("demo")).expect("the project");
    server.root().join("demo/PROJECT-MESSAGE-BUS.md")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_processes_half_through_us_half_by_flock_lose_nothing() {
    let server = Server::start();
    let bus = bus(&server);
    let mut foreign: Vec<_> =
        (0..5).map(|n| foreign_writer::spawn(&bus, &format!("f{n}"), 100)).collect();
    let mut ours = tokio::task::JoinSet::new();
    for writer in 0..5 {
        let mut client = Client::connect(&server).await;
        ours.spawn(async move {
            for n in 0..100 {
                client.append(message("demo", "", &format!("o{writer}.{n}"))).await;
            }
        });
    }
    let mut client = Client::connect(&server).await;
    let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
    let mut followed = Vec::new();
    while followed.len() < 1000 {
        followed.push(subscription.message().await.message.expect("a message"));
    }
    ours.join_all().await;
    for process in &mut foreign {
        assert!(process.wait().expect("it was ours").success());
    }
    let stored = client.read_all("demo", "").await;
    assert!(
        stored == followed,
        "the follower saw the same messages in the same order, with the same bodies"
    );
    let mut next: BTreeMap<&str, usize> = BTreeMap::new();
    for message in &stored {
        let (writer, n) = message.body.split_once('.').expect("writer and number");
        let expected = next.entry(writer).or_default();
        assert_eq!(n.parse::<usize>().expect("a number"), *expected, "of {writer}");
        *expected += 1;
    }
    assert_eq!(next.len(), 10);
    // The original reader sees every one of them too.
    let theirs = original_reader::read(&fs::read(&bus).expect("the bus"));
    assert_eq!(theirs.len(), 1000);
}

#[tokio::test]
async fn ten_processes_that_write_directly_by_flock_lose_nothing() {
    let server = Server::start();
    let bus = bus(&server);
    let mut foreign: Vec<_> =
        (0..10).map(|n| foreign_writer::spawn(&bus, &format!("f{n}"), 100)).collect();
    for process in &mut foreign {
        assert!(wait_with_deadline(process).success());
    }
    let stored = Client::connect(&server).await.read_all("demo", "").await;
    assert_eq!(stored.len(), 1000);
    assert_numbered_by_writer(&stored, 10, 100);
}

/// Asserts that the bodies are `<writer>.<n>`, each writer's counting up from 0 to
/// below `count`.
#[track_caller]
pub(crate) fn assert_numbered_by_writer(messages: &[pb::Message], writers: usize, count: usize) {
    let mut next: BTreeMap<&str, usize> = BTreeMap::new();
    for body in bodies(messages) {
        let (writer, n) = body.split_once('.').expect("writer and number");
        let expected = next.entry(writer).or_default();
        assert_eq!(n.parse::<usize>().expect("a number"), *expected, "of {writer}");
        *expected += 1;
    }
    assert_eq!(next.len(), writers);
    assert!(next.values().all(|&seen| seen == count), "{next:?}");
}

#[tokio::test]
async fn an_append_waits_for_a_held_lock_and_reads_do_not() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", "before")).await;
    let file = foreign_writer::open(&bus(&server));
    Lock::lock_exclusive(&file).expect("the lock");
    let waiting = tokio::spawn({
        let mut client = client.clone();
        async move { client.append(message("demo", "", "after")).await }
    });
    // Reads are served what is committed, however long the lock is held.
    for _ in 0..20 {
        assert_eq!(bodies(&client.read_all("demo", "").await), ["before"]);
    }
    assert!(!waiting.is_finished());
    Lock::unlock(&file).expect("unlocked");
    waiting.await.expect("appended");
    assert_eq!(bodies(&client.read_all("demo", "").await), ["before", "after"]);
}

#[tokio::test]
async fn a_lock_held_too_long_refuses_the_append_and_names_its_holder() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", "before")).await;
    let bytes = fs::read(bus(&server)).expect("the bus");
    let file = foreign_writer::open(&bus(&server));
    Lock::lock_exclusive(&file).expect("the lock");
    let began = Instant::now();
    let refused = client.try_append(message("demo", "", "never")).await;
    assert!(began.elapsed() >= Duration::from_secs(10));
    let pid = std::process::id().to_string();
    assert_refused(refused, Code::Unavailable, "LOCK_TIMEOUT", &pid);
    Lock::unlock(&file).expect("unlocked");
    assert_eq!(fs::read(bus(&server)).expect("the bus"), bytes, "nothing was written");
    client.append(message("demo", "", "after")).await;
    assert_eq!(bodies(&client.read_all("demo", "").await), ["before", "after"]);
}

#[tokio::test]
async fn what_others_append_is_read_at_once_and_followed_soon() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let bus = bus(&server);
    append(&bus, &record("F-1", "one"));
    assert_eq!(bodies(&client.read_all("demo", "").await), ["one"]);
    let mut subscription = client.subscribe(follow("demo", "", Latest)).await;
    subscription.caught_up().await;
    append(&bus, &record("F-2", "two\n---\nstill two"));
    assert_eq!(
        subscription.message().await.message.expect("a message").body,
        "two\n---\nstill two"
    );
    client.append(message("demo", "", "three")).await;
    assert_eq!(subscription.message().await.message.expect("a message").body, "three");
    // A shell, without any lock.
    let text = format!("\n{}", record("F-4", "four"));
    foreign_writer::open(&bus).write_all(text.as_bytes()).expect("a write");
    assert_eq!(bodies(&client.read_all("demo", "").await)[3], "four");
    assert_eq!(subscription.message().await.message.expect("a message").msg_id, "F-4");
    let integrity: Vec<_> =
        client.read_all("demo", "").await.iter().map(pb::Message::integrity).collect();
    use pb::Integrity::{Unchecked, Verified};
    assert_eq!(integrity, [Unchecked, Unchecked, Verified, Unchecked]);
}

#[tokio::test]
async fn a_bus_that_another_program_makes_joins_a_wide_subscription() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let everything =
        pb::SubscribeRequest { scope: pb::SubscribeScope::All.into(), ..Default::default() };
    let mut subscription = client.subscribe(everything).await;
    subscription.caught_up().await;
    let folder = server.root().join("theirs/task-1");
    fs::create_dir_all(&folder).expect("folders");
    append(&folder.join("TASK-MESSAGE-BUS.md"), &record("F-1", "hello"));
    let delivery = subscription.message().await;
    assert_eq!((delivery.project_id.as_str(), delivery.task_id.as_str()), ("theirs", "task-1"));
}

#[tokio::test]
async fn what_a_dead_writer_left_is_moved_aside_and_the_next_append_is_readable() {
    let whole = record("F-1", "whole");
    let ours = |server: &Server| fs::read(bus(server)).expect("the bus");
    let tails = [
        ("half a header", "\n---\nmsg_id: F-2\nts: 2026-03-04T05:0", true),
        ("a header that happens to be complete YAML", "\n---\nmsg_id: F-2\ntype: FACT\n", true),
        (
            "half a body",
            "\n---\nmsg_id: F-2\nts: 2026-03-04T05:06:07Z\ntype: FACT\nproject_id: demo\n---\nhal",
            true,
        ),
        (
            "a header without a body",
            "\n---\nmsg_id: F-2\nts: 2026-03-04T05:06:07Z\ntype: FACT\nproject_id: demo\n---\n",
            true,
        ),
        ("lone dashes", "\n--", true),
        ("a lone ---", "\n---\n", true),
        (
            "a body cut at a newline",
            "\n---\nmsg_id: F-2\nts: 2026-03-04T05:06:07Z\ntype: FACT\nproject_id: demo\n---\nline\n",
            false,
        ),
    ];
    for (name, tail, torn) in tails {
        for foreign in [true, false] {
            if foreign && name == "a lone ---" {
                // After another program's record it may be a rule in its body.
                continue;
            }
            let mut server = Server::start();
            let mut client = Client::connect(&server).await;
            if foreign {
                append(&bus(&server), &whole);
            } else {
                client.append(message("demo", "", "whole")).await;
            }
            server.kill();
            let before = ours(&server);
            foreign_writer::open(&bus(&server)).write_all(tail.as_bytes()).expect("a write");
            server.restart();
            let mut client = Client::connect(&server).await;
            assert_eq!(bodies(&client.read_all("demo", "").await)[0], "whole", "{name}");
            client.append(message("demo", "", "next")).await;
            let stored = client.read_all("demo", "").await;
            let expected: &[&str] =
                if torn { &["whole", "next"] } else { &["whole", "line", "next"] };
            assert_eq!(bodies(&stored), expected, "{name}");
            assert!(ours(&server).starts_with(&before), "{name}");
            let saved: Vec<_> = fs::read_dir(server.root().join("demo"))
                .expect("the folder")
                .map(|entry| entry.expect("an entry").path())
                .filter(|path| path.extension().is_some_and(|extension| extension == "torn"))
                .map(|path| fs::read_to_string(path).expect("text"))
                .collect();
            let expected: &[&str] = if torn { &[tail] } else { &[] };
            assert_eq!(saved, expected, "{name}");
            // The original reader is in step as well.
            let theirs = original_reader::read(&ours(&server));
            assert_eq!(theirs.last().expect("a message").body, b"next", "{name}");
        }
    }
}

#[tokio::test]
async fn legacy_lines_prose_and_odd_records_are_read_and_left_alone() {
    let server = Server::start();
    let bus = bus(&server);
    let text = "# Notes\n\n---\n\n[2026-03-01 10:00:00] FACT: legacy one\nprose\n[2026-03-01 10:00:01] two\n\n\
        ---\nmsg_id: F-1\nts: 2026-03-04T05:06:07Z\ntype: ISSUE\nproject_id: demo\nissue_id: I-1\nparents: [A, B]\n---\nstrings\n\n\
        ---\nmsg_id: F-2\nts: 2026-03-04T05:06:08Z\ntype: FACT\nproject_id: demo\nparents:\n  - msg_id: C\n    kind: k\n    meta: {x: y}\nlinks:\n  - url: /u\n    label: l\nmeta: {n: 1.50}\n---\nobjects\n\n\
        ---\nts: 2026-03-04T05:06:09Z\ntype: INFO\nproject_id: demo\n---\nwithout an id\n";
    fs::write(&bus, text).expect("written");
    let mut client = Client::connect(&server).await;
    let stored = client.read_all("demo", "").await;
    assert_eq!(bodies(&stored), ["legacy one", "two", "strings", "objects", "without an id"]);
    assert_eq!(stored[0].msg_id, "LEGACY-LINE-000000005");
    let parents: Vec<_> = stored[2].parents.iter().map(|parent| parent.msg_id.as_str()).collect();
    assert_eq!((parents, stored[2].issue_id.as_str()), (vec!["A", "B"], "I-1"));
    let parent = &stored[3].parents[0];
    assert_eq!((parent.kind.as_str(), parent.meta["x"].as_str()), ("k", "y"));
    assert_eq!((stored[3].links[0].label.as_str(), stored[3].meta["n"].as_str()), ("l", "1.50"));
    // The last one has no id: it is delivered once, and its made-up id holds.
    let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
    let frames = subscription.caught_up().await;
    assert_eq!(frames.iter().filter(|frame| matches!(frame, Frame::Message(_))).count(), 5);
    let since = |id: &str| pb::ReadMessagesRequest {
        start: Some(Start::SinceId(id.into())),
        ..read_of("demo", "")
    };
    assert!(client.read(since(&stored[4].msg_id)).await.messages.is_empty());
    assert_eq!(bodies(&client.read(since("LEGACY-LINE-000000007")).await.messages).len(), 3);
    client.append(message("demo", "", "ours")).await;
    assert_eq!(subscription.message().await.message.expect("a message").body, "ours");
    let after = fs::read_to_string(&bus).expect("text");
    assert!(after.starts_with(text), "old bytes stay");
}

#[tokio::test]
async fn an_id_that_occurs_twice_is_refused_as_ambiguous() {
    let server = Server::start();
    let bus = bus(&server);
    for body in ["one", "two"] {
        append(&bus, &record("SAME", body));
    }
    let mut client = Client::connect(&server).await;
    let get = pb::GetMessageRequest {
        project_id: "demo".into(),
        msg_id: "SAME".into(),
        ..Default::default()
    };
    let refused = client.0.get_message(get).await.map(|_| ());
    assert_refused(refused, Code::InvalidArgument, "AMBIGUOUS_ID", "SAME");
    let since = pb::ReadMessagesRequest {
        start: Some(Start::SinceId("SAME".into())),
        ..read_of("demo", "")
    };
    assert_refused(client.try_read(since).await, Code::InvalidArgument, "AMBIGUOUS_ID", "SAME");
    // Their cursors are not: they name the place.
    let page = client.read(pb::ReadMessagesRequest { limit: 1, ..read_of("demo", "") }).await;
    let rest =
        pb::ReadMessagesRequest { start: Some(Start::Cursor(page.cursor)), ..read_of("demo", "") };
    assert_eq!(bodies(&client.read(rest).await.messages), ["two"]);
}

#[tokio::test]
async fn symlinks_and_folders_in_place_of_a_bus_are_refused() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let outside = tempfile::tempdir().expect("a folder");
    let target = outside.path().join("target");
    fs::write(&target, "untouched").expect("written");
    let link = |to: &Path, at: &str| {
        let at = server.root().join(at);
        fs::create_dir_all(at.parent().expect("a folder")).expect("folders");
        std::os::unix::fs::symlink(to, at).expect("a link");
    };
    link(&target, "linked/PROJECT-MESSAGE-BUS.md");
    link(outside.path(), "outside");
    link(outside.path(), "project/task-out");
    fs::create_dir_all(server.root().join("folder/PROJECT-MESSAGE-BUS.md")).expect("a folder");
    fs::write(server.root().join("file"), "").expect("a file");
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        server.root().join("folder/pipe"),
        rustix::fs::Mode::RWXU,
    )
    .expect("a pipe");
    fs::create_dir(server.root().join("piped")).expect("a folder");
    fs::rename(
        server.root().join("folder/pipe"),
        server.root().join("piped/PROJECT-MESSAGE-BUS.md"),
    )
    .expect("moved");
    for (project, task) in [
        ("linked", ""),
        ("outside", ""),
        ("project", "task-out"),
        ("folder", ""),
        ("file", ""),
        ("piped", ""),
    ] {
        let refused = client.try_append(message(project, task, "x")).await;
        assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", project);
        let refused = client.try_read(read_of(project, task)).await;
        assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", project);
        let refused = client.try_subscribe(follow(project, task, Earliest)).await.map(|_| ());
        assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", project);
    }
    assert_eq!(fs::read_to_string(&target).expect("text"), "untouched");
    assert_eq!(
        fs::read_dir(outside.path()).expect("the folder").count(),
        1,
        "nothing was made outside"
    );
}

#[tokio::test]
async fn damage_is_reported_and_its_neighbours_are_served() {
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    for body in ["first", "second", "third"] {
        client.append(message("demo", "", body)).await;
    }
    server.kill();
    let text = fs::read_to_string(bus(&server)).expect("text");
    fs::write(bus(&server), text.replace("\nsecond\n", "\nsecund\n")).expect("written");
    server.restart();
    let mut client = Client::connect(&server).await;
    assert_eq!(bodies(&client.read_all("demo", "").await), ["first", "third"]);
    let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
    let frames = subscription.caught_up().await;
    let damaged = frames.iter().find_map(|frame| match frame {
        Frame::Damaged(damaged) => Some(damaged),
        _ => None,
    });
    let damaged = damaged.expect("it is reported");
    assert!(damaged.offset > 0 && damaged.length > 0 && !damaged.detail.is_empty(), "{damaged:?}");
    client.append(message("demo", "", "fourth")).await;
    assert_eq!(bodies(&client.read_all("demo", "").await), ["first", "third", "fourth"]);
    let listed =
        client.0.list_buses(pb::ListBusesRequest::default()).await.expect("a page").into_inner();
    assert_eq!(listed.buses[0].damage_count, 1);
    // A body that a person made longer is delivered, and marked.
    let text = fs::read_to_string(bus(&server)).expect("text");
    fs::write(bus(&server), text.replace("\nfirst\n", "\nfirst, and more by hand\n"))
        .expect("written");
    server.restart();
    let mut client = Client::connect(&server).await;
    let stored = client.read_all("demo", "").await;
    assert_eq!(bodies(&stored), ["first, and more by hand", "third", "fourth"]);
    assert_eq!(stored[0].integrity(), pb::Integrity::Modified);
}

#[tokio::test]
async fn an_editor_that_replaces_the_file_repeats_nothing() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    for body in ["one", "two"] {
        client.append(message("demo", "", body)).await;
    }
    let mut subscription = client.subscribe(follow("demo", "", Earliest)).await;
    subscription.caught_up().await;
    let text = fs::read_to_string(bus(&server)).expect("text");
    let edited = server.root().join("demo/edited");
    fs::write(&edited, format!("# Notes of a person\n\n{text}\n{}", record("F-3", "three")))
        .expect("written");
    fs::rename(&edited, bus(&server)).expect("replaced");
    assert_eq!(subscription.message().await.message.expect("a message").body, "three");
    client.append(message("demo", "", "four")).await;
    assert_eq!(subscription.message().await.message.expect("a message").body, "four");
}
