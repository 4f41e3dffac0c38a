//! How long calls took.

use std::time::Duration;

/// The times of many calls.
#[derive(Debug, Clone, Default)]
pub(super) struct Latencies {
    nanoseconds: Vec<u64>,
}

impl Latencies {
    /// Notes how long a call took.
    pub(super) fn note(&mut self, took: Duration) {
        self.nanoseconds.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Adds those of another.
    pub(super) fn append(&mut self, mut other: Self) {
        self.nanoseconds.append(&mut other.nanoseconds);
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.nanoseconds.len()
    }

    /// Returns how many there would be in a second, one after another.
    pub(super) fn rate(&self) -> f64 {
        let seconds = self.nanoseconds.iter().sum::<u64>() as f64 / 1e9;
        if self.nanoseconds.is_empty() { 0.0 } else { self.count() as f64 / seconds }
    }

    /// Returns the p50 and the p99, in microseconds: by nearest rank. None of no calls.
    pub(super) fn percentiles(mut self) -> Option<(f64, f64)> {
        self.nanoseconds.sort_unstable();
        Some((self.ranked(50)?, self.ranked(99)?))
    }

    fn ranked(&self, percent: usize) -> Option<f64> {
        let rank = (self.nanoseconds.len() * percent).div_ceil(100);
        let nanoseconds = *self.nanoseconds.get(rank.checked_sub(1)?)?;
        Some(Duration::from_nanos(nanoseconds).as_secs_f64() * 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.clone().percentiles(), None);
        for milliseconds in (1..=200).rev() {
            latencies.note(Duration::from_millis(milliseconds));
        }
        assert_eq!(latencies.percentiles(), Some((100_000.0, 198_000.0)));
        let mut one = Latencies::default();
        one.note(Duration::from_micros(3));
        assert_eq!(one.percentiles(), Some((3.0, 3.0)));
    }
}
