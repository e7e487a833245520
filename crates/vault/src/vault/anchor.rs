//! The keyring follows the log: a checkpoint every so often and at the end, so that what is cut off
//! or put back is noticed at least back to there.

use super::withdraw::Ending;
use super::{Subject, Vault};
use crate::consent::{ConsentState, LedgerPart, withdrawal_mark};
use crate::error::VaultError;
use crate::event::{self, Event, EventKind};
use crate::ident::Timestamp;
use crate::merkle::TILE;
use crate::signed::Checkpoint;
use crate::store::{
    Change, Committed, ConsentRow, Contents, EventRow, Half, KeyChange, KeysCommitted, Row,
    StoreError, WithdrawalRow,
};
use crate::tally::{Beside, Tally};
use std::sync::atomic::Ordering;

/// Events after which the keyring has a new checkpoint.
const EVERY: u64 = 256;
/// Tiles read at once.
const TILES: u32 = 64;

impl Vault {
    /// Changes the data, and lets the keyring follow when the log has grown enough.
    pub(super) fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        let done = self.noted(self.store.commit(change))?;
        let anchored = self.anchored.load(Ordering::SeqCst);
        // One of those who come by at once does it for all.
        let due = done.size >= anchored.saturating_add(EVERY)
            && self
                .anchored
                .compare_exchange(anchored, done.size, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok();
        if due {
            // What was committed stands all the same, and the next event tries again.
            let followed = self.follow();
            if followed.is_err() {
                self.anchored.store(anchored, Ordering::SeqCst);
            }
        }
        Ok(done)
    }

    /// Takes note of whether the store could write.
    fn noted<T>(&self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        let failed = matches!(done, Err(StoreError::Full | StoreError::Io { .. }));
        self.failing.store(failed, Ordering::SeqCst);
        done
    }

    fn follow(&self) -> Result<(), VaultError> {
        let latest = Timestamp::from_unix(self.latest.load(Ordering::SeqCst));
        self.checkpoint(latest).map(drop)
    }

    /// Changes the keyring, and its tally with it.
    pub(super) fn commit_keys(&self, change: KeyChange) -> Result<KeysCommitted, StoreError> {
        let tally = Some(self.keys.tally.clone());
        self.noted(self.store.commit_keys(KeyChange { tally, ..change }))
    }

    /// Adds the deletion ledger up and compares it with the tally.
    pub(super) fn check_ledger(&self) -> Result<(), VaultError> {
        // Another process may add to it between the reads.
        for _ in 0..16 {
            let head = self.store.keyring()?;
            let mut found = Tally::default();
            self.store.snapshot(Half::Deletions, &mut |row| {
                match row {
                    Row::DeletionRow(row) => found.delete(&self.keys.tally, &row),
                    Row::WithdrawalRow(row) => found.withdraw(&self.keys.tally, &row),
                    _ => {}
                }
                Ok(())
            })?;
            let beside = Beside {
                last_subject: head.last_subject,
                last_position: head.last_position,
                checkpoint: head.checkpoint.as_deref(),
            };
            let bytes = head.tally.as_deref().unwrap_or_default();
            if Tally::from_bytes(bytes, &self.keys.tally, beside) == Some(found) {
                return Ok(());
            }
            if self.store.keyring()?.tally == head.tally {
                break;
            }
        }
        Err(StoreError::Tally.into())
    }

    /// Looks at what was written since the newest checkpoint of the keyring: every leaf has its row, the
    /// ledger knows of every erasure, what was withdrawn is, and no clock stands before.
    pub(super) fn check_since(&self, seen: &Checkpoint) -> Result<(), VaultError> {
        let size = self.audit_size()?;
        let last_position = self.store.keyring()?.last_position;
        for first in (seen.size / TILE..size.div_ceil(TILE)).step_by(TILES as usize) {
            let page = self.store.log(first, TILES)?;
            self.check_rows(&page, first, size)?;
            let new = |row: &&EventRow| (seen.size..size).contains(&row.sequence);
            for row in page.events.iter().filter(new) {
                let Some(event) = self.event_at(row)? else {
                    continue;
                };
                // What another node wrote with a clock that is a little ahead is no step back.
                let time = event
                    .time
                    .unix()
                    .saturating_sub(self.settings.clock_tolerance_s);
                self.latest.fetch_max(time, Ordering::SeqCst);
                match event.kind {
                    EventKind::Erased if event.detail > last_position => {
                        return Err(VaultError::KeyringOlder {
                            what: "erasures",
                            expected: event.detail,
                            got: last_position,
                        });
                    }
                    EventKind::ConsentWithdrawn => {
                        self.withdraw_again(row.subject, event.number, event.time)?;
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// The event of a row, where the vault can read it without a holder.
    fn event_at(&self, row: &EventRow) -> Result<Option<Event>, VaultError> {
        if row.subject == 0 {
            let mut keys = vec![self.keys.audit.clone()];
            keys.extend(self.known().tenants.values().map(|one| one.audit.clone()));
            let open = |key| event::open_event(key, &[0; 16], &row.sealed);
            return Ok(keys.iter().find_map(open));
        }
        let Some(subject) = self.numbered(row.subject)? else {
            return Ok(None);
        };
        let key_id = &subject.row.key_id;
        Ok(event::open_event(&subject.event_key(), key_id, &row.sealed))
    }

    /// The subject of a number, if it is there and opens.
    fn numbered(&self, number: u64) -> Result<Option<Subject>, VaultError> {
        let before = number.saturating_sub(1);
        let row = self.store.subjects(None, before, 1)?.pop();
        let Some(row) = row.filter(|row| row.number == number) else {
            return Ok(None);
        };
        match self.load(row) {
            Err(VaultError::Corrupt { .. }) => Ok(None),
            loaded => loaded,
        }
    }

    /// Finishes a withdrawal that the log knows of: a crash came between data and keyring, or
    /// somebody put both back to before.
    fn withdraw_again(&self, number: u64, entry: u16, at: Timestamp) -> Result<(), VaultError> {
        let Some(subject) = self.numbered(number)? else {
            return Ok(());
        };
        let is_it = |row: &ConsentRow, part: &LedgerPart| {
            row.number == entry && part.state == ConsentState::Active
        };
        let ended = self.end_consents(&subject, is_it, Ending::WithdrawnSince, at);
        match ended {
            Err(VaultError::Corrupt { .. } | VaultError::Unknown { .. }) => return Ok(()),
            ended => drop(ended?),
        }
        let rows = self.store.dossier(number, Contents::Consents)?.consents;
        let ledger = subject.ledger_key();
        let Some(row) = rows.iter().find(|row| row.number == entry) else {
            return Ok(());
        };
        let (mark, day) = (withdrawal_mark(&ledger, row), at.day());
        if !self.store.withdrawn(&mark)? {
            self.commit_keys(KeyChange {
                put: vec![WithdrawalRow { mark, day }.into()],
                ..KeyChange::default()
            })?;
        }
        Ok(())
    }
}

impl Drop for Vault {
    /// Nothing can be answered any more: what does not succeed is what a crash would leave.
    fn drop(&mut self) {
        let finished = || {
            let head = self.store.keyring();
            head.is_ok_and(|head| head.origin.finished)
        };
        if self.failing.load(Ordering::SeqCst) {
            // A disk that is full is not filled further.
            return;
        }
        let anchored = self.anchored.load(Ordering::SeqCst);
        if self.audit_size().is_ok_and(|size| size > anchored) && finished() {
            let _ = self.follow();
        }
    }
}
