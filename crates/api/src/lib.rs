#![doc = include_str!("../README.md")]

mod audit;
mod collection;
mod compare;
mod consent_link;
mod detect;
mod device_key;
mod document;
mod identify;
mod identity_check;
mod key;
mod operate;
mod payment;
mod problem;
mod route;
mod scope;
mod session;
mod subject;
mod verify;

pub use audit::{
    CheckpointAnswer, ConsistencyAnswer, ConsistencyQuery, EntriesAnswer, EntriesQuery,
    InclusionAnswer, InclusionQuery, LogContent, LogEntry,
};
pub use collection::{
    CollectionAnswer, CollectionList, CollectionRequest, FoundAnswer, MemberEntry, MemberList,
    MemberListQuery,
};
pub use compare::{CompareAnswer, CompareForm, CompareRequest, Decision, Side};
pub use consent_link::{
    ConsentLinkAnswer, ConsentLinkOpened, ConsentLinkRequest, OwnConsents, OwnConsentsRequest,
    OwnWithdrawal, OwnWithdrawalRequest,
};
pub use detect::{Area, DetectAnswer, DetectForm, DetectRequest, Face, Quality};
pub use device_key::{
    AuthenticatorSelection, CaptureDeviceKey, CreationOptions, CredentialKind, CredentialMade,
    CredentialMadeResponse, CredentialParty, CredentialRef, CredentialUsed, CredentialUsedResponse,
    CredentialUser, DeviceKeyAnswer, DeviceKeyEntry, DeviceKeyList, DeviceKeyOpened,
    DeviceKeyRequest,
};
pub use document::document;
pub use identify::{
    IdentifyAnswer, IdentifyDecision, IdentifyDetail, IdentifyForm, IdentifyRequest,
};
pub use identity_check::{DocumentAnswer, DocumentChecks, DocumentForm, DocumentRequest};
pub use key::{
    CompatKey, CompatProduct, CompatPurpose, CompatService, KeyCreated, KeyEntry, KeyList,
    KeyRequest,
};
pub use operate::{AttemptRule, Health, Jwk, Jwks, Policy};
pub use payment::{
    CapturePayment, PaymentAnswer, PaymentList, PaymentListQuery, PaymentPolicy, PaymentRequest,
    PaymentSessionRequest, RefundEntry, RefundRequest,
};
pub use problem::{Code, FieldPolicy, Problem};
pub use route::{Access, Method, ROUTES, Route, TAGGED};
pub use scope::{Scope, UnknownScope};
pub use session::{
    CaptureAnswer, CaptureConsent, CaptureMessage, CaptureQuery, CaptureState, ConsentGiven,
    FrameBatch, FrameEntry, FrameMessages, FrameRules, SessionAnswer, SessionDetail, SessionKind,
    SessionOpened, SessionPasskey, SessionRequest,
};
pub use subject::{
    CollectionQuery, Consent, ConsentList, ConsentRequest, EnrollAnswer, EnrollForm, EnrollOutcome,
    EnrollRequest, EraseAnswer, ExportAnswer, ExportEvent, ExportTemplate, SubjectAnswer,
    SubjectKind, SubjectList, SubjectListEntry, SubjectListQuery, SubjectRequest, WithdrawAnswer,
    WithdrawQuery,
};
pub use verify::{VerifyAnswer, VerifyDecision, VerifyDetail, VerifyForm, VerifyRequest};

/// The header that carries the holder's part of a subject's key: 64 hexadecimal digits.
pub const HOLDER_HEADER: &str = "countenance-holder";
/// The header that names the tenant on the socket of the data folder, where no key does.
pub const TENANT_HEADER: &str = "countenance-tenant";
/// The tenant that is meant there where none is named.
pub const DEFAULT_TENANT: &str = "default";
/// The header that makes a write safe to ask again.
pub const IDEMPOTENCY_HEADER: &str = "idempotency-key";
/// The header of an answer that was given before.
pub const REPLAYED_HEADER: &str = "idempotency-replayed";
/// The header that carries the id of a request, in both directions.
pub const REQUEST_ID_HEADER: &str = "x-request-id";
/// The media type of an error.
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";
/// The collection that is meant where none is named.
pub const DEFAULT_COLLECTION: &str = "default";
