//! How long a transfer is begun again after breaks.

use std::time::Duration;

use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::{Error, ErrorKind};

/// How often a transfer that got somewhere is begun again: what breaks every attempt on its way
/// is no break.
const RENEWALS_MAX: u32 = 10;

/// A limit to failing without getting anywhere in between.
pub(crate) struct Patience {
    limit: Duration,
    backoff: Backoff,
    failing_since: Option<Instant>,
    renewals: u32,
}

impl Patience {
    /// Begins with a transfer that has not failed yet.
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, backoff: Backoff::new(), failing_since: None, renewals: 0 }
    }

    /// Waits after a failure until the transfer may be begun again.
    ///
    /// # Errors
    /// The failure, when it is not to be.
    pub(crate) async fn wait(&mut self, error: Error, got_somewhere: bool) -> Result<(), Error> {
        if got_somewhere && self.renewals < RENEWALS_MAX {
            self.renewals += 1;
            self.failing_since = None;
            self.backoff.reset();
        }
        let now = Instant::now();
        let since = *self.failing_since.get_or_insert(now);
        let delay = self.backoff.next_delay().max(error.retry_delay().unwrap_or_default());
        let stalled = error.reason() == "UPLOAD_STALLED";
        let passes = stalled || error.kind() == ErrorKind::Unavailable;
        if !passes || now - since + delay > self.limit {
            return Err(error);
        }
        tokio::time::sleep(delay).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tonic::Status;

    use super::*;

    fn away() -> Error {
        Status::unavailable("away").into()
    }

    #[tokio::test(start_paused = true)]
    async fn a_transfer_is_begun_again_for_so_long_and_no_longer() {
        let mut patience = Patience::new(Duration::from_secs(5));
        // The transfer may have taken an hour until it failed.
        tokio::time::advance(Duration::from_secs(3600)).await;
        let began = Instant::now();
        while patience.wait(away(), false).await.is_ok() {}
        assert!(Duration::from_secs(2) < began.elapsed() && began.elapsed().as_secs() <= 5);
    }

    #[tokio::test(start_paused = true)]
    async fn what_gets_somewhere_is_begun_again_though_not_for_ever() {
        let mut patience = Patience::new(Duration::from_secs(5));
        let mut count = 0;
        while patience.wait(away(), true).await.is_ok() {
            count += 1;
            tokio::time::advance(Duration::from_secs(60)).await;
        }
        assert_eq!(count, RENEWALS_MAX);
    }

    #[tokio::test]
    async fn a_refusal_is_not_waited_for() {
        let mut patience = Patience::new(Duration::from_secs(5));
        let error = patience.wait(Status::not_found("no").into(), true).await;
        assert_eq!(error.expect_err("refused").kind(), ErrorKind::NotFound);
    }
}
