//! Products of words of activations with the weights of a layer, by level.

use super::neon::NeonLanes;
use super::tile::{ByLane, FOURS, by_lane};
use crate::lanes::{Dot, F32, Lanes, U8, Written};
use crate::plane::LANES;
use crate::pointwise::TileJob;
use core::arch::aarch64::*;
use core::arch::asm;

/// As [`U8`], for processors without dot products of bytes: two products are added up in
/// sixteen bits, and pairs of such sums in 32.
///
/// The four channels of a word stand in the panel in pairs; see [`PAIRS_BYTES`].
pub(crate) enum Pairs {}

/// In sixteen bytes of a panel for [`Pairs`]: which byte of four outputs by four channels
/// stands where. First the first two channels of all four outputs, then the others: sums of
/// 16 bits of the first half and of the last are of the same outputs.
pub(crate) const PAIRS_BYTES: [usize; 16] = [0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15];

impl ByLane for F32 {
    type Four = float32x4_t;
    type Register = float32x4_t;
    type Pixel = float32x4_t;
    type Word = float32x4_t;

    #[inline(always)]
    unsafe fn start(_: *const i32) -> float32x4_t {
        // SAFETY: the build target has NEON.
        unsafe { vdupq_n_f32(0.0) }
    }
    #[inline(always)]
    unsafe fn register(from: *const u8) -> float32x4_t {
        // SAFETY: the caller promises sixteen readable bytes.
        unsafe { vld1q_f32(from.cast()) }
    }
    #[inline(always)]
    unsafe fn pixel(from: *const u8) -> float32x4_t {
        // SAFETY: the caller promises sixteen readable bytes.
        unsafe { vld1q_f32(from.cast()) }
    }
    #[inline(always)]
    unsafe fn word<const W: i32>(pixel: float32x4_t) -> float32x4_t {
        pixel
    }
    #[inline(always)]
    unsafe fn meet<const W: i32>(
        sum: float32x4_t,
        word: float32x4_t,
        weights: float32x4_t,
    ) -> float32x4_t {
        // SAFETY: the build target has NEON.
        unsafe { vfmaq_laneq_f32::<W>(sum, weights, word) }
    }
    #[inline(always)]
    unsafe fn value(sum: float32x4_t) -> float32x4_t {
        sum
    }
}

/// What is the same for both kinds of byte products.
macro_rules! bytes {
    () => {
        type Four = int32x4_t;
        type Pixel = int8x16_t;

        #[inline(always)]
        unsafe fn start(starts: *const i32) -> int32x4_t {
            // SAFETY: the caller promises four readable sums.
            unsafe { vld1q_s32(starts) }
        }
        #[inline(always)]
        unsafe fn pixel(from: *const u8) -> int8x16_t {
            // SAFETY: the caller promises sixteen readable bytes.
            unsafe { vld1q_s8(from.cast()) }
        }
        #[inline(always)]
        unsafe fn value(sum: int32x4_t) -> float32x4_t {
            // SAFETY: the build target has NEON.
            unsafe { vcvtq_f32_s32(sum) }
        }
    };
}

/// Adds the products of four signed bytes each with word `W` of another register.
///
/// The instruction's own function is not in stable Rust yet.
///
/// # Safety
/// The machine has dot products of bytes.
#[inline(always)]
pub(super) unsafe fn sdot<const W: i32>(
    mut sum: int32x4_t,
    words: int8x16_t,
    bytes: int8x16_t,
) -> int32x4_t {
    // SAFETY: as the caller says; registers only.
    unsafe {
        asm!(
            "sdot {sum:v}.4s, {bytes:v}.16b, {words:v}.4b[{word}]",
            sum = inout(vreg) sum,
            bytes = in(vreg) bytes,
            words = in(vreg) words,
            word = const W,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sum
}

impl ByLane for U8 {
    bytes!();

    type Register = int8x16_t;
    type Word = int8x16_t;

    #[inline(always)]
    unsafe fn register(from: *const u8) -> int8x16_t {
        // SAFETY: the caller promises sixteen readable bytes.
        unsafe { vld1q_s8(from.cast()) }
    }
    #[inline(always)]
    unsafe fn word<const W: i32>(pixel: int8x16_t) -> int8x16_t {
        pixel
    }
    #[inline(always)]
    unsafe fn meet<const W: i32>(sum: int32x4_t, word: int8x16_t, weights: int8x16_t) -> int32x4_t {
        // SAFETY: the caller has dot products of bytes.
        unsafe { sdot::<W>(sum, word, weights) }
    }
}

impl ByLane for Pairs {
    bytes!();

    // The first pairs, and the others.
    type Register = [int8x8_t; 2];
    type Word = [int8x8_t; 2];

    #[inline(always)]
    unsafe fn register(from: *const u8) -> [int8x8_t; 2] {
        // SAFETY: the caller promises sixteen readable bytes.
        unsafe { [vld1_s8(from.cast()), vld1_s8(from.add(8).cast())] }
    }
    #[inline(always)]
    unsafe fn word<const W: i32>(pixel: int8x16_t) -> [int8x8_t; 2] {
        // SAFETY: the build target has NEON. The first two bytes of the word four times, then
        // the others four times, as in `PAIRS_BYTES`.
        unsafe {
            let words = vreinterpretq_s16_s8(pixel);
            let (first, last) = match W {
                0 => (vdup_laneq_s16::<0>(words), vdup_laneq_s16::<1>(words)),
                1 => (vdup_laneq_s16::<2>(words), vdup_laneq_s16::<3>(words)),
                2 => (vdup_laneq_s16::<4>(words), vdup_laneq_s16::<5>(words)),
                _ => (vdup_laneq_s16::<6>(words), vdup_laneq_s16::<7>(words)),
            };
            [vreinterpret_s8_s16(first), vreinterpret_s8_s16(last)]
        }
    }
    #[inline(always)]
    unsafe fn meet<const W: i32>(
        sum: int32x4_t,
        word: [int8x8_t; 2],
        weights: [int8x8_t; 2],
    ) -> int32x4_t {
        // SAFETY: the build target has NEON. 128 * 127 * 2 fits sixteen bits.
        unsafe {
            let first = vmull_s8(word[0], weights[0]);
            vpadalq_s16(sum, vmlal_s8(first, word[1], weights[1]))
        }
    }
}

impl Dot<NeonLanes> for F32 {
    const CHANNELS: usize = 1;
    type Sum = NeonLanes;
    type Weights = NeonLanes;

    #[inline(always)]
    unsafe fn zero() -> NeonLanes {
        // SAFETY: the build target has NEON.
        unsafe { NeonLanes::splat(0.0) }
    }
    #[inline(always)]
    unsafe fn weights(from: *const u8) -> NeonLanes {
        // SAFETY: the caller promises 64 readable bytes.
        unsafe { NeonLanes::load(from.cast()) }
    }
    #[inline(always)]
    unsafe fn step(sum: NeonLanes, word: *const u8, weights: NeonLanes) -> NeonLanes {
        // SAFETY: the caller promises four readable bytes.
        unsafe { NeonLanes::splat(word.cast::<f32>().read_unaligned()).mul_add(weights, sum) }
    }
    #[inline(always)]
    unsafe fn finish(sum: NeonLanes) -> NeonLanes {
        sum
    }
    #[inline(always)]
    unsafe fn tile<E: Written, const P: usize, const B: usize>(job: &TileJob) {
        // SAFETY: passed on.
        unsafe { by_lane::<Self, E, P, B>(job) }
    }
}

macro_rules! dot_of_bytes {
    ($dot:ident, $job:ident => $tile:expr) => {
        impl Dot<NeonLanes> for $dot {
            const CHANNELS: usize = 4;
            type Sum = [int32x4_t; FOURS];
            type Weights = [<Self as ByLane>::Register; FOURS];

            #[inline(always)]
            unsafe fn zero() -> Self::Sum {
                // SAFETY: the build target has NEON.
                [unsafe { vdupq_n_s32(0) }; FOURS]
            }
            #[inline(always)]
            unsafe fn weights(from: *const u8) -> Self::Weights {
                // SAFETY: the caller promises 64 readable bytes.
                std::array::from_fn(|i| unsafe { Self::register(from.add(16 * i)) })
            }
            /// Without the start that the tile's sums have.
            #[inline(always)]
            unsafe fn step(
                mut sum: Self::Sum,
                word: *const u8,
                weights: Self::Weights,
            ) -> Self::Sum {
                // SAFETY: the caller promises four readable bytes, and has the instructions.
                unsafe {
                    let four = vdupq_n_s32(word.cast::<i32>().read_unaligned());
                    let word = Self::word::<0>(vreinterpretq_s8_s32(four));
                    for (sum, weights) in sum.iter_mut().zip(weights) {
                        *sum = Self::meet::<0>(*sum, word, weights);
                    }
                }
                sum
            }
            #[inline(always)]
            unsafe fn finish(sum: Self::Sum) -> NeonLanes {
                let mut values = [0.0f32; LANES];
                for (sum, values) in sum.iter().zip(values.as_chunks_mut::<4>().0) {
                    // SAFETY: four writable f32.
                    unsafe { vst1q_f32(values.as_mut_ptr(), Self::value(*sum)) };
                }
                // SAFETY: sixteen readable f32.
                unsafe { NeonLanes::load(values.as_ptr()) }
            }
            #[inline(always)]
            unsafe fn tile<E: Written, const P: usize, const B: usize>($job: &TileJob) {
                // SAFETY: passed on.
                unsafe { $tile }
            }
        }
    };
}

dot_of_bytes!(U8, job => by_lane::<Self, E, P, B>(job));
// Words and sums of 16 bits take registers too: a tile of more than three pixels is two.
dot_of_bytes!(Pairs, job => match P {
    6 => {
        by_lane::<Self, E, 3, B>(job);
        by_lane::<Self, E, 3, B>(&job.skip_pixels(3, 16));
    }
    5 => {
        by_lane::<Self, E, 3, B>(job);
        by_lane::<Self, E, 2, B>(&job.skip_pixels(3, 16));
    }
    4 => {
        by_lane::<Self, E, 2, B>(job);
        by_lane::<Self, E, 2, B>(&job.skip_pixels(2, 16));
    }
    _ => by_lane::<Self, E, P, B>(job),
});
