//! What hangs on the answer to a claim beside the answer: nothing, or a payment.

use crate::Payment;
use crate::payment::{LIMIT_DAYS, PaymentLimits};
use countenance_vault::{
    Attempt, Consent, HeldPayment, Purpose, Target, Timestamp, Unlocked, Vault, VaultError,
};

/// How an attempt ends in the vault. Each way it is one transaction.
#[derive(Default)]
pub(crate) struct Ending {
    for_payment: bool,
    answering: Option<Answering>,
}

/// A payment that was begun to be answered.
pub(crate) struct Answering {
    pub(crate) held: HeldPayment,
    pub(crate) payment: Payment,
    pub(crate) ticket: [u8; 16],
    pub(crate) shown: [u8; 32],
    /// What the audit log calls the device key that signed, if one did.
    pub(crate) device: Option<u64>,
    pub(crate) limits: PaymentLimits,
}

impl Ending {
    /// With a payment; without one it cannot be approved any more, and nobody is accepted.
    pub(crate) fn of_payment(answering: Option<Answering>) -> Self {
        Self {
            for_payment: true,
            answering,
        }
    }

    /// Whether it is about a payment that nobody can approve any more.
    pub(crate) fn is_over(&self) -> bool {
        self.for_payment && self.answering.is_none()
    }

    pub(crate) fn purpose(&self) -> Purpose {
        if self.for_payment {
            Purpose::Payment
        } else {
            Purpose::Verify
        }
    }

    /// Accepts, and gives the attempt back where the payment does not allow it.
    pub(crate) fn accept(
        &mut self,
        vault: &Vault,
        attempt: Attempt,
        (subject, consent): (&Unlocked, &Consent),
        now: Timestamp,
    ) -> Result<Result<u64, Attempt>, VaultError> {
        let Some(answering) = &self.answering else {
            if self.for_payment {
                return Ok(Err(attempt));
            }
            return vault.accept(attempt, subject, consent, now).map(Ok);
        };
        // Made before there was such a subject: it is not sealed with this one's key, and nobody's to approve.
        if answering.held.key_id() != subject.subject().key_id() {
            return Ok(Err(attempt));
        }
        let mut approve = |others: &[HeldPayment]| answering.approved(others, now);
        let from = now.day().saturating_sub(LIMIT_DAYS);
        let held = (&answering.held, from);
        let device = answering.device;
        let person = (subject, consent);
        let done = vault.accept_payment(&attempt, person, held, device, &mut approve, now)?;
        Ok(done.ok_or(attempt))
    }

    pub(crate) fn decline(
        &mut self,
        vault: &Vault,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        match self.answering.take().and_then(|one| one.refused(now)) {
            Some((held, note)) => vault.decline_payment(attempt, &held, &note, now),
            None => vault.decline(attempt, false, now),
        }
    }

    pub(crate) fn refuse(
        &mut self,
        vault: &Vault,
        target: &Target,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        match self.answering.take().and_then(|one| one.refused(now)) {
            Some((held, note)) => vault.refuse_payment(target, &held, &note, now),
            None => vault.refuse(target, self.purpose(), false, now),
        }
    }
}

impl Answering {
    /// Whether it takes a device key and none signed.
    pub(crate) fn lacks_device(&self) -> bool {
        self.payment.needs_device() && self.device.is_none()
    }

    /// What is kept of it when it is approved, if its state and the limits allow it.
    fn approved(&self, others: &[HeldPayment], now: Timestamp) -> Option<Vec<u8>> {
        // One that does not read is one too many: nobody can say what it was.
        let others = others.iter().map(|held| Payment::from_bytes(held.note()));
        let others = others.collect::<Option<Vec<_>>>()?;
        let mut payment = self.payment.clone();
        if !self.limits.allow_after(payment.terms(), &others, now) {
            return None;
        }
        let done = payment.authorize(self.ticket, &self.shown, self.device.is_some(), now);
        done.is_ok().then(|| payment.to_bytes())
    }

    /// What is kept of it when it is not.
    fn refused(mut self, now: Timestamp) -> Option<(HeldPayment, Vec<u8>)> {
        self.payment.refuse(self.ticket, now).ok()?;
        Some((self.held, self.payment.to_bytes()))
    }
}
