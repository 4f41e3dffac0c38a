//! `callboard buses`, `rotate` and `trim`.

use serde_json::Value;

use super::{bodies, code, post, stderr, stdout};
use crate::server::{Server, output_of};

#[test]
fn buses_are_listed_with_their_size_and_last_message() {
    let server = Server::start();
    assert_eq!(server.ok(&["buses"]), "");
    let id = post(&server, "a", "x");
    server.ok(&["post", "--project=b", "--task=t", "--type=INFO", "--body=x"]);
    let text = server.ok(&["buses"]);
    let names: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["BUS", "a", "b/t"], "{text}");
    let mut in_a_task = server.command(&["buses", "--json"]);
    in_a_task.env("JRUN_PROJECT_ID", "b").env("JRUN_TASK_ID", "other");
    assert_eq!(
        stdout(&output_of(in_a_task)).lines().count(),
        1,
        "those of the project, whatever the task"
    );
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
    assert!(
        archive.starts_with("p/PROJECT-MESSAGE-BUS.md.") && archive.ends_with(".archived"),
        "{archive}"
    );
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
