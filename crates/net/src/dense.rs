//! A dense layer as the file has it, and what was folded into it.

use crate::constant::{Blocks, Constant};
use countenance_kernels::LANES;
use std::borrow::Cow;

/// A dense layer between an affine map per input channel and one per output:
/// `y[o] = out(o, sum over features k of  w[o][k] * in(channel of k, x[k]))`.
///
/// The maps are kept apart because the weights are most of a network's bytes: they are
/// folded row by row when the layer is packed, or never.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DenseLayer {
    pub(crate) outputs: usize,
    /// Values of the input: channel, row, column.
    pub(crate) features: usize,
    weights: Constant,
    /// Factor and shift of each input channel.
    pub(crate) input_map: Vec<(f64, f64)>,
    /// Factor and shift of each output; the bias is in the shift.
    pub(crate) output_map: Vec<(f64, f64)>,
}

impl DenseLayer {
    /// A layer over weights `[outputs][features]`; `None` when the dimensions do not fit.
    pub(crate) fn new(
        weights: Constant,
        input_map: Vec<(f64, f64)>,
        output_map: Vec<(f64, f64)>,
    ) -> Option<Self> {
        let [outputs, features] = weights.dims[..] else {
            return None;
        };
        let fits = outputs > 0
            && outputs == output_map.len()
            && features > 0
            && !input_map.is_empty()
            && features.is_multiple_of(input_map.len());
        fits.then_some(Self {
            outputs,
            features,
            weights,
            input_map,
            output_map,
        })
    }

    /// The weights' blocks, where they were kept and are those of the rows.
    pub(crate) fn blocks(&self) -> Option<&Blocks> {
        let blocks = self.weights.blocks()?;
        (blocks.columns() == self.features).then_some(blocks)
    }

    /// Applies another map behind the outputs.
    pub(crate) fn fold_behind(&mut self, map: &[(f64, f64)]) {
        for ((factor, shift), (scale, offset)) in self.output_map.iter_mut().zip(map) {
            *factor *= scale;
            *shift = *shift * scale + offset;
        }
    }

    /// The rows with both maps folded in.
    pub(crate) fn folded(&self) -> FoldedRows<'_> {
        FoldedRows {
            layer: self,
            plain: self.blocks().is_none().then(|| self.weights.values()),
            row: vec![0.0; self.features],
        }
    }
}

/// Reads a dense layer's weights row by row, folding as it goes.
pub(crate) struct FoldedRows<'a> {
    layer: &'a DenseLayer,
    /// All weights, where they are not blocks.
    plain: Option<Cow<'a, [f32]>>,
    row: Vec<f32>,
}

impl FoldedRows<'_> {
    /// Writes the weights of an output in the order block of channels, pixel, lane, which
    /// is that of the planes, and returns its bias. Channels that only fill up the last
    /// block stay as they are.
    pub(crate) fn read(&mut self, output: usize, to: &mut [f32]) -> f32 {
        let layer = self.layer;
        let row = match (&self.plain, layer.blocks()) {
            (None, Some(blocks)) => {
                blocks.read_row(output, &mut self.row);
                self.row.as_slice()
            }
            (plain, _) => plain.as_ref().map_or(&[][..], |values| {
                &values[output * layer.features..(output + 1) * layer.features]
            }),
        };
        let (factor, shift) = layer.output_map[output];
        let pixels = layer.features / layer.input_map.len();
        let mut sum = 0.0;
        for (c, (of_channel, map)) in row.chunks_exact(pixels).zip(&layer.input_map).enumerate() {
            let (channel_factor, channel_shift) = *map;
            let scale = factor * channel_factor;
            let lane = (c / LANES) * pixels * LANES + c % LANES;
            let mut of_map = 0.0;
            for (weight, to) in of_channel.iter().zip(to[lane..].iter_mut().step_by(LANES)) {
                of_map += f64::from(*weight);
                *to = (f64::from(*weight) * scale) as f32;
            }
            sum += of_map * channel_shift;
        }
        (factor * sum + shift) as f32
    }
}
