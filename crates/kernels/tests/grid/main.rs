//! Every kernel against its plain meaning in f64, on every instruction set of this machine.
//!
//! `COUNTENANCE_REQUIRE_ISA=avx2,avx512` turns a missing level into a failure, so that a
//! build machine cannot pass by skipping. Buffers end at a page that may not be touched
//! ([`guard`]), so that reading one element too far fails too.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod filters;
#[cfg(target_os = "linux")]
mod guard;
mod samples;
mod search;

use countenance_kernels::{
    Ahead, Arithmetic, BlockWeights, BlockWeightsLayer, Border, Buffer, Dense, DenseBlocks,
    Depthwise, DepthwiseWeights, DoubleAndAdd, Element, Isa, LANES, MaxPool, Plane, PlaneShape,
    Pointwise, PointwiseLayer, PointwiseWeights, Pooling, Quantization, Rgb, RgbWeights, Separable,
    Sum, Team, Windows, bf16_to_f32, f32_to_bf16,
};
use proptest::prelude::*;
use std::sync::Arc;

/// Relative error allowed per f32 term: half an ulp for the product and for the sum, and a
/// scalar build rounds both.
const PER_TERM: f64 = 1.2e-7;
/// Half the distance between neighbouring bf16 values, relative.
const BF16: f64 = 1.0 / 256.0;

/// Deterministic values in -1..=1 (xorshift; quality does not matter, spread does).
struct Values(u64);

impl Values {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 40) as f32 / (1u64 << 23) as f32) - 1.0
    }
    fn many(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }
}

fn levels() -> Vec<Isa> {
    let levels: Vec<Isa> = Isa::available().collect();
    if let Ok(required) = std::env::var("COUNTENANCE_REQUIRE_ISA") {
        for name in required.split(',').filter(|name| !name.is_empty()) {
            let isa: Isa = name.parse().expect("COUNTENANCE_REQUIRE_ISA names a level");
            assert!(
                levels.contains(&isa),
                "{isa} is required but this machine lacks it"
            );
        }
    }
    levels
}

/// The levels that the processor reports are all tested: none is silently left out.
#[test]
#[cfg(target_arch = "x86_64")]
fn no_level_that_the_processor_reports_is_skipped() {
    let levels = levels();
    assert!(levels.contains(&Isa::Scalar));
    assert_eq!(
        levels.contains(&Isa::Avx2),
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
    );
    assert_eq!(
        levels.contains(&Isa::Avx512Vnni),
        is_x86_feature_detected!("avx512vnni")
    );
    assert_eq!(
        levels.contains(&Isa::Avx512Bf16),
        is_x86_feature_detected!("avx512bf16")
    );
}

/// As above.
#[test]
#[cfg(target_arch = "aarch64")]
fn no_level_that_the_processor_reports_is_skipped() {
    let levels = levels();
    assert!(levels.contains(&Isa::Scalar) && levels.contains(&Isa::Neon));
    assert_eq!(
        levels.contains(&Isa::NeonDot),
        std::arch::is_aarch64_feature_detected!("dotprod")
    );
}

fn fill(shape: PlaneShape, element: Element, values: &mut Values) -> Plane {
    let mut plane = Plane::new(shape, element);
    for c in 0..shape.channels {
        for y in 0..shape.height {
            for x in 0..shape.width {
                plane.set(c, y, x, values.next());
            }
        }
    }
    plane
}

/// A value of the plane, zero outside it.
fn at(plane: &Plane, c: usize, y: isize, x: isize) -> f64 {
    let shape = plane.shape();
    if y < 0 || x < 0 || y >= shape.height as isize || x >= shape.width as isize {
        return 0.0;
    }
    f64::from(plane.get(c, y as usize, x as usize))
}

fn prelu(value: f64, slope: f32) -> f64 {
    if value > 0.0 {
        value
    } else {
        value * f64::from(slope)
    }
}

/// Zeros before the first pixel, as the operators' texts have them: ONNX names one on each side;
/// TensorFlow's SAME takes `(windows - 1) * step + 3 - size` in all and puts half of them, rounded
/// down, before.
fn before(windows: Windows, size: usize) -> isize {
    match windows.border {
        Border::Around => 1,
        Border::Same => {
            let count = size.div_ceil(windows.step);
            let all = ((count - 1) * windows.step + 3).saturating_sub(size);
            (all / 2) as isize
        }
    }
}

/// Every way in which windows lie.
fn windows() -> [Windows; 4] {
    [Border::Around, Border::Same]
        .map(|border| [1, 2].map(|step| Windows { step, border }))
        .concat()
        .try_into()
        .expect("there are four")
}

fn depthwise_meaning(
    plane: &Plane,
    weights: &[f32],
    bias: f32,
    slope: f32,
    windows: impl Into<Windows>,
    (c, y, x): (usize, usize, usize),
) -> f64 {
    let windows = windows.into();
    let (height, width) = (plane.shape().height, plane.shape().width);
    let mut sum = f64::from(bias);
    for ky in 0..3 {
        for kx in 0..3 {
            let row = (y * windows.step + ky) as isize - before(windows, height);
            let column = (x * windows.step + kx) as isize - before(windows, width);
            let value = at(plane, c, row, column);
            sum += value * f64::from(weights[c * 9 + ky * 3 + kx]);
        }
    }
    prelu(sum, slope)
}

fn border_is_zero(plane: &Plane) -> bool {
    // Reading through a window of the plane cannot reach the border, so compare with a
    // copy that only received the inner values.
    let shape = plane.shape();
    let mut copy = Plane::new(shape, plane.element());
    for c in 0..shape.channels {
        for y in 0..shape.height {
            for x in 0..shape.width {
                copy.set(c, y, x, plane.get(c, y, x));
            }
        }
    }
    copy.same_bits(plane)
}

#[derive(Debug)]
struct Shape {
    channels: usize,
    outputs: usize,
    height: usize,
    width: usize,
    stride: usize,
}

/// All small widths and heights, odd ones, and the real layers' in miniature.
fn shapes() -> Vec<Shape> {
    let mut shapes = Vec::new();
    for width in 1..=17 {
        shapes.push(Shape {
            channels: 16,
            outputs: 16,
            height: 3,
            width,
            stride: 1 + width % 2,
        });
    }
    for (channels, outputs) in [(16, 1), (32, 15), (32, 17), (48, 33), (64, 48), (16, 100)] {
        for (height, width) in [(1, 1), (2, 5), (7, 7), (14, 14), (5, 29)] {
            for stride in [1, 2] {
                shapes.push(Shape {
                    channels,
                    outputs,
                    height,
                    width,
                    stride,
                });
            }
        }
    }
    shapes.push(Shape {
        channels: 32,
        outputs: 64,
        height: 56,
        width: 112,
        stride: 1,
    });
    shapes.push(Shape {
        channels: 128,
        outputs: 128,
        height: 28,
        width: 28,
        stride: 2,
    });
    shapes.push(Shape {
        channels: 512,
        outputs: 64,
        height: 14,
        width: 14,
        stride: 1,
    });
    shapes
}

/// Weights that a level which multiplies bf16 rounds to themselves, so that one meaning
/// holds for all levels.
fn exact_in_bf16(mut weights: Vec<f32>) -> Vec<f32> {
    for weight in &mut weights {
        *weight = bf16_to_f32(f32_to_bf16(*weight));
    }
    weights
}

struct Parameters {
    depth: Vec<f32>,
    depth_bias: Vec<f32>,
    depth_slope: Vec<f32>,
    point: Vec<f32>,
    point_bias: Vec<f32>,
    point_slope: Vec<f32>,
}

impl Parameters {
    fn new(shape: &Shape, values: &mut Values) -> Self {
        Self {
            depth: exact_in_bf16(values.many(shape.channels * 9)),
            depth_bias: values.many(shape.channels),
            depth_slope: values.many(shape.channels),
            point: values.many(shape.channels * shape.outputs),
            point_bias: values.many(shape.outputs),
            point_slope: values.many(shape.outputs),
        }
    }

    fn layer<'a>(&'a self, shape: &Shape, q: Option<Quantization<'a>>) -> PointwiseLayer<'a> {
        PointwiseLayer {
            inputs: shape.channels,
            outputs: shape.outputs,
            weights: &self.point,
            bias: &self.point_bias,
            slope: &self.point_slope,
            quantization: q,
            dense: false,
        }
    }
}

fn combinations(isa: Isa) -> Vec<(Arithmetic, Element)> {
    let mut all = vec![
        (Arithmetic::F32, Element::F32),
        (Arithmetic::F32, Element::Bf16),
        (Arithmetic::Int8, Element::Bf16),
    ];
    if isa == Isa::Avx512Bf16 {
        all.push((Arithmetic::Bf16, Element::Bf16));
    }
    all
}

/// Runs the fused step and says how far it is from its meaning, at worst, in units of the
/// tolerance.
fn separable_error(
    isa: Isa,
    arithmetic: Arithmetic,
    element: Element,
    shape: &Shape,
    threads: usize,
) -> (f64, Plane) {
    let mut values = Values(0x9e37_79b9_7f4a_7c15 ^ (shape.width as u64) << 32);
    let Shape {
        channels,
        outputs,
        height,
        width,
        stride,
    } = *shape;
    let input = fill(
        PlaneShape {
            channels,
            height,
            width,
            halo: 1,
        },
        element,
        &mut values,
    );
    let parameters = Parameters::new(shape, &mut values);
    // Depthwise sums stay within 10; steps of 1/8 cover -15..=16.
    let scale = vec![1.0 / 8.0; channels];
    let zero: Vec<f32> = (0..channels).map(|c| 120.0 + (c % 5) as f32).collect();
    let quantization = (arithmetic == Arithmetic::Int8).then_some(Quantization {
        scale: &scale,
        zero: &zero,
    });
    let depthwise = DepthwiseWeights::pack(
        channels,
        &parameters.depth,
        &parameters.depth_bias,
        &parameters.depth_slope,
        quantization,
    )
    .expect("the slices fit");
    let pointwise = PointwiseWeights::pack(isa, arithmetic, &parameters.layer(shape, quantization))
        .expect("the slices fit");
    let out_shape = PlaneShape {
        channels: outputs,
        height: height.div_ceil(stride),
        width: width.div_ceil(stride),
        halo: 1,
    };
    let mut step = Separable::plan(
        Arc::new(depthwise),
        Arc::new(pointwise),
        stride,
        element,
        input.shape(),
        out_shape,
        threads,
    )
    .expect("there is a kernel");
    let mut team = Team::new(threads);
    let mut output = Plane::new(out_shape, element);
    let mut scratch: Vec<_> = (0..team.members())
        .map(|_| Buffer::zeroed(step.scratch_bytes()))
        .collect();
    step.run(&mut team, &input, &mut output, &mut scratch);
    // To ask for what comes later changes nothing, as far as there is something to ask for.
    let memory = [0; 1000];
    step.ask_ahead(&mut Ahead::of(&memory));
    let mut again = Plane::new(out_shape, element);
    step.run(&mut team, &input, &mut again, &mut scratch);
    assert!(output.same_bits(&again), "{isa} {arithmetic:?} {shape:?}");
    assert!(
        border_is_zero(&output),
        "{isa} {arithmetic:?} wrote outside its pixels: {shape:?}"
    );

    let mut worst = 0.0f64;
    for y in 0..out_shape.height {
        for x in 0..out_shape.width {
            let middle: Vec<f64> = (0..channels)
                .map(|c| {
                    depthwise_meaning(
                        &input,
                        &parameters.depth,
                        parameters.depth_bias[c],
                        parameters.depth_slope[c],
                        stride,
                        (c, y, x),
                    )
                })
                .collect();
            for o in 0..outputs {
                let row = &parameters.point[o * channels..(o + 1) * channels];
                let mut sum = f64::from(parameters.point_bias[o]);
                let mut size = sum.abs();
                let mut spread = 0.0f64;
                for (value, weight) in middle.iter().zip(row) {
                    sum += value * f64::from(*weight);
                    size += (value * f64::from(*weight)).abs();
                    // One step of the activation and one of the weight.
                    spread += f64::from(*weight).abs() / 16.0 + value.abs() / 254.0;
                }
                let expected = prelu(sum, parameters.point_slope[o]);
                let got = f64::from(output.get(o, y, x));
                let mut tolerance = size * PER_TERM * (channels + 20) as f64;
                if element == Element::Bf16 {
                    tolerance += expected.abs() * BF16;
                }
                tolerance += match arithmetic {
                    Arithmetic::F32 => 0.0,
                    Arithmetic::Bf16 => 2.0 * BF16 * size,
                    Arithmetic::Int8 => spread,
                };
                worst = worst.max((got - expected).abs() / tolerance.max(1e-30));
            }
        }
    }
    (worst, output)
}

#[test]
fn fused_depthwise_and_pointwise_match_their_meaning_on_every_level() {
    let mut failures = Vec::new();
    let mut cases = 0;
    for isa in levels() {
        for (arithmetic, element) in combinations(isa) {
            for shape in shapes() {
                cases += 1;
                let (worst, _) = separable_error(isa, arithmetic, element, &shape, 1);
                if worst > 1.0 || worst.is_nan() {
                    failures.push(format!(
                        "{isa} {arithmetic:?} {element:?} {shape:?}: {worst:.2} x tolerance"
                    ));
                }
            }
        }
    }
    let shown = failures
        .iter()
        .take(20)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        failures.is_empty(),
        "{} of {cases} failed:\n{shown}",
        failures.len()
    );
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for isa in levels() {
        for (arithmetic, element) in combinations(isa) {
            for shape in [
                Shape {
                    channels: 32,
                    outputs: 64,
                    height: 56,
                    width: 40,
                    stride: 1,
                },
                Shape {
                    channels: 64,
                    outputs: 100,
                    height: 7,
                    width: 7,
                    stride: 1,
                },
                Shape {
                    channels: 48,
                    outputs: 48,
                    height: 33,
                    width: 14,
                    stride: 2,
                },
            ] {
                let (_, alone) = separable_error(isa, arithmetic, element, &shape, 1);
                for threads in [2, 3, 4] {
                    let (_, shared) = separable_error(isa, arithmetic, element, &shape, threads);
                    assert!(
                        alone.same_bits(&shared),
                        "{isa} {arithmetic:?} {threads} threads"
                    );
                }
            }
        }
    }
}

#[test]
fn eight_bit_results_are_the_same_on_every_level() {
    let shape = Shape {
        channels: 64,
        outputs: 80,
        height: 9,
        width: 11,
        stride: 1,
    };
    let results: Vec<(Isa, Plane)> = levels()
        .into_iter()
        .map(|isa| {
            (
                isa,
                separable_error(isa, Arithmetic::Int8, Element::Bf16, &shape, 1).1,
            )
        })
        .collect();
    let (_, reference) = &results[0];
    for (isa, plane) in &results {
        let mut differ = 0usize;
        for c in 0..shape.outputs {
            for y in 0..shape.height {
                for x in 0..shape.width {
                    let (a, b) = (reference.get(c, y, x), plane.get(c, y, x));
                    // Fused and unfused f32 arithmetic round differently, which may move a
                    // depthwise value across a step and the result by one bf16 step.
                    assert!((a - b).abs() <= a.abs() / 64.0 + 0.1, "{isa}: {a} and {b}");
                    differ += usize::from(a.to_bits() != b.to_bits());
                }
            }
        }
        let all = shape.outputs * shape.height * shape.width;
        assert!(
            differ * 10 <= all,
            "{isa}: {differ} of {all} differ from scalar"
        );
    }
}

/// Bytes of both extremes and all between, in layers that leave integers as they are: every
/// level has the very bits of the sum in integers.
#[test]
fn integer_sums_are_exact_on_every_level() {
    let (channels, outputs, width) = (96, 50, 13);
    let mut values = Values(7);
    let mut byte = |least: f32, most: f32| {
        let spread = values.next() * 200.0 + (most + least) / 2.0;
        spread.round().clamp(least, most)
    };
    // Each row has a 127, so that its step is 1.
    let weights: Vec<f32> = (0..channels * outputs)
        .map(|i| match i % channels {
            0 => 127.0,
            1 => -127.0,
            _ => byte(-127.0, 127.0),
        })
        .collect();
    let mut input = Plane::new(
        PlaneShape {
            channels,
            height: 1,
            width,
            halo: 1,
        },
        Element::Bf16,
    );
    let mut flat = Plane::new(
        PlaneShape {
            width: 1,
            halo: 0,
            ..input.shape()
        },
        Element::Bf16,
    );
    for x in 0..width {
        for c in 0..channels {
            // One pixel of the largest, one of zeros.
            let value = match x {
                0 => 255.0,
                1 => 0.0,
                _ => byte(0.0, 255.0),
            };
            input.set(c, 0, x, value);
            if x == 2 {
                flat.set(c, 0, 0, value);
            }
        }
    }
    let sum = |output: usize, x: usize| -> f32 {
        let products = (0..channels).map(|c| {
            let weight = weights[output * channels + c] as i32;
            weight * input.get(c, 0, x) as i32
        });
        products.sum::<i32>() as f32
    };
    let (ones, zeros) = (vec![1.0; channels], vec![0.0; channels]);
    let quantization = Some(Quantization {
        scale: &ones,
        zero: &zeros,
    });
    let mut middle = vec![0.0; channels * 9];
    middle.iter_mut().skip(4).step_by(9).for_each(|w| *w = 1.0);
    let depthwise = DepthwiseWeights::pack(channels, &middle, &zeros, &ones, quantization)
        .expect("the slices fit");
    let depthwise = Arc::new(depthwise);
    let mut output = Plane::new(
        PlaneShape {
            channels: outputs,
            halo: 0,
            ..input.shape()
        },
        Element::Bf16,
    );
    for isa in levels() {
        let layer = |dense| PointwiseLayer {
            inputs: channels,
            outputs,
            weights: &weights,
            bias: &zeros[..outputs],
            slope: &ones[..outputs],
            quantization,
            dense,
        };
        let pack = |dense| {
            let packed = PointwiseWeights::pack(isa, Arithmetic::Int8, &layer(dense));
            Arc::new(packed.expect("the slices fit"))
        };
        let mut team = Team::new(1);
        let step = Separable::plan(
            Arc::clone(&depthwise),
            pack(false),
            1,
            Element::Bf16,
            input.shape(),
            output.shape(),
            1,
        )
        .expect("the shapes fit");
        let mut scratch = [Buffer::zeroed(step.scratch_bytes())];
        step.run(&mut team, &input, &mut output, &mut scratch);
        for (o, x) in (0..outputs).flat_map(|o| (0..width).map(move |x| (o, x))) {
            let expected = bf16_to_f32(f32_to_bf16(sum(o, x)));
            let found = output.get(o, 0, x);
            assert_eq!(found.to_bits(), expected.to_bits(), "{isa}: {o}, {x}");
        }
        let mut dense = Dense::plan(pack(true), Element::Bf16, flat.shape(), quantization, 1)
            .expect("the shapes fit");
        dense.run(&mut team, &flat);
        for (o, value) in dense.output().iter().enumerate() {
            assert_eq!(value.to_bits(), sum(o, 2).to_bits(), "{isa}: {o}");
        }
    }
}

#[test]
fn pointwise_alone_reads_planes_with_and_without_a_border() {
    for isa in levels() {
        for (arithmetic, element) in combinations(isa).into_iter().filter(|pair| {
            matches!(
                pair,
                (Arithmetic::F32, Element::F32) | (Arithmetic::Bf16, Element::Bf16)
            )
        }) {
            for halo in [0, 1] {
                for (height, width) in [(1, 1), (3, 5), (4, 31), (7, 7), (9, 40)] {
                    let shape = Shape {
                        channels: 32,
                        outputs: 20,
                        height,
                        width,
                        stride: 1,
                    };
                    let mut values = Values(77 + width as u64);
                    let parameters = Parameters::new(&shape, &mut values);
                    let input_shape = PlaneShape {
                        channels: 32,
                        height,
                        width,
                        halo,
                    };
                    let input = fill(input_shape, element, &mut values);
                    let weights =
                        PointwiseWeights::pack(isa, arithmetic, &parameters.layer(&shape, None))
                            .expect("the slices fit");
                    let out_shape = PlaneShape {
                        channels: 20,
                        height,
                        width,
                        halo: 1 - halo,
                    };
                    let mut outputs = Vec::new();
                    for threads in [1, 2] {
                        let step = Pointwise::plan(
                            Arc::new(
                                PointwiseWeights::pack(
                                    isa,
                                    arithmetic,
                                    &parameters.layer(&shape, None),
                                )
                                .expect("the slices fit"),
                            ),
                            element,
                            input_shape,
                            out_shape,
                            threads,
                        )
                        .expect("there is a kernel");
                        let mut output = Plane::new(out_shape, element);
                        step.run(&mut Team::new(threads), &input, &mut output);
                        assert!(border_is_zero(&output));
                        outputs.push(output);
                    }
                    assert!(outputs[0].same_bits(&outputs[1]));
                    for o in 0..20 {
                        for y in 0..height {
                            for x in 0..width {
                                let (mut sum, mut size) =
                                    (f64::from(parameters.point_bias[o]), 1.0);
                                for c in 0..32 {
                                    let term = f64::from(input.get(c, y, x))
                                        * f64::from(parameters.point[o * 32 + c]);
                                    sum += term;
                                    size += term.abs();
                                }
                                let expected = prelu(sum, parameters.point_slope[o]);
                                let got = f64::from(outputs[0].get(o, y, x));
                                let tolerance = if element == Element::F32 {
                                    size * PER_TERM * 40.0
                                } else {
                                    size * 2.0 * BF16
                                };
                                assert!(
                                    (got - expected).abs() <= tolerance,
                                    "{isa} {arithmetic:?} halo {halo} {height}x{width}"
                                );
                            }
                        }
                    }
                    assert_eq!(weights.outputs(), 20);
                }
            }
        }
    }
}

#[test]
fn depthwise_with_a_maximum_behind_has_the_bits_of_the_two_steps() {
    for isa in levels() {
        for element in [Element::F32, Element::Bf16] {
            for width in (2..=21).chain([31, 64]) {
                for (windows, height) in windows().into_iter().flat_map(|w| [(w, 5), (w, 8)]) {
                    let channels = 23;
                    let mut values = Values(50 + width as u64);
                    let shape = |height, width, halo| PlaneShape {
                        channels,
                        height,
                        width,
                        halo,
                    };
                    let input = fill(shape(height, width, 1), element, &mut values);
                    let taps = values.many(channels * 9);
                    let (bias, slope) = (values.many(channels), values.many(channels));
                    let weights = DepthwiseWeights::pack(channels, &taps, &bias, &slope, None)
                        .map(Arc::new)
                        .expect("the slices fit");
                    let large = shape(windows.count(height), windows.count(width), 0);
                    let small = shape(large.height / 2, large.width / 2, 1);
                    if small.width == 0 {
                        continue;
                    }
                    let run = |pooling, out| {
                        let weights = weights.clone();
                        let how = (windows, pooling);
                        let step =
                            Depthwise::plan(weights, isa, how, element, input.shape(), out, 2)
                                .expect("there is a kernel");
                        let mut output = Plane::new(out, element);
                        step.run(&mut Team::new(2), &input, &mut output);
                        output
                    };
                    let whole = run(Pooling::None, large);
                    let mut expected = Plane::new(small, element);
                    MaxPool::plan(isa, element, large, small)
                        .expect("there is a kernel")
                        .run(&whole, &mut expected);
                    assert!(
                        run(Pooling::Max2x2, small).same_bits(&expected),
                        "{isa} {element:?} {height}x{width} {windows:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn depthwise_alone_matches_its_meaning() {
    for isa in levels() {
        for element in [Element::F32, Element::Bf16] {
            for width in (1..=20).chain([31, 64]) {
                for (windows, height) in windows().into_iter().flat_map(|w| [(w, 5), (w, 6)]) {
                    let (channels, stride) = (23, windows.step);
                    let mut values = Values(5 + width as u64);
                    let shape = PlaneShape {
                        channels,
                        height,
                        width,
                        halo: 1,
                    };
                    let input = fill(shape, element, &mut values);
                    let (weights, bias, slope) = (
                        exact_in_bf16(values.many(channels * 9)),
                        values.many(channels),
                        values.many(channels),
                    );
                    let packed = DepthwiseWeights::pack(channels, &weights, &bias, &slope, None)
                        .expect("the slices fit");
                    let out_shape = PlaneShape {
                        channels,
                        height: height.div_ceil(stride),
                        width: width.div_ceil(stride),
                        halo: stride - 1,
                    };
                    let step = Depthwise::plan(
                        Arc::new(packed),
                        isa,
                        (windows, Pooling::None),
                        element,
                        shape,
                        out_shape,
                        2,
                    )
                    .expect("there is a kernel");
                    let mut output = Plane::new(out_shape, element);
                    step.run(&mut Team::new(2), &input, &mut output);
                    assert!(border_is_zero(&output));
                    for c in 0..channels {
                        for y in 0..out_shape.height {
                            for x in 0..out_shape.width {
                                let expected = depthwise_meaning(
                                    &input,
                                    &weights,
                                    bias[c],
                                    slope[c],
                                    windows,
                                    (c, y, x),
                                );
                                let got = f64::from(output.get(c, y, x));
                                let relative = if element == Element::F32 { 0.0 } else { BF16 };
                                assert!(
                                    (got - expected).abs()
                                        <= 10.0 * PER_TERM * 10.0 + expected.abs() * relative,
                                    "{isa} {element:?} {height}x{width} {windows:?}: {got} {expected}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn the_first_layer_matches_its_meaning() {
    for isa in levels() {
        for element in [Element::F32, Element::Bf16] {
            for outputs in [1, 16, 17, 32, 40] {
                for (width, height) in [
                    (1usize, 1usize),
                    (2, 3),
                    (13, 4),
                    (14, 2),
                    (15, 5),
                    (32, 32),
                    (45, 3),
                ] {
                    for windows in windows() {
                        let stride = windows.step;
                        let mut values = Values(width as u64 * 31 + outputs as u64);
                        let (weights, bias, slope) = (
                            exact_in_bf16(values.many(outputs * 27)),
                            values.many(outputs),
                            values.many(outputs),
                        );
                        let (mean, scale) = (127.5, 1.0 / 128.0);
                        let pixels: Vec<u8> = (0..width * height * 3)
                            .map(|_| ((values.next() + 1.0) * 127.5) as u8)
                            .collect();
                        let packed =
                            RgbWeights::pack(outputs, &weights, &bias, &slope, mean, scale)
                                .expect("the slices fit");
                        let out_shape = PlaneShape {
                            channels: outputs,
                            height: height.div_ceil(stride),
                            width: width.div_ceil(stride),
                            halo: 1,
                        };
                        let mut step = Rgb::plan(
                            Arc::new(packed),
                            isa,
                            windows,
                            element,
                            (width, height),
                            out_shape,
                            2,
                        )
                        .expect("there is a kernel");
                        let mut output = Plane::new(out_shape, element);
                        step.run(&mut Team::new(2), &pixels, &mut output);
                        assert!(border_is_zero(&output));
                        for o in 0..outputs {
                            for y in 0..out_shape.height {
                                for x in 0..out_shape.width {
                                    let mut sum = f64::from(bias[o]);
                                    for c in 0..3 {
                                        for ky in 0..3 {
                                            for kx in 0..3 {
                                                let row = (y * stride + ky) as isize
                                                    - before(windows, height);
                                                let column = (x * stride + kx) as isize
                                                    - before(windows, width);
                                                if row < 0
                                                    || column < 0
                                                    || row >= height as isize
                                                    || column >= width as isize
                                                {
                                                    continue;
                                                }
                                                let byte = pixels[(row as usize * width
                                                    + column as usize)
                                                    * 3
                                                    + c];
                                                let value = (f64::from(byte) - 127.5) / 128.0;
                                                let weight = weights[(o * 3 + c) * 9 + ky * 3 + kx];
                                                sum += value * f64::from(weight);
                                            }
                                        }
                                    }
                                    let expected = prelu(sum, slope[o]);
                                    let got = f64::from(output.get(o, y, x));
                                    let relative = if element == Element::F32 { 0.0 } else { BF16 };
                                    assert!(
                                        (got - expected).abs()
                                            <= 28.0 * PER_TERM * 28.0 + expected.abs() * relative,
                                        "{isa} {element:?} {outputs} {width}x{height} {windows:?}"
                                    );
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn pooling_and_doubling_match_their_meaning() {
    for isa in levels() {
        for element in [Element::F32, Element::Bf16] {
            for (height, width) in [(2, 2), (3, 5), (4, 10), (10, 8)] {
                let mut values = Values(height as u64);
                let shape = PlaneShape {
                    channels: 20,
                    height,
                    width,
                    halo: 1,
                };
                let large = fill(shape, element, &mut values);
                let small_shape = PlaneShape {
                    channels: 20,
                    height: height / 2,
                    width: width / 2,
                    halo: 0,
                };
                let mut small = Plane::new(small_shape, element);
                MaxPool::plan(isa, element, shape, small_shape)
                    .expect("there is a kernel")
                    .run(&large, &mut small);
                for c in 0..20 {
                    for y in 0..height / 2 {
                        for x in 0..width / 2 {
                            let expected = [(0, 0), (0, 1), (1, 0), (1, 1)]
                                .map(|(dy, dx)| large.get(c, 2 * y + dy, 2 * x + dx))
                                .into_iter()
                                .fold(f32::MIN, f32::max);
                            assert_eq!(small.get(c, y, x).to_bits(), expected.to_bits(), "{isa}");
                        }
                    }
                }
                if height % 2 == 1 || width % 2 == 1 {
                    continue;
                }
                let mut sum = Plane::new(shape, element);
                DoubleAndAdd::plan(isa, element, small_shape, shape, shape)
                    .expect("there is a kernel")
                    .run(&small, &large, &mut sum);
                assert!(border_is_zero(&sum));
                for c in 0..20 {
                    for y in 0..height {
                        for x in 0..width {
                            let exact = small.get(c, y / 2, x / 2) + large.get(c, y, x);
                            let expected = match element {
                                Element::F32 => exact,
                                Element::Bf16 => bf16_to_f32(f32_to_bf16(exact)),
                            };
                            assert_eq!(sum.get(c, y, x).to_bits(), expected.to_bits(), "{isa}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn fused_layers_begin_where_their_windows_do() {
    for isa in levels() {
        for (height, width) in [(8usize, 12usize), (7, 9), (48, 48), (2, 2)] {
            let windows = Windows {
                step: 2,
                border: Border::Same,
            };
            let mut values = Values(height as u64 + 3);
            let channels = 32;
            let shape = PlaneShape {
                channels,
                height,
                width,
                halo: 1,
            };
            let input = fill(shape, Element::F32, &mut values);
            let weights = values.many(channels * 9);
            let (bias, slope) = (values.many(channels), values.many(channels));
            // The pointwise layer hands on its inputs, so the depthwise result is seen as it is.
            let identity: Vec<f32> = (0..channels * channels)
                .map(|i| f32::from(u8::from(i % (channels + 1) == 0)))
                .collect();
            let layer = PointwiseLayer {
                inputs: channels,
                outputs: channels,
                weights: &identity,
                bias: &vec![0.0; channels],
                slope: &vec![1.0; channels],
                quantization: None,
                dense: false,
            };
            let out_shape = PlaneShape {
                channels,
                height: height.div_ceil(2),
                width: width.div_ceil(2),
                halo: 1,
            };
            for threads in [1, 3] {
                let step = Separable::plan(
                    Arc::new(
                        DepthwiseWeights::pack(channels, &weights, &bias, &slope, None)
                            .expect("the slices fit"),
                    ),
                    Arc::new(
                        PointwiseWeights::pack(isa, Arithmetic::F32, &layer)
                            .expect("the slices fit"),
                    ),
                    windows,
                    Element::F32,
                    shape,
                    out_shape,
                    threads,
                )
                .expect("there is a kernel");
                let mut team = Team::new(threads);
                let mut scratch: Vec<Buffer<u8>> = (0..team.members())
                    .map(|_| Buffer::zeroed(step.scratch_bytes()))
                    .collect();
                let mut output = Plane::new(out_shape, Element::F32);
                step.run(&mut team, &input, &mut output, &mut scratch);
                for c in 0..channels {
                    for y in 0..out_shape.height {
                        for x in 0..out_shape.width {
                            let expected = depthwise_meaning(
                                &input,
                                &weights,
                                bias[c],
                                slope[c],
                                windows,
                                (c, y, x),
                            );
                            let got = f64::from(output.get(c, y, x));
                            assert!(
                                (got - expected).abs() <= 100.0 * PER_TERM,
                                "{isa} {height}x{width} at {c} {y} {x}: {got} {expected}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_sum_matches_its_meaning_also_where_one_side_has_fewer_channels() {
    for isa in levels() {
        for element in [Element::F32, Element::Bf16] {
            for (few, many) in [(16, 16), (16, 32), (20, 20), (5, 40)] {
                for (height, width, halo) in [(1, 1, 0), (3, 5, 1), (6, 7, 0)] {
                    let mut values = Values(few as u64 * 7 + height as u64);
                    let shape = |channels, halo| PlaneShape {
                        channels,
                        height,
                        width,
                        halo,
                    };
                    let part = fill(shape(few, 1 - halo), element, &mut values);
                    let full = fill(shape(many, halo), element, &mut values);
                    let slope = values.many(many);
                    let mut output = Plane::new(shape(many, 1), element);
                    Sum::plan(
                        isa,
                        element,
                        part.shape(),
                        full.shape(),
                        output.shape(),
                        &slope,
                    )
                    .expect("there is a kernel")
                    .run(&part, &full, &mut output);
                    assert!(border_is_zero(&output));
                    for (c, slope) in slope.iter().enumerate() {
                        for y in 0..height {
                            for x in 0..width {
                                let mut sum = f64::from(full.get(c, y, x));
                                if c < few {
                                    sum += f64::from(part.get(c, y, x));
                                }
                                let expected = prelu(sum, *slope);
                                let got = f64::from(output.get(c, y, x));
                                let relative = if element == Element::F32 { 0.0 } else { BF16 };
                                assert!(
                                    (got - expected).abs()
                                        <= 4.0 * PER_TERM + expected.abs() * relative,
                                    "{isa} {element:?} {few} of {many}: {got} {expected}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }
    // Positive control: the other way around there is a side that lacks what the output has.
    let shape = |channels| PlaneShape {
        channels,
        height: 2,
        width: 2,
        halo: 0,
    };
    let isa = Isa::detect();
    let slope = [0.0; 32];
    assert!(Sum::plan(isa, Element::F32, shape(16), shape(32), shape(32), &slope).is_ok());
    assert!(Sum::plan(isa, Element::F32, shape(32), shape(16), shape(32), &slope).is_err());
    assert!(
        Sum::plan(
            isa,
            Element::F32,
            shape(16),
            shape(32),
            shape(32),
            &slope[1..]
        )
        .is_err()
    );
}

#[test]
fn the_dense_layer_matches_its_meaning() {
    for isa in levels() {
        for (arithmetic, element) in combinations(isa) {
            for (channels, pixels, outputs) in [(16, 1, 1), (32, 4, 17), (64, 9, 128), (48, 49, 70)]
            {
                let mut values = Values(channels as u64);
                let width = if pixels == 49 { 7 } else { pixels };
                let shape = PlaneShape {
                    channels,
                    height: pixels / width,
                    width,
                    halo: 0,
                };
                let input = fill(shape, element, &mut values);
                let inputs = channels * pixels;
                let (weights, bias) = (values.many(inputs * outputs), values.many(outputs));
                let scale = vec![1.0 / 100.0; inputs];
                let zero = vec![128.0; inputs];
                let wide = (arithmetic == Arithmetic::Int8).then_some(Quantization {
                    scale: &scale,
                    zero: &zero,
                });
                let narrow = wide.map(|_| Quantization {
                    scale: &scale[..channels],
                    zero: &zero[..channels],
                });
                let packed = PointwiseWeights::pack(
                    isa,
                    arithmetic,
                    &PointwiseLayer {
                        inputs,
                        outputs,
                        weights: &weights,
                        bias: &bias,
                        slope: &vec![1.0; outputs],
                        quantization: wide,
                        dense: true,
                    },
                )
                .expect("the slices fit");
                let mut step = Dense::plan(Arc::new(packed), element, shape, narrow, 2)
                    .expect("there is a kernel");
                step.run(&mut Team::new(2), &input);
                for o in 0..outputs {
                    let mut sum = f64::from(bias[o]);
                    let (mut size, mut spread) = (1.0, 0.0);
                    for block in 0..channels / LANES {
                        for pixel in 0..pixels {
                            for lane in 0..LANES {
                                let i = (block * pixels + pixel) * LANES + lane;
                                let value = f64::from(input.get(
                                    block * LANES + lane,
                                    pixel / width,
                                    pixel % width,
                                ));
                                let weight = f64::from(weights[o * inputs + i]);
                                sum += value * weight;
                                size += (value * weight).abs();
                                spread += weight.abs() / 200.0 + value.abs() / 254.0;
                            }
                        }
                    }
                    let tolerance = match arithmetic {
                        Arithmetic::F32 => size * PER_TERM * (inputs + 4) as f64,
                        Arithmetic::Bf16 => size * 2.0 * BF16,
                        Arithmetic::Int8 => spread,
                    };
                    let got = f64::from(step.output()[o]);
                    assert!(
                        (got - sum).abs() <= tolerance,
                        "{isa} {arithmetic:?} {got} {sum}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_dense_layer_over_blocks_matches_its_meaning() {
    for isa in levels() {
        for (channels, height, width, outputs) in [(1, 1, 1, 1), (3, 5, 7, 6), (40, 7, 7, 17)] {
            for (element, halo) in [(Element::F32, 0), (Element::Bf16, 1)] {
                let mut values = Values(channels as u64);
                let shape = PlaneShape {
                    channels,
                    height,
                    width,
                    halo,
                };
                let input = fill(shape, element, &mut values);
                let inputs = channels * height * width;
                let blocks = inputs.div_ceil(64);
                let weights: Vec<i8> = (0..inputs * outputs)
                    .map(|_| (values.next() * 128.0) as i8)
                    .collect();
                let bytes: Vec<u8> = weights
                    .iter()
                    .map(|weight| weight.cast_unsigned())
                    .collect();
                let scales = values.many(blocks * outputs);
                let zeros: Vec<f32> = values
                    .many(blocks * outputs)
                    .iter()
                    .map(|zero| (zero * 100.0).round())
                    .collect();
                let mut map = |count| {
                    (0..count)
                        .map(|_| (values.next(), values.next()))
                        .collect::<Vec<_>>()
                };
                let (input_map, output_map) = (map(channels), map(outputs));
                let packed = BlockWeights::pack(&BlockWeightsLayer {
                    inputs,
                    outputs,
                    weights: &bytes,
                    scales: &scales,
                    zeros: &zeros,
                    input_map: &input_map,
                    output_map: &output_map,
                })
                .expect("the slices fit");
                let packed = Arc::new(packed);
                let mut results = Vec::new();
                for threads in [1, 2, 3] {
                    let mut step = DenseBlocks::plan(packed.clone(), isa, shape, threads)
                        .expect("the shape fits");
                    step.run(&mut Team::new(threads), &input);
                    results.push(step.output().to_vec());
                }
                assert!(results.iter().all(|result| {
                    result
                        .iter()
                        .map(|v| v.to_bits())
                        .eq(results[0].iter().map(|v| v.to_bits()))
                }));
                for o in 0..outputs {
                    let (mut sum, mut size) = (0.0f64, 1.0f64);
                    for k in 0..inputs {
                        let (c, pixel) = (k / (height * width), k % (height * width));
                        let (factor, shift) = input_map[c];
                        let value = f64::from(input.get(c, pixel / width, pixel % width))
                            * f64::from(factor)
                            + f64::from(shift);
                        let block = o * blocks + k / 64;
                        let (scale, zero) = (f64::from(scales[block]), f64::from(zeros[block]));
                        let q = f64::from(weights[o * inputs + k]);
                        sum += value * (q - zero) * scale;
                        // Both sums round at their own size.
                        size += (value * scale).abs() * (q.abs() + zero.abs());
                    }
                    let (factor, shift) = output_map[o];
                    let expected = sum * f64::from(factor) + f64::from(shift);
                    let got = f64::from(results[0][o]);
                    let tolerance = size * PER_TERM * (inputs + 8) as f64;
                    assert!(
                        (got - expected).abs() <= tolerance,
                        "{isa}: {got} {expected}"
                    );
                }
            }
        }
    }
    assert!(
        BlockWeights::pack(&BlockWeightsLayer {
            inputs: 3,
            outputs: 1,
            weights: &[1, 2],
            scales: &[1.0],
            zeros: &[0.0],
            input_map: &[(1.0, 0.0)],
            output_map: &[(1.0, 0.0)],
        })
        .is_none()
    );
}

#[test]
fn integer_layers_saturate_at_their_ends_and_never_wrap() {
    // Every activation at 255 and every weight at +-127: the largest sums there are.
    for isa in levels() {
        for sign in [1.0f32, -1.0] {
            let shape = Shape {
                channels: 512,
                outputs: 16,
                height: 2,
                width: 7,
                stride: 1,
            };
            let plane_shape = PlaneShape {
                channels: 512,
                height: 2,
                width: 7,
                halo: 1,
            };
            let mut input = Plane::new(plane_shape, Element::Bf16);
            for c in 0..512 {
                for y in 0..2 {
                    for x in 0..7 {
                        input.set(c, y, x, 1e30);
                    }
                }
            }
            // The depthwise layer passes its centre pixel through; 1e30 saturates to 255.
            let mut depth = vec![0.0; 512 * 9];
            for c in 0..512 {
                depth[c * 9 + 4] = 1.0;
            }
            let (scale, zero) = (vec![1.0; 512], vec![0.0; 512]);
            let q = Some(Quantization {
                scale: &scale,
                zero: &zero,
            });
            let depthwise =
                DepthwiseWeights::pack(512, &depth, &vec![0.0; 512], &vec![1.0; 512], q)
                    .expect("the slices fit");
            let point = vec![sign; 512 * 16];
            let pointwise = PointwiseWeights::pack(
                isa,
                Arithmetic::Int8,
                &PointwiseLayer {
                    inputs: 512,
                    outputs: 16,
                    weights: &point,
                    bias: &[0.0; 16],
                    slope: &[1.0; 16],
                    quantization: q,
                    dense: false,
                },
            )
            .expect("the slices fit");
            let out_shape = PlaneShape {
                channels: 16,
                height: 2,
                width: 7,
                halo: 1,
            };
            let step = Separable::plan(
                Arc::new(depthwise),
                Arc::new(pointwise),
                shape.stride,
                Element::Bf16,
                plane_shape,
                out_shape,
                1,
            )
            .expect("there is a kernel");
            let mut output = Plane::new(out_shape, Element::Bf16);
            let mut scratch = [Buffer::zeroed(step.scratch_bytes())];
            step.run(&mut Team::new(1), &input, &mut output, &mut scratch);
            let expected = sign * 255.0 * 512.0;
            for o in 0..16 {
                let got = output.get(o, 1, 3);
                assert!(
                    (got - expected).abs() <= expected.abs() / 256.0,
                    "{isa}: {got}"
                );
            }
        }
    }
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let isa = Isa::detect();
    let depthwise = |channels: usize| {
        DepthwiseWeights::pack(
            channels,
            &vec![0.0; channels * 9],
            &vec![0.0; channels],
            &vec![0.0; channels],
            None,
        )
        .map(Arc::new)
    };
    assert!(DepthwiseWeights::pack(16, &[0.0; 5], &[0.0; 16], &[0.0; 16], None).is_none());
    let layer = PointwiseLayer {
        inputs: 16,
        outputs: 4,
        weights: &[0.0; 64],
        bias: &[0.0; 4],
        slope: &[0.0; 4],
        quantization: None,
        dense: false,
    };
    assert!(
        PointwiseWeights::pack(isa, Arithmetic::Int8, &layer).is_none(),
        "int8 needs ranges"
    );
    let odd = PointwiseLayer {
        inputs: 15,
        weights: &[0.0; 60],
        ..layer
    };
    assert!(PointwiseWeights::pack(isa, Arithmetic::F32, &odd).is_none());
    let weights =
        Arc::new(PointwiseWeights::pack(isa, Arithmetic::F32, &layer).expect("the slices fit"));
    let plane = |channels, height, width, halo| PlaneShape {
        channels,
        height,
        width,
        halo,
    };
    for (input, output, stride) in [
        (plane(16, 4, 4, 0), plane(4, 4, 4, 1), 1), // no border to read
        (plane(16, 4, 4, 1), plane(4, 4, 4, 1), 2), // not half the size
        (plane(16, 4, 4, 1), plane(5, 4, 4, 1), 1), // other channels
        (plane(32, 4, 4, 1), plane(4, 4, 4, 1), 1),
        (plane(16, 4, 4, 1), plane(4, 4, 4, 1), 3),
        (plane(16, 0, 4, 1), plane(4, 0, 4, 1), 1),
    ] {
        let planned = Separable::plan(
            depthwise(16).expect("the slices fit"),
            weights.clone(),
            stride,
            Element::F32,
            input,
            output,
            1,
        );
        assert!(planned.is_err(), "{input:?} {output:?} {stride}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn random_shapes_match_their_meaning(
        blocks in 1usize..5,
        outputs in 1usize..70,
        height in 1usize..20,
        width in 1usize..40,
        stride in 1usize..3,
        threads in 1usize..4,
    ) {
        let shape = Shape { channels: blocks * 16, outputs, height, width, stride };
        for isa in levels() {
            for (arithmetic, element) in combinations(isa) {
                let (worst, _) = separable_error(isa, arithmetic, element, &shape, threads);
                prop_assert!(worst <= 1.0, "{isa} {arithmetic:?} {element:?}: {worst}");
            }
        }
    }
}
