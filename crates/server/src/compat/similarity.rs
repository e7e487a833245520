//! Comparison scores as its clients know them: from 0 to 1, where 0.5 is the point of decision.

use super::fault::Fault;
use crate::platform::Platform;
use countenance_core::{ComparePolicy, FalseMatchRate, Score};

/// How fast the curve rises at the point of decision; those of CompreFace's own models lie between 5.3 and 7.1.
const SLOPE: f64 = 6.0;

/// The curve of this engine: (tanh((c0 - d) * c1) + 1) / 2 with d the distance of the unit vectors and c0 the
/// distance at the threshold of the false-match rate 1e-4.
#[derive(Clone, Copy, Debug)]
pub(super) struct Curve {
    threshold: f32,
}

impl Curve {
    /// The curve, by the calibration of the engine.
    pub(super) fn of(platform: &Platform) -> Result<Self, Fault> {
        let threshold = || {
            let policy = ComparePolicy {
                fmr: FalseMatchRate::new(1e-4).ok()?,
                ..platform.registry.policy().clone()
            };
            platform.engine.threshold(&policy).ok()
        };
        let threshold = threshold().ok_or_else(Fault::wrong)?.cosine();
        Ok(Self { threshold })
    }

    /// What stands in an answer, to five decimals, half up. What is below the threshold never rounds up to it.
    pub(super) fn similarity(self, score: Score) -> f64 {
        let distance = |cosine: f32| (2.0 - 2.0 * f64::from(cosine)).max(0.0).sqrt();
        let rise = (distance(self.threshold) - distance(score.cosine())) * SLOPE;
        let rounded = rounded((rise.tanh() + 1.0) / 2.0);
        if score.cosine() < self.threshold {
            rounded.min(0.49999)
        } else {
            rounded.max(0.5)
        }
    }
}

/// To five decimals, half up.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e5 + 0.5).floor() / 1e5
}

#[cfg(test)]
mod tests {
    use super::{Curve, rounded};
    use countenance_core::Score;

    /// In units of the fifth decimal.
    fn units(value: f64) -> i64 {
        (value * 1e5).round() as i64
    }

    #[test]
    fn one_half_is_the_threshold_and_the_curve_only_rises() {
        let curve = Curve { threshold: 0.4184 };
        let at = |cosine: f32| curve.similarity(Score::new(cosine).unwrap());
        assert_eq!(units(at(0.4184)), 50_000);
        assert_eq!(units(at(0.418_399)), 49_999);
        let all: Vec<f64> = (-1000..=1000)
            .map(|step| at(step as f32 / 1000.0))
            .collect();
        assert!(all.is_sorted() && all[0] >= 0.0 && all[2000] <= 1.0);
        assert!(at(0.3) < 0.3 && at(0.6) > 0.8, "{} {}", at(0.3), at(0.6));
    }

    #[test]
    fn a_half_is_rounded_up() {
        assert_eq!(units(rounded(0.123_456)), 12_346);
        assert_eq!(units(rounded(0.000_005)), 1);
        assert_eq!(units(rounded(0.999_999)), 100_000);
    }
}
