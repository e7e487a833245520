//! `countenance document`: portrait and machine-readable zone of a travel document.

mod answer;

use crate::clock::MachineClock;
use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::pictures;
use crate::verify::{named, picture_failure};
use clap::{Args as ClapArgs, Subcommand};
use countenance_core::{
    CheckOutcome, ComparePolicy, Decision, Distrust, DocumentCheck, FalseMatchRate, Side,
    WallClock as _, ZoneChecks, ZoneReading,
};
use std::path::PathBuf;

/// Read a passport, identity card or visa, and compare its portrait with a photo
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance document check passport.jpg today.jpg
      Is it the person on the passport, and do the check digits hold?
  countenance document read passport.jpg
      What does its machine-readable zone say?")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(CheckArgs),
    Read(ReadArgs),
}

/// Is this the person on the document?
///
/// The largest face on the page of DOCUMENT is compared with the face in SELFIE, as `countenance verify` compares two photos. Where
/// that page lies is known from its machine-readable zone (the lines of OCR-B with many <), which is found and read, and its check
/// digits and dates are looked at; without a zone it is the largest face of the picture. Nothing is stored, and nothing that the
/// zone says is printed: `countenance document read` does that.
///
/// This does not tell whether a document is genuine. No chip is read and no hologram looked at, and anybody can compute check
/// digits. A selfie is a photo: that a live person is there is shown by a session (`countenance serve`).
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance document check passport.jpg today.jpg
      Same person? At most one pair of strangers in 10,000 passes.
  countenance document check passport.jpg today.jpg --strict
      And only with a zone that can be trusted and is on one page with the portrait.
  countenance document check card.jpg today.jpg --json > answer.json
      For a program: the exit code is the answer, the file says which checks ran.

Exit codes:
  0  accept: the same person
  1  reject: not the same person; with --strict also: a check digit fails, the date of birth is none, no end is stated or it has passed,
     or the portrait is not on the page of the zone
  2  the command line makes no sense
  3  recapture: a picture is too poor to tell; with --strict also: the zone is not clearly read
  4  anything else, such as a file that cannot be read

JSON: decision, refused_by_strict (null, or why --strict refuses what the faces accept), side and cause (null, or why a picture has to be taken again), score, threshold, fmr, model, portrait and selfie (each box,
landmarks, quality), zone (reading: clear, doubtful, unreadable or absent; format; check_digits and
each of number, birth, expiry, personal, composite: passed, failed or absent; expired; corrected
and unsure characters; portrait: page or apart, whether it is on the page of the zone) and timing_ms (as for verify, and zone).")]
struct CheckArgs {
    /// The picture of the document: JPEG, PNG or WebP
    document: PathBuf,

    /// The picture of its holder
    selfie: PathBuf,

    /// The false-match rate to decide at
    #[arg(long, value_name = "RATE", default_value_t = FalseMatchRate::DEFAULT)]
    fmr: FalseMatchRate,

    /// Accept only if the zone is clear, all its check digits hold, its date of birth is a date (parts of it may be unknown), it states a
    /// date of expiry that has not passed, and the portrait is on the page of the zone (on a card, TD1, it is not)
    #[arg(long)]
    strict: bool,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// What does the machine-readable zone of this document say?
///
/// Prints it: names, numbers and dates are somebody's. Characters that are not clear are counted; a zone in which a check digit fails
/// was misread, or is wrong itself.
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance document read passport.jpg
      The lines, what they mean, and what came of the check digits.
  countenance document read passport.jpg --json
      For a program.

Exit codes:
  0  read: every character clear, and all check digits hold
  1  read, and a check digit fails
  2  the command line makes no sense
  3  recapture: no zone, or not clearly read
  4  anything else, such as a file that cannot be read

JSON: portrait (box, landmarks, quality), zone (as for check, and lines, code, issuer, number,
primary_name, secondary_name, birth, expiry, optional) and timing_ms.")]
struct ReadArgs {
    /// The picture of the document: JPEG, PNG or WebP
    document: PathBuf,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Checks or reads a document.
pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    match &args.command {
        Command::Check(args) => check(args, engine),
        Command::Read(args) => read(args, engine),
    }
}

fn check(args: &CheckArgs, engine: &EngineArgs) -> Outcome {
    engine.options()?;
    let side =
        |side: Side, path: &PathBuf| pictures::read(path).map_err(|failure| failure.about(side));
    let document = side(Side::Reference, &args.document)?;
    let selfie = side(Side::Probe, &args.selfie)?;
    let policy = ComparePolicy {
        fmr: args.fmr,
        ..ComparePolicy::default()
    };
    let mut worker = engine
        .engine()?
        .worker()
        .map_err(anyhow::Error::from_boxed)?;
    let checked = worker
        .check_document(&document, &selfie, &policy)
        .map_err(|error| named(error, &args.document, &args.selfie))?;
    let zone = ZoneChecks::of(&checked.document, MachineClock::start().now());
    answer::print_check(args, &checked, &zone)?;
    Ok(exit(args, &checked, &zone))
}

fn exit(args: &CheckArgs, checked: &DocumentCheck, zone: &ZoneChecks) -> Exit {
    match checked.decision {
        Decision::Accept if args.strict => strict(zone).map_or(Exit::Success, |(exit, _)| exit),
        Decision::Accept => Exit::Success,
        Decision::Reject => Exit::Reject,
        Decision::Recapture(_) => Exit::Recapture,
    }
}

/// What `--strict` has against a zone, and how the command ends for it.
fn strict(zone: &ZoneChecks) -> Option<(Exit, &'static str)> {
    Some(match zone.distrust()? {
        Distrust::Absent => (Exit::Recapture, "there is no zone"),
        Distrust::CheckDigit => (Exit::Reject, "a check digit does not hold"),
        Distrust::Birth => (Exit::Reject, "the date of birth is no date"),
        Distrust::NoExpiry => (Exit::Reject, "the document states no date of expiry"),
        Distrust::Expired => (Exit::Reject, "the document has expired"),
        Distrust::Apart => (Exit::Reject, "the portrait is not on the page of the zone"),
        _ => (Exit::Recapture, "the zone is not clearly read"),
    })
}

fn read(args: &ReadArgs, engine: &EngineArgs) -> Outcome {
    engine.options()?;
    let bytes = pictures::read(&args.document)?;
    let mut worker = engine
        .engine()?
        .worker()
        .map_err(anyhow::Error::from_boxed)?;
    let reading = worker
        .read_document(&bytes, &ComparePolicy::default())
        .map_err(|error| picture_failure(error).about(args.document.display()))?;
    let now = MachineClock::start().now();
    let zone = ZoneChecks::of(&reading, now);
    answer::print_reading(args.json, &reading, &zone, now)?;
    Ok(match zone.reading {
        _ if zone.check_digits() == CheckOutcome::Failed => Exit::Reject,
        ZoneReading::Clear => Exit::Success,
        _ => Exit::Recapture,
    })
}
