//! `POST /api/v1/recognition/faces/{image}/verify`: is this the person of that picture?

use super::Reply;
use super::access::{Ask, Service};
use super::books::Books;
use super::face::{self, Answer};
use super::fault::Fault;
use super::form;
use super::image_id::ImageIds;
use super::query::Query;
use super::similarity::Curve;
use crate::keys::Uuid;
use crate::platform::Platform;
use axum::Json;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use countenance_api::{CompatPurpose, CompatService};
use countenance_core::vault::Purpose;
use countenance_core::{Score, Template, Worker};

pub(super) async fn verify(State(platform): State<Platform>, request: Request) -> Reply {
    let mut ask = Ask::of(request, platform.clone(), CompatService::Recognition).await?;
    ask.service.needs(CompatPurpose::Verify)?;
    let id: String = ask.path().await?;
    let id: Uuid = id.parse().map_err(|_| Fault::wrong())?;
    let query = Query::of(ask.request.uri())?;
    let service = ask.service.clone();
    let place = platform.place(&service.id)?;
    let form = form::read(ask, ["file"]).await?;
    let (books, of) = (Books::of(&platform), service.clone());
    let looked = platform.look(place, move |registry, worker| {
        let [picture] = form.pictures;
        let policy = &registry.policy().capture;
        let faces = worker.faces(&picture, policy, query.wanted(true))?;
        if faces.faces.is_empty() {
            return Err(Fault::no_face());
        }
        let probes: Vec<Template> = faces
            .faces
            .iter()
            .filter_map(|face| face.template.clone())
            .collect();
        let compared = compare(&books, &of, worker, &id, &probes)?;
        Ok((faces, compared))
    });
    let (faces, compared) = looked.await??;
    let curve = Curve::of(&platform)?;
    let mut result = face::all(&faces, &service, &query, true);
    let mut scores = compared.scores.into_iter();
    for (face, found) in result.iter_mut().zip(&faces.faces) {
        face.subject = Some(compared.subject.clone());
        // What is too poor to compare matches nothing.
        let score = found.template.as_ref().and_then(|_| scores.next());
        face.similarity = Some(score.map_or(0.0, |score| curve.similarity(score)));
    }
    let answer = Answer {
        result,
        plugins_versions: face::versions(&query, &platform.engine, true),
    };
    Ok(Json(answer).into_response())
}

/// Whose picture it is and how alike each probe is; nobody's, where there is no such picture.
pub(super) struct Compared {
    pub(super) subject: String,
    pub(super) scores: Vec<Score>,
}

/// Compares probes with the record that an id stands for: one attempt on its subject.
pub(super) fn compare(
    books: &Books,
    service: &Service,
    worker: &Worker,
    id: &Uuid,
    probes: &[Template],
) -> Result<Compared, Fault> {
    let registry = &books.registry;
    let collection = service.collection(registry)?;
    let ids = ImageIds::of(books, service);
    let Some((subject, place)) = ids.find(books, &collection, id)? else {
        return Ok(Compared {
            subject: String::new(),
            scores: Vec::new(),
        });
    };
    let now = books.clock.now();
    let consent = registry.vault().consent(&subject, Purpose::Verify, now)?;
    let scores = match probes {
        [] => None,
        probes => {
            let agreed = (&subject, &consent);
            registry.compare_with_record(worker, agreed, place.number, probes)?
        }
    };
    Ok(Compared {
        subject: subject.external_id().as_str().to_owned(),
        scores: scores.unwrap_or_default(),
    })
}
