//! People who agreed: added, shown, enrolled, given out, erased.

use super::{answer, ok, page_limit};
use crate::call::{Body, Call, read_json, read_picture};
use crate::refusal::{Answer, Refusal};
use crate::token;
use crate::wire;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countenance_api::{
    Code, CollectionQuery, EnrollAnswer, EnrollOutcome, EnrollRequest, EraseAnswer, SubjectAnswer,
    SubjectList, SubjectListEntry, SubjectListQuery, SubjectRequest,
};
use countenance_core::vault::{Consent, Purpose, Unlocked, VaultError};
use countenance_core::{Claim, EnrollError, Enrollment, Registry};

pub(crate) async fn add(call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let platform = call.platform.clone();
    let naming = call.naming(query.collection.as_deref())?;
    let request: SubjectRequest = call.json().await?;
    let named = naming.of(&request.id)?;
    let added = platform.keep(move |shared| {
        let added = named.with(&shared.registry, |claim| shared.registry.add_subject(claim))?;
        Ok(SubjectAnswer {
            id: added.external_id().as_str().to_owned(),
            kind: wire::kind(added.subject().kind()),
            consents: Vec::new(),
        })
    });
    answer(StatusCode::CREATED, added.await?)
}

pub(crate) async fn list(call: Call) -> Answer {
    let query: SubjectListQuery = call.query()?;
    let limit = page_limit(query.limit)?;
    let (tenant, collection) = call.collection(query.collection.as_deref())?;
    let vault = call.platform.registry.vault();
    let cursors = token::cursors(vault, tenant.as_str(), collection.as_str());
    let after = token::after(&cursors, query.after.as_deref())?;
    let listed = call.platform.keep(move |shared| {
        let registry = &shared.registry;
        let collection = registry.vault().collection(&tenant, &collection)?;
        // One more than the page, to see whether there is another.
        Ok(registry.subjects(&collection, after, limit + 1)?)
    });
    let mut listed = listed.await?;
    let more = listed.len() > limit as usize;
    listed.truncate(limit as usize);
    let last = listed.last().filter(|_| more);
    let next = last.map(|last| token::write(&cursors, last.number));
    let next = next
        .transpose()
        .map_err(|error| Refusal::internal(&error))?;
    let subjects = listed.into_iter().map(|listed| SubjectListEntry {
        id: listed.external_id.map(|id| id.as_str().to_owned()),
        kind: wire::kind(listed.kind),
        used_day: listed.used_day,
    });
    ok(SubjectList {
        subjects: subjects.collect(),
        next,
    })
}

pub(crate) async fn show(mut call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let named = call.named(query.collection.as_deref()).await?;
    let shown = call.platform.keep(move |shared| {
        let registry = &shared.registry;
        let subject = registry.subject(&named.collection(registry)?, &named.subject)?;
        let consents = registry.consents(&subject)?;
        Ok(SubjectAnswer {
            id: named.subject.as_str().to_owned(),
            kind: wire::kind(subject.kind()),
            consents: consents.iter().map(wire::consent).collect(),
        })
    });
    ok(shown.await?)
}

pub(crate) async fn erase(mut call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let named = call.named(query.collection.as_deref()).await?;
    let receipt = call.platform.keep(move |shared| {
        let registry = &shared.registry;
        let subject = registry.subject(&named.collection(registry)?, &named.subject)?;
        let receipt = registry.erase(&subject, Some(&named.subject))?;
        let forgotten = shared.keys.forget_pictures_of(&subject.key_name());
        forgotten.map_err(|error| Refusal::internal(&error))?;
        Ok(receipt)
    });
    let receipt = receipt.await?;
    let leaves = token::leaves(call.platform.registry.vault());
    let leaf = token::write(&leaves, receipt.leaf);
    ok(EraseAnswer {
        receipt: STANDARD.encode(receipt.bytes()),
        time: receipt.time.unix(),
        leaf: leaf.map_err(|error| Refusal::internal(&error))?,
    })
}

pub(crate) async fn export(mut call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let named = call.named(query.collection.as_deref()).await?;
    let export = call.platform.keep(move |shared| {
        let export = named.with(&shared.registry, |claim| shared.registry.export(claim))?;
        let leaves = token::leaves(shared.registry.vault());
        let written = wire::export(&export, |leaf| token::write(&leaves, leaf));
        written.map_err(|error| Refusal::internal(&error))
    });
    ok(export.await?)
}

pub(crate) async fn enroll(mut call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let named = call.named(query.collection.as_deref()).await?;
    let platform = call.platform.clone();
    let place = platform.place(&call.caller.key)?;
    let (photos, replace) = match call.body().await? {
        Body::Json(bytes) => {
            let request: EnrollRequest = read_json(&bytes)?;
            let photos = request.photos.iter().enumerate();
            let photos = photos.map(|(at, text)| read_picture(&format!("photos[{at}]"), text));
            (photos.collect::<Result<Vec<_>, _>>()?, request.replace)
        }
        Body::Form(parts) => form(parts)?,
    };
    let done = platform.look(place, move |registry, worker| {
        let collection = named.collection(registry)?;
        let consented = agreed(registry, &named.claim(&collection))?;
        let request = countenance_core::EnrollRequest {
            subject: &consented.0,
            consent: &consented.1,
            photos: &photos,
            replace,
        };
        match registry.enroll(worker, &request) {
            // Whoever was second looks again, now at what the first one sealed.
            Err(EnrollError::Raced) => registry.enroll(worker, &request),
            done => done,
        }
    });
    let done: Result<Enrollment, EnrollError> = done.await?;
    let done = done?;
    let (outcome, body) = enroll_answer(&done)?;
    platform.metrics.outcome("enroll", outcome, &done.timings);
    let status = match body.outcome {
        EnrollOutcome::Enrolled => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    answer(status, body)
}

/// Whoever agreed to be found in a collection need not have agreed to be verified.
fn agreed(registry: &Registry, claim: &Claim<'_>) -> Result<(Unlocked, Consent), VaultError> {
    match registry.consented(claim, Purpose::Verify) {
        Err(VaultError::Consent(missing)) => {
            registry
                .consented(claim, Purpose::Identify)
                .map_err(|error| match error {
                    VaultError::Consent(_) => VaultError::Consent(missing),
                    other => other,
                })
        }
        found => found,
    }
}

fn form(parts: Vec<(String, axum::body::Bytes)>) -> Result<(Vec<Vec<u8>>, bool), Refusal> {
    let (mut photos, mut replace) = (Vec::new(), None);
    for (name, bytes) in parts {
        match (name.as_str(), &bytes[..]) {
            ("photo", _) => photos.push(bytes.into()),
            ("replace", b"true") if replace.is_none() => replace = Some(true),
            ("replace", b"false") if replace.is_none() => replace = Some(false),
            ("replace", _) => {
                let detail = "`replace` is neither `true` nor `false`, or comes twice";
                return Err(Refusal::of(Code::BodyInvalid, detail));
            }
            _ => {
                return Err(Refusal::of(
                    Code::BodyInvalid,
                    "a part is neither `photo` nor `replace`",
                ));
            }
        }
    }
    Ok((photos, replace.unwrap_or(false)))
}

fn enroll_answer(done: &Enrollment) -> Result<(&'static str, EnrollAnswer), Refusal> {
    let mut body = EnrollAnswer {
        outcome: EnrollOutcome::Different,
        templates: 0,
        replaced: 0,
        photo: None,
        cause: None,
    };
    let name = match &done.outcome {
        countenance_core::EnrollOutcome::Enrolled { records, replaced } => {
            body.outcome = EnrollOutcome::Enrolled;
            body.templates = records.len();
            body.replaced = *replaced;
            "enrolled"
        }
        countenance_core::EnrollOutcome::Recapture { photo, cause } => {
            body.outcome = EnrollOutcome::Recapture;
            body.photo = Some(*photo);
            body.cause = Some(cause.code().to_owned());
            "recapture"
        }
        countenance_core::EnrollOutcome::Different { photo } => {
            body.photo = Some(*photo);
            "different"
        }
        countenance_core::EnrollOutcome::NotTheSubject => {
            body.outcome = EnrollOutcome::NotTheSubject;
            "not_the_subject"
        }
        // An outcome that has no name on the wire must not be told as another.
        _ => return Err(Code::Internal.into()),
    };
    Ok((name, body))
}
