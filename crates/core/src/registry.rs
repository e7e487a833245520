//! The people who agreed: the use cases that need a vault hang on this type alone.

use crate::decoy::Decoy;
use crate::{ComparePolicy, WallClock};
use countenance_vault::{
    Collection, ExternalId, HolderPart, Listed, MemberPage, Name, Pseudonym, Random, Subject,
    Target, Timestamp, Unlocked, Vault, VaultError,
};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// Everything that needs a vault: subjects, consents, enrolling, verifying, erasing, the audit log.
///
/// It is shared between threads by reference; each thread brings a [`Worker`](crate::Worker) of its
/// own to the two use cases that look at pictures. Everything is synchronous; the time comes
/// from the clock it was opened with.
pub struct Registry {
    vault: Arc<Vault>,
    random: Arc<dyn Random>,
    clock: Arc<dyn WallClock>,
    policy: ComparePolicy,
    decoy: RwLock<Arc<Decoy>>,
}

/// Who somebody claims to be.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The collection the subject belongs to.
    pub collection: &'a Collection,
    /// What the caller calls the subject.
    pub subject: &'a ExternalId,
    /// The holder's part of the key, for a holder-bound subject.
    pub holder: Option<&'a HolderPart>,
}

impl Registry {
    /// A registry on an open vault. `policy` says how photos become templates, when enrolling as
    /// when verifying, and at which false-match rate is decided.
    ///
    /// In a new vault it makes the decoy that stands in for subjects who are not there.
    ///
    /// # Errors
    /// [`VaultError`] when the vault cannot be read or the decoy not be made.
    pub fn open(
        vault: Arc<Vault>,
        random: Arc<dyn Random>,
        clock: Arc<dyn WallClock>,
        policy: ComparePolicy,
    ) -> Result<Self, VaultError> {
        let decoy = Decoy::open(&vault, &*random, clock.now())?;
        Ok(Self {
            vault,
            random,
            clock,
            policy,
            decoy: RwLock::new(Arc::new(decoy)),
        })
    }

    /// The vault, for what only operators do: rotation, backup, tenants and collections.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// How photos become templates and at which rate is decided.
    #[must_use]
    pub fn policy(&self) -> &ComparePolicy {
        &self.policy
    }

    /// The names of the tenants, without the one of the decoy.
    #[must_use]
    pub fn tenants(&self) -> Vec<Name> {
        let mut names = self.vault.tenants();
        names.retain(|name| !Decoy::is_tenant(name));
        names
    }

    /// Whether a name of a tenant or collection is kept for what the registry makes itself, the
    /// decoy: such a one must not be given out or made by hand.
    #[must_use]
    pub fn is_reserved(name: &Name) -> bool {
        name.as_str().starts_with("countenance:")
    }

    /// What stands for an id in store and logs, whether or not there is such a subject.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn pseudonym(
        &self,
        collection: &Collection,
        id: &ExternalId,
    ) -> Result<Pseudonym, VaultError> {
        Ok(self.vault.find(collection, id)?.pseudonym())
    }

    /// Adds a subject: holder-bound when the claim has a holder part, else operator-key.
    ///
    /// # Errors
    /// [`VaultError::Exists`] when the collection has the id already; others when the store fails.
    pub fn add_subject(&self, claim: &Claim<'_>) -> Result<Unlocked, VaultError> {
        self.vault
            .add_subject(claim.collection, claim.subject, claim.holder, self.now())
    }

    /// A subject, locked: enough to withdraw consent and to erase.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when there is none; others when the store fails.
    pub fn subject(&self, collection: &Collection, id: &ExternalId) -> Result<Subject, VaultError> {
        let target = self.vault.find(collection, id)?;
        let subject = target.subject().cloned();
        subject.ok_or(VaultError::Unknown { what: "subject" })
    }

    /// A subject whose data can be read and written.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when there is none; [`VaultError::Holder`] when the holder part is
    /// missing, not expected or wrong; others when the store fails.
    pub fn unlock(&self, claim: &Claim<'_>) -> Result<Unlocked, VaultError> {
        let subject = self.subject(claim.collection, claim.subject)?;
        self.vault.unlock(&subject, claim.holder)
    }

    /// Up to `limit` subjects of a collection after the one numbered `after` (0 to begin).
    ///
    /// # Errors
    /// [`VaultError`] when the store fails or a subject does not open.
    pub fn subjects(
        &self,
        collection: &Collection,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Listed>, VaultError> {
        self.vault.subjects(collection, after, limit)
    }

    /// The members among up to `limit` subjects of a collection after the one numbered `after` (0 to begin): those
    /// whom a search compares with.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails or a subject does not open.
    pub fn members(
        &self,
        collection: &Collection,
        after: u64,
        limit: u32,
    ) -> Result<MemberPage, VaultError> {
        self.vault.members(collection, after, limit, self.now())
    }

    pub(crate) fn find(&self, claim: &Claim<'_>) -> Result<Target, VaultError> {
        self.vault.find(claim.collection, claim.subject)
    }

    /// What the clock says.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn decoy(&self) -> Arc<Decoy> {
        let decoy = self.decoy.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&decoy)
    }

    /// Makes the decoy anew if retention took it.
    pub(crate) fn renew_decoy(&self) -> Result<(), VaultError> {
        let fresh = Arc::new(Decoy::open(&self.vault, &*self.random, self.now())?);
        *self.decoy.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("vault", &self.vault)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
