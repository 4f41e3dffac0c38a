//! `callboard env`: the variables of a place.

use std::process::Command;

use super::{code, create_run, json, stderr, stdout};
use crate::server::{Server, output_of};

#[test]
fn a_shell_that_takes_the_lines_is_in_the_run() {
    let server = Server::start();
    server.ok(&["post", "--project=p", "--task=t", "--type=INFO", "--body=x"]);
    create_run(&server, "p", "t", "r", &[]);
    let lines = server.ok(&["env", "--run=r"]);
    let script = format!(
        "{lines}\ntest -d \"$JRUN_RUN_FOLDER\" && test -d \"$JRUN_TASK_FOLDER\" && \
         test -f \"$JRUN_MESSAGE_BUS\" && echo \"$JRUN_PROJECT_ID $JRUN_TASK_ID $JRUN_ID\""
    );
    let output = Command::new("sh").args(["-c", &script]).output().expect("a shell");
    assert_eq!(stdout(&output), "p t r\n", "{lines}");
    assert!(lines.contains(&format!("export CALLBOARD_ADDR={}\n", server.addr())), "{lines}");
}

#[test]
fn as_much_is_printed_as_is_known() {
    let server = Server::start();
    let only = json(&server.ok(&["env", "--json"]));
    let root = server.root().to_str();
    assert_eq!(only, serde_json::json!({"CALLBOARD_ADDR": server.addr(), "CALLBOARD_ROOT": root}));
    let names = |arguments: &[&str]| -> Vec<String> {
        let lines = server.ok(&[&["env"], arguments].concat());
        let name = |line: &str| {
            line.strip_prefix("export ").and_then(|line| line.split('=').next()).map(str::to_owned)
        };
        lines.lines().filter_map(name).collect()
    };
    let project = ["JRUN_PROJECT_ID", "JRUN_MESSAGE_BUS", "CALLBOARD_ADDR", "CALLBOARD_ROOT"];
    assert_eq!(names(&["--project=p"]), project);
    assert_eq!(
        names(&["--project=p", "--task=t"]),
        [
            "JRUN_PROJECT_ID",
            "JRUN_TASK_ID",
            "JRUN_TASK_FOLDER",
            "JRUN_MESSAGE_BUS",
            "CALLBOARD_ADDR",
            "CALLBOARD_ROOT"
        ]
    );
    create_run(&server, "p", "t", "r", &[]);
    let mut inside = server.command(&["env", "--json"]);
    inside.current_dir(server.root().join("p/t/runs/r"));
    let output = output_of(inside);
    assert_eq!(json(stdout(&output))["JRUN_ID"], "r", "{}", stderr(&output));
    let output = server.run(&["env", "--run=none"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("[RUN_NOT_FOUND]"), "{}", stderr(&output));
}
