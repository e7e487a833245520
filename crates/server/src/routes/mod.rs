//! The handlers, one file per family of routes.

pub(crate) mod audit;
pub(crate) mod capture;
pub(crate) mod collections;
pub(crate) mod consent_links;
pub(crate) mod consents;
pub(crate) mod device_keys;
pub(crate) mod documents;
pub(crate) mod keys;
pub(crate) mod operate;
pub(crate) mod payments;
pub(crate) mod pictures;
pub(crate) mod sessions;
pub(crate) mod subjects;
pub(crate) mod verify;

use crate::refusal::{Answer, Refusal};
use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use countenance_api::Code;
use serde::Serialize;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Entries per page where nothing is said.
const PAGE: u32 = 100;
/// Most entries per page.
const MOST: u32 = 1000;

/// How many entries a page has.
fn page_limit(limit: Option<u32>) -> Result<u32, Refusal> {
    let limit = limit.unwrap_or(PAGE);
    if (1..=MOST).contains(&limit) {
        Ok(limit)
    } else {
        let detail = format!("`limit` is not 1 to {MOST}");
        Err(Refusal::of(Code::ParameterInvalid, detail))
    }
}

/// An answer as JSON.
fn answer(status: StatusCode, body: impl Serialize) -> Answer {
    Ok((status, Json(body)).into_response())
}

/// The usual one.
fn ok(body: impl Serialize) -> Answer {
    answer(StatusCode::OK, body)
}
