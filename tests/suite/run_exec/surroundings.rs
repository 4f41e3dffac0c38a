//! Where a run belongs, and what its command is told of it.

use std::collections::HashMap;

use callboard::grpc::pb;

use super::{code, exec, run_info, stderr, storage};
use crate::server::{CALLBOARD, Server, output_of};

fn variables(output: &[u8]) -> HashMap<String, String> {
    let text = String::from_utf8_lossy(output);
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn the_command_finds_its_run_in_the_environment() {
    let server = Server::start();
    let mut command = exec(&server, &["--parent=q", "--cwd=/tmp"], &["sh", "-c", "env; pwd >&2"]);
    command.env("JRUN_RUN_FOLDER", "/outer").env("UNTOUCHED", "as it was");
    let output = output_of(command);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let variables = variables(&output.stdout);
    let root = server.root().canonicalize().expect("the root");
    let below = |path: &str| root.join(path).display().to_string();
    for (name, value) in [
        ("JRUN_PROJECT_ID", "p".to_owned()),
        ("JRUN_TASK_ID", "t".to_owned()),
        ("JRUN_ID", "r".to_owned()),
        ("JRUN_PARENT_ID", "q".to_owned()),
        ("JRUN_TASK_FOLDER", below("p/t")),
        ("JRUN_RUN_FOLDER", below("p/t/runs/r")),
        ("JRUN_MESSAGE_BUS", below("p/t/TASK-MESSAGE-BUS.md")),
        ("CALLBOARD_ADDR", server.addr().to_owned()),
        ("CALLBOARD_ROOT", root.display().to_string()),
        ("UNTOUCHED", "as it was".to_owned()),
    ] {
        assert_eq!(variables.get(name), Some(&value), "{name}");
    }
    assert_eq!(output.stderr, b"/tmp\n");
    assert_eq!(run_info(&server).await.cwd, "/tmp");
}

#[tokio::test]
async fn a_run_without_a_parent_has_no_variable_of_one() {
    let server = Server::start();
    let mut command = exec(&server, &["--parent="], &["env"]);
    command.env("JRUN_ID", "outer").env("JRUN_PARENT_ID", "outermost");
    let output = output_of(command);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(variables(&output.stdout).get("JRUN_PARENT_ID"), None);
    assert_eq!(run_info(&server).await.parent_run_id, "");
}

#[tokio::test]
async fn a_socket_is_found_from_every_folder() {
    let server = Server::start();
    let uds = server.uds();
    let folder = uds.parent().expect("a folder");
    let script = r#"echo "$CALLBOARD_ADDR"; "$0" post --type FACT --body inside"#;
    let mut command =
        exec(&server, &["--addr=unix:socket", "--cwd=/"], &["sh", "-c", script, CALLBOARD]);
    command.current_dir(folder);
    let output = output_of(command);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = text.lines().next().expect("a line");
    assert!(first.starts_with("unix:/") && first.ends_with("/socket"), "{text}");
    let posted = super::messages(&server).await;
    let inside = posted.iter().find(|message| message.body == "inside").expect("posted");
    assert_eq!(inside.run_id, "r");
}

#[tokio::test]
async fn a_run_inside_a_run_is_its_child_also_in_another_task() {
    let server = Server::start();
    let script = r#"
        "$0" run exec --agent inner -- true &&
        "$0" run exec --agent far --task other --run far -- sh -c 'echo "$JRUN_PARENT_ID"'
    "#;
    let output = output_of(exec(&server, &[], &["sh", "-c", script, CALLBOARD]));
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(output.stdout, b"r\n");
    let request = pb::GetRunTreeRequest { run_id: "r".into(), ..Default::default() };
    let tree = storage(&server).await.get_run_tree(request).await.expect("a tree").into_inner();
    let mut nodes: Vec<(i32, &str, &str)> = tree
        .nodes
        .iter()
        .map(|node| {
            let run = node.run.as_ref().expect("a run");
            (node.depth, run.task_id.as_str(), run.agent_type.as_str())
        })
        .collect();
    nodes.sort_unstable();
    assert_eq!(nodes, [(0, "t", "sh"), (1, "other", "far"), (1, "t", "inner")]);
}

#[tokio::test]
async fn the_task_comes_from_the_environment_and_the_id_from_the_server() {
    let server = Server::start();
    let mut command =
        server.command(&["run", "exec", "--agent=a", "--", "sh", "-c", "echo $JRUN_ID"]);
    command.env("JRUN_PROJECT_ID", "p").env("JRUN_TASK_ID", "t");
    let output = output_of(command);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let id = String::from_utf8(output.stdout).expect("text");
    let folder = server.root().join("p/t/runs").join(id.trim_end());
    assert!(folder.join("output.md").exists(), "{}", folder.display());
}
