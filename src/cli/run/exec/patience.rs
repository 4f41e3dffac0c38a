//! How long calls are tried again while the server cannot take them.

use std::cell::Cell;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// A limit to trying again, that begins anew with every success.
#[derive(Debug)]
pub(super) struct Patience {
    /// Since when, and how long; none means for as long as it takes.
    limit: Cell<Option<(Instant, Duration)>>,
    over: CancellationToken,
}

impl Patience {
    /// Begins with a limit.
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit: Cell::new(Some((Instant::now(), limit))), over: CancellationToken::new() }
    }

    /// Has no limit from now on.
    pub(super) fn make_endless(&self) {
        self.limit.set(None);
    }

    /// Has a limit from now on.
    pub(super) fn begin(&self, limit: Duration) {
        self.limit.set(Some((Instant::now(), limit)));
    }

    /// Begins anew: a call was answered.
    pub(super) fn renew(&self) {
        if let Some((_, limit)) = self.limit.get() {
            self.begin(limit);
        }
    }

    /// Ends it: what does not work now is not tried again.
    pub(super) fn end(&self) {
        self.over.cancel();
    }

    /// Returns when it has been ended by [`Patience::end`].
    pub(super) async fn ended(&self) {
        self.over.cancelled().await;
    }

    /// Returns how long to wait before trying again, at most `delay`; none when it is not
    /// to be tried again.
    pub(super) fn next_delay(&self, delay: Duration) -> Option<Duration> {
        let since = self.limit.get().map_or_else(Instant::now, |(since, _)| since);
        self.next_delay_since(since, delay)
    }

    /// The same for what is tried since then, and is answered every time, which does not
    /// help.
    pub(super) fn next_delay_since(&self, since: Instant, delay: Duration) -> Option<Duration> {
        if self.over.is_cancelled() {
            return None;
        }
        let Some((_, limit)) = self.limit.get() else { return Some(delay) };
        let left = limit.saturating_sub(since.elapsed());
        (!left.is_zero()).then(|| delay.min(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn without_a_limit_it_is_tried_again_until_it_is_ended() {
        let patience = Patience::new(Duration::ZERO);
        assert_eq!(patience.next_delay(SECOND), None);
        patience.make_endless();
        assert_eq!(patience.next_delay(HOUR), Some(HOUR));
        patience.renew();
        assert_eq!(patience.next_delay(HOUR), Some(HOUR));
        patience.end();
        assert_eq!(patience.next_delay(SECOND), None);
    }

    #[test]
    fn what_is_answered_and_does_not_get_on_is_not_tried_beyond_the_limit() {
        let patience = Patience::new(60 * SECOND);
        let before = |ago: u32| Instant::now() - ago * SECOND;
        for _ in 0..2 {
            assert!(patience.next_delay_since(before(50), HOUR).expect("left") <= 10 * SECOND);
            assert_eq!(patience.next_delay_since(before(60), HOUR), None);
            patience.renew();
        }
        patience.make_endless();
        assert_eq!(patience.next_delay_since(before(60), HOUR), Some(HOUR));
        patience.end();
        assert_eq!(patience.next_delay_since(before(0), HOUR), None);
    }

    #[test]
    fn no_delay_reaches_beyond_the_limit_and_a_success_begins_it_anew() {
        let patience = Patience::new(HOUR);
        let delay = patience.next_delay(2 * HOUR).expect("time is left");
        assert!(delay <= HOUR && delay > HOUR - 60 * SECOND, "{delay:?}");
        patience.limit.set(Some((Instant::now() - 50 * SECOND, 60 * SECOND)));
        assert!(patience.next_delay(HOUR).expect("time is left") <= 10 * SECOND);
        patience.renew();
        assert!(patience.next_delay(HOUR).expect("time is left") > 50 * SECOND);
    }
}
