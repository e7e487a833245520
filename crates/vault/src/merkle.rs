//! The audit tree: RFC 6962 hashing, kept in tiles of 32 hashes (spec, section 7).
//!
//! A tree of any size is a few tile reads away: `32^level` leaves share one hash of a tile.

use crate::seal::sha;
use std::collections::BTreeMap;
use thiserror::Error;

/// Hashes in a full tile.
pub(crate) const TILE: u64 = 32;
const HEIGHT: u32 = 5;

/// A node of the tree.
pub type Hash = [u8; 32];

/// A proof or a tile is not what it should be.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// The proof does not lead to the root.
    #[error("proof does not lead to the root")]
    Mismatch,
    /// The position or size lies outside the tree.
    #[error("position {at} lies outside a tree of {size}")]
    Outside {
        /// The position or older size.
        at: u64,
        /// The size of the tree.
        size: u64,
    },
}

/// Hash of a leaf's bytes.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    sha(&[&[0], leaf])
}

/// Hash of an inner node.
fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha(&[&[1], left, right])
}

/// Where the hashes of a tile are found.
pub(crate) trait Tiles {
    type Error;
    /// The hashes of a tile one after another; empty when there is none.
    fn tile(&mut self, level: u8, index: u64) -> Result<Vec<u8>, Self::Error>;
}

/// Root of a complete subtree given as its leaves; a power of two of them.
fn fold(hashes: &[u8]) -> Option<Hash> {
    let mut row: Vec<Hash> = hashes
        .chunks_exact(32)
        .map(<[u8; 32]>::try_from)
        .collect::<Result<_, _>>()
        .ok()?;
    while row.len() > 1 {
        row = row
            .chunks_exact(2)
            .map(|pair| node_hash(&pair[0], &pair[1]))
            .collect();
    }
    row.first().copied()
}

/// Hashes of tiles by level and index.
pub(crate) type Touched = BTreeMap<(u8, u64), Vec<u8>>;

/// Appends leaf hashes to a tree of `size` leaves and returns the tiles that changed.
pub(crate) fn append<T: Tiles>(
    tiles: &mut T,
    size: u64,
    leaves: impl Iterator<Item = Hash>,
) -> Result<Touched, T::Error> {
    let mut touched = Touched::new();
    for (offset, leaf) in leaves.enumerate() {
        let (mut level, mut position, mut hash) = (0, size + offset as u64, leaf);
        loop {
            let key = (level, position / TILE);
            if let std::collections::btree_map::Entry::Vacant(slot) = touched.entry(key) {
                let loaded = if position % TILE == 0 {
                    Vec::new()
                } else {
                    tiles.tile(key.0, key.1)?
                };
                slot.insert(loaded);
            }
            let Some(tile) = touched.get_mut(&key) else {
                break;
            };
            // A tile may hold hashes of a rolled back append beyond this position: never more.
            tile.truncate((position % TILE) as usize * 32);
            tile.extend_from_slice(&hash);
            if position % TILE != TILE - 1 {
                break;
            }
            match fold(tile) {
                Some(root) => hash = root,
                None => break,
            }
            level += 1;
            position /= TILE;
        }
    }
    Ok(touched)
}

/// What reading a tree may fail with.
#[derive(Debug)]
pub(crate) enum ReadError<E> {
    /// A tile is missing hashes.
    Short,
    /// The tiles cannot be read.
    Tiles(E),
}

/// A tree read through its tiles.
pub(crate) struct Tree<'a, T> {
    tiles: &'a mut T,
    seen: BTreeMap<(u8, u64), Vec<u8>>,
}

impl<'a, T: Tiles> Tree<'a, T> {
    pub(crate) fn new(tiles: &'a mut T) -> Self {
        Self {
            tiles,
            seen: BTreeMap::new(),
        }
    }

    /// The hash of the complete subtree of `2^height` leaves number `index`.
    fn node(&mut self, height: u32, index: u64) -> Result<Hash, ReadError<T::Error>> {
        let level = (height / HEIGHT) as u8;
        let wide = 1u64 << (height % HEIGHT);
        let first = index * wide;
        let key = (level, first / TILE);
        if !self.seen.contains_key(&key) {
            let tile = self.tiles.tile(key.0, key.1).map_err(ReadError::Tiles)?;
            self.seen.insert(key, tile);
        }
        let from = (first % TILE) as usize * 32;
        self.seen
            .get(&key)
            .and_then(|tile| tile.get(from..from + wide as usize * 32))
            .and_then(fold)
            .ok_or(ReadError::Short)
    }

    /// MTH of the leaves `from..to` (RFC 6962, 2.1); `from` is a multiple of the largest power
    /// of two that is not above the length.
    fn range(&mut self, from: u64, to: u64) -> Result<Hash, ReadError<T::Error>> {
        let length = to - from;
        match length {
            0 => Ok(sha(&[])),
            _ if length.is_power_of_two() => {
                let height = length.trailing_zeros();
                self.node(height, from >> height)
            }
            _ => {
                let split = from + largest_power_below(length);
                let left = self.range(from, split)?;
                Ok(node_hash(&left, &self.range(split, to)?))
            }
        }
    }

    pub(crate) fn root(&mut self, size: u64) -> Result<Hash, ReadError<T::Error>> {
        self.range(0, size)
    }

    /// PATH(index, D[0:size]), RFC 6962, 2.1.1.
    pub(crate) fn inclusion(
        &mut self,
        index: u64,
        size: u64,
    ) -> Result<Vec<Hash>, ReadError<T::Error>> {
        let mut path = Vec::new();
        let (mut from, mut to) = (0, size);
        while to - from > 1 {
            let split = from + largest_power_below(to - from);
            if index < split {
                path.push(self.range(split, to)?);
                to = split;
            } else {
                path.push(self.range(from, split)?);
                from = split;
            }
        }
        path.reverse();
        Ok(path)
    }

    /// PROOF(older, D[0:newer]), RFC 6962, 2.1.2.
    pub(crate) fn consistency(
        &mut self,
        older: u64,
        newer: u64,
    ) -> Result<Vec<Hash>, ReadError<T::Error>> {
        let mut path = Vec::new();
        let (mut from, mut to, mut complete) = (0, newer, true);
        if older == 0 {
            return Ok(path);
        }
        while older != to {
            let split = from + largest_power_below(to - from);
            if older <= split {
                path.push(self.range(split, to)?);
                to = split;
            } else {
                path.push(self.range(from, split)?);
                from = split;
                complete = false;
            }
        }
        if !complete {
            path.push(self.range(from, to)?);
        }
        path.reverse();
        Ok(path)
    }
}

fn largest_power_below(length: u64) -> u64 {
    1 << (63 - (length - 1).leading_zeros())
}

/// Checks that the leaf with this hash is number `index` of the tree (RFC 9162, 2.1.3.2).
///
/// # Errors
/// [`ProofError`] when it is not shown.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    root: &Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Outside { at: index, size });
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for step in path {
        if last == 0 {
            return Err(ProofError::Mismatch);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(step, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, step);
        }
        node >>= 1;
        last >>= 1;
    }
    if last == 0 && hash == *root {
        Ok(())
    } else {
        Err(ProofError::Mismatch)
    }
}

/// Checks that the tree of `older` leaves is the beginning of the tree of `newer` leaves
/// (RFC 9162, 2.1.4.2).
///
/// # Errors
/// [`ProofError`] when it is not shown.
pub fn verify_consistency(
    older: u64,
    older_root: &Hash,
    newer: u64,
    newer_root: &Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    if older > newer {
        return Err(ProofError::Outside {
            at: older,
            size: newer,
        });
    }
    if older == 0 || older == newer {
        let same = older == 0 || older_root == newer_root;
        return if same && path.is_empty() {
            Ok(())
        } else {
            Err(ProofError::Mismatch)
        };
    }
    let mut steps = path.iter();
    let (mut node, mut last) = (older - 1, newer - 1);
    let trailing = node.trailing_ones();
    node >>= trailing;
    last >>= trailing;
    let first = if older.is_power_of_two() {
        Some(older_root)
    } else {
        steps.next()
    };
    let Some(first) = first else {
        return Err(ProofError::Mismatch);
    };
    let (mut old_hash, mut new_hash) = (*first, *first);
    for step in steps {
        if last == 0 {
            return Err(ProofError::Mismatch);
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(step, &old_hash);
            new_hash = node_hash(step, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, step);
        }
        node >>= 1;
        last >>= 1;
    }
    let shown = last == 0 && old_hash == *older_root && new_hash == *newer_root;
    if shown {
        Ok(())
    } else {
        Err(ProofError::Mismatch)
    }
}

#[cfg(test)]
#[path = "merkle_tests.rs"]
mod tests;
