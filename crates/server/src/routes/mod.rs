//! The handlers, one file per family of routes.

pub(crate) mod audit;
pub(crate) mod consents;
pub(crate) mod keys;
pub(crate) mod operate;
pub(crate) mod pictures;
pub(crate) mod subjects;
pub(crate) mod verify;

use crate::refusal::Answer;
use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use serde::Serialize;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// An answer as JSON.
fn answer(status: StatusCode, body: impl Serialize) -> Answer {
    Ok((status, Json(body)).into_response())
}

/// The usual one.
fn ok(body: impl Serialize) -> Answer {
    answer(StatusCode::OK, body)
}
