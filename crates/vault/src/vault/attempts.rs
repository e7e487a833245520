//! Attempts: counted durably before anything is compared, ended with an audit event.

use super::ledger::{check_owner, touch, withdrawn};
use super::{Subject, Target, Unlocked, Vault};
use crate::attempt::AttemptState;
use crate::consent::{Consent, Purpose};
use crate::error::{ConsentError, VaultError};
use crate::event::{self, Event, EventKind, Outcome};
use crate::ident::{KeyId, Timestamp};
use crate::seal;
use crate::secret::Secret;
use crate::store::{Change, Conflict, Edit, Require, StoreError};

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
    pub(super) slot: [u8; 32],
    pub(super) tenant: u32,
    pub(super) purpose: Purpose,
    pub(super) subject: Option<Subject>,
}

impl Attempt {
    /// For what the attempt is.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    pub(super) fn slot(&self) -> [u8; 32] {
        self.slot
    }

    pub(super) fn key_id(&self) -> Option<KeyId> {
        self.subject.as_ref().map(Subject::key_id)
    }
}

/// What hangs on an acceptance: changed with it, in the same transaction, or nobody is accepted.
#[derive(Default)]
pub(super) struct Along {
    pub(super) requires: Vec<Require>,
    pub(super) edits: Vec<Edit>,
    pub(super) detail: u64,
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

/// Events that are read at once to find what the log says of a counter.
const NEWEST: u32 = 8;
/// Most of such reads.
const MOST_PAGES: u32 = 64;

impl Vault {
    /// What the log says of the counter of a subject at the newest decision about it, and where. An
    /// event that only the holder can read ends the search: a success is one.
    fn stated(&self, subject: &Subject) -> Result<Option<(u64, u64)>, VaultError> {
        let key = subject.event_key();
        let mut before = u64::MAX;
        for _ in 0..MOST_PAGES {
            let rows = self
                .store
                .newest_events(subject.row.number, before, NEWEST)?;
            for row in &rows {
                let Some(event) = event::open_event(&key, &subject.row.key_id, &row.sealed) else {
                    return Ok(None);
                };
                // Who was found in a search was not tried by name.
                if event.kind == EventKind::Decided && event.purpose != Some(Purpose::Identify) {
                    // Of an acceptance the detail names a payment, and the counter begins anew.
                    let accepted = event.outcome == Some(Outcome::Accept);
                    let least = if accepted { 0 } else { event.detail };
                    return Ok(Some((row.sequence, least)));
                }
                before = row.sequence;
            }
            if rows.len() < NEWEST as usize {
                break;
            }
        }
        Ok(None)
    }

    /// A counter, held against the log where it is a subject's: a row that is missing or older than
    /// what was written about it was taken back. What is not there costs as much to ask for.
    pub(super) fn counter(
        &self,
        subject: Option<&Subject>,
        slot: &[u8; 32],
        key: &Secret,
    ) -> Result<(Option<Vec<u8>>, AttemptState), VaultError> {
        let mut seen = None;
        for _ in 0..64 {
            let from = self.store.attempt(slot)?;
            let state = open_state(key, slot, from.as_deref())?;
            let stated = match subject {
                Some(subject) => self.stated(subject)?,
                None => {
                    drop(self.store.newest_events(0, u64::MAX, NEWEST)?);
                    None
                }
            };
            match stated {
                Some((leaf, least)) if state.statement() < least => {
                    // Between the two reads somebody may have counted, or succeeded.
                    if seen.as_ref() == Some(&(leaf, from.clone())) {
                        return Err(VaultError::AttemptsTakenBack);
                    }
                    seen = Some((leaf, from));
                }
                _ => return Ok((from, state)),
            }
        }
        Err(StoreError::Conflict(Conflict::Attempt).into())
    }

    /// Holds the counter of a subject against the log.
    pub(super) fn check_counter(&self, subject: &Subject) -> Result<(), VaultError> {
        let key = self.with_tenant(subject.collection.tenant, |keys| Ok(keys.attempts.clone()))?;
        self.counter(Some(subject), &subject.row.pseudonym, &key)
            .map(drop)
    }

    /// The counter that an attempt on a target is counted in, and the key it is sealed with.
    pub(super) fn slot_of(&self, target: &Target) -> Result<([u8; 32], Secret), VaultError> {
        self.with_tenant(target.collection.tenant, |keys| {
            let slot = match &target.subject {
                Some(subject) => subject.row.pseudonym,
                None => keys.bucket(&target.collection.id, &target.pseudonym),
            };
            Ok((slot, keys.attempts.clone()))
        })
    }

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
    /// [`VaultError::Attempts`] when none is allowed now; [`VaultError::AttemptsTakenBack`] when the
    /// counter of a subject is older than the audit log; others when the store fails, and then
    /// nothing may be compared.
    pub fn count_attempt(
        &self,
        target: &Target,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Attempt, VaultError> {
        self.tick(now)?;
        let tenant = target.collection.tenant;
        let (slot, key) = self.slot_of(target)?;
        let aad = aad(&slot);
        for _ in 0..64 {
            let (from, mut state) = self.counter(target.subject.as_ref(), &slot, &key)?;
            state.count(&self.settings.attempts, now)?;
            let to = seal::seal(&key, &*self.random, &aad, &state.to_bytes())?;
            let edits = vec![Edit::SwapAttempt {
                slot,
                from,
                to: Some(to),
            }];
            match self.commit(Change {
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
        let counted = (Some(attempt.slot), attempt.purpose);
        let along = Along::default();
        self.accept_any(counted, (subject, consent), Outcome::Accept, along, now)
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
        let counted = (Some(attempt.slot), attempt.purpose);
        self.accept_any(counted, (member, consent), outcome, Along::default(), now)
    }

    /// Ends an attempt at an identity check with acceptance: of whom, the vault does not know, so there is no consent to ask.
    /// Resets the counter and appends to the audit log in one transaction. Returns the leaf index.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] when the attempt is of a subject or not for [`Purpose::IdentityCheck`]; others when the store
    /// fails. After any error the person must not be accepted.
    #[allow(clippy::needless_pass_by_value, reason = "an attempt is decided once")]
    pub fn accept_of_nobody(&self, attempt: Attempt, now: Timestamp) -> Result<u64, VaultError> {
        self.tick(now)?;
        if attempt.subject.is_some() || attempt.purpose != Purpose::IdentityCheck {
            return Err(VaultError::Unknown { what: "attempt" });
        }
        let event = Event {
            outcome: Some(Outcome::Accept),
            purpose: Some(attempt.purpose),
            ..Event::new(EventKind::Decided, now)
        };
        let key = self.with_tenant(attempt.tenant, |keys| Ok(keys.audit.clone()))?;
        let done = self.commit(Change {
            edits: vec![Edit::RemoveAttempt(attempt.slot)],
            events: vec![self.nobodys_event(&key, event)?],
            ..Change::default()
        })?;
        Ok(done.first_leaf)
    }

    /// Appends to the audit log that a member of a collection was found by whoever searches without a counter of
    /// attempts, in one transaction with checking the consent. Returns the leaf index.
    ///
    /// # Errors
    /// As [`Vault::accept`]: after any error the member must not be named.
    pub fn name_found(
        &self,
        member: &Unlocked,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        let uncounted = (None, Purpose::Identify);
        let along = Along::default();
        self.accept_any(uncounted, (member, consent), Outcome::Accept, along, now)
    }

    pub(super) fn accept_any(
        &self,
        (counter, purpose): (Option<[u8; 32]>, Purpose),
        (subject, consent): (&Unlocked, &Consent),
        outcome: Outcome,
        along: Along,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        self.tick(now)?;
        check_owner(subject, consent)?;
        consent.check_time(now)?;
        if purpose != consent.purpose() {
            return Err(ConsentError::Other.into());
        }
        let number = subject.subject.row.number;
        let mut edits: Vec<Edit> = counter.map(Edit::RemoveAttempt).into_iter().collect();
        if subject.subject.row.used_day != now.day() {
            edits.push(touch(number, consent.generation, now));
        }
        let event = Event {
            outcome: Some(outcome),
            purpose: Some(purpose),
            number: consent.number,
            detail: along.detail,
            ..Event::new(EventKind::Decided, now)
        };
        let events = vec![self.event_of(&subject.subject, &subject.body, event)?];
        edits.extend(along.edits);
        let mut requires = vec![Require::Generation {
            subject: number,
            is: consent.generation,
        }];
        requires.extend(along.requires);
        let done = self
            .commit(Change {
                requires,
                edits,
                events,
            })
            .map_err(withdrawn)?;
        Ok(done.first_leaf)
    }
}
