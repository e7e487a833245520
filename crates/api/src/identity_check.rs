//! Identity checks: a live person against the portrait on a document (docs/documents.md). Nothing of either is stored.

use crate::SessionOpened;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A picture of a document, and what is asked of the person on it.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentRequest {
    /// The picture of the document: JPEG, PNG or WebP, in base64.
    #[schema(content_encoding = "base64")]
    pub picture: String,
    /// What you call this check, such as the number of an application: 1 to 128 bytes, the same for each try. Attempts are counted
    /// on it; it is not stored.
    #[schema(min_length = 1, max_length = 128)]
    pub case: String,
    /// As in a session.
    #[schema(min_length = 1, max_length = 255)]
    pub audience: String,
    /// As in a session.
    #[schema(min_length = 16, max_length = 128)]
    pub nonce: String,
    /// As in a session.
    #[schema(min_length = 1, max_length = 1000)]
    pub approve: Option<String>,
    /// As in a session.
    #[schema(max_length = 1000)]
    pub way_out: String,
    /// As in a session.
    #[schema(max_length = 1000)]
    pub webhook: Option<String>,
    /// Seconds it may take, 30 to 600; 180 where it is left out. The portrait is held in memory no longer.
    #[schema(minimum = 30, maximum = 600)]
    pub lasts_s: Option<u32>,
    /// Open no session unless the zone is clear, all its check digits hold, its date of birth is a date (parts of it may be unknown), it
    /// states a date of expiry that has not passed, and the portrait is on the page of the zone (on a card, TD1, it is not).
    #[serde(default)]
    pub strict: bool,
}

/// The same as multipart/form-data.
#[derive(ToSchema)]
pub struct DocumentForm {
    /// JPEG, PNG or WebP.
    #[schema(value_type = String, format = Binary)]
    pub picture: Vec<u8>,
    /// As in JSON.
    pub case: String,
    /// As in a session.
    pub audience: String,
    /// As in a session.
    pub nonce: String,
    /// As in a session.
    pub approve: Option<String>,
    /// As in a session.
    pub way_out: String,
    /// As in a session.
    pub webhook: Option<String>,
    /// As in JSON.
    pub lasts_s: Option<u32>,
    /// As in JSON: `true` or `false`.
    pub strict: Option<bool>,
}

/// What was found on a document. Nothing of it is kept but the template of the portrait, in memory, until the session is judged.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct DocumentAnswer {
    /// Why no session was opened: what is wrong with the picture of the portrait, such as `several_faces`, or with `strict`
    /// `zone_not_trusted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Which checks ran, and what came of them.
    pub checks: DocumentChecks,
    /// The session in which the person shows that it is they.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionOpened>,
}

/// Checks of a document's machine-readable zone, without a word of what it says: the claim `document` of the result.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct DocumentChecks {
    /// How it was read: `clear`, `doubtful`, `unreadable` or `absent`.
    pub zone: String,
    /// `TD1`, `TD2`, `TD3`, `MRV-A` or `MRV-B`, where it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// All check digits in one: `passed`, `failed` or `absent`.
    pub check_digits: String,
    /// Whether its last valid day has passed, where it states one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired: Option<bool>,
    /// Where a zone was read and a portrait found: `page`, on the page of the zone, or `apart`. A card (TD1) has its portrait on the other
    /// side, and that both sides are of one card no picture shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portrait: Option<String>,
}
