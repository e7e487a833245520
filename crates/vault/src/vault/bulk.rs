//! Many subjects at once, each with a consent and template of its own.

use super::{Collection, Unlocked, Vault};
use crate::consent::Grant;
use crate::error::VaultError;
use crate::event::{Event, EventKind};
use crate::ident::{ExternalId, ModelName, Timestamp};
use crate::random;
use crate::secret::HolderPart;
use crate::store::{Change, Conflict, Edit, Require, StoreError};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// A subject to be added with the consent it gave and its template.
#[derive(Clone, Debug)]
pub struct NewSubject {
    /// What the caller calls it.
    pub id: ExternalId,
    /// The holder part of a holder-bound subject.
    pub holder: Option<HolderPart>,
    /// The subject's own consent.
    pub grant: Grant,
    /// The model that made the template.
    pub model: ModelName,
    /// The template.
    pub template: Zeroizing<Vec<u8>>,
}

impl Vault {
    /// Adds subjects, enters their consents and enrolls them: all or none, in one transaction
    /// per half. Some hundreds to thousands at a time are best.
    ///
    /// # Errors
    /// [`VaultError::Exists`] when an id is there already or twice among these; what
    /// [`Vault::grant`] and [`Vault::enroll`] refuse; others when the store fails. Then none was
    /// added.
    pub fn enroll_many(
        &self,
        collection: &Collection,
        subjects: &[NewSubject],
        now: Timestamp,
    ) -> Result<(), VaultError> {
        self.tick(now)?;
        let exists = || VaultError::Exists { what: "subject" };
        let mut seen = BTreeSet::new();
        let mut made = Vec::with_capacity(subjects.len());
        let mut keys = Vec::with_capacity(subjects.len());
        for new in subjects {
            self.check_grant(&new.grant, now)?;
            let (unlocked, key) =
                self.new_subject(collection, (&new.id, &new.id), new.holder.as_ref(), now)?;
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
        // Everything that can be refused is sealed once before a key is stored.
        for (unlocked, new) in made.iter().zip(subjects) {
            self.seal_record(unlocked, (0, &[0; 6]), &new.model, &new.template)?;
        }
        let numbers = self.store_keys(&made, keys)?;
        let mut change = Change::default();
        for ((unlocked, new), number) in made.iter_mut().zip(subjects).zip(&numbers) {
            unlocked.subject.row.number = *number;
            self.bulk_rows(&mut change, unlocked, new, now)?;
        }
        match self.commit(change) {
            Ok(_) => {
                subjects.iter().for_each(|new| self.know_model(&new.model));
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

    fn bulk_rows(
        &self,
        change: &mut Change,
        unlocked: &mut Unlocked,
        new: &NewSubject,
        now: Timestamp,
    ) -> Result<(), VaultError> {
        let run = random::bytes(&*self.random)?;
        let row = &mut unlocked.subject.row;
        row.generation = 1;
        change.requires.push(Require::NoSubject {
            collection: row.collection,
            pseudonym: row.pseudonym,
        });
        change.edits.push(Edit::Put(row.clone().into()));
        change.edits.push(Edit::Put(
            self.seal_entry(unlocked, 0, &new.grant, run)?.into(),
        ));
        let record = self.seal_record(unlocked, (0, &run), &new.model, &new.template)?;
        change.edits.push(Edit::Put(record.into()));
        self.name_model(change, &new.model);
        let purpose = Some(new.grant.purpose);
        for event in [
            Event::new(EventKind::SubjectAdded, now),
            Event {
                purpose,
                detail: new.grant.expires.unix(),
                ..Event::new(EventKind::ConsentGranted, now)
            },
            Event {
                purpose,
                detail: super::enroll::model_detail(&new.model),
                ..Event::new(EventKind::Enrolled, now)
            },
        ] {
            let sealed = self.event_of(&unlocked.subject, &unlocked.body, event)?;
            change.events.push(sealed);
        }
        Ok(())
    }
}
