#![doc = include_str!("../README.md")]

mod attempt;
mod backup;
mod consent;
mod error;
mod event;
mod ident;
mod merkle;
mod pages;
mod random;
mod record;
mod root;
mod seal;
mod secret;
mod signed;
pub mod store;
mod tally;
mod vault;

pub use attempt::{AttemptPolicy, Lock};
pub use backup::{BackupError, KEYRING_BACKUP_DAYS};
pub use consent::{Consent, ConsentEntry, ConsentState, Grant, Purpose};
pub use error::{ConsentError, Fault, HolderError, LogFault, ReceiptFault, VaultError};
pub use event::{Event, EventKind, Outcome};
pub use ident::{
    ExternalId, IdentError, KeyId, ModelName, Name, Pseudonym, TextVersion, Timestamp,
};
pub use merkle::{Hash, ProofError, leaf_hash, verify_consistency, verify_inclusion};
pub use pages::{KeyPages, key_pages};
pub use random::{Random, RandomError, SystemRandom};
pub use record::MAX_TEMPLATE;
pub use root::{KeyError, KeySource, RootKey, RootKind};
#[cfg(feature = "pkcs11")]
pub use root::{Pkcs11Options, Pkcs11Root};
pub use secret::{HolderPart, Secret, SecretLength};
pub use signed::{Checkpoint, EraseIntent, EraseReceipt, SignedError};
pub use vault::{
    Attempt, AuditEntry, Collection, DeviceKeyNote, Doomed, Examined, HeldDeviceKey, HeldPayment,
    Inclusion, Listed, ListedMember, LogContent, LogEntries, LogEntry, MAX_DEVICE_KEY,
    MAX_DEVICE_KEYS, MAX_ENTRIES, MAX_PAYMENT, MAX_SETTINGS, Member, MemberPage, Members,
    NewSubject, NewTemplates, PaymentNote, RecordPlace, Reference, Restored, ResultKey, Retained,
    Rewrapped, Sealer, Settings, Subject, SubjectExport, SubjectKind, Target, Unlocked, Unpaired,
    Vault, is_signed,
};
