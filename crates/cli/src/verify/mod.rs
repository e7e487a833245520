//! `countenance verify`: do two photos show the same person?

mod answer;
mod slide;
mod subject;

use crate::draw;
use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::pictures;
use crate::registry::RegistryArgs;
use crate::registry::holder::HolderArgs;
use countenance_core::{
    CaptureError, CompareError, ComparePolicy, Comparison, Decision, FalseMatchRate, Side,
};
use std::path::{Path, PathBuf};

/// Do two photos show the same person, or is this an enrolled subject?
///
/// The face in PROBE is compared with the face in REFERENCE. The comparison score, a cosine in -1..=1, is held
/// against the threshold that stands for the false-match rate you choose: the share of comparisons of two
/// different people that pass as one person. A smaller rate keeps more strangers out and asks a better picture
/// of the right person.
///
/// A picture that is too poor to tell is neither accepted nor rejected: the answer is then "take it again", with
/// the cause.
///
/// With --subject ID, one picture is held against the templates of a person who consented and was enrolled. The
/// attempt is counted before anything is compared: after five failures the next one has to wait 30 seconds, and
/// after fifty in a row within 30 days another way in is needed. No score is shown, and an unknown subject, a
/// missing consent and too many attempts look the same; --log tells the operator which it was.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance verify passport.jpg today.jpg
      Same person? At most one pair of strangers in 10,000 passes.
  countenance verify passport.jpg today.jpg --fmr 1e-5
      One in 100,000.
  countenance verify passport.jpg today.jpg --draw answer.png
      And a picture of the answer, for a slide.
  if countenance verify a.jpg b.jpg --json > answer.json; then echo welcome; fi
      For a program: the exit code is the answer, the file says why.
  countenance verify --subject ana today.jpg --data vault
      Is it the person enrolled as ana?
  countenance verify --subject ana today.jpg --data vault --log verify.log
      And why not, for the operator alone.

Exit codes:
  0  accept: the same person
  1  reject: not the same person
  2  the command line makes no sense
  3  recapture: a picture is too poor to tell; the cause is named
  4  anything else, such as a file that cannot be read
  5  not permitted: unknown subject, no consent, too many attempts, wrong holder part

JSON: decision, cause, score, threshold, fmr, model, reference and probe (each box, landmarks,
quality), timing_ms (decode, detect, align, embed, match, total). Boxes and landmarks are in pixels
of the upright picture; landmarks are the image-left and image-right eye, the nose tip and the
image-left and image-right corner of the mouth. cause, score, box and landmarks may be null.
With --subject: decision (also not_permitted), cause, fmr, probe, timing_ms; score and threshold
only with --scores. A line of the log: time, command, pseudonym, decision, finding, because, leaf.")]
pub(crate) struct Args {
    /// The picture whose person is known: JPEG, PNG or WebP; with --subject, the one picture there is
    reference: PathBuf,

    /// The picture that claims to show the same person
    #[arg(required_unless_present = "subject")]
    probe: Option<PathBuf>,

    /// The false-match rate to decide at
    ///
    /// Above 0 and at most 1, as 1e-4 or 0.0001. Only rates that the model was calibrated for have a threshold.
    #[arg(long, value_name = "RATE", default_value_t = FalseMatchRate::DEFAULT)]
    fmr: FalseMatchRate,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    /// Paint both faces and the score into this PNG file
    #[arg(long, value_name = "OUT.png", conflicts_with = "subject")]
    draw: Option<PathBuf>,

    /// Verify against the enrolled subject of this id; - reads it from the standard input
    #[arg(long, value_name = "ID", help_heading = "Verifying a subject")]
    subject: Option<String>,

    /// Show score and threshold; they help an attacker
    #[arg(long, requires = "subject", help_heading = "Verifying a subject")]
    scores: bool,

    /// Append why to this file, one line of JSON without the id; - is the error stream
    #[arg(
        long,
        value_name = "FILE",
        requires = "subject",
        help_heading = "Verifying a subject"
    )]
    log: Option<PathBuf>,

    #[command(flatten)]
    holder: HolderArgs,

    #[command(flatten)]
    registry: RegistryArgs,
}

/// Compares two pictures, or one with a subject.
pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    match (&args.subject, &args.probe) {
        (Some(subject), None) => subject::run(args, subject, engine),
        (None, Some(probe)) => compare(args, probe, engine),
        _ => Err(Failure::usage(
            "with --subject there is one picture, without it two",
            "countenance verify --subject ID PHOTO, or countenance verify REFERENCE PROBE",
        )),
    }
}

fn compare(args: &Args, probe_path: &PathBuf, engine: &EngineArgs) -> Outcome {
    engine.options()?;
    let side =
        |side: Side, path: &PathBuf| pictures::read(path).map_err(|failure| failure.about(side));
    let reference = side(Side::Reference, &args.reference)?;
    let probe = side(Side::Probe, probe_path)?;
    let policy = ComparePolicy {
        fmr: args.fmr,
        ..ComparePolicy::default()
    };
    let engine = engine.engine()?;
    let mut worker = engine.worker().map_err(anyhow::Error::from_boxed)?;
    let comparison = worker
        .compare(&reference, &probe, &policy)
        .map_err(|error| named(error, &args.reference, probe_path))?;
    if let Some(path) = &args.draw {
        let files = [&args.reference, probe_path];
        let drawn = slide::draw(files, &comparison, [&reference, &probe])?;
        draw::save(&drawn, path)?;
    }
    answer::print(args, probe_path, &comparison)?;
    Ok(exit(&comparison))
}

fn exit(comparison: &Comparison) -> Exit {
    match comparison.decision {
        Decision::Accept => Exit::Success,
        Decision::Reject => Exit::Reject,
        Decision::Recapture(_) => Exit::Recapture,
    }
}

/// Says which file an error is about.
pub(crate) fn named(error: CompareError, reference: &Path, probe: &Path) -> Failure {
    match error {
        CompareError::Capture { side, source } => {
            let path = match side {
                Side::Reference => reference,
                Side::Probe => probe,
            };
            picture_failure(source).about(path.display()).about(side)
        }
        other => other.into(),
    }
}

pub(crate) use answer::summary;

/// A capture that failed; that a picture does not decode needs no words of its own.
pub(crate) fn picture_failure(error: CaptureError) -> Failure {
    match error {
        CaptureError::Decode(error) => error.into(),
        other => other.into(),
    }
}
