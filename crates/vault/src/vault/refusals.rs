//! How an attempt ends that accepted nobody, and what is written where none was counted.

use super::{Attempt, Collection, Subject, Target, Vault};
use crate::consent::Purpose;
use crate::error::VaultError;
use crate::event::{Event, EventKind, Outcome};
use crate::ident::Timestamp;
use crate::store::{Change, Conflict, Edit, Require, StoreError};

/// Nobody was accepted.
struct Refusal<'a> {
    tenant: u32,
    slot: [u8; 32],
    subject: Option<&'a Subject>,
    outcome: Outcome,
    /// None where it was not about a face.
    purpose: Option<Purpose>,
    /// What changes with it, if it still is as it was read.
    also: Option<Edit>,
}

impl<'a> Refusal<'a> {
    /// Ends an attempt, which stays counted.
    fn of_attempt(attempt: &'a Attempt, outcome: Outcome) -> Self {
        Self {
            tenant: attempt.tenant,
            slot: attempt.slot,
            subject: attempt.subject.as_ref(),
            outcome,
            purpose: Some(attempt.purpose),
            also: None,
        }
    }

    /// Took no attempt.
    fn uncounted(
        vault: &Vault,
        target: &'a Target,
        (outcome, purpose): (Outcome, Option<Purpose>),
    ) -> Result<Self, VaultError> {
        Ok(Self {
            tenant: target.collection.tenant,
            slot: vault.slot_of(target)?.0,
            subject: target.subject.as_ref(),
            outcome,
            purpose,
            also: None,
        })
    }

    fn along(self, also: Edit) -> Self {
        Self {
            also: Some(also),
            ..self
        }
    }
}

fn declined(recapture: bool) -> Outcome {
    if recapture {
        Outcome::Recapture
    } else {
        Outcome::Reject
    }
}

impl Vault {
    /// Ends an attempt without acceptance and appends to the audit log; the attempt stays
    /// counted. An unknown id, a refused subject and a wrong face end alike. Returns the leaf index.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails; the answer is no all the same.
    #[allow(clippy::needless_pass_by_value, reason = "an attempt is decided once")]
    pub fn decline(
        &self,
        attempt: Attempt,
        recapture: bool,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        let refusal = Refusal::of_attempt(&attempt, declined(recapture));
        self.append_refusal(&refusal, now)
    }

    /// The same, with something that changes along in the same transaction if it still is as it was read; the refusal
    /// stands in any case.
    pub(super) fn decline_along(
        &self,
        attempt: &Attempt,
        also: Edit,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        let refusal = Refusal::of_attempt(attempt, Outcome::Reject).along(also);
        self.append_refusal(&refusal, now)
    }

    /// A refusal that took no attempt, with what changes along.
    pub(super) fn refuse_along(
        &self,
        target: &Target,
        purpose: Purpose,
        also: Edit,
        now: Timestamp,
    ) -> Result<u64, VaultError> {
        let refusal =
            Refusal::uncounted(self, target, (Outcome::Reject, Some(purpose)))?.along(also);
        self.append_refusal(&refusal, now)
    }

    /// Ends an attempt of somebody who did not say who they are and to whom two members are too much alike;
    /// the attempt stays counted. Returns the leaf index.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails; the answer is no all the same.
    #[allow(clippy::needless_pass_by_value, reason = "an attempt is decided once")]
    pub fn decline_ambiguous(&self, attempt: Attempt, now: Timestamp) -> Result<u64, VaultError> {
        let refusal = Refusal::of_attempt(&attempt, Outcome::Ambiguous);
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
        let refusal = Refusal::uncounted(self, target, (declined(recapture), Some(purpose)))?;
        self.append_refusal(&refusal, now)
    }

    /// Appends to the audit log that somebody could not show that the consents of a target are theirs. Nobody's face was looked
    /// at, so no attempt is counted. Returns the leaf index.
    ///
    /// # Errors
    /// [`VaultError`] when the store fails; nothing is shown all the same.
    pub fn refuse_consents(&self, target: &Target, now: Timestamp) -> Result<u64, VaultError> {
        let refusal = Refusal::uncounted(self, target, (Outcome::Reject, None))?;
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
        let done = self.commit(Change {
            events: vec![self.nobodys_event(&key, event)?],
            ..Change::default()
        })?;
        Ok(done.first_leaf)
    }

    fn append_refusal(&self, refusal: &Refusal<'_>, now: Timestamp) -> Result<u64, VaultError> {
        self.tick(now)?;
        let event = Event {
            outcome: Some(refusal.outcome),
            purpose: refusal.purpose,
            ..Event::new(EventKind::Decided, now)
        };
        let (attempts, audit) = self.with_tenant(refusal.tenant, |keys| {
            Ok((keys.attempts.clone(), keys.audit.clone()))
        })?;
        let slot = refusal.slot;
        let mut edits: Vec<Edit> = refusal.also.iter().cloned().collect();
        for _ in 0..64 {
            let (is, state) = self.counter(refusal.subject, &slot, &attempts)?;
            let Some(subject) = refusal.subject else {
                break;
            };
            // The log says how the counter stands, so that it cannot be taken back afterwards. It is
            // said where the vault can read it without the holder.
            let event = Event {
                detail: state.statement(),
                ..event
            };
            let change = Change {
                requires: vec![
                    Require::Subject(subject.row.number),
                    Require::Attempt { slot, is },
                ],
                events: vec![self.event_of(subject, &subject.event_key(), event)?],
                edits: edits.clone(),
            };
            match self.commit(change) {
                Ok(done) => return Ok(done.first_leaf),
                Err(StoreError::Conflict(Conflict::Attempt)) => {}
                // It was changed meanwhile, and somebody was refused all the same.
                Err(StoreError::Conflict(Conflict::Payment)) => edits.clear(),
                // Erased meanwhile: nothing about it may be written any more, only that
                // somebody was refused.
                Err(StoreError::Conflict(Conflict::Gone)) => break,
                Err(error) => return Err(error.into()),
            }
        }
        loop {
            let done = self.commit(Change {
                events: vec![self.nobodys_event(&audit, event)?],
                edits: edits.clone(),
                ..Change::default()
            });
            match done {
                Err(StoreError::Conflict(Conflict::Payment)) if !edits.is_empty() => edits.clear(),
                done => return Ok(done?.first_leaf),
            }
        }
    }
}
