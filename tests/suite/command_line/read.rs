//! `callboard read`: which messages, in which order, and how much of them.

use std::process::Stdio;

use super::{bodies, code, post, stderr, with_stdin};
use crate::server::{Server, output_with_deadline};

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
    let cursor =
        text.lines().last().and_then(|line| line.strip_prefix("cursor: ")).expect("a cursor");
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
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("callboard starts");
    drop(child.stdout.take());
    let output = output_with_deadline(child);
    assert_eq!(code(&output), 0);
    assert_eq!(stderr(&output), "");
}
