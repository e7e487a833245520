//! `cargo xtask demo`: the built program on photos of one person and of two.

use anyhow::{Context as _, Result, bail};
use countenance_models::{Manifest, SampleSpec, Store};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Reference and probe of each comparison, by sample name.
const PAIRS: [(&str, &str); 4] = [
    ("obama.jpg", "obama2.jpg"),
    ("obama.jpg", "biden.jpg"),
    ("obama.jpg", "obama3.jpg"),
    ("obama2.jpg", "biden.jpg"),
];

/// What `countenance verify --json` prints, as far as the table shows it.
#[derive(Debug, Deserialize)]
struct Answer {
    decision: String,
    score: Option<f64>,
    threshold: f64,
    fmr: f64,
    timing_ms: Timing,
}

#[derive(Debug, Deserialize)]
struct Timing {
    decode: f64,
    detect: f64,
    embed: f64,
    total: f64,
}

/// One comparison: what should come out, and what did.
struct Row<'a> {
    reference: &'a SampleSpec,
    probe: &'a SampleSpec,
    answer: Answer,
    exit: Option<i32>,
    process: Duration,
}

/// Verifies the sample pairs with a built program, draws each into `folder`.
///
/// # Errors
/// When the program fails, or a verdict is wrong.
pub(crate) fn run(root: &Path, program: &Path, folder: &Path) -> Result<()> {
    let manifest = Manifest::shipped()?;
    let store = Store::new(root.join("models/store"));
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut rows = Vec::new();
    for (reference, probe) in PAIRS {
        let sample = |name: &str| {
            manifest
                .sample(name)
                .with_context(|| format!("the manifest has no sample {name}"))
        };
        let (reference, probe) = (sample(reference)?, sample(probe)?);
        let pictures = [put(&store, reference, folder)?, put(&store, probe, folder)?];
        rows.push(verify(program, reference, probe, &pictures, folder)?);
    }
    print_table(&rows, folder);
    let wrong = rows.iter().filter(|row| !row.is_right()).count();
    if wrong > 0 {
        bail!("{wrong} of {} verdicts are wrong", rows.len());
    }
    println!("all {} verdicts are right", rows.len());
    Ok(())
}

/// Puts a checked sample into the folder under its own name.
fn put(store: &Store, sample: &SampleSpec, folder: &Path) -> Result<PathBuf> {
    let path = folder.join(&sample.name);
    let bytes = store
        .read(sample.file())
        .context("run `cargo xtask models` first")?;
    fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

fn verify<'a>(
    program: &Path,
    reference: &'a SampleSpec,
    probe: &'a SampleSpec,
    pictures: &[PathBuf; 2],
    folder: &Path,
) -> Result<Row<'a>> {
    let start = Instant::now();
    let output = Command::new(program)
        .arg("verify")
        .args(pictures)
        .args(["--json", "--draw"])
        .arg(drawing(folder, reference, probe))
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let process = start.elapsed();
    let exit = output.status.code();
    let answer = serde_json::from_slice(&output.stdout).with_context(|| {
        format!(
            "verify {} {} gave no answer ({})",
            reference.name, probe.name, output.status
        )
    })?;
    Ok(Row {
        reference,
        probe,
        answer,
        exit,
        process,
    })
}

fn drawing(folder: &Path, reference: &SampleSpec, probe: &SampleSpec) -> PathBuf {
    let stem = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    folder.join(format!(
        "{}-{}.png",
        stem(&reference.name),
        stem(&probe.name)
    ))
}

impl Row<'_> {
    fn is_one_person(&self) -> bool {
        self.reference.subject == self.probe.subject
    }

    /// The decision is the true one, the exit code says the same, and so do the numbers.
    fn is_right(&self) -> bool {
        let (decision, exit) = if self.is_one_person() {
            ("accept", 0)
        } else {
            ("reject", 1)
        };
        let passes = self
            .answer
            .score
            .is_some_and(|score| score >= self.answer.threshold);
        self.answer.decision == decision
            && self.exit == Some(exit)
            && passes == self.is_one_person()
    }
}

fn print_table(rows: &[Row<'_>], folder: &Path) {
    println!();
    println!(
        "{:<12} {:<12} {:<11} {:<9} {:>6} {:>9}   {:>6} {:>6} {:>6} {:>6} {:>8}",
        "reference",
        "probe",
        "people",
        "decision",
        "score",
        "threshold",
        "decode",
        "detect",
        "embed",
        "total",
        "process",
    );
    for row in rows {
        let Answer {
            decision,
            score,
            threshold,
            timing_ms,
            ..
        } = &row.answer;
        let score = score.map_or("-".to_owned(), |score| format!("{score:.3}"));
        println!(
            "{:<12} {:<12} {:<11} {:<9} {:>6} {:>9.3}   {:>6.1} {:>6.1} {:>6.1} {:>6.1} {:>8.1}{}",
            row.reference.name,
            row.probe.name,
            if row.is_one_person() {
                "one person"
            } else {
                "two people"
            },
            decision,
            score,
            threshold,
            timing_ms.decode,
            timing_ms.detect,
            timing_ms.embed,
            timing_ms.total,
            row.process.as_secs_f64() * 1e3,
            if row.is_right() { "" } else { "   WRONG" },
        );
    }
    println!();
    if let Some(row) = rows.first() {
        println!(
            "times in milliseconds for both pictures together, process with start and drawing; \
             threshold for a false-match rate of {:e}",
            row.answer.fmr
        );
        println!(
            "picture: {}",
            drawing(folder, row.reference, row.probe).display()
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, PAIRS, Row, Timing};
    use countenance_models::Manifest;
    use std::time::Duration;

    #[test]
    fn pairs_are_of_one_person_and_of_two() {
        let manifest = Manifest::shipped().unwrap();
        let subject = |name: &str| manifest.sample(name).unwrap().subject.clone();
        let same: Vec<bool> = PAIRS
            .iter()
            .map(|(a, b)| subject(a) == subject(b))
            .collect();
        assert!(same.contains(&true) && same.contains(&false));
    }

    #[test]
    fn a_verdict_is_right_only_when_decision_exit_and_score_agree() {
        let manifest = Manifest::shipped().unwrap();
        let row = |probe: &str, decision: &str, score, exit| Row {
            reference: manifest.sample("obama.jpg").unwrap(),
            probe: manifest.sample(probe).unwrap(),
            answer: Answer {
                decision: decision.to_owned(),
                score,
                threshold: 0.4,
                fmr: 1e-4,
                timing_ms: Timing {
                    decode: 0.0,
                    detect: 0.0,
                    embed: 0.0,
                    total: 0.0,
                },
            },
            exit: Some(exit),
            process: Duration::ZERO,
        };
        assert!(row("obama2.jpg", "accept", Some(0.6), 0).is_right());
        assert!(row("biden.jpg", "reject", Some(0.1), 1).is_right());
        for wrong in [
            row("obama2.jpg", "reject", Some(0.1), 1),
            row("biden.jpg", "accept", Some(0.6), 0),
            row("biden.jpg", "recapture", None, 3),
            row("obama2.jpg", "accept", Some(0.6), 1),
            row("obama2.jpg", "accept", Some(0.1), 0),
            row("biden.jpg", "reject", Some(0.6), 1),
        ] {
            assert!(
                !wrong.is_right(),
                "{} {:?}",
                wrong.answer.decision,
                wrong.exit
            );
        }
    }
}
