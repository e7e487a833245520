//! Audit events: what is sealed, and the commitment that goes into the tree (spec, section 7).

use crate::consent::Purpose;
use crate::error::VaultError;
use crate::ident::Timestamp;
use crate::merkle;
use crate::random::Random;
use crate::seal;
use crate::secret::Secret;
use crate::store::EventRow;
use serde::{Deserialize, Serialize};

const EVENT_BYTES: usize = 24;
/// Detail of an event that a subject caused themselves, having shown that it is they.
pub(crate) const THEMSELVES: u64 = 1;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum $name { $($(#[$each])* $variant = $code,)* }

        impl $name {
            /// The code on disk.
            #[must_use]
            pub fn code(self) -> u8 {
                self as u8
            }

            /// The meaning of a code on disk.
            #[must_use]
            pub fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use codes;

codes! {
    /// What an audit event records.
    EventKind {
        /// The vault was made.
        VaultCreated = 1,
        /// A tenant was made.
        TenantCreated = 2,
        /// A collection was made.
        CollectionCreated = 3,
        /// A tenant has a new wrapping key; detail: its version.
        TenantKeyRotated = 4,
        /// The root key was replaced.
        RootReplaced = 5,
        /// The vault was restored from a backup.
        Restored = 6,
        /// A subject was added.
        SubjectAdded = 7,
        /// A subject consented; detail: when it expires.
        ConsentGranted = 8,
        /// A consent was withdrawn; detail: 1 if the subject did it themselves.
        ConsentWithdrawn = 9,
        /// A consent expired.
        ConsentExpired = 10,
        /// A template was sealed; detail: first 8 bytes of the model digest.
        Enrolled = 11,
        /// A record was removed.
        RecordRemoved = 12,
        /// A verification was decided; without a purpose, that somebody was not shown the consents they called theirs.
        Decided = 13,
        /// All that is held about a subject was given out; detail: 1 if it was their consents, to themselves.
        Exported = 14,
        /// A subject was erased; detail: deletion ledger position.
        Erased = 15,
        /// The members of a collection were opened for a search; detail: how many.
        OpenedForSearch = 16,
        /// The settings of a collection were changed; detail: what the caller says of them.
        CollectionSet = 17,
        /// A key of the platform was made; detail: its id.
        KeyMade = 18,
        /// A key of the platform was revoked; detail: its id.
        KeyRevoked = 19,
        /// Somebody was asked whether they are there, and not who they are.
        PresenceJudged = 20,
        /// A payment was made (number 1), canceled (2) or refunded (3); detail: which one, as its row is found by.
        PaymentChanged = 21,
        /// A device key was added (number 1), removed (2) or refused because its counter went backwards (3); detail: which
        /// one, as its row is found by.
        DeviceKeyChanged = 22,
    }
}

codes! {
    /// How an attempt ended.
    Outcome {
        /// The person was accepted.
        Accept = 1,
        /// The person was not accepted.
        Reject = 2,
        /// A better capture was asked for.
        Recapture = 3,
        /// A member was found, and a person has to look.
        Refer = 4,
        /// Two members were too much alike.
        Ambiguous = 5,
    }
}

/// One audit event as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// How an attempt ended, for [`EventKind::Decided`].
    pub outcome: Option<Outcome>,
    /// For which purpose, where there is one.
    pub purpose: Option<Purpose>,
    /// Number of the record or consent entry, else 0.
    pub number: u16,
    /// When.
    pub time: Timestamp,
    /// What [`EventKind`] says, else 0.
    pub detail: u64,
}

/// Code 0 stands for none.
fn optional<T>(code: u8, from_code: fn(u8) -> Option<T>) -> Option<Option<T>> {
    if code == 0 {
        Some(None)
    } else {
        from_code(code).map(Some)
    }
}

impl Event {
    pub(crate) fn new(kind: EventKind, time: Timestamp) -> Self {
        Self {
            kind,
            outcome: None,
            purpose: None,
            number: 0,
            time,
            detail: 0,
        }
    }

    /// Whether the subject did it themselves, having shown that it is they.
    #[must_use]
    pub fn is_their_own(&self) -> bool {
        let can_be = matches!(self.kind, EventKind::ConsentWithdrawn | EventKind::Exported);
        can_be && self.detail == THEMSELVES
    }

    pub(crate) fn to_bytes(self) -> [u8; EVENT_BYTES] {
        let mut out = [0; EVENT_BYTES];
        out[0] = self.kind.code();
        out[1] = self.outcome.map_or(0, Outcome::code);
        out[2] = self.purpose.map_or(0, Purpose::code);
        out[4..6].copy_from_slice(&self.number.to_le_bytes());
        out[8..16].copy_from_slice(&self.time.unix().to_le_bytes());
        out[16..].copy_from_slice(&self.detail.to_le_bytes());
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; EVENT_BYTES] = bytes.try_into().ok()?;
        if bytes[3] != 0 || bytes[6..8] != [0, 0] {
            return None;
        }
        Some(Self {
            kind: EventKind::from_code(bytes[0])?,
            outcome: optional(bytes[1], Outcome::from_code)?,
            purpose: optional(bytes[2], Purpose::from_code)?,
            number: u16::from_le_bytes([bytes[4], bytes[5]]),
            time: Timestamp::from_unix(u64::from_le_bytes(bytes[8..16].try_into().ok()?)),
            detail: u64::from_le_bytes(bytes[16..].try_into().ok()?),
        })
    }
}

/// An event ready to be appended: its sealed form and the hash of its leaf.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct SealedEvent {
    /// Number of the subject it is about, 0 for none.
    pub subject: u64,
    /// The event under the subject's, tenant's or vault's key: 52 bytes.
    pub sealed: Vec<u8>,
    /// RFC 6962 leaf hash over the commitment.
    pub leaf_hash: [u8; 32],
}

fn aad(key_id: &[u8; 16]) -> [u8; 36] {
    let mut out = [0; 36];
    out[..20].copy_from_slice(b"countenance event v1");
    out[20..].copy_from_slice(key_id);
    out
}

/// Bytes of a sealed event.
pub(crate) const SEALED_BYTES: usize = 52;
/// Bytes of what takes its place when its subject is erased.
pub(crate) const TOMBSTONE_BYTES: usize = 32;

/// What ties rows to leaves. Whoever checks the log needs these keys only, and no subject's.
pub(crate) struct LogKeys {
    commit: Secret,
    bury: Secret,
}

impl LogKeys {
    /// From the vault's audit key.
    pub(crate) fn of(audit: &Secret) -> Self {
        Self {
            commit: seal::expand(audit, &[b"commit"]),
            bury: seal::expand(audit, &[b"bury"]),
        }
    }

    /// The 33 bytes of the leaf of a row.
    pub(crate) fn leaf(&self, subject: u64, sealed: &[u8]) -> [u8; 33] {
        let mut out = [2; 33];
        let parts = [&subject.to_le_bytes()[..], sealed];
        out[1..].copy_from_slice(&seal::mac(&self.commit, &parts));
        out
    }

    /// Stands in place of an event whose subject was erased: only who has the keys can say that a
    /// leaf has no event any more.
    pub(crate) fn tombstone(&self, sequence: u64, leaf_hash: &[u8; 32]) -> [u8; TOMBSTONE_BYTES] {
        seal::mac(&self.bury, &[&sequence.to_le_bytes(), leaf_hash])
    }

    /// The tombstone of a row.
    pub(crate) fn bury(&self, row: &EventRow) -> [u8; TOMBSTONE_BYTES] {
        let leaf = self.leaf(row.subject, &row.sealed);
        self.tombstone(row.sequence, &merkle::leaf_hash(&leaf))
    }

    /// Whether a row is the one its leaf was made of, or its tombstone.
    pub(crate) fn stands_for(&self, row: &EventRow, leaf_hash: &[u8; 32]) -> bool {
        if row.sealed.len() == TOMBSTONE_BYTES {
            row.subject == 0 && row.sealed == self.tombstone(row.sequence, leaf_hash)
        } else {
            merkle::leaf_hash(&self.leaf(row.subject, &row.sealed)) == *leaf_hash
        }
    }
}

pub(crate) fn seal_event(
    (key, log): (&Secret, &LogKeys),
    random: &dyn Random,
    key_id: &[u8; 16],
    subject: u64,
    event: Event,
) -> Result<SealedEvent, VaultError> {
    let plain = event.to_bytes();
    let sealed = seal::seal(
        &seal::expand(key, &[b"event"]),
        random,
        &aad(key_id),
        &plain,
    )?;
    let leaf_hash = merkle::leaf_hash(&log.leaf(subject, &sealed));
    Ok(SealedEvent {
        subject,
        sealed,
        leaf_hash,
    })
}

/// The event, if `key` is the one it was sealed with.
pub(crate) fn open_event(key: &Secret, key_id: &[u8; 16], sealed: &[u8]) -> Option<Event> {
    let plain = seal::open(&seal::expand(key, &[b"event"]), &aad(key_id), sealed).ok()?;
    Event::from_bytes(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    fn log() -> LogKeys {
        LogKeys::of(&Secret::new(&[9; 32]))
    }

    fn sealed(subject: u64) -> SealedEvent {
        let event = Event::new(EventKind::Decided, Timestamp::from_unix(5));
        let key = Secret::new(&[1; 32]);
        seal_event((&key, &log()), &SystemRandom, &[4; 16], subject, event).unwrap()
    }

    fn row(sequence: u64, event: &SealedEvent) -> EventRow {
        EventRow {
            sequence,
            subject: event.subject,
            sealed: event.sealed.clone(),
        }
    }

    #[test]
    fn an_event_opens_with_its_key_only() {
        let key = Secret::new(&[1; 32]);
        let event = Event {
            outcome: Some(Outcome::Reject),
            purpose: Some(Purpose::Verify),
            ..Event::new(EventKind::Decided, Timestamp::from_unix(1_800_000_000))
        };
        let sealed = seal_event((&key, &log()), &SystemRandom, &[4; 16], 7, event).unwrap();
        assert_eq!(sealed.sealed.len(), SEALED_BYTES);
        assert_eq!(open_event(&key, &[4; 16], &sealed.sealed), Some(event));
        let other = Secret::new(&[2; 32]);
        assert_eq!(open_event(&other, &[4; 16], &sealed.sealed), None);
        assert_eq!(open_event(&key, &[5; 16], &sealed.sealed), None);
    }

    #[test]
    fn equal_events_have_unlike_leaves() {
        assert_ne!(sealed(7).leaf_hash, sealed(7).leaf_hash);
    }

    #[test]
    fn a_leaf_stands_for_its_own_row_and_its_tombstone_only() {
        let (log, event) = (log(), sealed(7));
        let good = row(3, &event);
        assert!(log.stands_for(&good, &event.leaf_hash));
        let mut altered = good.clone();
        altered.sealed[20] ^= 1;
        assert!(!log.stands_for(&altered, &event.leaf_hash));
        let of_another = EventRow {
            subject: 8,
            ..good.clone()
        };
        assert!(!log.stands_for(&of_another, &event.leaf_hash));

        let stone = EventRow {
            sequence: 3,
            subject: 0,
            sealed: log.bury(&good).to_vec(),
        };
        assert!(log.stands_for(&stone, &event.leaf_hash));
        let moved = EventRow {
            sequence: 4,
            ..stone.clone()
        };
        assert!(
            !log.stands_for(&moved, &event.leaf_hash),
            "it lies in its own place"
        );
        assert!(!log.stands_for(&stone, &sealed(7).leaf_hash));
        let invented = EventRow {
            sealed: vec![0; 32],
            ..stone
        };
        assert!(!log.stands_for(&invented, &event.leaf_hash));
    }
}
