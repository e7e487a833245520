//! TensorFlow.js graph models against their plain meaning in f64, and files that are none.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

use countenance_net::{
    Isa, LoadError, Model, Net, Network, Options, PlanError, Precision, Size, TfjsFiles,
};
use proptest::prelude::*;
use std::fmt::Write as _;

/// The smallest network with every operator that is read: two convolutions over a picture's pixels, a way around
/// them with more channels at its end, and two outputs, one with a sigmoid.
struct Tiny {
    nodes: String,
    manifest: String,
    weights: Vec<u8>,
    constants: Vec<(&'static str, Vec<usize>, Vec<f32>)>,
}

const CHANNELS: usize = 16;
const WIDE: usize = 32;
const VALUES: usize = 5;

impl Tiny {
    fn new() -> Self {
        let mut seed = 88172645463325252u64;
        // Values that a half holds exactly: sixteenths in -1..=1.
        let mut value = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            ((seed >> 33) % 33) as f32 / 16.0 - 1.0
        };
        let shapes: [(&'static str, Vec<usize>); 15] = [
            ("w1", vec![3, 3, 3, CHANNELS]),
            ("b1", vec![CHANNELS]),
            ("a1", vec![1, 1, CHANNELS]),
            ("d1", vec![3, 3, CHANNELS, 1]),
            ("w2", vec![1, 1, CHANNELS, CHANNELS]),
            ("b2", vec![CHANNELS]),
            ("a2", vec![1, 1, CHANNELS]),
            ("d2", vec![3, 3, CHANNELS, 1]),
            ("w3", vec![1, 1, CHANNELS, WIDE]),
            ("b3", vec![WIDE]),
            ("a3", vec![1, 1, WIDE]),
            ("w4", vec![2, 2, WIDE, VALUES]),
            ("b4", vec![VALUES]),
            ("w5", vec![2, 2, WIDE, 1]),
            ("b5", vec![1]),
        ];
        let constants = shapes
            .into_iter()
            .map(|(name, shape)| {
                let count = shape.iter().product();
                // Small, so that the sigmoid is not at its end.
                let small = if name.starts_with('w') { 0.25 } else { 1.0 };
                (name, shape, (0..count).map(|_| value() * small).collect())
            })
            .collect();
        let mut tiny = Self {
            nodes: NODES.to_owned(),
            manifest: String::new(),
            weights: Vec::new(),
            constants,
        };
        tiny.write();
        tiny
    }

    fn write(&mut self) {
        let mut manifest = Vec::new();
        self.weights.clear();
        for (name, shape, values) in &self.constants {
            manifest.push(format!(
                r#"{{"name":"{name}","shape":{shape:?},"dtype":"float32","quantization":{{"dtype":"float16"}}}}"#
            ));
            for value in values {
                self.weights.extend(half(*value).to_le_bytes());
            }
        }
        for (name, shape, values) in [
            (
                "pad",
                "[4,2]",
                vec![0, 0, 0, 0, 0, 0, 0, (WIDE - CHANNELS) as i32],
            ),
            ("s4", "[2]", vec![-1, VALUES as i32]),
            ("s5", "[2]", vec![-1, 1]),
        ] {
            manifest.push(format!(
                r#"{{"name":"{name}","shape":{shape},"dtype":"int32"}}"#
            ));
            for value in values {
                self.weights.extend(value.to_le_bytes());
            }
        }
        self.manifest = manifest.join(",");
    }

    fn topology(&self) -> String {
        let mut constants = String::new();
        for name in self
            .constants
            .iter()
            .map(|(name, ..)| *name)
            .chain(["pad", "s4", "s5"])
        {
            write!(constants, r#"{{"name":"{name}","op":"Const"}},"#).unwrap();
        }
        format!(
            r#"{{"format":"graph-model","signature":{{"outputs":{{"points":{{"name":"points:0"}},"sure":{{"name":"sure:0"}},"lost":{{"name":"nowhere:0"}}}}}},"modelTopology":{{"node":[{constants}{}]}},"weightsManifest":[{{"weights":[{}]}}]}}"#,
            self.nodes, self.manifest
        )
    }

    fn load(&self, isa: Isa) -> Result<Model, LoadError> {
        self.load_outputs(isa, &["points", "sure"])
    }

    fn load_outputs(&self, isa: Isa, outputs: &[&str]) -> Result<Model, LoadError> {
        let topology = self.topology();
        let files = TfjsFiles {
            topology: topology.as_bytes(),
            weights: &self.weights,
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

    fn constant(&self, name: &str) -> &[f32] {
        let found = self.constants.iter().find(|(other, ..)| *other == name);
        &found.expect("the constant exists").2
    }

    /// What TensorFlow's texts say of these nodes, in f64.
    fn meaning(&self, pixels: &[u8], size: Size) -> (Vec<f64>, f64) {
        let picture = Map {
            height: size.height,
            width: size.width,
            channels: 3,
            values: pixels.iter().map(|byte| f64::from(*byte) / 255.0).collect(),
        };
        let (w, b) = (|n: &str| self.constant(n), |n: &str| self.constant(n));
        let first = picture.convolve(w("w1"), 3, CHANNELS, 2).plus_bias(b("b1"));
        let first = first.prelu(self.constant("a1"));
        let way = first
            .depthwise(w("d1"), 1)
            .convolve(w("w2"), 1, CHANNELS, 1);
        let sum = first
            .add(&way.plus_bias(b("b2")), CHANNELS)
            .prelu(self.constant("a2"));
        let pooled = sum.max_pool();
        let way = sum.depthwise(w("d2"), 2).convolve(w("w3"), 1, WIDE, 1);
        let end = pooled
            .add(&way.plus_bias(b("b3")), WIDE)
            .prelu(self.constant("a3"));
        let points = end.whole(w("w4"), b("b4"), VALUES);
        let sure = end.whole(w("w5"), b("b5"), 1)[0];
        (points, 1.0 / (1.0 + (-sure).exp()))
    }
}

/// The nodes but for the constants. In base64: `SAME`, `VALID`, `NHWC`, `BiasAdd`, `Prelu`.
const NODES: &str = r#"
{"name":"in","op":"Placeholder"},
{"name":"c1","op":"_FusedConv2D","input":["in","w1","b1","a1"],"attr":{"padding":{"s":"U0FNRQ=="},"data_format":{"s":"TkhXQw=="},"strides":{"list":{"i":["1","2","2","1"]}},"dilations":{"list":{"i":[1,1,1,1]}},"fused_ops":{"list":{"s":["Qmlhc0FkZA==","UHJlbHU="]}}}},
{"name":"e1","op":"DepthwiseConv2dNative","input":["c1","d1"],"attr":{"padding":{"s":"U0FNRQ=="},"data_format":{"s":"TkhXQw=="},"strides":{"list":{"i":["1","1","1","1"]}}}},
{"name":"c2","op":"_FusedConv2D","input":["e1","w2","b2"],"attr":{"padding":{"s":"VkFMSUQ="},"data_format":{"s":"TkhXQw=="},"strides":{"list":{"i":["1","1","1","1"]}},"fused_ops":{"list":{"s":["Qmlhc0FkZA=="]}}}},
{"name":"m1","op":"AddV2","input":["c1","c2"]},
{"name":"p1","op":"Prelu","input":["m1","a2"]},
{"name":"pool","op":"MaxPool","input":["p1"],"attr":{"padding":{"s":"VkFMSUQ="},"ksize":{"list":{"i":["1","2","2","1"]}},"strides":{"list":{"i":["1","2","2","1"]}}}},
{"name":"more","op":"Pad","input":["pool","pad"]},
{"name":"e2","op":"DepthwiseConv2dNative","input":["p1","d2"],"attr":{"padding":{"s":"U0FNRQ=="},"data_format":{"s":"TkhXQw=="},"strides":{"list":{"i":["1","2","2","1"]}}}},
{"name":"c3","op":"_FusedConv2D","input":["e2","w3","b3"],"attr":{"padding":{"s":"VkFMSUQ="},"data_format":{"s":"TkhXQw=="},"strides":{"list":{"i":["1","1","1","1"]}},"fused_ops":{"list":{"s":["Qmlhc0FkZA=="]}}}},
{"name":"m2","op":"AddV2","input":["more","c3"]},
{"name":"p2","op":"Prelu","input":["m2","a3"]},
{"name":"v4","op":"_FusedConv2D","input":["p2","w4","b4"],"attr":{"padding":{"s":"VkFMSUQ="},"data_format":{"s":"TkhXQw=="},"strides":{"list":{"i":["1","2","2","1"]}},"fused_ops":{"list":{"s":["Qmlhc0FkZA=="]}}}},
{"name":"r4","op":"Reshape","input":["v4","s4"]},
{"name":"points","op":"Identity","input":["r4"]},
{"name":"v5","op":"_FusedConv2D","input":["p2","w5","b5"],"attr":{"padding":{"s":"VkFMSUQ="},"data_format":{"s":"TkhXQw=="},"strides":{"list":{"i":["1","2","2","1"]}},"fused_ops":{"list":{"s":["Qmlhc0FkZA=="]}}}},
{"name":"sig","op":"Sigmoid","input":["v5"]},
{"name":"r5","op":"Reshape","input":["sig","s5"]},
{"name":"sure","op":"Identity","input":["r5:0"]},
{"name":"odd","op":"Erf","input":["r5"]},
{"name":"nowhere","op":"Identity","input":["odd"]}"#;

/// A half of a value that one holds exactly.
fn half(value: f32) -> u16 {
    let bits = value.to_bits();
    if value == 0.0 {
        return 0;
    }
    let exponent = (bits >> 23 & 0xff) as i32 - 112;
    assert!(
        (1..31).contains(&exponent) && bits & 0x1fff == 0,
        "{value} is no half"
    );
    (bits >> 16 & 0x8000) as u16 | (exponent as u16) << 10 | (bits >> 13 & 0x3ff) as u16
}

/// Row, column, channel.
#[derive(Clone)]
struct Map {
    height: usize,
    width: usize,
    channels: usize,
    values: Vec<f64>,
}

impl Map {
    fn at(&self, y: isize, x: isize, c: usize) -> f64 {
        if y < 0 || x < 0 || y >= self.height as isize || x >= self.width as isize {
            return 0.0;
        }
        self.values[(y as usize * self.width + x as usize) * self.channels + c]
    }

    /// SAME: `ceil(size / step)` windows, `(windows - 1) * step + side - size` zeros, the smaller half before.
    fn windows(
        &self,
        side: usize,
        step: usize,
        channels: usize,
        value: impl Fn(&dyn Fn(usize, usize, usize) -> f64, usize) -> f64,
    ) -> Self {
        let (height, width) = (self.height.div_ceil(step), self.width.div_ceil(step));
        let before = |count: usize, size: usize| {
            (((count - 1) * step + side).saturating_sub(size) / 2) as isize
        };
        let (top, left) = (before(height, self.height), before(width, self.width));
        let mut values = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let seen = |ky: usize, kx: usize, c: usize| {
                    self.at(
                        (y * step + ky) as isize - top,
                        (x * step + kx) as isize - left,
                        c,
                    )
                };
                values.extend((0..channels).map(|channel| value(&seen, channel)));
            }
        }
        Self {
            height,
            width,
            channels,
            values,
        }
    }

    fn convolve(&self, weights: &[f32], side: usize, outputs: usize, step: usize) -> Self {
        self.windows(side, step, outputs, |seen, output| {
            let mut sum = 0.0;
            for ky in 0..side {
                for kx in 0..side {
                    for c in 0..self.channels {
                        let at = ((ky * side + kx) * self.channels + c) * outputs + output;
                        sum += seen(ky, kx, c) * f64::from(weights[at]);
                    }
                }
            }
            sum
        })
    }

    fn depthwise(&self, weights: &[f32], step: usize) -> Self {
        self.windows(3, step, self.channels, |seen, c| {
            (0..9)
                .map(|k| seen(k / 3, k % 3, c) * f64::from(weights[k * self.channels + c]))
                .sum()
        })
    }

    fn each(mut self, change: impl Fn(f64, usize) -> f64) -> Self {
        let channels = self.channels;
        for (i, value) in self.values.iter_mut().enumerate() {
            *value = change(*value, i % channels);
        }
        self
    }

    fn plus_bias(self, bias: &[f32]) -> Self {
        self.each(|value, c| value + f64::from(bias[c]))
    }

    fn prelu(self, slopes: &[f32]) -> Self {
        self.each(|value, c| {
            if value > 0.0 {
                value
            } else {
                value * f64::from(slopes[c])
            }
        })
    }

    fn add(&self, other: &Self, channels: usize) -> Self {
        other
            .clone()
            .each(|value, _| value)
            .zip_with(self, channels)
    }

    fn zip_with(mut self, fewer: &Self, channels: usize) -> Self {
        assert_eq!((self.height, self.width), (fewer.height, fewer.width));
        for (i, value) in self.values.iter_mut().enumerate() {
            let (pixel, c) = (i / channels, i % channels);
            if c < fewer.channels {
                *value += fewer.values[pixel * fewer.channels + c];
            }
        }
        self
    }

    fn max_pool(&self) -> Self {
        let (height, width) = (self.height / 2, self.width / 2);
        let mut values = Vec::new();
        for y in 0..height as isize {
            for x in 0..width as isize {
                for c in 0..self.channels {
                    let four = [(0, 0), (0, 1), (1, 0), (1, 1)];
                    let four = four.map(|(dy, dx)| self.at(2 * y + dy, 2 * x + dx, c));
                    values.push(four.into_iter().fold(f64::MIN, f64::max));
                }
            }
        }
        Self {
            height,
            width,
            channels: self.channels,
            values,
        }
    }

    /// A window over the whole map.
    fn whole(&self, weights: &[f32], bias: &[f32], outputs: usize) -> Vec<f64> {
        let of_output = |output: usize| -> f64 {
            let products = self.values.iter().enumerate();
            products
                .map(|(k, value)| value * f64::from(weights[k * outputs + output]))
                .sum()
        };
        (0..outputs)
            .map(|o| of_output(o) + f64::from(bias[o]))
            .collect()
    }
}

fn pixels(size: Size, mut seed: u64) -> Vec<u8> {
    (0..size.width * size.height * 3)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 56) as u8
        })
        .collect()
}

const EIGHT: Size = Size {
    width: 8,
    height: 8,
};

#[test]
fn every_operator_means_what_its_text_says_on_every_level() {
    let tiny = Tiny::new();
    for isa in Isa::available() {
        let model = tiny.load(isa).expect("the files are good");
        let mut network = Network::plan(&model, EIGHT, 1).expect("the size suits");
        for seed in 0..20 {
            let picture = pixels(EIGHT, seed);
            network.run(&picture).expect("the picture has the size");
            let (points, sure) = tiny.meaning(&picture, EIGHT);
            let got = network.output("points").expect("the output exists");
            assert_eq!(got.len(), VALUES);
            for (got, expected) in got.iter().zip(&points) {
                let off = (f64::from(*got) - expected).abs();
                // Some 3000 terms below 10 in f32.
                assert!(off < 1e-3, "{isa}: {got} {expected}");
            }
            let got = network.output("sure").expect("the output exists");
            assert!(
                (f64::from(got[0]) - sure).abs() < 1e-4,
                "{isa}: {got:?} {sure}"
            );
        }
    }
}

#[test]
fn what_only_an_output_that_is_not_wanted_needs_is_not_read() {
    let tiny = Tiny::new();
    // Positive control: that output needs an operator that nobody here knows.
    let error = tiny.load_outputs(Isa::Scalar, &["lost"]).unwrap_err();
    assert!(
        matches!(error, LoadError::Node { ref op, .. } if op == "Erf"),
        "{error}"
    );
    let model = tiny
        .load_outputs(Isa::Scalar, &["sure"])
        .expect("the files are good");
    assert_eq!(model.output_names().collect::<Vec<_>>(), ["sure"]);
    let error = tiny.load_outputs(Isa::Scalar, &["nothing"]).unwrap_err();
    assert!(error.to_string().contains("signature"), "{error}");
}

#[test]
fn a_size_that_the_last_layer_was_not_trained_for_is_refused() {
    let model = Tiny::new().load(Isa::Scalar).expect("the files are good");
    for (width, height) in [(12, 12), (16, 8), (9, 8), (1, 1), (0, 8)] {
        let planned = Network::plan(&model, Size { width, height }, 1);
        assert!(
            matches!(planned, Err(PlanError::InputSize { .. })),
            "{width}x{height}"
        );
    }
}

#[test]
fn each_way_of_meaning_something_else_is_refused_by_name() {
    for (from, to, word) in [
        (
            r#""p2","w4","b4""#,
            r#""p2","w3","b4""#,
            "one value per channel",
        ),
        (
            r#""i":["1","2","2","1"]}},"dilations""#,
            r#""i":["1","3","3","1"]}},"dilations""#,
            "3x3",
        ),
        (r#""i":[1,1,1,1]"#, r#""i":[1,2,2,1]"#, "dilations"),
        ("TkhXQw==", "TkNIVw==", "layout"),
        ("UHJlbHU=", "UmVsdQ==", "fused"),
        (
            r#""input":["more","c3"]"#,
            r#""input":["pool","c3"]"#,
            "same channels",
        ),
        (
            r#""input":["m1","a2"]"#,
            r#""input":["m1","a3"]"#,
            "one value per channel",
        ),
        (
            r#""input":["in","w1""#,
            r#""input":["c1","w1""#,
            "does not exist",
        ),
        (r#""op":"Sigmoid""#, r#""op":"Softmax""#, "do not use"),
        (r#""name":"e2""#, r#""name":"e1""#, "twice"),
    ] {
        let mut tiny = Tiny::new();
        assert!(tiny.nodes.contains(from), "{from}");
        tiny.nodes = tiny.nodes.replacen(from, to, 1);
        let error = tiny.load(Isa::Scalar).expect_err(word);
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn weights_that_are_not_as_long_as_they_should_be_or_not_finite_are_refused() {
    let mut tiny = Tiny::new();
    tiny.weights.push(0);
    assert!(matches!(
        tiny.load(Isa::Scalar),
        Err(LoadError::Graph { .. })
    ));
    tiny.weights.truncate(tiny.weights.len() - 2);
    assert!(matches!(
        tiny.load(Isa::Scalar),
        Err(LoadError::Tensor { .. })
    ));
    let mut tiny = Tiny::new();
    // The first value of the first constant: an infinite half.
    tiny.weights[..2].copy_from_slice(&0x7c00u16.to_le_bytes());
    match tiny.load(Isa::Scalar) {
        Err(LoadError::Tensor { name, .. }) => assert_eq!(name, "w1"),
        other => panic!("{other:?}"),
    }
    let mut tiny = Tiny::new();
    tiny.manifest = tiny
        .manifest
        .replacen("[3, 3, 3, 16]", "[4294967296, 4294967296, 3, 16]", 1);
    assert!(matches!(
        tiny.load(Isa::Scalar),
        Err(LoadError::Tensor { .. })
    ));
}

#[test]
fn text_that_is_no_graph_model_is_refused() {
    for text in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"format":"layers-model"}"#,
        "<html>",
    ] {
        let files = TfjsFiles {
            topology: text.as_bytes(),
            weights: &[],
            outputs: &[],
            scale: 1.0,
        };
        let read = Model::from_tfjs(&files, &Options::default());
        assert!(matches!(read, Err(LoadError::NotTfjs { .. })), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn a_file_with_any_bytes_changed_is_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        end in any::<prop::sample::Index>(),
    ) {
        let tiny = Tiny::new();
        let mut topology = tiny.topology().into_bytes();
        for (at, byte) in changes {
            let at = at.index(topology.len());
            topology[at] = byte;
        }
        let weights = &tiny.weights[..=end.index(tiny.weights.len())];
        for weights in [weights, &tiny.weights] {
            let files = TfjsFiles { topology: &topology, weights, outputs: &["points", "sure"], scale: 1.0 };
            if let Ok(model) = Model::from_tfjs(&files, &Options::default()) {
                let _ = Network::plan(&model, EIGHT, 1);
            }
        }
    }
}
