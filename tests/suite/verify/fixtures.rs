//! Trees that are as they should be, and those of other programs.

use std::fs;
use std::path::Path;

use super::tree::{copy, files, full, put};
use super::verify;

const RESUME: &str = "checkpointed/task-20260301-090000-resume";
const GREETING: &str = "today/task-20260205-115154-greeting";

#[tokio::test]
async fn a_tree_that_a_server_wrote_is_clean_and_looking_changes_no_byte() {
    let root = full().await;
    let before = files(root.path());
    assert!(before.len() > 25, "{before:?}");
    let looked = verify(root.path());
    looked.assert_found(&[]);
    assert!(files(root.path()) == before, "looking changed a file");
    let counts = "1 project, 1 task, 2 runs, 2 buses with 5 messages: nothing is wrong";
    assert!(looked.stderr.contains(counts), "{}", looked.stderr);
}

#[test]
fn in_the_frozen_tree_exactly_that_is_found_which_is_wrong_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/layout-v1"), folder.path());
    let before = files(folder.path());
    verify(folder.path()).assert_found(&[
        "checkpointed/FACT-20260303-100000-damaged.md CORRUPT_DOCUMENT",
        &format!("{RESUME}/runs/20260301-0905000000-77-4/events.jsonl:296 TORN_LINE"),
        &format!("{RESUME}/runs/damaged-meta/meta.json CORRUPT_RUN_RECORD"),
        &format!("{RESUME}/task.log:65 CUT_LINE"),
        "older/damaged-record/task.json CORRUPT_DOCUMENT",
        "older/forms/runs/not-utf8/run-info.yaml CORRUPT_RUN_RECORD",
        "older/forms/runs/restart/run-info.yaml INCONSISTENT",
        "older/forms/runs/unparsable/run-info.yaml CORRUPT_RUN_RECORD",
        "older/newer-names/task.json WRONG_ID",
        "older/newer-names/task.json INCONSISTENT",
        "older/state-corrupt/TASK_STATE.md UNREADABLE_STATE",
        "older/state-no-word/TASK_STATE.md UNREADABLE_STATE",
        "older/v1.2..final/runs/run..1/run-info.yaml INCONSISTENT",
        &format!("{GREETING}/runs/20260205-1151541234-12345-1/cwd STALE_FILE"),
        &format!("{GREETING}/runs/20260205-1151541234-12345-1/meta.json CORRUPT_RUN_RECORD"),
    ]);
    assert!(files(folder.path()) == before, "looking changed a file");
}

#[test]
fn what_real_programs_wrote_is_looked_through_without_a_crash() {
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/real");
    let Ok(swarm) = fs::read(real.join("swarm.MESSAGE-BUS.md")) else {
        println!("notice: the real files are not here, nothing was tested");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), "swarm/PROJECT-MESSAGE-BUS.md", swarm);
    let legacy = fs::read(real.join("legacy-and-yaml.MESSAGE-BUS.md")).expect("a bus");
    put(folder.path(), "legacy/PROJECT-MESSAGE-BUS.md", legacy);
    let run_info = fs::read(real.join("hello-world.run-info.yaml")).expect("a record");
    let run = "hello-world/greeting/runs/run_20260205-115154-12345";
    put(folder.path(), &format!("{run}/run-info.yaml"), run_info);
    let looked = verify(folder.path());
    looked.assert_found(&[]);
    assert!(looked.stderr.contains("1 run, 2 buses with 473 messages"), "{}", looked.stderr);
}
