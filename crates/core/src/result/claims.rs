//! What a result says.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest time a result holds, in seconds.
pub const LONGEST_S: u64 = 60;

/// What a session asks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// Is it the person on this document?
    Document,
    /// Does this subject approve this payment?
    Payment,
    /// Is somebody there?
    Presence,
    /// Is it this subject?
    Verify,
}

/// How a session was decided.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionOutcome {
    /// Somebody is there and, where that was asked, it is the subject.
    Accept,
    /// The pictures were too poor, or the face was lost: open a new session.
    Recapture,
    /// Not shown to be so.
    Reject,
}

/// Which checks of a document ran and what came of them, without a word of what it says. Whether the face is that of its
/// portrait is the outcome.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct DocumentClaim {
    /// How its machine-readable zone was read: `clear`, `doubtful`, `unreadable` or `absent`.
    pub zone: String,
    /// The zone's format, where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// All check digits in one: `passed`, `failed` or `absent`.
    pub check_digits: String,
    /// Whether its last valid day had passed when it was looked at, where it states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<bool>,
    /// Where a zone was read, whether the portrait is on the page of the zone (`page`) or not (`apart`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portrait: Option<String>,
}

/// The claims of a result, in the order in which they are written.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Claims {
    /// 1.
    pub v: u64,
    /// Which vault signed.
    pub iss: String,
    /// For whom.
    pub aud: String,
    /// When it was signed, in seconds since 1970-01-01 UTC.
    pub iat: u64,
    /// From when on it no longer holds.
    pub exp: u64,
    /// Its own id.
    pub jti: String,
    /// Id of the session.
    pub sid: String,
    /// What the relying party chose.
    pub nonce: String,
    /// What was asked.
    pub kind: Kind,
    /// How it was decided.
    pub outcome: SessionOutcome,
    /// When it was decided.
    pub judged: u64,
    /// The subject that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The collection of the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// SHA-256 of the text that was approved, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_sha256: Option<String>,
    /// The payment that was to be approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<String>,
    /// SHA-256 of the whole transaction, payer included, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_sha256: Option<String>,
    /// What came of the checks of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentClaim>,
    /// SHA-256 of the text the person agreed to, in hexadecimal.
    pub consent_sha256: String,
    /// Which challenge was asked: `light`, or `calm` with slow colors.
    pub challenge: String,
    /// What is known of where the pictures came from.
    pub capture: String,
    /// What took part.
    pub factors: Vec<String>,
    /// Models whose word it is.
    pub models: Vec<String>,
    /// Version of the rules and the false-match rate.
    pub policy: String,
}

impl Kind {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Payment => "payment",
            Self::Presence => "presence",
            Self::Verify => "verify",
        }
    }
}

impl SessionOutcome {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Recapture => "recapture",
            Self::Reject => "reject",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for SessionOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Claims {
    /// Whether what belongs together is there together.
    pub(super) fn is_whole(&self) -> bool {
        let named = self.sub.is_some() && self.collection.is_some();
        let unnamed = self.sub.is_none() && self.collection.is_none();
        let paid = self.payment.is_some()
            && self.transaction_sha256.is_some()
            && self.approved_sha256.is_some();
        let unpaid = self.payment.is_none() && self.transaction_sha256.is_none();
        let documented = self.document.is_some() == (self.kind == Kind::Document);
        self.v == 1
            && documented
            && match self.kind {
                Kind::Payment => named && paid,
                Kind::Document | Kind::Presence => unnamed && unpaid,
                Kind::Verify => named && unpaid,
            }
    }
}
