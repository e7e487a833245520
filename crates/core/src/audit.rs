//! Use case: show that the audit log was not rewritten.

use crate::Registry;
use countenance_vault::{Checkpoint, Hash, Inclusion, LogEntries, Unpaired, VaultError};

/// An audit log that was computed anew and found whole.
#[derive(Clone, Debug)]
pub struct AuditReport {
    /// Leaves of the tree.
    pub size: u64,
    /// The tree as it stands, signed.
    pub checkpoint: Checkpoint,
    /// Keys and subjects that do not belong together.
    pub unpaired: Unpaired,
}

/// That an older tree is the beginning of a newer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consistency {
    /// Leaves of the older tree.
    pub older: u64,
    /// Its root hash.
    pub older_root: Hash,
    /// Leaves of the newer tree.
    pub newer: u64,
    /// Its root hash.
    pub newer_root: Hash,
    /// The proof; check it with [`verify_consistency`](countenance_vault::verify_consistency).
    pub path: Vec<Hash>,
}

impl Registry {
    /// Computes the whole audit tree anew, compares it with what is stored and with the newest
    /// checkpoint, signs it as it stands, and holds the keyring against the subjects.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`] when something differs; others when the store fails.
    pub fn audit(&self) -> Result<AuditReport, VaultError> {
        let size = self.vault().audit_verify()?;
        let checkpoint = self.vault().checkpoint(self.now())?;
        let unpaired = self.vault().unpaired()?;
        Ok(AuditReport {
            size,
            checkpoint,
            unpaired,
        })
    }

    /// Up to `limit` entries of the audit log from leaf `from` on: what happened, and not to whom.
    ///
    /// # Errors
    /// [`VaultError::Limit`] when too many are asked for; [`VaultError::Log`] when a row is missing or altered;
    /// others when the store fails.
    pub fn log_entries(&self, from: u64, limit: u32) -> Result<LogEntries, VaultError> {
        self.vault().log_entries(from, limit)
    }

    /// Proves that an event is in the log.
    ///
    /// # Errors
    /// [`VaultError::Limit`] when the leaf or size lies outside the tree; others when the store
    /// fails.
    pub fn prove_inclusion(&self, leaf: u64, size: Option<u64>) -> Result<Inclusion, VaultError> {
        let vault = self.vault();
        let size = size.map_or_else(|| vault.audit_size(), Ok)?;
        vault.prove_inclusion(leaf, size)
    }

    /// Proves that the log only grew since it had `older` leaves.
    ///
    /// # Errors
    /// [`VaultError::Limit`] when a size lies outside the tree; others when the store fails.
    pub fn prove_consistency(
        &self,
        older: u64,
        newer: Option<u64>,
    ) -> Result<Consistency, VaultError> {
        let vault = self.vault();
        let newer = newer.map_or_else(|| vault.audit_size(), Ok)?;
        Ok(Consistency {
            older,
            older_root: vault.root_of(older)?,
            newer,
            newer_root: vault.root_of(newer)?,
            path: vault.prove_consistency(older, newer)?,
        })
    }
}
