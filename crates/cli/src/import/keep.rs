//! People go into the vault: whoever is new with others in one transaction, and where there is a subject already, consents first and then all
//! templates.

use crate::clock::MachineClock;
use crate::failure::Failure;
use crate::registry::Opened;
use countenance_core::WallClock as _;
use countenance_core::vault::{
    ConsentState, ExternalId, Grant, NewSubject, NewTemplates, Timestamp, Unlocked, VaultError,
};

/// What came of a person.
pub(super) enum Kept {
    New,
    Refused(String),
    /// Somebody else, or an earlier run, was first.
    There,
}

/// Whom an id stands for already.
pub(super) enum There {
    Nobody,
    /// A subject without templates.
    Unenrolled,
    Enrolled,
}

/// Puts people into a collection.
pub(super) struct Keeper<'a> {
    opened: &'a Opened,
    clock: MachineClock,
    dry_run: bool,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(opened: &'a Opened, dry_run: bool) -> Self {
        Self {
            opened,
            clock: MachineClock::start(),
            dry_run,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn find(&self, id: &ExternalId) -> Result<Option<Unlocked>, Failure> {
        let vault = self.opened.registry.vault();
        let target = vault.find(&self.opened.collection, id)?;
        let subject = target.subject().map(|subject| vault.unlock(subject, None));
        Ok(subject.transpose()?)
    }

    pub(super) fn there(&self, id: &ExternalId) -> Result<There, Failure> {
        let Some(subject) = self.find(id)? else {
            return Ok(There::Nobody);
        };
        let records = self.opened.registry.vault().records(&subject)?;
        Ok(if records.is_empty() {
            There::Unenrolled
        } else {
            There::Enrolled
        })
    }

    /// Keeps all of them, who were nobody's subjects when last asked, in one transaction. False, and nobody is kept, where one of them cannot be:
    /// then each is to be kept alone.
    pub(super) fn keep_together(&self, new: &[NewSubject]) -> Result<bool, Failure> {
        if self.dry_run {
            return Ok(true);
        }
        let Opened {
            registry,
            collection,
        } = self.opened;
        match registry.vault().enroll_many(collection, new, self.now()) {
            Ok(()) => Ok(true),
            Err(VaultError::Exists { .. } | VaultError::Consent(_) | VaultError::Limit { .. }) => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps one, step by step: it goes on from whatever is there of them already.
    pub(super) fn keep(&self, new: &NewSubject) -> Result<Kept, Failure> {
        let (vault, now) = (self.opened.registry.vault(), self.now());
        let there = self.find(&new.id)?;
        let mut missing: Vec<&Grant> = new.grants.iter().collect();
        if let Some(subject) = &there {
            if new.templates.is_empty() || !vault.records(subject)?.is_empty() {
                return Ok(Kept::There);
            }
            match self.missing(subject, &new.grants)? {
                Some(grants) => missing = grants,
                None => {
                    let reason = "the person has withdrawn the consent";
                    return Ok(Kept::Refused(reason.to_owned()));
                }
            }
        }
        if self.dry_run {
            return Ok(Kept::New);
        }
        let subject = match there {
            Some(subject) => subject,
            None => {
                let names = (&new.id, &new.written);
                vault.add_subject_written(&self.opened.collection, names, None, now)?
            }
        };
        for grant in missing {
            match vault.grant(&subject, grant, now) {
                Ok(_) => {}
                Err(VaultError::Consent(error)) => return Ok(Kept::Refused(error.to_string())),
                Err(error) => return Err(error.into()),
            }
        }
        let Some(first) = new.grants.first().filter(|_| !new.templates.is_empty()) else {
            return Ok(Kept::New);
        };
        let consent = vault.consent(&subject, first.purpose, now)?;
        let templates = NewTemplates {
            templates: &new.templates,
            beside: &[],
            replace: false,
        };
        match vault.enroll_all(&subject, &consent, &templates, now) {
            Ok(Some(_)) => Ok(Kept::New),
            Ok(None) => Ok(Kept::There),
            Err(error @ VaultError::Limit { .. }) => Ok(Kept::Refused(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// The consents that do not stand yet; nothing where one was withdrawn, which does not come back by importing.
    fn missing<'g>(
        &self,
        subject: &Unlocked,
        grants: &'g [Grant],
    ) -> Result<Option<Vec<&'g Grant>>, Failure> {
        let now = self.now();
        let entries = self.opened.registry.vault().consents(subject.subject())?;
        let mut missing = Vec::new();
        for grant in grants {
            let of_it = entries
                .iter()
                .filter(|entry| entry.purpose == grant.purpose);
            match of_it.max_by_key(|entry| entry.number) {
                Some(entry) if entry.state == ConsentState::Withdrawn => return Ok(None),
                Some(entry) if entry.state == ConsentState::Active && entry.expires > now => {}
                _ => missing.push(grant),
            }
        }
        Ok(Some(missing))
    }
}
