//! Use case: an attempt that is taken before anything is asked of whoever is in front of a camera.
//!
//! A challenge shows what it asks long before it is judged. Were the attempt counted with the verdict, whoever sees that a challenge
//! goes badly would leave it, hide the face, or have many at once and go on with the one that suits the recordings they have.

use crate::{Case, Claim, Registry, Verdict};
use countenance_vault::{Attempt, Collection, Lock, Purpose, Target, VaultError};

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

/// An attempt that is on the disk already, or why none was left. It is not given back, whoever's fault it is that nothing came of it.
#[derive(Debug)]
#[must_use = "it goes into the decision, or is left"]
pub struct Taken {
    pub(crate) target: Target,
    pub(crate) purpose: Purpose,
    pub(crate) attempt: Result<Attempt, Lock>,
}

/// A verdict, and the attempt that was taken for its challenge; without one it is counted when it is decided.
#[derive(Debug)]
pub struct Answered {
    /// What the challenge came to.
    pub verdict: Verdict,
    /// Where something had been asked.
    pub taken: Option<Taken>,
}

impl From<Verdict> for Answered {
    fn from(verdict: Verdict) -> Self {
        let taken = None;
        Self { verdict, taken }
    }
}

impl Registry {
    /// Takes an attempt: it is on the disk when this returns, if one was left. Whether there is such a subject is told nowhere.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails; nothing must be asked then.
    pub fn take_attempt(&self, at: AttemptAt<'_>) -> Result<Taken, VaultError> {
        let (target, purpose) = match at {
            AttemptAt::Case(collection, case) => (
                case.target(self.vault(), collection)?,
                Purpose::IdentityCheck,
            ),
            AttemptAt::Payer(claim) => (self.find(claim)?, Purpose::Payment),
            AttemptAt::Subject(claim) => (self.find(claim)?, Purpose::Verify),
        };
        let attempt = self.count_attempt(&target, purpose)?;
        Ok(Taken {
            target,
            purpose,
            attempt,
        })
    }

    /// Counts an attempt, on the disk, or says why none is left.
    pub(crate) fn count_attempt(
        &self,
        target: &Target,
        purpose: Purpose,
    ) -> Result<Result<Attempt, Lock>, VaultError> {
        match self.vault().count_attempt(target, purpose, self.now()) {
            Ok(attempt) => Ok(Ok(attempt)),
            Err(VaultError::Attempts(lock)) => Ok(Err(lock)),
            Err(error) => Err(error),
        }
    }

    /// A challenge ended without a verdict: that is a rejection in the audit log.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails; the attempt stays counted.
    pub fn leave(&self, taken: Taken) -> Result<(), VaultError> {
        self.end_taken(taken, false).map(drop)
    }

    /// Appends what became of an attempt that nobody was compared in; with `recapture` the pictures did not do. Returns the leaf
    /// index.
    pub(crate) fn end_taken(&self, taken: Taken, recapture: bool) -> Result<u64, VaultError> {
        let (vault, now) = (self.vault(), self.now());
        match taken.attempt {
            Ok(attempt) => vault.decline(attempt, recapture, now),
            Err(_) => vault.refuse(&taken.target, taken.purpose, recapture, now),
        }
    }
}
