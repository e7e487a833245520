//! Attempts: counted durably before anything is compared, ended with an audit event.

use super::ledger::{check_owner, withdrawn};
use super::{Collection, Subject, Target, Unlocked, Vault};
use crate::attempt::AttemptState;
use crate::consent::{Consent, Purpose};
use crate::error::{ConsentError, VaultError};
use crate::event::{Event, EventKind, Outcome};
use crate::ident::{KeyId, Timestamp};
use crate::seal;
use crate::secret::Secret;
use crate::store::{Change, Conflict, Contents, Edit, Require, StoreError};

/// An attempt that was counted: it counts as a failure until [`Vault::accept`].
///
/// Templates are only opened for one, so that a process that dies between counting and deciding
/// has refunded nothing. It is decided once:
///
/// ```
/// # use countenance_vault::{Attempt, Consent, Timestamp, Unlocked, Vault, VaultError};
/// fn decide(vault: &Vault, attempt: Attempt, subject: &Unlocked, consent: &Consent, now: Timestamp)
///     -> Result<u64, VaultError>
/// {
///     vault.references(subject, consent, &attempt, now)?;
///     vault.accept(attempt, subject, consent, now)
/// }
/// ```
///
/// ```compile_fail,E0382
/// # use countenance_vault::{Attempt, Consent, Timestamp, Unlocked, Vault, VaultError};
/// fn decide(vault: &Vault, attempt: Attempt, subject: &Unlocked, consent: &Consent, now: Timestamp)
///     -> Result<u64, VaultError>
/// {
///     vault.accept(attempt, subject, consent, now)?;
///     vault.accept(attempt, subject, consent, now)
/// }
/// ```
#[derive(Debug)]
#[must_use = "an attempt ends with `accept` or `decline`, which write the audit log"]
pub struct Attempt {
    slot: [u8; 32],
    tenant: u32,
    purpose: Purpose,
    subject: Option<Subject>,
}

impl Attempt {
    /// For what the attempt is.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    pub(super) fn key_id(&self) -> Option<KeyId> {
        self.subject.as_ref().map(Subject::key_id)
    }
}

/// Nobody was accepted.
struct Refusal<'a> {
    tenant: u32,
    subject: Option<&'a Subject>,
    unlocked: Option<&'a Unlocked>,
    outcome: Outcome,
    purpose: Purpose,
}

fn declined(recapture: bool) -> Outcome {
    if recapture {
        Outcome::Recapture
    } else {
        Outcome::Reject
    }
}

fn aad(slot: &[u8; 32]) -> Vec<u8> {
    [b"countenance attempt v1", &slot[..]].concat()
}

fn open_state(
    key: &Secret,
    slot: &[u8; 32],
    sealed: Option<&[u8]>,
) -> Result<AttemptState, VaultError> {
    let Some(sealed) = sealed else {
        return Ok(AttemptState::default());
    };
    seal::open(key, &aad(slot), sealed)
        .ok()
        .and_then(|plain| AttemptState::from_bytes(&plain))
        .ok_or(VaultError::Corrupt {
            what: "attempt counter",
        })
}

impl Vault {
    /// Attempts on a subject since its last success, in the newest 31 days counted.
    pub(super) fn attempts_in_row(&self, subject: &Subject) -> Result<u32, VaultError> {
        let key = self.with_tenant(subject.collection.tenant, |keys| Ok(keys.attempts.clone()))?;
        let slot = subject.row.pseudonym;
        let sealed = self.store.attempt(&slot)?;
        Ok(open_state(&key, &slot, sealed.as_deref())?.in_row())
    }

    /// Counts an attempt on a subject, or on the bucket of an unknown id, and returns when it is
    /// on the disk.
    ///
    /// # Errors
    /// [`VaultError::Attempts`] when none is allowed now; others when the store fails, and then
    /// nothing may be compared.
    pub fn count_attempt(
        &self,
        target: &Target,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Attempt, VaultError> {
        self.tick(now)?;
        let tenant = target.collection.tenant;
        let (slot, key) = self.with_tenant(tenant, |keys| {
            let slot = match &target.subject {
                Some(subject) => subject.row.pseudonym,
                None => keys.bucket(&target.collection.id, &target.pseudonym),
            };
            Ok((slot, keys.attempts.clone()))
        })?;
        let aad = aad(&slot);
        for _ in 0..64 {
            let from = self.store.attempt(&slot)?;
            let mut state = open_state(&key, &slot, from.as_deref())?;
            state.count(&self.settings.attempts, now)?;
            let to = seal::seal(&key, &*self.random, &aad, &state.to_bytes())?;
            let edits = vec![Edit::SwapAttempt {
                slot,
                from,
                to: Some(to),
            }];
            match self.store.commit(Change {
                edits,
                ..Change::default()
            }) {
                Ok(_) => {
                    let subject = target.subject.clone();
                    return Ok(Attempt {
                        slot,
                        tenant,
                        purpose,
                        subject,
                    });
                }
                Err(StoreError::Conflict(Conflict::Attempt)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict(Conflict::Attempt).into())
    }

    /// Ends an attempt with acceptance: resets the counter and appends to the audit log in one
    /// transaction, in which the consent is checked once more. Returns the leaf index.
    ///
    /// # Errors
    /// [`ConsentError::Withdrawn`] when the consent was withdrawn since it was read;
    /// [`VaultError::Unknown`] when the attempt is of another subject; others when the store
    /// fails. After any error the person must not be accepted.
    // An attempt ends once: it is taken by value so that it cannot be decided again.
    #[allow(clippy::needless_pass_by_value, reason = "an attempt is decided once")]
    pub fn accept(
        &self,
        attempt: Attempt,
        subject: &Unlocked,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        if attempt.key_id() != Some(subject.subject.key_id()) {
            return Err(VaultError::Unknown { what: "attempt" });
        }
        self.accept_any(&attempt, subject, consent, Outcome::Accept, now)
    }

    /// Ends an attempt of somebody who did not say who they are with the acceptance of the member who was
    /// found. The attempt was counted on whoever asked ([`Target`] without a subject); else as
    /// [`Vault::accept`].
    ///
    /// # Errors
    /// As [`Vault::accept`]; [`VaultError::Unknown`] when the attempt is of a subject or not for
    /// [`Purpose::Identify`].
    #[allow(clippy::needless_pass_by_value, reason = "an attempt is decided once")]
    pub fn accept_found(
        &self,
        attempt: Attempt,
        member: &Unlocked,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        self.found(&attempt, member, consent, Outcome::Accept, now)
    }

    /// The same where a person has to look whether it is this member: that it may be is in the log of the member,
    /// and ends the row of failures.
    ///
    /// # Errors
    /// As [`Vault::accept_found`].
    #[allow(clippy::needless_pass_by_value, reason = "an attempt is decided once")]
    pub fn refer_found(
        &self,
        attempt: Attempt,
        member: &Unlocked,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        self.found(&attempt, member, consent, Outcome::Refer, now)
    }

    fn found(
        &self,
        attempt: &Attempt,
        member: &Unlocked,
        consent: &Consent,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        let tenant = member.subject.collection.tenant;
        let fits = attempt.subject.is_none()
            && attempt.tenant == tenant
            && attempt.purpose == Purpose::Identify;
        if !fits {
            return Err(VaultError::Unknown { what: "attempt" });
        }
        self.accept_any(attempt, member, consent, outcome, now)
    }

    fn accept_any(
        &self,
        attempt: &Attempt,
        subject: &Unlocked,
        consent: &Consent,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        self.tick(now)?;
        check_owner(subject, consent)?;
        consent.check_time(now)?;
        if attempt.purpose != consent.purpose() {
            return Err(ConsentError::Other.into());
        }
        let number = subject.subject.row.number;
        let mut edits = vec![Edit::RemoveAttempt(attempt.slot)];
        if subject.subject.row.used_day != now.day() {
            let rows = self.store.dossier(number, Contents::Consents)?.consents;
            let parts = self.parts(&subject.subject, &subject.ledger, &rows)?;
            edits.push(self.touch(number, consent.generation, &parts, now));
        }
        let event = Event {
            outcome: Some(outcome),
            purpose: Some(attempt.purpose),
            number: consent.number,
            ..Event::new(EventKind::Decided, now)
        };
        let events = vec![self.event_of(&subject.subject, &subject.body, event)?];
        let requires = vec![Require::Generation {
            subject: number,
            is: consent.generation,
        }];
        let done = self
            .store
            .commit(Change {
                requires,
                edits,
                events,
            })
            .map_err(withdrawn)?;
        Ok(done.first_leaf)
    }

    /// Ends an attempt without acceptance and appends to the audit log; the attempt stays
    /// counted. `unlocked` is the subject where it could be unlocked. An unknown id, a refused
    /// subject and a wrong face end alike. Returns the leaf index.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails; the answer is no all the same.
    #[allow(clippy::needless_pass_by_value, reason = "an attempt is decided once")]
    pub fn decline(
        &self,
        attempt: Attempt,
        unlocked: Option<&Unlocked>,
        recapture: bool,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        let unlocked = unlocked.filter(|one| attempt.key_id() == Some(one.subject.key_id()));
        let refusal = Refusal {
            tenant: attempt.tenant,
            subject: attempt.subject.as_ref(),
            unlocked,
            outcome: declined(recapture),
            purpose: attempt.purpose,
        };
        self.append_refusal(&refusal, now)
    }

    /// Ends an attempt of somebody who did not say who they are and to whom two members are too much alike;
    /// the attempt stays counted. Returns the leaf index.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails; the answer is no all the same.
    #[allow(clippy::needless_pass_by_value, reason = "an attempt is decided once")]
    pub fn decline_ambiguous(&self, attempt: Attempt, now: Timestamp) -> Result<u64, VaultError> {
        let refusal = Refusal {
            tenant: attempt.tenant,
            subject: attempt.subject.as_ref(),
            unlocked: None,
            outcome: Outcome::Ambiguous,
            purpose: attempt.purpose,
        };
        self.append_refusal(&refusal, now)
    }

    /// Appends a refusal that took no attempt to the audit log: too many attempts were made, or
    /// the picture was too poor to compare. Returns the leaf index.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails; the answer is no all the same.
    pub fn refuse(
        &self,
        target: &Target,
        purpose: Purpose,
        recapture: bool,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        let refusal = Refusal {
            tenant: target.collection.tenant,
            subject: target.subject.as_ref(),
            unlocked: None,
            outcome: declined(recapture),
            purpose,
        };
        self.append_refusal(&refusal, now)
    }

    /// Appends to the audit log how it was judged whether somebody is there who did not say who they are. Returns the
    /// leaf index.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails: then nothing may be answered.
    pub fn record_presence(
        &self,
        collection: &Collection,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        self.tick(now)?;
        let event = Event {
            outcome: Some(outcome),
            ..Event::new(EventKind::PresenceJudged, now)
        };
        let key = self.with_tenant(collection.tenant, |keys| Ok(keys.audit.clone()))?;
        let done = self.store.commit(Change {
            events: vec![self.nobodys_event(&key, event)?],
            ..Change::default()
        })?;
        Ok(done.first_leaf)
    }

    fn append_refusal(&self, refusal: &Refusal<'_>, now: Timestamp) -> Result<u64, VaultError> {
        self.tick(now)?;
        let event = Event {
            outcome: Some(refusal.outcome),
            purpose: Some(refusal.purpose),
            ..Event::new(EventKind::Decided, now)
        };
        if let Some(subject) = refusal.subject {
            let key = refusal.unlocked.map(|one| one.body.clone());
            let key = key.unwrap_or_else(|| subject.event_key());
            let change = Change {
                requires: vec![Require::Subject(subject.row.number)],
                events: vec![self.event_of(subject, &key, event)?],
                ..Change::default()
            };
            match self.store.commit(change) {
                Ok(done) => return Ok(done.first_leaf),
                // Erased meanwhile: nothing about it may be written any more, only that
                // somebody was refused.
                Err(StoreError::Conflict(Conflict::Gone)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let key = self.with_tenant(refusal.tenant, |keys| Ok(keys.audit.clone()))?;
        let done = self.store.commit(Change {
            events: vec![self.nobodys_event(&key, event)?],
            ..Change::default()
        })?;
        Ok(done.first_leaf)
    }
}
