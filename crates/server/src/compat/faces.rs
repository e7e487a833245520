//! `/api/v1/recognition/faces`: faces are added, listed and deleted.

use super::Reply;
use super::access::{Ask, Service};
use super::books::{Books, keep};
use super::consent::{self, Evidence, Name};
use super::fault::{Fault, too_many};
use super::image_id::ImageIds;
use super::query::{self, Query};
use super::verify::only;
use super::{form, kept};
use crate::keys::Uuid;
use crate::platform::Platform;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use countenance_api::CompatService;
use countenance_core::vault::{Collection, Unlocked};
use countenance_core::{
    EnrollError, EnrollOutcome, EnrollRequest, FacesWanted, IdentifyPolicy, OpenCollection,
    Template, Worker,
};
use serde::Serialize;
use serde_json::json;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How long to wait before looking again whether a collection is in memory.
const PAUSE: Duration = Duration::from_millis(20);
/// Faces of a page where nothing is said.
const PAGE: usize = 20;
/// Most faces of a page.
const MOST: usize = 10_000;

#[derive(Clone, Debug, Serialize)]
struct Kept {
    image_id: String,
    subject: String,
}

#[derive(Debug, Serialize)]
struct Page {
    faces: Vec<Kept>,
    page_number: usize,
    page_size: usize,
    total_pages: usize,
    total_elements: usize,
}

/// A face that is to be a subject's.
struct New<'a> {
    name: &'a Name,
    evidence: &'a Evidence,
    template: &'a Template,
    picture: &'a [u8],
}

async fn ask(platform: Platform, request: Request) -> Result<Ask, Fault> {
    Ask::of(request, platform, CompatService::Recognition).await
}

/// The collection of a service in memory. These clients do not come again by themselves: while it is being taken there,
/// whoever asks waits, and holds neither a place nor a body.
pub(super) async fn opened(
    platform: &Platform,
    service: &Arc<Service>,
) -> Result<Arc<OpenCollection>, Fault> {
    let collection = {
        let service = Arc::clone(service);
        keep(platform, move |books| service.collection(&books.registry)).await?
    };
    let mut left = platform.config.work_timeout.as_millis() / PAUSE.as_millis();
    loop {
        match platform.collections.find(&collection) {
            Ok(open) => return Ok(open),
            Err(refusal) if left == 0 => return Err(refusal.into()),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
        left -= 1;
    }
}

pub(super) async fn add(State(platform): State<Platform>, request: Request) -> Reply {
    let ask = ask(platform.clone(), request).await?;
    let pairs = query::pairs(ask.request.uri())?;
    let name: Option<String> = query::value(&pairs, "subject")?;
    let missing = || Fault::bad(33, "Required parameter subject is missing");
    let name = Name::new(&name.ok_or_else(missing)?)?;
    let wanted = FacesWanted {
        most: 2,
        ..Query::of(ask.request.uri())?.wanted(true)
    };
    let service = ask.service.clone();
    let open = opened(&platform, &service).await?;
    let (given, request) = (ask.evidence()?, ask.reference());
    let place = platform.place(&service.id)?;
    let form = form::read(ask, ["file"]).await?;
    let evidence = Evidence {
        given: given.or(form.evidence),
        request,
    };
    let books = Books::of(&platform);
    let looked = platform.look(place, move |registry, worker| {
        let [picture] = form.pictures;
        let faces = worker.faces(&picture, &registry.policy().capture, wanted)?;
        let new = New {
            name: &name,
            evidence: &evidence,
            template: only(&faces)?,
            picture: &picture,
        };
        let added = join(&books, &service, &open, worker, &new)?;
        Ok::<_, Fault>((added, faces.timings))
    });
    let (added, timings) = looked.await??;
    platform.metrics.outcome("enroll", "enrolled", &timings);
    Ok((StatusCode::CREATED, Json(added)).into_response())
}

/// Makes a face a subject's; the subject is added if it is not there and the collection has room.
fn join(
    books: &Books,
    service: &Service,
    open: &OpenCollection,
    worker: &Worker,
    new: &New<'_>,
) -> Result<Kept, Fault> {
    let registry = &books.registry;
    let collection = service.collection(registry)?;
    // Whoever joins is counted before the next one is.
    let _one_by_one = books.joining.lock().unwrap_or_else(PoisonError::into_inner);
    let there = consent::find(books, &collection, new.name)?;
    let records = match &there {
        Some(subject) => registry.vault().records(subject)?.len(),
        None => 0,
    };
    if records == 0 {
        let settings = registry.identify_settings(&collection)?;
        let flip_averaging = registry.policy().capture.flip_averaging;
        let policy = IdentifyPolicy::new(worker.engine(), flip_averaging, settings)
            .map_err(|error| crate::refusal::Refusal::internal(&error))?;
        let (members, cap) = (registry.catch_up(open)?, policy.cap());
        if members >= cap {
            return Err(Fault::invalid(too_many(members, cap)));
        }
    }
    let subject = match there {
        Some(subject) => {
            consent::enter(books, service, &subject, new.evidence)?;
            subject
        }
        None => consent::add(books, service, &collection, new.name, new.evidence)?,
    };
    let number = sealed(books, service, worker, &subject, new.template)?;
    let ids = ImageIds::of(books, service);
    let places = registry.vault().record_places(subject.subject())?;
    let place = places.iter().find(|place| place.number == number);
    let id = ids.id(place.ok_or_else(Fault::wrong)?);
    kept::keep(books, service, &subject, &id, new.picture)?;
    Ok(Kept {
        image_id: id.to_string(),
        subject: subject.external_id().as_str().to_owned(),
    })
}

fn sealed(
    books: &Books,
    service: &Service,
    worker: &Worker,
    subject: &Unlocked,
    template: &Template,
) -> Result<u16, Fault> {
    let consent = consent::standing(books, service, subject)?;
    let request = EnrollRequest {
        subject,
        consent: &consent,
        photos: &[],
        replace: false,
    };
    let templates = std::slice::from_ref(template);
    let enroll = || {
        books
            .registry
            .enroll_templates(worker.engine(), &request, templates)
    };
    let outcome = match enroll() {
        // Whoever was second looks again, now at what the first one sealed.
        Err(EnrollError::Raced) => enroll()?,
        done => done?,
    };
    match outcome {
        EnrollOutcome::Enrolled { records, .. } => {
            records.first().copied().ok_or_else(Fault::wrong)
        }
        EnrollOutcome::NotTheSubject | EnrollOutcome::Different { .. } => Err(Fault::invalid(
            "The face is not that of the subject's other pictures",
        )),
        EnrollOutcome::Recapture { cause, .. } => Err(Fault::poor(cause)),
        _ => Err(Fault::wrong()),
    }
}

/// The faces of a subject.
fn faces_of(
    books: &Books,
    ids: &ImageIds,
    subject: &Unlocked,
    all: &mut Vec<Kept>,
) -> Result<(), Fault> {
    let places = books.registry.vault().record_places(subject.subject())?;
    all.extend(places.iter().map(|place| Kept {
        image_id: ids.id(place).to_string(),
        subject: subject.external_id().as_str().to_owned(),
    }));
    Ok(())
}

/// The subjects that a call is about: one, or all.
fn meant(
    books: &Books,
    collection: &Collection,
    subject: Option<&str>,
) -> Result<Vec<Unlocked>, Fault> {
    match subject {
        None => consent::all(books, collection),
        Some(text) => match Name::new(text) {
            Ok(name) => Ok(Vec::from_iter(consent::find(books, collection, &name)?)),
            // What is no name of a subject is the name of none.
            Err(_) => Ok(Vec::new()),
        },
    }
}

pub(super) async fn list(State(platform): State<Platform>, request: Request) -> Reply {
    let ask = ask(platform.clone(), request).await?;
    let pairs = query::pairs(ask.request.uri())?;
    let page: usize = query::value(&pairs, "page")?.unwrap_or(0);
    let size: usize = query::value(&pairs, "size")?.unwrap_or(PAGE);
    let size = size.clamp(1, MOST);
    let subject: Option<String> = query::value(&pairs, "subject")?;
    let service = ask.service;
    let listed = keep(&platform, move |books| {
        let collection = service.collection(&books.registry)?;
        let ids = ImageIds::of(books, &service);
        let mut all = Vec::new();
        for subject in meant(books, &collection, subject.as_deref())? {
            faces_of(books, &ids, &subject, &mut all)?;
        }
        let total = all.len();
        let faces = all.into_iter().skip(page.saturating_mul(size)).take(size);
        Ok::<_, Fault>(Page {
            faces: faces.collect(),
            page_number: page,
            page_size: size,
            total_pages: total.div_ceil(size),
            total_elements: total,
        })
    });
    Ok(Json(listed.await?).into_response())
}

/// Deletes the faces of one subject, or of all. What is left of a subject without a face goes with them.
pub(super) async fn clear(State(platform): State<Platform>, request: Request) -> Reply {
    let ask = ask(platform.clone(), request).await?;
    let pairs = query::pairs(ask.request.uri())?;
    let subject: Option<String> = query::value(&pairs, "subject")?;
    let service = ask.service;
    let gone = keep(&platform, move |books| {
        let collection = service.collection(&books.registry)?;
        let mut faces = 0;
        for subject in meant(books, &collection, subject.as_deref())? {
            faces += books.registry.vault().records(&subject)?.len();
            consent::erase(books, subject.subject(), subject.external_id())?;
        }
        Ok::<_, Fault>(faces)
    });
    Ok(Json(json!({ "deleted": gone.await? })).into_response())
}

/// Deletes a face. Its subject stays, without one perhaps.
fn delete(books: &Books, service: &Service, id: &Uuid) -> Result<Option<Kept>, Fault> {
    let collection = service.collection(&books.registry)?;
    let ids = ImageIds::of(books, service);
    let Some((subject, place)) = ids.find(books, &collection, id)? else {
        return Ok(None);
    };
    let (vault, now) = (books.registry.vault(), books.clock.now());
    vault.remove_record(&subject, place.number, now)?;
    kept::forget(books, service, id)?;
    Ok(Some(Kept {
        image_id: id.to_string(),
        subject: subject.external_id().as_str().to_owned(),
    }))
}

pub(super) async fn remove(State(platform): State<Platform>, request: Request) -> Reply {
    let mut ask = ask(platform.clone(), request).await?;
    let text: String = ask.path().await?;
    let id: Uuid = text.parse().map_err(|_| Fault::wrong())?;
    let service = ask.service;
    let gone = keep(&platform, move |books| delete(books, &service, &id));
    let gone = gone.await?;
    let gone = gone.ok_or_else(|| Fault::no_image(&text))?;
    Ok(Json(gone).into_response())
}

pub(super) async fn remove_many(State(platform): State<Platform>, request: Request) -> Reply {
    let ask = ask(platform.clone(), request).await?;
    let service = ask.service.clone();
    let ids: Vec<String> = form::json(ask).await?;
    let ids: Result<Vec<Uuid>, _> = ids.iter().map(|id| id.parse()).collect();
    let ids = ids.map_err(|_| Fault::wrong())?;
    let gone = keep(&platform, move |books| {
        ids.iter()
            .filter_map(|id| delete(books, &service, id).transpose())
            .collect::<Result<Vec<Kept>, Fault>>()
    });
    Ok(Json(gone.await?).into_response())
}
