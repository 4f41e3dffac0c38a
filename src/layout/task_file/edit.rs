//! How the steps of a task, their results and the history of its status are changed.

use crate::domain::{JsonObject, Step, StepResult, Transition};
use crate::layout::Damage;
use crate::layout::json_document::Object;

/// The keys of a step, in the order they are written in.
const STEP_KEYS: [&str; 11] = [
    "name",
    "type",
    "description",
    "prompt",
    "commands",
    "timeout_seconds",
    "status",
    "started_at",
    "completed_at",
    "error",
    "attempts",
];

/// What changes of a task's record beside its basic fields.
#[derive(Debug, Clone, Copy, Default)]
pub struct Edit<'a> {
    /// All steps, in place of those there: what each is, not its state. One whose place
    /// and name are as before keeps its state and what others put into it.
    pub steps: Option<&'a [Step]>,
    /// The state of one step, by its index: `status` to `attempts`.
    pub step_state: Option<(usize, &'a Step)>,
    /// A result to append.
    pub result: Option<&'a StepResult>,
    /// A move to append.
    pub transition: Option<&'a Transition>,
    /// Keys to set in the further data, or to remove where the value is null.
    pub metadata: Option<&'a JsonObject>,
}

impl Edit<'_> {
    /// Changes a task's record.
    ///
    /// # Errors
    /// When a value that is to change is not of its kind, or a step is not there.
    pub(super) fn apply(&self, task: &mut Object<'_>) -> Result<(), Damage> {
        if let Some(steps) = self.steps {
            let written = write_steps(steps, &task.objects("steps")?)?;
            task.set_written("steps", written);
        }
        if let Some((index, step)) = self.step_state {
            let written = write_state(index, step, task.objects("steps")?)?;
            task.set_written("steps", written);
        }
        if let Some(result) = self.result {
            task.append_written("step_results", &write_result(result))?;
        }
        if let Some(transition) = self.transition {
            task.append_written("transitions", &write_transition(transition))?;
        }
        if let Some(changes) = self.metadata {
            let mut metadata = task.object("metadata")?.unwrap_or_default();
            metadata.merge(&Object::read(changes.as_str().as_bytes())?);
            let written = metadata.write_compact();
            task.set_object_or_remove("metadata", Some(written));
        }
        Ok(())
    }
}

fn write_steps(steps: &[Step], previous: &[Object<'_>]) -> Result<String, Damage> {
    let mut written = Vec::with_capacity(steps.len());
    for (index, step) in steps.iter().enumerate() {
        let mut object = match previous.get(index) {
            Some(before) if before.text("name")? == step.name => before.clone(),
            _ => Object::default(),
        }
        .ordered(&STEP_KEYS);
        object.set("name", step.name.as_str());
        object.set("type", step.kind.as_str());
        object.set_text_or_remove("description", &step.description);
        object.set_text_or_remove("prompt", &step.prompt);
        object.set_texts_or_remove("commands", &step.commands);
        object.set_integer_or_remove("timeout_seconds", step.timeout_seconds);
        written.push(object.write_compact());
    }
    Ok(list_of(&written))
}

fn write_state(index: usize, step: &Step, steps: Vec<Object<'_>>) -> Result<String, Damage> {
    let mut steps: Vec<_> = steps.into_iter().map(|step| step.ordered(&STEP_KEYS)).collect();
    let count = steps.len();
    let Some(object) = steps.get_mut(index) else {
        return Err(Damage::new(format!("`steps` has no step {index}, only {count} of them")));
    };
    object.set_text_or_remove("status", &step.status);
    object.set_time_or_remove("started_at", step.started_at);
    object.set_time_or_remove("completed_at", step.completed_at);
    object.set_text_or_remove("error", &step.error);
    object.set_integer_or_remove("attempts", step.attempts);
    Ok(list_of(&steps.iter().map(Object::write_compact).collect::<Vec<_>>()))
}

fn list_of(written: &[String]) -> String {
    format!("[{}]", written.join(","))
}

fn write_result(result: &StepResult) -> String {
    let mut object = Object::default();
    object.set("step_index", result.step_index);
    object.set("step_name", result.step_name.as_str());
    object.set("status", result.status.as_str());
    object.set_time("started_at", result.started_at);
    object.set_time("completed_at", result.completed_at);
    object.set("duration_ms", result.duration_ms);
    object.set_text_or_remove("output", &result.output);
    object.set_text_or_remove("error", &result.error);
    object.set_texts_or_remove("files_changed", &result.files_changed);
    object.set_text_or_remove("artifact_path", &result.artifact_path);
    object.set_text_or_remove("session_id", &result.session_id);
    object.set_integer_or_remove("num_turns", result.num_turns);
    if let Some(metadata) = &result.metadata {
        object.set_written("metadata", metadata.as_str().to_owned());
    }
    object.write_compact()
}

fn write_transition(transition: &Transition) -> String {
    let mut object = Object::default();
    object.set("from_status", transition.from_status.as_str());
    object.set("to_status", transition.to_status.as_str());
    object.set_time("timestamp", transition.timestamp);
    object.set_text_or_remove("reason", &transition.reason);
    object.write_compact()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{TaskProgress, TaskRecord};
    use crate::layout::task_file::{self, tests::task};

    fn time(text: &str) -> Option<jiff::Timestamp> {
        Some(text.parse().expect("a time"))
    }

    fn step(name: &str) -> Step {
        Step { name: name.to_owned(), kind: "ai".to_owned(), ..Step::default() }
    }

    fn json(text: &str) -> JsonObject {
        JsonObject::parse(text).expect("an object")
    }

    fn record() -> TaskRecord {
        TaskRecord { status: "running".to_owned(), model: "m".to_owned(), ..TaskRecord::default() }
    }

    fn edited(edit: &Edit<'_>, previous: Option<&str>) -> String {
        let previous = previous.map(str::as_bytes);
        let bytes = task_file::write(&task(), &record(), edit, previous).expect("it can be read");
        String::from_utf8(bytes).expect("text")
    }

    fn progress(text: &str) -> TaskProgress {
        task_file::read_progress(text.as_bytes()).expect("it can be read")
    }

    /// Returns the part of a record that an edit may change.
    fn middle(text: &str) -> &str {
        let begin = text.find("  \"steps\"").expect("steps");
        &text[begin..]
    }

    #[test]
    fn a_new_task_has_its_steps_without_a_state() {
        let full = Step {
            description: "d".to_owned(),
            prompt: "p".to_owned(),
            commands: vec!["make".to_owned(), "make \"test\"".to_owned()],
            timeout_seconds: 60,
            status: "completed".to_owned(),
            attempts: 3,
            ..step("first")
        };
        let metadata = json("{\"n\": 9007199254740993}");
        let steps = [full, step("")];
        let edit = Edit { steps: Some(&steps), metadata: Some(&metadata), ..Edit::default() };
        let expected = r#"  "steps": [
    {
      "name": "first",
      "type": "ai",
      "description": "d",
      "prompt": "p",
      "commands": [
        "make",
        "make \"test\""
      ],
      "timeout_seconds": 60
    },
    {
      "name": "",
      "type": "ai"
    }
  ],
  "model": "m",
  "created_at": "0001-01-01T00:00:00Z",
  "updated_at": "0001-01-01T00:00:00Z",
  "metadata": {
    "n": 9007199254740993
  },
  "schema_version": "1.0"
}
"#;
        let text = edited(&edit, None);
        assert_eq!(middle(&text), expected);
        assert_eq!(task_file::read(text.as_bytes()).map(|record| record.step_count), Ok(2));
    }

    #[test]
    fn a_checkpoint_sets_the_state_of_its_step_and_appends() {
        let previous = r#"{"id":"t","steps":[{"x":1e400,"name":"\u00e9"},
            {"name":"b","big":9007199254740993,"error":"old","attempts":1}],
            "step_results":[{"step_index":1,"note":"\u00e9","n":1.10}],"z":[]}"#;
        let state = Step {
            status: "completed".to_owned(),
            started_at: time("2026-01-02T03:04:05Z"),
            completed_at: time("2026-01-02T03:04:06.25Z"),
            attempts: 2,
            ..step("not this")
        };
        let result = StepResult {
            step_index: 1,
            step_name: "b".to_owned(),
            status: "completed".to_owned(),
            started_at: state.started_at,
            duration_ms: 1250,
            ..StepResult::default()
        };
        let transition = Transition {
            from_status: "running".to_owned(),
            to_status: "validating".to_owned(),
            timestamp: state.completed_at,
            reason: String::new(),
        };
        let edit = Edit {
            step_state: Some((1, &state)),
            result: Some(&result),
            transition: Some(&transition),
            ..Edit::default()
        };
        let expected = r#"  "steps": [
    {
      "x": 1e400,
      "name": "\u00e9"
    },
    {
      "name": "b",
      "status": "completed",
      "started_at": "2026-01-02T03:04:05Z",
      "completed_at": "2026-01-02T03:04:06.25Z",
      "big": 9007199254740993,
      "attempts": 2
    }
  ],
  "step_results": [
    {
      "step_index": 1,
      "note": "\u00e9",
      "n": 1.10
    },
    {
      "step_index": 1,
      "step_name": "b",
      "status": "completed",
      "started_at": "2026-01-02T03:04:05Z",
      "completed_at": "0001-01-01T00:00:00Z",
      "duration_ms": 1250
    }
  ],
  "transitions": [
    {
      "from_status": "running",
      "to_status": "validating",
      "timestamp": "2026-01-02T03:04:06.25Z"
    }
  ],
  "model": "m",
  "created_at": "0001-01-01T00:00:00Z",
  "updated_at": "0001-01-01T00:00:00Z",
  "schema_version": "1.0",
  "z": []
}
"#;
        let text = edited(&edit, Some(previous));
        assert_eq!(middle(&text), expected);
        let again =
            edited(&Edit { step_state: Some((1, &step("b"))), ..Edit::default() }, Some(&text));
        assert_eq!(progress(&again).steps[1], Step { name: "b".to_owned(), ..Step::default() });
        let bare = "    {\n      \"name\": \"b\",\n      \"big\": 9007199254740993\n    }\n  ],\n";
        assert!(again.contains(bare), "{again}");
    }

    #[test]
    fn a_result_has_its_keys_in_their_order() {
        let result = StepResult {
            output: "o".to_owned(),
            error: "e".to_owned(),
            files_changed: vec!["a".to_owned()],
            artifact_path: "artifacts/a".to_owned(),
            session_id: "s".to_owned(),
            num_turns: 4,
            metadata: Some(json("{\"m\":1.10}")),
            ..StepResult::default()
        };
        let zero = "\"0001-01-01T00:00:00Z\"";
        let expected = format!(
            "{{\"step_index\":0,\"step_name\":\"\",\"status\":\"\",\"started_at\":{zero},\
             \"completed_at\":{zero},\"duration_ms\":0,\"output\":\"o\",\"error\":\"e\",\
             \"files_changed\":[\"a\"],\"artifact_path\":\"artifacts/a\",\"session_id\":\"s\",\
             \"num_turns\":4,\"metadata\":{{\"m\":1.10}}}}"
        );
        assert_eq!(write_result(&result), expected);
        let transition = Transition { reason: "r".to_owned(), ..Transition::default() };
        let expected = format!(
            "{{\"from_status\":\"\",\"to_status\":\"\",\"timestamp\":{zero},\"reason\":\"r\"}}"
        );
        assert_eq!(write_transition(&transition), expected);
    }

    #[test]
    fn a_step_at_its_place_with_its_name_keeps_its_state_and_what_others_put_in() {
        let previous = r#"{"steps":[
            {"name":"a","prompt":"old","commands":["x"],"timeout_seconds":5,"status":"failed","y":1.10},
            {"name":"b","status":"failed","attempts":2,"y":{"z":1e400}},
            {"name":"c","status":"running"}]}"#;
        let steps =
            [Step { description: "new".to_owned(), ..step("a") }, step("c"), step("c"), step("b")];
        let text = edited(&Edit { steps: Some(&steps), ..Edit::default() }, Some(previous));
        let found: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let expected = "[{\"name\":\"a\",\"type\":\"ai\",\"description\":\"new\",\"status\":\"failed\",\"y\":1.1},\
                        {\"name\":\"c\",\"type\":\"ai\"},{\"name\":\"c\",\"type\":\"ai\",\"status\":\"running\"},\
                        {\"name\":\"b\",\"type\":\"ai\"}]";
        assert_eq!(found["steps"].to_string(), expected);
        assert!(text.contains("\"y\": 1.10\n"), "{text}");
        let none = edited(&Edit { steps: Some(&[]), ..Edit::default() }, Some(&text));
        assert!(none.contains("  \"steps\": [],\n"), "{none}");
    }

    #[test]
    fn metadata_is_changed_key_by_key_and_goes_when_nothing_is_left() {
        let change = |changes: &str, previous: &str| {
            let changes = json(changes);
            let text =
                edited(&Edit { metadata: Some(&changes), ..Edit::default() }, Some(previous));
            (progress(&text).metadata.map(|it| it.to_string()), text)
        };
        let previous = "{\"metadata\":{\"a\":1.10,\"b\":{\"c\":9007199254740993}}}";
        let (found, text) = change("{\"d\":[1e400],\"a\":null,\"x\":null}", previous);
        assert_eq!(found.as_deref(), Some("{\"b\":{\"c\":9007199254740993},\"d\":[1e400]}"));
        let (found, text) = change("{\"b\":null,\"d\":null}", &text);
        assert_eq!(found, None);
        assert!(!text.contains("metadata"), "{text}");
        assert!(!change("{}", "{\"metadata\":null}").1.contains("metadata"));
        assert!(edited(&Edit::default(), Some("{\"metadata\":{}}")).contains("\"metadata\": {}"));
    }

    #[test]
    fn the_state_of_a_step_that_is_not_there_is_refused() {
        let edit = Edit { step_state: Some((1, &step("a"))), ..Edit::default() };
        for previous in ["{}", "{\"steps\":[{\"name\":\"a\"}]}"] {
            let damage = task_file::write(&task(), &record(), &edit, Some(previous.as_bytes()));
            let damage = damage.expect_err(previous).to_string();
            assert!(damage.contains("no step 1"), "{damage}");
        }
    }

    /// One edit of a sequence, and what it does to a model.
    #[derive(Debug, Clone)]
    enum Change {
        Steps(Vec<Step>),
        State(prop::sample::Index, Step),
        Result(StepResult),
        Transition(Transition),
        Metadata(Vec<(String, Option<i64>)>),
    }

    fn second() -> impl Strategy<Value = Option<jiff::Timestamp>> {
        proptest::option::of(
            (-62_135_596_799..253_402_207_200_i64, 0..1_000_000_000)
                .prop_map(|(second, nano)| jiff::Timestamp::new(second, nano).expect("a time")),
        )
    }

    prop_compose! {
        fn any_step()(
            name in "[a-c]",
            texts in vec("\\PC{0,4}", 5),
            commands in vec(any::<String>(), 0..3),
            numbers in vec(prop_oneof![Just(0), any::<i64>()], 2),
            times in vec(second(), 2),
        ) -> Step {
            Step {
                name,
                kind: texts[0].clone(),
                description: texts[1].clone(),
                prompt: texts[2].clone(),
                commands,
                timeout_seconds: numbers[0],
                status: texts[3].clone(),
                started_at: times[0],
                completed_at: times[1],
                error: texts[4].clone(),
                attempts: numbers[1],
            }
        }
    }

    prop_compose! {
        fn any_result()(
            texts in vec(any::<String>(), 6),
            files_changed in vec(any::<String>(), 0..3),
            numbers in vec(any::<i64>(), 3),
            times in vec(second(), 2),
            metadata in proptest::option::of(any::<String>()),
        ) -> StepResult {
            StepResult {
                step_index: numbers[0],
                step_name: texts[0].clone(),
                status: texts[1].clone(),
                started_at: times[0],
                completed_at: times[1],
                duration_ms: numbers[1],
                output: texts[2].clone(),
                error: texts[3].clone(),
                files_changed,
                artifact_path: texts[4].clone(),
                session_id: texts[5].clone(),
                num_turns: numbers[2],
                metadata: metadata.map(|it| json(&serde_json::json!({ it.as_str(): it }).to_string())),
            }
        }
    }

    fn any_change() -> impl Strategy<Value = Change> {
        let transition = (vec(any::<String>(), 3), second());
        prop_oneof![
            vec(any_step(), 0..4).prop_map(Change::Steps),
            (any::<prop::sample::Index>(), any_step())
                .prop_map(|(at, step)| Change::State(at, step)),
            any_result().prop_map(Change::Result),
            transition.prop_map(|(texts, timestamp)| Change::Transition(Transition {
                from_status: texts[0].clone(),
                to_status: texts[1].clone(),
                reason: texts[2].clone(),
                timestamp,
            })),
            vec(("[a-d]", any::<Option<i64>>()), 0..4).prop_map(Change::Metadata),
        ]
    }

    /// What a task's progress should be.
    #[derive(Default)]
    struct Model {
        progress: TaskProgress,
        metadata: serde_json::Map<String, serde_json::Value>,
    }

    impl Model {
        fn apply(&mut self, change: &Change, text: &str) -> String {
            let mut changes = serde_json::Map::new();
            let mut edit = Edit::default();
            let object;
            match change {
                Change::Steps(steps) => {
                    edit.steps = Some(steps);
                    let before = std::mem::take(&mut self.progress.steps);
                    self.progress.steps = steps.clone();
                    for (place, step) in self.progress.steps.iter_mut().enumerate() {
                        let kept = before.get(place).filter(|kept| kept.name == step.name);
                        set_state(step, &kept.cloned().unwrap_or_default());
                    }
                }
                Change::State(place, state) => {
                    let steps = &mut self.progress.steps;
                    if !steps.is_empty() {
                        let place = place.index(steps.len());
                        edit.step_state = Some((place, state));
                        set_state(&mut steps[place], state);
                    }
                }
                Change::Result(result) => {
                    edit.result = Some(result);
                    self.progress.step_results.push(result.clone());
                }
                Change::Transition(transition) => {
                    edit.transition = Some(transition);
                    self.progress.transitions.push(transition.clone());
                }
                Change::Metadata(pairs) => {
                    changes.extend(pairs.iter().map(|(key, value)| (key.clone(), (*value).into())));
                    for (key, value) in &changes {
                        if value.is_null() {
                            self.metadata.shift_remove(key);
                        } else {
                            self.metadata.insert(key.clone(), value.clone());
                        }
                    }
                    object = json(&serde_json::Value::from(changes).to_string());
                    edit.metadata = Some(&object);
                }
            }
            self.progress.metadata = (!self.metadata.is_empty())
                .then(|| json(&serde_json::Value::from(self.metadata.clone()).to_string()));
            edited(&edit, Some(text))
        }
    }

    fn set_state(step: &mut Step, state: &Step) {
        step.status.clone_from(&state.status);
        step.started_at = state.started_at;
        step.completed_at = state.completed_at;
        step.error.clone_from(&state.error);
        step.attempts = state.attempts;
    }

    /// Checks that the keys that we know stand in their order.
    fn is_in_order(text: &str) -> bool {
        let task: serde_json::Value = serde_json::from_str(text).expect("JSON");
        let ordered = |object: &serde_json::Value, order: &[&str]| {
            let keys = object.as_object().expect("an object").keys();
            keys.map(|key| order.iter().position(|it| it == key)).is_sorted()
        };
        ordered(&task, &task_file::KEYS)
            && task["steps"].as_array().expect("steps").iter().all(|it| ordered(it, &STEP_KEYS))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn after_any_edits_a_task_says_what_they_said_in_order(changes in vec(any_change(), 0..8)) {
            let mut model = Model::default();
            let mut text = edited(&Edit::default(), None);
            for change in &changes {
                text = model.apply(change, &text);
                prop_assert_eq!(&progress(&text), &model.progress);
                prop_assert!(is_in_order(&text), "{}", text);
            }
            prop_assert_eq!(edited(&Edit::default(), Some(&text)), text);
        }

        #[test]
        fn any_edit_keeps_what_others_have_put_in(change in any_change()) {
            let previous = r#"{"x":1.10,"steps":[{"name":"a","x":9007199254740993}],
                "step_results":[{"x":1e400}],"transitions":[{"x":-0.0}],"metadata":{"x":12345678901234567890}}"#;
            let mut model = Model::default();
            model.progress.steps.push(step("a"));
            let text = model.apply(&change, previous);
            let step_stays = !matches!(&change, Change::Steps(steps) if steps.first().is_none_or(|it| it.name != "a"));
            prop_assert_eq!(text.contains("\"x\": 9007199254740993"), step_stays, "{}", text);
            for number in ["1.10", "1e400", "-0.0", "12345678901234567890"] {
                let kept = format!("\"x\": {number}");
                prop_assert!(text.contains(&kept), "{} in {}", kept, text);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(text in "[{}\\[\\]:,\" \n\\\\a1.e-]{0,30}", change in any_change()) {
            for key in ["steps", "step_results", "transitions", "metadata"] {
                let hostile = format!("{{\"{key}\":{text}}}");
                let _ = task_file::read_progress(hostile.as_bytes());
                if let Change::Steps(steps) = &change {
                    let edit = Edit { steps: Some(steps), step_state: Some((0, &step("a"))), ..Edit::default() };
                    let _ = task_file::write(&task(), &record(), &edit, Some(hostile.as_bytes()));
                }
            }
        }
    }
}
