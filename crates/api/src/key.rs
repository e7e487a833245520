//! Keys of the platform.

use crate::Scope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A key that is to be made.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// What it may do: one or more, and none that the asking key lacks.
    pub scopes: Vec<Scope>,
    /// Days until it expires, 1 to 3650; without it never.
    #[schema(minimum = 1, maximum = 3650)]
    pub days: Option<u32>,
    /// Requests per second, 1 to 100000; as the server is set where it is left out.
    #[schema(minimum = 1, maximum = 100000)]
    pub rate: Option<u32>,
    /// Requests per day (UTC), 1 to 1000000000; any number where it is left out.
    #[schema(minimum = 1, maximum = 1000000000)]
    pub daily: Option<u32>,
}

/// A key that was made. It is shown this once.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct KeyCreated {
    /// The key itself: keep it, it cannot be shown again.
    pub key: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub entry: KeyEntry,
}

/// What is kept of a key.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct KeyEntry {
    /// Its name, for lists and for revoking.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made, in seconds since 1970-01-01 UTC.
    pub created: u64,
    /// When it expires, in seconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<u64>,
    /// Requests per second, where the key has a number of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// Requests per day (UTC), where there is a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily: Option<u32>,
}

/// The keys of a tenant.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct KeyList {
    /// The keys, oldest first; expired ones too until they are revoked.
    pub keys: Vec<KeyEntry>,
}
