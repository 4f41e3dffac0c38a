//! A Watch call that outlives its connection.

use tonic::Streaming;

use crate::grpc::pb::watch_response::Frame;
use crate::grpc::pb::{WatchRequest, WatchResponse};

use super::breaks::{Breaks, Received, SILENCE_MAX};
use super::connection::Connection;
use super::failure::Failure;

/// The frames of a Watch call, across breaks.
pub(super) struct WatchStream<'a> {
    connection: &'a Connection,
    request: WatchRequest,
    /// None after a break.
    stream: Option<Streaming<WatchResponse>>,
    breaks: Breaks<'a>,
}

/// What happens to a watcher.
#[derive(Debug)]
pub(super) enum Event {
    /// The server sent this.
    Frame(Box<Frame>),
    /// The stream broke. The next event comes when it is open again.
    Broken,
    /// It is open again, and begins with all of the current state.
    OpenedAgain,
}

impl<'a> WatchStream<'a> {
    /// Begins to watch.
    ///
    /// # Errors
    /// A server that cannot be reached at the start is an error; only later breaks
    /// are bridged.
    pub(super) async fn open(
        connection: &'a Connection,
        request: WatchRequest,
    ) -> Result<Self, Failure> {
        let mut client = connection.storage().await?;
        let stream = connection.answer(client.watch(request.clone())).await?;
        Ok(Self { connection, request, stream: Some(stream), breaks: Breaks::new(connection) })
    }

    /// Says nothing on stderr when it breaks.
    pub(super) fn untold(self) -> Self {
        Self { breaks: self.breaks.untold(), ..self }
    }

    /// Waits for the next event.
    pub(super) async fn next(&mut self) -> Result<Event, Failure> {
        let Some(stream) = &mut self.stream else {
            let watch = async || {
                let mut client = self.connection.storage().await?;
                self.connection.try_answer(client.watch(self.request.clone())).await
            };
            self.stream = Some(self.breaks.open_again(watch).await?);
            return Ok(Event::OpenedAgain);
        };
        match self.breaks.receive(stream, Some(SILENCE_MAX)).await? {
            Received::Message(response) => {
                // A frame of a kind that this client does not know yet says nothing to it.
                let frame = response.frame.unwrap_or(Frame::Heartbeat(Default::default()));
                Ok(Event::Frame(Box::new(frame)))
            }
            Received::End => {
                self.breaks.tell("the stream ended");
                self.stream = None;
                Ok(Event::Broken)
            }
            Received::Break => {
                self.stream = None;
                Ok(Event::Broken)
            }
        }
    }
}
