//! What the platform in front of the vault needs of its keys: sealed notes of its own, and key events in the log.

use super::{Unlocked, Vault};
use crate::error::VaultError;
use crate::event::EventKind;
use crate::ident::Timestamp;
use crate::random::{Random, RandomError};
use crate::seal;
use crate::secret::Secret;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Seals what a door keeps or hands out: cursors, answers that may be asked for again. All nodes of a vault
/// have the same; without the root key nothing of it opens.
pub struct Sealer {
    key: Secret,
    random: Arc<dyn Random>,
}

impl Sealer {
    /// A sealer for what is bound to these values: only whoever has all of them opens it.
    #[must_use]
    pub fn bound_to(&self, values: &[&[u8]]) -> Self {
        Self {
            key: Secret::new(&self.tag(values)),
            random: Arc::clone(&self.random),
        }
    }

    /// A keyed digest of values, each with its length, so that no two lists give the same.
    #[must_use]
    pub fn tag(&self, values: &[&[u8]]) -> [u8; 32] {
        let lengths: Vec<[u8; 8]> = values
            .iter()
            .map(|value| (value.len() as u64).to_le_bytes())
            .collect();
        let mut parts: Vec<&[u8]> = Vec::with_capacity(2 * values.len());
        for (length, value) in lengths.iter().zip(values) {
            parts.push(length);
            parts.push(value);
        }
        seal::mac(&seal::expand(&self.key, &[b"tag"]), &parts)
    }

    /// `plain`, sealed.
    ///
    /// # Errors
    /// [`RandomError`] without random bytes.
    pub fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, RandomError> {
        let key = seal::expand(&self.key, &[b"seal"]);
        seal::seal(&key, &*self.random, b"countenance platform v1", plain)
    }

    /// What was sealed, if it was sealed by this one.
    #[must_use]
    pub fn open(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let key = seal::expand(&self.key, &[b"seal"]);
        seal::open(&key, b"countenance platform v1", sealed).ok()
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(..)")
    }
}

impl Vault {
    /// What seals for a door, by what it is for.
    #[must_use]
    pub fn sealer(&self, label: &str) -> Sealer {
        Sealer {
            key: seal::expand(&self.keys.platform, &[label.as_bytes()]),
            random: Arc::clone(&self.random),
        }
    }

    /// What seals for a door under a subject's own key, bound to what it is for: erasing the subject leaves nothing
    /// that opens it, wherever a door keeps it and whoever erases.
    #[must_use]
    pub fn sealer_of(&self, subject: &Unlocked, label: &str) -> Sealer {
        Sealer {
            key: seal::expand(&subject.body, &[b"platform", label.as_bytes()]),
            random: Arc::clone(&self.random),
        }
    }

    /// Whether the key of a subject is still there; what is sealed under it opens for nobody once it is not.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn has_key_named(&self, name: &[u8; 24]) -> Result<bool, VaultError> {
        let (number, key_id) = name.split_at(8);
        let number = number
            .first_chunk()
            .map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let key = self.store.key(number)?;
        Ok(key.is_some_and(|key| key.key_id[..] == *key_id))
    }

    /// Enters into the audit log that a key of the platform was made. Returns the leaf.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails: then the key must not be given out.
    pub fn record_key_made(&self, key: u64, now: Timestamp) -> Result<u64, VaultError> {
        self.tick(now)?;
        self.append_own(EventKind::KeyMade, key, now)
    }

    /// Enters into the audit log that a key of the platform was revoked. Returns the leaf.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn record_key_revoked(&self, key: u64, now: Timestamp) -> Result<u64, VaultError> {
        self.tick(now)?;
        self.append_own(EventKind::KeyRevoked, key, now)
    }
}
