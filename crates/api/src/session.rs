//! Sessions: one question to one live person (docs/spec/session-v1.md).

use crate::{CaptureDeviceKey, CapturePayment, CredentialUsed};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What a session asks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionKind {
    /// Is it the person on this document? Opened at `/v1/documents`.
    Document,
    /// Does this subject approve this payment? Opened at `/v1/payments/{payment}/sessions`.
    Payment,
    /// Is somebody there?
    Presence,
    /// Is it this subject?
    Verify,
}

/// A session that is to be opened.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    /// What is asked.
    pub kind: SessionKind,
    /// What the caller calls the subject; with `verify` only. Whether there is one is told nowhere.
    pub subject: Option<String>,
    /// Who asks: 1 to 255 visible ASCII characters. It is shown to the person, and `aud` of the result.
    #[schema(min_length = 1, max_length = 255)]
    pub audience: String,
    /// Fresh for each session: 16 to 128 of A-Z, a-z, 0-9, - and _. It is repeated in the result.
    #[schema(min_length = 16, max_length = 128)]
    pub nonce: String,
    /// What the person approves, shown as it is: 1 to 1000 characters.
    #[schema(min_length = 1, max_length = 1000)]
    pub approve: Option<String>,
    /// Where a person goes who does not want this: a page with TLS.
    #[schema(max_length = 1000)]
    pub way_out: String,
    /// Where the result is sent; an address that the server's settings allow.
    #[schema(max_length = 1000)]
    pub webhook: Option<String>,
    /// Asks the page for the holder's part of the key of a holder-bound subject.
    pub passkey: Option<SessionPasskey>,
    /// Seconds it may take, 30 to 600; 180 where it is left out.
    #[schema(minimum = 30, maximum = 600)]
    pub lasts_s: Option<u32>,
}

/// Which passkey gives the holder's part, through its PRF (WebAuthn).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionPasskey {
    /// What the PRF is asked with: 32 bytes in base64url.
    pub salt: String,
    /// Ids of passkeys that will do, in base64url; any of the person's where there is none.
    #[schema(max_items = 16)]
    pub credentials: Vec<String>,
}

/// A session that was opened.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SessionOpened {
    /// Its id.
    pub id: String,
    /// The capture token, shown this once: for the person's browser.
    pub token: String,
    /// `created`.
    pub state: String,
    /// Until when it must be decided, in seconds since 1970-01-01 UTC.
    pub expires: u64,
}

/// Where a session stands.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct SessionAnswer {
    /// Its id.
    pub id: String,
    /// What it asks.
    pub kind: SessionKind,
    /// `created`, `capturing`, `judged`, `fetched`, `canceled` or `expired`.
    pub state: String,
    /// Until when it must be decided, in seconds since 1970-01-01 UTC.
    pub expires: u64,
    /// That it was the person who canceled it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub declined: bool,
    /// `accept`, `reject` or `recapture`, as in the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The signed result (docs/spec/result-v1.md), for 60 s from the first time it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Why it ended as it did; only for keys with the scope `scores`, which tells who is enrolled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<SessionDetail>,
}

/// What only whoever runs the collection may see.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct SessionDetail {
    /// Why the outcome is what it is, such as `not_matched` or `not_live`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
    /// Checks of a live person that failed.
    pub checks: Vec<String>,
    /// Cosine of the best template, -1 to 1, where one was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// What the score was held against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Leaf of the decision in the audit tree, as `/v1/audit/inclusion` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaf: Option<String>,
}

/// What the person is asked, for the page that asks it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct CaptureAnswer {
    /// Id of the session.
    pub session: String,
    /// What it asks.
    pub kind: SessionKind,
    /// As in the session.
    pub state: String,
    /// How long it may still take.
    pub ends_in_ms: u64,
    /// Who asks.
    pub audience: String,
    /// What the person approves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approve: Option<String>,
    /// The payment that the person approves: show it large, and say with the consent that it was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<CapturePayment>,
    /// Where a person goes who does not want this.
    pub way_out: String,
    /// The text to agree to.
    pub consent: CaptureConsent,
    /// That the holder's part of a key is needed, and how it is had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passkey: Option<SessionPasskey>,
    /// That a device key of the person must sign what is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_key: Option<CaptureDeviceKey>,
    /// How frames are to be.
    pub frames: FrameRules,
}

/// How a person is asked.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CaptureQuery {
    /// Tag (BCP 47) of the language in which the text is to be: `de` and what begins with it, such as `de-AT`. English of any other,
    /// and where it is left out.
    #[param(min_length = 1, max_length = 35, pattern = "^[A-Za-z0-9-]+$")]
    pub lang: Option<String>,
}

/// The text that the person reads before anything is asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct CaptureConsent {
    /// Version of the text.
    pub version: String,
    /// The language it is in, as a tag (BCP 47).
    pub lang: String,
    /// Plain text.
    pub text: String,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
}

/// How frames are to be.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct FrameRules {
    /// Columns at most.
    pub width: u32,
    /// Rows at most.
    pub height: u32,
    /// Bytes at most.
    pub max_bytes: u32,
    /// Frames a second at most.
    pub per_second: u32,
    /// Frames at most that were sent and not looked at.
    pub in_flight: u32,
    /// Frames of one request at most.
    pub batch: u32,
}

/// The person agrees.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentGiven {
    /// SHA-256 of the text that was read, in hexadecimal, in whichever language it was.
    pub sha256: String,
    /// With colors that change slowly, for people who do not bear flashing.
    #[serde(default)]
    pub calm: bool,
    /// The holder's part of the key, 64 hexadecimal digits, where it is asked for.
    pub holder: Option<String>,
    /// SHA-256 of the terms of the payment that the page has shown, computed there from what it shows, in hexadecimal.
    pub shown_sha256: Option<String>,
    /// What a device key signed, where one is asked for: `toJSON()` of the credential that `navigator.credentials.get` gave. Only
    /// its `id` and its `response` are read.
    #[schema(value_type = Option<Object>)]
    pub device_key: Option<CredentialUsed>,
}

/// Where the session stands now.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct CaptureState {
    /// As in the session.
    pub state: String,
}

/// Frames, where there is no WebSocket.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FrameBatch {
    /// None or some.
    #[schema(max_items = 8)]
    pub frames: Vec<FrameEntry>,
}

/// A frame of a batch.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FrameEntry {
    /// Its number.
    pub frame: u32,
    /// When it was taken, on the client's clock.
    pub time_ms: u32,
    /// JPEG or WebP, in base64.
    #[schema(content_encoding = "base64")]
    pub picture: String,
}

/// What the server says to frames.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct FrameMessages {
    /// In this order.
    pub messages: Vec<CaptureMessage>,
}

/// What the server says while frames come in.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum CaptureMessage {
    /// First.
    Hello {
        /// How long the session may still take.
        ends_in_ms: u64,
        /// How frames are to be.
        frames: FrameRules,
    },
    /// This frame was looked at.
    Ack {
        /// Its number.
        frame: u32,
    },
    /// Do this now.
    Prompt {
        /// One more than the one before.
        id: u32,
        /// `hold`, `turn_left`, `turn_right`, `smile` or `light`.
        kind: String,
        /// `#rrggbb`, with `light`.
        #[serde(skip_serializing_if = "Option::is_none")]
        color: Option<String>,
        /// How long it is waited for.
        window_ms: u64,
    },
    /// How to be seen better.
    Guidance {
        /// `ok`, `no_face`, `one_face`, `closer`, `farther`, `center`, `more_light`, `less_light`, `hold_still` or `look_straight`.
        code: String,
    },
    /// How far it is.
    Progress {
        /// Steps that are over.
        done: u32,
        /// All steps.
        of: u32,
    },
    /// It is over.
    Done {
        /// `judged`, `canceled` or `expired`.
        state: String,
    },
    /// It cannot go on.
    Error {
        /// `frame_invalid`, `frames_too_fast`, `busy` or `internal`.
        code: String,
        /// What was wrong.
        detail: String,
    },
}
