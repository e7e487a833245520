//! The routes of API v1 and the layers around them.

use crate::authenticate::authenticate;
use crate::capture_page;
use crate::compat;
use crate::conditional::conditional;
use crate::idempotency::idempotent;
use crate::observe::observe;
use crate::platform::Platform;
use crate::routes::{
    audit, capture, collections, consent_links, consents, device_keys, documents, keys, operate,
    payments, pictures, sessions, subjects, verify,
};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post};

/// The whole API. A route that is not in the table of `countenance-api` is refused even when it stands here. The capture page is beside it: it needs no
/// key, writes nothing and is asked for as often as one likes.
pub(crate) fn router(platform: Platform) -> Router {
    let limit = DefaultBodyLimit::max(platform.config.max_body_bytes);
    let authenticated = from_fn_with_state(platform.clone(), authenticate);
    let once = from_fn_with_state(platform.clone(), idempotent);
    let observed = from_fn_with_state(platform.clone(), observe);
    let native = Router::new()
        .route("/.well-known/jwks.json", get(operate::jwks))
        .route("/docs", get(operate::reference))
        .route("/healthz", get(operate::healthz))
        .route("/metrics", get(operate::metrics))
        .route("/openapi.json", get(operate::openapi))
        .route("/policy", get(operate::policy))
        .route("/readyz", get(operate::readyz))
        .route("/v1/audit/checkpoint", get(audit::checkpoint))
        .route("/v1/audit/consistency", get(audit::consistency))
        .route("/v1/audit/entries", get(audit::entries))
        .route("/v1/audit/inclusion", get(audit::inclusion))
        .route("/v1/collections", get(collections::list))
        .route(
            "/v1/collections/{collection}",
            get(collections::show).put(collections::set),
        )
        .route(
            "/v1/collections/{collection}/identify",
            post(collections::identify),
        )
        .route(
            "/v1/collections/{collection}/members",
            get(collections::members),
        )
        .route(
            "/v1/capture/{session}",
            get(capture::show).delete(capture::decline),
        )
        .route("/v1/capture/{session}/consent", post(capture::agree))
        .route(
            "/v1/capture/{session}/frames",
            get(capture::socket).post(capture::frames),
        )
        .route("/v1/compare", post(pictures::compare))
        .route("/v1/consent-links/{link}", get(consent_links::show))
        .route(
            "/v1/consent-links/{link}/consents",
            post(consent_links::consents),
        )
        .route(
            "/v1/consent-links/{link}/withdrawals",
            post(consent_links::withdraw),
        )
        .route("/v1/detect", post(pictures::detect))
        .route("/v1/documents", post(documents::open))
        .route("/v1/keys", get(keys::list).post(keys::create))
        .route("/v1/keys/{key}", delete(keys::revoke))
        .route("/v1/payments", post(payments::make))
        .route("/v1/payments/{payment}", get(payments::show))
        .route("/v1/payments/{payment}/cancel", post(payments::cancel))
        .route("/v1/payments/{payment}/refunds", post(payments::refund))
        .route("/v1/payments/{payment}/sessions", post(payments::open))
        .route("/v1/sessions", post(sessions::open))
        .route(
            "/v1/sessions/{session}",
            get(sessions::show).delete(sessions::cancel),
        )
        .route("/v1/subjects", get(subjects::list).post(subjects::add))
        .route(
            "/v1/subjects/{subject}",
            get(subjects::show).delete(subjects::erase),
        )
        .route(
            "/v1/subjects/{subject}/consent-links",
            post(consent_links::open),
        )
        .route(
            "/v1/subjects/{subject}/consents",
            get(consents::list)
                .post(consents::grant)
                .delete(consents::withdraw),
        )
        .route(
            "/v1/subjects/{subject}/device-keys",
            get(device_keys::list).post(device_keys::open),
        )
        .route(
            "/v1/subjects/{subject}/device-keys/{device_key}",
            post(device_keys::finish).delete(device_keys::remove),
        )
        .route("/v1/subjects/{subject}/export", post(subjects::export))
        .route("/v1/subjects/{subject}/faces", post(subjects::enroll))
        .route("/v1/subjects/{subject}/payments", get(payments::list))
        .route("/v1/subjects/{subject}/verify", post(verify::verify))
        .fallback(operate::unknown)
        .layer(limit)
        .layer(once)
        .layer(authenticated)
        .merge(capture_page::pages())
        .layer(from_fn(conditional));
    let all = match platform.config.compat {
        None => native,
        Some(product) => native.merge(compat::routes(product).layer(limit)),
    };
    all.layer(observed).with_state(platform)
}
