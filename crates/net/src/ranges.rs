//! Activation ranges, measured once on development images, that 8-bit layers are built on.

use crate::graph::TensorId;
use countenance_kernels::{LANES, Quantization};

/// How the channels of one activation tensor are quantised.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerRanges {
    /// The tensor's number within its network.
    pub tensor: usize,
    /// Value of one step of each channel, > 0 and finite.
    pub scale: Vec<f32>,
    /// The step that stands for 0.0 in each channel; an integer in 0..=255.
    pub zero: Vec<f32>,
}

impl LayerRanges {
    /// Steps that cover `low..=high` of every channel; the range is widened to hold zero.
    #[must_use]
    pub fn covering(tensor: usize, low: &[f32], high: &[f32]) -> Self {
        let pairs = low.iter().zip(high).map(|(low, high)| {
            let (low, high) = (low.min(0.0), high.max(0.0));
            let step = ((high - low) / 255.0).max(f32::MIN_POSITIVE * 1e6);
            (step, (-low / step).round_ties_even().clamp(0.0, 255.0))
        });
        let (scale, zero) = pairs.unzip();
        Self {
            tensor,
            scale,
            zero,
        }
    }

    pub(crate) fn quantization(&self) -> Quantization<'_> {
        Quantization {
            scale: &self.scale,
            zero: &self.zero,
        }
    }

    /// The same, repeated for every pixel in the order block, pixel, lane.
    pub(crate) fn spread(&self, pixels: usize) -> Self {
        let blocks = self.scale.len().div_ceil(LANES);
        let repeat = |values: &[f32], pad: f32| {
            (0..blocks * pixels * LANES)
                .map(|i| {
                    let c = (i / (pixels * LANES)) * LANES + i % LANES;
                    values.get(c).copied().unwrap_or(pad)
                })
                .collect()
        };
        Self {
            tensor: self.tensor,
            scale: repeat(&self.scale, 1.0),
            zero: repeat(&self.zero, 0.0),
        }
    }
}

/// The ranges of a network's activations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranges {
    /// One entry per tensor that feeds an 8-bit layer.
    pub layers: Vec<LayerRanges>,
}

impl Ranges {
    pub(crate) fn of(&self, tensor: TensorId) -> Option<&LayerRanges> {
        self.layers.iter().find(|layer| layer.tensor == tensor)
    }
}
