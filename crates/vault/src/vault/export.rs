//! Everything the vault holds about one subject, and nothing else.

use super::{Reference, SubjectKind, Unlocked, Vault};
use crate::consent::ConsentEntry;
use crate::error::VaultError;
use crate::event::{self, Event, EventKind};
use crate::ident::{ExternalId, KeyId, Pseudonym, Timestamp};
use crate::merkle;
use crate::store::{Change, Contents};

/// An audit event about a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// What the audit log says about it, up to this export.
    pub events: Vec<AuditEntry>,
}

impl Vault {
    /// Everything held about a subject. The export itself goes into the audit log.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`] when something does not open or an event is not the one that was
    /// committed to; others when the store fails.
    pub fn export(&self, subject: &Unlocked, now: Timestamp) -> Result<SubjectExport, VaultError> {
        self.tick(now)?;
        let owner = &subject.subject;
        let event = Event::new(EventKind::Exported, now);
        self.store.commit(Change {
            events: vec![owner.event(&*self.random, &subject.body, event)?],
            ..Change::default()
        })?;
        let row = self.current(owner)?;
        let dossier = self.store.dossier(row.number, Contents::All)?;
        let mut events = Vec::new();
        for sealed in &dossier.events {
            // Events recorded without the holder part are under the ledger key.
            let key_id = &row.key_id;
            let (event, leaf_bytes) = event::open_event(&subject.body, key_id, &sealed.sealed)
                .or_else(|| event::open_event(&subject.ledger, key_id, &sealed.sealed))
                .ok_or(VaultError::Corrupt { what: "event" })?;
            if self.leaf_hash_at(sealed.sequence)? != merkle::leaf_hash(&leaf_bytes) {
                return Err(VaultError::Corrupt { what: "event" });
            }
            events.push(AuditEntry {
                leaf: sealed.sequence,
                leaf_bytes,
                event,
            });
        }
        Ok(SubjectExport {
            external_id: subject.external_id.clone(),
            pseudonym: owner.pseudonym(),
            key_id: owner.key_id(),
            kind: owner.kind(),
            created: subject.created,
            used_day: row.used_day,
            consents: self.full_consents(subject, &dossier.consents)?,
            references: dossier
                .records
                .iter()
                .map(|row| self.open_record(subject, row))
                .collect::<Result<_, _>>()?,
            attempts: self.attempts_in_row(owner)?,
            events,
        })
    }
}
