//! Pictures that a key keeps, each sealed under the key of its subject.

use super::Reply;
use super::access::{Ask, Service, admitted};
use super::books::{self, Books};
use super::fault::Fault;
use super::image_id::ImageIds;
use crate::keys::Uuid;
use crate::platform::Platform;
use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse as _;
use countenance_api::CompatService;
use countenance_core::vault::{Sealer, Unlocked};
use std::sync::Arc;

fn sealer(books: &Books, subject: &Unlocked, id: &Uuid) -> Sealer {
    let sealer = books.registry.vault().sealer_of(subject, "kept pictures");
    sealer.bound_to(&[&id.0])
}

/// Keeps a picture of a face that was sealed, if the key says so.
pub(super) fn keep(
    books: &Books,
    service: &Service,
    subject: &Unlocked,
    id: &Uuid,
    picture: &[u8],
) -> Result<(), Fault> {
    if !service.key.keep_pictures {
        return Ok(());
    }
    let sealed = sealer(books, subject, id).seal(picture)?;
    let slot = ImageIds::of(books, service).slot(id);
    let key = subject.subject().key_name();
    Ok(books.keys.keep_picture(&slot, &key, &sealed)?)
}

/// A picture that was kept.
pub(super) fn find(
    books: &Books,
    service: &Service,
    subject: &Unlocked,
    id: &Uuid,
) -> Result<Option<Vec<u8>>, Fault> {
    let slot = ImageIds::of(books, service).slot(id);
    let sealed = books.keys.kept_picture(&slot)?;
    let open = |sealed: Vec<u8>| sealer(books, subject, id).open(&sealed);
    Ok(sealed.and_then(open).map(|plain| plain.to_vec()))
}

/// What was kept under one id is kept under another.
pub(super) fn carry(
    books: &Books,
    service: &Service,
    (from, old): (&Unlocked, &Uuid),
    (to, new): (&Unlocked, &Uuid),
) -> Result<(), Fault> {
    match find(books, service, from, old)? {
        Some(picture) => keep(books, service, to, new, &picture),
        None => Ok(()),
    }
}

/// Forgets a picture.
pub(super) fn forget(books: &Books, service: &Service, id: &Uuid) -> Result<(), Fault> {
    let slot = ImageIds::of(books, service).slot(id);
    Ok(books.keys.forget_picture(&slot)?)
}

pub(super) async fn show(State(platform): State<Platform>, request: Request) -> Reply {
    let mut ask = Ask::of(request, platform, CompatService::Recognition).await?;
    let id: String = ask.path().await?;
    answer(&ask.platform, ask.service, id).await
}

/// The key stands in the address, for pages that cannot send headers.
pub(super) async fn show_by_url(
    State(platform): State<Platform>,
    Path((key, id)): Path<(String, String)>,
) -> Reply {
    let refused = || {
        let message = format!("Recognition service with API Key {key} not found");
        Fault::of(StatusCode::NOT_FOUND, 10, message)
    };
    let presented: Uuid = key
        .parse()
        .map_err(|_| Fault::invalid("Service API key should be UUID"))?;
    let service = admitted(&platform, presented, CompatService::Recognition).await?;
    let service = Arc::new(service.ok_or_else(refused)?);
    answer(&platform, service, id).await
}

async fn answer(platform: &Platform, service: Arc<Service>, id: String) -> Reply {
    let id: Uuid = id.parse().map_err(|_| Fault::wrong())?;
    let found = books::keep(platform, move |books| picture(books, &service, &id));
    // What is unknown or was not kept is an empty picture.
    let bytes = found.await?.unwrap_or_default();
    let kind = HeaderValue::from_static("application/octet-stream");
    // Its own server lets anybody keep it for a year; a face stays with whoever asked.
    let keep = HeaderValue::from_static("private, no-store");
    Ok(([(CONTENT_TYPE, kind), (CACHE_CONTROL, keep)], bytes).into_response())
}

fn picture(books: &Books, service: &Service, id: &Uuid) -> Result<Option<Vec<u8>>, Fault> {
    let collection = service.collection(&books.registry)?;
    let ids = ImageIds::of(books, service);
    match ids.find(books, &collection, id)? {
        Some((subject, _)) => find(books, service, &subject, id),
        None => Ok(None),
    }
}
