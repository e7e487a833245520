//! Answers that have not changed are not sent again: ETag and If-None-Match (RFC 9110).

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_api::{Code, Method as RouteMethod, ROUTES, Route, TAGGED};
use sha2::{Digest as _, Sha256};

use crate::refusal::Refusal;

/// Largest answer that gets a tag.
const MOST: usize = 4 << 20;

/// Gives answers that are read again and again a tag, and says how long anything may be kept elsewhere.
pub(crate) async fn conditional(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    let path = path.map_or("", MatchedPath::as_str).to_owned();
    let asked = request.headers().get_all(IF_NONE_MATCH).iter();
    let asked: Vec<HeaderValue> = asked.cloned().collect();
    let tagged = request.method() == Method::GET && TAGGED.contains(&path.as_str());
    let mut response = match refused_condition(&request, &path) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    };
    let keep = match path.as_str() {
        "/.well-known/jwks.json" => "public, max-age=300",
        "/capture" | "/capture/{*file}" | "/consents" | "/docs" | "/openapi.json" | "/policy" => {
            "no-cache"
        }
        // Answers about people stay with whoever asked.
        _ => "no-store",
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    if tagged && response.status() == StatusCode::OK {
        tag(response, &asked).await
    } else {
        response
    }
}

/// Writes are made or refused, whatever was there: a condition that is not kept must not be passed over.
fn refused_condition(request: &Request, path: &str) -> Option<Refusal> {
    // What is no write of ours is refused as that.
    let is_write = |route: &&Route| route.path == path && route.method != RouteMethod::Get;
    let mut writes = ROUTES.iter().filter(is_write);
    if !writes.any(|route| route.method.name() == request.method().as_str()) {
        return None;
    }
    let given = [IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE];
    let given = given
        .iter()
        .find(|name| request.headers().contains_key(*name))?;
    let detail = format!("No write is made on a condition: leave out {given}.");
    Some(Refusal::of(Code::ParameterInvalid, detail))
}

async fn tag(response: Response, asked: &[HeaderValue]) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, MOST).await else {
        return Refusal::from(Code::Internal).into_response();
    };
    let tag = format!(
        "\"{}\"",
        URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..16])
    );
    let same = asked.iter().any(|asked| names(asked, &tag));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(ETAG, value);
    }
    if same {
        parts.status = StatusCode::NOT_MODIFIED;
        without_body(&mut parts.headers);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(body))
}

fn without_body(headers: &mut HeaderMap) {
    headers.remove(CONTENT_LENGTH);
    headers.remove(CONTENT_TYPE);
}

/// Whether a list of tags names this one; a weak tag names it as well.
fn names(asked: &HeaderValue, tag: &str) -> bool {
    let asked = asked.to_str().unwrap_or_default();
    asked
        .split(',')
        .map(str::trim)
        .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}
