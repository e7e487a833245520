//! The pinned face mesh against TensorFlow.js: `facemesh.mjs` beside this file made the numbers.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

use countenance_models::{Manifest, Store};
use countenance_net::{
    ColorOrder, Isa, LoadError, Model, Net, Network, Options, Precision, Size, TfjsFiles,
};
use std::path::Path;

const SIZE: Size = Size {
    width: 192,
    height: 192,
};

/// How sure it is of the sample's face, and twenty of its points.
const PRESENCE: f32 = 0.590_240;
const POINTS: [(usize, [f32; 3]); 20] = [
    (0, [95.573, 128.911, -0.642]),
    (1, [96.829, 116.776, -15.922]),
    (4, [97.361, 112.423, -18.392]),
    (10, [102.829, 38.018, -27.317]),
    (13, [94.840, 132.476, 4.098]),
    (14, [94.613, 135.178, 7.905]),
    (33, [70.693, 73.347, -6.332]),
    (61, [79.083, 130.533, 11.229]),
    (133, [88.911, 75.633, -7.885]),
    (152, [89.513, 158.197, 25.775]),
    (159, [78.096, 72.819, -11.249]),
    (145, [80.369, 77.545, -8.459]),
    (234, [52.462, 72.228, 24.942]),
    (263, [125.221, 72.918, -2.207]),
    (291, [109.895, 130.169, 13.024]),
    (362, [108.724, 75.234, -5.978]),
    (386, [119.157, 72.341, -8.263]),
    (374, [115.845, 76.819, -5.475]),
    (454, [134.970, 74.971, 31.510]),
    (467, [126.934, 70.253, -4.008]),
];
/// The sum of all 1404 values.
const SUM: f64 = 92218.34;

/// Largest difference allowed, in pixels: half a unit of the last digit above, and 1.1e-4 that the orders of sums
/// made (largest of all 1404 values on scalar and AVX2, 2026-11-26).
const TOLERANCE: f32 = 7e-4;

fn store() -> Store {
    Store::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/store"))
}

fn files() -> [Vec<u8>; 2] {
    let manifest = Manifest::shipped().expect("the shipped manifest parses");
    let model = manifest
        .model("facemesh-192")
        .expect("the model is in the manifest");
    let data = model.data_file().expect("its weights are apart");
    [model.file(), data].map(|file| store().read(file).expect("run `cargo xtask models` first"))
}

/// A square of a sample photo, shrunk by picking pixels.
fn crop() -> Vec<u8> {
    let manifest = Manifest::shipped().expect("the shipped manifest parses");
    let sample = manifest
        .sample("obama.jpg")
        .expect("the sample is in the manifest");
    let bytes = store()
        .read(sample.file())
        .expect("run `cargo xtask models` first");
    let mut decoder = zune_jpeg::JpegDecoder::new(std::io::Cursor::new(bytes));
    let pixels = decoder.decode().expect("the sample decodes");
    let (width, _) = decoder.dimensions().expect("the sample has a size");
    let (left, top, side) = (160, 80, 620);
    let mut crop = Vec::with_capacity(SIZE.width * SIZE.height * 3);
    for y in 0..SIZE.height {
        for x in 0..SIZE.width {
            let (x, y) = (left + x * side / SIZE.width, top + y * side / SIZE.height);
            let at = (y * width + x) * 3;
            crop.extend_from_slice(&pixels[at..at + 3]);
        }
    }
    crop
}

fn read(isa: Isa, outputs: &[&str]) -> Result<Model, LoadError> {
    let [topology, weights] = files();
    let files = TfjsFiles {
        topology: &topology,
        weights: &weights,
        outputs,
        scale: 1.0 / 255.0,
    };
    let options = Options {
        isa,
        precision: Precision::F32,
        threads: 1,
    };
    Model::from_tfjs(&files, &options)
}

#[test]
fn points_are_those_of_tensorflow_on_every_level_and_any_number_of_threads() {
    let crop = crop();
    for isa in Isa::available() {
        let model = read(isa, &["output_mesh", "output_faceflag"]).expect("the files are good");
        for threads in [1, 3] {
            let mut network = Network::plan(&model, SIZE, threads).expect("the size suits");
            network.run(&crop).expect("the picture has the size");
            let presence = network
                .output("output_faceflag")
                .expect("the output exists");
            assert!((presence[0] - PRESENCE).abs() < 1e-5, "{isa}: {presence:?}");
            let points = network.output("output_mesh").expect("the output exists");
            assert_eq!(points.len(), 3 * 468);
            for (number, expected) in POINTS {
                for (got, expected) in points[3 * number..].iter().zip(expected) {
                    let off = (got - expected).abs();
                    assert!(off <= TOLERANCE, "{isa}, point {number}: {got} {expected}");
                }
            }
            let sum: f64 = points.iter().map(|value| f64::from(*value)).sum();
            assert!((sum - SUM).abs() < 0.1, "{isa}: {sum}");
        }
    }
}

#[test]
fn an_output_that_is_not_wanted_costs_nothing() {
    let few = read(Isa::Scalar, &["output_mesh"]).expect("the files are good");
    let all = read(
        Isa::Scalar,
        &["output_mesh", "output_faceflag", "output_contours"],
    )
    .expect("the files are good");
    assert!(few.weight_bytes() + 100_000 < all.weight_bytes());
}

#[test]
fn each_format_refuses_the_others_files() {
    let [topology, weights] = files();
    for bytes in [&topology, &weights] {
        assert!(Model::from_onnx(bytes, ColorOrder::Rgb, &Options::default(), None).is_err());
    }
    let swapped = TfjsFiles {
        topology: &weights,
        weights: &topology,
        outputs: &[],
        scale: 1.0,
    };
    assert!(Model::from_tfjs(&swapped, &Options::default()).is_err());
}

#[test]
#[ignore = "writes the crop for facemesh.mjs"]
fn write_the_crop() {
    let path = std::env::var("COUNTENANCE_CROP").expect("COUNTENANCE_CROP names a file");
    std::fs::write(path, crop()).expect("the file can be written");
}
