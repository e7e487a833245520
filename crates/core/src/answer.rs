//! What a verification says: one answer for whoever asks, and the facts for the operator.

use crate::{Capture, StageTimings};
use countenance_gallery::{Score, Threshold};
use countenance_vault::store::{Conflict, StoreError};
use countenance_vault::{ConsentError, HolderError, Lock, Pseudonym, VaultError};
use countenance_vision::QualityCause;
use std::fmt;

/// A verification and everything it was decided on.
#[derive(Clone, Debug)]
pub struct Verification {
    /// The answer, and all that may be told to whoever asked.
    pub answer: Answer,
    /// For the operator's eyes and logs only.
    pub detail: OperatorDetail,
}

/// The answer to a claim, as it may be told outside.
///
/// A wrong face, an unknown subject, a missing consent and a wrong holder part are all one:
/// [`Answer::Reject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is the subject.
    Accept,
    /// Too many attempts, on whatever id it was: wait, or use another way in.
    NotPermitted,
    /// The picture is too poor to tell; the cause comes from the picture alone.
    Recapture(QualityCause),
    /// It is not the subject, or nobody who may be verified.
    Reject,
}

/// Why the answer is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// No consent stands for verifying, or it was withdrawn while the verification ran.
    Consent(ConsentError),
    /// No device key of the payer signed what was shown, where one is asked for.
    DeviceKey,
    /// The holder part is missing, not expected or wrong.
    Holder(HolderError),
    /// Too many attempts.
    Locked(Lock),
    /// The best score reaches the threshold.
    Matched,
    /// The subject has no templates.
    NotEnrolled,
    /// The score may reach the threshold, but it was not shown that a live person is there.
    NotLive,
    /// The best score stays below the threshold.
    NotMatched,
    /// The subject's templates were made by another model or in another way: enroll again.
    OtherModel,
    /// The payment cannot be approved: it was answered, canceled or is over, is another one, or more than the limits allow.
    Payment,
    /// The picture is too poor.
    Poor(QualityCause),
    /// There is no such subject.
    Unknown,
}

/// What only the operator may see: it tells who is enrolled and how near a face came.
#[derive(Clone, Debug)]
pub struct OperatorDetail {
    /// Why the answer is what it is.
    pub finding: Finding,
    /// What stands for the claimed id in store and logs, whether there is such a subject or not.
    pub pseudonym: Pseudonym,
    /// The best score, where one was computed.
    pub score: Option<Score>,
    /// What it was held against.
    pub threshold: Threshold,
    /// Leaf of the decision in the audit tree; `None` when nothing was decided.
    pub leaf: Option<u64>,
    /// What was found in the picture.
    pub capture: Capture,
    /// How long it took; reading and writing the vault is within the total.
    pub timings: StageTimings,
}

impl Answer {
    /// The stable name for machines: `accept`, `not_permitted`, `recapture` or `reject`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::NotPermitted => "not_permitted",
            Self::Recapture(_) => "recapture",
            Self::Reject => "reject",
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Finding {
    /// What an error of the vault means for a verification, if it is about the subject.
    pub(crate) fn of(error: VaultError) -> Result<Self, VaultError> {
        match error {
            VaultError::Attempts(lock) => Ok(Self::Locked(lock)),
            VaultError::Consent(error) => Ok(Self::Consent(error)),
            VaultError::Holder(error) => Ok(Self::Holder(error)),
            VaultError::Store(StoreError::Conflict(Conflict::Payment)) => Ok(Self::Payment),
            VaultError::Unknown { what: "subject" } => Ok(Self::Unknown),
            other => Err(other),
        }
    }

    /// Whether the subject could be verified at all: consent, key and attempts allowed it.
    #[must_use]
    pub fn is_permitted(self) -> bool {
        match self {
            Self::Matched | Self::NotLive | Self::NotMatched | Self::Poor(_) => true,
            Self::Consent(_)
            | Self::DeviceKey
            | Self::Holder(_)
            | Self::Locked(_)
            | Self::NotEnrolled
            | Self::OtherModel
            | Self::Payment
            | Self::Unknown => false,
        }
    }

    /// The stable name for logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Consent(ConsentError::Expired) => "consent_expired",
            Self::Consent(ConsentError::Missing) => "consent_missing",
            Self::Consent(ConsentError::Withdrawn) => "consent_withdrawn",
            Self::Consent(_) => "consent_invalid",
            Self::DeviceKey => "device_key",
            Self::Holder(HolderError::Missing) => "holder_missing",
            Self::Holder(HolderError::Unexpected) => "holder_unexpected",
            Self::Holder(_) => "holder_wrong",
            Self::Locked(Lock::Exhausted) => "attempts_exhausted",
            Self::Locked(_) => "attempts_wait",
            Self::Matched => "matched",
            Self::NotEnrolled => "not_enrolled",
            Self::NotLive => "not_live",
            Self::NotMatched => "not_matched",
            Self::OtherModel => "other_model",
            Self::Payment => "payment_over",
            Self::Poor(_) => "poor_picture",
            Self::Unknown => "unknown_subject",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Consent(error) => error.fmt(f),
            Self::DeviceKey => f.write_str("no device key of the payer signed what was shown"),
            Self::Holder(error) => error.fmt(f),
            Self::Locked(lock) => lock.fmt(f),
            Self::Matched => f.write_str("score reaches the threshold"),
            Self::NotEnrolled => f.write_str("subject has no templates"),
            Self::NotLive => f.write_str("not shown to be a live person"),
            Self::NotMatched => f.write_str("score stays below the threshold"),
            Self::OtherModel => f.write_str("templates are of another model"),
            Self::Payment => f.write_str("payment cannot be approved any more, or by these limits"),
            Self::Poor(cause) => write!(f, "picture is too poor: {cause}"),
            Self::Unknown => f.write_str("unknown subject"),
        }
    }
}
