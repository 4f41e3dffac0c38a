//! The command line of `callboard verify`.

use std::fs;

use super::tree::{bus_of, full, put};
use super::{verify, verify_with};
use crate::server::{callboard, output_of};

fn text(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = output_of(callboard(arguments));
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_finding_is_a_line_with_its_place_its_kind_and_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut bytes = bus_of(&["one", "two"]);
    let second = bus_of(&["one"]).len() + 1;
    let end = bytes.len() - 2;
    bytes[end] ^= 1;
    put(folder.path(), "p/PROJECT-MESSAGE-BUS.md", &bytes);
    put(folder.path(), "p/t/task.json", "{}");
    put(folder.path(), "p/t/artifacts/\u{1b}[2J", "x");
    let root = folder.path().to_str().expect("a path");
    let (code, stdout, stderr) = text(&["verify", "--root", root]);
    assert_eq!(code, Some(1));
    let lines: Vec<_> = stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{stdout}");
    let length = bytes.len() - second;
    assert_eq!(
        lines[0],
        format!(
            "p/PROJECT-MESSAGE-BUS.md:{second}: DAMAGED_RECORD: the checksum of a record does not \
             fit; it is passed over ({length} bytes) (it stays, and the messages around it are \
             served)"
        )
    );
    assert!(lines[1].starts_with("p/t/artifacts/\\x1b[2J: UNREACHABLE_NAME: "), "{}", lines[1]);
    assert_eq!(
        stderr,
        "callboard: 3 files, 1 project, 1 task, 0 runs, 1 bus with 1 message: 2 damaged\n"
    );
}

#[test]
fn as_json_a_finding_is_an_object_with_keys_that_do_not_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = bus_of(&["one"]);
    put(folder.path(), "p/PROJECT-MESSAGE-BUS.md", &whole[..whole.len() - 1]);
    put(folder.path(), "p/home-folders.md", "a: [\n");
    let keys = |finding: &serde_json::Value| {
        finding.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" ")
    };
    let looked = verify(folder.path());
    assert_eq!(keys(&looked.findings[0]), "path offset kind severity message advice");
    assert_eq!(looked.findings[0]["offset"], 0);
    assert_eq!(looked.findings[0]["severity"], "repairable");
    assert_eq!(keys(&looked.findings[1]), "path kind severity message advice");
    assert_eq!(looked.findings[1]["severity"], "damage");
    let repaired = verify_with(folder.path(), &["--repair"]);
    assert_eq!(
        keys(&repaired.findings[0]),
        "path offset kind severity message advice repaired kept_in"
    );
    assert_eq!(keys(&repaired.findings[1]), "path kind severity message advice");
}

#[tokio::test]
async fn the_exit_code_says_whether_something_is_wrong() {
    let root = full().await;
    let path = root.path().to_str().expect("a path");
    assert_eq!(text(&["verify", "--root", path]).0, Some(0));
    // A note is no reason to fail.
    put(root.path(), "demo/job/TASK_STATE.md.1.torn", "x");
    let (code, stdout, stderr) = text(&["verify", "--root", path]);
    assert_eq!((code, stdout.lines().count()), (Some(0), 1));
    assert!(stderr.ends_with("nothing is wrong, 1 note\n"), "{stderr}");
    // What is all repaired is no reason either.
    put(root.path(), "demo/job/TASK_STATE.md", "no status line\n");
    assert_eq!(text(&["verify", "--root", path]).0, Some(1));
    let (code, stdout, _) = text(&["verify", "--root", path, "--repair"]);
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("repaired; the old bytes are in demo/job/TASK_STATE.md."), "{stdout}");
    assert_eq!(text(&["verify", "--no-such-flag"]).0, Some(2));
}

#[test]
fn a_root_that_is_not_there_is_an_error_and_is_not_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing");
    let path = missing.to_str().expect("a path");
    for further in [&[][..], &["--repair"]] {
        let (code, stdout, stderr) = text(&[&["verify", "--root", path][..], further].concat());
        assert_eq!((code, stdout.as_str()), (Some(1), ""));
        assert!(stderr.contains("missing") && stderr.contains("No such file"), "{stderr}");
    }
    assert!(!missing.exists());
    fs::write(&missing, "a file").expect("written");
    let (code, _, stderr) = text(&["verify", "--root", path]);
    assert_eq!(code, Some(1), "{stderr}");
}

#[tokio::test]
async fn the_root_is_taken_from_the_environment_too() {
    let root = full().await;
    let mut command = callboard(&["verify"]);
    command.env("CALLBOARD_ROOT", root.path());
    let output = output_of(command);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("1 project"));
}
