//! `callboard facts` and `callboard fact`.

use std::fs;

use super::lost_answer::lose_the_first_answer;
use super::{Running, code, json, stderr, stdout, with_stdin};
use crate::server::{Server, output_of};

fn server_with_task() -> Server {
    let server = Server::start();
    server.ok(&["task", "create", "--project=p", "--task=t", "--description=x"]);
    server
}

fn add(server: &Server, more: &[&str]) -> String {
    let add = ["fact", "add", "--project=p"];
    server.ok(&[&add[..], more].concat()).trim_end().to_owned()
}

/// The titles of the facts that are listed.
fn titles(server: &Server, more: &[&str]) -> Vec<String> {
    let facts = server.ok(&[&["facts", "--project=p", "--json"], more].concat());
    facts.lines().map(|line| json(line)["title"].as_str().expect("a title").to_owned()).collect()
}

#[test]
fn facts_are_about_a_task_or_about_the_project_itself() {
    let server = server_with_task();
    let of_project = add(&server, &["--title=ports", "--name=the-ports", "--body=8080\n\n"]);
    assert!(of_project.starts_with("FACT-") && of_project.ends_with("-the-ports"), "{of_project}");
    let of_task = add(&server, &["--task=t", "--title=build", "--body=", "--run=r"]);
    assert!(of_task.starts_with("TASK-FACTS-"), "{of_task}");
    let table = server.ok(&["facts", "--project=p"]);
    assert!(table.starts_with("FACT ") && table.lines().count() == 2, "{table}");
    assert!(table.ends_with("  -       ports\n"), "{table}");
    assert_eq!(titles(&server, &["--task=t"]), ["build"]);

    let shown = server.ok(&["fact", "show", "--project=p", &of_project]);
    assert!(shown.contains("\ntitle:   ports\nname:    the-ports\n"), "{shown}");
    assert!(shown.ends_with("text:\n    8080\n\n"), "{shown:?}");
    let shown = json(&server.ok(&["fact", "show", "--project=p", "--task=t", &of_task, "--json"]));
    assert_eq!((&shown["run_id"], &shown["body"]), (&"r".into(), &"".into()));
    let missing = server.run(&["fact", "show", "--project=p", &of_task]);
    assert_eq!(code(&missing), 1);
    assert!(
        stderr(&missing).contains("[FACT_NOT_FOUND]\n  callboard facts"),
        "{}",
        stderr(&missing)
    );
}

#[test]
fn inside_a_run_facts_are_about_its_task_and_an_empty_task_means_the_project() {
    let server = server_with_task();
    let inside = |arguments: &[&str]| {
        let mut command = server.command(arguments);
        command.env("JRUN_PROJECT_ID", "p").env("JRUN_TASK_ID", "t").env("JRUN_ID", "r-1");
        let output = output_of(command);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        stdout(&output).to_owned()
    };
    inside(&["fact", "add", "--title=of the task", "--body=x"]);
    inside(&["fact", "add", "--task=", "--title=of the project", "--body=x"]);
    assert_eq!(json(&inside(&["facts", "--json"]))["title"], "of the task");
    let of_project = json(&inside(&["facts", "--task=", "--json"]));
    assert_eq!(
        (&of_project["title"], &of_project["run_id"]),
        (&"of the project".into(), &"r-1".into())
    );
    assert_eq!(titles(&server, &["--task=t"]), ["of the task"]);
}

#[test]
fn facts_are_listed_newest_first_and_by_time_and_run() {
    let server = server_with_task();
    let write = |id: &str, day: &str, run: &str| {
        let text = format!(
            "---\ncreated_at: {day}T08:00:00Z\nrun_id: {run}\ntitle: {id}\n---\n\nbody of {id}\n"
        );
        fs::write(server.root().join(format!("p/FACT-{id}.md")), text).expect("a file");
    };
    write("a", "2026-01-01", "r-1");
    write("b", "2026-01-02", "r-2");
    write("c", "2026-01-03", "r-1");
    assert_eq!(titles(&server, &[]), ["c", "b", "a"]);
    assert_eq!(titles(&server, &["--since=2026-01-02"]), ["c", "b"]);
    assert_eq!(titles(&server, &["--until=2026-01-02T08:00:00Z"]), ["a"]);
    assert_eq!(titles(&server, &["--run=r-1", "--since=9999d"]), ["c", "a"]);
    assert_eq!(titles(&server, &["--since=1ms ago"]), [""; 0]);
    let text = server.ok(&["facts", "--project=p", "--bodies", "--until=2026-01-02"]);
    assert_eq!(text, "2026-01-01T08:00:00.000Z  a  run=r-1  FACT-a\n    body of a\n");
    assert_eq!(code(&server.run(&["facts", "--project=p", "--since=soon"])), 2);

    fs::write(server.root().join("p/FACT-d.md"), "no front matter").expect("a file");
    let table = server.ok(&["facts", "--project=p"]);
    assert_eq!(table.lines().count(), 6, "{table}");
    assert!(table.contains("\n  problem: "), "{table}");
}

#[test]
fn a_text_comes_from_stdin_or_from_a_file_and_only_text_is_taken() {
    let server = server_with_task();
    let file = server.root().with_file_name("body.md");
    fs::write(&file, "# from a file\r\n").expect("a file");
    let from_file = add(&server, &["--title=f", "--body-file", file.to_str().expect("a name")]);
    let body =
        |id: &str| json(&server.ok(&["fact", "show", "--project=p", id, "--json"]))["body"].clone();
    assert_eq!(body(&from_file), "# from a file\r\n");
    let piped = ["fact", "add", "--project=p", "--title=s"];
    let output = with_stdin(server.command(&piped), b"from stdin");
    assert_eq!(body(stdout(&output).trim_end()), "from stdin");
    for bytes in [&b"\xff\xfea\0b\0"[..], b"a\0b\0", b"\x89PNG\r\n\x1a\n"] {
        let output = with_stdin(server.command(&piped), bytes);
        assert_eq!(code(&output), 2, "{}", stderr(&output));
        assert!(stderr(&output).contains("is not UTF-8 text"), "{}", stderr(&output));
        fs::write(&file, bytes).expect("a file");
        let from_file = ["--body-file", file.to_str().expect("a name")];
        assert_eq!(code(&server.run(&[&piped[..], &from_file].concat())), 2);
    }
    let output = with_stdin(server.command(&piped), &vec![b'x'; (1 << 20) + 1]);
    assert!(stderr(&output).contains("FACT_BODY_BYTES_MAX = 1048576"), "{}", stderr(&output));
    assert_eq!(titles(&server, &[]), ["s", "f"]);
    let output = server.run(&["fact", "add", "--project=p", "--title=", "--body=x"]);
    assert!(stderr(&output).contains("[REQUIRED_FIELD]"), "{}", stderr(&output));
}

#[test]
fn a_fact_whose_answer_is_lost_is_repeated_and_written_once() {
    let server = server_with_task();
    let watch = Running::start(server.command(&["watch", "--project=p", "--kind=fact"]));
    watch.stderr.until("synced");
    let command = ["fact", "add", "--project=p", "--title=once", "--body=x"];
    let add = lose_the_first_answer(&server, &command, || {
        watch.stdout.until("once");
    });
    let id = add.stdout.next().expect("the id");
    let facts = server.ok(&["facts", "--project=p", "--json"]);
    assert_eq!(json(&facts)["fact_id"], id);
}

#[test]
fn the_same_request_id_writes_once() {
    let server = server_with_task();
    let command = ["fact", "add", "--project=p", "--title=once", "--body=x", "--request-id=r"];
    let first = server.ok(&command);
    let again = server.run(&command);
    assert_eq!(stdout(&again), first);
    assert!(stderr(&again).contains("nothing was written again"), "{}", stderr(&again));
    assert_eq!(titles(&server, &[]), ["once"]);
}
