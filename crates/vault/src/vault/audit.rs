//! The audit tree seen from outside: checkpoints, proofs, and checking the whole of it.

use super::Vault;
use crate::error::VaultError;
use crate::ident::Timestamp;
use crate::merkle::{Hash, ReadError, TILE, Tiles, Tree};
use crate::signed::Checkpoint;
use crate::store::{CheckpointRow, KeyChange, Store, StoreError};
use std::sync::atomic::Ordering;

/// That a leaf is in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// Index of the leaf.
    pub leaf: u64,
    /// Hash of the leaf.
    pub leaf_hash: Hash,
    /// Leaves of the tree.
    pub size: u64,
    /// Root of the tree.
    pub root: Hash,
    /// The path, from the leaf up; check it with [`verify_inclusion`](crate::verify_inclusion).
    pub path: Vec<Hash>,
}

pub(super) struct Stored<'a>(pub(super) &'a dyn Store);

impl Tiles for Stored<'_> {
    type Error = StoreError;

    fn tile(&mut self, level: u8, index: u64) -> Result<Vec<u8>, StoreError> {
        self.0.tile(level, index)
    }
}

fn read(error: ReadError<StoreError>) -> VaultError {
    match error {
        ReadError::Short => VaultError::Corrupt { what: "audit tree" },
        ReadError::Tiles(error) => error.into(),
    }
}

fn outside(at: u64, size: u64) -> VaultError {
    VaultError::Limit {
        what: "place in the audit tree",
        got: at,
        max: size,
    }
}

impl Vault {
    pub(super) fn root_at(&self, size: u64) -> Result<Hash, VaultError> {
        Tree::new(&mut Stored(&*self.store))
            .root(size)
            .map_err(read)
    }

    /// Leaves of the audit tree now.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails.
    pub fn audit_size(&self) -> Result<u64, VaultError> {
        Ok(self.store.data()?.size)
    }

    /// Signs the tree as it stands. The keyring keeps the newest, so that an older data folder
    /// is noticed when the vault is opened.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails or the tree is damaged.
    pub fn checkpoint(&self, now: Timestamp) -> Result<Checkpoint, VaultError> {
        let (checkpoint, row) = self.signed_checkpoint(now)?;
        self.commit_keys(KeyChange {
            put: vec![row.into()],
            ..KeyChange::default()
        })?;
        Ok(checkpoint)
    }

    /// A checkpoint, and the row by which the keyring keeps it.
    pub(super) fn signed_checkpoint(
        &self,
        now: Timestamp,
    ) -> Result<(Checkpoint, CheckpointRow), VaultError> {
        self.tick(now)?;
        let size = self.audit_size()?;
        let root = self.root_at(size)?;
        let checkpoint = Checkpoint::sign(&self.keys.signing, self.keys.vault, size, root, now);
        let row = CheckpointRow {
            bytes: checkpoint.bytes().to_vec(),
        };
        self.anchored.fetch_max(size, Ordering::SeqCst);
        Ok((checkpoint, row))
    }

    pub(super) fn check_not_older(&self, seen: &Checkpoint) -> Result<(), VaultError> {
        let got = self.audit_size()?;
        if got < seen.size {
            return Err(VaultError::OlderThanKeyring {
                expected: seen.size,
                got,
            });
        }
        if self.root_at(seen.size)? == seen.root {
            Ok(())
        } else {
            Err(VaultError::Corrupt { what: "audit tree" })
        }
    }

    /// Proves that leaf `leaf` is in the tree of `size` leaves.
    ///
    /// # Errors
    /// [`VaultError::Limit`] when `size` is 0 or beyond the tree; [`VaultError::NoLeaf`] when the leaf is beyond `size`;
    /// others when the store fails or the tree is damaged.
    pub fn prove_inclusion(&self, leaf: u64, size: u64) -> Result<Inclusion, VaultError> {
        let now = self.audit_size()?;
        if size == 0 || size > now {
            return Err(outside(size, now));
        }
        if leaf >= size {
            return Err(VaultError::NoLeaf { leaf, size });
        }
        let mut tiles = Stored(&*self.store);
        let mut tree = Tree::new(&mut tiles);
        let path = tree.inclusion(leaf, size).map_err(read)?;
        let root = tree.root(size).map_err(read)?;
        Ok(Inclusion {
            leaf,
            leaf_hash: self.leaf_hash_at(leaf)?,
            size,
            root,
            path,
        })
    }

    pub(super) fn leaf_hash_at(&self, leaf: u64) -> Result<Hash, VaultError> {
        let tile = self.store.tile(0, leaf / TILE)?;
        tile.get((leaf % TILE) as usize * 32..)
            .and_then(<[u8]>::first_chunk)
            .copied()
            .ok_or(VaultError::Corrupt { what: "audit tree" })
    }

    /// Proves that the tree of `older` leaves is the beginning of the tree of `newer` leaves;
    /// check it with [`verify_consistency`](crate::verify_consistency).
    ///
    /// # Errors
    /// [`VaultError::Limit`] when the sizes lie outside the tree; others when the store fails or
    /// the tree is damaged.
    pub fn prove_consistency(&self, older: u64, newer: u64) -> Result<Vec<Hash>, VaultError> {
        let now = self.audit_size()?;
        if newer > now {
            return Err(outside(newer, now));
        }
        if older > newer {
            return Err(outside(older, newer));
        }
        Tree::new(&mut Stored(&*self.store))
            .consistency(older, newer)
            .map_err(read)
    }

    /// The root hash of the tree of the first `size` leaves.
    ///
    /// # Errors
    /// [`VaultError::Limit`] when the tree is smaller; others when the store fails.
    pub fn root_of(&self, size: u64) -> Result<Hash, VaultError> {
        let now = self.audit_size()?;
        if size > now {
            Err(outside(size, now))
        } else {
            self.root_at(size)
        }
    }
}
