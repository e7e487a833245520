//! The comparison score.

use std::cmp::Ordering;
use std::fmt;
use thiserror::Error;

/// How alike two templates are: their cosine, in −1..=1, higher is more alike.
///
/// Scores of two models are not comparable with one another; a score means something
/// only against a [`Threshold`](crate::Threshold) of the same model.
///
/// ```
/// use countenance_gallery::Score;
/// assert!(Score::new(0.6)? > Score::new(0.2)?);
/// assert!(Score::new(1.5).is_err());
/// # Ok::<(), countenance_gallery::ScoreError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score(f32);

/// A number is no score.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[error("score {0} lies outside -1..=1")]
pub struct ScoreError(pub f32);

impl Score {
    /// A score from a cosine.
    ///
    /// # Errors
    /// [`ScoreError`] when `cosine` is not a number in −1..=1.
    pub fn new(cosine: f32) -> Result<Self, ScoreError> {
        if (-1.0..=1.0).contains(&cosine) {
            Ok(Self(cosine))
        } else {
            Err(ScoreError(cosine))
        }
    }

    /// A score from an inner product of unit vectors, whose rounding may step over ±1.
    pub(crate) fn from_unit_product(product: f32) -> Self {
        Self(product.clamp(-1.0, 1.0))
    }

    /// The cosine, in −1..=1.
    #[must_use]
    pub fn cosine(self) -> f32 {
        self.0
    }
}

impl Eq for Score {}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.partial_cmp(&other.0).unwrap_or(Ordering::Equal)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Score;

    #[test]
    fn not_a_number_is_no_score() {
        assert!(Score::new(f32::NAN).is_err());
        assert!(Score::new(-1.000_1).is_err());
    }

    #[test]
    fn rounding_over_one_is_cut_to_one() {
        assert_eq!(Score::from_unit_product(1.000_000_1), Score(1.0));
    }

    #[test]
    fn zero_has_one_place_in_the_order() {
        assert_eq!(Score(0.0).cmp(&Score(-0.0)), std::cmp::Ordering::Equal);
        assert_eq!(Score(0.0), Score(-0.0));
    }
}
