//! The steps of a task as they are given: a name and a type each, or a file in the form
//! that task.json has.

use std::path::Path;

use serde::Deserialize;

use crate::grpc::pb::Step;
use crate::limits;

use super::failure::Failure;
use super::text_input::{self, Text};

/// The file, as errors call it.
const STEPS: Text = Text {
    what: "list of steps",
    bytes_max: limits::DOCUMENT_BYTES_MAX,
    limit_name: "DOCUMENT_BYTES_MAX",
    too_large: "put long prompts into files, and name them in the steps",
    no_text: text_input::CONVERT,
};

/// A step as task.json has it; what else it says, its state included, is passed over.
#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    description: Option<String>,
    prompt: Option<String>,
    commands: Option<Vec<String>>,
    timeout_seconds: Option<i32>,
}

/// Reads a file of steps, or stdin when the path is `-`: a JSON array.
///
/// # Errors
/// A file that cannot be read, or holds something else.
pub(super) fn file(path: &Path) -> Result<Vec<Step>, Failure> {
    let text = text_input::document(&STEPS, path)?;
    let entries: Vec<Entry> = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!("--steps {}: {error}", path.display())).with_hint(
            "an array is expected, as in [{\"name\": \"build\", \"type\": \"ci\", \"commands\": [\"make\"]}]",
        )
    })?;
    Ok(entries.into_iter().map(step).collect())
}

fn step(entry: Entry) -> Step {
    Step {
        name: entry.name,
        r#type: entry.kind,
        description: entry.description.unwrap_or_default(),
        prompt: entry.prompt.unwrap_or_default(),
        commands: entry.commands.unwrap_or_default(),
        timeout_seconds: entry.timeout_seconds.unwrap_or_default(),
        ..Step::default()
    }
}

/// Reads a step as `NAME:TYPE`. A name may have colons of its own.
pub(super) fn name_and_type(text: &str) -> Result<Step, String> {
    match text.rsplit_once(':') {
        Some((name, kind)) if !name.is_empty() && !kind.is_empty() => {
            Ok(Step { name: name.to_owned(), r#type: kind.to_owned(), ..Step::default() })
        }
        _ => Err("expected NAME:TYPE, as in build:ci".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_stands_behind_the_last_colon() {
        let step = name_and_type("fix: the build:ai").expect("a step");
        assert_eq!((step.name.as_str(), step.r#type.as_str()), ("fix: the build", "ai"));
        for text in ["", "a", ":a", "a:"] {
            name_and_type(text).expect_err(text);
        }
    }

    #[test]
    fn a_step_of_a_task_json_is_taken_without_its_state() {
        let entry = r#"{"name":"a","type":"ai","commands":null,"timeout_seconds":5,
            "status":"completed","attempts":2,"more":{}}"#;
        let entry: Entry = serde_json::from_str(entry).expect("an entry");
        let expected =
            Step { name: "a".into(), r#type: "ai".into(), timeout_seconds: 5, ..Step::default() };
        assert_eq!(step(entry), expected);
    }
}
