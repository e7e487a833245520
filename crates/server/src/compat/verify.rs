//! `POST /api/v1/verification/verify`.

use super::Reply;
use super::access::Ask;
use super::face::{self, Face};
use super::fault::Fault;
use super::form;
use super::query::Query;
use super::similarity::Curve;
use crate::platform::Platform;
use axum::Json;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use countenance_api::CompatService;
use countenance_core::{CompareError, Faces, FacesWanted, QualityCause, Template};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Answer {
    result: [Matched; 1],
}

#[derive(Serialize)]
struct Matched {
    source_image_face: Face,
    face_matches: Vec<Face>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plugins_versions: Option<BTreeMap<&'static str, String>>,
}

/// The one face of a picture, or why there is none.
pub(super) fn only(faces: &Faces) -> Result<&Template, Fault> {
    match &faces.faces[..] {
        [] => Err(Fault::no_face()),
        [face] if faces.there == 1 => face.template.as_ref().ok_or_else(|| {
            let cause = face.found.causes.first().copied();
            Fault::poor(cause.unwrap_or(QualityCause::NoFace))
        }),
        _ => Err(Fault::several_faces()),
    }
}

pub(super) async fn verify(State(platform): State<Platform>, request: Request) -> Reply {
    let ask = Ask::of(request, platform.clone(), CompatService::Verification).await?;
    let query = Query::of(ask.request.uri())?;
    let service = ask.service.clone();
    let place = platform.place(&service.id)?;
    let form = form::read(ask, ["source_image", "target_image"]).await?;
    let looked = platform.look(place, move |registry, worker| {
        let [source, target] = form.pictures;
        let policy = &registry.policy().capture;
        let alone = FacesWanted {
            most: 2,
            ..query.wanted(true)
        };
        let source = worker.faces(&source, policy, alone)?;
        // Nothing of the other picture is looked at in vain.
        only(&source)?;
        let target = worker.faces(&target, policy, query.wanted(true))?;
        Ok::<_, Fault>((source, target))
    });
    let (source, target) = looked.await??;
    if target.faces.is_empty() {
        return Err(Fault::no_face());
    }
    let curve = Curve::of(&platform)?;
    let reference = only(&source)?;
    let mut matches = face::all(&target, &service, &query, true);
    for (face, found) in matches.iter_mut().zip(&target.faces) {
        // Too poor to compare: it matches nothing.
        let similarity = match &found.template {
            None => 0.0,
            Some(probe) => curve.similarity(
                reference
                    .compare(probe)
                    .map_err(|error| crate::refusal::Refusal::from(CompareError::from(error)))?,
            ),
        };
        face.similarity = Some(similarity);
    }
    let matched = matches
        .iter()
        .any(|face| face.similarity.is_some_and(|similarity| similarity >= 0.5));
    let outcome = if matched { "accept" } else { "reject" };
    platform
        .metrics
        .outcome("compare", outcome, &target.timings);
    let source_image_face = face::all(&source, &service, &query, true).pop();
    let answer = Answer {
        result: [Matched {
            source_image_face: source_image_face.unwrap_or_default(),
            face_matches: matches,
            plugins_versions: face::versions(&query, &platform.engine, true),
        }],
    };
    Ok(Json(answer).into_response())
}
