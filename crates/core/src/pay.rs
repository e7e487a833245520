//! Use case: a person approves one named payment.
//!
//! A payment of somebody who is not there is kept all the same, under the key of the decoy: it is made, shown, answered and
//! refused at the same cost, and nobody can tell it from one of a person whose face was another.

use crate::ending::{Answering, Ending};
use crate::payment::PaymentLimits;
use crate::{
    Answered, Claim, DeviceProof, Fault, Finding, Payment, PaymentError, PaymentId, Registry,
    SessionDecision, Terms, Verdict, VerifyError, Worker,
};
use countenance_vault::store::{Conflict, PaymentPlace, StoreError};
use countenance_vault::{
    Collection, HeldPayment, PaymentNote, Subject, Target, Timestamp, VaultError,
};
use thiserror::Error;

/// How often a change is begun anew because somebody else was faster.
const TRIES: u32 = 64;

/// A payment cannot be made, changed or found.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PayError {
    /// It does not do this now.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// There is none of this id, or not for this payer.
    #[error("unknown payment")]
    Unknown,
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl PayError {
    /// Who can do something about it.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Payment(_) | Self::Unknown => Fault::Caller,
            Self::Vault(error) => error.fault().into(),
        }
    }
}

/// Which payment is answered, by whom, and by which limits.
#[derive(Clone, Debug)]
pub struct Approval {
    /// Which.
    pub payment: PaymentId,
    /// Random, of whoever asks: nobody else ends what was begun with it.
    pub ticket: [u8; 16],
    /// SHA-256 of the terms as they were shown.
    pub shown: [u8; 32],
    /// What a device key signed, where one was asked.
    pub device: Option<DeviceProof>,
    /// How much there may be.
    pub limits: PaymentLimits,
}

fn is_lost(error: &VaultError) -> bool {
    matches!(
        error,
        VaultError::Store(StoreError::Conflict(Conflict::Payment))
    )
}

impl Registry {
    /// Keeps a payment that a subject is to approve. Whether there is such a subject is told nowhere.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn make_payment(
        &self,
        claim: &Claim<'_>,
        terms: Terms,
        needs_device: bool,
    ) -> Result<Payment, VaultError> {
        let (vault, now) = (self.vault(), self.now());
        let (id, payer) = (terms.id(), self.find(claim)?);
        let payment = Payment::new(terms, *payer.pseudonym().bytes(), needs_device, now);
        let note = payment.to_bytes();
        let made = |subject: &Subject| {
            vault.add_payment(claim.collection, subject, id.bytes(), &note, now)
        };
        let done = match payer.subject() {
            Some(subject) => made(subject),
            None => {
                let decoy = self.decoy();
                decoy.find(vault);
                made(decoy.subject())
            }
        };
        match done {
            // Erased in between; or retention took the decoy.
            Err(VaultError::Unknown { what: "subject" }) => {
                self.renew_decoy()?;
                made(self.decoy().subject())?;
            }
            done => done?,
        }
        Ok(payment)
    }

    fn held_payment(
        &self,
        collection: &Collection,
        id: PaymentId,
    ) -> Result<(HeldPayment, Payment), PayError> {
        let held = self.vault().payment(collection, id.bytes())?;
        let held = held.ok_or(PayError::Unknown)?;
        let damaged = VaultError::Corrupt { what: "payment" };
        let payment = Payment::from_bytes(held.note()).ok_or(damaged)?;
        Ok((held, payment))
    }

    /// A payment of this collection.
    ///
    /// # Errors
    /// [`PayError::Unknown`]; [`PayError::Vault`].
    pub fn payment(&self, collection: &Collection, id: PaymentId) -> Result<Payment, PayError> {
        self.held_payment(collection, id)
            .map(|(_, payment)| payment)
    }

    /// The same if it is for this payer.
    ///
    /// # Errors
    /// As [`Registry::payment`].
    pub fn payment_of(&self, claim: &Claim<'_>, id: PaymentId) -> Result<Payment, PayError> {
        let payment = self.payment(claim.collection, id)?;
        let payer = self.pseudonym(claim.collection, claim.subject)?;
        if payment.payer() == payer.bytes() {
            Ok(payment)
        } else {
            Err(PayError::Unknown)
        }
    }

    /// Up to `limit` of the payments of a subject that are kept, by day, with the place that each has: those after `from`.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when there is no such subject; others when the store fails.
    pub fn payments(
        &self,
        claim: &Claim<'_>,
        from: PaymentPlace,
        limit: u32,
    ) -> Result<Vec<(PaymentPlace, Payment)>, VaultError> {
        let subject = self.subject(claim.collection, claim.subject)?;
        let all = self.vault().payment_page(&subject, from, limit)?;
        let read = |held: &HeldPayment| {
            let damaged = VaultError::Corrupt { what: "payment" };
            let payment = Payment::from_bytes(held.note()).ok_or(damaged)?;
            Ok((held.place(), payment))
        };
        all.iter().map(read).collect()
    }

    /// Changes a payment, begun anew where somebody else was faster.
    fn change(
        &self,
        (collection, id): (&Collection, PaymentId),
        said: Option<PaymentNote>,
        mut change: impl FnMut(&mut Payment, Timestamp) -> Result<(), PaymentError>,
    ) -> Result<(HeldPayment, Payment), PayError> {
        for _ in 0..TRIES {
            let (held, before) = self.held_payment(collection, id)?;
            let now = self.now();
            let mut payment = before.clone();
            change(&mut payment, now)?;
            if payment == before {
                return Ok((held, payment));
            }
            let open = payment.state(now).is_open();
            let note = payment.to_bytes();
            let vault = self.vault();
            match vault.change_payment(collection, &held, (&note, open), said, now) {
                Ok(held) => return Ok((held, payment)),
                Err(error) if is_lost(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(VaultError::Store(StoreError::Conflict(Conflict::Payment)).into())
    }

    /// The payer was shown terms of this digest.
    ///
    /// # Errors
    /// [`PayError`].
    pub fn show_payment(
        &self,
        collection: &Collection,
        id: PaymentId,
        shown: &[u8; 32],
    ) -> Result<Payment, PayError> {
        let done = self.change((collection, id), None, |payment, now| {
            payment.show(shown, now)
        });
        done.map(|(_, payment)| payment)
    }

    /// Whoever made a payment does not want it any more.
    ///
    /// # Errors
    /// [`PayError`].
    pub fn cancel_payment(
        &self,
        collection: &Collection,
        id: PaymentId,
    ) -> Result<Payment, PayError> {
        let said = Some(PaymentNote::Canceled);
        let done = self.change((collection, id), said, Payment::cancel);
        done.map(|(_, payment)| payment)
    }

    /// Enters that some of a payment was given back; all that was not yet, where no amount is said.
    ///
    /// # Errors
    /// [`PayError`].
    pub fn refund_payment(
        &self,
        collection: &Collection,
        id: PaymentId,
        amount: Option<u64>,
    ) -> Result<Payment, PayError> {
        let said = Some(PaymentNote::Refunded);
        let done = self.change((collection, id), said, |payment, now| {
            payment.refund(amount, now)
        });
        done.map(|(_, payment)| payment)
    }

    /// Begins to answer a payment; `None` when it cannot be answered, for whatever reason.
    fn begin_payment(
        &self,
        (claim, target): (&Claim<'_>, &Target),
        approval: &Approval,
    ) -> Result<Option<Answering>, VaultError> {
        let payer = *target.pseudonym().bytes();
        let begun = self.change(
            (claim.collection, approval.payment),
            None,
            |payment, now| {
                if payment.payer() != &payer {
                    return Err(PaymentError::OtherTerms);
                }
                payment.begin(approval.ticket, &approval.shown, now)
            },
        );
        match begun {
            Ok((held, payment)) => {
                let proof = approval.device.as_ref();
                let device = proof.map(|proof| {
                    let asked = (&*proof.party, &proof.challenge(&approval.shown));
                    self.prove_device(target, asked, &proof.assertion)
                });
                Ok(Some(Answering {
                    held,
                    payment,
                    ticket: approval.ticket,
                    shown: approval.shown,
                    device: device.transpose()?.flatten(),
                    limits: approval.limits.clone(),
                }))
            }
            Err(PayError::Payment(_) | PayError::Unknown) => Ok(None),
            Err(PayError::Vault(error)) => Err(error),
        }
    }

    /// Decides whether a payment is approved, as a verification is decided. From here on it is answered: whatever goes wrong, it
    /// cannot be answered again, and an attempt is counted, whoever cancels it meanwhile. Poor pictures are the exception, and
    /// a payment that was over before it was begun, since nobody was compared with anybody: of these only an attempt counts that was
    /// taken for the challenge.
    pub(crate) fn decide_payment(
        &self,
        worker: &Worker,
        (claim, approval): (&Claim<'_>, &Approval),
        answered: Answered,
    ) -> Result<SessionDecision, VerifyError> {
        self.decide_claim(worker, claim, answered, |target, verdict| {
            let answering = match verdict {
                Verdict::Judged(_) => self.begin_payment((claim, target), approval)?,
                Verdict::Recapture(_) => None,
            };
            let mut admitted = self.admit(target, claim, countenance_vault::Purpose::Payment)?;
            if answering.as_ref().is_some_and(Answering::lacks_device) {
                admitted = admitted.and(Err(Finding::DeviceKey));
            }
            Ok((admitted, Ending::of_payment(answering)))
        })
    }
}
