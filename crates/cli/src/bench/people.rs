//! People who do not exist, to be searched among.

use crate::failure::Failure;
use anyhow::anyhow;
use countenance_gallery::{Calibration, Candidate, FalseMatchRate, ModelId, Template};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

/// Values of a synthetic template.
pub(super) const DIMENSIONS: usize = 128;
/// Probes of a synthetic gallery; every other one has a mate in it.
const PROBES: usize = 256;
/// Cosine of a synthetic probe and its mate: the middle of what two photos of one person have.
const MATE: f32 = 0.7;
/// Seed of what is synthetic: the same everywhere.
pub(super) const SEED: u64 = 0x0063_6f75_6e74;

/// People who do not exist, as alike as strangers are to the model: the mean and spread of their scores are
/// those of the calibration, whose thresholds at FMR 1e-2 and 1e-4 lie 2.326 and 3.719 deviations above the mean
/// of a normal distribution.
pub(super) struct People {
    /// Share of the direction that all have in common.
    common: f32,
    /// Values that differ from one to the other, so that scores spread as far.
    free: usize,
}

impl People {
    pub(super) fn like(calibration: &Calibration) -> Result<Self, Failure> {
        let at = |rate| -> Result<f32, Failure> {
            Ok(calibration.threshold(FalseMatchRate::new(rate)?)?.cosine())
        };
        let deviation = (at(1e-4)? - at(1e-2)?) / (3.719 - 2.326);
        let mean = (at(1e-2)? - 2.326 * deviation).clamp(0.0, 0.5);
        let free = ((1.0 - mean) / deviation).powi(2).round() as usize;
        Ok(Self {
            common: mean.sqrt(),
            free: free.clamp(16, DIMENSIONS - 1),
        })
    }

    /// A unit vector of somebody.
    fn values(&self, member: u64) -> Vec<f32> {
        let mut random = ChaCha20Rng::seed_from_u64(SEED ^ (member + 1) << 20);
        let mut values = vec![0.0_f32; DIMENSIONS];
        let (own, rest) = values.split_at_mut(self.free);
        for value in own.iter_mut() {
            // Four bytes added are near enough to a bell.
            let sum: u32 = random.next_u32().to_le_bytes().map(u32::from).iter().sum();
            *value = sum as f32 - 510.0;
        }
        let norm = own.iter().map(|v| v * v).sum::<f32>().sqrt();
        let share = (1.0 - self.common * self.common).sqrt() / norm;
        own.iter_mut().for_each(|value| *value *= share);
        if let Some(value) = rest.first_mut() {
            *value = self.common;
        }
        values
    }

    /// Somebody whose cosine with `own` is about [`MATE`], as far from all others as anybody: only what differs from one to the
    /// other is mixed. Mixed whole, a probe would have more of what all have in common than any of them.
    fn mate(&self, own: &[f32], stranger: &[f32]) -> Vec<f32> {
        let shared = self.common * self.common;
        let alike = ((MATE - shared) / (1.0 - shared)).clamp(0.0, 1.0);
        let rest = (1.0 - alike * alike).sqrt();
        let pairs = own.iter().zip(stranger);
        let mut mixed: Vec<f32> = pairs
            .map(|(own, other)| own * alike + other * rest)
            .collect();
        if let Some(value) = mixed.get_mut(self.free) {
            *value = self.common;
        }
        mixed
    }

    pub(super) fn template(&self, model: &ModelId, member: u64) -> Result<Template, Failure> {
        Ok(Template::from_embedding(
            model.clone(),
            &self.values(member),
        )?)
    }

    /// Probes: every other one of a member, the others of strangers.
    pub(super) fn probes(&self, model: &ModelId, count: u64) -> Result<Vec<Probe>, Failure> {
        (0..PROBES as u64)
            .map(|number| {
                let mate = (number % 2 == 0 && count > 0)
                    .then(|| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % count.max(1));
                let stranger = self.values(u64::from(u32::MAX) + number);
                let values = match mate {
                    None => stranger,
                    Some(member) => self.mate(&self.values(member), &stranger),
                };
                Ok(Probe {
                    mate,
                    template: Template::from_embedding(model.clone(), &values)?,
                })
            })
            .collect()
    }
}

pub(super) struct Probe {
    mate: Option<u64>,
    pub(super) template: Template,
}

impl Probe {
    /// A search that misses the mate is no search to be measured.
    pub(super) fn check(&self, found: &[Candidate]) -> Result<(), Failure> {
        let missing = |mate: &u64| found.iter().all(|one| one.entry.member != *mate);
        match self.mate.filter(missing) {
            Some(mate) => Err(Failure::from(anyhow!("search missed member {mate}"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{People, Probe};
    use countenance_gallery::{
        Calibration, CalibrationPoint, Candidate, Entry, FalseMatchRate, ModelId, Score, Template,
    };

    fn people() -> (ModelId, People) {
        let model = ModelId::new("m").unwrap();
        let point = |fmr, threshold| CalibrationPoint {
            fmr: FalseMatchRate::new(fmr).unwrap(),
            threshold,
            supported: true,
            upper_95: fmr,
        };
        let points = vec![point(1e-2, 0.296), point(1e-4, 0.418)];
        let calibration = Calibration::new(model.clone(), points).unwrap();
        (model, People::like(&calibration).unwrap())
    }

    #[test]
    fn synthetic_strangers_are_as_alike_as_the_calibration_says() {
        let (model, people) = people();
        let all: Vec<Template> = (0..800)
            .map(|member| people.template(&model, member).unwrap())
            .collect();
        let (mut scores, mut sum) = (Vec::new(), 0.0);
        for (place, one) in all.iter().enumerate() {
            for other in &all[..place] {
                let score = one.compare(other).unwrap().cosine();
                sum += f64::from(score);
                scores.push(score);
            }
        }
        scores.sort_by(f32::total_cmp);
        let mean = sum / scores.len() as f64;
        let at_1e_2 = scores[scores.len() * 99 / 100];
        assert!((mean - 0.092).abs() < 0.005, "{mean}");
        assert!((at_1e_2 - 0.296).abs() < 0.01, "{at_1e_2}");
    }

    #[test]
    fn a_mate_is_as_alike_as_two_photos_and_no_more_like_strangers_than_anybody() {
        let (model, people) = people();
        let probes = people.probes(&model, 400).unwrap();
        let all: Vec<Template> = (0..400)
            .map(|member| people.template(&model, member).unwrap())
            .collect();
        let (mut mates, mut pairs) = ([0.0_f64; 2], [0.0_f64; 2]);
        let mut with = [0.0_f64; 2];
        for probe in &probes {
            let kind = usize::from(probe.mate.is_some());
            for (member, one) in (0..).zip(&all) {
                let score = f64::from(one.compare(&probe.template).unwrap().cosine());
                if probe.mate == Some(member) {
                    mates[0] += score;
                    mates[1] += 1.0;
                } else {
                    with[kind] += score;
                    pairs[kind] += 1.0;
                }
            }
        }
        let mate = mates[0] / mates[1];
        assert!((mate - f64::from(super::MATE)).abs() < 0.02, "{mate}");
        let [strangers, mated] = [with[0] / pairs[0], with[1] / pairs[1]];
        assert!((strangers - mated).abs() < 0.01, "{strangers} {mated}");
    }

    #[test]
    fn a_search_that_misses_the_mate_ends_the_measurement() {
        let (model, people) = people();
        let template = people.template(&model, 1).unwrap();
        let probe = Probe {
            mate: Some(7),
            template,
        };
        let found = |member| Candidate {
            entry: Entry { member, number: 0 },
            score: Score::new(0.7).unwrap(),
        };
        assert!(probe.check(&[found(3), found(7)]).is_ok());
        assert!(probe.check(&[found(3)]).is_err());
    }
}
