//! `countenance import folder|compreface`: people who agreed, many at once.

mod admit;
mod compreface;
mod consents;
mod crew;
mod folder;
mod keep;
mod look;
mod people;
mod report;
mod room;
mod sealed;

use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::{Opened, RegistryArgs};
use admit::Admission;
use clap::{Args as ClapArgs, Subcommand};
use consents::Consents;
use countenance_core::vault::{Grant, NewSubject};
use crew::Crew;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use keep::{Keeper, There};
use look::Looked;
use people::{Chosen, People};
use report::Report;
use room::Room;
use std::path::PathBuf;
use std::thread::available_parallelism;

/// Enroll many people at once, each with a consent of their own
///
/// From folders of photos, from a running CompreFace, or from a sealed export of another vault. Whoever has no row in the file of consents is refused and listed; so is every photo that is too poor, or that does not
/// show the person of the others. No more people are taken in than the collection's FPIR allows. Killed at any point and
/// begun again it goes on where it was: a person is kept whole or not at all, and never twice.
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance import folder people --consents consents.csv --data vault --dry-run
      people/ana/1.jpg, people/ana/2.jpg, people/bob/1.jpg: one folder for each person.
  countenance import compreface --url http://localhost:8000 --key 5a27...-... --consents consents.csv --data vault

The file of consents is CSV with a heading: id,purpose,date,evidence. The purpose is verify or identify, the date is that on
which the person agreed (2026-01-31), the evidence names what shows it: a form, a recorded action. A person has a row for each purpose.")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Folder(FolderArgs),
    Compreface(CompreFaceArgs),
    Sealed(sealed::Args),
}

/// Where people go, and what shows that they agreed.
#[derive(ClapArgs, Debug)]
struct Into {
    /// Who agreed to what, when, and what shows it: CSV with the heading id,purpose,date,evidence
    #[arg(long, value_name = "FILE")]
    consents: PathBuf,

    /// Which text they agreed to
    #[arg(long, value_name = "VERSION", default_value = "import")]
    text_version: String,

    /// Days from the date of a consent on which it ends
    #[arg(long, value_name = "DAYS", default_value_t = 1095, value_parser = clap::value_parser!(u32).range(1..=1095))]
    consent_days: u32,

    /// Look at everything and keep nothing
    #[arg(long)]
    dry_run: bool,

    /// Threads that look at photos [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// From a folder that has one folder for each person
///
/// The name of a person's folder is the id. Pictures are JPEG, PNG or WebP.
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance import folder people --consents consents.csv --data vault
  countenance import folder people --consents consents.csv --data vault --collection door --dry-run --json

JSON: dry_run, people, imported, already_there, templates, refused (each person, photo, reason).")]
struct FolderArgs {
    /// The folder
    dir: PathBuf,

    #[command(flatten)]
    into: Into,
}

/// From a running CompreFace, over its own API
///
/// It must have kept the pictures: from templates of another model nothing can be made. One of its recognition
/// services is read. The id of a person is the name of its subject there.
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance import compreface --url http://localhost:8000 --key 5a27...-... --consents consents.csv --data vault
  countenance import compreface --url https://faces.example --ca faces.pem --key 5a27...-... --consents consents.csv --data vault

JSON: as of `import folder`.")]
struct CompreFaceArgs {
    /// Its address: http://HOST:PORT or https://HOST:PORT
    #[arg(long, value_name = "URL")]
    url: String,

    /// With https: the certificates (PEM) of those who vouch for it, or its own where it signs itself
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/ssl/certs/ca-certificates.crt"
    )]
    ca: PathBuf,

    /// The key of its recognition service
    #[arg(
        long,
        value_name = "KEY",
        env = "COMPREFACE_KEY",
        hide_env_values = true
    )]
    key: String,

    #[command(flatten)]
    into: Into,
}

pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    match &args.command {
        Command::Folder(args) => {
            let open = || folder::Folder::open(&args.dir);
            import(open, &args.into, engine)
        }
        Command::Compreface(args) => {
            let connect = || {
                let people = compreface::CompreFace::connect(&args.url, &args.key, &args.ca)?;
                Ok((people, Report::default()))
            };
            import(connect, &args.into, engine)
        }
        Command::Sealed(args) => sealed::run(args, engine),
    }
}

/// Everything that is known before the first photo is looked at.
struct Prepared<P> {
    people: P,
    report: Report,
    consents: Consents,
    opened: Opened,
    chosen: Vec<Chosen>,
}

fn prepare<P: People>(
    source: impl FnOnce() -> Result<(P, Report), Failure>,
    args: &Into,
) -> Result<Prepared<P>, Failure> {
    let consents = Consents::read(&args.consents, args.consent_days, &args.text_version)?;
    let opened = args.registry.open()?;
    let (people, mut report) = source()?;
    report.dry_run = args.dry_run;
    let keeper = Keeper::new(&opened, args.dry_run);
    let mut chosen = Vec::new();
    for person in people.list(&mut report)? {
        report.people += 1;
        if consents.of(&person.id).is_none() {
            report.refuse(&person.id, None, "no row in the file of consents");
            continue;
        }
        let is_new = match keeper.there(&person.id)? {
            There::Enrolled => {
                report.already_there += 1;
                continue;
            }
            There::Unenrolled => false,
            There::Nobody => true,
        };
        chosen.push(Chosen { person, is_new });
    }
    Ok(Prepared {
        people,
        report,
        consents,
        opened,
        chosen,
    })
}

fn import<P: People>(
    source: impl FnOnce() -> Result<(P, Report), Failure>,
    args: &Into,
    engine: &EngineArgs,
) -> Outcome {
    // The networks are made ready while it is seen who there is.
    let (engine, prepared) = std::thread::scope(|scope| {
        let engine = scope.spawn(|| engine.engine());
        let prepared = prepare(source, args);
        let engine = engine.join();
        (
            engine.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            prepared,
        )
    });
    let Prepared {
        people,
        report,
        consents,
        opened,
        chosen,
    } = prepared?;
    let engine = engine?;
    let room = Room::of(&opened, &engine)?;
    let keeper = Keeper::new(&opened, args.dry_run);
    let lookers = args.workers.map_or_else(
        || available_parallelism().map_or(1, usize::from),
        usize::from,
    );
    let bar = progress(chosen.len());
    let crew = Crew {
        people: &people,
        chosen: &chosen,
        engine: &engine,
        policy: opened.registry.policy(),
    };
    let mut admission = Admission::new(keeper, room, report);
    let done = crew.work(lookers, |handed| {
        for (chosen, looked) in handed {
            let grants = consents.of(&chosen.person.id).unwrap_or_default();
            admit(&opened, &mut admission, chosen, grants, looked)?;
        }
        admission.keep_waiting()?;
        bar.inc(handed.len() as u64);
        Ok(())
    });
    bar.finish_and_clear();
    done?;
    let mut report = admission.report;
    if args.json {
        json::print(&report.document())?;
    } else {
        report.write(&mut anstream::stdout().lock())?;
    }
    Ok(Exit::Success)
}

/// Takes in somebody who was looked at, or reports why not.
fn admit(
    opened: &Opened,
    admission: &mut Admission<'_>,
    chosen: &Chosen,
    grants: &[Grant],
    looked: &Looked,
) -> Result<(), Failure> {
    let id = &chosen.person.id;
    for (photo, reason) in &looked.refused {
        admission.report.refuse(id, Some(photo), reason);
    }
    let now = admission.keeper.now();
    let refused = if looked.templates.is_empty() {
        Some("no photo that a template can be made of")
    } else if grants.iter().any(|grant| grant.granted > now) {
        Some("the consent is of a day to come")
    } else if grants.iter().any(|grant| grant.expires <= now) {
        Some("the consent is over")
    } else {
        None
    };
    if let Some(reason) = refused {
        admission.report.refuse(id, None, reason);
        return Ok(());
    }
    let stored = looked.templates.iter();
    let stored = stored.map(|one| opened.registry.stored_template(one));
    let one = NewSubject {
        id: id.clone(),
        written: id.clone(),
        holder: None,
        grants: grants.to_vec(),
        templates: stored.collect::<Result<_, _>>()?,
    };
    admission.admit(one, chosen.is_new)
}

fn progress(people: usize) -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(8);
    let bar = ProgressBar::with_draw_target(Some(people as u64), target);
    let template = "importing {human_pos} of {human_len} people  {per_sec}  {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
