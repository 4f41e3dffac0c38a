//! What holds of any bytes that a `run-info.yaml` may have.

use callboard::domain::{Etag, RunInfo};
use callboard::layout::run_info_file::{read, write};
use serde_yaml::{Mapping, Value};

use super::{shown, task};

const FOLDER: &str = "run-1";

/// Checks that what is read says the same when it is written into the file again, that a
/// change changes nothing else, and that what others put there stays.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(info) = read(bytes, &task(), FOLDER) else {
        return;
    };
    let alone = write(&info, None).expect("without anything to keep");
    assert_eq!(read(&alone, &task(), FOLDER).as_ref(), Ok(&info), "{}", shown(&alone));
    // What cannot be kept is said, and nothing is written.
    let Ok(written) = write(&info, Some(bytes)) else {
        return;
    };
    assert_eq!(read(&written, &task(), FOLDER).as_ref(), Ok(&info), "{}", shown(&written));
    assert_eq!(shown(&write(&info, Some(&written)).expect("a file of ours")), shown(&written));
    check_others(bytes, &written);
    check_etags(bytes, &written);

    for changed in changes(&info) {
        let written = write(&changed, Some(bytes)).expect("it could be kept before");
        assert_eq!(read(&written, &task(), FOLDER), Ok(changed), "{}", shown(&written));
        check_others(bytes, &written);
    }
}

/// The run with one thing changed.
fn changes(info: &RunInfo) -> [RunInfo; 4] {
    [
        RunInfo { status: "failed".to_owned(), ..info.clone() },
        RunInfo { exit_code: -7, ..info.clone() },
        RunInfo {
            end_time: Some("2026-03-04T05:06:07.5Z".parse().expect("a time")),
            ..info.clone()
        },
        RunInfo { error_summary: format!("{}: \n# '\"", info.cwd), ..info.clone() },
    ]
}

/// Keys that we do not know keep their values.
fn check_others(before: &[u8], after: &[u8]) {
    let Ok(before) = serde_yaml::from_slice::<Mapping>(before) else {
        return;
    };
    let after: Mapping = serde_yaml::from_slice(after).expect("what is written is YAML");
    for (key, value) in &before {
        let is_ours = key.as_str().is_some_and(|key| OURS.contains(&key));
        assert!(is_ours || after.get(key) == Some(value), "{key:?}: {value:?} is gone: {after:?}");
    }
    let added = after.keys().filter(|key| !before.contains_key(*key));
    let known = |key: &Value| key.as_str().is_some_and(|key| OURS.contains(&key));
    assert!(added.into_iter().all(known), "more than ours was added: {after:?}");
}

/// An etag is that of the bytes, and comes back from its text.
pub(super) fn check_etags(before: &[u8], after: &[u8]) {
    let etag = Etag::of(before);
    assert_eq!(etag == Etag::of(after), before == after);
    assert_eq!(Etag::parse(etag.as_str()).ok().flatten(), Some(etag));
}

const OURS: [&str; 23] = [
    "version",
    "run_id",
    "parent_run_id",
    "previous_run_id",
    "project_id",
    "task_id",
    "agent",
    "process_ownership",
    "pid",
    "pgid",
    "start_time",
    "end_time",
    "exit_code",
    "status",
    "cwd",
    "prompt_path",
    "output_path",
    "stdout_path",
    "stderr_path",
    "commandline",
    "error_summary",
    "agent_version",
    "agent_type",
];
