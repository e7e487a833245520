//! Is this the subject they say they are?

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A picture taken just now, as JSON.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// JPEG, PNG or WebP, in base64.
    #[schema(content_encoding = "base64")]
    pub probe: String,
}

/// The same as multipart/form-data.
#[derive(ToSchema)]
pub struct VerifyForm {
    /// JPEG, PNG or WebP.
    #[schema(value_type = String, format = Binary)]
    pub probe: Vec<u8>,
}

/// What came of a verification.
///
/// A wrong face, an unknown subject, a missing consent, a wrong holder part and too many attempts are one
/// and the same `reject`, byte for byte.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct VerifyAnswer {
    /// The answer.
    pub decision: VerifyDecision,
    /// Why to take the picture again, such as `too_dark`; it comes from the picture alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Why the answer is what it is; only for keys with the scope `scores`, which tells who is enrolled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<VerifyDetail>,
}

/// The outcomes of a verification.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum VerifyDecision {
    /// It is the subject.
    Accept,
    /// The picture is too poor to tell: take it again. No attempt was counted.
    Recapture,
    /// Not shown to be the subject.
    Reject,
}

/// What only whoever runs the collection may see.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct VerifyDetail {
    /// Why the answer is what it is, such as `not_matched` or `attempts_wait`.
    pub finding: String,
    /// Cosine of the best template, -1 to 1, where one was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// What the score was held against.
    pub threshold: f64,
    /// Leaf of the decision in the audit tree, as `/v1/audit/inclusion` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaf: Option<String>,
}
