//! `callboard post`: what is stored, what is refused, and what repeating it does.

use std::sync::Barrier;
use std::thread;

use serde_json::Value;

use super::lost_answer::lose_the_first_answer;
use super::{Running, bodies, code, post, stderr, stdout, with_stdin};
use crate::server::Server;

#[test]
fn a_posted_message_is_read_back_as_text_and_as_json() {
    let server = Server::start();
    let id = server.ok(&[
        "post",
        "--project=demo",
        "--task=task-1",
        "--type=FACT",
        "--body=two\nlines",
        "--run=r1",
        "--meta=b=2",
        "--meta=a=1=1",
        "--link=http://x",
        "--issue=I-1",
        "--parent=MSG-0",
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
    let output =
        with_stdin(server.command(&["post", "--project=p", "--type=INFO"]), b"a\n---\n\tb\n\n");
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
fn the_same_request_id_posts_once() {
    let server = Server::start();
    let arguments = ["post", "--project=p", "--type=INFO", "--body=once", "--request-id=r-1"];
    let first = server.ok(&arguments);
    let again = server.run(&arguments);
    assert_eq!(stdout(&again), first);
    assert!(stderr(&again).contains("nothing was appended again"), "{}", stderr(&again));
    assert_eq!(bodies(&server.ok(&["read", "--project=p", "--json"])), ["once"]);
    let other =
        server.run(&["post", "--project=p", "--type=INFO", "--body=other", "--request-id=r-1"]);
    assert_eq!(code(&other), 1);
    assert!(stderr(&other).contains("[REQUEST_ID_REUSED]"), "{}", stderr(&other));
}

#[test]
fn a_post_whose_answer_is_lost_is_repeated_and_appended_once() {
    lose_the_answer_of_a_post(&[]);
}

#[test]
fn a_post_with_an_empty_request_id_is_repeated_and_appended_once() {
    lose_the_answer_of_a_post(&["--request-id", ""]);
}

fn lose_the_answer_of_a_post(more: &[&str]) {
    let server = Server::start();
    let follow = Running::start(server.command(&["follow", "--project=p", "--all", "--json"]));
    let arguments = ["post", "--project=p", "--type=INFO", "--body=once"];
    let post = lose_the_first_answer(&server, &[&arguments, more].concat(), || {
        assert_eq!(follow.body(), "once");
    });
    let id = post.stdout.next().expect("the id");
    let text = server.ok(&["read", "--project=p", "--all", "--json"]);
    assert_eq!(bodies(&text), ["once"]);
    assert!(text.contains(&id), "{text}");
}

#[test]
fn posting_after_a_last_message_that_is_no_longer_the_last_is_refused() {
    let server = Server::start();
    let first = post(&server, "p", "one");
    server.ok(&["post", "--project=p", "--type=INFO", "--body=two", "--expect-last", &first]);
    let output = server.run(&[
        "post",
        "--project=p",
        "--type=INFO",
        "--body=three",
        "--expect-last",
        &first,
    ]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("[BUS_MOVED]"), "{}", stderr(&output));
}

#[test]
fn ten_processes_that_post_at_once_get_ids_that_are_unique_and_in_file_order() {
    const EACH: usize = 5;
    let server = Server::start();
    let begin = Barrier::new(10);
    let posted: Vec<Vec<String>> = thread::scope(|scope| {
        let writers: Vec<_> = (0..10)
            .map(|writer| {
                let (server, begin) = (&server, &begin);
                scope.spawn(move || {
                    let post_next = |n| {
                        begin.wait();
                        post(server, "p", &format!("{writer}.{n}"))
                    };
                    (0..EACH).map(post_next).collect()
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().expect("it posts")).collect()
    });

    let json = server.ok(&["read", "--project=p", "--all", "--json"]);
    let stored: Vec<Value> =
        json.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let ids: Vec<&str> =
        stored.iter().map(|message| message["msg_id"].as_str().expect("id")).collect();
    assert_eq!(ids.len(), 10 * EACH);
    assert!(ids.is_sorted_by(|earlier, later| earlier < later), "{ids:#?}");
    for (writer, of_writer) in posted.iter().enumerate() {
        for (n, id) in of_writer.iter().enumerate() {
            let message = stored.iter().find(|message| message["msg_id"] == id.as_str());
            let body = &message.expect("it is stored under the id printed")["body"];
            assert_eq!(body, &format!("{writer}.{n}"));
        }
        assert!(of_writer.is_sorted(), "{of_writer:#?}");
    }
}
