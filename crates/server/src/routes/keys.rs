//! Who may ask.

use super::{DAY, answer, ok};
use crate::call::Call;
use crate::keys::{KeyError, KeyOrder};
use crate::refusal::{Answer, Refusal};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use countenance_api::{Code, KeyCreated, KeyList, KeyRequest};
use std::sync::Arc;

/// Most days a key may last.
const MOST_DAYS: u32 = 3650;
/// Most requests a key may be allowed, per second and per day.
const MOST_RATE: u32 = 100_000;
const MOST_DAILY: u32 = 1_000_000_000;

pub(crate) async fn list(call: Call) -> Answer {
    let caller = Arc::clone(&call.caller);
    let keys = call.platform.keep(move |shared| {
        let keys = shared.keys.list(caller.reach());
        keys.map_err(|error| Refusal::internal(&error))
    });
    let keys = keys.await?;
    ok(KeyList { keys })
}

pub(crate) async fn create(call: Call) -> Answer {
    let (platform, caller) = (call.platform.clone(), Arc::clone(&call.caller));
    let request: KeyRequest = call.json().await?;
    let order = match request.compat {
        None => KeyOrder::new(caller.tenant.clone(), &request.scopes),
        Some(key) if request.scopes.is_empty() => KeyOrder::compat(caller.tenant.clone(), key),
        Some(_) => {
            let detail = "`scopes` follow from `compat.service`: leave them empty";
            return Err(Refusal::of(Code::ValueInvalid, detail));
        }
    };
    if order.scopes.is_empty() {
        return Err(Refusal::of(Code::ValueInvalid, "`scopes` is empty"));
    }
    // Nobody hands on what they have not got.
    if let Some(scope) = order.scopes.iter().find(|scope| !caller.may(**scope)) {
        let detail = format!("The key lacks the scope `{scope}` itself.");
        return Err(Refusal::of(Code::ScopeMissing, detail));
    }
    for (name, value, most) in [
        ("days", request.days, MOST_DAYS),
        ("rate", request.rate, MOST_RATE),
        ("daily", request.daily, MOST_DAILY),
    ] {
        if value.is_some_and(|value| !(1..=most).contains(&value)) {
            let detail = format!("`{name}` is not 1 to {most}");
            return Err(Refusal::of(Code::ValueInvalid, detail));
        }
    }
    let made = platform.keep(move |shared| {
        let now = shared.clock.now();
        let order = KeyOrder {
            expires: request.days.map(|days| now.plus(u64::from(days) * DAY)),
            rate: request.rate,
            daily: request.daily,
            ..order
        };
        let (keys, random) = (&shared.keys, &*shared.random);
        Ok(keys.make(&shared.registry, random, &order, now)?)
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
        let now = shared.clock.now();
        Ok(shared
            .keys
            .end(&shared.registry, caller.reach(), &id, now)?)
    });
    if gone.await? {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(Code::KeyUnknown.into())
    }
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Compat(detail) => Self::of(Code::ValueInvalid, detail),
            KeyError::Tenant => Code::TenantUnknown.into(),
            KeyError::Store(error) => Self::internal(&error),
            KeyError::Vault(error) => error.into(),
        }
    }
}
