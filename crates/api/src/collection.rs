//! Groups of people, and what may be decided about who of them somebody is.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What is decided in a collection. What is left out stays as it is; in a new collection it is as usual.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectionRequest {
    /// A member is a candidate at this false-match rate, above 0 and at most 1; 1e-6 is usual.
    #[schema(minimum = 0, maximum = 1)]
    pub fmr: Option<f64>,
    /// The share of strangers who may be taken for a member (FPIR), above 0 and at most 0.5; 1e-3 is usual. Above 1e-2
    /// nobody is accepted: every answer is `refer`.
    #[schema(minimum = 0, maximum = 0.5)]
    pub fpir: Option<f64>,
    /// How much less alike the second member must be, in score, 0 to 0.5; else the answer is `ambiguous`. 0.05 is usual.
    #[schema(minimum = 0, maximum = 0.5)]
    pub margin: Option<f64>,
}

/// A collection.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct CollectionAnswer {
    /// Its name.
    pub name: String,
    /// What stands in every answer of `identify`: all that decides it.
    pub policy: String,
    /// A member is a candidate at this false-match rate.
    pub fmr: f64,
    /// Upper 95 % bound of that rate as it was measured.
    pub fmr_upper_95: f64,
    /// The share of strangers who may be taken for a member.
    pub fpir: f64,
    /// How much less alike the second member must be, in score.
    pub margin: f64,
    /// Most members that may be searched: `fpir` divided by `fmr_upper_95`.
    pub most_members: usize,
    /// What is said of a member who is found.
    pub answers: FoundAnswer,
}

/// What is said of a member who is found.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FoundAnswer {
    /// It is this member.
    Accept,
    /// It may be this member, and a person has to look.
    Refer,
}

/// The collections of a tenant.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct CollectionList {
    /// The collections, oldest first.
    pub collections: Vec<CollectionAnswer>,
}

/// Which page of the members.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MemberListQuery {
    /// `next` of the page before.
    pub after: Option<String>,
    /// Subjects that are looked at for a page, 1 to 1000; 100 where it is left out.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// A member of a collection: a subject with the operator's key, a template and a standing consent to `identify`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct MemberEntry {
    /// What the caller calls it.
    pub id: String,
    /// When its consent to `identify` ends, in seconds since 1970-01-01 UTC.
    pub expires: u64,
    /// How many templates it has.
    pub templates: usize,
    /// Day of last use, counted from 1970-01-01.
    pub used_day: u32,
}

/// The members among a stretch of the subjects of a collection.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct MemberList {
    /// The members; a page may have none and still not be the last.
    pub members: Vec<MemberEntry>,
    /// What the next page is asked with; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
