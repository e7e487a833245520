//! Plain Rust lanes: the meaning of every kernel, and the portable fallback.

use crate::lanes::{Dot, F32, I16, Lanes, Written};
use crate::plane::{bf16_to_f32, f32_to_bf16};
use crate::pointwise::TileJob;

/// Sixteen f32 that the compiler spreads over whatever registers the target has.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct ScalarLanes([f32; 16]);

macro_rules! each {
    ($i:ident => $value:expr) => {{
        let mut out = [0.0f32; 16];
        let mut $i = 0;
        while $i < 16 {
            out[$i] = $value;
            $i += 1;
        }
        ScalarLanes(out)
    }};
}

impl Lanes for ScalarLanes {
    const TILE_BLOCKS: usize = 1;
    const TILE_PIXELS: &'static [usize] = &[4, 2, 1];
    const DENSE_BLOCKS: usize = 2;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 16])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller promises sixteen readable f32.
        Self(unsafe { from.cast::<[f32; 16]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller promises sixteen writable f32.
        unsafe { to.cast::<[f32; 16]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn load_bf16(from: *const u16) -> Self {
        // SAFETY: the caller promises sixteen readable u16.
        let bits = unsafe { from.cast::<[u16; 16]>().read_unaligned() };
        each!(i => bf16_to_f32(bits[i]))
    }
    #[inline(always)]
    unsafe fn load_i8(from: *const i8) -> Self {
        // SAFETY: the caller promises sixteen readable bytes.
        let bytes = unsafe { from.cast::<[i8; 16]>().read_unaligned() };
        each!(i => f32::from(bytes[i]))
    }
    #[inline(always)]
    unsafe fn load_u8(from: *const u8) -> Self {
        // SAFETY: the caller promises sixteen readable bytes.
        let bytes = unsafe { from.cast::<[u8; 16]>().read_unaligned() };
        each!(i => f32::from(bytes[i]))
    }
    #[inline(always)]
    unsafe fn store_bf16(self, to: *mut u16) {
        let bits = self.0.map(f32_to_bf16);
        // SAFETY: the caller promises sixteen writable u16.
        unsafe { to.cast::<[u16; 16]>().write_unaligned(bits) }
    }
    #[inline(always)]
    unsafe fn store_u8(self, to: *mut u8) {
        let bytes = self
            .0
            .map(|value| value.round_ties_even().clamp(0.0, 255.0) as u8);
        // SAFETY: the caller promises sixteen writable bytes.
        unsafe { to.cast::<[u8; 16]>().write_unaligned(bytes) }
    }
    #[inline(always)]
    unsafe fn store_u8_wide(self, to: *mut i16) {
        let words = self
            .0
            .map(|value| value.round_ties_even().clamp(0.0, 255.0) as i16);
        // SAFETY: the caller promises sixteen writable i16.
        unsafe { to.cast::<[i16; 16]>().write_unaligned(words) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        // Not f32::mul_add: without an FMA unit that is a library call per lane.
        each!(i => self.0[i] * factor.0[i] + addend.0[i])
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        each!(i => self.0[i] + other.0[i])
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // As x86 `max`: the second operand where the comparison is false.
        each!(i => if self.0[i] > other.0[i] { self.0[i] } else { other.0[i] })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        each!(i => if self.0[i] < other.0[i] { self.0[i] } else { other.0[i] })
    }
    #[inline(always)]
    fn prefetch(_: *const u8) {}
    #[inline(always)]
    fn prefetch_for_later(_: *const u8) {}
    #[inline(always)]
    unsafe fn tile<D: Dot<Self>, E: Written>(job: &TileJob, pixels: usize, blocks: usize) {
        // SAFETY: passed on; the planner asks only for tiles listed above.
        unsafe {
            match (blocks, pixels) {
                (_, 4) => D::tile::<E, 4, 1>(job),
                (_, 2) => D::tile::<E, 2, 1>(job),
                _ => D::tile::<E, 1, 1>(job),
            }
        }
    }

    #[inline(always)]
    unsafe fn dense_tile<D: Dot<Self>, E: Written>(job: &TileJob, blocks: usize) {
        // SAFETY: passed on.
        unsafe {
            if blocks == Self::DENSE_BLOCKS {
                D::tile::<E, 1, 2>(job)
            } else {
                D::tile::<E, 1, 1>(job)
            }
        }
    }
}

impl Dot<ScalarLanes> for F32 {
    const CHANNELS: usize = 1;
    type Sum = ScalarLanes;
    type Weights = ScalarLanes;

    #[inline(always)]
    unsafe fn zero() -> ScalarLanes {
        ScalarLanes([0.0; 16])
    }
    #[inline(always)]
    unsafe fn weights(from: *const u8) -> ScalarLanes {
        // SAFETY: the caller promises 64 readable bytes.
        unsafe { ScalarLanes::load(from.cast()) }
    }
    #[inline(always)]
    unsafe fn step(sum: ScalarLanes, word: *const u8, weights: ScalarLanes) -> ScalarLanes {
        // SAFETY: the caller promises four readable bytes.
        let value = unsafe { word.cast::<f32>().read_unaligned() };
        each!(i => value * weights.0[i] + sum.0[i])
    }
    #[inline(always)]
    unsafe fn finish(sum: ScalarLanes) -> ScalarLanes {
        sum
    }
}

impl Dot<ScalarLanes> for I16 {
    const CHANNELS: usize = 2;
    type Sum = [i32; 16];
    type Weights = [i16; 32];

    #[inline(always)]
    unsafe fn zero() -> [i32; 16] {
        [0; 16]
    }
    #[inline(always)]
    unsafe fn weights(from: *const u8) -> [i16; 32] {
        // SAFETY: the caller promises 64 readable bytes.
        unsafe { from.cast::<[i16; 32]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn step(mut sum: [i32; 16], word: *const u8, weights: [i16; 32]) -> [i32; 16] {
        // SAFETY: the caller promises four readable bytes.
        let pair = unsafe { word.cast::<[i16; 2]>().read_unaligned() };
        for (i, sum) in sum.iter_mut().enumerate() {
            *sum += i32::from(pair[0]) * i32::from(weights[2 * i])
                + i32::from(pair[1]) * i32::from(weights[2 * i + 1]);
        }
        sum
    }
    #[inline(always)]
    unsafe fn finish(sum: [i32; 16]) -> ScalarLanes {
        each!(i => sum[i] as f32)
    }
}
