//! A subscription that outlives its connection: after a break it connects again
//! and goes on from its cursors, so every message arrives once.

use std::time::Duration;

use tonic::{Status, Streaming};

use crate::grpc::pb::subscribe_response::Frame;
use crate::grpc::pb::{SubscribeRequest, SubscribeResponse};
use crate::limits;

use super::backoff::Backoff;
use super::connection::Connection;
use super::failure::{self, Failure};
use super::output;
use super::progress::Progress;

/// How long a stream may be silent before it counts as broken: several of the
/// server's heartbeats.
const SILENCE_MAX: Duration = Duration::from_secs(3 * limits::HEARTBEAT_INTERVAL_DEFAULT.as_secs());

/// The frames of a Subscribe call, across breaks.
pub(super) struct Subscription<'a> {
    connection: &'a Connection,
    original: SubscribeRequest,
    progress: Progress,
    stream: Streaming<SubscribeResponse>,
    backoff: Backoff,
    /// Whether nothing has arrived since the stream broke.
    broken: bool,
}

/// Why there is no stream, or no further frame.
enum Break {
    /// Trying again may help.
    Passing(String),
    /// The server refuses for good.
    Final(Failure),
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
            backoff: Backoff::new(),
            broken: false,
        })
    }

    /// Returns the next frame, or none when the server ended the stream as asked.
    /// Waits and reconnects for as long as it takes.
    pub(super) async fn next(&mut self) -> Result<Option<Frame>, Failure> {
        loop {
            let why = match self.receive().await {
                Ok(frame) => return Ok(frame),
                Err(Break::Final(failure)) => return Err(failure),
                Err(Break::Passing(why)) => why,
            };
            self.tell_of_break(&why);
            self.reconnect().await?;
        }
    }

    async fn receive(&mut self) -> Result<Option<Frame>, Break> {
        let received = match tokio::time::timeout(SILENCE_MAX, self.stream.message()).await {
            Ok(received) => received.map_err(|status| self.classify(&status))?,
            Err(_) => {
                return Err(Break::Passing(format!("silent for {} s", SILENCE_MAX.as_secs())));
            }
        };
        let Some(response) = received else {
            let asked_to_end = self.original.stop_at_tail || self.original.limit > 0;
            return if asked_to_end {
                Ok(None)
            } else {
                Err(Break::Passing("the stream ended".into()))
            };
        };
        if self.broken {
            output::note("connected again");
        }
        self.broken = false;
        self.backoff.reset();
        // A frame of a kind that this client does not know yet says nothing to it.
        let frame = response.frame.unwrap_or(Frame::Heartbeat(Default::default()));
        self.progress.observe(&frame);
        Ok(Some(frame))
    }

    async fn reconnect(&mut self) -> Result<(), Failure> {
        loop {
            tokio::time::sleep(self.backoff.next_delay()).await;
            match self.resubscribe().await {
                Ok(stream) => {
                    self.stream = stream;
                    return Ok(());
                }
                Err(Break::Passing(_)) => {}
                Err(Break::Final(failure)) => return Err(failure),
            }
        }
    }

    async fn resubscribe(&self) -> Result<Streaming<SubscribeResponse>, Break> {
        let passing = |_| Break::Passing("not reachable".into());
        let mut client = self.connection.message_bus().await.map_err(passing)?;
        let request = self.progress.resume(&self.original);
        let answer =
            self.connection.try_answer(client.subscribe(request)).await.map_err(passing)?;
        answer.map_err(|status| self.classify(&status))
    }

    fn classify(&self, status: &Status) -> Break {
        if failure::is_passing(status) {
            Break::Passing(failure::short(status))
        } else {
            Break::Final(Failure::of_status(self.connection.address(), status))
        }
    }

    /// Says once that the stream broke; the many attempts after it are quiet.
    fn tell_of_break(&mut self, why: &str) {
        if !self.broken {
            output::note(&format!(
                "lost the connection to {} ({why}); connecting again",
                self.connection.address()
            ));
        }
        self.broken = true;
    }
}
