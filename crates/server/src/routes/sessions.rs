//! Sessions, for the relying party.

use super::{answer, ok};
use crate::call::Call;
use crate::platform::{Platform, Shared};
use crate::refusal::{Answer, Refusal};
use crate::sessions::{Asked, Held, take};
use crate::{token, wire};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use countenance_api::{
    CollectionQuery, Scope, SessionAnswer, SessionDetail, SessionOpened, SessionRequest,
};
use countenance_core::vault::Name;
use countenance_core::{Finding, SessionDecision, Status};
use std::sync::Arc;

pub(crate) async fn open(call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let (tenant, collection) = call.collection(query.collection.as_deref())?;
    let (platform, caller) = (call.platform.clone(), Arc::clone(&call.caller));
    let request: SessionRequest = call.json().await?;
    let asked = Asked::read(request, collection.clone(), &platform.targets)?;
    let of = tenant.clone();
    platform
        .keep(move |shared| Ok(shared.registry.vault().collection(&of, &collection)?))
        .await?;
    opened(&platform, (&tenant, &caller.key), asked)
}

/// Opens the session and answers with its token, which is told this once.
pub(super) fn opened(platform: &Platform, who: (&Name, &str), asked: Asked) -> Answer {
    answer(StatusCode::CREATED, open_asked(platform, who, asked)?)
}

pub(super) fn open_asked(
    platform: &Platform,
    who: (&Name, &str),
    asked: Asked,
) -> Result<SessionOpened, Refusal> {
    let expires = platform.clock.now().unix() + asked.lasts.as_secs();
    let random = &*platform.random;
    let (held, token) = platform.sessions.open(random, who, asked, expires)?;
    Ok(SessionOpened {
        id: held.id.clone(),
        token: token.to_string(),
        state: Status::Created.name().to_owned(),
        expires,
    })
}

async fn named(call: &mut Call) -> Result<Arc<Held>, Refusal> {
    let id = call.segment().await?;
    call.platform.sessions.of_tenant(&call.caller.tenant, &id)
}

pub(crate) async fn show(mut call: Call) -> Answer {
    let held = named(&mut call).await?;
    let platform: Platform = call.platform.clone();
    let mut state = held.lock().session.status(platform.sessions.now());
    let taken = take(&platform, &held)?;
    // The answer that takes the result says what it took; the next ones, that it was taken.
    if taken.is_none() {
        state = held.lock().session.status(platform.sessions.now());
    }
    let scores = call.caller.may(Scope::Scores);
    let (result, decision) = taken.unzip();
    let detail = match &decision {
        Some(decision) if scores => Some(detail(&platform, decision)?),
        _ => None,
    };
    ok(SessionAnswer {
        id: held.id.clone(),
        kind: held.asked.wire_kind(),
        state: state.name().to_owned(),
        expires: held.expires,
        declined: state == Status::Canceled { declined: true },
        outcome: decision.map(|decision| decision.outcome.name().to_owned()),
        result,
        detail,
    })
}

pub(crate) async fn cancel(mut call: Call) -> Answer {
    let held = named(&mut call).await?;
    held.cancel(false, call.platform.sessions.now());
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn detail(shared: &Shared, decision: &SessionDecision) -> Result<SessionDetail, Refusal> {
    let leaves = token::leaves(shared.registry.vault());
    let leaf = decision.leaf.map(|leaf| token::write(&leaves, leaf));
    let leaf = leaf
        .transpose()
        .map_err(|error| Refusal::internal(&error))?;
    let checks = decision.failed.iter();
    Ok(SessionDetail {
        finding: decision.finding.map(Finding::name).map(str::to_owned),
        checks: checks.map(|check| check.name().to_owned()).collect(),
        score: decision.score.map(|score| wire::score(score.cosine())),
        threshold: decision
            .threshold
            .as_ref()
            .map(|threshold| wire::score(threshold.cosine())),
        leaf,
    })
}
