//! A follower of each language, a writer, and a server that is killed again and again.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::{DEADLINE, Server, callboard, output_of};

use super::driver::{Answer, Driver};
use super::stage::Stage;

const MESSAGES: usize = 200;
const KILLS: usize = 6;
const BUSES: usize = 3;

/// Follows a project in one language, while messages are posted and the server is killed;
/// says what was lost, came twice or came in another order.
pub(super) fn follow_through(command: Command, server: Server) -> Result<(), String> {
    let address = server.addr().to_owned();
    let stage = Stage::set_up(server);
    let mut driver = Driver::start(command, &stage)?;
    // Straight to the server: the proxy would hide how a dead one looks.
    let connect = json!({"client": "main", "addr": address, "project": "demo", "task": ""});
    done(driver.tell("connect", &connect)?)?;
    let follow = json!({"name": "f", "scope": "project", "start": "earliest"});
    done(driver.tell("follow", &follow)?)?;

    let posted = AtomicUsize::new(0);
    let items = thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..MESSAGES {
                post(&address, number);
                posted.store(number + 1, Ordering::SeqCst);
            }
        });
        for kill in 1..=KILLS {
            let until = kill * MESSAGES / (KILLS + 1);
            let deadline = Instant::now() + DEADLINE;
            while posted.load(Ordering::SeqCst) < until && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(5));
            }
            stage.control_server(&json!("kill"))?;
        }
        let next = json!({"name": "f", "count": MESSAGES, "timeout": 60});
        done(driver.tell("next", &next)?).map(|answer| answer["items"].clone())
    })?;
    // What comes after the last one would be a repetition.
    let more = done(driver.tell("next", &json!({"name": "f", "count": 1, "timeout": 0.5}))?)?;
    if more["items"] != json!([]) {
        return Err(format!("too much: {}", more["items"]));
    }
    check(&items)?;
    driver.finish()
}

fn check(items: &Value) -> Result<(), String> {
    let mut by_bus: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for item in items.as_array().ok_or("no items")? {
        let text = |key: &str| item[key].as_str().unwrap_or("").to_owned();
        by_bus.entry(text("task_id")).or_default().push(text("body"));
    }
    for bus in 0..BUSES {
        let expected: Vec<String> =
            (0..MESSAGES).filter(|number| number % BUSES == bus).map(|n| n.to_string()).collect();
        let followed = by_bus.remove(&format!("t{bus}")).unwrap_or_default();
        if followed != expected {
            return Err(format!("bus t{bus}: {followed:?} is not {expected:?}"));
        }
    }
    Ok(())
}

/// Posts a message, again and again until it is there.
fn post(address: &str, number: usize) {
    let (task, id) = (format!("t{}", number % BUSES), format!("post-{number}"));
    let body = number.to_string();
    let arguments = ["post", "--project", "demo", "--task", &task, "--type", "INFO"];
    let deadline = Instant::now() + DEADLINE;
    loop {
        let mut command = callboard(&arguments);
        command.args(["--body", &body, "--request-id", &id]).env("CALLBOARD_ADDR", address);
        let output = output_of(command);
        if output.status.success() {
            return;
        }
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(Instant::now() < deadline, "message {number} cannot be posted: {said}");
    }
}

fn done(answer: Answer) -> Result<Value, String> {
    match answer {
        Answer::Ok(value) => Ok(value),
        other => Err(format!("{other:?}")),
    }
}
