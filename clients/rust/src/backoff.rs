//! How long to wait before trying again.

use std::time::Duration;

use crate::random;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// Delays that double with every failure in a row, from 50 ms up to 2 s, each shortened at
/// random by up to a half, so that clients do not return as one.
#[derive(Debug, Clone)]
pub struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

impl Backoff {
    /// Begins without a failure.
    #[must_use]
    pub fn new() -> Self {
        Self { next: FIRST }
    }

    /// Counts a failure, and returns how long to wait.
    pub fn next_delay(&mut self) -> Duration {
        let delay = self.next;
        self.next = LONGEST.min(delay * 2);
        delay.mul_f64(0.5 + random::fraction() / 2.0)
    }

    /// Forgets the failures: something worked.
    pub fn reset(&mut self) {
        self.next = FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_two_seconds_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new();
        for most in [50, 100, 200, 400, 800, 1600, 2000, 2000] {
            let most = Duration::from_millis(most);
            let delay = backoff.next_delay();
            assert!(most / 2 <= delay && delay <= most, "{delay:?} for {most:?}");
        }
        backoff.reset();
        assert!(backoff.next_delay() <= FIRST);
    }
}
