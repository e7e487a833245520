//! The first layer: a 3x3 convolution over an RGB picture of bytes.
//!
//! The picture's bytes have the mean taken away and get a border of zeros (the border
//! stands for zero *after* normalisation, as the networks were trained), interleaved as
//! they came: the nine values of a window's row are then neighbours, and the layer is a
//! pointwise layer with 27 input channels at a stride. The scale is folded into the
//! weights. That is done strip by strip of a few rows, which are still in the first cache when the
//! windows come.
//!
//! Where the machine multiplies bf16 pairs and the layer writes bf16, the layer runs in
//! bf16: a byte less a mean of whole or half steps is exact in its eight bits, and the
//! nine values are five words of two.

mod kernel;

use self::kernel::{CenterJob, Kernels, RgbJob, SLACK, select};
use crate::buffer::Buffer;
use crate::isa::Isa;
use crate::plane::{Element, LANES, Plane, PlaneShape, round_filter};
use crate::separable::{StepError, base_mut, element_bytes};
use crate::team::{Parted, Team};
use crate::windows::Windows;
use std::ops::Range;
use std::sync::Arc;

const TAPS: usize = 27;

/// A strip of the picture without its mean stays in the second-level cache beside what is written.
const STRIP_BYTES: usize = 96 * 1024;

/// Packed weights of a first layer; they serve every instruction set.
#[derive(Debug)]
pub struct RgbWeights {
    outputs: usize,
    /// `[block][tap ky, kx, c][lane]`, then bias and slope per block.
    singles: Buffer<f32>,
    /// The same with bf16 taps, `[block][ky][pair of kx, c][lane]`; the tenth tap of a row
    /// is zero.
    pairs: Buffer<f32>,
    mean: f32,
}

/// Vectors of bf16 pairs of a block.
const PAIRS: usize = 15;

impl RgbWeights {
    /// Packs `weights` (`[outputs][3 = R, G, B][3][3]`), `bias` and PReLU `slope`
    /// (`[outputs]`) of a layer that sees `(byte - mean) * scale`.
    ///
    /// Returns `None` when the slices do not fit.
    #[must_use]
    pub fn pack(
        outputs: usize,
        weights: &[f32],
        bias: &[f32],
        slope: &[f32],
        mean: f32,
        scale: f32,
    ) -> Option<Self> {
        if weights.len() != outputs * TAPS || bias.len() != outputs || slope.len() != outputs {
            return None;
        }
        let blocks = outputs.div_ceil(LANES);
        let mut singles = Buffer::zeroed(blocks * (TAPS + 2) * LANES);
        let mut pairs = Buffer::zeroed(blocks * (PAIRS + 2) * LANES);
        for o in 0..outputs {
            // From channel, row, column to row, column, channel.
            let taps: [f32; TAPS] =
                std::array::from_fn(|tap| weights[(o * 3 + tap % 3) * 9 + tap / 3] * scale);
            let (block, lane) = (o / LANES, o % LANES);
            let single = &mut singles[block * (TAPS + 2) * LANES + lane..];
            for (k, tap) in taps.iter().enumerate() {
                single[k * LANES] = *tap;
            }
            single[TAPS * LANES] = bias[o];
            single[(TAPS + 1) * LANES] = slope[o];
            let pair = &mut pairs[block * (PAIRS + 2) * LANES + lane..];
            let colors: [[u16; 9]; 3] =
                std::array::from_fn(|c| round_filter(std::array::from_fn(|k| taps[3 * k + c])));
            let rounded: [u16; TAPS] = std::array::from_fn(|tap| colors[tap % 3][tap / 3]);
            for (ky, row) in rounded.chunks_exact(9).enumerate() {
                for (k, two) in row.chunks(2).enumerate() {
                    let bits = |i: usize| two.get(i).map_or(0, |tap| u32::from(*tap));
                    // Only a carrier of bits: nothing computes with it as f32.
                    pair[(ky * 5 + k) * LANES] = f32::from_bits(bits(0) | bits(1) << 16);
                }
            }
            pair[PAIRS * LANES] = bias[o];
            pair[(PAIRS + 1) * LANES] = slope[o];
        }
        Some(Self {
            outputs,
            singles,
            pairs,
            mean,
        })
    }
}

/// The first layer, planned for one picture size.
#[derive(Debug)]
pub struct Rgb {
    weights: Arc<RgbWeights>,
    kernels: Kernels,
    isa: Isa,
    element: Element,
    windows: Windows,
    width: usize,
    height: usize,
    output: PlaneShape,
    /// Some rows of the picture without its mean and with its border, f32 or bf16: a strip for each
    /// member of a team.
    centered: Vec<Buffer<u8>>,
    /// Elements of a row of them.
    row: usize,
    /// Rows of outputs for which a strip has the windows.
    strip_rows: usize,
    parts: usize,
}

impl Rgb {
    /// Plans the step for pictures of `width` by `height` pixels; `output` has as many rows
    /// and columns as there are windows.
    ///
    /// # Errors
    /// [`StepError`] when shapes do not fit or no kernel exists.
    pub fn plan(
        weights: Arc<RgbWeights>,
        isa: Isa,
        windows: impl Into<Windows>,
        element: Element,
        (width, height): (usize, usize),
        output: PlaneShape,
        threads: usize,
    ) -> Result<Self, StepError> {
        let windows = windows.into();
        let fits = windows.are_known()
            && output.channels == weights.outputs
            && output.height == windows.count(height)
            && output.width == windows.count(width)
            && output.pixels() > 0;
        if !fits {
            return Err(StepError::ShapeMismatch);
        }
        let kernels = select(isa, element, output.blocks()).ok_or(StepError::NoKernel)?;
        // One more column and row than a border of one: a window may be loaded whole.
        let row = (width + 3) * 3 + SLACK;
        let row_bytes = row * kernels.value_bytes();
        let parts = if threads <= 1 {
            1
        } else {
            (threads * 2).min(output.height)
        };
        let strip_rows = (STRIP_BYTES / row_bytes).saturating_sub(3) / windows.step;
        let strip_rows = strip_rows.clamp(1, output.height.div_ceil(parts));
        let rows = (strip_rows - 1) * windows.step + 3;
        let centered = (0..threads.max(1))
            .map(|_| Buffer::zeroed(row_bytes * (rows + 1)))
            .collect();
        Ok(Self {
            weights,
            kernels,
            isa,
            element,
            windows,
            width,
            height,
            output,
            centered,
            row,
            strip_rows,
            parts,
        })
    }

    /// Multiply-accumulates.
    #[must_use]
    pub fn macs(&self) -> usize {
        self.output.pixels() * TAPS * self.weights.outputs
    }

    /// Bytes of the strips.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.centered.iter().map(Buffer::bytes).sum()
    }

    /// Name of the kernel.
    #[must_use]
    pub fn kernel_name(&self) -> String {
        let products = if self.kernels.paired { "bf16" } else { "f32" };
        format!("conv3x3rgb_{products}_{}", self.isa)
    }

    /// Runs the step on `height * width * 3` interleaved R, G, B bytes.
    ///
    /// # Panics
    /// When the picture, plane or team are not those of the plan.
    pub fn run(&mut self, team: &mut Team, pixels: &[u8], output: &mut Plane) {
        assert!(pixels.len() == self.width * self.height * 3);
        assert!(output.shape() == self.output && output.element() == self.element);
        assert!(team.members() <= self.centered.len());
        let target = Parted(base_mut(output));
        let strips = Parted(self.centered.as_mut_ptr());
        let this = &*self;
        team.run(this.parts, &|part, member| {
            let height = this.output.height;
            let (mut first, end) = (height * part / this.parts, height * (part + 1) / this.parts);
            while first < end {
                let rows = this.strip_rows.min(end - first);
                // SAFETY: shapes were checked above; parts write disjoint rows; there is a strip
                // for every member, and a member runs one part at a time.
                unsafe {
                    let strip: &mut Buffer<u8> = &mut *strips.address().add(member);
                    this.run_strip(pixels, first..first + rows, strip, target.address());
                }
                first += rows;
            }
        });
    }

    /// # Safety
    /// The picture and the output are those of the plan, and nobody else writes these rows of
    /// outputs.
    unsafe fn run_strip(
        &self,
        pixels: &[u8],
        rows: Range<usize>,
        strip: &mut Buffer<u8>,
        output: *mut u8,
    ) {
        let (step, size) = (self.windows.step, self.kernels.value_bytes());
        let row_bytes = self.row * size;
        // Rows of the picture with one row of border before them.
        let first = rows.start * step + self.windows.shift(self.height);
        let count = (rows.len() - 1) * step + 3;
        let inside = first.max(1)..(first + count).min(self.height + 1);
        for (row, to) in (first..first + count).zip(strip.chunks_exact_mut(row_bytes)) {
            if !inside.contains(&row) {
                to.fill(0);
            }
        }
        let weights = if self.kernels.paired {
            &self.weights.pairs
        } else {
            &self.weights.singles
        };
        let corner = self.windows.shift(self.width) * 3 * size;
        let offset = self.output.pixel(rows.start, 0) * element_bytes(self.element);
        // SAFETY: the rows inside are the picture's, of `3 * width` bytes; the strip takes `count`
        // rows and one more, each with a pixel before it and SLACK elements behind.
        unsafe {
            let place = (inside.start - first) * row_bytes + 3 * size;
            (self.kernels.center)(&CenterJob {
                bytes: pixels.as_ptr().add((inside.start - 1) * 3 * self.width),
                row: 3 * self.width,
                rows: inside.len(),
                mean: self.weights.mean,
                out: strip.as_mut_ptr().add(place),
                out_row: self.row,
            });
            (self.kernels.convolve)(&RgbJob {
                input: strip.as_ptr().add(corner),
                row: row_bytes,
                step: step * 3 * size,
                stride: step,
                rows: rows.len(),
                width: self.output.width,
                blocks: self.output.blocks(),
                weights: weights.as_ptr(),
                out: output.add(offset),
                out_row: self.output.row_stride(),
                out_block: self.output.block_stride(),
            });
        }
    }
}
