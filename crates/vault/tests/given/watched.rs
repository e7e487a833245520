//! A store that tells of each write before and after it happens, and may alter it.

use countenance_vault::store::{
    Change, Committed, Contents, DataHead, DeletionRow, Dossier, EventRow, Half, KeyChange, KeyRow,
    KeyringHead, KeysCommitted, LogPage, Making, PaymentPlace, PaymentRow, Row, Store, StoreError,
    SubjectRow,
};
use std::sync::Arc;

/// A moment of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    After,
}

type Watch = Box<dyn Fn(Moment) + Send + Sync>;
type Alter = Box<dyn Fn(Change) -> Change + Send + Sync>;

pub(crate) struct Watched {
    store: Arc<dyn Store>,
    watch: Watch,
    alter: Alter,
}

impl Watched {
    pub(crate) fn new(store: Arc<dyn Store>, watch: Watch, alter: Alter) -> Self {
        Self {
            store,
            watch,
            alter,
        }
    }

    fn write<T>(&self, write: impl FnOnce(&dyn Store) -> T) -> T {
        (self.watch)(Moment::Before);
        let done = write(&*self.store);
        (self.watch)(Moment::After);
        done
    }
}

macro_rules! forward {
    ($($name:ident($($arg:ident: $type:ty),*) -> $out:ty;)*) => {
        $(fn $name(&self, $($arg: $type),*) -> $out { self.store.$name($($arg),*) })*
    };
}

impl Store for Watched {
    fn create(&self, making: &Making) -> Result<(), StoreError> {
        self.write(|store| store.create(making))
    }

    fn commit_keys(&self, change: KeyChange) -> Result<KeysCommitted, StoreError> {
        self.write(|store| store.commit_keys(change))
    }

    fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        let change = (self.alter)(change);
        self.write(|store| store.commit(change))
    }

    forward! {
        inspect(half: Option<Half>) -> Result<(), StoreError>;
        keyring() -> Result<KeyringHead, StoreError>;
        withdrawn(mark: &[u8; 16]) -> Result<bool, StoreError>;
        data() -> Result<DataHead, StoreError>;
        key(number: u64) -> Result<Option<KeyRow>, StoreError>;
        keys(after: u64, limit: u32) -> Result<Vec<KeyRow>, StoreError>;
        unpurged(limit: u32) -> Result<Vec<DeletionRow>, StoreError>;
        subject(collection: u32, pseudonym: &[u8; 32]) -> Result<Option<SubjectRow>, StoreError>;
        subjects(collection: Option<u32>, after: u64, limit: u32) -> Result<Vec<SubjectRow>, StoreError>;
        dossier(subject: u64, contents: Contents) -> Result<Dossier, StoreError>;
        events(subject: u64, from: u64, limit: u32) -> Result<Vec<EventRow>, StoreError>;
        newest_events(subject: u64, before: u64, limit: u32) -> Result<Vec<EventRow>, StoreError>;
        log(first: u64, tiles: u32) -> Result<LogPage, StoreError>;
        attempt(slot: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError>;
        payment(slot: &[u8; 32]) -> Result<Option<PaymentRow>, StoreError>;
        payments(subject: u64, from: PaymentPlace, limit: u32) -> Result<Vec<PaymentRow>, StoreError>;
        tile(level: u8, index: u64) -> Result<Vec<u8>, StoreError>;
        snapshot(half: Half, sink: &mut dyn FnMut(Row) -> Result<(), StoreError>) -> Result<(), StoreError>;
        destroys_at_once() -> bool;
    }
}
