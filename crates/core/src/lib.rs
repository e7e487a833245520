#![doc = include_str!("../README.md")]

mod answer;
mod audit;
mod capture;
mod check_document;
mod clock;
mod collection;
mod compare;
mod decide_document;
mod decide_session;
mod decision;
mod decoy;
mod detect;
mod device;
mod device_keys;
mod ending;
mod engine;
mod enroll;
mod erase;
mod error;
mod export;
mod extract;
mod faces;
mod grant_consent;
mod identify;
mod language;
mod networks;
mod open;
mod open_collection;
mod own_consents;
mod passive_networks;
mod pay;
mod payment;
mod policy;
mod portrait;
mod random_id;
mod recognize;
mod registry;
mod restore;
mod result;
mod session;
mod shown_text;
mod taken;
mod template_v1;
mod timing;
mod verify;
mod withdraw;

pub use answer::{Answer, Finding, OperatorDetail, Verification};
pub use audit::{AuditReport, Consistency};
pub use capture::Capture;
pub use check_document::{
    Distrust, DocumentCheck, DocumentReading, PortraitPlace, ZoneChecks, ZoneReading, day_of,
};
pub use clock::{Clock, StoppedClock, WallClock};
pub use collection::{IdentifyPolicy, IdentifySettings, IdentifySettingsError};
pub use compare::Comparison;
pub use decide_document::{Case, Presented};
pub use decide_session::{Question, SessionDecision};
pub use decision::{Decision, Recapture, Side};
pub use detect::{DetectedFace, Detection};
pub use device::{
    ALGORITHMS, Assertion, DeviceFault, DeviceKey, DeviceKeyId, DeviceProof, Registration,
    RelyingParty, RelyingPartyError, consents_challenge, device_challenge,
};
pub use device_keys::{DeviceKeyError, DeviceKeyOffer};
pub use engine::{Calibrations, Engine, EngineParts, PlanLine, PlanNetwork, Worker};
pub use enroll::{EnrollError, EnrollOutcome, EnrollRequest, Enrollment, MAX_TEMPLATES};
pub use error::{CaptureError, CompareError, Fault};
pub use extract::Extraction;
pub use faces::{Faces, FacesWanted, FoundFace, MAX_FACES};
pub use grant_consent::Agreement;
pub use identify::{Identification, IdentifyAnswer, IdentifyError, IdentifyRequest};
pub use language::Language;
pub use networks::{MeshSource, Networks, OpenError, TextSource, color_order, spec_of};
pub use open_collection::OpenCollection;
pub use own_consents::{ConsentsProof, OwnConsents};
pub use pay::{Approval, PayError};
pub use payment::{
    Currency, CurrencyLimit, Payment, PaymentError, PaymentId, PaymentLimits, PaymentState, Refund,
    Terms, TermsError, Transaction,
};
pub use policy::{CapturePolicy, ComparePolicy, FaceChoice};
pub use recognize::{Recognition, Recognized};
pub use registry::{Claim, Registry};
pub use restore::Backups;
pub use result::{
    Claims, DocumentClaim, Expected, KeySet, KeySetError, Kind, LONGEST_S, PURPOSE, ResultError,
    SessionOutcome, check_result, sign_result, thumbprint,
};
pub use session::{
    CONSENT_VERSION, Check, Color, Cue, FrameCues, FrameError, FrameMark, Gesture, Guidance,
    Judged, LookError, Message, Next, Run, Session, SessionError, Status, Verdict, consent_text,
    text_sha256,
};
pub use shown_text::reads_as_it_is;
pub use taken::{Answered, AttemptAt, Taken};
pub use template_v1::TemplateFormatError;
pub use timing::StageTimings;
pub use verify::VerifyError;

/// The machine-readable zone of documents.
pub use countenance_document::{
    Check as CheckDigit, CheckOutcome, Checks, Day, Field, Format as ZoneFormat, Mrz, MrzError,
    Reading, WrittenDate, Zone,
};
pub use countenance_gallery::{
    Calibration, CalibrationPoint, FalseMatchRate, ModelId, Score, Searcher, Template, Threshold,
    ThresholdError,
};
/// Keys, consents, records and the audit log: what a registry stands on.
pub use countenance_vault as vault;
pub use countenance_vision::{
    DecodeError, DecodeLimits, Face, FaceCues, FaceView, Isa, Mesh, Observation, Options, Picture,
    Point, Precision, Quality, QualityCause, QualityLimits, Rect, Search, Size, align, decode,
    relief,
};
