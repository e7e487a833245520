//! Writes that may be asked again: the same key and request get the same answer (ADR 24).

use crate::call::{Caller, refuse_declared};
use crate::keys::{Answers, Begun, KEPT_S};
use crate::platform::{Platform, Shared};
use crate::refusal::Refusal;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use countenance_api::{Code, HOLDER_HEADER, IDEMPOTENCY_HEADER, REPLAYED_HEADER};
use countenance_core::vault::Sealer;
use memchr::memmem;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;
use tracing::Instrument as _;

/// Longest idempotency key.
const MOST_KEY: usize = 255;
/// Largest answer that is kept; none of those that are comes near it.
const MOST_ANSWER: usize = 64 << 10;
/// How long an answer about a face may be asked for again: as long as a signed result would be valid. An older one
/// would say nothing of who is there now, and would outlive a withdrawal.
const VERIFIED_S: u64 = 60;

/// How the answer of a route is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeping {
    /// As it was.
    Whole(u64),
    /// Only that it was given, since it shows a secret: the id of what was made, and what can be done about it.
    Given(&'static str),
}

/// What is asked, as far as it is the same when it is asked again.
struct Asked {
    sealer: Sealer,
    slot: [u8; 32],
    owner: [u8; 32],
    request: [u8; 32],
    keeping: Keeping,
}

/// Answers a request that was answered before, and keeps the answer of one that was not.
pub(crate) async fn idempotent(
    State(platform): State<Platform>,
    request: Request,
    next: Next,
) -> Response {
    let (Some(keeping), true) = (
        keeping(&request),
        request.headers().contains_key(IDEMPOTENCY_HEADER),
    ) else {
        return next.run(request).await;
    };
    once(platform, request, keeping, next)
        .await
        .unwrap_or_else(|refusal| refusal.into_response())
}

/// What writes, and how long its answer is kept. An export is not kept at all: it is everything there is about a
/// person, and asking for it again changes nothing.
fn keeping(request: &Request) -> Option<Keeping> {
    let path = request.extensions().get::<MatchedPath>()?.as_str();
    match (request.method(), path) {
        (&Method::POST, "/v1/keys") => Some(Keeping::Given("Revoke the key")),
        (&Method::POST, "/v1/payments/{payment}/sessions" | "/v1/sessions") => {
            Some(Keeping::Given("Cancel the session"))
        }
        (
            &Method::POST,
            "/v1/collections/{collection}/identify" | "/v1/subjects/{subject}/verify",
        ) => Some(Keeping::Whole(VERIFIED_S)),
        (&Method::PUT, "/v1/collections/{collection}") => Some(Keeping::Whole(KEPT_S)),
        (
            &Method::POST,
            "/v1/payments"
            | "/v1/payments/{payment}/cancel"
            | "/v1/payments/{payment}/refunds"
            | "/v1/subjects"
            | "/v1/subjects/{subject}/consents"
            | "/v1/subjects/{subject}/device-keys/{device_key}"
            | "/v1/subjects/{subject}/faces",
        )
        | (
            &Method::DELETE,
            "/v1/keys/{key}"
            | "/v1/subjects/{subject}"
            | "/v1/subjects/{subject}/consents"
            | "/v1/subjects/{subject}/device-keys/{device_key}",
        ) => Some(Keeping::Whole(KEPT_S)),
        _ => None,
    }
}

async fn once(
    platform: Platform,
    request: Request,
    keeping: Keeping,
    next: Next,
) -> Result<Response, Refusal> {
    let key = key_of(request.headers())?.to_owned();
    let caller = request.extensions().get::<Caller>();
    let caller = caller.ok_or(Code::KeyInvalid)?.key.clone();
    let place = platform.bodies.take(&caller)?;
    refuse_declared(request.headers(), platform.config.max_body_bytes)?;
    let (parts, body) = request.into_parts();
    let body = read(&platform, body).await?;
    let text = digest(&parts.method, &parts.uri.to_string(), &parts.headers, &body);
    let sealer = platform.registry.vault().sealer("answers");
    let asked = Asked {
        slot: sealer.tag(&[b"slot", caller.as_bytes(), key.as_bytes()]),
        owner: sealer.tag(&[b"owner", caller.as_bytes()]),
        request: sealer.tag(&[b"request", &text]),
        // What is kept opens only for whoever has the whole request again.
        sealer: sealer.bound_to(&[caller.as_bytes(), key.as_bytes(), &text]),
        keeping,
    };
    let request = Request::from_parts(parts, Body::from(body));
    // From here on a client that goes stops nothing: it can ask again for what was done.
    let work = async move {
        let answer = asked.answer(&platform, request, next).await;
        drop(place);
        answer
    };
    let done = tokio::spawn(work.in_current_span()).await;
    done.map_err(|error| Refusal::internal(&error))?
}

fn key_of(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut keys = headers.get_all(IDEMPOTENCY_HEADER).iter();
    let key = keys.next().and_then(|key| key.to_str().ok());
    key.filter(|key| (1..=MOST_KEY).contains(&key.len()) && keys.next().is_none())
        .ok_or_else(|| {
            let detail =
                format!("Idempotency-Key is not 1 to {MOST_KEY} visible characters, once.");
            Refusal::of(Code::ParameterInvalid, detail)
        })
}

async fn read(platform: &Platform, body: Body) -> Result<Bytes, Refusal> {
    let limit = platform.config.max_body_bytes;
    let read = timeout(platform.config.body_timeout, to_bytes(body, limit)).await;
    let read = read.map_err(|_| Refusal::from(Code::BodyTimeout))?;
    read.map_err(|error| {
        use std::error::Error as _;
        let large = error
            .source()
            .is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
        if large {
            let detail = format!("The body has more than {limit} bytes.");
            Refusal::of(Code::BodyTooLarge, detail)
        } else {
            Refusal::of(Code::BodyInvalid, "The body broke off.")
        }
    })
}

/// The digest of a request. The boundary of a form does not count: programs choose a new one each time.
fn digest(method: &Method, uri: &str, headers: &HeaderMap, body: &[u8]) -> [u8; 32] {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let (kind, boundary) = match kind.unwrap_or_default().split_once("boundary=") {
        Some((kind, boundary)) if !boundary.is_empty() => (kind, boundary.trim_matches('"')),
        _ => (kind.unwrap_or_default(), ""),
    };
    let holder = headers.get(HOLDER_HEADER).map(HeaderValue::as_bytes);
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    for value in [method.as_str(), uri, kind] {
        part(value.as_bytes());
    }
    part(holder.unwrap_or_default());
    let mut rest = body;
    if !boundary.is_empty() {
        while let Some(at) = memmem::find(rest, boundary.as_bytes()) {
            part(&rest[..at]);
            rest = &rest[at + boundary.len()..];
        }
    }
    part(rest);
    hash.finalize().into()
}

impl Asked {
    /// The answer that was given before, or the one that is given now and kept.
    async fn answer(
        &self,
        platform: &Platform,
        request: Request,
        next: Next,
    ) -> Result<Response, Refusal> {
        let slots = [self.slot, self.owner, self.request];
        let begun = platform.keep(move |shared| {
            let [slot, owner, request] = &slots;
            let now = shared.clock.now();
            let begun = shared
                .answers
                .begin(&shared.keys, [slot, owner, request], now);
            begun.map_err(|error| Refusal::internal(&error))
        });
        match begun.await? {
            Begun::Before {
                request,
                since,
                sealed,
            } => self.again(platform, &request, since, sealed.as_deref()),
            Begun::Now => Ok(self.keep(platform, next.run(request).await).await),
        }
    }

    /// The answer to a request that was begun before.
    fn again(
        &self,
        platform: &Shared,
        request: &[u8],
        since: u64,
        sealed: Option<&[u8]>,
    ) -> Result<Response, Refusal> {
        if request != self.request {
            return Err(Code::IdempotencyMismatch.into());
        }
        let Some(sealed) = sealed else {
            let longest = platform.config.body_timeout + 2 * platform.config.work_timeout;
            let since_then = platform.clock.now().unix().saturating_sub(since);
            return Err(if since_then <= longest.as_secs() {
                Refusal::from(Code::InProgress).retry_after(1)
            } else {
                Code::OutcomeUnknown.into()
            });
        };
        let kept = self.sealer.open(sealed);
        let kept = kept.ok_or(Code::Internal)?;
        let read = kept.split_first_chunk::<2>();
        let (status, body) = read.ok_or(Code::Internal)?;
        if let Keeping::Given(remedy) = self.keeping {
            let id = String::from_utf8_lossy(body);
            let detail = format!(
                "{id} was made and shown once. {remedy} and make another if it did not arrive."
            );
            return Err(Refusal::of(Code::AnswerNotKept, detail));
        }
        let status = StatusCode::from_u16(u16::from_le_bytes(*status));
        let status = status.map_err(|error| Refusal::internal(&error))?;
        let mut response = (status, body.to_vec()).into_response();
        let headers = response.headers_mut();
        headers.remove(CONTENT_TYPE);
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        headers.insert(REPLAYED_HEADER, HeaderValue::from_static("true"));
        Ok(response)
    }

    /// Keeps an answer, or says why it is not kept: what was refused may be asked anew, and where it is not known
    /// what happened, nothing is.
    async fn keep(&self, platform: &Platform, response: Response) -> Response {
        let status = response.status();
        let slot = self.slot;
        if !status.is_success() {
            let unknown = [
                StatusCode::INTERNAL_SERVER_ERROR,
                StatusCode::GATEWAY_TIMEOUT,
            ];
            if !unknown.contains(&status) {
                // Where it stays, the next one is told that the outcome is not known.
                platform
                    .settle(move |shared| Answers::forget(&shared.keys, &slot))
                    .await;
            }
            return response;
        }
        let (parts, body) = response.into_parts();
        let Ok(body) = to_bytes(body, MOST_ANSWER).await else {
            return Refusal::from(Code::Internal).into_response();
        };
        let (seconds, kept) = match self.keeping {
            Keeping::Whole(seconds) => (seconds, body.to_vec()),
            Keeping::Given(_) => (KEPT_S, made_id(&body)),
        };
        let plain = [&status.as_u16().to_le_bytes()[..], &kept].concat();
        match self.sealer.seal(&plain) {
            Ok(sealed) => {
                // It was done, and is told so; where this fails, asking again is told *outcome unknown*.
                platform
                    .settle(move |shared| {
                        let expires = shared.clock.now().plus(seconds);
                        Answers::finish(&shared.keys, &slot, &sealed, expires)
                    })
                    .await;
            }
            Err(error) => tracing::error!(%error, "an answer was not kept"),
        }
        Response::from_parts(parts, Body::from(body))
    }
}

/// The id of what was made, which is no secret.
fn made_id(body: &[u8]) -> Vec<u8> {
    let made = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
    let id = made.get("id").and_then(|id| id.as_str());
    id.unwrap_or_default().as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::digest;
    use axum::http::{HeaderMap, HeaderValue, Method, header::CONTENT_TYPE};

    #[test]
    fn a_form_is_the_same_with_another_boundary_and_another_with_other_parts() {
        let with = |boundary: &str, text: &str| {
            let mut headers = HeaderMap::new();
            let kind = format!("multipart/form-data; boundary={boundary}");
            headers.insert(CONTENT_TYPE, HeaderValue::from_str(&kind).unwrap());
            let body = format!("--{boundary}\r\n\r\n{text}\r\n--{boundary}--\r\n");
            digest(&Method::POST, "/v1/x", &headers, body.as_bytes())
        };
        assert_eq!(with("a1b2", "one"), with("zz99", "one"));
        assert_ne!(with("a1b2", "one"), with("a1b2", "two"));
    }
}
