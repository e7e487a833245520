//! Chance, from a seed that is passed in.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use std::time::Duration;

/// What a challenge is drawn with. Whoever knows the seed knows the challenge.
pub(super) struct Dice(ChaCha20Rng);

impl Dice {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    /// A number below `n`; even to within 1 in 2^32.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        let wide = u64::from(self.0.next_u32()) * u64::from(n);
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    pub(super) fn duration(&mut self, (least, more): (u32, u32)) -> Duration {
        Duration::from_millis(u64::from(least + self.below(more + 1)))
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let other = self.below(u32::try_from(at + 1).unwrap_or(1)) as usize;
            items.swap(at, other);
        }
    }
}
