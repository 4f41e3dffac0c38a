//! Messages of the API in their JSON form, by the descriptors of the proto files.

use std::path::Path;
use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, SerializeOptions};
use serde_json::{Value, json};

use crate::fault::{Fault, failure};

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let protos = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let files = ["callboard/v1/message_bus.proto", "callboard/v1/storage.proto"];
    let descriptors = protox::compile(files, [protos]).expect("the proto files compile");
    DescriptorPool::from_file_descriptor_set(descriptors).expect("the descriptors fit together")
});

/// Reads a message of the API from its JSON form.
pub(crate) fn read<M: prost::Message + Default>(value: &Value) -> Result<M, Fault> {
    let empty = json!({});
    let value = if value.is_null() { &empty } else { value };
    let descriptor = descriptor::<M>()?;
    let options = DeserializeOptions::new();
    let message = DynamicMessage::deserialize_with_options(descriptor, value, &options);
    message.map_err(failure)?.transcode_to().map_err(failure)
}

/// Writes a message of the API in its JSON form.
pub(crate) fn write<M: prost::Message>(message: &M) -> Result<Value, Fault> {
    let mut dynamic = DynamicMessage::new(descriptor::<M>()?);
    dynamic.transcode_from(message).map_err(failure)?;
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false);
    dynamic.serialize_with_options(serde_json::value::Serializer, &options).map_err(failure)
}

pub(crate) fn write_all<M: prost::Message>(messages: &[M]) -> Result<Vec<Value>, Fault> {
    messages.iter().map(|message| write(message)).collect()
}

fn descriptor<M>() -> Result<prost_reflect::MessageDescriptor, Fault> {
    let name = std::any::type_name::<M>().rsplit("::").next().unwrap_or_default();
    let name = format!("callboard.v1.{name}");
    POOL.get_message_by_name(&name).ok_or_else(|| failure(format!("no message {name}")))
}
