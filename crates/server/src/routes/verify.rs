//! Is this the subject they say they are?

use super::ok;
use crate::call::{Body, Call, read_json, read_picture};
use crate::refusal::{Answer, Refusal};
use crate::token;
use crate::wire;
use countenance_api::{
    CollectionQuery, Scope, VerifyAnswer, VerifyDecision, VerifyDetail, VerifyRequest,
};
use countenance_core::{Answer as Told, Verification};

pub(crate) async fn verify(mut call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let named = call.named(query.collection.as_deref()).await?;
    let (platform, caller) = (call.platform.clone(), call.caller.clone());
    let place = platform.place(&call.caller.key)?;
    let probe: Vec<u8> = match call.body().await? {
        Body::Json(bytes) => {
            let request: VerifyRequest = read_json(&bytes)?;
            read_picture("probe", &request.probe)?
        }
        Body::Form(mut parts) => {
            let probe = Body::part(&mut parts, "probe")?;
            Body::done(&parts)?;
            probe.into()
        }
    };
    let done = platform.look(place, move |registry, worker| {
        // That there is no collection of this name is no fact about a person.
        let collection = named.collection(registry)?;
        Ok(registry.verify(worker, &named.claim(&collection), &probe)?)
    });
    let done: Result<Verification, Refusal> = done.await?;
    let done = done?;
    let leaves = token::leaves(platform.registry.vault());
    let leaf = done.detail.leaf.filter(|_| caller.may(Scope::Scores));
    let leaf = leaf.map(|leaf| token::write(&leaves, leaf)).transpose();
    let leaf = leaf.map_err(|error| Refusal::internal(&error))?;
    let body = told(&done, caller.may(Scope::Scores), leaf);
    let outcome = done.answer.name();
    platform
        .metrics
        .outcome("verify", outcome, &done.detail.timings);
    ok(body)
}

/// What may be told. Too many attempts are told as a rejection: whoever needs to know that somebody has to
/// wait has the scope `scores` and reads the finding.
fn told(done: &Verification, scores: bool, leaf: Option<String>) -> VerifyAnswer {
    let (decision, cause) = match done.answer {
        Told::Accept => (VerifyDecision::Accept, None),
        Told::Recapture(cause) => (VerifyDecision::Recapture, Some(cause)),
        Told::NotPermitted | Told::Reject => (VerifyDecision::Reject, None),
    };
    let detail = &done.detail;
    VerifyAnswer {
        decision,
        cause: cause.map(|cause| cause.code().to_owned()),
        detail: scores.then(|| VerifyDetail {
            finding: detail.finding.name().to_owned(),
            score: detail.score.map(|score| wire::score(score.cosine())),
            threshold: wire::score(detail.threshold.cosine()),
            leaf,
        }),
    }
}
