//! What tests of the registry start from: the real networks, sample photos, a vault on SQLite in
//! a folder of its own, a clock that is set by hand, a store that counts and fails.
#![allow(dead_code, reason = "each test file uses some of it")]

use countenance_core::vault::store::{
    Change, Committed, Contents, DataHead, DeletionRow, Dossier, Durability, EventRow, FaultStore,
    Faults, Half, KeyChange, KeyRow, KeyringHead, KeysCommitted, LogPage, Making, PaymentPlace,
    PaymentRow, Row, SqliteStore, Store, StoreError, SubjectRow,
};
use countenance_core::vault::{
    Collection, Consent, ExternalId, HolderPart, Name, Purpose, RootKey, Settings, SystemRandom,
    TextVersion, Timestamp, Unlocked, Vault,
};
use countenance_core::{
    Agreement, Claim, ComparePolicy, Engine, EnrollOutcome, EnrollRequest, Isa, Options, Precision,
    Registry, StoppedClock, Verification, WallClock, Worker,
};
use countenance_models::{Manifest, Weights};
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

pub(crate) const DAY: u64 = 86_400;
const START: u64 = 1_800_000_000;

/// One engine for all tests of a file.
pub(crate) fn worker() -> Option<Worker> {
    static ENGINE: OnceLock<Option<Engine>> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/store");
        if !folder.is_dir() {
            eprintln!("SKIPPED: no models/store; run `cargo xtask models`");
            return None;
        }
        let options = Options {
            isa: Isa::detect(),
            precision: Precision::Auto,
            threads: 1,
        };
        let weights = Weights::from_dir(&folder).unwrap();
        let manifest = Manifest::shipped().unwrap();
        Some(Engine::open(&manifest, &weights, &options, Arc::new(StoppedClock)).unwrap())
    });
    Some(engine.as_ref()?.worker().unwrap())
}

pub(crate) fn photo(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/store");
    let manifest = Manifest::shipped().unwrap();
    let store = countenance_models::Store::new(folder);
    store.read(manifest.sample(name).unwrap().file()).unwrap()
}

type Hook = Box<dyn FnOnce() + Send>;

/// A clock that is set by hand and can do something when it is read for the nth time.
#[derive(Default)]
pub(crate) struct HandClock {
    seconds: AtomicU64,
    reads: AtomicU32,
    hook: Mutex<Option<(u32, Hook)>>,
}

impl HandClock {
    pub(crate) fn forward(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn back(&self, seconds: u64) {
        self.seconds.fetch_sub(seconds, Ordering::SeqCst);
    }

    /// Does something just before the nth reading from now on (the next is 1).
    pub(crate) fn at_reading(&self, n: u32, hook: impl FnOnce() + Send + 'static) {
        let at = self.reads.load(Ordering::SeqCst) + n;
        *self.hook.lock().unwrap() = Some((at, Box::new(hook)));
    }

    pub(crate) fn hook_is_left(&self) -> bool {
        self.hook.lock().unwrap().take().is_some()
    }
}

impl WallClock for HandClock {
    fn now(&self) -> Timestamp {
        let read = self.reads.fetch_add(1, Ordering::SeqCst) + 1;
        let mut hook = self.hook.lock().unwrap();
        let due = hook.as_ref().is_some_and(|(at, _)| *at == read);
        let act = if due { hook.take() } else { None };
        drop(hook);
        if let Some((_, act)) = act {
            act();
        }
        Timestamp::from_unix(START + self.seconds.load(Ordering::SeqCst))
    }
}

/// What was asked of a store.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) reads: AtomicU32,
    pub(crate) writes: AtomicU32,
    /// Records that were read.
    pub(crate) records: AtomicU32,
}

impl Counts {
    pub(crate) fn take(&self) -> (u32, u32) {
        (
            self.reads.swap(0, Ordering::SeqCst),
            self.writes.swap(0, Ordering::SeqCst),
        )
    }
}

/// Counts what is asked of a store.
struct CountingStore<S> {
    store: S,
    counts: Arc<Counts>,
}

impl<S: Store> CountingStore<S> {
    fn read(&self) -> &S {
        self.counts.reads.fetch_add(1, Ordering::SeqCst);
        &self.store
    }

    fn write(&self) -> &S {
        self.counts.writes.fetch_add(1, Ordering::SeqCst);
        &self.store
    }
}

impl<S: Store> Store for CountingStore<S> {
    fn create(&self, making: &Making) -> Result<(), StoreError> {
        self.write().create(making)
    }

    fn inspect(&self, half: Option<Half>) -> Result<(), StoreError> {
        self.store.inspect(half)
    }

    fn keyring(&self) -> Result<KeyringHead, StoreError> {
        self.read().keyring()
    }

    fn data(&self) -> Result<DataHead, StoreError> {
        self.read().data()
    }

    fn commit_keys(&self, change: KeyChange) -> Result<KeysCommitted, StoreError> {
        self.write().commit_keys(change)
    }

    fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        self.write().commit(change)
    }

    fn withdrawn(&self, mark: &[u8; 16]) -> Result<bool, StoreError> {
        self.read().withdrawn(mark)
    }

    fn key(&self, number: u64) -> Result<Option<KeyRow>, StoreError> {
        self.read().key(number)
    }

    fn keys(&self, after: u64, limit: u32) -> Result<Vec<KeyRow>, StoreError> {
        self.read().keys(after, limit)
    }

    fn unpurged(&self, limit: u32) -> Result<Vec<DeletionRow>, StoreError> {
        self.read().unpurged(limit)
    }

    fn subject(
        &self,
        collection: u32,
        pseudonym: &[u8; 32],
    ) -> Result<Option<SubjectRow>, StoreError> {
        self.read().subject(collection, pseudonym)
    }

    fn subjects(
        &self,
        collection: Option<u32>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SubjectRow>, StoreError> {
        self.read().subjects(collection, after, limit)
    }

    fn dossier(&self, subject: u64, contents: Contents) -> Result<Dossier, StoreError> {
        if contents == Contents::Records {
            self.counts.records.fetch_add(1, Ordering::SeqCst);
        }
        self.read().dossier(subject, contents)
    }

    fn events(&self, subject: u64, from: u64, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        self.read().events(subject, from, limit)
    }

    fn newest_events(
        &self,
        subject: u64,
        before: u64,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        self.read().newest_events(subject, before, limit)
    }

    fn log(&self, first: u64, tiles: u32) -> Result<LogPage, StoreError> {
        self.read().log(first, tiles)
    }

    fn attempt(&self, slot: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        self.read().attempt(slot)
    }

    fn payment(&self, slot: &[u8; 32]) -> Result<Option<PaymentRow>, StoreError> {
        self.read().payment(slot)
    }

    fn payments(
        &self,
        subject: u64,
        from: PaymentPlace,
        limit: u32,
    ) -> Result<Vec<PaymentRow>, StoreError> {
        self.read().payments(subject, from, limit)
    }

    fn tile(&self, level: u8, index: u64) -> Result<Vec<u8>, StoreError> {
        self.read().tile(level, index)
    }

    fn snapshot(
        &self,
        half: Half,
        sink: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.read().snapshot(half, sink)
    }

    fn destroys_at_once(&self) -> bool {
        self.store.destroys_at_once()
    }
}

/// A registry with one collection, in a folder that goes with it.
pub(crate) struct House {
    pub(crate) registry: Arc<Registry>,
    pub(crate) collection: Collection,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) folder: tempfile::TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), Durability::Full).unwrap();
        let (counts, faults) = (Arc::new(Counts::default()), Arc::new(Faults::default()));
        let store = CountingStore {
            store: FaultStore::new(store, Arc::clone(&faults)),
            counts: Arc::clone(&counts),
        };
        let clock = Arc::new(HandClock::default());
        let random = Arc::new(SystemRandom);
        let root = Arc::new(RootKey::dangerous_from_bytes(&[7; 32]));
        let vault = Vault::create(
            Arc::new(store),
            root,
            Arc::clone(&random) as _,
            Settings::default(),
            clock.now(),
        );
        let vault = vault.unwrap();
        let name = |text| Name::new(text).unwrap();
        vault.create_tenant(&name("acme"), clock.now()).unwrap();
        let collection = vault
            .create_collection(&name("acme"), &name("staff"), clock.now())
            .unwrap();
        let registry = Registry::open(
            Arc::new(vault),
            random,
            Arc::clone(&clock) as _,
            ComparePolicy::default(),
        );
        Self {
            registry: Arc::new(registry.unwrap()),
            collection,
            clock,
            counts,
            faults,
            folder,
        }
    }

    pub(crate) fn claim<'a>(&'a self, subject: &'a ExternalId) -> Claim<'a> {
        Claim {
            collection: &self.collection,
            subject,
            holder: None,
        }
    }

    /// What a sample photo is answered for a subject.
    pub(crate) fn verify(&self, worker: &mut Worker, who: &ExternalId, name: &str) -> Verification {
        let claim = self.claim(who);
        self.registry.verify(worker, &claim, &photo(name)).unwrap()
    }

    /// A subject who consented to being verified for 300 days.
    pub(crate) fn consented(
        &self,
        who: &ExternalId,
        holder: Option<&HolderPart>,
    ) -> (Unlocked, Consent) {
        let claim = Claim {
            holder,
            ..self.claim(who)
        };
        self.registry.add_subject(&claim).unwrap();
        self.registry
            .grant_consent(&claim, &agreement(300))
            .unwrap()
    }

    /// Such a subject with templates of these photos.
    pub(crate) fn enrolled(&self, worker: &mut Worker, who: &ExternalId, photos: &[&str]) {
        let (subject, consent) = self.consented(who, None);
        self.enroll(worker, &subject, &consent, photos);
    }

    /// Gives a subject who consented templates of these photos.
    pub(crate) fn enroll(
        &self,
        worker: &mut Worker,
        subject: &Unlocked,
        consent: &Consent,
        photos: &[&str],
    ) {
        let photos: Vec<Vec<u8>> = photos.iter().map(|name| photo(name)).collect();
        let request = EnrollRequest {
            subject,
            consent,
            photos: &photos,
            replace: false,
        };
        let done = self.registry.enroll(worker, &request).unwrap();
        assert!(
            matches!(done.outcome, EnrollOutcome::Enrolled { .. }),
            "{done:?}"
        );
    }
}

pub(crate) fn id(text: &str) -> ExternalId {
    ExternalId::new(text).unwrap()
}

pub(crate) fn agreement(days: u64) -> Agreement {
    Agreement {
        purpose: Purpose::Verify,
        text_version: TextVersion::new("2026-01 en").unwrap(),
        lasts_s: days * DAY,
        evidence: [0xe7; 32],
    }
}
