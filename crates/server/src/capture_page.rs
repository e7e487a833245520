//! The capture page and the page of one's own consents, as they stand in `console/capture`: carried by the program, and given out under a policy by which they
//! can ask nobody else and run nothing but themselves. They are no part of the API: anybody may have them, and they say nothing of anyone.

use crate::refusal::Refusal;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use countenance_api::Code;

/// The pages, and what they are made of.
pub(crate) const PATHS: [&str; 3] = ["/capture", "/capture/{*file}", "/consents"];

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the capture page may ask of the machine: the camera for pictures, a passkey for the holder part.
const PERMISSIONS: &str =
    "camera=(self), publickey-credentials-get=(self), microphone=(), display-capture=()";
/// What the page of one's own consents may: a passkey, and no camera.
const PERMISSIONS_OWN: &str =
    "camera=(), publickey-credentials-get=(self), microphone=(), display-capture=()";

const PAGE: &str = include_str!("../../../console/capture/index.html");
const PAGE_OWN: &str = include_str!("../../../console/capture/consents.html");

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../../console/capture/", $name)))),+]
    };
}

const FILES: &[(&str, &str)] = files![
    "camera.js",
    "capture.css",
    "capture.js",
    "check.js",
    "connection.js",
    "consents-page.js",
    "consents.css",
    "consents.js",
    "dom.js",
    "hand.js",
    "icon.svg",
    "messages/ar.js",
    "messages/de.js",
    "messages/en.js",
    "messages/es.js",
    "messages/fr.js",
    "messages/index.js",
    "messages/it.js",
    "messages/ja.js",
    "messages/nl.js",
    "messages/pt.js",
    "page.css",
    "page.js",
    "passkey.js",
    "protocol.js",
    "start.js",
    "visit.js",
];

/// Its routes.
pub(crate) fn pages<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(PATHS[0], only(get(page)))
        .route(PATHS[1], only(get(file)))
        .route(PATHS[2], only(get(page_own)))
}

/// With any other method it is not there, as with every route.
fn only<S: Clone + Send + Sync + 'static>(route: MethodRouter<S>) -> MethodRouter<S> {
    route.fallback(|| async { Refusal::from(Code::RouteUnknown) })
}

async fn page() -> Response {
    answer("index.html", PAGE, PERMISSIONS)
}

async fn page_own() -> Response {
    answer("consents.html", PAGE_OWN, PERMISSIONS_OWN)
}

async fn file(Path(name): Path<String>) -> Result<Response, Refusal> {
    let found = FILES.iter().find(|(known, _)| *known == name);
    let (name, text) = found.ok_or(Code::RouteUnknown)?;
    Ok(answer(name, text, PERMISSIONS))
}

fn answer(name: &str, text: &'static str, permissions: &'static str) -> Response {
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    };
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("permissions-policy"), permissions),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    (headers, text).into_response()
}
