//! The consent ledger: granting, reading, withdrawing.

use super::{Subject, Unlocked, Vault, device_keys};
use crate::consent::{
    Consent, ConsentEntry, ConsentState, Grant, LedgerPart, Purpose, Run, detail_aad, ledger_aad,
    withdrawal_mark,
};
use crate::error::{ConsentError, VaultError};
use crate::event::{Event, EventKind};
use crate::ident::Timestamp;
use crate::random;
use crate::seal;
use crate::secret::Secret;
use crate::store::{Change, Conflict, ConsentRow, Contents, Edit, Require, StoreError};

/// Most consent entries of a subject.
pub(super) const MAX_ENTRIES: u16 = 256;

/// Turns "changed meanwhile" into what it means for a caller with a consent.
pub(super) fn withdrawn(error: StoreError) -> VaultError {
    match error {
        StoreError::Conflict(Conflict::Generation) => ConsentError::Withdrawn.into(),
        error => error.into(),
    }
}

/// Turns "gone meanwhile" into what it means for a caller with a subject.
pub(super) fn gone(error: StoreError) -> VaultError {
    match error {
        StoreError::Conflict(Conflict::Gone) => VaultError::Unknown { what: "subject" },
        error => error.into(),
    }
}

/// The subject is used now.
pub(super) fn touch(subject: u64, generation: u64, now: Timestamp) -> Edit {
    Edit::Touch {
        subject,
        generation,
        used_day: now.day(),
    }
}

impl Vault {
    /// Enters a consent into the ledger and gives the proof of it.
    ///
    /// # Errors
    /// [`ConsentError::Lifetime`] or [`ConsentError::NotYet`] when its times do not fit;
    /// [`ConsentError::Withdrawn`] when the subject's consents change meanwhile; others when the
    /// store fails.
    pub fn grant(
        &self,
        subject: &Unlocked,
        grant: &Grant,
        now: Timestamp,
    ) -> Result<Consent, VaultError> {
        self.tick(now)?;
        self.check_grant(grant, now)?;
        // The row is read again: the caller's copy may be older than its last change.
        let row = self.current(&subject.subject)?;
        let dossier = self.store.dossier(row.number, Contents::Current)?;
        let number = dossier.consents.last().map_or(0, |last| last.number + 1);
        if number >= MAX_ENTRIES {
            return Err(VaultError::Limit {
                what: "consent entries",
                got: u64::from(number) + 1,
                max: u64::from(MAX_ENTRIES),
            });
        }
        let parts = self.parts(&subject.subject, &subject.ledger, &dossier.consents)?;
        let standing = parts.iter().find(|(_, part)| part.stands(now));
        let run = match standing {
            Some((_, part)) => part.run,
            None => random::bytes(&*self.random)?,
        };
        let mut edits = Vec::new();
        if standing.is_none() && !dossier.records.is_empty() {
            // They belong to consents that have ended, and would not open under this one.
            edits.push(Edit::RemoveRecords(row.number));
        }
        let pays = |part: &LedgerPart| part.purpose == Purpose::Payment && part.stands(now);
        if grant.purpose == Purpose::Payment && !parts.iter().any(|(_, part)| pays(part)) {
            // So do device keys to the consent for payments.
            edits.push(device_keys::remove_all(row.number));
        }
        let generation = row.generation + 1;
        let entry = self.seal_entry(subject, number, grant, run)?;
        edits.push(Edit::Put(entry.into()));
        edits.push(touch(row.number, generation, now));
        let event = Event {
            purpose: Some(grant.purpose),
            number,
            detail: grant.expires.unix(),
            ..Event::new(EventKind::ConsentGranted, now)
        };
        let change = Change {
            requires: vec![Require::Generation {
                subject: row.number,
                is: row.generation,
            }],
            edits,
            events: vec![self.event_of(&subject.subject, &subject.body, event)?],
        };
        self.commit(change).map_err(withdrawn)?;
        Ok(self.proof(subject, generation, (number, run), grant.clone()))
    }

    pub(super) fn proof(
        &self,
        subject: &Unlocked,
        generation: u64,
        (number, run): (u16, Run),
        grant: Grant,
    ) -> Consent {
        let (id, key_id) = (subject.subject.row.number, subject.subject.key_id());
        Consent {
            subject: id,
            key_id,
            generation,
            number,
            run,
            grant,
        }
    }

    pub(super) fn check_grant(&self, grant: &Grant, now: Timestamp) -> Result<(), VaultError> {
        let max_s = u64::from(self.settings.consent_days) * 86_400;
        let got_s = grant.expires.unix().saturating_sub(grant.granted.unix());
        if got_s == 0 || got_s > max_s {
            return Err(ConsentError::Lifetime { got_s, max_s }.into());
        }
        if grant.granted.unix() > now.unix().saturating_add(self.settings.clock_tolerance_s) {
            return Err(ConsentError::NotYet.into());
        }
        if grant.expires <= now {
            return Err(ConsentError::Expired.into());
        }
        Ok(())
    }

    pub(super) fn seal_entry(
        &self,
        subject: &Unlocked,
        number: u16,
        grant: &Grant,
        run: Run,
    ) -> Result<ConsentRow, VaultError> {
        let key_id = subject.subject.key_id();
        let detail = grant.detail_bytes();
        let part = LedgerPart {
            purpose: grant.purpose,
            state: ConsentState::Active,
            run,
            expires: grant.expires,
        };
        Ok(ConsentRow {
            subject: subject.subject.row.number,
            number,
            ledger: self.seal_part(&subject.ledger, &subject.subject, number, part)?,
            detail: seal::seal(
                &subject.body,
                &*self.random,
                &detail_aad(&key_id, number),
                &detail,
            )?,
        })
    }

    pub(super) fn seal_part(
        &self,
        ledger: &Secret,
        subject: &Subject,
        number: u16,
        part: LedgerPart,
    ) -> Result<Vec<u8>, VaultError> {
        let aad = ledger_aad(&subject.key_id(), number);
        Ok(seal::seal(ledger, &*self.random, &aad, &part.to_bytes())?)
    }

    /// The subject's row as it is now.
    pub(super) fn current(
        &self,
        subject: &Subject,
    ) -> Result<crate::store::SubjectRow, VaultError> {
        self.store
            .subject(subject.row.collection, &subject.row.pseudonym)?
            .filter(|row| row.key_id == subject.row.key_id)
            .ok_or(VaultError::Unknown { what: "subject" })
    }

    /// The entries as their rows say.
    pub(super) fn stored_parts(
        &self,
        subject: &Subject,
        ledger: &Secret,
        rows: &[ConsentRow],
    ) -> Result<Vec<(u16, LedgerPart)>, VaultError> {
        let open = |row: &ConsentRow| {
            let aad = ledger_aad(&subject.key_id(), row.number);
            let plain = seal::open(ledger, &aad, &row.ledger).ok()?;
            Some((row.number, LedgerPart::from_bytes(&plain)?))
        };
        rows.iter()
            .map(|row| open(row).ok_or(VaultError::Corrupt { what: "consent" }))
            .collect()
    }

    /// The entries as they stand: an older row that somebody put back says active, but the keyring
    /// knows better.
    pub(super) fn parts(
        &self,
        subject: &Subject,
        ledger: &Secret,
        rows: &[ConsentRow],
    ) -> Result<Vec<(u16, LedgerPart)>, VaultError> {
        let mut parts = self.stored_parts(subject, ledger, rows)?;
        if parts
            .iter()
            .all(|(_, part)| part.state != ConsentState::Active)
        {
            // Whoever agreed to nothing costs as much to ask for as others do (ADR 12).
            let _ = self.store.withdrawn(&[0; 16])?;
        }
        for (row, (_, part)) in rows.iter().zip(&mut parts) {
            if part.state == ConsentState::Active
                && self.store.withdrawn(&withdrawal_mark(ledger, row))?
            {
                part.state = ConsentState::Withdrawn;
            }
        }
        Ok(parts)
    }

    fn grant_of(&self, subject: &Unlocked, row: &ConsentRow, part: &LedgerPart) -> Option<Grant> {
        let aad = detail_aad(&subject.subject.key_id(), row.number);
        let detail = seal::open(&subject.body, &aad, &row.detail).ok()?;
        Grant::from_parts(part, &detail)
    }

    /// The consent for a purpose that lasts longest.
    ///
    /// # Errors
    /// [`ConsentError`] saying what is wrong with the last entry for the purpose;
    /// [`VaultError::Unknown`] when the subject was erased meanwhile; others when the store
    /// fails.
    pub fn consent(
        &self,
        subject: &Unlocked,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Consent, VaultError> {
        self.tick(now)?;
        let row = self.current(&subject.subject)?;
        let rows = self.store.dossier(row.number, Contents::Consents)?.consents;
        let parts = self.parts(&subject.subject, &subject.ledger, &rows)?;
        let mut found: Option<Consent> = None;
        let mut refusal = ConsentError::Missing;
        for (entry, (number, part)) in rows.iter().zip(&parts) {
            if part.purpose != purpose {
                continue;
            }
            if part.state == ConsentState::Withdrawn {
                refusal = ConsentError::Withdrawn;
                continue;
            }
            if !part.stands(now) {
                refusal = ConsentError::Expired;
                continue;
            }
            let grant = self
                .grant_of(subject, entry, part)
                .ok_or(VaultError::Corrupt {
                    what: "consent detail",
                })?;
            let consent = self.proof(subject, row.generation, (*number, part.run), grant);
            if let Err(error) = consent.check_time(now) {
                refusal = error;
                continue;
            }
            if found
                .as_ref()
                .is_none_or(|best| best.expires() < consent.expires())
            {
                found = Some(consent);
            }
        }
        found.ok_or_else(|| refusal.into())
    }

    /// Checks in one read that a consent still holds: the question to ask before a decision is
    /// given out, where no write would ask it anyway.
    ///
    /// # Errors
    /// [`ConsentError`] when it does not; others when the store fails.
    pub fn recheck(
        &self,
        subject: &Unlocked,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<(), VaultError> {
        self.tick(now)?;
        check_owner(subject, consent)?;
        consent.check_time(now)?;
        match self.current(&subject.subject) {
            Ok(row) if row.generation == consent.generation => Ok(()),
            Ok(_) | Err(VaultError::Unknown { .. }) => Err(ConsentError::Withdrawn.into()),
            Err(error) => Err(error),
        }
    }

    /// The entries of a subject's consent ledger, without what only its holder can read.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails or an entry does not open.
    pub fn consents(&self, subject: &Subject) -> Result<Vec<ConsentEntry>, VaultError> {
        let rows = self
            .store
            .dossier(subject.row.number, Contents::Consents)?
            .consents;
        let parts = self.parts(subject, &subject.ledger_key(), &rows)?;
        Ok(parts
            .iter()
            .map(|(number, part)| entry(*number, part, None))
            .collect())
    }

    /// The entries of a subject's consent ledger, with what only its holder can read.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails or an entry does not open.
    pub fn consents_in_full(&self, subject: &Unlocked) -> Result<Vec<ConsentEntry>, VaultError> {
        let number = subject.subject.row.number;
        let rows = self.store.dossier(number, Contents::Consents)?.consents;
        self.full_consents(subject, &rows)
    }

    pub(super) fn full_consents(
        &self,
        subject: &Unlocked,
        rows: &[ConsentRow],
    ) -> Result<Vec<ConsentEntry>, VaultError> {
        let parts = self.parts(&subject.subject, &subject.ledger, rows)?;
        rows.iter()
            .zip(&parts)
            .map(|(row, (number, part))| {
                let grant = self
                    .grant_of(subject, row, part)
                    .ok_or(VaultError::Corrupt {
                        what: "consent detail",
                    })?;
                Ok(entry(*number, part, Some(grant)))
            })
            .collect()
    }
}

fn entry(number: u16, part: &LedgerPart, grant: Option<Grant>) -> ConsentEntry {
    ConsentEntry {
        number,
        purpose: part.purpose,
        state: part.state,
        expires: part.expires,
        grant,
    }
}

pub(super) fn check_owner(subject: &Unlocked, consent: &Consent) -> Result<(), ConsentError> {
    let same =
        consent.subject == subject.subject.row.number && consent.key_id == subject.subject.key_id();
    if same {
        Ok(())
    } else {
        Err(ConsentError::Other)
    }
}
