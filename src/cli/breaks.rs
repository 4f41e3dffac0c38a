//! The breaks of a stream that outlives its connection: what counts as one, how it is
//! told, how long to wait before trying again.

use std::time::Duration;

use tonic::{Status, Streaming};

use crate::limits;

use super::backoff::Backoff;
use super::connection::Connection;
use super::failure::{self, Failure};
use super::output;

/// How long a stream with heartbeats may be silent before it counts as broken: several
/// of the server's heartbeats.
pub(super) const SILENCE_MAX: Duration =
    Duration::from_secs(3 * limits::HEARTBEAT_INTERVAL_DEFAULT.as_secs());

/// What a stream remembers of its breaks.
pub(super) struct Breaks<'a> {
    connection: &'a Connection,
    backoff: Backoff,
    /// Whether nothing has arrived since the stream broke.
    broken: bool,
    /// Whether the person is told on stderr.
    told: bool,
}

/// What came of waiting for the next message.
pub(super) enum Received<T> {
    /// The message.
    Message(T),
    /// The server ended the stream.
    End,
    /// The stream broke, and trying again may help.
    Break,
}

impl<'a> Breaks<'a> {
    /// Begins without a break.
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self { connection, backoff: Backoff::new(), broken: false, told: true }
    }

    /// Says nothing on stderr: the caller shows by itself that the stream is broken.
    pub(super) fn untold(self) -> Self {
        Self { told: false, ..self }
    }

    /// Waits for the next message; no longer than `silence_max`, if the server sends
    /// heartbeats.
    ///
    /// # Errors
    /// A break for good.
    pub(super) async fn receive<T>(
        &mut self,
        stream: &mut Streaming<T>,
        silence_max: Option<Duration>,
    ) -> Result<Received<T>, Failure> {
        let received = match silence_max {
            None => stream.message().await,
            Some(most) => match tokio::time::timeout(most, stream.message()).await {
                Ok(received) => received,
                Err(_) => {
                    self.tell(&format!("silent for {} s", most.as_secs()));
                    return Ok(Received::Break);
                }
            },
        };
        match received {
            Ok(Some(message)) => {
                if self.broken && self.told {
                    output::note("connected again");
                }
                self.broken = false;
                self.backoff.reset();
                Ok(Received::Message(message))
            }
            Ok(None) => Ok(Received::End),
            Err(status) => {
                self.classify(&status)?;
                Ok(Received::Break)
            }
        }
    }

    /// Opens the stream again, for as long as it takes.
    ///
    /// # Errors
    /// When the server refuses for good.
    pub(super) async fn open_again<T>(
        &mut self,
        mut open: impl AsyncFnMut() -> Result<Result<T, Status>, Failure>,
    ) -> Result<T, Failure> {
        loop {
            tokio::time::sleep(self.backoff.next_delay()).await;
            // Without an answer it is not reachable.
            let Ok(answer) = open().await else { continue };
            match answer {
                Ok(stream) => return Ok(stream),
                Err(status) => self.classify(&status)?,
            }
        }
    }

    /// Says once that the stream broke; the many attempts after it are quiet.
    pub(super) fn tell(&mut self, why: &str) {
        if !self.broken && self.told {
            output::note(&format!(
                "lost the connection to {} ({why}); connecting again",
                self.connection.address()
            ));
        }
        self.broken = true;
    }

    fn classify(&mut self, status: &Status) -> Result<(), Failure> {
        if !failure::is_passing(status) {
            return Err(Failure::of_status(self.connection.address(), status));
        }
        self.tell(&failure::short(status));
        Ok(())
    }
}
