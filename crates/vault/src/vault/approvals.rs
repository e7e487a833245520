//! A payment that is approved or refused: with the decision about its payer in one transaction.

use super::attempts::Along;
use super::payments::HeldPayment;
use super::{Attempt, DeviceKeyNote, Target, Unlocked, Vault};
use crate::consent::{Consent, Purpose};
use crate::error::VaultError;
use crate::event::{self, EventKind, Outcome};
use crate::ident::Timestamp;
use crate::store::{Conflict, Require, StoreError};

/// Events that are read at once, and how often, to see whether a payment was approved before.
const NEWEST: u32 = 64;
/// See [`NEWEST`].
const MOST_PAGES: u32 = 64;

/// That a device key is gone.
struct Removed;

impl Vault {
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
            others.retain(|other| !other.is_same(held));
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
