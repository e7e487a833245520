//! Embeddings that come in place of pictures; only of a key that was made for it.

use super::Reply;
use super::access::Ask;
use super::books::Books;
use super::faces::opened;
use super::fault::Fault;
use super::form;
use super::query::Query;
use super::recognize::{MOST_PREDICTIONS, similar};
use super::similarity::Curve;
use super::verify_face;
use crate::keys::Uuid;
use crate::platform::Platform;
use axum::Json;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use countenance_api::{CompatPurpose, CompatService};
use countenance_core::{Engine, MAX_FACES, Searcher, Template};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Deserialize)]
struct Several {
    embeddings: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
struct Pair {
    source: Vec<f32>,
    targets: Vec<Vec<f32>>,
}

#[derive(Serialize)]
struct Similar {
    embedding: Vec<f32>,
    similarity: f64,
}

fn template(engine: &Engine, values: &[f32]) -> Result<Template, Fault> {
    Template::from_embedding(engine.model().clone(), values)
        .map_err(|error| Fault::invalid(format!("An embedding is none: {error}")))
}

fn templates(engine: &Engine, given: &[Vec<f32>]) -> Result<Vec<Template>, Fault> {
    if given.len() > MAX_FACES {
        let (got, most) = (given.len(), MAX_FACES);
        let text = format!("{most} embeddings were expected, but {got} were provided");
        return Err(Fault::bad(37, text));
    }
    given
        .iter()
        .map(|values| template(engine, values))
        .collect()
}

/// The most alike first.
fn sorted(mut found: Vec<Similar>) -> Vec<Similar> {
    found.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
    found
}

pub(super) async fn recognize(State(platform): State<Platform>, request: Request) -> Reply {
    let ask = Ask::of(request, platform.clone(), CompatService::Recognition).await?;
    ask.service.needs_embeddings()?;
    ask.service.needs(CompatPurpose::Identify)?;
    let query = Query::of(ask.request.uri())?;
    let service = ask.service.clone();
    let open = opened(&platform, &service).await?;
    let place = platform.place(&service.id)?;
    let Several { embeddings } = form::json(ask).await?;
    let probes = templates(&platform.engine, &embeddings)?;
    let client = service.id.clone();
    let looked = platform.look(place, move |registry, worker| {
        let probes: Vec<_> = probes.into_iter().map(Some).collect();
        let most = query.prediction_count.min(MOST_PREDICTIONS);
        let asked = (client.as_str(), &probes[..]);
        registry.recognize(worker, &mut Searcher::new(1), &open, asked, most)
    });
    let known = looked.await??;
    let curve = Curve::of(&platform)?;
    let result: Vec<_> = embeddings
        .iter()
        .zip(&known.found)
        .map(|(embedding, found)| json!({"embedding": embedding, "similarities": similar(found, curve)}))
        .collect();
    Ok(Json(json!({ "result": result })).into_response())
}

pub(super) async fn verify_face(State(platform): State<Platform>, request: Request) -> Reply {
    let mut ask = Ask::of(request, platform.clone(), CompatService::Recognition).await?;
    ask.service.needs_embeddings()?;
    ask.service.needs(CompatPurpose::Verify)?;
    let id: String = ask.path().await?;
    let id: Uuid = id.parse().map_err(|_| Fault::wrong())?;
    let service = ask.service.clone();
    let place = platform.place(&service.id)?;
    let Several { embeddings } = form::json(ask).await?;
    let probes = templates(&platform.engine, &embeddings)?;
    let books = Books::of(&platform);
    let looked = platform.look(place, move |_, worker| {
        verify_face::compare(&books, &service, worker, &id, &probes)
    });
    let compared = looked.await??;
    let curve = Curve::of(&platform)?;
    let mut scores = compared.scores.into_iter();
    let found = embeddings.into_iter().map(|embedding| {
        let similarity = scores.next().map_or(0.0, |score| curve.similarity(score));
        Similar {
            embedding,
            similarity,
        }
    });
    let result = sorted(found.collect());
    Ok(Json(json!({ "result": result })).into_response())
}

pub(super) async fn verify(State(platform): State<Platform>, request: Request) -> Reply {
    let ask = Ask::of(request, platform.clone(), CompatService::Verification).await?;
    ask.service.needs_embeddings()?;
    let Pair { source, targets } = form::json(ask).await?;
    let source = template(&platform.engine, &source)?;
    let curve = Curve::of(&platform)?;
    let probes = templates(&platform.engine, &targets)?;
    let mut found = Vec::with_capacity(targets.len());
    for (embedding, probe) in targets.into_iter().zip(probes) {
        let score = source.compare(&probe);
        let score = score
            .map_err(|error| Fault::invalid(format!("The embeddings do not compare: {error}")))?;
        found.push(Similar {
            embedding,
            similarity: curve.similarity(score),
        });
    }
    let result = sorted(found);
    Ok(Json(json!({ "result": result })).into_response())
}
