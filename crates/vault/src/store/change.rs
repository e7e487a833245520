//! What a transaction of a store does: preconditions, edits, and what comes back.

use super::{Half, KeyRow, PaymentRow, RootWrappedRow, Row, TenantRow};
use crate::event::SealedEvent;
use crate::ident::KeyId;
use crate::tally::TallyKey;
use serde::{Deserialize, Serialize};

/// A vault that is to be made.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Making {
    /// Its id.
    pub vault: [u8; 16],
    /// Public key of its signatures.
    pub public_key: [u8; 32],
    /// The first rows of its keyring.
    pub rows: Vec<RootWrappedRow>,
    /// Random name of this making; both halves keep it.
    pub token: [u8; 16],
    /// The half that is to be made; nothing for both.
    pub half: Option<Half>,
    /// An unfinished making, found elsewhere, whose half may be here.
    pub replaces: Option<[u8; 16]>,
}

/// How a half came to be.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// Random name of its making.
    pub token: [u8; 16],
    /// Whether that came to its end.
    pub finished: bool,
}

impl Making {
    pub(super) fn makes(&self, half: Half) -> bool {
        self.half.is_none_or(|one| one == half)
    }

    /// Whether the remains of `keyring` and `data` may be replaced. A half that is finished is
    /// somebody's, unless its keyring is of the same making and was cut off before the end.
    pub(super) fn may_replace(&self, keyring: Option<Origin>, data: Option<Origin>) -> bool {
        let cut_off = |origin: Origin| !origin.finished || self.replaces == Some(origin.token);
        let with_keyring = |origin: Origin| {
            keyring.is_some_and(|keyring| !keyring.finished && keyring.token == origin.token)
        };
        keyring.is_none_or(cut_off) && data.is_none_or(|one| cut_off(one) || with_keyring(one))
    }
}

/// Something that must hold inside a transaction of the data half.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[non_exhaustive]
pub enum Require {
    /// The attempt counter is as it was read.
    Attempt {
        /// Which counter.
        slot: [u8; 32],
        /// What was read.
        is: Option<Vec<u8>>,
    },
    /// No collection has this id.
    NoCollection([u8; 16]),
    /// The subject has the records of these numbers and no other.
    Records {
        /// Number of the subject.
        subject: u64,
        /// Bit n stands for record n.
        are: u16,
    },
    /// The subject has no record of this number.
    NoRecord {
        /// Number of the subject.
        subject: u64,
        /// Number of the record.
        number: u16,
    },
    /// No subject of the collection has this pseudonym.
    NoSubject {
        /// Number of the collection.
        collection: u32,
        /// The pseudonym.
        pseudonym: [u8; 32],
    },
    /// The subject exists and is not closed.
    Subject(u64),
    /// The newest event about the subject is this one.
    NewestEvent {
        /// Number of the subject.
        subject: u64,
        /// The sequence of the newest event that was read; nothing when there was none.
        is: Option<u64>,
    },
    /// The subject's consents are as they were read.
    Generation {
        /// Number of the subject.
        subject: u64,
        /// The generation that was read.
        is: u64,
    },
}

/// One change of the data half.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[non_exhaustive]
pub enum Edit {
    /// Inserts a row or replaces the one in its place.
    Put(Row),
    /// Closes a subject that is being erased: no event is written about it any more, and no consent.
    CloseSubject(u64),
    /// Removes a subject and every row about it but its events.
    RemoveSubject {
        /// Its number.
        subject: u64,
        /// The place of its key in the deletion ledger.
        position: u64,
    },
    /// Puts a tombstone in the place of an event; its leaf in the audit tree stays.
    Bury {
        /// Leaf index of the event.
        sequence: u64,
        /// What stands in its place, 32 bytes.
        tombstone: [u8; 32],
    },
    /// Removes one record.
    RemoveRecord {
        /// Number of the subject.
        subject: u64,
        /// Number of the record.
        number: u16,
    },
    /// Removes all records of a subject.
    RemoveRecords(u64),
    /// Sets a subject's generation and days.
    Touch {
        /// Number of the subject.
        subject: u64,
        /// Its new generation.
        generation: u64,
        /// Day of last use.
        used_day: u32,
    },
    /// Replaces an attempt counter if it still is what was read.
    SwapAttempt {
        /// Which counter.
        slot: [u8; 32],
        /// What was read.
        from: Option<Vec<u8>>,
        /// What it becomes; nothing to remove it.
        to: Option<Vec<u8>>,
    },
    /// Removes an attempt counter.
    RemoveAttempt([u8; 32]),
    /// Replaces a payment if it still is what was read; nothing was read of a new one.
    SwapPayment {
        /// The sealed bytes that were read.
        from: Option<Vec<u8>>,
        /// What it becomes, in the same slot.
        to: PaymentRow,
    },
    /// Removes the payments that were made before this day.
    RemovePayments(u32),
    /// Removes the device key in this slot, which must be there.
    RemoveDeviceKey([u8; 32]),
    /// Removes all device keys of a subject.
    RemoveDeviceKeys(u64),
    /// Marks the data half finished.
    Finish,
    /// Sets the size of the audit tree; only a restore does.
    TreeSize(u64),
}

/// A transaction of the data half: preconditions, changes and what the audit log says of them.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Change {
    /// What must hold.
    pub requires: Vec<Require>,
    /// What changes, in this order.
    pub edits: Vec<Edit>,
    /// What is appended to the audit tree, in the same transaction.
    pub events: Vec<SealedEvent>,
}

/// What a transaction of the data half did.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Committed {
    /// Leaf index of the first event.
    pub first_leaf: u64,
    /// Leaves of the audit tree afterwards.
    pub size: u64,
}

/// A transaction of the keyring half.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct KeyChange {
    /// The key of the tally, which is made anew with the change. A finished keyring is changed only
    /// with it.
    #[serde(with = "crate::tally::lent")]
    pub tally: Option<TallyKey>,
    /// Rows to insert or replace.
    pub put: Vec<Row>,
    /// A tenant that must not exist yet; its number must be free.
    pub new_tenant: Option<TenantRow>,
    /// Server parts to add; the store numbers them. The tenant keys they are wrapped with must
    /// be there, as for those that are replaced.
    pub add: Vec<KeyRow>,
    /// Server parts to replace if they still are the first; the second is put in its place.
    pub rewrap: Vec<(KeyRow, KeyRow)>,
    /// Server parts to destroy, with the day for the ledger. They are gone from the file when the
    /// call returns. Destroying one again gives its old position.
    pub destroy: Vec<(u64, KeyId, u32)>,
    /// Ledger positions whose rows are gone.
    pub purged: Vec<u64>,
    /// Whether the keyring half is finished now; the data half must be before.
    pub finish: bool,
    /// Root-wrapped keys to destroy: kind, tenant, version. A tenant key that a server part is
    /// still wrapped with stays.
    pub drop_root: Vec<(u8, u32, u32)>,
}

/// What a transaction of the keyring half did.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct KeysCommitted {
    /// Numbers of the added server parts, in order.
    pub numbers: Vec<u64>,
    /// Ledger positions of the destroyed server parts, in order.
    pub positions: Vec<u64>,
}
