//! Ending consents: by the subject, or by time.

use super::{Subject, Vault, device_keys};
use crate::consent::{ConsentState, LedgerPart, Purpose, withdrawal_mark};
use crate::error::VaultError;
use crate::event::{Event, EventKind, THEMSELVES};
use crate::ident::Timestamp;
use crate::store::{
    Change, Conflict, ConsentRow, Contents, Edit, KeyChange, Require, Row, StoreError,
    WithdrawalRow,
};
use std::collections::BTreeSet;

/// Why consents end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Their time is over.
    Expired,
    /// The operator says that the subject says so.
    Withdrawn,
    /// The subject says so, having shown that it is they.
    WithdrawnThemselves,
    /// The subject said so after the backup was made that is being restored.
    WithdrawnSince,
}

impl Vault {
    /// Withdraws every standing consent for a purpose, or for all purposes. Needs no holder
    /// part. Records go with the last consent. Returns how many entries were withdrawn; by then
    /// the keyring has a checkpoint that an older database does not reach, and the deletion ledger
    /// an entry by which a restored backup ends the consent again.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when the subject is gone; others when the store fails.
    pub fn withdraw(
        &self,
        subject: &Subject,
        purpose: Option<Purpose>,
        now: Timestamp,
    ) -> Result<usize, VaultError> {
        self.withdraw_as(subject, purpose, Ending::Withdrawn, now)
    }

    /// The same where it was the subject who did it, having shown that it is they: the audit log says so.
    ///
    /// # Errors
    /// As [`Vault::withdraw`].
    pub fn withdraw_themselves(
        &self,
        subject: &Subject,
        purpose: Option<Purpose>,
        now: Timestamp,
    ) -> Result<usize, VaultError> {
        self.withdraw_as(subject, purpose, Ending::WithdrawnThemselves, now)
    }

    fn withdraw_as(
        &self,
        subject: &Subject,
        purpose: Option<Purpose>,
        ending: Ending,
        now: Timestamp,
    ) -> Result<usize, VaultError> {
        self.tick(now)?;
        let asked = |part: &LedgerPart| purpose.is_none_or(|one| one == part.purpose);
        let chosen = |_: &ConsentRow, part: &LedgerPart| part.stands(now) && asked(part);
        let ended = self.end_consents(subject, chosen, ending, now)?;
        // What was withdrawn before is entered again: a crash may have come between.
        let rows = self.store.dossier(subject.row.number, Contents::Consents)?;
        let ledger = subject.ledger_key();
        let parts = self.parts(subject, &ledger, &rows.consents)?;
        let withdrawn = rows.consents.iter().zip(&parts);
        let marks = withdrawn
            .filter(|(_, (_, part))| part.state == ConsentState::Withdrawn && asked(part))
            .map(|(row, _)| withdrawal_mark(&ledger, row));
        let mut put: Vec<Row> = marks
            .map(|mark| {
                WithdrawalRow {
                    mark,
                    day: now.day(),
                }
                .into()
            })
            .collect();
        if put.is_empty() {
            return Ok(ended);
        }
        // The keyring remembers how far the log had come, so that a database of before the
        // withdrawal is not taken for this one.
        let (_, row) = self.signed_checkpoint(now)?;
        put.push(row.into());
        self.commit_keys(KeyChange {
            put,
            ..KeyChange::default()
        })?;
        Ok(ended)
    }

    /// Ends the chosen entries; tries again when something else changes the subject meanwhile,
    /// because a withdrawal must win.
    pub(super) fn end_consents(
        &self,
        subject: &Subject,
        chosen: impl Fn(&ConsentRow, &LedgerPart) -> bool,
        ending: Ending,
        now: Timestamp,
    ) -> Result<usize, VaultError> {
        let ledger = subject.ledger_key();
        let (kind, state) = match ending {
            Ending::Expired => (EventKind::ConsentExpired, ConsentState::Expired),
            _ => (EventKind::ConsentWithdrawn, ConsentState::Withdrawn),
        };
        for _ in 0..32 {
            let row = self.current(subject)?;
            let rows = self.store.dossier(row.number, Contents::Consents)?.consents;
            // A restore brings the marks before the rows: these are what is to be ended.
            let mut parts = match ending {
                Ending::WithdrawnSince => self.stored_parts(subject, &ledger, &rows)?,
                _ => self.parts(subject, &ledger, &rows)?,
            };
            let mut change = Change {
                requires: vec![Require::Generation {
                    subject: row.number,
                    is: row.generation,
                }],
                ..Change::default()
            };
            for (mut entry, (number, part)) in rows.into_iter().zip(&mut parts) {
                if !chosen(&entry, part) {
                    continue;
                }
                part.state = state;
                entry.ledger = self.seal_part(&ledger, subject, *number, *part)?;
                change.edits.push(Edit::Put(entry.into()));
                let event = Event {
                    purpose: Some(part.purpose),
                    number: *number,
                    detail: match ending {
                        Ending::WithdrawnThemselves => THEMSELVES,
                        _ => 0,
                    },
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
            let pays = |part: &LedgerPart| part.purpose == Purpose::Payment && part.stands(now);
            if !parts.iter().any(|(_, part)| pays(part)) {
                change.edits.push(device_keys::remove_all(row.number));
            }
            // What ends a consent by itself is no use of the subject.
            let used_day = match ending {
                Ending::Withdrawn | Ending::WithdrawnThemselves => now.day(),
                _ => row.used_day,
            };
            change.edits.push(Edit::Touch {
                subject: row.number,
                generation: row.generation + 1,
                used_day,
            });
            match self.commit(change) {
                Ok(_) => return Ok(ended),
                Err(StoreError::Conflict(Conflict::Generation)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict(Conflict::Generation).into())
    }

    /// Ends the consents that were withdrawn after the backup was made they come from. Returns how
    /// many there were.
    pub(super) fn end_withdrawn(
        &self,
        marks: &BTreeSet<[u8; 16]>,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        let (mut ended, mut after) = (0, 0);
        while !marks.is_empty() {
            let rows = self.store.subjects(None, after, 1000)?;
            let Some(last) = rows.last() else { break };
            after = last.number;
            for row in rows {
                let Some(subject) = self.load(row)? else {
                    continue;
                };
                let ledger = subject.ledger_key();
                let chosen = |row: &ConsentRow, part: &LedgerPart| {
                    part.state != ConsentState::Withdrawn
                        && marks.contains(&withdrawal_mark(&ledger, row))
                };
                ended += self.end_consents(&subject, chosen, Ending::WithdrawnSince, now)? as u64;
            }
        }
        Ok(ended)
    }
}
