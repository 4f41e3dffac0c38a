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
fn nothing_of_an_outer_run_stays_in_a_shell_that_takes_the_lines() {
    let server = Server::start();
    create_run(&server, "p", "t", "r", &[]);
    let lines = server.ok(&["env", "--project=p"]);
    let script = format!("{lines}\nenv | grep ^JRUN_ | sort");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]);
    for name in ["PROJECT_ID", "TASK_ID", "ID", "PARENT_ID", "TASK_FOLDER", "RUN_FOLDER"] {
        shell.env(format!("JRUN_{name}"), "outer");
    }
    let output = shell.env("JRUN_MESSAGE_BUS", "outer").output().expect("a shell");
    let left: Vec<&str> = stdout(&output).lines().collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left[0].starts_with("JRUN_MESSAGE_BUS=/"), "{left:?}");
    assert_eq!(left[1], "JRUN_PROJECT_ID=p");
}

#[test]
fn as_much_is_printed_as_is_known() {
    let server = Server::start();
    let only = json(&server.ok(&["env", "--json"]));
    let root = server.root().to_str();
    let expected = serde_json::json!({
        "JRUN_PROJECT_ID": null,
        "JRUN_TASK_ID": null,
        "JRUN_ID": null,
        "JRUN_PARENT_ID": null,
        "JRUN_TASK_FOLDER": null,
        "JRUN_RUN_FOLDER": null,
        "JRUN_MESSAGE_BUS": null,
        "CALLBOARD_ADDR": server.addr(),
        "CALLBOARD_CA": null,
        "CALLBOARD_CERT": null,
        "CALLBOARD_KEY": null,
        "CALLBOARD_ROOT": root,
    });
    assert_eq!(only, expected);
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
