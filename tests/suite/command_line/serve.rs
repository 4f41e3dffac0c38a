//! What `callboard serve` prints, and how it ends.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Running, code, stderr, stdout};
use crate::server::{Server, callboard, output_of, wait_with_deadline};

#[test]
fn the_ready_line_names_the_real_port_and_the_root() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut serve = callboard(&["serve", "--listen=127.0.0.1:0", "--no-uds", "--log-format=json"]);
    serve.arg("--root").arg(folder.path());
    let mut serve = Running::start(serve);
    let line = serve.stdout.next().expect("the ready line");
    let rest = line.strip_prefix("callboard listening on 127.0.0.1:").expect(&line);
    let (port, root) = rest.split_once(" root=").expect(&line);
    assert_ne!(port.parse::<u16>().expect("a port"), 0);
    assert_eq!(
        fs::canonicalize(root).expect("the root"),
        fs::canonicalize(folder.path()).expect("the folder")
    );
    let pid = i32::try_from(serve.child.id()).ok().and_then(Pid::from_raw).expect("a pid");
    kill_process(pid, Signal::TERM).expect("it runs");
    assert_eq!(wait_with_deadline(&mut serve.child).code(), Some(0));
    assert!(serve.stdout.rest().is_empty(), "stdout has the ready line only");
    for line in serve.stderr.rest() {
        assert!(serde_json::from_str::<Value>(&line).is_ok(), "not JSON: {line}");
    }
}

#[test]
fn a_server_that_cannot_start_says_why_with_1_for_what_may_pass_and_2_for_its_settings() {
    let server = Server::start();
    let start = |root: &std::path::Path, listen: &str| {
        let mut serve = callboard(&["serve", "--no-uds", "--listen", listen, "--root"]);
        serve.arg(root);
        output_of(serve)
    };
    let folder = tempfile::tempdir().expect("a folder");
    let taken = start(folder.path(), server.addr());
    assert_eq!(code(&taken), 1);
    assert!(stderr(&taken).contains(server.addr()), "{}", stderr(&taken));
    assert_eq!(stdout(&taken), "");
    let locked = start(server.root(), "127.0.0.1:0");
    assert_eq!(code(&locked), 1);
    assert!(stderr(&locked).contains("in use by another callboard server"), "{}", stderr(&locked));
    let nonsense = start(folder.path(), "nonsense");
    assert_eq!(code(&nonsense), 2);
}

#[test]
fn a_second_signal_ends_a_draining_server_at_once() {
    let mut server = Server::start();
    let path = server.root().join("p/PROJECT-MESSAGE-BUS.md");
    fs::create_dir(server.root().join("p")).expect("the project");
    let bus = fs::File::create(&path).expect("the bus file");
    rustix::fs::flock(&bus, rustix::fs::FlockOperation::LockExclusive).expect("the lock");
    // This append waits for the lock, and the drain waits for the append.
    let _waiting =
        Running::start(server.command(&["post", "--project=p", "--type=INFO", "--body=two"]));
    wait_until_open(&server, &path);
    server.signal(Signal::TERM);
    server.log_until("shutting down");
    server.signal(Signal::TERM);
    let status = server.ended();
    assert_eq!((status.code(), status.signal()), (Some(143), None));
}

/// Waits until the server has a file open.
fn wait_until_open(server: &Server, path: &Path) {
    let open = PathBuf::from(format!("/proc/{}/fd", server.pid()));
    let path = path.canonicalize().expect("a path");
    let deadline = Instant::now() + Duration::from_secs(20);
    let is_open = || {
        let files = fs::read_dir(&open).expect("its files");
        files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|target| target == path))
    };
    while !is_open() {
        assert!(Instant::now() < deadline, "the server does not open {}", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}
