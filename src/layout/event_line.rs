//! A line of a run's `events.jsonl`, in agency's form.

use crate::domain::RunEvent;

use super::json_document::Object;

const SCHEMA_VERSION: &str = "1.0";

/// Writes an event as a line, its end included. Its data stays as its owner wrote it.
pub fn write(event: &RunEvent) -> Vec<u8> {
    let mut object = Object::default();
    object.set("schema_version", SCHEMA_VERSION);
    object.set_time("timestamp", Some(event.timestamp));
    object.set("repo_id", event.repo_id.as_str());
    object.set("run_id", event.run_id.as_str());
    object.set("event", event.event.as_str());
    if let Some(data) = &event.data {
        object.set_written("data", data.as_str().to_owned());
    }
    let mut line = object.write_compact().into_bytes();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::JsonObject;

    fn event(data: Option<&str>) -> RunEvent {
        RunEvent {
            timestamp: "2026-01-02T05:04:05.5+02:00".parse().expect("a time"),
            repo_id: "repo".to_owned(),
            run_id: "run-1".to_owned(),
            event: "a \"b\"\n".to_owned(),
            data: data.map(|data| JsonObject::parse(data).expect("an object")),
        }
    }

    #[test]
    fn an_event_is_one_line_with_its_data_word_for_word() {
        let begin = "{\"schema_version\":\"1.0\",\"timestamp\":\"2026-01-02T03:04:05.5Z\",\
                     \"repo_id\":\"repo\",\"run_id\":\"run-1\",\"event\":\"a \\\"b\\\"\\n\"";
        let text = |data| String::from_utf8(write(&event(data))).expect("text");
        assert_eq!(text(None), format!("{begin}}}\n"));
        let data = "{\"n\": 9007199254740993, \"m\":1.10,\"e\":1e400, \"u\":\"\\u00e9\"}";
        assert_eq!(text(Some(data)), format!("{begin},\"data\":{data}}}\n"));
        assert_eq!(text(Some("{\n}")), format!("{begin},\"data\":{{ }}}}\n"));
    }

    proptest! {
        #[test]
        fn any_event_is_one_line_of_json(texts in proptest::collection::vec(any::<String>(), 4)) {
            let data = serde_json::json!({ texts[3].as_str(): texts[3] });
            let event = RunEvent {
                repo_id: texts[0].clone(),
                run_id: texts[1].clone(),
                event: texts[2].clone(),
                ..event(Some(&data.to_string()))
            };
            let line = write(&event);
            prop_assert_eq!(memchr::memchr(b'\n', &line), Some(line.len() - 1));
            let found: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
            for (key, value) in [("repo_id", &texts[0]), ("run_id", &texts[1]), ("event", &texts[2])] {
                prop_assert_eq!(found[key].as_str(), Some(value.as_str()));
            }
            prop_assert_eq!(&found["data"], &data);
        }
    }
}
