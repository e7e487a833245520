//! People who agreed: subjects, consents, templates.

use crate::{DeviceKeyEntry, PaymentAnswer};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// In which collection of the key's tenant.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CollectionQuery {
    /// The collection; `default` where it is left out.
    pub collection: Option<String>,
}

/// Which page of the subjects.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SubjectListQuery {
    /// The collection; `default` where it is left out.
    pub collection: Option<String>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Subjects per page, 1 to 1000; 100 where it is left out.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// Which consents are withdrawn.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WithdrawQuery {
    /// The collection; `default` where it is left out.
    pub collection: Option<String>,
    /// The purpose, such as `verify`; all where it is left out.
    pub purpose: Option<String>,
}

/// A subject that is to be added: holder-bound when the header Countenance-Holder has a holder part.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectRequest {
    /// What the caller calls the subject: a number or a user name.
    #[schema(min_length = 1, max_length = 200)]
    pub id: String,
}

/// Who holds the key of a subject.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// The holder a part, the operator the other: neither opens anything alone.
    HolderBound,
    /// The operator alone.
    OperatorKey,
}

/// A subject.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct SubjectAnswer {
    /// What the caller calls it.
    pub id: String,
    /// Who holds its key.
    pub kind: SubjectKind,
    /// Its consents, ended ones too.
    pub consents: Vec<Consent>,
}

/// A subject in a list.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct SubjectListEntry {
    /// What the caller calls it; never for a holder-bound subject, whose id only the holder opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who holds its key.
    pub kind: SubjectKind,
    /// Day of last use, counted from 1970-01-01.
    pub used_day: u32,
}

/// A page of subjects.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct SubjectList {
    /// The subjects.
    pub subjects: Vec<SubjectListEntry>,
    /// What the next page is asked with; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a subject agrees to, from now on.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentRequest {
    /// For what: `verify`, `identify`, `identity_check`, `payment` or `device_unlock`.
    pub purpose: String,
    /// Which version of the text was shown.
    #[schema(min_length = 1, max_length = 31)]
    pub text_version: String,
    /// For how many days, 1 to 1095; as long as the policy allows where it is left out.
    #[schema(minimum = 1, maximum = 1095)]
    pub days: Option<u32>,
    /// SHA-256, in hexadecimal, of what shows that it was given: a signed form, a recorded action.
    #[schema(min_length = 64, max_length = 64)]
    pub evidence_sha256: String,
}

/// An entry of the consent ledger.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Consent {
    /// Number of the entry within its subject.
    pub number: u16,
    /// For what.
    pub purpose: String,
    /// `active`, `withdrawn` or `expired`.
    pub state: String,
    /// When it ends, in seconds since 1970-01-01 UTC.
    pub expires: u64,
    /// Which version of the text was shown, where it can be opened without a holder part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_version: Option<String>,
    /// When it was given, in seconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granted: Option<u64>,
    /// SHA-256, in hexadecimal, of what shows that it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence_sha256: Option<String>,
}

/// The consents of a subject.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ConsentList {
    /// The entries, ended ones too.
    pub consents: Vec<Consent>,
}

/// What was withdrawn. Templates go with the last consent.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct WithdrawAnswer {
    /// How many entries.
    pub withdrawn: usize,
}

/// Photos that are to become templates, as JSON.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrollRequest {
    /// JPEG, PNG or WebP, each in base64; 1 to 16, all of one person.
    #[schema(min_items = 1, max_items = 16)]
    pub photos: Vec<String>,
    /// Whether the templates there are go once the new ones are sealed.
    #[serde(default)]
    pub replace: bool,
}

/// The same as multipart/form-data.
#[derive(ToSchema)]
pub struct EnrollForm {
    /// JPEG, PNG or WebP; the part may come 1 to 16 times.
    #[schema(value_type = Vec<String>, format = Binary)]
    pub photo: Vec<Vec<u8>>,
    /// `true` or `false`.
    pub replace: Option<bool>,
}

/// The outcomes of an enrollment; only `enrolled` stores anything.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnrollOutcome {
    /// A photo does not show the person of the first one.
    Different,
    /// The templates are sealed.
    Enrolled,
    /// The photos do not show the person whose templates are there. Counts as an attempt; which photo and
    /// how far off is not said.
    NotTheSubject,
    /// A photo is too poor: take it again.
    Recapture,
}

/// What came of the photos.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct EnrollAnswer {
    /// The outcome.
    pub outcome: EnrollOutcome,
    /// How many templates were sealed.
    pub templates: usize,
    /// How many older templates they took the place of.
    pub replaced: usize,
    /// Index of the photo that stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo: Option<usize>,
    /// Why to take it again, such as `too_dark`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// A signed statement that a subject's key is gone.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct EraseAnswer {
    /// The signed bytes (`docs/spec/vault-v1.md`), in base64; the key is at /.well-known/jwks.json.
    pub receipt: String,
    /// When, in seconds since 1970-01-01 UTC.
    pub time: u64,
    /// Leaf of the erasure in the audit tree, as `/v1/audit/inclusion` takes it.
    pub leaf: String,
}

/// Everything held about a subject.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ExportAnswer {
    /// What the caller calls it.
    pub id: String,
    /// Who holds its key.
    pub kind: SubjectKind,
    /// When it was added, in seconds since 1970-01-01 UTC.
    pub created: u64,
    /// Day of last use, counted from 1970-01-01.
    pub used_day: u32,
    /// Attempts since the last success, in the newest 31 days.
    pub attempts: u32,
    /// Its consents, ended ones too.
    pub consents: Vec<Consent>,
    /// Its templates.
    pub templates: Vec<ExportTemplate>,
    /// Payments it was asked to approve.
    pub payments: Vec<PaymentAnswer>,
    /// Its device keys.
    pub device_keys: Vec<DeviceKeyEntry>,
    /// What the audit log says about it.
    pub events: Vec<ExportEvent>,
}

/// A template, for its subject.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ExportTemplate {
    /// Number of the record.
    pub number: u16,
    /// The model that made it.
    pub model: String,
    /// Its bytes (`docs/spec/template-v1.md`), in base64.
    pub template: String,
}

/// An audit event.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ExportEvent {
    /// What happened, such as `enrolled`.
    pub kind: String,
    /// When, in seconds since 1970-01-01 UTC.
    pub time: u64,
    /// How an attempt ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// For which purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// `subject` where they did it themselves, with a passkey: see and withdraw their consents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Its leaf in the audit tree, as `/v1/audit/inclusion` takes it.
    pub leaf: String,
    /// The leaf's bytes, in hexadecimal: their hash is in the tree.
    pub leaf_bytes: String,
}
