//! Keys are made and revoked with an entry in the audit log.

use super::{KeyOrder, KeyStore, KeyStoreError, NewKey};
use countenance_core::Registry;
use countenance_core::vault::{Random, Timestamp, VaultError};
use thiserror::Error;

/// A key cannot be made or revoked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// What is wrong with an order for a key of another product's protocol.
    #[error("{0}")]
    Compat(String),
    /// There is no such tenant.
    #[error("unknown tenant")]
    Tenant,
    /// The keys.
    #[error(transparent)]
    Store(#[from] KeyStoreError),
    /// The audit log.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl KeyStore {
    /// Makes a key for a tenant that is there. The audit log has it before.
    ///
    /// # Errors
    /// [`KeyError`] when there is no such tenant, or log or keys cannot be written.
    pub fn make(
        &self,
        registry: &Registry,
        random: &dyn Random,
        order: &KeyOrder,
        now: Timestamp,
    ) -> Result<NewKey, KeyError> {
        if Registry::is_reserved(&order.tenant) {
            return Err(KeyError::Tenant);
        }
        match registry.vault().collections(&order.tenant) {
            Err(VaultError::Unknown { .. }) => return Err(KeyError::Tenant),
            found => found?,
        };
        let id = KeyOrder::id(random).map_err(KeyStoreError::from)?;
        let mut order = order.clone();
        super::compat::prepare(registry, id, &mut order, now)?;
        registry.vault().record_key_made(id, now)?;
        Ok(self.create(random, id, &order, now)?)
    }

    /// Revokes a key, of a tenant or of any, and enters it into the audit log. Says whether there was one.
    ///
    /// It is revoked first: a log that cannot be written must not keep a key alive.
    ///
    /// # Errors
    /// [`KeyError`] when keys or log cannot be written.
    pub fn end(
        &self,
        registry: &Registry,
        tenant: Option<&str>,
        id: &str,
        now: Timestamp,
    ) -> Result<bool, KeyError> {
        let gone = self.revoke(tenant, id)?;
        if gone && let Ok(id) = u64::from_str_radix(id, 16) {
            registry.vault().record_key_revoked(id, now)?;
        }
        Ok(gone)
    }
}
