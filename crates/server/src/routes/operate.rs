//! What anybody may know, and what operators watch.

use super::ok;
use crate::call::Call;
use crate::platform::Platform;
use crate::refusal::{Answer, Refusal};
use crate::wire;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countenance_api::{AttemptRule, Code, Health, Jwk, Jwks, Policy};
use countenance_core::{PURPOSE, thumbprint};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

fn health() -> Health {
    Health {
        status: "ok".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The process runs.
pub(crate) async fn healthz() -> Answer {
    ok(health())
}

/// The vault answers, so that requests can be sent here.
pub(crate) async fn readyz(State(platform): State<Platform>) -> Answer {
    let asked = platform.keep(|shared| Ok(shared.registry.vault().audit_size()?));
    asked.await.map_err(|_| Refusal::busy())?;
    ok(health())
}

/// What is done with faces here.
pub(crate) async fn policy(State(platform): State<Platform>) -> Answer {
    let settings = platform.registry.vault().settings();
    ok(Policy {
        retention_days: settings.retention_days,
        consent_days: settings.consent_days,
        false_match_rate: platform.registry.policy().fmr.rate(),
        model: platform.engine.model().as_str().to_owned(),
        attempts: AttemptRule {
            free: settings.attempts.free,
            wait_s: settings.attempts.wait_s,
            limit: settings.attempts.limit,
        },
        purposes: wire::PURPOSES
            .map(|purpose| wire::purpose(purpose).to_owned())
            .to_vec(),
        never: wire::NEVER.map(str::to_owned).to_vec(),
    })
}

/// The keys that sign checkpoints and receipts, and results.
pub(crate) async fn jwks(State(platform): State<Platform>) -> Answer {
    let vault = platform.registry.vault();
    let mut keys = vec![jwk(&vault.public_key(), "vault")];
    let results = vault.result_public_keys(platform.clock.now())?;
    keys.extend(results.iter().map(|key| jwk(key, PURPOSE)));
    ok(Jwks { keys })
}

fn jwk(key: &[u8; 32], purpose: &str) -> Jwk {
    Jwk {
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        kid: thumbprint(key),
        x: URL_SAFE_NO_PAD.encode(key),
        usage: "sig".to_owned(),
        purpose: purpose.to_owned(),
    }
}

/// The OpenAPI document.
pub(crate) async fn openapi(State(platform): State<Platform>) -> Answer {
    let kind = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, kind)], platform.document.clone()).into_response())
}

/// The same as a page to read.
pub(crate) async fn reference(State(platform): State<Platform>) -> Answer {
    Ok(platform.reference.answer())
}

/// Counters and times.
pub(crate) async fn metrics(call: Call) -> Answer {
    let platform = &call.platform;
    let text = platform.metrics.text(
        platform.pool.free(),
        platform.collections.left(),
        (platform.dropped_log_lines)(),
    );
    let text = text.map_err(|error| Refusal::internal(&error))?;
    let kind = HeaderValue::from_static(OPEN_METRICS);
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// Nothing stands here. The table of routes says so before.
pub(crate) async fn unknown() -> Refusal {
    Code::RouteUnknown.into()
}
