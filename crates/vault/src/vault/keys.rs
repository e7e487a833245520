//! The keys of an open vault, in memory (spec, section 2).

use crate::error::VaultError;
use crate::event::LogKeys;
use crate::ident::{ExternalId, Name, mac_with_field};
use crate::random::Random;
use crate::root::{KeyError, KeySource};
use crate::seal::{self, labelled};
use crate::secret::Secret;
use crate::store::{CollectionRow, KeyRow, KeyringHead, RootWrappedRow, TenantRow};
use crate::tally::TallyKey;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use std::collections::BTreeMap;

pub(crate) const VAULT_SECRET: u8 = 1;
pub(crate) const TENANT_SECRET: u8 = 2;
pub(crate) const TENANT_KEY: u8 = 3;

/// Keys that are derived from the vault secret.
pub(crate) struct VaultKeys {
    pub(crate) vault: [u8; 16],
    pub(crate) audit: Secret,
    pub(crate) log: LogKeys,
    pub(crate) backup: Secret,
    pub(crate) platform: Secret,
    pub(crate) tally: TallyKey,
    pub(crate) signing: Ed25519KeyPair,
    names: Secret,
    labels: Secret,
}

/// Keys of one tenant.
#[derive(Clone)]
pub(crate) struct TenantKeys {
    pub(crate) number: u32,
    pub(crate) id: [u8; 16],
    pub(crate) name: Name,
    pub(crate) version: u32,
    pub(crate) audit: Secret,
    pub(crate) attempts: Secret,
    index: Secret,
    labels: Secret,
    versions: BTreeMap<u32, Secret>,
}

pub(crate) fn root_context(vault: &[u8; 16], kind: u8, tenant: u32, version: u32) -> Vec<u8> {
    [
        b"countenance root wrap v1",
        &vault[..],
        &[kind],
        &tenant.to_le_bytes(),
        &version.to_le_bytes(),
    ]
    .concat()
}

/// Wraps a key with the root key.
pub(crate) fn wrap_with_root(
    source: &dyn KeySource,
    random: &dyn Random,
    vault: &[u8; 16],
    (kind, tenant, version): (u8, u32, u32),
    key: &Secret,
) -> Result<RootWrappedRow, VaultError> {
    let wrapped = source.wrap(random, &root_context(vault, kind, tenant, version), key)?;
    Ok(RootWrappedRow {
        kind,
        tenant,
        version,
        root_id: source.root_id(),
        wrapped,
    })
}

/// Opens a key wrapped with the root key.
pub(crate) fn unwrap_with_root(
    source: &dyn KeySource,
    vault: &[u8; 16],
    row: &RootWrappedRow,
) -> Result<Secret, KeyError> {
    if row.root_id != source.root_id() {
        return Err(KeyError::Wrong {
            expected: crate::ident::hex(&row.root_id),
            got: crate::ident::hex(&source.root_id()),
        });
    }
    let context = root_context(vault, row.kind, row.tenant, row.version);
    source.unwrap_key(&context, &row.wrapped)
}

impl VaultKeys {
    pub(crate) fn derive(vault: [u8; 16], secret: &Secret) -> Result<Self, VaultError> {
        let seed = labelled(secret, "signing");
        let signing = Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(|_| {
            VaultError::Corrupt {
                what: "signing key",
            }
        })?;
        let audit = labelled(secret, "audit");
        Ok(Self {
            vault,
            log: LogKeys::of(&audit),
            audit,
            backup: labelled(secret, "backup"),
            platform: labelled(secret, "platform"),
            tally: TallyKey::of(secret),
            signing,
            names: labelled(secret, "names"),
            labels: labelled(secret, "tenant labels"),
        })
    }

    /// The vault's keys out of the keyring.
    pub(crate) fn open(source: &dyn KeySource, head: &KeyringHead) -> Result<Self, VaultError> {
        let row = head
            .root_wrapped
            .iter()
            .find(|row| row.kind == VAULT_SECRET)
            .ok_or(VaultError::Corrupt { what: "keyring" })?;
        let keys = Self::derive(head.vault, &unwrap_with_root(source, &head.vault, row)?)?;
        if keys.public_key() != head.public_key {
            return Err(VaultError::Corrupt { what: "public key" });
        }
        Ok(keys)
    }

    pub(crate) fn public_key(&self) -> [u8; 32] {
        let mut out = [0; 32];
        let key = self.signing.public_key().as_ref();
        if key.len() == 32 {
            out.copy_from_slice(key);
        }
        out
    }

    pub(crate) fn tenant_id(&self, name: &Name) -> [u8; 16] {
        let full = mac_with_field(&self.names, &[b"tenant"], name.as_str().as_bytes());
        seal::prefix(&full)
    }

    pub(crate) fn seal_tenant_name(
        &self,
        random: &dyn Random,
        name: &Name,
    ) -> Result<Vec<u8>, VaultError> {
        let aad = [b"countenance tenant v1", &self.tenant_id(name)[..]].concat();
        Ok(seal::seal(&self.labels, random, &aad, &name.padded())?)
    }

    /// The tenants of the keyring with their keys.
    pub(crate) fn open_tenants(
        &self,
        source: &dyn KeySource,
        head: &KeyringHead,
    ) -> Result<BTreeMap<u32, TenantKeys>, VaultError> {
        let mut tenants = BTreeMap::new();
        for row in &head.tenants {
            tenants.insert(row.number, self.open_tenant(source, head, row)?);
        }
        Ok(tenants)
    }

    fn open_tenant(
        &self,
        source: &dyn KeySource,
        head: &KeyringHead,
        row: &TenantRow,
    ) -> Result<TenantKeys, VaultError> {
        let damaged = || VaultError::Corrupt { what: "tenant" };
        let aad = [b"countenance tenant v1", &row.id[..]].concat();
        let name = seal::open(&self.labels, &aad, &row.sealed_name)
            .ok()
            .and_then(|padded| Name::from_padded(&padded))
            .filter(|name| self.tenant_id(name) == row.id)
            .ok_or_else(damaged)?;
        let mut secret = None;
        let mut versions = BTreeMap::new();
        for wrapped in head
            .root_wrapped
            .iter()
            .filter(|wrapped| wrapped.tenant == row.number)
        {
            let key = unwrap_with_root(source, &self.vault, wrapped)?;
            match wrapped.kind {
                TENANT_SECRET => secret = Some(key),
                TENANT_KEY => drop(versions.insert(wrapped.version, key)),
                _ => return Err(damaged()),
            }
        }
        let secret = secret.ok_or_else(damaged)?;
        if !versions.contains_key(&row.version) {
            return Err(damaged());
        }
        Ok(TenantKeys::derive(
            row.number,
            row.id,
            name,
            &secret,
            versions,
            row.version,
        ))
    }
}

impl TenantKeys {
    pub(crate) fn derive(
        number: u32,
        id: [u8; 16],
        name: Name,
        secret: &Secret,
        versions: BTreeMap<u32, Secret>,
        version: u32,
    ) -> Self {
        Self {
            number,
            id,
            name,
            version,
            audit: labelled(secret, "audit"),
            attempts: labelled(secret, "attempts"),
            index: labelled(secret, "index"),
            labels: labelled(secret, "collection labels"),
            versions,
        }
    }

    pub(crate) fn collection_id(&self, name: &Name) -> [u8; 16] {
        seal::prefix(&mac_with_field(
            &self.index,
            &[b"collection"],
            name.as_str().as_bytes(),
        ))
    }

    pub(crate) fn seal_collection_name(
        &self,
        random: &dyn Random,
        name: &Name,
    ) -> Result<Vec<u8>, VaultError> {
        let aad = [b"countenance collection v1", &self.collection_id(name)[..]].concat();
        Ok(seal::seal(&self.labels, random, &aad, &name.padded())?)
    }

    pub(crate) fn collection_name(&self, row: &CollectionRow) -> Result<Name, VaultError> {
        let aad = [b"countenance collection v1", &row.id[..]].concat();
        seal::open(&self.labels, &aad, &row.sealed_name)
            .ok()
            .and_then(|padded| Name::from_padded(&padded))
            .filter(|name| self.collection_id(name) == row.id)
            .ok_or(VaultError::Corrupt { what: "collection" })
    }

    pub(crate) fn pseudonym(&self, collection: &[u8; 16], id: &ExternalId) -> [u8; 32] {
        mac_with_field(
            &self.index,
            &[b"subject", collection],
            id.as_str().as_bytes(),
        )
    }

    /// Where the settings of a collection stand, among the attempt counters.
    pub(crate) fn settings_slot(&self, collection: &[u8; 16]) -> [u8; 32] {
        seal::mac(&self.index, &[b"settings", collection])
    }

    /// Where a payment of this id in a collection stands.
    pub(crate) fn payment_slot(&self, collection: &[u8; 16], id: &[u8; 16]) -> [u8; 32] {
        seal::mac(&self.index, &[b"payment", collection, id])
    }

    /// Where a device key of this id stands, among the payments.
    pub(crate) fn device_slot(&self, id: &[u8; 16]) -> [u8; 32] {
        seal::mac(&self.index, &[b"device key", id])
    }

    /// The bucket that counts attempts on an unknown id.
    pub(crate) fn bucket(&self, collection: &[u8; 16], pseudonym: &[u8; 32]) -> [u8; 32] {
        seal::mac(&self.index, &[b"bucket", collection, &pseudonym[..2]])
    }

    fn subject_context(&self, vault: &[u8; 16], version: u32, key_id: &[u8; 16]) -> Vec<u8> {
        [
            b"countenance subject wrap v1",
            &vault[..],
            &self.number.to_le_bytes(),
            &version.to_le_bytes(),
            key_id,
        ]
        .concat()
    }

    /// A server part wrapped with the current version of the tenant's key.
    pub(crate) fn wrap(
        &self,
        random: &dyn Random,
        vault: &[u8; 16],
        number: u64,
        key_id: [u8; 16],
        server_part: &Secret,
    ) -> Result<KeyRow, VaultError> {
        let version = self.version;
        let key = self
            .versions
            .get(&version)
            .ok_or(VaultError::Corrupt { what: "tenant key" })?;
        let context = self.subject_context(vault, version, &key_id);
        let wrapped = seal::seal(key, random, &context, server_part.expose())?;
        Ok(KeyRow {
            number,
            tenant: self.number,
            version,
            key_id,
            wrapped,
        })
    }

    /// The server part in a row; `None` when this process does not know the version yet.
    pub(crate) fn unwrap_part(
        &self,
        vault: &[u8; 16],
        row: &KeyRow,
    ) -> Result<Option<Secret>, VaultError> {
        let damaged = VaultError::Corrupt {
            what: "wrapped server part",
        };
        if row.tenant != self.number {
            return Err(damaged);
        }
        let Some(key) = self.versions.get(&row.version) else {
            return Ok(None);
        };
        let context = self.subject_context(vault, row.version, &row.key_id);
        seal::open(key, &context, &row.wrapped)
            .ok()
            .and_then(|part| Secret::from_slice(&part).ok())
            .map(Some)
            .ok_or(damaged)
    }
}
