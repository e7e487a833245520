//! `countenance serve`.

use crate::clock::MachineClock;
use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::keyring;
use crate::registry::root::RootPlace;
use crate::registry::{RegistryArgs, private, registry, running};
use crate::terminal::plain;
use clap::ValueEnum;
use countenance_api::Scope;
use countenance_core::FalseMatchRate;
use countenance_core::vault::{Name, SystemRandom};
use countenance_server::{Config, KeyStore, Parts, Server};
use serde::Serialize;
use std::io::Write as _;
use std::net::SocketAddr;
use std::num::{NonZeroU16, NonZeroU32};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;

/// Serve the platform over HTTP: detect, compare, subjects, consents, verify
///
/// What is not there yet is made: the data folder, its root key, the tenant and collection `default`, and a key for
/// the administrator in a file of its own. Where each of them is, is printed. Ends on SIGTERM or Ctrl-C when every
/// request that was accepted is answered.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance serve --data vault
      Serve on http://127.0.0.1:7300; the administrator's key is in vault.admin-key.
  curl -H \"Authorization: Bearer $(cat vault.admin-key)\" -F reference=@one.jpg -F probe=@other.jpg \\
      http://127.0.0.1:7300/v1/compare
  countenance serve --data vault --print-config
      Print what would be set, as JSON, and end.

The API is described at /openapi.json. There is no TLS: put a proxy with TLS in front before you
listen on anything but this machine.")]
pub(crate) struct Args {
    #[command(flatten)]
    registry: RegistryArgs,

    /// The address to listen on
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "COUNTENANCE_LISTEN",
        default_value = "127.0.0.1:7300"
    )]
    listen: SocketAddr,

    /// Threads that look at pictures [default: one per processor]
    #[arg(long, value_name = "N", env = "COUNTENANCE_WORKERS")]
    workers: Option<NonZeroU16>,

    /// Requests with pictures that may wait for a thread; the next ones are told to come again
    #[arg(
        long,
        value_name = "N",
        env = "COUNTENANCE_QUEUE",
        default_value_t = 64
    )]
    queue: u16,

    /// Largest body of a request, in MiB
    #[arg(
        long,
        value_name = "MIB",
        env = "COUNTENANCE_MAX_BODY_MIB",
        default_value = "16"
    )]
    max_body_mib: NonZeroU16,

    /// Requests per second of one key
    #[arg(
        long,
        value_name = "N",
        env = "COUNTENANCE_KEY_RATE",
        default_value = "200"
    )]
    key_rate: NonZeroU32,

    /// False-match rate at which is decided
    #[arg(long, value_name = "RATE", env = "COUNTENANCE_FMR", default_value_t = FalseMatchRate::DEFAULT.rate())]
    fmr: f64,

    /// How much is logged, on the error stream, a line of JSON each
    #[arg(
        long,
        value_name = "LEVEL",
        env = "COUNTENANCE_LOG",
        default_value = "info"
    )]
    log: Level,

    /// Print what flags and environment set, and end
    #[arg(long)]
    print_config: bool,
}

#[derive(Clone, Copy, Debug, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// Only what failed.
    Error,
    /// What may become a failure, too.
    Warn,
    /// One line per request, too.
    Info,
    /// Connections that broke off, too.
    Debug,
}

impl Level {
    fn filter(self) -> tracing_subscriber::filter::LevelFilter {
        match self {
            Self::Error => tracing_subscriber::filter::LevelFilter::ERROR,
            Self::Warn => tracing_subscriber::filter::LevelFilter::WARN,
            Self::Info => tracing_subscriber::filter::LevelFilter::INFO,
            Self::Debug => tracing_subscriber::filter::LevelFilter::DEBUG,
        }
    }
}

/// What is set, without secrets: a database URL may hold one and is not repeated.
#[derive(Serialize)]
struct ConfigJson {
    data: String,
    root: String,
    database: bool,
    keyring_in_database: bool,
    tenant: String,
    collection: String,
    retention_days: u32,
    listen: SocketAddr,
    workers: usize,
    queue: usize,
    max_body_bytes: usize,
    key_rate: u32,
    fmr: f64,
    log: Level,
    header_timeout_s: u64,
    body_timeout_s: u64,
    work_timeout_s: u64,
    drain_timeout_s: u64,
    max_connections: usize,
}

pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    private::keep_private();
    let options = &args.registry;
    let (folder, place) = (options.folder()?, options.root_place()?);
    let config = args.config();
    if args.print_config {
        json::print(&args.document(folder, &place, &config))?;
        return Ok(Exit::Success);
    }
    let fmr = FalseMatchRate::new(args.fmr)?;
    let engine = engine.engine()?;
    let ready = keyring::init::make(options)?;
    let (made, vault) = (ready.made, ready.vault);
    let keys = KeyStore::open(folder)?;
    let admin = admin_key(&keys, folder, &place, &options.names()?.0)?;
    let parts = Parts {
        engine,
        registry: Arc::new(registry(vault, fmr)?),
        keys,
        clock: Arc::new(MachineClock::start()),
        random: Arc::new(SystemRandom),
    };
    tracing_subscriber::fmt()
        .json()
        .with_max_level(args.log.filter())
        .with_writer(std::io::stderr)
        .init();
    let server = Server::bind(args.listen, parts, config)?;
    let _held = running::announce(folder, format!("http://{}", server.address()))?;
    announce(&server, made.root_key.then_some(&place), admin.as_deref())?;
    server.run()?;
    Ok(Exit::Success)
}

impl Args {
    fn config(&self) -> Config {
        let processors = available_parallelism().map_or(1, usize::from);
        Config {
            workers: self
                .workers
                .map_or(processors, |workers| usize::from(workers.get())),
            queue: usize::from(self.queue),
            max_body_bytes: usize::from(self.max_body_mib.get()) << 20,
            requests_per_second: self.key_rate,
            ..Config::default()
        }
    }

    fn document(&self, folder: &Path, place: &RootPlace, config: &Config) -> ConfigJson {
        let options = &self.registry;
        ConfigJson {
            data: folder.display().to_string(),
            root: place.to_string(),
            database: options.database.is_some(),
            keyring_in_database: options.keyring_in_database,
            tenant: options.tenant.clone(),
            collection: options.collection.clone(),
            retention_days: options.retention_days,
            listen: self.listen,
            workers: config.workers,
            queue: config.queue,
            max_body_bytes: config.max_body_bytes,
            key_rate: config.requests_per_second.get(),
            fmr: self.fmr,
            log: self.log,
            header_timeout_s: config.header_timeout.as_secs(),
            body_timeout_s: config.body_timeout.as_secs(),
            work_timeout_s: config.work_timeout.as_secs(),
            drain_timeout_s: config.drain_timeout.as_secs(),
            max_connections: config.max_connections,
        }
    }
}

/// Makes the first key, where there is none at all, and returns the file it is in.
fn admin_key(
    keys: &KeyStore,
    folder: &Path,
    place: &RootPlace,
    tenant: &Name,
) -> Result<Option<PathBuf>, Failure> {
    if !keys.list(None)?.is_empty() {
        return Ok(None);
    }
    let path = admin_path(folder, place)?;
    let now = countenance_core::WallClock::now(&MachineClock::start());
    let mut file = private::NewFile::create(&path).map_err(|failure| {
        failure.with_hint(
            "this folder knows no key, yet the file is there from an earlier time: remove it, or make a key with `countenance key create`",
        )
    })?;
    let made = keys.create(&SystemRandom, tenant, &Scope::ALL, now, None)?;
    writeln!(file, "{}", *made.key)?;
    file.finish()?;
    Ok(Some(path))
}

/// Beside the root key, or beside the data folder where the root key is in no file.
fn admin_path(folder: &Path, place: &RootPlace) -> Result<PathBuf, Failure> {
    let beside = match place {
        RootPlace::File(_) => place.clone(),
        _ => RootPlace::beside(folder)?,
    };
    let RootPlace::File(root) = beside else {
        return Err(Failure::usage(
            "no place for a key",
            "name the root key with --root FILE",
        ));
    };
    let RootPlace::File(data) = RootPlace::beside(folder)? else {
        return Err(Failure::usage(
            "no place for a key",
            "name the data folder with --data DIR",
        ));
    };
    let name = data.with_extension("admin-key");
    Ok(root.with_file_name(name.file_name().unwrap_or_default()))
}

fn announce(
    server: &Server,
    root: Option<&RootPlace>,
    admin: Option<&Path>,
) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    if let Some(place) = root {
        writeln!(
            out,
            "root key   {}  (new: keep a copy apart from the data)",
            plain(place.to_string())
        )?;
    }
    if let Some(path) = admin {
        writeln!(
            out,
            "admin key  {}  (new: it can do everything)",
            plain(path.display().to_string())
        )?;
    }
    writeln!(out, "listening  http://{}", server.address())?;
    out.flush()
}
