//! What anybody may know of the platform.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// That the process runs, or that it can serve.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// Version of the program.
    pub version: String,
}

/// What is done with faces here.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Policy {
    /// Days after the last use until a subject is erased.
    pub retention_days: u32,
    /// Longest a consent may last, in days.
    pub consent_days: u32,
    /// False-match rate at which is decided.
    pub false_match_rate: f64,
    /// The model whose templates are made.
    pub model: String,
    /// How often a subject may be tried.
    pub attempts: AttemptRule,
    /// What a subject can consent to here.
    pub purposes: Vec<String>,
    /// What is never done here, whoever asks.
    pub never: Vec<String>,
}

/// How often a subject may be tried.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct AttemptRule {
    /// Attempts since the last success that need no wait.
    pub free: u32,
    /// Seconds between attempts after these.
    pub wait_s: u64,
    /// Attempts since the last success within 30 days after which another way in is needed.
    pub limit: u32,
}

/// Keys that check signatures (RFC 7517).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}

/// An Ed25519 key (RFC 8037).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Jwk {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// The public key, in base64url.
    pub x: String,
    /// Its thumbprint (RFC 7638).
    pub kid: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// What it signs: `vault` (audit checkpoints and erase receipts) or `result` (results of sessions).
    pub purpose: String,
}
