//! `callboard follow`: what arrives, once, across breaks.

use serde_json::Value;

use super::{Running, post};
use crate::server::Server;

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
