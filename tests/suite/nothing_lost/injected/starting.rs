//! System calls that fail while a server starts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use super::super::tally::{Tally, rounds};
use super::ERRORS;
use super::strace::{Call, Strace, read};
use crate::client::{Client, bodies, message};
use crate::server::{Lines, Server, below, callboard, wait_with_deadline};
use crate::skip::skip;
use crate::storage_client::StorageClient;

/// The calls of a start that are made to fail. What is written is mostly no file.
const CALLS: [&str; 13] = [
    "openat2",
    "openat",
    "mkdir",
    "mkdirat",
    "fdatasync",
    "fsync",
    "flock",
    "ftruncate",
    "unlinkat",
    "fchmod",
    "newfstatat",
    "pread64",
    "getdents64",
];

/// So many cases are always tried.
const CASES_MIN: usize = 8;

/// How a server started.
#[derive(Debug)]
enum Start {
    Ready,
    /// It ended, and said why.
    Refused(String),
}

#[tokio::test]
async fn a_start_that_fails_says_why_and_loses_nothing() {
    if let Some(reason) = Strace::missing() {
        return skip(reason);
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("root");
    write_something(&root).await;
    let places = places(folder.path(), &root);
    assert!(!places.is_empty(), "a start looks at its root");
    let cases: Vec<_> =
        places.iter().flat_map(|place| ERRORS.map(|error| (place, error))).collect();
    let count = rounds(cases.len()).max(CASES_MIN.min(cases.len()));
    let mut tally = Tally::default();
    let (mut refused, mut missed) = (0, 0);
    for nth in 0..count {
        let ((call, at), error) = cases[nth * cases.len() / count];
        spoil(&root);
        let injection = format!("inject={call}:error={error}:when={at}");
        let arguments = ["-e", &format!("trace={call}"), "-e", &injection];
        let (start, calls) = start(folder.path(), &root, &arguments);
        if !calls.iter().any(Call::is_injected) {
            missed += 1;
            continue;
        }
        match start {
            Start::Ready => {}
            Start::Refused(why) => {
                assert!(why.starts_with("callboard: cannot "), "{call} {at} {error}: {why:?}");
                refused += 1;
            }
        }
        tally.cases += 1;
    }
    assert!(missed <= count / 3, "{missed} of {count} were not met");
    assert!(refused > 0, "no start was refused");
    // Whatever the faults did: everything is there.
    let server = Server::start_on(&root);
    let held = Client::connect(&server).await.read_all("demo", "").await;
    tally.acknowledged = 2;
    tally.lost = usize::from(bodies(&held) != ["one"]);
    let task = StorageClient::connect(&server).await.task("demo", "t").await;
    tally.torn = usize::from(!task.problem.is_empty());
    Client::connect(&server).await.append(message("demo", "", "two")).await;
    eprintln!("{} places and errors, {refused} starts were refused, {missed} not met", cases.len());
    tally.settle(
        "a system call that fails at the start (strace)",
        "nothing_lost::injected::starting::a_start_that_fails_says_why_and_loses_nothing",
    );
}

/// Makes a root with something in it.
async fn write_something(root: &Path) {
    let server = Server::start_on(root);
    Client::connect(&server).await.append(message("demo", "", "one")).await;
    StorageClient::connect(&server).await.new_task("demo", "t").await;
}

/// Leaves what a server leaves that is killed: there is something to clear away.
fn spoil(root: &Path) {
    let folder = root.join(".callboard/staging/left");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("task.json"), "{").expect("a file");
}

/// Finds the calls of a start: their names, and the how-manieth each is. All that matter are
/// of the first thread, which others are begun by.
fn places(folder: &Path, root: &Path) -> BTreeSet<(String, usize)> {
    spoil(root);
    let calls = CALLS.map(|call| format!("?{call}")).join(",");
    let (start, calls) = start(folder, root, &["-e", &format!("trace={calls}")]);
    assert!(matches!(start, Start::Ready), "{start:?}");
    let mut counts = BTreeMap::<(u32, &str), usize>::new();
    let mut places = BTreeSet::new();
    for call in &calls {
        let nth = counts.entry((call.thread, &call.name)).or_default();
        *nth += 1;
        if call.is_below(root) {
            places.insert((call.name.clone(), *nth));
        }
    }
    places
}

/// A server that starts. It is killed when it is dropped.
struct Starting(Child);

impl Drop for Starting {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server below a tracer, and ends it when it is ready.
fn start(folder: &Path, root: &Path, arguments: &[&str]) -> (Start, Vec<Call>) {
    let output = folder.join("trace");
    let mut command = callboard(&["serve", "--listen", "127.0.0.1:0", "--no-uds", "--root"]);
    command.arg(root);
    let mut tracing = vec!["-D".to_owned(), "-f".into(), "-y".into(), "-o".into()];
    tracing.push(output.display().to_string());
    tracing.extend(arguments.iter().map(|&argument| argument.to_owned()));
    // The tracer is the server's child: what is waited for and killed is the server.
    let child = below("strace", &tracing, &command)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("strace starts");
    let mut server = Starting(child);
    let stdout = Lines::of(server.0.stdout.take().expect("stdout is piped"));
    let start = if stdout.next().is_none() {
        assert!(!wait_with_deadline(&mut server.0).success(), "it ended and was not ready");
        let mut why = String::new();
        let mut stderr = server.0.stderr.take().expect("stderr is piped");
        stderr.read_to_string(&mut why).expect("text");
        let why = why.lines().find(|line| line.starts_with("callboard"));
        Start::Refused(why.unwrap_or_default().to_owned())
    } else {
        server.0.kill().expect("it is there");
        server.0.wait().expect("it was ours to wait for");
        Start::Ready
    };
    (start, ended(&output))
}

/// Reads a trace once its tracer has ended: its last line says how the server ended.
fn ended(output: &PathBuf) -> Vec<Call> {
    crate::server::wait_until("the tracer saw the end", || {
        let trace = fs::read(output).unwrap_or_default();
        let trace = String::from_utf8_lossy(&trace);
        let last = trace.lines().last().unwrap_or_default();
        last.contains("+++ killed by SIGKILL +++") || last.contains("+++ exited with")
    });
    read(output, 0)
}
