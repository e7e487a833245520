//! How long each stage took.

use crate::Clock;
use std::time::Duration;

/// Time spent per stage of one use case, summed over the pictures it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageTimings {
    /// Image bytes to pixels.
    pub decode: Duration,
    /// Pixels to faces.
    pub detect: Duration,
    /// Face to aligned crop, and the quality measured on it.
    pub align: Duration,
    /// Crop to template.
    pub embed: Duration,
    /// Templates to score and decision.
    pub compare: Duration,
    /// From the first byte to the answer, what lies between the stages included.
    pub total: Duration,
}

impl StageTimings {
    /// Adds the stages of another use case; the total stays that of this one.
    pub(crate) fn add(&mut self, other: &Self) {
        self.decode += other.decode;
        self.detect += other.detect;
        self.align += other.align;
        self.embed += other.embed;
        self.compare += other.compare;
    }
}

/// Runs a stage and adds the time it took.
pub(crate) fn timed<T>(clock: &dyn Clock, spent: &mut Duration, stage: impl FnOnce() -> T) -> T {
    let start = clock.elapsed();
    let result = stage();
    *spent += clock.elapsed().saturating_sub(start);
    result
}
