//! The limited number of streams that may be open at one time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Error, Result};
use crate::limits;

/// One of the limited number of streams, for as long as it is kept.
pub(in crate::files) struct Seat(Arc<AtomicUsize>);

impl Seat {
    /// Takes a seat.
    ///
    /// # Errors
    /// SUBSCRIBER_LIMIT.
    pub(in crate::files) fn take(count: &Arc<AtomicUsize>) -> Result<Self> {
        let seat = Self(Arc::clone(count));
        if count.fetch_add(1, Ordering::Relaxed) >= limits::SUBSCRIBERS_MAX {
            return Err(Error::SubscriberLimit { limit: limits::SUBSCRIBERS_MAX });
        }
        Ok(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    #[test]
    fn a_subscriber_too_many_is_refused_until_one_has_gone() {
        let count = Arc::default();
        let mut seats: Vec<Seat> =
            (0..limits::SUBSCRIBERS_MAX).map(|_| Seat::take(&count).expect("a seat")).collect();
        let refused = Seat::take(&count).err().expect("no seat is left");
        assert_eq!(refused.reason(), Reason::SubscriberLimit);
        assert!(refused.to_string().contains(&limits::SUBSCRIBERS_MAX.to_string()), "{refused}");
        seats.pop();
        Seat::take(&count).expect("the seat of the one that has gone");
    }
}
