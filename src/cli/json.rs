//! The JSON form of any message of the API: field names as in the proto, times
//! RFC 3339, numbers as numbers, enums as names. Every field is always there, but
//! for those where absence means something, such as a time that is not known. What is
//! JSON itself, `metadata_json`, is not put into a string: it is the object `metadata`,
//! with all its digits, or null.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, Kind, MessageDescriptor, SerializeOptions,
};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::domain::JsonObject;

use crate::grpc::{DESCRIPTORS, pb};

/// A message of the API that can be printed.
pub(super) trait Described: Message {
    /// Its full name in the proto.
    const NAME: &'static str;
}

macro_rules! described {
    ($($name:ident)*) => {$(
        impl Described for pb::$name {
            const NAME: &'static str = concat!("callboard.v1.", stringify!($name));
        }
    )*

    /// The full names of all of these.
    #[cfg(test)]
    const PRINTED: &[&str] = &[
        <pb::subscribe_response::Delivery as Described>::NAME,
        $(<pb::$name as Described>::NAME),*
    ];
    };
}

described! {
    AppendFactResponse
    AppendMessageResponse
    AppendRunEventResponse
    AppendTaskLogResponse
    Artifact
    Bus
    CleanUpRunsResponse
    ClearTaskDoneResponse
    CreateProjectResponse
    CreateRunResponse
    CreateTaskResponse
    DeleteArtifactResponse
    DeleteProjectResponse
    DeleteRunResponse
    DeleteTaskResponse
    Fact
    GetArtifactResponse
    GetServerInfoResponse
    GetTaskStateResponse
    MarkTaskDoneResponse
    Message
    Project
    ReadMessagesResponse
    ReadRunFileResponse
    ReconcileRunsResponse
    RotateBusResponse
    Run
    RunFile
    RunMeta
    RunTreeNode
    SaveArtifactResponse
    SetTaskStateResponse
    Task
    TaskLogEntry
    TrimBusResponse
    UploadArtifactResponse
    WatchResponse
}

impl Described for pb::subscribe_response::Delivery {
    const NAME: &'static str = "callboard.v1.SubscribeResponse.Delivery";
}

static POOL: LazyLock<Result<DescriptorPool, String>> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).map_err(|error| error.to_string()));

/// The field that holds JSON as text, and what it is called here.
const EMBEDDED: (&str, &str) = ("metadata_json", "metadata");

/// Returns the message as one line of JSON, without a line break.
///
/// # Errors
/// Only for a message that is not among the compiled descriptors, which is a bug.
pub(super) fn line<M: Described>(message: &M) -> Result<String, String> {
    let descriptor = descriptor(M::NAME)?;
    let mut value = value(message, &descriptor)?;
    sort_maps(&mut value, &descriptor);
    serde_json::to_string(&Shown { value: &value, descriptor: Some(&descriptor) })
        .map_err(|error| error.to_string())
}

/// Returns the fields that are set, those of groups as `group.field`, with their values
/// as text. Numbers and flags of a group that is there are told also when they are zero.
///
/// # Errors
/// As [`line`].
pub(super) fn fields<M: Described>(message: &M) -> Result<Vec<(String, String)>, String> {
    let Value::Object(value) = value(message, &descriptor(M::NAME)?)? else {
        return Err(format!("{} is no object", M::NAME));
    };
    let mut fields = Vec::new();
    for (name, value) in value {
        match value {
            Value::Object(group) => fields.extend(
                group.into_iter().map(|(inner, value)| (format!("{name}.{inner}"), as_text(value))),
            ),
            Value::Bool(false) => {}
            Value::Number(number) if number.as_i64() == Some(0) => {}
            value => fields.push((name, as_text(value))),
        }
    }
    fields.retain(|(_, text)| !text.is_empty());
    Ok(fields)
}

fn as_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Reads a message from a JSON object with the names of its fields. Other keys are
/// passed over.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn read<M: Described + Default>(text: &str) -> Result<M, String> {
    let descriptor = descriptor(M::NAME)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let dynamic = DynamicMessage::deserialize_with_options(descriptor, &mut json, &options)
        .map_err(|error| error.to_string())?;
    json.end().map_err(|error| error.to_string())?;
    dynamic.transcode_to().map_err(|error| error.to_string())
}

/// Returns what is known of a message.
///
/// # Errors
/// When it is not among the compiled descriptors, which is a bug.
pub(super) fn descriptor(name: &str) -> Result<MessageDescriptor, String> {
    let pool = POOL.as_ref().map_err(Clone::clone)?;
    pool.get_message_by_name(name).ok_or_else(|| format!("{name} has no descriptor"))
}

fn value<M: Described>(message: &M, descriptor: &MessageDescriptor) -> Result<Value, String> {
    let mut dynamic = DynamicMessage::new(descriptor.clone());
    dynamic.transcode_from(message).map_err(|error| error.to_string())?;
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false)
        .skip_default_fields(false);
    dynamic
        .serialize_with_options(serde_json::value::Serializer, &options)
        .map_err(|error| error.to_string())
}

/// A value as it is printed, with what is known of the message that it is.
struct Shown<'a> {
    value: &'a Value,
    descriptor: Option<&'a MessageDescriptor>,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(descriptor) = self.descriptor else { return self.value.serialize(serializer) };
        match self.value {
            Value::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    let field = descriptor.get_field_by_name(name);
                    let kind = field.filter(|field| !field.is_map()).map(|field| field.kind());
                    match (&kind, value) {
                        (Some(Kind::String), Value::String(text)) if name == EMBEDDED.0 => {
                            map.serialize_entry(EMBEDDED.1, &embedded(text))?;
                        }
                        (Some(Kind::Message(inner)), value) => {
                            map.serialize_entry(name, &Shown { value, descriptor: Some(inner) })?;
                        }
                        _ => map.serialize_entry(name, value)?,
                    }
                }
                map.end()
            }
            Value::Array(items) => serializer.collect_seq(
                items.iter().map(|value| Shown { value, descriptor: self.descriptor }),
            ),
            // A message with a form of its own, such as a time.
            single => single.serialize(serializer),
        }
    }
}

/// Returns JSON that is kept as text, on one line; none when there is none.
fn embedded(text: &str) -> Option<Box<RawValue>> {
    let object = JsonObject::parse(text).ok()?;
    RawValue::from_string(object.as_str().to_owned()).ok()
}

/// Puts the keys of map fields into order, so that the same message is always the
/// same line. The order of the fields themselves is the proto's.
fn sort_maps(value: &mut Value, descriptor: &MessageDescriptor) {
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        let Some(field) = descriptor.get_field_by_name(name) else {
            continue;
        };
        if field.is_map() {
            if let Value::Object(pairs) = value {
                pairs.sort_keys();
            }
        } else if let Kind::Message(inner) = field.kind() {
            match value {
                Value::Array(items) => items.iter_mut().for_each(|item| sort_maps(item, &inner)),
                single => sort_maps(single, &inner),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_all_its_fields_by_their_names_in_the_proto() {
        let message = pb::Message {
            msg_id: "MSG-1".into(),
            ts: Some(prost_types::Timestamp { seconds: 1_771_874_230, nanos: 184_887_000 }),
            r#type: "FACT".into(),
            project_id: "p".into(),
            meta: [("b", "2"), ("a", "1"), ("c", "3")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            body: "two\nlines \"quoted\"".into(),
            integrity: pb::Integrity::Verified.into(),
            ..Default::default()
        };
        assert_eq!(
            line(&message).expect("json"),
            r#"{"msg_id":"MSG-1","ts":"2026-02-23T19:17:10.184887Z","type":"FACT","project_id":"p","task_id":"","run_id":"","issue_id":"","parents":[],"links":[],"meta":{"a":"1","b":"2","c":"3"},"attachment_path":"","body":"two\nlines \"quoted\"","request_id":"","integrity":"INTEGRITY_VERIFIED"}"#
        );
    }

    #[test]
    fn metadata_is_json_and_keeps_its_digits() {
        let task = pb::Task {
            metadata_json: "{\n  \"n\": 9007199254740993, \"x\": 1.10}".into(),
            step_results: vec![pb::StepResult::default()],
            ..Default::default()
        };
        let text = line(&pb::CreateTaskResponse { task: Some(task), duplicate: false });
        let text = text.expect("json");
        assert!(text.contains(r#""metadata":{   "n": 9007199254740993, "x": 1.10},"#), "{text}");
        assert!(text.contains(r#""metadata":null}]"#), "{text}");
        assert!(!text.contains("metadata_json") && !text.contains('\n'), "{text}");
        let meta = [("metadata_json".to_owned(), "{}".to_owned())].into();
        let text = line(&pb::Message { meta, ..Default::default() }).expect("json");
        assert!(text.contains(r#""meta":{"metadata_json":"{}"}"#), "{text}");
    }

    #[test]
    fn what_is_set_is_listed_by_its_path_and_read_back() {
        let meta: pb::RunMeta = read(
            r#"{"title":"t","setup":{"exit_code":0,"duration_ms":5,"output_ok":false},
            "pr_number":7,"last_push_at":"2026-02-23T20:17:10.5+01:00","unknown":[1]}"#,
        )
        .expect("a meta");
        let fields = fields(&meta).expect("fields");
        let fields: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            fields,
            [
                "title=t",
                "setup.exit_code=0",
                "setup.duration_ms=5",
                "setup.timed_out=false",
                "setup.output_ok=false",
                "pr_number=7",
                "last_push_at=2026-02-23T19:17:10.500Z"
            ]
        );
        read::<pb::RunMeta>(r#"{"pr_number":"x"}"#).expect_err("no number");
        read::<pb::RunMeta>("{} {}").expect_err("two values");
    }

    #[test]
    fn sizes_are_numbers() {
        let bus = pb::Bus { size_bytes: 1 << 40, ..Default::default() };
        let value: Value = serde_json::from_str(&line(&bus).expect("json")).expect("value");
        assert_eq!(value["size_bytes"], Value::from(1_u64 << 40));
        assert_eq!(value["archive_count"], Value::from(0));
    }

    #[test]
    fn everything_that_is_printed_has_a_descriptor() {
        let pool = POOL.as_ref().expect("descriptors");
        for name in PRINTED {
            assert!(pool.get_message_by_name(name).is_some(), "{name}");
        }
    }
}
