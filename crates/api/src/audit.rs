//! That the audit log was not rewritten.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The audit tree as it stands, signed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct CheckpointAnswer {
    /// Leaves of the tree.
    pub size: u64,
    /// Root hash of the tree, in hexadecimal (RFC 6962, SHA-256).
    pub root: String,
    /// When it was signed, in seconds since 1970-01-01 UTC.
    pub time: u64,
    /// The vault it is of, in hexadecimal.
    pub vault: String,
    /// The signed bytes (`docs/spec/vault-v1.md`), in base64; the key is at /.well-known/jwks.json.
    pub signed: String,
}

/// Which entries of the log.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntriesQuery {
    /// The first leaf; 0 where it is left out.
    pub from: Option<u64>,
    /// Entries per page, 1 to 1000; 100 where it is left out.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// A page of the log. It says what happened, and to nobody's name, id or pseudonym.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct EntriesAnswer {
    /// Leaves of the tree.
    pub size: u64,
    /// The entries, oldest first; each was held against its leaf.
    pub entries: Vec<LogEntry>,
    /// `from` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// An entry of the log.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct LogEntry {
    /// Index of its leaf.
    pub leaf: u64,
    /// Hash of its leaf, in hexadecimal: the commitment that the tree has of it.
    pub leaf_hash: String,
    /// What can be said of it.
    pub content: LogContent,
    /// What happened, such as `enrolled` or `key_made`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// On which day, counted from 1970-01-01.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<u64>,
    /// When, in seconds since 1970-01-01 UTC; only of what is about no person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<u64>,
    /// How a verification or identification ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// For which purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// `subject` where they did it themselves, with a passkey: see and withdraw their consents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What can be said of an entry.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogContent {
    /// What happened.
    Open,
    /// Only the holder part of whom it is about opens it.
    Sealed,
    /// It was about somebody who was erased, and is gone.
    Shredded,
}

/// Which leaf, in which tree.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InclusionQuery {
    /// Index of the leaf, or `leaf` as another answer has it.
    pub leaf: String,
    /// Leaves of the tree; the whole tree where it is left out.
    pub size: Option<u64>,
}

/// Which two trees.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConsistencyQuery {
    /// Leaves of the older tree.
    pub older: u64,
    /// Leaves of the newer tree; the whole tree where it is left out.
    pub newer: Option<u64>,
}

/// That a leaf is in the tree.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct InclusionAnswer {
    /// Index of the leaf.
    pub leaf: u64,
    /// Hash of the leaf, in hexadecimal.
    pub leaf_hash: String,
    /// Leaves of the tree.
    pub size: u64,
    /// Root hash of the tree, in hexadecimal.
    pub root: String,
    /// The path from the leaf up, in hexadecimal.
    pub path: Vec<String>,
}

/// That an older tree is the beginning of a newer one.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ConsistencyAnswer {
    /// Leaves of the older tree.
    pub older: u64,
    /// Its root hash, in hexadecimal.
    pub older_root: String,
    /// Leaves of the newer tree.
    pub newer: u64,
    /// Its root hash, in hexadecimal.
    pub newer_root: String,
    /// The proof, in hexadecimal.
    pub path: Vec<String>,
}
