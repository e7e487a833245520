//! Use case: who of a collection is this?

use crate::timing::timed;
use crate::{
    Capture, CaptureError, CompareError, Fault, IdentifyPolicy, OpenCollection, Registry,
    StageTimings, TemplateFormatError, Worker,
};
use countenance_gallery::{
    Candidate, IndexError, ModelIdError, Score, ScoreError, Searcher, Template,
};
use countenance_vault::{Attempt, ExternalId, IdentError, Lock, Purpose, Target, VaultError};
use countenance_vision::QualityCause;
use thiserror::Error;

/// The answer to "who is this?", as it may be told outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentifyAnswer {
    /// It is this member.
    Accept(ExternalId),
    /// Two members are too much alike to say which it is: ask for another factor.
    Ambiguous,
    /// Too many attempts of this client: wait, or use another way in.
    NotPermitted(Lock),
    /// The picture is too poor to tell; the cause comes from the picture alone.
    Recapture(QualityCause),
    /// It may be this member, and a person has to look: the collection allows more false answers than may
    /// be accepted unseen.
    Refer(ExternalId),
    /// It is nobody of the collection.
    Reject,
}

impl IdentifyAnswer {
    /// The stable name for machines.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accept(_) => "accept",
            Self::Ambiguous => "ambiguous",
            Self::NotPermitted(_) => "not_permitted",
            Self::Recapture(_) => "recapture",
            Self::Refer(_) => "refer",
            Self::Reject => "reject",
        }
    }
}

/// An identification and what it was decided on.
#[derive(Clone, Debug)]
pub struct Identification {
    /// The answer, and all that may be told to whoever asked.
    pub answer: IdentifyAnswer,
    /// What decided it; goes with the answer.
    pub policy: IdentifyPolicy,
    /// Members that were searched.
    pub members: usize,
    /// The score of the member who was found, for the operator only.
    pub score: Option<Score>,
    /// Leaf of the audit log.
    pub leaf: u64,
    /// What was found in the picture.
    pub capture: Capture,
    /// How long it took.
    pub timings: StageTimings,
}

/// An identification failed. Finding nobody is an answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IdentifyError {
    /// The picture failed.
    #[error("probe failed")]
    Capture(#[from] CaptureError),
    /// The name of a client is none.
    #[error("client name is not one")]
    Client(#[from] IdentError),
    /// No threshold stands for the rate, or templates do not compare.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// The members do not fit into memory.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A stored template is of a model whose name is none.
    #[error("stored template names no model")]
    ModelName(#[from] ModelIdError),
    /// A threshold less the margin is no score.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// A stored template does not read.
    #[error(transparent)]
    Template(#[from] TemplateFormatError),
    /// The collection has more members than its settings allow.
    #[error("collection has {members} members to search, its target FPIR allows {cap}")]
    TooMany {
        /// Members with a template.
        members: usize,
        /// Most that the settings allow.
        cap: usize,
    },
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl IdentifyError {
    /// Who can do something about it.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Capture(error) => error.fault(),
            Self::Client(_) => Fault::Caller,
            Self::Compare(error) => error.fault(),
            Self::Index(_) | Self::TooMany { .. } => Fault::Config,
            Self::ModelName(_) | Self::Template(_) => Fault::Storage,
            Self::Score(_) => Fault::Bug,
            Self::Vault(error) => error.fault().into(),
        }
    }
}

/// Who asks, and with which picture.
#[derive(Clone, Copy, Debug)]
pub struct IdentifyRequest<'a> {
    /// Attempts are counted on this name: a door, a key of the platform.
    pub client: &'a str,
    /// JPEG, PNG or WebP bytes.
    pub probe: &'a [u8],
}

impl Registry {
    /// Says which member of an open collection a picture shows, if any.
    ///
    /// What changed in the store before it was called has its effect. The attempt is on the disk before
    /// anything is compared; the audit log has the decision before it is returned; the consent of the
    /// member who is named is asked in the same transaction.
    ///
    /// # Errors
    /// [`IdentifyError`] when the picture does not decode, the collection is too large for its settings,
    /// no threshold stands for its rate, or the store fails. Then nobody is named.
    pub fn identify(
        &self,
        worker: &mut Worker,
        searcher: &mut Searcher,
        open: &OpenCollection,
        request: &IdentifyRequest<'_>,
    ) -> Result<Identification, IdentifyError> {
        let start = worker.engine.clock().elapsed();
        let settings = self.identify_settings(open.collection())?;
        let capture_policy = &self.policy().capture;
        let policy = IdentifyPolicy::new(&worker.engine, capture_policy.flip_averaging, settings)?;
        let mut timings = StageTimings::default();

        // 1. The picture. A poor one is not compared, and no attempt is counted.
        let (capture, crop) = worker.capture(request.probe, capture_policy, &mut timings)?;
        let client = ExternalId::new(&format!("countenance:client:{}", request.client))?;
        let target = self.vault().find(open.collection(), &client)?;
        let mut done = Identification {
            answer: IdentifyAnswer::Reject,
            policy,
            members: 0,
            score: None,
            leaf: 0,
            capture,
            timings,
        };
        match crop {
            Err(cause) => {
                done.answer = IdentifyAnswer::Recapture(cause);
                let now = self.now();
                done.leaf = self.vault().refuse(&target, Purpose::Identify, true, now)?;
            }
            Ok(crop) => {
                let probe = worker.embed(&crop, capture_policy, &mut done.timings)?;
                self.decide_who(worker, searcher, open, &target, &probe, &mut done)?;
            }
        }
        done.timings.total = worker.engine.clock().elapsed().saturating_sub(start);
        Ok(done)
    }

    /// From the probe's template to the answer.
    fn decide_who(
        &self,
        worker: &Worker,
        searcher: &mut Searcher,
        open: &OpenCollection,
        target: &Target,
        probe: &Template,
        done: &mut Identification,
    ) -> Result<(), IdentifyError> {
        let vault = self.vault();
        // 2. Who may be searched, as of now; too many may not.
        done.members = self.catch_up(open)?;
        let cap = done.policy.cap();
        if done.members > cap {
            return Err(IdentifyError::TooMany {
                members: done.members,
                cap,
            });
        }
        // 3. The attempt, on the disk before anything is compared.
        let attempt = match vault.count_attempt(target, Purpose::Identify, self.now()) {
            Ok(attempt) => attempt,
            Err(VaultError::Attempts(lock)) => {
                done.answer = IdentifyAnswer::NotPermitted(lock);
                let now = self.now();
                done.leaf = vault.refuse(target, Purpose::Identify, false, now)?;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        // 4. Everybody who is at least as alike as the threshold less the margin.
        let searched = done.policy.searched()?;
        let clock = worker.engine.clock();
        let found = timed(clock, &mut done.timings.compare, || {
            open.search(searcher, probe, searched)
        });
        let found = found.map_err(CompareError::from)?;
        // 5. The audit log, then the answer.
        done.answer = match judge(&found, &done.policy) {
            Judged::Nobody => IdentifyAnswer::Reject,
            Judged::Several => {
                done.answer = IdentifyAnswer::Ambiguous;
                done.leaf = vault.decline_ambiguous(attempt, self.now())?;
                open.note(done.leaf);
                return Ok(());
            }
            Judged::One(best) => {
                done.score = Some(best.score);
                return self.name(open, (target, attempt), best.entry.member, done);
            }
        };
        done.leaf = vault.decline(attempt, false, self.now())?;
        open.note(done.leaf);
        Ok(())
    }

    /// Names a member who still consents, or nobody.
    fn name(
        &self,
        open: &OpenCollection,
        (target, attempt): (&Target, Attempt),
        number: u64,
        done: &mut Identification,
    ) -> Result<(), IdentifyError> {
        let vault = self.vault();
        let member = vault.member(open.collection(), number);
        let consent = member.and_then(|member| {
            let consent = vault.consent(&member, Purpose::Identify, self.now())?;
            Ok((member, consent))
        });
        let (member, consent) = match consent {
            Ok(found) => found,
            // Erased or withdrawn in the last moment.
            Err(VaultError::Unknown { .. } | VaultError::Consent(_)) => {
                done.score = None;
                done.leaf = vault.decline(attempt, false, self.now())?;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let (id, now) = (member.external_id().clone(), self.now());
        let (answer, leaf) = if done.policy.settings().may_accept() {
            let leaf = vault.accept_found(attempt, &member, &consent, now);
            (IdentifyAnswer::Accept(id), leaf)
        } else {
            let leaf = vault.refer_found(attempt, &member, &consent, now);
            (IdentifyAnswer::Refer(id), leaf)
        };
        match leaf {
            Ok(leaf) => {
                (done.answer, done.leaf) = (answer, leaf);
                open.note(leaf);
            }
            // Withdrawn or erased since the consent was read: the attempt stays counted.
            Err(VaultError::Unknown { .. } | VaultError::Consent(_)) => {
                done.score = None;
                done.leaf = vault.refuse(target, Purpose::Identify, false, now)?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// What a search says under a policy.
#[derive(Debug, PartialEq)]
enum Judged {
    Nobody,
    One(Candidate),
    Several,
}

/// The best member, if it reaches the threshold and the next one is far enough behind.
fn judge(found: &[Candidate], policy: &IdentifyPolicy) -> Judged {
    let Some(best) = found
        .first()
        .filter(|best| policy.threshold().accepts(best.score))
    else {
        return Judged::Nobody;
    };
    let margin = policy.settings().margin();
    let near = |second: &Candidate| best.score.cosine() - second.score.cosine() < margin;
    if found.get(1).is_some_and(near) {
        Judged::Several
    } else {
        Judged::One(*best)
    }
}
