//! Doing something at a steady rate.

use std::time::{Duration, Instant};

/// The moments of a steady rate. Who is late does not catch up.
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

    /// Returns how long it is to the next moment.
    pub(super) fn until_next(&mut self) -> Duration {
        let now = Instant::now();
        self.next = (self.next + self.interval).max(now);
        self.next - now
    }
}
