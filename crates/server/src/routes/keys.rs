//! Who may ask.

use super::{DAY, answer, ok};
use crate::call::Call;
use crate::refusal::{Answer, Refusal};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use countenance_api::{Code, KeyCreated, KeyList, KeyRequest};
use std::sync::Arc;

/// Most days a key may last.
const MOST_DAYS: u32 = 3650;

pub(crate) async fn list(call: Call) -> Answer {
    let caller = Arc::clone(&call.caller);
    let keys = call.platform.keep(move |shared| {
        let keys = shared.keys.list(Some(caller.tenant.as_str()));
        keys.map_err(|error| Refusal::internal(&error))
    });
    let keys = keys.await?;
    ok(KeyList { keys })
}

pub(crate) async fn create(call: Call) -> Answer {
    let (platform, caller) = (call.platform.clone(), Arc::clone(&call.caller));
    let request: KeyRequest = call.json().await?;
    if request.scopes.is_empty() {
        return Err(Refusal::of(Code::ValueInvalid, "`scopes` is empty"));
    }
    // Nobody hands on what they have not got.
    if let Some(scope) = request.scopes.iter().find(|scope| !caller.may(**scope)) {
        let detail = format!("The key lacks the scope `{scope}` itself.");
        return Err(Refusal::of(Code::ScopeMissing, detail));
    }
    if request
        .days
        .is_some_and(|days| !(1..=MOST_DAYS).contains(&days))
    {
        let detail = format!("`days` is not 1 to {MOST_DAYS}");
        return Err(Refusal::of(Code::ValueInvalid, detail));
    }
    let made = platform.keep(move |shared| {
        let now = shared.clock.now();
        let expires = request.days.map(|days| now.plus(u64::from(days) * DAY));
        let (keys, random) = (&shared.keys, &*shared.random);
        let made = keys.create(random, &caller.tenant, &request.scopes, now, expires);
        made.map_err(|error| Refusal::internal(&error))
    });
    let made = made.await?;
    answer(
        StatusCode::CREATED,
        KeyCreated {
            key: made.key.as_str().to_owned(),
            entry: made.entry,
        },
    )
}

pub(crate) async fn revoke(mut call: Call) -> Answer {
    let id = call.segment().await?;
    let caller = Arc::clone(&call.caller);
    let gone = call.platform.keep(move |shared| {
        let gone = shared.keys.revoke(Some(caller.tenant.as_str()), &id);
        gone.map_err(|error| Refusal::internal(&error))
    });
    if gone.await? {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(Code::KeyUnknown.into())
    }
}
