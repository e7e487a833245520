//! Tenants and collections.

use super::Vault;
use super::keys::{TENANT_KEY, TENANT_SECRET, TenantKeys, wrap_with_root};
use crate::error::VaultError;
use crate::event::EventKind;
use crate::ident::{Name, Timestamp};
use crate::secret::Secret;
use crate::store::{
    Change, CollectionRow, Conflict, Edit, KeyChange, Require, Row, StoreError, TenantRow,
};
use std::collections::BTreeMap;

/// A collection of subjects of one tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Collection {
    pub(crate) tenant: u32,
    pub(crate) number: u32,
    pub(crate) tenant_id: [u8; 16],
    pub(crate) id: [u8; 16],
}

impl Vault {
    /// Makes a tenant with keys of its own.
    ///
    /// # Errors
    /// [`VaultError::Exists`] when there is one of this name; others when keys or store fail.
    pub fn create_tenant(&self, name: &Name, now: Timestamp) -> Result<(), VaultError> {
        self.tick(now)?;
        let exists = VaultError::Exists { what: "tenant" };
        self.reload()?;
        let last = self
            .known()
            .tenants
            .keys()
            .next_back()
            .copied()
            .unwrap_or(0);
        let number = last + 1;
        let secret = Secret::filled(|bytes| self.random.fill(bytes))?;
        let key = Secret::filled(|bytes| self.random.fill(bytes))?;
        let wrap = |kind, version, key: &Secret| {
            let place = (kind, number, version);
            wrap_with_root(&*self.source, &*self.random, &self.keys.vault, place, key)
        };
        let tenant = TenantRow {
            number,
            id: self.keys.tenant_id(name),
            sealed_name: self.keys.seal_tenant_name(&*self.random, name)?,
            version: 1,
        };
        let change = KeyChange {
            put: vec![
                Row::RootWrappedRow(wrap(TENANT_SECRET, 0, &secret)?),
                Row::RootWrappedRow(wrap(TENANT_KEY, 1, &key)?),
            ],
            new_tenant: Some(tenant),
            ..KeyChange::default()
        };
        match self.commit_keys(change) {
            Err(StoreError::Conflict(Conflict::Tenant)) => return Err(exists),
            other => other?,
        };
        self.append_own(EventKind::TenantCreated, u64::from(number), now)?;
        self.reload()
    }

    /// Makes a collection of a tenant.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] without such a tenant, [`VaultError::Exists`] when there is one of
    /// this name; others when the store fails.
    pub fn create_collection(
        &self,
        tenant: &Name,
        name: &Name,
        now: Timestamp,
    ) -> Result<Collection, VaultError> {
        self.tick(now)?;
        self.reload()?;
        let tenant = self.tenant_number(tenant)?;
        let last = self
            .known()
            .collections
            .iter()
            .map(|row| row.number)
            .max()
            .unwrap_or(0);
        let row = self.with_tenant(tenant, |keys| {
            Ok(CollectionRow {
                number: last + 1,
                tenant,
                id: keys.collection_id(name),
                sealed_name: keys.seal_collection_name(&*self.random, name)?,
            })
        })?;
        let number = row.number;
        let change = Change {
            requires: vec![Require::NoCollection(row.id)],
            edits: vec![Edit::Put(row.into())],
            events: vec![self.own_event(EventKind::CollectionCreated, u64::from(number), now)?],
        };
        match self.commit(change) {
            Err(StoreError::Conflict(Conflict::Collection)) => {
                return Err(VaultError::Exists { what: "collection" });
            }
            other => other?,
        };
        self.reload()?;
        self.collection_by(number)
    }

    /// The collection of these names.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when there is none; others when the store fails.
    pub fn collection(&self, tenant: &Name, name: &Name) -> Result<Collection, VaultError> {
        match self.look_up_collection(tenant, name) {
            Err(VaultError::Unknown { .. }) => {
                self.reload()?;
                self.look_up_collection(tenant, name)
            }
            found => found,
        }
    }

    fn look_up_collection(&self, tenant: &Name, name: &Name) -> Result<Collection, VaultError> {
        let tenant = self.tenant_number(tenant)?;
        let id = self.with_tenant(tenant, |keys| Ok(keys.collection_id(name)))?;
        let number = self
            .known()
            .collections
            .iter()
            .find(|row| row.id == id)
            .map(|row| row.number);
        self.collection_by(number.ok_or(VaultError::Unknown { what: "collection" })?)
    }

    /// The names of all tenants.
    #[must_use]
    pub fn tenants(&self) -> Vec<Name> {
        self.known()
            .tenants
            .values()
            .map(|tenant| tenant.name.clone())
            .collect()
    }

    /// The collections of a tenant with their names, those made on other nodes as well.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] without such a tenant; [`VaultError::Corrupt`] for a name that does
    /// not open; others when the store fails.
    pub fn collections(&self, tenant: &Name) -> Result<Vec<(Name, Collection)>, VaultError> {
        self.reload()?;
        let tenant = self.tenant_number(tenant)?;
        let rows = self.known().collections.clone();
        rows.iter()
            .filter(|row| row.tenant == tenant)
            .map(|row| {
                let name = self.with_tenant(tenant, |keys| keys.collection_name(row))?;
                Ok((name, self.collection_by(row.number)?))
            })
            .collect()
    }

    pub(super) fn tenant_number(&self, name: &Name) -> Result<u32, VaultError> {
        let id = self.keys.tenant_id(name);
        self.known()
            .tenants
            .values()
            .find(|tenant| tenant.id == id)
            .map(|tenant| tenant.number)
            .ok_or(VaultError::Unknown { what: "tenant" })
    }

    pub(super) fn collection_by(&self, number: u32) -> Result<Collection, VaultError> {
        let known = self.known();
        let row = known
            .collections
            .iter()
            .find(|row| row.number == number)
            .ok_or(VaultError::Unknown { what: "collection" })?;
        let tenant: Option<&TenantKeys> = BTreeMap::get(&known.tenants, &row.tenant);
        let tenant = tenant.ok_or(VaultError::Unknown { what: "tenant" })?;
        Ok(Collection {
            tenant: row.tenant,
            number,
            tenant_id: tenant.id,
            id: row.id,
        })
    }
}
