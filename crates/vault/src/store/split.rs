//! A store whose halves live in two places.

use super::{
    Change, Committed, Contents, DataHead, DeletionRow, Dossier, EventRow, Half, KeyChange, KeyRow,
    KeyringHead, KeysCommitted, LogPage, Making, PaymentPlace, PaymentRow, Row, Store, StoreError,
    SubjectRow,
};

/// Keeps the keyring half in one store and the data half in another: for instance the data in
/// PostgreSQL and the keyring in SQLite, where a destroyed key is gone at once.
pub struct SplitStore<D, K> {
    data: D,
    keyring: K,
}

impl<D: Store, K: Store> SplitStore<D, K> {
    /// A store of the data half of `data` and the keyring half of `keyring`.
    pub fn new(data: D, keyring: K) -> Self {
        Self { data, keyring }
    }
}

impl<D: Store, K: Store> Store for SplitStore<D, K> {
    fn create(&self, making: &Making) -> Result<(), StoreError> {
        // What a making that was cut off left of the data is found by its keyring, so the keyring
        // goes last and comes first.
        let left = match self.keyring.keyring() {
            Ok(head) => Some(head.origin),
            Err(StoreError::Missing) => None,
            Err(error) => return Err(error),
        };
        if left.is_some_and(|origin| origin.finished) {
            return Err(StoreError::Occupied);
        }
        let data = Making {
            half: Some(Half::Data),
            replaces: left.map(|origin| origin.token),
            rows: Vec::new(),
            ..making.clone()
        };
        let keyring = Making {
            half: Some(Half::Keyring),
            ..making.clone()
        };
        self.data.create(&data)?;
        self.keyring.create(&keyring)
    }

    fn inspect(&self, _: Option<Half>) -> Result<(), StoreError> {
        self.keyring.inspect(Some(Half::Keyring))?;
        self.data.inspect(Some(Half::Data))
    }

    fn keyring(&self) -> Result<KeyringHead, StoreError> {
        self.keyring.keyring()
    }

    fn data(&self) -> Result<DataHead, StoreError> {
        self.data.data()
    }

    fn commit_keys(&self, change: KeyChange) -> Result<KeysCommitted, StoreError> {
        self.keyring.commit_keys(change)
    }

    fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        self.data.commit(change)
    }

    fn withdrawn(&self, mark: &[u8; 16]) -> Result<bool, StoreError> {
        self.keyring.withdrawn(mark)
    }

    fn key(&self, number: u64) -> Result<Option<KeyRow>, StoreError> {
        self.keyring.key(number)
    }

    fn keys(&self, after: u64, limit: u32) -> Result<Vec<KeyRow>, StoreError> {
        self.keyring.keys(after, limit)
    }

    fn unpurged(&self, limit: u32) -> Result<Vec<DeletionRow>, StoreError> {
        self.keyring.unpurged(limit)
    }

    fn subject(
        &self,
        collection: u32,
        pseudonym: &[u8; 32],
    ) -> Result<Option<SubjectRow>, StoreError> {
        self.data.subject(collection, pseudonym)
    }

    fn subjects(
        &self,
        collection: Option<u32>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SubjectRow>, StoreError> {
        self.data.subjects(collection, after, limit)
    }

    fn dossier(&self, subject: u64, contents: Contents) -> Result<Dossier, StoreError> {
        self.data.dossier(subject, contents)
    }

    fn events(&self, subject: u64, from: u64, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        self.data.events(subject, from, limit)
    }

    fn newest_events(
        &self,
        subject: u64,
        before: u64,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        self.data.newest_events(subject, before, limit)
    }

    fn log(&self, first: u64, tiles: u32) -> Result<LogPage, StoreError> {
        self.data.log(first, tiles)
    }

    fn attempt(&self, slot: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        self.data.attempt(slot)
    }

    fn payment(&self, slot: &[u8; 32]) -> Result<Option<PaymentRow>, StoreError> {
        self.data.payment(slot)
    }

    fn payments(
        &self,
        subject: u64,
        from: PaymentPlace,
        limit: u32,
    ) -> Result<Vec<PaymentRow>, StoreError> {
        self.data.payments(subject, from, limit)
    }

    fn tile(&self, level: u8, index: u64) -> Result<Vec<u8>, StoreError> {
        self.data.tile(level, index)
    }

    fn snapshot(
        &self,
        half: Half,
        sink: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match half {
            Half::Data => self.data.snapshot(half, sink),
            _ => self.keyring.snapshot(half, sink),
        }
    }

    fn destroys_at_once(&self) -> bool {
        self.keyring.destroys_at_once()
    }
}
