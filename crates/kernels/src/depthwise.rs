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
//! The border is real zeros around the plane, so there is no edge case.

use crate::buffer::Buffer;
use crate::isa::Isa;
use crate::lanes::{Lanes, Stored, Written, prelu};
use crate::plane::{Element, LANES, Plane, PlaneShape};
use crate::pointwise::{Quantization, Word};
use crate::scalar::ScalarLanes;
use crate::separable::{StepError, base, base_mut, element_bytes};
use crate::stamp::level_of_lanes;
use crate::team::{Parted, Team};
use std::sync::Arc;

/// Vectors per channel block: nine weights, bias, slope, zero point.
const VECTORS: usize = 12;

/// Packed weights of a depthwise layer; they serve every instruction set.
#[derive(Debug)]
pub struct DepthwiseWeights {
    pub(crate) channels: usize,
    /// `[block][vector][lane]`.
    pub(crate) packed: Buffer<f32>,
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
        let mut packed = Buffer::zeroed(channels.div_ceil(LANES) * VECTORS * LANES);
        for c in 0..channels {
            let base = (c / LANES) * VECTORS * LANES + c % LANES;
            let (factor, zero) = quantization.map_or((1.0, 0.0), |q| (1.0 / q.scale[c], q.zero[c]));
            for k in 0..9 {
                packed[base + k * LANES] = weights[c * 9 + k] * factor;
            }
            packed[base + 9 * LANES] = bias[c] * factor;
            packed[base + 10 * LANES] = slope[c];
            packed[base + 11 * LANES] = zero;
        }
        Some(Self { channels, packed })
    }

    /// Channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Bytes of packed weights.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.packed.bytes()
    }
}

/// Some output rows of some channel blocks.
pub(crate) struct DepthwiseJob {
    /// The border's first pixel of the first block.
    pub(crate) input: *const u8,
    /// Elements between input rows and blocks.
    pub(crate) row: usize,
    pub(crate) block: usize,
    pub(crate) blocks: usize,
    pub(crate) weights: *const f32,
    pub(crate) stride: usize,
    /// First output row and number of rows.
    pub(crate) first_row: usize,
    pub(crate) rows: usize,
    /// Output columns.
    pub(crate) width: usize,
    /// First pixel of the first output row in the first block.
    pub(crate) out: *mut u8,
    /// Elements between output rows and blocks.
    pub(crate) out_row: usize,
    pub(crate) out_block: usize,
}

/// `P` neighbouring outputs of one row.
///
/// # Safety
/// `input` is the upper left corner of the first output's window.
#[inline(always)]
unsafe fn outputs<V: Lanes, E: Stored, S: Written, const STRIDE: usize, const P: usize>(
    input: *const E,
    row: usize,
    weights: &[V; 9],
    rest: &[V; 3],
    out: *mut S,
) {
    // SAFETY: the caller vouches for three rows of (P - 1) * STRIDE + 3 pixels.
    unsafe {
        let mut sums = [rest[0]; P];
        let mut ky = 0;
        while ky < 3 {
            let mut p = 0;
            while p < P {
                let mut kx = 0;
                while kx < 3 {
                    let value = E::load::<V>(input.add(ky * row + (p * STRIDE + kx) * LANES));
                    sums[p] = value.mul_add(weights[ky * 3 + kx], sums[p]);
                    kx += 1;
                }
                p += 1;
            }
            ky += 1;
        }
        let mut p = 0;
        while p < P {
            S::store(prelu(sums[p], rest[1]).add(rest[2]), out.add(p * LANES));
            p += 1;
        }
    }
}

#[inline(always)]
unsafe fn strided<V: Lanes, E: Stored, S: Written, const STRIDE: usize, const P: usize>(
    job: &DepthwiseJob,
) {
    // SAFETY: rows, columns and blocks are those of the planes behind the pointers.
    unsafe {
        for block in 0..job.blocks {
            let packed = job.weights.add(block * VECTORS * LANES);
            let mut weights = [V::splat(0.0); 9];
            for (k, weight) in weights.iter_mut().enumerate() {
                *weight = V::load(packed.add(k * LANES));
            }
            let rest = [
                V::load(packed.add(9 * LANES)),
                V::load(packed.add(10 * LANES)),
                V::load(packed.add(11 * LANES)),
            ];
            let input = job.input.cast::<E>().add(block * job.block);
            let out = job.out.cast::<S>().add(block * job.out_block);
            for r in 0..job.rows {
                let input = input.add((job.first_row + r) * STRIDE * job.row);
                let out = out.add(r * job.out_row);
                if job.width >= P {
                    // The last group overlaps its neighbour instead of leaving a remainder.
                    let mut x = 0;
                    loop {
                        let at = x.min(job.width - P);
                        outputs::<V, E, S, STRIDE, P>(
                            input.add(at * STRIDE * LANES),
                            job.row,
                            &weights,
                            &rest,
                            out.add(at * LANES),
                        );
                        x += P;
                        if x >= job.width {
                            break;
                        }
                    }
                } else {
                    for x in 0..job.width {
                        outputs::<V, E, S, STRIDE, 1>(
                            input.add(x * STRIDE * LANES),
                            job.row,
                            &weights,
                            &rest,
                            out.add(x * LANES),
                        );
                    }
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn depthwise<V: Lanes, E: Stored, S: Written, const P: usize>(job: &DepthwiseJob) {
    // SAFETY: passed on.
    unsafe {
        if job.stride == 2 {
            strided::<V, E, S, 2, P>(job);
        } else {
            strided::<V, E, S, 1, P>(job);
        }
    }
}

/// Two outputs at once: what sixteen 256-bit registers hold beside nine weights in memory.
#[inline(always)]
unsafe fn by_two<V: Lanes, E: Stored, S: Written>(job: &DepthwiseJob) {
    // SAFETY: passed on.
    unsafe { depthwise::<V, E, S, 2>(job) }
}

/// Seven outputs at once: the maps of the pinned networks are multiples of seven wide.
#[inline(always)]
unsafe fn by_seven<V: Lanes, E: Stored, S: Written>(job: &DepthwiseJob) {
    // SAFETY: passed on.
    unsafe { depthwise::<V, E, S, 7>(job) }
}

/// A depthwise kernel stamped for one instruction set.
pub(crate) type DepthwiseFn = unsafe fn(&DepthwiseJob);

/// The kernel that reads `element` and writes `word`.
pub(crate) fn select(isa: Isa, element: Element, word: Word) -> Option<DepthwiseFn> {
    macro_rules! level {
        ($features:literal, $lanes:ty, $body:ident) => {
            level_of_lanes!($features, $lanes, $body, DepthwiseJob, DepthwiseFn; (element, word);
                (Element::F32, Word::F32) => f32 f32;
                (Element::Bf16, Word::F32) => u16 f32;
                (Element::Bf16, Word::Bf16) => u16 u16;
                (Element::Bf16, Word::U8) => u16 u8;
                (Element::Bf16, Word::I16) => u16 i16)
        };
    }
    if !isa.is_available() {
        return None;
    }
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Scalar => level!("sse2", ScalarLanes, by_two),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => level!("avx2,fma", crate::x86_64::Avx2Lanes, by_two),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Avx512Vnni => level!(
            "avx512f,avx512bw,avx512dq,avx512vl",
            crate::x86_64::Avx512Lanes,
            by_seven
        ),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512Bf16 => level!(
            "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16",
            crate::x86_64::Avx512Bf16Lanes,
            by_seven
        ),
        #[cfg(not(target_arch = "x86_64"))]
        _ => level!("", ScalarLanes, by_two),
    }
}

/// A depthwise step on its own: plane to plane.
#[derive(Debug)]
pub struct Depthwise {
    weights: Arc<DepthwiseWeights>,
    kernel: DepthwiseFn,
    isa: Isa,
    stride: usize,
    element: Element,
    input: PlaneShape,
    output: PlaneShape,
    parts: usize,
}

impl Depthwise {
    /// Plans the step. `input` needs a border.
    ///
    /// # Errors
    /// [`StepError`] when shapes do not fit or no kernel exists.
    pub fn plan(
        weights: Arc<DepthwiseWeights>,
        isa: Isa,
        stride: usize,
        element: Element,
        input: PlaneShape,
        output: PlaneShape,
        threads: usize,
    ) -> Result<Self, StepError> {
        let fits = input.halo == 1
            && (stride == 1 || stride == 2)
            && input.channels == weights.channels
            && output.channels == weights.channels
            && output.height == input.height.div_ceil(stride)
            && output.width == input.width.div_ceil(stride)
            && output.pixels() > 0;
        if !fits {
            return Err(StepError::ShapeMismatch);
        }
        let word = match element {
            Element::F32 => Word::F32,
            Element::Bf16 => Word::Bf16,
        };
        let kernel = select(isa, element, word).ok_or(StepError::NoKernel)?;
        let parts = if threads <= 1 {
            1
        } else {
            (threads * 2).min(output.height)
        };
        Ok(Self {
            weights,
            kernel,
            isa,
            stride,
            element,
            input,
            output,
            parts,
        })
    }

    /// Multiply-accumulates.
    #[must_use]
    pub fn macs(&self) -> usize {
        self.output.pixels() * self.output.channels * 9
    }

    /// Name of the kernel.
    #[must_use]
    pub fn kernel_name(&self) -> String {
        format!("depthwise3x3_f32_{}", self.isa)
    }

    /// Runs the step.
    ///
    /// # Panics
    /// When planes are not those of the plan.
    pub fn run(&self, team: &mut Team, input: &Plane, output: &mut Plane) {
        assert!(input.shape() == self.input && output.shape() == self.output);
        assert!(input.element() == self.element && output.element() == self.element);
        let source = Parted(base(input).cast_mut());
        let target = Parted(base_mut(output));
        team.run(self.parts, &|part, _| {
            let first = self.output.height * part / self.parts;
            let rows = self.output.height * (part + 1) / self.parts - first;
            let offset = self.output.pixel(first, 0) * element_bytes(self.element);
            // SAFETY: shapes were checked above; parts write disjoint rows.
            unsafe {
                (self.kernel)(&DepthwiseJob {
                    input: source.address(),
                    row: self.input.row_stride(),
                    block: self.input.block_stride(),
                    blocks: self.input.blocks(),
                    weights: self.weights.packed.as_ptr(),
                    stride: self.stride,
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
