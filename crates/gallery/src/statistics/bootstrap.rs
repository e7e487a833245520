//! How sure error rates are, when one subject makes many comparisons.
//!
//! Comparisons that share a subject are not independent: a person whom the model finds hard
//! spoils many of them. So whole subjects are drawn, not comparisons. One replicate draws as
//! many subjects as there are, with replacement; a subject drawn w times counts w times in
//! its genuine comparisons (the subsets bootstrap: Bolle, Ratha and Pankanti, "Error
//! analysis of pattern recognition systems", CVIU 93, 2004), and an impostor comparison of
//! two subjects counts the product of their weights (the vertex bootstrap: Snijders and
//! Borgatti, "Non-parametric standard errors and tests for network statistics", Connections
//! 22, 1999; for products of weights also Owen, "The pigeonhole bootstrap", Annals of Applied
//! Statistics 1, 2007). Two copies of one subject are no impostors to each other.
//!
//! With tens of millions of impostor comparisons a replicate must not touch them all. At a
//! rate of 1e-2 only the upper hundredth can pass, so a replicate walks the upper tail until
//! the largest rate is used up; the weight of the whole is a closed form of the weights of
//! the subjects. The cost is replicates × tail instead of replicates × comparisons.

use super::curve::passing_at_most;
use super::proportion::upper_bound;
use super::trial::{ImpostorTail, Impostors, Trial, trial_weight};
use crate::FalseMatchRate;
use rand_core::RngCore;

/// The rates at one false-match rate, with their intervals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OperatingPoint {
    /// The false-match rate aimed at.
    pub target: FalseMatchRate,
    /// The smallest score that passes: the smallest at which at most the target passes.
    pub threshold: f32,
    /// The share of impostor comparisons that pass, at most the target.
    pub fmr: f64,
    /// The upper 95 % bound (one-sided) of the false-match rate at this threshold: the larger
    /// of the bound by bootstrap over subjects and the exact binomial bound. The second
    /// matters where few or none pass: resampling cannot show what was never seen.
    pub fmr_high: f64,
    /// The share of genuine comparisons that do not pass.
    pub fnmr: f64,
    /// The 2.5 % quantile of the FNMR over replicates, each with its own threshold.
    pub fnmr_low: f64,
    /// The 97.5 % quantile of the same.
    pub fnmr_high: f64,
}

impl OperatingPoint {
    /// Whether the data support the rate: [`OperatingPoint::fmr_high`] is at most twice the
    /// target.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        self.fmr_high <= 2.0 * self.target.rate()
    }
}

/// How subjects are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resampling {
    /// Subjects there are; their indices are below this.
    pub subjects: u32,
    /// How many times they are drawn; 1000 give the quantiles to about a tenth of their width.
    pub replicates: usize,
}

/// Threshold, FNMR and their intervals at each target rate, in the order of `targets`.
///
/// `tail` holds the highest impostor comparisons: well more than may pass at the largest
/// target (half as many again where that is ten thousand or more), or all. A replicate that runs over its end takes the lowest score of
/// the tail as its threshold. `None` without genuine or impostor comparisons.
#[must_use]
pub fn operating_points(
    genuine: &[Trial],
    impostors: Impostors<'_>,
    tail: &ImpostorTail,
    targets: &[FalseMatchRate],
    resampling: Resampling,
    rng: &mut impl RngCore,
) -> Option<Vec<OperatingPoint>> {
    let total = impostors.count();
    if genuine.is_empty() || tail.descending().is_empty() {
        return None;
    }
    let mut genuine = genuine.to_vec();
    genuine.sort_unstable_by(|a, b| a.score.total_cmp(&b.score));
    let order = {
        // A replicate walks the tail once, from the strictest target to the loosest.
        let mut order: Vec<usize> = (0..targets.len()).collect();
        order.sort_by(|a, b| targets[*a].rate().total_cmp(&targets[*b].rate()));
        order
    };
    let passing: Vec<usize> = order
        .iter()
        .map(|place| count_above(tail, passing_at_most(targets[*place], total as usize)))
        .collect();
    let samples = resample(
        &genuine, impostors, tail, targets, &order, &passing, resampling, rng,
    );
    let mut points: Vec<(usize, OperatingPoint)> = Vec::with_capacity(targets.len());
    for ((place, passing), mut sample) in order.iter().zip(&passing).zip(samples) {
        let threshold = threshold_below(tail, *passing);
        let stopped = genuine.partition_point(|trial| trial.score < threshold);
        let fnmr = stopped as f64 / genuine.len() as f64;
        let exact = upper_bound(*passing as u64, total, 0.05);
        points.push((
            *place,
            OperatingPoint {
                target: targets[*place],
                threshold,
                fmr: *passing as f64 / total as f64,
                fmr_high: quantile(&mut sample.fmr, 0.95).map_or(exact, |high| high.max(exact)),
                fnmr,
                fnmr_low: quantile(&mut sample.fnmr, 0.025).unwrap_or(0.0).min(fnmr),
                fnmr_high: quantile(&mut sample.fnmr, 0.975).unwrap_or(1.0).max(fnmr),
            },
        ));
    }
    points.sort_by_key(|(place, _)| *place);
    Some(points.into_iter().map(|(_, point)| point).collect())
}

/// What the replicates say about one target.
#[derive(Clone, Debug, Default)]
struct Sample {
    /// The false-match rate at the threshold of the whole data.
    fmr: Vec<f64>,
    /// The false non-match rate at the threshold of the replicate.
    fnmr: Vec<f64>,
}

fn resample(
    genuine: &[Trial],
    impostors: Impostors<'_>,
    tail: &ImpostorTail,
    targets: &[FalseMatchRate],
    order: &[usize],
    passing: &[usize],
    resampling: Resampling,
    rng: &mut impl RngCore,
) -> Vec<Sample> {
    let mut samples = vec![Sample::default(); order.len()];
    let mut weights = vec![0_u32; resampling.subjects as usize];
    // stopped[i]: weight of the genuine comparisons below the i-th.
    let mut stopped = vec![0_u64; genuine.len() + 1];
    for _ in 0..resampling.replicates {
        weights.fill(0);
        for _ in 0..resampling.subjects {
            weights[below(rng, resampling.subjects) as usize] += 1;
        }
        for (place, trial) in genuine.iter().enumerate() {
            let weight = weights
                .get(trial.subjects[0] as usize)
                .copied()
                .unwrap_or(0);
            stopped[place + 1] = stopped[place] + u64::from(weight);
        }
        let all_genuine = stopped[genuine.len()];
        let all_impostors = impostors.weighted_count(&weights);
        if all_genuine == 0 || all_impostors == 0 {
            continue;
        }
        let mut walk = Walk {
            tail: tail.descending(),
            weights: &weights,
            place: 0,
            weight: 0,
        };
        let mut fixed = Walk { ..walk };
        for ((sample, place), passing) in samples.iter_mut().zip(order).zip(passing) {
            let allowed = passing_at_most(targets[*place], all_impostors as usize) as u64;
            let threshold = walk.up_to_weight(allowed);
            let below = genuine.partition_point(|trial| trial.score < threshold);
            sample.fnmr.push(stopped[below] as f64 / all_genuine as f64);
            fixed.up_to_place(*passing);
            sample.fmr.push(fixed.weight as f64 / all_impostors as f64);
        }
    }
    samples
}

/// A walk down the tail that adds up weights.
struct Walk<'a> {
    tail: &'a [Trial],
    weights: &'a [u32],
    /// The next comparison.
    place: usize,
    /// Weight of those before it.
    weight: u64,
}

impl Walk<'_> {
    /// Goes on while no more than `allowed` pass and gives the threshold there.
    fn up_to_weight(&mut self, allowed: u64) -> f32 {
        while let Some(trial) = self.tail.get(self.place) {
            let weight = self.weight + trial_weight(trial, self.weights);
            if weight > allowed {
                return trial.score.next_up();
            }
            self.weight = weight;
            self.place += 1;
        }
        self.tail
            .last()
            .map_or(f32::NEG_INFINITY, |trial| trial.score)
    }

    /// Goes on to a place.
    fn up_to_place(&mut self, place: usize) {
        while self.place < place {
            let Some(trial) = self.tail.get(self.place) else {
                return;
            };
            self.weight += trial_weight(trial, self.weights);
            self.place += 1;
        }
    }
}

/// How many comparisons of the tail pass when at most `allowed` may: fewer where the next
/// one down is tied with them.
fn count_above(tail: &ImpostorTail, allowed: usize) -> usize {
    let trials = tail.descending();
    match trials.get(allowed) {
        Some(stopped) => trials.partition_point(|trial| trial.score > stopped.score),
        None => trials.len(),
    }
}

/// The threshold that lets exactly the first `passing` of the tail pass.
fn threshold_below(tail: &ImpostorTail, passing: usize) -> f32 {
    let trials = tail.descending();
    match trials.get(passing) {
        Some(stopped) => stopped.score.next_up(),
        None => trials.last().map_or(f32::NEG_INFINITY, |trial| trial.score),
    }
}

/// The `share` quantile (nearest rank); `None` of nothing.
fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    let rank = (share * values.len() as f64).ceil() as usize;
    let place = rank.saturating_sub(1).min(values.len().checked_sub(1)?);
    let (_, value, _) = values.select_nth_unstable_by(place, f64::total_cmp);
    Some(*value)
}

/// An index below `end`, each equally likely (Lemire, "Fast random integer generation in an
/// interval", ACM TOMACS 29, 2019).
fn below(rng: &mut impl RngCore, end: u32) -> u32 {
    let threshold = end.wrapping_neg() % end.max(1);
    loop {
        let product = u64::from(rng.next_u32()) * u64::from(end);
        if product as u32 >= threshold {
            return (product >> 32) as u32;
        }
    }
}
