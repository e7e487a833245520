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
    /// The service of another product's protocol that the key stands for; `scopes` is then empty, as they
    /// follow from the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compat: Option<CompatKey>,
}

/// Whose protocol a key speaks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CompatProduct {
    /// The REST protocol of CompreFace 1.2.
    Compreface,
}

/// What a key of such a protocol is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CompatService {
    /// Find the faces of a picture.
    Detection,
    /// Keep subjects who agreed, and say which of them a picture shows.
    Recognition,
    /// Compare two pictures.
    Verification,
}

/// What each subject behind such a key is said to have agreed to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CompatPurpose {
    /// To be searched in the key's collection.
    Identify,
    /// To be compared with one of its own pictures.
    Verify,
}

/// A key of another product's protocol.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompatKey {
    /// Whose protocol.
    pub product: CompatProduct,
    /// Which service of it.
    pub service: CompatService,
    /// The operator's word on how subjects agree, 1 to 500 characters: the procedure it names stands behind
    /// every consent that is entered through the key.
    pub attestation: String,
    /// To what they agree; both where it is left out.
    #[serde(default = "both_purposes")]
    pub purposes: Vec<CompatPurpose>,
    /// Days each consent lasts, 1 to 1095; as long as the server allows where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1095)]
    pub retention_days: Option<u32>,
    /// The share of strangers who may be taken for a subject, above 0 and at most 0.01; it bounds how many subjects
    /// the collection may have. 0.001 where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fpir: Option<f64>,
    /// Whether the pictures of faces are kept, each sealed under its subject's key.
    #[serde(default)]
    pub keep_pictures: bool,
    /// Whether embeddings are given out and taken in.
    #[serde(default)]
    pub embeddings: bool,
    /// The collection of a recognition service; a new one of its own where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
}

fn both_purposes() -> Vec<CompatPurpose> {
    vec![CompatPurpose::Verify, CompatPurpose::Identify]
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
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
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
    /// The service of another product's protocol that the key stands for, where it is one of those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compat: Option<CompatKey>,
}

/// The keys of a tenant.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct KeyList {
    /// The keys, oldest first; expired ones too until they are revoked.
    pub keys: Vec<KeyEntry>,
}
