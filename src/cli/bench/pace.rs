//! Doing something at a steady rate.

use std::time::{Duration, Instant};

/// The moments of a steady rate. What was due while something else lasted is done right after.
#[derive(Debug)]
pub(super) struct Pace {
    due: Instant,
    interval: Duration,
    /// Whether what was done before lasted until after `due`.
    is_late: bool,
}

impl Pace {
    /// Begins now.
    pub(super) fn new(per_second: u32) -> Self {
        let interval = Duration::from_secs(1) / per_second;
        Self { due: Instant::now(), interval, is_late: false }
    }

    /// Returns how long to wait for the next moment. To be called as soon as what was done before
    /// is done.
    pub(super) fn wait(&mut self) -> Duration {
        self.due += self.interval;
        let now = Instant::now();
        self.is_late = self.due < now;
        self.due.saturating_duration_since(now)
    }

    /// Returns from when on it counts what is begun now, when that was waited for. What had to wait
    /// for something else counts from when it was due, so that a stall is not seen once only. How
    /// late a timer is does not count.
    pub(super) fn begin(&mut self) -> Instant {
        if self.is_late {
            return self.due;
        }
        let now = Instant::now();
        if now - self.due > self.interval {
            self.due = now;
        }
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_had_to_wait_counts_from_when_it_was_due_and_a_late_timer_does_not_count() {
        let interval = Duration::from_secs(60);
        let mut pace = Pace { due: Instant::now(), interval, is_late: false };
        assert!(pace.wait() > Duration::ZERO);
        // As if the timer had rung five minutes late.
        pace.due -= 6 * interval;
        let first = pace.begin();
        assert!(first.elapsed() < interval);
        assert!(pace.wait() > Duration::ZERO, "what follows is not late by it");
        // As if the call had lasted for five minutes.
        pace.begin();
        pace.due -= 6 * interval;
        let due = pace.due + interval;
        assert_eq!((pace.wait(), pace.begin()), (Duration::ZERO, due));
        assert_eq!((pace.wait(), pace.begin()), (Duration::ZERO, due + interval));
    }
}
