//! Questions about pictures alone: nothing of them is kept, and nothing is written.

use super::ok;
use crate::call::{Body, Call, read_json, read_picture};
use crate::refusal::{Answer, Refusal};
use crate::wire;
use countenance_api::{CompareAnswer, CompareRequest, DetectAnswer, DetectRequest, Scope};
use countenance_core::{CaptureError, Comparison, Decision};

pub(crate) async fn detect(call: Call) -> Answer {
    let platform = call.platform.clone();
    let place = platform.place(&call.caller.key)?;
    let picture: Vec<u8> = match call.body().await? {
        Body::Json(bytes) => {
            let request: DetectRequest = read_json(&bytes)?;
            read_picture("picture", &request.picture)?
        }
        Body::Form(mut parts) => {
            let picture = Body::part(&mut parts, "picture")?;
            Body::done(&parts)?;
            picture.into()
        }
    };
    let found = platform.look(place, move |registry, worker| {
        worker.detect(&picture, &registry.policy().capture)
    });
    let found = found
        .await?
        .map_err(|error: CaptureError| Refusal::picture("picture", &error))?;
    platform
        .metrics
        .outcome("detect", "answered", &found.timings);
    ok(DetectAnswer {
        width: found.size.width,
        height: found.size.height,
        faces: found.faces.iter().map(wire::face).collect(),
    })
}

pub(crate) async fn compare(call: Call) -> Answer {
    let (platform, caller) = (call.platform.clone(), call.caller.clone());
    let place = platform.place(&call.caller.key)?;
    let (reference, probe): (Vec<u8>, Vec<u8>) = match call.body().await? {
        Body::Json(bytes) => {
            let request: CompareRequest = read_json(&bytes)?;
            let reference = read_picture("reference", &request.reference)?;
            (reference, read_picture("probe", &request.probe)?)
        }
        Body::Form(mut parts) => {
            let reference = Body::part(&mut parts, "reference")?;
            let probe = Body::part(&mut parts, "probe")?;
            Body::done(&parts)?;
            (reference.into(), probe.into())
        }
    };
    let compared = platform.look(place, move |registry, worker| {
        worker.compare(&reference, &probe, registry.policy())
    });
    let compared = compared.await??;
    let name = compared.decision.name();
    platform.metrics.outcome("compare", name, &compared.timings);
    ok(compare_answer(&compared, caller.may(Scope::Scores)))
}

fn compare_answer(compared: &Comparison, scores: bool) -> CompareAnswer {
    let recapture = match compared.decision {
        Decision::Recapture(recapture) => Some(recapture),
        Decision::Accept | Decision::Reject => None,
    };
    let score = compared.score.filter(|_| scores);
    CompareAnswer {
        decision: wire::decision(compared.decision),
        false_match_rate: compared.threshold.fmr().rate(),
        side: recapture.map(|recapture| wire::side(recapture.side)),
        cause: recapture.map(|recapture| recapture.cause.code().to_owned()),
        score: score.map(|score| wire::score(score.cosine())),
        threshold: scores.then(|| wire::score(compared.threshold.cosine())),
    }
}
