//! Payments: sealed notes about a subject that change by compare-and-swap only (spec, section 6a).
//!
//! What a payment is, the vault does not know: to it the note is bytes. It sees to it that each change starts from what was
//! read, that an approval stands in one transaction with the acceptance in the audit log, and that all of it goes
//! with its subject.

use super::attempts::Along;
use super::ledger::gone;
use super::{Attempt, Collection, DeviceKeyNote, Subject, Target, Unlocked, Vault};
use crate::consent::{Consent, Purpose};
use crate::error::VaultError;
use crate::event::{self, Event, EventKind, Outcome};
use crate::ident::{KeyId, Timestamp};
use crate::seal;
use crate::secret::Secret;
use crate::store::{Change, Conflict, DEVICE_DAY, Edit, PaymentRow, Require, StoreError};
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of a note, its length included.
const PLAIN: usize = 1024;
/// Most bytes that are kept of a payment.
pub const MAX_PAYMENT: usize = PLAIN - 2;
/// Most payments of a subject that are read at once.
const MOST: u32 = 10_000;
/// Events that are read at once, and how often, to see whether a payment was approved before.
const NEWEST: u32 = 64;
/// See [`NEWEST`].
const MOST_PAGES: u32 = 64;

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

/// That a device key is gone.
struct Removed;

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

    /// What the audit log calls it.
    fn mark(&self) -> u64 {
        mark(&self.row.slot)
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

    /// Keeps a new payment of this id, open, sealed under the key of a subject. The collection is that of whoever asks: only
    /// its tenant finds it again. That it was made stands in the log as nobody's.
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
        let slot = self.with_tenant(tenant, |keys| Ok(keys.payment_slot(id)))?;
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

    /// The payment of this id, if this tenant made one and its subject was not erased.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`] when it does not open; others when the store fails.
    pub fn payment(
        &self,
        collection: &Collection,
        id: &[u8; 16],
    ) -> Result<Option<HeldPayment>, VaultError> {
        let slot = self.with_tenant(collection.tenant, |keys| Ok(keys.payment_slot(id)))?;
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
        let mut rows = self.store.payments(subject.row.number, from, MOST)?;
        if rows.len() >= MOST as usize {
            return Err(VaultError::Corrupt { what: "payments" });
        }
        rows.retain(|row| row.day != DEVICE_DAY);
        let open = |row| Self::open_note(subject.clone(), row);
        rows.into_iter().map(open).collect()
    }

    fn swap(&self, held: &HeldPayment, note: (&[u8], bool)) -> Result<Edit, VaultError> {
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

    /// Ends an attempt with acceptance and a payment with its approval, in one transaction. `approve` is given the notes
    /// of the other payments of the subject that were made on day `from` or later, and says what the note of this one
    /// becomes; where it says nothing, nothing is done, and the attempt is still to be declined. Whatever else is decided about
    /// the subject at the same moment is seen by one of both. Where a device key of this mark took part and the log says
    /// that it was removed, nothing is done either. Returns the leaf index.
    ///
    /// # Errors
    /// As [`Vault::accept`]; [`StoreError::Conflict`] with [`Conflict::Payment`] when the payment was changed since it was
    /// read; [`VaultError::Corrupt`] when the log says that it was approved before: then its row was put back.
    pub fn accept_payment(
        &self,
        attempt: &Attempt,
        (subject, consent): (&Unlocked, &Consent),
        (held, from): (&HeldPayment, u32),
        device: Option<u64>,
        approve: &mut dyn FnMut(&[HeldPayment]) -> Option<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Option<u64>, VaultError> {
        let owner = &subject.subject;
        let fits = attempt.key_id() == Some(owner.key_id())
            && held.key_id() == owner.key_id()
            && attempt.purpose() == Purpose::Payment;
        if !fits {
            return Err(VaultError::Unknown { what: "attempt" });
        }
        for _ in 0..64 {
            let Ok(newest) = self.unapproved(subject, held.mark(), device)? else {
                return Ok(None);
            };
            let mut others = self.payments(owner, from)?;
            others.retain(|other| other.row.slot != held.row.slot);
            let Some(note) = approve(&others) else {
                return Ok(None);
            };
            let along = Along {
                requires: vec![Require::NewestEvent {
                    subject: owner.row.number,
                    is: newest,
                }],
                edits: vec![self.swap(held, (&note, false))?],
                detail: held.mark(),
            };
            let counted = (Some(attempt.slot()), Purpose::Payment);
            let person = (subject, consent);
            match self.accept_any(counted, person, Outcome::Accept, along, now) {
                Ok(leaf) => return Ok(Some(leaf)),
                Err(VaultError::Store(StoreError::Conflict(Conflict::Events))) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict(Conflict::Events).into())
    }

    /// The newest event about a subject; refuses when one says that the payment of this mark was approved, and says so when
    /// one says that the device key was removed.
    fn unapproved(
        &self,
        subject: &Unlocked,
        mark: u64,
        device: Option<u64>,
    ) -> Result<Result<Option<u64>, Removed>, VaultError> {
        let row = &subject.subject.row;
        let (mut newest, mut before) = (None, u64::MAX);
        for _ in 0..MOST_PAGES {
            let rows = self.store.newest_events(row.number, before, NEWEST)?;
            for found in &rows {
                newest = newest.or(Some(found.sequence));
                before = found.sequence;
                // What is written without the holder part is under the ledger key.
                let event = event::open_event(&subject.body, &row.key_id, &found.sealed)
                    .or_else(|| event::open_event(&subject.ledger, &row.key_id, &found.sealed));
                let removed = event.is_some_and(|event| {
                    event.kind == EventKind::DeviceKeyChanged
                        && event.number == DeviceKeyNote::Removed as u16
                        && Some(event.detail) == device
                });
                if removed {
                    return Ok(Err(Removed));
                }
                let approved = event.is_some_and(|event| {
                    event.kind == EventKind::Decided
                        && event.outcome == Some(Outcome::Accept)
                        && event.purpose == Some(Purpose::Payment)
                        && event.detail == mark
                });
                if approved {
                    return Err(VaultError::Corrupt { what: "payment" });
                }
            }
            if rows.len() < NEWEST as usize {
                break;
            }
        }
        Ok(Ok(newest))
    }

    /// Ends an attempt without acceptance and a payment with its refusal, in one transaction; the attempt stays counted, and
    /// where the payment was changed meanwhile the refusal stands all the same. Returns the leaf index.
    ///
    /// # Errors
    /// As [`Vault::decline`].
    #[allow(clippy::needless_pass_by_value, reason = "an attempt is decided once")]
    pub fn decline_payment(
        &self,
        attempt: Attempt,
        held: &HeldPayment,
        note: &[u8],
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        let also = self.swap(held, (note, false))?;
        self.decline_along(&attempt, also, now)
    }

    /// The same without an attempt: too many were made, or the one that was cannot be ended.
    ///
    /// # Errors
    /// As [`Vault::refuse`].
    pub fn refuse_payment(
        &self,
        target: &Target,
        held: &HeldPayment,
        note: &[u8],
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        let also = self.swap(held, (note, false))?;
        self.refuse_along(target, Purpose::Payment, also, now)
    }
}
