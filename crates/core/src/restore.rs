//! Use case: a vault comes back from its backups, without anybody who was erased.

use crate::decoy::Decoy;
use crate::{ComparePolicy, Registry, WallClock};
use countenance_vault::store::Store;
use countenance_vault::{KeySource, Random, Restored, Settings, Vault, VaultError};
use std::io::Read;
use std::sync::Arc;

/// What a vault is restored from.
pub struct Backups<'a> {
    /// The sealed keyring backup.
    pub keyring: &'a mut dyn Read,
    /// The identity it was sealed for, `AGE-SECRET-KEY-1...`.
    pub identity: &'a str,
    /// The data backup.
    pub data: &'a mut dyn Read,
    /// Deletion ledgers newer than the data backup.
    pub ledgers: &'a mut [&'a mut dyn Read],
}

impl Registry {
    /// Restores a vault into an empty store and opens a registry on it. Nobody whom any of the
    /// ledgers names comes back, and no consent that was withdrawn. The decoy is not counted among those who do.
    ///
    /// # Errors
    /// As [`Vault::restore`] and [`Registry::open`].
    pub fn restore(
        store: Arc<dyn Store>,
        source: Arc<dyn KeySource>,
        random: Arc<dyn Random>,
        clock: Arc<dyn WallClock>,
        (settings, policy): (Settings, ComparePolicy),
        backups: Backups<'_>,
    ) -> Result<(Self, Restored), VaultError> {
        let Backups {
            keyring,
            identity,
            data,
            ledgers,
        } = backups;
        let (vault, mut restored) = Vault::restore(
            store,
            source,
            Arc::clone(&random),
            settings,
            (keyring, identity),
            data,
            ledgers,
            clock.now(),
        )?;
        restored.subjects -= u64::from(restored.subjects > 0 && Decoy::is_in(&vault)?);
        let registry = Self::open(Arc::new(vault), random, clock, policy)?;
        Ok((registry, restored))
    }
}
