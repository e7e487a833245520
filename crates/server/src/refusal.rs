//! What the server says when it does not do what was asked: a row of the table in `countenance-api`.

use crate::places::NoPlace;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countenance_api::{Code, PROBLEM_MEDIA_TYPE};
use countenance_core::vault::{ConsentError, Lock, VaultError};
use countenance_core::{
    CaptureError, CompareError, EnrollError, IdentifyError, PayError, PaymentError, VerifyError,
};
use std::error::Error;

/// How long to wait where attempts are used up: the oldest ones leave the count day by day.
const DAY: u64 = 86_400;

/// An answer of a route.
pub(crate) type Answer = Result<Response, Refusal>;

/// A refusal with what belongs into its answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: Code,
    detail: String,
    retry_after_s: Option<u64>,
}

impl Refusal {
    /// A refusal that speaks of the request.
    pub(crate) fn of(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            retry_after_s: None,
        }
    }

    /// The same, with how long to wait.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds.max(1));
        self
    }

    /// Everything is taken.
    pub(crate) fn busy() -> Self {
        Self::from(Code::Busy).retry_after(1)
    }

    /// Too many attempts were made.
    pub(crate) fn attempts(lock: &Lock) -> Self {
        let seconds = match lock {
            Lock::Wait { seconds } => *seconds,
            _ => DAY,
        };
        Self::from(Code::AttemptsUsed).retry_after(seconds)
    }

    /// Status, text and how long to wait, for a protocol that has another form for it.
    pub(crate) fn told(&self) -> (u16, String, Option<u64>) {
        let problem = self.code.problem(&self.detail);
        let text = if self.detail.is_empty() {
            problem.title.to_string()
        } else {
            self.detail.clone()
        };
        (problem.status, text, self.retry_after_s)
    }

    /// The server's own fault: the log has the cause, the answer has not.
    pub(crate) fn internal(cause: &(dyn Error + 'static)) -> Self {
        tracing::error!(cause = chain(cause), "a request failed");
        Code::Internal.into()
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::of(code, "")
    }
}

/// An error and what it comes from, in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = self.code.problem(&self.detail);
        let status = StatusCode::from_u16(problem.status);
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let kind = HeaderValue::from_static(PROBLEM_MEDIA_TYPE);
        let mut response = (
            status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            [(header::CONTENT_TYPE, kind)],
            body,
        )
            .into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == Code::KeyInvalid {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<NoPlace> for Refusal {
    fn from(none: NoPlace) -> Self {
        match none {
            NoPlace::Full => Self::busy(),
            NoPlace::OfKey => Self::from(Code::TooManyRequests).retry_after(1),
        }
    }
}

impl From<VaultError> for Refusal {
    fn from(error: VaultError) -> Self {
        match &error {
            VaultError::Consent(ConsentError::Lifetime { .. })
            | VaultError::Ident(_)
            | VaultError::Limit { .. }
            | VaultError::NoLeaf { .. }
            | VaultError::Secret(_) => Self::of(Code::ValueInvalid, error.to_string()),
            VaultError::Consent(_) => Code::ConsentMissing.into(),
            // Only enrolling gets here: its scope is of those who see the subjects anyway. In a verification it
            // is an outcome, told as any other rejection.
            VaultError::Attempts(lock) => Self::attempts(lock),
            VaultError::Exists { what: "device key" } => Code::DeviceKeyExists.into(),
            VaultError::Exists { .. } => Code::SubjectExists.into(),
            VaultError::Holder(_) => Code::HolderInvalid.into(),
            VaultError::Unknown { what: "subject" } => Code::SubjectUnknown.into(),
            VaultError::Unknown { .. } => Code::CollectionUnknown.into(),
            _ => Self::internal(&error),
        }
    }
}

impl From<PayError> for Refusal {
    fn from(error: PayError) -> Self {
        match error {
            PayError::Payment(error @ PaymentError::State(_)) => {
                Self::of(Code::PaymentOver, format!("The {error}."))
            }
            PayError::Payment(error) => Self::of(Code::ValueInvalid, error.to_string()),
            PayError::Unknown => Code::PaymentUnknown.into(),
            PayError::Vault(error) => error.into(),
            _ => Self::internal(&error),
        }
    }
}

impl Refusal {
    /// A picture that failed; `which` names it.
    pub(crate) fn picture(which: &str, error: &CaptureError) -> Self {
        match error {
            CaptureError::Decode(error) => {
                Self::of(Code::PictureInvalid, format!("`{which}`: {error}"))
            }
            _ => Self::internal(error),
        }
    }
}

impl From<CompareError> for Refusal {
    fn from(error: CompareError) -> Self {
        match &error {
            CompareError::Capture { side, source } => Self::picture(&side.to_string(), source),
            _ => Self::internal(&error),
        }
    }
}

impl From<EnrollError> for Refusal {
    fn from(error: EnrollError) -> Self {
        match error {
            EnrollError::Capture { photo, source } => {
                Self::picture(&format!("photos[{photo}]"), &source)
            }
            EnrollError::Photos { .. } => Self::of(Code::ValueInvalid, error.to_string()),
            EnrollError::Raced => Code::EnrolledMeanwhile.into(),
            EnrollError::Vault(error) => error.into(),
            _ => Self::internal(&error),
        }
    }
}

impl From<IdentifyError> for Refusal {
    fn from(error: IdentifyError) -> Self {
        match &error {
            IdentifyError::Capture(source) => Self::picture("probe", source),
            IdentifyError::TooMany { .. } => Code::CollectionTooLarge.into(),
            _ => Self::internal(&error),
        }
    }
}

impl From<VerifyError> for Refusal {
    /// What is about the subject is an outcome and never comes here: an error of the vault in a
    /// verification is the server's own.
    fn from(error: VerifyError) -> Self {
        match &error {
            VerifyError::Capture(source) => Self::picture("probe", source),
            _ => Self::internal(&error),
        }
    }
}
