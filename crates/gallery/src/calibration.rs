//! From a false-match rate to a threshold, through what was measured of a model.

use crate::rate::FalseMatchRate;
use crate::score::Score;
use crate::template::ModelId;
use std::fmt;
use thiserror::Error;

/// One measured row: at this threshold, this share of impostor comparisons pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationPoint {
    /// The target false-match rate.
    pub fmr: FalseMatchRate,
    /// The smallest score that passes, in −1..=1.
    pub threshold: f32,
    /// Whether the data support the rate: the upper 95 % bound of the false-match rate at
    /// this threshold, by bootstrap over subjects, is at most twice `fmr`.
    pub supported: bool,
    /// The upper 95 % bound of the false-match rate at this threshold, above 0.
    pub upper_95: f64,
}

/// What was measured of a model: its threshold at each of several false-match rates.
///
/// Between two rows the threshold is interpolated linearly in the logarithm of the rate:
/// the upper tail of impostor scores falls off nearly exponentially, so there the curve of
/// log FMR against threshold is close to straight. There is no extrapolation.
///
/// ```
/// use countenance_gallery::{Calibration, CalibrationPoint, FalseMatchRate, ModelId};
/// let row = |fmr, threshold| -> Result<_, countenance_gallery::FalseMatchRateError> {
///     Ok(CalibrationPoint { fmr: FalseMatchRate::new(fmr)?, threshold, supported: true, upper_95: fmr })
/// };
/// let model = ModelId::new("example")?;
/// let calibration = Calibration::new(model, vec![row(1e-2, 0.2)?, row(1e-4, 0.4)?])?;
/// let threshold = calibration.threshold(FalseMatchRate::new(1e-3)?)?;
/// assert!((threshold.cosine() - 0.3).abs() < 1e-6);
/// assert!(calibration.threshold(FalseMatchRate::new(1e-6)?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    model: ModelId,
    /// From the largest rate to the smallest; thresholds never fall. At least one.
    points: Vec<CalibrationPoint>,
}

/// Rows make no calibration.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum CalibrationError {
    /// There is no row.
    #[error("calibration of model {model} has no row")]
    Empty {
        /// The model.
        model: ModelId,
    },
    /// A stricter rate has a lower threshold than a looser one, or a rate stands twice.
    #[error("calibration of model {model} does not rise at false-match rate {fmr}")]
    NotRising {
        /// The model.
        model: ModelId,
        /// The stricter rate of the two rows.
        fmr: FalseMatchRate,
    },
    /// A threshold is not a number in −1..=1.
    #[error("calibration of model {model} has threshold {threshold} at false-match rate {fmr}")]
    Threshold {
        /// The model.
        model: ModelId,
        /// The rate of the row.
        fmr: FalseMatchRate,
        /// The value that is no score.
        threshold: f32,
    },
}

/// No threshold stands for a rate.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ThresholdError {
    /// The rate is looser or stricter than all the rows.
    #[error(
        "model {model} is calibrated for false-match rates {strictest} to {loosest}, not {asked}"
    )]
    OutsideTable {
        /// The model.
        model: ModelId,
        /// The rate that was asked for.
        asked: FalseMatchRate,
        /// The smallest rate of the table.
        strictest: FalseMatchRate,
        /// The largest rate of the table.
        loosest: FalseMatchRate,
    },
}

/// The smallest score that passes at a false-match rate of one model.
///
/// It comes only from [`Calibration::threshold`], so it always knows what it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    model: ModelId,
    fmr: FalseMatchRate,
    score: Score,
    supported: bool,
    upper_95: f64,
}

impl Calibration {
    /// A calibration from its rows, in any order.
    ///
    /// # Errors
    /// [`CalibrationError`] when there is no row, a threshold is no score, a rate stands
    /// twice, or the threshold falls while the rate gets stricter.
    pub fn new(
        model: ModelId,
        mut points: Vec<CalibrationPoint>,
    ) -> Result<Self, CalibrationError> {
        if points.is_empty() {
            return Err(CalibrationError::Empty { model });
        }
        for point in &points {
            if Score::new(point.threshold).is_err() {
                return Err(CalibrationError::Threshold {
                    model,
                    fmr: point.fmr,
                    threshold: point.threshold,
                });
            }
        }
        points.sort_by(|a, b| b.fmr.rate().total_cmp(&a.fmr.rate()));
        for pair in points.windows(2) {
            let [looser, stricter] = pair else { continue };
            if looser.fmr == stricter.fmr || stricter.threshold < looser.threshold {
                return Err(CalibrationError::NotRising {
                    model,
                    fmr: stricter.fmr,
                });
            }
        }
        Ok(Self { model, points })
    }

    /// The model that was measured.
    #[must_use]
    pub fn model(&self) -> &ModelId {
        &self.model
    }

    /// The rows, from the loosest rate to the strictest.
    #[must_use]
    pub fn points(&self) -> &[CalibrationPoint] {
        &self.points
    }

    /// The threshold at a target rate.
    ///
    /// A rate between two rows is [`Threshold::is_supported`] when both rows are.
    ///
    /// # Errors
    /// [`ThresholdError::OutsideTable`] when the rate is looser or stricter than every row.
    pub fn threshold(&self, fmr: FalseMatchRate) -> Result<Threshold, ThresholdError> {
        let outside = || ThresholdError::OutsideTable {
            model: self.model.clone(),
            asked: fmr,
            strictest: self.points.last().map_or(fmr, |point| point.fmr),
            loosest: self.points.first().map_or(fmr, |point| point.fmr),
        };
        let next = self.points.partition_point(|point| point.fmr > fmr);
        let stricter = self.points.get(next).ok_or_else(outside)?;
        let (cosine, supported, upper_95) = if stricter.fmr == fmr {
            (stricter.threshold, stricter.supported, stricter.upper_95)
        } else {
            let looser = next
                .checked_sub(1)
                .and_then(|i| self.points.get(i))
                .ok_or_else(outside)?;
            let log = |rate: FalseMatchRate| rate.rate().log10();
            let share = (log(fmr) - log(looser.fmr)) / (log(stricter.fmr) - log(looser.fmr));
            let rise = f64::from(stricter.threshold) - f64::from(looser.threshold);
            let cosine = (f64::from(looser.threshold) + share * rise) as f32;
            // Between two rows nothing was measured: the bound of the looser one holds.
            let supported = looser.supported && stricter.supported;
            (cosine, supported, looser.upper_95)
        };
        // Both ends are scores, and so is every value between them.
        let score = Score::from_unit_product(cosine);
        Ok(Threshold {
            model: self.model.clone(),
            fmr,
            score,
            supported,
            upper_95,
        })
    }
}

impl Threshold {
    /// The model it belongs to.
    #[must_use]
    pub fn model(&self) -> &ModelId {
        &self.model
    }

    /// The false-match rate it stands for.
    #[must_use]
    pub fn fmr(&self) -> FalseMatchRate {
        self.fmr
    }

    /// The smallest score that passes, in −1..=1.
    #[must_use]
    pub fn cosine(&self) -> f32 {
        self.score.cosine()
    }

    /// Whether the calibration data support the rate; see [`CalibrationPoint::supported`].
    #[must_use]
    pub fn is_supported(&self) -> bool {
        self.supported
    }

    /// The upper 95 % bound of the false-match rate at this threshold; never below the rate it stands for.
    #[must_use]
    pub fn fmr_upper_95(&self) -> f64 {
        self.upper_95.max(self.fmr.rate())
    }

    /// Whether a score passes: it is at least the threshold.
    #[must_use]
    pub fn accepts(&self, score: Score) -> bool {
        score >= self.score
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} (false-match rate {}, model {})",
            self.score, self.fmr, self.model
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Calibration, CalibrationError, CalibrationPoint, ThresholdError};
    use crate::{FalseMatchRate, ModelId, Score};
    use proptest::prelude::*;

    fn rate(rate: f64) -> FalseMatchRate {
        FalseMatchRate::new(rate).unwrap()
    }

    fn point(fmr: f64, threshold: f32, supported: bool) -> CalibrationPoint {
        CalibrationPoint {
            fmr: rate(fmr),
            threshold,
            supported,
            upper_95: fmr * 1.5,
        }
    }

    fn model() -> ModelId {
        ModelId::new("m").unwrap()
    }

    fn table() -> Calibration {
        let points = vec![
            point(1e-6, 0.6, false),
            point(1e-2, 0.2, true),
            point(1e-4, 0.4, true),
        ];
        Calibration::new(model(), points).unwrap()
    }

    #[test]
    fn a_tabled_rate_gives_its_own_threshold() {
        for (fmr, cosine) in [(1e-2, 0.2_f32), (1e-4, 0.4), (1e-6, 0.6)] {
            let threshold = table().threshold(rate(fmr)).unwrap();
            assert!((threshold.cosine() - cosine).abs() < f32::EPSILON);
            assert_eq!(threshold.fmr(), rate(fmr));
        }
    }

    #[test]
    fn halfway_in_the_logarithm_is_halfway_in_the_threshold() {
        assert!((table().threshold(rate(1e-3)).unwrap().cosine() - 0.3).abs() < 1e-6);
        assert!((table().threshold(rate(1e-5)).unwrap().cosine() - 0.5).abs() < 1e-6);
    }

    #[test]
    fn a_rate_outside_the_table_has_no_threshold() {
        for asked in [1e-7, 0.5] {
            assert_eq!(
                table().threshold(rate(asked)),
                Err(ThresholdError::OutsideTable {
                    model: model(),
                    asked: rate(asked),
                    strictest: rate(1e-6),
                    loosest: rate(1e-2),
                })
            );
        }
    }

    #[test]
    fn a_rate_next_to_an_unsupported_row_is_unsupported() {
        assert!(table().threshold(rate(1e-4)).unwrap().is_supported());
        assert!(!table().threshold(rate(0.9e-4)).unwrap().is_supported());
        assert!(!table().threshold(rate(1e-6)).unwrap().is_supported());
    }

    #[test]
    fn a_score_at_the_threshold_passes_and_the_next_below_does_not() {
        let threshold = table().threshold(rate(1e-4)).unwrap();
        assert!(threshold.accepts(Score::new(0.4).unwrap()));
        assert!(!threshold.accepts(Score::new(0.4_f32.next_down()).unwrap()));
    }

    #[test]
    fn rows_that_contradict_each_other_are_refused() {
        let make = |points| Calibration::new(model(), points).unwrap_err();
        assert_eq!(make(vec![]), CalibrationError::Empty { model: model() });
        assert_eq!(
            make(vec![point(1e-2, 0.5, true), point(1e-3, 0.4, true)]),
            CalibrationError::NotRising {
                model: model(),
                fmr: rate(1e-3)
            }
        );
        assert_eq!(
            make(vec![point(1e-2, 0.5, true), point(1e-2, 0.5, true)]),
            CalibrationError::NotRising {
                model: model(),
                fmr: rate(1e-2)
            }
        );
        assert!(matches!(
            make(vec![point(1e-2, f32::NAN, true)]),
            CalibrationError::Threshold { .. }
        ));
    }

    proptest! {
        #[test]
        fn a_stricter_rate_never_lowers_the_threshold(a in -6.0_f64..=-2.0, b in -6.0_f64..=-2.0) {
            let (looser, stricter) = (a.max(b), a.min(b));
            let at = |exponent: f64| {
                // Powers of ten may round just outside the table.
                let fmr = rate(10_f64.powf(exponent).clamp(1e-6, 1e-2));
                table().threshold(fmr).unwrap().cosine()
            };
            prop_assert!(at(stricter) >= at(looser));
        }
    }
}
