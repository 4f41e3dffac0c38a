//! How a run ends: its record, its messages, and the exit code.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use super::{Running, code, content, exec, messages, run_info, run_script, stderr, storage, types};
use crate::client::eventually;
use crate::server::{Server, callboard, output_of};
use callboard::grpc::pb;

#[tokio::test]
async fn a_command_that_ends_well_completes_its_run() {
    let server = Server::start();
    let output = run_script(&server, &["--agent-version=1.2", "--previous=q"], "exit 0");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let run = run_info(&server).await;
    assert_eq!((run.status.as_str(), run.exit_code), ("completed", 0));
    assert_eq!((run.agent_type.as_str(), run.agent_version.as_str()), ("sh", "1.2"));
    assert_eq!((run.process_ownership.as_str(), run.cwd.as_str()), ("managed", "/"));
    assert_eq!((run.commandline.as_str(), run.previous_run_id.as_str()), ("sh -c 'exit 0'", "q"));
    assert_eq!((run.error_summary.as_str(), run.parent_run_id.as_str()), ("", ""));
    assert!(run.end_time.is_some());

    let messages = messages(&server).await;
    assert_eq!(types(&messages), ["RUN_START", "RUN_STOP"]);
    let [start, stop] = &messages[..] else { panic!("two messages") };
    assert_eq!(start.body, "sh -c 'exit 0'");
    assert_eq!((start.run_id.as_str(), stop.run_id.as_str()), ("r", "r"));
    assert_eq!(
        (start.meta["agent"].as_str(), start.meta["pid"].as_str()),
        ("sh", &*run.pid.to_string())
    );
    assert_eq!((stop.body.as_str(), stop.meta["exit_code"].as_str()), ("exit code 0", "0"));
    assert_eq!(stop.parents.len(), 1);
    assert_eq!((&stop.parents[0].msg_id, &*stop.parents[0].kind), (&start.msg_id, "run"));
}

#[tokio::test]
async fn a_command_that_fails_or_is_killed_fails_its_run() {
    for (script, exit_code, summary, signal) in [
        ("exit 7", 7, "exit code 7", None),
        ("kill -9 $$", 137, "killed by SIGKILL", Some("SIGKILL")),
    ] {
        let server = Server::start();
        let output = run_script(&server, &[], script);
        assert_eq!(code(&output), exit_code, "{}", stderr(&output));
        let run = run_info(&server).await;
        assert_eq!((run.status.as_str(), run.exit_code), ("failed", exit_code));
        assert_eq!(run.error_summary, summary);
        let messages = messages(&server).await;
        assert_eq!(types(&messages), ["RUN_START", "RUN_CRASH"]);
        let crash = &messages[1];
        assert_eq!(
            (crash.body.as_str(), &crash.meta["exit_code"]),
            (summary, &exit_code.to_string())
        );
        assert_eq!(crash.meta.get("signal").map(String::as_str), signal);
        assert_eq!(crash.parents[0].msg_id, messages[0].msg_id);
    }
}

#[tokio::test]
async fn a_command_that_cannot_be_started_fails_its_run_as_env_would_tell() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "text").expect("written");
    std::fs::set_permissions(&plain, std::fs::Permissions::from_mode(0o600)).expect("set");
    let plain = plain.to_str().expect("text");
    for (program, exit_code, word) in
        [("no-such-command", 127, "command not found"), (plain, 126, "Permission denied")]
    {
        let server = Server::start();
        let output = output_of(exec(&server, &[], &[program, "x"]));
        assert_eq!(code(&output), exit_code, "{}", stderr(&output));
        let sentence = format!("callboard: cannot run {program}: {word}");
        assert!(stderr(&output).starts_with(&sentence), "{}", stderr(&output));
        let run = run_info(&server).await;
        assert_eq!((run.status.as_str(), run.exit_code), ("failed", exit_code));
        assert!(run.error_summary.contains(word), "{}", run.error_summary);
        let messages = messages(&server).await;
        assert_eq!(types(&messages), ["RUN_CRASH"]);
        assert_eq!(messages[0].meta["exit_code"], exit_code.to_string());
    }
}

#[tokio::test]
async fn what_is_left_behind_in_the_background_is_not_waited_for() {
    let server = Server::start();
    let script = "sleep 1000 & echo left $!; exit 3";
    let mut running = Running::start(exec(&server, &[], &["sh", "-c", script]));
    let line = running.stdout.next().expect("a line");
    let left: i32 = line.strip_prefix("left ").expect("a pid").parse().expect("a pid");
    assert_eq!(running.end(), 3);
    assert!(running.stderr.rest().iter().any(|note| note.contains("stdout is held open")));
    assert_eq!(content(&server, "agent-stdout.txt"), format!("{line}\n").as_bytes());
    assert_eq!(run_info(&server).await.status, "failed");
    let left = rustix::process::Pid::from_raw(left).expect("a pid");
    rustix::process::kill_process(left, rustix::process::Signal::KILL).expect("it is still there");
}

#[tokio::test]
async fn without_a_server_nothing_is_started() {
    let unused = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = unused.local_addr().expect("bound").to_string();
    drop(unused);
    let place = ["run", "exec", "--project=p", "--task=t", "--agent=a", "--addr", &address];
    let output = output_of(callboard(&[&place[..], &["--", "echo", "started"]].concat()));
    assert_eq!((code(&output), &output.stdout[..]), (125, &b""[..]));
    let sentence = format!("callboard: cannot reach the server at {address}");
    assert!(stderr(&output).starts_with(&sentence), "{}", stderr(&output));
}

#[tokio::test]
async fn what_is_refused_before_the_start_has_an_exit_code_of_its_own() {
    let server = Server::start();
    let no_task = ["run", "exec", "--project=p", "--agent=a", "--", "echo", "started"];
    let first = run_script(&server, &[], "true");
    assert_eq!(code(&first), 0, "{}", stderr(&first));
    let again = run_script(&server, &[], "echo started");
    let bad = output_of(exec(&server, &["--cwd=/nonexistent"], &["echo", "started"]));
    for (output, word) in [
        (server.run(&no_task), "which task?"),
        (again, "[RUN_EXISTS]"),
        (bad, "--cwd /nonexistent is no folder"),
    ] {
        assert_eq!((code(&output), &output.stdout[..]), (125, &b""[..]));
        assert!(stderr(&output).contains(word), "{}", stderr(&output));
    }
}

#[test]
fn wrong_flags_have_no_exit_code_that_looks_like_the_commands() {
    for (arguments, expected) in [
        (&["run", "exec", "--agent=a"][..], 125),
        (&["run", "exec", "--no-such-flag", "--agent=a", "--", "true"], 125),
        (&["run", "exec", "--patience=soon", "--agent=a", "--", "true"], 125),
        (&["run", "exec", "--help"], 0),
        (&["help", "run", "exec"], 0),
        (&["run", "show", "--no-such-flag"], 2),
        (&["run", "--no-such-flag", "exec"], 2),
    ] {
        let output = output_of(callboard(arguments));
        assert_eq!(code(&output), expected, "{arguments:?}");
        assert_eq!(stderr(&output).contains("try '--help'"), expected != 0, "{arguments:?}");
        assert_eq!(output.stdout.is_empty(), expected != 0, "{arguments:?}");
    }
}

#[tokio::test]
async fn a_run_that_somebody_else_has_ended_stays_so() {
    let server = Server::start();
    let mut running =
        Running::start(exec(&server, &[], &["sh", "-c", "echo on; read line; exit 3"]));
    assert_eq!(running.stdout.next().as_deref(), Some("on"));
    let request = pb::UpdateRunStatusRequest {
        run_id: "r".into(),
        status: "completed".into(),
        ..Default::default()
    };
    storage(&server).await.update_run_status(request).await.expect("it ends");
    assert_eq!(running.end(), 3);
    assert!(running.stderr.rest().iter().any(|note| note.contains("ended by somebody else")));
    let run = run_info(&server).await;
    assert_eq!((run.status.as_str(), run.exit_code), ("completed", 0));
    assert_eq!(types(&messages(&server).await), ["RUN_START", "RUN_CRASH"]);
}

#[tokio::test]
async fn a_run_that_is_removed_meanwhile_does_not_stop_its_command() {
    let server = Server::start();
    let script = "echo on; read line; seq 1 200000; exit 3";
    let mut running = Running::start(exec(&server, &[], &["sh", "-c", script]));
    assert_eq!(running.stdout.next().as_deref(), Some("on"));
    eventually("its process is recorded", async || run_info(&server).await.pid > 0).await;
    let request = pb::DeleteRunRequest { run_id: "r".into(), force: true, ..Default::default() };
    storage(&server).await.delete_run(request).await.expect("it is removed");
    running.tell("go");
    let stdout = running.stdout.rest();
    assert_eq!((stdout.len(), stdout[199_999].as_str()), (200_000, "200000"));
    assert_eq!(running.end(), 125);
    let notes = running.stderr.rest().join("\n");
    assert!(notes.contains("no more of the command's stdout is recorded"), "{notes}");
    assert!(notes.contains("the command's own exit code is 3"), "{notes}");
}
