//! What holds of any bytes that a `task.json` may have.

use std::collections::BTreeMap;

use callboard::domain::{JsonObject, TaskProgress, TaskRecord, Transition};
use callboard::layout::task_file::{Edit, read, read_progress, write};
use serde_json::value::RawValue;

use super::run_info::check_etags;
use super::{shown, task};

/// Checks that what is read says the same when it is written into the file again, that a
/// change changes nothing else, and that what others put there keeps its text.
pub(crate) fn check(bytes: &[u8]) {
    let (record, progress) = match (read(bytes), read_progress(bytes)) {
        (Ok(record), Ok(progress)) => (record, progress),
        _ => {
            let written = write(&task(), &TaskRecord::default(), &Edit::default(), Some(bytes));
            assert!(written.is_err(), "what cannot be read is written over");
            return;
        }
    };
    let written = write(&task(), &record, &Edit::default(), Some(bytes)).expect("it was read");
    check_says(&written, &record, &progress);
    let again = write(&task(), &record, &Edit::default(), Some(&written)).expect("ours");
    assert_eq!(shown(&again), shown(&written));
    check_others(bytes, &written, &[]);
    check_etags(bytes, &written);
    check_changes(bytes, &record, &progress);
}

fn check_says(written: &[u8], record: &TaskRecord, progress: &TaskProgress) {
    let mut expected = record.clone();
    if expected.schema_version.is_empty() {
        expected.schema_version = "1.0".to_owned();
    }
    assert_eq!(read(written).as_ref(), Ok(&expected), "{}", shown(written));
    assert_eq!(read_progress(written).as_ref(), Ok(progress), "{}", shown(written));
}

fn check_changes(bytes: &[u8], record: &TaskRecord, progress: &TaskProgress) {
    let changed = TaskRecord {
        status: "running".to_owned(),
        description: format!("{}\"\\\u{1}\u{2028}", record.template),
        completed_at: None,
        updated_at: Some("2026-03-04T05:06:07.5Z".parse().expect("a time")),
        ..record.clone()
    };
    let moved = Transition {
        from_status: record.status.clone(),
        to_status: "running".to_owned(),
        timestamp: changed.updated_at,
        reason: record.description.clone(),
    };
    let edit = Edit { transition: Some(&moved), ..Edit::default() };
    let written = write(&task(), &changed, &edit, Some(bytes)).expect("it was read");
    let mut expected = progress.clone();
    expected.transitions.push(moved);
    check_says(&written, &changed, &expected);
    check_others(bytes, &written, &["transitions"]);

    if let Some(first) = progress.steps.first() {
        let mut step = first.clone();
        step.status = "completed".to_owned();
        step.attempts += i64::from(step.attempts < i64::MAX);
        let edit = Edit { step_state: Some((0, &step)), ..Edit::default() };
        let written = write(&task(), record, &edit, Some(bytes)).expect("the step is there");
        let mut expected = progress.clone();
        expected.steps[0] = step;
        check_says(&written, record, &expected);
        check_others(bytes, &written, &["steps"]);
    }

    let metadata = JsonObject::parse("{\"callboard\": [1.10, null]}").expect("an object");
    let edit = Edit { metadata: Some(&metadata), ..Edit::default() };
    let written = match write(&task(), record, &edit, Some(bytes)) {
        Ok(written) => written,
        Err(damage) => {
            // A key that is no text: half a surrogate. It cannot be told from other keys.
            let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
            assert!(text.contains("\\ud"), "it was read: {damage}");
            return;
        }
    };
    let found = read_progress(&written).expect("ours").metadata.expect("it was set");
    assert!(found.as_str().contains("\"callboard\":[1.10,null]"), "{found}");
    check_others(bytes, &written, &["metadata"]);
}

/// Keys that we do not know, and those that did not change, keep the text of their values.
fn check_others(before: &[u8], after: &[u8], changed: &[&str]) {
    let (before, after) = (entries(before), entries(after));
    for (key, value) in before {
        let may_change = WRITTEN.contains(&key.as_str()) || changed.contains(&key.as_str());
        assert!(may_change || after.get(&key) == Some(&value), "{key}: {value} is changed");
    }
}

/// What an object says under its keys, without the space between the parts.
fn entries(bytes: &[u8]) -> BTreeMap<String, String> {
    let text = str::from_utf8(bytes).expect("it was read");
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let entries: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).expect("it was read");
    entries.into_iter().map(|(key, value)| (key, without_space(value.get()))).collect()
}

fn without_space(json: &str) -> String {
    let (mut in_text, mut escaped) = (false, false);
    let keep = |&it: &char| {
        let keeps = in_text || !it.is_ascii_whitespace();
        match it {
            '"' if !escaped => in_text = !in_text,
            _ => {}
        }
        escaped = it == '\\' && !escaped;
        keeps
    };
    json.chars().filter(keep).collect()
}

/// The keys that every write sets.
const WRITTEN: [&str; 13] = [
    "id",
    "workspace_name",
    "description",
    "template",
    "template_id",
    "status",
    "current_step",
    "model",
    "config",
    "created_at",
    "updated_at",
    "completed_at",
    "schema_version",
];
