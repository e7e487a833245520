//! The use cases on the pinned weights and sample photos, which `cargo xtask models` fetches.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a failed unwrap is a failed test"
)]

use countenance_core::{
    Calibration, CalibrationPoint, Calibrations, CaptureError, CapturePolicy, Clock, CompareError,
    ComparePolicy, Decision, DecodeError, Engine, EngineParts, FaceChoice, FalseMatchRate, Fault,
    Isa, ModelId, Options, PlanNetwork, Precision, QualityCause, Recapture, Side,
};
use countenance_models::{Manifest, ModelSpec, Role, Store};
use countenance_net::{ColorOrder, Model, Net, Network};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A clock that goes on by a millisecond each time it is read.
#[derive(Debug, Default)]
struct CountingClock(AtomicU64);

impl Clock for CountingClock {
    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

fn store() -> Option<Store> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/store");
    if folder.is_dir() {
        return Some(Store::new(folder));
    }
    eprintln!("SKIPPED: no models/store; run `cargo xtask models`");
    None
}

fn planner(store: &Store, spec: &ModelSpec, order: ColorOrder) -> Arc<PlanNetwork> {
    let options = Options {
        isa: Isa::detect(),
        precision: Precision::F32,
        threads: 1,
    };
    let bytes = store.read(spec.file()).unwrap();
    let model = Model::from_onnx(&bytes, order, &options, None).unwrap();
    Arc::new(move |size| Ok(Box::new(Network::plan(&model, size, 1)?) as Box<dyn Net>))
}

/// The real networks, with thresholds as design documents give them for SFace.
fn engine(store: &Store) -> Engine {
    let manifest = Manifest::shipped().unwrap();
    let spec = |role| {
        manifest
            .models()
            .iter()
            .find(|model| model.role == role)
            .unwrap()
    };
    let embedder = spec(Role::Embedder);
    let model = ModelId::new(&embedder.id).unwrap();
    let mut parts = EngineParts::new(
        model.clone(),
        planner(store, spec(Role::Detector), ColorOrder::Bgr),
        planner(store, embedder, ColorOrder::Rgb),
    );
    let row = |fmr, threshold| CalibrationPoint {
        fmr: FalseMatchRate::new(fmr).unwrap(),
        threshold,
        supported: true,
        upper_95: fmr,
    };
    let plain = Calibration::new(model, vec![row(1e-2, 0.25), row(1e-4, 0.415)]).unwrap();
    parts.calibrations = Calibrations {
        plain: Some(plain),
        flip_averaged: None,
    };
    parts.clock = Arc::new(CountingClock::default());
    Engine::new(parts)
}

fn photo(store: &Store, name: &str) -> Vec<u8> {
    store
        .read(Manifest::shipped().unwrap().sample(name).unwrap().file())
        .unwrap()
}

/// A grey PNG of 64 x 64 pixels: a picture without a face.
fn grey_picture() -> Vec<u8> {
    // Signature, header (64 x 64, 8-bit grey), one stored deflate block of zeros, end.
    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let mut crc = !0_u32;
        for byte in kind.iter().chain(data) {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 {
                    (crc >> 1) ^ 0xEDB8_8320
                } else {
                    crc >> 1
                };
            }
        }
        let length = u32::try_from(data.len()).unwrap();
        [&big_endian(length), &kind[..], data, &big_endian(!crc)].concat()
    }
    fn big_endian(value: u32) -> [u8; 4] {
        [24, 16, 8, 0].map(|shift| (value >> shift) as u8)
    }
    let rows = vec![0_u8; 64 * 65];
    let length = u16::try_from(rows.len()).unwrap();
    let low_high = |value: u16| [value as u8, (value >> 8) as u8];
    // Adler-32 of n zeros: a = 1, b = n.
    let adler = big_endian((u32::from(length) << 16) | 1);
    let deflated = [
        &[0x78, 1, 1],
        &low_high(length)[..],
        &low_high(!length),
        &rows,
        &adler,
    ]
    .concat();
    let header = [&big_endian(64), &big_endian(64)[..], &[8, 0, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &header),
        chunk(b"IDAT", &deflated),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

#[test]
fn one_person_is_accepted_and_two_people_are_rejected() {
    let Some(store) = store() else { return };
    let mut worker = engine(&store).worker().unwrap();
    let [reference, same, other] =
        ["obama.jpg", "obama2.jpg", "biden.jpg"].map(|name| photo(&store, name));
    let policy = ComparePolicy::default();
    let accepted = worker.compare(&reference, &same, &policy).unwrap();
    assert_eq!(accepted.decision, Decision::Accept, "{accepted:?}");
    let rejected = worker.compare(&reference, &other, &policy).unwrap();
    assert_eq!(rejected.decision, Decision::Reject, "{rejected:?}");
    assert!(accepted.score > rejected.score);
}

#[test]
fn a_template_made_before_gives_the_same_score_as_its_picture() {
    let Some(store) = store() else { return };
    let mut worker = engine(&store).worker().unwrap();
    let (reference, probe) = (photo(&store, "obama.jpg"), photo(&store, "obama2.jpg"));
    let policy = ComparePolicy::default();
    let template = worker
        .extract(&reference, &policy.capture)
        .unwrap()
        .template
        .unwrap();
    let by_template = worker
        .compare_with_template(&template, &probe, &policy)
        .unwrap();
    let by_picture = worker.compare(&reference, &probe, &policy).unwrap();
    assert_eq!(by_template.score, by_picture.score);
    assert_eq!(by_template.decision, Decision::Accept);
    assert!(by_template.reference.is_none());
}

#[test]
fn workers_on_several_threads_make_one_template() {
    let Some(store) = store() else { return };
    let engine = engine(&store);
    let picture = photo(&store, "biden.jpg");
    let make = || {
        let mut worker = engine.worker().unwrap();
        worker
            .extract(&picture, &CapturePolicy::default())
            .unwrap()
            .template
            .unwrap()
    };
    let templates: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..3).map(|_| scope.spawn(make)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect()
    });
    assert!(
        templates
            .iter()
            .all(|template| template.values() == templates[0].values())
    );
}

#[test]
fn a_picture_without_a_face_is_to_be_taken_again_and_its_side_is_named() {
    let Some(store) = store() else { return };
    let mut worker = engine(&store).worker().unwrap();
    let (face, grey) = (photo(&store, "biden.jpg"), grey_picture());
    let policy = ComparePolicy::default();
    let cause = QualityCause::NoFace;
    for (reference, probe, side) in [(&face, &grey, Side::Probe), (&grey, &face, Side::Reference)] {
        let comparison = worker.compare(reference, probe, &policy).unwrap();
        assert_eq!(
            comparison.decision,
            Decision::Recapture(Recapture { side, cause })
        );
        assert_eq!(comparison.score, None);
        // The good picture is described all the same.
        let good = match side {
            Side::Probe => comparison.reference.unwrap(),
            Side::Reference => comparison.probe,
        };
        assert!(good.face.is_some() && good.causes.is_empty());
    }
}

#[test]
fn bytes_that_are_no_picture_are_the_callers_fault() {
    let Some(store) = store() else { return };
    let mut worker = engine(&store).worker().unwrap();
    let face = photo(&store, "biden.jpg");
    let error = worker
        .compare(&face, b"not a picture", &ComparePolicy::default())
        .unwrap_err();
    assert_eq!(error.fault(), Fault::Caller);
    let CompareError::Capture {
        side: Side::Probe,
        source,
    } = error
    else {
        panic!("another error: {error:?}");
    };
    assert!(matches!(
        source,
        CaptureError::Decode(DecodeError::UnknownFormat)
    ));
}

#[test]
fn a_rate_outside_the_calibration_and_an_unmeasured_way_have_no_threshold() {
    let Some(store) = store() else { return };
    let engine = engine(&store);
    let stricter = ComparePolicy {
        fmr: FalseMatchRate::new(1e-6).unwrap(),
        ..ComparePolicy::default()
    };
    assert!(matches!(
        engine.threshold(&stricter),
        Err(CompareError::Threshold(_))
    ));
    let mut flipped = ComparePolicy::default();
    flipped.capture.flip_averaging = true;
    assert!(matches!(
        engine.threshold(&flipped),
        Err(CompareError::NotCalibrated {
            flip_averaging: true,
            ..
        })
    ));
    // Positive control.
    assert!(engine.threshold(&ComparePolicy::default()).is_ok());
}

#[test]
fn every_stage_is_timed_by_the_clock_that_is_passed_in() {
    let Some(store) = store() else { return };
    let mut worker = engine(&store).worker().unwrap();
    let [reference, probe] = ["obama.jpg", "biden.jpg"].map(|name| photo(&store, name));
    let timings = worker
        .compare(&reference, &probe, &ComparePolicy::default())
        .unwrap()
        .timings;
    // Two pictures: each stage is read twice per picture, so it takes two ticks of 1 ms.
    let ms = Duration::from_millis;
    let got = [
        timings.decode,
        timings.detect,
        timings.align,
        timings.embed,
        timings.compare,
    ];
    assert_eq!(got, [ms(2), ms(2), ms(2), ms(2), ms(1)]);
    assert!(timings.total > got.iter().sum());
}

#[test]
fn every_face_of_a_picture_is_found_and_measured() {
    let Some(store) = store() else { return };
    let mut worker = engine(&store).worker().unwrap();
    let found = worker
        .detect(&photo(&store, "obama.jpg"), &CapturePolicy::default())
        .unwrap();
    assert_eq!(found.faces.len(), 1);
    let face = &found.faces[0];
    assert!(face.causes.is_empty(), "{:?}", face.causes);
    let center = face.face.area.center();
    assert!((0.0..found.size.width as f32).contains(&center.x));
    assert!(found.timings.embed.is_zero() && !found.timings.detect.is_zero());
    assert!(
        worker
            .detect(&grey_picture(), &CapturePolicy::default())
            .unwrap()
            .faces
            .is_empty()
    );
}

#[test]
fn an_evaluation_takes_the_central_face_whatever_its_quality() {
    let Some(store) = store() else { return };
    let mut worker = engine(&store).worker().unwrap();
    let partial = photo(&store, "obama_partial_face.jpg");
    let strict = worker.extract(&partial, &CapturePolicy::default()).unwrap();
    let lenient = CapturePolicy {
        face: FaceChoice::Central,
        quality: None,
        ..CapturePolicy::default()
    };
    let taken = worker.extract(&partial, &lenient).unwrap();
    assert_eq!(strict.template.is_none(), !strict.capture.causes.is_empty());
    assert!(taken.template.is_some() && taken.capture.causes.is_empty());
}
