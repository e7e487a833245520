//! Use case: is this the subject they say they are?

use crate::ending::Ending;
use crate::timing::timed;
use crate::{
    Answer, CaptureError, Claim, CompareError, Fault, Finding, OperatorDetail, Registry,
    StageTimings, Taken, TemplateFormatError, Verification, Worker, template_v1,
};
use countenance_gallery::{ModelId, ModelIdError, Score, Template, Threshold};
use countenance_vault::{
    Attempt, Consent, Lock, Purpose, Reference, Subject, Target, Unlocked, VaultError,
};
use countenance_vision::QualityCause;
use std::time::Duration;
use thiserror::Error;

/// A verification failed. A wrong face, a poor picture and a subject who may not be verified are
/// outcomes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The picture failed.
    #[error("probe failed")]
    Capture(#[from] CaptureError),
    /// No threshold stands for the rate, or templates do not compare.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// A stored template is of a model whose name is none.
    #[error("stored template names no model")]
    ModelName(#[from] ModelIdError),
    /// A stored template does not read.
    #[error(transparent)]
    Template(#[from] TemplateFormatError),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl VerifyError {
    /// Who can do something about it.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Capture(error) => error.fault(),
            Self::Compare(error) => error.fault(),
            Self::ModelName(_) | Self::Template(_) => Fault::Storage,
            Self::Vault(error) => error.fault().into(),
        }
    }
}

/// What a claim was decided on.
pub(crate) struct Ruling {
    pub(crate) finding: Finding,
    pub(crate) score: Option<Score>,
    pub(crate) threshold: Threshold,
    pub(crate) leaf: Option<u64>,
    compare: Duration,
    /// What hangs on it beside the answer.
    pub(crate) ending: Ending,
    /// The attempt, where it was taken before.
    pub(crate) taken: Option<Taken>,
}

impl Ruling {
    pub(crate) fn new(threshold: Threshold) -> Self {
        Self {
            finding: Finding::NotMatched,
            score: None,
            threshold,
            leaf: None,
            compare: Duration::ZERO,
            ending: Ending::default(),
            taken: None,
        }
    }
}

/// A subject who may be verified, or why not: then the decoy does the rest.
pub(crate) type Admitted = Result<(Unlocked, Consent), Finding>;

impl Registry {
    /// Verifies a probe picture (JPEG, PNG or WebP bytes) against a subject's templates; the best
    /// of them counts.
    ///
    /// An unknown, refused or locked subject costs what any other does: the picture is looked at,
    /// an attempt is counted, the decoy is read in its place. The attempt is on the disk before
    /// anything is compared; the audit log has the decision before it is returned.
    ///
    /// # Errors
    /// [`VerifyError`] when the picture does not decode, no threshold stands for the policy's rate,
    /// or the store fails. After an error nobody is accepted, and an attempt that was counted stays
    /// counted.
    pub fn verify(
        &self,
        worker: &mut Worker,
        claim: &Claim<'_>,
        probe: &[u8],
    ) -> Result<Verification, VerifyError> {
        let start = worker.engine.clock().elapsed();
        let threshold = worker.engine.threshold(self.policy())?;
        let policy = &self.policy().capture;
        let mut timings = StageTimings::default();

        // 1. Consent, before anything is done with a face.
        let target = self.find(claim)?;
        let admitted = self.admit(&target, claim, Purpose::Verify)?;

        // 2. The picture. A poor one is not compared, and no attempt is counted.
        let (capture, crop) = worker.capture(probe, policy, &mut timings)?;
        let mut ruling = Ruling::new(threshold);
        let answer = match crop {
            Err(cause) => self.rule_poor(claim, &target, cause, &mut ruling)?,
            Ok(crop) => {
                let template = worker.embed(&crop, policy, &mut timings)?;
                let question = (claim, &target);
                self.decide(worker, question, admitted, (&template, true), &mut ruling)?
            }
        };
        timings.compare = ruling.compare;
        let mut detail = OperatorDetail {
            finding: ruling.finding,
            pseudonym: target.pseudonym(),
            score: ruling.score,
            threshold: ruling.threshold,
            leaf: ruling.leaf,
            capture,
            timings,
        };
        detail.timings.total = worker.engine.clock().elapsed().saturating_sub(start);
        Ok(Verification { answer, detail })
    }

    /// Unlocks the subject and reads its consent.
    pub(crate) fn admit(
        &self,
        target: &Target,
        claim: &Claim<'_>,
        purpose: Purpose,
    ) -> Result<Admitted, VaultError> {
        let (vault, decoy, now) = (self.vault(), self.decoy(), self.now());
        let Some(subject) = target.subject() else {
            decoy.find(vault);
            decoy.unlock(vault);
            decoy.consent(vault, now);
            return Ok(Err(Finding::Unknown));
        };
        let unlocked = match vault.unlock(subject, claim.holder) {
            Ok(unlocked) => unlocked,
            Err(error) => {
                decoy.consent(vault, now);
                return Finding::of(error).map(Err);
            }
        };
        match vault.consent(&unlocked, purpose, now) {
            Ok(consent) => Ok(Ok((unlocked, consent))),
            Err(error) => Finding::of(error).map(Err),
        }
    }

    /// The pictures are too poor: no attempt is counted that was not taken.
    pub(crate) fn rule_poor(
        &self,
        claim: &Claim<'_>,
        target: &Target,
        cause: QualityCause,
        ruling: &mut Ruling,
    ) -> Result<Answer, VerifyError> {
        ruling.finding = Finding::Poor(cause);
        ruling.leaf = Some(self.refuse_unseen(claim, target, true, ruling)?);
        Ok(Answer::Recapture(cause))
    }

    /// What it is about was over before anybody was compared: whoever was in front of the camera learns no more of the
    /// subject than a stranger who was not, so no attempt is counted that was not taken. Else whoever makes payments and cancels them could lock
    /// out a payer who never began to answer.
    pub(crate) fn rule_over(
        &self,
        claim: &Claim<'_>,
        target: &Target,
        ruling: &mut Ruling,
    ) -> Result<Answer, VerifyError> {
        ruling.finding = Finding::Payment;
        ruling.leaf = Some(self.refuse_unseen(claim, target, false, ruling)?);
        Ok(Answer::Reject)
    }

    /// Writes a refusal for which nobody was compared: an attempt that was taken stays counted, and without one none is.
    fn refuse_unseen(
        &self,
        claim: &Claim<'_>,
        target: &Target,
        recapture: bool,
        ruling: &mut Ruling,
    ) -> Result<u64, VaultError> {
        if let Some(taken) = ruling.taken.take() {
            return self.end_taken(taken, recapture);
        }
        self.refuse(claim, target, (ruling.ending.purpose(), recapture))
    }

    /// The attempt: the one that was taken, where it is at whom the claim finds now, or one more.
    fn attempt(
        &self,
        target: &Target,
        ruling: &mut Ruling,
    ) -> Result<Result<Attempt, Lock>, VaultError> {
        if let Some(taken) = ruling.taken.take() {
            let key = |target: &Target| target.subject().map(Subject::key_id);
            if key(&taken.target) == key(target) {
                return Ok(taken.attempt);
            }
            // Erased and there again meanwhile.
            self.end_taken(taken, false)?;
        }
        self.count_attempt(target, ruling.ending.purpose())
    }

    /// From the probe's template, and whether it is of a live person, to the answer. One who is not goes the same way
    /// to the end.
    pub(crate) fn decide(
        &self,
        worker: &Worker,
        (claim, target): (&Claim<'_>, &Target),
        admitted: Admitted,
        (probe, is_live): (&Template, bool),
        ruling: &mut Ruling,
    ) -> Result<Answer, VerifyError> {
        let vault = self.vault();
        // 3. The attempt, on the disk before anything is compared.
        let attempt = match self.attempt(target, ruling)? {
            Ok(attempt) => attempt,
            Err(lock) => {
                self.decoy().compare(vault, probe);
                ruling.finding = Finding::Locked(lock);
                ruling.leaf = Some(self.refuse_ending(claim, target, &mut ruling.ending)?);
                return Ok(Answer::NotPermitted);
            }
        };

        // 4. The records, and the best score.
        let clock = worker.engine.clock();
        let admitted_once = admitted.is_ok();
        let compared = match admitted {
            Err(finding) => {
                timed(clock, &mut ruling.compare, || {
                    self.decoy().compare(vault, probe);
                });
                self.decoy().recheck(vault);
                Err(finding)
            }
            Ok((subject, consent)) => {
                let scored = timed(clock, &mut ruling.compare, || {
                    self.best(&subject, &consent, &attempt, probe)
                })?;
                // 5. Consent again: a withdrawal stops a verification that is running.
                let held = vault.recheck(&subject, &consent, self.now());
                match (scored, held) {
                    (Ok(score), Ok(())) => Ok((subject, consent, score)),
                    (Err(finding), Ok(())) => Err(finding),
                    (_, Err(error)) => Err(Finding::of(error)?),
                }
            }
        };

        // 6. The audit log, then the answer.
        match compared {
            Ok((subject, consent, score)) => {
                ruling.score = Some(score);
                self.conclude(claim, attempt, (&subject, &consent), is_live, ruling)
            }
            Err(finding) => {
                ruling.finding = finding;
                // What is written of a subject that was erased meanwhile must not hang on it.
                let erased = admitted_once && self.find(claim)?.subject().is_none();
                ruling.leaf = Some(if erased {
                    self.refuse_ending(claim, target, &mut ruling.ending)?
                } else {
                    ruling.ending.decline(vault, attempt, self.now())?
                });
                Ok(Answer::Reject)
            }
        }
    }

    /// Writes a refusal that took no attempt, or whose attempt cannot be ended. A subject that was
    /// erased since it was looked up is written of as an unknown one.
    fn refuse(
        &self,
        claim: &Claim<'_>,
        target: &Target,
        (purpose, recapture): (Purpose, bool),
    ) -> Result<u64, VaultError> {
        let target = self.target_now(claim, target)?;
        self.vault().refuse(&target, purpose, recapture, self.now())
    }

    /// The same with what hangs on the answer.
    fn refuse_ending(
        &self,
        claim: &Claim<'_>,
        target: &Target,
        ending: &mut Ending,
    ) -> Result<u64, VaultError> {
        let target = self.target_now(claim, target)?;
        ending.refuse(self.vault(), &target, self.now())
    }

    /// The target as it is now.
    pub(crate) fn target_now(
        &self,
        claim: &Claim<'_>,
        target: &Target,
    ) -> Result<Target, VaultError> {
        let current = self.find(claim)?;
        if current.subject().is_none() {
            self.decoy().find(self.vault());
        }
        let same = |subject: &Subject| {
            let found = target.subject();
            found.is_some_and(|found| found.key_id() == subject.key_id())
        };
        let gone = target.subject().is_some() && !current.subject().is_some_and(same);
        Ok(if gone {
            current.without_subject()
        } else {
            target.clone()
        })
    }

    fn conclude(
        &self,
        claim: &Claim<'_>,
        attempt: Attempt,
        (subject, consent): (&Unlocked, &Consent),
        is_live: bool,
        ruling: &mut Ruling,
    ) -> Result<Answer, VerifyError> {
        let (vault, now) = (self.vault(), self.now());
        let threshold = &ruling.threshold;
        let matches = ruling.score.is_some_and(|score| threshold.accepts(score));
        if !matches || !is_live {
            if !is_live {
                ruling.finding = Finding::NotLive;
            }
            ruling.leaf = Some(ruling.ending.decline(vault, attempt, now)?);
            return Ok(Answer::Reject);
        }
        let person = (subject, consent);
        match ruling.ending.accept(vault, attempt, person, now) {
            Ok(Err(attempt)) => {
                ruling.finding = Finding::Payment;
                ruling.leaf = Some(ruling.ending.decline(vault, attempt, now)?);
                Ok(Answer::Reject)
            }
            Ok(Ok(leaf)) => {
                ruling.finding = Finding::Matched;
                ruling.leaf = Some(leaf);
                Ok(Answer::Accept)
            }
            // Withdrawn or erased in the last moment.
            Err(error) => {
                ruling.finding = Finding::of(error)?;
                ruling.score = None;
                let target = subject.subject().target();
                ruling.leaf = Some(self.refuse_ending(claim, &target, &mut ruling.ending)?);
                Ok(Answer::Reject)
            }
        }
    }

    /// The best score among the templates that this engine can compare, or why there is none.
    fn best(
        &self,
        subject: &Unlocked,
        consent: &Consent,
        attempt: &Attempt,
        probe: &Template,
    ) -> Result<Result<Score, Finding>, VerifyError> {
        let references = match self
            .vault()
            .references(subject, consent, attempt, self.now())
        {
            Ok(references) => references,
            Err(error) => return Ok(Err(Finding::of(error)?)),
        };
        let mut best: Option<Score> = None;
        for reference in &references {
            if let Some(template) = self.comparable(reference, probe)? {
                let score = template.compare(probe).map_err(CompareError::from)?;
                best = best.max(Some(score));
            }
        }
        Ok(best.ok_or(if references.is_empty() {
            Finding::NotEnrolled
        } else {
            Finding::OtherModel
        }))
    }

    /// The template of a record, if this engine can compare it.
    pub(crate) fn comparable(
        &self,
        reference: &Reference,
        probe: &Template,
    ) -> Result<Option<Template>, VerifyError> {
        let model = ModelId::new(reference.model.as_str())?;
        if model != *probe.model() {
            return Ok(None);
        }
        let stored = template_v1::read(&reference.template, model)?;
        let same_way = stored.flip_averaged == self.policy().capture.flip_averaging;
        Ok(same_way.then_some(stored.template))
    }
}
