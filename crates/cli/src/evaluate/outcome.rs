//! What an evaluation found, for people and for programs.

use super::measure::{Accuracy, Compared, REPLICATES, Rates, SEED};
use super::pairs::Pair;
use super::pictures::Pictures;
use super::write_file;
use crate::json::rounded;
use anyhow::Context as _;
use countenance_core::{Precision, Rect};
use countenance_gallery::statistics::OperatingPoint;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An evaluation.
#[derive(Clone, Debug)]
pub(super) struct Evaluation {
    pub(super) command: String,
    /// The names of the lists.
    pub(super) data_set: Vec<String>,
    pub(super) threshold_from: Option<String>,
    pub(super) model: String,
    /// The arithmetic that ran.
    pub(super) precision: Precision,
    pub(super) flip_averaging: bool,
    /// Whether all impostor pairs were compared, not only those listed.
    pub(super) all_pairs: bool,
    pub(super) listed_pairs: usize,
    /// Listed pairs with a picture that gave no template.
    pub(super) failed_pairs: usize,
    pub(super) pictures: usize,
    /// Pictures of all lists, the one a threshold is taken from included.
    pub(super) acquired: usize,
    pub(super) subjects: u32,
    pub(super) subjects_are_named: bool,
    /// Pictures that gave no template, and why.
    pub(super) failures: Vec<(PathBuf, String)>,
    pub(super) accuracy: Option<Accuracy>,
    pub(super) rates: Rates,
    /// Where the face of each picture is, in its pixels.
    pub(super) faces: Vec<Option<Rect>>,
    /// From the first picture to the last template.
    pub(super) time: Duration,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    model: &'a str,
    precision: &'static str,
    flip_averaging: bool,
    data_set: &'a [String],
    threshold_from: Option<&'a str>,
    all_pairs: bool,
    images: usize,
    subjects: u32,
    pairs: usize,
    genuine: usize,
    impostor: usize,
    listed_pairs: usize,
    failed_pairs: usize,
    failed_to_acquire: usize,
    failures: Vec<FailureJson<'a>>,
    accuracy: Option<f64>,
    accuracy_sd: Option<f64>,
    accuracy_thresholds: Vec<f64>,
    auc: f64,
    eer: f64,
    eer_threshold: f64,
    fnmr_at_fmr: BTreeMap<String, PointJson>,
    bootstrap: BootstrapJson,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct FailureJson<'a> {
    image: String,
    reason: &'a str,
}

#[derive(Debug, Serialize)]
struct PointJson {
    fnmr: f64,
    low: f64,
    high: f64,
    threshold: f64,
    supported: bool,
    fmr: f64,
    fmr_high: f64,
}

#[derive(Debug, Serialize)]
struct BootstrapJson {
    unit: &'static str,
    replicates: usize,
    seed: u64,
}

impl From<&OperatingPoint> for PointJson {
    fn from(point: &OperatingPoint) -> Self {
        Self {
            fnmr: share(point.fnmr),
            low: share(point.fnmr_low),
            high: share(point.fnmr_high),
            threshold: cosine(point.threshold),
            supported: point.is_supported(),
            fmr: rounded(point.fmr, 10),
            fmr_high: rounded(point.fmr_high, 10),
        }
    }
}

/// A share, to the millionth.
fn share(value: f64) -> f64 {
    rounded(value, 6)
}

/// A threshold, to the last digit of single precision: it stands just above a score.
fn cosine(value: f32) -> f64 {
    rounded(f64::from(value), 8)
}

impl Evaluation {
    /// Prints the results for people.
    pub(super) fn print(&self) -> std::io::Result<()> {
        std::io::stdout().write_all(self.text().as_bytes())
    }

    /// Writes the results for programs; `-` is the standard output.
    pub(super) fn write_json(&self, path: &Path) -> anyhow::Result<()> {
        let document = self.document();
        if path == Path::new("-") {
            crate::json::print(&document)?;
            return Ok(());
        }
        write_file(path, &(serde_json::to_string_pretty(&document)? + "\n"))
    }

    pub(super) fn genuine(&self) -> usize {
        self.rates.genuine.count()
    }

    pub(super) fn impostor(&self) -> usize {
        self.rates.impostor.count()
    }

    fn document(&self) -> Document<'_> {
        let rates = &self.rates;
        let accuracy = self.accuracy.as_ref();
        Document {
            model: &self.model,
            precision: self.precision.name(),
            flip_averaging: self.flip_averaging,
            data_set: &self.data_set,
            threshold_from: self.threshold_from.as_deref(),
            all_pairs: self.all_pairs,
            images: self.pictures,
            subjects: self.subjects,
            pairs: self.genuine() + self.impostor(),
            genuine: self.genuine(),
            impostor: self.impostor(),
            listed_pairs: self.listed_pairs,
            failed_pairs: self.failed_pairs,
            failed_to_acquire: self.failures.len(),
            failures: self
                .failures
                .iter()
                .map(|(path, reason)| FailureJson {
                    image: path.display().to_string(),
                    reason,
                })
                .collect(),
            accuracy: accuracy.map(|accuracy| share(accuracy.mean)),
            accuracy_sd: accuracy.map(|accuracy| share(accuracy.sd)),
            accuracy_thresholds: accuracy.map_or_else(Vec::new, |accuracy| {
                accuracy
                    .folds
                    .iter()
                    .map(|(threshold, _)| cosine(*threshold))
                    .collect()
            }),
            auc: share(rates.auc),
            eer: share(self.equal_error_rate()),
            eer_threshold: cosine(rates.equal_error.threshold),
            fnmr_at_fmr: rates
                .points
                .iter()
                .map(|point| (point.target.to_string(), point.into()))
                .collect(),
            bootstrap: BootstrapJson {
                unit: "subject",
                replicates: REPLICATES,
                seed: SEED,
            },
            seconds: rounded(self.time.as_secs_f64(), 3),
        }
    }

    pub(super) fn equal_error_rate(&self) -> f64 {
        f64::midpoint(self.rates.equal_error.fmr, self.rates.equal_error.fnmr)
    }

    /// Pictures per second.
    pub(super) fn speed(&self) -> f64 {
        self.acquired as f64 / self.time.as_secs_f64().max(1e-9)
    }

    /// How the accuracy came about.
    pub(super) fn accuracy_note(&self) -> String {
        match (&self.accuracy, &self.threshold_from) {
            (None, _) => "a single list needs --threshold-from".to_owned(),
            (Some(_), Some(list)) => format!("threshold from {list}"),
            (Some(accuracy), None) => {
                format!(
                    "{} folds, each with the threshold of the others",
                    accuracy.folds.len()
                )
            }
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = self.write_text(&mut text);
        text
    }

    fn write_text(&self, out: &mut String) -> std::fmt::Result {
        let impostors = if self.all_pairs {
            "all impostor pairs"
        } else {
            "listed pairs"
        };
        writeln!(
            out,
            "{} ({}{}) on {} ({impostors})",
            self.model,
            self.precision,
            if self.flip_averaging {
                ", flip averaging"
            } else {
                ""
            },
            self.data_set.join(" + "),
        )?;
        writeln!(
            out,
            "{} pictures of {} subjects, {} genuine and {} impostor comparisons",
            grouped(self.pictures),
            grouped(self.subjects as usize),
            grouped(self.genuine()),
            grouped(self.impostor()),
        )?;
        writeln!(
            out,
            "{:.1} s, {:.0} pictures/s, failed to acquire {}\n",
            self.time.as_secs_f64(),
            self.speed(),
            self.failures.len(),
        )?;
        match &self.accuracy {
            Some(accuracy) => writeln!(
                out,
                "accuracy  {} ± {}   ({})",
                percent(accuracy.mean),
                percent(accuracy.sd),
                self.accuracy_note()
            )?,
            None => writeln!(out, "accuracy  not measured ({})", self.accuracy_note())?,
        }
        writeln!(out, "AUC       {:.5}", self.rates.auc)?;
        writeln!(out, "EER       {}\n", percent(self.equal_error_rate()))?;
        writeln!(
            out,
            "{:>6}  {:>9}  {:>8}  {:>17}",
            "FMR", "threshold", "FNMR", "95 % interval"
        )?;
        for point in &self.rates.points {
            let interval = format!(
                "{} to {}",
                percent(point.fnmr_low),
                percent(point.fnmr_high)
            );
            let note = if point.is_supported() {
                ""
            } else {
                "  not supported by the data"
            };
            writeln!(
                out,
                "{:>6}  {:>9.4}  {:>8}  {interval:>17}{note}",
                point.target.to_string(),
                point.threshold,
                percent(point.fnmr),
            )?;
        }
        for (path, reason) in &self.failures {
            writeln!(out, "failed to acquire {}: {reason}", path.display())?;
        }
        Ok(())
    }
}

/// Writes the score of each listed pair as CSV.
pub(super) fn write_scores(
    path: &Path,
    listed: &[Pair],
    scored: &[Option<Compared>],
    pictures: &Pictures,
) -> anyhow::Result<()> {
    let named = || path.display().to_string();
    let mut file = csv::Writer::from_path(path).with_context(named)?;
    file.write_record(["a", "b", "same", "score"])?;
    for (pair, compared) in listed.iter().zip(scored) {
        let [a, b] = pair
            .pictures
            .map(|picture| pictures.path(picture).display().to_string());
        let same = if pair.genuine { "1" } else { "0" };
        let score = compared.map_or_else(String::new, |it| format!("{:.6}", it.score));
        file.write_record([a.as_str(), b.as_str(), same, score.as_str()])?;
    }
    file.flush().with_context(named)
}

/// `2.55 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// `12,454,344`.
pub(crate) fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{grouped, percent};

    #[test]
    fn large_counts_are_grouped() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(4_992), "4,992");
        assert_eq!(grouped(12_454_344), "12,454,344");
    }

    #[test]
    fn shares_are_printed_in_percent() {
        assert_eq!(percent(0.0255), "2.55 %");
    }
}
