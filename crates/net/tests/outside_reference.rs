//! Both pinned networks against a published engine that shares no code with this one.
//!
//! That engine does not read block-quantised weights, so the test unfolds them itself, as
//! the ONNX operator text says, and hands it a plain f32 file.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

use countenance_models::{Manifest, Store};
use countenance_net::{ColorOrder, Isa, Model, Net, Network, Options, Precision, Size};
use prost::Message;
use rten_tensor::prelude::*;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The ONNX messages, whole enough to be written again.
mod onnx {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(crate) struct Model {
        #[prost(int64, tag = "1")]
        pub(crate) ir_version: i64,
        #[prost(message, optional, tag = "7")]
        pub(crate) graph: Option<Graph>,
        #[prost(message, repeated, tag = "8")]
        pub(crate) opset_import: Vec<Opset>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(crate) struct Opset {
        #[prost(string, tag = "1")]
        pub(crate) domain: String,
        #[prost(int64, tag = "2")]
        pub(crate) version: i64,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(crate) struct Graph {
        #[prost(message, repeated, tag = "1")]
        pub(crate) node: Vec<Node>,
        #[prost(string, tag = "2")]
        pub(crate) name: String,
        #[prost(message, repeated, tag = "5")]
        pub(crate) initializer: Vec<Tensor>,
        #[prost(message, repeated, tag = "11")]
        pub(crate) input: Vec<ValueInfo>,
        #[prost(message, repeated, tag = "12")]
        pub(crate) output: Vec<ValueInfo>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(crate) struct Node {
        #[prost(string, repeated, tag = "1")]
        pub(crate) input: Vec<String>,
        #[prost(string, repeated, tag = "2")]
        pub(crate) output: Vec<String>,
        #[prost(string, tag = "3")]
        pub(crate) name: String,
        #[prost(string, tag = "4")]
        pub(crate) op_type: String,
        #[prost(message, repeated, tag = "5")]
        pub(crate) attribute: Vec<Attribute>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(crate) struct Attribute {
        #[prost(string, tag = "1")]
        pub(crate) name: String,
        #[prost(float, optional, tag = "2")]
        pub(crate) f: Option<f32>,
        #[prost(int64, optional, tag = "3")]
        pub(crate) i: Option<i64>,
        #[prost(bytes = "vec", optional, tag = "4")]
        pub(crate) s: Option<Vec<u8>>,
        #[prost(message, optional, tag = "5")]
        pub(crate) t: Option<Tensor>,
        #[prost(int64, repeated, packed = "false", tag = "8")]
        pub(crate) ints: Vec<i64>,
        #[prost(int32, tag = "20")]
        pub(crate) kind: i32,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(crate) struct Tensor {
        #[prost(int64, repeated, packed = "false", tag = "1")]
        pub(crate) dims: Vec<i64>,
        #[prost(int32, tag = "2")]
        pub(crate) data_type: i32,
        #[prost(float, repeated, tag = "4")]
        pub(crate) float_data: Vec<f32>,
        #[prost(int32, repeated, tag = "5")]
        pub(crate) int32_data: Vec<i32>,
        #[prost(int64, repeated, tag = "7")]
        pub(crate) int64_data: Vec<i64>,
        #[prost(string, tag = "8")]
        pub(crate) name: String,
        #[prost(bytes = "vec", tag = "9")]
        pub(crate) raw_data: Vec<u8>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(crate) struct ValueInfo {
        #[prost(string, tag = "1")]
        pub(crate) name: String,
    }
}

fn weights(id: &str) -> Vec<u8> {
    let manifest = Manifest::shipped().expect("the shipped manifest parses");
    let model = manifest.model(id).expect("the model is in the manifest");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/store");
    Store::new(folder)
        .read(model.file())
        .expect("run `cargo xtask models` first")
}

fn numbers(tensor: &onnx::Tensor) -> Vec<f32> {
    match tensor.data_type {
        1 if tensor.raw_data.is_empty() => tensor.float_data.clone(),
        1 => tensor
            .raw_data
            .as_chunks()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect(),
        3 if tensor.raw_data.is_empty() => tensor
            .int32_data
            .iter()
            .map(|value| *value as f32)
            .collect(),
        3 => tensor
            .raw_data
            .iter()
            .map(|byte| f32::from(byte.cast_signed()))
            .collect(),
        7 if tensor.raw_data.is_empty() => tensor
            .int64_data
            .iter()
            .map(|value| *value as f32)
            .collect(),
        7 => tensor
            .raw_data
            .as_chunks()
            .0
            .iter()
            .map(|b| i64::from_le_bytes(*b) as f32)
            .collect(),
        other => panic!("element type {other}"),
    }
}

/// The file with quantised weights replaced by the f32 they stand for.
fn unfolded(bytes: &[u8]) -> Vec<u8> {
    let mut model = onnx::Model::decode(bytes).expect("it is an ONNX file");
    let graph = model.graph.as_mut().expect("it has a graph");
    let mut known: HashMap<String, onnx::Tensor> = graph
        .initializer
        .drain(..)
        .map(|tensor| (tensor.name.clone(), tensor))
        .collect();
    let mut nodes = Vec::new();
    for node in graph.node.drain(..) {
        let name = node.output[0].clone();
        if node.op_type == "DequantizeLinear" {
            let quantised = &known[&node.input[0]];
            let int = |name: &str| {
                node.attribute
                    .iter()
                    .find(|a| a.name == name)
                    .and_then(|a| a.i)
                    .unwrap_or(0)
            };
            let (axis, block) = (int("axis") as usize, int("block_size") as usize);
            let (q, scale, zero) = (
                numbers(quantised),
                numbers(&known[&node.input[1]]),
                numbers(&known[&node.input[2]]),
            );
            let dims: Vec<usize> = quantised.dims.iter().map(|dim| *dim as usize).collect();
            assert_eq!(
                axis + 1,
                dims.len(),
                "the pinned files quantise along the last axis"
            );
            let row = dims[axis];
            let blocks = row.div_ceil(block);
            let values: Vec<u8> = q
                .iter()
                .enumerate()
                .flat_map(|(i, q)| {
                    let at = (i / row) * blocks + (i % row) / block;
                    ((q - zero[at]) * scale[at]).to_le_bytes()
                })
                .collect();
            let dims = quantised.dims.clone();
            let tensor = onnx::Tensor {
                dims,
                data_type: 1,
                raw_data: values,
                name: name.clone(),
                ..Default::default()
            };
            known.insert(name, tensor);
        } else if node.op_type == "Reshape" && known.contains_key(&node.input[0]) {
            let shape = numbers(&known[&node.input[1]]);
            let mut tensor = known[&node.input[0]].clone();
            tensor.name.clone_from(&name);
            tensor.dims = shape.iter().map(|dim| *dim as i64).collect();
            known.insert(name, tensor);
        } else {
            // Some operators have the name of a value, which the reference takes for it.
            let name = format!("operator {}", nodes.len());
            nodes.push(onnx::Node { name, ..node });
        }
    }
    let used: HashSet<&String> = nodes.iter().flat_map(|node| &node.input).collect();
    graph
        .input
        .retain(|input| used.contains(&input.name) && !known.contains_key(&input.name));
    graph.initializer = known
        .into_values()
        .filter(|tensor| used.contains(&tensor.name))
        .collect();
    graph.node = nodes;
    model.encode_to_vec()
}

/// What the published engine makes of a picture; `bgr` as the network wants its colours.
struct Reference(rten::Model);

impl Reference {
    fn new(bytes: &[u8]) -> Self {
        Self(rten::Model::load(unfolded(bytes)).expect("the reference reads the plain file"))
    }

    fn run(&self, pixels: &[u8], size: Size, bgr: bool, outputs: &[&str]) -> Vec<Vec<f32>> {
        let Size { width, height } = size;
        let mut planes = vec![0.0f32; pixels.len()];
        for (i, pixel) in pixels.chunks_exact(3).enumerate() {
            for c in 0..3 {
                let from = if bgr { 2 - c } else { c };
                planes[c * width * height + i] = f32::from(pixel[from]);
            }
        }
        let input = rten_tensor::Tensor::from_data(&[1, 3, height, width], planes);
        // By output and not by node: an operator may have the name of its result.
        let named = |name: &str| {
            let of = |id: &rten::NodeId| self.0.node_info(*id).and_then(|node| node.name());
            *self
                .0
                .output_ids()
                .iter()
                .find(|id| of(id) == Some(name))
                .expect("the output exists")
        };
        let ids: Vec<_> = outputs.iter().map(|name| named(name)).collect();
        let inputs = vec![(self.0.input_ids()[0], input.into())];
        self.0
            .run(inputs, &ids, None)
            .expect("the reference runs")
            .into_iter()
            .map(|value| {
                let tensor: rten_tensor::Tensor<f32> = value.try_into().expect("outputs are f32");
                tensor.iter().copied().collect()
            })
            .collect()
    }
}

fn noise(size: Size, mut seed: u64) -> Vec<u8> {
    (0..size.width * size.height * 3)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 56) as u8
        })
        .collect()
}

/// A sample photo, shrunk to `size` by picking pixels.
fn photo(name: &str, size: Size) -> Vec<u8> {
    let manifest = Manifest::shipped().expect("the shipped manifest parses");
    let sample = manifest
        .sample(name)
        .expect("the sample is in the manifest");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/store");
    let bytes = Store::new(folder)
        .read(sample.file())
        .expect("run `cargo xtask models` first");
    let mut decoder = zune_jpeg::JpegDecoder::new(std::io::Cursor::new(bytes));
    let pixels = decoder.decode().expect("the sample decodes");
    let (width, height) = decoder.dimensions().expect("the sample has a size");
    assert_eq!(pixels.len(), width * height * 3);
    let mut shrunk = Vec::with_capacity(size.width * size.height * 3);
    for y in 0..size.height {
        for x in 0..size.width {
            let at = ((y * height / size.height) * width + x * width / size.width) * 3;
            shrunk.extend_from_slice(&pixels[at..at + 3]);
        }
    }
    shrunk
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum()
    };
    dot(a, b) / (dot(a, a).sqrt() * dot(b, b).sqrt())
}

fn plan(id: &str, order: ColorOrder, isa: Isa, precision: Precision, size: Size) -> Network {
    let options = Options {
        isa,
        precision,
        threads: 1,
    };
    let model = Model::from_onnx(&weights(id), order, &options, None).expect("the file is good");
    Network::plan(&model, size, 1).expect("the size suits")
}

#[test]
fn embeddings_agree_with_the_reference_on_noise_and_on_photos() {
    let size = Size {
        width: 112,
        height: 112,
    };
    let reference = Reference::new(&weights("sface-2021dec"));
    let pictures = [
        noise(size, 1),
        noise(size, 2),
        vec![0; 112 * 112 * 3],
        vec![255; 112 * 112 * 3],
        photo("obama.jpg", size),
        photo("biden.jpg", size),
    ];
    let expected: Vec<_> = pictures
        .iter()
        .map(|p| reference.run(p, size, false, &["fc1"]).remove(0))
        .collect();
    for isa in Isa::available() {
        let mut network = plan("sface-2021dec", ColorOrder::Rgb, isa, Precision::F32, size);
        for (picture, expected) in pictures.iter().zip(&expected) {
            network.run(picture).expect("the picture has the size");
            let got = network.output("fc1").expect("the output exists");
            let cosine = cosine(got, expected);
            assert!(cosine >= 0.999_99, "{isa}: {cosine}");
        }
    }
}

#[test]
fn detections_agree_with_the_reference_on_noise_and_on_photos() {
    let bytes = weights("yunet-2023mar");
    let reference = Reference::new(&bytes);
    for (size, seed) in [
        (
            Size {
                width: 320,
                height: 320,
            },
            3,
        ),
        (
            Size {
                width: 160,
                height: 96,
            },
            4,
        ),
        (
            Size {
                width: 32,
                height: 64,
            },
            5,
        ),
    ] {
        let pictures = [
            noise(size, seed),
            photo("obama.jpg", size),
            photo("obama2.jpg", size),
        ];
        for isa in Isa::available() {
            let mut network = plan("yunet-2023mar", ColorOrder::Bgr, isa, Precision::F32, size);
            for picture in &pictures {
                network.run(picture).expect("the picture has the size");
                for stride in [8usize, 16, 32] {
                    let names =
                        ["cls", "obj", "bbox", "kps"].map(|name| format!("{name}_{stride}"));
                    let names = names.each_ref().map(String::as_str);
                    let expected = reference.run(picture, size, true, &names);
                    let got = names.map(|name| network.output(name).expect("the output exists"));
                    for (got, expected) in got.iter().zip(&expected) {
                        assert_eq!(got.len(), expected.len());
                    }
                    for cell in 0..got[0].len() {
                        for k in 0..2 {
                            let difference = (got[k][cell] - expected[k][cell]).abs();
                            assert!(difference < 1e-4, "{isa} {} {difference}", names[k]);
                        }
                        // Boxes and points in pixels.
                        let side = stride as f32;
                        for k in 0..4 {
                            let pixels = |values: &[f32]| {
                                let value = values[cell * 4 + k];
                                if k < 2 {
                                    value * side
                                } else {
                                    value.exp() * side
                                }
                            };
                            let difference = (pixels(got[2]) - pixels(&expected[2])).abs();
                            assert!(difference < 0.1, "{isa} {size:?} box {difference} px");
                        }
                        for k in 0..10 {
                            let at = cell * 10 + k;
                            let difference = (got[3][at] - expected[3][at]).abs() * side;
                            assert!(difference < 0.1, "{isa} {size:?} point {difference} px");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn bf16_embeddings_stay_close_to_f32() {
    let size = Size {
        width: 112,
        height: 112,
    };
    if !Isa::Avx512Bf16.is_available() {
        eprintln!("SKIPPED: this machine has no bf16 instructions");
        return;
    }
    let mut reference = plan(
        "sface-2021dec",
        ColorOrder::Rgb,
        Isa::Scalar,
        Precision::F32,
        size,
    );
    let mut network = plan(
        "sface-2021dec",
        ColorOrder::Rgb,
        Isa::Avx512Bf16,
        Precision::Bf16,
        size,
    );
    for picture in [photo("obama.jpg", size), photo("biden.jpg", size)] {
        reference.run(&picture).expect("the picture has the size");
        network.run(&picture).expect("the picture has the size");
        let (a, b) = (
            reference.output("fc1").unwrap(),
            network.output("fc1").unwrap(),
        );
        assert!(cosine(a, b) > 0.9995, "{}", cosine(a, b));
    }
}

/// Lines are read by the published engine, but for depthwise convolutions, which are our own.
#[cfg(feature = "text")]
#[test]
fn a_line_is_read_as_the_reference_alone_reads_it() {
    use countenance_net::{LineNet as _, TextModel};
    let bytes = weights("ppocr-v4-rec");
    let reference = rten::Model::load(bytes.clone()).expect("the reference reads the file");
    let mut reader = TextModel::from_onnx(bytes.into(), 1).expect("the network loads");
    for width in [32, 104, 512, 1032] {
        let size = Size { width, height: 48 };
        let pixels: Vec<u8> = noise(size, width as u64);
        let steps = reader.read_line(&pixels, size).expect("it runs");
        let got: Vec<f32> = steps.iter().flatten().copied().collect();
        let mut planes = vec![0.0f32; pixels.len()];
        for (at, pixel) in pixels.chunks_exact(3).enumerate() {
            for c in 0..3 {
                planes[c * width * 48 + at] = f32::from(pixel[2 - c]) / 127.5 - 1.0;
            }
        }
        let input = rten_tensor::Tensor::from_data(&[1, 3, 48, width], planes);
        let expected = reference
            .run_one(input.into(), None)
            .expect("the reference runs");
        let expected: rten_tensor::Tensor<f32> = expected.try_into().expect("outputs are f32");
        let expected = expected.into_data();
        assert_eq!(got.len(), expected.len());
        let differences = got.iter().zip(&expected).map(|(a, b)| (a - b).abs());
        // Probabilities; both add up in f32, in another order.
        let most = differences.fold(0.0, f32::max);
        assert!(most < 2e-3, "{width}: {most}");
    }
}
