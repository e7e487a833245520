//! Do these two pictures show one person?

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Two pictures, as JSON.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareRequest {
    /// The picture that is known: JPEG, PNG or WebP, in base64.
    #[schema(content_encoding = "base64")]
    pub reference: String,
    /// The picture that was just taken: JPEG, PNG or WebP, in base64.
    #[schema(content_encoding = "base64")]
    pub probe: String,
}

/// The same as multipart/form-data.
#[derive(ToSchema)]
pub struct CompareForm {
    /// The picture that is known: JPEG, PNG or WebP.
    #[schema(value_type = String, format = Binary)]
    pub reference: Vec<u8>,
    /// The picture that was just taken: JPEG, PNG or WebP.
    #[schema(value_type = String, format = Binary)]
    pub probe: Vec<u8>,
}

/// What came of a comparison. Nothing of the pictures is kept.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct CompareAnswer {
    /// The answer.
    pub decision: Decision,
    /// The false-match rate it was decided at.
    pub false_match_rate: f64,
    /// Which picture to take again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// Why to take it again, such as `too_dark`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Cosine of the templates, -1 to 1; only for keys with the scope `scores`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// What the score was held against; only for keys with the scope `scores`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
}

/// The outcomes of a comparison.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// One person, at the false-match rate that is stated.
    Accept,
    /// A picture is too poor to tell: take it again.
    Recapture,
    /// Not shown to be one person.
    Reject,
}

/// One of the two pictures.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The picture that was just taken.
    Probe,
    /// The picture that is known.
    Reference,
}
