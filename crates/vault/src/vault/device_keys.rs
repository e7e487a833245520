//! Device keys: sealed notes about a subject, beside its payments (spec, section 6b).
//!
//! What such a key is, the vault does not know. Its rows are those of payments with a day that no payment has, so that they are
//! erased, exported, backed up and looked over together. They belong to the consent for payments and go with it.

use super::ledger::{check_owner, gone, withdrawn};
use super::{Subject, Unlocked, Vault};
use crate::consent::{Consent, Purpose};
use crate::error::{ConsentError, VaultError};
use crate::event::{Event, EventKind};
use crate::ident::Timestamp;
use crate::seal;
use crate::secret::Secret;
use crate::store::{
    Change, Conflict, DEVICE_DAY, Edit, PaymentPlace, PaymentRow, Require, StoreError,
};
use std::fmt;
use zeroize::Zeroizing;

/// Most device keys of a subject.
pub const MAX_DEVICE_KEYS: usize = 8;
/// Bytes of a note, its length included.
const PLAIN: usize = 1024;
/// Most bytes that are kept of a device key.
pub const MAX_DEVICE_KEY: usize = PLAIN - 2;
/// How often a change is begun anew because somebody else was faster.
const TRIES: u32 = 64;

/// What the audit log says of a device key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKeyNote {
    /// It was added.
    Added = 1,
    /// It was removed.
    Removed = 2,
    /// It was refused: its counter went backwards, as that of a copy would.
    Backwards = 3,
}

/// A device key as it was read.
#[derive(Clone)]
pub struct HeldDeviceKey {
    subject: Subject,
    row: PaymentRow,
    note: Zeroizing<Vec<u8>>,
}

impl HeldDeviceKey {
    /// What is kept of it.
    #[must_use]
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// What the audit log calls it.
    #[must_use]
    pub fn mark(&self) -> u64 {
        mark(&self.row.slot)
    }
}

impl fmt::Debug for HeldDeviceKey {
    /// Who has which device is nobody's to see.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldDeviceKey").finish_non_exhaustive()
    }
}

fn mark(slot: &[u8; 32]) -> u64 {
    slot.first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn key_of(subject: &Subject) -> Secret {
    seal::expand(&subject.ledger_key(), &[b"device key"])
}

fn aad(subject: &Subject, slot: &[u8; 32]) -> Vec<u8> {
    [b"countenance device key v1", &slot[..], &subject.row.key_id].concat()
}

/// The edit that removes all device keys of a subject.
pub(super) fn remove_all(subject: u64) -> Edit {
    Edit::RemoveDeviceKeys(subject)
}

impl Vault {
    fn seal_device_key(
        &self,
        subject: &Subject,
        slot: [u8; 32],
        note: &[u8],
    ) -> Result<PaymentRow, VaultError> {
        if !(1..=MAX_DEVICE_KEY).contains(&note.len()) {
            return Err(VaultError::Limit {
                what: "bytes of a device key",
                got: note.len() as u64,
                max: MAX_DEVICE_KEY as u64,
            });
        }
        let mut plain = Zeroizing::new(vec![0; PLAIN]);
        let (length, rest) = plain.split_at_mut(2);
        length.copy_from_slice(&(note.len() as u16).to_le_bytes());
        let (place, _) = rest.split_at_mut(note.len());
        place.copy_from_slice(note);
        let aad = aad(subject, &slot);
        Ok(PaymentRow {
            slot,
            subject: subject.row.number,
            day: DEVICE_DAY,
            open: 0,
            sealed: seal::seal(&key_of(subject), &*self.random, &aad, &plain)?,
        })
    }

    fn device_event(
        &self,
        subject: &Subject,
        note: DeviceKeyNote,
        mark: u64,
        now: Timestamp,
    ) -> Result<crate::event::SealedEvent, VaultError> {
        let event = Event {
            purpose: Some(Purpose::Payment),
            number: note as u16,
            detail: mark,
            ..Event::new(EventKind::DeviceKeyChanged, now)
        };
        self.event_of(subject, &subject.event_key(), event)
    }

    /// The device keys of a subject, in the order of their slots. Needs no holder part.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`] when one does not open; others when the store fails.
    pub fn device_keys(&self, subject: &Subject) -> Result<Vec<HeldDeviceKey>, VaultError> {
        let damaged = || VaultError::Corrupt { what: "device key" };
        let most = MAX_DEVICE_KEYS as u32 + 1;
        let rows = self
            .store
            .payments(subject.row.number, PaymentPlace::day(DEVICE_DAY), most)?;
        if rows.len() > MAX_DEVICE_KEYS {
            return Err(damaged());
        }
        let key = key_of(subject);
        let open = |row: PaymentRow| {
            let aad = aad(subject, &row.slot);
            let plain = seal::open(&key, &aad, &row.sealed).map_err(|_| damaged())?;
            let (length, rest) = plain.split_first_chunk().ok_or_else(damaged)?;
            let length = usize::from(u16::from_le_bytes(*length));
            let note = rest.get(..length).ok_or_else(damaged)?.to_vec();
            Ok(HeldDeviceKey {
                subject: subject.clone(),
                row,
                note: Zeroizing::new(note),
            })
        };
        rows.into_iter().map(open).collect()
    }

    /// Keeps a new device key of a subject who agreed to payments, with an event in the log. `fits` is given those that are
    /// there, and says whether this one may come to them.
    ///
    /// # Errors
    /// [`VaultError::Exists`] when it does not fit, or the id is taken; [`VaultError::Limit`] when there are as many as may
    /// be; [`ConsentError`] when the consent is not for payments or does not stand any more; others when the store fails.
    pub fn add_device_key(
        &self,
        (subject, consent): (&Unlocked, &Consent),
        (id, note): (&[u8; 16], &[u8]),
        fits: &mut dyn FnMut(&[HeldDeviceKey]) -> bool,
        now: Timestamp,
    ) -> Result<(), VaultError> {
        self.tick(now)?;
        check_owner(subject, consent)?;
        consent.check_time(now)?;
        if consent.purpose() != Purpose::Payment {
            return Err(ConsentError::Other.into());
        }
        let owner = &subject.subject;
        let number = owner.row.number;
        let exists = || VaultError::Exists { what: "device key" };
        let slot = self.with_tenant(owner.collection.tenant, |keys| Ok(keys.device_slot(id)))?;
        for _ in 0..TRIES {
            let newest = self.store.newest_events(number, u64::MAX, 1)?;
            let newest = newest.first().map(|row| row.sequence);
            let held = self.device_keys(owner)?;
            if held.len() >= MAX_DEVICE_KEYS {
                return Err(VaultError::Limit {
                    what: "device keys of a subject",
                    got: held.len() as u64 + 1,
                    max: MAX_DEVICE_KEYS as u64,
                });
            }
            if !fits(&held) {
                return Err(exists());
            }
            let added = self.commit(Change {
                requires: vec![
                    Require::Generation {
                        subject: number,
                        is: consent.generation,
                    },
                    Require::NewestEvent {
                        subject: number,
                        is: newest,
                    },
                ],
                edits: vec![Edit::SwapPayment {
                    from: None,
                    to: self.seal_device_key(owner, slot, note)?,
                }],
                events: vec![self.device_event(owner, DeviceKeyNote::Added, mark(&slot), now)?],
            });
            match added {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict(Conflict::Payment)) => return Err(exists()),
                Err(StoreError::Conflict(Conflict::Events)) => {}
                Err(error) => return Err(withdrawn(error)),
            }
        }
        Err(StoreError::Conflict(Conflict::Events).into())
    }

    /// Replaces what is kept of a device key, if it still is as it was read.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] with [`Conflict::Payment`] when it is not; others when the store fails.
    pub fn change_device_key(
        &self,
        held: &HeldDeviceKey,
        note: &[u8],
        now: Timestamp,
    ) -> Result<(), VaultError> {
        self.tick(now)?;
        let done = self.commit(Change {
            requires: vec![Require::Subject(held.subject.row.number)],
            edits: vec![Edit::SwapPayment {
                from: Some(held.row.sealed.clone()),
                to: self.seal_device_key(&held.subject, held.row.slot, note)?,
            }],
            events: Vec::new(),
        });
        done.map(drop).map_err(gone)
    }

    /// Appends to the log that a device key was refused because its counter went backwards.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when the subject is gone; others when the store fails.
    pub fn refuse_device_key(
        &self,
        held: &HeldDeviceKey,
        now: Timestamp,
    ) -> Result<(), VaultError> {
        self.tick(now)?;
        let event = self.device_event(&held.subject, DeviceKeyNote::Backwards, held.mark(), now)?;
        let done = self.commit(Change {
            requires: vec![Require::Subject(held.subject.row.number)],
            edits: Vec::new(),
            events: vec![event],
        });
        done.map(drop).map_err(gone)
    }

    /// Removes a device key, with an event in the log. Needs no holder part. An approval that is just being decided with it
    /// sees that event and is refused.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when it is gone, or its subject is; others when the store fails.
    pub fn remove_device_key(
        &self,
        held: &HeldDeviceKey,
        now: Timestamp,
    ) -> Result<(), VaultError> {
        self.tick(now)?;
        let subject = &held.subject;
        let event = self.device_event(subject, DeviceKeyNote::Removed, held.mark(), now)?;
        let done = self.commit(Change {
            requires: vec![Require::Subject(subject.row.number)],
            edits: vec![Edit::RemoveDeviceKey(held.row.slot)],
            events: vec![event],
        });
        match done {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict(Conflict::Payment)) => {
                Err(VaultError::Unknown { what: "device key" })
            }
            Err(error) => Err(gone(error)),
        }
    }
}
