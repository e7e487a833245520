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
