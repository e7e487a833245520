//! `countenance consent`: what people agreed to.

use crate::clock::{MachineClock, time_of};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::holder::HolderArgs;
use crate::registry::{RegistryArgs, who};
use crate::terminal::counted;
use anyhow::Context as _;
use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use countenance_core::vault::{ConsentEntry, ConsentState, Purpose, TextVersion, Timestamp};
use countenance_core::{Agreement, WallClock as _};
use countenance_models::Sha256;
use serde::Serialize;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

pub(crate) const PURPOSES: [(&str, Purpose); 5] = [
    ("verify", Purpose::Verify),
    ("identify", Purpose::Identify),
    ("identity-check", Purpose::IdentityCheck),
    ("payment", Purpose::Payment),
    ("device-unlock", Purpose::DeviceUnlock),
];

/// Most bytes that an evidence file has.
const MOST_EVIDENCE: u64 = 1 << 30;

/// Grant, withdraw and list consents
///
/// Without a consent that stands, nobody is enrolled and nobody verified. A consent is for one purpose, names
/// the version of the text that was shown, and ends on its own. Withdrawing needs nothing but the id, stops a
/// verification that is running, and removes the templates with the last consent.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance consent grant ana --purpose verify --text '2026-01 en' --evidence form.pdf --data vault
  countenance consent list ana --data vault
  countenance consent withdraw ana --purpose verify --data vault")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Grant(GrantArgs),
    Withdraw(WithdrawArgs),
    List(ListArgs),
}

/// Enter a consent into the ledger
///
/// The evidence is what shows that the person agreed: a signed form, a recorded click. Only its SHA-256 is
/// kept; keep the file itself where you keep contracts.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance consent grant ana --purpose verify --text '2026-01 en' --evidence form.pdf --data vault
  countenance consent grant ana --purpose verify --text v2 --evidence form.pdf --days 90 --data vault

JSON: number, purpose, granted, expires, evidence_sha256.")]
struct GrantArgs {
    /// What you call the person; - reads it from the standard input
    id: String,

    /// What the person agreed to
    #[arg(long, value_name = "PURPOSE", value_parser = purposes())]
    purpose: Purpose,

    /// Which version of the text the person read: 1 to 31 letters
    #[arg(long, value_name = "VERSION")]
    text: String,

    /// The file that shows that they agreed
    #[arg(long, value_name = "FILE")]
    evidence: PathBuf,

    /// For how many days, 1 to 1095
    #[arg(long, value_name = "N", default_value_t = 365)]
    days: u32,

    #[command(flatten)]
    holder: HolderArgs,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Print the entry as JSON
    #[arg(long)]
    json: bool,
}

/// End the consents for a purpose, or all of them
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance consent withdraw ana --purpose verify --data vault
  countenance consent withdraw ana --data vault
      All of them; her templates go too.

JSON: withdrawn (how many entries).")]
struct WithdrawArgs {
    /// What you call the person; - reads it from the standard input
    id: String,

    /// Only those for this purpose
    #[arg(long, value_name = "PURPOSE", value_parser = purposes())]
    purpose: Option<Purpose>,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// List a subject's consents, ended ones too
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance consent list ana --data vault

  countenance consent list ana --holder ana.holder --data vault
      For a holder-bound subject, with the texts and dates that only she can open.

JSON: consents (each number, purpose, state, expires, and where they open text_version, granted,
evidence_sha256).")]
struct ListArgs {
    /// What you call the person; - reads it from the standard input
    id: String,

    #[command(flatten)]
    holder: HolderArgs,

    #[command(flatten)]
    registry: RegistryArgs,

    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn purposes() -> impl TypedValueParser<Value = Purpose> {
    PossibleValuesParser::new(PURPOSES.map(|(name, _)| name)).try_map(|name| {
        let found = PURPOSES.iter().find(|(known, _)| *known == name);
        found.map(|(_, purpose)| *purpose).ok_or("no such purpose")
    })
}

/// The name of a purpose, for people and machines.
pub(crate) fn purpose_name(purpose: Purpose) -> &'static str {
    let found = PURPOSES.iter().find(|(_, known)| *known == purpose);
    found.map_or("unknown", |(name, _)| name)
}

/// An entry of the consent ledger; the last three are known only where the holder part was given.
#[derive(Debug, Serialize)]
pub(crate) struct EntryJson {
    number: u16,
    purpose: &'static str,
    state: &'static str,
    expires: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    granted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence_sha256: Option<String>,
}

impl EntryJson {
    /// As it stands at `now`: one that has run out is expired, whether or not the job came by.
    pub(crate) fn at(entry: &ConsentEntry, now: Timestamp) -> Self {
        let grant = entry.grant.as_ref();
        Self {
            number: entry.number,
            purpose: purpose_name(entry.purpose),
            state: match entry.state {
                ConsentState::Active if entry.expires <= now => "expired",
                ConsentState::Active => "active",
                ConsentState::Withdrawn => "withdrawn",
                ConsentState::Expired => "expired",
                _ => "unknown",
            },
            expires: time_of(entry.expires),
            text_version: grant.map(|grant| grant.text_version.as_str().to_owned()),
            granted: grant.map(|grant| time_of(grant.granted)),
            evidence_sha256: grant.map(|grant| json::hex(&grant.evidence)),
        }
    }

    /// `0  verify  active until 2026-01-01T00:00:00Z`.
    pub(crate) fn line(&self) -> String {
        let until = if self.state == "active" {
            "until"
        } else {
            "was until"
        };
        format!(
            "{}  {}  {} {until} {}",
            self.number, self.purpose, self.state, self.expires
        )
    }
}

/// Does what was asked.
pub(crate) fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::Grant(args) => grant(args),
        Command::Withdraw(args) => withdraw(args),
        Command::List(args) => list(args),
    }
}

#[derive(Debug, Serialize)]
struct GrantJson {
    number: u16,
    purpose: &'static str,
    granted: String,
    expires: String,
    evidence_sha256: String,
}

fn grant(args: &GrantArgs) -> Outcome {
    let id = who::id(&args.id)?;
    let evidence = digest(&args.evidence)?;
    let text_version = TextVersion::new(&args.text).map_err(|error| {
        Failure::usage(
            error.to_string(),
            "--text has 1 to 31 printable ASCII letters",
        )
    })?;
    let part = args.holder.part()?;
    let opened = args.registry.open()?;
    let agreement = Agreement {
        purpose: args.purpose,
        text_version,
        lasts_s: u64::from(args.days) * 86_400,
        evidence,
    };
    let claim = opened.claim(&id, part.as_ref());
    let (_, consent) = opened.registry.grant_consent(&claim, &agreement)?;
    let document = GrantJson {
        number: consent.number(),
        purpose: purpose_name(consent.purpose()),
        granted: time_of(consent.granted()),
        expires: time_of(consent.expires()),
        evidence_sha256: json::hex(consent.evidence()),
    };
    if args.json {
        json::print(&document)?;
    } else {
        say!("granted  {} until {}", document.purpose, document.expires);
    }
    Ok(Exit::Success)
}

/// SHA-256 of a file. An empty one is evidence of nothing, and one that does not end is none.
fn digest(path: &Path) -> Result<[u8; 32], Failure> {
    let place = || path.display().to_string();
    let mut file =
        std::fs::File::open(path).map_err(|error| Failure::from(error).about(place()))?;
    let digest = Sha256::of_reader((&mut file).take(MOST_EVIDENCE)).with_context(place)?;
    if file.read(&mut [0]).with_context(place)? > 0 {
        return Err(Failure::from(anyhow::anyhow!("is longer than 1 GiB"))
            .about(place())
            .with_hint("name a file with the digest of the recording instead of the recording"));
    }
    if digest == Sha256::of(&[]) {
        return Err(Failure::from(anyhow::anyhow!("is empty"))
            .about(place())
            .with_hint("name the signed form or recording that shows the consent"));
    }
    Ok(*digest.as_bytes())
}

fn withdraw(args: &WithdrawArgs) -> Outcome {
    let id = who::id(&args.id)?;
    let opened = args.registry.open()?;
    let subject = opened.registry.subject(&opened.collection, &id)?;
    let withdrawn = opened.registry.withdraw(&subject, args.purpose)?;
    if args.json {
        json::print(&serde_json::json!({ "withdrawn": withdrawn }))?;
    } else {
        say!("withdrawn  {}", counted(withdrawn, "consent"));
    }
    Ok(Exit::Success)
}

fn list(args: &ListArgs) -> Outcome {
    let id = who::id(&args.id)?;
    let opened = args.registry.open()?;
    let entries = match args.holder.part()? {
        Some(part) => {
            let unlocked = opened.registry.unlock(&opened.claim(&id, Some(&part)))?;
            opened.registry.vault().consents_in_full(&unlocked)?
        }
        None => {
            let subject = opened.registry.subject(&opened.collection, &id)?;
            opened.registry.consents(&subject)?
        }
    };
    let now = MachineClock::start().now();
    let entries = entries.iter().map(|entry| EntryJson::at(entry, now));
    let entries: Vec<EntryJson> = entries.collect();
    if args.json {
        json::print(&serde_json::json!({ "consents": entries }))?;
        return Ok(Exit::Success);
    }
    let mut out = anstream::stdout().lock();
    for entry in &entries {
        writeln!(out, "{}", entry.line())?;
    }
    if entries.is_empty() {
        writeln!(out, "none")?;
    }
    Ok(Exit::Success)
}
