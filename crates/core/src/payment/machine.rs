//! The life of a payment: made, shown, answered once.
//!
//! ```text
//! created ── shown ── answering ──┬── authorized ── refunds
//!    │         │          │       └── refused
//!    └─────────┴──────────┴── canceled, or by time: expired (answering: refused)
//! ```
//!
//! Each step starts from a state that was read and ends in one that is kept only if nothing was changed meanwhile: whoever
//! keeps it must see to that (`Registry` does, in the vault).

use super::Terms;
use countenance_vault::Timestamp;
use std::fmt;
use thiserror::Error;

/// Seconds that answering may take; what is not approved by then is refused.
const ANSWERED_S: u64 = 60;
/// Entries of what was given back.
pub(super) const MOST_REFUNDS: usize = 16;

/// A payment that somebody is asked to approve, or was.
#[derive(Clone, Eq, PartialEq)]
pub struct Payment {
    pub(super) terms: Terms,
    /// What stands for the payer.
    pub(super) payer: [u8; 32],
    pub(super) created: Timestamp,
    pub(super) needs_device: bool,
    pub(super) stage: Stage,
    pub(super) refunds: Vec<Refund>,
}

/// Money that was given back: a record, the money itself is the payee's to send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refund {
    /// How much, in minor units.
    pub amount: u64,
    /// When it was entered.
    pub at: Timestamp,
}

/// As it is kept; time alone changes nothing of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    Created,
    Shown,
    Answering { ticket: [u8; 16], until: Timestamp },
    Authorized { at: Timestamp, device: bool },
    Refused { at: Timestamp },
    Canceled { at: Timestamp },
}

/// Where a payment stands at some moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PaymentState {
    /// Somebody's face is being judged.
    Answering,
    /// It was approved.
    Authorized {
        /// When.
        at: Timestamp,
        /// Whether a device key took part.
        device: bool,
    },
    /// Whoever made it does not want it any more.
    Canceled,
    /// Nobody was shown it yet.
    Created,
    /// Nobody approved it in time.
    Expired,
    /// It was not approved, and cannot be any more.
    Refused,
    /// Somebody was shown it.
    Shown,
}

/// A payment does not do this now.
#[derive(Clone, Copy, Debug, Error, Eq, PartialEq)]
#[non_exhaustive]
pub enum PaymentError {
    /// More is given back than was approved, or nothing, or too often.
    #[error("refund of {amount} where {left} is left")]
    Amount {
        /// How much was to be given back.
        amount: u64,
        /// How much there is to give back.
        left: u64,
    },
    /// Something else was shown.
    #[error("something else was shown than is to be approved")]
    OtherTerms,
    /// It is in a state from which this does not lead anywhere.
    #[error("payment is {}", .0.name())]
    State(PaymentState),
}

impl PaymentState {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Answering => "answering",
            Self::Authorized { .. } => "authorized",
            Self::Canceled => "canceled",
            Self::Created => "created",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Shown => "shown",
        }
    }

    /// Whether it may still be approved.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Answering | Self::Created | Self::Shown)
    }
}

impl fmt::Debug for Payment {
    /// Who pays whom is nobody's to see.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payment")
            .field("stage", &self.stage)
            .field("refunds", &self.refunds.len())
            .finish_non_exhaustive()
    }
}

impl Payment {
    /// A payment that is made now, for whoever `payer` stands for. With `needs_device` a face alone does not approve it.
    #[must_use]
    pub fn new(terms: Terms, payer: [u8; 32], needs_device: bool, now: Timestamp) -> Self {
        Self {
            terms,
            payer,
            created: now,
            needs_device,
            stage: Stage::Created,
            refunds: Vec::new(),
        }
    }

    /// What is approved.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What stands for the payer.
    #[must_use]
    pub fn payer(&self) -> &[u8; 32] {
        &self.payer
    }

    /// When it was made.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// Whether a face alone does not approve it.
    #[must_use]
    pub fn needs_device(&self) -> bool {
        self.needs_device
    }

    /// What was given back.
    #[must_use]
    pub fn refunds(&self) -> &[Refund] {
        &self.refunds
    }

    /// How much was given back, in minor units.
    #[must_use]
    pub fn refunded(&self) -> u64 {
        let amounts = self.refunds.iter().map(|refund| refund.amount);
        amounts.fold(0, u64::saturating_add)
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> PaymentState {
        match self.stage {
            Stage::Created | Stage::Shown if now >= self.terms.expires() => PaymentState::Expired,
            Stage::Created => PaymentState::Created,
            Stage::Shown => PaymentState::Shown,
            // Nobody came back with an answer: whoever was to give it is gone.
            Stage::Answering { until, .. } if now >= until => PaymentState::Refused,
            Stage::Answering { .. } => PaymentState::Answering,
            Stage::Authorized { at, device } => PaymentState::Authorized { at, device },
            Stage::Refused { .. } => PaymentState::Refused,
            Stage::Canceled { .. } => PaymentState::Canceled,
        }
    }

    /// The person was shown terms of this digest. Again is the same.
    ///
    /// # Errors
    /// [`PaymentError::OtherTerms`] when they were others; [`PaymentError::State`].
    pub fn show(&mut self, shown: &[u8; 32], now: Timestamp) -> Result<(), PaymentError> {
        if *shown != self.terms.sha256() {
            return Err(PaymentError::OtherTerms);
        }
        match self.state(now) {
            PaymentState::Created => self.stage = Stage::Shown,
            PaymentState::Shown => {}
            other => return Err(PaymentError::State(other)),
        }
        Ok(())
    }

    /// Somebody answers, once for all: whoever has this ticket and no other.
    ///
    /// # Errors
    /// As [`Payment::show`].
    pub fn begin(
        &mut self,
        ticket: [u8; 16],
        shown: &[u8; 32],
        now: Timestamp,
    ) -> Result<(), PaymentError> {
        if *shown != self.terms.sha256() {
            return Err(PaymentError::OtherTerms);
        }
        match self.state(now) {
            PaymentState::Shown => {
                let until = now.plus(ANSWERED_S);
                self.stage = Stage::Answering { ticket, until };
                Ok(())
            }
            other => Err(PaymentError::State(other)),
        }
    }

    /// Whoever began to answer approves.
    ///
    /// # Errors
    /// [`PaymentError::OtherTerms`]; [`PaymentError::State`] when it is not this one's to approve, or the time is over, or a
    /// device key is needed and did not take part.
    pub fn authorize(
        &mut self,
        ticket: [u8; 16],
        shown: &[u8; 32],
        device: bool,
        now: Timestamp,
    ) -> Result<(), PaymentError> {
        if *shown != self.terms.sha256() {
            return Err(PaymentError::OtherTerms);
        }
        let state = self.state(now);
        match self.stage {
            Stage::Answering { ticket: of, until }
                if of == ticket && now < until && (device || !self.needs_device) =>
            {
                self.stage = Stage::Authorized { at: now, device };
                Ok(())
            }
            _ => Err(PaymentError::State(state)),
        }
    }

    /// Whoever began to answer does not approve, or is not the payer.
    ///
    /// # Errors
    /// [`PaymentError::State`] when it is not this one's to refuse.
    pub fn refuse(&mut self, ticket: [u8; 16], now: Timestamp) -> Result<(), PaymentError> {
        match self.stage {
            Stage::Answering { ticket: of, .. } if of == ticket => {
                self.stage = Stage::Refused { at: now };
                Ok(())
            }
            _ => Err(PaymentError::State(self.state(now))),
        }
    }

    /// Whoever made it does not want it any more. Again is the same.
    ///
    /// # Errors
    /// [`PaymentError::State`] when it is at another end.
    pub fn cancel(&mut self, now: Timestamp) -> Result<(), PaymentError> {
        match self.state(now) {
            state if state.is_open() => self.stage = Stage::Canceled { at: now },
            PaymentState::Canceled => {}
            other => return Err(PaymentError::State(other)),
        }
        Ok(())
    }

    /// Some of it was given back; all that was not yet, where no amount is said.
    ///
    /// # Errors
    /// [`PaymentError::Amount`] when that is more than was approved and not given back yet; [`PaymentError::State`] when it was
    /// not approved.
    pub fn refund(&mut self, amount: Option<u64>, now: Timestamp) -> Result<(), PaymentError> {
        let state = self.state(now);
        if !matches!(state, PaymentState::Authorized { .. }) {
            return Err(PaymentError::State(state));
        }
        let left = self.terms.amount().saturating_sub(self.refunded());
        let amount = amount.unwrap_or(left);
        if amount == 0 || amount > left || self.refunds.len() >= MOST_REFUNDS {
            return Err(PaymentError::Amount { amount, left });
        }
        self.refunds.push(Refund { amount, at: now });
        Ok(())
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
