//! Faces in the frames of a camera, found by the detector or followed from the frame before, on the pinned networks and sample photos,
//! which `cargo xtask models` fetches.
#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod given;

use countenance_models::{Manifest, Role, Store};
use countenance_net::{Model, TfjsFiles};
use countenance_vision::{
    Before, DecodeLimits, Detector, FaceCues, MeshFinder, Picture, Size, decode, observe,
};

/// A detector and a mesh finder; `None`, said loudly, where their networks were not fetched.
struct Camera {
    store: Store,
    manifest: Manifest,
    detector: Detector,
    meshes: MeshFinder,
}

impl Camera {
    fn open() -> Option<Self> {
        let (store, manifest) = given::fetched()?;
        let mut models = manifest.models().iter();
        let mesh = models.find(|m| m.role == Role::Mesh).unwrap();
        let files = TfjsFiles {
            topology: &store.read(mesh.file()).unwrap(),
            weights: &store.read(mesh.data_file().unwrap()).unwrap(),
            outputs: &["output_mesh", "output_faceflag"],
            scale: 1.0 / 255.0,
        };
        let mesh = Model::from_tfjs(&files, &given::options()).unwrap();
        let side = Size {
            width: MeshFinder::SIDE,
            height: MeshFinder::SIDE,
        };
        let meshes = MeshFinder::new(given::plan(&mesh, side).unwrap());
        Some(Self {
            detector: given::detector(&store, &manifest),
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
