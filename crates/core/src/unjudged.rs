//! Use case: a challenge of a session came to no verdict after something had been asked in it.
//!
//! It is an attempt all the same. Else whoever sees that it goes badly would leave it, or hide the face, and draw challenges
//! until one suits the recordings that they have.

use crate::{Case, Claim, Registry};
use countenance_vault::{Collection, Purpose, Target, VaultError};

/// On whom an attempt is counted.
#[derive(Clone, Copy, Debug)]
pub enum AttemptAt<'a> {
    /// An identity check.
    Case(&'a Collection, &'a Case),
    /// Somebody who is to approve a payment.
    Payer(&'a Claim<'a>),
    /// Somebody who is to be verified.
    Subject(&'a Claim<'a>),
}

impl Registry {
    /// A challenge was left, or broken off, after something had been asked: counts an attempt and appends to the audit log.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails; no other challenge must be begun then.
    pub fn count_left(&self, at: AttemptAt<'_>) -> Result<(), VaultError> {
        let (target, purpose) = match at {
            AttemptAt::Case(collection, case) => (
                case.target(self.vault(), collection)?,
                Purpose::IdentityCheck,
            ),
            AttemptAt::Payer(claim) => (self.find(claim)?, Purpose::Payment),
            AttemptAt::Subject(claim) => (self.find(claim)?, Purpose::Verify),
        };
        self.count_unjudged(&target, purpose, false).map(drop)
    }

    /// Counts an attempt that nobody judged, as far as one is left, and appends to the audit log; with `recapture` the pictures did not
    /// do. Returns the leaf index.
    pub(crate) fn count_unjudged(
        &self,
        target: &Target,
        purpose: Purpose,
        recapture: bool,
    ) -> Result<u64, VaultError> {
        let (vault, now) = (self.vault(), self.now());
        match vault.count_attempt(target, purpose, now) {
            Ok(attempt) => vault.decline(attempt, recapture, now),
            Err(VaultError::Attempts(_)) => vault.refuse(target, purpose, recapture, now),
            Err(error) => Err(error),
        }
    }
}
