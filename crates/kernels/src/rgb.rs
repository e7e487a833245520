//! The first layer: a 3x3 convolution over an RGB picture of bytes.
//!
//! The picture's bytes have the mean taken away once and get a border of zeros (the border
//! stands for zero *after* normalisation, as the networks were trained), interleaved as
//! they came: the nine values of a window's row are then neighbours, and the layer is a
//! pointwise layer with 27 input channels at a stride. The scale is folded into the
//! weights.
//!
//! Where the machine multiplies bf16 pairs and the layer writes bf16, the layer runs in
//! bf16: a byte less a mean of whole or half steps is exact in its eight bits, and the
//! nine values are five words of two.

use crate::buffer::Buffer;
use crate::isa::Isa;
use crate::lanes::{Bf16, Dot, F32, Lanes, Written};
use crate::plane::{Element, LANES, Plane, PlaneShape, round_filter};
use crate::scalar::ScalarLanes;
use crate::separable::{StepError, base_mut, element_bytes};
use crate::team::{Parted, Team};
use crate::windows::Windows;
use std::sync::Arc;

const TAPS: usize = 27;

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

struct RgbJob {
    /// Upper left corner of the first output's window.
    input: *const u8,
    /// Bytes between rows of the input, and between the windows of neighbouring outputs.
    row: usize,
    step: usize,
    /// Rows of the input between rows of outputs.
    stride: usize,
    rows: usize,
    width: usize,
    blocks: usize,
    weights: *const f32,
    out: *mut u8,
    out_row: usize,
    out_block: usize,
}

/// Vectors of a block's weights: taps, bias and slope.
const fn block_vectors(channels_of_word: usize) -> usize {
    3 * 9usize.div_ceil(channels_of_word) + 2
}

/// `P` neighbouring outputs of `B` blocks.
///
/// # Safety
/// Pointers are valid for the window rows, weights and outputs of the tile.
#[inline(always)]
unsafe fn window<V: Lanes, D: Dot<V>, E: Written, const P: usize, const B: usize>(
    job: &RgbJob,
    input: *const u8,
    weights: *const f32,
    out: *mut E,
) {
    // SAFETY: the caller vouches for the pointers; three rows of the words of P windows,
    // B blocks of vectors.
    unsafe {
        let words = 9usize.div_ceil(D::CHANNELS);
        let per_block = block_vectors(D::CHANNELS) * LANES;
        let mut sums = [[D::zero(); B]; P];
        for ky in 0..3 {
            for word in 0..words {
                let at = weights.add((ky * words + word) * LANES);
                let mut loaded = [D::weights(at.cast()); B];
                let mut b = 1;
                while b < B {
                    loaded[b] = D::weights(at.add(b * per_block).cast());
                    b += 1;
                }
                let mut p = 0;
                while p < P {
                    let value = input.add(ky * job.row + p * job.step + 4 * word);
                    let mut b = 0;
                    while b < B {
                        sums[p][b] = D::step(sums[p][b], value, loaded[b]);
                        b += 1;
                    }
                    p += 1;
                }
            }
        }
        let mut b = 0;
        while b < B {
            let rest = weights.add(b * per_block + 3 * words * LANES);
            let (bias, slope) = (V::load(rest), V::load(rest.add(LANES)));
            let mut p = 0;
            while p < P {
                let value = D::finish(sums[p][b]).add(bias).prelu(slope);
                E::store(value, out.add(b * job.out_block + p * LANES));
                p += 1;
            }
            b += 1;
        }
    }
}

#[inline(always)]
unsafe fn rgb<V: Lanes, D: Dot<V>, E: Written, const P: usize, const B: usize>(job: &RgbJob) {
    // SAFETY: rows, columns and blocks are those of the buffers behind the pointers.
    unsafe {
        let per_block = block_vectors(D::CHANNELS) * LANES;
        let mut block = 0;
        while block < job.blocks {
            let group = if job.blocks - block >= B { B } else { 1 };
            let weights = job.weights.add(block * per_block);
            for r in 0..job.rows {
                let input = job.input.add(r * job.stride * job.row);
                let out = job
                    .out
                    .cast::<E>()
                    .add(block * job.out_block + r * job.out_row);
                let mut x = 0;
                while x < job.width {
                    if job.width < P || group < B {
                        for b in 0..group {
                            window::<V, D, E, 1, 1>(
                                job,
                                input.add(x * job.step),
                                weights.add(b * per_block),
                                out.add(b * job.out_block + x * LANES),
                            );
                        }
                        x += 1;
                    } else {
                        // The last group overlaps its neighbour instead of leaving a rest.
                        let at = x.min(job.width - P);
                        let input = input.add(at * job.step);
                        window::<V, D, E, P, B>(job, input, weights, out.add(at * LANES));
                        x += P;
                    }
                }
            }
            block += group;
        }
    }
}

/// Rows of bytes that have the mean taken away.
struct CenterJob {
    bytes: *const u8,
    /// Bytes of a row.
    row: usize,
    rows: usize,
    mean: f32,
    out: *mut u8,
    /// Elements between rows of the output.
    out_row: usize,
}

/// # Safety
/// Pointers are valid for the job's rows; rows of the output have [`SLACK`] elements more
/// that may be overwritten.
#[inline(always)]
unsafe fn center<V: Lanes, E: Written>(job: &CenterJob) {
    // SAFETY: the last sixteen of the last row are read from before its end, or one by one
    // through a copy.
    unsafe {
        let minus = V::splat(-job.mean);
        for r in 0..job.rows {
            let from = job.bytes.add(r * job.row);
            let to = job.out.cast::<E>().add(r * job.out_row);
            let mut x = 0;
            while x + LANES <= job.row {
                E::store(V::load_u8(from.add(x)).add(minus), to.add(x));
                x += LANES;
            }
            if x < job.row && job.row >= LANES {
                let x = job.row - LANES;
                E::store(V::load_u8(from.add(x)).add(minus), to.add(x));
            } else if x < job.row {
                let mut copy = [0u8; LANES];
                copy.as_mut_ptr().copy_from(from, job.row);
                let mut centered = [0.0f32; LANES];
                V::load_u8(copy.as_ptr())
                    .add(minus)
                    .store(centered.as_mut_ptr());
                // What lies beyond the row is border.
                for value in &mut centered[job.row..] {
                    *value = 0.0;
                }
                E::store(V::load(centered.as_ptr()), to);
            }
        }
    }
}

/// Elements behind a row of the centered picture that centering a short row may touch.
const SLACK: usize = LANES;

type RgbFn = unsafe fn(&RgbJob);
type CenterFn = unsafe fn(&CenterJob);

/// The kernels of an instruction set for what the layer writes.
#[derive(Debug)]
struct Kernels {
    center: CenterFn,
    convolve: RgbFn,
    /// Whether the products are of bf16.
    paired: bool,
}

impl Kernels {
    /// Bytes of a value of the centered picture.
    fn value_bytes(&self) -> usize {
        if self.paired { 2 } else { 4 }
    }
}

fn select(isa: Isa, element: Element, blocks: usize) -> Option<Kernels> {
    if !isa.is_available() {
        return None;
    }
    macro_rules! stamped {
        ($features:literal, $lanes:ty, $d:ty, $word:ty, $e:ty, $p:literal, $b:literal) => {{
            #[cfg_attr(target_arch = "x86_64", target_feature(enable = $features))]
            unsafe fn convolve(job: &RgbJob) {
                // SAFETY: passed on; the level was checked above.
                unsafe { rgb::<$lanes, $d, $e, $p, $b>(job) }
            }
            #[cfg_attr(target_arch = "x86_64", target_feature(enable = $features))]
            unsafe fn centered(job: &CenterJob) {
                // SAFETY: passed on; the level was checked above.
                unsafe { center::<$lanes, $word>(job) }
            }
            Some(Kernels {
                center: centered,
                convolve,
                paired: size_of::<$word>() == 2,
            })
        }};
    }
    #[cfg(target_arch = "x86_64")]
    {
        use crate::x86_64::{Avx2Lanes, Avx512Bf16Lanes, Avx512Lanes};
        macro_rules! avx512 {
            ($e:ty, $b:literal) => {
                stamped!(
                    "avx512f,avx512bw,avx512vl",
                    Avx512Lanes,
                    F32,
                    f32,
                    $e,
                    14,
                    $b
                )
            };
        }
        macro_rules! avx512_bf16 {
            ($b:literal) => {
                stamped!(
                    "avx512f,avx512bw,avx512vl,avx512bf16",
                    Avx512Bf16Lanes,
                    Bf16,
                    u16,
                    u16,
                    14,
                    $b
                )
            };
        }
        match (isa, element, blocks > 1) {
            (Isa::Scalar, Element::F32, _) => stamped!("sse2", ScalarLanes, F32, f32, f32, 2, 1),
            (Isa::Scalar, Element::Bf16, _) => stamped!("sse2", ScalarLanes, F32, f32, u16, 2, 1),
            (Isa::Avx2, Element::F32, _) => stamped!("avx2,fma", Avx2Lanes, F32, f32, f32, 5, 1),
            (Isa::Avx2, Element::Bf16, _) => stamped!("avx2,fma", Avx2Lanes, F32, f32, u16, 5, 1),
            (Isa::Avx512Bf16, Element::Bf16, false) => avx512_bf16!(1),
            (Isa::Avx512Bf16, Element::Bf16, true) => avx512_bf16!(2),
            (_, Element::F32, false) => avx512!(f32, 1),
            (_, Element::F32, true) => avx512!(f32, 2),
            (_, Element::Bf16, false) => avx512!(u16, 1),
            (_, Element::Bf16, true) => avx512!(u16, 2),
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    match (element, blocks) {
        (Element::F32, _) => stamped!("", ScalarLanes, F32, f32, f32, 2, 1),
        (Element::Bf16, _) => stamped!("", ScalarLanes, F32, f32, u16, 2, 1),
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
    /// The picture without its mean and with its border, f32 or bf16.
    centered: Buffer<u8>,
    /// Elements of a row of it.
    row: usize,
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
        let centered = Buffer::zeroed(row * (height + 3) * kernels.value_bytes());
        let parts = if threads <= 1 {
            1
        } else {
            (threads * 2).min(output.height)
        };
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
            parts,
        })
    }

    /// Multiply-accumulates.
    #[must_use]
    pub fn macs(&self) -> usize {
        self.output.pixels() * TAPS * self.weights.outputs
    }

    /// Bytes of the centered picture.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.centered.bytes()
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
    /// When the picture or plane are not those of the plan.
    pub fn run(&mut self, team: &mut Team, pixels: &[u8], output: &mut Plane) {
        assert!(pixels.len() == self.width * self.height * 3);
        assert!(output.shape() == self.output && output.element() == self.element);
        let size = self.kernels.value_bytes();
        let row_bytes = self.row * size;
        // SAFETY: the picture has `height` rows of `3 * width` bytes; the centered one has
        // a row and a pixel before them and SLACK elements behind each.
        unsafe {
            (self.kernels.center)(&CenterJob {
                bytes: pixels.as_ptr(),
                row: 3 * self.width,
                rows: self.height,
                mean: self.weights.mean,
                out: self.centered.as_mut_ptr().add(row_bytes + 3 * size),
                out_row: self.row,
            });
        }
        let (step, shift) = (self.windows.step, self.windows.shift(self.height));
        let corner = shift * row_bytes + self.windows.shift(self.width) * 3 * size;
        let source = Parted(self.centered.as_ptr().cast_mut());
        let target = Parted(base_mut(output));
        let this = &*self;
        let weights = if this.kernels.paired {
            &this.weights.pairs
        } else {
            &this.weights.singles
        };
        let weights = Parted(weights.as_ptr().cast_mut());
        team.run(this.parts, &|part, _| {
            let height = this.output.height;
            let first = height * part / this.parts;
            let rows = height * (part + 1) / this.parts - first;
            let offset = this.output.pixel(first, 0) * element_bytes(this.element);
            // SAFETY: shapes were checked above; parts write disjoint rows; the centered
            // picture has a border on every side.
            unsafe {
                (this.kernels.convolve)(&RgbJob {
                    input: source.address().add(corner + first * step * row_bytes),
                    row: row_bytes,
                    step: step * 3 * size,
                    stride: step,
                    rows,
                    width: this.output.width,
                    blocks: this.output.blocks(),
                    weights: weights.address(),
                    out: target.address().add(offset),
                    out_row: this.output.row_stride(),
                    out_block: this.output.block_stride(),
                });
            }
        });
    }
}
