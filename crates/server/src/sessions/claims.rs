//! The result of a session, signed when it is taken.

use super::{Asked, Decided, Held, text};
use crate::platform::Shared;
use crate::refusal::Refusal;
use countenance_core::{Claims, LONGEST_S, SessionDecision, sign_result, text_sha256};

/// Takes the result: signed now, or the same as before for a minute.
pub(crate) fn take(
    shared: &Shared,
    held: &Held,
) -> Result<Option<(String, SessionDecision)>, Refusal> {
    let now = shared.sessions.now();
    let mut inner = held.lock();
    let taken = inner
        .session
        .take(now, |decided| sign(shared, held, decided));
    let taken = taken?;
    Ok(taken.map(|(result, decided)| (result.to_owned(), decided.decision.clone())))
}

fn sign(shared: &Shared, held: &Held, decided: &Decided) -> Result<String, Refusal> {
    let vault = shared.registry.vault();
    let now = shared.clock.now();
    let asked = &held.asked;
    let mut factors = vec!["face".to_owned()];
    if decided.holder {
        factors.push("holder".to_owned());
    }
    if decided.device {
        factors.push("device-key".to_owned());
    }
    let subject = asked.subject.as_ref();
    let payment = asked.payment.as_ref();
    let claims = Claims {
        v: 1,
        iss: format!("urn:countenance:vault:{}", crate::keys::hex(&vault.id())),
        aud: asked.audience.clone(),
        iat: now.unix(),
        exp: now.unix() + LONGEST_S,
        jti: text::<16>(&*shared.random)?.to_string(),
        sid: held.id.clone(),
        nonce: asked.nonce.clone(),
        kind: asked.kind,
        outcome: decided.decision.outcome,
        // Seconds are rounded down at both times, and a clock may be set in between.
        judged: decided.decision.judged.unix().min(now.unix()),
        sub: subject.map(|subject| subject.as_str().to_owned()),
        collection: subject.map(|_| asked.collection.as_str().to_owned()),
        approved_sha256: asked.approve.as_deref().map(text_sha256),
        payment: payment.map(|paying| paying.terms.id().to_string()),
        transaction_sha256: payment.map(|paying| crate::keys::hex(&paying.transaction_sha256)),
        document: asked.document.as_ref().map(|one| one.claim.clone()),
        consent_sha256: text_sha256(&asked.consent(decided.language)),
        challenge: if decided.calm { "calm" } else { "light" }.to_owned(),
        capture: "unattested".to_owned(),
        factors,
        models: vec![shared.engine.model().as_str().to_owned()],
        policy: policy(asked, shared.registry.policy().fmr.rate()),
    };
    let key = vault
        .result_key(now)
        .map_err(|error| Refusal::internal(&error))?;
    sign_result(&claims, &key).map_err(|error| Refusal::internal(&error))
}

/// By which rules it was decided. A payment says what it takes: a face alone is one factor, and is called so.
fn policy(asked: &Asked, rate: f64) -> String {
    match &asked.payment {
        None => format!("session-1;fmr={rate}"),
        Some(paying) if paying.device.is_some() => format!("payment-1;fmr={rate};device-key"),
        Some(_) => format!("payment-1;fmr={rate};single-factor"),
    }
}
