//! Calls that are repeated while the server cannot take them for the moment.

use std::time::{Duration, Instant};

use tonic::{Response, Status};

use super::backoff::Backoff;
use super::connection::Connection;
use super::failure::{self, Failure};

/// How long a call is repeated, from its first failure on.
const RETRY_FOR: Duration = Duration::from_secs(5);

/// How long failures of a call are put up with.
pub(super) struct Patience {
    backoff: Backoff,
    /// Since when it has failed without getting anywhere in between.
    failing_since: Option<Instant>,
}

impl Patience {
    /// Begins with a call that has not failed yet.
    pub(super) fn new() -> Self {
        Self { backoff: Backoff::new(), failing_since: None }
    }

    /// Notes that the call got somewhere: only what fails from now on counts.
    pub(super) fn renew(&mut self) {
        self.failing_since = None;
        self.backoff.reset();
    }

    /// Returns how long to wait before the call is repeated; none when it is not to be.
    fn delay_after(&mut self, status: &Status, now: Instant) -> Option<Duration> {
        let delay = self.backoff.next_delay();
        let since = *self.failing_since.get_or_insert(now);
        let in_time = now.duration_since(since) + delay <= RETRY_FOR;
        (failure::is_passing(status) && in_time).then_some(delay)
    }

    /// Waits after a failure until the call may be repeated.
    ///
    /// # Errors
    /// The failure, when it is not to be repeated.
    pub(super) async fn wait(
        &mut self,
        connection: &Connection,
        status: &Status,
    ) -> Result<(), Failure> {
        match self.delay_after(status, Instant::now()) {
            Some(delay) => {
                tokio::time::sleep(delay).await;
                Ok(())
            }
            None => Err(Failure::of_status(connection.address(), status)),
        }
    }
}

/// Calls, and tries again for a while when the server was there and cannot take the
/// call for the moment. Only for calls that a request id makes safe to repeat.
pub(super) async fn until_taken<T>(
    connection: &Connection,
    mut call: impl AsyncFnMut() -> Result<Response<T>, Status>,
) -> Result<T, Failure> {
    let mut patience = Patience::new();
    loop {
        match connection.try_answer(call()).await? {
            Ok(answer) => return Ok(answer),
            Err(status) => patience.wait(connection, &status).await?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_counted_from_the_first_failure_after_the_last_progress() {
        let broken = Status::unavailable("gone");
        let start = Instant::now();
        let mut patience = Patience::new();
        // The call may have taken an hour until it failed.
        let failed = start + Duration::from_secs(3600);
        assert_eq!(patience.delay_after(&broken, failed), Some(Duration::from_millis(100)));
        assert!(patience.delay_after(&broken, failed + Duration::from_secs(4)).is_some());
        assert_eq!(patience.delay_after(&broken, failed + Duration::from_secs(6)), None);
        patience.renew();
        let again = patience.delay_after(&broken, failed + Duration::from_secs(9));
        assert_eq!(again, Some(Duration::from_millis(100)));
    }

    #[test]
    fn what_does_not_pass_is_not_repeated() {
        let refused = Status::invalid_argument("no");
        assert_eq!(Patience::new().delay_after(&refused, Instant::now()), None);
    }
}
