//! Whether frames keep time and do not repeat.

use super::rules::{DRIFT, REPEATS, REPEATS_PER};
use std::collections::BTreeSet;
use std::time::Duration;
use thiserror::Error;

/// What a frame says of itself, and when it came.
#[derive(Clone, Copy, Debug)]
pub struct FrameMark {
    /// Its number: 0, 1, 2 and so on.
    pub number: u32,
    /// When it was taken, on the client's clock.
    pub taken: Duration,
    /// When it came, on ours.
    pub came: Duration,
    /// A digest of the picture's bytes.
    pub digest: u64,
}

/// A frame is out of order: the client does not keep to the protocol.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// Its number is not the next one.
    #[error("frame has number {got}, expected {expected}")]
    Number {
        /// The next number.
        expected: u32,
        /// The number it has.
        got: u32,
    },
    /// It was taken no later than the one before.
    #[error("frame {number} was taken no later than the one before")]
    Order {
        /// Its number.
        number: u32,
    },
}

/// The frames so far.
#[derive(Default)]
pub(super) struct Pace {
    first: Option<FrameMark>,
    last: Option<FrameMark>,
    digests: BTreeSet<u64>,
    frames: u32,
    repeats: u32,
    apart: bool,
}

impl Pace {
    /// Takes note of a frame, and says how long after the one before it came.
    pub(super) fn frame(&mut self, mark: &FrameMark) -> Result<Duration, FrameError> {
        if mark.number != self.frames {
            return Err(FrameError::Number {
                expected: self.frames,
                got: mark.number,
            });
        }
        if self.last.is_some_and(|last| mark.taken <= last.taken) {
            let number = mark.number;
            return Err(FrameError::Order { number });
        }
        let first = *self.first.get_or_insert(*mark);
        let theirs = mark.taken.saturating_sub(first.taken);
        let ours = mark.came.saturating_sub(first.came);
        self.apart |= theirs.abs_diff(ours) > DRIFT;
        self.repeats += u32::from(!self.digests.insert(mark.digest));
        self.frames += 1;
        let last = self.last.replace(*mark).unwrap_or(*mark);
        let came = mark.came.saturating_sub(last.came);
        Ok(came.max(mark.taken.saturating_sub(last.taken)))
    }

    /// Whether the client's clock went as ours.
    pub(super) fn kept_time(&self) -> bool {
        !self.apart
    }

    /// Whether no more pictures came twice than may.
    pub(super) fn is_fresh(&self) -> bool {
        self.repeats <= REPEATS + self.frames / REPEATS_PER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(number: u32, taken_ms: u64, came_ms: u64, digest: u64) -> FrameMark {
        FrameMark {
            number,
            taken: Duration::from_millis(taken_ms),
            came: Duration::from_millis(came_ms),
            digest,
        }
    }

    #[test]
    fn frames_come_in_order() {
        let mut pace = Pace::default();
        assert!(pace.frame(&mark(0, 10, 0, 1)).is_ok());
        let skipped = pace.frame(&mark(2, 80, 66, 2));
        assert_eq!(
            skipped,
            Err(FrameError::Number {
                expected: 1,
                got: 2
            })
        );
        let back = pace.frame(&mark(1, 10, 66, 2));
        assert_eq!(back, Err(FrameError::Order { number: 1 }));
        let next = pace.frame(&mark(1, 76, 70, 2));
        assert_eq!(next, Ok(Duration::from_millis(70)));
    }

    #[test]
    fn a_clock_that_runs_otherwise_is_noticed() {
        let mut pace = Pace::default();
        for number in 0..60 {
            pace.frame(&mark(
                number,
                u64::from(number) * 66 + 1,
                u64::from(number) * 66,
                number.into(),
            ))
            .expect("in order");
        }
        assert!(pace.kept_time());
        pace.frame(&mark(60, 60 * 66 + 2500, 60 * 66, 60))
            .expect("in order");
        assert!(!pace.kept_time());
    }

    #[test]
    fn pictures_that_come_again_are_noticed() {
        let mut pace = Pace::default();
        for number in 0..40_u32 {
            pace.frame(&mark(
                number,
                u64::from(number) * 66 + 1,
                u64::from(number) * 66,
                u64::from(number % 34),
            ))
            .expect("in order");
        }
        assert!(pace.is_fresh());
        pace.frame(&mark(40, 3000, 3000, 0)).expect("in order");
        assert!(!pace.is_fresh());
    }
}
