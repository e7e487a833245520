//! Scores in order.

use thiserror::Error;

/// Scores from the lowest to the highest; never empty, never NaN.
#[derive(Clone, Debug, PartialEq)]
pub struct SortedScores(Vec<f32>);

/// Numbers that no statistic can be made of.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScoresError {
    /// There is no score.
    #[error("no scores")]
    Empty,
    /// A score is not a number.
    #[error("score {place} is not a number")]
    NotANumber {
        /// Index of the first such score.
        place: usize,
    },
}

impl SortedScores {
    /// Sorts scores.
    ///
    /// # Errors
    /// [`ScoresError`] when there is none, or one is not a number.
    pub fn new(mut scores: Vec<f32>) -> Result<Self, ScoresError> {
        if scores.is_empty() {
            return Err(ScoresError::Empty);
        }
        if let Some(place) = scores.iter().position(|score| score.is_nan()) {
            return Err(ScoresError::NotANumber { place });
        }
        scores.sort_unstable_by(f32::total_cmp);
        Ok(Self(scores))
    }

    /// The scores, the lowest first.
    #[must_use]
    pub fn ascending(&self) -> &[f32] {
        &self.0
    }

    /// How many scores there are; at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// How many scores are at least `threshold`.
    #[must_use]
    pub fn count_passing(&self, threshold: f32) -> usize {
        self.count() - self.0.partition_point(|score| *score < threshold)
    }

    /// The share of scores that are at least `threshold`, in 0..=1.
    #[must_use]
    pub fn share_passing(&self, threshold: f32) -> f64 {
        self.count_passing(threshold) as f64 / self.count() as f64
    }
}
