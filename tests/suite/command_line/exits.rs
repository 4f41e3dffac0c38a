//! What every client command has in common: exit codes, addresses, help.

use std::net::TcpListener;

use super::{code, stderr, stdout};
use crate::server::{Server, callboard, output_of};

const COMMANDS: &[&str] = &[
    "serve",
    "status",
    "post",
    "read",
    "follow",
    "wait",
    "buses",
    "projects",
    "project create",
    "project show",
    "project update",
    "project delete",
    "tasks",
    "task create",
    "task show",
    "task update",
    "task transition",
    "task step",
    "task log",
    "task state",
    "task done",
    "task delete",
    "artifacts",
    "artifact put",
    "artifact get",
    "artifact delete",
    "facts",
    "fact add",
    "fact show",
    "runs",
    "run exec",
    "run create",
    "run status",
    "run show",
    "run tree",
    "run files",
    "run meta",
    "run event",
    "run delete",
    "logs",
    "watch",
    "env",
    "rotate",
    "trim",
    "gc",
    "reconcile",
];

#[test]
fn a_refusal_has_exit_code_1_and_its_reason() {
    let server = Server::start();
    let output = server.run(&["post", "--project=Not Valid", "--type=INFO", "--body=x"]);
    assert_eq!(code(&output), 1);
    assert!(
        stderr(&output).starts_with("callboard: project_id \"Not Valid\""),
        "{}",
        stderr(&output)
    );
    assert!(stderr(&output).contains("[INVALID_ID]"), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");

    let output = server.run(&["read", "--project=p", "--since=MSG-unknown"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("[MESSAGE_NOT_FOUND]"), "{}", stderr(&output));
}

#[test]
fn a_command_that_does_not_say_what_to_do_has_exit_code_2() {
    let output = output_of(callboard(&["read"]));
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("which project?"), "{}", stderr(&output));
    let output = output_of(callboard(&["read", "--no-such-flag"]));
    assert_eq!(code(&output), 2);
    for environment in [&[][..], &[("CALLBOARD_ADDR", "x:1"), ("CALLBOARD_ROOT", "/x")]] {
        let mut command = callboard(&["post"]);
        command.envs(environment.iter().copied());
        let output = output_of(command);
        assert_eq!(code(&output), 2);
        let usage = "\nUsage: callboard post [OPTIONS] --type <TYPE>\n";
        assert!(stderr(&output).contains(usage), "{}", stderr(&output));
    }
    let output = output_of(callboard(&["read", "--addr=ftp://x:1", "--project=p"]));
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("https://host:port"), "{}", stderr(&output));
}

#[test]
fn a_token_is_not_sent_in_the_clear_to_another_machine_nor_shown() {
    let mut command = callboard(&["read", "--addr=192.0.2.1:1", "--project=p"]);
    command.env("CALLBOARD_TOKEN", "s3cret");
    let output = output_of(command);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("only sent over TLS"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("s3cret"), "{}", stderr(&output));
}

#[test]
fn a_ca_file_that_cannot_be_read_is_named() {
    let read = ["read", "--addr=https://localhost:1", "--ca-file=no-such.pem", "--project=p"];
    let output = output_of(callboard(&read));
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("no-such.pem"), "{}", stderr(&output));
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
        &["wait", "--for=done", "--task=t"],
        &["wait", "--for=run", "--task=t", "--run=r"],
        &["post", "--type=INFO", "--body=x"],
        &["buses"],
        &["rotate"],
        &["trim", "--older-than=1d"],
        &["project", "show"],
        &["tasks"],
        &["task", "create", "--description=x"],
        &["task", "transition", "--task=t", "--to=running"],
        &["task", "step", "--task=t", "--index=0", "--status=completed"],
        &["task", "log", "--task=t", "{}"],
        &["artifacts", "--task=t"],
        &["artifact", "put", "--task=t", "-", "--name=x"],
        &["artifact", "get", "--task=t", "x"],
        &["artifact", "delete", "--task=t", "x"],
        &["facts"],
        &["fact", "add", "--title=x", "--body=x"],
        &["fact", "show", "x"],
        &["runs"],
        &["run", "meta", "--task=t", "--run=r"],
        &["run", "event", "--task=t", "--run=r", "x"],
        &["logs", "--task=t"],
        &["run", "show", "--task=t", "--run=r"],
        &["logs", "--task=t", "--run=r", "--follow"],
        &["watch"],
        &["gc", "--older-than=1d"],
        &["reconcile"],
        &["env"],
    ] {
        let output = output_of(callboard(&[command, &mine].concat()));
        assert_eq!(code(&output), 3, "{command:?}");
        let first = stderr(&output).lines().next().expect("a sentence");
        assert_eq!(
            first,
            format!(
                "callboard: cannot reach the server at {address}; start one with: callboard serve"
            )
        );
    }
    let output = output_of(callboard(&["read", "--project=p", "--addr=unix:/nonexistent/socket"]));
    assert_eq!(code(&output), 3);
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
fn help_and_version_go_to_stdout() {
    let output = output_of(callboard(&["--version"]));
    assert_eq!(stdout(&output), concat!("callboard ", env!("CARGO_PKG_VERSION"), "\n"));
    for command in COMMANDS {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let output = output_of(callboard(&words));
        assert_eq!(code(&output), 0, "{command}");
        assert!(stdout(&output).contains("Example"), "{command}");
        assert!(stdout(&output).contains(&format!("Usage: callboard {command}")), "{command}");
    }
}
