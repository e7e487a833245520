//! Use case: a subject agrees.

use crate::{Claim, Registry};
use countenance_vault::{
    Consent, ConsentEntry, Grant, Purpose, Subject, TextVersion, Unlocked, VaultError,
};

/// What a subject agrees to, from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// For what.
    pub purpose: Purpose,
    /// Which version of the text was shown.
    pub text_version: TextVersion,
    /// For how long, in seconds.
    pub lasts_s: u64,
    /// SHA-256 of what shows that it was given: a signed form, a recorded action.
    pub evidence: [u8; 32],
}

impl Registry {
    /// Enters a consent into the ledger. The proof that comes back is what
    /// [`enroll`](Registry::enroll) asks for, and nothing else makes one.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] or [`VaultError::Holder`] when the subject cannot be unlocked;
    /// [`VaultError::Consent`] when the consent lasts too long; others when the store fails.
    pub fn grant_consent(
        &self,
        claim: &Claim<'_>,
        agreement: &Agreement,
    ) -> Result<(Unlocked, Consent), VaultError> {
        let subject = self.unlock(claim)?;
        let now = self.now();
        let grant = Grant {
            purpose: agreement.purpose,
            text_version: agreement.text_version.clone(),
            granted: now,
            expires: now.plus(agreement.lasts_s),
            evidence: agreement.evidence,
        };
        let consent = self.vault().grant(&subject, &grant, now)?;
        Ok((subject, consent))
    }

    /// The consent that stands for a purpose, if any does.
    ///
    /// # Errors
    /// As [`unlock`](Registry::unlock), and [`VaultError::Consent`] saying why there is none.
    pub fn consented(
        &self,
        claim: &Claim<'_>,
        purpose: Purpose,
    ) -> Result<(Unlocked, Consent), VaultError> {
        let subject = self.unlock(claim)?;
        let consent = self.vault().consent(&subject, purpose, self.now())?;
        Ok((subject, consent))
    }

    /// The entries of a subject's consent ledger, ended ones too, without what only a holder
    /// part opens.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails or an entry does not open.
    pub fn consents(&self, subject: &Subject) -> Result<Vec<ConsentEntry>, VaultError> {
        self.vault().consents(subject)
    }
}
