//! Who of a collection is this?

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A picture taken just now, as JSON.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentifyRequest {
    /// JPEG, PNG or WebP, in base64.
    #[schema(content_encoding = "base64")]
    pub probe: String,
}

/// The same as multipart/form-data.
#[derive(ToSchema)]
pub struct IdentifyForm {
    /// JPEG, PNG or WebP.
    #[schema(value_type = String, format = Binary)]
    pub probe: Vec<u8>,
}

/// What came of an identification.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct IdentifyAnswer {
    /// The answer.
    pub decision: IdentifyDecision,
    /// Who it is, with `accept`, or may be, with `refer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Why to take the picture again, such as `too_dark`; it comes from the picture alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What decided it: the model and the settings of the collection.
    pub policy: String,
    /// What it was decided on; only for keys with the scope `scores`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<IdentifyDetail>,
}

/// The outcomes of an identification.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum IdentifyDecision {
    /// It is this member.
    Accept,
    /// Two members are too much alike to say which it is: ask for another factor.
    Ambiguous,
    /// The picture is too poor to tell: take it again. No attempt was counted.
    Recapture,
    /// It may be this member, and a person has to look: the collection allows more false answers than may be
    /// accepted unseen.
    Refer,
    /// It is nobody of the collection.
    Reject,
}

/// What only whoever runs the collection may see.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct IdentifyDetail {
    /// Cosine of the best template of the member who was found, -1 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// What the score was held against.
    pub threshold: f64,
    /// Members that were searched; none with `recapture`.
    pub members: usize,
    /// Leaf of the decision in the audit tree, as `/v1/audit/inclusion` takes it.
    pub leaf: String,
}
