//! A network whose weights are packed for one machine and precision, ready to be planned
//! for any input size.

use crate::constant::MAX_ELEMENTS;
use crate::dense::DenseLayer;
use crate::error::LoadError;
use crate::graph::{Convolution, Graph, Kind, Layer, Operation, Output, TensorId};
use crate::lower::lower;
use crate::onnx::ModelProto;
use crate::options::{Options, Precision};
use crate::ranges::{LayerRanges, Ranges};
use crate::tfjs::TfjsFiles;
use countenance_kernels::{
    Arithmetic, BlockWeights, BlockWeightsLayer, DepthwiseWeights, Element, Isa, LANES,
    PointwiseLayer, PointwiseRows, PointwiseWeights, Quantization, RgbWeights, Windows,
};
use prost::Message;
use std::sync::Arc;

/// Bytes of an ONNX file that are read at most: every value takes at least one.
const MAX_BYTES: usize = 4 * MAX_ELEMENTS;

/// The order in which a network wants the colours of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorOrder {
    /// Blue first, as OpenCV keeps pictures.
    Bgr,
    /// Red first.
    Rgb,
}

/// Packed weights of one step.
#[derive(Clone, Debug)]
pub(crate) enum Packed {
    Rgb {
        weights: Arc<RgbWeights>,
        windows: Windows,
    },
    Depthwise {
        weights: Arc<DepthwiseWeights>,
        windows: Windows,
    },
    Separable {
        depthwise: Arc<DepthwiseWeights>,
        pointwise: Arc<PointwiseWeights>,
        windows: Windows,
    },
    Pointwise {
        weights: Arc<PointwiseWeights>,
    },
    MaxPool,
    DoubleAndAdd,
    Sum {
        /// One per channel of the output.
        slopes: Arc<[f32]>,
    },
    DenseBlocks {
        weights: Arc<BlockWeights>,
    },
    Dense {
        weights: Arc<PointwiseWeights>,
        pixels: usize,
        quantization: Option<Arc<LayerRanges>>,
    },
}

/// A step of the network before it has a size.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) packed: Packed,
    pub(crate) inputs: Vec<TensorId>,
    pub(crate) output: TensorId,
}

/// A network with packed weights. Cloning shares the weights.
#[derive(Clone, Debug)]
pub struct Model {
    pub(crate) isa: Isa,
    pub(crate) precision: Precision,
    pub(crate) element: Element,
    pub(crate) channels: Arc<[usize]>,
    pub(crate) parts: Arc<[Part]>,
    pub(crate) outputs: Arc<[Output]>,
}

impl Model {
    /// Reads an ONNX file and packs its weights for `options`.
    ///
    /// `order` is what the network was trained with; the first layer's weights are
    /// permuted so that pictures always come as R, G, B. `ranges` are the calibrated
    /// activation ranges that [`Precision::Int8`] needs: layers without them run in
    /// bf16 or f32.
    ///
    /// # Errors
    /// [`LoadError`] when the file is malformed, holds values that are not finite, or is
    /// not of the supported family.
    pub fn from_onnx(
        bytes: &[u8],
        order: ColorOrder,
        options: &Options,
        ranges: Option<&Ranges>,
    ) -> Result<Self, LoadError> {
        Self::pack(&read(bytes)?, order, options, ranges, true)
    }

    /// Reads a TensorFlow.js graph model and packs its weights for `options`. Pictures come as
    /// R, G, B; there are no 8-bit layers.
    ///
    /// # Errors
    /// [`LoadError`] when a file is malformed, holds values that are not finite, lacks a wanted
    /// output, or is not of the supported family.
    pub fn from_tfjs(files: &TfjsFiles<'_>, options: &Options) -> Result<Self, LoadError> {
        Self::pack(&files.graph()?, ColorOrder::Rgb, options, None, true)
    }

    /// As [`Model::from_onnx`] in f32 without fusing, so that every activation can be seen:
    /// the model that calibration runs.
    ///
    /// # Errors
    /// As for [`Model::from_onnx`].
    pub(crate) fn unfused(bytes: &[u8], order: ColorOrder, isa: Isa) -> Result<Self, LoadError> {
        let options = Options {
            isa,
            precision: Precision::F32,
            threads: 1,
        };
        Self::pack(&read(bytes)?, order, &options, None, false)
    }

    fn pack(
        graph: &Graph,
        order: ColorOrder,
        options: &Options,
        ranges: Option<&Ranges>,
        fuse: bool,
    ) -> Result<Self, LoadError> {
        let isa = options.isa;
        let native_bf16 = isa == Isa::Avx512Bf16;
        // What there is on this machine for this network; see the table in
        // docs/performance.md for why `auto` prefers what it prefers.
        let precision = match options.precision {
            Precision::Int8 | Precision::Auto if ranges.is_some() => Precision::Int8,
            Precision::Int8 | Precision::Auto | Precision::Bf16 if native_bf16 => Precision::Bf16,
            _ => Precision::F32,
        };
        let element = if precision == Precision::F32 {
            Element::F32
        } else {
            Element::Bf16
        };
        let packer = Packer {
            graph,
            isa,
            precision,
            order,
            ranges,
        };
        let mut parts = Vec::with_capacity(graph.layers.len());
        let mut fused = vec![false; graph.layers.len()];
        for (index, layer) in graph.layers.iter().enumerate() {
            if fused[index] {
                continue;
            }
            let follower = if fuse { packer.fusable(layer) } else { None };
            if let Some(next) = follower {
                fused[next] = true;
            }
            parts.push(packer.part(layer, follower.map(|next| &graph.layers[next]))?);
        }
        Ok(Self {
            isa,
            precision,
            element,
            channels: graph.channels.as_slice().into(),
            parts: parts.into(),
            outputs: graph.outputs.as_slice().into(),
        })
    }

    /// The precision that was chosen; never [`Precision::Auto`].
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The instruction set whose kernels run.
    #[must_use]
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Names of the outputs.
    pub fn output_names(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().map(|output| output.name.as_str())
    }

    /// Bytes of packed weights.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        self.parts
            .iter()
            .map(|part| match &part.packed {
                Packed::Depthwise { weights, .. } => weights.bytes(),
                Packed::Separable {
                    depthwise,
                    pointwise,
                    ..
                } => depthwise.bytes() + pointwise.bytes(),
                Packed::Pointwise { weights } | Packed::Dense { weights, .. } => weights.bytes(),
                Packed::DenseBlocks { weights } => weights.bytes(),
                Packed::Rgb { .. }
                | Packed::MaxPool
                | Packed::DoubleAndAdd
                | Packed::Sum { .. } => 0,
            })
            .sum()
    }
}

fn read(bytes: &[u8]) -> Result<Graph, LoadError> {
    if bytes.len() > MAX_BYTES {
        return Err(LoadError::TooLarge {
            bytes: bytes.len(),
            limit: MAX_BYTES,
        });
    }
    let file = ModelProto::decode(bytes).map_err(|error| LoadError::NotOnnx {
        reason: error.to_string(),
    })?;
    let graph = file.graph.ok_or(LoadError::Graph {
        reason: "the file has none",
    })?;
    lower(&graph)
}

struct Packer<'a> {
    graph: &'a Graph,
    isa: Isa,
    precision: Precision,
    order: ColorOrder,
    ranges: Option<&'a Ranges>,
}

const UNFIT: LoadError = LoadError::Graph {
    reason: "a layer's parameters do not fit its shape",
};

impl Packer<'_> {
    /// The pointwise layer that can be fused behind a depthwise one.
    fn fusable(&self, layer: &Layer) -> Option<usize> {
        let Operation::Convolution(Convolution {
            kind: Kind::Depthwise,
            inputs,
            ..
        }) = &layer.operation
        else {
            return None;
        };
        let next = self.graph.only_reader(layer.output)?;
        match &self.graph.layers[next].operation {
            Operation::Convolution(Convolution {
                kind: Kind::Pointwise,
                ..
            }) if inputs.is_multiple_of(LANES) => Some(next),
            _ => None,
        }
    }

    /// The arithmetic of a layer that may be quantised when its input has ranges.
    fn arithmetic(&self, tensor: TensorId) -> (Arithmetic, Option<&LayerRanges>) {
        let ranges = self.ranges.and_then(|ranges| ranges.of(tensor));
        match self.precision {
            Precision::Int8 if ranges.is_some() => (Arithmetic::Int8, ranges),
            Precision::Int8 | Precision::Bf16 if self.isa == Isa::Avx512Bf16 => {
                (Arithmetic::Bf16, None)
            }
            _ => (Arithmetic::F32, None),
        }
    }

    fn part(&self, layer: &Layer, follower: Option<&Layer>) -> Result<Part, LoadError> {
        let mut output = layer.output;
        let packed = match &layer.operation {
            Operation::MaxPool => Packed::MaxPool,
            Operation::DoubleAndAdd => Packed::DoubleAndAdd,
            Operation::Sum(activation) => Packed::Sum {
                slopes: activation.slopes(self.graph.channels[output]).into(),
            },
            Operation::Dense(dense) => self.dense(layer.inputs[0], dense)?,
            Operation::Convolution(convolution) => match (convolution.kind, follower) {
                (Kind::Rgb, _) => self.rgb(convolution)?,
                (Kind::Depthwise, Some(next)) => {
                    output = next.output;
                    self.separable(layer.output, convolution, next)?
                }
                (Kind::Depthwise, None) => Packed::Depthwise {
                    weights: Arc::new(depthwise(convolution, None).ok_or(UNFIT)?),
                    windows: convolution.windows,
                },
                (Kind::Pointwise, _) => {
                    let arithmetic = match self.precision {
                        Precision::F32 => Arithmetic::F32,
                        _ => Arithmetic::Bf16,
                    };
                    let weights =
                        pointwise(self.isa, arithmetic, convolution, None).ok_or(UNFIT)?;
                    Packed::Pointwise {
                        weights: Arc::new(weights),
                    }
                }
            },
        };
        Ok(Part {
            packed,
            inputs: layer.inputs.clone(),
            output,
        })
    }

    fn rgb(&self, convolution: &Convolution) -> Result<Packed, LoadError> {
        let mut weights = convolution.weights.clone();
        if self.order == ColorOrder::Bgr {
            for filter in weights.chunks_exact_mut(27) {
                let (blue, rest) = filter.split_at_mut(9);
                blue.swap_with_slice(&mut rest[9..]);
            }
        }
        let normalization = self.graph.normalization;
        let weights = RgbWeights::pack(
            convolution.outputs,
            &weights,
            &convolution.bias,
            &convolution.activation.slopes(convolution.outputs),
            normalization.mean,
            normalization.scale,
        )
        .ok_or(UNFIT)?;
        Ok(Packed::Rgb {
            weights: Arc::new(weights),
            windows: convolution.windows,
        })
    }

    fn separable(
        &self,
        between: TensorId,
        first: &Convolution,
        next: &Layer,
    ) -> Result<Packed, LoadError> {
        let Operation::Convolution(second) = &next.operation else {
            return Err(UNFIT);
        };
        let (arithmetic, ranges) = self.arithmetic(between);
        let quantization = ranges.map(LayerRanges::quantization);
        Ok(Packed::Separable {
            depthwise: Arc::new(depthwise(first, quantization).ok_or(UNFIT)?),
            pointwise: Arc::new(
                pointwise(self.isa, arithmetic, second, quantization).ok_or(UNFIT)?,
            ),
            windows: first.windows,
        })
    }

    fn dense(&self, input: TensorId, layer: &DenseLayer) -> Result<Packed, LoadError> {
        let (arithmetic, ranges) = self.arithmetic(input);
        if let (Some(blocks), true) = (layer.blocks(), arithmetic != Arithmetic::Int8) {
            let rounded = |map: &[(f64, f64)]| -> Vec<(f32, f32)> {
                map.iter()
                    .map(|(factor, shift)| (*factor as f32, *shift as f32))
                    .collect()
            };
            let weights = BlockWeights::pack(&BlockWeightsLayer {
                inputs: layer.features,
                outputs: layer.outputs,
                weights: &blocks.q,
                scales: &blocks.scales,
                zeros: &blocks.zeros,
                input_map: &rounded(&layer.input_map),
                output_map: &rounded(&layer.output_map),
            });
            return Ok(Packed::DenseBlocks {
                weights: Arc::new(weights.ok_or(UNFIT)?),
            });
        }
        let channels = layer.input_map.len();
        let pixels = layer.features / channels;
        let spread = ranges.map(|ranges| ranges.spread(pixels));
        let rows = PointwiseRows {
            inputs: channels.div_ceil(LANES) * pixels * LANES,
            slope: &vec![1.0; layer.outputs],
            quantization: spread.as_ref().map(LayerRanges::quantization),
            dense: true,
        };
        let mut folded = layer.folded();
        let weights = PointwiseWeights::pack_rows(self.isa, arithmetic, &rows, |output, row| {
            folded.read(output, row)
        });
        Ok(Packed::Dense {
            weights: Arc::new(weights.ok_or(UNFIT)?),
            pixels,
            quantization: ranges.cloned().map(Arc::new),
        })
    }
}

fn depthwise(
    convolution: &Convolution,
    quantization: Option<Quantization<'_>>,
) -> Option<DepthwiseWeights> {
    DepthwiseWeights::pack(
        convolution.outputs,
        &convolution.weights,
        &convolution.bias,
        &convolution.activation.slopes(convolution.outputs),
        quantization,
    )
}

fn pointwise(
    isa: Isa,
    arithmetic: Arithmetic,
    convolution: &Convolution,
    quantization: Option<Quantization<'_>>,
) -> Option<PointwiseWeights> {
    PointwiseWeights::pack(
        isa,
        arithmetic,
        &PointwiseLayer {
            inputs: convolution.inputs,
            outputs: convolution.outputs,
            weights: &convolution.weights,
            bias: &convolution.bias,
            slope: &convolution.activation.slopes(convolution.outputs),
            quantization,
            dense: false,
        },
    )
}
