//! The stages, each as the engine runs it.

use super::scene::Scene;
use super::stopwatch::measure as stopwatch;
use super::{Row, faceless};
use crate::draw;
use crate::engine::EngineArgs;
use crate::failure::Failure;
use anyhow::anyhow;
use countenance_core::{CaptureError, CapturePolicy, DecodeLimits, Face, Size, Template, Worker};
use countenance_net::{Model, Net as _, Network};
use countenance_vision::{CROP_SIDE, Crop, Extractor, align, decode, measure as quality};
use std::hint::black_box;
use std::time::Duration;

/// Comparisons per measurement: one alone takes less than the clock can tell.
const MATCHES: u32 = 1000;
/// Of the whole side, the height of the drawn head that the detector network is measured on.
const HEAD_SHARE: f32 = 0.75;

/// Measures every stage for some time each.
pub(super) fn measure(
    scene: &Scene,
    engine: &EngineArgs,
    time: Duration,
) -> Result<Vec<Row>, Failure> {
    let networks = engine.networks()?;
    let limits = DecodeLimits::default();
    let picture = decode(&scene.jpeg, &limits)?;
    let detector = networks.detector.clone();
    let embedder = networks.embedder.clone();
    let plan = |model: &Model, side| {
        let (width, height) = (side, side);
        networks.plan(model, Size { width, height })
    };
    let mut small = plan(&detector, 160)?;
    let mut large = plan(&detector, 320)?;
    let mut extractor =
        Extractor::new(Box::new(plan(&embedder, CROP_SIDE)?), &networks.embedder_id);
    let mut worker = networks
        .engine(std::sync::Arc::new(crate::clock::MachineClock::start()))?
        .worker()
        .map_err(anyhow::Error::from_boxed)?;
    let (face, template) = capture(&mut worker, &scene.jpeg)?;
    let crop: Crop = align(&picture, &face.landmarks);

    let detecting = detector.precision().name();
    let embedding = embedder.precision().name();
    let row = |stage, precision, measured| Row {
        stage,
        precision,
        measured,
    };
    Ok(vec![
        row(
            "decode_720p",
            "u8",
            stopwatch(time, 1, || {
                decode(black_box(&scene.jpeg), &limits).map(|picture| {
                    black_box(picture);
                })
            })?,
        ),
        row("detect_160", detecting, run_detector(&mut small, time)?),
        row("detect_320", detecting, run_detector(&mut large, time)?),
        row(
            "align",
            "u8",
            stopwatch(time, 1, || {
                let crop = align(black_box(&picture), &face.landmarks);
                black_box(quality(&picture, &face, &crop));
                Ok::<(), Failure>(())
            })?,
        ),
        row(
            "embed",
            embedding,
            stopwatch(time, 1, || {
                extractor.extract(black_box(&crop), false).map(|embedding| {
                    black_box(embedding);
                })
            })?,
        ),
        row(
            "match",
            "f32",
            stopwatch(time, MATCHES, || {
                black_box(&template)
                    .compare(black_box(&template))
                    .map(|score| {
                        black_box(score);
                    })
            })?,
        ),
        row(
            "verify_720p",
            embedding,
            stopwatch(time, 1, || verify(&mut worker, &scene.jpeg, &template))?,
        ),
    ])
}

/// One run of the detector network on a drawn face that fills its input.
fn run_detector(network: &mut Network, time: Duration) -> Result<super::Measured, Failure> {
    let Size { width, height } = network.input_size();
    let picture = draw::portrait(width, height, height as f32 * HEAD_SHARE)?;
    stopwatch(time, 1, || Ok(network.run(black_box(picture.pixels()))?))
}

/// The face of the scene and its template.
fn capture(worker: &mut Worker, jpeg: &[u8]) -> Result<(Face, Template), Failure> {
    let extraction = worker.extract(jpeg, &CapturePolicy::default())?;
    match (extraction.capture.face, extraction.template) {
        (Some(face), Some(template)) => Ok((face, template)),
        _ => {
            let cause = extraction.capture.causes.first();
            Err(faceless(cause.map_or("no_face", |cause| cause.code())))
        }
    }
}

/// A whole verification against a template.
fn verify(worker: &mut Worker, jpeg: &[u8], reference: &Template) -> Result<(), Failure> {
    let extraction = worker
        .extract(black_box(jpeg), &CapturePolicy::default())
        .map_err(|error: CaptureError| Failure::from(error))?;
    let template = extraction.template;
    let template = template.ok_or_else(|| anyhow!("scene lost its face"))?;
    black_box(reference.compare(&template)?);
    Ok(())
}
