//! From layers to weights that lie as the kernels of one machine read them.

use crate::dense::DenseLayer;
use crate::error::LoadError;
use crate::graph::{Convolution, Graph, Kind, Layer, Operation, TensorId};
use crate::model::{ColorOrder, Packed, Part};
use crate::options::Precision;
use crate::ranges::{LayerRanges, Ranges};
use countenance_kernels::{
    Arithmetic, BlockWeights, BlockWeightsLayer, DepthwiseWeights, Isa, LANES, PointwiseLayer,
    PointwiseRows, PointwiseWeights, Pooling, Quantization, RgbWeights,
};
use std::sync::Arc;

/// Packs the layers of one graph.
pub(crate) struct Packer<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) isa: Isa,
    pub(crate) precision: Precision,
    pub(crate) order: ColorOrder,
    pub(crate) ranges: Option<&'a Ranges>,
}

const UNFIT: LoadError = LoadError::Graph {
    reason: "a layer's parameters do not fit its shape",
};

impl Packer<'_> {
    /// The pointwise or pooling layer that can be fused behind a depthwise one.
    pub(crate) fn fusable(&self, layer: &Layer) -> Option<usize> {
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
            Operation::MaxPool => Some(next),
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

    pub(crate) fn part(&self, layer: &Layer, follower: Option<&Layer>) -> Result<Part, LoadError> {
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
                (Kind::Depthwise, Some(next)) if next.operation != Operation::MaxPool => {
                    output = next.output;
                    self.separable(layer.output, convolution, next)?
                }
                (Kind::Depthwise, pool) => {
                    output = pool.map_or(output, |pool| pool.output);
                    Packed::Depthwise {
                        weights: Arc::new(depthwise(convolution, None).ok_or(UNFIT)?),
                        windows: convolution.windows,
                        pooling: pool.map_or(Pooling::None, |_| Pooling::Max2x2),
                    }
                }
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
