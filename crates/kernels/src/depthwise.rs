//! Depthwise 3x3 convolution with zero border: every channel with its own nine weights.
//!
//! The plain idea, for channel `c` and output pixel `(y, x)`:
//!
//! ```text
//! v = bias[c] + sum over ky, kx of  w[c][ky][kx] * in[c][y*stride + ky - 1][x*stride + kx - 1]
//! out = max(v, 0) + slope[c] * min(v, 0)  (+ zero[c] when the output is quantised)
//! ```
//!
//! The fast version keeps the nine weights of sixteen channels in registers and computes
//! several neighbouring pixels at once, so that each loaded column serves three outputs.
//! The border is real zeros around the plane, so there is no edge case; where the windows begin
//! one pixel later ([`Windows`]), so does the pointer.
//!
//! Where the machine multiplies bf16 pairs and the activations are bf16, the weights are
//! rounded to bf16 too, and a window is three columns of two instructions instead of nine
//! products: [`paired`].

mod kernel;
mod pooled;
#[cfg(target_arch = "aarch64")]
mod quarters;

pub(crate) use self::kernel::{DepthwiseFn, DepthwiseJob, select};

use crate::buffer::Buffer;
use crate::isa::Isa;
use crate::plane::{Element, LANES, Plane, PlaneShape, round_filter};
use crate::pointwise::{Quantization, Word};
use crate::separable::{StepError, base, base_mut, element_bytes};
use crate::team::{Parted, Team};
use crate::windows::Windows;
use std::sync::Arc;

/// Vectors per channel block: nine weights, bias, slope, zero point.
const VECTORS: usize = 12;

/// Vectors of bf16 pairs per channel block.
const PAIRS: usize = 6;

/// Packed weights of a depthwise layer; they serve every instruction set.
#[derive(Debug)]
pub struct DepthwiseWeights {
    pub(crate) channels: usize,
    /// `[block][vector][lane]`.
    pub(crate) packed: Buffer<f32>,
    /// The nine weights in bf16: `[block][kx][upper and middle, lowest and 0][lane]`.
    pub(crate) pairs: Buffer<u32>,
}

impl DepthwiseWeights {
    /// Packs `weights` (`[channels][3][3]`), `bias` and PReLU `slope` (`[channels]`).
    ///
    /// With a quantization the layer writes `value / scale + zero` instead of `value`;
    /// since PReLU commutes with a positive factor, the division is folded into weights
    /// and bias and costs nothing at run time.
    ///
    /// Returns `None` when the slices do not fit.
    #[must_use]
    pub fn pack(
        channels: usize,
        weights: &[f32],
        bias: &[f32],
        slope: &[f32],
        quantization: Option<Quantization<'_>>,
    ) -> Option<Self> {
        let fits = weights.len() == channels * 9
            && bias.len() == channels
            && slope.len() == channels
            && quantization.is_none_or(|q| q.scale.len() == channels && q.zero.len() == channels);
        if !fits {
            return None;
        }
        let blocks = channels.div_ceil(LANES);
        let mut packed = Buffer::zeroed(blocks * VECTORS * LANES);
        let mut pairs = Buffer::zeroed(blocks * PAIRS * LANES);
        for c in 0..channels {
            let base = (c / LANES) * VECTORS * LANES + c % LANES;
            let (factor, zero) = quantization.map_or((1.0, 0.0), |q| (1.0 / q.scale[c], q.zero[c]));
            let taps: [f32; 9] = std::array::from_fn(|k| weights[c * 9 + k] * factor);
            for (k, tap) in taps.iter().enumerate() {
                packed[base + k * LANES] = *tap;
            }
            let pair = (c / LANES) * PAIRS * LANES + c % LANES;
            let rounded = round_filter(taps);
            for kx in 0..3 {
                let bits = |ky: usize| u32::from(rounded[ky * 3 + kx]);
                pairs[pair + 2 * kx * LANES] = bits(0) | bits(1) << 16;
                pairs[pair + (2 * kx + 1) * LANES] = bits(2);
            }
            packed[base + 9 * LANES] = bias[c] * factor;
            packed[base + 10 * LANES] = slope[c];
            packed[base + 11 * LANES] = zero;
        }
        Some(Self {
            channels,
            packed,
            pairs,
        })
    }

    /// Channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Bytes of packed weights.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.packed.bytes() + self.pairs.bytes()
    }
}

/// What becomes of a depthwise layer's outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pooling {
    /// They are stored.
    #[default]
    None,
    /// The maximum of every two by two of them is; an odd last row or column is dropped.
    Max2x2,
}

impl Pooling {
    /// Outputs along an axis of which one value is stored.
    fn step(self) -> usize {
        match self {
            Self::None => 1,
            Self::Max2x2 => 2,
        }
    }
}

/// A depthwise step on its own: plane to plane.
#[derive(Debug)]
pub struct Depthwise {
    weights: Arc<DepthwiseWeights>,
    kernel: DepthwiseFn,
    isa: Isa,
    windows: Windows,
    pooling: Pooling,
    element: Element,
    input: PlaneShape,
    output: PlaneShape,
    parts: usize,
}

impl Depthwise {
    /// Plans the step. `input` needs a border; `output` is of the size that `pooling` leaves.
    ///
    /// # Errors
    /// [`StepError`] when shapes do not fit or no kernel exists.
    pub fn plan(
        weights: Arc<DepthwiseWeights>,
        isa: Isa,
        (windows, pooling): (impl Into<Windows>, Pooling),
        element: Element,
        input: PlaneShape,
        output: PlaneShape,
        threads: usize,
    ) -> Result<Self, StepError> {
        let windows = windows.into();
        let fits = input.halo == 1
            && windows.are_known()
            && input.channels == weights.channels
            && output.channels == weights.channels
            && output.height == windows.count(input.height) / pooling.step()
            && output.width == windows.count(input.width) / pooling.step()
            && output.pixels() > 0;
        if !fits {
            return Err(StepError::ShapeMismatch);
        }
        let word = match element {
            Element::F32 => Word::F32,
            Element::Bf16 => Word::Bf16,
        };
        let kernel = match pooling {
            Pooling::None => select(isa, element, word),
            Pooling::Max2x2 => pooled::select(isa, element, word),
        }
        .ok_or(StepError::NoKernel)?;
        let parts = if threads <= 1 {
            1
        } else {
            (threads * 2).min(output.height)
        };
        Ok(Self {
            weights,
            kernel,
            isa,
            windows,
            pooling,
            element,
            input,
            output,
            parts,
        })
    }

    /// Multiply-accumulates.
    #[must_use]
    pub fn macs(&self) -> usize {
        let outputs = self.output.pixels() * self.pooling.step().pow(2);
        outputs * self.output.channels * 9
    }

    /// Name of the kernel.
    #[must_use]
    pub fn kernel_name(&self) -> String {
        let products = match (self.isa, self.element) {
            (Isa::Avx512Bf16, Element::Bf16) => "bf16",
            _ => "f32",
        };
        let pooled = match self.pooling {
            Pooling::None => "",
            Pooling::Max2x2 => "_max2x2",
        };
        format!("depthwise3x3{pooled}_{products}_{}", self.isa)
    }

    /// Runs the step.
    ///
    /// # Panics
    /// When planes are not those of the plan.
    pub fn run(&self, team: &mut Team, input: &Plane, output: &mut Plane) {
        assert!(input.shape() == self.input && output.shape() == self.output);
        assert!(input.element() == self.element && output.element() == self.element);
        let source = Parted(base(input).cast_mut());
        let corner = self.windows.corner(&self.input) * element_bytes(self.element);
        let target = Parted(base_mut(output));
        team.run(self.parts, &|part, _| {
            let first = self.output.height * part / self.parts;
            let rows = self.output.height * (part + 1) / self.parts - first;
            let offset = self.output.pixel(first, 0) * element_bytes(self.element);
            // SAFETY: shapes were checked above; parts write disjoint rows; from the corner on
            // all windows lie inside the plane with its border.
            unsafe {
                (self.kernel)(&DepthwiseJob {
                    input: source.address().add(corner),
                    row: self.input.row_stride(),
                    block: self.input.block_stride(),
                    blocks: self.input.blocks(),
                    weights: &self.weights,
                    stride: self.windows.step,
                    first_row: first,
                    rows,
                    width: self.output.width,
                    out: target.address().add(offset),
                    out_row: self.output.row_stride(),
                    out_block: self.output.block_stride(),
                });
            }
        });
    }
}
