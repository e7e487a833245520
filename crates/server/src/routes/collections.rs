//! Groups of people: made, set up, listed, and who of them somebody is.

use super::{answer, ok, page_limit};
use crate::call::{Body, Call, read_json, read_picture};
use crate::platform::Shared;
use crate::refusal::{Answer, Refusal};
use crate::token;
use crate::wire;
use axum::http::StatusCode;
use countenance_api::{
    Code, CollectionAnswer, CollectionList, CollectionRequest, FoundAnswer, IdentifyAnswer,
    IdentifyDecision, IdentifyDetail, IdentifyRequest, MemberEntry, MemberList, MemberListQuery,
    Scope,
};
use countenance_core::vault::{Collection, Name, VaultError};
use countenance_core::{
    FalseMatchRate, Identification, IdentifyAnswer as Told, IdentifyPolicy, IdentifySettings,
    Registry, Searcher,
};

/// Most collections of a tenant: each of them is in the memory of every node.
const MOST_COLLECTIONS: usize = 1000;
/// Whose attempts are counted where no key asks.
const OPERATOR: &str = "operator";

pub(crate) async fn list(call: Call) -> Answer {
    let tenant = call.caller.tenant.clone();
    let listed = call.platform.keep(move |shared| {
        let all = shared.registry.vault().collections(&tenant)?;
        let shown = all
            .iter()
            .map(|(name, collection)| shown(shared, name, &settings(shared, collection)?));
        shown.collect::<Result<Vec<_>, Refusal>>()
    });
    ok(CollectionList {
        collections: listed.await?,
    })
}

pub(crate) async fn show(mut call: Call) -> Answer {
    let (tenant, name) = call.collection_in_path().await?;
    let found = call.platform.keep(move |shared| {
        let collection = shared.registry.vault().collection(&tenant, &name)?;
        shown(shared, &name, &settings(shared, &collection)?)
    });
    ok(found.await?)
}

pub(crate) async fn set(mut call: Call) -> Answer {
    let (tenant, name) = call.collection_in_path().await?;
    let platform = call.platform.clone();
    let request: CollectionRequest = call.json().await?;
    let done = platform.keep(move |shared| made_or_set(shared, &tenant, &name, &request));
    let (made, body) = done.await?;
    let status = if made {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    answer(status, body)
}

/// What is wrong with the request is said before anything is made.
fn made_or_set(
    shared: &Shared,
    tenant: &Name,
    name: &Name,
    request: &CollectionRequest,
) -> Result<(bool, CollectionAnswer), Refusal> {
    let vault = shared.registry.vault();
    let found = match vault.collection(tenant, name) {
        Ok(found) => Some(found),
        Err(VaultError::Unknown { what: "collection" }) => None,
        Err(error) => return Err(error.into()),
    };
    let before = found.as_ref().map(|found| settings(shared, found));
    let before = before.transpose()?.unwrap_or_default();
    let after = merged(&before, request)?;
    let body = shown(shared, name, &after)?;
    let made = found.is_none();
    let collection = match found {
        Some(found) => found,
        None => make(shared, tenant, name)?,
    };
    if after != before {
        shared.registry.set_identify_settings(&collection, after)?;
    }
    Ok((made, body))
}

fn make(shared: &Shared, tenant: &Name, name: &Name) -> Result<Collection, Refusal> {
    let vault = shared.registry.vault();
    if Registry::is_reserved(name) {
        let detail = "names that begin with `countenance:` are the program's own";
        return Err(Refusal::of(Code::ValueInvalid, detail));
    }
    if vault.collections(tenant)?.len() >= MOST_COLLECTIONS {
        let detail =
            format!("the tenant has {MOST_COLLECTIONS} collections, the most there may be");
        return Err(Refusal::of(Code::ValueInvalid, detail));
    }
    match vault.create_collection(tenant, name, shared.clock.now()) {
        Ok(made) => {
            shared.collections.open_new(&made);
            Ok(made)
        }
        // Somebody else made it at the same moment.
        Err(VaultError::Exists { .. }) => Ok(vault.collection(tenant, name)?),
        Err(error) => Err(error.into()),
    }
}

fn merged(
    before: &IdentifySettings,
    request: &CollectionRequest,
) -> Result<IdentifySettings, Refusal> {
    let refused =
        |error: &dyn std::fmt::Display| Refusal::of(Code::ValueInvalid, error.to_string());
    let fmr = request.fmr.map(FalseMatchRate::new).transpose();
    let fmr = fmr.map_err(|error| refused(&error))?;
    IdentifySettings::new(
        fmr.unwrap_or_else(|| before.fmr()),
        request.fpir.unwrap_or_else(|| before.fpir()),
        request
            .margin
            .map_or_else(|| before.margin(), |margin| margin as f32),
    )
    .map_err(|error| refused(&error))
}

fn settings(shared: &Shared, collection: &Collection) -> Result<IdentifySettings, Refusal> {
    Ok(shared.registry.identify_settings(collection)?)
}

fn shown(
    shared: &Shared,
    name: &Name,
    settings: &IdentifySettings,
) -> Result<CollectionAnswer, Refusal> {
    let flip_averaging = shared.registry.policy().capture.flip_averaging;
    let policy = IdentifyPolicy::new(&shared.engine, flip_averaging, *settings);
    // A rate that no threshold stands for is refused before it is stored.
    let policy = policy.map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        let detail = format!("`fmr`: {}", cause.unwrap_or_else(|| error.to_string()));
        Refusal::of(Code::ValueInvalid, detail)
    })?;
    Ok(CollectionAnswer {
        name: name.as_str().to_owned(),
        policy: policy.id(),
        fmr: settings.fmr().rate(),
        fmr_upper_95: policy.threshold().fmr_upper_95(),
        fpir: settings.fpir(),
        margin: wire::score(settings.margin()),
        most_members: policy.cap(),
        answers: if settings.may_accept() {
            FoundAnswer::Accept
        } else {
            FoundAnswer::Refer
        },
    })
}

pub(crate) async fn members(mut call: Call) -> Answer {
    let query: MemberListQuery = call.query()?;
    let limit = page_limit(query.limit)?;
    let (tenant, name) = call.collection_in_path().await?;
    let vault = call.platform.registry.vault();
    let cursors = token::cursors(vault, tenant.as_str(), name.as_str());
    let after = token::after(&cursors, query.after.as_deref())?;
    let page = call.platform.keep(move |shared| {
        let collection = shared.registry.vault().collection(&tenant, &name)?;
        Ok(shared.registry.members(&collection, after, limit)?)
    });
    let page = page.await?;
    let next = page.next.map(|next| token::write(&cursors, next));
    let members = page.members.into_iter().map(|member| MemberEntry {
        id: member.external_id.as_str().to_owned(),
        expires: member.expires.unix(),
        templates: member.templates,
        used_day: member.used_day,
    });
    ok(MemberList {
        members: members.collect(),
        next: next
            .transpose()
            .map_err(|error| Refusal::internal(&error))?,
    })
}

pub(crate) async fn identify(mut call: Call) -> Answer {
    let (tenant, name) = call.collection_in_path().await?;
    let (platform, caller) = (call.platform.clone(), call.caller.clone());
    // Before a place is taken and a body read: whoever has to come again has cost nothing.
    let open = platform.keep(move |shared| {
        let collection = shared.registry.vault().collection(&tenant, &name)?;
        shared.collections.find(&collection)
    });
    let open = open.await?;
    let place = platform.place(&call.caller.key)?;
    let probe: Vec<u8> = match call.body().await? {
        Body::Json(bytes) => {
            let request: IdentifyRequest = read_json(&bytes)?;
            read_picture("probe", &request.probe)?
        }
        Body::Form(mut parts) => {
            let probe = Body::part(&mut parts, "probe")?;
            Body::done(&parts)?;
            probe.into()
        }
    };
    let asking = caller.clone();
    let done = platform.look(place, move |registry, worker| {
        let client = match asking.key.as_str() {
            "" => OPERATOR,
            key => key,
        };
        let probe = &probe;
        let request = countenance_core::IdentifyRequest { client, probe };
        // The threads of the pool are all there are for searches, too.
        registry.identify(worker, &mut Searcher::new(1), &open, &request)
    });
    let done = done.await??;
    let name = done.answer.name();
    platform.metrics.outcome("identify", name, &done.timings);
    let leaves = token::leaves(platform.registry.vault());
    let leaf = token::write(&leaves, done.leaf).map_err(|error| Refusal::internal(&error))?;
    ok(told(&done, caller.may(Scope::Scores).then_some(leaf))?)
}

/// What may be told; the detail with its leaf to whoever sees scores.
fn told(done: &Identification, leaf: Option<String>) -> Result<IdentifyAnswer, Refusal> {
    let (decision, subject, cause) = match &done.answer {
        Told::Accept(id) => (IdentifyDecision::Accept, Some(id), None),
        Told::Ambiguous => (IdentifyDecision::Ambiguous, None, None),
        Told::Recapture(cause) => (IdentifyDecision::Recapture, None, Some(cause)),
        Told::Refer(id) => (IdentifyDecision::Refer, Some(id), None),
        Told::Reject => (IdentifyDecision::Reject, None, None),
        // It is the asking key that has to wait, and so it may know.
        Told::NotPermitted(lock) => return Err(Refusal::attempts(lock)),
    };
    Ok(IdentifyAnswer {
        decision,
        subject: subject.map(|id| id.as_str().to_owned()),
        cause: cause.map(|cause| cause.code().to_owned()),
        policy: done.policy.id(),
        detail: leaf.map(|leaf| IdentifyDetail {
            score: done.score.map(|score| wire::score(score.cosine())),
            threshold: wire::score(done.policy.threshold().cosine()),
            members: done.members,
            leaf,
        }),
    })
}
