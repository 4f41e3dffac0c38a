//! What can be wrong with documents, logs and artifacts.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;

use super::tree::{RUN, full, put};
use super::{Verified, verify};
use crate::server::{callboard, output_of};

#[tokio::test]
async fn documents_that_cannot_be_read_are_found() {
    let root = full().await;
    let root = root.path();
    put(root, "demo/FACT-x.md", "no front matter");
    put(root, "demo/home-folders.md", "project_root: [a]\n");
    put(root, "demo/job/TASK-CONFIG.yaml", "depends_on: {a: b}\n");
    put(root, "demo/job/TASK-FACTS-x.md", b"\xff");
    put(root, "demo/job/TASK_STATE.md", "Working on it\n");
    put(root, &format!("{RUN}/meta.json"), "");
    put(root, &format!("{RUN}/run-info.yaml"), "pid: many\n");
    put(root, "demo/job/task.json", "{\"steps\": [{\"name\": 5}]}");
    let looked = verify(root);
    looked.assert_found(&[
        "demo/FACT-x.md CORRUPT_DOCUMENT",
        "demo/home-folders.md CORRUPT_DOCUMENT",
        "demo/job/TASK-CONFIG.yaml CORRUPT_DOCUMENT",
        "demo/job/TASK-FACTS-x.md CORRUPT_DOCUMENT",
        "demo/job/TASK_STATE.md UNREADABLE_STATE",
        &format!("{RUN}/meta.json CORRUPT_RUN_RECORD"),
        &format!("{RUN}/run-info.yaml CORRUPT_RUN_RECORD"),
        "demo/job/task.json CORRUPT_DOCUMENT",
    ]);
    let message = looked.findings[7]["message"].as_str().expect("a message");
    assert!(message.contains("`steps[0].name` is no text at line 1"), "{message}");
}

#[tokio::test]
async fn what_is_larger_than_any_document_is_not_read_as_one() {
    let root = full().await;
    put(root.path(), "demo/job/TASK.md", vec![b'x'; (2 << 20) + 1]);
    verify(root.path()).assert_found(&["demo/job/TASK.md CORRUPT_DOCUMENT"]);
}

#[tokio::test]
async fn what_records_say_that_cannot_be_is_noted() {
    let root = full().await;
    let root = root.path();
    let record = root.join("demo/job/task.json");
    let text = fs::read_to_string(&record).expect("the record");
    let moves = "\"from_status\": \"pending\",\n      \"to_status\": \"running\"";
    assert!(text.contains(moves), "{text}");
    let text = text
        .replace("\"current_step\": 1", "\"current_step\": 2")
        .replace("\"id\": \"job\"", "\"id\": \"other\"")
        .replace(moves, "\"from_status\": \"pending\",\n      \"to_status\": \"completed\"");
    fs::write(&record, text).expect("written");
    let info = root.join(RUN).join("run-info.yaml");
    let text = fs::read_to_string(&info).expect("the record");
    let end = text.lines().find(|line| line.starts_with("end_time:")).expect("an end").to_owned();
    let text = text.replace(&end, "end_time: 0001-01-01T00:00:00Z");
    fs::write(&info, text.replace("project_id: demo", "project_id: old")).expect("written");
    verify(root).assert_found(&[
        &format!("{RUN}/run-info.yaml WRONG_ID"),
        &format!("{RUN}/run-info.yaml INCONSISTENT"),
        "demo/job/task.json WRONG_ID",
        "demo/job/task.json INCONSISTENT",
        "demo/job/task.json ILLEGAL_MOVE",
        "demo/job/task.json ILLEGAL_MOVE",
    ]);
}

#[tokio::test]
async fn what_repeats_a_record_is_compared_with_it() {
    let root = full().await;
    let root = root.path();
    fs::remove_file(root.join(RUN).join("agent-type")).expect("removed");
    put(root, &format!("{RUN}/cwd"), "CWD=/elsewhere\n");
    put(root, "demo/job/runs/run-2/parent-run-id", "run-1\n");
    verify(root).assert_found(&[
        &format!("{RUN}/agent-type MISSING_FILE"),
        &format!("{RUN}/cwd STALE_FILE"),
        "demo/job/runs/run-2/parent-run-id STALE_FILE",
    ]);
}

#[tokio::test]
async fn lines_that_are_no_objects_are_found_with_their_offsets() {
    let root = full().await;
    let root = root.path();
    put(root, "demo/job/task.log", "{\"a\":1}\nnonsense\n\n{\"b\":\"cut\n[]\n{\"c\":2}");
    put(root, &format!("{RUN}/events.jsonl"), "{}\n{\"half\":");
    let long = format!("{{\"a\":\"{}\"}}\n{{}}\n", "x".repeat(64 << 10));
    put(root, "demo/long/task.json", "{}");
    put(root, "demo/long/task.log", long);
    verify(root).assert_found(&[
        &format!("{RUN}/events.jsonl:3 TORN_LINE"),
        "demo/job/task.log:8 BAD_LINE",
        "demo/job/task.log:18 CUT_LINE",
        "demo/job/task.log:28 BAD_LINE",
        "demo/long/task.log:0 BAD_LINE",
    ]);
}

#[tokio::test]
async fn a_log_is_split_into_lines_wherever_it_is_read_in_pieces() {
    let root = full().await;
    // Longer than what is read at a time, with lines across every border.
    let line = format!("{{\"a\":\"{}\"}}\n", "x".repeat(40_000));
    let bad = line.len() * 20;
    let log = format!("{}bad\n{}", line.repeat(20), line.repeat(20));
    put(root.path(), "demo/job/task.log", log);
    verify(root.path()).assert_found(&[&format!("demo/job/task.log:{bad} BAD_LINE")]);
}

#[tokio::test]
async fn artifacts_that_nobody_can_ask_for_or_open_are_found() {
    let root = full().await;
    let root = root.path();
    put(root, "demo/job/artifacts/v.10000.md", "the last one");
    put(root, "demo/job/artifacts/a\nb", "a line break");
    let deep = format!("demo/job/artifacts/{}", ["d"; 65].join("/"));
    put(root, &format!("{deep}/text.md"), "too deep");
    symlink("/etc/passwd", root.join("demo/job/artifacts/link")).expect("a symlink");
    let socket = root.join("demo/job/artifacts/socket");
    let _socket = std::os::unix::net::UnixListener::bind(socket).expect("a socket");
    verify(root).assert_found(&[
        "demo/job/artifacts/a\nb UNREACHABLE_NAME",
        &format!("{deep} UNREACHABLE_NAME"),
        "demo/job/artifacts/link NOT_REGULAR",
        "demo/job/artifacts/socket NOT_REGULAR",
        "demo/job/artifacts/v.10000.md VERSIONS_FULL",
    ]);
}

#[tokio::test]
async fn a_symlink_or_a_folder_in_place_of_a_document_is_found_and_not_followed() {
    let root = full().await;
    let root = root.path();
    let outside = tempfile::tempdir().expect("a folder");
    put(outside.path(), "task.json", "{ damaged");
    put(outside.path(), "runs/x/run-info.yaml", "damaged: [");
    symlink(outside.path(), root.join("linked")).expect("a symlink");
    symlink(outside.path(), root.join("demo/job/runs/linked")).expect("a symlink");
    fs::remove_file(root.join("demo/job/task.json")).expect("removed");
    symlink(outside.path().join("task.json"), root.join("demo/job/task.json")).expect("a symlink");
    fs::remove_file(root.join("demo/job/DONE")).expect("removed");
    fs::create_dir(root.join("demo/job/DONE")).expect("a folder");
    let lock = root.join(RUN).join("run-info.yaml.lock");
    let _ = fs::remove_file(&lock);
    symlink("/dev/null", &lock).expect("a symlink");
    verify(root).assert_found(&[
        "demo/job/DONE NOT_REGULAR",
        "demo/job/runs/linked NOT_REGULAR",
        &format!("{RUN}/run-info.yaml.lock NOT_REGULAR"),
        "demo/job/task.json NOT_REGULAR",
        "linked NOT_REGULAR",
    ]);
}

#[tokio::test]
async fn a_file_that_the_system_does_not_let_us_read_is_found() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = full().await;
    let closed = root.path().join("demo/job/artifacts/plan.md");
    let mut command = callboard(&["verify", "--json", "--root"]);
    command.arg(root.path());
    let is_root = rustix::process::geteuid().is_root();
    let open = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    if is_root {
        // Root reads everything, so somebody else looks.
        let chown = std::process::Command::new("chown")
            .args(["-R", "65534:65534"])
            .arg(root.path())
            .status();
        assert!(chown.expect("chown runs").success());
        command.uid(65534).gid(65534);
    }
    open(&closed, 0o000);
    let looked = Verified::of(output_of(command));
    open(&closed, 0o600);
    looked.assert_found(&["demo/job/artifacts/plan.md UNREADABLE"]);
}

#[tokio::test]
async fn what_other_programs_keep_in_the_tree_is_left_alone() {
    let root = full().await;
    let root = root.path();
    put(root, "notes.txt", b"\xff");
    put(root, ".git/config", "x");
    put(root, "demo/.hidden/task.json", "damaged");
    put(root, "demo/src/main.rs", "fn main() {}");
    put(root, "demo/src/TASK_STATE.md", "of no task");
    put(root, "demo/src/task.log", "of no task");
    put(root, "demo/like-a.lock/TASK.md", "a task of another program");
    put(root, "demo/job/.task.json.4711.tmp", "another program's");
    put(root, "demo/job/other.lock", "x");
    put(root, &format!("{RUN}/checkpoint.bin"), b"\xff");
    symlink("/etc", root.join("demo/elsewhere")).expect("a symlink");
    verify(root).assert_found(&[]);
}
