//! Measures activation ranges: the first half of 8-bit calibration.

use crate::error::{LoadError, PlanError};
use crate::model::{ColorOrder, Model, Packed};
use crate::network::Network;
use crate::ranges::{LayerRanges, Ranges};
use crate::seam::{Net, RunError, Size};
use countenance_kernels::Isa;

/// Smallest and largest values of one tensor, per channel and picture.
#[derive(Debug)]
struct Recorded {
    tensor: usize,
    channels: usize,
    /// `[picture][channel]`.
    low: Vec<f32>,
    high: Vec<f32>,
}

/// Runs a network unfused in f32 over development pictures and remembers the range of
/// every activation that an 8-bit layer would read.
///
/// A channel's range is a quantile of its extremes over the pictures rather than the
/// extreme of extremes: one odd picture would otherwise coarsen the steps of all others
/// (Krishnamoorthi, "Quantizing deep convolutional networks for efficient inference",
/// 2018, section 3). Values beyond are clamped at run time.
#[derive(Debug)]
pub struct RangeRecorder {
    network: Network,
    recorded: Vec<Recorded>,
    pictures: usize,
}

impl RangeRecorder {
    /// Plans the network for pictures of `size`.
    ///
    /// # Errors
    /// [`LoadError`] when the file cannot be read; a size that does not suit the network
    /// is [`LoadError::Graph`].
    pub fn new(bytes: &[u8], order: ColorOrder, isa: Isa, size: Size) -> Result<Self, LoadError> {
        let model = Model::unfused(bytes, order, isa)?;
        let network = Network::plan(&model, size, 1).map_err(|error| LoadError::Graph {
            reason: match error {
                PlanError::InputSize { reason, .. } | PlanError::Layer { reason, .. } => reason,
                PlanError::IsaUnavailable { .. } => "this machine cannot run the instruction set",
            },
        })?;
        let recorded = model
            .parts
            .iter()
            .filter_map(|part| {
                let input = part.inputs[0];
                let quantized = match part.packed {
                    Packed::Pointwise { .. } => model.parts.iter().any(|maker| {
                        maker.output == input && matches!(maker.packed, Packed::Depthwise { .. })
                    }),
                    Packed::Dense { .. } | Packed::DenseBlocks { .. } => true,
                    _ => false,
                };
                quantized.then(|| Recorded {
                    tensor: input,
                    channels: model.channels[input],
                    low: Vec::new(),
                    high: Vec::new(),
                })
            })
            .collect();
        Ok(Self {
            network,
            recorded,
            pictures: 0,
        })
    }

    /// Records the ranges of the run that was just made.
    fn record(&mut self) {
        for recorded in &mut self.recorded {
            let plane = self.network.plane(recorded.tensor);
            let shape = plane.shape();
            for c in 0..recorded.channels {
                let (mut low, mut high) = (0.0f32, 0.0f32);
                for y in 0..shape.height {
                    for x in 0..shape.width {
                        let value = plane.get(c, y, x);
                        low = low.min(value);
                        high = high.max(value);
                    }
                }
                recorded.low.push(low);
                recorded.high.push(high);
            }
        }
        self.pictures += 1;
    }

    /// Pictures recorded so far.
    #[must_use]
    pub fn pictures(&self) -> usize {
        self.pictures
    }

    /// The ranges that cover a share `quantile` (0..=1) of the pictures' extremes.
    #[must_use]
    pub fn ranges(&self, quantile: f64) -> Ranges {
        let layers = self
            .recorded
            .iter()
            .map(|recorded| {
                let extreme = |values: &[f32], sign: f32| -> Vec<f32> {
                    (0..recorded.channels)
                        .map(|c| {
                            let mut of_channel: Vec<f32> = values
                                .iter()
                                .skip(c)
                                .step_by(recorded.channels)
                                .map(|value| value * sign)
                                .collect();
                            of_channel.sort_by(f32::total_cmp);
                            let last = of_channel.len().saturating_sub(1);
                            let at = (quantile.clamp(0.0, 1.0) * last as f64).round() as usize;
                            of_channel.get(at).copied().unwrap_or(0.0) * sign
                        })
                        .collect()
                };
                let low = extreme(&recorded.low, -1.0);
                let high = extreme(&recorded.high, 1.0);
                LayerRanges::covering(recorded.tensor, &low, &high)
            })
            .collect();
        Ranges { layers }
    }
}

/// Every run is recorded, so that a recorder can stand where the network would.
impl Net for RangeRecorder {
    fn input_size(&self) -> Size {
        self.network.input_size()
    }

    fn run(&mut self, pixels: &[u8]) -> Result<(), RunError> {
        self.network.run(pixels)?;
        self.record();
        Ok(())
    }

    fn output(&self, name: &str) -> Option<&[f32]> {
        self.network.output(name)
    }
}
