//! Many subjects at once, each with consents and templates of its own.

use super::enroll::{MAX_RECORDS, model_detail};
use super::ledger::MAX_ENTRIES;
use super::{Collection, Unlocked, Vault};
use crate::consent::Grant;
use crate::error::{ConsentError, VaultError};
use crate::event::{Event, EventKind};
use crate::ident::{ExternalId, ModelName, Timestamp};
use crate::random;
use crate::record;
use crate::secret::HolderPart;
use crate::store::{Change, Conflict, Edit, Require, StoreError};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// A subject to be added with the consents it gave and its templates.
#[derive(Clone, Debug)]
pub struct NewSubject {
    /// What it is found by.
    pub id: ExternalId,
    /// The id as it is shown; see [`Vault::add_subject_written`].
    pub written: ExternalId,
    /// The holder part of a holder-bound subject.
    pub holder: Option<HolderPart>,
    /// The subject's own consents, at least one. The templates are for the purpose of the first.
    pub grants: Vec<Grant>,
    /// Up to 16 templates, each with the model that made it.
    pub templates: Vec<(ModelName, Zeroizing<Vec<u8>>)>,
}

impl Vault {
    /// Adds subjects, enters their consents and enrolls them: all or none, in one transaction
    /// per half. When it returns they are on the disk. Some hundreds to thousands at a time are best.
    ///
    /// # Errors
    /// [`VaultError::Exists`] when an id is there already or twice among these;
    /// [`ConsentError::Missing`] for one who agreed to nothing; what [`Vault::grant`] and
    /// [`Vault::enroll`] refuse; others when the store fails. Then none was added.
    pub fn enroll_many(
        &self,
        collection: &Collection,
        subjects: &[NewSubject],
        now: Timestamp,
    ) -> Result<(), VaultError> {
        self.tick(now)?;
        if subjects.is_empty() {
            return Ok(());
        }
        let exists = || VaultError::Exists { what: "subject" };
        let mut seen = BTreeSet::new();
        let mut made = Vec::with_capacity(subjects.len());
        let mut keys = Vec::with_capacity(subjects.len());
        for new in subjects {
            // Everything that can be refused is, before a key is stored.
            self.check_new(new, now)?;
            let names = (&new.id, &new.written);
            let (unlocked, key) = self.new_subject(collection, names, new.holder.as_ref(), now)?;
            if !seen.insert(unlocked.subject.row.pseudonym) {
                return Err(exists());
            }
            let pseudonym = &unlocked.subject.row.pseudonym;
            if self.store.subject(collection.number, pseudonym)?.is_some() {
                return Err(exists());
            }
            made.push(unlocked);
            keys.push(key);
        }
        let numbers = self.store_keys(&made, keys)?;
        let mut change = Change::default();
        let mut named = BTreeSet::new();
        for ((unlocked, new), number) in made.iter_mut().zip(subjects).zip(&numbers) {
            unlocked.subject.row.number = *number;
            self.bulk_rows(&mut change, unlocked, new, now)?;
            for (model, _) in &new.templates {
                if named.insert(model) {
                    self.name_model(&mut change, model);
                }
            }
        }
        match self.commit(change) {
            Ok(_) => {
                named.into_iter().for_each(|model| self.know_model(model));
                Ok(())
            }
            Err(StoreError::Conflict(Conflict::Subject)) => {
                for unlocked in &made {
                    let subject = &unlocked.subject;
                    self.drop_unused_key(subject.row.number, subject.key_id(), now)?;
                }
                Err(exists())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn check_new(&self, new: &NewSubject, now: Timestamp) -> Result<(), VaultError> {
        let most = |what, got: usize, max: u16| {
            let (got, max) = (got as u64, u64::from(max));
            if got > max {
                Err(VaultError::Limit { what, got, max })
            } else {
                Ok(())
            }
        };
        if new.grants.is_empty() {
            return Err(ConsentError::Missing.into());
        }
        most("consent entries", new.grants.len(), MAX_ENTRIES)?;
        most("records", new.templates.len(), MAX_RECORDS)?;
        for grant in &new.grants {
            self.check_grant(grant, now)?;
        }
        for (_, template) in &new.templates {
            record::class_of(template)?;
        }
        Ok(())
    }

    fn bulk_rows(
        &self,
        change: &mut Change,
        unlocked: &mut Unlocked,
        new: &NewSubject,
        now: Timestamp,
    ) -> Result<(), VaultError> {
        let run = random::bytes(&*self.random)?;
        let row = &mut unlocked.subject.row;
        // As if they had been granted one after another.
        row.generation = new.grants.len() as u64;
        change.requires.push(Require::NoSubject {
            collection: row.collection,
            pseudonym: row.pseudonym,
        });
        change.edits.push(Edit::Put(row.clone().into()));
        let mut events = vec![Event::new(EventKind::SubjectAdded, now)];
        for (number, grant) in (0..).zip(&new.grants) {
            let entry = self.seal_entry(unlocked, number, grant, run)?;
            change.edits.push(Edit::Put(entry.into()));
            events.push(Event {
                purpose: Some(grant.purpose),
                number,
                detail: grant.expires.unix(),
                ..Event::new(EventKind::ConsentGranted, now)
            });
        }
        for (number, (model, template)) in (0..).zip(&new.templates) {
            let record = self.seal_record(unlocked, (number, &run), model, template)?;
            change.edits.push(Edit::Put(record.into()));
            events.push(Event {
                purpose: new.grants.first().map(|grant| grant.purpose),
                number,
                detail: model_detail(model),
                ..Event::new(EventKind::Enrolled, now)
            });
        }
        for event in events {
            let sealed = self.event_of(&unlocked.subject, &unlocked.body, event)?;
            change.events.push(sealed);
        }
        Ok(())
    }
}
