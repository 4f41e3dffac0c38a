//! Random numbers, the same again for the same seed.

use std::env;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// A sequence of random numbers.
pub(super) struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    /// Begins a sequence with the seed in `CALLBOARD_SEED`, or another one each time.
    pub(super) fn new() -> Self {
        let seed = match env::var("CALLBOARD_SEED") {
            Ok(seed) => seed.parse().expect("CALLBOARD_SEED is a number"),
            // What a hasher begins with is random.
            Err(_) => RandomState::new().build_hasher().finish(),
        };
        Self { seed, state: seed }
    }

    /// Returns the seed, to have the same numbers again.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns a number below a limit, all about as likely (splitmix64).
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % limit as u64).expect("it is below a usize")
    }
}
