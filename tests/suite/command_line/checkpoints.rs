//! `callboard task` as far as it is about checkpoints: steps, moves, further data.

use std::fs;
use std::process::Output;

use serde_json::Value;

use super::{code, json, stderr, stdout, with_stdin};
use crate::server::{Server, output_of};

const PLACE: [&str; 2] = ["--project=p", "--task=t"];

/// A server with the task t of three steps.
fn server_with_task() -> Server {
    let server = Server::start();
    let create = ["task", "create", "--description=x", "--metadata={\"n\": 9007199254740993}"];
    let steps = ["--step=build:ci", "--step=fix: it:ai", "--step=tag:git"];
    assert_eq!(server.ok(&[&create[..], &steps, &PLACE].concat()), "t\n");
    server
}

fn task(server: &Server) -> Value {
    json(&server.ok(&[&["task", "show", "--json"][..], &PLACE].concat()))
}

fn run(server: &Server, command: &[&str]) -> Output {
    server.run(&[&["task"][..], command, &PLACE].concat())
}

#[test]
fn a_task_is_created_with_steps_and_further_data_that_keeps_its_digits() {
    let server = server_with_task();
    let text = server.ok(&[&["task", "show", "--json"][..], &PLACE].concat());
    assert!(text.contains("\"metadata\":{"), "{text}");
    assert!(text.contains("9007199254740993}"), "{text}");
    assert!(!text.contains("metadata_json"), "{text}");
    let task = json(&text);
    assert_eq!(task["step_count"], 3);
    assert_eq!(
        (&task["steps"][1]["name"], &task["steps"][1]["type"]),
        (&"fix: it".into(), &"ai".into())
    );

    let file = server.root().with_file_name("steps.json");
    fs::write(&file, r#"[{"name":"a","type":"ci","commands":["make"],"status":"completed"}]"#)
        .expect("a file");
    let file = file.to_str().expect("text");
    let create = ["task", "create", "--project=p", "--task=f", "--description=x", "--steps", file];
    server.ok(&create);
    let task = json(&server.ok(&["task", "show", "--project=p", "--task=f", "--json"]));
    assert_eq!(task["steps"][0]["commands"], serde_json::json!(["make"]));
    assert_eq!(task["steps"][0]["status"], "");

    let create = ["task", "create", "--project=p", "--description=x"];
    for (more, input, problem) in [
        (&["--steps", "-"][..], "{}", "expected a sequence"),
        (&["--steps", "-"], r#"[{"name":"a"}]"#, "missing field `type`"),
        (&["--steps", "-"], "a\0", "iconv -f UTF-16"),
        (&["--steps", "-", "--prompt", "-"], "[]", "only one of them"),
        (&["--metadata", "[1]"], "", "expected a JSON object"),
        (&["--step", "a"], "", "expected NAME:TYPE"),
    ] {
        let output = with_stdin(server.command(&[&create, more].concat()), input.as_bytes());
        assert_eq!(code(&output), 2, "{more:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(problem), "{problem}: {}", stderr(&output));
    }
}

#[test]
fn a_task_moves_as_its_status_allows_and_a_refusal_names_the_moves() {
    let server = server_with_task();
    let output = run(&server, &["transition", "--to=running", "--reason=go"]);
    assert_eq!((code(&output), stdout(&output)), (0, "running\n"), "{}", stderr(&output));
    let output = run(&server, &["transition", "--to=completed"]);
    assert_eq!(code(&output), 1);
    assert!(
        stderr(&output).contains(
            "[INVALID_TRANSITION]\n  allowed: validating, gh_failed, ci_failed, ci_timeout, \
             interrupted, abandoned\n"
        ),
        "{}",
        stderr(&output)
    );
    let etag = task(&server)["etag"].as_str().expect("an etag").to_owned();
    assert_eq!(
        stdout(&run(&server, &["transition", "--to=abandoned", "--etag", &etag])),
        "abandoned\n"
    );
    let output = run(&server, &["transition", "--to=running", "--etag", &etag]);
    assert!(stderr(&output).contains("[ETAG_MISMATCH]"), "{}", stderr(&output));
    let output = run(&server, &["transition", "--to=running"]);
    assert!(stderr(&output).contains("nothing follows that status"), "{}", stderr(&output));
    let moves = task(&server)["transitions"].clone();
    assert_eq!((&moves[0]["reason"], &moves[1]["to_status"]), (&"go".into(), &"abandoned".into()));
}

#[test]
fn a_step_is_saved_with_its_result_and_where_the_task_is_then() {
    let server = server_with_task();
    run(&server, &["transition", "--to=running"]);
    let saved =
        run(&server, &["step", "--index=0", "--status=completed", "--duration-ms=1500", "--next"]);
    assert_eq!((code(&saved), stdout(&saved)), (0, "1\n"), "{}", stderr(&saved));
    let etag = task(&server)["etag"].as_str().expect("an etag").to_owned();
    let result = [
        "step",
        "--index=1",
        "--status=failed",
        "--output-file=-",
        "--error=one\ntest",
        "--file-changed=a.rs",
        "--file-changed=b.rs",
        "--artifact=artifacts/log.1.txt",
        "--session=s",
        "--turns=3",
        "--metadata={\"x\":1.10}",
        "--to=ci_failed",
        "--reason=lint",
        "--etag",
        &etag,
    ];
    let all = [&["task"][..], &result, &PLACE].concat();
    let output = with_stdin(server.command(&all), b"12 passed\n1 failed\n");
    assert_eq!((code(&output), stdout(&output)), (0, "1\n"), "{}", stderr(&output));
    let again = with_stdin(server.command(&all), b"12 passed\n1 failed\n");
    assert!(stderr(&again).contains("[ETAG_MISMATCH]"), "{}", stderr(&again));

    let now = task(&server);
    assert_eq!((&now["status"], &now["current_step"]), (&"ci_failed".into(), &1.into()));
    assert_eq!(now["steps"][1]["attempts"], 1);
    let last = &now["step_results"][1];
    assert_eq!((&last["step_name"], &last["num_turns"]), (&"fix: it".into(), &3.into()));
    assert_eq!(last["output"], "12 passed\n1 failed\n");
    assert_eq!(last["files_changed"], serde_json::json!(["a.rs", "b.rs"]));
    let text = server.ok(&[&["task", "show"][..], &PLACE].concat());
    for line in [
        "step:        1 of 3, counted from 0",
        "      0  build     ci      completed      1",
        "    > 1  fix: it   ai      failed         1",
        "one\\ntest",
        "1 fix: it  failed",
        "running   ci_failed  lint",
        "9007199254740993}",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }

    let output = run(&server, &["step", "--index=3", "--status=completed"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("[INVALID_FIELD]"), "{}", stderr(&output));
    let long =
        [&["task", "step", "--index=1", "--status=x", "--output-file=-"][..], &PLACE].concat();
    let output = with_stdin(server.command(&long), &vec![b'x'; (64 << 10) + 1]);
    assert!(
        stderr(&output).contains("[TOO_LARGE]\n  keep what is long as an artifact"),
        "{}",
        stderr(&output)
    );
    let output = with_stdin(server.command(&long), b"\xff\xfea\0");
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    assert_eq!(task(&server)["step_results"].as_array().map(Vec::len), Some(2));
}

#[test]
fn an_update_changes_steps_further_data_and_the_status_by_its_rules() {
    let server = server_with_task();
    run(&server, &["step", "--index=0", "--status=completed", "--next"]);
    let one = format!("[{}]", task(&server)["steps"][0]);
    let update = [&["task", "update", "--steps=-"][..], &PLACE].concat();
    let output = with_stdin(server.command(&update), one.as_bytes());
    assert_eq!((code(&output), stdout(&output)), (0, "t\n"), "{}", stderr(&output));
    let now = task(&server);
    assert_eq!((&now["step_count"], &now["steps"][0]["status"]), (&1.into(), &"completed".into()));

    let output =
        run(&server, &["update", "--metadata={\"n\":null,\"m\":1.10}", "--status=running"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = server.ok(&[&["task", "show", "--json"][..], &PLACE].concat());
    assert!(text.contains("\"metadata\":{\"m\":1.10}"), "{text}");
    assert_eq!(json(&text)["transitions"][0]["to_status"], "running");
    let output = run(&server, &["update", "--status=completed"]);
    assert!(stderr(&output).contains("[INVALID_TRANSITION]\n  allowed: "), "{}", stderr(&output));
    let output = run(&server, &["update", "--current-step=2"]);
    assert!(stderr(&output).contains("[INVALID_FIELD]"), "{}", stderr(&output));
    assert_eq!(code(&run(&server, &["update", "--current-step=0", "--clear=steps"])), 0);
    assert_eq!(task(&server)["step_count"], 0);
    assert_eq!(code(&run(&server, &["update", "--clear=steps", "--steps=x"])), 2);
}

#[test]
fn inside_a_run_the_task_is_the_runs() {
    let server = server_with_task();
    let mut command = server.command(&["task", "transition", "--to=running", "--json"]);
    command.env("JRUN_PROJECT_ID", "p").env("JRUN_TASK_ID", "t").env("JRUN_ID", "r");
    let output = output_of(command);
    assert_eq!(json(stdout(&output))["status"], "running", "{}", stderr(&output));
}

#[test]
fn a_list_of_steps_may_begin_with_a_byte_order_mark() {
    let server = Server::start();
    let create = ["task", "create", "--description=x", "--steps=-", PLACE[0], PLACE[1]];
    let steps = "\u{feff}[{\"name\":\"a\",\"type\":\"ci\"}]";
    let output = with_stdin(server.command(&create), steps.as_bytes());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(task(&server)["steps"][0]["name"], "a");
}

#[test]
fn a_number_below_zero_is_refused_by_the_server_by_its_name() {
    let server = server_with_task();
    let step = ["step", "--status=completed", "--index"];
    for (more, field) in [
        (&["-1"][..], "step_result.step_index"),
        (&["0", "--turns", "-1"], "step_result.num_turns"),
        (&["0", "--duration-ms", "-1"], "step_result.duration_ms"),
        (&["0", "--current-step", "-1"], "current_step"),
    ] {
        let output = run(&server, &[&step[..], more].concat());
        assert_eq!(code(&output), 1, "{}", stderr(&output));
        let expected = format!("{field} is not valid: it must not be negative [INVALID_FIELD]");
        assert!(stderr(&output).contains(&expected), "{}", stderr(&output));
    }
    let output = run(&server, &["update", "--current-step", "-1"]);
    assert!(stderr(&output).contains("[INVALID_FIELD]"), "{}", stderr(&output));
}
