//! The audit log: sealing what goes into it, and reading all of it, the tree anew from its leaves and a
//! row for every leaf.

use super::{Subject, Vault};
use crate::error::{LogFault, VaultError};
use crate::event::{self, Event, EventKind, SealedEvent};
use crate::ident::Timestamp;
use crate::merkle::{self, Hash, TILE, Tiles};
use crate::secret::Secret;
use crate::signed::Checkpoint;
use crate::store::{Change, EventRow, LogPage};
use std::collections::BTreeMap;

/// Tiles read at once.
const TILES: u32 = 64;

fn damaged() -> VaultError {
    VaultError::Corrupt { what: "audit tree" }
}

/// The leaf hashes of a tile that should have `expected`; later ones may have joined them.
fn leaves(tile: &[u8], expected: usize) -> Result<Vec<Hash>, VaultError> {
    let bytes = tile.get(..expected * 32).ok_or_else(damaged)?;
    Ok(bytes
        .chunks_exact(32)
        .map(|hash| {
            let mut out = [0; 32];
            out.copy_from_slice(hash);
            out
        })
        .collect())
}

impl Vault {
    /// An event about no subject.
    pub(super) fn own_event(
        &self,
        kind: EventKind,
        detail: u64,
        now: Timestamp,
    ) -> Result<SealedEvent, VaultError> {
        let event = Event {
            detail,
            ..Event::new(kind, now)
        };
        self.nobodys_event(&self.keys.audit, event)
    }

    /// An event about no subject that is there, with a key of the vault or a tenant.
    pub(super) fn nobodys_event(
        &self,
        key: &Secret,
        event: Event,
    ) -> Result<SealedEvent, VaultError> {
        event::seal_event((key, &self.keys.log), &*self.random, &[0; 16], 0, event)
    }

    /// An event about a subject, sealed with one of its keys.
    pub(super) fn event_of(
        &self,
        subject: &Subject,
        key: &Secret,
        event: Event,
    ) -> Result<SealedEvent, VaultError> {
        let row = &subject.row;
        let keys = (key, &self.keys.log);
        event::seal_event(keys, &*self.random, &row.key_id, row.number, event)
    }

    pub(super) fn append_own(
        &self,
        kind: EventKind,
        detail: u64,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        let events = vec![self.own_event(kind, detail, now)?];
        let committed = self.commit(Change {
            events,
            ..Change::default()
        })?;
        Ok(committed.first_leaf)
    }

    /// Computes the whole tree anew from its leaves and compares every inner tile, and the root
    /// at the size of the newest checkpoint; and checks that every leaf has the row it was made
    /// of, or the tombstone of an erased subject's. Returns the number of leaves.
    ///
    /// What is appended meanwhile is not looked at and does no harm: leaves are only added, and a
    /// row only becomes a tombstone.
    ///
    /// # Errors
    /// [`VaultError::Log`] when a row is missing, altered or too many; [`VaultError::Corrupt`] when
    /// the tree differs; [`StoreError::Tally`](crate::store::StoreError::Tally) when the deletion ledger does; others when the store fails.
    pub fn audit_verify(&self) -> Result<u64, VaultError> {
        let size = self.audit_size()?;
        let mut fresh = Fresh::default();
        for first in (0..size.div_ceil(TILE)).step_by(TILES as usize) {
            let page = self.store.log(first, TILES)?;
            for (index, hashes) in Self::tiles_of(&page, first, size)? {
                self.extend(&mut fresh, index, &hashes)?;
            }
            self.check_rows(&page, first, size)?;
        }
        for ((level, index), hashes) in &fresh.0 {
            if !self.store.tile(*level, *index)?.starts_with(hashes) {
                return Err(damaged());
            }
        }
        self.check_no_more()?;
        self.check_ledger()?;
        if let Some(bytes) = self.store.keyring()?.checkpoint {
            let seen = Checkpoint::verify(&bytes, &self.public_key()).map_err(|_| damaged())?;
            self.check_not_older(&seen)?;
        }
        Ok(size)
    }

    /// The events of a subject from leaf `from` up to, and without, leaf `size`, in a log whose
    /// every row from there on is checked: one that was taken away leaves a gap behind.
    pub(super) fn events_of(
        &self,
        subject: u64,
        size: u64,
    ) -> Result<Vec<(EventRow, [u8; 33])>, VaultError> {
        let mut found = Vec::new();
        // Nothing about a subject stands before it was added. The event of that is older than any
        // other: if it is gone, the first that is left does not say that the subject was added.
        let Some(oldest) = self.store.events(subject, 0, 1)?.pop() else {
            return Ok(found);
        };
        let tile = oldest.sequence / TILE;
        for first in (tile..size.div_ceil(TILE)).step_by(TILES as usize) {
            let page = self.store.log(first, TILES)?;
            self.check_rows(&page, first, size)?;
            for row in page.events {
                if row.subject == subject && row.sequence < size {
                    let leaf = self.keys.log.leaf(row.subject, &row.sealed);
                    found.push((row, leaf));
                }
            }
        }
        Ok(found)
    }

    fn tiles_of(
        page: &LogPage,
        first: u64,
        size: u64,
    ) -> Result<Vec<(u64, Vec<Hash>)>, VaultError> {
        (first..)
            .zip(&page.tiles)
            .take_while(|(index, _)| index * TILE < size)
            .map(|(index, tile)| {
                let expected = (size - index * TILE).min(TILE) as usize;
                Ok((index, leaves(tile, expected)?))
            })
            .collect()
    }

    /// Appends the leaves of a tile to the tree that is computed, and compares what is full.
    fn extend(&self, fresh: &mut Fresh, index: u64, hashes: &[Hash]) -> Result<(), VaultError> {
        let leaves = hashes.iter().copied();
        let touched = merkle::append(fresh, index * TILE, leaves).map_err(|_| damaged())?;
        for ((level, index), hashes) in touched {
            let full = hashes.len() as u64 == TILE * 32;
            if level > 0 && full && self.store.tile(level, index)? != hashes {
                return Err(damaged());
            }
            fresh.0.insert((level, index), hashes);
        }
        // Only the last tile of each level is still needed.
        fresh
            .0
            .retain(|&(level, at), _| level > 0 && at >= (index >> (5 * level)));
        Ok(())
    }

    /// Holds the rows of a page against its leaves, as far as the tree has `size` of them.
    pub(super) fn check_rows(
        &self,
        page: &LogPage,
        first: u64,
        size: u64,
    ) -> Result<(), VaultError> {
        self.checked_rows(page, first, size).map(drop)
    }

    /// The rows of a page, each with the hash of its leaf, against which it was held.
    pub(super) fn checked_rows<'a>(
        &self,
        page: &'a LogPage,
        first: u64,
        size: u64,
    ) -> Result<Vec<(&'a EventRow, Hash)>, VaultError> {
        let mut rows = page.events.iter();
        let mut checked = Vec::with_capacity(page.events.len());
        for (index, hashes) in Self::tiles_of(page, first, size)? {
            for (leaf, hash) in (index * TILE..).zip(&hashes) {
                let Some(row) = rows.next().filter(|row| row.sequence == leaf) else {
                    return Err(LogFault::Missing { leaf }.into());
                };
                if !self.keys.log.stands_for(row, hash) {
                    return Err(LogFault::Altered { leaf }.into());
                }
                checked.push((row, *hash));
            }
        }
        Ok(checked)
    }

    /// No row stands beyond the end of the tree.
    fn check_no_more(&self) -> Result<(), VaultError> {
        // As of one moment: in the tile that the tree ends in, and the next.
        let size = self.audit_size()?;
        let page = self.store.log(size / TILE, 2)?;
        match page.events.last() {
            Some(row) if row.sequence >= page.size => {
                Err(LogFault::Surplus { leaf: row.sequence }.into())
            }
            _ => Ok(()),
        }
    }
}

#[derive(Default)]
struct Fresh(BTreeMap<(u8, u64), Vec<u8>>);

impl Tiles for Fresh {
    type Error = std::convert::Infallible;

    fn tile(&mut self, level: u8, index: u64) -> Result<Vec<u8>, Self::Error> {
        Ok(self.0.get(&(level, index)).cloned().unwrap_or_default())
    }
}
