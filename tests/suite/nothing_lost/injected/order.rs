//! The order of the server's system calls: no answer leaves before the syncs that make durable
//! what it tells of.

mod frames;
mod unsynced;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use callboard::grpc::pb;
use pb::StartPosition::Latest;

use self::frames::Frames;
use self::unsynced::Unsynced;
use super::operations::{Clients, OPERATIONS, PROJECT, Subject};
use super::strace::{Call, Strace, parse};
use crate::client::{Client, follow};
use crate::server::Server;

/// The calls that change files, make that durable, and send answers.
const CALLS: &str = "?openat,?openat2,?write,?pwrite64,?writev,?sendto,?sendmsg,?fdatasync,?fsync,\
    ?ftruncate,?rename,?renameat,?renameat2,?mkdir,?mkdirat,?unlink,?unlinkat,?rmdir,?linkat";

/// What a trace shows.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shown {
    /// How many there are on each socket.
    answers: BTreeMap<String, usize>,
    syncs: usize,
    /// The answers that left too early, and what was not durable then.
    early: Vec<String>,
}

impl Shown {
    /// Returns how many answers there are on all sockets.
    fn answers(&self) -> usize {
        self.answers.values().sum()
    }
}

/// Looks at each answer in a trace of a server that does one thing at a time.
fn look_at(calls: &[Call], root: &str) -> Shown {
    let mut events: Vec<(usize, bool, &Call)> = Vec::new();
    for call in calls {
        events.push((call.begun, false, call));
        events.push((call.ended, true, call));
    }
    events.sort_by_key(|&(line, is_end, _)| (line, is_end));
    let (mut shown, mut unsynced, mut frames) =
        (Shown::default(), Unsynced::below(root), Frames::default());
    for (_, is_end, call) in events {
        // What changes a file may have done so from its beginning on; a sync has when it ends.
        match (call.name.as_str(), is_end) {
            ("writev" | "sendto" | "sendmsg", false) if frames.is_answer(call) => {
                *shown.answers.entry(call.path()).or_default() += 1;
                let unsynced = unsynced.take();
                if !unsynced.is_empty() {
                    let line = call.begun + 1;
                    shown.early.push(format!("line {line}: before {}", unsynced.join(", ")));
                }
            }
            ("fdatasync" | "fsync", true) => {
                shown.syncs += usize::from(unsynced.synced(call));
            }
            _ if is_end => unsynced.changed(call),
            ("write" | "pwrite64", false) => unsynced.written(call),
            _ => {}
        }
    }
    shown
}

/// Does every operation, one at a time, with a subscriber, and looks at what the server did.
pub(super) async fn check() {
    let server = Server::start();
    let mut clients = Clients::connect(&server).await;
    let mut subjects = Vec::new();
    for (number, operation) in OPERATIONS.into_iter().enumerate() {
        subjects.push(Subject::prepare(&mut clients, operation, number).await);
    }
    let before = sockets_of(server.pid());
    let mut follower = Client::connect(&server).await;
    let request = pb::SubscribeRequest {
        scope: pb::SubscribeScope::All.into(),
        heartbeat_interval: Some(Duration::from_secs(3600).try_into().expect("a duration")),
        ..follow(PROJECT, "", Latest)
    };
    let request = pb::SubscribeRequest { project_id: String::new(), ..request };
    let mut subscription = follower.subscribe(request).await;
    subscription.caught_up().await;
    let sockets = sockets_of(server.pid());
    let new: Vec<&String> = sockets.difference(&before).collect();
    let [followed] = new.as_slice() else { panic!("one socket of the follower, not {new:?}") };

    let arguments = ["-e", &format!("trace={CALLS}"), "-xx", "-s", "65536"];
    let arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
    let strace = Strace::attach_to_all(server.pid(), &arguments);
    let (mut delivered, mut appends) = (0, 0);
    for subject in &subjects {
        if let Err(status) = subject.perform(&mut clients).await {
            panic!("{subject:?} does not succeed: {status:?}");
        }
        // Each is delivered before the next thing is done.
        for _ in 0..subject.messages() {
            subscription.message().await;
            delivered += 1;
        }
        appends += usize::from(subject.messages() > 0);
    }
    let calls = strace.detach();
    let shown = look_at(&calls, &server.root().display().to_string());
    eprintln!(
        "{} operations, {} answers and deliveries, {} syncs; {delivered} messages delivered",
        subjects.len(),
        shown.answers(),
        shown.syncs
    );
    assert_eq!(shown.early, Vec::<String>::new(), "answers before their sync");
    // What an operation appends may be delivered in one.
    let deliveries = shown.answers.get(*followed).copied().unwrap_or_default();
    assert!(deliveries >= appends, "{deliveries} deliveries of {appends} appends");
    assert!(shown.answers() >= subjects.len() + deliveries, "{:?}", shown.answers);
    assert!(shown.syncs >= subjects.len(), "{}", shown.syncs);
}

/// Returns the sockets of a process, as a trace names them.
fn sockets_of(process: u32) -> BTreeSet<String> {
    let open = fs::read_dir(format!("/proc/{process}/fd")).expect("the server is there");
    let paths = open.filter_map(|entry| fs::read_link(entry.expect("a descriptor").path()).ok());
    let paths = paths.map(|path| path.to_string_lossy().into_owned());
    paths.filter(|path| path.starts_with("socket:")).collect()
}

/// An append: the record is written, and synced, and answered.
const APPEND: [&str; 3] = [
    r#"7 write(5</r/demo/BUS.md>, "\x61", 1) = 1"#,
    r#"7 fdatasync(5</r/demo/BUS.md>) = 0"#,
    r#"8 writev(9<socket:[1]>, [{iov_base="\x00\x00\x00\x01\x04\x00\x00\x00\x01", iov_len=9}], 1) = 9"#,
];

/// A replaced document: its new content is written and synced under another name, gets the
/// document's, and the folder is synced.
const REPLACEMENT: [&str; 6] = [
    r#"7 openat(6</r/demo>, "\x2e\x61\x2e\x74\x6d\x70", O_WRONLY|O_CREAT|O_EXCL) = 5</r/demo/.a.tmp>"#,
    r#"7 write(5</r/demo/.a.tmp>, "\x61", 1) = 1"#,
    r#"7 fsync(5</r/demo/.a.tmp>) = 0"#,
    r#"7 renameat(6</r/demo>, "\x2e\x61\x2e\x74\x6d\x70", 6</r/demo>, "\x61") = 0"#,
    r#"7 fsync(6</r/demo>) = 0"#,
    r#"8 writev(9<socket:[1]>, [{iov_base="\x00\x00\x00\x01\x04\x00\x00\x00\x01", iov_len=9}], 1) = 9"#,
];

#[test]
fn an_answer_before_its_sync_is_noticed() {
    let look = |lines: &[&str]| look_at(&parse(&lines.join("\n"), 0), "/r");
    for whole in [&APPEND[..], &REPLACEMENT[..]] {
        let shown = look(whole);
        assert_eq!((shown.answers(), &shown.early), (1, &Vec::new()), "in its order");
        for (place, line) in whole.iter().enumerate().filter(|(_, line)| line.contains("sync(")) {
            let mut missing = whole.to_vec();
            missing.remove(place);
            assert_eq!(look(&missing).early.len(), 1, "without {line}");
            // It has begun when the answer leaves, and ends later.
            let mut late = whole.to_vec();
            let (begin, end) = line.split_once(") = ").expect("a call");
            let name = line[2..].split_once('(').expect("a call").0;
            let begin = format!("{begin} <unfinished ...>");
            let end = format!("7 <... {name} resumed>) = {end}");
            late[place] = &begin;
            late.push(&end);
            assert_eq!(look(&late).early.len(), 1, "with a late {line}");
            let mut failed = whole.to_vec();
            let error = format!("{} -1 EIO (Input/output error)", line.trim_end_matches(" 0"));
            failed[place] = &error;
            assert_eq!(look(&failed).early.len(), 1, "with a failed {line}");
        }
    }
}

#[test]
#[should_panic(expected = "a call that nobody here knows")]
fn a_write_to_a_file_in_another_way_is_noticed() {
    let written = r#"7 writev(5</r/demo/BUS.md>, [{iov_base="\x61", iov_len=1}], 1) = 1"#;
    look_at(&parse(written, 0), "/r");
}
