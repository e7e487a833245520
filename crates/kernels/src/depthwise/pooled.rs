//! The kernels with a 2x2 maximum behind: what was computed is compared before it is stored, so that
//! a map four times as large is never written.

use super::kernel::{DepthwiseFn, DepthwiseJob, Nine, Paired, Window};
#[cfg(target_arch = "aarch64")]
use super::quarters::pooled_by_quarters;
use crate::isa::Isa;
use crate::lanes::{Columns, Lanes, Stored, Written};
use crate::plane::{Element, LANES};
use crate::pointwise::Word;
use crate::scalar::ScalarLanes;
use crate::stamp::level_of_lanes;

/// Groups of outputs as when they are stored, with the maximum of every two by two outputs in their place: the job's rows and
/// columns are those of the maxima. What is compared is what would have been stored, since rounding
/// keeps the order of values.
///
/// # Safety
/// Rows, columns and blocks are those of the planes behind the job's pointers.
#[inline(always)]
unsafe fn walk_pooled<V: Lanes, E, S: Written, W: Window<V, E>, const P: usize>(
    job: &DepthwiseJob<'_>,
) {
    for block in 0..job.blocks {
        // SAFETY: passed on.
        unsafe {
            let window = W::of(job.weights, block, 0);
            let input = job.input.cast::<E>().add(block * job.block);
            let out = job.out.cast::<S>().add(block * job.out_block);
            for r in 0..job.rows {
                let input = input.add((job.first_row + r) * 2 * W::STRIDE * job.row);
                pooled_row::<V, E, S, W, P>(&window, job, input, out.add(r * job.out_row));
            }
        }
    }
}

/// One row of maxima.
///
/// # Safety
/// As for [`walk_pooled`]; the pointers are those of the row.
#[inline(always)]
pub(super) unsafe fn pooled_row<V: Lanes, E, S: Written, W: Window<V, E>, const P: usize>(
    window: &W,
    job: &DepthwiseJob<'_>,
    input: *const E,
    out: *mut S,
) {
    // SAFETY: passed on.
    unsafe {
        if 2 * job.width >= P {
            let mut x = 0;
            loop {
                let at = x.min(job.width - P / 2);
                pool::<V, E, S, W, P>(window, job, input, out, at);
                x += P / 2;
                if x >= job.width {
                    break;
                }
            }
        } else {
            for x in 0..job.width {
                pool::<V, E, S, W, 2>(window, job, input, out, x);
            }
        }
    }
}

/// The maxima of two rows of `P` outputs, from column `x` of the maxima on.
///
/// # Safety
/// As for [`walk_pooled`]; `P` is even.
#[inline(always)]
unsafe fn pool<V: Lanes, E, S: Written, W: Window<V, E>, const P: usize>(
    window: &W,
    job: &DepthwiseJob<'_>,
    input: *const E,
    out: *mut S,
    x: usize,
) {
    // SAFETY: passed on.
    unsafe {
        let corner = input.add(2 * x * W::STRIDE * LANES);
        let upper = window.outputs::<P>(corner, job.row);
        let lower = window.outputs::<P>(corner.add(W::STRIDE * job.row), job.row);
        let mut p = 0;
        while p < P / 2 {
            let above = upper[2 * p].max(upper[2 * p + 1]);
            let below = lower[2 * p].max(lower[2 * p + 1]);
            S::store(above.max(below), out.add((x + p) * LANES));
            p += 1;
        }
    }
}

/// Pooled, eight outputs of two rows at once by bf16 pairs.
#[inline(always)]
unsafe fn paired_pooled<V: Columns<E>, E: Stored, S: Written>(job: &DepthwiseJob<'_>) {
    // SAFETY: passed on.
    unsafe {
        if job.stride == 2 {
            walk_pooled::<V, E, S, Paired<V, 2>, 8>(job);
        } else {
            walk_pooled::<V, E, S, Paired<V, 1>, 8>(job);
        }
    }
}

#[inline(always)]
unsafe fn pooled<V: Lanes, E: Stored, S: Written, const P: usize>(job: &DepthwiseJob<'_>) {
    // SAFETY: passed on.
    unsafe {
        if job.stride == 2 {
            walk_pooled::<V, E, S, Nine<V, 2>, P>(job);
        } else {
            walk_pooled::<V, E, S, Nine<V, 1>, P>(job);
        }
    }
}

/// Pooled, two outputs of two rows at once.
#[inline(always)]
unsafe fn pooled_by_two<V: Lanes, E: Stored, S: Written>(job: &DepthwiseJob<'_>) {
    // SAFETY: passed on.
    unsafe { pooled::<V, E, S, 2>(job) }
}

/// Pooled, eight outputs of two rows at once.
#[inline(always)]
unsafe fn pooled_by_eight<V: Lanes, E: Stored, S: Written>(job: &DepthwiseJob<'_>) {
    // SAFETY: passed on.
    unsafe { pooled::<V, E, S, 8>(job) }
}

/// The kernel that reads `element` and writes it pooled.
pub(super) fn select(isa: Isa, element: Element, word: Word) -> Option<DepthwiseFn> {
    macro_rules! level {
        ($features:literal, $lanes:ty, $body:ident) => {
            level_of_lanes!($features, $lanes, $body, DepthwiseJob<'_>, DepthwiseFn; (element, word);
                (Element::F32, Word::F32) => f32 f32;
                (Element::Bf16, Word::Bf16) => u16 u16)
        };
    }
    if !isa.is_available() {
        return None;
    }
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Scalar => level!("sse2", ScalarLanes, pooled_by_two),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => level!("avx2,fma", crate::x86_64::Avx2Lanes, pooled_by_two),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Avx512Vnni => level!(
            "avx512f,avx512bw,avx512dq,avx512vl",
            crate::x86_64::Avx512Lanes,
            pooled_by_eight
        ),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512Bf16 if element == Element::F32 => select(Isa::Avx512, element, word),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512Bf16 => level_of_lanes!(
            "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16",
            crate::x86_64::Avx512Bf16Lanes,
            paired_pooled,
            DepthwiseJob<'_>,
            DepthwiseFn;
            (element, word);
            (Element::Bf16, Word::Bf16) => u16 u16
        ),
        #[cfg(target_arch = "x86_64")]
        Isa::Neon | Isa::NeonDot => None,
        #[cfg(target_arch = "aarch64")]
        Isa::Neon | Isa::NeonDot => level!("", crate::aarch64::NeonQuarter, pooled_by_quarters),
        #[cfg(not(target_arch = "x86_64"))]
        _ => level!("", ScalarLanes, pooled_by_two),
    }
}
