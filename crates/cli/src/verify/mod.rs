//! `countenance verify`: do two photos show the same person?

mod answer;
mod slide;

use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::pictures;
use countenance_core::{
    CaptureError, CompareError, ComparePolicy, Comparison, Decision, FalseMatchRate, Side,
};
use std::path::PathBuf;

/// Do two photos show the same person?
///
/// The face in PROBE is compared with the face in REFERENCE. The comparison score, a cosine in -1..=1, is held
/// against the threshold that stands for the false-match rate you choose: the share of comparisons of two
/// different people that pass as one person. A smaller rate keeps more strangers out and asks a better picture
/// of the right person.
///
/// A picture that is too poor to tell is neither accepted nor rejected: the answer is then "take it again", with
/// the cause.
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

Exit codes:
  0  accept: the same person
  1  reject: not the same person
  2  the command line makes no sense
  3  recapture: a picture is too poor to tell; the cause is named
  4  anything else, such as a file that cannot be read

JSON: decision, cause, score, threshold, fmr, model, reference and probe (each box, landmarks,
quality), timing_ms (decode, detect, align, embed, match, total). Boxes and landmarks are in pixels
of the upright picture; landmarks are the image-left and image-right eye, the nose tip and the
image-left and image-right corner of the mouth. cause, score, box and landmarks may be null.")]
pub(crate) struct Args {
    /// The picture whose person is known: JPEG, PNG or WebP
    reference: PathBuf,

    /// The picture that claims to show the same person
    probe: PathBuf,

    /// The false-match rate to decide at
    ///
    /// Above 0 and at most 1, as 1e-4 or 0.0001. Only rates that the model was calibrated for have a threshold.
    #[arg(long, value_name = "RATE", default_value_t = FalseMatchRate::DEFAULT)]
    fmr: FalseMatchRate,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    /// Paint both faces and the score into this PNG file
    #[arg(long, value_name = "OUT.png")]
    draw: Option<PathBuf>,
}

/// Compares two pictures.
pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    engine.options()?;
    let side =
        |side: Side, path: &PathBuf| pictures::read(path).map_err(|failure| failure.about(side));
    let reference = side(Side::Reference, &args.reference)?;
    let probe = side(Side::Probe, &args.probe)?;
    let policy = ComparePolicy {
        fmr: args.fmr,
        ..ComparePolicy::default()
    };
    let engine = engine.engine()?;
    let mut worker = engine.worker().map_err(anyhow::Error::from_boxed)?;
    let comparison = worker
        .compare(&reference, &probe, &policy)
        .map_err(|error| named(error, args))?;
    if let Some(path) = &args.draw {
        slide::draw(args, &comparison, &reference, &probe)?
            .save(path)
            .map_err(|error| Failure::from(error).about(path.display()))?;
    }
    answer::print(args, &comparison)?;
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
fn named(error: CompareError, args: &Args) -> Failure {
    match error {
        CompareError::Capture { side, source } => {
            let path = match side {
                Side::Reference => &args.reference,
                Side::Probe => &args.probe,
            };
            picture_failure(source).about(path.display()).about(side)
        }
        other => other.into(),
    }
}

/// A capture that failed; that a picture does not decode needs no words of its own.
pub(crate) fn picture_failure(error: CaptureError) -> Failure {
    match error {
        CaptureError::Decode(error) => error.into(),
        other => other.into(),
    }
}
