//! The limited number of streams that may be open at one time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Error, Result};

/// The places of streams.
#[derive(Debug)]
pub(in crate::files) struct Seats {
    taken: AtomicUsize,
    max: usize,
}

impl Seats {
    /// Makes so many.
    pub(in crate::files) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { taken: AtomicUsize::new(0), max })
    }

    /// Returns how many are taken.
    pub(in crate::files) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

/// One of the limited number of streams, for as long as it is kept.
pub(in crate::files) struct Seat(Arc<Seats>);

impl Seat {
    /// Takes a seat.
    ///
    /// # Errors
    /// SUBSCRIBER_LIMIT.
    pub(in crate::files) fn take(seats: &Arc<Seats>) -> Result<Self> {
        let seat = Self(Arc::clone(seats));
        if seats.taken.fetch_add(1, Ordering::Relaxed) >= seats.max {
            return Err(Error::SubscriberLimit { limit: seats.max });
        }
        Ok(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    #[test]
    fn a_subscriber_too_many_is_refused_until_one_has_gone() {
        let seats = Seats::new(3);
        let mut taken: Vec<Seat> = (0..3).map(|_| Seat::take(&seats).expect("a seat")).collect();
        let refused = Seat::take(&seats).err().expect("no seat is left");
        assert_eq!(refused.reason(), Reason::SubscriberLimit);
        assert!(refused.to_string().contains("already 3 subscribers"), "{refused}");
        assert_eq!(seats.taken(), 3, "a refusal takes none");
        taken.pop();
        Seat::take(&seats).expect("the seat of the one that has gone");
    }
}
