//! Use case: what came of a session.

use crate::ending::Ending;
use crate::verify::{Admitted, Ruling};
use crate::{
    Answer, Answered, Approval, Check, Claim, Finding, Presented, Registry, SessionOutcome,
    Verdict, VerifyError, Worker,
};
use countenance_gallery::{Score, Threshold};
use countenance_vault::{Collection, Outcome, Purpose, Target, Timestamp, VaultError};
use countenance_vision::QualityCause;

/// What a session asks.
#[derive(Clone, Copy, Debug)]
pub enum Question<'a> {
    /// Is it the person on this document? Nobody's stored templates are looked at.
    Document(&'a Presented<'a>),
    /// Is somebody there? Nobody's templates are looked at.
    Presence(&'a Collection),
    /// Does this subject approve this payment?
    Payment(&'a Claim<'a>, &'a Approval),
    /// Is it this subject?
    Verify(&'a Claim<'a>),
}

/// What came of a session.
#[derive(Clone, Debug)]
pub struct SessionDecision {
    /// The outcome, and all that may be told to whoever asked.
    pub outcome: SessionOutcome,
    /// When it was decided.
    pub judged: Timestamp,
    /// Why; for the operator's eyes and logs only, as the rest. `None` for a presence that was shown.
    pub finding: Option<Finding>,
    /// Checks of a live person that failed.
    pub failed: Vec<Check>,
    /// The best score, where one was computed.
    pub score: Option<Score>,
    /// What it was held against, where a subject was asked about.
    pub threshold: Option<Threshold>,
    /// Leaf of the decision in the audit tree.
    pub leaf: Option<u64>,
}

impl Registry {
    /// Decides a session whose challenge has come to an end: once, since it takes the verdict.
    ///
    /// A wrong face, failed liveness, an unknown, refused or locked subject cost the same and are one rejection; the
    /// attempt is on the disk before anything is compared, or was already before anything was asked ([`Taken`](crate::Taken)), and the audit log has the decision before it is returned, as in
    /// [`verify`](Registry::verify).
    ///
    /// # Errors
    /// [`VerifyError`] when no threshold stands for the policy's rate or the store fails. Nobody is accepted then.
    #[allow(clippy::needless_pass_by_value, reason = "a verdict is decided once")]
    pub fn decide_session(
        &self,
        worker: &Worker,
        question: Question<'_>,
        answered: impl Into<Answered>,
    ) -> Result<SessionDecision, VerifyError> {
        let answered = answered.into();
        match question {
            Question::Document(presented) => self.decide_document(worker, presented, answered),
            Question::Presence(collection) => self.decide_presence(collection, &answered.verdict),
            Question::Payment(claim, approval) => {
                self.decide_payment(worker, (claim, approval), answered)
            }
            Question::Verify(claim) => {
                let admitted = |target: &Target| self.admit(target, claim, Purpose::Verify);
                self.decide_claim(worker, claim, answered, |target, _| {
                    Ok((admitted(target)?, Ending::default()))
                })
            }
        }
    }

    fn decide_presence(
        &self,
        collection: &Collection,
        verdict: &Verdict,
    ) -> Result<SessionDecision, VerifyError> {
        let judged = self.now();
        let (outcome, event, finding) = match verdict {
            Verdict::Judged(of) if of.is_live() => (SessionOutcome::Accept, Outcome::Accept, None),
            Verdict::Judged(_) => {
                let why = Some(Finding::NotLive);
                (SessionOutcome::Reject, Outcome::Reject, why)
            }
            Verdict::Recapture(cause) => {
                let why = Some(Finding::Poor(*cause));
                (SessionOutcome::Recapture, Outcome::Recapture, why)
            }
        };
        let leaf = self.vault().record_presence(collection, event, judged)?;
        Ok(SessionDecision {
            outcome,
            judged,
            finding,
            failed: failed(verdict),
            score: None,
            threshold: None,
            leaf: Some(leaf),
        })
    }

    pub(crate) fn decide_claim(
        &self,
        worker: &Worker,
        claim: &Claim<'_>,
        Answered { verdict, taken }: Answered,
        admit: impl FnOnce(&Target, &Verdict) -> Result<(Admitted, Ending), VaultError>,
    ) -> Result<SessionDecision, VerifyError> {
        let mut ruling = Ruling::new(worker.engine.threshold(self.policy())?);
        let target = self.find(claim)?;
        let (admitted, ending) = admit(&target, &verdict)?;
        ruling.ending = ending;
        ruling.taken = taken;
        let answer = match &verdict {
            Verdict::Recapture(cause) => self.rule_poor(claim, &target, *cause, &mut ruling)?,
            Verdict::Judged(_) if ruling.ending.is_over() => {
                self.rule_over(claim, &target, &mut ruling)?
            }
            Verdict::Judged(of) => {
                let seen = (&of.probe, of.is_live());
                self.decide(worker, (claim, &target), admitted, seen, &mut ruling)?
            }
        };
        let outcome = match answer {
            Answer::Accept => SessionOutcome::Accept,
            Answer::Recapture(_) => SessionOutcome::Recapture,
            Answer::NotPermitted | Answer::Reject => SessionOutcome::Reject,
        };
        Ok(SessionDecision {
            outcome,
            judged: self.now(),
            finding: Some(ruling.finding),
            failed: failed(&verdict),
            score: ruling.score,
            threshold: Some(ruling.threshold),
            leaf: ruling.leaf,
        })
    }
}

impl SessionDecision {
    /// Why pictures have to be taken again, where that is the outcome.
    #[must_use]
    pub fn cause(&self) -> Option<QualityCause> {
        match self.finding {
            Some(Finding::Poor(cause)) => Some(cause),
            _ => None,
        }
    }
}

pub(crate) fn failed(verdict: &Verdict) -> Vec<Check> {
    match verdict {
        Verdict::Judged(of) => of.failed.iter().copied().collect(),
        Verdict::Recapture(_) => Vec::new(),
    }
}
