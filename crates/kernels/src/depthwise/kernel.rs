//! The kernels: rows of windows, several neighboring outputs at once.

#[cfg(target_arch = "aarch64")]
use super::quarters::by_quarters;
use super::{DepthwiseWeights, PAIRS, VECTORS};
use crate::isa::Isa;
use crate::lanes::{Columns, Lanes, Stored, Written};
use crate::plane::{Element, LANES};
use crate::pointwise::Word;
use crate::scalar::ScalarLanes;
use crate::stamp::level_of_lanes;

/// Some output rows of some channel blocks.
pub(crate) struct DepthwiseJob<'a> {
    /// The border's first pixel of the first block.
    pub(crate) input: *const u8,
    /// Elements between input rows and blocks.
    pub(crate) row: usize,
    pub(crate) block: usize,
    pub(crate) blocks: usize,
    pub(crate) weights: &'a DepthwiseWeights,
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

/// The weights of a block in registers, and what is done with them to a window.
///
/// # Safety
/// The weights have the block; `input` is the upper left corner of the first output's
/// window, with three rows of (P - 1) * STRIDE + 3 pixels; the machine has the
/// instructions.
pub(super) trait Window<V, E> {
    const STRIDE: usize;

    /// The weights of a block from one of its lanes on.
    unsafe fn of(weights: &DepthwiseWeights, block: usize, lane: usize) -> Self;
    /// `P` neighbouring outputs of one row.
    unsafe fn outputs<const P: usize>(&self, input: *const E, row: usize) -> [V; P];
}

/// Bias, slope and zero point of a block.
pub(super) struct Rest<V> {
    bias: V,
    slope: V,
    zero: V,
}

impl<V: Lanes> Rest<V> {
    /// # Safety
    /// The weights have the block; the machine has V's instructions.
    #[inline(always)]
    unsafe fn of(weights: &DepthwiseWeights, block: usize, lane: usize) -> Self {
        // SAFETY: passed on.
        unsafe {
            let packed = weights.packed.as_ptr().add(block * VECTORS * LANES + lane);
            Self {
                bias: V::load(packed.add(9 * LANES)),
                slope: V::load(packed.add(10 * LANES)),
                zero: V::load(packed.add(11 * LANES)),
            }
        }
    }

    /// # Safety
    /// The machine has V's instructions.
    #[inline(always)]
    unsafe fn finish<const P: usize>(&self, mut sums: [V; P]) -> [V; P] {
        let mut p = 0;
        while p < P {
            // SAFETY: passed on.
            sums[p] = unsafe { sums[p].prelu_add(self.slope, self.zero) };
            p += 1;
        }
        sums
    }
}

/// Nine f32 products.
pub(super) struct Nine<V, const STRIDE: usize> {
    weights: [V; 9],
    rest: Rest<V>,
}

impl<V: Lanes, E: Stored, const STRIDE: usize> Window<V, E> for Nine<V, STRIDE> {
    const STRIDE: usize = STRIDE;

    #[inline(always)]
    unsafe fn of(weights: &DepthwiseWeights, block: usize, lane: usize) -> Self {
        // SAFETY: passed on.
        unsafe {
            let packed = weights.packed.as_ptr().add(block * VECTORS * LANES + lane);
            let mut nine = [V::splat(0.0); 9];
            for (k, weight) in nine.iter_mut().enumerate() {
                *weight = V::load(packed.add(k * LANES));
            }
            Self {
                weights: nine,
                rest: Rest::of(weights, block, lane),
            }
        }
    }

    #[inline(always)]
    unsafe fn outputs<const P: usize>(&self, input: *const E, row: usize) -> [V; P] {
        // SAFETY: passed on.
        unsafe {
            let mut sums = [self.rest.bias; P];
            let mut ky = 0;
            while ky < 3 {
                let mut p = 0;
                while p < P {
                    let mut kx = 0;
                    while kx < 3 {
                        let value = E::load::<V>(input.add(ky * row + (p * STRIDE + kx) * LANES));
                        sums[p] = value.mul_add(self.weights[ky * 3 + kx], sums[p]);
                        kx += 1;
                    }
                    p += 1;
                }
                ky += 1;
            }
            self.rest.finish(sums)
        }
    }
}

/// Three columns of bf16 pairs; see [`Columns`].
pub(super) struct Paired<V, const STRIDE: usize> {
    weights: [[V; 2]; 3],
    rest: Rest<V>,
}

impl<V: Columns<E>, E: Stored, const STRIDE: usize> Window<V, E> for Paired<V, STRIDE> {
    const STRIDE: usize = STRIDE;

    #[inline(always)]
    unsafe fn of(weights: &DepthwiseWeights, block: usize, lane: usize) -> Self {
        // SAFETY: passed on.
        unsafe {
            let packed = weights.pairs.as_ptr().add(block * PAIRS * LANES + lane);
            let mut pairs = [[V::splat(0.0); 2]; 3];
            for (k, pair) in pairs.iter_mut().flatten().enumerate() {
                *pair = V::load(packed.add(k * LANES).cast());
            }
            Self {
                weights: pairs,
                rest: Rest::of(weights, block, lane),
            }
        }
    }

    #[inline(always)]
    unsafe fn outputs<const P: usize>(&self, input: *const E, row: usize) -> [V; P] {
        // SAFETY: passed on.
        unsafe {
            let mut sums = [self.rest.bias; P];
            let mut p = 0;
            while p < P {
                let mut kx = 0;
                while kx < 3 {
                    // Neighbours' windows share columns, which are loaded once: the loops are
                    // unrolled and their loads the same.
                    let column = V::column(input.add((p * STRIDE + kx) * LANES), row);
                    sums[p] = sums[p].meet(column, &self.weights[kx]);
                    kx += 1;
                }
                p += 1;
            }
            self.rest.finish(sums)
        }
    }
}

/// Writes neighbouring pixels.
///
/// # Safety
/// `out` takes as many pixels as there are values; the machine has V's instructions.
#[inline(always)]
unsafe fn store<V: Lanes, S: Written, const P: usize>(values: [V; P], out: *mut S) {
    let mut p = 0;
    while p < P {
        // SAFETY: passed on.
        unsafe { S::store(values[p], out.add(p * LANES)) };
        p += 1;
    }
}

/// Groups of `P` outputs of every row of every block, or one by one where rows are shorter.
///
/// # Safety
/// Rows, columns and blocks are those of the planes behind the job's pointers.
#[inline(always)]
unsafe fn walk<V: Lanes, E, S: Written, W: Window<V, E>, const P: usize>(job: &DepthwiseJob<'_>) {
    for block in 0..job.blocks {
        // SAFETY: passed on.
        unsafe {
            let window = W::of(job.weights, block, 0);
            let input = job.input.cast::<E>().add(block * job.block);
            let out = job.out.cast::<S>().add(block * job.out_block);
            for r in 0..job.rows {
                let input = input.add((job.first_row + r) * W::STRIDE * job.row);
                row::<V, E, S, W, P>(&window, job, input, out.add(r * job.out_row));
            }
        }
    }
}

/// One row of outputs.
///
/// # Safety
/// As for [`walk`]; the pointers are those of the row.
#[inline(always)]
pub(super) unsafe fn row<V: Lanes, E, S: Written, W: Window<V, E>, const P: usize>(
    window: &W,
    job: &DepthwiseJob<'_>,
    input: *const E,
    out: *mut S,
) {
    // SAFETY: passed on.
    unsafe {
        if job.width >= P {
            // The last group overlaps its neighbour instead of leaving a remainder.
            let mut x = 0;
            loop {
                let at = x.min(job.width - P);
                let corner = input.add(at * W::STRIDE * LANES);
                store(window.outputs::<P>(corner, job.row), out.add(at * LANES));
                x += P;
                if x >= job.width {
                    break;
                }
            }
        } else {
            for x in 0..job.width {
                let corner = input.add(x * W::STRIDE * LANES);
                store(window.outputs::<1>(corner, job.row), out.add(x * LANES));
            }
        }
    }
}

/// Seven outputs at once by bf16 pairs.
#[inline(always)]
unsafe fn paired<V: Columns<E>, E: Stored, S: Written>(job: &DepthwiseJob<'_>) {
    // SAFETY: passed on.
    unsafe {
        if job.stride == 2 {
            walk::<V, E, S, Paired<V, 2>, 7>(job);
        } else {
            walk::<V, E, S, Paired<V, 1>, 7>(job);
        }
    }
}

#[inline(always)]
unsafe fn depthwise<V: Lanes, E: Stored, S: Written, const P: usize>(job: &DepthwiseJob<'_>) {
    // SAFETY: passed on.
    unsafe {
        if job.stride == 2 {
            walk::<V, E, S, Nine<V, 2>, P>(job);
        } else {
            walk::<V, E, S, Nine<V, 1>, P>(job);
        }
    }
}

/// Two outputs at once: what sixteen 256-bit registers hold beside nine weights in memory.
#[inline(always)]
unsafe fn by_two<V: Lanes, E: Stored, S: Written>(job: &DepthwiseJob<'_>) {
    // SAFETY: passed on.
    unsafe { depthwise::<V, E, S, 2>(job) }
}

/// Seven outputs at once: the maps of the pinned networks are multiples of seven wide.
#[inline(always)]
unsafe fn by_seven<V: Lanes, E: Stored, S: Written>(job: &DepthwiseJob<'_>) {
    // SAFETY: passed on.
    unsafe { depthwise::<V, E, S, 7>(job) }
}

/// A depthwise kernel stamped for one instruction set.
pub(crate) type DepthwiseFn = for<'a, 'b> unsafe fn(&'a DepthwiseJob<'b>);

/// The kernel that reads `element` and writes `word`.
pub(crate) fn select(isa: Isa, element: Element, word: Word) -> Option<DepthwiseFn> {
    macro_rules! level {
        ($features:literal, $lanes:ty, $body:ident) => {
            level_of_lanes!($features, $lanes, $body, DepthwiseJob<'_>, DepthwiseFn; (element, word);
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
        Isa::Avx512Bf16 if element == Element::F32 => select(Isa::Avx512, element, word),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512Bf16 => level_of_lanes!(
            "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16",
            crate::x86_64::Avx512Bf16Lanes,
            paired,
            DepthwiseJob<'_>,
            DepthwiseFn;
            (element, word);
            (Element::Bf16, Word::F32) => u16 f32;
            (Element::Bf16, Word::Bf16) => u16 u16;
            (Element::Bf16, Word::U8) => u16 u8;
            (Element::Bf16, Word::I16) => u16 i16
        ),
        #[cfg(target_arch = "x86_64")]
        Isa::Neon | Isa::NeonDot => None,
        #[cfg(target_arch = "aarch64")]
        Isa::Neon | Isa::NeonDot => level!("", crate::aarch64::NeonQuarter, by_quarters),
        #[cfg(not(target_arch = "x86_64"))]
        _ => level!("", ScalarLanes, by_two),
    }
}
