//! Error rates of a model from lists of scores, and how sure they are.
//!
//! All functions are pure; randomness comes in as a seeded generator. A comparison passes
//! when its score is at least the threshold. A *genuine* comparison is of two pictures of
//! one subject, an *impostor* comparison of two subjects. Comparisons of two pictures where
//! no template could be made (failures to acquire) do not appear here: they are counted
//! apart, as ISO/IEC 19795-1 asks.

mod accuracy;
mod bootstrap;
mod curve;
mod proportion;
mod scores;
mod trial;

pub use accuracy::{Fold, FoldAccuracy, best_threshold, fold_accuracy};
pub use bootstrap::{OperatingPoint, Resampling, operating_points};
pub use curve::{ErrorRates, auc, equal_error_rate, error_rates, threshold_at};
pub use proportion::{Interval, clopper_pearson, rule_of_three, upper_bound};
pub use scores::{ScoresError, SortedScores};
pub use trial::{ImpostorTail, Impostors, Trial};
