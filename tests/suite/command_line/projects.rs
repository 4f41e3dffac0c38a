//! `callboard projects` and `callboard project`.

use serde_json::Value;

use super::{code, json, stderr, stdout};
use crate::server::{Server, output_of};

#[test]
fn a_project_is_created_listed_changed_and_removed() {
    let server = Server::start();
    assert_eq!(server.ok(&["projects"]), "");
    let create = ["project", "create", "--project=demo", "--project-root=/src/demo"];
    assert_eq!(
        server.ok(&[&create[..], &["--source-folder=a", "--source-folder=b"]].concat()),
        "demo\n"
    );
    let table = server.ok(&["projects"]);
    let rows: Vec<Vec<&str>> =
        table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows, [vec!["PROJECT", "ROOT", "FOLDER"], vec!["demo", "/src/demo"]]);
    let text = server.ok(&["project", "show", "--project=demo"]);
    for line in ["project:       demo", "root folder:   /src/demo", "source folder: b"] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }

    let project = json(&server.ok(&["project", "show", "--project=demo", "--json"]));
    let etag = project["etag"].as_str().expect("an etag").to_owned();
    let update = ["project", "update", "--project=demo", "--etag", &etag, "--clear=source-folders"];
    assert_eq!(server.ok(&update), "demo\n");
    let project = json(&server.ok(&["projects", "--json"]));
    assert_eq!(project["source_folders"], Value::from(Vec::<String>::new()));
    assert_eq!(project["project_root"], "/src/demo");
    let output = server.run(&update);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("[ETAG_MISMATCH]\n  somebody else"), "{}", stderr(&output));

    server.ok(&["project", "delete", "--project=demo", "--force"]);
    let output = server.run(&["project", "show", "--project=demo"]);
    assert_eq!(code(&output), 1);
    assert!(
        stderr(&output).contains("[PROJECT_NOT_FOUND]\n  callboard projects lists"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_project_with_something_in_it_is_removed_only_with_force() {
    let server = Server::start();
    server.ok(&["task", "create", "--project=p", "--description=x"]);
    let output = server.run(&["project", "delete", "--project=p"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("[NOT_EMPTY]\n  --force"), "{}", stderr(&output));
    assert!(server.root().join("p").exists());
    let output = server.run(&["project", "delete", "--project=p", "--force", "--json"]);
    assert_eq!((code(&output), stdout(&output)), (0, "{\"existed\":true}\n"));
    assert!(stderr(&output).contains("removed project p"), "{}", stderr(&output));
    assert!(!server.root().join("p").exists());
    assert_eq!(code(&server.run(&["project", "delete", "--project=p"])), 1);
    let output = server.run(&["project", "delete", "--project=p", "--allow-missing"]);
    assert_eq!(code(&output), 0);
    assert!(stderr(&output).contains("there was no project p"), "{}", stderr(&output));
}

#[test]
fn what_is_removed_must_be_named() {
    let server = Server::start();
    server.ok(&["run", "create", "--project=p", "--task=t", "--run=r", "--agent=a"]);
    for (arguments, missing) in [
        (["project", "delete"], "--project <ID>"),
        (["task", "delete"], "--task <ID>"),
        (["run", "delete"], "which run? give --run ID"),
    ] {
        let mut command = server.command(&arguments);
        command.env("JRUN_PROJECT_ID", "p").env("JRUN_TASK_ID", "t").env("JRUN_ID", "r");
        let output = output_of(command);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(stderr(&output).contains(missing), "{}", stderr(&output));
    }
    assert!(server.root().join("p/t/runs/r").exists());
}

#[test]
fn repeating_a_create_creates_nothing_again() {
    let server = Server::start();
    let create = ["project", "create", "--project=p", "--request-id=x"];
    server.ok(&create);
    let again = server.run(&create);
    assert_eq!((code(&again), stdout(&again)), (0, "p\n"));
    assert!(stderr(&again).contains("nothing was created again"), "{}", stderr(&again));
    let other = server.run(&["project", "create", "--project=p"]);
    assert_eq!(code(&other), 1);
    assert!(stderr(&other).contains("[PROJECT_EXISTS]"), "{}", stderr(&other));
    let reused = server.run(&["project", "create", "--project=q", "--request-id=x"]);
    assert!(stderr(&reused).contains("[REQUEST_ID_REUSED]"), "{}", stderr(&reused));
}

#[test]
fn an_update_says_what_to_change() {
    let server = Server::start();
    server.ok(&["project", "create", "--project=p"]);
    let output = server.run(&["project", "update", "--project=p"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("there is nothing to change"), "{}", stderr(&output));
    let both = ["project", "update", "--project=p", "--project-root=x", "--clear=project-root"];
    let output = server.run(&both);
    assert_eq!(code(&output), 2);
    assert!(
        stderr(&output).contains("--clear project-root, and a new value"),
        "{}",
        stderr(&output)
    );
}
