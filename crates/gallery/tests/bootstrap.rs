//! The subject bootstrap against plain counting and against a slow, obvious version of itself.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use countenance_gallery::FalseMatchRate;
use countenance_gallery::statistics::{
    ImpostorTail, Impostors, OperatingPoint, Resampling, SortedScores, Trial, error_rates,
    operating_points, threshold_at,
};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

fn rate(rate: f64) -> FalseMatchRate {
    FalseMatchRate::new(rate).unwrap()
}

/// Scores of `subjects` people with `pictures` pictures each; impostors around 0, genuine
/// around 0.6, both spread by a sum of uniform numbers.
fn people(subjects: u32, pictures: u32, seed: u64) -> (Vec<Trial>, Vec<Trial>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut spread = move || {
        (0..6)
            .map(|_| f64::from(rng.next_u32()) / f64::from(u32::MAX) - 0.5)
            .sum::<f64>()
            / 4.0
    };
    let (mut genuine, mut impostor) = (Vec::new(), Vec::new());
    let all: Vec<u32> = (0..subjects * pictures)
        .map(|picture| picture / pictures)
        .collect();
    for (place, a) in all.iter().enumerate() {
        for b in &all[..place] {
            let mean = if a == b { 0.6 } else { 0.0 };
            let trial = Trial {
                score: (mean + spread()) as f32,
                subjects: [*a, *b],
            };
            if a == b {
                genuine.push(trial)
            } else {
                impostor.push(trial)
            }
        }
    }
    (genuine, impostor)
}

fn points(
    genuine: &[Trial],
    impostor: &[Trial],
    targets: &[FalseMatchRate],
    subjects: u32,
    tail: usize,
) -> Vec<OperatingPoint> {
    let resampling = Resampling {
        subjects,
        replicates: 400,
    };
    let tail = ImpostorTail::of(impostor.to_vec(), tail);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    operating_points(
        genuine,
        Impostors::Listed(impostor),
        &tail,
        targets,
        resampling,
        &mut rng,
    )
    .unwrap()
}

#[test]
fn point_values_are_those_of_plain_counting() {
    let (genuine, impostor) = people(40, 3, 1);
    let sorted = |trials: &[Trial]| {
        SortedScores::new(trials.iter().map(|trial| trial.score).collect()).unwrap()
    };
    let targets = [rate(1e-2), rate(1e-1), rate(1e-3)];
    for point in points(&genuine, &impostor, &targets, 40, usize::MAX) {
        let threshold = threshold_at(&sorted(&impostor), point.target);
        let rates = error_rates(&sorted(&genuine), &sorted(&impostor), threshold);
        assert!((point.threshold - threshold).abs() < f32::EPSILON);
        assert!((point.fmr - rates.fmr).abs() < 1e-12);
        assert!((point.fnmr - rates.fnmr).abs() < 1e-12);
    }
}

#[test]
fn a_short_tail_gives_the_same_answer_as_all_comparisons() {
    let (genuine, impostor) = people(60, 3, 2);
    let targets = [rate(1e-2), rate(1e-3)];
    let whole = points(&genuine, &impostor, &targets, 60, usize::MAX);
    let tail = impostor.len() * 4 / 100;
    assert_eq!(points(&genuine, &impostor, &targets, 60, tail), whole);
}

#[test]
fn the_closed_form_gives_the_same_answer_as_the_list() {
    let (genuine, impostor) = people(30, 4, 3);
    let targets = [rate(1e-2), rate(1e-1)];
    let resampling = Resampling {
        subjects: 30,
        replicates: 200,
    };
    let tail = ImpostorTail::of(impostor.clone(), usize::MAX);
    let run = |impostors| {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        operating_points(&genuine, impostors, &tail, &targets, resampling, &mut rng)
    };
    let pictures = vec![4; 30];
    assert_eq!(
        run(Impostors::All {
            pictures: &pictures
        }),
        run(Impostors::Listed(&impostor))
    );
}

#[test]
fn one_seed_gives_one_answer_and_another_seed_another() {
    let (genuine, impostor) = people(30, 3, 4);
    let tail = ImpostorTail::of(impostor.clone(), usize::MAX);
    let run = |seed| {
        let resampling = Resampling {
            subjects: 30,
            replicates: 50,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let impostors = Impostors::Listed(&impostor);
        operating_points(
            &genuine,
            impostors,
            &tail,
            &[rate(1e-2)],
            resampling,
            &mut rng,
        )
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

/// The same bootstrap, slowly: every replicate writes out every comparison as often as it
/// counts and counts again from the start.
#[test]
fn replicates_match_writing_every_comparison_out() {
    let (subjects, replicates, target) = (12_u32, 300, rate(0.05));
    let (genuine, impostor) = people(subjects, 3, 6);
    let tail = ImpostorTail::of(impostor.clone(), usize::MAX);
    let fast = operating_points(
        &genuine,
        Impostors::Listed(&impostor),
        &tail,
        &[target],
        Resampling {
            subjects,
            replicates,
        },
        &mut ChaCha8Rng::seed_from_u64(9),
    )
    .unwrap()[0];

    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let (mut fnmr, mut fmr) = (Vec::new(), Vec::new());
    for _ in 0..replicates {
        let mut weights = vec![0_usize; subjects as usize];
        for _ in 0..subjects {
            // 2^32 is so large against 12 that no draw of this seed is rejected.
            let draw = (u64::from(rng.next_u32()) * u64::from(subjects)) >> 32;
            weights[draw as usize] += 1;
        }
        let mut passed = Vec::new();
        for trial in &genuine {
            passed.extend(std::iter::repeat_n(
                trial.score,
                weights[trial.subjects[0] as usize],
            ));
        }
        let mut stopped = Vec::new();
        for trial in &impostor {
            let [a, b] = trial.subjects.map(|subject| weights[subject as usize]);
            stopped.extend(std::iter::repeat_n(trial.score, a * b));
        }
        let (Ok(genuine), Ok(impostor)) = (SortedScores::new(passed), SortedScores::new(stopped))
        else {
            continue;
        };
        fnmr.push(error_rates(&genuine, &impostor, threshold_at(&impostor, target)).fnmr);
        fmr.push(impostor.share_passing(fast.threshold));
    }
    let rank = |values: &mut Vec<f64>, share: f64| {
        values.sort_by(f64::total_cmp);
        values[(share * values.len() as f64).ceil() as usize - 1]
    };
    assert!((fast.fnmr_low - rank(&mut fnmr, 0.025).min(fast.fnmr)).abs() < 1e-12);
    assert!((fast.fnmr_high - rank(&mut fnmr, 0.975).max(fast.fnmr)).abs() < 1e-12);
    assert!(fast.fmr_high >= rank(&mut fmr, 0.95) - 1e-12);
}

#[test]
fn few_comparisons_support_no_small_rate() {
    let (genuine, impostor) = people(30, 3, 8);
    let found = points(
        &genuine,
        &impostor,
        &[rate(1e-1), rate(1e-4)],
        30,
        usize::MAX,
    );
    assert!(
        found[0].is_supported(),
        "3915 comparisons support 1e-1: {:?}",
        found[0]
    );
    // None may pass, so resampling sees a rate of 0; the exact bound is 3 / 3915.
    assert!(found[1].fmr.abs() < 1e-12);
    assert!(found[1].fmr_high > 7e-4 && !found[1].is_supported());
}

#[test]
fn one_subject_that_matches_many_widens_the_bound() {
    // The same number of false matches: once spread over pairs, once all with one subject.
    let list = |crowded: bool| -> Vec<Trial> {
        let mut trials = Vec::new();
        for a in 0..100_u32 {
            for b in 0..a {
                let high = if crowded {
                    b == 0 && a <= 50
                } else {
                    a % 2 == 1 && b == a - 1
                };
                trials.push(Trial {
                    score: if high { 0.9 } else { 0.1 },
                    subjects: [a, b],
                });
            }
        }
        trials
    };
    let genuine: Vec<Trial> = (0..100)
        .map(|s| Trial {
            score: 0.8,
            subjects: [s, s],
        })
        .collect();
    let high = |crowded| {
        let trials = list(crowded);
        let found = points(&genuine, &trials, &[rate(0.02)], 100, usize::MAX)[0];
        assert!((found.fmr - 50.0 / 4950.0).abs() < 1e-12);
        found.fmr_high
    };
    assert!(
        high(true) > 1.5 * high(false),
        "{} and {}",
        high(true),
        high(false)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn intervals_hold_their_point_and_stay_in_range(seed in any::<u64>(), subjects in 3_u32..20) {
        let (genuine, impostor) = people(subjects, 2, seed);
        let found = points(&genuine, &impostor, &[rate(1e-2), rate(0.2)], subjects, usize::MAX);
        for point in found {
            prop_assert!(0.0 <= point.fnmr_low && point.fnmr_low <= point.fnmr);
            prop_assert!(point.fnmr <= point.fnmr_high && point.fnmr_high <= 1.0);
            prop_assert!(point.fmr <= point.fmr_high && point.fmr_high <= 1.0);
            prop_assert!(point.fmr <= point.target.rate() + 1e-9);
        }
    }
}
