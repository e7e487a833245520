//! What its clients know as errors: a text and a code.

use crate::keys::KeyStoreError;
use crate::refusal::Refusal;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countenance_core::vault::{ConsentError, Lock, RandomError, VaultError};
use countenance_core::{
    CaptureError, CompareError, EnrollError, IdentifyError, QualityCause, VerifyError,
};
use serde::Serialize;

/// Days are counted in so many seconds.
const DAY: u64 = 86_400;

/// An error of the protocol.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    status: StatusCode,
    code: u16,
    message: String,
    retry_after_s: Option<u64>,
}

#[derive(Serialize)]
struct Body {
    message: String,
    code: u16,
}

impl Fault {
    pub(super) fn of(status: StatusCode, code: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            retry_after_s: None,
        }
    }

    /// Of the request, with a code of the protocol.
    pub(super) fn bad(code: u16, message: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, code, message)
    }

    /// Whatever has no code of its own.
    pub(super) fn wrong() -> Self {
        Self::bad(0, "Something went wrong, please try again")
    }

    /// The same, with what it was.
    pub(super) fn wrong_with(cause: impl std::fmt::Display) -> Self {
        let message = format!("Something went wrong, please try again: {cause}");
        Self::bad(0, message)
    }

    /// Values that do not hold.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::bad(26, message)
    }

    pub(super) fn no_face() -> Self {
        Self::bad(28, "No face is found in the given image")
    }

    pub(super) fn several_faces() -> Self {
        Self::bad(31, "More than one face in the source image")
    }

    pub(super) fn no_subject(name: &str) -> Self {
        let message = format!("Subject {name} not found");
        Self::of(StatusCode::NOT_FOUND, 42, message)
    }

    pub(super) fn subject_exists() -> Self {
        Self::bad(43, "Subject already exists")
    }

    pub(super) fn no_image(id: &str) -> Self {
        let message = format!("Image {id} not found");
        Self::of(StatusCode::NOT_FOUND, 44, message)
    }

    /// A face that no template is made of.
    pub(super) fn poor(cause: QualityCause) -> Self {
        match cause {
            QualityCause::NoFace => Self::no_face(),
            QualityCause::SeveralFaces => Self::several_faces(),
            _ => Self::invalid(format!(
                "The face is too poor to be kept or compared ({}): {}",
                cause.code(),
                cause.hint()
            )),
        }
    }

    fn after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds.max(1));
        self
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = Body {
            message: self.message,
            code: self.code,
        };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after_s {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let (status, text, retry_after_s) = refusal.told();
        let status = StatusCode::from_u16(status);
        Self {
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code: 0,
            message: text,
            retry_after_s,
        }
    }
}

impl From<CaptureError> for Fault {
    fn from(error: CaptureError) -> Self {
        match error {
            CaptureError::Decode(error) => Self::wrong_with(error),
            error => Refusal::internal(&error).into(),
        }
    }
}

impl From<VaultError> for Fault {
    fn from(error: VaultError) -> Self {
        match &error {
            VaultError::Attempts(lock) => {
                let seconds = match lock {
                    Lock::Wait { seconds } => *seconds,
                    _ => DAY,
                };
                let text = "Too many attempts on this subject in a row: wait";
                Self::of(StatusCode::TOO_MANY_REQUESTS, 0, text).after(seconds)
            }
            VaultError::Consent(ConsentError::Lifetime { .. })
            | VaultError::Ident(_)
            | VaultError::Limit { .. } => Self::invalid(error.to_string()),
            VaultError::Consent(_) => Self::invalid(
                "The subject's consent was withdrawn or is over: send the reference of a new one as Countenance-Evidence",
            ),
            VaultError::Exists { .. } => Self::subject_exists(),
            _ => Refusal::from(error).into(),
        }
    }
}

impl From<EnrollError> for Fault {
    fn from(error: EnrollError) -> Self {
        match error {
            EnrollError::Capture { source, .. } => source.into(),
            EnrollError::Photos { max: 0, .. } => {
                Self::invalid("The subject has 16 faces already, the most there are: delete one")
            }
            EnrollError::Vault(error) => error.into(),
            error => Refusal::from(error).into(),
        }
    }
}

impl From<IdentifyError> for Fault {
    fn from(error: IdentifyError) -> Self {
        match error {
            IdentifyError::Capture(error) => error.into(),
            IdentifyError::TooMany { members, cap } => Self::invalid(too_many(members, cap)),
            IdentifyError::Compare(CompareError::Templates(_)) => {
                Self::invalid("The embeddings have another length than those of the model")
            }
            IdentifyError::Vault(error) => error.into(),
            error => Refusal::internal(&error).into(),
        }
    }
}

impl From<VerifyError> for Fault {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Capture(error) => error.into(),
            VerifyError::Vault(error) => error.into(),
            error => Refusal::internal(&error).into(),
        }
    }
}

impl From<KeyStoreError> for Fault {
    fn from(error: KeyStoreError) -> Self {
        Refusal::internal(&error).into()
    }
}

impl From<RandomError> for Fault {
    fn from(error: RandomError) -> Self {
        Refusal::internal(&error).into()
    }
}

/// Why nobody else may join.
pub(super) fn too_many(members: usize, cap: usize) -> String {
    format!(
        "The collection has {members} subjects with faces and its target FPIR allows {cap}: make a key with a larger --fpir, or another collection"
    )
}
