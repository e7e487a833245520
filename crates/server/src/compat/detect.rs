//! `POST /api/v1/detection/detect`.

use super::Reply;
use super::access::Ask;
use super::face::{self, Answer};
use super::form;
use super::query::Query;
use crate::platform::Platform;
use axum::Json;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use countenance_api::CompatService;

pub(super) async fn detect(State(platform): State<Platform>, request: Request) -> Reply {
    let ask = Ask::of(request, platform.clone(), CompatService::Detection).await?;
    let query = Query::of(ask.request.uri())?;
    let service = ask.service.clone();
    let place = platform.place(&service.id)?;
    let form = form::read(ask, ["file"]).await?;
    let templates = query.calculator && service.key.embeddings;
    let looked = platform.look(place, move |registry, worker| {
        let [picture] = form.pictures;
        worker.faces(
            &picture,
            &registry.policy().capture,
            query.wanted(templates),
        )
    });
    let faces = looked.await??;
    if faces.faces.is_empty() {
        return Err(super::fault::Fault::no_face());
    }
    platform
        .metrics
        .outcome("detect", "answered", &faces.timings);
    let answer = Answer {
        result: face::all(&faces, &service, &query, false),
        plugins_versions: face::versions(&query, &platform.engine, templates),
    };
    Ok(Json(answer).into_response())
}
