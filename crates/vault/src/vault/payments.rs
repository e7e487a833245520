//! Payments: sealed notes about a subject that change by compare-and-swap only (spec, section 6a).
//!
//! What a payment is, the vault does not know: to it the note is bytes. It sees to it that each change starts from what was
//! read, that an approval stands in one transaction with the acceptance in the audit log, and that all of it goes
//! with its subject.

use super::ledger::gone;
use super::{Collection, Subject, Vault};
use crate::consent::Purpose;
use crate::error::VaultError;
use crate::event::{self, Event, EventKind};
use crate::ident::{KeyId, Timestamp};
use crate::seal;
use crate::secret::Secret;
use crate::store::{
    Change, Conflict, DEVICE_DAY, Edit, PaymentPlace, PaymentRow, Require, StoreError,
};
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of a note, its length included.
const PLAIN: usize = 1024;
/// Most bytes that are kept of a payment.
pub const MAX_PAYMENT: usize = PLAIN - 2;
/// Most payments of a subject that are read at once.
const MOST: u32 = 10_000;

/// What the audit log says of a payment beside its approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentNote {
    /// It was made.
    Made = 1,
    /// It was canceled.
    Canceled = 2,
    /// Some of it was given back.
    Refunded = 3,
}

/// A payment as it was read.
#[derive(Clone)]
pub struct HeldPayment {
    subject: Subject,
    row: PaymentRow,
    note: Zeroizing<Vec<u8>>,
}

impl HeldPayment {
    /// What is kept of it.
    #[must_use]
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// The name of the key it is sealed with.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.subject.key_id()
    }

    /// Whether it may still be approved, as whoever wrote it says.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.row.open == 1
    }

    /// Where it stands among the payments of its subject.
    #[must_use]
    pub fn place(&self) -> PaymentPlace {
        PaymentPlace {
            day: self.row.day,
            slot: Some(self.row.slot),
        }
    }

    /// What the audit log calls it.
    pub(super) fn mark(&self) -> u64 {
        mark(&self.row.slot)
    }

    /// Whether both are one payment, whatever was changed of it.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.row.slot == other.row.slot
    }
}

impl fmt::Debug for HeldPayment {
    /// Who buys what is nobody's to see.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldPayment")
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}

fn mark(slot: &[u8; 32]) -> u64 {
    slot.first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn key_of(subject: &Subject) -> Secret {
    seal::expand(&subject.ledger_key(), &[b"payment"])
}

fn aad(subject: &Subject, slot: &[u8; 32], day: u32, open: u8) -> Vec<u8> {
    [
        b"countenance payment v1",
        &slot[..],
        &subject.row.key_id,
        &day.to_le_bytes(),
        &[open],
    ]
    .concat()
}

impl Vault {
    fn seal_note(
        &self,
        subject: &Subject,
        (slot, day): ([u8; 32], u32),
        (note, open): (&[u8], bool),
    ) -> Result<PaymentRow, VaultError> {
        if !(1..=MAX_PAYMENT).contains(&note.len()) {
            return Err(VaultError::Limit {
                what: "bytes of a payment",
                got: note.len() as u64,
                max: MAX_PAYMENT as u64,
            });
        }
        let open = u8::from(open);
        let mut plain = Zeroizing::new(vec![0; PLAIN]);
        let (length, rest) = plain.split_at_mut(2);
        length.copy_from_slice(&(note.len() as u16).to_le_bytes());
        let (place, _) = rest.split_at_mut(note.len());
        place.copy_from_slice(note);
        let aad = aad(subject, &slot, day, open);
        let sealed = seal::seal(&key_of(subject), &*self.random, &aad, &plain)?;
        Ok(PaymentRow {
            slot,
            subject: subject.row.number,
            day,
            open,
            sealed,
        })
    }

    fn open_note(subject: Subject, row: PaymentRow) -> Result<HeldPayment, VaultError> {
        let damaged = || VaultError::Corrupt { what: "payment" };
        let aad = aad(&subject, &row.slot, row.day, row.open);
        let plain = seal::open(&key_of(&subject), &aad, &row.sealed).map_err(|_| damaged())?;
        let (length, rest) = plain.split_first_chunk().ok_or_else(damaged)?;
        let length = usize::from(u16::from_le_bytes(*length));
        let note = rest.get(..length).ok_or_else(damaged)?.to_vec();
        Ok(HeldPayment {
            subject,
            row,
            note: Zeroizing::new(note),
        })
    }

    fn payment_event(
        &self,
        tenant: u32,
        note: PaymentNote,
        mark: u64,
        now: Timestamp,
    ) -> Result<event::SealedEvent, VaultError> {
        let event = Event {
            purpose: Some(Purpose::Payment),
            number: note as u16,
            detail: mark,
            ..Event::new(EventKind::PaymentChanged, now)
        };
        let key = self.with_tenant(tenant, |keys| Ok(keys.audit.clone()))?;
        self.nobodys_event(&key, event)
    }

    /// Keeps a new payment of this id, open, sealed under the key of a subject. The collection is that of whoever asks: it is found
    /// again in that one and in no other. That it was made stands in the log as nobody's.
    ///
    /// # Errors
    /// [`VaultError::Exists`] when there is one of this id; [`VaultError::Limit`] for a note that is too long;
    /// [`VaultError::Unknown`] when the subject is gone; others when the store fails.
    pub fn add_payment(
        &self,
        collection: &Collection,
        subject: &Subject,
        id: &[u8; 16],
        note: &[u8],
        now: Timestamp,
    ) -> Result<(), VaultError> {
        self.tick(now)?;
        let tenant = collection.tenant;
        let slot = self.payment_slot(collection, id)?;
        let row = self.seal_note(subject, (slot, now.day()), (note, true))?;
        let event = self.payment_event(tenant, PaymentNote::Made, mark(&slot), now)?;
        let made = self.commit(Change {
            requires: vec![Require::Subject(subject.row.number)],
            edits: vec![Edit::SwapPayment {
                from: None,
                to: row,
            }],
            events: vec![event],
        });
        match made {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict(Conflict::Payment)) => {
                Err(VaultError::Exists { what: "payment" })
            }
            Err(error) => Err(gone(error)),
        }
    }

    fn payment_slot(&self, of: &Collection, id: &[u8; 16]) -> Result<[u8; 32], VaultError> {
        self.with_tenant(of.tenant, |keys| Ok(keys.payment_slot(&of.id, id)))
    }

    /// The payment of this id, if one was made in this collection and its subject was not erased.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`] when it does not open; others when the store fails.
    pub fn payment(
        &self,
        collection: &Collection,
        id: &[u8; 16],
    ) -> Result<Option<HeldPayment>, VaultError> {
        let slot = self.payment_slot(collection, id)?;
        let Some(row) = self.store.payment(&slot)? else {
            return Ok(None);
        };
        let before = row.subject.saturating_sub(1);
        let mut found = self.store.subjects(None, before, 1)?;
        let Some(subject) = found.pop().filter(|found| found.number == row.subject) else {
            return Ok(None);
        };
        let Some(subject) = self.load(subject)? else {
            return Ok(None);
        };
        Self::open_note(subject, row).map(Some)
    }

    /// The payments of a subject that were made on day `from` or later, by day.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`] when one does not open or there are more than are read; others when the store fails.
    pub fn payments(&self, subject: &Subject, from: u32) -> Result<Vec<HeldPayment>, VaultError> {
        let from = PaymentPlace::day(from);
        let all = self.payment_page(subject, from, MOST)?;
        if all.len() >= MOST as usize {
            return Err(VaultError::Corrupt { what: "payments" });
        }
        Ok(all)
    }

    /// Up to `limit` payments of a subject that come after this place, by day.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`] when one does not open; others when the store fails.
    pub fn payment_page(
        &self,
        subject: &Subject,
        from: PaymentPlace,
        limit: u32,
    ) -> Result<Vec<HeldPayment>, VaultError> {
        let mut rows = self.store.payments(subject.row.number, from, limit)?;
        // They come last.
        rows.retain(|row| row.day != DEVICE_DAY);
        let open = |row| Self::open_note(subject.clone(), row);
        rows.into_iter().map(open).collect()
    }

    pub(super) fn swap(&self, held: &HeldPayment, note: (&[u8], bool)) -> Result<Edit, VaultError> {
        let place = (held.row.slot, held.row.day);
        Ok(Edit::SwapPayment {
            from: Some(held.row.sealed.clone()),
            to: self.seal_note(&held.subject, place, note)?,
        })
    }

    /// Changes a payment if it still is as it was read, with an event in the log where `said` names one. An approval is none
    /// of these changes: see [`Vault::accept_payment`]. Returns it as it is then.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] with [`Conflict::Payment`] when it is not; others when the store fails.
    pub fn change_payment(
        &self,
        collection: &Collection,
        held: &HeldPayment,
        (note, open): (&[u8], bool),
        said: Option<PaymentNote>,
        now: Timestamp,
    ) -> Result<HeldPayment, VaultError> {
        self.tick(now)?;
        let place = (held.row.slot, held.row.day);
        let row = self.seal_note(&held.subject, place, (note, open))?;
        let edits = vec![Edit::SwapPayment {
            from: Some(held.row.sealed.clone()),
            to: row.clone(),
        }];
        let said = said.map(|said| self.payment_event(collection.tenant, said, held.mark(), now));
        let events = said.into_iter().collect::<Result<Vec<_>, _>>()?;
        self.commit(Change {
            requires: Vec::new(),
            edits,
            events,
        })?;
        Ok(HeldPayment {
            subject: held.subject.clone(),
            row,
            note: Zeroizing::new(note.to_vec()),
        })
    }
}
