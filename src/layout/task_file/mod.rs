//! `task.json`: the record of a task, with its steps and its history. What others have
//! put into it, at any level, stays as it is.
//!
//! | module | what it knows |
//! |---|---|
//! | `progress` | how steps, results and the history are read |
//! | `edit` | how they are changed |

mod edit;
mod progress;

use crate::domain::{TaskKey, TaskProgress, TaskRecord};

use super::Damage;
use super::json_document::Object;

pub use edit::Edit;

const SCHEMA_VERSION: &str = "1.0";

/// The keys, in the order they are written in. The newer names stand behind the older;
/// they are never added.
const KEYS: [&str; 18] = [
    "id",
    "workspace_name",
    "workspace_id",
    "description",
    "template",
    "template_id",
    "status",
    "current_step",
    "steps",
    "step_results",
    "transitions",
    "model",
    "config",
    "created_at",
    "updated_at",
    "completed_at",
    "metadata",
    "schema_version",
];

/// Reads a task's record. The newer names `template_id` and `config.model` are read where
/// `template` and `model` are missing or empty.
///
/// # Errors
/// When it is no JSON object, or a value is not of its kind. Steps are only counted.
pub fn read(bytes: &[u8]) -> Result<TaskRecord, Damage> {
    read_record(&Object::read(bytes)?)
}

/// Reads which task, of which project, a record says that it is of; empty where it says
/// nothing.
///
/// # Errors
/// When it is no JSON object, or an id is no text.
pub fn read_ids(bytes: &[u8]) -> Result<(String, String), Damage> {
    let object = Object::read(bytes)?;
    Ok((object.text("id")?, object.text("workspace_name")?))
}

fn read_record(object: &Object<'_>) -> Result<TaskRecord, Damage> {
    let mut record = TaskRecord {
        description: object.text("description")?,
        template: object.text("template")?,
        model: object.text("model")?,
        status: object.text("status")?,
        current_step: object.integer("current_step")?,
        step_count: object.length("steps")?,
        created_at: object.time("created_at")?,
        updated_at: object.time("updated_at")?,
        completed_at: object.time("completed_at")?,
        schema_version: object.text("schema_version")?,
    };
    if record.template.is_empty() {
        record.template = object.text("template_id")?;
    }
    if record.model.is_empty()
        && let Some(config) = config(object)
    {
        record.model = config.text("model")?;
    }
    Ok(record)
}

/// Returns what newer programs call `config`; something else under that name is not
/// theirs.
fn config<'b>(object: &'b Object<'_>) -> Option<Object<'b>> {
    object.object("config").ok().flatten()
}

/// Reads a task's steps and history.
///
/// # Errors
/// When it is no JSON object, or a value is not of its kind.
pub fn read_progress(bytes: &[u8]) -> Result<TaskProgress, Damage> {
    progress::read(&Object::read(bytes)?)
}

/// Writes a task's record, with all that the one it replaces says beside it. Keys that are
/// there keep their place, new ones take theirs; an id or a project that is there is kept.
/// The newer names are set where they are.
///
/// # Errors
/// When the one that it replaces cannot be read, or does not have the step whose state is
/// to be set.
pub fn write(
    task: &TaskKey,
    record: &TaskRecord,
    edit: &Edit<'_>,
    previous: Option<&[u8]>,
) -> Result<Vec<u8>, Damage> {
    let mut object = match previous {
        Some(bytes) => Object::read(bytes)?,
        None => Object::default(),
    }
    .ordered(&KEYS);
    // What cannot be read is not to be written over.
    read_record(&object)?;
    progress::read(&object)?;
    for (key, value) in [("id", task.task.as_str()), ("workspace_name", task.project.as_str())] {
        // What is no text is no id of ours, and stays.
        if object.text(key).is_ok_and(|id| id.is_empty()) {
            object.set(key, value);
        }
    }
    object.set("description", record.description.as_str());
    object.set("template", record.template.as_str());
    if object.has("template_id") {
        object.set("template_id", record.template.as_str());
    }
    object.set("status", record.status.as_str());
    object.set("current_step", record.current_step);
    if previous.is_none() {
        object.set_written("steps", "[]".to_owned());
    }
    edit.apply(&mut object)?;
    set_model(&mut object, &record.model);
    object.set_time("created_at", record.created_at);
    object.set_time("updated_at", record.updated_at);
    object.set_time_or_remove("completed_at", record.completed_at);
    if object.text("schema_version")?.is_empty() {
        object.set("schema_version", SCHEMA_VERSION);
    }
    Ok(object.write())
}

fn set_model(object: &mut Object<'_>, model: &str) {
    object.set_text_or_remove("model", model);
    let config = config(object).filter(|config| config.has("model")).map(|mut config| {
        config.set("model", model);
        config.write_compact()
    });
    if let Some(config) = config {
        object.set_written("config", config);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{ProjectId, TaskId};

    pub(in crate::layout::task_file) fn task() -> TaskKey {
        TaskKey {
            project: ProjectId::parse("p").expect("a name"),
            task: TaskId::parse("t").expect("a name"),
        }
    }

    fn record() -> TaskRecord {
        TaskRecord {
            description: "do \"it\"\n".to_owned(),
            template: "default".to_owned(),
            model: "opus".to_owned(),
            status: "pending".to_owned(),
            current_step: 0,
            created_at: Some("2026-01-02T03:04:05.5Z".parse().expect("a time")),
            updated_at: Some("2026-01-02T03:04:06Z".parse().expect("a time")),
            completed_at: None,
            step_count: 0,
            schema_version: "1.0".to_owned(),
        }
    }

    fn written(record: &TaskRecord, previous: Option<&str>) -> String {
        let bytes = write(&task(), record, &Edit::default(), previous.map(str::as_bytes))
            .expect("it can be read");
        String::from_utf8(bytes).expect("text")
    }

    const NEW: &str = r#"{
  "id": "t",
  "workspace_name": "p",
  "description": "do \"it\"\n",
  "template": "default",
  "status": "pending",
  "current_step": 0,
  "steps": [],
  "model": "opus",
  "created_at": "2026-01-02T03:04:05.5Z",
  "updated_at": "2026-01-02T03:04:06Z",
  "schema_version": "1.0"
}
"#;

    #[test]
    fn a_new_record_has_its_keys_in_their_order() {
        assert_eq!(written(&record(), None), NEW);
        assert_eq!(written(&record(), Some(NEW)), NEW);
        assert_eq!(read(NEW.as_bytes()), Ok(record()));
        let ended =
            TaskRecord { completed_at: record().updated_at, model: String::new(), ..record() };
        let text = written(&ended, None);
        assert!(!text.contains("model"));
        assert!(text.contains("06Z\",\n  \"completed_at\": \"2026-01-02T03:04:06Z\",\n  \"schema"));
        assert_eq!(read(text.as_bytes()), Ok(ended));
    }

    #[test]
    fn a_rewrite_keeps_the_order_and_what_others_have_put_in() {
        let previous = r#"{"x":1.10,"status":"running","id":"other","steps":[{"name":"\u00e9","n":1e400}],
            "big":9007199254740993,"completed_at":"2026-01-01T00:00:00+02:00","schema_version":"1.1"}"#;
        let expected = r#"{
  "x": 1.10,
  "status": "pending",
  "current_step": 0,
  "id": "other",
  "workspace_name": "p",
  "description": "do \"it\"\n",
  "template": "default",
  "steps": [
    {
      "name": "\u00e9",
      "n": 1e400
    }
  ],
  "model": "opus",
  "created_at": "2026-01-02T03:04:05.5Z",
  "updated_at": "2026-01-02T03:04:06Z",
  "big": 9007199254740993,
  "schema_version": "1.1"
}
"#;
        assert_eq!(written(&record(), Some(previous)), expected);
        assert_eq!(written(&record(), Some(expected)), expected);
    }

    #[test]
    fn newer_names_are_read_and_set() {
        let text =
            r#"{"workspace_id":"w","template_id":"new","config":{"a":1.0,"model":"sonnet"}}"#;
        let found = read(text.as_bytes()).expect("JSON");
        assert_eq!((found.template.as_str(), found.model.as_str()), ("new", "sonnet"));
        let other = TaskRecord {
            template: "x".to_owned(),
            model: String::new(),
            schema_version: "1.0".to_owned(),
            ..found
        };
        let rewritten = written(&other, Some(text));
        assert_eq!(read(rewritten.as_bytes()), Ok(other));
        let expected = r#"{
  "id": "t",
  "workspace_name": "p",
  "workspace_id": "w",
  "description": "",
  "template": "x",
  "template_id": "x",
  "status": "",
  "current_step": 0,
  "config": {
    "a": 1.0,
    "model": ""
  },
  "created_at": "0001-01-01T00:00:00Z",
  "updated_at": "0001-01-01T00:00:00Z",
  "schema_version": "1.0"
}
"#;
        assert_eq!(rewritten, expected);
        let both = r#"{"template":"a","template_id":"b","model":"c","config":{"model":"d"}}"#;
        let found = read(both.as_bytes()).expect("JSON");
        assert_eq!((found.template.as_str(), found.model.as_str()), ("a", "c"));
    }

    #[test]
    fn what_is_missing_or_null_is_empty() {
        let nulls = "\u{feff}{\"description\":null,\"status\":null,\"current_step\":null,\
                     \"created_at\":null,\"config\":null,\"updated_at\":\"0001-01-01T00:00:00Z\"}";
        for text in ["{}", nulls, "{\"config\": 5}"] {
            assert_eq!(read(text.as_bytes()), Ok(TaskRecord::default()), "{text}");
        }
        assert_eq!(
            read(b"{\"status\":\"a\",\"status\":\"b\"}").map(|it| it.status),
            Ok("b".to_owned())
        );
    }

    #[test]
    fn an_id_that_is_no_text_stays_and_keeps_nobody_from_changing_the_rest() {
        let previous = b"{\"id\": 2, \"workspace_name\": [], \"status\": \"old\"}";
        let written = write(&task(), &record(), &Edit::default(), Some(previous)).expect("changed");
        assert_eq!(read(&written), Ok(record()));
        let written = String::from_utf8(written).expect("text");
        assert!(written.contains("\"id\": 2,") && written.contains("\"workspace_name\": []"));
        assert_eq!(
            read_ids(written.as_bytes()).expect_err("none").to_string().split(' ').next(),
            Some("`id`")
        );
    }

    #[test]
    fn the_damage_names_its_place() {
        for (text, place) in [
            ("", "line 1 column 0"),
            ("[]", "line 1 column"),
            ("{\"a\": 1,\n}", "line 2 column 1"),
            ("{} x", "line 1 column 4"),
            ("{\n \"status\": 5}", "`status` is no text at line 2 column 12"),
            ("{\"current_step\": 1.5}", "`current_step` is no whole number at line 1 column 18"),
            ("{\"created_at\":\n\"soon\"}", "`created_at` is no time at line 2 column 1"),
            ("{\"description\":\"a\nb\"}", "line 1 column 17"),
        ] {
            let damage = read(text.as_bytes()).expect_err(text).to_string();
            assert!(damage.contains(place), "{damage}");
            assert_eq!(
                write(&task(), &record(), &Edit::default(), Some(text.as_bytes()))
                    .expect_err(text)
                    .to_string(),
                damage
            );
        }
        let damage = read(b"{\n\"a\": \"\xff\"}").expect_err("damage");
        assert_eq!(damage.to_string(), "not UTF-8 at line 2 column 7");
    }

    proptest! {
        #[test]
        fn a_record_comes_back_as_it_was_written(
            texts in proptest::collection::vec(any::<String>(), 4),
            current_step in any::<i64>(),
            times in proptest::collection::vec(proptest::option::of(-62_135_596_799..253_402_300_799_i64), 3),
        ) {
            let time = |place: usize| times[place].and_then(|second| jiff::Timestamp::from_second(second).ok());
            let record = TaskRecord {
                description: texts[0].clone(),
                template: texts[1].clone(),
                model: texts[2].clone(),
                status: texts[3].clone(),
                current_step,
                step_count: 0,
                schema_version: "1.0".to_owned(),
                created_at: time(0),
                updated_at: time(1),
                completed_at: time(2),
            };
            let new = written(&record, None);
            prop_assert_eq!(read(new.as_bytes()), Ok(record.clone()));
            let over = written(&record, Some("{\"config\":{\"model\":\"x\"},\"template_id\":\"y\"}"));
            prop_assert_eq!(read(over.as_bytes()), Ok(record));
        }

        #[test]
        fn no_bytes_make_it_panic(text in "[{}\\[\\]:,\" \n\\\\a1.e-]{0,40}") {
            let _ = read(text.as_bytes());
            let _ = read_progress(text.as_bytes());
            let _ = write(&task(), &record(), &Edit::default(), Some(text.as_bytes()));
        }
    }
}
