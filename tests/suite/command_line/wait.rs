//! `callboard wait`: the first message that fits, or exit code 4.

use super::{Running, bodies, code, post, stderr, stdout};
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
