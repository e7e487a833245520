//! Use case: everything held about a subject, and nothing else.

use crate::{Claim, Registry};
use countenance_vault::{SubjectExport, VaultError};

impl Registry {
    /// Everything held about a subject: consents, templates, attempts, audit events. That it was
    /// given out goes into the audit log, and so into the export itself.
    ///
    /// # Errors
    /// As [`unlock`](Registry::unlock); [`VaultError::Corrupt`] when something does not open or an
    /// event is not the one that was committed to.
    pub fn export(&self, claim: &Claim<'_>) -> Result<SubjectExport, VaultError> {
        let subject = self.unlock(claim)?;
        self.vault().export(&subject, self.now())
    }
}
