//! What a run's meta.json is to say, as it is given: a file in its form, or single fields.

use std::path::Path;

use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, Value,
};

use crate::clock::{Clock as _, SystemClock};
use crate::grpc::pb::RunMeta;
use crate::limits::DOCUMENT_BYTES_MAX;

use super::failure::Failure;
use super::json::{self, Described as _};
use super::moment;
use super::text_input::{self, Text};

/// The file, as errors call it.
const META: Text = Text {
    what: "meta.json",
    bytes_max: DOCUMENT_BYTES_MAX,
    limit_name: "DOCUMENT_BYTES_MAX",
    too_large: "keep long texts in files of their own",
    no_text: text_input::CONVERT,
};

/// What the server decides.
const OUTPUT_ONLY: [&str; 4] = ["schema_version", "run_id", "etag", "problem"];

/// A field and its new value.
#[derive(Debug, Clone)]
pub(super) struct Assignment {
    /// The field, of a group as `group.field`.
    pub(super) path: String,
    /// Its value as text; empty clears it.
    value: String,
}

/// Reads a file in the form of meta.json, or stdin when the path is `-`.
///
/// # Errors
/// A file that cannot be read, or holds something else.
pub(super) fn file(path: &Path) -> Result<RunMeta, Failure> {
    let text = text_input::document(&META, path)?;
    let wrong = |error: String| Failure::usage(format!("--meta {}: {error}", path.display()));
    let mut meta: RunMeta = json::read(&text).map_err(wrong)?;
    if meta.title.is_empty() {
        // What older files call it.
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        meta.title = value["name"].as_str().unwrap_or_default().to_owned();
    }
    Ok(meta)
}

/// Reads `FIELD=VALUE`.
pub(super) fn assignment(text: &str) -> Result<Assignment, String> {
    let (path, value) = text.split_once('=').ok_or("expected FIELD=VALUE")?;
    let assignment = Assignment { path: path.to_owned(), value: value.to_owned() };
    assignment.set(&mut DynamicMessage::new(json::descriptor(RunMeta::NAME)?))?;
    Ok(assignment)
}

/// Returns what the fields say together.
///
/// # Errors
/// When one of them is given twice.
pub(super) fn assemble(assignments: &[Assignment]) -> Result<RunMeta, Failure> {
    let bug = |error: String| Failure::own("read the fields", &error);
    let mut meta = DynamicMessage::new(json::descriptor(RunMeta::NAME).map_err(bug)?);
    for (index, assignment) in assignments.iter().enumerate() {
        let path = &assignment.path;
        let within = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let said_twice =
            |other: &Assignment| within(path, &other.path) || within(&other.path, path);
        if assignments[..index].iter().any(said_twice) {
            return Err(Failure::usage(format!("--set {path} is given twice")));
        }
        assignment.set(&mut meta).map_err(Failure::usage)?;
    }
    meta.transcode_to().map_err(|error| bug(error.to_string()))
}

impl Assignment {
    fn set(&self, meta: &mut DynamicMessage) -> Result<(), String> {
        let unknown = || format!("there is no field {}; --help lists them", self.path);
        let (group, name) = match self.path.split_once('.') {
            Some((group, name)) => (Some(group), name),
            None => (None, self.path.as_str()),
        };
        let outer = meta.descriptor();
        let Some(group) = group else {
            let field = settable_field(&outer, name).ok_or_else(unknown)?;
            if is_group(&field) {
                return match self.value.as_str() {
                    "" => Ok(()),
                    _ => {
                        Err(format!("{name} is a group: set {name}.FIELD, or {name}= to clear it"))
                    }
                };
            }
            return set(meta, &field, &self.value);
        };
        let group = settable_field(&outer, group).filter(is_group).ok_or_else(unknown)?;
        let Value::Message(inner) = meta.get_field_mut(&group) else { return Err(unknown()) };
        let field = inner.descriptor().get_field_by_name(name).ok_or_else(unknown)?;
        set(inner, &field, &self.value)
    }
}

fn settable_field(meta: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    meta.get_field_by_name(name).filter(|_| !OUTPUT_ONLY.contains(&name))
}

/// Whether it is fields under one name, and not a time.
fn is_group(field: &FieldDescriptor) -> bool {
    matches!(field.kind(), Kind::Message(message) if !is_time(&message))
}

fn is_time(message: &MessageDescriptor) -> bool {
    message.full_name() == "google.protobuf.Timestamp"
}

fn set(message: &mut DynamicMessage, field: &FieldDescriptor, text: &str) -> Result<(), String> {
    if text.is_empty() {
        message.clear_field(field);
        return Ok(());
    }
    let name = field.name();
    let number = |_| format!("{name} is a number");
    let value = match field.kind() {
        Kind::String => Value::String(text.to_owned()),
        Kind::Int32 => Value::I32(text.parse().map_err(number)?),
        Kind::Int64 => Value::I64(text.parse().map_err(number)?),
        Kind::Bool => match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return Err(format!("{name} is true or false")),
        },
        Kind::Message(time) if is_time(&time) => {
            let moment = moment::parse(text).map_err(|problem| format!("{name}: {problem}"))?;
            let timestamp = moment
                .timestamp(SystemClock.now())
                .map_err(|failure| failure.sentence().to_owned())?;
            let mut value = DynamicMessage::new(time);
            value.transcode_from(&timestamp).map_err(|error| error.to_string())?;
            Value::Message(value)
        }
        _ => return Err(format!("{name} cannot be set")),
    };
    message.set_field(field, value);
    Ok(())
}

/// Returns the fields that can be set, those of groups as `group.field`.
#[cfg(test)]
pub(super) fn settable() -> Vec<String> {
    let meta = json::descriptor(RunMeta::NAME).expect("a descriptor");
    let mut paths = Vec::new();
    for field in meta.fields().filter(|field| !OUTPUT_ONLY.contains(&field.name())) {
        match field.kind() {
            Kind::Message(group) if !is_time(&group) => {
                paths.extend(
                    group.fields().map(|inner| format!("{}.{}", field.name(), inner.name())),
                );
            }
            _ => paths.push(field.name().to_owned()),
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assembled(texts: &[&str]) -> RunMeta {
        let assignments: Vec<Assignment> =
            texts.iter().map(|text| assignment(text).expect(text)).collect();
        assemble(&assignments).expect("a meta")
    }

    #[test]
    fn fields_of_every_kind_are_set() {
        let meta = assembled(&[
            "title=a=b",
            "pr_number=17",
            "flags.abandoned=true",
            "setup.exit_code=-1",
            "setup.output_ok=false",
            "last_push_at=1970-01-01T00:00:01Z",
            "archive.merged_at=",
            "branch=",
        ]);
        assert_eq!((meta.title.as_str(), meta.pr_number), ("a=b", 17));
        assert!(meta.flags.expect("flags").abandoned);
        let setup = meta.setup.expect("a setup");
        assert_eq!((setup.exit_code, setup.output_ok), (-1, Some(false)));
        assert_eq!(meta.last_push_at.expect("a time").seconds, 1);
        assert_eq!(assembled(&["setup="]), RunMeta::default());
    }

    #[test]
    fn what_is_no_field_or_no_value_of_it_is_refused() {
        for text in [
            "title",
            "none=1",
            "flags.none=true",
            "title.x=1",
            "last_push_at.seconds=1",
            "etag=x",
            "run_id=x",
            "flags=x",
            "pr_number=x",
            "flags.abandoned=yes",
            "last_push_at=soon",
        ] {
            assignment(text).expect_err(text);
        }
        let twice = ["title=a", "title=b"].map(|text| assignment(text).expect(text));
        assert!(assemble(&twice).is_err());
        let within = ["setup=", "setup.command=b"].map(|text| assignment(text).expect(text));
        assert!(assemble(&within).is_err());
    }
}
