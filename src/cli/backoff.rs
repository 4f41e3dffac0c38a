//! How long to wait before trying again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// Delays that double from 100 ms up to 5 s.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    /// Begins with the shortest delay.
    pub(super) fn new() -> Self {
        Self { next: FIRST }
    }

    /// Returns the delay to wait now, and makes the following one longer.
    pub(super) fn next_delay(&mut self) -> Duration {
        let delay = self.next;
        self.next = LONGEST.min(delay * 2);
        delay
    }

    /// Begins with the shortest delay again: it worked.
    pub(super) fn reset(&mut self) {
        self.next = FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_five_seconds_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new();
        let delays: Vec<u128> = (0..8).map(|_| backoff.next_delay().as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        backoff.reset();
        assert_eq!(backoff.next_delay(), FIRST);
    }
}
