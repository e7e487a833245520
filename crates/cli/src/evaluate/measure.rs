//! Templates to scores, scores to rates.

use super::pairs::{Pair, PairList};
use super::pictures::Subjects;
use anyhow::{Context as _, bail};
use countenance_core::{FalseMatchRate, Template};
use countenance_gallery::statistics::{
    ErrorRates, Fold, ImpostorTail, Impostors, OperatingPoint, Resampling, SortedScores, Trial,
    auc, best_threshold, equal_error_rate, fold_accuracy, operating_points,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

/// Seeds the bootstrap: an evaluation gives the same intervals each time.
pub(crate) const SEED: u64 = 2_038_237;

/// Times that subjects are drawn.
pub(crate) const REPLICATES: usize = 1000;

/// Pairs shown as the worst of their kind.
const WORST: usize = 24;

/// A compared pair of pictures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Compared {
    pub(crate) score: f32,
    pub(crate) pictures: [usize; 2],
}

/// Error rates, and how sure they are.
#[derive(Clone, Debug)]
pub(crate) struct Rates {
    pub(crate) genuine: SortedScores,
    pub(crate) impostor: SortedScores,
    pub(crate) auc: f64,
    pub(crate) equal_error: ErrorRates,
    /// At [`FalseMatchRate::REPORTED`].
    pub(crate) points: Vec<OperatingPoint>,
    /// From the loosest rate to the strictest that the count of comparisons allows.
    pub(crate) curve: Vec<OperatingPoint>,
    /// The genuine comparisons with the lowest scores, the lowest first.
    pub(crate) worst_genuine: Vec<Compared>,
    /// The impostor comparisons with the highest scores, the highest first.
    pub(crate) worst_impostor: Vec<Compared>,
}

/// Which impostor comparisons are made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Against<'a> {
    /// Every picture against every picture of another subject.
    All,
    /// The pairs listed.
    Listed(&'a [Compared]),
}

/// The score of each pair; `None` where a picture has no template.
pub(super) fn compare(
    pairs: &[Pair],
    templates: &[Option<Template>],
) -> anyhow::Result<Vec<Option<Compared>>> {
    let compare_one = |pair: &Pair| {
        let [Some(a), Some(b)] = pair.pictures.map(|picture| templates[picture].as_ref()) else {
            return Ok(None);
        };
        let score = a.compare(b)?.cosine();
        Ok(Some(Compared {
            score,
            pictures: pair.pictures,
        }))
    };
    pairs.iter().map(compare_one).collect()
}

/// Every comparison of two pictures of one subject.
pub(crate) fn all_genuine(
    templates: &[Option<Template>],
    subjects: &Subjects,
) -> anyhow::Result<Vec<Compared>> {
    let mut of_subject = vec![Vec::new(); subjects.count as usize];
    for (picture, subject) in subjects.of.iter().enumerate() {
        if templates[picture].is_some() {
            of_subject[*subject as usize].push(picture);
        }
    }
    let mut compared = Vec::new();
    for pictures in of_subject {
        for (place, a) in pictures.iter().enumerate() {
            for b in &pictures[..place] {
                if let (Some(reference), Some(probe)) = (&templates[*b], &templates[*a]) {
                    let score = reference.compare(probe)?.cosine();
                    compared.push(Compared {
                        score,
                        pictures: [*b, *a],
                    });
                }
            }
        }
    }
    Ok(compared)
}

/// Every comparison of pictures of two subjects, one after the other.
fn each_impostor(
    templates: &[Option<Template>],
    subjects: &Subjects,
    mut visit: impl FnMut(Compared),
) -> anyhow::Result<()> {
    for (b, probe) in templates.iter().enumerate() {
        let Some(probe) = probe else { continue };
        for (a, reference) in templates[..b].iter().enumerate() {
            if let Some(reference) = reference
                && subjects.of[a] != subjects.of[b]
            {
                visit(Compared {
                    score: reference.compare(probe)?.cosine(),
                    pictures: [a, b],
                });
            }
        }
    }
    Ok(())
}

/// Measures the rates of some genuine comparisons against impostors.
pub(crate) fn rates(
    genuine: &[Compared],
    against: Against<'_>,
    templates: &[Option<Template>],
    subjects: &Subjects,
) -> anyhow::Result<Rates> {
    let mut scores = Vec::new();
    match against {
        Against::All => each_impostor(templates, subjects, |it| scores.push(it.score))?,
        Against::Listed(listed) => scores.extend(listed.iter().map(|it| it.score)),
    }
    let impostor = SortedScores::new(scores).context("impostor comparisons")?;
    let genuine_sorted = SortedScores::new(genuine.iter().map(|it| it.score).collect())
        .context("genuine comparisons")?;

    // The tail holds half as many again as pass at the loosest rate of the curve, 1e-1. It
    // is found by its lowest score and, with all pairs, by comparing a second time: cheaper
    // than to remember the pictures of tens of millions of comparisons.
    let length = (impostor.count() * 15 / 100)
        .max(10_000)
        .min(impostor.count());
    let lowest = impostor.ascending()[impostor.count() - length];
    let mut tail = Vec::with_capacity(length);
    let mut keep = |it: Compared| {
        if it.score >= lowest {
            tail.push(it);
        }
    };
    match against {
        Against::All => each_impostor(templates, subjects, &mut keep)?,
        Against::Listed(listed) => listed.iter().copied().for_each(&mut keep),
    }
    let worst_impostor = lowest_by(&tail, |it| -it.score);

    let trial = |it: &Compared| Trial {
        score: it.score,
        subjects: it.pictures.map(|picture| subjects.of[picture]),
    };
    let trials = |compared: &[Compared]| compared.iter().map(trial).collect::<Vec<_>>();
    let mut pictures = vec![0_u32; subjects.count as usize];
    for (subject, template) in subjects.of.iter().zip(templates) {
        pictures[*subject as usize] += u32::from(template.is_some());
    }
    let listed = match against {
        Against::All => Vec::new(),
        Against::Listed(listed) => trials(listed),
    };
    let impostors = match against {
        Against::All => Impostors::All {
            pictures: &pictures,
        },
        Against::Listed(_) => Impostors::Listed(&listed),
    };
    let curve_rates = curve_rates(impostor.count())?;
    let targets = [&FalseMatchRate::REPORTED[..], &curve_rates].concat();
    let mut points = operating_points(
        &trials(genuine),
        impostors,
        &ImpostorTail::of(trials(&tail), length),
        &targets,
        Resampling {
            subjects: subjects.count,
            replicates: REPLICATES,
        },
        &mut ChaCha8Rng::seed_from_u64(SEED),
    )
    .context("no comparisons to measure")?;
    let curve = points.split_off(FalseMatchRate::REPORTED.len());
    Ok(Rates {
        auc: auc(&genuine_sorted, &impostor),
        equal_error: equal_error_rate(&genuine_sorted, &impostor),
        points,
        curve,
        worst_genuine: lowest_by(genuine, |it| it.score),
        worst_impostor,
        genuine: genuine_sorted,
        impostor,
    })
}

/// Ten rates per decade from 1e-1 down to one comparison, 1e-6 at the most.
fn curve_rates(comparisons: usize) -> anyhow::Result<Vec<FalseMatchRate>> {
    let least = (1.0 / comparisons as f64).max(1e-6) * 0.999;
    (10..=60)
        .map(|tenths| 10_f64.powf(-f64::from(tenths) / 10.0))
        .take_while(|rate| *rate >= least)
        .map(|rate| FalseMatchRate::new(rate).context("rate of the curve"))
        .collect()
}

fn lowest_by(compared: &[Compared], key: impl Fn(&Compared) -> f32) -> Vec<Compared> {
    let mut sorted = compared.to_vec();
    let order = |a: &Compared, b: &Compared| {
        key(a)
            .total_cmp(&key(b))
            .then_with(|| a.pictures.cmp(&b.pictures))
    };
    if sorted.len() > WORST {
        sorted.select_nth_unstable_by(WORST, order);
        sorted.truncate(WORST);
    }
    sorted.sort_by(order);
    sorted
}

/// The share of right decisions on the listed pairs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Accuracy {
    pub(crate) mean: f64,
    /// Over folds, their standard deviation; of a single list, the standard error of the
    /// share.
    pub(crate) sd: f64,
    /// Threshold and accuracy of each fold.
    pub(crate) folds: Vec<(f32, f64)>,
}

/// A threshold for a single list: the best one on other pairs.
pub(super) fn train(pairs: &[Pair], templates: &[Option<Template>]) -> anyhow::Result<f32> {
    let scored = compare(pairs, templates)?;
    let comparisons: Vec<_> = scored
        .iter()
        .zip(pairs)
        .filter_map(|(compared, pair)| Some((compared.as_ref()?.score, pair.genuine)))
        .collect();
    let (threshold, _) =
        best_threshold(&comparisons).context("no pair to take a threshold from")?;
    Ok(threshold)
}

/// Accuracy at a given threshold; without one, each fold at the best threshold of the
/// others, and nothing for a single list.
pub(super) fn accuracy(
    lists: &[PairList],
    scored: &[Option<Compared>],
    threshold: Option<f32>,
) -> anyhow::Result<Option<Accuracy>> {
    let count: usize = lists.iter().map(|list| list.folds).sum();
    let mut folds = vec![Fold::default(); count];
    let mut first = 0;
    let mut scored = scored.iter();
    for list in lists {
        for pair in &list.pairs {
            let fold = &mut folds[first + pair.fold];
            match scored.next() {
                Some(Some(compared)) => fold.comparisons.push((compared.score, pair.genuine)),
                Some(None) => fold.failed += 1,
                None => bail!("fewer scores than pairs"),
            }
        }
        first += list.folds;
    }
    let Some(threshold) = threshold else {
        return Ok(fold_accuracy(&folds).map(|found| Accuracy {
            mean: found.mean,
            sd: found.sd,
            folds: found.folds,
        }));
    };
    let all = Fold {
        comparisons: folds
            .iter()
            .flat_map(|fold| fold.comparisons.iter().copied())
            .collect(),
        failed: folds.iter().map(|fold| fold.failed).sum(),
    };
    let total = (all.comparisons.len() + all.failed) as f64;
    Ok(all.accuracy(threshold).map(|mean| Accuracy {
        mean,
        sd: (mean * (1.0 - mean) / total).sqrt(),
        folds: vec![(threshold, mean)],
    }))
}

#[cfg(test)]
mod tests {
    use super::{Against, all_genuine, compare, curve_rates, rates, train};
    use crate::evaluate::pairs::{Pair, parse};
    use crate::evaluate::pictures::{Pictures, Subjects};
    use countenance_core::{ModelId, Template};

    fn template(degrees: f32) -> Option<Template> {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Some(Template::from_embedding(ModelId::new("m").unwrap(), &[cos, sin]).unwrap())
    }

    /// Three people as directions: 0 and 10, 90 and 100, 200 degrees; one picture failed.
    fn people() -> (Vec<Option<Template>>, Subjects) {
        let degrees = [
            Some(0.0),
            Some(10.0),
            Some(90.0),
            Some(100.0),
            Some(200.0),
            None,
        ];
        let templates = degrees.map(|degrees| degrees.and_then(template)).to_vec();
        (
            templates,
            Subjects {
                of: vec![0, 0, 1, 1, 2, 2],
                count: 3,
                named: true,
            },
        )
    }

    #[test]
    fn all_pairs_leave_out_one_subject_and_failures() {
        let (templates, subjects) = people();
        let genuine = all_genuine(&templates, &subjects).unwrap();
        assert_eq!(
            genuine.iter().map(|it| it.pictures).collect::<Vec<_>>(),
            [[0, 1], [2, 3]]
        );
        let rates = rates(&genuine, Against::All, &templates, &subjects).unwrap();
        // 2 x 2 + 2 x 1 + 2 x 1 pairs of two subjects.
        assert_eq!(rates.impostor.count(), 8);
        assert!((rates.auc - 1.0).abs() < 1e-12);
        // The nearest strangers are 10 and 90 degrees apart by 80.
        assert_eq!(rates.worst_impostor[0].pictures, [1, 2]);
        assert!((rates.worst_impostor[0].score - 80_f32.to_radians().cos()).abs() < 1e-6);
        assert!(rates.points.iter().all(|point| !point.is_supported()));
    }

    #[test]
    fn listing_every_pair_gives_the_same_rates_as_all_pairs() {
        let (templates, subjects) = people();
        let genuine = all_genuine(&templates, &subjects).unwrap();
        let mut pairs = Vec::new();
        for b in 0..5 {
            for a in 0..b {
                if subjects.of[a] != subjects.of[b] {
                    pairs.push(Pair {
                        pictures: [a, b],
                        genuine: false,
                        fold: 0,
                    });
                }
            }
        }
        let listed: Vec<_> = compare(&pairs, &templates)
            .unwrap()
            .into_iter()
            .map(Option::unwrap)
            .collect();
        let all = rates(&genuine, Against::All, &templates, &subjects).unwrap();
        let list = rates(&genuine, Against::Listed(&listed), &templates, &subjects).unwrap();
        assert_eq!(all.points, list.points);
        assert_eq!(all.impostor, list.impostor);
    }

    #[test]
    fn a_threshold_is_taken_from_training_pairs() {
        let list = "a/1.jpg,a/2.jpg,1\na/1.jpg,b/1.jpg,0\n";
        let mut pictures = Pictures::default();
        let list = parse(list.as_bytes(), &mut pictures).unwrap();
        let templates = vec![template(0.0), template(60.0), template(90.0)];
        // Cosines 0.5 (genuine) and 0 (impostor): the middle is 0.25.
        assert!((train(&list.pairs, &templates).unwrap() - 0.25).abs() < 1e-6);
    }

    #[test]
    fn the_curve_ends_where_one_comparison_is_too_many() {
        let rates = curve_rates(100).unwrap();
        assert_eq!(rates.len(), 11);
        assert!((rates[10].rate() - 1e-2).abs() < 1e-9);
        assert_eq!(curve_rates(usize::MAX).unwrap().len(), 51);
    }
}
