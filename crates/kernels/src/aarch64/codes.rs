//! The first pass of a search on 64-bit ARM; see [`crate::codes`] for layout and meaning.

use super::dot::sdot;
use super::neon::four_bytes;
use crate::codes::{BLOCK_TEMPLATES, FINER, GROUP_VALUES, ScanJob, block_bytes};
use core::arch::aarch64::*;

/// Templates of a register.
const FOUR: usize = 4;
/// Registers of one line.
const REGISTERS: usize = 4;

/// How codes of four templates, four values each, meet the weights of a group.
///
/// # Safety
/// The machine has the instructions.
trait Meet {
    type Sum: Copy;

    unsafe fn zero() -> Self::Sum;
    /// Adds products with word `W` of the weights.
    unsafe fn meet<const W: i32>(sum: Self::Sum, words: int8x16_t, codes: uint8x16_t) -> Self::Sum;
    /// Sums of four templates.
    unsafe fn total(sum: Self::Sum) -> int32x4_t;
}

/// Products are added up in sixteen bits, one sum for each value of a word: that they do not
/// run over is what `CodeProbe::new` checks.
enum Multiply {}

impl Meet for Multiply {
    type Sum = [int16x8_t; 2];

    #[inline(always)]
    unsafe fn zero() -> Self::Sum {
        // SAFETY: the build target has NEON.
        [unsafe { vdupq_n_s16(0) }; 2]
    }
    #[inline(always)]
    unsafe fn meet<const W: i32>(sum: Self::Sum, words: int8x16_t, codes: uint8x16_t) -> Self::Sum {
        // SAFETY: the build target has NEON.
        unsafe {
            let word = vdupq_laneq_s32::<W>(vreinterpretq_s32_s8(words));
            let (word, codes) = (vreinterpretq_s8_s32(word), vreinterpretq_s8_u8(codes));
            [
                vmlal_s8(sum[0], vget_low_s8(codes), vget_low_s8(word)),
                vmlal_high_s8(sum[1], codes, word),
            ]
        }
    }
    #[inline(always)]
    unsafe fn total(sum: Self::Sum) -> int32x4_t {
        // SAFETY: the build target has NEON.
        unsafe { vpaddq_s32(vpaddlq_s16(sum[0]), vpaddlq_s16(sum[1])) }
    }
}

/// Four products at once.
enum Dots {}

impl Meet for Dots {
    type Sum = int32x4_t;

    #[inline(always)]
    unsafe fn zero() -> int32x4_t {
        // SAFETY: the build target has NEON.
        unsafe { vdupq_n_s32(0) }
    }
    #[inline(always)]
    unsafe fn meet<const W: i32>(sum: int32x4_t, words: int8x16_t, codes: uint8x16_t) -> int32x4_t {
        // SAFETY: the caller has dot products of bytes.
        unsafe { sdot::<W>(sum, words, vreinterpretq_s8_u8(codes)) }
    }
    #[inline(always)]
    unsafe fn total(sum: int32x4_t) -> int32x4_t {
        sum
    }
}

/// The eight codes of sixteen bytes of the lines A, B and C.
///
/// # Safety
/// Sixteen bytes can be read at `line`, 64 and 128 bytes behind.
#[inline(always)]
unsafe fn unpack(line: *const u8) -> [uint8x16_t; 8] {
    // SAFETY: as the caller says; the build target has NEON.
    unsafe {
        let (a, b, c) = (
            vld1q_u8(line),
            vld1q_u8(line.add(64)),
            vld1q_u8(line.add(128)),
        );
        let seven = vdupq_n_u8(7);
        let low = |line| vandq_u8(line, seven);
        let high = |line| vandq_u8(vshrq_n_u8::<3>(line), seven);
        let six = vsliq_n_u8::<1>(vshrq_n_u8::<7>(b), vshrq_n_u8::<6>(a));
        let last = low(vsliq_n_u8::<2>(vshrq_n_u8::<6>(c), vshrq_n_u8::<6>(b)));
        [low(a), high(a), low(b), high(b), low(c), high(c), six, last]
    }
}

/// # Safety
/// The machine has the instructions of `M`; the job's lengths fit one another; it has `P`
/// probes.
#[inline(always)]
unsafe fn scan<M: Meet, const P: usize>(job: &mut ScanJob<'_>) {
    let (groups, bytes) = (job.dims / GROUP_VALUES, block_bytes(job.dims));
    for (number, block) in job.blocks.chunks_exact(bytes).enumerate() {
        let mut passed = [0u32; P];
        for part in 0..BLOCK_TEMPLATES / FOUR {
            let (half, register) = (part / REGISTERS, part % REGISTERS);
            // SAFETY: a block has `groups * 384` bytes of lines and 64 of angles; each probe
            // has `groups * 32` weights; the build target has NEON.
            unsafe {
                let mut sums = [M::zero(); P];
                for group in 0..groups {
                    let line = block.as_ptr().add((2 * group + half) * 192 + 16 * register);
                    let codes = unpack(line);
                    for (probe, sum) in job.probes.iter().zip(&mut sums) {
                        let weights = probe.weights().as_ptr().add(group * GROUP_VALUES);
                        let words = vld1q_s8(weights);
                        *sum = M::meet::<0>(*sum, words, codes[0]);
                        *sum = M::meet::<1>(*sum, words, codes[1]);
                        *sum = M::meet::<2>(*sum, words, codes[2]);
                        *sum = M::meet::<3>(*sum, words, codes[3]);
                        let words = vld1q_s8(weights.add(16));
                        *sum = M::meet::<0>(*sum, words, codes[4]);
                        *sum = M::meet::<1>(*sum, words, codes[5]);
                        *sum = M::meet::<2>(*sum, words, codes[6]);
                        *sum = M::meet::<3>(*sum, words, codes[7]);
                    }
                }
                let angles = block.as_ptr().add(groups * 384 + FOUR * part);
                let integers = |bytes| vreinterpretq_s32_u32(four_bytes(bytes));
                let tangent = integers(angles);
                let length = vsubq_s32(vdupq_n_s32(255), integers(angles.add(BLOCK_TEMPLATES)));
                for (p, probe) in job.probes.iter().enumerate().take(P) {
                    let sum = vshlq_n_s32::<{ FINER as i32 }>(M::total(sums[p]));
                    let sum = vsubq_s32(sum, vdupq_n_s32(probe.middle()));
                    let cosine = vdupq_n_s32(probe.cosine());
                    let least = vmlsq_s32(cosine, tangent, vdupq_n_s32(probe.sine()));
                    let least = vshrq_n_s32::<{ FINER as i32 }>(least);
                    let reached = vcgeq_s32(sum, vmulq_s32(length, least));
                    let passes = vorrq_u32(reached, vcltzq_s32(least));
                    let bits = vandq_u32(passes, vld1q_u32([1, 2, 4, 8].as_ptr()));
                    passed[p] |= vaddvq_u32(bits) << (FOUR * part);
                }
            }
        }
        for (list, bits) in job.passed.iter_mut().zip(passed) {
            list.put((number * BLOCK_TEMPLATES) as u32, bits);
        }
    }
}

/// NEON, four templates per register.
///
/// # Safety
/// The job's lengths fit one another.
pub(crate) unsafe fn scan_codes_neon(job: &mut ScanJob<'_>) {
    // SAFETY: passed on.
    unsafe {
        match job.probes.len() {
            1 => scan::<Multiply, 1>(job),
            2 => scan::<Multiply, 2>(job),
            3 => scan::<Multiply, 3>(job),
            _ => scan::<Multiply, 4>(job),
        }
    }
}

/// With dot products of bytes.
///
/// # Safety
/// The machine has them; the job's lengths fit one another.
#[target_feature(enable = "neon,dotprod")]
pub(crate) unsafe fn scan_codes_neondot(job: &mut ScanJob<'_>) {
    // SAFETY: passed on.
    unsafe {
        match job.probes.len() {
            1 => scan::<Dots, 1>(job),
            2 => scan::<Dots, 2>(job),
            3 => scan::<Dots, 3>(job),
            _ => scan::<Dots, 4>(job),
        }
    }
}
