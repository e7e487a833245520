//! Files that are not networks: each a clear error, never a panic.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

use countenance_models::{Manifest, Store};
use countenance_net::{
    ColorOrder, Isa, LoadError, Model, Net, Network, Options, PlanError, Precision, RunError, Size,
};
use proptest::prelude::*;
use std::path::Path;

fn detector() -> Vec<u8> {
    let manifest = Manifest::shipped().expect("the shipped manifest parses");
    let model = manifest
        .model("yunet-2023mar")
        .expect("the model is in the manifest");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/store");
    Store::new(folder)
        .read(model.file())
        .expect("run `cargo xtask models` first")
}

fn load(bytes: &[u8]) -> Result<Model, LoadError> {
    let options = Options {
        isa: Isa::detect(),
        precision: Precision::F32,
        threads: 1,
    };
    Model::from_onnx(bytes, ColorOrder::Bgr, &options, None)
}

#[test]
fn an_empty_file_has_no_graph() {
    assert!(matches!(load(&[]), Err(LoadError::Graph { .. })));
}

#[test]
fn text_is_not_a_network() {
    assert!(matches!(
        load(b"<!DOCTYPE html><html></html>"),
        Err(LoadError::NotOnnx { .. })
    ));
}

#[test]
fn a_weight_that_is_not_a_number_is_refused_by_name() {
    let mut bytes = detector();
    // Biases are stored as raw f32: the first that stands after a known name.
    let name = b"bbox_head.multi_level_cls.0.conv1.bias";
    let at = bytes
        .windows(name.len())
        .rposition(|window| window == name)
        .expect("it is there");
    let raw = at + name.len() + 2;
    bytes[raw..raw + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    match load(&bytes) {
        Err(LoadError::Tensor { name: named, .. }) => {
            assert_eq!(named.as_bytes(), name);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_truncated_file_is_refused_wherever_it_ends() {
    let bytes = detector();
    for end in (0..bytes.len()).step_by(997) {
        assert!(load(&bytes[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn sizes_that_do_not_suit_are_refused() {
    let model = load(&detector()).expect("the file is good");
    for (width, height) in [
        (0, 32),
        (40, 32),
        (16, 16),
        (1 << 20, 1 << 20),
        (usize::MAX, 2),
    ] {
        let planned = Network::plan(&model, Size { width, height }, 1);
        assert!(
            matches!(planned, Err(PlanError::InputSize { .. })),
            "{width}x{height}"
        );
    }
}

#[test]
fn a_picture_of_another_size_is_refused() {
    let model = load(&detector()).expect("the file is good");
    let mut network = Network::plan(
        &model,
        Size {
            width: 64,
            height: 32,
        },
        1,
    )
    .expect("the size suits");
    assert_eq!(
        network.run(&[0; 12]),
        Err(RunError::WrongInputLength {
            expected: 64 * 32 * 3,
            got: 12
        })
    );
    assert!(network.output("no such output").is_none());
}

#[test]
fn threads_change_no_bit_of_the_outputs() {
    let model = load(&detector()).expect("the file is good");
    let size = Size {
        width: 160,
        height: 128,
    };
    let pixels: Vec<u8> = (0..160 * 128 * 3).map(|i| (i * 7 % 251) as u8).collect();
    let outputs = |threads| {
        let mut network = Network::plan(&model, size, threads).expect("the size suits");
        network.run(&pixels).expect("the picture has the size");
        let bits = |name| {
            network
                .output(name)
                .unwrap()
                .iter()
                .map(|value| value.to_bits())
                .collect::<Vec<_>>()
        };
        model.output_names().map(bits).collect::<Vec<_>>()
    };
    let alone = outputs(1);
    for threads in [2, 3, 5] {
        assert_eq!(alone, outputs(threads), "{threads} threads");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn flipped_bytes_never_panic(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut bytes = detector();
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Ok(model) = load(&bytes) {
            let _ = Network::plan(&model, Size { width: 32, height: 32 }, 1);
        }
    }
}
