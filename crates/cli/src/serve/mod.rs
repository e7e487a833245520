//! `countenance serve`.

mod admin;
mod log;
mod payments;
mod settings;

use crate::clock::MachineClock;
use crate::engine::EngineArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::keyring;
use crate::registry::root::RootPlace;
use crate::registry::{RegistryArgs, private, registry_for, running};
use crate::terminal::plain;
use countenance_core::vault::SystemRandom;
use countenance_core::{ComparePolicy, FalseMatchRate};
use countenance_net::give_back_large_blocks;
use countenance_server::{
    Compat, Config, Listen, Parts, Server, SessionLimits, TlsFiles, WebhookConfig,
};
use log::Level;
use serde_json::json;
use settings::Settings;
use std::io::Write as _;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

/// Serve the platform over HTTP: compare, subjects, verify, identify, sessions, documents, payments
///
/// What is not there yet is made: the data folder, its root key, the tenant and collection `default`, and a key for
/// the administrator in a file of its own. Where each of them is, is printed. Ends on SIGTERM or Ctrl-C when every
/// request that was accepted is answered.
///
/// A flag is stronger than the environment, the environment than the file that --config names.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  countenance serve --data vault
      Serve on http://127.0.0.1:7300; the administrator's key is in vault.admin-key.
  curl -H \"Authorization: Bearer $(cat vault.admin-key)\" -F reference=@one.jpg -F probe=@other.jpg \\
      http://127.0.0.1:7300/v1/compare
  countenance serve --data vault --listen 0.0.0.0:7300 --tls-cert chain.pem --tls-key key.pem
      Serve to others, with TLS.
  countenance serve --config countenance.toml --print-config
      Print what is set and where each value comes from, as JSON, and end.

The API is described at /docs and /openapi.json.")]
pub(crate) struct Args {
    #[command(flatten)]
    settings: Settings,

    /// Read settings from this TOML file; the names are those of the flags, with _ for -
    #[arg(long, value_name = "FILE", env = "COUNTENANCE_CONFIG")]
    config: Option<PathBuf>,

    /// Print every setting with its value and where that comes from, and end
    #[arg(long)]
    print_config: bool,
}

/// The settings, read and checked.
struct Chosen {
    registry: RegistryArgs,
    place: RootPlace,
    listen: Listen,
    config: Config,
    max_pixels: usize,
    fmr: FalseMatchRate,
    passive_liveness: Option<PathBuf>,
    log: Level,
    insecure: bool,
}

pub(crate) fn run(args: &Args, engine: &EngineArgs) -> Outcome {
    private::keep_private();
    let mut settings = args.settings.clone();
    if let Some(path) = &args.config {
        settings.add_file(path)?;
    }
    let chosen = Chosen::of(&settings)?;
    if args.print_config {
        json::print(&settings.document(&chosen.worked_out()))?;
        return Ok(Exit::Success);
    }
    serve(chosen, engine)
}

fn serve(mut chosen: Chosen, engine: &EngineArgs) -> Outcome {
    let options = &chosen.registry;
    let folder = options.folder()?;
    let isa = engine.options()?.isa;
    // The buffers of a 16-megapixel picture are 48 MB and more each; those of 1280x720 are kept for the next one.
    give_back_large_blocks(8 << 20);
    // Models that only some requests want are checked now as well: better no server than one that fails its first document.
    engine.weights()?.check()?;
    let engine = engine.engine_with(chosen.passive_liveness.as_deref())?;
    // Before anything is made: whoever is told where the new keys are is told so once.
    Server::can_listen(chosen.listen.address).map_err(|error| {
        let hint = "another program may listen there already, or this machine has no such address, or it is kept for others: choose one with --listen";
        Failure::from(error).with_hint(hint)
    })?;
    let ready = keyring::init::make(options)?;
    let _held = running::hold(folder)?;
    chosen.listen.store = Some(ready.store);
    let mut policy = ComparePolicy {
        fmr: chosen.fmr,
        ..ComparePolicy::default()
    };
    policy.capture.decode.max_pixels = chosen.max_pixels;
    let registry = Arc::new(registry_for(ready.vault, policy)?);
    let keys = options.platform_keys()?;
    let admin = admin::first_key(&keys, &registry, folder, &chosen.place, &options.names()?.0)?;
    let (dropped, _log) = log::start(chosen.log);
    for (variable, near) in settings::unknown_variables() {
        tracing::warn!(
            variable,
            near,
            "a variable of the environment is no setting"
        );
    }
    allow_descriptors(chosen.config.max_connections);
    let listen = &chosen.listen;
    if listen.tls.is_none() && !listen.address.ip().is_loopback() {
        tracing::warn!("listening without TLS where others can reach it, as --insecure allows");
    }
    let parts = Parts {
        engine,
        isa,
        registry,
        keys,
        clock: Arc::new(MachineClock::start()),
        random: Arc::new(SystemRandom),
        dropped_log_lines: Box::new(move || dropped.dropped_lines() as u64),
    };
    let scheme = match chosen.listen.tls {
        Some(_) => "https",
        None => "http",
    };
    let server = Server::bind(chosen.listen, parts, chosen.config)?;
    let url = format!("{scheme}://{}", server.address());
    let _announced = running::announce(folder, url.clone())?;
    let root = ready.made.root_key.then_some(&chosen.place);
    announce(&url, root, admin.as_deref())?;
    server.run()?;
    Ok(Exit::Success)
}

impl Chosen {
    fn of(settings: &Settings) -> Result<Self, Failure> {
        let path = |name: &str| settings.get(name).map(PathBuf::from);
        let registry = RegistryArgs {
            accept_earlier_clock: false,
            data: path("data"),
            root: settings.get("root").map(str::to_owned),
            database: settings.get("database").map(str::to_owned),
            keyring_in_database: settings.is_on("keyring-in-database")?,
            tenant: settings.read("tenant")?,
            collection: settings.read("collection")?,
            retention_days: settings.number("retention-days", 1, 1095)?,
        };
        if registry.keyring_in_database && registry.database.is_none() {
            let what = "there is no --database to keep the keyring in";
            return Err(settings.refused("keyring-in-database", what));
        }
        let folder = registry.folder()?.to_owned();
        let address: SocketAddr = settings.read("listen")?;
        let tls = match (path("tls-cert"), path("tls-key")) {
            (Some(certificates), Some(key)) => Some(TlsFiles { certificates, key }),
            (None, None) => None,
            (Some(_), None) => return Err(settings.refused("tls-cert", "needs --tls-key")),
            (None, Some(_)) => return Err(settings.refused("tls-key", "needs --tls-cert")),
        };
        let insecure = settings.is_on("insecure")?;
        if tls.is_none() && !address.ip().is_loopback() && !insecure {
            return Err(Failure::usage(
                format!(
                    "{address} is not this machine alone: faces and keys would travel in the clear"
                ),
                "name a certificate with --tls-cert and --tls-key; or say --insecure where a proxy in front has TLS",
            ));
        }
        Ok(Self {
            place: registry.root_place()?,
            registry,
            listen: Listen {
                address,
                tls,
                folder: Some(folder),
                store: None,
            },
            config: config(settings)?,
            max_pixels: settings.number("max-pixels", 100_000, 50_000_000)? as usize,
            fmr: FalseMatchRate::new(settings.read("fmr")?)
                .map_err(|error| settings.refused("fmr", &error.to_string()))?,
            passive_liveness: path("passive-liveness"),
            log: settings.read("log")?,
            insecure,
        })
    }

    /// Values as the program will use them.
    fn worked_out(&self) -> Vec<(&'static str, serde_json::Value)> {
        let (config, registry) = (&self.config, &self.registry);
        vec![
            ("root", json!(self.place.to_string())),
            ("keyring-in-database", json!(registry.keyring_in_database)),
            ("tenant", json!(registry.tenant)),
            ("collection", json!(registry.collection)),
            ("retention-days", json!(registry.retention_days)),
            ("listen", json!(self.listen.address)),
            ("insecure", json!(self.insecure)),
            ("workers", json!(config.workers)),
            ("queue", json!(config.queue)),
            ("key-places", json!(config.key_places)),
            ("max-pixels", json!(self.max_pixels)),
            ("max-body-mib", json!(config.max_body_bytes >> 20)),
            ("max-connections", json!(config.max_connections)),
            ("key-rate", json!(config.requests_per_second)),
            ("node", json!(config.sessions.node)),
            ("max-sessions", json!(config.sessions.of_node)),
            ("key-sessions", json!(config.sessions.of_key)),
            ("passive-liveness", json!(self.passive_liveness)),
            ("payment-limits", json!(payments::text(&config.payments))),
            ("payments-per-day", json!(config.payments.per_day)),
            ("payments-per-payee", json!(config.payments.per_payee)),
            (
                "relying-party",
                json!(config.device_keys.as_ref().map(|party| party.id())),
            ),
            (
                "device-key-origins",
                json!(config.device_keys.as_ref().map(|party| party.origins())),
            ),
            ("webhooks", json!(config.webhooks.targets)),
            ("webhook-private", json!(config.webhooks.private)),
            ("header-timeout", json!(config.header_timeout.as_secs())),
            ("body-timeout", json!(config.body_timeout.as_secs())),
            ("answer-timeout", json!(config.answer_timeout.as_secs())),
            ("work-timeout", json!(config.work_timeout.as_secs())),
            ("drain-timeout", json!(config.drain_timeout.as_secs())),
            ("fmr", json!(self.fmr.rate())),
            ("compat", json!(config.compat.map(|_| "compreface"))),
            (
                "compat-images-by-url",
                json!(matches!(
                    config.compat,
                    Some(Compat::Compreface {
                        images_by_url: true
                    })
                )),
            ),
            ("log", json!(self.log)),
        ]
    }
}

/// Raises the number of open files as far as the system lets this process: each connection is one.
fn allow_descriptors(connections: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    let _ = setrlimit(Resource::Nofile, raised);
    let most = getrlimit(Resource::Nofile).current;
    if let Some(most) = most.filter(|most| *most < connections as u64 + 64) {
        tracing::warn!(
            most,
            connections,
            "fewer files may be open than connections"
        );
    }
}

fn config(settings: &Settings) -> Result<Config, Failure> {
    let seconds = |name| {
        let seconds = settings.number(name, 1, 3600)?;
        Ok::<_, Failure>(Duration::from_secs(u64::from(seconds)))
    };
    let processors = available_parallelism().map_or(1, usize::from);
    let workers = match settings.get("workers") {
        Some(_) => settings.number("workers", 1, 1024)? as usize,
        None => processors,
    };
    let queue = settings.number("queue", 0, 65_535)? as usize;
    let key_places = match settings.get("key-places") {
        Some(_) => settings.number("key-places", 1, 66_559)? as usize,
        None => Config::usual_key_places(workers, queue),
    };
    let rate = settings.number("key-rate", 1, 1_000_000)?;
    Ok(Config {
        workers,
        queue,
        key_places,
        max_body_bytes: (settings.number("max-body-mib", 1, 1024)? as usize) << 20,
        max_connections: settings.number("max-connections", 1, 1_000_000)? as usize,
        requests_per_second: NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN),
        header_timeout: seconds("header-timeout")?,
        body_timeout: seconds("body-timeout")?,
        answer_timeout: seconds("answer-timeout")?,
        work_timeout: seconds("work-timeout")?,
        drain_timeout: seconds("drain-timeout")?,
        sessions: sessions(settings)?,
        payments: payments::limits(settings)?,
        device_keys: payments::relying_party(settings)?,
        webhooks: webhooks(settings)?,
        compat: compat(settings)?,
        ..Config::default()
    })
}

fn sessions(settings: &Settings) -> Result<SessionLimits, Failure> {
    let node: String = settings.read("node")?;
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if !(1..=8).contains(&node.len()) || !node.bytes().all(fits) {
        return Err(settings.refused("node", "not 1 to 8 of a-z and 0-9"));
    }
    Ok(SessionLimits {
        node,
        of_key: settings.number("key-sessions", 1, 100_000)? as usize,
        of_node: settings.number("max-sessions", 1, 100_000)? as usize,
    })
}

fn webhooks(settings: &Settings) -> Result<WebhookConfig, Failure> {
    let targets: Vec<String> = settings
        .get("webhooks")
        .map(|all| all.split(',').map(|one| one.trim().to_owned()).collect())
        .unwrap_or_default();
    let needs_roots = targets.iter().any(|target| target.starts_with("https:"));
    let roots: PathBuf = settings.read("webhook-roots")?;
    Ok(WebhookConfig {
        private: settings.is_on("webhook-private")?,
        roots: needs_roots.then_some(roots),
        targets,
    })
}

/// The other product whose protocol is spoken, if one is.
fn compat(settings: &Settings) -> Result<Option<Compat>, Failure> {
    let images_by_url = settings.is_on("compat-images-by-url")?;
    match settings.get("compat") {
        None | Some("none") if images_by_url => {
            Err(settings.refused("compat-images-by-url", "needs --compat"))
        }
        None | Some("none") => Ok(None),
        Some("compreface") => Ok(Some(Compat::Compreface { images_by_url })),
        Some(_) => Err(settings.refused("compat", "neither compreface nor none")),
    }
}

fn announce(url: &str, root: Option<&RootPlace>, admin: Option<&Path>) -> std::io::Result<()> {
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
    writeln!(out, "listening  {url}")?;
    out.flush()
}
