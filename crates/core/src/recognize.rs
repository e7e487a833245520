//! Use cases of a door whose protocol hands out scores: who are these, and how alike is this one?

use crate::{
    CompareError, IdentifyError, IdentifyPolicy, OpenCollection, Registry, VerifyError, Worker,
};
use countenance_gallery::{Score, Searcher, Template};
use countenance_vault::{Consent, ExternalId, Purpose, Target, Unlocked, VaultError};

/// Who the faces of a picture are.
#[derive(Clone, Debug)]
pub struct Recognition {
    /// What decided it.
    pub policy: IdentifyPolicy,
    /// Members that were searched.
    pub members: usize,
    /// Of each probe the members it may be, the most alike first.
    pub found: Vec<Vec<Recognized>>,
}

/// A member that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Recognized {
    /// What the caller calls it.
    pub subject: ExternalId,
    /// How alike.
    pub score: Score,
}

impl Registry {
    /// Says of each probe which members of an open collection it may be, up to `most`, by the same threshold, margin
    /// and size as [`identify`](Registry::identify): for one it names whoever that accepts and nobody else. A probe
    /// without a template was too poor.
    ///
    /// No counter of attempts stands before it: whoever asks is a service with a key, which its rate and its day
    /// bound, and of whoever stays below the threshold nothing is told. Each probe has an event in the audit
    /// log before anything is returned; the consent of each member who is named is asked in the same transaction.
    ///
    /// # Errors
    /// [`IdentifyError`] when the collection is too large for its settings, no threshold stands for its rate,
    /// templates do not compare or the store fails. Then nobody is named.
    pub fn recognize(
        &self,
        worker: &Worker,
        searcher: &mut Searcher,
        open: &OpenCollection,
        (client, probes): (&str, &[Option<Template>]),
        most: usize,
    ) -> Result<Recognition, IdentifyError> {
        let settings = self.identify_settings(open.collection())?;
        let flip_averaging = self.policy().capture.flip_averaging;
        let policy = IdentifyPolicy::new(&worker.engine, flip_averaging, settings)?;
        let client = ExternalId::new(&format!("countenance:client:{client}"))?;
        let target = self.vault().find(open.collection(), &client)?;
        let (members, cap) = (self.catch_up(open)?, policy.cap());
        if members > cap {
            return Err(IdentifyError::TooMany { members, cap });
        }
        let mut found = Vec::with_capacity(probes.len());
        for probe in probes {
            let Some(probe) = probe else {
                self.vault()
                    .refuse(&target, Purpose::Identify, true, self.now())?;
                found.push(Vec::new());
                continue;
            };
            found.push(self.who(searcher, open, (&target, probe), &policy, most)?);
        }
        Ok(Recognition {
            policy,
            members,
            found,
        })
    }

    fn who(
        &self,
        searcher: &mut Searcher,
        open: &OpenCollection,
        (target, probe): (&Target, &Template),
        policy: &IdentifyPolicy,
        most: usize,
    ) -> Result<Vec<Recognized>, IdentifyError> {
        let candidates = open.search(searcher, probe, policy.searched()?);
        let candidates = candidates.map_err(CompareError::from)?;
        let margin = policy.settings().margin();
        let near = match &candidates[..] {
            [best, second, ..] => best.score.cosine() - second.score.cosine() < margin,
            _ => false,
        };
        let mut named = Vec::new();
        // Two who are too much alike are told to whoever asks for two; to whoever asks for one, neither. Where
        // a person has to look, this protocol has no word for it.
        if policy.settings().may_accept() && (most > 1 || !near) {
            let over = candidates
                .iter()
                .filter(|one| policy.threshold().accepts(one.score));
            for candidate in over.take(most) {
                if let Some(subject) = self.still_member(open, candidate.entry.member)? {
                    let score = candidate.score;
                    named.push(Recognized { subject, score });
                }
            }
        }
        if named.is_empty() {
            let leaf = self
                .vault()
                .refuse(target, Purpose::Identify, false, self.now())?;
            open.note(leaf);
        }
        Ok(named)
    }

    /// The id of a member who consents as of now; the audit log has that it was found.
    fn still_member(
        &self,
        open: &OpenCollection,
        number: u64,
    ) -> Result<Option<ExternalId>, IdentifyError> {
        let vault = self.vault();
        let named = vault.member(open.collection(), number).and_then(|member| {
            let consent = vault.consent(&member, Purpose::Identify, self.now())?;
            let leaf = vault.name_found(&member, &consent, self.now())?;
            open.note(leaf);
            Ok(member.external_id().clone())
        });
        match named {
            Ok(id) => Ok(Some(id)),
            // Erased or withdrawn in the last moment.
            Err(VaultError::Unknown { .. } | VaultError::Consent(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// How alike each probe is to one record of a subject who consented to `verify`, all as one attempt, which ends
    /// with an acceptance if one of them reaches the threshold of the registry. `None` where the record is gone or
    /// was made by another model.
    ///
    /// # Errors
    /// [`VerifyError`] when no attempt is allowed now, the consent no longer holds, a template does not read
    /// or the store fails.
    pub fn compare_with_record(
        &self,
        worker: &Worker,
        (subject, consent): (&Unlocked, &Consent),
        number: u16,
        probes: &[Template],
    ) -> Result<Option<Vec<Score>>, VerifyError> {
        let vault = self.vault();
        let threshold = worker.engine.threshold(self.policy())?;
        let target = subject.subject().target();
        let attempt = match vault.count_attempt(&target, Purpose::Verify, self.now()) {
            Ok(attempt) => attempt,
            Err(error) => {
                if matches!(error, VaultError::Attempts(_)) {
                    vault.refuse(&target, Purpose::Verify, false, self.now())?;
                }
                return Err(error.into());
            }
        };
        let references = vault.references(subject, consent, &attempt, self.now())?;
        let reference = references.iter().find(|one| one.number == number);
        let mut scores = reference.is_some().then(Vec::new);
        for probe in probes {
            let stored = reference.map(|reference| self.comparable(reference, probe));
            match (stored.transpose()?.flatten(), &mut scores) {
                (Some(stored), Some(scores)) => {
                    scores.push(stored.compare(probe).map_err(CompareError::from)?);
                }
                _ => scores = None,
            }
        }
        let matched = scores
            .iter()
            .flatten()
            .any(|score| threshold.accepts(*score));
        if matched {
            vault.accept(attempt, subject, consent, self.now())?;
        } else {
            vault.decline(attempt, false, self.now())?;
        }
        Ok(scores)
    }
}
