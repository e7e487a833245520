//! The share of right decisions, as the LFW protocols define it.

/// Accuracy over folds.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldAccuracy {
    /// The mean over the folds, in 0..=1.
    pub mean: f64,
    /// The sample standard deviation over the folds; 0 with a single fold.
    pub sd: f64,
    /// Per fold: the threshold found on the other folds, and the accuracy with it.
    pub folds: Vec<(f32, f64)>,
}

/// The threshold with the most right decisions, and how many those are.
///
/// Each comparison is a score and whether it is genuine. Of several best thresholds the one
/// in the middle of the widest gap between neighbouring scores is taken: the one that a new
/// score is least likely to fall on the wrong side of. `None` without comparisons.
#[must_use]
pub fn best_threshold(comparisons: &[(f32, bool)]) -> Option<(f32, usize)> {
    let mut sorted = comparisons.to_vec();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (first, last) = (sorted.first()?.0, sorted.last()?.0);
    // Below every score all pass: right are the genuine ones.
    let mut right = sorted.iter().filter(|(_, genuine)| *genuine).count();
    let mut best = (right, 0.0_f32, first);
    for (place, (score, genuine)) in sorted.iter().enumerate() {
        // Raising the threshold over this score stops it.
        if *genuine {
            right -= 1
        } else {
            right += 1
        }
        let (gap, threshold) = match sorted.get(place + 1) {
            Some((next, _)) => {
                // Between tied scores there is no threshold.
                let middle = score + (next - score) / 2.0;
                if middle <= *score && next <= score {
                    continue;
                }
                (next - score, if middle > *score { middle } else { *next })
            }
            None => (0.0, last.next_up()),
        };
        if right > best.0 || (right == best.0 && gap > best.1) {
            best = (right, gap, threshold);
        }
    }
    Some((best.2, best.0))
}

/// Comparisons that are judged together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fold {
    /// Score, and whether the comparison is genuine.
    pub comparisons: Vec<(f32, bool)>,
    /// Comparisons without a score, because a picture gave no template. Each counts as a
    /// wrong decision: a system does not get better by giving up on hard pictures.
    pub failed: usize,
}

impl Fold {
    /// The share of right decisions at a threshold, in 0..=1; `None` without comparisons.
    #[must_use]
    pub fn accuracy(&self, threshold: f32) -> Option<f64> {
        let is_right = |(score, genuine): &&(f32, bool)| (*score >= threshold) == *genuine;
        let right = self.comparisons.iter().filter(is_right).count();
        let all = self.comparisons.len() + self.failed;
        (all > 0).then(|| right as f64 / all as f64)
    }
}

/// Accuracy with, for each fold, the threshold that is best on all the other folds (Huang et
/// al., "Labeled Faces in the Wild", UMass TR 07-49, 2007, section 4: View 2).
///
/// `None` unless there are two folds or more and each has a comparison.
#[must_use]
pub fn fold_accuracy(folds: &[Fold]) -> Option<FoldAccuracy> {
    if folds.len() < 2 {
        return None;
    }
    let mut results = Vec::with_capacity(folds.len());
    for (held_out, fold) in folds.iter().enumerate() {
        let others: Vec<_> = folds
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != held_out)
            .flat_map(|(_, fold)| fold.comparisons.iter().copied())
            .collect();
        let (threshold, _) = best_threshold(&others)?;
        results.push((threshold, fold.accuracy(threshold)?));
    }
    let count = results.len() as f64;
    let mean = results.iter().map(|(_, accuracy)| accuracy).sum::<f64>() / count;
    let squares = results
        .iter()
        .map(|(_, accuracy)| (accuracy - mean).powi(2))
        .sum::<f64>();
    Some(FoldAccuracy {
        mean,
        sd: (squares / (count - 1.0)).sqrt(),
        folds: results,
    })
}

#[cfg(test)]
mod tests {
    use super::{Fold, best_threshold, fold_accuracy};
    use proptest::prelude::*;

    fn fold(comparisons: &[(f32, bool)]) -> Fold {
        Fold {
            comparisons: comparisons.to_vec(),
            failed: 0,
        }
    }

    #[test]
    fn the_best_threshold_lies_in_the_middle_of_the_gap() {
        let (threshold, right) =
            best_threshold(&[(0.1, false), (0.2, false), (0.6, true), (0.7, true)]).unwrap();
        assert_eq!(right, 4);
        assert!((threshold - 0.4).abs() < 1e-6);
    }

    #[test]
    fn all_impostors_are_stopped_and_all_genuine_pass() {
        let impostors = [(0.3, false), (0.3, false)];
        let (threshold, right) = best_threshold(&impostors).unwrap();
        assert_eq!(
            (right, fold(&impostors).accuracy(threshold)),
            (2, Some(1.0))
        );
        let genuine = [(0.3, true), (0.5, true)];
        let (threshold, right) = best_threshold(&genuine).unwrap();
        assert_eq!((right, fold(&genuine).accuracy(threshold)), (2, Some(1.0)));
    }

    #[test]
    fn no_comparisons_have_no_accuracy() {
        assert_eq!(best_threshold(&[]), None);
        assert_eq!(fold(&[]).accuracy(0.0), None);
        assert_eq!(fold_accuracy(&[fold(&[(0.1, false)])]), None);
        assert_eq!(fold_accuracy(&[fold(&[(0.1, false)]), fold(&[])]), None);
    }

    #[test]
    fn each_fold_is_judged_by_the_threshold_of_the_others() {
        let clean = fold(&[(0.2, false), (0.6, true)]);
        // Judged at 0.4 the impostor at 0.5 passes; it does not move its own threshold.
        let odd = fold(&[(0.5, false), (0.6, true)]);
        let got = fold_accuracy(&[clean.clone(), clean, odd]).unwrap();
        assert!((got.folds[2].1 - 0.5).abs() < 1e-12);
        assert!((got.folds[2].0 - 0.4).abs() < 1e-6);
        assert!((got.mean - 2.5 / 3.0).abs() < 1e-12);
        assert!((got.sd - (1.0_f64 / 12.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn comparisons_without_a_score_count_as_wrong() {
        let fold = Fold {
            comparisons: vec![(0.2, false), (0.6, true)],
            failed: 2,
        };
        assert_eq!(fold.accuracy(0.4), Some(0.5));
    }

    proptest! {
        #[test]
        fn no_threshold_is_better_than_the_best(
            comparisons in proptest::collection::vec(((-9_i8..=9).prop_map(|s| f32::from(s) / 9.0), any::<bool>()), 1..50)
        ) {
            let (threshold, right) = best_threshold(&comparisons).unwrap();
            let count = |threshold: f32| comparisons.iter()
                .filter(|(score, genuine)| (*score >= threshold) == *genuine).count();
            prop_assert_eq!(count(threshold), right);
            for (score, _) in &comparisons {
                prop_assert!(count(*score) <= right);
                prop_assert!(count(score.next_up()) <= right);
            }
        }
    }
}
