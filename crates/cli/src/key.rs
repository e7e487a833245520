//! `countenance key create|list|revoke`.

mod compat;

use crate::clock::{MachineClock, time_of};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::served::Served;
use crate::registry::{RegistryArgs, private, registry};
use crate::terminal::plain;
use clap::{Args as ClapArgs, Subcommand};
use countenance_api::{KeyCreated, KeyEntry, KeyList, KeyRequest, Scope};
use countenance_core::vault::{Name, SystemRandom, Timestamp};
use countenance_core::{FalseMatchRate, WallClock as _};
use countenance_server::{KeyError, KeyOrder};
use std::io::Write as _;
use std::path::PathBuf;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Make, list and revoke the keys that programs ask the server with
///
/// Where a server runs on the data folder, it is asked through its socket there; else the vault is opened. A key
/// that is made holds at once, and so does a revocation; both are in the audit log.
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

/// Where the keys are.
#[derive(ClapArgs, Debug)]
struct PlaceArgs {
    /// The data folder
    #[arg(
        long,
        value_name = "DIR",
        env = "COUNTENANCE_DATA",
        hide_env_values = true
    )]
    data: PathBuf,

    /// The root key, where no server runs [default: DIR.root, a file beside the data folder]
    #[arg(
        long,
        value_name = "PLACE",
        env = "COUNTENANCE_ROOT",
        hide_env_values = true
    )]
    root: Option<String>,

    /// The PostgreSQL database of the records, where no server runs
    #[arg(
        long,
        value_name = "URL",
        env = "COUNTENANCE_DATABASE",
        hide_env_values = true
    )]
    database: Option<String>,

    /// The keyring is in the database too
    #[arg(long, requires = "database")]
    keyring_in_database: bool,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Make a key and print it, this once
///
/// Scopes: `admin` (make and revoke keys of its tenant, export subjects), `audit` (proofs and metrics of the whole
/// vault: for the operator), `compare`, `detect`, `enroll` (subjects and consents), `identify`, `pay` (make and follow payments), `refund`, `sessions` (open sessions and take their results), `scores` (see scores,
/// and why a verification ended as it did), `verify`. None includes another.
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance key create --data vault --scopes verify --days 90
  countenance key create --data vault --scopes compare,detect --rate 20 --daily 100000 --json
  countenance key create --data vault --compat compreface --service recognition \\
      --attest 'consent form HR-7, signed on joining' --fpir 1e-2 --json
      A key for clients of CompreFace, where the server runs with `--compat compreface`.

JSON: key, id, tenant, scopes, created, expires, rate, daily, compat.")]
struct CreateArgs {
    #[command(flatten)]
    place: PlaceArgs,

    /// What it may do, separated by commas
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', value_parser = scope, default_value = "compare,detect,enroll,verify", conflicts_with = "compat")]
    scopes: Vec<Scope>,

    #[command(flatten)]
    compat: compat::Args,

    /// Whose people it reaches; there must be such a tenant
    #[arg(long, value_name = "NAME", default_value = "default")]
    tenant: String,

    /// Days until it expires [default: it does not]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: Option<u32>,

    /// Requests per second [default: as the server is set]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: Option<u32>,

    /// Requests per day (UTC) [default: any number]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000_000))]
    daily: Option<u32>,
}

/// List the keys, oldest first
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance key list --data vault
  countenance key list --data vault --tenant acme --json

JSON: keys (id, tenant, scopes, created, expires, rate, daily).")]
struct ListArgs {
    #[command(flatten)]
    place: PlaceArgs,

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
    place: PlaceArgs,

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

impl PlaceArgs {
    fn check(&self) -> Result<(), Failure> {
        if self.data.is_dir() {
            return Ok(());
        }
        Err(Failure::usage(
            format!("{} is no folder", self.data.display()),
            "`countenance serve --data DIR` or `countenance keyring init --data DIR` makes one",
        ))
    }

    /// The server that runs on the folder, if one does.
    fn served(&self, tenant: Option<&str>) -> Result<Option<Served>, Failure> {
        self.check()?;
        Served::on(&self.data, tenant)
    }

    fn options(&self) -> RegistryArgs {
        RegistryArgs {
            accept_earlier_clock: false,
            data: Some(self.data.clone()),
            root: self.root.clone(),
            database: self.database.clone(),
            keyring_in_database: self.keyring_in_database,
            tenant: "default".to_owned(),
            collection: "default".to_owned(),
            retention_days: 365,
        }
    }
}

fn create(args: &CreateArgs) -> Outcome {
    let tenant = Name::new(&args.tenant).map_err(|error| Failure::from(error).about("--tenant"))?;
    let made = match args.place.served(Some(&args.tenant))? {
        Some(mut served) => {
            let compat = args.compat.key();
            let scopes = match compat {
                Some(_) => Vec::new(),
                None => args.scopes.clone(),
            };
            let request = KeyRequest {
                scopes,
                compat,
                days: args.days,
                rate: args.rate,
                daily: args.daily,
            };
            served.ask("POST", "/v1/keys", &[], Some(&request))?
        }
        None => make(args, tenant)?,
    };
    if args.place.json {
        json::print(&made)?;
    } else {
        let mut out = anstream::stdout().lock();
        writeln!(out, "{}", made.key)?;
    }
    Ok(Exit::Success)
}

/// Makes a key where no server runs.
fn make(args: &CreateArgs, tenant: Name) -> Result<KeyCreated, Failure> {
    let options = args.place.options();
    let registry = registry(options.vault()?, FalseMatchRate::DEFAULT)?;
    let now = MachineClock::start().now();
    let order = match args.compat.key() {
        Some(key) => KeyOrder::compat(tenant, key),
        None => KeyOrder::new(tenant, &args.scopes),
    };
    let order = KeyOrder {
        expires: args.days.map(|days| now.plus(u64::from(days) * DAY)),
        rate: args.rate,
        daily: args.daily,
        ..order
    };
    let keys = options.platform_keys()?;
    let made = keys.make(&registry, &SystemRandom, &order, now);
    let made = made.map_err(|error| match error {
        KeyError::Tenant => no_tenant(&args.tenant),
        KeyError::Compat(what) => Failure::usage(what, "`countenance key create --help` explains"),
        error => error.into(),
    })?;
    Ok(KeyCreated {
        key: made.key.as_str().to_owned(),
        entry: made.entry,
    })
}

fn no_tenant(name: &str) -> Failure {
    Failure::usage(
        format!("there is no tenant {}", plain(name)),
        "`countenance keyring init --data DIR --tenant NAME` makes one",
    )
}

fn list(args: &ListArgs) -> Outcome {
    let tenant = args.tenant.as_deref();
    let listed = match args.place.served(tenant)? {
        Some(mut served) => served.ask("GET", "/v1/keys", &[], None::<&()>)?,
        // Needs no root key.
        None => KeyList {
            keys: args.place.options().platform_keys()?.list(tenant)?,
        },
    };
    if args.place.json {
        json::print(&listed)?;
        return Ok(Exit::Success);
    }
    let mut out = anstream::stdout().lock();
    for key in &listed.keys {
        writeln!(out, "{}", line(key))?;
    }
    Ok(Exit::Success)
}

fn line(key: &KeyEntry) -> String {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.name()).collect();
    let expires = key
        .expires
        .map(|seconds| time_of(Timestamp::from_unix(seconds)));
    let mut line = format!(
        "{}  {}  {}  expires {}",
        key.id,
        plain(&key.tenant),
        scopes.join(","),
        expires.as_deref().unwrap_or("never")
    );
    if let Some(compat) = &key.compat {
        line.push_str(&format!("  {}", compat::line(compat)));
    }
    for (limit, of) in [(key.rate, "second"), (key.daily, "day")] {
        if let Some(limit) = limit {
            line.push_str(&format!("  {limit} a {of}"));
        }
    }
    line
}

fn revoke(args: &RevokeArgs) -> Outcome {
    let gone = match args.place.served(None)? {
        Some(mut served) => {
            let id_is_one = args.id.bytes().all(|byte| byte.is_ascii_hexdigit());
            id_is_one && served.remove(&format!("/v1/keys/{}", args.id), "key_unknown")?
        }
        None => {
            let options = args.place.options();
            let registry = registry(options.vault()?, FalseMatchRate::DEFAULT)?;
            let now = MachineClock::start().now();
            options
                .platform_keys()?
                .end(&registry, None, &args.id, now)?
        }
    };
    if !gone {
        return Err(Failure::usage(
            "no key has this id",
            "`countenance key list --data DIR` shows them",
        ));
    }
    if args.place.json {
        json::print(&serde_json::json!({ "revoked": args.id }))?;
    } else {
        let mut out = anstream::stdout().lock();
        writeln!(out, "revoked {}", plain(&args.id))?;
    }
    Ok(Exit::Success)
}
