//! From what came of each session to rates (ISO/IEC 30107-3): one for each species, never one over all.

use super::judge::{End, Played};
use super::manifest::{GENUINE, IMPOSTOR, Manifest};
use crate::evaluate::command_line;
use crate::terminal::plain;
use countenance_core::{Check, Cue};
use countenance_gallery::statistics::clopper_pearson;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Fewer sessions support no claim.
const CLAIMED_FROM: u64 = 30;
/// Checks that recordings can fail: not that clocks keep time and pictures are new, nor what an operator's own networks say.
const PLAYED: [Check; 8] = [
    Check::Continuity,
    Check::Early,
    Check::Flat,
    Check::Identity,
    Check::Light,
    Check::Missed,
    Check::Neutral,
    Check::Wrong,
];
/// One less than the confidence of intervals.
const ALPHA: f64 = 0.05;

/// A share of trials with its exact interval at 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Share {
    pub(super) count: u64,
    pub(super) of: u64,
    /// `null` without trials.
    pub(super) rate: Option<f64>,
    pub(super) low: f64,
    pub(super) high: f64,
    /// Whether there are trials enough to say anything.
    pub(super) claimed: bool,
}

impl Share {
    fn new(count: u64, of: u64) -> Self {
        let interval = clopper_pearson(count, of, ALPHA);
        Self {
            count,
            of,
            rate: (of > 0).then(|| count as f64 / of as f64),
            low: interval.low,
            high: interval.high,
            claimed: of >= CLAIMED_FROM,
        }
    }
}

/// What was measured of one cue in the sessions of a species.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    cue: &'static str,
    threshold: f64,
    /// Values below the threshold.
    below: u64,
    of: u64,
    least: f64,
    p05: f64,
    median: f64,
    p95: f64,
    most: f64,
}

/// The sessions of a species.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    pub(super) species: String,
    /// Whether its challenges were those without colored light.
    calm: bool,
    sessions: u64,
    /// Different recordings in them: sessions with the same ones are not independent.
    recordings: u64,
    /// Sessions that ended without a verdict, of all.
    failed_to_acquire: Share,
    /// Sessions whose reference gave no template; they were not played.
    failed_to_enroll: u64,
    /// Taken for live, of those with a verdict: the APCER of an attack.
    pub(super) passed_liveness: Share,
    /// Refused as not live, of those with a verdict: the BPCER of genuine people.
    refused_as_not_live: Share,
    /// Accepted by the whole system, of all that were played.
    accepted: Share,
    /// Sessions in which each check failed, of those with a verdict: of genuine people its false refusals.
    checks: BTreeMap<&'static str, Share>,
    /// Causes of sessions without a verdict.
    causes: BTreeMap<&'static str, u64>,
    cues: Vec<Measured>,
    seconds: Seconds,
}

/// How long sessions took that passed liveness, from the first frame to the verdict.
#[derive(Debug, Serialize)]
struct Seconds {
    median: f64,
    p95: f64,
    most: f64,
}

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct Rates {
    command: String,
    version: &'static str,
    /// The species that passes liveness most often, by the upper end of its interval.
    pub(super) worst: Option<String>,
    pub(super) groups: Vec<Group>,
    /// How long one frame takes on this machine, in milliseconds.
    frame_ms_median: f64,
}

impl Rates {
    pub(super) fn of(manifest: &Manifest, played: &[Played]) -> Self {
        let mut by_species: BTreeMap<(u8, &str, bool), Vec<&Played>> = BTreeMap::new();
        for one in played {
            let session = &manifest.sessions[one.entry];
            let species = session.species.as_str();
            // Genuine people first, then impostors, then attacks by name.
            let place = match species {
                GENUINE => 0,
                IMPOSTOR => 1,
                _ => 2,
            };
            by_species
                .entry((place, species, session.calm))
                .or_default()
                .push(one);
        }
        let groups: Vec<Group> = by_species
            .into_iter()
            .map(|((_, species, calm), played)| {
                let clips = played
                    .iter()
                    .map(|played| &manifest.sessions[played.entry].clips);
                let recordings = clips.collect::<BTreeSet<_>>().len() as u64;
                Group::of(species, calm, &played, recordings)
            })
            .collect();
        let worst = groups
            .iter()
            .filter(|group| group.is_attack())
            .max_by(|a, b| a.passed_liveness.high.total_cmp(&b.passed_liveness.high));
        let mut frames: Vec<f64> = played
            .iter()
            .flat_map(|played| played.frames.iter().map(Duration::as_secs_f64))
            .collect();
        frames.sort_by(f64::total_cmp);
        Self {
            command: command_line(),
            version: env!("CARGO_PKG_VERSION"),
            worst: worst.map(Group::name),
            frame_ms_median: 1e3 * part(&frames, 0.5),
            groups,
        }
    }

    /// Writes the tables to the standard output.
    pub(super) fn print(&self) -> anyhow::Result<()> {
        let attacks = || self.groups.iter().filter(|group| group.is_attack());
        if let Some(worst) = attacks().find(|group| Some(group.name()) == self.worst) {
            say!(
                "worst species: {}, APCER {}",
                worst.name(),
                shown(&worst.passed_liveness)
            );
            say!("");
        }
        for group in self.groups.iter().filter(|group| group.species == GENUINE) {
            say!(
                "{}: {} sessions of {} recordings",
                group.name(),
                group.sessions,
                group.recordings
            );
            say!(
                "  refused as not live (BPCER)      {}",
                shown(&group.refused_as_not_live)
            );
            say!(
                "  failed to acquire                {}",
                shown(&group.failed_to_acquire)
            );
            say!(
                "  accepted by the whole system     {}",
                shown(&group.accepted)
            );
            say!(
                "  took                             {:.1} s in the median, {:.1} s at most in 95 of 100",
                group.seconds.median,
                group.seconds.p95
            );
            group.print_why();
        }
        for group in self.groups.iter().filter(|group| group.species == IMPOSTOR) {
            say!(
                "{}, live people who are somebody else: {} sessions of {} recordings",
                group.name(),
                group.sessions,
                group.recordings
            );
            say!(
                "  accepted by the whole system     {}",
                shown(&group.accepted)
            );
        }
        for group in attacks() {
            say!(
                "attack, {}: {} sessions of {} recordings",
                group.name(),
                group.sessions,
                group.recordings
            );
            say!(
                "  taken for live (APCER)           {}",
                shown(&group.passed_liveness)
            );
            say!(
                "  failed to acquire                {}",
                shown(&group.failed_to_acquire)
            );
            say!(
                "  accepted by the whole system     {}",
                shown(&group.accepted)
            );
            group.print_why();
        }
        say!("");
        say!("Intervals are exact, 95 %. Rates of different species are not to be added up.");
        Ok(())
    }
}

impl Group {
    fn name(&self) -> String {
        let calm = if self.calm { ", slow light" } else { "" };
        format!("{}{calm}", plain(&self.species))
    }

    fn is_attack(&self) -> bool {
        self.species != GENUINE && self.species != IMPOSTOR
    }

    fn of(species: &str, calm: bool, played: &[&Played], recordings: u64) -> Self {
        let count = |what: &dyn Fn(&End) -> bool| {
            played.iter().filter(|played| what(&played.end)).count() as u64
        };
        let enrolled = count(&|end| !matches!(end, End::NotEnrolled));
        let judged = count(&|end| matches!(end, End::Judged { .. }));
        let live = count(&|end| matches!(end, End::Judged { failed, .. } if failed.is_empty()));
        let accepted = count(
            &|end| matches!(end, End::Judged { failed, matched, .. } if failed.is_empty() && *matched != Some(false)),
        );
        let lost = count(&|end| matches!(end, End::Recapture(_)));
        // All of them: one that refused nobody says so.
        let mut checks: BTreeMap<&str, u64> =
            PLAYED.iter().map(|check| (check.name(), 0)).collect();
        let mut causes = BTreeMap::new();
        let mut cues: BTreeMap<Cue, Vec<f64>> = BTreeMap::new();
        for one in played {
            match &one.end {
                End::Judged {
                    failed, measured, ..
                } => {
                    for check in failed {
                        *checks.entry(check.name()).or_default() += 1;
                    }
                    for (cue, value) in measured {
                        cues.entry(*cue).or_default().push(f64::from(*value));
                    }
                }
                End::Recapture(cause) => *causes.entry(*cause).or_default() += 1,
                End::NotEnrolled => {}
            }
        }
        let mut lasted: Vec<f64> = played
            .iter()
            .filter(|played| matches!(&played.end, End::Judged { failed, .. } if failed.is_empty()))
            .map(|played| played.lasted.as_secs_f64())
            .collect();
        lasted.sort_by(f64::total_cmp);
        Self {
            species: species.to_owned(),
            calm,
            sessions: played.len() as u64,
            recordings,
            failed_to_acquire: Share::new(lost, enrolled),
            failed_to_enroll: played.len() as u64 - enrolled,
            passed_liveness: Share::new(live, judged),
            refused_as_not_live: Share::new(judged - live, judged),
            accepted: Share::new(accepted, enrolled),
            checks: checks
                .into_iter()
                .map(|(name, count)| (name, Share::new(count, judged)))
                .collect(),
            causes,
            cues: cues.into_iter().map(Measured::of).collect(),
            seconds: Seconds {
                median: part(&lasted, 0.5),
                p95: part(&lasted, 0.95),
                most: part(&lasted, 1.0),
            },
        }
    }

    fn print_why(&self) {
        let checks = self.checks.iter();
        let checks = checks
            .filter(|(_, share)| share.count > 0)
            .map(|(name, share)| (*name, share.count));
        let causes = self.causes.iter().map(|(name, count)| (*name, *count));
        say_counts("failed checks", checks);
        say_counts("causes", causes);
        for cue in &self.cues {
            say!(
                "  {:<32} median {:.3}, 5 % {:.3}, 95 % {:.3}; {} of {} below {}",
                format!("cue {}", cue.cue),
                cue.median,
                cue.p05,
                cue.p95,
                cue.below,
                cue.of,
                cue.threshold
            );
        }
    }
}

fn say_counts(what: &str, counts: impl Iterator<Item = (&'static str, u64)>) {
    let counts: Vec<_> = counts
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    if !counts.is_empty() {
        say!("  {what:<32} {}", counts.join(", "));
    }
}

impl Measured {
    fn of((cue, mut values): (Cue, Vec<f64>)) -> Self {
        values.sort_by(f64::total_cmp);
        // As it is written, not as a float widens it.
        let threshold = (f64::from(cue.threshold()) * 1e4).round() / 1e4;
        let below = values
            .iter()
            .filter(|value| **value < f64::from(cue.threshold()));
        Self {
            cue: cue.name(),
            threshold,
            below: below.count() as u64,
            of: values.len() as u64,
            least: part(&values, 0.0),
            p05: part(&values, 0.05),
            median: part(&values, 0.5),
            p95: part(&values, 0.95),
            most: part(&values, 1.0),
        }
    }
}

/// The value below which a share of sorted ones lies; 0 of none.
fn part(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1) as f64;
    sorted
        .get((last * share).round() as usize)
        .copied()
        .unwrap_or(0.0)
}

fn shown(share: &Share) -> String {
    let Share {
        count,
        of,
        low,
        high,
        ..
    } = share;
    match share.rate {
        Some(rate) if share.claimed => format!(
            "{:.2} % ({count} of {of}; {:.2} to {:.2} %)",
            100.0 * rate,
            100.0 * low,
            100.0 * high
        ),
        _ => format!("not claimed ({count} of {of}; fewer than {CLAIMED_FROM})"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::manifest::Manifest;
    use super::*;

    fn manifest(species: &[&str]) -> Manifest {
        let sessions: Vec<_> = species
            .iter()
            .map(|species| serde_json::json!({"species": species, "clips": "c", "reference": "r"}))
            .collect();
        let text = serde_json::json!({"version": 1, "sessions": sessions});
        serde_json::from_value(text).unwrap()
    }

    fn played(entry: usize, end: End) -> Played {
        Played {
            entry,
            end,
            lasted: Duration::from_secs(5),
            frames: vec![Duration::from_millis(9)],
        }
    }

    fn judged(failed: &[Check], matched: bool) -> End {
        End::Judged {
            failed: failed.to_vec(),
            measured: vec![(Cue::Light, 0.5)],
            matched: Some(matched),
        }
    }

    #[test]
    fn each_species_has_its_own_rate_and_the_worst_is_the_headline() {
        let species = ["photo"; 40]
            .into_iter()
            .chain(["video"; 40])
            .chain(["genuine"; 40]);
        let species: Vec<&str> = species.collect();
        let all: Vec<Played> = (0..120)
            .map(|entry| {
                let end = match entry {
                    0 => judged(&[], true),
                    1 => judged(&[], false),
                    40..46 => End::Recapture("no_face"),
                    46..80 => judged(&[Check::Flat], true),
                    80..120 if entry % 2 == 0 => judged(&[], true),
                    _ => judged(&[Check::Light], true),
                };
                played(entry, end)
            })
            .collect();
        let rates = Rates::of(&manifest(&species), &all);
        let of = |name: &str| {
            rates
                .groups
                .iter()
                .find(|group| group.species == name)
                .unwrap()
        };
        let (photo, video) = (of("photo"), of("video"));
        assert_eq!(
            (photo.passed_liveness.count, photo.passed_liveness.of),
            (2, 40)
        );
        assert_eq!((photo.accepted.count, photo.accepted.of), (1, 40));
        // Without a verdict nobody passed, and nobody was caught either.
        assert_eq!(
            (video.passed_liveness.count, video.passed_liveness.of),
            (0, 34)
        );
        assert_eq!(video.failed_to_acquire.count, 6);
        assert_eq!(
            (video.checks["flat"].count, video.checks["flat"].of),
            (34, 34)
        );
        // One that refused nobody has a rate, too.
        let early = of("genuine").checks["early"];
        assert_eq!((early.count, early.of, early.rate), (0, 40, Some(0.0)));
        assert!((early.high - 0.088).abs() < 1e-3);
        assert_eq!(of("genuine").refused_as_not_live.rate, Some(0.5));
        assert_eq!(rates.worst.as_deref(), Some("photo"));
        assert!((video.passed_liveness.high - 0.1028).abs() < 1e-3);
        assert_eq!(photo.cues[0].below, 40);
    }

    #[test]
    fn few_sessions_support_no_claim() {
        let all: Vec<Played> = (0..29)
            .map(|entry| played(entry, judged(&[], true)))
            .collect();
        let rates = Rates::of(&manifest(&["photo"; 29]), &all);
        let share = rates.groups[0].passed_liveness;
        assert!(!share.claimed && shown(&share).starts_with("not claimed"));
        assert!(shown(&Share::new(0, 30)).starts_with("0.00 %"));
        assert_eq!(Share::new(0, 0).rate, None);
    }
}
