//! Calls of any method by its descriptor, so that a new method is tested as the others are.

use callboard::grpc::DESCRIPTORS;
use prost::Message as _;
use prost::bytes::{Buf, BufMut};
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor,
    ReflectMessage as _, Value,
};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Request, Status};

use crate::client::channel;
use crate::server::{DEADLINE, Server};

/// Passes messages as bytes.
#[derive(Default)]
struct Plain;

impl Codec for Plain {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Plain {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        BufMut::put_slice(buffer, &item);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let length = Buf::remaining(buffer);
        Ok(Some(Buf::copy_to_bytes(buffer, length).to_vec()))
    }
}

/// Calls methods by their descriptors.
#[derive(Clone)]
pub(crate) struct Caller {
    calls: tonic::client::Grpc<tonic::transport::Channel>,
    /// What goes with each call as its authorization.
    authorization: Option<MetadataValue<Ascii>>,
}

impl Caller {
    pub(crate) async fn connect(server: &Server) -> Self {
        let calls = tonic::client::Grpc::new(channel(server.addr()).await);
        Self { calls: calls.max_decoding_message_size(usize::MAX), authorization: None }
    }

    /// Sends this along as the authorization of each call.
    pub(crate) fn authorized(self, authorization: &str) -> Self {
        Self { authorization: Some(authorization.parse().expect("a header")), ..self }
    }

    /// Calls a method with one request, and returns the bytes of its answers: of a stream,
    /// those up to its end, or up to where it would only go on with what is new.
    pub(crate) async fn call(
        &mut self,
        method: &MethodDescriptor,
        request: &DynamicMessage,
    ) -> Result<Vec<Vec<u8>>, Status> {
        let call = self.call_now(method, request);
        tokio::time::timeout(DEADLINE, call).await.expect("an answer in time")
    }

    async fn call_now(
        &mut self,
        method: &MethodDescriptor,
        request: &DynamicMessage,
    ) -> Result<Vec<Vec<u8>>, Status> {
        self.calls.ready().await.expect("a connection");
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let path = path.parse().expect("a path");
        let mut request = Request::new(request.encode_to_vec());
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        if !method.is_server_streaming() {
            return Ok(vec![self.calls.unary(request, path, Plain).await?.into_inner()]);
        }
        let mut stream = self.calls.server_streaming(request, path, Plain).await?.into_inner();
        let mut answers = Vec::new();
        while let Some(answer) = stream.message().await? {
            let frame = DynamicMessage::decode(method.output(), answer.as_slice());
            let frame = frame.expect("an answer of its kind");
            let rests = ["synced", "caught_up"].iter().any(|name| {
                frame.descriptor().get_field_by_name(name).is_some_and(|it| frame.has_field(&it))
            });
            answers.push(answer);
            if rests {
                break;
            }
        }
        Ok(answers)
    }
}

/// The methods of a service.
pub(crate) fn methods(service: &str) -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(DESCRIPTORS).expect("descriptors");
    let service = pool.get_service_by_name(&format!("callboard.v1.{service}"));
    service.expect("the service").methods().collect()
}

/// Fills the fields of a request with what is fine, for the run `r` of the task `t` of a
/// project.
pub(crate) fn filled(method: &MethodDescriptor, project: &str) -> DynamicMessage {
    filled_message(&method.input(), project)
}

fn filled_message(message: &MessageDescriptor, project: &str) -> DynamicMessage {
    let mut request = DynamicMessage::new(message.clone());
    for field in message.fields() {
        if let Some(value) = value_of(&field, project) {
            request.set_field(&field, value);
        }
    }
    request
}

fn value_of(field: &FieldDescriptor, project: &str) -> Option<Value> {
    let inner = || {
        let message = field.kind().as_message().expect("a message").clone();
        filled_message(&message, project)
    };
    let text = match field.name() {
        "project_id" => project,
        "task_id" => "t",
        "run_id" => "r",
        "agent_type" | "cwd" | "description" => "x",
        "state_status" => "working",
        "status" => "completed",
        "to_status" => "running",
        "name" | "title" | "event" => "x",
        "fact_id" => "FACT-x",
        "file" => "stdout",
        "type" | "body" | "msg_id" => "x",
        "entries" => return Some(Value::List(vec![Value::String("{}".into())])),
        "message" => return Some(Value::Message(inner())),
        "messages" => return Some(Value::List(vec![Value::Message(inner())])),
        "step_result" | "meta" if matches!(field.kind(), Kind::Message(_)) && !field.is_map() => {
            let mut inner = DynamicMessage::new(field.kind().as_message()?.clone());
            for (name, text) in [("status", "completed"), ("title", "x"), ("worktree_path", "/")] {
                let _ = inner.try_set_field_by_name(name, Value::String(text.into()));
            }
            return Some(Value::Message(inner));
        }
        "header" => return Some(Value::Message(inner())),
        "older_than" | "timeout" => {
            let duration = field.kind().as_message().expect("a duration").clone();
            let mut duration = DynamicMessage::new(duration);
            if field.name() == "timeout" {
                duration.set_field_by_name("nanos", Value::I32(1));
            }
            return Some(Value::Message(duration));
        }
        "stop_at_tail" => return Some(Value::Bool(true)),
        _ => return None,
    };
    Some(Value::String(text.into()))
}
