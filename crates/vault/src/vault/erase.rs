//! Erasing: the key first, then the rows, then the answer.

use super::{Doomed, Vault};
use crate::error::VaultError;
use crate::event::{Event, EventKind};
use crate::ident::{ExternalId, KeyId, Timestamp};
use crate::random;
use crate::signed::{self, EraseIntent, EraseReceipt, ReceiptFacts};
use crate::store::{
    Change, Committed, Conflict, Edit, EventRow, Half, KeyChange, Require, Row, StoreError,
};
use std::collections::BTreeMap;

/// Events that get their tombstones in one transaction.
const BURIED_AT_ONCE: u32 = 1000;

impl Vault {
    /// Erases a subject. When the receipt is there the key is gone from the keyring, and with it
    /// everything that was ever sealed with it, in backups too. Needs no holder part, and no key that
    /// opens: see [`Vault::doomed`].
    ///
    /// With the external id, the receipt can be shown to be that person's.
    ///
    /// # Errors
    /// [`VaultError::Store`] with [`NotDestroyed`](crate::store::StoreError::NotDestroyed) when
    /// the key may still be in the file; others when the store fails. After an error the erasure
    /// may be half done: do it again, or open the vault again, which finishes it.
    pub fn erase(
        &self,
        subject: impl Into<Doomed>,
        id: Option<&ExternalId>,
        now: Timestamp,
    ) -> Result<EraseReceipt, VaultError> {
        self.tick(now)?;
        let Doomed {
            tenant,
            number,
            key_id,
        } = subject.into();
        let destroyed = self.commit_keys(KeyChange {
            destroy: vec![(number, key_id, now.day())],
            ..KeyChange::default()
        })?;
        let position = *destroyed
            .positions
            .first()
            .ok_or(VaultError::Corrupt { what: "deletion" })?;
        self.check_destroyed(number, key_id)?;
        let committed = self.remove_rows(tenant, number, position, now)?;
        let root = self.root_at(committed.size)?;
        self.checkpoint(now)?;
        let salt = random::bytes(&*self.random)?;
        let facts = ReceiptFacts {
            vault: self.keys.vault,
            key_id,
            salt,
            id_digest: signed::id_digest(&salt, id.map(ExternalId::as_str)),
            time: now,
            position,
            leaf: committed.first_leaf,
            size: committed.size,
            root,
        };
        Ok(EraseReceipt::sign(&self.keys.signing, &facts))
    }

    /// Reads back that a destroyed key is gone: nothing is signed before that was seen.
    fn check_destroyed(&self, number: u64, key_id: KeyId) -> Result<(), VaultError> {
        let before = number.saturating_sub(1);
        let left = self.store.keys(before, 1)?;
        if left
            .iter()
            .any(|row| row.number == number || row.key_id == key_id.0)
        {
            return Err(StoreError::NotDestroyed.into());
        }
        Ok(())
    }

    /// A signed statement to keep while a subject is erased: should the receipt be lost in a
    /// crash, [`Vault::receipt_again`] gives another for it.
    ///
    /// # Errors
    /// [`VaultError::Random`] without random bytes.
    pub fn erase_intent(
        &self,
        subject: impl Into<Doomed>,
        id: &ExternalId,
        now: Timestamp,
    ) -> Result<EraseIntent, VaultError> {
        let salt = random::bytes(&*self.random)?;
        let (vault, key_id) = (self.keys.vault, subject.into().key_id);
        let named = (salt, id.as_str());
        Ok(EraseIntent::sign(
            &self.keys.signing,
            vault,
            key_id,
            named,
            now,
        ))
    }

    /// The receipt of an erasure that was begun with an intent, if the key it names is destroyed;
    /// `None` if it is not. That it was given goes into the audit log as an erasure of the
    /// same ledger position; the receipt is of now.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when the intent is of another vault; others when the store fails.
    pub fn receipt_again(
        &self,
        intent: &EraseIntent,
        now: Timestamp,
    ) -> Result<Option<EraseReceipt>, VaultError> {
        self.tick(now)?;
        if intent.vault != self.keys.vault {
            return Err(VaultError::Unknown {
                what: "erase intent",
            });
        }
        let mut found = None;
        self.store.snapshot(Half::Deletions, &mut |row| {
            if let Row::DeletionRow(row) = row
                && row.key_id == intent.key_id.0
            {
                found = Some(row.position);
            }
            Ok(())
        })?;
        let Some(position) = found else {
            return Ok(None);
        };
        if self.unpaired()?.put_back.iter().any(|&number| {
            let row = self.store.keys(number.saturating_sub(1), 1);
            row.is_ok_and(|rows| rows.iter().any(|row| row.key_id == intent.key_id.0))
        }) {
            return Err(StoreError::NotDestroyed.into());
        }
        let event = self.own_event(EventKind::Erased, position, now)?;
        let committed = self.commit(Change {
            events: vec![event],
            ..Change::default()
        })?;
        let root = self.root_at(committed.size)?;
        self.checkpoint(now)?;
        let facts = ReceiptFacts {
            vault: self.keys.vault,
            key_id: intent.key_id,
            salt: intent.salt,
            id_digest: intent.id_digest,
            time: now,
            position,
            leaf: committed.first_leaf,
            size: committed.size,
            root,
        };
        Ok(Some(EraseReceipt::sign(&self.keys.signing, &facts)))
    }

    /// Removes the rows of a subject whose key is gone and marks the ledger entry done. In place
    /// of its events tombstones stay, so that the log says of every leaf what became of it.
    fn remove_rows(
        &self,
        tenant: u32,
        number: u64,
        position: u64,
        now: Timestamp,
    ) -> Result<Committed, VaultError> {
        let key = self.with_tenant(tenant, |keys| Ok(keys.audit.clone()))?;
        loop {
            let rows = self.store.events(number, 0, BURIED_AT_ONCE)?;
            let bury = |row: &EventRow| Edit::Bury {
                sequence: row.sequence,
                tombstone: self.keys.log.bury(row),
            };
            let mut edits: Vec<Edit> = rows.iter().map(bury).collect();
            if rows.len() as u64 == u64::from(BURIED_AT_ONCE) {
                self.commit(Change {
                    edits,
                    ..Change::default()
                })?;
                continue;
            }
            edits.push(Edit::RemoveSubject {
                subject: number,
                position,
            });
            let event = Event {
                detail: position,
                ..Event::new(EventKind::Erased, now)
            };
            let removed = self.commit(Change {
                requires: vec![Require::NewestEvent {
                    subject: number,
                    is: rows.last().map(|row| row.sequence),
                }],
                edits,
                events: vec![self.nobodys_event(&key, event)?],
            });
            let committed = match removed {
                // Somebody who had unlocked it before was just deciding: the last one who can.
                Err(StoreError::Conflict(Conflict::Events)) => {
                    self.commit(Change {
                        edits: vec![Edit::CloseSubject(number)],
                        ..Change::default()
                    })?;
                    continue;
                }
                done => done?,
            };
            self.commit_keys(KeyChange {
                purged: vec![position],
                ..KeyChange::default()
            })?;
            return Ok(committed);
        }
    }

    /// Destroys a key that sealed nothing that is kept.
    pub(super) fn drop_unused_key(
        &self,
        number: u64,
        key_id: KeyId,
        now: Timestamp,
    ) -> Result<(), VaultError> {
        let destroy = vec![(number, key_id, now.day())];
        let done = self.commit_keys(KeyChange {
            destroy,
            ..KeyChange::default()
        })?;
        self.commit_keys(KeyChange {
            purged: done.positions,
            ..KeyChange::default()
        })?;
        Ok(())
    }

    /// Removes the rows of subjects whose key is gone but whose ledger entry is not marked done:
    /// what a crash left. Returns how many subjects there were.
    pub(super) fn finish_erasures(&self, now: Timestamp) -> Result<u64, VaultError> {
        let mut finished = 0;
        loop {
            let pending = self.store.unpurged(1000)?;
            if pending.is_empty() {
                return Ok(finished);
            }
            let mut gone: BTreeMap<[u8; 16], u64> = pending
                .iter()
                .map(|row| (row.key_id, row.position))
                .collect();
            let mut after = 0;
            loop {
                let rows = self.store.subjects(None, after, 1000)?;
                let Some(last) = rows.last() else { break };
                after = last.number;
                for row in rows {
                    let Some(position) = gone.remove(&row.key_id) else {
                        continue;
                    };
                    let tenant = self.collection_by(row.collection)?.tenant;
                    self.remove_rows(tenant, row.number, position, now)?;
                    finished += 1;
                }
            }
            // The others' rows were gone already.
            let purged = gone.into_values().collect();
            self.commit_keys(KeyChange {
                purged,
                ..KeyChange::default()
            })?;
        }
    }
}
