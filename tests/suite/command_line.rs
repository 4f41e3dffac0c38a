//! What a person and a script see of the command line: output, notes, exit codes.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::server::{Lines, Server, callboard, wait_with_deadline};

fn code(output: &Output) -> i32 {
    output.status.code().expect("ended by itself")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("text")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("text")
}

fn with_stdin(mut command: Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("callboard starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // The command may have enough before the input ends.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().expect("callboard ends")
}

/// A client command that runs while the test goes on.
struct Running {
    child: Child,
    stdout: Lines,
    stderr: Lines,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("callboard starts");
        let stdout = Lines::of(child.stdout.take().expect("piped"));
        let stderr = Lines::of(child.stderr.take().expect("piped"));
        Self { child, stdout, stderr }
    }

    fn interrupt(mut self) -> i32 {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, Signal::INT).expect("it runs");
        wait_with_deadline(&mut self.child).code().expect("ended by itself")
    }

    fn body(&self) -> String {
        let line = self.stdout.next().expect("a message");
        let value: Value = serde_json::from_str(&line).expect("JSON");
        value["body"].as_str().expect("a body").to_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn post(server: &Server, project: &str, body: &str) -> String {
    let id = server.ok(&["post", "--project", project, "--type", "INFO", "--body", body]);
    id.trim_end().to_owned()
}

fn bodies(json_lines: &str) -> Vec<String> {
    json_lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["body"].as_str().expect("body").to_owned())
        .collect()
}

#[test]
fn a_posted_message_is_read_back_as_text_and_as_json() {
    let server = Server::start();
    let id = server.ok(&[
        "post", "--project=demo", "--task=task-1", "--type=FACT", "--body=two\nlines", "--run=r1",
        "--meta=b=2", "--meta=a=1=1", "--link=http://x", "--issue=I-1", "--parent=MSG-0",
        "--attachment=ATTACH-x.txt",
    ]);
    let id = id.trim_end();
    assert!(id.starts_with("MSG-"), "{id}");

    let text = server.ok(&["read", "--project=demo", "--task=task-1"]);
    let (header, rest) = text.split_once('\n').expect("several lines");
    assert!(header.ends_with(&format!("Z  FACT  demo/task-1  run=r1  {id}")), "{header}");
    assert_eq!(
        rest,
        "  issue: I-1\n  parent: MSG-0\n  link: http://x\n  meta: a=1=1\n  meta: b=2\n  \
         attachment: ATTACH-x.txt\n    two\n    lines\n"
    );

    let json = server.ok(&["read", "--project=demo", "--task=task-1", "--json"]);
    assert_eq!(json.lines().count(), 1);
    let value: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(value["msg_id"], id);
    assert_eq!(value["type"], "FACT");
    assert_eq!(value["task_id"], "task-1");
    assert_eq!(value["body"], "two\nlines");
    assert_eq!(value["meta"], serde_json::json!({"a": "1=1", "b": "2"}));
    assert_eq!(value["integrity"], "INTEGRITY_VERIFIED");
    assert!(value["ts"].as_str().is_some_and(|ts| ts.ends_with('Z')), "{value}");
}

#[test]
fn the_body_may_come_from_stdin_and_stays_as_it_is() {
    let server = Server::start();
    let output = with_stdin(server.command(&["post", "--project=p", "--type=INFO"]), b"a\n---\n\tb\n\n");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let json = server.ok(&["read", "--project=p", "--json"]);
    assert_eq!(bodies(&json), ["a\n---\n\tb\n\n"]);
}

#[test]
fn a_body_over_the_limit_is_refused_with_the_limit_and_a_hint() {
    let server = Server::start();
    let command = server.command(&["post", "--project=p", "--type=INFO"]);
    let output = with_stdin(command, &vec![b'x'; (1 << 20) + 5]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("MESSAGE_BODY_BYTES_MAX = 1048576"), "{}", stderr(&output));
    assert!(stderr(&output).contains("[TOO_LARGE]\n  put long text"), "{}", stderr(&output));
    assert_eq!(server.ok(&["read", "--project=p"]), "");
}

#[test]
fn a_refusal_has_exit_code_1_and_its_reason() {
    let server = Server::start();
    let output = server.run(&["post", "--project=Not Valid", "--type=INFO", "--body=x"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).starts_with("callboard: project_id \"Not Valid\""), "{}", stderr(&output));
    assert!(stderr(&output).contains("[INVALID_ID]"), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");

    let output = server.run(&["read", "--project=p", "--since=MSG-unknown"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("[MESSAGE_NOT_FOUND]"), "{}", stderr(&output));
}

#[test]
fn a_command_that_does_not_say_what_to_do_has_exit_code_2() {
    let output = callboard(&["read"]).output().expect("callboard runs");
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("which project?"), "{}", stderr(&output));
    let output = callboard(&["read", "--no-such-flag"]).output().expect("callboard runs");
    assert_eq!(code(&output), 2);
    let output = callboard(&["read", "--addr=https://x:1", "--project=p"]).output().expect("callboard runs");
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("TLS is not built in yet"), "{}", stderr(&output));
}

#[test]
fn a_server_that_is_not_there_has_exit_code_3_and_says_how_to_start_one() {
    let unused = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = unused.local_addr().expect("bound").to_string();
    drop(unused);
    let mine = ["--project=p", "--addr", &address];
    for command in [
        &["read"][..],
        &["follow"],
        &["wait", "--for=message"],
        &["post", "--type=INFO", "--body=x"],
        &["buses"],
        &["rotate"],
        &["trim", "--older-than=1d"],
    ] {
        let output = callboard(&[command, &mine].concat()).output().expect("callboard runs");
        assert_eq!(code(&output), 3, "{command:?}");
        let first = stderr(&output).lines().next().expect("a sentence");
        assert_eq!(
            first,
            format!("callboard: cannot reach the server at {address}; start one with: callboard serve")
        );
    }
    let output = callboard(&["read", "--project=p", "--addr=unix:/nonexistent/socket"]).output().expect("runs");
    assert_eq!(code(&output), 3);
}

#[test]
fn the_same_request_id_posts_once() {
    let server = Server::start();
    let arguments = ["post", "--project=p", "--type=INFO", "--body=once", "--request-id=r-1"];
    let first = server.ok(&arguments);
    let again = server.run(&arguments);
    assert_eq!(stdout(&again), first);
    assert!(stderr(&again).contains("nothing was appended again"), "{}", stderr(&again));
    assert_eq!(bodies(&server.ok(&["read", "--project=p", "--json"])), ["once"]);
    let other = server.run(&["post", "--project=p", "--type=INFO", "--body=other", "--request-id=r-1"]);
    assert_eq!(code(&other), 1);
    assert!(stderr(&other).contains("[REQUEST_ID_REUSED]"), "{}", stderr(&other));
}

#[test]
fn posting_after_a_last_message_that_is_no_longer_the_last_is_refused() {
    let server = Server::start();
    let first = post(&server, "p", "one");
    server.ok(&["post", "--project=p", "--type=INFO", "--body=two", "--expect-last", &first]);
    let output = server.run(&["post", "--project=p", "--type=INFO", "--body=three", "--expect-last", &first]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("[BUS_MOVED]"), "{}", stderr(&output));
}

#[test]
fn project_task_and_run_come_from_the_environment_of_a_runner() {
    let server = Server::start();
    let post_with = |arguments: &[&str], run_variable: &str| {
        let all = [&["post", "--type=INFO", "--body=x", "--json"], arguments].concat();
        let mut command = server.command(&all);
        command.env("JRUN_PROJECT_ID", "env-p").env("JRUN_TASK_ID", "env-t").env(run_variable, "env-r");
        let output = command.output().expect("callboard runs");
        assert_eq!(code(&output), 0, "{}", stderr(&output));
    };
    let count = |arguments: &[&str]| {
        server.ok(&[&["read", "--all", "--json"], arguments].concat()).lines().count()
    };
    post_with(&[], "JRUN_RUN_ID");
    assert_eq!(count(&["--project=env-p", "--task=env-t", "--run=env-r"]), 1);
    post_with(&[], "JRUN_ID");
    assert_eq!(count(&["--project=env-p", "--task=env-t", "--run=env-r"]), 2);
    post_with(&["--project=other", "--run=mine"], "JRUN_RUN_ID");
    assert_eq!(count(&["--project=other", "--run=mine"]), 1);
    assert_eq!(count(&["--project=other", "--task=env-t"]), 0, "another project has not the environment's task");
    post_with(&["--task="], "JRUN_RUN_ID");
    assert_eq!(count(&["--project=env-p"]), 1);
}

#[test]
fn project_task_and_run_come_from_the_working_directory_inside_the_root() {
    let server = Server::start();
    let run = server.root().join("p/t/runs/r-1");
    fs::create_dir_all(&run).expect("a run's folder");
    let output = server
        .command(&["post", "--type=INFO", "--body=here"])
        .current_dir(&run)
        .output()
        .expect("callboard runs");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let output = server.command(&["read", "--json"]).current_dir(&run).output().expect("callboard runs");
    let value: Value = serde_json::from_str(stdout(&output)).expect("one message");
    assert_eq!((&value["project_id"], &value["task_id"], &value["run_id"]), (&"p".into(), &"t".into(), &"r-1".into()));
}

#[test]
fn read_shows_the_last_twenty_or_what_was_asked_for() {
    let server = Server::start();
    let ids: Vec<String> = (0..25).map(|number| post(&server, "p", &number.to_string())).collect();
    server.ok(&["post", "--project=p", "--type=ERROR", "--body=bad", "--run=r1"]);
    let read = |arguments: &[&str]| {
        bodies(&server.ok(&[&["read", "--project=p", "--json"], arguments].concat()))
    };
    let last_twenty = read(&[]);
    assert_eq!((last_twenty.len(), last_twenty[19].as_str()), (20, "bad"));
    assert_eq!(read(&["--tail=2"]), ["24", "bad"]);
    assert_eq!(read(&["--since", &ids[23]]), ["24", "bad"]);
    assert_eq!(read(&["--since", &ids[20], "--limit=2"]), ["21", "22"]);
    assert_eq!(read(&["--limit=2"]), ["0", "1"]);
    assert_eq!(read(&["--all"]).len(), 26);
    assert_eq!(read(&["--type=ERROR"]), ["bad"]);
    assert_eq!(read(&["--all", "--run=r1"]), ["bad"]);
    assert!(read(&["--all", "--type=NONE"]).is_empty());
}

#[test]
fn reading_goes_on_from_a_shown_cursor() {
    let server = Server::start();
    post(&server, "p", "one");
    let text = server.ok(&["read", "--project=p", "--show-cursor"]);
    let cursor = text.lines().last().and_then(|line| line.strip_prefix("cursor: ")).expect("a cursor");
    let on = ["read", "--project=p", "--json", "--cursor", cursor];
    assert_eq!(server.ok(&on), "");
    post(&server, "p", "two");
    assert_eq!(bodies(&server.ok(&on)), ["two"]);
}

#[test]
fn read_all_pages_through_more_than_one_answer_holds() {
    let server = Server::start();
    for number in 0..5 {
        let body = format!("{number}{}", "x".repeat((1 << 20) - 1));
        let command = server.command(&["post", "--project=p", "--type=INFO"]);
        assert_eq!(code(&with_stdin(command, body.as_bytes())), 0);
    }
    let all = server.ok(&["read", "--project=p", "--all", "--json"]);
    let firsts: Vec<String> = bodies(&all).iter().map(|body| body[..1].to_owned()).collect();
    assert_eq!(firsts, ["0", "1", "2", "3", "4"]);
    let tail = server.ok(&["read", "--project=p", "--tail=4", "--json"]);
    let firsts: Vec<String> = bodies(&tail).iter().map(|body| body[..1].to_owned()).collect();
    assert_eq!(firsts, ["1", "2", "3", "4"]);
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let server = Server::start();
    let command = server.command(&["post", "--project=p", "--type=INFO"]);
    assert_eq!(code(&with_stdin(command, &vec![b'x'; 1 << 20])), 0);
    let mut command = server.command(&["read", "--project=p"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("callboard starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("callboard ends");
    assert_eq!(code(&output), 0);
    assert_eq!(stderr(&output), "");
}

#[test]
fn follow_prints_each_message_once_across_crashes_of_the_server() {
    let mut server = Server::start();
    post(&server, "p", "0");
    let follow = Running::start(server.command(&["follow", "--project=p", "--all", "--json"]));
    assert_eq!(follow.body(), "0");
    for round in 1..=3 {
        server.kill();
        follow.stderr.until("connecting again");
        server.restart();
        let number = round.to_string();
        post(&server, "p", &number);
        assert_eq!(follow.body(), number);
        follow.stderr.until("connected again");
    }
    assert!(server.terminate().success());
    follow.stderr.until("connecting again");
    assert_eq!(follow.interrupt(), 0);
}

#[test]
fn follow_of_everything_finds_a_bus_that_appeared_while_it_was_cut_off() {
    let mut server = Server::start();
    post(&server, "one", "before the start");
    let follow = Running::start(server.command(&["follow", "--everything", "--json"]));
    follow.stderr.until("following every bus");
    server.kill();
    follow.stderr.until("connecting again");
    server.restart();
    post(&server, "two", "new bus");
    post(&server, "one", "known bus");
    let mut seen = [follow.body(), follow.body()];
    seen.sort();
    assert_eq!(seen, ["known bus", "new bus"]);
    assert_eq!(follow.interrupt(), 0);
}

#[test]
fn follow_begins_with_what_arrives_from_now_on() {
    let server = Server::start();
    post(&server, "p", "before the start");
    let follow = Running::start(server.command(&["follow", "--project=p"]));
    follow.stderr.until("following p");
    let id = post(&server, "p", "after");
    let header = follow.stdout.next().expect("a header");
    assert!(header.ends_with(&format!("Z  INFO  p  {id}")), "{header}");
    assert_eq!(follow.stdout.next().as_deref(), Some("    after"));
    assert_eq!(follow.interrupt(), 0);
}

#[test]
fn follow_covers_a_project_with_its_tasks_and_names_the_bus_of_each_message() {
    let server = Server::start();
    post(&server, "other", "not this");
    post(&server, "p", "own");
    server.ok(&["post", "--project=p", "--task=t", "--type=INFO", "--body=task"]);
    let arguments = ["follow", "--project=p", "--with-tasks", "--all", "--json", "--show-cursor"];
    let follow = Running::start(server.command(&arguments));
    let mut seen: Vec<(Value, Value)> = (0..2)
        .map(|_| {
            let line = follow.stdout.next().expect("a message");
            let mut value: Value = serde_json::from_str(&line).expect("JSON");
            assert!(value["cursor"].as_str().is_some_and(|cursor| !cursor.is_empty()));
            (value["task_id"].take(), value["message"]["body"].take())
        })
        .collect();
    seen.sort_by_key(|(task, _)| task.to_string());
    assert_eq!(seen, [("".into(), "own".into()), ("t".into(), "task".into())]);
    assert_eq!(follow.interrupt(), 0);
}

#[test]
fn wait_prints_the_first_message_that_fits() {
    let server = Server::start();
    let question = post(&server, "p", "question");
    let wait = Running::start(server.command(&[
        "wait", "--for=message", "--project=p", "--since", &question, "--type=ANSWER", "--timeout=1m", "--json",
    ]));
    post(&server, "p", "something else");
    server.ok(&["post", "--project=p", "--type=ANSWER", "--body=42"]);
    assert_eq!(wait.body(), "42");
    let mut wait = wait;
    assert_eq!(wait_with_deadline(&mut wait.child).code(), Some(0));
    assert!(wait.stdout.rest().is_empty());
}

#[test]
fn wait_without_a_message_in_time_has_exit_code_4() {
    let server = Server::start();
    let id = post(&server, "p", "before the start");
    for timeout in ["--timeout=300ms", "--timeout=0s"] {
        let output = server.run(&["wait", "--for=message", "--project=p", timeout]);
        assert_eq!(code(&output), 4);
        assert!(stderr(&output).contains("no message that fits came to bus p"), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
    }
    post(&server, "p", "after");
    let found = server.ok(&["wait", "--for=message", "--project=p", "--since", &id, "--timeout=0s", "--json"]);
    assert_eq!(bodies(&found), ["after"]);
}

#[test]
fn wait_bridges_a_restart_of_the_server() {
    let mut server = Server::start();
    let id = post(&server, "p", "before");
    let wait = Running::start(
        server.command(&["wait", "--for=message", "--project=p", "--since", &id, "--timeout=1m", "--json", "--type=ANSWER"]),
    );
    // It must have begun: with a server that was never there it ends with code 3.
    wait.stderr.until("waiting for a message in bus p");
    server.kill();
    wait.stderr.until("connecting again");
    server.restart();
    server.ok(&["post", "--project=p", "--type=ANSWER", "--body=after"]);
    assert_eq!(wait.body(), "after");
}

#[test]
fn buses_are_listed_with_their_size_and_last_message() {
    let server = Server::start();
    assert_eq!(server.ok(&["buses"]), "");
    let id = post(&server, "a", "x");
    server.ok(&["post", "--project=b", "--task=t", "--type=INFO", "--body=x"]);
    let text = server.ok(&["buses"]);
    let names: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["BUS", "a", "b", "b/t"].into_iter().filter(|name| names.contains(name)).collect::<Vec<_>>());
    assert!(names.contains(&"a") && names.contains(&"b/t"), "{text}");
    let json = server.ok(&["buses", "--project=a", "--json"]);
    let bus: Value = serde_json::from_str(&json).expect("one bus");
    assert_eq!(bus["last_msg_id"], id);
    assert!(bus["size_bytes"].as_i64().is_some_and(|size| size > 0), "{bus}");
    let output = server.run(&["buses", "--project=none"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("[PROJECT_NOT_FOUND]"), "{}", stderr(&output));
}

#[test]
fn rotating_keeps_all_messages_and_trimming_asks_first() {
    let server = Server::start();
    let output = server.run(&["rotate", "--project=p"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("[BUS_NOT_FOUND]"), "{}", stderr(&output));

    post(&server, "p", "one");
    let archive = server.ok(&["rotate", "--project=p"]);
    let archive = archive.trim_end();
    assert!(archive.starts_with("p/PROJECT-MESSAGE-BUS.md.") && archive.ends_with(".archived"), "{archive}");
    post(&server, "p", "two");
    assert_eq!(bodies(&server.ok(&["read", "--project=p", "--all", "--json"])), ["one", "two"]);

    let trim = ["trim", "--project=p", "--older-than=0s"];
    let output = server.run(&trim);
    assert_eq!(stdout(&output).trim_end(), archive);
    assert!(stderr(&output).contains("would remove 1 archive"), "{}", stderr(&output));
    assert!(server.root().join(archive).exists());
    let output = server.run(&["trim", "--project=p", "--older-than=30d", "--yes"]);
    assert_eq!((code(&output), stdout(&output)), (0, ""));
    let output = server.run(&[&trim[..], &["--yes"]].concat());
    assert!(stderr(&output).contains("removed 1 archive"), "{}", stderr(&output));
    assert!(!server.root().join(archive).exists());
    assert_eq!(bodies(&server.ok(&["read", "--project=p", "--all", "--json"])), ["two"]);
}

#[test]
fn every_command_works_over_the_unix_socket() {
    let server = Server::start();
    let address = format!("unix:{}", server.uds().display());
    let id = server.ok(&["post", "--addr", &address, "--project=p", "--type=INFO", "--body=x"]);
    let text = server.ok(&["read", "--addr", &address, "--project=p"]);
    assert!(text.contains(id.trim_end()), "{text}");
}

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
    assert_eq!(fs::canonicalize(root).expect("the root"), fs::canonicalize(folder.path()).expect("the folder"));
    let pid = i32::try_from(serve.child.id()).ok().and_then(Pid::from_raw).expect("a pid");
    kill_process(pid, Signal::TERM).expect("it runs");
    assert_eq!(wait_with_deadline(&mut serve.child).code(), Some(0));
    assert!(serve.stdout.rest().is_empty(), "stdout has the ready line only");
    for line in serve.stderr.rest() {
        assert!(serde_json::from_str::<Value>(&line).is_ok(), "not JSON: {line}");
    }
}

#[test]
fn a_server_that_cannot_start_says_why_and_has_exit_code_1() {
    let server = Server::start();
    let start = |root: &std::path::Path, listen: &str| {
        callboard(&["serve", "--no-uds", "--listen", listen]).arg("--root").arg(root).output().expect("runs")
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
    assert_eq!(code(&nonsense), 1);
}

#[test]
fn a_second_signal_ends_a_draining_server_at_once() {
    let mut server = Server::start();
    post(&server, "p", "one");
    let bus = fs::File::open(server.root().join("p/PROJECT-MESSAGE-BUS.md")).expect("the bus file");
    rustix::fs::flock(&bus, rustix::fs::FlockOperation::LockExclusive).expect("the lock");
    // This append waits for the lock, and the drain waits for the append.
    let _waiting = Running::start(server.command(&["post", "--project=p", "--type=INFO", "--body=two"]));
    let reader = server.command(&["follow", "--project=p", "--all", "--json"]);
    assert_eq!(Running::start(reader).body(), "one");
    server.signal(Signal::TERM);
    server.log_until("shutting down");
    server.signal(Signal::TERM);
    let status = server.ended();
    assert_eq!((status.code(), status.signal()), (Some(143), None));
}

#[test]
fn help_and_version_go_to_stdout() {
    let output = callboard(&["--version"]).output().expect("callboard runs");
    assert_eq!(stdout(&output), concat!("callboard ", env!("CARGO_PKG_VERSION"), "\n"));
    for command in ["serve", "post", "read", "follow", "wait", "buses", "rotate", "trim"] {
        let output = callboard(&[command, "--help"]).output().expect("callboard runs");
        assert_eq!(code(&output), 0);
        assert!(stdout(&output).contains("Example"), "{command}");
    }
}
