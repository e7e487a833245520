//! `countenance verify --subject`: is this the person who was enrolled under this id?

use super::{Args, answer, picture_failure};
use crate::clock::{MachineClock, time_of};
use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json::{self, FaceJson, TimingJson};
use crate::pictures;
use crate::registry::{private, who};
use crate::terminal::{self, FAINT, GREEN, RED, YELLOW, one_in};
use countenance_core::{Answer, StageTimings, Verification, VerifyError, WallClock as _};
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

/// The document that `--json` prints. It tells no more than the lines for people.
#[derive(Debug, Serialize)]
struct AnswerJson {
    decision: &'static str,
    cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f64>,
    fmr: f64,
    probe: FaceJson,
    timing_ms: TimingJson,
}

/// A line of the operator's log. The id itself is not in it.
#[derive(Debug, Serialize)]
struct LogLine {
    time: String,
    command: &'static str,
    pseudonym: String,
    decision: &'static str,
    finding: &'static str,
    because: String,
    leaf: Option<u64>,
}

/// What is told: who may not be verified at all is one answer, whatever the reason.
fn told(verification: &Verification) -> Answer {
    if verification.detail.finding.is_permitted() {
        verification.answer
    } else {
        Answer::NotPermitted
    }
}

/// Verifies a picture against an enrolled subject.
pub(super) fn run(args: &Args, subject: &str, engine: &EngineArgs) -> Outcome {
    engine.options()?;
    let id = who::id(subject)?;
    let part = args.holder.part()?;
    let probe = pictures::read(&args.reference)?;
    // A log that cannot be written must be known before anything is decided.
    let mut log_file = args.log.as_deref().map(log_file).transpose()?;
    let opened = args.registry.open_at(args.fmr)?;
    let mut worker = engine
        .engine()?
        .worker()
        .map_err(anyhow::Error::from_boxed)?;
    let claim = opened.claim(&id, part.as_ref());
    let verification = opened
        .registry
        .verify(&mut worker, &claim, &probe)
        .map_err(|error| match error {
            VerifyError::Capture(error) => picture_failure(error).about(args.reference.display()),
            other => other.into(),
        })?;
    if let (Some(file), Some(path)) = (&mut log_file, &args.log) {
        let written = log(file, &verification);
        written.map_err(|error| Failure::from(error).about(path.display()))?;
    }
    let answer = told(&verification);
    if args.json {
        json::print(&document(args, answer, &verification))?;
    } else {
        write(&mut anstream::stdout().lock(), args, answer, &verification)?;
    }
    Ok(match answer {
        Answer::Accept => Exit::Success,
        Answer::Reject => Exit::Reject,
        Answer::Recapture(_) => Exit::Recapture,
        Answer::NotPermitted => Exit::NotPermitted,
    })
}

/// The operator's log; `-` is the error stream.
fn log_file(path: &Path) -> Result<Box<dyn Write>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stderr()));
    }
    Ok(Box::new(private::append_to(path)?))
}

/// Appends a line to the operator's log.
fn log(file: &mut dyn Write, verification: &Verification) -> io::Result<()> {
    let detail = &verification.detail;
    let line = LogLine {
        time: time_of(MachineClock::start().now()),
        command: "verify",
        pseudonym: detail.pseudonym.to_string(),
        decision: told(verification).name(),
        finding: detail.finding.name(),
        because: detail.finding.to_string(),
        leaf: detail.leaf,
    };
    let mut text = serde_json::to_string(&line)?;
    text.push('\n');
    file.write_all(text.as_bytes())
}

fn document(args: &Args, answer: Answer, verification: &Verification) -> AnswerJson {
    let detail = &verification.detail;
    let shown = args.scores.then_some(());
    AnswerJson {
        decision: answer.name(),
        cause: match answer {
            Answer::Recapture(cause) => Some(cause.code()),
            _ => None,
        },
        score: shown
            .and(detail.score)
            .map(|score| json::score(score.cosine())),
        threshold: shown.map(|()| json::score(detail.threshold.cosine())),
        fmr: detail.threshold.fmr().rate(),
        probe: FaceJson::from(&detail.capture),
        timing_ms: TimingJson::of_subject(&detail.timings),
    }
}

fn write(
    out: &mut impl Write,
    args: &Args,
    answer: Answer,
    verification: &Verification,
) -> io::Result<()> {
    let detail = &verification.detail;
    let (style, verdict) = match answer {
        Answer::Accept => (GREEN, "It is the person enrolled under this id"),
        Answer::Reject => (RED, "It is not the person enrolled under this id"),
        Answer::Recapture(_) => (YELLOW, "Take the picture again"),
        Answer::NotPermitted => (RED, "Nobody may be verified under this id now"),
    };
    writeln!(
        out,
        "{style}{}{style:#}  {verdict}",
        answer.name().replace('_', " ")
    )?;
    writeln!(out)?;
    if let Answer::Recapture(cause) = answer {
        writeln!(out, "  cause      {cause}")?;
        writeln!(out, "  remedy     {}", cause.hint())?;
    }
    if args.scores
        && let Some(score) = detail.score
    {
        let (score, threshold) = (score.cosine(), detail.threshold.cosine());
        writeln!(out, "  score      {score:.3}, threshold {threshold:.3}")?;
    }
    let fmr = detail.threshold.fmr();
    writeln!(
        out,
        "  fmr        {fmr}: of strangers, {} passes",
        one_in(fmr.rate())
    )?;
    let name = terminal::plain(args.reference.display());
    writeln!(
        out,
        "  probe      {name}: {}",
        answer::summary(&detail.capture)
    )?;
    // Without the time of comparing: that there was none tells that attempts are used up.
    let timings = terminal::timings(&StageTimings {
        compare: Duration::ZERO,
        ..detail.timings
    });
    writeln!(out, "  {FAINT}time       {timings}{FAINT:#}")
}
