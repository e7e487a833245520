//! Everything the vault holds about one subject, and nothing else.

use super::ledger::gone;
use super::{HeldDeviceKey, HeldPayment, Reference, Subject, SubjectKind, Unlocked, Vault};
use crate::consent::{ConsentEntry, ConsentState, Run};
use crate::error::{LogFault, VaultError};
use crate::event::{self, Event, EventKind, THEMSELVES};
use crate::ident::{ExternalId, KeyId, Pseudonym, Timestamp};
use crate::store::{Change, Contents, Dossier, Require};

/// An audit event about a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Index of its leaf in the tree.
    pub leaf: u64,
    /// The leaf's bytes, from which anyone can compute the leaf hash.
    pub leaf_bytes: [u8; 33],
    /// What it recorded.
    pub event: Event,
}

/// All that is held about a subject.
#[derive(Clone, Debug)]
pub struct SubjectExport {
    /// What the caller calls it.
    pub external_id: ExternalId,
    /// What stands for it in the store.
    pub pseudonym: Pseudonym,
    /// The name of its key.
    pub key_id: KeyId,
    /// Who holds its key.
    pub kind: SubjectKind,
    /// When it was added.
    pub created: Timestamp,
    /// Day of last use, counted from 1970-01-01.
    pub used_day: u32,
    /// Its consents, ended ones too.
    pub consents: Vec<ConsentEntry>,
    /// Its templates.
    pub references: Vec<Reference>,
    /// Attempts since the last success, in the newest 31 days.
    pub attempts: u32,
    /// Payments it was asked to approve, each as whoever keeps them wrote it; see [`Vault::payment`].
    pub payments: Vec<HeldPayment>,
    /// Its device keys, each as whoever keeps them wrote it.
    pub device_keys: Vec<HeldDeviceKey>,
    /// What the audit log says about it, up to this export.
    pub events: Vec<AuditEntry>,
}

impl Vault {
    /// Appends to the audit log that a subject is shown what they agreed to, having shown that it is they. Under the key that
    /// needs no holder part, so that what the log says of its attempts stays in sight (ADR 19).
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when the subject was erased meanwhile; others when the store fails: then nothing may be shown.
    pub fn record_shown_consents(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        self.tick(now)?;
        let event = Event {
            detail: THEMSELVES,
            ..Event::new(EventKind::Exported, now)
        };
        let appended = self.commit(Change {
            requires: vec![Require::Subject(subject.row.number)],
            events: vec![self.event_of(subject, &subject.event_key(), event)?],
            ..Change::default()
        });
        Ok(appended.map_err(gone)?.first_leaf)
    }

    /// Everything held about a subject. The export itself goes into the audit log first. The log is
    /// read from the subject's first event on, and every row on the way is held against its leaf: an
    /// export that says it is complete is.
    ///
    /// # Errors
    /// [`VaultError::Log`] when a row of the log is missing or altered; [`VaultError::Corrupt`] when
    /// something does not open; [`VaultError::Unknown`] when the subject was erased meanwhile; others
    /// when the store fails.
    pub fn export(&self, subject: &Unlocked, now: Timestamp) -> Result<SubjectExport, VaultError> {
        self.tick(now)?;
        let owner = &subject.subject;
        let number = owner.row.number;
        let event = Event::new(EventKind::Exported, now);
        let appended = self.commit(Change {
            requires: vec![Require::Subject(number)],
            events: vec![self.event_of(owner, &subject.body, event)?],
            ..Change::default()
        });
        let size = appended.map_err(gone)?.first_leaf + 1;
        let mut events = Vec::new();
        for (row, leaf_bytes) in self.events_of(number, size)? {
            // Events recorded without the holder part are under the ledger key.
            let key_id = &owner.row.key_id;
            let event = event::open_event(&subject.body, key_id, &row.sealed)
                .or_else(|| event::open_event(&subject.ledger, key_id, &row.sealed))
                .ok_or(VaultError::Corrupt { what: "event" })?;
            events.push(AuditEntry {
                leaf: row.sequence,
                leaf_bytes,
                event,
            });
        }
        // After the events: an erasure that came between has buried some of them.
        let row = self.current(owner)?;
        let begins = events.first().map(|entry| entry.event.kind);
        if begins != Some(EventKind::SubjectAdded) {
            let leaf = events.first().map_or(0, |entry| entry.leaf);
            return Err(LogFault::Unbegun { leaf }.into());
        }
        let dossier = self.store.dossier(number, Contents::Current)?;
        let references = self.held(subject, &dossier)?;
        Ok(SubjectExport {
            external_id: subject.external_id.clone(),
            pseudonym: owner.pseudonym(),
            key_id: owner.key_id(),
            kind: owner.kind(),
            created: subject.created,
            used_day: row.used_day,
            consents: self.full_consents(subject, &dossier.consents)?,
            references,
            attempts: self.attempts_in_row(owner)?,
            payments: self.payments(owner, 0)?,
            device_keys: self.device_keys(owner)?,
            events,
        })
    }

    /// The templates of a subject in a dossier of its consents and records. Those of a consent that has run out,
    /// too: its records are held until the job has removed them.
    pub(super) fn held(
        &self,
        subject: &Unlocked,
        dossier: &Dossier,
    ) -> Result<Vec<Reference>, VaultError> {
        let parts = self.parts(&subject.subject, &subject.ledger, &dossier.consents)?;
        let held = parts.iter().rev().map(|(_, part)| part);
        let held = held.filter(|part| part.state != ConsentState::Withdrawn);
        let runs: Vec<Run> = held.map(|part| part.run).collect();
        let open = |row| {
            let mut opened = runs.iter().map(|run| self.open_record(subject, run, row));
            let damaged = VaultError::Corrupt { what: "record" };
            opened.find_map(Result::ok).ok_or(damaged)
        };
        dossier.records.iter().map(open).collect()
    }
}
