//! `callboard tasks` and `callboard task`.

use std::fs;
use std::process;

use super::{code, json, stderr, stdout, with_stdin};
use crate::server::{Server, output_of};

fn create(server: &Server, description: &str, more: &[&str]) -> String {
    let arguments = ["task", "create", "--project=p", "--description", description];
    server.ok(&[&arguments[..], more].concat()).trim_end().to_owned()
}

/// The first words of the lines below the titles.
fn names(table: &str) -> Vec<&str> {
    table.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect()
}

#[test]
fn tasks_are_listed_newest_first_with_their_three_facts() {
    let server = Server::start();
    assert_eq!(server.ok(&["tasks", "--project=p"]), "");
    let first = create(&server, "fix the build", &[]);
    assert!(first.starts_with("task-") && first.ends_with("-fix-the-build"), "{first}");
    create(&server, "second", &["--task=t-2"]);
    server.ok(&["task", "state", "--project=p", "--task=t-2", "--set=working"]);
    server.ok(&["task", "done", "--project=p", "--task=t-2"]);
    let table = server.ok(&["tasks", "--project=p"]);
    assert_eq!(names(&table), ["t-2", first.as_str()], "{table}");
    let words: Vec<&str> = table.lines().nth(1).expect("a task").split_whitespace().collect();
    assert_eq!(words[..4], ["t-2", "pending", "working", "done"]);
    assert_eq!(words.last(), Some(&"second"));

    let lines = server.ok(&["tasks", "--project=p", "--json", "--status=pending"]);
    let task = json(lines.lines().next().expect("a task"));
    assert_eq!(task["task_id"], "t-2");
    assert_eq!((&task["state_status"], &task["done"]), (&"working".into(), &true.into()));
    assert_eq!(server.ok(&["tasks", "--project=p", "--status=completed"]), "");
    let output = server.run(&["tasks"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("which project? give --project ID"), "{}", stderr(&output));
}

#[test]
fn a_prompt_comes_from_a_file_or_from_stdin_and_is_shown() {
    let server = Server::start();
    let file = server.root().with_file_name("prompt.md");
    fs::write(&file, "first\n\nsecond \u{1b}\n").expect("a file");
    let from_file = ["--task=f", "--depends-on=a", "--depends-on=b", "--model=m", "--prompt"];
    create(&server, "x", &[&from_file[..], &[file.to_str().expect("text")]].concat());
    let text = server.ok(&["task", "show", "--project=p", "--task=f"]);
    assert!(text.starts_with("task:        p/f\n"), "{text}");
    assert!(text.contains("depends on:  a\ndepends on:  b\n"), "{text}");
    assert!(text.ends_with("prompt:\n    first\n\n    second \u{1b}\n"), "{text}");

    let arguments =
        ["task", "create", "--project=p", "--task=s", "--description=x", "--prompt", "-"];
    let output = with_stdin(server.command(&arguments), b"from stdin");
    assert_eq!(stdout(&output), "s\n", "{}", stderr(&output));
    let task = json(&server.ok(&["task", "show", "--project=p", "--task=s", "--json"]));
    assert_eq!(task["prompt"], "from stdin");

    let output = server.run(&[&arguments[..6], &["/nonexistent/file"]].concat());
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("cannot open /nonexistent/file"), "{}", stderr(&output));
    let output = with_stdin(server.command(&arguments), &vec![b'x'; (1 << 20) + 1]);
    assert!(
        stderr(&output).contains("more than PROMPT_BYTES_MAX = 1048576"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn an_update_changes_what_it_names_and_nothing_else() {
    let server = Server::start();
    create(&server, "old", &["--task=t", "--model=m", "--template=x", "--depends-on=a"]);
    let place = ["--project=p", "--task=t"];
    let task = || json(&server.ok(&[&["task", "show", "--json"], &place[..]].concat()));
    let etag = task()["etag"].as_str().expect("an etag").to_owned();
    let update = |more: &[&str]| server.run(&[&["task", "update"], &place[..], more].concat());
    let output = update(&["--description=new", "--clear=model", "--clear=depends-on"]);
    assert_eq!((code(&output), stdout(&output)), (0, "t\n"), "{}", stderr(&output));
    let now = task();
    assert_eq!(
        (&now["description"], &now["model"], &now["template"]),
        (&"new".into(), &"".into(), &"x".into())
    );
    assert_eq!(now["depends_on"].as_array().map(Vec::len), Some(0));
    let stale = update(&["--model=other", "--etag", &etag]);
    assert_eq!(code(&stale), 1);
    assert!(stderr(&stale).contains("[ETAG_MISMATCH]"), "{}", stderr(&stale));
    assert_eq!(task()["model"], "");
    assert_eq!(code(&update(&[])), 2);
    assert_eq!(code(&update(&["--model=a", "--clear=model"])), 2);
}

#[test]
fn the_state_is_set_and_printed_as_the_file_has_it() {
    let server = Server::start();
    create(&server, "x", &["--task=t"]);
    let state = |more: &[&str]| {
        server.command(&[&["task", "state", "--project=p", "--task=t"], more].concat())
    };
    assert_eq!(stdout(&output_of(state(&[]))), "");
    assert_eq!(stdout(&output_of(state(&["--set=working", "--body=step 2"]))), "");
    assert_eq!(stdout(&output_of(state(&[]))), "status: working\n\nstep 2\n");
    let output = with_stdin(state(&["--set=review", "--body=-"]), b"from\nstdin\n");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let now = json(stdout(&output_of(state(&["--json"]))));
    assert_eq!(now["state_status"], "review");
    assert!(now["markdown"].as_str().is_some_and(|text| text.starts_with("from\nstdin")), "{now}");
    let etag = now["etag"].as_str().expect("an etag");
    let set = json(stdout(&output_of(state(&["--set=last", "--etag", etag, "--json"]))));
    assert!(set["etag"].as_str().is_some_and(|new| new != etag && !new.is_empty()), "{set}");
    let stale = output_of(state(&["--set=other", "--etag", etag]));
    assert!(stderr(&stale).contains("[ETAG_MISMATCH]"), "{}", stderr(&stale));
    assert_eq!(stdout(&output_of(state(&[]))), "status: last\n");
    assert_eq!(code(&output_of(state(&["--set=two words"]))), 1);
    assert_eq!(code(&output_of(state(&["--body=without a word"]))), 2);
}

#[test]
fn a_task_is_marked_as_done_and_not_done_again() {
    let server = Server::start();
    create(&server, "x", &["--task=t"]);
    let done =
        |more: &[&str]| server.run(&[&["task", "done", "--project=p", "--task=t"], more].concat());
    assert_eq!(stdout(&done(&["--json"])), "{\"changed\":true}\n");
    assert!(server.root().join("p/t/DONE").exists());
    assert!(stderr(&done(&[])).contains("task p/t was done already"));
    assert_eq!(stdout(&done(&["--clear", "--json"])), "{\"changed\":true}\n");
    assert!(!server.root().join("p/t/DONE").exists());
    assert!(stderr(&done(&["--clear"])).contains("task p/t was not done already"));
    let output = server.run(&["task", "done", "--project=p", "--task=none"]);
    assert!(stderr(&output).contains("[TASK_NOT_FOUND]\n  callboard tasks"), "{}", stderr(&output));
}

#[test]
fn what_is_removed_is_never_taken_from_the_surroundings() {
    let server = Server::start();
    create(&server, "x", &["--task=t"]);
    let inside = |arguments: &[&str]| {
        let mut command = server.command(&[&["task", "delete"], arguments].concat());
        command.env("JRUN_PROJECT_ID", "p").env("JRUN_TASK_ID", "t");
        command.current_dir(server.root().join("p/t"));
        output_of(command)
    };
    for arguments in
        [&["--task=t"][..], &["--project=p"], &[], &["--project=", "--task=t"], &["--task="]]
    {
        let output = inside(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}: {}", stderr(&output));
    }
    assert!(server.root().join("p/t").exists());
    assert_eq!(code(&inside(&["--project=p", "--task=t"])), 0);
    assert!(!server.root().join("p/t").exists());
}

#[test]
fn a_task_with_a_live_run_is_removed_only_with_force() {
    let server = Server::start();
    create(&server, "x", &["--task=t"]);
    let pid = process::id().to_string();
    server.ok(&["run", "create", "--project=p", "--task=t", "--agent=a", "--pid", &pid]);
    let delete = ["task", "delete", "--project=p", "--task=t"];
    let output = server.run(&delete);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("[RUN_ACTIVE]\n"), "{}", stderr(&output));
    let output = server.run(&[&delete[..], &["--force"]].concat());
    assert_eq!(code(&output), 0);
    assert!(stderr(&output).contains("removed task p/t"), "{}", stderr(&output));
    assert!(!server.root().join("p/t").exists());
    assert_eq!(code(&server.run(&delete)), 1);
    assert_eq!(code(&server.run(&[&delete[..], &["--allow-missing"]].concat())), 0);
}
