//! What holds of any bytes that the smaller documents of a tree may have: what is read says
//! the same when it is written again.

use callboard::domain::{FactScope, FactText, JsonObject, RunEvent, TaskState};
use callboard::layout::{
    cwd_file, event_line, fact_file, home_folders_file, meta_file, state_file, task_config_file,
};

use super::{shown, task};

/// Checks `meta.json`.
pub(crate) fn check_meta(bytes: &[u8]) {
    let Ok(meta) = meta_file::read(bytes, "run-1") else {
        return;
    };
    for previous in [None, Some(bytes)] {
        let written = meta_file::write(&meta, previous).expect("it was read");
        let mut read = meta_file::read(&written, "run-1").expect("ours");
        if previous.is_none() {
            // A new file is of today's form.
            read.schema_version.clone_from(&meta.schema_version);
        }
        assert_eq!(read, meta, "{}", shown(&written));
        let again = meta_file::write(&meta, Some(&written)).expect("ours");
        assert_eq!(shown(&again), shown(&written));
    }
}

/// Checks a fact's file.
pub(crate) fn check_fact(bytes: &[u8]) {
    let Ok(fact) = fact_file::read(bytes) else {
        return;
    };
    let written = fact_file::write(&FactScope::Task(task()), &fact);
    assert_eq!(fact_file::read(&written).as_ref(), Ok(&fact), "{}", shown(&written));
    let written = fact_file::write(&FactScope::Project(task().project), &fact);
    let of_project = FactText { name: String::new(), ..fact };
    assert_eq!(fact_file::read(&written), Ok(of_project), "{}", shown(&written));
}

/// Checks `home-folders.md`.
pub(crate) fn check_home_folders(bytes: &[u8]) {
    let Ok(mut folders) = home_folders_file::read(bytes) else {
        return;
    };
    let alone = home_folders_file::write(&folders, None).expect("nothing is to be kept");
    assert_eq!(home_folders_file::read(&alone).as_ref(), Ok(&folders), "{}", shown(&alone));
    folders.source_folders.push("/new: # folder".to_owned());
    // What cannot be kept is said, and nothing is written.
    if let Ok(written) = home_folders_file::write(&folders, Some(bytes)) {
        assert_eq!(home_folders_file::read(&written).as_ref(), Ok(&folders), "{}", shown(&written));
        let again = home_folders_file::write(&folders, Some(&written)).expect("ours");
        assert_eq!(shown(&again), shown(&written));
    }
}

/// Checks `TASK-CONFIG.yaml`.
pub(crate) fn check_task_config(bytes: &[u8]) {
    let Ok(mut tasks) = task_config_file::read(bytes) else {
        return;
    };
    let alone = task_config_file::write(&tasks, None).expect("nothing is to be kept");
    assert_eq!(task_config_file::read(&alone).as_ref(), Ok(&tasks), "{}", shown(&alone));
    tasks.push("task-b".to_owned());
    if let Ok(written) = task_config_file::write(&tasks, Some(bytes)) {
        assert_eq!(task_config_file::read(&written).as_ref(), Ok(&tasks), "{}", shown(&written));
        let again = task_config_file::write(&tasks, Some(&written)).expect("ours");
        assert_eq!(shown(&again), shown(&written));
    }
}

/// Checks `TASK_STATE.md`, and the small files of a run, which nothing refuses either.
pub(crate) fn check_task_state(bytes: &[u8]) {
    let found = state_file::read(bytes);
    if found.corrupt {
        assert_eq!(found.state.markdown, shown(bytes));
    } else {
        let written = state_file::write(&found.state);
        assert_eq!(state_file::read(&written), found, "{}", shown(&written));
    }
    let state = TaskState { status: "done".to_owned(), markdown: shown(bytes).into_owned() };
    assert_eq!(state_file::read(&state_file::write(&state)).state, state);

    let info = cwd_file::read(bytes, &task(), "run-1");
    let _ = cwd_file::read(&cwd_file::write(&info), &task(), "run-1");
    let line = cwd_file::write_line(&cwd_file::read_line(bytes));
    assert_eq!(line.iter().position(|&byte| byte == b'\n'), Some(line.len() - 1), "one line");
}

/// Checks JSON that callers give us to keep in a line.
pub(crate) fn check_json_line(bytes: &[u8]) {
    let text = shown(bytes);
    let Ok(data) = JsonObject::parse(&text) else {
        return;
    };
    assert_eq!(JsonObject::parse(data.as_str()).as_ref(), Ok(&data));
    let event = RunEvent {
        timestamp: jiff::Timestamp::UNIX_EPOCH,
        repo_id: String::new(),
        run_id: "run-1".to_owned(),
        event: text.chars().rev().collect(),
        data: Some(data),
    };
    let line = event_line::write(&event);
    assert_eq!(line.iter().position(|&byte| byte == b'\n'), Some(line.len() - 1));
    // Numbers that no program can hold stay as they are written.
    let read: std::collections::BTreeMap<String, Box<serde_json::value::RawValue>> =
        serde_json::from_slice(&line).expect("a line is JSON");
    let name: String = serde_json::from_str(read["event"].get()).expect("a text");
    assert_eq!(name, event.event);
    assert_eq!(Some(read["data"].get()), event.data.as_ref().map(JsonObject::as_str));
}
