//! The collections whose members lie in memory: each is opened once, shared by all requests, and kept in step with the
//! store by whoever searches it (ADR 32, ADR 33).

use crate::refusal::Refusal;
use countenance_api::Code;
use countenance_core::vault::{Collection, Random, VaultError};
use countenance_core::{Engine, IdentifyError, Isa, OpenCollection, Registry};
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// What opening a collection needs.
pub(crate) struct Opener {
    pub(crate) registry: Arc<Registry>,
    pub(crate) engine: Engine,
    pub(crate) isa: Isa,
    pub(crate) random: Arc<dyn Random>,
}

/// Collections in memory, and a thread that takes them there.
pub(crate) struct Collections {
    shelf: Arc<Shelf>,
    loader: Option<JoinHandle<()>>,
}

struct Shelf {
    opener: Opener,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    open: HashMap<Collection, Arc<OpenCollection>>,
    /// Somebody asked for these.
    wanted: VecDeque<Collection>,
    /// The others there are.
    rest: VecDeque<Collection>,
    closing: bool,
}

impl Collections {
    /// Begins to take every collection of every tenant into memory.
    pub(crate) fn start(opener: Opener) -> std::io::Result<Self> {
        let shelf = Arc::new(Shelf {
            opener,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let loading = Arc::clone(&shelf);
        let thread = std::thread::Builder::new().name("collections".to_owned());
        let loader = thread.spawn(move || loading.load_all())?;
        Ok(Self {
            shelf,
            loader: Some(loader),
        })
    }

    /// A collection in memory. One that is not there yet is taken there before those that nobody asks for.
    pub(crate) fn find(&self, collection: &Collection) -> Result<Arc<OpenCollection>, Refusal> {
        let mut state = self.shelf.state();
        if let Some(open) = state.open.get(collection) {
            return Ok(Arc::clone(open));
        }
        if !state.wanted.contains(collection) {
            state.wanted.push_back(*collection);
            self.shelf.changed.notify_one();
        }
        Err(Refusal::from(Code::CollectionLoading).retry_after(1))
    }

    /// Takes one into memory now: it was just made, so that there is nothing to wait for.
    pub(crate) fn open_new(&self, collection: &Collection) {
        self.shelf.open(collection);
    }

    /// How many are still to be taken into memory.
    pub(crate) fn left(&self) -> usize {
        self.shelf.state().left()
    }
}

impl Drop for Collections {
    fn drop(&mut self) {
        self.shelf.state().closing = true;
        self.shelf.changed.notify_one();
        if let Some(loader) = self.loader.take() {
            let _ = loader.join();
        }
    }
}

impl State {
    fn left(&self) -> usize {
        let unasked = |one: &&Collection| !self.wanted.contains(one);
        self.wanted.len() + self.rest.iter().filter(unasked).count()
    }

    /// The one that comes next; it keeps its place until it is done.
    fn next(&self) -> Option<Collection> {
        self.wanted.front().or(self.rest.front()).copied()
    }

    fn done(&mut self, collection: &Collection) {
        self.wanted.retain(|one| one != collection);
        self.rest.retain(|one| one != collection);
    }
}

impl Shelf {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load_all(&self) {
        match self.all() {
            Ok(all) => self.state().rest.extend(all),
            // They are taken into memory when they are asked for.
            Err(error) => tracing::error!(%error, "the collections could not be listed"),
        }
        while let Some(collection) = self.wait() {
            self.open(&collection);
            let mut state = self.state();
            state.done(&collection);
            let (open, left) = (state.open.len(), state.left());
            drop(state);
            tracing::info!(open, left, "collections in memory");
        }
    }

    fn all(&self) -> Result<Vec<Collection>, VaultError> {
        let registry = &self.opener.registry;
        let mut all = Vec::new();
        for tenant in registry.tenants() {
            let collections = registry.vault().collections(&tenant)?;
            all.extend(collections.into_iter().map(|(_, collection)| collection));
        }
        Ok(all)
    }

    /// The next one that is to be opened, or nothing when the server ends.
    fn wait(&self) -> Option<Collection> {
        let mut state = self.state();
        loop {
            if state.closing {
                return None;
            }
            if let Some(next) = state.next() {
                return Some(next);
            }
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes one into memory, unless it is there. One that fails is tried anew when it is asked for again.
    fn open(&self, collection: &Collection) {
        if self.state().open.contains_key(collection) {
            return;
        }
        let begun = Instant::now();
        let opened = catch_unwind(AssertUnwindSafe(|| {
            self.opener.open(collection, &|| !self.state().closing)
        }));
        match opened {
            Ok(Ok(open)) => {
                let took_ms = begun.elapsed().as_secs_f64() * 1e3;
                let members = open.members();
                tracing::info!(members, took_ms, "a collection is in memory");
                self.state().open.insert(*collection, Arc::new(open));
            }
            Ok(Err(IdentifyError::Vault(VaultError::Ended))) => {}
            Ok(Err(error)) => {
                let _ = Refusal::internal(&error);
            }
            Err(_) => tracing::error!("opening a collection panicked"),
        }
    }
}

impl Opener {
    fn open(
        &self,
        collection: &Collection,
        go_on: &dyn Fn() -> bool,
    ) -> Result<OpenCollection, IdentifyError> {
        let (engine, random) = (&self.engine, &*self.random);
        self.registry
            .open_collection(engine, collection, self.isa, random, go_on)
    }
}
