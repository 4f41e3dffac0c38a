//! `callboard logs`: a run's files, byte for byte, and followed.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Running, code, create_run, json, stderr};
use crate::server::{Server, wait_with_deadline};

/// A server with the run r, and the path of what the run writes to its stdout.
fn server_with_run() -> (Server, PathBuf) {
    let server = Server::start();
    create_run(&server, "p", "t", "r", &["--pid", &std::process::id().to_string()]);
    let file = server.root().join("p/t/runs/r/agent-stdout.txt");
    (server, file)
}

fn append(file: &PathBuf, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(file).expect("the file");
    file.write_all(text.as_bytes()).expect("an append");
}

#[test]
fn a_file_is_printed_byte_for_byte_from_where_it_is_asked_for() {
    let (server, file) = server_with_run();
    let bytes: Vec<u8> = (0..=255).cycle().take(700_000).chain(*b"\nlast\n").collect();
    fs::write(&file, &bytes).expect("a file");
    assert_eq!(server.run(&["logs", "--run=r"]).stdout, bytes);
    assert_eq!(server.run(&["logs", "--run=r", "--tail=1"]).stdout, b"last\n");
    assert_eq!(server.run(&["logs", "--run=r", "--offset=699998"]).stdout, bytes[699_998..]);
    let output = server.run(&["logs", "--run=r", "--offset=99999999"]);
    assert_eq!(code(&output), 1);
    assert!(
        stderr(&output).contains("[OFFSET_MISMATCH]\n  callboard run files"),
        "{}",
        stderr(&output)
    );

    let mut joined = Vec::new();
    for line in server.ok(&["logs", "--run=r", "--json"]).lines() {
        let part = json(line);
        assert_eq!(part["offset"], joined.len());
        joined.extend(STANDARD.decode(part["chunk"].as_str().expect("text")).expect("base64"));
    }
    assert_eq!(joined, bytes);
}

#[test]
fn other_files_are_named_and_a_missing_one_says_what_there_is() {
    let (server, file) = server_with_run();
    fs::create_dir_all(file.with_file_name("logs")).expect("a folder");
    fs::write(file.with_file_name("logs").join("build"), "log").expect("a file");
    fs::write(file.with_file_name("output.md"), "result").expect("a file");
    assert_eq!(server.ok(&["logs", "--run=r", "--file=logs/build"]), "log");
    assert_eq!(server.ok(&["logs", "--run=r", "--file=output"]), "result");
    let output = server.run(&["logs", "--run=r", "--file=logs/none"]);
    assert_eq!(code(&output), 1);
    assert!(
        stderr(&output).contains("[RUN_FILE_NOT_FOUND]\n  callboard run files"),
        "{}",
        stderr(&output)
    );
    let output = server.run(&["logs", "--run=r", "--file=../../x"]);
    assert_eq!(code(&output), 1);
    assert_eq!(code(&server.run(&["logs", "--run=r", "--tail=1", "--offset=1"])), 2);
}

#[test]
fn a_followed_file_is_printed_once_across_crashes_until_the_run_ends() {
    let (mut server, file) = server_with_run();
    append(&file, "zero\n");
    let mut logs = Running::start(server.command(&["logs", "--run=r", "--follow"]));
    assert_eq!(logs.stdout.next().as_deref(), Some("zero"));
    for round in 1..=3 {
        append(&file, &format!("before {round}\n"));
        assert_eq!(logs.stdout.next(), Some(format!("before {round}")));
        server.kill();
        logs.stderr.until("connecting again");
        append(&file, &format!("away {round}\n"));
        server.restart();
        assert_eq!(logs.stdout.next(), Some(format!("away {round}")));
        logs.stderr.until("connected again");
    }
    server.ok(&["run", "status", "--run=r", "--status=completed"]);
    assert_eq!(wait_with_deadline(&mut logs.child).code(), Some(0));
    assert!(logs.stdout.rest().is_empty());
}

#[test]
fn a_followed_file_that_was_cut_while_the_server_was_away_is_told_to_begin_anew() {
    let (mut server, file) = server_with_run();
    append(&file, "a long first line\n");
    let logs = Running::start(server.command(&["logs", "--run=r", "--follow", "--json"]));
    let part = || {
        let part = json(&logs.stdout.next().expect("a part"));
        let chunk = STANDARD.decode(part["chunk"].as_str().expect("text")).expect("base64");
        let text = String::from_utf8(chunk).expect("text");
        (part["offset"].as_i64(), text, part["restarted"] == true)
    };
    assert_eq!(part(), (Some(0), "a long first line\n".to_owned(), false));
    server.kill();
    logs.stderr.until("connecting again");
    fs::write(&file, "new\n").expect("a file");
    server.restart();
    assert_eq!(part(), (Some(0), "new\n".to_owned(), true));
    append(&file, "more\n");
    assert_eq!(part(), (Some(4), "more\n".to_owned(), false));
    assert_eq!(logs.interrupt(), 0);
}

#[test]
fn a_followed_file_that_is_replaced_begins_anew() {
    let (server, file) = server_with_run();
    append(&file, "a long first line\n");
    let logs = Running::start(server.command(&["logs", "--run=r", "--follow", "--tail=5"]));
    assert_eq!(logs.stdout.next().as_deref(), Some("a long first line"));
    let other = file.with_extension("new");
    fs::write(&other, "new\n").expect("a file");
    fs::rename(&other, &file).expect("a rename");
    assert_eq!(logs.stdout.next().as_deref(), Some("new"));
    logs.stderr.until("stdout began anew");
    assert_eq!(logs.interrupt(), 0);
}
