//! The MessageBus service.

use std::pin::Pin;
use std::sync::Arc;

use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::clock::Clock;
use crate::domain::{BusId, MsgId, ProjectId};
use crate::error::{Error, Result};
use crate::store::{Archives, MessageBus};

use super::append;
use super::convert;
use super::page_tokens;
use super::pb;
use super::sent_frame::SentFrame;
use super::status::{Answer, answer, status};

/// The MessageBus service over a backend.
pub struct MessageBusService<B> {
    bus: Arc<B>,
    clock: Arc<dyn Clock>,
    shutdown: CancellationToken,
}

impl<B> MessageBusService<B> {
    /// Serves a backend; the clock stamps heartbeats, the token ends streams of
    /// appends.
    pub fn new(bus: Arc<B>, clock: Arc<dyn Clock>, shutdown: CancellationToken) -> Self {
        Self { bus, clock, shutdown }
    }
}

#[tonic::async_trait]
impl<B: MessageBus + Archives> pb::message_bus_server::MessageBus for MessageBusService<B> {
    async fn append_message(
        &self,
        request: Request<pb::AppendMessageRequest>,
    ) -> Answer<pb::AppendMessageResponse> {
        let request = request.into_inner();
        let append = async {
            let batch = convert::single(
                request.message,
                &request.request_id,
                &request.expected_last_msg_id,
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
        answer(append.await)
    }

    async fn append_messages(
        &self,
        request: Request<pb::AppendMessagesRequest>,
    ) -> Answer<pb::AppendMessagesResponse> {
        let request = request.into_inner();
        let append = async {
            let batch = convert::batch(
                request.messages,
                &request.request_id,
                &request.expected_last_msg_id,
            )?;
            let appended = self.bus.append(batch).await?;
            Ok(pb::AppendMessagesResponse {
                msg_ids: appended.messages.into_iter().map(|(msg_id, _)| msg_id).collect(),
                cursor: appended.cursor.to_string(),
                duplicate: appended.duplicate,
            })
        };
        answer(append.await)
    }

    type AppendStreamStream = append::Answers;

    async fn append_stream(
        &self,
        mut request: Request<Streaming<pb::AppendStreamRequest>>,
    ) -> Answer<Self::AppendStreamStream> {
        let room = request.extensions_mut().remove().unwrap_or_default();
        Ok(Response::new(append::run(
            Arc::clone(&self.bus),
            request.into_inner(),
            room,
            self.shutdown.clone(),
        )))
    }

    async fn read_messages(
        &self,
        request: Request<pb::ReadMessagesRequest>,
    ) -> Answer<pb::ReadMessagesResponse> {
        let read = async {
            let page = self.bus.read(convert::read_query(request.into_inner())?).await?;
            Ok(pb::ReadMessagesResponse {
                messages: page.messages.into_iter().map(convert::message).collect(),
                cursor: page.cursor.to_string(),
                end_of_bus: page.end_of_bus,
            })
        };
        answer(read.await)
    }

    async fn poll_for_new(
        &self,
        request: Request<pb::PollForNewRequest>,
    ) -> Answer<pb::PollForNewResponse> {
        let poll = async {
            let (query, timeout) = convert::poll_query(request.into_inner())?;
            let page = self.bus.poll(query, timeout).await?;
            Ok(pb::PollForNewResponse {
                messages: page.messages.into_iter().map(convert::message).collect(),
                cursor: page.cursor.to_string(),
                end_of_bus: page.end_of_bus,
            })
        };
        answer(poll.await)
    }

    async fn get_message(
        &self,
        request: Request<pb::GetMessageRequest>,
    ) -> Answer<pb::GetMessageResponse> {
        let request = request.into_inner();
        let get = async {
            let bus = BusId::parse(&request.project_id, &request.task_id)?;
            let (message, cursor) =
                self.bus.get(bus, MsgId::parse("msg_id", &request.msg_id)?).await?;
            Ok(pb::GetMessageResponse {
                message: Some(convert::message(message)),
                cursor: cursor.to_string(),
            })
        };
        answer(get.await)
    }

    type SubscribeStream = Pin<Box<dyn Stream<Item = Result<SentFrame, Status>> + Send>>;

    async fn subscribe(
        &self,
        request: Request<pb::SubscribeRequest>,
    ) -> Answer<Self::SubscribeStream> {
        let subscribe =
            async { self.bus.subscribe(convert::subscription(request.into_inner())?).await };
        let clock = Arc::clone(&self.clock);
        let frames = subscribe.await.map_err(|error| status(&error))?;
        Ok(Response::new(Box::pin(frames.map(move |frame| match frame {
            Ok(frame) => Ok(convert::frame(frame, clock.now())),
            Err(error) => Err(status(&error)),
        }))))
    }

    async fn list_buses(
        &self,
        request: Request<pb::ListBusesRequest>,
    ) -> Answer<pb::ListBusesResponse> {
        let request = request.into_inner();
        let list = async {
            let project = match request.project_id.as_str() {
                "" => None,
                project => Some(ProjectId::parse(project)?),
            };
            let after = page_tokens::bus(&request.page_token)?;
            let page =
                self.bus.list(project, after, convert::page_size(request.page_size)?).await?;
            let last = page.buses.last().filter(|_| page.more);
            Ok(pb::ListBusesResponse {
                next_page_token: last
                    .map(|last| page_tokens::bus_out(&last.bus))
                    .unwrap_or_default(),
                buses: page.buses.into_iter().map(convert::bus).collect(),
            })
        };
        answer(list.await)
    }

    async fn rotate_bus(
        &self,
        request: Request<pb::RotateBusRequest>,
    ) -> Answer<pb::RotateBusResponse> {
        let request = request.into_inner();
        let rotate = async {
            let bus = BusId::parse(&request.project_id, &request.task_id)?;
            Ok(pb::RotateBusResponse { archive_path: self.bus.rotate(bus).await? })
        };
        answer(rotate.await)
    }

    async fn trim_bus(&self, request: Request<pb::TrimBusRequest>) -> Answer<pb::TrimBusResponse> {
        let request = request.into_inner();
        let trim = async {
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
        answer(trim.await)
    }
}
