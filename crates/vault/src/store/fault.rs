//! A store that fails on purpose, for tests of what follows a failure.

use super::{
    Change, Committed, Contents, DataHead, DeletionRow, Dossier, EventRow, Half, KeyChange, KeyRow,
    KeyringHead, KeysCommitted, LogPage, Making, PaymentPlace, PaymentRow, Row, Store, StoreError,
    SubjectRow,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// When a [`FaultStore`] fails. Counters count down with each call and fail at zero; a negative
/// one never fails. All start negative.
#[derive(Debug)]
pub struct Faults {
    /// Writes until one fails without having happened, like a full disk.
    pub refused_write: AtomicI64,
    /// Writes until one happens and yet answers with an error, like a lost connection.
    pub lost_answer: AtomicI64,
    /// Reads until one fails.
    pub read: AtomicI64,
}

impl Default for Faults {
    fn default() -> Self {
        let never = || AtomicI64::new(-1);
        Self {
            refused_write: never(),
            lost_answer: never(),
            read: never(),
        }
    }
}

/// Passes everything on to a store, but fails when its [`Faults`] say so.
pub struct FaultStore<S> {
    store: S,
    faults: Arc<Faults>,
}

fn due(counter: &AtomicI64) -> bool {
    counter.load(Ordering::SeqCst) >= 0 && counter.fetch_sub(1, Ordering::SeqCst) == 0
}

fn injected(action: &'static str) -> StoreError {
    StoreError::Io {
        action,
        cause: "injected".to_owned(),
    }
}

impl<S: Store> FaultStore<S> {
    /// A store that fails when `faults` say so.
    pub fn new(store: S, faults: Arc<Faults>) -> Self {
        Self { store, faults }
    }

    fn write<T>(&self, write: impl FnOnce(&S) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if due(&self.faults.refused_write) {
            return Err(injected("writing"));
        }
        let done = write(&self.store)?;
        if due(&self.faults.lost_answer) {
            Err(injected("answering"))
        } else {
            Ok(done)
        }
    }

    fn read<T>(&self, read: impl FnOnce(&S) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if due(&self.faults.read) {
            Err(injected("reading"))
        } else {
            read(&self.store)
        }
    }
}

impl<S: Store> Store for FaultStore<S> {
    fn create(&self, making: &Making) -> Result<(), StoreError> {
        self.write(|store| store.create(making))
    }

    fn inspect(&self, half: Option<Half>) -> Result<(), StoreError> {
        self.read(|store| store.inspect(half))
    }

    fn keyring(&self) -> Result<KeyringHead, StoreError> {
        self.read(S::keyring)
    }

    fn data(&self) -> Result<DataHead, StoreError> {
        self.read(S::data)
    }

    fn commit_keys(&self, change: KeyChange) -> Result<KeysCommitted, StoreError> {
        self.write(|store| store.commit_keys(change))
    }

    fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        self.write(|store| store.commit(change))
    }

    fn withdrawn(&self, mark: &[u8; 16]) -> Result<bool, StoreError> {
        self.read(|store| store.withdrawn(mark))
    }

    fn key(&self, number: u64) -> Result<Option<KeyRow>, StoreError> {
        self.read(|store| store.key(number))
    }

    fn keys(&self, after: u64, limit: u32) -> Result<Vec<KeyRow>, StoreError> {
        self.read(|store| store.keys(after, limit))
    }

    fn unpurged(&self, limit: u32) -> Result<Vec<DeletionRow>, StoreError> {
        self.read(|store| store.unpurged(limit))
    }

    fn subject(
        &self,
        collection: u32,
        pseudonym: &[u8; 32],
    ) -> Result<Option<SubjectRow>, StoreError> {
        self.read(|store| store.subject(collection, pseudonym))
    }

    fn subjects(
        &self,
        collection: Option<u32>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SubjectRow>, StoreError> {
        self.read(|store| store.subjects(collection, after, limit))
    }

    fn dossier(&self, subject: u64, contents: Contents) -> Result<Dossier, StoreError> {
        self.read(|store| store.dossier(subject, contents))
    }

    fn events(&self, subject: u64, from: u64, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        self.read(|store| store.events(subject, from, limit))
    }

    fn newest_events(
        &self,
        subject: u64,
        before: u64,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        self.read(|store| store.newest_events(subject, before, limit))
    }

    fn log(&self, first: u64, tiles: u32) -> Result<LogPage, StoreError> {
        self.read(|store| store.log(first, tiles))
    }

    fn attempt(&self, slot: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|store| store.attempt(slot))
    }

    fn payment(&self, slot: &[u8; 32]) -> Result<Option<PaymentRow>, StoreError> {
        self.read(|store| store.payment(slot))
    }

    fn payments(
        &self,
        subject: u64,
        from: PaymentPlace,
        limit: u32,
    ) -> Result<Vec<PaymentRow>, StoreError> {
        self.read(|store| store.payments(subject, from, limit))
    }

    fn tile(&self, level: u8, index: u64) -> Result<Vec<u8>, StoreError> {
        self.read(|store| store.tile(level, index))
    }

    fn snapshot(
        &self,
        half: Half,
        sink: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.read(|store| store.snapshot(half, sink))
    }

    fn destroys_at_once(&self) -> bool {
        self.store.destroys_at_once()
    }
}
