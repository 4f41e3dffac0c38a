//! `callboard task log` and `callboard logs --task`.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::{ChildStdin, Stdio};

use super::lost_answer::lose_the_first_answer;
use super::{Running, code, create_run, json, stderr, stdout, with_stdin};
use crate::server::{Server, output_of, wait_with_deadline};

const LOGS: [&str; 3] = ["logs", "--project=p", "--task=t"];

fn server_with_task() -> Server {
    let server = Server::start();
    server.ok(&["task", "create", "--project=p", "--task=t", "--description=x"]);
    server
}

fn log<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["task", "log", "--project=p", "--task=t"], more].concat()
}

/// Appends as another program does.
fn append_foreign(server: &Server, bytes: &[u8]) {
    let path = server.root().join("p/t/task.log");
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("the log");
    file.write_all(bytes).expect("an append");
}

#[test]
fn entries_are_appended_from_arguments_and_from_stdin_and_printed_as_they_are() {
    let server = server_with_task();
    assert_eq!(server.ok(&LOGS), "");
    let first = "{\"n\": 9007199254740993, \"x\":1.10}";
    assert_eq!(server.ok(&log(&[first, "{\"b\":2}"])), "0\n");
    let output = with_stdin(server.command(&log(&[])), b"{\"c\":3}\r\n\n{\"d\":\"\\u007f\"}");
    assert_eq!((code(&output), stdout(&output)), (0, "42\n"), "{}", stderr(&output));
    let all = format!("{first}\n{{\"b\":2}}\n{{\"c\":3}}\n{{\"d\":\"\\u007f\"}}\n");
    assert_eq!(server.ok(&LOGS), all);
    assert_eq!(server.ok(&[&LOGS[..], &["--tail=2"]].concat()), &all[42..]);
    assert_eq!(server.ok(&[&LOGS[..], &["--offset=42"]].concat()), &all[42..]);
    let entries = server.ok(&[&LOGS[..], &["--json", "--tail=1"]].concat());
    assert_eq!(json(&entries)["entry"], "{\"d\":\"\\u007f\"}");
    let output = server.run(&["logs", "--project=p", "--task=none"]);
    assert!(stderr(&output).contains("[TASK_NOT_FOUND]"), "{}", stderr(&output));
}

#[test]
fn what_is_no_entry_is_refused_and_what_came_before_it_is_appended() {
    let server = server_with_task();
    for entry in ["no JSON", "[1]", "{"] {
        let output = server.run(&log(&["{\"a\":1}", entry]));
        assert_eq!(code(&output), 2);
        assert!(stderr(&output).contains("expected a JSON object"), "{}", stderr(&output));
    }
    assert_eq!(server.ok(&LOGS), "");
    let bad: [(&[u8], i32, &str); 3] = [
        (b"{\"a\":1}\nno JSON\n{\"b\":2}\n", 2, "line 2 of stdin is no JSON object"),
        (b"\xff\xfe{\0}\0\n\0", 2, "line 1 of stdin is not UTF-8"),
        (&[b'x'; 70_000], 1, "[TOO_LARGE]"),
    ];
    for (input, expected, problem) in bad {
        let output = with_stdin(server.command(&log(&[])), input);
        assert_eq!(code(&output), expected, "{}", stderr(&output));
        assert!(stderr(&output).contains(problem), "{}", stderr(&output));
    }
    assert_eq!(server.ok(&LOGS), "{\"a\":1}\n");
}

#[test]
fn more_lines_than_fit_into_one_call_are_all_appended_in_order() {
    let server = server_with_task();
    let lines: String = (0..2500).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let output = with_stdin(server.command(&log(&[])), lines.as_bytes());
    assert_eq!((code(&output), stdout(&output)), (0, "0\n"), "{}", stderr(&output));
    assert_eq!(server.ok(&LOGS), lines);
    let named = with_stdin(server.command(&log(&["--request-id=x"])), lines.as_bytes());
    assert_eq!(code(&named), 2);
    assert!(stderr(&named).contains("LOG_ENTRIES_MAX = 1000"), "{}", stderr(&named));
}

#[test]
fn the_same_request_id_appends_once() {
    let server = server_with_task();
    let append = log(&["--request-id=x", "{\"a\":1}"]);
    assert_eq!(server.ok(&append), "0\n");
    let again = server.run(&append);
    assert_eq!(stdout(&again), "0\n");
    assert!(stderr(&again).contains("nothing was appended again"), "{}", stderr(&again));
    assert_eq!(server.ok(&LOGS), "{\"a\":1}\n");
}

#[test]
fn an_append_whose_answer_is_lost_is_repeated_and_appended_once() {
    let server = server_with_task();
    let follow = Running::start(server.command(&[&LOGS[..], &["--follow"]].concat()));
    let append = lose_the_first_answer(&server, &log(&["{\"a\":1}"]), || {
        assert_eq!(follow.stdout.next().as_deref(), Some("{\"a\":1}"));
    });
    assert_eq!(append.stdout.next().as_deref(), Some("0"));
    assert_eq!(server.ok(&LOGS), "{\"a\":1}\n");
}

#[test]
fn damaged_lines_are_passed_on_with_one_warning_each() {
    let server = server_with_task();
    server.ok(&log(&["{\"a\":1}"]));
    append_foreign(&server, b"torn {\n{\"b\":2}\n\xff\xfe\n");
    let output = server.run(&LOGS);
    assert_eq!(stdout(&output), "{\"a\":1}\ntorn {\n{\"b\":2}\n\u{fffd}\u{fffd}\n");
    assert_eq!(
        stderr(&output),
        "callboard: damaged: the line at offset 8 of the log is no JSON object\n\
         callboard: damaged: the line at offset 23 of the log is no JSON object\n"
    );
}

#[test]
fn a_followed_log_is_printed_once_across_crashes_also_what_others_write() {
    let mut server = server_with_task();
    server.ok(&log(&["{\"n\":0}"]));
    let logs = Running::start(server.command(&[&LOGS[..], &["--follow", "--tail=1"]].concat()));
    assert_eq!(logs.stdout.next().as_deref(), Some("{\"n\":0}"));
    for round in 1..=3 {
        append_foreign(&server, format!("{{\"foreign\":{round}}}\n").as_bytes());
        assert_eq!(logs.stdout.next(), Some(format!("{{\"foreign\":{round}}}")));
        server.kill();
        logs.stderr.until("connecting again");
        append_foreign(&server, format!("{{\"away\":{round}}}\n").as_bytes());
        server.restart();
        assert_eq!(logs.stdout.next(), Some(format!("{{\"away\":{round}}}")));
        logs.stderr.until("connected again");
    }
    assert_eq!(logs.interrupt(), 0);
}

#[test]
fn a_run_of_the_surroundings_gives_way_only_to_a_task_that_is_named_alone() {
    let server = server_with_task();
    create_run(&server, "p", "t", "r", &[]);
    server.ok(&log(&["{\"a\":1}"]));
    std::fs::write(server.root().join("p/t/runs/r/agent-stdout.txt"), "out").expect("a file");
    let inside = |arguments: &[&str]| {
        let mut command = server.command(&[&["logs"], arguments].concat());
        command.env("JRUN_PROJECT_ID", "p").env("JRUN_TASK_ID", "t").env("JRUN_ID", "r");
        stdout(&output_of(command)).to_owned()
    };
    assert_eq!(inside(&[]), "out");
    assert_eq!(inside(&["--task=t", "--run=r"]), "out");
    assert_eq!(inside(&["--task=t", "--file=stdout"]), "out");
    assert_eq!(inside(&["--task=t"]), "{\"a\":1}\n");
}

/// Pipes a first line into `task log`, and waits until it is appended.
fn piped_log(server: &Server) -> (Running, ChildStdin) {
    let mut command = server.command(&log(&[]));
    command.stdin(Stdio::piped());
    let follow = Running::start(server.command(&[&LOGS[..], &["--follow"]].concat()));
    let mut piped = Running::start(command);
    let mut stdin = piped.child.stdin.take().expect("stdin is piped");
    stdin.write_all(b"{\"n\":1}\n").expect("a line");
    assert_eq!(follow.stdout.next().as_deref(), Some("{\"n\":1}"));
    (piped, stdin)
}

#[test]
fn lines_that_come_while_the_server_is_away_for_a_moment_are_appended() {
    let mut server = server_with_task();
    let (mut piped, mut stdin) = piped_log(&server);
    server.kill();
    stdin.write_all(b"{\"n\":2}\n").expect("a line");
    server.restart();
    stdin.write_all(b"{\"n\":3}\n").expect("a line");
    drop(stdin);
    assert_eq!(wait_with_deadline(&mut piped.child).code(), Some(0));
    assert_eq!(piped.stdout.rest(), ["0"]);
    assert_eq!(server.ok(&LOGS), "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
}

#[test]
fn a_log_that_cannot_be_appended_to_any_more_says_how_far_it_got() {
    let mut server = server_with_task();
    let (mut piped, mut stdin) = piped_log(&server);
    server.kill();
    stdin.write_all(b"\n{\"n\":2}\n").expect("a line");
    assert_eq!(wait_with_deadline(&mut piped.child).code(), Some(3));
    assert_eq!(piped.stdout.rest(), ["0"]);
    piped.stderr.until("lines 1 to 2 of stdin are appended; line 3 may be");

    let server = server_with_task();
    let (mut piped, mut stdin) = piped_log(&server);
    server.ok(&["task", "delete", "--project=p", "--task=t", "--force"]);
    stdin.write_all(b"{\"n\":2}\n").expect("a line");
    assert_eq!(wait_with_deadline(&mut piped.child).code(), Some(1));
    assert_eq!(piped.stdout.rest(), ["0"]);
    piped.stderr.until("line 1 of stdin is appended; line 2 and what follows are not");
    piped.stderr.until("[TASK_NOT_FOUND]");
}
