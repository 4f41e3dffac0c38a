//! The JSON form of any message of the API: field names as in the proto, times
//! RFC 3339, numbers as numbers, enums as names. Every field is always there, but
//! for those where absence means something, such as a time that is not known.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MessageDescriptor, SerializeOptions};
use serde_json::Value;

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
    AppendMessageResponse
    Bus
    CleanUpRunsResponse
    ClearTaskDoneResponse
    CreateProjectResponse
    CreateRunResponse
    CreateTaskResponse
    DeleteProjectResponse
    DeleteRunResponse
    DeleteTaskResponse
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
    RunTreeNode
    SetTaskStateResponse
    Task
    TrimBusResponse
    WatchResponse
}

impl Described for pb::subscribe_response::Delivery {
    const NAME: &'static str = "callboard.v1.SubscribeResponse.Delivery";
}

static POOL: LazyLock<Result<DescriptorPool, String>> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).map_err(|error| error.to_string()));

/// Returns the message as one line of JSON, without a line break.
///
/// # Errors
/// Only for a message that is not among the compiled descriptors, which is a bug.
pub(super) fn line<M: Described>(message: &M) -> Result<String, String> {
    let pool = POOL.as_ref().map_err(Clone::clone)?;
    let descriptor = pool
        .get_message_by_name(M::NAME)
        .ok_or_else(|| format!("{} has no descriptor", M::NAME))?;
    let mut dynamic = DynamicMessage::new(descriptor.clone());
    dynamic.transcode_from(message).map_err(|error| error.to_string())?;
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false)
        .skip_default_fields(false);
    let mut value = dynamic
        .serialize_with_options(serde_json::value::Serializer, &options)
        .map_err(|error| error.to_string())?;
    sort_maps(&mut value, &descriptor);
    Ok(value.to_string())
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
