//! Use case: is the live person of a session the one on a document?

use crate::decide_session::failed;
use crate::{
    Answered, AttemptAt, CompareError, Finding, Registry, SessionDecision, SessionOutcome, Verdict,
    VerifyError, Worker,
};
use countenance_gallery::Template;
use countenance_vault::{Collection, ExternalId, IdentError, Purpose, Target, Vault, VaultError};

/// What whoever asks calls an identity check: an application, a booking. The attempts of one check are counted on it, as those on
/// an unknown subject are: the store has a counter that 65536 names share, and not the name.
#[derive(Clone, Debug)]
pub struct Case(ExternalId);

impl Case {
    /// Most bytes a name may have.
    pub const MAX: usize = 128;

    /// A case of this name.
    ///
    /// # Errors
    /// [`IdentError`] when it is empty, longer than 128 bytes or has control characters or blanks at its ends.
    pub fn new(name: &str) -> Result<Self, IdentError> {
        // What is wrong with the name itself, before something stands in front of it.
        if !(1..=Self::MAX).contains(&name.len()) {
            return Err(IdentError::Length {
                what: "case",
                got: name.len(),
                max: Self::MAX,
            });
        }
        let bare = ExternalId::new(name).map_err(|error| match error {
            IdentError::Character { at, .. } => IdentError::Character { what: "case", at },
            other => other,
        })?;
        ExternalId::new(&format!("countenance:case:{}", bare.as_str())).map(Self)
    }

    /// On what its attempts are counted. Nobody is looked for: a subject of that name is not meant.
    pub(crate) fn target(
        &self,
        vault: &Vault,
        collection: &Collection,
    ) -> Result<Target, VaultError> {
        Ok(vault.find(collection, &self.0)?.without_subject())
    }
}

/// The portrait of a document, whose owner is to show that they are there.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// Who asks, as far as a vault has it.
    pub collection: &'a Collection,
    /// On what attempts are counted.
    pub case: &'a Case,
    /// The template of the portrait.
    pub portrait: &'a Template,
}

impl Registry {
    /// As a claim is decided, of somebody of whom nothing is stored: the attempt is on the disk before anything is compared,
    /// and the audit log has the decision, and nothing of the document, before it is returned.
    pub(crate) fn decide_document(
        &self,
        worker: &Worker,
        presented: &Presented<'_>,
        Answered { verdict, taken }: Answered,
    ) -> Result<SessionDecision, VerifyError> {
        let (vault, purpose) = (self.vault(), Purpose::IdentityCheck);
        let threshold = worker.engine.threshold(self.policy())?;
        let target = presented.case.target(vault, presented.collection)?;
        let mut decision = SessionDecision {
            outcome: SessionOutcome::Reject,
            judged: self.now(),
            finding: None,
            failed: failed(&verdict),
            score: None,
            threshold: Some(threshold),
            leaf: None,
        };
        let of = match &verdict {
            Verdict::Judged(of) => of,
            Verdict::Recapture(cause) => {
                decision.outcome = SessionOutcome::Recapture;
                decision.finding = Some(Finding::Poor(*cause));
                decision.leaf = Some(match taken {
                    Some(taken) => self.end_taken(taken, true)?,
                    None => vault.refuse(&target, purpose, true, self.now())?,
                });
                return Ok(decision);
            }
        };
        let at = AttemptAt::Case(presented.collection, presented.case);
        let taken = taken.map_or_else(|| self.take_attempt(at), Ok)?;
        let attempt = taken.attempt;
        // Compared whether live or not, and whether allowed or not: all take the same time.
        let score = presented.portrait.compare(&of.probe);
        let score = score.map_err(CompareError::from)?;
        let matches = decision
            .threshold
            .as_ref()
            .is_some_and(|one| one.accepts(score));
        let leaf = match attempt {
            Err(lock) => {
                decision.finding = Some(Finding::Locked(lock));
                vault.refuse(&target, purpose, false, self.now())?
            }
            Ok(attempt) => {
                decision.score = Some(score);
                decision.finding = Some(match (of.is_live(), matches) {
                    (true, true) => Finding::Matched,
                    (true, false) => Finding::NotMatched,
                    (false, _) => Finding::NotLive,
                });
                if of.is_live() && matches {
                    decision.outcome = SessionOutcome::Accept;
                    vault.accept_of_nobody(attempt, self.now())?
                } else {
                    vault.decline(attempt, false, self.now())?
                }
            }
        };
        decision.leaf = Some(leaf);
        decision.judged = self.now();
        Ok(decision)
    }
}
