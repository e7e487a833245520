//! Ending consents: by the subject, or by time.

use super::{Subject, Vault};
use crate::consent::{ConsentState, LedgerPart, Purpose};
use crate::error::VaultError;
use crate::event::{Event, EventKind};
use crate::ident::Timestamp;
use crate::store::{Change, Conflict, Contents, Edit, Require, StoreError};

impl Vault {
    /// Withdraws every standing consent for a purpose, or for all purposes. Needs no holder
    /// part. Records go with the last consent. Returns how many entries were withdrawn; by then
    /// the keyring has a checkpoint that an older database does not reach.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when the subject is gone; others when the store fails.
    pub fn withdraw(
        &self,
        subject: &Subject,
        purpose: Option<Purpose>,
        now: Timestamp,
    ) -> Result<usize, VaultError> {
        self.tick(now)?;
        let chosen =
            |part: &LedgerPart| part.stands(now) && purpose.is_none_or(|one| one == part.purpose);
        let ended = self.end_consents(subject, chosen, ConsentState::Withdrawn, now)?;
        if ended > 0 {
            // The keyring remembers how far the log had come, so that a database of before the
            // withdrawal is not taken for this one.
            self.checkpoint(now)?;
        }
        Ok(ended)
    }

    /// Ends the chosen entries; tries again when something else changes the subject meanwhile,
    /// because a withdrawal must win.
    pub(super) fn end_consents(
        &self,
        subject: &Subject,
        chosen: impl Fn(&LedgerPart) -> bool,
        state: ConsentState,
        now: Timestamp,
    ) -> Result<usize, VaultError> {
        let ledger = subject.ledger_key();
        let kind = match state {
            ConsentState::Expired => EventKind::ConsentExpired,
            _ => EventKind::ConsentWithdrawn,
        };
        for _ in 0..32 {
            let row = self.current(subject)?;
            let rows = self.store.dossier(row.number, Contents::Consents)?.consents;
            let mut parts = self.parts(subject, &ledger, &rows)?;
            let mut change = Change {
                requires: vec![Require::Generation {
                    subject: row.number,
                    is: row.generation,
                }],
                ..Change::default()
            };
            for (mut entry, (number, part)) in rows.into_iter().zip(&mut parts) {
                if !chosen(part) {
                    continue;
                }
                part.state = state;
                entry.ledger = self.seal_part(&ledger, subject, *number, *part)?;
                change.edits.push(Edit::Put(entry.into()));
                let event = Event {
                    purpose: Some(part.purpose),
                    number: *number,
                    ..Event::new(kind, now)
                };
                let event = self.event_of(subject, &subject.event_key(), event)?;
                change.events.push(event);
            }
            let ended = change.events.len();
            if ended == 0 {
                return Ok(0);
            }
            if !parts.iter().any(|(_, part)| part.stands(now)) {
                change.edits.push(Edit::RemoveRecords(row.number));
            }
            // A job that ends a consent is no use of the subject.
            let used_day = match state {
                ConsentState::Expired => row.used_day,
                _ => now.day(),
            };
            let days = self.set_days(row.number, row.generation + 1, &parts, used_day, now);
            change.edits.push(days);
            match self.store.commit(change) {
                Ok(_) => return Ok(ended),
                Err(StoreError::Conflict(Conflict::Generation)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict(Conflict::Generation).into())
    }
}
