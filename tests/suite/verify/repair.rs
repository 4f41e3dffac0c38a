//! `callboard verify --repair` puts right what can be put right, and loses no byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tonic::Code;

use super::tree::{RUN, bus_of, files, full, put};
use super::{Verified, repair, verify};
use crate::client::{Client, assert_refused, bodies, message};
use crate::server::Server;
use crate::storage_client::{StorageClient, log_of};

/// Asserts that the bytes of each file of before are all there, wherever they are by now: in
/// a file, or, of one that was cut, as the whole of several files.
#[track_caller]
fn assert_nothing_lost(before: &BTreeMap<PathBuf, Vec<u8>>, root: &Path) {
    let after = files(root);
    for (path, bytes) in before {
        if path == Path::new(".callboard/lock") || after.values().any(|it| contains(it, bytes)) {
            continue;
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let whole = after.values().filter(|it| !it.is_empty() && rest.starts_with(it));
            let part = whole.max_by_key(|it| it.len());
            let part = part.unwrap_or_else(|| panic!("{} lost bytes", path.display()));
            rest = &rest[part.len()..];
        }
    }
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    part.is_empty() || whole.windows(part.len()).any(|window| window == part)
}

fn kept_in(looked: &Verified, path: &str) -> String {
    let is_it = |it: &&serde_json::Value| it["path"] == path && it["repaired"] == true;
    let finding = looked.findings.iter().find(is_it).expect(path);
    let [kept] = finding["kept_in"].as_array().map_or(&[][..], Vec::as_slice) else {
        panic!("{finding}")
    };
    kept.as_str().expect("a path").to_owned()
}

/// Everything that can be put right, and damage that cannot.
fn spoil(root: &Path) {
    let whole = bus_of(&["one", "two", "three"]);
    let mut damaged = whole.clone();
    let place = bus_of(&["one"]).len() + 30;
    damaged[place] ^= 1;
    damaged.truncate(whole.len() - 3);
    put(root, "p/PROJECT-MESSAGE-BUS.md", damaged);
    put(root, "demo/job/TASK_STATE.md", b"Working \xff on it\n");
    put(root, "demo/job/task.log", "{\"a\":1}\n{\"half\":");
    put(root, &format!("{RUN}/run-info.yaml"), "pid: many\n");
    put(root, &format!("{RUN}/meta.json"), "{}");
    put(root, "demo/job/runs/run-2/cwd", "CWD=/elsewhere\n");
    put(root, "demo/job/runs/run-2/parent-run-id", "nobody\n");
    fs::remove_file(root.join("demo/job/runs/run-2/agent-type")).expect("removed");
    put(root, ".callboard/staging/1-1/task.json", "staged");
    put(root, ".callboard/trash/1-2/deep/er.md", "thrown away");
    put(root, "demo/job/.task.json.4711-3.tmp", "unfinished");
    put(root, "q/t/task.json", "{ damaged");
}

#[tokio::test]
async fn what_can_be_put_right_is_and_no_byte_is_lost() {
    let root = full().await;
    let root = root.path();
    spoil(root);
    let before = files(root);
    let found = verify(root);
    assert!(files(root) == before, "looking changed a file");
    let second = bus_of(&["one"]).len() + 1;
    let third = bus_of(&["one", "two"]).len();
    let expected = [
        ".callboard/staging/1-1 LEFTOVER",
        ".callboard/trash/1-2 LEFTOVER",
        "demo/job/.task.json.4711-3.tmp LEFTOVER",
        "demo/job/TASK_STATE.md UNREADABLE_STATE",
        &format!("{RUN}/meta.json CORRUPT_RUN_RECORD"),
        &format!("{RUN}/run-info.yaml CORRUPT_RUN_RECORD"),
        "demo/job/runs/run-2/agent-type MISSING_FILE",
        "demo/job/runs/run-2/cwd STALE_FILE",
        "demo/job/runs/run-2/parent-run-id STALE_FILE",
        "demo/job/task.log:8 TORN_LINE",
        &format!("p/PROJECT-MESSAGE-BUS.md:{second} DAMAGED_RECORD"),
        &format!("p/PROJECT-MESSAGE-BUS.md:{third} TORN_RECORD"),
        "q/t/task.json CORRUPT_DOCUMENT",
    ];
    found.assert_found(&expected);
    let repaired = repair(root);
    repaired.assert_found(&expected);
    assert_nothing_lost(&before, root);
    let words = "11 repaired, 2 damaged";
    assert!(repaired.stderr.contains(words), "{}", repaired.stderr);
    let kept = kept_in(&repaired, ".callboard/trash/1-2");
    assert!(kept.starts_with(".callboard/aside/"), "{kept}");
    assert_eq!(fs::read(root.join(&kept).join("deep/er.md")).expect("kept"), b"thrown away");
    let torn = kept_in(&repaired, "p/PROJECT-MESSAGE-BUS.md");
    assert!(torn.starts_with("p/PROJECT-MESSAGE-BUS.md.") && torn.ends_with(".torn"), "{torn}");
    let state = kept_in(&repaired, "demo/job/TASK_STATE.md");
    assert_eq!(fs::read(root.join(state)).expect("kept"), b"Working \xff on it\n");
    let record = kept_in(&repaired, &format!("{RUN}/run-info.yaml"));
    assert_eq!(fs::read(root.join(&record)).expect("kept"), b"pid: many\n");
    assert!(record.ends_with(".damaged"), "{record}");
    let stale = kept_in(&repaired, "demo/job/runs/run-2/cwd");
    assert_eq!(fs::read(root.join(stale)).expect("kept"), b"CWD=/elsewhere\n");

    // What is left is what no repair changes, and what is kept aside.
    let again = verify(root);
    let left: Vec<_> =
        again.short().into_iter().filter(|it| !it.ends_with(" KEPT_ASIDE")).collect();
    assert_eq!(
        left,
        [
            "demo/job/task.log:8 CUT_LINE".to_owned(),
            format!("p/PROJECT-MESSAGE-BUS.md:{second} DAMAGED_RECORD"),
            "q/t/task.json CORRUPT_DOCUMENT".to_owned(),
        ]
    );
    let before = files(root);
    assert_eq!(repair(root).short(), again.short(), "a second repair finds the same");
    let mut after = files(root);
    after.insert(".callboard/lock".into(), before[Path::new(".callboard/lock")].clone());
    assert!(after == before, "a second repair changed something");
}

#[tokio::test]
async fn a_repaired_tree_is_served_and_written_to() {
    let root = full().await;
    spoil(root.path());
    repair(root.path());
    let server = Server::start_on(root.path());
    let mut bus = Client::connect(&server).await;
    bus.append(message("p", "", "four")).await;
    assert_eq!(bodies(&bus.read_all("p", "").await), ["one", "four"]);
    let mut storage = StorageClient::connect(&server).await;
    let run = storage.run("run-1").await;
    assert_eq!((&*run.status, &*run.agent_type, run.exit_code), ("completed", "claude", 0));
    assert_refused(storage.meta("run-1").await, Code::NotFound, "RUN_NOT_FOUND", "meta.json");
    storage.append_task_log(log_of("demo", "job", &["{\"b\":2}"])).await.expect("a line");
    let lines = storage.read_log("demo", "job").await;
    assert_eq!(
        lines.iter().map(|line| &*line.entry).collect::<Vec<_>>(),
        ["{\"a\":1}", "{\"half\":", "{\"b\":2}"]
    );
}

#[tokio::test]
async fn a_repair_is_refused_while_a_server_holds_the_root_and_changes_nothing() {
    let root = full().await;
    let server = Server::start_on(root.path());
    put(root.path(), "demo/job/TASK_STATE.md", "no status line\n");
    let before = files(root.path());
    let refused = repair(root.path());
    assert_eq!(refused.code, Some(1));
    assert!(refused.findings.is_empty());
    let pid = format!("pid {}", server.pid());
    for word in ["ROOT_LOCKED", pid.as_str(), "stop that server"] {
        assert!(refused.stderr.contains(word), "{}", refused.stderr);
    }
    assert!(files(root.path()) == before, "a refused repair changed something");
}

#[tokio::test]
async fn several_torn_tails_behind_each_other_are_all_moved_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = bus_of(&["one", "two"]);
    let mut bytes = whole.clone();
    bytes.extend_from_slice(b"\n---\nmsg_id: MSG-1\nts: 2026\n\n---\nmsg_id: MSG-2\nts:");
    put(folder.path(), "p/PROJECT-MESSAGE-BUS.md", &bytes);
    let before = files(folder.path());
    let repaired = repair(folder.path());
    let torn = repaired.findings.iter().find(|it| it["kind"] == "TORN_RECORD").expect("a tail");
    let kept = torn["kept_in"].as_array().expect("files");
    assert_eq!(kept.len(), 2, "each half record is named: {torn}");
    assert_nothing_lost(&before, folder.path());
    let left = verify(folder.path()).short();
    assert!(left.iter().all(|it| !it.ends_with("TORN_RECORD")), "{left:?}");
}

#[tokio::test]
async fn a_repair_that_was_cut_off_is_finished_by_the_next_one() {
    let root = full().await;
    let root = root.path();
    spoil(root);
    let before = files(root);
    // Killed at whatever it is at: the later, the more is done.
    for pause in [0, 30, 60, 120, 150, 160, 170] {
        let mut child = crate::server::callboard(&["verify", "--repair", "--root"])
            .arg(root)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("callboard starts");
        // Not waiting for anything: the moment is to be any.
        std::thread::sleep(std::time::Duration::from_millis(pause));
        let _ = child.kill();
        child.wait().expect("it ends");
        assert_nothing_lost(&before, root);
    }
    repair(root);
    assert_nothing_lost(&before, root);
    let left = verify(root);
    let is_repairable = |finding: &&serde_json::Value| finding["severity"] == "repairable";
    assert_eq!(left.findings.iter().filter(is_repairable).count(), 0, "{:?}", left.short());
    assert!(left.short().contains(&"q/t/task.json CORRUPT_DOCUMENT".to_owned()), "{}", left.stderr);
}
