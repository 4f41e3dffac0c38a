//! Doing something at a steady rate.

use std::time::{Duration, Instant};

/// The moments of a steady rate. Who is late does what was due meanwhile right after.
#[derive(Debug)]
pub(super) struct Pace {
    next: Instant,
    interval: Duration,
}

impl Pace {
    /// Begins now.
    pub(super) fn new(per_second: u32) -> Self {
        Self { next: Instant::now(), interval: Duration::from_secs(1) / per_second }
    }

    /// Returns the next moment.
    pub(super) fn next(&mut self) -> Due {
        self.next += self.interval;
        Due { at: self.next, is_late: self.next < Instant::now() }
    }
}

/// When something is to be done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    at: Instant,
    /// Whether what was done before lasted until after that.
    is_late: bool,
}

impl Due {
    /// Returns how long to wait for it.
    pub(super) fn wait(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Returns from when on it counts, when it is begun now: who had to wait for what was before
    /// counts from when it was due, so that a stall is not seen once only. That a timer is late
    /// does not count.
    pub(super) fn begin(self) -> Instant {
        if self.is_late { self.at } else { Instant::now() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_had_to_wait_counts_from_when_it_was_due() {
        let mut pace = Pace::new(1000);
        let first = pace.next();
        std::thread::sleep(first.wait() + Duration::from_millis(10));
        assert!(first.begin() > first.at, "it was waited for in time");
        let late = pace.next();
        assert_eq!(late.at, first.at + Duration::from_millis(1), "no moment is left out");
        assert_eq!(late.wait(), Duration::ZERO);
        assert_eq!(late.begin(), late.at);
    }
}
