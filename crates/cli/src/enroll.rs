//! `countenance enroll`: keep templates of a person who consented.

use crate::consent::purposes;
use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json::{self, FaceJson, TimingJson};
use crate::pictures;
use crate::registry::holder::HolderArgs;
use crate::registry::{RegistryArgs, who};
use crate::terminal::{self, FAINT, GREEN, RED, YELLOW, counted};
use crate::verify::picture_failure;
use countenance_core::vault::Purpose;
use countenance_core::{EnrollError, EnrollOutcome, EnrollRequest, Enrollment, MAX_TEMPLATES};
use serde::Serialize;
use std::io::{self, Write};
use std::path::PathBuf;

/// Keep templates of a person who consented
///
/// Every photo becomes a template: 132 bytes that serve to compare faces, sealed under the subject's own
/// key. No photo is kept. Several photos, taken on different days, make later verifications surer: the best of
/// them counts. Each must be good enough, each must show the person of the first, and each must match the templates
/// that are there; otherwise nothing is kept. The last counts as an attempt like any verification: nobody becomes
/// somebody else, with --replace neither. Whoever has changed too much is erased and added again.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance enroll ana monday.jpg friday.jpg --data vault
  countenance enroll ana today.jpg --replace --data vault
      New templates in place of the old ones.
  countenance enroll ana today.jpg --holder ana.holder --data vault
      A holder-bound subject.

Exit codes:
  0  enrolled
  1  the photos are not of one person, or not of the person who is enrolled
  2  the command line makes no sense
  3  a photo is too poor; photo and cause are named
  4  anything else, such as a file that cannot be read
  5  not permitted: unknown subject, no consent, wrong holder part, too many attempts

JSON: outcome (enrolled, different, not_the_subject or recapture), photo (from 1) and cause where one is to be taken again, records, replaced, photos
(each file, box, landmarks, quality), timing_ms.")]
pub(crate) struct Args {
    /// What you call the person; - reads it from the standard input
    id: String,

    /// Pictures of the person: JPEG, PNG or WebP
    #[arg(required = true, value_name = "PHOTO")]
    photos: Vec<PathBuf>,

    /// Under which consent
    #[arg(long, value_name = "PURPOSE", default_value = "verify", value_parser = purposes())]
    purpose: Purpose,

    /// Remove the templates that are there once the new ones are kept
    #[arg(long)]
    replace: bool,

    #[command(flatten)]
    holder: HolderArgs,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct EnrollJson {
    outcome: &'static str,
    photo: Option<usize>,
    cause: Option<&'static str>,
    records: Vec<u16>,
    replaced: usize,
    photos: Vec<PhotoJson>,
    timing_ms: TimingJson,
}

#[derive(Debug, Serialize)]
struct PhotoJson {
    file: String,
    #[serde(flatten)]
    face: FaceJson,
}

/// Enrolls.
pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    engine.options()?;
    let id = who::id(&args.id)?;
    if args.photos.len() > MAX_TEMPLATES {
        return Err(Failure::usage(
            format!(
                "{} photos, expected 1 to {MAX_TEMPLATES}",
                args.photos.len()
            ),
            "choose the best ones; two or three from different days are enough",
        ));
    }
    let part = args.holder.part()?;
    let photos = args.photos.iter().map(|path| pictures::read(path));
    let photos = photos.collect::<Result<Vec<_>, _>>()?;
    let opened = args.registry.open()?;
    // Consent first: without one no picture is even decoded.
    let claim = opened.claim(&id, part.as_ref());
    let (subject, consent) = opened.registry.consented(&claim, args.purpose)?;
    let mut worker = engine
        .engine()?
        .worker()
        .map_err(anyhow::Error::from_boxed)?;
    let request = EnrollRequest {
        subject: &subject,
        consent: &consent,
        photos: &photos,
        replace: args.replace,
    };
    let done = opened.registry.enroll(&mut worker, &request);
    let done = done.map_err(|error| named(error, args))?;
    if args.json {
        json::print(&document(args, &done))?;
    } else {
        write(&mut anstream::stdout().lock(), args, &done)?;
    }
    Ok(match done.outcome {
        EnrollOutcome::Enrolled { .. } => Exit::Success,
        EnrollOutcome::Different { .. } | EnrollOutcome::NotTheSubject => Exit::Reject,
        EnrollOutcome::Recapture { .. } => Exit::Recapture,
        _ => Exit::Failed,
    })
}

/// Says which file an error is about.
fn named(error: EnrollError, args: &Args) -> Failure {
    match error {
        EnrollError::Capture { photo, source } => {
            let failure = picture_failure(source);
            match args.photos.get(photo) {
                Some(path) => failure.about(path.display()),
                None => failure,
            }
        }
        EnrollError::Photos { .. } => Failure::from(error).with_hint(
            "a subject has room for 16 templates; --replace cannot make room before the new ones are kept: erase and enroll again",
        ),
        EnrollError::Raced => Failure::from(error).with_hint("nothing was kept: try again"),
        other => other.into(),
    }
}

fn document(args: &Args, done: &Enrollment) -> EnrollJson {
    let (outcome, photo, cause, records, replaced) = match &done.outcome {
        EnrollOutcome::Enrolled { records, replaced } => {
            ("enrolled", None, None, records.clone(), *replaced)
        }
        EnrollOutcome::Different { photo } => ("different", Some(photo + 1), None, Vec::new(), 0),
        EnrollOutcome::NotTheSubject => ("not_the_subject", None, None, Vec::new(), 0),
        EnrollOutcome::Recapture { photo, cause } => {
            let cause = Some(cause.code());
            ("recapture", Some(photo + 1), cause, Vec::new(), 0)
        }
        _ => ("unknown", None, None, Vec::new(), 0),
    };
    let photos = args.photos.iter().zip(&done.captures);
    EnrollJson {
        outcome,
        photo,
        cause,
        records,
        replaced,
        photos: photos
            .map(|(path, capture)| PhotoJson {
                file: path.display().to_string(),
                face: FaceJson::from(capture),
            })
            .collect(),
        timing_ms: TimingJson::from(&done.timings),
    }
}

fn write(out: &mut impl Write, args: &Args, done: &Enrollment) -> io::Result<()> {
    let name = |photo: &usize| {
        let path = args.photos.get(*photo);
        path.map_or_else(String::new, |path| terminal::plain(path.display()))
    };
    match &done.outcome {
        EnrollOutcome::Enrolled { records, replaced } => {
            let kept = counted(records.len(), "template");
            write!(out, "{GREEN}enrolled{GREEN:#}  {kept}")?;
            match replaced {
                0 => writeln!(out)?,
                n => writeln!(out, " in place of {n}")?,
            }
        }
        EnrollOutcome::Different { photo } => writeln!(
            out,
            "{RED}different{RED:#}  {} does not show the person of {}; nothing was kept",
            name(photo),
            name(&0)
        )?,
        EnrollOutcome::NotTheSubject => {
            writeln!(
                out,
                "{RED}not the subject{RED:#}  The photos do not show the person who is enrolled under this id; nothing was kept"
            )?;
            writeln!(
                out,
                "  remedy   if it is the right person all the same, `subject erase` and begin anew"
            )?;
        }
        EnrollOutcome::Recapture { photo, cause } => {
            writeln!(
                out,
                "{YELLOW}recapture{YELLOW:#}  Take {} again; nothing was kept",
                name(photo)
            )?;
            writeln!(out, "  cause    {cause}")?;
            writeln!(out, "  remedy   {}", cause.hint())?;
        }
        _ => {}
    }
    for (path, capture) in args.photos.iter().zip(&done.captures) {
        let name = terminal::plain(path.display());
        writeln!(
            out,
            "  photo    {name}: {}",
            crate::verify::summary(capture)
        )?;
    }
    let timings = terminal::timings(&done.timings);
    writeln!(out, "  {FAINT}time     {timings}{FAINT:#}")
}
