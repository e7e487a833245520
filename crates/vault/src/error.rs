//! What can go wrong, one family per cause.

use crate::attempt::Lock;
use crate::ident::{IdentError, Timestamp};
use crate::random::RandomError;
use crate::root::KeyError;
use crate::secret::SecretLength;
use crate::store::{SUBJECT_ROWS, StoreError};
use thiserror::Error;

/// Whose fault an error is, for logs and exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The program has a defect.
    Bug,
    /// The caller gave something that cannot be taken.
    Caller,
    /// Keys, settings or the data folder do not fit together.
    Config,
    /// The disk or the database.
    Storage,
    /// The subject: unknown, without consent, locked.
    Subject,
}

/// Consent is missing or cannot be given.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsentError {
    /// Consent for the purpose has expired.
    #[error("consent has expired")]
    Expired,
    /// There is no consent for the purpose.
    #[error("no consent for this purpose")]
    Missing,
    /// The consent does not last longer than its first second, or lasts longer than allowed.
    #[error("consent lasts {got_s} seconds, expected 1 to {max_s}")]
    Lifetime {
        /// Seconds from granted to expires; 0 when it expires before.
        got_s: u64,
        /// Longest allowed.
        max_s: u64,
    },
    /// The consent begins later than now.
    #[error("consent is not valid yet")]
    NotYet,
    /// The consent belongs to another subject or purpose than the one it is used for.
    #[error("consent is of another subject or purpose")]
    Other,
    /// Consent was withdrawn or changed since it was looked up.
    #[error("consent was withdrawn or changed")]
    Withdrawn,
}

/// A holder part is missing, not expected, or not the right one.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HolderError {
    /// The subject is holder-bound and no holder part was given.
    #[error("holder part is missing")]
    Missing,
    /// The subject is operator-key and a holder part was given.
    #[error("holder part given for an operator-key subject")]
    Unexpected,
    /// It is all zeros or the root key, and so nothing that only the holder has.
    #[error("holder part is all zeros or the root key")]
    Unfit,
    /// The holder part does not open the subject's data.
    #[error("holder part does not open this subject")]
    Wrong,
}

/// A row of the audit log is not the one its leaf was made of.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFault {
    /// It was altered, or belongs to another leaf.
    #[error("the event of leaf {leaf} is not the one that was written")]
    Altered {
        /// Index of the leaf.
        leaf: u64,
    },
    /// It was removed.
    #[error("the event of leaf {leaf} is missing")]
    Missing {
        /// Index of the leaf.
        leaf: u64,
    },
    /// The events about a subject do not begin with its being added.
    #[error("the events about this subject begin with leaf {leaf}, where it was not added")]
    Unbegun {
        /// Index of the first leaf about it.
        leaf: u64,
    },
    /// It has no leaf.
    #[error("an event stands at leaf {leaf}, which the tree does not have")]
    Surplus {
        /// Where it stands.
        leaf: u64,
    },
}

/// What a receipt of an erasure says does not hold in this vault.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiptFault {
    /// The key is in the keyring.
    #[error("the key it says was destroyed is in the keyring, for number {number}")]
    Key {
        /// Number of the subject.
        number: u64,
    },
    /// The deletion ledger does not name the key.
    #[error("the deletion ledger does not name the key it says was destroyed")]
    Ledger,
    /// Rows of the subject are there.
    #[error("the subject it says was erased is there, as number {number}")]
    Subject {
        /// Number of the subject.
        number: u64,
    },
    /// The log is another, or ends before.
    #[error("the audit log of this vault does not have the erasure at leaf {leaf}")]
    Tree {
        /// Index of the leaf.
        leaf: u64,
    },
}

/// Anything the vault may refuse with.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VaultError {
    /// Too many attempts.
    #[error(transparent)]
    Attempts(#[from] Lock),
    /// A backup cannot be read or does not belong here.
    #[error(transparent)]
    Backup(#[from] crate::backup::BackupError),
    /// The clock stands before a time the vault has already seen.
    #[error("clock stands at {now}, but {latest} was seen before", now = now.unix(), latest = latest.unix())]
    ClockBackwards {
        /// The latest time seen.
        latest: Timestamp,
        /// The time that was given.
        now: Timestamp,
    },
    /// Consent.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// The attempt counter of a subject stands before what the audit log says of it: somebody
    /// removed it or put an older one back.
    #[error("attempt counter is older than the audit log, or missing: attempts were taken back")]
    AttemptsTakenBack,
    /// A stored value is not what was written.
    #[error("{what} does not open or decode")]
    Corrupt {
        /// What kind of value.
        what: &'static str,
    },
    /// The name or id exists already.
    #[error("{what} exists already")]
    Exists {
        /// What kind of thing.
        what: &'static str,
    },
    /// Holder part.
    #[error(transparent)]
    Holder(#[from] HolderError),
    /// A name that is not allowed.
    #[error(transparent)]
    Ident(#[from] IdentError),
    /// Root key or key source.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The audit log was changed after it was written.
    #[error("audit log: {0}")]
    Log(#[from] LogFault),
    /// Whoever asked no longer wants it.
    #[error("reading was ended before it was done")]
    Ended,
    /// The keyring is of an older state than the data: with it, erased keys would be back and numbers
    /// be given twice.
    #[error("keyring is older than its data: {what} up to {got}, expected {expected} or more")]
    KeyringOlder {
        /// What it should have more of.
        what: &'static str,
        /// How many the data know of.
        expected: u64,
        /// How many the keyring has.
        got: u64,
    },
    /// More than the format allows.
    #[error("{what}: {got}, expected 1 to {max}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// What was given.
        got: u64,
        /// Most that is allowed.
        max: u64,
    },
    /// The data folder holds an older state than its keyring has seen.
    #[error("data is older than its keyring: {got} audit entries, expected {expected} or more")]
    OlderThanKeyring {
        /// Entries the keyring has seen.
        expected: u64,
        /// Entries found.
        got: u64,
    },
    /// The keyring has no checkpoint of the audit log, which it never is without.
    #[error("keyring has no checkpoint of the audit log: somebody removed it")]
    NoCheckpoint,
    /// The tree has no such leaf.
    #[error("leaf {leaf} is not in a tree of {size} leaves: they are numbered from 0")]
    NoLeaf {
        /// The leaf that was asked for.
        leaf: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// What a receipt says does not hold here.
    #[error("receipt: {0}")]
    Receipt(#[from] ReceiptFault),
    /// A secret of a wrong length.
    #[error(transparent)]
    Secret(#[from] SecretLength),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Making or restoring it was begun and cut off.
    #[error("making or restoring this vault was begun and not finished")]
    Unfinished,
    /// The tenant, collection, subject or record does not exist.
    #[error("unknown {what}")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
    },
}

impl VaultError {
    /// What of one subject is damaged, where the store is not: it is in nobody else's way.
    #[must_use]
    pub fn of_one_subject(&self) -> Option<&'static str> {
        match self {
            Self::Corrupt { what }
            | Self::Unknown {
                what: what @ "collection",
            } => Some(what),
            // Pages and files are the store's own.
            Self::Store(StoreError::Corrupt { what }) if SUBJECT_ROWS.contains(what) => Some(what),
            _ => None,
        }
    }

    /// Whose fault this is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Attempts(_) | Self::Consent(_) | Self::Unknown { .. } => Fault::Subject,
            Self::Ended
            | Self::Exists { .. }
            | Self::Holder(_)
            | Self::Ident(_)
            | Self::Limit { .. }
            | Self::NoLeaf { .. }
            | Self::Secret(_) => Fault::Caller,
            Self::Backup(_)
            | Self::ClockBackwards { .. }
            | Self::Key(_)
            | Self::KeyringOlder { .. }
            | Self::NoCheckpoint
            | Self::Receipt(_)
            | Self::OlderThanKeyring { .. }
            | Self::Unfinished => Fault::Config,
            Self::AttemptsTakenBack | Self::Corrupt { .. } | Self::Log(_) | Self::Random(_) => {
                Fault::Storage
            }
            Self::Store(error) => match error {
                StoreError::InUse { .. }
                | StoreError::Newer { .. }
                | StoreError::Older { .. }
                | StoreError::Engine { .. } => Fault::Config,
                _ => Fault::Storage,
            },
        }
    }
}
