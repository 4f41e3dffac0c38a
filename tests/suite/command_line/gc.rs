//! `callboard gc` and `callboard reconcile`.

use std::fs;

use super::{code, create_run, gone_pid, json, stderr, stdout};
use crate::server::{Server, output_of};

#[test]
fn old_runs_are_removed_only_when_it_is_said_twice() {
    let server = Server::start();
    create_run(&server, "p", "t", "r-1", &[]);
    create_run(&server, "p", "t", "r-2", &[]);
    server.ok(&["run", "status", "--run=r-1", "--status=completed"]);
    let gc = |more: &[&str]| server.run(&[&["gc", "--project=p"], more].concat());
    let output = gc(&["--older-than=0s"]);
    assert_eq!(stdout(&output), "p/t/runs/r-1\n", "{}", stderr(&output));
    assert!(stderr(&output).contains("would remove 1 run, "), "{}", stderr(&output));
    assert!(server.root().join("p/t/runs/r-1").exists());
    let output = gc(&["--older-than=30d", "--yes"]);
    assert_eq!((code(&output), stdout(&output)), (0, ""));
    assert!(stderr(&output).contains("no run ended longer ago"), "{}", stderr(&output));
    let output = gc(&["--older-than=0s", "--free-below=1K", "--yes"]);
    assert_eq!((code(&output), stdout(&output)), (0, ""));
    assert!(stderr(&output).contains("nothing to do: "), "{}", stderr(&output));
    assert!(server.root().join("p/t/runs/r-1").exists());
    let answer = json(stdout(&gc(&["--older-than=0s", "--yes", "--json"])));
    assert_eq!((&answer["run_count"], &answer["dry_run"]), (&1.into(), &false.into()));
    assert!(!server.root().join("p/t/runs/r-1").exists());
    assert!(server.root().join("p/t/runs/r-2").exists(), "it runs");
}

#[test]
fn where_to_remove_is_never_taken_from_the_surroundings() {
    let server = Server::start();
    for (task, run) in [("t", "r-1"), ("u", "r-2")] {
        create_run(&server, "p", task, run, &[]);
        server.ok(&["run", "status", "--run", run, "--status=completed"]);
    }
    let inside = |arguments: &[&str]| {
        let mut command = server.command(&[&["gc", "--older-than=0s"], arguments].concat());
        command.env("JRUN_PROJECT_ID", "p").env("JRUN_TASK_ID", "t");
        command.current_dir(server.root().join("p/t"));
        output_of(command)
    };
    for arguments in [&["--yes"][..], &["--yes", "--task=t"], &["--yes", "--project="]] {
        let output = inside(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("or --everything"), "{}", stderr(&output));
    }
    let output = inside(&[]);
    assert_eq!(stdout(&output), "p/t/runs/r-1\n", "{}", stderr(&output));
    let first = "callboard: scope: task p/t (--project p --task t)\n";
    assert!(stderr(&output).starts_with(first), "{}", stderr(&output));
    // The trial looks at what would be removed.
    let output = inside(&["--project=p"]);
    assert_eq!(stdout(&output).lines().count(), 2, "{}", stderr(&output));
    assert!(stderr(&output).starts_with("callboard: scope: project p "), "{}", stderr(&output));
    assert!(inside(&["--everything"]).stderr.starts_with(b"callboard: scope: all projects "));
    let output = inside(&["--project=p", "--yes"]);
    assert_eq!(stdout(&output).lines().count(), 2, "{}", stderr(&output));
}

#[test]
fn everything_is_cleaned_up_only_when_it_is_said() {
    let server = Server::start();
    for command in [&["gc", "--older-than=1d"][..], &["reconcile"]] {
        let output = server.run(command);
        assert_eq!(code(&output), 2, "{command:?}");
        assert!(stderr(&output).contains("or --everything"), "{}", stderr(&output));
        assert_eq!(code(&server.run(&[command, &["--everything"]].concat())), 0);
    }
    assert_eq!(code(&server.run(&["gc", "--everything"])), 2, "an age is required");
    assert_eq!(code(&server.run(&["gc", "--everything", "--older-than=7"])), 2);
    assert_eq!(
        code(&server.run(&["gc", "--everything", "--older-than=7d", "--free-below=lots"])),
        2
    );
}

#[test]
fn lost_runs_are_marked_as_failed() {
    let server = Server::start();
    create_run(&server, "p", "t", "r", &["--pid", &gone_pid()]);
    let output = server.run(&["reconcile", "--project=p", "--dry-run"]);
    assert!(stdout(&output).starts_with("failed     p/t/r\n"), "{}", stdout(&output));
    assert!(stderr(&output).contains("would mark 1 run"), "{}", stderr(&output));
    let status = || json(&server.ok(&["run", "show", "--run=r", "--json"]))["status"].take();
    assert_eq!(status(), "running");
    let output = server.run(&["reconcile", "--project=p"]);
    assert!(stdout(&output).starts_with("failed     p/t/r\n"), "{}", stdout(&output));
    assert!(stderr(&output).contains("marked 1 run and"), "{}", stderr(&output));
    assert_eq!(status(), "failed");
    assert_eq!(stdout(&server.run(&["reconcile", "--project=p"])), "");
}

#[test]
fn a_state_that_cannot_be_read_is_rewritten() {
    let server = Server::start();
    server.ok(&["task", "create", "--project=p", "--task=t", "--description=x"]);
    fs::write(server.root().join("p/t/TASK_STATE.md"), b"\xff\xfe").expect("a file");
    let output = server.run(&["reconcile", "--project=p"]);
    assert!(stdout(&output).contains("repaired   p/t/TASK_STATE.md\n"), "{}", stdout(&output));
    assert!(stderr(&output).contains("repaired 1 file"), "{}", stderr(&output));
}
