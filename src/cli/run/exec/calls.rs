//! Calls that are tried again while the server cannot take them, for as long as there is
//! patience.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use callboard_client::Backoff;
use tonic::{Response, Status};

use crate::cli::connection::Connection;
use crate::cli::failure::{self, Failure};
use crate::cli::output;

use super::patience::Patience;

/// How long an answer is waited for once we are told to end.
const LAST_ANSWER: Duration = Duration::from_secs(2);

/// Calls to one server.
pub(super) struct Calls<'a> {
    connection: &'a Connection,
    /// How long they are tried again.
    pub(super) patience: Patience,
    /// Whether the server takes nothing for the moment.
    away: Cell<bool>,
}

/// Why something was not recorded.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server refuses it.
    Refused(Status),
    /// The server could not take it, for longer than there was patience.
    Away(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(status) => f.write_str(status.message()),
            Self::Away(why) => f.write_str(why),
        }
    }
}

impl Trouble {
    /// Whether it is a refusal for this reason.
    pub(super) fn is_refusal(&self, reason: &str) -> bool {
        matches!(self, Self::Refused(status) if failure::short(status) == reason)
    }
}

impl<'a> Calls<'a> {
    /// Begins with a limit to trying again.
    pub(super) fn new(connection: &'a Connection, patience: Patience) -> Self {
        Self { connection, patience, away: Cell::new(false) }
    }

    /// Calls, and tries again while the server cannot take the call for the moment, for
    /// as long as there is patience.
    pub(super) async fn persist<T>(
        &self,
        call: impl AsyncFn() -> Result<Response<T>, Status>,
    ) -> Result<T, Trouble> {
        let mut backoff = Backoff::new();
        loop {
            let answer = tokio::select! {
                answer = self.connection.try_answer(call()) => answer.ok(),
                () = self.last_answer() => None,
            };
            let why = match answer {
                Some(Ok(answer)) => {
                    self.tell_of_return();
                    return Ok(answer);
                }
                Some(Err(status)) if may_pass(&status) => failure::short(&status),
                Some(Err(status)) => {
                    self.tell_of_return();
                    return Err(Trouble::Refused(status));
                }
                None => "it does not answer".to_owned(),
            };
            self.pause(&mut backoff, why).await?;
        }
    }

    /// Waits until it is time to try again.
    ///
    /// # Errors
    /// When there is no more patience.
    pub(super) async fn pause(&self, backoff: &mut Backoff, why: String) -> Result<(), Trouble> {
        let Some(delay) = self.patience.next_delay(backoff.next_delay()) else {
            let address = self.connection.address();
            return Err(Trouble::Away(format!("the server at {address} cannot take it ({why})")));
        };
        if !self.away.replace(true) {
            output::note(&format!(
                "the server at {} takes nothing for the moment ({why}); trying again",
                self.connection.address()
            ));
        }
        self.rest(delay).await;
        Ok(())
    }

    /// Waits, and no longer than there is patience.
    pub(super) async fn rest(&self, delay: Duration) {
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = self.patience.ended() => {}
        }
    }

    /// Returns when we were told to end, and an answer is not waited for any more.
    pub(super) async fn last_answer(&self) {
        self.patience.ended().await;
        tokio::time::sleep(LAST_ANSWER).await;
    }

    fn tell_of_return(&self) {
        self.patience.renew();
        if self.away.replace(false) {
            output::note("the server answers again");
        }
    }

    /// Makes a failure of what went wrong before the command was started.
    pub(super) fn failure(&self, trouble: Trouble) -> Failure {
        match trouble {
            Trouble::Refused(status) => Failure::of_status(self.connection.address(), &status),
            Trouble::Away(why) => Failure::own("record the run", &why),
        }
    }
}

/// Whether the same call may work in a moment.
pub(super) fn may_pass(status: &Status) -> bool {
    failure::is_passing(status)
        || ["DISK_FULL", "FOREIGN_WRITE"].contains(&failure::short(status).as_str())
}

#[cfg(test)]
mod tests {
    use tonic::Code;
    use tonic_types::{ErrorDetails, StatusExt as _};

    use super::*;

    fn refusal(code: Code, reason: &str) -> Status {
        let details = ErrorDetails::with_error_info(reason, "callboard", []);
        Status::with_error_details(code, "what happened", details)
    }

    #[test]
    fn what_may_be_over_in_a_moment_is_tried_again() {
        for (code, reason) in [
            (Code::Unavailable, "LOCK_TIMEOUT"),
            (Code::Unavailable, "SHUTTING_DOWN"),
            (Code::ResourceExhausted, "DISK_FULL"),
            (Code::Aborted, "FOREIGN_WRITE"),
        ] {
            assert!(may_pass(&refusal(code, reason)), "{reason}");
        }
        for (code, reason) in [
            (Code::NotFound, "RUN_NOT_FOUND"),
            (Code::Aborted, "OFFSET_MISMATCH"),
            (Code::Internal, "IO"),
        ] {
            assert!(!may_pass(&refusal(code, reason)), "{reason}");
        }
    }
}
