//! `countenance collection`: groups of people, and what may be decided about who of them somebody is.

use crate::clock::{date_of, time_of};
use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::{Opened, RegistryArgs, registry};
use crate::terminal::{counted, plain};
use anyhow::Context as _;
use clap::Subcommand;
use countenance_core::vault::Name;
use countenance_core::{FalseMatchRate, IdentifyPolicy, IdentifySettings, Registry};
use serde::Serialize;
use std::io::Write as _;

/// Make, list and set up collections of people
///
/// `identify` asks only inside one collection. Its members are the subjects who consented to `identify`
/// (`countenance consent grant --purpose identify`) and have a template; `consent withdraw` and `subject erase` end that,
/// with effect in the very next search.
///
/// How many members a collection may have is computed and not chosen: with N of them a stranger is taken for one with
/// a probability of at most N times the false-match rate, so N is at most the target FPIR divided by the upper 95 %
/// bound of the rate that was measured.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance collection create door --data vault
  countenance collection show --collection door --data vault
      Settings, threshold, members, and how many there may be.
  countenance collection set --collection door --fmr 1e-5 --fpir 1e-2 --data vault
      More members, and of a hundred strangers one may be taken for somebody: an entry in the audit log.")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(CreateArgs),
    List(ListArgs),
    Members(MembersArgs),
    Show(ShowArgs),
    Set(SetArgs),
}

/// Make a collection
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance collection create door --data vault")]
struct CreateArgs {
    /// Its name, 1 to 62 bytes
    #[arg(value_name = "NAME")]
    name: String,

    #[command(flatten)]
    registry: RegistryArgs,
}

/// List the collections of a tenant
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance collection list --data vault
  countenance collection list --data vault --json

JSON: collections (names).")]
struct ListArgs {
    #[command(flatten)]
    registry: RegistryArgs,

    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

/// List the members of a collection: whom `identify` may name
///
/// Members are subjects with a running consent to `identify` and a template. With more of them than `collection show`
/// allows, nobody is identified.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance collection members --collection door --data vault
  countenance collection members --collection door --data vault --json

JSON: members (each id, expires, templates, last_used), most_members.")]
struct MembersArgs {
    #[command(flatten)]
    registry: RegistryArgs,

    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

/// Show what is decided in a collection, and on what grounds
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance collection show --collection door --data vault
  countenance collection show --collection door --data vault --json

JSON: policy (what stands in every answer), fmr, fmr_upper_95, threshold, fpir, margin, most_members,
answers (accept or refer).")]
struct ShowArgs {
    #[command(flatten)]
    registry: RegistryArgs,

    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// Set what is decided in a collection
///
/// What is left out stays. A target FPIR above 1e-3 is worth a thought, and above 1e-2 nobody is accepted: every answer is
/// `refer`, for a person to decide. The setting is in the audit log and in every answer.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance collection set --collection door --fpir 2e-3 --data vault
  countenance collection set --collection door --fmr 1e-5 --margin 0.08 --data vault

JSON: as of `collection show`.")]
struct SetArgs {
    #[command(flatten)]
    registry: RegistryArgs,

    /// A member is a candidate at this false-match rate
    #[arg(long, value_name = "RATE")]
    fmr: Option<FalseMatchRate>,

    /// The share of strangers who may be taken for a member, such as 1e-3
    #[arg(long, value_name = "SHARE")]
    fpir: Option<f64>,

    /// How much less alike the second member must be, in score; else the answer is `ambiguous`
    #[arg(long, value_name = "SCORE")]
    margin: Option<f32>,

    /// Print the settings as JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    match &args.command {
        Command::Create(args) => create(args),
        Command::List(args) => list(args),
        Command::Members(args) => members(args, engine),
        Command::Show(args) => {
            let opened = args.registry.open()?;
            let settings = opened.registry.identify_settings(&opened.collection)?;
            show(&args.registry, settings, args.json, engine)
        }
        Command::Set(args) => set(args, engine),
    }
}

fn create(args: &CreateArgs) -> Outcome {
    let (tenant, _) = args.registry.names()?;
    let name = Name::new(&args.name)?;
    if Registry::is_reserved(&name) {
        return Err(Failure::usage(
            "this name is the program's own",
            "names that begin with `countenance:` are reserved; choose another",
        ));
    }
    let registry = registry(args.registry.vault()?, FalseMatchRate::DEFAULT)?;
    let now = countenance_core::WallClock::now(&crate::clock::MachineClock::start());
    registry.vault().create_collection(&tenant, &name, now)?;
    say!("made collection {}", plain(&args.name));
    Ok(Exit::Success)
}

#[derive(Debug, Serialize)]
struct ListJson {
    collections: Vec<String>,
}

fn list(args: &ListArgs) -> Outcome {
    let (tenant, _) = args.registry.names()?;
    let registry = registry(args.registry.vault()?, FalseMatchRate::DEFAULT)?;
    let all = registry.vault().collections(&tenant)?;
    let collections: Vec<String> = all
        .into_iter()
        .map(|(name, _)| name.as_str().to_owned())
        .collect();
    if args.json {
        json::print(&ListJson { collections })?;
    } else {
        for name in &collections {
            say!("{}", plain(name));
        }
    }
    Ok(Exit::Success)
}

#[derive(Debug, Serialize)]
struct MembersJson {
    members: Vec<MemberJson>,
    most_members: usize,
}

#[derive(Debug, Serialize)]
struct MemberJson {
    id: String,
    expires: String,
    templates: usize,
    last_used: String,
}

fn members(args: &MembersArgs, engine: &EngineArgs) -> Outcome {
    const PAGE: u32 = 500;
    let opened = args.registry.open()?;
    let settings = opened.registry.identify_settings(&opened.collection)?;
    let most = IdentifyPolicy::new(&engine.engine()?, false, settings)?.cap();
    let mut members = Vec::new();
    let mut next = Some(0);
    while let Some(after) = next {
        let page = opened.registry.members(&opened.collection, after, PAGE)?;
        members.extend(page.members.iter().map(|member| MemberJson {
            id: member.external_id.as_str().to_owned(),
            expires: time_of(member.expires),
            templates: member.templates,
            last_used: date_of(member.used_day.into()),
        }));
        next = page.next;
    }
    if args.json {
        json::print(&MembersJson {
            members,
            most_members: most,
        })?;
        return Ok(Exit::Success);
    }
    let mut out = anstream::stdout().lock();
    for member in &members {
        writeln!(
            out,
            "{}  {}  consent until {}  {}",
            member.last_used,
            plain(&member.id),
            member.expires,
            counted(member.templates, "template")
        )?;
    }
    writeln!(
        out,
        "{} of at most {most}",
        counted(members.len(), "member")
    )?;
    Ok(Exit::Success)
}

#[derive(Debug, Serialize)]
struct ShowJson {
    policy: String,
    fmr: f64,
    fmr_upper_95: f64,
    threshold: f64,
    fpir: f64,
    margin: f64,
    most_members: usize,
    answers: &'static str,
}

fn show(
    args: &RegistryArgs,
    settings: IdentifySettings,
    as_json: bool,
    engine: &EngineArgs,
) -> Outcome {
    let policy = IdentifyPolicy::new(&engine.engine()?, false, settings)?;
    let threshold = policy.threshold();
    if as_json {
        json::print(&ShowJson {
            policy: policy.id(),
            fmr: settings.fmr().rate(),
            fmr_upper_95: threshold.fmr_upper_95(),
            threshold: json::score(threshold.cosine()),
            fpir: settings.fpir(),
            margin: json::score(settings.margin()),
            most_members: policy.cap(),
            answers: if settings.may_accept() {
                "accept"
            } else {
                "refer"
            },
        })?;
        return Ok(Exit::Success);
    }
    let mut out = anstream::stdout().lock();
    writeln!(out, "collection  {}", plain(&args.collection))?;
    writeln!(
        out,
        "threshold   {:.3}: FMR {}, measured at most {:.1e} (upper 95 % bound)",
        threshold.cosine(),
        settings.fmr(),
        threshold.fmr_upper_95()
    )?;
    if !threshold.is_supported() {
        writeln!(
            out,
            "            too few faces were measured to be sure of this rate; the bound counts"
        )?;
    }
    writeln!(
        out,
        "target      FPIR {:e}: so many strangers may be taken for a member",
        settings.fpir()
    )?;
    writeln!(
        out,
        "members     at most {}",
        counted(policy.cap(), "member")
    )?;
    writeln!(
        out,
        "margin      {} to the second member",
        settings.margin()
    )?;
    let answers = if settings.may_accept() {
        "accept"
    } else {
        "refer: a person decides, the target FPIR is above 1e-2"
    };
    writeln!(out, "answers     {answers}")?;
    writeln!(out, "policy      {}", policy.id())?;
    Ok(Exit::Success)
}

fn set(args: &SetArgs, engine: &EngineArgs) -> Outcome {
    if args.fmr.is_none() && args.fpir.is_none() && args.margin.is_none() {
        return Err(Failure::usage(
            "nothing is to be set",
            "name --fmr, --fpir or --margin; `countenance collection show` shows what stands",
        ));
    }
    let Opened {
        registry,
        collection,
    } = args.registry.open()?;
    let now = registry.identify_settings(&collection)?;
    let settings = IdentifySettings::new(
        args.fmr.unwrap_or_else(|| now.fmr()),
        args.fpir.unwrap_or_else(|| now.fpir()),
        args.margin.unwrap_or_else(|| now.margin()),
    )
    .map_err(|error| {
        Failure::usage(
            error.to_string(),
            "'countenance collection set --help' explains",
        )
    })?;
    // A rate that no threshold stands for is refused before it is stored.
    IdentifyPolicy::new(&engine.engine()?, false, settings).context("settings")?;
    registry.set_identify_settings(&collection, settings)?;
    show(&args.registry, settings, args.json, engine)
}
