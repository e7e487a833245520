//! Around every request: its id, one line in the log, and its place in the metrics.

use crate::platform::Platform;
use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use countenance_api::{REQUEST_ID_HEADER, ROUTES};
use std::time::Instant;
use tracing::Instrument as _;

/// Gives a request an id and says in the log how it ended: its route as the table has it, never its
/// path, which may name a subject.
pub(crate) async fn observe(
    State(platform): State<Platform>,
    request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let id = platform.request_id();
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>();
    let path = matched
        .and_then(|matched| ROUTES.iter().find(|route| route.path == matched.as_str()))
        .map_or("none", |route| route.path);
    let span = tracing::info_span!("request", id, route = path);
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    // Methods are named by the caller: only those of the table are repeated.
    let method = ROUTES
        .iter()
        .map(|route| route.method.name())
        .find(|name| *name == method.as_str())
        .unwrap_or("other");
    platform.metrics.request(method, path, status, took);
    span.in_scope(|| {
        let took_ms = took.as_secs_f64() * 1e3;
        tracing::info!(method, status, took_ms, "answered");
    });
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID_HEADER, id);
    }
    response
}
