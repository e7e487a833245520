//! Templates that go from one subject to another: the same person under another name.

use super::ledger::gone;
use super::{NewTemplates, Reference, Subject, Unlocked, Vault};
use crate::consent::{Consent, ConsentEntry};
use crate::error::VaultError;
use crate::event::{Event, EventKind};
use crate::ident::{ModelName, Timestamp};
use crate::store::{Change, Contents, Require};
use zeroize::Zeroizing;

/// Where a record is, and what tells it from all that were ever sealed in that place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPlace {
    /// Number of the subject in this vault.
    pub subject: u64,
    /// Number of the record within its subject; given again when the record is removed.
    pub number: u16,
    /// First bytes of the nonce it was sealed with; not secret.
    pub nonce: [u8; 8],
}

impl Vault {
    /// The places of a subject's records, by number; nothing is opened.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails or a record is damaged.
    pub fn record_places(&self, subject: &Subject) -> Result<Vec<RecordPlace>, VaultError> {
        let number = subject.row.number;
        let records = self.store.dossier(number, Contents::Records)?.records;
        let place = |row: &crate::store::RecordRow| {
            let nonce = row
                .bytes
                .get(36..44)
                .and_then(|bytes| bytes.try_into().ok());
            Ok(RecordPlace {
                subject: row.subject,
                number: row.number,
                nonce: nonce.ok_or(VaultError::Corrupt { what: "record" })?,
            })
        };
        let mut places: Vec<RecordPlace> = records
            .iter()
            .map(place)
            .collect::<Result<_, VaultError>>()?;
        places.sort_unstable_by_key(|place| place.number);
        Ok(places)
    }

    /// What a subject takes along to another vault: its consents, ended ones too, and its templates. That they were
    /// given out is an event of the audit log, on the disk before they are returned.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when the subject was erased meanwhile; [`VaultError::Corrupt`] when something does not
    /// open; others when the store fails.
    pub fn give_out(
        &self,
        subject: &Unlocked,
        now: Timestamp,
    ) -> Result<(Vec<ConsentEntry>, Vec<Reference>), VaultError> {
        self.tick(now)?;
        let (owner, number) = (&subject.subject, subject.subject.row.number);
        let event = Event::new(EventKind::Exported, now);
        let appended = self.commit(Change {
            requires: vec![Require::Subject(number)],
            events: vec![self.event_of(owner, &subject.body, event)?],
            ..Change::default()
        });
        appended.map_err(gone)?;
        let dossier = self.store.dossier(number, Contents::Current)?;
        Ok((
            self.full_consents(subject, &dossier.consents)?,
            self.held(subject, &dossier)?,
        ))
    }

    /// Seals the templates of one subject for another who consented, all in one transaction, and leaves out those
    /// that it has already: done twice is done once. Returns the number in `from` and in `to` of each that is new;
    /// `None`, with nothing changed, when somebody else enrolled `to` meanwhile.
    ///
    /// # Errors
    /// As [`Vault::enroll_all`]; [`VaultError::Limit`] when `to` has no room for them.
    pub fn carry(
        &self,
        from: &Unlocked,
        to: &Unlocked,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<Option<Vec<(u16, u16)>>, VaultError> {
        let opened = |subject: &Unlocked| {
            let number = subject.subject.row.number;
            self.held(subject, &self.store.dossier(number, Contents::Current)?)
        };
        let (given, there) = (opened(from)?, opened(to)?);
        let is_there = |template: &[u8]| there.iter().any(|old| old.template[..] == *template);
        let mut numbers = Vec::new();
        let mut templates: Vec<(ModelName, Zeroizing<Vec<u8>>)> = Vec::new();
        for reference in given {
            if !is_there(&reference.template) {
                numbers.push(reference.number);
                templates.push((reference.model, reference.template));
            }
        }
        if templates.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let beside: Vec<u16> = there.iter().map(|reference| reference.number).collect();
        let new = NewTemplates {
            templates: &templates,
            beside: &beside,
            replace: false,
        };
        let sealed = self.enroll_all(to, consent, &new, now)?;
        Ok(sealed.map(|sealed| numbers.into_iter().zip(sealed).collect()))
    }
}
