//! Which project, task and run a command means when no flag says so.

use std::fs;

use serde_json::Value;

use super::{code, stderr, stdout};
use crate::server::{Server, output_of};

#[test]
fn project_task_and_run_come_from_the_environment_of_a_runner() {
    let server = Server::start();
    let post_with = |arguments: &[&str]| {
        let all = [&["post", "--type=INFO", "--body=x", "--json"], arguments].concat();
        let mut command = server.command(&all);
        command
            .env("JRUN_PROJECT_ID", "env-p")
            .env("JRUN_TASK_ID", "env-t")
            .env("JRUN_ID", "env-r");
        let output = output_of(command);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
    };
    let count = |arguments: &[&str]| {
        server.ok(&[&["read", "--all", "--json"], arguments].concat()).lines().count()
    };
    post_with(&[]);
    assert_eq!(count(&["--project=env-p", "--task=env-t", "--run=env-r"]), 1);
    post_with(&["--project=other", "--run=mine"]);
    assert_eq!(count(&["--project=other", "--run=mine"]), 1);
    assert_eq!(
        count(&["--project=other", "--task=env-t"]),
        0,
        "another project has not the environment's task"
    );
    post_with(&["--task="]);
    assert_eq!(count(&["--project=env-p"]), 1);
}

#[test]
fn project_task_and_run_come_from_the_working_directory_inside_the_root() {
    let server = Server::start();
    let run = server.root().join("p/t/runs/r-1");
    fs::create_dir_all(&run).expect("a run's folder");
    let run_there = |arguments: &[&str]| {
        let mut command = server.command(arguments);
        command.current_dir(&run);
        output_of(command)
    };
    let output = run_there(&["post", "--type=INFO", "--body=here"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let output = run_there(&["read", "--json"]);
    let value: Value = serde_json::from_str(stdout(&output)).expect("one message");
    assert_eq!(
        (&value["project_id"], &value["task_id"], &value["run_id"]),
        (&"p".into(), &"t".into(), &"r-1".into())
    );
}
