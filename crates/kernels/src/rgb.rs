//! The first layer: a 3x3 convolution over an RGB picture of bytes.
//!
//! The picture is turned once into normalised f32 with a border of zeros (the border
//! stands for zero *after* normalisation, as the networks were trained), interleaved as it
//! came: the nine values of a window's row are then neighbours, and the layer is a
//! pointwise layer with 27 input channels at a stride.

use crate::buffer::Buffer;
use crate::isa::Isa;
use crate::lanes::{Lanes, Written, prelu};
use crate::plane::{Element, LANES, Plane, PlaneShape};
use crate::scalar::ScalarLanes;
use crate::separable::{StepError, base_mut, element_bytes};
use crate::team::{Parted, Team};
use std::sync::Arc;

const TAPS: usize = 27;

/// Packed weights of a first layer; they serve every instruction set.
#[derive(Debug)]
pub struct RgbWeights {
    outputs: usize,
    /// `[block][tap ky, kx, c][lane]`, then bias and slope per block.
    packed: Buffer<f32>,
    mean: f32,
    scale: f32,
}

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
        let mut packed = Buffer::zeroed(outputs.div_ceil(LANES) * (TAPS + 2) * LANES);
        for o in 0..outputs {
            let base = (o / LANES) * (TAPS + 2) * LANES + o % LANES;
            for c in 0..3 {
                for k in 0..9 {
                    packed[base + (k * 3 + c) * LANES] = weights[(o * 3 + c) * 9 + k];
                }
            }
            packed[base + TAPS * LANES] = bias[o];
            packed[base + (TAPS + 1) * LANES] = slope[o];
        }
        Some(Self {
            outputs,
            packed,
            mean,
            scale,
        })
    }
}

struct RgbJob {
    /// Upper left corner of the first output's window.
    input: *const f32,
    row: usize,
    stride: usize,
    rows: usize,
    width: usize,
    blocks: usize,
    weights: *const f32,
    out: *mut u8,
    out_row: usize,
    out_block: usize,
}

/// `P` neighbouring outputs of `B` blocks.
///
/// # Safety
/// Pointers are valid for the window rows, weights and outputs of the tile.
#[inline(always)]
unsafe fn window<V: Lanes, E: Written, const P: usize, const B: usize>(
    job: &RgbJob,
    input: *const f32,
    weights: *const f32,
    out: *mut E,
) {
    // SAFETY: the caller vouches for the pointers; three rows of 3 * ((P - 1) * stride + 3)
    // values, B blocks of TAPS + 2 vectors.
    unsafe {
        let per_block = (TAPS + 2) * LANES;
        let mut sums = [[V::splat(0.0); B]; P];
        for ky in 0..3 {
            for tap in 0..9 {
                let mut loaded = [V::splat(0.0); B];
                let mut b = 0;
                while b < B {
                    loaded[b] = V::load(weights.add(b * per_block + (ky * 9 + tap) * LANES));
                    b += 1;
                }
                let mut p = 0;
                while p < P {
                    let value = V::splat(*input.add(ky * job.row + p * job.stride * 3 + tap));
                    let mut b = 0;
                    while b < B {
                        sums[p][b] = value.mul_add(loaded[b], sums[p][b]);
                        b += 1;
                    }
                    p += 1;
                }
            }
        }
        let mut b = 0;
        while b < B {
            let bias = V::load(weights.add(b * per_block + TAPS * LANES));
            let slope = V::load(weights.add(b * per_block + (TAPS + 1) * LANES));
            let mut p = 0;
            while p < P {
                let value = prelu(sums[p][b].add(bias), slope);
                E::store(value, out.add(b * job.out_block + p * LANES));
                p += 1;
            }
            b += 1;
        }
    }
}

#[inline(always)]
unsafe fn rgb<V: Lanes, E: Written, const P: usize, const B: usize>(job: &RgbJob) {
    // SAFETY: rows, columns and blocks are those of the buffers behind the pointers.
    unsafe {
        let mut block = 0;
        while block < job.blocks {
            let group = if job.blocks - block >= B { B } else { 1 };
            let weights = job.weights.add(block * (TAPS + 2) * LANES);
            for r in 0..job.rows {
                let input = job.input.add(r * job.stride * job.row);
                let out = job
                    .out
                    .cast::<E>()
                    .add(block * job.out_block + r * job.out_row);
                let mut x = 0;
                while x < job.width {
                    if job.width < P || group < B {
                        let input = input.add(x * job.stride * 3);
                        window::<V, E, 1, 1>(job, input, weights, out.add(x * LANES));
                        if group == B && B > 1 {
                            for b in 1..B {
                                window::<V, E, 1, 1>(
                                    job,
                                    input,
                                    weights.add(b * (TAPS + 2) * LANES),
                                    out.add(b * job.out_block + x * LANES),
                                );
                            }
                        }
                        x += 1;
                    } else {
                        // The last group overlaps its neighbour instead of leaving a rest.
                        let at = x.min(job.width - P);
                        let input = input.add(at * job.stride * 3);
                        window::<V, E, P, B>(job, input, weights, out.add(at * LANES));
                        x += P;
                    }
                }
            }
            block += group;
        }
    }
}

type RgbFn = unsafe fn(&RgbJob);

fn select(isa: Isa, element: Element, blocks: usize) -> Option<RgbFn> {
    if !isa.is_available() {
        return None;
    }
    macro_rules! stamped {
        ($features:literal, $lanes:ty, $e:ty, $p:literal, $b:literal) => {{
            #[cfg_attr(target_arch = "x86_64", target_feature(enable = $features))]
            unsafe fn stamped(job: &RgbJob) {
                // SAFETY: passed on; the level was checked above.
                unsafe { rgb::<$lanes, $e, $p, $b>(job) }
            }
            Some(stamped as RgbFn)
        }};
    }
    #[cfg(target_arch = "x86_64")]
    {
        use crate::x86_64::{Avx2Lanes, Avx512Bf16Lanes, Avx512Lanes};
        match (isa, element, blocks > 1) {
            (Isa::Scalar, Element::F32, _) => stamped!("sse2", ScalarLanes, f32, 2, 1),
            (Isa::Scalar, Element::Bf16, _) => stamped!("sse2", ScalarLanes, u16, 2, 1),
            (Isa::Avx2, Element::F32, _) => stamped!("avx2,fma", Avx2Lanes, f32, 5, 1),
            (Isa::Avx2, Element::Bf16, _) => stamped!("avx2,fma", Avx2Lanes, u16, 5, 1),
            (Isa::Avx512Bf16, Element::Bf16, false) => {
                stamped!(
                    "avx512f,avx512bw,avx512vl,avx512bf16",
                    Avx512Bf16Lanes,
                    u16,
                    14,
                    1
                )
            }
            (Isa::Avx512Bf16, Element::Bf16, true) => {
                stamped!(
                    "avx512f,avx512bw,avx512vl,avx512bf16",
                    Avx512Bf16Lanes,
                    u16,
                    14,
                    2
                )
            }
            (_, Element::F32, false) => {
                stamped!("avx512f,avx512bw,avx512vl", Avx512Lanes, f32, 14, 1)
            }
            (_, Element::F32, true) => {
                stamped!("avx512f,avx512bw,avx512vl", Avx512Lanes, f32, 14, 2)
            }
            (_, Element::Bf16, false) => {
                stamped!("avx512f,avx512bw,avx512vl", Avx512Lanes, u16, 14, 1)
            }
            (_, Element::Bf16, true) => {
                stamped!("avx512f,avx512bw,avx512vl", Avx512Lanes, u16, 14, 2)
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    match (element, blocks) {
        (Element::F32, _) => stamped!("", ScalarLanes, f32, 2, 1),
        (Element::Bf16, _) => stamped!("", ScalarLanes, u16, 2, 1),
    }
}

/// The first layer, planned for one picture size.
#[derive(Debug)]
pub struct Rgb {
    weights: Arc<RgbWeights>,
    kernel: RgbFn,
    isa: Isa,
    element: Element,
    stride: usize,
    width: usize,
    height: usize,
    output: PlaneShape,
    /// The normalised picture with its border.
    normalized: Buffer<f32>,
    parts: usize,
}

impl Rgb {
    /// Plans the step for pictures of `width` by `height` pixels; `output` has that size
    /// divided by `stride` (1 or 2, rounded up).
    ///
    /// # Errors
    /// [`StepError`] when shapes do not fit or no kernel exists.
    pub fn plan(
        weights: Arc<RgbWeights>,
        isa: Isa,
        stride: usize,
        element: Element,
        (width, height): (usize, usize),
        output: PlaneShape,
        threads: usize,
    ) -> Result<Self, StepError> {
        let fits = (stride == 1 || stride == 2)
            && output.channels == weights.outputs
            && output.height == height.div_ceil(stride)
            && output.width == width.div_ceil(stride)
            && output.pixels() > 0;
        if !fits {
            return Err(StepError::ShapeMismatch);
        }
        let kernel = select(isa, element, output.blocks()).ok_or(StepError::NoKernel)?;
        // One more column and row than a border of one: a stride of two over an even size
        // never reads them, but a window may be loaded whole.
        let normalized = Buffer::zeroed((width + 3) * 3 * (height + 3));
        let parts = if threads <= 1 {
            1
        } else {
            (threads * 2).min(output.height)
        };
        Ok(Self {
            weights,
            kernel,
            isa,
            element,
            stride,
            width,
            height,
            output,
            normalized,
            parts,
        })
    }

    /// Multiply-accumulates.
    #[must_use]
    pub fn macs(&self) -> usize {
        self.output.pixels() * TAPS * self.weights.outputs
    }

    /// Bytes of the normalised picture.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.normalized.bytes()
    }

    /// Name of the kernel.
    #[must_use]
    pub fn kernel_name(&self) -> String {
        format!("conv3x3rgb_f32_{}", self.isa)
    }

    /// Runs the step on `height * width * 3` interleaved R, G, B bytes.
    ///
    /// # Panics
    /// When the picture or plane are not those of the plan.
    pub fn run(&mut self, team: &mut Team, pixels: &[u8], output: &mut Plane) {
        assert!(pixels.len() == self.width * self.height * 3);
        assert!(output.shape() == self.output && output.element() == self.element);
        let row = (self.width + 3) * 3;
        let (mean, scale) = (self.weights.mean, self.weights.scale);
        for (y, line) in pixels.chunks_exact(self.width * 3).enumerate() {
            let to = &mut self.normalized[(y + 1) * row + 3..][..self.width * 3];
            for (to, byte) in to.iter_mut().zip(line) {
                *to = (f32::from(*byte) - mean) * scale;
            }
        }
        let source = Parted(self.normalized.as_ptr().cast_mut());
        let target = Parted(base_mut(output));
        let this = &*self;
        team.run(this.parts, &|part, _| {
            let height = this.output.height;
            let first = height * part / this.parts;
            let rows = height * (part + 1) / this.parts - first;
            let offset = this.output.pixel(first, 0) * element_bytes(this.element);
            // SAFETY: shapes were checked above; parts write disjoint rows; the normalised
            // picture has a border on every side.
            unsafe {
                (this.kernel)(&RgbJob {
                    input: source.address().add(first * this.stride * row),
                    row,
                    stride: this.stride,
                    rows,
                    width: this.output.width,
                    blocks: this.output.blocks(),
                    weights: this.weights.packed.as_ptr(),
                    out: target.address().add(offset),
                    out_row: this.output.row_stride(),
                    out_block: this.output.block_stride(),
                });
            }
        });
    }
}
