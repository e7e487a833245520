//! What all requests share.

use crate::ceremonies::Ceremonies;
use crate::collections::{Collections, Opener};
use crate::config::Config;
use crate::consent_links::ConsentLinks;
use crate::keys::{Answers, KeyStore, KeyStoreError, Quotas, Uuid, hex};
use crate::metrics::Metrics;
use crate::places::{Place, Places};
use crate::pool::Pool;
use crate::rates::Rates;
use crate::reference::Reference;
use crate::refusal::Refusal;
use crate::sessions::{Sessions, Targets};
use countenance_api::{Code, KeyEntry};
use countenance_core::vault::{Random, Timestamp};
use countenance_core::{Engine, Isa, Registry, WallClock, Worker};
use sha2::{Digest as _, Sha256};
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// What a server is made of.
pub struct Parts {
    /// Looks at pictures.
    pub engine: Engine,
    /// The instructions that searches use.
    pub isa: Isa,
    /// The people who agreed.
    pub registry: Arc<Registry>,
    /// Who may ask.
    pub keys: KeyStore,
    /// When keys expire.
    pub clock: Arc<dyn WallClock>,
    /// Makes keys and ids of requests.
    pub random: Arc<dyn Random>,
    /// How many lines of the log were lost because nobody read them in time.
    pub dropped_log_lines: Box<dyn Fn() -> u64 + Send + Sync>,
}

/// Keys that cannot be looked up: nothing was begun.
fn failed(error: &KeyStoreError) -> Refusal {
    let _ = Refusal::internal(error);
    Refusal::busy()
}

/// What all requests share; cheap to clone.
#[derive(Clone)]
pub(crate) struct Platform(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) registry: Arc<Registry>,
    pub(crate) engine: Engine,
    pub(crate) keys: KeyStore,
    pub(crate) clock: Arc<dyn WallClock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) config: Config,
    pub(crate) metrics: Metrics,
    pub(crate) pool: Pool,
    pub(crate) sessions: Sessions,
    pub(crate) ceremonies: Ceremonies,
    pub(crate) consent_links: ConsentLinks,
    pub(crate) targets: Targets,
    pub(crate) collections: Collections,
    pub(crate) document: Vec<u8>,
    pub(crate) reference: Reference,
    pub(crate) dropped_log_lines: Box<dyn Fn() -> u64 + Send + Sync>,
    places: Arc<Semaphore>,
    pub(crate) answers: Answers,
    pub(crate) bodies: Places,
    /// For frames that come without a socket: whoever sends them has a token of one session, and no key.
    pub(crate) frame_bodies: Places,
    /// Held while a subject joins a collection that has room for one more.
    pub(crate) joining: Arc<Mutex<()>>,
    rates: Rates,
    quotas: Quotas,
    requests: AtomicU64,
    /// What ids of requests are made with.
    run: [u8; 16],
}

impl std::ops::Deref for Platform {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Platform {
    pub(crate) fn new(parts: Parts, config: Config) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut run = [0; 16];
        parts.random.fill(&mut run)?;
        // Erased elsewhere since, they open for nobody; now they are gone.
        parts.keys.sweep_pictures(parts.registry.vault())?;
        if parts.keys.is_near() {
            Answers::abandon(&parts.keys)?;
        }
        let opener = Opener {
            registry: Arc::clone(&parts.registry),
            engine: parts.engine.clone(),
            isa: parts.isa,
            random: Arc::clone(&parts.random),
        };
        Ok(Self(Arc::new(Shared {
            collections: Collections::start(opener)?,
            sessions: Sessions::new(config.sessions.clone(), config.payments.clone()),
            ceremonies: Ceremonies::default(),
            consent_links: ConsentLinks::default(),
            targets: Targets::new(&config.webhooks)?,
            pool: Pool::start(
                &parts.engine,
                config.workers,
                config.queue,
                config.key_places,
            )?,
            document: serde_json::to_vec(&countenance_api::document())?,
            reference: Reference::new(&serde_json::to_value(countenance_api::document())?),
            places: Arc::new(Semaphore::new(config.registry_places.max(1))),
            answers: Answers::default(),
            bodies: Places::new(config.workers.max(1) + config.queue, config.key_places),
            frame_bodies: Places::new(config.sessions.of_node, config.sessions.of_key),
            joining: Arc::default(),
            rates: Rates::new(config.requests_per_second),
            quotas: Quotas::default(),
            requests: AtomicU64::new(0),
            run,
            metrics: Metrics::new(),
            registry: parts.registry,
            engine: parts.engine,
            keys: parts.keys,
            clock: parts.clock,
            random: parts.random,
            dropped_log_lines: parts.dropped_log_lines,
            config,
        })))
    }

    /// An id for a request. It tells nobody how many there were: ids go to everybody, and how much others ask is theirs.
    pub(crate) fn request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut hash = Sha256::new_with_prefix(self.run);
        hash.update(number.to_le_bytes());
        hex(&hash.finalize()[..8])
    }

    /// The entry of a key that is presented, and one more request of it counted.
    pub(crate) fn admit(&self, key: &str) -> Result<KeyEntry, Refusal> {
        let now = self.clock.now();
        let found = self.keys.find(key, now).map_err(|error| failed(&error))?;
        let entry = found.ok_or(Code::KeyInvalid)?;
        self.count(&entry, now)?;
        Ok(entry)
    }

    /// The same of a key that is a UUID, if it is known and fits what is asked.
    pub(crate) fn admit_compat(
        &self,
        key: &Uuid,
        fits: impl Fn(&KeyEntry) -> bool,
    ) -> Result<Option<KeyEntry>, Refusal> {
        let now = self.clock.now();
        let found = self
            .keys
            .find_compat(key, now)
            .map_err(|error| failed(&error))?;
        let found = found.filter(fits);
        if let Some(entry) = &found {
            self.count(entry, now)?;
        }
        Ok(found)
    }

    /// One more request of a key.
    fn count(&self, entry: &KeyEntry, now: Timestamp) -> Result<(), Refusal> {
        self.rates.count(entry)?;
        if !self
            .quotas
            .take(&self.keys, entry, now)
            .map_err(|error| failed(&error))?
        {
            let seconds = DAY - now.unix() % DAY;
            return Err(Refusal::from(Code::QuotaUsed).retry_after(seconds));
        }
        Ok(())
    }

    /// A place for a request with pictures of a key; taken before its body is read.
    pub(crate) fn place(&self, key: &str) -> Result<Place, Refusal> {
        Ok(self.pool.place(key)?)
    }

    /// Work that looks at pictures.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce(&Registry, &mut Worker) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let registry = Arc::clone(&self.registry);
        let span = tracing::Span::current();
        let done = self.pool.run(place, move |worker| {
            span.in_scope(|| work(&registry, worker))
        });
        match timeout(self.config.work_timeout, done).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(_)) => Err(Code::Internal.into()),
            Err(_) => Err(Code::DeadlineExceeded.into()),
        }
    }

    /// Work on the vault alone. Once begun it is finished, whoever waits for it.
    pub(crate) async fn keep<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Refusal::busy())?;
        let (shared, span) = (Arc::clone(&self.0), tracing::Span::current());
        let done = tokio::task::spawn_blocking(move || {
            let result = span.in_scope(|| work(&shared));
            drop(place);
            result
        });
        match timeout(self.config.work_timeout, done).await {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => Err(Refusal::internal(&error)),
            Err(_) => Err(Code::DeadlineExceeded.into()),
        }
    }

    /// What has to be noted of work that was done: it needs no place, because the work had one.
    pub(crate) async fn settle<E: Error + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<(), E> + Send + 'static,
    ) {
        let (shared, span) = (Arc::clone(&self.0), tracing::Span::current());
        let done = tokio::task::spawn_blocking(move || {
            span.in_scope(|| {
                if let Err(error) = work(&shared) {
                    let _ = Refusal::internal(&error);
                }
            });
        });
        let _ = done.await;
    }
}
