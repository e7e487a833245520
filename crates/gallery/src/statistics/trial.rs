//! Scores that remember whose they are.

/// One comparison: its score and the two subjects, as indices from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// The comparison score.
    pub score: f32,
    /// The two subjects; the same one twice in a genuine comparison.
    pub subjects: [u32; 2],
}

/// Which impostor comparisons there are, beyond those in the tail.
#[derive(Clone, Copy, Debug)]
pub enum Impostors<'a> {
    /// Every picture of each subject against every picture of every other subject.
    All {
        /// Pictures per subject.
        pictures: &'a [u32],
    },
    /// These and no others.
    Listed(&'a [Trial]),
}

impl Impostors<'_> {
    /// How many comparisons there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Self::All { pictures } => {
                all_pairs(pictures.iter().map(|pictures| u64::from(*pictures)))
            }
            Self::Listed(trials) => trials.len() as u64,
        }
    }

    /// How many there are when each subject counts `weights` times.
    pub(super) fn weighted_count(&self, weights: &[u32]) -> u64 {
        match self {
            Self::All { pictures } => all_pairs(
                pictures
                    .iter()
                    .zip(weights)
                    .map(|(pictures, weight)| u64::from(*pictures) * u64::from(*weight)),
            ),
            Self::Listed(trials) => trials
                .iter()
                .map(|trial| trial_weight(trial, weights))
                .sum(),
        }
    }
}

/// Pairs across groups of these sizes: (the square of the sum less the sum of squares) / 2.
fn all_pairs(sizes: impl Iterator<Item = u64>) -> u64 {
    let (sum, squares) = sizes.fold((0, 0), |(sum, squares), size| {
        (sum + size, squares + size * size)
    });
    (sum * sum - squares) / 2
}

/// How often an impostor comparison counts when its subjects count `weights` times.
pub(super) fn trial_weight(trial: &Trial, weights: &[u32]) -> u64 {
    let weight = |subject: u32| weights.get(subject as usize).map_or(0, |w| u64::from(*w));
    weight(trial.subjects[0]) * weight(trial.subjects[1])
}

/// The impostor comparisons with the highest scores, the highest first.
///
/// Of tens of millions of comparisons only these can pass at the rates of interest, so only
/// these need to remember their subjects.
#[derive(Clone, Debug)]
pub struct ImpostorTail(Vec<Trial>);

impl ImpostorTail {
    /// Keeps the `length` highest of some comparisons.
    #[must_use]
    pub fn of(mut trials: Vec<Trial>, length: usize) -> Self {
        let descending = |a: &Trial, b: &Trial| b.score.total_cmp(&a.score);
        if length < trials.len() {
            trials.select_nth_unstable_by(length, descending);
            trials.truncate(length);
        }
        trials.sort_unstable_by(descending);
        Self(trials)
    }

    /// The comparisons, the highest score first.
    #[must_use]
    pub fn descending(&self) -> &[Trial] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{ImpostorTail, Impostors, Trial};
    use proptest::prelude::*;

    fn trial(score: f32) -> Trial {
        Trial {
            score,
            subjects: [0, 1],
        }
    }

    #[test]
    fn the_tail_keeps_the_highest_in_order() {
        let trials = [0.1, 0.9, 0.5, 0.7].map(trial).to_vec();
        let scores: Vec<f32> = ImpostorTail::of(trials, 3)
            .descending()
            .iter()
            .map(|trial| trial.score)
            .collect();
        assert_eq!(scores, [0.9, 0.7, 0.5]);
    }

    #[test]
    fn a_tail_longer_than_the_list_is_the_list() {
        assert_eq!(ImpostorTail::of(vec![trial(0.1)], 9).descending().len(), 1);
    }

    proptest! {
        #[test]
        fn counting_all_pairs_in_closed_form_matches_listing_them(
            subjects in proptest::collection::vec((0_u32..4, 0_u32..4), 0..12)
        ) {
            let (pictures, weights): (Vec<u32>, Vec<u32>) = subjects.into_iter().unzip();
            let mut listed = Vec::new();
            for a in 0..pictures.len() {
                for b in 0..a {
                    for _ in 0..pictures[a] * pictures[b] {
                        listed.push(Trial { score: 0.0, subjects: [a as u32, b as u32] });
                    }
                }
            }
            let all = Impostors::All { pictures: &pictures };
            prop_assert_eq!(all.count(), listed.len() as u64);
            prop_assert_eq!(all.weighted_count(&weights), Impostors::Listed(&listed).weighted_count(&weights));
        }
    }
}
