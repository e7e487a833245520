//! Documents: the portrait that a live person is held against.

use super::{answer, ok};
use crate::call::{Body, Call, read_json, read_picture};
use crate::refusal::{Answer, Refusal};
use crate::sessions::{Asked, Documented};
use axum::body::Bytes;
use axum::http::StatusCode;
use countenance_api::{Code, CollectionQuery, DocumentAnswer, DocumentChecks, DocumentRequest};
use countenance_core::{CompareError, ZoneChecks};
use std::str::FromStr;
use std::sync::Arc;
use zeroize::{Zeroize as _, Zeroizing};

/// Opens a session of kind `document`. The picture and what the zone says are gone when this answers; the template of the portrait
/// stays in the memory of this node until the session is judged or over.
pub(crate) async fn open(call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let (tenant, collection) = call.collection(query.collection.as_deref())?;
    let (platform, caller) = (call.platform.clone(), Arc::clone(&call.caller));
    let place = platform.place(&caller.key)?;
    let (request, picture) = match call.body().await? {
        Body::Json(bytes) => {
            let mut request: DocumentRequest = read_json(&bytes)?;
            let picture = Zeroizing::new(read_picture("picture", &request.picture)?);
            request.picture.zeroize();
            (request, picture)
        }
        Body::Form(parts) => form(parts)?,
    };
    let strict = request.strict;
    let (mut asked, case) = Asked::read_document(request, collection.clone(), &platform.targets)?;
    let (of, now) = (tenant.clone(), platform.clock.now());
    let looked = platform.look(place, move |registry, worker| {
        // That there is no collection of this name is told before anything is looked at.
        registry.vault().collection(&of, &collection)?;
        let looked = worker.portrait_of_document(&picture, registry.policy());
        let (reading, portrait) = looked.map_err(|error| match &error {
            CompareError::Capture { source, .. } => Refusal::picture("picture", source),
            _ => error.into(),
        })?;
        Ok::<_, Refusal>((ZoneChecks::of(&reading, now), portrait, reading.timings))
    });
    let (zone, portrait, timings) = looked.await??;
    let checks = wire(&zone);
    let portrait = match portrait {
        Ok(_) if strict && !zone.is_trusted() => Err("zone_not_trusted"),
        found => found.map_err(|cause| cause.code()),
    };
    let done = if portrait.is_ok() {
        "opened"
    } else {
        "refused"
    };
    platform.metrics.outcome("document", done, &timings);
    let portrait = match portrait {
        Ok(portrait) => portrait,
        Err(cause) => {
            return ok(DocumentAnswer {
                cause: Some(cause.to_owned()),
                checks,
                session: None,
            });
        }
    };
    asked.document = Some(Documented {
        case,
        claim: zone.claim(),
    });
    asked.portrait = Some(portrait);
    let session = super::sessions::open_asked(&platform, (&tenant, &caller.key), asked)?;
    answer(
        StatusCode::CREATED,
        DocumentAnswer {
            cause: None,
            checks,
            session: Some(session),
        },
    )
}

fn wire(zone: &ZoneChecks) -> DocumentChecks {
    let claim = zone.claim();
    DocumentChecks {
        zone: claim.zone,
        format: claim.format,
        check_digits: claim.check_digits,
        expired: claim.expired,
        portrait: claim.portrait,
    }
}

/// A form says the same in parts.
fn form(mut parts: Vec<(String, Bytes)>) -> Result<(DocumentRequest, Zeroizing<Vec<u8>>), Refusal> {
    let picture = Body::part(&mut parts, "picture")?;
    let request = DocumentRequest {
        picture: String::new(),
        case: text("case", &Body::part(&mut parts, "case")?)?,
        audience: text("audience", &Body::part(&mut parts, "audience")?)?,
        nonce: text("nonce", &Body::part(&mut parts, "nonce")?)?,
        approve: optional(&mut parts, "approve")?,
        way_out: text("way_out", &Body::part(&mut parts, "way_out")?)?,
        webhook: optional(&mut parts, "webhook")?,
        lasts_s: optional(&mut parts, "lasts_s")?,
        strict: optional(&mut parts, "strict")?.unwrap_or_default(),
    };
    Body::done(&parts)?;
    Ok((request, Zeroizing::new(picture.into())))
}

fn optional<T: FromStr>(
    parts: &mut Vec<(String, Bytes)>,
    name: &str,
) -> Result<Option<T>, Refusal> {
    if parts.iter().all(|(given, _)| given != name) {
        return Ok(None);
    }
    text(name, &Body::part(parts, name)?).map(Some)
}

fn text<T: FromStr>(name: &str, bytes: &[u8]) -> Result<T, Refusal> {
    let read = std::str::from_utf8(bytes).ok();
    let read = read.and_then(|text| text.parse().ok());
    read.ok_or_else(|| Refusal::of(Code::BodyInvalid, format!("`{name}` does not read")))
}
