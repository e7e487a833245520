//! Sealing templates and opening them again.

use super::ledger::{check_owner, gone, touch, withdrawn};
use super::{Attempt, Unlocked, Vault};
use crate::consent::{Consent, Run};
use crate::error::{ConsentError, VaultError};
use crate::event::{Event, EventKind};
use crate::ident::{ModelName, Timestamp};
use crate::record::{self, Place};
use crate::store::{Change, Conflict, Contents, Edit, ModelRow, RecordRow, Require, StoreError};
use std::fmt;
use std::sync::PoisonError;
use zeroize::Zeroizing;

/// Most records of a subject.
pub(super) const MAX_RECORDS: u16 = 16;

/// A template that was opened: bytes the vault does not understand, and the model's name.
#[derive(Clone)]
pub struct Reference {
    /// Number of the record within its subject.
    pub number: u16,
    /// The model that made the template.
    pub model: ModelName,
    /// The template as it was given to [`Vault::enroll`]; wiped when dropped.
    pub template: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reference")
            .field("number", &self.number)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// Seals a template of a subject who consented. Returns the record's number.
    ///
    /// # Errors
    /// [`ConsentError`] when the consent is of another subject or no longer holds;
    /// [`VaultError::Limit`] for an empty or over-long template or a seventeenth record; others
    /// when the store fails.
    pub fn enroll(
        &self,
        subject: &Unlocked,
        consent: &Consent,
        model: &ModelName,
        template: &[u8],
        now: Timestamp,
    ) -> Result<u16, VaultError> {
        self.tick(now)?;
        check_owner(subject, consent)?;
        consent.check_time(now)?;
        let owner = &subject.subject;
        for _ in 0..32 {
            let dossier = self.store.dossier(owner.row.number, Contents::Records)?;
            let free = (0..MAX_RECORDS).find(|number| {
                dossier
                    .records
                    .iter()
                    .all(|record| record.number != *number)
            });
            let Some(number) = free else {
                let max = u64::from(MAX_RECORDS);
                return Err(VaultError::Limit {
                    what: "records",
                    got: max + 1,
                    max,
                });
            };
            let event = Event {
                purpose: Some(consent.purpose()),
                number,
                detail: model_detail(model),
                ..Event::new(EventKind::Enrolled, now)
            };
            let mut change = Change {
                requires: vec![
                    Require::Generation {
                        subject: consent.subject,
                        is: consent.generation,
                    },
                    Require::NoRecord {
                        subject: consent.subject,
                        number,
                    },
                ],
                edits: vec![
                    Edit::Put(
                        self.seal_record(subject, (number, &consent.run), model, template)?
                            .into(),
                    ),
                    touch(owner.row.number, consent.generation, now),
                ],
                events: vec![self.event_of(owner, &subject.body, event)?],
            };
            self.name_model(&mut change, model);
            match self.commit(change) {
                Ok(_) => {
                    self.know_model(model);
                    return Ok(number);
                }
                Err(StoreError::Conflict(Conflict::Record)) => {}
                Err(error) => return Err(withdrawn(error)),
            }
        }
        Err(StoreError::Conflict(Conflict::Record).into())
    }

    pub(super) fn seal_record(
        &self,
        subject: &Unlocked,
        (number, run): (u16, &Run),
        model: &ModelName,
        template: &[u8],
    ) -> Result<RecordRow, VaultError> {
        let owner = subject.subject.owner();
        let place = Place {
            owner: &owner,
            key_id: &subject.subject.row.key_id,
            number,
            run,
        };
        let bytes = record::seal_record(&subject.body, &*self.random, &place, model, template)?;
        Ok(RecordRow {
            subject: subject.subject.row.number,
            number,
            bytes,
        })
    }

    /// Adds the model's name to a change that is the first to use it.
    pub(super) fn name_model(&self, change: &mut Change, model: &ModelName) {
        let digest = model.digest();
        if !self.known().models.contains_key(&digest) {
            let row = ModelRow {
                digest,
                name: model.as_str().as_bytes().to_vec(),
            };
            change.edits.push(Edit::Put(row.into()));
        }
    }

    pub(super) fn know_model(&self, model: &ModelName) {
        let digest = model.digest();
        if !self.known().models.contains_key(&digest) {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.models.insert(digest, model.clone());
        }
    }

    /// The name of a record's model, read again if another process was first to use it.
    fn model_of(&self, record: &[u8]) -> Result<ModelName, VaultError> {
        let corrupt = || VaultError::Corrupt { what: "record" };
        let digest = record::model_digest(record).ok_or_else(corrupt)?;
        if let Some(model) = self.known().models.get(&digest) {
            return Ok(model.clone());
        }
        self.reload()?;
        self.known()
            .models
            .get(&digest)
            .cloned()
            .ok_or_else(corrupt)
    }

    pub(super) fn open_record(
        &self,
        subject: &Unlocked,
        run: &Run,
        row: &RecordRow,
    ) -> Result<Reference, VaultError> {
        let model = self.model_of(&row.bytes)?;
        let owner = subject.subject.owner();
        let place = Place {
            owner: &owner,
            key_id: &subject.subject.row.key_id,
            number: row.number,
            run,
        };
        let template = record::open_record(&subject.body, &place, &model, &row.bytes)
            .ok_or(VaultError::Corrupt { what: "record" })?;
        Ok(Reference {
            number: row.number,
            model,
            template,
        })
    }

    /// Opens the templates of a subject who consented, for an attempt that was counted.
    ///
    /// # Errors
    /// [`ConsentError`] when the consent is of another subject, for searches only, or expired;
    /// [`VaultError::Unknown`] when the attempt is of another subject; [`VaultError::Corrupt`]
    /// when a record does not open; others when the store fails.
    pub fn references(
        &self,
        subject: &Unlocked,
        consent: &Consent,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<Vec<Reference>, VaultError> {
        check_owner(subject, consent)?;
        consent.check_time(now)?;
        if attempt.key_id() != Some(subject.subject.key_id()) {
            return Err(VaultError::Unknown { what: "attempt" });
        }
        if attempt.purpose() != consent.purpose() {
            return Err(ConsentError::Other.into());
        }
        let records = self
            .store
            .dossier(subject.subject.row.number, Contents::Records)?
            .records;
        records
            .iter()
            .map(|row| self.open_record(subject, &consent.run, row))
            .collect()
    }

    /// The numbers and models of a subject's records, without opening them.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails or a record is damaged.
    pub fn records(&self, subject: &Unlocked) -> Result<Vec<(u16, ModelName)>, VaultError> {
        let records = self
            .store
            .dossier(subject.subject.row.number, Contents::Records)?
            .records;
        records
            .iter()
            .map(|row| Ok((row.number, self.model_of(&row.bytes)?)))
            .collect()
    }

    /// Removes one record, for instance after a newer model's has taken its place.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] without such a record or subject; others when the store fails.
    pub fn remove_record(
        &self,
        subject: &Unlocked,
        number: u16,
        now: Timestamp,
    ) -> Result<(), VaultError> {
        self.tick(now)?;
        let owner = &subject.subject;
        let records = self
            .store
            .dossier(owner.row.number, Contents::Records)?
            .records;
        if records.iter().all(|record| record.number != number) {
            return Err(VaultError::Unknown { what: "record" });
        }
        let event = Event {
            number,
            ..Event::new(EventKind::RecordRemoved, now)
        };
        let done = self.commit(Change {
            edits: vec![Edit::RemoveRecord {
                subject: owner.row.number,
                number,
            }],
            events: vec![self.event_of(owner, &subject.body, event)?],
            requires: vec![Require::Subject(owner.row.number)],
        });
        done.map(drop).map_err(gone)
    }
}

pub(super) fn model_detail(model: &ModelName) -> u64 {
    model
        .digest()
        .first_chunk()
        .map_or(0, |first| u64::from_le_bytes(*first))
}
