//! `POST /api/v1/recognition/recognize`: who of the collection is in a picture.

use super::Reply;
use super::access::Ask;
use super::face::{self, Answer, Similar};
use super::faces::opened;
use super::fault::Fault;
use super::form;
use super::query::Query;
use super::similarity::Curve;
use crate::platform::Platform;
use axum::Json;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use countenance_api::{CompatPurpose, CompatService};
use countenance_core::{Recognized, Searcher};

/// Most subjects of one face.
pub(super) const MOST_PREDICTIONS: usize = 1000;

pub(super) async fn recognize(State(platform): State<Platform>, request: Request) -> Reply {
    let ask = Ask::of(request, platform.clone(), CompatService::Recognition).await?;
    ask.service.needs(CompatPurpose::Identify)?;
    let query = Query::of(ask.request.uri())?;
    let service = ask.service.clone();
    let open = opened(&platform, &service).await?;
    let place = platform.place(&service.id)?;
    let form = form::read(ask, ["file"]).await?;
    let client = service.id.clone();
    let looked = platform.look(place, move |registry, worker| {
        let [picture] = form.pictures;
        let mut wanted = query.wanted(true);
        if !query.detect_faces {
            // The picture is one face.
            wanted.most = 1;
        }
        let faces = worker.faces(&picture, &registry.policy().capture, wanted)?;
        if faces.faces.is_empty() {
            return Err(Fault::no_face());
        }
        let probes: Vec<_> = faces
            .faces
            .iter()
            .map(|face| face.template.clone())
            .collect();
        let most = query.prediction_count.min(MOST_PREDICTIONS);
        let mut searcher = Searcher::new(1);
        let asked = (client.as_str(), &probes[..]);
        let known = registry.recognize(worker, &mut searcher, &open, asked, most)?;
        Ok((faces, known))
    });
    let (faces, known) = looked.await??;
    let curve = Curve::of(&platform)?;
    let mut result = face::all(&faces, &service, &query, true);
    for (face, found) in result.iter_mut().zip(&known.found) {
        face.subjects = Some(similar(found, curve));
    }
    let anybody = known.found.iter().any(|found| !found.is_empty());
    let outcome = if anybody { "accept" } else { "reject" };
    platform
        .metrics
        .outcome("identify", outcome, &faces.timings);
    let answer = Answer {
        result,
        plugins_versions: face::versions(&query, &platform.engine, true),
    };
    Ok(Json(answer).into_response())
}

/// Who was found, with the similarity of each.
pub(super) fn similar(found: &[Recognized], curve: Curve) -> Vec<Similar> {
    let of = |one: &Recognized| Similar {
        subject: one.subject.as_str().to_owned(),
        similarity: curve.similarity(one.score),
    };
    found.iter().map(of).collect()
}
