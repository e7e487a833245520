//! Faces in the frames of a camera, found by the detector or followed from the frame before, on the pinned networks and sample photos,
//! which `cargo xtask models` fetches.
#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

use countenance_models::{Manifest, Role, Store};
use countenance_net::{ColorOrder, Model, Network, TfjsFiles};
use countenance_vision::{
    Before, DecodeLimits, Detector, FaceCues, MeshFinder, Net, Options, Picture, Precision, Size,
    decode, observe,
};
use std::path::Path;

/// A detector and a mesh finder; `None`, said loudly, where their networks were not fetched.
struct Camera {
    store: Store,
    manifest: Manifest,
    detector: Detector,
    meshes: MeshFinder,
}

impl Camera {
    fn open() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/store");
        if !folder.is_dir() {
            eprintln!("SKIPPED: no models/store; run `cargo xtask models`");
            return None;
        }
        let store = Store::new(folder);
        let manifest = Manifest::shipped().unwrap();
        let spec = |role: Role| manifest.models().iter().find(|m| m.role == role).unwrap();
        let options = Options {
            precision: Precision::F32,
            ..Options::default()
        };
        let plan = |model: &Model, size: Size| {
            Network::plan(model, size, 1).map(|net| Box::new(net) as Box<dyn Net>)
        };
        let detector = store.read(spec(Role::Detector).file()).unwrap();
        let detector = Model::from_onnx(&detector, ColorOrder::Bgr, &options, None).unwrap();
        let mesh = spec(Role::Mesh);
        let files = TfjsFiles {
            topology: &store.read(mesh.file()).unwrap(),
            weights: &store.read(mesh.data_file().unwrap()).unwrap(),
            outputs: &["output_mesh", "output_faceflag"],
            scale: 1.0 / 255.0,
        };
        let mesh = Model::from_tfjs(&files, &options).unwrap();
        let side = Size {
            width: MeshFinder::SIDE,
            height: MeshFinder::SIDE,
        };
        let meshes = MeshFinder::new(plan(&mesh, side).unwrap());
        Some(Self {
            detector: Detector::new(move |size| plan(&detector, size)),
            meshes,
            store,
            manifest,
        })
    }

    fn look(&mut self, frame: &Picture, before: Option<&FaceCues>) -> Option<FaceCues> {
        let before = before.map(|cues| Before {
            size: cues.picture,
            mesh: &cues.mesh,
            detector_rests: true,
        });
        let seen = observe(frame, &mut self.detector, &mut self.meshes, before);
        seen.unwrap().ok().map(|seen| seen.cues)
    }
}

#[test]
fn a_mouth_is_as_wide_whether_its_face_was_found_or_followed() {
    let Some(mut camera) = Camera::open() else {
        return;
    };
    let mut faces = 0;
    for sample in camera.manifest.samples().to_vec() {
        let bytes = camera.store.read(sample.file()).unwrap();
        let picture = decode(&bytes, &DecodeLimits::default()).unwrap();
        let Some(found) = camera.look(&picture, None) else {
            continue;
        };
        assert!(found.detected);
        let mut followed = found.clone();
        for _ in 0..4 {
            followed = camera.look(&picture, Some(&followed)).unwrap();
            assert!(!followed.detected);
            let ratio = followed.mouth_width / found.mouth_width;
            // Somebody smiles from 1.07 times their own mouth, and does not up to 1.05.
            assert!((ratio - 1.0).abs() < 0.03, "{}: {ratio}", sample.name);
        }
        faces += 1;
    }
    assert!(faces >= 4, "{faces}");
}
