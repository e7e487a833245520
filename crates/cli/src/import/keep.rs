//! A person goes into the vault: consents first, then all templates in one transaction.

use super::consents::Row;
use super::people::Person;
use crate::clock::MachineClock;
use crate::failure::Failure;
use crate::registry::Opened;
use countenance_core::vault::{ConsentError, ConsentState, Grant, Unlocked, VaultError};
use countenance_core::{Engine, EnrollOutcome, EnrollRequest, Template, WallClock as _};
use sha2::{Digest as _, Sha256};

/// What came of a person.
pub(super) enum Kept {
    New,
    Refused(String),
    /// Somebody else, or an earlier run, was first.
    There,
}

/// Puts people into a collection; used from several threads, never for one person from two.
pub(super) struct Keeper<'a> {
    opened: &'a Opened,
    engine: &'a Engine,
    clock: MachineClock,
    dry_run: bool,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(opened: &'a Opened, engine: &'a Engine, dry_run: bool) -> Self {
        Self {
            opened,
            engine,
            clock: MachineClock::start(),
            dry_run,
        }
    }

    /// The person's subject, if there is one.
    fn find(&self, person: &Person) -> Result<Option<Unlocked>, Failure> {
        let vault = self.opened.registry.vault();
        let target = vault.find(&self.opened.collection, &person.id)?;
        let subject = target.subject().map(|subject| vault.unlock(subject, None));
        Ok(subject.transpose()?)
    }

    /// Whether the person has templates already. One whose subject was added and who was not enrolled before the
    /// program was killed has none.
    pub(super) fn is_there(&self, person: &Person) -> Result<bool, Failure> {
        Ok(match self.find(person)? {
            None => false,
            Some(subject) => !self.opened.registry.vault().records(&subject)?.is_empty(),
        })
    }

    pub(super) fn keep(
        &self,
        person: &Person,
        rows: &[Row],
        templates: &[Template],
    ) -> Result<Kept, Failure> {
        let (vault, now) = (self.opened.registry.vault(), self.clock.now());
        for row in rows {
            if row.granted > now {
                return Ok(Kept::Refused("the consent is of a day to come".to_owned()));
            }
            if row.expires <= now {
                return Ok(Kept::Refused("the consent is over".to_owned()));
            }
        }
        if self.dry_run {
            return Ok(Kept::New);
        }
        let subject = match self.find(person)? {
            Some(subject) => subject,
            None => vault.add_subject(&self.opened.collection, &person.id, None, now)?,
        };
        if !vault.records(&subject)?.is_empty() {
            return Ok(Kept::There);
        }
        for row in rows {
            if let Err(reason) = self.enter(&subject, row)? {
                return Ok(Kept::Refused(reason.to_owned()));
            }
        }
        let purpose = rows.first().map(|row| row.purpose);
        let purpose = purpose.ok_or(VaultError::Consent(ConsentError::Missing))?;
        let consent = vault.consent(&subject, purpose, now)?;
        let request = EnrollRequest {
            subject: &subject,
            consent: &consent,
            photos: &[],
            replace: false,
        };
        let registry = &self.opened.registry;
        let done = registry.enroll_templates(self.engine, &request, templates)?;
        Ok(match done {
            EnrollOutcome::Enrolled { .. } => Kept::New,
            _ => Kept::There,
        })
    }

    /// Enters a consent, unless it stands. One that was withdrawn does not come back by importing.
    fn enter(&self, subject: &Unlocked, row: &Row) -> Result<Result<(), &'static str>, Failure> {
        let (vault, now) = (self.opened.registry.vault(), self.clock.now());
        let entries = vault.consents(subject.subject())?;
        let of_it = entries.iter().filter(|entry| entry.purpose == row.purpose);
        match of_it.max_by_key(|entry| entry.number) {
            Some(entry) if entry.state == ConsentState::Withdrawn => {
                return Ok(Err("the person has withdrawn the consent"));
            }
            Some(entry) if entry.state == ConsentState::Active && entry.expires > now => {}
            _ => {
                let grant = Grant {
                    purpose: row.purpose,
                    text_version: row.text_version.clone(),
                    granted: row.granted,
                    expires: row.expires,
                    evidence: Sha256::digest(row.evidence.as_bytes()).into(),
                };
                vault.grant(subject, &grant, now)?;
            }
        }
        Ok(Ok(()))
    }
}
