//! Use case: nothing is left of a subject.

use crate::Registry;
use countenance_vault::{
    Collection, Doomed, EraseIntent, EraseReceipt, ExternalId, Retained, VaultError,
};

impl Registry {
    /// Erases a subject: its key first, then its rows. When the signed receipt is there, the key
    /// is gone from the keyring file. Needs no holder part.
    ///
    /// With `id`, the receipt can be shown to be that person's.
    ///
    /// # Errors
    /// [`VaultError`]; after one the erasure may be half done: do it again.
    pub fn erase(
        &self,
        subject: impl Into<Doomed>,
        id: Option<&ExternalId>,
    ) -> Result<EraseReceipt, VaultError> {
        self.vault().erase(subject, id, self.now())
    }

    /// What to erase for an id, even where the subject's key is damaged or missing.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when there is no such subject; others when the store fails.
    pub fn doomed(&self, collection: &Collection, id: &ExternalId) -> Result<Doomed, VaultError> {
        let found = self.vault().doomed(collection, id)?;
        found.ok_or(VaultError::Unknown { what: "subject" })
    }

    /// What to keep while a subject is erased, so that the receipt can still be had after a crash.
    ///
    /// # Errors
    /// [`VaultError::Random`] without random bytes.
    pub fn erase_intent(
        &self,
        subject: impl Into<Doomed>,
        id: &ExternalId,
    ) -> Result<EraseIntent, VaultError> {
        self.vault().erase_intent(subject, id, self.now())
    }

    /// The receipt of an erasure that was cut off, if the key of the intent is destroyed.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when the intent is of another vault; others when the store fails.
    pub fn receipt_again(&self, intent: &EraseIntent) -> Result<Option<EraseReceipt>, VaultError> {
        self.vault().receipt_again(intent, self.now())
    }

    /// One step of the retention job, over up to `limit` subjects after number `after` (0 to
    /// begin): ends consents that expired and erases subjects whose time is over. It is done when
    /// [`Retained::next`] is `None`.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn retain(&self, after: u64, limit: u32) -> Result<Retained, VaultError> {
        let decoy = self.decoy().key_id();
        let mut done = self.vault().retain(after, limit, self.now())?;
        done.erased.retain(|receipt| receipt.key_id != decoy);
        if done.next.is_none() {
            self.renew_decoy()?;
        }
        Ok(done)
    }
}
