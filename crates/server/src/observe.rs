//! Around every request: its id, one line in the log, and its place in the metrics.

use crate::capture_page::PATHS;
use crate::platform::Platform;
use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use countenance_api::{REQUEST_ID_HEADER, ROUTES};
use std::time::Instant;
use tracing::Instrument as _;

/// The id of a request, for whoever has to name it.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// A path of one of the tables of routes, as the table has it.
fn known(path: &str) -> Option<&'static str> {
    let native = ROUTES.iter().map(|route| route.path);
    let mut paths = native
        .chain(crate::compat::PATHS.iter().copied())
        .chain(PATHS);
    paths.find(|known| *known == path || path.strip_suffix('/') == Some(*known))
}

/// Gives a request an id and says in the log how it ended: its route as the table has it, never its
/// path, which may name a subject.
pub(crate) async fn observe(
    State(platform): State<Platform>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let id = platform.request_id();
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>();
    let path = matched
        .and_then(|matched| known(matched.as_str()))
        .unwrap_or("none");
    let trace = request.headers().get("traceparent").and_then(trace);
    let (trace, parent) = trace.unzip();
    let key = tracing::field::Empty;
    let span = tracing::info_span!("request", id, route = path, trace, parent, key);
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    // Methods are named by the caller: only those of the table are repeated.
    let method = ROUTES
        .iter()
        .map(|route| route.method.name())
        .chain(["PUT"])
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

/// Trace and parent of a request that belongs to a trace (W3C Trace Context): hexadecimal digits, which can name
/// nobody. What is not one is passed over.
fn trace(header: &HeaderValue) -> Option<(String, String)> {
    let mut fields = header.to_str().ok()?.split('-');
    let [version, trace, parent, flags] = std::array::from_fn(|_| fields.next().unwrap_or(""));
    let is_hex = |text: &str, digits: usize| {
        text.len() == digits
            && text
                .bytes()
                .all(|at| at.is_ascii_digit() || (b'a'..=b'f').contains(&at))
    };
    let names_one = |text: &str| text.bytes().any(|at| at != b'0');
    let known = version != "ff" && (version != "00" || fields.next().is_none());
    (is_hex(version, 2)
        && known
        && is_hex(trace, 32)
        && is_hex(parent, 16)
        && is_hex(flags, 2)
        && names_one(trace)
        && names_one(parent))
    .then(|| (trace.to_owned(), parent.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::trace;
    use axum::http::HeaderValue;

    #[test]
    fn only_a_trace_of_the_standard_is_repeated() {
        let (id, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let read = |text: &str| trace(&HeaderValue::from_str(text).unwrap());
        let found = read(&format!("00-{id}-{parent}-01"));
        assert_eq!(found, Some((id.to_owned(), parent.to_owned())));
        assert!(read(&format!("01-{id}-{parent}-01-more")).is_some());
        for wrong in [
            String::new(),
            "ana".to_owned(),
            format!("00-{id}-{parent}"),
            format!("00-{id}-{parent}-01-more"),
            format!("ff-{id}-{parent}-01"),
            format!("00-{}-{parent}-01", "0".repeat(32)),
            format!("00-{}-{parent}-01", id.to_uppercase()),
            format!("00-{}x-{parent}-01", &id[1..]),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
    }
}
