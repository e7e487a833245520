//! Use case: a subject no longer agrees.

use crate::Registry;
use countenance_vault::{Purpose, Subject, VaultError};

impl Registry {
    /// Withdraws every standing consent for a purpose, or for all. Needs no holder part, and stops
    /// a verification that is running. Templates go with the last consent. Returns how many
    /// entries were withdrawn.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when the subject is gone; others when the store fails.
    pub fn withdraw(
        &self,
        subject: &Subject,
        purpose: Option<Purpose>,
    ) -> Result<usize, VaultError> {
        self.vault().withdraw(subject, purpose, self.now())
    }

    /// The same where the subject does it themselves, having been
    /// [shown](Registry::show_own_consents) their consents: the audit log says so.
    ///
    /// # Errors
    /// As [`Registry::withdraw`].
    pub(crate) fn withdraw_themselves(
        &self,
        subject: &Subject,
        purpose: Purpose,
    ) -> Result<usize, VaultError> {
        self.vault()
            .withdraw_themselves(subject, Some(purpose), self.now())
    }
}
