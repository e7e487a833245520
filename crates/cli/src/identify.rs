//! `countenance identify`: who of a collection is this?

use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json::{self, FaceJson, TimingJson};
use crate::pictures;
use crate::registry::{Opened, RegistryArgs};
use crate::terminal::{self, FAINT, GREEN, RED, YELLOW, counted, plain};
use crate::verify::picture_failure;
use countenance_core::vault::SystemRandom;
use countenance_core::{Identification, IdentifyAnswer, IdentifyError, IdentifyRequest, Searcher};
use serde::Serialize;
use std::io::{self, Write};
use std::path::PathBuf;

/// Who of a collection is this?
///
/// Compares one picture with every member of a collection: the subjects who consented to `identify` and have a
/// template. A member is named only when its score reaches the collection's threshold and nobody else comes
/// near. `countenance collection` sets what may be decided.
///
/// The answers: accept (it is this member), refer (it may be, and a person has to look), ambiguous (two members are
/// too much alike), reject (nobody), recapture (take the picture again), not_permitted (too many attempts).
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance identify today.jpg --collection door --data vault
      Who is it? Exit code 0 only for accept, 1 for reject, ambiguous and refer.
  countenance identify today.jpg --collection door --client north-door --data vault --json
      Attempts are counted on the name of the client.

JSON: decision, cause (of recapture), id (of accept and refer), policy, members, leaf, score (with --scores),
probe, timing_ms.")]
pub(crate) struct Args {
    /// The picture: JPEG, PNG or WebP
    #[arg(value_name = "PROBE")]
    probe: PathBuf,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Who asks: failed attempts are counted on this name
    #[arg(long, value_name = "NAME", default_value = "command-line")]
    client: String,

    /// Show the score of the member who was found
    #[arg(long)]
    scores: bool,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// The document that `--json` prints.
#[derive(Debug, Serialize)]
struct AnswerJson {
    decision: &'static str,
    cause: Option<&'static str>,
    id: Option<String>,
    policy: String,
    members: usize,
    leaf: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    probe: FaceJson,
    timing_ms: TimingJson,
}

/// Asks.
pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    let options = engine.options()?;
    let probe = pictures::read(&args.probe)?;
    let Opened {
        registry,
        collection,
    } = args.registry.open()?;
    let mut worker = engine
        .engine()?
        .worker()
        .map_err(anyhow::Error::from_boxed)?;
    let open = registry
        .open_collection(
            worker.engine(),
            &collection,
            options.isa,
            &SystemRandom,
            &|| true,
        )
        .map_err(failure)?;
    for number in open.unreadable() {
        let what = format!("subject {number} is damaged and is not searched");
        terminal::warning(&what, &crate::subject::erase_by_number(number));
    }
    let request = IdentifyRequest {
        client: &args.client,
        probe: &probe,
    };
    let mut searcher = Searcher::new(options.threads);
    let done = registry
        .identify(&mut worker, &mut searcher, &open, &request)
        .map_err(|error| match error {
            IdentifyError::Capture(error) => picture_failure(error).about(args.probe.display()),
            other => failure(other),
        })?;
    if args.json {
        json::print(&document(args, &done))?;
    } else {
        write(&mut anstream::stdout().lock(), args, &done)?;
    }
    Ok(match done.answer {
        IdentifyAnswer::Accept(_) => Exit::Success,
        IdentifyAnswer::Recapture(_) => Exit::Recapture,
        IdentifyAnswer::NotPermitted(_) => Exit::NotPermitted,
        IdentifyAnswer::Ambiguous | IdentifyAnswer::Refer(_) | IdentifyAnswer::Reject => {
            Exit::Reject
        }
    })
}

fn failure(error: IdentifyError) -> Failure {
    let advice = match &error {
        IdentifyError::TooMany { .. } => Some(
            "split the collection, or allow more false answers: `countenance collection set --fpir`",
        ),
        _ => None,
    };
    // The vault's own errors have their own advice.
    let failure = match error {
        IdentifyError::Vault(error) => Failure::from(error),
        other => Failure::from(other),
    };
    match advice {
        Some(advice) => failure.with_hint(advice),
        None => failure,
    }
}

/// The id of whoever is named.
fn named(answer: &IdentifyAnswer) -> Option<&str> {
    match answer {
        IdentifyAnswer::Accept(id) | IdentifyAnswer::Refer(id) => Some(id.as_str()),
        _ => None,
    }
}

fn document(args: &Args, done: &Identification) -> AnswerJson {
    AnswerJson {
        decision: done.answer.name(),
        cause: match &done.answer {
            IdentifyAnswer::Recapture(cause) => Some(cause.code()),
            _ => None,
        },
        id: named(&done.answer).map(str::to_owned),
        policy: done.policy.id(),
        members: done.members,
        leaf: done.leaf,
        score: args
            .scores
            .then_some(done.score)
            .flatten()
            .map(|score| json::score(score.cosine())),
        probe: FaceJson::from(&done.capture),
        timing_ms: TimingJson::from(&done.timings),
    }
}

fn write(out: &mut impl Write, args: &Args, done: &Identification) -> io::Result<()> {
    let (style, verdict) = match &done.answer {
        IdentifyAnswer::Accept(_) => (GREEN, "It is this member"),
        IdentifyAnswer::Ambiguous => (YELLOW, "Two members are too much alike to say which"),
        IdentifyAnswer::NotPermitted(_) => (RED, "Too many attempts of this client; wait"),
        IdentifyAnswer::Recapture(_) => (YELLOW, "Take the picture again"),
        IdentifyAnswer::Refer(_) => (YELLOW, "It may be this member; a person has to look"),
        IdentifyAnswer::Reject => (RED, "It is nobody of this collection"),
    };
    let name = done.answer.name().replace('_', " ");
    writeln!(out, "{style}{name}{style:#}  {verdict}")?;
    writeln!(out)?;
    if let Some(id) = named(&done.answer) {
        writeln!(out, "  member     {}", plain(id))?;
    }
    if let IdentifyAnswer::Recapture(cause) = &done.answer {
        writeln!(out, "  cause      {cause}")?;
        writeln!(out, "  remedy     {}", cause.hint())?;
    }
    if args.scores
        && let Some(score) = done.score
    {
        let (score, threshold) = (score.cosine(), done.policy.threshold().cosine());
        writeln!(out, "  score      {score:.3}, threshold {threshold:.3}")?;
    }
    writeln!(out, "  searched   {}", counted(done.members, "member"))?;
    writeln!(out, "  policy     {}", done.policy)?;
    writeln!(out, "  audit      leaf {}", done.leaf)?;
    let timings = terminal::timings(&done.timings);
    writeln!(out, "  {FAINT}time       {timings}{FAINT:#}")
}
