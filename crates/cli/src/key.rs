//! `countenance key create|list|revoke`.

use crate::clock::{MachineClock, time_of};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::private;
use crate::terminal::plain;
use clap::{Args as ClapArgs, Subcommand};
use countenance_api::{KeyCreated, KeyEntry, KeyList, Scope};
use countenance_core::WallClock as _;
use countenance_core::vault::{Name, SystemRandom, Timestamp};
use countenance_server::KeyStore;
use std::io::Write as _;
use std::path::PathBuf;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Make, list and revoke the keys that programs ask the server with
///
/// Works on the data folder, whether or not a server runs on it: a key that is made holds at once, and so does a
/// revocation. Needs no root key.
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance key create --data vault --scopes compare,detect
  countenance key list --data vault
  countenance key revoke --data vault 0123456789abcdef")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(CreateArgs),
    List(ListArgs),
    Revoke(RevokeArgs),
}

/// The folder whose keys are meant.
#[derive(ClapArgs, Debug)]
struct FolderArgs {
    /// The data folder
    #[arg(
        long,
        value_name = "DIR",
        env = "COUNTENANCE_DATA",
        hide_env_values = true
    )]
    data: PathBuf,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Make a key and print it, this once
///
/// Scopes: `admin` (make and revoke keys of its tenant, export subjects), `audit` (proofs and metrics of the whole
/// vault), `compare`, `detect`, `enroll` (subjects and consents), `identify`, `scores` (see scores, and why a
/// verification ended as it did), `verify`. None includes another.
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance key create --data vault --scopes verify --days 90
  countenance key create --data vault --scopes compare,detect --json

JSON: key, id, tenant, scopes, created, expires.")]
struct CreateArgs {
    #[command(flatten)]
    folder: FolderArgs,

    /// What it may do, separated by commas
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', value_parser = scope, default_value = "compare,detect,enroll,verify")]
    scopes: Vec<Scope>,

    /// Whose people it reaches
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,

    /// Days until it expires [default: it does not]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: Option<u32>,
}

/// List the keys, oldest first
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance key list --data vault
  countenance key list --data vault --tenant acme --json

JSON: keys (id, tenant, scopes, created, expires).")]
struct ListArgs {
    #[command(flatten)]
    folder: FolderArgs,

    /// Only the keys of this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
}

/// Revoke a key, at once
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance key revoke --data vault 0123456789abcdef")]
struct RevokeArgs {
    #[command(flatten)]
    folder: FolderArgs,

    /// Its id, as `list` shows it
    id: String,
}

fn scope(text: &str) -> Result<Scope, countenance_api::UnknownScope> {
    text.parse()
}

pub(crate) fn run(args: &Args) -> Outcome {
    private::keep_private();
    match &args.command {
        Command::Create(args) => create(args),
        Command::List(args) => list(args),
        Command::Revoke(args) => revoke(args),
    }
}

impl FolderArgs {
    fn open(&self) -> Result<KeyStore, Failure> {
        if !self.data.is_dir() {
            return Err(Failure::usage(
                format!("{} is no folder", self.data.display()),
                "`countenance serve --data DIR` or `countenance keyring init --data DIR` makes one",
            ));
        }
        KeyStore::open(&self.data).map_err(|error| Failure::from(error).about(self.data.display()))
    }
}

fn create(args: &CreateArgs) -> Outcome {
    let tenant = Name::new(&args.tenant).map_err(|error| Failure::from(error).about("--tenant"))?;
    let store = args.folder.open()?;
    let now = MachineClock::start().now();
    let expires = args.days.map(|days| now.plus(u64::from(days) * DAY));
    let made = store.create(&SystemRandom, &tenant, &args.scopes, now, expires)?;
    if args.folder.json {
        json::print(&KeyCreated {
            key: made.key.as_str().to_owned(),
            entry: made.entry,
        })?;
    } else {
        let mut out = anstream::stdout().lock();
        writeln!(out, "{}", *made.key)?;
    }
    Ok(Exit::Success)
}

fn list(args: &ListArgs) -> Outcome {
    let keys = args.folder.open()?.list(args.tenant.as_deref())?;
    if args.folder.json {
        json::print(&KeyList { keys })?;
        return Ok(Exit::Success);
    }
    let mut out = anstream::stdout().lock();
    for key in &keys {
        writeln!(out, "{}", line(key))?;
    }
    Ok(Exit::Success)
}

fn line(key: &KeyEntry) -> String {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.name()).collect();
    let expires = key
        .expires
        .map(|seconds| time_of(Timestamp::from_unix(seconds)));
    format!(
        "{}  {}  {}  expires {}",
        key.id,
        plain(&key.tenant),
        scopes.join(","),
        expires.as_deref().unwrap_or("never")
    )
}

fn revoke(args: &RevokeArgs) -> Outcome {
    if !args.folder.open()?.revoke(None, &args.id)? {
        return Err(Failure::usage(
            "no key has this id",
            "`countenance key list --data DIR` shows them",
        ));
    }
    if args.folder.json {
        json::print(&serde_json::json!({ "revoked": args.id }))?;
    } else {
        let mut out = anstream::stdout().lock();
        writeln!(out, "revoked {}", plain(&args.id))?;
    }
    Ok(Exit::Success)
}
