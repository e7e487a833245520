//! Links by which a subject sees and withdraws their own consents (docs/spec/consent-link-v1.md).

use crate::{CaptureDeviceKey, Consent, CredentialUsed, SessionPasskey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A link that is to be opened for a subject.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentLinkRequest {
    /// Who keeps the consents: 1 to 255 visible ASCII characters. It is shown to the person.
    #[schema(min_length = 1, max_length = 255)]
    pub audience: String,
    /// Where a person goes whose passkey does not work, and after it: a page with TLS.
    #[schema(max_length = 1000)]
    pub way_out: String,
    /// For a holder-bound subject: which passkey gives the holder's part of the key. Without it a device key is asked for.
    pub passkey: Option<SessionPasskey>,
}

/// A link that was opened.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ConsentLinkOpened {
    /// Its id.
    pub id: String,
    /// Its token, shown this once: for the person's browser, at `/consents#ID.TOKEN`. Alone it shows nothing.
    pub token: String,
    /// Until when it can be used, in seconds since 1970-01-01 UTC.
    pub expires: u64,
}

/// What a link asks of the person.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ConsentLinkAnswer {
    /// Its id.
    pub link: String,
    /// Milliseconds until it cannot be used any more.
    pub ends_in_ms: u64,
    /// Who keeps the consents.
    pub audience: String,
    /// Where to go from here.
    pub way_out: String,
    /// Asks for the holder's part of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passkey: Option<SessionPasskey>,
    /// Asks for what a device key signs; the nonce is for one answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_key: Option<CaptureDeviceKey>,
}

/// What shows that the consents are one's own; a holder part goes in the header Countenance-Holder instead.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnConsentsRequest {
    /// The credential that `navigator.credentials.get` gave, as JSON, where `device_key` was asked for.
    #[schema(value_type = Option<Object>)]
    pub device_key: Option<CredentialUsed>,
}

/// What a subject agreed to, for themselves.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct OwnConsents {
    /// Whoever has it and the token may withdraw, for as long as this lasts. Shown this once.
    pub permit: String,
    /// Milliseconds until that is over.
    pub ends_in_ms: u64,
    /// The entries, ended ones too.
    pub consents: Vec<Consent>,
}

/// What a subject withdraws.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnWithdrawalRequest {
    /// For what: `verify`, `identify`, `identity_check`, `payment` or `device_unlock`. All standing consents for it end.
    pub purpose: String,
    /// As it came with the consents.
    pub permit: String,
}

/// What stands after a withdrawal.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct OwnWithdrawal {
    /// How many entries were withdrawn.
    pub withdrawn: usize,
    /// The entries, ended ones too, without what only the holder's part opens.
    pub consents: Vec<Consent>,
}
