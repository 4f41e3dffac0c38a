//! The time, as a part that is handed in: nothing else reads the system clock.

use jiff::Timestamp;

/// Tells the time. Tests hand in one that they set.
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time, UTC. It may step back, as system clocks do.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
