//! The answer in words and for programs.

use super::Args;
use crate::failure::Failure;
use crate::json::{self, FaceJson, TimingJson};
use crate::terminal::{self, FAINT, GREEN, RED, YELLOW, one_in};
use countenance_core::{Capture, Comparison, Decision, Recapture};
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

/// The document that `--json` prints.
#[derive(Debug, Serialize)]
struct AnswerJson<'a> {
    decision: &'static str,
    cause: Option<&'static str>,
    score: Option<f64>,
    threshold: f64,
    fmr: f64,
    model: &'a str,
    reference: Option<FaceJson>,
    probe: FaceJson,
    timing_ms: TimingJson,
}

/// Prints the answer to the standard output.
pub(super) fn print(args: &Args, probe: &Path, comparison: &Comparison) -> Result<(), Failure> {
    if args.json {
        json::print(&document(comparison))?;
    } else {
        write(&mut anstream::stdout().lock(), args, probe, comparison)?;
    }
    Ok(())
}

fn document(comparison: &Comparison) -> AnswerJson<'_> {
    AnswerJson {
        decision: comparison.decision.name(),
        cause: match comparison.decision {
            Decision::Recapture(Recapture { cause, .. }) => Some(cause.code()),
            Decision::Accept | Decision::Reject => None,
        },
        score: comparison.score.map(|score| json::score(score.cosine())),
        threshold: json::score(comparison.threshold.cosine()),
        fmr: comparison.threshold.fmr().rate(),
        model: comparison.threshold.model().as_str(),
        reference: comparison.reference.as_ref().map(FaceJson::from),
        probe: FaceJson::from(&comparison.probe),
        timing_ms: TimingJson::from(&comparison.timings),
    }
}

fn write(
    out: &mut impl Write,
    args: &Args,
    probe: &Path,
    comparison: &Comparison,
) -> io::Result<()> {
    let style = match comparison.decision {
        Decision::Accept => GREEN,
        Decision::Reject => RED,
        Decision::Recapture(_) => YELLOW,
    };
    writeln!(
        out,
        "{style}{}{style:#}  {}",
        comparison.decision,
        verdict(comparison.decision)
    )?;
    writeln!(out)?;
    if let Decision::Recapture(Recapture { cause, .. }) = comparison.decision {
        writeln!(out, "  cause      {cause}")?;
        writeln!(out, "  remedy     {}", cause.hint())?;
    }
    if let Some(score) = comparison.score {
        let relation = match comparison.decision {
            Decision::Accept => "reaches",
            _ => "stays below",
        };
        writeln!(
            out,
            "  score      {:.3}, {relation} the threshold {:.3}",
            score.cosine(),
            comparison.threshold.cosine()
        )?;
    }
    writeln!(out, "  fmr        {}", meaning(comparison))?;
    if let Some(reference) = &comparison.reference {
        let name = terminal::plain(args.reference.display());
        writeln!(out, "  reference  {name}: {}", summary(reference))?;
    }
    let name = terminal::plain(probe.display());
    writeln!(out, "  probe      {name}: {}", summary(&comparison.probe))?;
    let timings = terminal::timings(&comparison.timings);
    writeln!(out, "  {FAINT}time       {timings}{FAINT:#}")
}

/// The decision in words.
pub(super) fn verdict(decision: Decision) -> String {
    match decision {
        Decision::Accept => "Same person".to_owned(),
        Decision::Reject => "Not the same person".to_owned(),
        Decision::Recapture(Recapture { side, .. }) => {
            format!("Take the {side} picture again")
        }
    }
}

/// What the threshold promises.
pub(super) fn meaning(comparison: &Comparison) -> String {
    let fmr = comparison.threshold.fmr();
    let support = if comparison.threshold.is_supported() {
        ""
    } else {
        "; the calibration data are too few to vouch for it"
    };
    let odds = one_in(fmr.rate());
    format!("{fmr}: of pairs of strangers, {odds} passes{support}")
}

/// What was found in a picture.
pub(crate) fn summary(capture: &Capture) -> String {
    let (Some(_), Some(quality)) = (&capture.face, &capture.quality) else {
        let causes = capture.causes.first();
        return causes
            .map_or("no face", |cause| terminal::cause(*cause))
            .to_owned();
    };
    terminal::face(quality, &capture.causes)
}

/// The last part of a path, for places where the whole is too long.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}
