//! A gRPC client for tests: the generated one, with fewer words.

use std::time::Duration;

use callboard::grpc::pb;
use pb::message_bus_client::MessageBusClient;
use pb::subscribe_response::{Delivery, Frame};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

use crate::server::{DEADLINE, Server};

/// A connected client of the MessageBus.
#[derive(Clone)]
pub(crate) struct Client(pub(crate) MessageBusClient<Channel>);

impl Client {
    /// Connects to a server.
    pub(crate) async fn connect(server: &Server) -> Self {
        Self::connect_to(server.addr()).await
    }

    /// Connects to an address.
    pub(crate) async fn connect_to(addr: &str) -> Self {
        Self(MessageBusClient::new(channel(addr).await).max_decoding_message_size(usize::MAX))
    }

    /// Appends one message; returns its id.
    pub(crate) async fn append(&mut self, message: pb::Message) -> String {
        self.try_append(message).await.expect("an append").msg_id
    }

    pub(crate) async fn try_append(
        &mut self,
        message: pb::Message,
    ) -> Result<pb::AppendMessageResponse, Status> {
        self.append_request(pb::AppendMessageRequest {
            message: Some(message),
            ..Default::default()
        })
        .await
    }

    pub(crate) async fn append_request(
        &mut self,
        request: pb::AppendMessageRequest,
    ) -> Result<pb::AppendMessageResponse, Status> {
        self.0.append_message(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn append_batch(
        &mut self,
        messages: Vec<pb::Message>,
        request_id: &str,
    ) -> Result<pb::AppendMessagesResponse, Status> {
        let request = pb::AppendMessagesRequest {
            messages,
            request_id: request_id.into(),
            ..Default::default()
        };
        self.0.append_messages(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn try_read(
        &mut self,
        request: pb::ReadMessagesRequest,
    ) -> Result<pb::ReadMessagesResponse, Status> {
        self.0.read_messages(request).await.map(tonic::Response::into_inner)
    }

    /// Reads a page.
    pub(crate) async fn read(
        &mut self,
        request: pb::ReadMessagesRequest,
    ) -> pb::ReadMessagesResponse {
        self.try_read(request).await.expect("a read")
    }

    /// Reads a whole bus, page by page.
    pub(crate) async fn read_all(&mut self, project: &str, task: &str) -> Vec<pb::Message> {
        let mut messages = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .read(pb::ReadMessagesRequest { start, limit: 5000, ..read_of(project, task) })
                .await;
            messages.extend(page.messages);
            if page.end_of_bus {
                return messages;
            }
            start = Some(pb::read_messages_request::Start::Cursor(page.cursor));
        }
    }

    /// Opens a subscription.
    pub(crate) async fn subscribe(&mut self, request: pb::SubscribeRequest) -> Subscription {
        self.try_subscribe(request).await.expect("a subscription")
    }

    pub(crate) async fn try_subscribe(
        &mut self,
        request: pb::SubscribeRequest,
    ) -> Result<Subscription, Status> {
        Ok(Subscription(self.0.subscribe(request).await?.into_inner()))
    }
}

/// Opens a connection.
pub(crate) async fn channel(addr: &str) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{addr}")).expect("an address");
    endpoint.tcp_nodelay(true).connect().await.expect("the server answers")
}

/// The frames of a subscription.
pub(crate) struct Subscription(pub(crate) Streaming<pb::SubscribeResponse>);

impl Subscription {
    /// Waits for the next frame; none at the end.
    pub(crate) async fn try_frame(&mut self) -> Result<Option<Frame>, Status> {
        let next = tokio::time::timeout(DEADLINE, self.0.message());
        let frame = next.await.expect("a frame in time")?;
        Ok(frame.map(|frame| frame.frame.expect("a frame says something")))
    }

    /// Waits for the next frame that is no heartbeat.
    pub(crate) async fn frame(&mut self) -> Frame {
        let frame = async {
            loop {
                match self
                    .try_frame()
                    .await
                    .expect("the stream goes on")
                    .expect("the stream goes on")
                {
                    Frame::Heartbeat(_) => {}
                    frame => return frame,
                }
            }
        };
        tokio::time::timeout(DEADLINE, frame).await.expect("a frame other than heartbeats in time")
    }

    /// Waits for the next message, past all other frames.
    pub(crate) async fn message(&mut self) -> Delivery {
        loop {
            if let Frame::Message(delivery) = self.frame().await {
                return delivery;
            }
        }
    }

    /// Waits until replay has met the end.
    pub(crate) async fn caught_up(&mut self) -> Vec<Frame> {
        let mut before = Vec::new();
        loop {
            match self.frame().await {
                Frame::CaughtUp(_) => return before,
                frame => before.push(frame),
            }
        }
    }
}

/// A message to append.
pub(crate) fn message(project: &str, task: &str, body: &str) -> pb::Message {
    pb::Message {
        project_id: project.into(),
        task_id: task.into(),
        r#type: "FACT".into(),
        body: body.into(),
        ..Default::default()
    }
}

/// A read of a bus from its beginning.
pub(crate) fn read_of(project: &str, task: &str) -> pb::ReadMessagesRequest {
    pb::ReadMessagesRequest {
        project_id: project.into(),
        task_id: task.into(),
        ..Default::default()
    }
}

/// A subscription to one bus from a position.
pub(crate) fn follow(
    project: &str,
    task: &str,
    position: pb::StartPosition,
) -> pb::SubscribeRequest {
    pb::SubscribeRequest {
        project_id: project.into(),
        task_id: task.into(),
        start: Some(pb::subscribe_request::Start::Position(position.into())),
        ..Default::default()
    }
}

/// A subscription to one bus after a cursor.
pub(crate) fn follow_after(project: &str, task: &str, cursor: &str) -> pb::SubscribeRequest {
    pb::SubscribeRequest {
        project_id: project.into(),
        task_id: task.into(),
        start: Some(pb::subscribe_request::Start::Cursor(cursor.into())),
        ..Default::default()
    }
}

/// The reason in a status.
pub(crate) fn reason(status: &Status) -> String {
    let info = status.get_details_error_info();
    let info = info.unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
    assert_eq!(info.domain, "callboard");
    info.reason
}

/// Asserts what an error is: its code, its reason, and a sentence that holds a word.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(
    result: Result<T, Status>,
    code: Code,
    expected: &str,
    word: &str,
) {
    let status = result.expect_err("a refusal");
    assert_eq!((status.code(), reason(&status).as_str()), (code, expected), "{status:?}");
    assert!(status.message().contains(word), "no {word:?} in {:?}", status.message());
}

/// Tries something until it holds, or the deadline.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = std::time::Instant::now() + DEADLINE;
    while !holds().await {
        assert!(std::time::Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The bodies of messages.
pub(crate) fn bodies(messages: &[pb::Message]) -> Vec<&str> {
    messages.iter().map(|message| message.body.as_str()).collect()
}
