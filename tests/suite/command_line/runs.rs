//! `callboard runs` and `callboard run` but for `run exec`.

use std::{fs, process};

use super::lost_answer::lose_the_first_answer;
use super::{Running, code, create_run, gone_pid, json, stderr, stdout};
use crate::server::{Server, output_of};

#[test]
fn a_run_is_created_shown_and_ended_once() {
    let server = Server::start();
    let pid = process::id().to_string();
    let id = server.ok(&[
        "run",
        "create",
        "--project=p",
        "--task=t",
        "--agent=claude",
        "--pid",
        &pid,
        "--cwd=/work dir",
        "--commandline=claude -p x",
        "--agent-version=1.0",
        "--previous=r-0",
    ]);
    let id = id.trim_end();
    // Found by its id alone.
    let text = server.ok(&["run", "show", "--run", id]);
    for line in [
        &format!("run:        p/t/{id}"),
        "status:     running",
        "liveness:   alive",
        "agent:      claude",
        "restart of: r-0",
        "directory:  /work dir",
        "command:    claude -p x",
        &format!("pid:        {pid}"),
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }
    let end =
        ["run", "status", "--run", id, "--status=failed", "--exit-code=3", "--error=no tests"];
    assert_eq!(server.ok(&end), "failed\n");
    assert_eq!(server.ok(&end), "failed\n");
    let run = json(&server.ok(&["run", "show", "--run", id, "--json"]));
    assert_eq!((&run["exit_code"], &run["liveness"]), (&3.into(), &"LIVENESS_ENDED".into()));
    assert_eq!(run["error_summary"], "no tests");
    let output = server.run(&["run", "status", "--run", id, "--status=completed"]);
    assert_eq!(code(&output), 1);
    assert!(
        stderr(&output).contains("[INVALID_TRANSITION]\n  a run ends once"),
        "{}",
        stderr(&output)
    );
    let output = server.run(&["run", "show", "--run=none"]);
    assert!(stderr(&output).contains("[RUN_NOT_FOUND]\n  callboard runs"), "{}", stderr(&output));
}

#[test]
fn runs_are_listed_with_their_task_when_there_may_be_several() {
    let server = Server::start();
    create_run(&server, "p", "t", "r-1", &["--pid", &process::id().to_string()]);
    create_run(&server, "p", "t", "r-2", &["--pid", &gone_pid()]);
    create_run(&server, "p", "u", "r-3", &[]);
    create_run(&server, "q", "t", "r-4", &[]);
    server.ok(&["run", "status", "--run=r-3", "--status=completed"]);
    let rows = |arguments: &[&str]| -> Vec<Vec<String>> {
        let table = server.ok(&[&["runs"], arguments].concat());
        let words = |line: &str| line.split_whitespace().take(4).map(str::to_owned).collect();
        table.lines().map(words).collect()
    };
    assert_eq!(
        rows(&["--project=p", "--task=t"]),
        [
            ["RUN", "STATUS", "LIVENESS", "AGENT"],
            ["r-1", "running", "alive", "claude"],
            ["r-2", "running", "lost", "claude"],
        ]
    );
    assert_eq!(
        rows(&["--everything"]),
        [
            ["TASK", "RUN", "STATUS", "LIVENESS"],
            ["p/t", "r-1", "running", "alive"],
            ["p/t", "r-2", "running", "lost"],
            ["p/u", "r-3", "completed", "-"],
            ["q/t", "r-4", "running", "remote"],
        ]
    );
    let lines = server.ok(&["runs", "--project=p", "--status=completed", "--json"]);
    assert_eq!(json(&lines)["run_id"], "r-3");
    let mut in_a_task = server.command(&["runs", "--json"]);
    in_a_task.env("JRUN_PROJECT_ID", "p").env("JRUN_TASK_ID", "u");
    assert_eq!(stdout(&output_of(in_a_task)).lines().count(), 1);
    let mut whole_project = server.command(&["runs", "--json", "--task="]);
    whole_project.env("JRUN_PROJECT_ID", "p").env("JRUN_TASK_ID", "u");
    assert_eq!(stdout(&output_of(whole_project)).lines().count(), 3);
    assert_eq!(server.ok(&["runs", "--project=none"]), "");
    assert_eq!(code(&server.run(&["runs", "--everything", "--project=p"])), 2);
}

#[test]
fn damaged_runs_are_listed_with_their_problem() {
    let server = Server::start();
    create_run(&server, "p", "t", "r-1", &[]);
    create_run(&server, "p", "t", "r-2", &[]);
    fs::write(server.root().join("p/t/runs/r-1/run-info.yaml"), "run_id: [\n").expect("a file");
    let table = server.ok(&["runs", "--project=p", "--task=t"]);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 4, "{table}");
    assert!(lines[1].starts_with("r-1 ") && lines[1].contains(" damaged "), "{table}");
    assert!(lines[2].starts_with("  problem: "), "{table}");
    assert!(lines[3].starts_with("r-2 "), "{table}");
    let output = server.run(&["run", "show", "--run=r-1", "--project=p", "--task=t"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("[CORRUPT_DOCUMENT]\n  mend the file"), "{}", stderr(&output));
}

#[test]
fn the_tree_shows_children_and_restarts_across_tasks() {
    let server = Server::start();
    create_run(&server, "p", "t", "a", &["--previous=gone"]);
    create_run(&server, "p", "u", "b", &["--parent=a"]);
    create_run(&server, "p", "t", "c", &["--parent=a"]);
    create_run(&server, "p", "t", "d", &["--previous=c"]);
    let tree = server.ok(&["run", "tree", "--run=a"]);
    assert_eq!(
        tree,
        "\
a  running  claude
├─ p/u/b  running  claude
└─ c  running  claude
   └─ d  running  claude  restart
"
    );
    let mut in_the_task = server.command(&["run", "tree", "--json"]);
    in_the_task.env("JRUN_PROJECT_ID", "p").env("JRUN_TASK_ID", "u").env("JRUN_ID", "a");
    let output = output_of(in_the_task);
    let nodes: Vec<_> = stdout(&output).lines().map(json).collect();
    assert!(nodes.iter().any(|node| node["run"]["run_id"] == "b"), "{nodes:?}");
    assert!(nodes.iter().all(|node| node["run"]["run_id"] != "c"), "{nodes:?}");
}

#[test]
fn a_run_is_removed_only_when_its_process_is_gone_or_with_force() {
    let server = Server::start();
    create_run(&server, "p", "t", "r", &["--pid", &process::id().to_string()]);
    let output = server.run(&["run", "delete", "--run=r"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("[RUN_ACTIVE]"), "{}", stderr(&output));
    let output = server.run(&["run", "delete", "--run=r", "--force"]);
    assert_eq!(code(&output), 0);
    assert!(stderr(&output).contains("removed run r"), "{}", stderr(&output));
    assert!(!server.root().join("p/t/runs/r").exists());
    assert_eq!(code(&server.run(&["run", "delete", "--run=r"])), 1);
    assert_eq!(code(&server.run(&["run", "delete", "--run=r", "--allow-missing"])), 0);
}

#[test]
fn an_id_in_two_places_is_told_apart_by_its_task() {
    let server = Server::start();
    create_run(&server, "p", "t", "r", &[]);
    create_run(&server, "p", "u", "r", &[]);
    let output = server.run(&["run", "show", "--run=r"]);
    assert_eq!(code(&output), 1);
    assert!(
        stderr(&output).contains("[RUN_AMBIGUOUS]\n  say which one with --project and --task"),
        "{}",
        stderr(&output)
    );
    let run = json(&server.ok(&["run", "show", "--project=p", "--task=u", "--run=r", "--json"]));
    assert_eq!(run["task_id"], "u");
    let output = server.run(&["run", "show", "--project=p", "--run=r"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("which task? give --task ID"), "{}", stderr(&output));
    let output = server.run(&["run", "show"]);
    assert_eq!(code(&output), 2);
    assert!(
        stderr(&output).contains("which run? give --run ID\n  or set JRUN_ID"),
        "{}",
        stderr(&output)
    );
    let mut inside = server.command(&["run", "show", "--json"]);
    inside.env("JRUN_PROJECT_ID", "p").env("JRUN_TASK_ID", "t").env("JRUN_ID", "r");
    assert_eq!(json(stdout(&output_of(inside)))["task_id"], "t");
}

#[test]
fn a_repeated_create_gives_the_first_run() {
    let server = Server::start();
    let create = ["run", "create", "--project=p", "--task=t", "--agent=a", "--request-id=x"];
    let first = server.ok(&create);
    let again = server.run(&create);
    assert_eq!(stdout(&again), first);
    assert!(stderr(&again).contains("nothing was created again"), "{}", stderr(&again));
    assert_eq!(server.ok(&["runs", "--everything", "--json"]).lines().count(), 1);
    create_run(&server, "p", "t", "r", &[]);
    let output = server.run(&["run", "create", "--project=p", "--task=t", "--agent=a", "--run=r"]);
    assert!(stderr(&output).contains("[RUN_EXISTS]\n  use another id"), "{}", stderr(&output));
}

#[test]
fn a_create_whose_answer_is_lost_is_repeated_and_creates_one_run() {
    let server = Server::start();
    let watch = Running::start(server.command(&["watch", "--everything", "--kind=run"]));
    watch.stderr.until("synced");
    let create = ["run", "create", "--project=p", "--task=t", "--agent=a"];
    let create = lose_the_first_answer(&server, &create, || {
        watch.stdout.until("running");
    });
    let id = create.stdout.next().expect("the id");
    let runs = server.ok(&["runs", "--everything", "--json"]);
    assert_eq!(json(&runs)["run_id"], id);
}

#[test]
fn the_files_of_a_run_are_listed_with_their_sizes() {
    let server = Server::start();
    create_run(&server, "p", "t", "r", &[]);
    let folder = server.root().join("p/t/runs/r");
    fs::write(folder.join("agent-stdout.txt"), "12345").expect("a file");
    fs::write(folder.join("agent-stderr.txt"), "").expect("a file");
    let table = server.ok(&["run", "files", "--run=r"]);
    let stdout = table.lines().find(|line| line.starts_with("stdout ")).expect("stdout");
    assert!(stdout.contains("     5 B  20"), "{table}");
    let files = server.ok(&["run", "files", "--run=r", "--json"]);
    let files: Vec<_> = files.lines().map(json).collect();
    assert!(files.iter().any(|file| file["file"] == "stdout" && file["size"] == 5), "{files:?}");
}
