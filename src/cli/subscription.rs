//! A subscription that outlives its connection: after a break it connects again
//! and goes on from its cursors, so every message arrives once.

use tonic::Streaming;

use crate::grpc::pb::subscribe_response::Frame;
use crate::grpc::pb::{SubscribeRequest, SubscribeResponse};

use super::breaks::{Breaks, Received, SILENCE_MAX};
use super::connection::Connection;
use super::failure::Failure;
use super::progress::Progress;

/// The frames of a Subscribe call, across breaks.
pub(super) struct Subscription<'a> {
    connection: &'a Connection,
    original: SubscribeRequest,
    progress: Progress,
    stream: Streaming<SubscribeResponse>,
    breaks: Breaks<'a>,
}

impl<'a> Subscription<'a> {
    /// Subscribes.
    ///
    /// # Errors
    /// A server that cannot be reached at the start is an error; only later breaks
    /// are bridged.
    pub(super) async fn open(
        connection: &'a Connection,
        request: SubscribeRequest,
    ) -> Result<Self, Failure> {
        let mut client = connection.message_bus().await?;
        let stream = connection.answer(client.subscribe(request.clone())).await?;
        Ok(Self {
            connection,
            original: request,
            progress: Progress::default(),
            stream,
            breaks: Breaks::new(connection),
        })
    }

    /// Returns the next frame, or none when the server ended the stream as asked.
    /// Waits and reconnects for as long as it takes.
    pub(super) async fn next(&mut self) -> Result<Option<Frame>, Failure> {
        loop {
            match self.breaks.receive(&mut self.stream, Some(SILENCE_MAX)).await? {
                Received::Message(response) => {
                    // A frame of a kind that this client does not know yet says nothing
                    // to it.
                    let frame = response.frame.unwrap_or(Frame::Heartbeat(Default::default()));
                    self.progress.observe(&frame);
                    return Ok(Some(frame));
                }
                Received::End if self.original.stop_at_tail || self.original.limit > 0 => {
                    return Ok(None);
                }
                Received::End => self.breaks.tell("the stream ended"),
                Received::Break => {}
            }
            let request = self.progress.resume(&self.original);
            let subscribe = async || {
                let mut client = self.connection.message_bus().await?;
                self.connection.try_answer(client.subscribe(request.clone())).await
            };
            self.stream = self.breaks.open_again(subscribe).await?;
        }
    }
}
