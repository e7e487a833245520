//! Use case: a subject sees and withdraws what they agreed to, with a passkey they have already (ADR 48).

use crate::device::{Assertion, RelyingParty, consents_challenge};
use crate::{Claim, Registry};
use countenance_vault::{ConsentEntry, KeyId, Purpose, Subject, Target, Unlocked, VaultError};
use std::sync::Arc;

/// What a device key signed, with what it is held against: for whom, and in answer to which link.
#[derive(Clone, Debug)]
pub struct ConsentsProof {
    /// For whom the key must have been made.
    pub party: Arc<RelyingParty>,
    /// Id of the link.
    pub link: String,
    /// Random, for this one answer.
    pub nonce: [u8; 32],
    /// The answer.
    pub assertion: Assertion,
}

/// What a subject is shown of themselves.
#[derive(Clone, Debug)]
pub struct OwnConsents {
    /// The name of the subject's key: what is withdrawn afterwards is that of whoever has it, and of nobody who is given the same
    /// id later.
    pub key: KeyId,
    /// What they agreed to, ended entries too. Of a holder-bound subject, texts and dates are there only where it was the holder
    /// part that proved them.
    pub consents: Vec<ConsentEntry>,
}

/// Who showed that they are the subject.
enum Shown {
    /// With their own part of the key, or as a subject whose key needs none.
    Whole(Box<Unlocked>),
    /// With a device key, where the rest of the key is at the holder's.
    Locked(Box<Subject>),
}

impl Shown {
    fn subject(&self) -> &Subject {
        match self {
            Self::Whole(unlocked) => unlocked.subject(),
            Self::Locked(subject) => subject,
        }
    }
}

impl Registry {
    /// Shows a subject what they agreed to, if they prove who they are: with what a device key of theirs signed, or without a
    /// `proof` with the holder part of the claim. `None` for everybody else. Whoever is not there, has no passkey of that kind
    /// or brings another one's gets it at the same cost, and it is in the audit log before it is returned, as what is shown is.
    ///
    /// No attempt is counted: a passkey cannot be guessed, and who was locked out by strangers' faces must still be able to
    /// withdraw. How often may be asked is up to whoever asks.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails: then nothing may be shown.
    pub fn show_own_consents(
        &self,
        claim: &Claim<'_>,
        proof: Option<&ConsentsProof>,
    ) -> Result<Option<OwnConsents>, VaultError> {
        let target = self.find(claim)?;
        let shown = self.prove_own(claim, &target, proof)?;
        let recorded = match &shown {
            None => false,
            Some(shown) => match self
                .vault()
                .record_shown_consents(shown.subject(), self.now())
            {
                Ok(_) => true,
                // Erased in between.
                Err(VaultError::Unknown { what: "subject" }) => false,
                Err(error) => return Err(error),
            },
        };
        let Some(shown) = shown.filter(|_| recorded) else {
            let target = self.target_now(claim, &target)?;
            self.vault().refuse_consents(&target, self.now())?;
            return Ok(None);
        };
        let consents = match &shown {
            Shown::Whole(unlocked) => self.vault().consents_in_full(unlocked)?,
            Shown::Locked(subject) => self.vault().consents(subject)?,
        };
        Ok(Some(OwnConsents {
            key: shown.subject().key_id(),
            consents,
        }))
    }

    fn prove_own(
        &self,
        claim: &Claim<'_>,
        target: &Target,
        proof: Option<&ConsentsProof>,
    ) -> Result<Option<Shown>, VaultError> {
        if target.subject().is_none() {
            self.decoy().find(self.vault());
        }
        let Some(proof) = proof else {
            return self.unlock_own(claim, target);
        };
        let challenge = consents_challenge(&proof.link, &proof.nonce);
        let asked = (&*proof.party, &challenge);
        let signed = self.prove_device(target, asked, &proof.assertion)?;
        let (Some(subject), Some(_)) = (target.subject(), signed) else {
            return Ok(None);
        };
        Ok(Some(match self.vault().unlock(subject, None) {
            Ok(unlocked) => Shown::Whole(Box::new(unlocked)),
            Err(VaultError::Holder(_)) => Shown::Locked(Box::new(subject.clone())),
            Err(error) => return Err(error),
        }))
    }

    fn unlock_own(&self, claim: &Claim<'_>, target: &Target) -> Result<Option<Shown>, VaultError> {
        // Without a part of its own a subject that needs none would open for everybody.
        let (Some(subject), Some(holder)) = (target.subject(), claim.holder) else {
            self.decoy().unlock(self.vault());
            return Ok(None);
        };
        match self.vault().unlock(subject, Some(holder)) {
            Ok(unlocked) => Ok(Some(Shown::Whole(Box::new(unlocked)))),
            Err(VaultError::Holder(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Withdraws for a subject who was shown their consents, and shows what stands now, without what only a holder part opens.
    /// It goes the way of every withdrawal: a verification that is running stops, and templates go with the last consent.
    /// `None` when the subject is gone; one who was given the same id since is another.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn withdraw_own(
        &self,
        claim: &Claim<'_>,
        key: KeyId,
        purpose: Purpose,
    ) -> Result<Option<(usize, Vec<ConsentEntry>)>, VaultError> {
        let target = self.find(claim)?;
        let Some(subject) = target.subject().filter(|one| one.key_id() == key) else {
            return Ok(None);
        };
        match self.withdraw_themselves(subject, purpose) {
            Ok(ended) => Ok(Some((ended, self.consents(subject)?))),
            Err(VaultError::Unknown { what: "subject" }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
