//! `/api/v1/recognition/subjects`.

use super::Reply;
use super::access::{Ask, Service};
use super::books::{Books, keep};
use super::consent::{self, Evidence, Name};
use super::fault::Fault;
use super::image_id::ImageIds;
use super::{form, kept};
use crate::platform::Platform;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use countenance_api::CompatService;
use countenance_core::vault::{Collection, Unlocked};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Named {
    subject: Option<String>,
    evidence: Option<String>,
}

async fn ask(platform: Platform, request: Request) -> Result<Ask, Fault> {
    Ask::of(request, platform, CompatService::Recognition).await
}

/// The name in a body, and the reference that comes with it.
async fn named(ask: Ask) -> Result<(Name, Evidence), Fault> {
    let (given, request) = (ask.evidence()?, ask.reference());
    let body: Named = form::json(ask).await?;
    let name = Name::new(&body.subject.unwrap_or_default())?;
    let of_body = body.evidence.as_deref();
    let of_body = of_body.map(form::checked_evidence).transpose()?;
    let given = given.or(of_body);
    Ok((name, Evidence { given, request }))
}

pub(super) async fn add(State(platform): State<Platform>, request: Request) -> Reply {
    let ask = ask(platform.clone(), request).await?;
    let service = ask.service.clone();
    let (name, evidence) = named(ask).await?;
    let added = keep(&platform, move |books| {
        let collection = service.collection(&books.registry)?;
        let added = consent::add(books, &service, &collection, &name, &evidence)?;
        Ok::<_, Fault>(added.external_id().as_str().to_owned())
    });
    let subject = added.await?;
    Ok((StatusCode::CREATED, Json(json!({ "subject": subject }))).into_response())
}

pub(super) async fn list(State(platform): State<Platform>, request: Request) -> Reply {
    let ask = ask(platform.clone(), request).await?;
    let service = ask.service;
    let listed = keep(&platform, move |books| {
        let collection = service.collection(&books.registry)?;
        let all = consent::all(books, &collection)?;
        let name = |subject: &Unlocked| subject.external_id().as_str().to_owned();
        Ok::<Vec<String>, Fault>(all.iter().map(name).collect())
    });
    Ok(Json(json!({ "subjects": listed.await? })).into_response())
}

pub(super) async fn rename(State(platform): State<Platform>, request: Request) -> Reply {
    let mut ask = ask(platform.clone(), request).await?;
    let old: String = ask.path().await?;
    let service = ask.service.clone();
    let (new, _) = named(ask).await?;
    let done = keep(&platform, move |books| renamed(books, &service, &old, &new));
    Ok(Json(json!({ "updated": done.await? })).into_response())
}

/// Nothing of a subject can be moved: what it is sealed under has its name in it. Its templates, consents and pictures
/// are sealed anew, and then the old subject is erased. Cut off in between and asked for again, it goes on.
fn renamed(books: &Books, service: &Service, old: &str, new: &Name) -> Result<bool, Fault> {
    let collection = service.collection(&books.registry)?;
    let unknown = || Fault::no_subject(old);
    let name = Name::new(old).map_err(|_| unknown())?;
    let from = consent::find(books, &collection, &name)?.ok_or_else(unknown)?;
    if name.id == new.id {
        return Ok(false);
    }
    let to = match consent::find(books, &collection, new)? {
        Some(there) => there,
        None => {
            let (vault, now) = (books.registry.vault(), books.clock.now());
            let names = (&new.id, &new.written);
            vault.add_subject_written(&collection, names, None, now)?
        }
    };
    consent::carry(books, &from, &to)?;
    carry(books, service, &from, &to)?;
    consent::erase(books, from.subject(), from.external_id())?;
    Ok(true)
}

/// Templates and pictures of one subject are sealed for another.
fn carry(books: &Books, service: &Service, from: &Unlocked, to: &Unlocked) -> Result<(), Fault> {
    let vault = books.registry.vault();
    let before = vault.record_places(from.subject())?;
    if before.is_empty() {
        return Ok(());
    }
    let consent = consent::standing(books, service, to)?;
    for _ in 0..8 {
        let Some(moved) = vault.carry(from, to, &consent, books.clock.now())? else {
            // Somebody else enrolled meanwhile.
            continue;
        };
        let (ids, after) = (
            ImageIds::of(books, service),
            vault.record_places(to.subject())?,
        );
        for (was, is) in moved {
            let was = before.iter().find(|place| place.number == was);
            let is = after.iter().find(|place| place.number == is);
            if let (Some(was), Some(is)) = (was, is) {
                kept::carry(books, service, (from, &ids.id(was)), (to, &ids.id(is)))?;
            }
        }
        return Ok(());
    }
    Err(Fault::wrong())
}

pub(super) async fn remove(State(platform): State<Platform>, request: Request) -> Reply {
    let mut ask = ask(platform.clone(), request).await?;
    let name: String = ask.path().await?;
    let service = ask.service;
    let gone = keep(&platform, move |books| {
        let collection = service.collection(&books.registry)?;
        let unknown = || Fault::no_subject(&name);
        let id = Name::new(&name).map_err(|_| unknown())?;
        let subject = consent::find(books, &collection, &id)?.ok_or_else(unknown)?;
        consent::erase(books, subject.subject(), subject.external_id())?;
        Ok::<_, Fault>(subject.external_id().as_str().to_owned())
    });
    Ok(Json(json!({ "subject": gone.await? })).into_response())
}

pub(super) async fn clear(State(platform): State<Platform>, request: Request) -> Reply {
    let ask = ask(platform.clone(), request).await?;
    let service = ask.service;
    let gone = keep(&platform, move |books| {
        let collection = service.collection(&books.registry)?;
        erase_all(books, &collection)
    });
    Ok(Json(json!({ "deleted": gone.await? })).into_response())
}

/// Erases everybody of a collection. Says how many.
pub(super) fn erase_all(books: &Books, collection: &Collection) -> Result<usize, Fault> {
    let all = consent::all(books, collection)?;
    for subject in &all {
        consent::erase(books, subject.subject(), subject.external_id())?;
    }
    Ok(all.len())
}
