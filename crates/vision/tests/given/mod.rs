//! What tests of this crate look with: the pinned networks and sample photos, which `cargo xtask models` fetches.

use countenance_models::{Manifest, Role, Store};
use countenance_net::{ColorOrder, Model, Network, Size};
use countenance_vision::{Detector, Net, Options, Precision};
use std::path::Path;

/// What was fetched; `None`, said loudly, where it was not.
pub(crate) fn fetched() -> Option<(Store, Manifest)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/store");
    if !folder.is_dir() {
        eprintln!("SKIPPED: no models/store; run `cargo xtask models`");
        return None;
    }
    Some((Store::new(folder), Manifest::shipped().unwrap()))
}

/// As every machine computes.
pub(crate) fn options() -> Options {
    Options {
        precision: Precision::F32,
        ..Options::default()
    }
}

/// A network planned for one thread.
pub(crate) fn plan(model: &Model, size: Size) -> Result<Box<dyn Net>, countenance_net::PlanError> {
    Network::plan(model, size, 1).map(|net| Box::new(net) as Box<dyn Net>)
}

/// The detector's network.
pub(crate) fn detector_model(store: &Store, manifest: &Manifest, options: &Options) -> Model {
    let mut models = manifest.models().iter();
    let spec = models.find(|m| m.role == Role::Detector).unwrap();
    let bytes = store.read(spec.file()).unwrap();
    Model::from_onnx(&bytes, ColorOrder::Bgr, options, None).unwrap()
}

/// The detector.
pub(crate) fn detector(store: &Store, manifest: &Manifest) -> Detector {
    let model = detector_model(store, manifest, &options());
    Detector::new(move |size| plan(&model, size))
}
