//! The MessageBus service.

use std::pin::Pin;
use std::sync::Arc;

use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::access::Caller;
use crate::clock::Clock;
use crate::config::ServiceLimits;
use crate::domain::{BusId, MsgId, ProjectId};
use crate::error::{Error, Result};
use crate::store::{Archives, MessageBus, Scope};

use super::append;
use super::convert;
use super::gate::Gate;
use super::page_tokens;
use super::pb;
use super::sent_frame::SentFrame;
use super::status::{Answer, status};

/// The MessageBus service over a backend.
pub struct MessageBusService<B> {
    bus: Arc<B>,
    clock: Arc<dyn Clock>,
    gate: Gate,
    limits: ServiceLimits,
    shutdown: CancellationToken,
}

impl<B> MessageBusService<B> {
    /// Serves a backend behind a gate; the clock stamps heartbeats, the token ends streams of
    /// appends.
    pub fn new(
        bus: Arc<B>,
        clock: Arc<dyn Clock>,
        gate: Gate,
        limits: ServiceLimits,
        shutdown: CancellationToken,
    ) -> Self {
        Self { bus, clock, gate, limits, shutdown }
    }
}

#[tonic::async_trait]
impl<B: MessageBus + Archives> pb::message_bus_server::MessageBus for MessageBusService<B> {
    async fn append_message(
        &self,
        request: Request<pb::AppendMessageRequest>,
    ) -> Answer<pb::AppendMessageResponse> {
        let append = async |request: pb::AppendMessageRequest, _: &Caller| {
            let batch = convert::single(
                request.message,
                &request.request_id,
                &request.expected_last_msg_id,
                self.limits.message_body_bytes_max,
            )?;
            let appended = self.bus.append(batch).await?;
            let (msg_id, ts) = append::first(&appended)?;
            Ok(pb::AppendMessageResponse {
                msg_id,
                ts: Some(ts),
                cursor: appended.cursor.to_string(),
                duplicate: appended.duplicate,
            })
        };
        self.gate.pass_making(request, append, |answer| answer.msg_id.clone()).await
    }

    async fn append_messages(
        &self,
        request: Request<pb::AppendMessagesRequest>,
    ) -> Answer<pb::AppendMessagesResponse> {
        let append = async |request: pb::AppendMessagesRequest, _: &Caller| {
            let batch = convert::batch(
                request.messages,
                &request.request_id,
                &request.expected_last_msg_id,
                self.limits.message_body_bytes_max,
            )?;
            let appended = self.bus.append(batch).await?;
            Ok(pb::AppendMessagesResponse {
                msg_ids: appended.messages.into_iter().map(|(msg_id, _)| msg_id).collect(),
                cursor: appended.cursor.to_string(),
                duplicate: appended.duplicate,
            })
        };
        self.gate.pass_making(request, append, |answer| answer.msg_ids.join(" ")).await
    }

    type AppendStreamStream = append::Answers;

    async fn append_stream(
        &self,
        mut request: Request<Streaming<pb::AppendStreamRequest>>,
    ) -> Answer<Self::AppendStreamStream> {
        let entrance = self.gate.enter::<pb::AppendStreamRequest, _>(&request).await?;
        let room = request.extensions_mut().remove().unwrap_or_default();
        let stream =
            append::Stream { entrance, room, limits: self.limits, shutdown: self.shutdown.clone() };
        Ok(Response::new(append::run(Arc::clone(&self.bus), request.into_inner(), stream)))
    }

    async fn read_messages(
        &self,
        request: Request<pb::ReadMessagesRequest>,
    ) -> Answer<pb::ReadMessagesResponse> {
        let read = async |request| {
            let page = self.bus.read(convert::read_query(request)?).await?;
            Ok(pb::ReadMessagesResponse {
                messages: page.messages.into_iter().map(convert::message).collect(),
                cursor: page.cursor.to_string(),
                end_of_bus: page.end_of_bus,
            })
        };
        self.gate.pass(request, read).await
    }

    async fn poll_for_new(
        &self,
        request: Request<pb::PollForNewRequest>,
    ) -> Answer<pb::PollForNewResponse> {
        let poll = async |request| {
            let (query, timeout) = convert::poll_query(request)?;
            let page = self.bus.poll(query, timeout).await?;
            Ok(pb::PollForNewResponse {
                messages: page.messages.into_iter().map(convert::message).collect(),
                cursor: page.cursor.to_string(),
                end_of_bus: page.end_of_bus,
            })
        };
        self.gate.pass(request, poll).await
    }

    async fn get_message(
        &self,
        request: Request<pb::GetMessageRequest>,
    ) -> Answer<pb::GetMessageResponse> {
        let get = async |request: pb::GetMessageRequest| {
            let bus = BusId::parse(&request.project_id, &request.task_id)?;
            let (message, cursor) =
                self.bus.get(bus, MsgId::parse("msg_id", &request.msg_id)?).await?;
            Ok(pb::GetMessageResponse {
                message: Some(convert::message(message)),
                cursor: cursor.to_string(),
            })
        };
        self.gate.pass(request, get).await
    }

    type SubscribeStream = Pin<Box<dyn Stream<Item = Result<SentFrame, Status>> + Send>>;

    async fn subscribe(
        &self,
        request: Request<pb::SubscribeRequest>,
    ) -> Answer<Self::SubscribeStream> {
        let subscribe = async |request, caller: &Caller| {
            self.bus.subscribe(convert::subscription(request, &caller.reach)?).await
        };
        let clock = Arc::clone(&self.clock);
        let frames = self.gate.pass_as(request, subscribe).await?.into_inner();
        Ok(Response::new(Box::pin(frames.map(move |frame| match frame {
            Ok(frame) => Ok(convert::frame(frame, clock.now())),
            Err(error) => Err(status(&error)),
        }))))
    }

    async fn list_buses(
        &self,
        request: Request<pb::ListBusesRequest>,
    ) -> Answer<pb::ListBusesResponse> {
        let list = async |request: pb::ListBusesRequest, caller: &Caller| {
            let scope = match request.project_id.as_str() {
                "" => Scope::All(caller.reach.clone()),
                project => Scope::Project(ProjectId::parse(project)?),
            };
            let after = page_tokens::bus(&request.page_token)?;
            let page = self.bus.list(scope, after, convert::page_size(request.page_size)?).await?;
            let last = page.buses.last().filter(|_| page.more);
            Ok(pb::ListBusesResponse {
                next_page_token: last
                    .map(|last| page_tokens::bus_out(&last.bus))
                    .unwrap_or_default(),
                buses: page.buses.into_iter().map(convert::bus).collect(),
            })
        };
        self.gate.pass_as(request, list).await
    }

    async fn rotate_bus(
        &self,
        request: Request<pb::RotateBusRequest>,
    ) -> Answer<pb::RotateBusResponse> {
        let rotate = async |request: pb::RotateBusRequest| {
            let bus = BusId::parse(&request.project_id, &request.task_id)?;
            Ok(pb::RotateBusResponse { archive_path: self.bus.rotate(bus).await? })
        };
        self.gate.pass(request, rotate).await
    }

    async fn trim_bus(&self, request: Request<pb::TrimBusRequest>) -> Answer<pb::TrimBusResponse> {
        let trim = async |request: pb::TrimBusRequest| {
            let bus = BusId::parse(&request.project_id, &request.task_id)?;
            let older_than =
                request.older_than.ok_or(Error::RequiredField { field: "older_than" })?;
            let older_than = convert::duration("older_than", older_than)?;
            let dry_run = request.dry_run.unwrap_or(true);
            let trimmed = self.bus.trim(bus, older_than, dry_run).await?;
            Ok(pb::TrimBusResponse {
                archive_paths: trimmed.archives,
                size_bytes: convert::size_out(trimmed.size_bytes),
                dry_run,
            })
        };
        self.gate.pass(request, trim).await
    }
}
