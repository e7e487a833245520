//! The `Store` trait: few, coarse methods, each one transaction.
//!
//! A store knows rows, not meanings: everything that tells something about a person reaches it
//! sealed. It has two halves that may live in different places: the keyring (keys, deletion
//! ledger) and the data (everything else).

mod change;
mod fault;
mod group;
mod lent;
#[cfg(feature = "postgres")]
mod postgres;
mod rows;
mod split;
mod sql;
mod sqlite;

pub use crate::tally::TallyKey;
pub use change::{Change, Committed, Edit, KeyChange, KeysCommitted, Making, Origin, Require};
pub use fault::{FaultStore, Faults};
pub use lent::{LentStore, host};
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
pub use rows::{
    AttemptRow, CheckpointRow, CollectionRow, ConsentRow, DeletionRow, EventRow, KeyRow, ModelRow,
    PaymentRow, RecordRow, RootWrappedRow, Row, SubjectRow, TenantRow, TileRow, WithdrawalRow,
};
pub use split::SplitStore;
pub use sqlite::{Durability, SqliteStore};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The schema version this build reads and writes.
pub const SCHEMA_VERSION: u32 = 3;

/// The day of a row among the payments that is a device key: later than any, so that its age never removes it.
pub const DEVICE_DAY: u32 = i32::MAX as u32;

/// What rows are called of which one that does not read is one subject's affair and not the store's.
pub(crate) const SUBJECT_ROWS: [&str; 5] = ["attempt", "consent", "event", "payment", "record"];

/// A place among the payments of a subject.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PaymentPlace {
    /// The day a payment was made.
    pub day: u32,
    /// The slot after which the place is; without one it is before all of the day.
    pub slot: Option<[u8; 32]>,
}

impl PaymentPlace {
    /// Before all that were made on this day or later.
    #[must_use]
    pub fn day(day: u32) -> Self {
        Self { day, slot: None }
    }
}

/// What a transaction found to be otherwise than its caller had read.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Conflict {
    /// The attempt counter was changed by somebody else.
    Attempt,
    /// The collection exists already.
    Collection,
    /// An event about the subject was appended.
    Events,
    /// The subject's consents changed, or it is gone.
    Generation,
    /// The subject is gone.
    Gone,
    /// The wrapped key was changed or destroyed by somebody else.
    Key,
    /// The payment was changed by somebody else, or is there already.
    Payment,
    /// The record exists already.
    Record,
    /// The subject exists already.
    Subject,
    /// The tenant exists already.
    Tenant,
}

/// A store cannot do what it was asked.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A transaction's precondition does not hold; nothing was changed.
    #[error("changed meanwhile: {0:?}")]
    Conflict(Conflict),
    /// A stored row is not one, or pages of the database are damaged.
    #[error("stored {what} is damaged")]
    Corrupt {
        /// What kind of row or file.
        what: &'static str,
    },
    /// The database engine is of a version with known defects.
    #[error("database engine {got}, expected {expected} or later")]
    Engine {
        /// The engine's version.
        got: String,
        /// The oldest that is good.
        expected: &'static str,
    },
    /// The database has an object that no vault has, or lacks one: somebody else wrote to it.
    #[error("{file} has {object}, which is not what a vault has there")]
    Foreign {
        /// Which database.
        file: &'static str,
        /// The object.
        object: String,
    },
    /// The disk is full; nothing was changed.
    #[error("disk is full")]
    Full,
    /// Another process has the data folder open.
    #[error("{place} is in use by another process")]
    InUse {
        /// The data folder, or the schema of the database.
        place: String,
    },
    /// Reading or writing failed. Whether a write took effect is not known.
    #[error("{action} failed: {cause}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The database's or system's words.
        cause: String,
    },
    /// There is no vault here.
    #[error("no vault here")]
    Missing,
    /// It was written by a later version.
    #[error("data is of schema version {found}, this build reads up to {known}")]
    Newer {
        /// The version found.
        found: u32,
        /// The newest this build reads.
        known: u32,
    },
    /// It was written by an earlier version, from before there was a release.
    #[error("data is of schema version {found}, this build reads {known} only")]
    Older {
        /// The version found.
        found: u32,
        /// The one this build reads.
        known: u32,
    },
    /// The system does not let this process write there.
    #[error("{place} cannot be written by this user")]
    Denied {
        /// The folder or file.
        place: String,
    },
    /// Destroyed keys may still be readable in the keyring file.
    #[error("destroyed keys may still be in the keyring file")]
    NotDestroyed,
    /// The deletion ledger or the numbers of the keyring are not as the vault left them.
    #[error("keyring was altered: its deletion ledger and numbers do not add up")]
    Tally,
    /// There is a vault here already.
    #[error("there is a vault here already")]
    Occupied,
}

/// The small rows of the keyring half.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct KeyringHead {
    /// The vault's id.
    pub vault: [u8; 16],
    /// Public key of its signatures.
    pub public_key: [u8; 32],
    /// Keys wrapped by the root key.
    pub root_wrapped: Vec<RootWrappedRow>,
    /// Tenants.
    pub tenants: Vec<TenantRow>,
    /// The newest signed checkpoint the keyring has seen.
    pub checkpoint: Option<Vec<u8>>,
    /// What its ledger adds up to, with a MAC.
    pub tally: Option<Vec<u8>>,
    /// How it came to be.
    pub origin: Origin,
    /// The highest number it gave a subject.
    pub last_subject: u64,
    /// The newest place in the deletion ledger.
    pub last_position: u64,
}

/// The small rows of the data half.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct DataHead {
    /// The vault's id.
    pub vault: [u8; 16],
    /// Collections.
    pub collections: Vec<CollectionRow>,
    /// Models.
    pub models: Vec<ModelRow>,
    /// Leaves of the audit tree.
    pub size: u64,
    /// How it came to be.
    pub origin: Origin,
    /// The highest number of a subject.
    pub last_subject: u64,
    /// The newest place in the deletion ledger whose rows were removed.
    pub last_position: u64,
}

/// Which rows of a subject are read.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum Contents {
    /// Consents.
    Consents,
    /// Consents and records.
    Current,
    /// Records.
    Records,
}

/// The rows of one subject that were asked for.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Dossier {
    /// Consent entries, by number.
    pub consents: Vec<ConsentRow>,
    /// Records, by number.
    pub records: Vec<RecordRow>,
}

/// A stretch of the audit log as of one moment.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct LogPage {
    /// Leaves of the audit tree at that moment.
    pub size: u64,
    /// The tiles of level 0, by index; empty where one is missing.
    pub tiles: Vec<Vec<u8>>,
    /// The events whose sequence lies in these tiles, by sequence.
    pub events: Vec<EventRow>,
}

/// Which half a snapshot is of.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum Half {
    /// Collections, models, subjects, records, consents, attempts, payments, events, tiles.
    Data,
    /// Deletion ledger (erasures and withdrawals), root-wrapped keys, tenants, server parts, checkpoint.
    Keyring,
    /// The deletion ledger alone.
    Deletions,
}

/// Where sealed rows and wrapped keys are kept.
///
/// Each method is one transaction: it happens whole or not at all, and a method that changes
/// something returns only when the change is durable.
pub trait Store: Send + Sync {
    /// Makes an empty vault, marked unfinished until [`Edit::Finish`] and then
    /// [`KeyChange::finish`] are committed. It takes the place of what another making left
    /// that was cut off before its end, and of nothing else.
    ///
    /// # Errors
    /// [`StoreError::Occupied`] when there is a vault; [`StoreError::InUse`] when another process
    /// is just making one; other [`StoreError`]s.
    fn create(&self, making: &Making) -> Result<(), StoreError>;

    /// Refuses databases in which something would be run, or is kept, that is not the vault's:
    /// triggers, views, rules, foreign tables.
    /// Of the half that this store has, or of both.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] naming the first; other [`StoreError`]s.
    fn inspect(&self, half: Option<Half>) -> Result<(), StoreError>;

    /// The small rows of the keyring half.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no vault; other [`StoreError`]s.
    fn keyring(&self) -> Result<KeyringHead, StoreError>;

    /// The small rows of the data half.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no vault; other [`StoreError`]s.
    fn data(&self) -> Result<DataHead, StoreError>;

    /// Changes the keyring half.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when something is no longer as it was read;
    /// [`StoreError::NotDestroyed`] when the change is done but destroyed keys may still be in
    /// the file; other [`StoreError`]s.
    fn commit_keys(&self, change: KeyChange) -> Result<KeysCommitted, StoreError>;

    /// Changes the data half and appends to the audit tree.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a precondition does not hold; other [`StoreError`]s.
    fn commit(&self, change: Change) -> Result<Committed, StoreError>;

    /// Whether the deletion ledger has the mark of a withdrawn consent.
    ///
    /// # Errors
    /// [`StoreError`] when reading fails.
    fn withdrawn(&self, mark: &[u8; 16]) -> Result<bool, StoreError>;

    /// The wrapped server part of a subject; nothing when the deletion ledger names its key, even
    /// where somebody put it back.
    ///
    /// # Errors
    /// [`StoreError`] when reading fails.
    fn key(&self, number: u64) -> Result<Option<KeyRow>, StoreError>;

    /// Up to `limit` wrapped server parts with a number above `after`, by number.
    ///
    /// # Errors
    /// [`StoreError`] when reading fails.
    fn keys(&self, after: u64, limit: u32) -> Result<Vec<KeyRow>, StoreError>;

    /// Up to `limit` entries of the deletion ledger whose rows may not be gone yet.
    ///
    /// # Errors
    /// [`StoreError`] when reading fails.
    fn unpurged(&self, limit: u32) -> Result<Vec<DeletionRow>, StoreError>;

    /// A subject by its pseudonym.
    ///
    /// # Errors
    /// [`StoreError`] when reading fails.
    fn subject(
        &self,
        collection: u32,
        pseudonym: &[u8; 32],
    ) -> Result<Option<SubjectRow>, StoreError>;

    /// Up to `limit` subjects with a number above `after`, by number; of one collection or all.
    ///
    /// # Errors
    /// [`StoreError`] when reading fails.
    fn subjects(
        &self,
        collection: Option<u32>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SubjectRow>, StoreError>;

    /// The rows of a subject, as of one moment.
    ///
    /// # Errors
    /// [`StoreError`] when reading fails.
    fn dossier(&self, subject: u64, contents: Contents) -> Result<Dossier, StoreError>;

    /// Up to `limit` audit events about a subject with a sequence of `from` or above, by sequence.
    ///
    /// # Errors
    /// [`StoreError`] when reading fails.
    fn events(&self, subject: u64, from: u64, limit: u32) -> Result<Vec<EventRow>, StoreError>;

    /// Up to `limit` audit events about a subject with a sequence below `before`, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] when reading fails.
    fn newest_events(
        &self,
        subject: u64,
        before: u64,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError>;

    /// The audit log of `tiles` tiles of leaves from tile `first` on, as of one moment.
    ///
    /// # Errors
    /// [`StoreError`] when reading fails.
    fn log(&self, first: u64, tiles: u32) -> Result<LogPage, StoreError>;

    /// An attempt counter.
    ///
    /// # Errors
    /// [`StoreError`] when reading fails.
    fn attempt(&self, slot: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError>;

    /// A payment.
    ///
    /// # Errors
    /// [`StoreError`] when reading fails.
    fn payment(&self, slot: &[u8; 32]) -> Result<Option<PaymentRow>, StoreError>;

    /// Up to `limit` payments of a subject that come after this place, by day and slot.
    ///
    /// # Errors
    /// [`StoreError`] when reading fails.
    fn payments(
        &self,
        subject: u64,
        from: PaymentPlace,
        limit: u32,
    ) -> Result<Vec<PaymentRow>, StoreError>;

    /// A tile of the audit tree; empty when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when reading fails.
    fn tile(&self, level: u8, index: u64) -> Result<Vec<u8>, StoreError>;

    /// Every row of a half, as of one moment, in the order of the backup format.
    ///
    /// # Errors
    /// [`StoreError`] when reading fails, or what `sink` returns.
    fn snapshot(
        &self,
        half: Half,
        sink: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Whether a destroyed key is gone from the medium when [`Store::commit_keys`] returns. Where
    /// it is not, it goes with the database's own vacuum and log recycling.
    fn destroys_at_once(&self) -> bool;
}
