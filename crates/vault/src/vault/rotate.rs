//! Replacing keys: only wraps change, and every step can be cut off and done again.

use super::keys::{TENANT_KEY, unwrap_with_root, wrap_with_root};
use super::{Vault, VaultKeys};
use crate::error::VaultError;
use crate::event::EventKind;
use crate::ident::{Name, Timestamp};
use crate::root::{KeyError, KeySource};
use crate::secret::Secret;
use crate::store::{Conflict, KeyChange, Row, StoreError};
use std::sync::Arc;

/// What one batch of re-wrapping did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewrapped {
    /// Server parts looked at.
    pub examined: u64,
    /// Server parts wrapped anew.
    pub rewrapped: u64,
    /// Numbers of server parts that do not open. They stay as they are, and so does the version of
    /// the key they are wrapped with, until they are erased.
    pub unreadable: Vec<u64>,
    /// Where to go on; `None` when the end was reached and the old versions were destroyed.
    pub next: Option<u64>,
}

impl Vault {
    /// Gives a tenant a new key. New subjects use it at once; [`Vault::rewrap`] moves the others.
    /// Returns its version.
    ///
    /// # Errors
    /// [`VaultError`] without such a tenant or when keys or store fail.
    pub fn rotate_tenant(&self, tenant: &Name, now: Timestamp) -> Result<u32, VaultError> {
        self.tick(now)?;
        self.reload()?;
        let number = self.tenant_number(tenant)?;
        let head = self.store.keyring()?;
        let mut row = head
            .tenants
            .into_iter()
            .find(|row| row.number == number)
            .ok_or(VaultError::Unknown { what: "tenant" })?;
        let key = Secret::filled(|bytes| self.random.fill(bytes))?;
        row.version += 1;
        let version = row.version;
        let place = (TENANT_KEY, number, version);
        let wrapped = wrap_with_root(&*self.source, &*self.random, &self.keys.vault, place, &key)?;
        let put = vec![Row::RootWrappedRow(wrapped), Row::TenantRow(row)];
        self.commit_keys(KeyChange {
            put,
            ..KeyChange::default()
        })?;
        self.append_own(EventKind::TenantKeyRotated, u64::from(version), now)?;
        self.reload()?;
        Ok(version)
    }

    /// Wraps up to `limit` server parts after number `after` (0 to begin) with the current key
    /// of their tenant. At the end it destroys the versions that nothing uses any more.
    ///
    /// A batch that was cut off is done or not done; starting again at 0 is always right.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn rewrap(&self, after: u64, limit: u32) -> Result<Rewrapped, VaultError> {
        self.reload()?;
        let rows = self.store.keys(after, limit.max(1))?;
        let mut done = Rewrapped {
            next: rows.last().map(|row| row.number),
            ..Rewrapped::default()
        };
        let mut rewrap = Vec::new();
        for row in rows {
            done.examined += 1;
            let number = row.number;
            let fresh = self.with_tenant(row.tenant, |keys| {
                if row.version == keys.version {
                    return Ok(None);
                }
                let damaged = VaultError::Corrupt {
                    what: "tenant key version",
                };
                let part = keys.unwrap_part(&self.keys.vault, &row)?.ok_or(damaged)?;
                keys.wrap(
                    &*self.random,
                    &self.keys.vault,
                    row.number,
                    row.key_id,
                    &part,
                )
                .map(Some)
            });
            match fresh {
                Ok(Some(fresh)) => rewrap.push((row, fresh)),
                Ok(None) => {}
                Err(VaultError::Corrupt { .. } | VaultError::Unknown { what: "tenant" }) => {
                    done.unreadable.push(number);
                }
                Err(error) => return Err(error),
            }
        }
        for change in rewrap.chunks(256) {
            let whole = KeyChange {
                rewrap: change.to_vec(),
                ..KeyChange::default()
            };
            match self.commit_keys(whole) {
                Ok(_) => done.rewrapped += change.len() as u64,
                Err(StoreError::Conflict(Conflict::Key)) => {
                    done.rewrapped += self.rewrap_singly(change)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        if done.next.is_none() {
            self.drop_old_versions()?;
        }
        Ok(done)
    }

    /// One of the batch was erased or re-wrapped by somebody else meanwhile.
    fn rewrap_singly(
        &self,
        changes: &[(crate::store::KeyRow, crate::store::KeyRow)],
    ) -> Result<u64, VaultError> {
        let mut done = 0;
        for change in changes {
            let single = KeyChange {
                rewrap: vec![change.clone()],
                ..KeyChange::default()
            };
            match self.commit_keys(single) {
                Ok(_) => done += 1,
                Err(StoreError::Conflict(Conflict::Key)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(done)
    }

    fn drop_old_versions(&self) -> Result<(), VaultError> {
        let head = self.store.keyring()?;
        let mut old: Vec<(u8, u32, u32)> = head
            .root_wrapped
            .iter()
            .filter(|row| row.kind == TENANT_KEY)
            .filter(|row| {
                head.tenants
                    .iter()
                    .any(|tenant| tenant.number == row.tenant && row.version < tenant.version)
            })
            .map(|row| (row.kind, row.tenant, row.version))
            .collect();
        // A subject added by another process while the batches ran may still use one.
        let mut after = 0;
        while !old.is_empty() {
            let rows = self.store.keys(after, 10_000)?;
            let Some(last) = rows.last() else { break };
            after = last.number;
            old.retain(|&(_, tenant, version)| {
                rows.iter()
                    .all(|row| (row.tenant, row.version) != (tenant, version))
            });
        }
        if !old.is_empty() {
            self.commit_keys(KeyChange {
                drop_root: old,
                ..KeyChange::default()
            })?;
            self.reload()?;
        }
        Ok(())
    }

    /// The tenants with the version of their key and how many server parts still use an older
    /// one.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn key_status(&self) -> Result<Vec<(Name, u32, u64)>, VaultError> {
        self.reload()?;
        let mut status: Vec<(u32, Name, u32, u64)> = self
            .known()
            .tenants
            .values()
            .map(|tenant| (tenant.number, tenant.name.clone(), tenant.version, 0))
            .collect();
        let mut after = 0;
        loop {
            let rows = self.store.keys(after, 10_000)?;
            let Some(last) = rows.last() else { break };
            after = last.number;
            for row in rows {
                if let Some(tenant) = status.iter_mut().find(|one| one.0 == row.tenant) {
                    tenant.3 += u64::from(row.version != tenant.2);
                }
            }
        }
        Ok(status
            .into_iter()
            .map(|(_, name, version, older)| (name, version, older))
            .collect())
    }

    /// Wraps everything the root key wraps with a new root key, in one transaction, and opens
    /// the vault with it. A process that still has the old one cannot read the keyring again.
    ///
    /// # Errors
    /// [`VaultError`] when a key source or the store fails; then the old root key stays.
    pub fn replace_root(
        mut self,
        source: Arc<dyn KeySource>,
        now: Timestamp,
    ) -> Result<Self, VaultError> {
        self.tick(now)?;
        if source.root_id() == self.source.root_id() {
            // Whoever is told that it was replaced destroys it.
            return Err(KeyError::Unchanged.into());
        }
        let head = self.store.keyring()?;
        let mut put = Vec::new();
        for row in &head.root_wrapped {
            let key = unwrap_with_root(&*self.source, &self.keys.vault, row)?;
            let place = (row.kind, row.tenant, row.version);
            let wrapped = wrap_with_root(&*source, &*self.random, &self.keys.vault, place, &key)?;
            put.push(Row::RootWrappedRow(wrapped));
        }
        self.commit_keys(KeyChange {
            put,
            ..KeyChange::default()
        })?;
        self.keys = VaultKeys::open(&*source, &self.store.keyring()?)?;
        self.source = source;
        self.reload()?;
        self.append_own(EventKind::RootReplaced, 0, now)?;
        Ok(self)
    }
}
