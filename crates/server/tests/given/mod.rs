//! A server on a socket of its own: the real networks, sample photos, a vault in a folder that goes with it.
#![allow(dead_code, reason = "each test file uses some of it")]

use countenance_api::Scope;
use countenance_core::vault::store::{Durability, SqliteStore};
use countenance_core::vault::{Name, Random, RootKey, Settings, SystemRandom, Timestamp, Vault};
use countenance_core::{
    ComparePolicy, CurrencyLimit, Engine, Isa, Options, PaymentLimits, Precision, Registry,
    RelyingParty, StoppedClock, WallClock,
};
use countenance_models::{Manifest, Weights};
use countenance_server::{Config, KeyOrder, KeyStore, Listen, Parts, Server, Stop, TlsFiles};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

/// A clock that is set by hand.
pub(crate) struct HandClock(AtomicU64);

impl HandClock {
    pub(crate) fn forward(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl WallClock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst))
    }
}

fn store() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/store")
}

/// One engine for all tests of a file.
fn engine() -> Option<Engine> {
    static ENGINE: OnceLock<Option<Engine>> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| {
        if !store().is_dir() {
            eprintln!("SKIPPED: no models/store; run `cargo xtask models`");
            return None;
        }
        let options = Options {
            isa: Isa::detect(),
            precision: Precision::Auto,
            threads: 1,
        };
        let weights = Weights::from_dir(&store()).unwrap();
        let manifest = Manifest::shipped().unwrap();
        Some(Engine::open(&manifest, &weights, &options, Arc::new(StoppedClock)).unwrap())
    });
    engine.clone()
}

pub(crate) fn photo(name: &str) -> Vec<u8> {
    let manifest = Manifest::shipped().unwrap();
    let store = countenance_models::Store::new(store());
    store.read(manifest.sample(name).unwrap().file()).unwrap()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// What a server in a folder is made of, and its clock.
fn parts(data: &Path, own: Arc<dyn Random>) -> Option<(Parts, Arc<HandClock>)> {
    let engine = engine()?;
    let clock = Arc::new(HandClock(AtomicU64::new(1_800_000_000)));
    let store = SqliteStore::open(data, Durability::Full).unwrap();
    let random = Arc::new(SystemRandom);
    let vault = Vault::create(
        Arc::new(store),
        Arc::new(RootKey::dangerous_from_bytes(&[7; 32])),
        Arc::clone(&random) as _,
        Settings::default(),
        clock.now(),
    )
    .unwrap();
    let default = Name::new("default").unwrap();
    for tenant in ["acme", "other"] {
        let tenant = Name::new(tenant).unwrap();
        vault.create_tenant(&tenant, clock.now()).unwrap();
        vault
            .create_collection(&tenant, &default, clock.now())
            .unwrap();
    }
    let registry = Registry::open(
        Arc::new(vault),
        Arc::clone(&random) as _,
        Arc::clone(&clock) as _,
        ComparePolicy::default(),
    )
    .unwrap();
    let parts = Parts {
        engine,
        isa: Isa::detect(),
        registry: Arc::new(registry),
        keys: KeyStore::open(data).unwrap(),
        clock: Arc::clone(&clock) as _,
        random: own,
        dropped_log_lines: Box::new(|| 0),
    };
    Some((parts, clock))
}

/// Why a server with these files does not start.
pub(crate) fn refused(tls: TlsFiles) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let (parts, _) = parts(folder.path(), Arc::new(SystemRandom))?;
    let mut listen = Listen::on("127.0.0.1:0".parse().unwrap());
    listen.tls = Some(tls);
    Some(
        Server::bind(listen, parts, Config::default())
            .unwrap_err()
            .to_string(),
    )
}

/// A server that runs, and what it stands on.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) keys: KeyStore,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) registry: Arc<Registry>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl House {
    pub(crate) fn new() -> Option<Self> {
        let euro = CurrencyLimit {
            currency: "EUR".parse().unwrap(),
            most: 5000,
            per_day: 6000,
        };
        Self::with(Config {
            workers: 1,
            payments: PaymentLimits {
                currencies: vec![euro],
                ..PaymentLimits::default()
            },
            device_keys: RelyingParty::new("pay.example", &[]).ok().map(Arc::new),
            ..Config::default()
        })
    }

    pub(crate) fn with(config: Config) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_owned();
        Self::open(config, folder, &data, None)
    }

    /// A house whose data folder is this one.
    pub(crate) fn within(data: &Path) -> Option<Self> {
        let config = Config {
            workers: 1,
            ..Config::default()
        };
        Self::open(config, tempfile::tempdir().unwrap(), data, None)
    }

    /// A house with a certificate.
    pub(crate) fn with_tls(files: TlsFiles) -> Option<Self> {
        let config = Config {
            workers: 1,
            header_timeout: Duration::from_millis(500),
            ..Config::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_owned();
        Self::open(config, folder, &data, Some(files))
    }

    fn open(
        config: Config,
        folder: tempfile::TempDir,
        data: &Path,
        tls: Option<TlsFiles>,
    ) -> Option<Self> {
        Self::on(
            config,
            folder,
            parts(data, Arc::new(SystemRandom))?,
            data,
            tls,
        )
    }

    /// A house whose server, but not its vault, has this randomness.
    pub(crate) fn with_random(random: Arc<dyn Random>) -> Option<Self> {
        let config = Config {
            workers: 1,
            ..Config::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_owned();
        let parts = parts(&data, random)?;
        Self::on(config, folder, parts, &data, None)
    }

    fn on(
        config: Config,
        folder: tempfile::TempDir,
        (parts, clock): (Parts, Arc<HandClock>),
        data: &Path,
        tls: Option<TlsFiles>,
    ) -> Option<Self> {
        let mut listen = Listen::on("127.0.0.1:0".parse().unwrap());
        listen.folder = Some(data.to_owned());
        listen.tls = tls;
        let registry = Arc::clone(&parts.registry);
        let server = Server::bind(listen, parts, config).unwrap();
        Some(Self {
            registry,
            address: server.address(),
            keys: KeyStore::open(data).unwrap(),
            clock,
            folder,
            stop: server.stopper(),
            thread: Some(std::thread::spawn(move || server.run().unwrap())),
        })
    }

    /// Another node of the same vault and the same keys.
    pub(crate) fn beside(&self, node: &str) -> Option<Self> {
        let mut config = Config {
            workers: 1,
            ..Config::default()
        };
        config.sessions.node = node.to_owned();
        let data = self.folder.path();
        let parts = Parts {
            engine: engine()?,
            isa: Isa::detect(),
            registry: Arc::clone(&self.registry),
            keys: KeyStore::open(data).unwrap(),
            clock: Arc::clone(&self.clock) as _,
            random: Arc::new(SystemRandom),
            dropped_log_lines: Box::new(|| 0),
        };
        let own = tempfile::tempdir().unwrap();
        let socket = own.path().to_owned();
        let parts = (parts, Arc::clone(&self.clock));
        let mut node = Self::on(config, own, parts, &socket, None)?;
        node.keys = KeyStore::open(data).unwrap();
        Some(node)
    }

    /// A key of a tenant.
    pub(crate) fn key(&self, tenant: &str, scopes: &[Scope]) -> String {
        let tenant = Name::new(tenant).unwrap();
        self.order(&KeyOrder::new(tenant, scopes))
    }

    /// A key as it is ordered.
    pub(crate) fn order(&self, order: &KeyOrder) -> String {
        let id = KeyOrder::id(&SystemRandom).unwrap();
        let made = self.keys.create(&SystemRandom, id, order, self.clock.now());
        made.unwrap().key.as_str().to_owned()
    }

    pub(crate) fn ask(&self, key: Option<&str>) -> Ask<'_> {
        Ask {
            house: self,
            headers: key
                .map(|key| format!("Authorization: Bearer {key}\r\n"))
                .unwrap_or_default(),
        }
    }

    /// Lets the server end and waits for it.
    pub(crate) fn close(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            // A test that failed has said so already.
            let _ = thread.join();
        }
    }
}

/// A client with a key.
pub(crate) struct Ask<'a> {
    house: &'a House,
    headers: String,
}

impl Ask<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None)
    }

    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        let body = body.to_string();
        self.send("POST", path, Some(("application/json", body.as_bytes())))
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Reply {
        let body = body.to_string();
        self.send("PUT", path, Some(("application/json", body.as_bytes())))
    }

    /// A form of parts, each with a name.
    pub(crate) fn form(&self, path: &str, parts: &[(&str, &[u8])]) -> Reply {
        let mut body = Vec::new();
        for (name, bytes) in parts {
            body.extend(
                format!(
                    "--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"x\"\r\n\r\n"
                )
                .bytes(),
            );
            body.extend(*bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--b--\r\n");
        self.send(
            "POST",
            path,
            Some(("multipart/form-data; boundary=b", &body)),
        )
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: Option<(&str, &[u8])>) -> Reply {
        let mut stream = TcpStream::connect(self.house.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(120)))
            .unwrap();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}",
            self.headers
        );
        if let Some((kind, bytes)) = body {
            head.push_str(&format!(
                "Content-Type: {kind}\r\nContent-Length: {}\r\n",
                bytes.len()
            ));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        if let Some((_, bytes)) = body {
            // A server that has seen enough may close before it has read all.
            let _ = stream.write_all(bytes);
        }
        Reply::read(stream)
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        // A reset after the answer still leaves the answer.
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&bytes)));
        let head = String::from_utf8(bytes[..end].to_vec())
            .unwrap()
            .to_lowercase();
        Self {
            status: head[9..12].parse().unwrap(),
            head,
            body: bytes[end + 4..].to_vec(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The code of a problem that is as the table has it.
    pub(crate) fn problem(&self) -> String {
        let kind = self.header("content-type");
        assert_eq!(kind, Some("application/problem+json"), "{self:?}");
        let problem: countenance_api::Problem = serde_json::from_slice(&self.body).unwrap();
        let code = countenance_api::Code::ALL
            .iter()
            .find(|code| code.name() == problem.code);
        let expected = code.expect("a code of the table").problem(&problem.detail);
        assert_eq!(problem, expected);
        assert_eq!(self.status, problem.status);
        problem.code
    }
}
