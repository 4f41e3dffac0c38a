//! `callboard wait`: the first message that fits, the state of a task, the end of a run;
//! or exit code 4.

use super::{Running, bodies, code, create_run, json, post, stderr, stdout};
use crate::server::{Server, wait_with_deadline};

#[test]
fn wait_prints_the_first_message_that_fits() {
    let server = Server::start();
    let question = post(&server, "p", "question");
    let wait = Running::start(server.command(&[
        "wait",
        "--for=message",
        "--project=p",
        "--since",
        &question,
        "--type=ANSWER",
        "--timeout=1m",
        "--json",
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
    for timeout in ["300ms", "0s"] {
        let output = server.run(&["wait", "--for=message", "--project=p", "--timeout", timeout]);
        assert_eq!(code(&output), 4);
        assert!(
            stderr(&output)
                .contains(&format!("no message that fits came to bus p within {timeout}\n")),
            "{}",
            stderr(&output)
        );
        assert_eq!(stdout(&output), "");
    }
    post(&server, "p", "after");
    let found = server.ok(&[
        "wait",
        "--for=message",
        "--project=p",
        "--since",
        &id,
        "--timeout=0s",
        "--json",
    ]);
    assert_eq!(bodies(&found), ["after"]);
}

#[test]
fn wait_bridges_a_restart_of_the_server() {
    let mut server = Server::start();
    let id = post(&server, "p", "before");
    let wait = Running::start(server.command(&[
        "wait",
        "--for=message",
        "--project=p",
        "--since",
        &id,
        "--timeout=1m",
        "--json",
        "--type=ANSWER",
    ]));
    // It must have begun: with a server that was never there it ends with code 3.
    wait.stderr.until("waiting for a message in bus p");
    server.kill();
    wait.stderr.until("connecting again");
    server.restart();
    server.ok(&["post", "--project=p", "--type=ANSWER", "--body=after"]);
    assert_eq!(wait.body(), "after");
}

fn server_with_task() -> Server {
    let server = Server::start();
    server.ok(&["task", "create", "--project=p", "--task=t", "--description=x"]);
    server
}

fn wait<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["wait", "--project=p", "--task=t", "--timeout=1m"], more].concat()
}

/// Waits for the command to end, and returns its last line.
fn last_line(mut running: Running) -> String {
    assert_eq!(wait_with_deadline(&mut running.child).code(), Some(0));
    running.stdout.rest().pop().expect("a line")
}

#[test]
fn wait_for_done_ends_when_the_task_is_done_also_when_it_is_so_already() {
    let server = server_with_task();
    let waiting = Running::start(server.command(&wait(&["--for=done"])));
    waiting.stderr.until("waiting for task p/t to be done");
    server.ok(&["task", "transition", "--project=p", "--task=t", "--to=running"]);
    server.ok(&["task", "done", "--project=p", "--task=t"]);
    assert_eq!(last_line(waiting), "done");
    let task = json(&server.ok(&wait(&["--for=done", "--json"])));
    assert_eq!((&task["done"], &task["status"]), (&true.into(), &"running".into()));
}

#[test]
fn wait_for_status_ends_with_the_first_of_the_statuses_that_the_task_has() {
    let server = server_with_task();
    let statuses = ["--for=status", "--status=ci_failed", "--status=abandoned"];
    let waiting = Running::start(server.command(&wait(&statuses)));
    waiting.stderr.until("waiting for task p/t to be ci_failed or abandoned");
    for to in ["running", "ci_failed"] {
        server.ok(&["task", "transition", "--project=p", "--task=t", "--to", to]);
    }
    assert_eq!(last_line(waiting), "ci_failed");
}

#[test]
fn wait_for_a_run_ends_with_the_run_found_by_its_id_alone() {
    let server = server_with_task();
    create_run(&server, "p", "t", "r", &["--pid", &std::process::id().to_string()]);
    create_run(&server, "p", "t", "other", &[]);
    let waiting = Running::start(server.command(&["wait", "--for=run", "--run=r", "--timeout=1m"]));
    waiting.stderr.until("waiting for the end of run r");
    server.ok(&["run", "status", "--run=other", "--status=completed"]);
    server.ok(&["run", "status", "--run=r", "--status=failed"]);
    assert_eq!(last_line(waiting), "failed");
    assert_eq!(server.ok(&wait(&["--for=run", "--run=other"])), "completed\n");
}

#[test]
fn wait_for_a_state_bridges_a_restart_of_the_server() {
    let mut server = server_with_task();
    let waiting = Running::start(server.command(&wait(&["--for=done"])));
    waiting.stderr.until("waiting for task p/t");
    server.kill();
    waiting.stderr.until("connecting again");
    std::fs::write(server.root().join("p/t/DONE"), "").expect("a mark");
    server.restart();
    assert_eq!(last_line(waiting), "done");
}

#[test]
fn wait_for_a_state_that_does_not_come_has_exit_code_4_and_for_what_is_not_there_1() {
    let server = server_with_task();
    create_run(&server, "p", "t", "r", &["--pid", &std::process::id().to_string()]);
    for (awaited, problem) in [
        (&["--for=done"][..], "task t was not done within"),
        (&["--for=status", "--status=running"], "task t did not become running within"),
        (&["--for=run", "--run=r"], "run r did not end within"),
    ] {
        for timeout in ["300ms", "0s"] {
            let place = ["wait", "--project=p", "--task=t", "--timeout", timeout];
            let output = server.run(&[&place[..], awaited].concat());
            assert_eq!(code(&output), 4, "{}", stderr(&output));
            let expected = format!("{problem} {timeout}\n");
            assert!(stderr(&output).contains(&expected), "{}", stderr(&output));
        }
    }
    for (awaited, reason) in [
        (&["--project=p", "--task=none", "--for=done"][..], "[TASK_NOT_FOUND]"),
        (&["--project=p", "--task=t", "--for=run", "--run=none"], "[RUN_NOT_FOUND]"),
        (&["--for=run", "--run=none"], "[RUN_NOT_FOUND]"),
    ] {
        let output = server.run(&[&["wait"], awaited].concat());
        assert_eq!(code(&output), 1, "{}", stderr(&output));
        assert!(stderr(&output).contains(reason), "{}", stderr(&output));
    }
    let mut waiting = Running::start(server.command(&wait(&["--for=done"])));
    waiting.stderr.until("waiting for task p/t");
    server.ok(&["task", "delete", "--project=p", "--task=t", "--force"]);
    waiting.stderr.until("[TASK_NOT_FOUND]");
    assert_eq!(wait_with_deadline(&mut waiting.child).code(), Some(1));
    assert_eq!(
        code(&server.run(&["wait", "--for=done", "--type=INFO", "--project=p", "--task=t"])),
        2
    );
    assert_eq!(code(&server.run(&["wait", "--for=done", "--project=p"])), 2);
}

#[test]
fn wait_for_a_status_ends_when_the_task_has_another_one_that_is_final() {
    let server = server_with_task();
    let mut waiting =
        Running::start(server.command(&wait(&["--for=status", "--status=completed"])));
    waiting.stderr.until("waiting for task p/t to be completed");
    for to in ["running", "abandoned"] {
        server.ok(&["task", "transition", "--project=p", "--task=t", "--to", to]);
    }
    waiting.stderr.until("it is abandoned, which is final");
    assert_eq!(wait_with_deadline(&mut waiting.child).code(), Some(1));
    let at_once = server.run(&wait(&["--for=status", "--status=completed"]));
    assert_eq!((code(&at_once), stdout(&at_once)), (1, ""), "{}", stderr(&at_once));
    assert_eq!(server.ok(&wait(&["--for=status", "--status=abandoned"])), "abandoned\n");
}
