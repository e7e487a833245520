//! What subjects agreed to.

use super::{DAY, answer, ok};
use crate::call::Call;
use crate::refusal::{Answer, Refusal};
use crate::wire;
use axum::http::StatusCode;
use countenance_api::{
    Code, CollectionQuery, ConsentList, ConsentRequest, WithdrawAnswer, WithdrawQuery,
};
use countenance_core::Agreement;
use countenance_core::vault::{TextVersion, VaultError};

pub(crate) async fn list(mut call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let named = call.named(query.collection.as_deref()).await?;
    let entries = call.platform.keep(move |shared| {
        let registry = &shared.registry;
        let subject = registry.subject(&named.collection(registry)?, &named.subject)?;
        Ok(registry.consents(&subject)?)
    });
    let consents = entries.await?.iter().map(wire::consent).collect();
    ok(ConsentList { consents })
}

pub(crate) async fn grant(mut call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let named = call.named(query.collection.as_deref()).await?;
    let platform = call.platform.clone();
    let request: ConsentRequest = call.json().await?;
    let most = platform.registry.vault().settings().consent_days;
    let agreement = Agreement {
        purpose: wire::purpose_of(&request.purpose)?,
        text_version: TextVersion::new(&request.text_version).map_err(VaultError::from)?,
        lasts_s: u64::from(request.days.unwrap_or(most)).saturating_mul(DAY),
        evidence: wire::bytes_32(&request.evidence_sha256).ok_or_else(|| {
            let detail = "`evidence_sha256` is not 64 hexadecimal digits";
            Refusal::of(Code::ValueInvalid, detail)
        })?,
    };
    let entry = platform.keep(move |shared| {
        let granted = named.with(&shared.registry, |claim| {
            shared.registry.grant_consent(claim, &agreement)
        });
        Ok(wire::granted(&granted?.1))
    });
    answer(StatusCode::CREATED, entry.await?)
}

pub(crate) async fn withdraw(mut call: Call) -> Answer {
    let query: WithdrawQuery = call.query()?;
    let purpose = query.purpose.as_deref().map(wire::purpose_of).transpose()?;
    let named = call.named(query.collection.as_deref()).await?;
    let withdrawn = call.platform.keep(move |shared| {
        let registry = &shared.registry;
        let subject = registry.subject(&named.collection(registry)?, &named.subject)?;
        Ok(registry.withdraw(&subject, purpose)?)
    });
    let withdrawn = withdrawn.await?;
    ok(WithdrawAnswer { withdrawn })
}
