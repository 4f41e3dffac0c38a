//! The server goes away while a command runs, and comes back, or not.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rustix::process::{Pid, Signal, test_kill_process};

use super::{Running, content, exec, file, messages, run_info, types};
use crate::client::eventually;
use crate::server::Server;

/// Prints so many numbered lines for each line of stdin.
const COUNTING: &str = r#"
    n=0
    while read lines; do
        end=$((n + lines))
        while [ $n -lt $end ]; do n=$((n + 1)); echo "line $n"; done
    done
    exit 9
"#;

fn numbered(count: usize) -> String {
    (1..=count).map(|n| format!("line {n}\n")).collect()
}

#[tokio::test]
async fn a_server_that_is_killed_while_lines_come_has_each_line_once() {
    const ROUNDS: usize = 5;
    const LINES: usize = 3000;
    let mut server = Server::start();
    let mut running = Running::start(exec(&server, &[], &["sh", "-c", COUNTING]));
    for round in 0..ROUNDS {
        running.tell(&LINES.to_string());
        // The lines are on their way: somewhere between the first and the last call.
        let some_way = round * LINES / ROUNDS;
        running.stdout.until(&format!("line {}", 2 * round * LINES + 1 + some_way));
        server.kill();
        // While the server is away the command goes on.
        running.tell(&LINES.to_string());
        running.stdout.until(&format!("line {}", (2 * round + 2) * LINES));
        server.restart();
    }
    let all = numbered(2 * ROUNDS * LINES);
    assert_eq!(running.end(), 9);
    let kept = String::from_utf8(content(&server, "agent-stdout.txt")).expect("text");
    assert!(kept == all, "kept {} bytes of {}", kept.len(), all.len());
    assert!(content(&server, "output.md") == all.as_bytes());
    let run = run_info(&server).await;
    assert_eq!((run.status.as_str(), run.exit_code), ("failed", 9));
    assert_eq!(types(&messages(&server).await), ["RUN_START", "RUN_CRASH"]);
}

#[tokio::test]
async fn a_command_that_writes_a_lot_while_the_server_is_away_is_held_up_and_loses_nothing() {
    let mut server = Server::start();
    let script = "echo ready; read line; seq 1 2000000; echo written >&2";
    let mut running = Running::start(exec(&server, &[], &["sh", "-c", script]));
    assert_eq!(running.stdout.next().as_deref(), Some("ready"));
    server.kill();
    running.tell("go");
    // Its end cannot come before the server is back: 8 MiB are kept, not 14.
    running.stdout.until("800000");
    server.restart();
    assert_eq!(running.stdout.rest().last().map(String::as_str), Some("2000000"));
    running.stderr.until("written");
    assert_eq!(running.end(), 0);
    let expected: String = std::iter::once("ready\n".to_owned())
        .chain((1..=2_000_000).map(|n| format!("{n}\n")))
        .collect();
    assert!(content(&server, "agent-stdout.txt") == expected.as_bytes());
}

#[tokio::test]
async fn a_server_that_comes_back_after_the_end_still_learns_of_it() {
    let mut server = Server::start();
    let script = "echo ready; read line; echo last; exit 3";
    let mut running = Running::start(exec(&server, &[], &["sh", "-c", script]));
    assert_eq!(running.stdout.next().as_deref(), Some("ready"));
    server.kill();
    running.tell("go");
    running.stderr.until("takes nothing for the moment");
    assert_eq!(running.stdout.next().as_deref(), Some("last"));
    server.restart();
    assert_eq!(running.end(), 3);
    assert_eq!(content(&server, "output.md"), b"ready\nlast\n");
    assert_eq!(run_info(&server).await.exit_code, 3);
}

#[tokio::test]
async fn when_patience_ends_the_message_names_the_exit_code_and_what_is_missing() {
    let mut server = Server::start();
    let script = "echo ready; read line; echo last; exit 3";
    let mut running = Running::start(exec(&server, &["--patience=300ms"], &["sh", "-c", script]));
    let is_started = async || types(&messages(&server).await) == ["RUN_START"];
    eventually("RUN_START is posted", is_started).await;
    let path = file(&server, "agent-stdout.txt");
    let is_kept = async || std::fs::read(&path).is_ok_and(|content| content == b"ready\n");
    eventually("the first line is kept", is_kept).await;
    server.kill();
    running.tell("go");
    assert_eq!(running.end(), 125);
    let told = running.stderr.rest().join("\n");
    // Also RUN_START, when the server was killed before its answer had arrived.
    let missing = "5 bytes of stdout, its result, its end, RUN_CRASH (the server at";
    assert!(told.contains(missing), "{told}");
    assert!(told.contains("the command's own exit code is 3"), "{told}");
}

#[tokio::test]
async fn once_the_command_has_ended_a_signal_ends_the_waiting_for_the_server() {
    let mut server = Server::start();
    let script = "echo $$; read line; exit 3";
    let mut running = Running::start(exec(&server, &["--patience=1h"], &["sh", "-c", script]));
    let pid = running.stdout.next().and_then(|line| line.parse().ok());
    let command = pid.and_then(Pid::from_raw).expect("a pid");
    server.kill();
    running.tell("go");
    eventually("the command has ended", async || test_kill_process(command).is_err()).await;
    running.signal(Signal::TERM);
    assert_eq!(running.end(), 125);
    let told = running.stderr.rest().join("\n");
    assert!(told.contains("the command's own exit code is 3"), "{told}");
}

#[tokio::test]
async fn once_we_are_told_to_end_a_server_that_does_not_answer_is_not_waited_for() {
    let server = Server::start();
    let script = "echo $$; read line; exit 3";
    let mut running = Running::start(exec(&server, &["--patience=1h"], &["sh", "-c", script]));
    let pid = running.stdout.next().and_then(|line| line.parse().ok());
    let command = pid.and_then(Pid::from_raw).expect("a pid");
    let is_started = async || types(&messages(&server).await) == ["RUN_START"];
    eventually("RUN_START is posted", is_started).await;
    server.signal(Signal::STOP);
    running.tell("go");
    eventually("the command has ended", async || test_kill_process(command).is_err()).await;
    running.signal(Signal::TERM);
    assert_eq!(running.end(), 125);
    let told = running.stderr.rest().join("\n");
    assert!(told.contains("(it does not answer)"), "{told}");
    assert!(told.contains("the command's own exit code is 3"), "{told}");
}

/// Passes connections on to a server; while it is muted, no answer comes back.
struct Proxy {
    addr: String,
    muted: Arc<AtomicBool>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    fn of(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("bound").to_string();
        let muted = Arc::new(AtomicBool::new(false));
        let connections = Arc::new(Mutex::new(Vec::new()));
        let proxy = Self { addr, muted: Arc::clone(&muted), connections: Arc::clone(&connections) };
        let server = server.addr().to_owned();
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let upstream = TcpStream::connect(&server).expect("the server is there");
                pass_on(&client, &upstream, Arc::new(AtomicBool::new(false)));
                pass_on(&upstream, &client, Arc::clone(&muted));
                connections.lock().expect("connections").extend([client, upstream]);
            }
        });
        proxy
    }

    fn mute(&self) {
        self.muted.store(true, Ordering::SeqCst);
    }

    /// Breaks all connections; later ones are passed on both ways.
    fn cut(&self) {
        for connection in self.connections.lock().expect("connections").drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
        self.muted.store(false, Ordering::SeqCst);
    }
}

fn pass_on(from: &TcpStream, to: &TcpStream, muted: Arc<AtomicBool>) {
    let mut from = from.try_clone().expect("a second handle");
    let mut to = to.try_clone().expect("a second handle");
    thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if !muted.load(Ordering::SeqCst) && to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}

#[tokio::test]
async fn a_call_whose_answer_is_lost_is_repeated_and_done_once() {
    let server = Server::start();
    let proxy = Proxy::of(&server);
    let script = "read line; echo one; read line; exit 3";
    let address = format!("--addr={}", proxy.addr);
    let mut running = Running::start(exec(&server, &[&address], &["sh", "-c", script]));
    let is_started = async || types(&messages(&server).await) == ["RUN_START"];
    eventually("RUN_START is posted", is_started).await;

    proxy.mute();
    running.tell("go");
    let path = file(&server, "agent-stdout.txt");
    let is_there = async || std::fs::read(&path).is_ok_and(|content| content == b"one\n");
    eventually("the line has arrived", is_there).await;
    proxy.cut();
    running.stderr.until("answers again");

    running.tell("go");
    assert_eq!(running.ended(), 3);
    assert_eq!(content(&server, "agent-stdout.txt"), b"one\n");
    assert_eq!(content(&server, "output.md"), b"one\n");
    assert_eq!(types(&messages(&server).await), ["RUN_START", "RUN_CRASH"]);
}
