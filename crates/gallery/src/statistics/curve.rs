//! The trade-off between false matches and false non-matches.

use super::SortedScores;
use crate::FalseMatchRate;

/// Both error rates at one threshold: a point of the DET curve (Martin et al., "The DET
/// curve in assessment of detection task performance", Eurospeech 1997).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorRates {
    /// The smallest score that passes.
    pub threshold: f32,
    /// The share of impostor comparisons that pass, in 0..=1.
    pub fmr: f64,
    /// The share of genuine comparisons that do not pass, in 0..=1.
    pub fnmr: f64,
}

/// Both error rates at a threshold.
#[must_use]
pub fn error_rates(genuine: &SortedScores, impostor: &SortedScores, threshold: f32) -> ErrorRates {
    ErrorRates {
        threshold,
        fmr: impostor.share_passing(threshold),
        fnmr: 1.0 - genuine.share_passing(threshold),
    }
}

/// The smallest threshold at which the share of passing impostor scores is at most `fmr`.
///
/// With n scores, `floor(fmr * n)` may pass, so the threshold lies just above the next one
/// down. Where that is none (n is below 1 / `fmr`), it lies just above the highest score:
/// look at [`upper_bound`](super::upper_bound) before believing it.
#[must_use]
pub fn threshold_at(impostor: &SortedScores, fmr: FalseMatchRate) -> f32 {
    let scores = impostor.ascending();
    match scores
        .len()
        .checked_sub(1 + passing_at_most(fmr, scores.len()))
    {
        Some(first_stopped) => scores[first_stopped].next_up(),
        None => scores[0],
    }
}

/// How many of `count` comparisons may pass at a rate.
pub(super) fn passing_at_most(fmr: FalseMatchRate, count: usize) -> usize {
    // A hair upwards, so that 1e-4 of 30 000 is 3 and not 2.999...
    (fmr.rate() * count as f64 * (1.0 + 1e-12)).floor() as usize
}

/// The area under the ROC curve: the chance that a genuine score is higher than an impostor
/// score, ties counted half (the Mann-Whitney statistic; Hanley and McNeil, "The meaning and
/// use of the area under a ROC curve", Radiology 143, 1982). In 0..=1; 0.5 is chance.
#[must_use]
pub fn auc(genuine: &SortedScores, impostor: &SortedScores) -> f64 {
    let below = |score: f32| impostor.ascending().partition_point(|other| *other < score);
    let up_to = |score: f32| {
        impostor
            .ascending()
            .partition_point(|other| *other <= score)
    };
    // Twice the number of wins, so that ties stay whole numbers.
    let twice: u64 = genuine
        .ascending()
        .iter()
        .map(|score| (below(*score) + up_to(*score)) as u64)
        .sum();
    twice as f64 / 2.0 / genuine.count() as f64 / impostor.count() as f64
}

/// The point where FMR and FNMR meet.
///
/// Both are steps, so they may not meet exactly: of the two neighbouring thresholds around
/// the crossing, the one where they differ less is taken; the equal error rate is the mean
/// of its `fmr` and `fnmr`.
#[must_use]
pub fn equal_error_rate(genuine: &SortedScores, impostor: &SortedScores) -> ErrorRates {
    let at = |threshold| error_rates(genuine, impostor, threshold);
    let crossed = |rates: &ErrorRates| rates.fnmr >= rates.fmr;
    // FNMR - FMR never falls as the threshold rises: bisect between the extreme scores,
    // where below the lowest all pass and above the highest none does.
    let lowest = genuine.ascending()[0].min(impostor.ascending()[0]);
    let last = |scores: &SortedScores| scores.ascending().last().copied().unwrap_or(lowest);
    let mut low = lowest.next_down();
    let mut high = last(genuine).max(last(impostor)).next_up();
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if crossed(&at(middle)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    let (before, after) = (at(low), at(high));
    let gap = |rates: &ErrorRates| (rates.fnmr - rates.fmr).abs();
    if gap(&before) < gap(&after) {
        before
    } else {
        after
    }
}

#[cfg(test)]
mod tests {
    use super::{auc, equal_error_rate, error_rates, passing_at_most, threshold_at};
    use crate::FalseMatchRate;
    use crate::statistics::SortedScores;
    use proptest::prelude::*;

    fn sorted(scores: &[f32]) -> SortedScores {
        SortedScores::new(scores.to_vec()).unwrap()
    }

    fn rate(rate: f64) -> FalseMatchRate {
        FalseMatchRate::new(rate).unwrap()
    }

    #[test]
    fn rates_of_a_small_list_are_those_counted_by_hand() {
        let rates = error_rates(&sorted(&[0.3, 0.5, 0.7, 0.9]), &sorted(&[0.1, 0.5]), 0.5);
        assert!((rates.fmr - 0.5).abs() < 1e-12, "0.5 passes at 0.5");
        assert!((rates.fnmr - 0.25).abs() < 1e-12, "only 0.3 is stopped");
    }

    #[test]
    fn threshold_lets_exactly_the_allowed_number_pass() {
        let impostor = sorted(&[0.1, 0.2, 0.3, 0.4]);
        for (fmr, passing) in [(0.25, 1), (0.3, 1), (0.5, 2), (1.0, 4), (0.1, 0)] {
            let threshold = threshold_at(&impostor, rate(fmr));
            assert_eq!(impostor.count_passing(threshold), passing, "at {fmr}");
        }
    }

    #[test]
    fn tied_scores_all_stay_out() {
        let threshold = threshold_at(&sorted(&[0.1, 0.4, 0.4, 0.4]), rate(0.5));
        assert!((threshold - 0.4_f32.next_up()).abs() < f32::EPSILON);
    }

    #[test]
    fn whole_products_are_not_rounded_down() {
        for (fmr, count, expected) in [(1e-4, 30_000, 3), (1e-6, 12_000_000, 12), (1e-3, 7_000, 7)]
        {
            assert_eq!(passing_at_most(rate(fmr), count), expected);
        }
    }

    #[test]
    fn auc_of_apart_mixed_and_tied_scores() {
        assert!((auc(&sorted(&[0.8, 0.9]), &sorted(&[0.1, 0.2])) - 1.0).abs() < 1e-12);
        assert!(auc(&sorted(&[0.1, 0.2]), &sorted(&[0.8, 0.9])).abs() < 1e-12);
        assert!((auc(&sorted(&[0.5, 0.5]), &sorted(&[0.5])) - 0.5).abs() < 1e-12);
        // Wins of (0.3, 0.7) over (0.2, 0.5): 1, 0, 1, 1.
        assert!((auc(&sorted(&[0.3, 0.7]), &sorted(&[0.2, 0.5])) - 0.75).abs() < 1e-12);
    }

    #[test]
    fn equal_error_rate_of_a_symmetric_list() {
        let genuine = sorted(&[0.2, 0.6, 0.7, 0.8]);
        let impostor = sorted(&[0.1, 0.3, 0.4, 0.65]);
        let rates = equal_error_rate(&genuine, &impostor);
        assert!((rates.fmr - 0.25).abs() < 1e-12);
        assert!((rates.fnmr - 0.25).abs() < 1e-12);
    }

    #[test]
    fn scores_far_apart_have_no_equal_error() {
        let rates = equal_error_rate(&sorted(&[0.8, 0.9]), &sorted(&[0.1, 0.2]));
        assert!(rates.fmr + rates.fnmr < 1e-12);
    }

    fn scores() -> impl Strategy<Value = Vec<f32>> {
        // A coarse grid, so that ties are common.
        proptest::collection::vec((-20_i8..=20).prop_map(|step| f32::from(step) / 20.0), 1..60)
    }

    proptest! {
        #[test]
        fn auc_matches_the_count_of_all_pairs(genuine in scores(), impostor in scores()) {
            let mut wins = 0.0;
            for g in &genuine {
                for i in &impostor {
                    wins += if g > i { 1.0 } else if g < i { 0.0 } else { 0.5 };
                }
            }
            let expected = wins / (genuine.len() * impostor.len()) as f64;
            prop_assert!((auc(&sorted(&genuine), &sorted(&impostor)) - expected).abs() < 1e-12);
        }

        #[test]
        fn equal_error_is_the_smallest_gap_over_all_thresholds(genuine in scores(), impostor in scores()) {
            let (genuine_sorted, impostor_sorted) = (sorted(&genuine), sorted(&impostor));
            let found = equal_error_rate(&genuine_sorted, &impostor_sorted);
            let least = genuine.iter().chain(&impostor)
                .flat_map(|score| [*score, score.next_up()])
                .map(|threshold| error_rates(&genuine_sorted, &impostor_sorted, threshold))
                .map(|rates| (rates.fmr - rates.fnmr).abs())
                .fold(f64::INFINITY, f64::min);
            prop_assert!(((found.fmr - found.fnmr).abs() - least).abs() < 1e-12);
        }

        #[test]
        fn threshold_is_the_smallest_that_keeps_the_rate(impostor in scores(), fmr in 0.001_f64..=1.0) {
            let sorted = sorted(&impostor);
            let threshold = threshold_at(&sorted, rate(fmr));
            prop_assert!(sorted.share_passing(threshold) <= fmr + 1e-9);
            let smaller = impostor.iter().copied().filter(|score| *score < threshold)
                .fold(f32::NEG_INFINITY, f32::max);
            if smaller.is_finite() {
                prop_assert!(sorted.share_passing(smaller) > fmr);
            }
        }
    }
}
