//! NEON: four registers of four.

use crate::lanes::{Dot, Lanes, Written};
use crate::plane::LANES;
use crate::pointwise::TileJob;
use core::arch::aarch64::*;
use core::arch::asm;

/// `N` registers of four f32.
#[derive(Clone, Copy)]
pub(crate) struct Neon<const N: usize>(pub(super) [float32x4_t; N]);

/// Sixteen f32.
pub(crate) type NeonLanes = Neon<4>;

/// Four of sixteen lanes, for bodies that hold more vectors of sixteen than there are
/// registers: they run four times, each time on four lanes.
///
/// Where [`Lanes`] speaks of sixteen elements this reads and writes the first four.
pub(crate) type NeonQuarter = Neon<1>;

/// Values of a register.
const FOUR: usize = 4;

/// Upper halves rounded to nearest even; NaN stays NaN.
#[inline(always)]
unsafe fn to_bf16(value: float32x4_t) -> uint16x4_t {
    // SAFETY: the build target has NEON.
    unsafe {
        let bits = vreinterpretq_u32_f32(value);
        let odd = vandq_u32(vshrq_n_u32::<16>(bits), vdupq_n_u32(1));
        let rounded = vaddhn_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7fff)));
        let quiet = vorr_u16(vshrn_n_u32::<16>(bits), vdup_n_u16(0x0040));
        vbsl_u16(vmovn_u32(vceqq_f32(value, value)), rounded, quiet)
    }
}

/// Four bytes as integers.
///
/// # Safety
/// Four bytes can be read.
#[inline(always)]
pub(super) unsafe fn four_bytes(from: *const u8) -> uint32x4_t {
    // SAFETY: as the caller says; the build target has NEON.
    unsafe {
        let bytes = vdup_n_u32(from.cast::<u32>().read_unaligned());
        vmovl_u16(vget_low_u16(vmovl_u8(vreinterpret_u8_u32(bytes))))
    }
}

/// Rounds to nearest even and saturates to 0..=65535; NaN becomes 0.
#[inline(always)]
unsafe fn to_u16(value: float32x4_t) -> uint16x4_t {
    // SAFETY: the build target has NEON.
    unsafe { vqmovun_s32(vcvtnq_s32_f32(value)) }
}

impl<const N: usize> Neon<N> {
    #[inline(always)]
    unsafe fn each(mut value: impl FnMut(usize) -> float32x4_t) -> Self {
        // SAFETY: the build target has NEON.
        let mut registers = [unsafe { vdupq_n_f32(0.0) }; N];
        let mut i = 0;
        while i < N {
            registers[i] = value(i);
            i += 1;
        }
        Self(registers)
    }
}

impl<const N: usize> Lanes for Neon<N> {
    // Six pixels by sixteen channels: 24 sums, six registers of activations and two of
    // weights are all 32 that there are.
    const TILE_BLOCKS: usize = 1;
    const TILE_PIXELS: &'static [usize] = &[6, 5, 4, 2, 1];

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the build target has NEON.
        unsafe { Self([vdupq_n_f32(value); N]) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller promises enough readable f32.
        unsafe { Self::each(|i| vld1q_f32(from.add(FOUR * i))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        for (i, register) in self.0.into_iter().enumerate() {
            // SAFETY: the caller promises enough writable f32.
            unsafe { vst1q_f32(to.add(FOUR * i), register) };
        }
    }
    #[inline(always)]
    unsafe fn load_bf16(from: *const u16) -> Self {
        // SAFETY: the caller promises enough readable u16.
        unsafe {
            Self::each(|i| {
                let wide = vmovl_u16(vld1_u16(from.add(FOUR * i)));
                vreinterpretq_f32_u32(vshlq_n_u32::<16>(wide))
            })
        }
    }
    #[inline(always)]
    unsafe fn load_i8(from: *const i8) -> Self {
        // SAFETY: the caller promises enough readable bytes.
        unsafe {
            Self::each(|i| {
                let four = from.add(FOUR * i).cast::<i32>().read_unaligned();
                let words = vget_low_s16(vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(four))));
                vcvtq_f32_s32(vmovl_s16(words))
            })
        }
    }
    #[inline(always)]
    unsafe fn load_u8(from: *const u8) -> Self {
        // SAFETY: the caller promises enough readable bytes.
        unsafe { Self::each(|i| vcvtq_f32_u32(four_bytes(from.add(FOUR * i)))) }
    }
    #[inline(always)]
    unsafe fn store_bf16(self, to: *mut u16) {
        for (i, register) in self.0.into_iter().enumerate() {
            // SAFETY: the caller promises enough writable u16.
            unsafe { vst1_u16(to.add(FOUR * i), to_bf16(register)) };
        }
    }
    #[inline(always)]
    unsafe fn store_u8(self, to: *mut u8) {
        for (i, register) in self.0.into_iter().enumerate() {
            // SAFETY: the caller promises enough writable bytes.
            unsafe {
                // Both ends saturate; NaN becomes 0.
                let words = vqmovn_s32(vcvtnq_s32_f32(register));
                let words = vqsub_s16(words, vdup_n_s16(128));
                let bytes = vreinterpret_u32_s8(vqmovn_s16(vcombine_s16(words, words)));
                let four = to.add(FOUR * i).cast::<u32>();
                four.write_unaligned(vget_lane_u32::<0>(bytes));
            }
        }
    }
    #[inline(always)]
    unsafe fn store_u8_wide(self, to: *mut i16) {
        for (i, register) in self.0.into_iter().enumerate() {
            // SAFETY: the caller promises enough writable i16.
            unsafe {
                let words = vmin_u16(to_u16(register), vdup_n_u16(255));
                vst1_u16(to.add(FOUR * i).cast(), words);
            }
        }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: the build target has NEON.
        unsafe { Self::each(|i| vfmaq_f32(addend.0[i], self.0[i], factor.0[i])) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the build target has NEON.
        unsafe { Self::each(|i| vaddq_f32(self.0[i], other.0[i])) }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: the build target has NEON.
        unsafe { Self::each(|i| vmaxq_f32(self.0[i], other.0[i])) }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: the build target has NEON.
        unsafe { Self::each(|i| vminq_f32(self.0[i], other.0[i])) }
    }
    #[inline(always)]
    unsafe fn prelu(self, slope: Self) -> Self {
        // SAFETY: the build target has NEON.
        unsafe {
            Self::each(|i| {
                let value = self.0[i];
                vbslq_f32(vcltzq_f32(value), vmulq_f32(value, slope.0[i]), value)
            })
        }
    }
    #[inline(always)]
    unsafe fn prelu_add(self, slope: Self, addend: Self) -> Self {
        // SAFETY: the build target has NEON.
        unsafe {
            Self::each(|i| {
                let negative = vcltzq_f32(self.0[i]);
                let factor = vbslq_f32(negative, slope.0[i], vdupq_n_f32(1.0));
                vfmaq_f32(addend.0[i], self.0[i], factor)
            })
        }
    }
    #[inline(always)]
    fn prefetch(address: *const u8) {
        // SAFETY: a prefetch is a hint; it never faults. Stable Rust has no other way to it.
        unsafe {
            asm!("prfm pldl1keep, [{}]", in(reg) address.addr(), options(nomem, nostack, preserves_flags));
        }
    }
    #[inline(always)]
    fn prefetch_for_later(address: *const u8) {
        // SAFETY: as above.
        unsafe {
            asm!("prfm pldl2keep, [{}]", in(reg) address.addr(), options(nomem, nostack, preserves_flags));
        }
    }
    #[inline(always)]
    unsafe fn tile<D: Dot<Self>, E: Written>(job: &TileJob, pixels: usize, _: usize) {
        // SAFETY: passed on; the planner asks only for tiles listed above.
        unsafe {
            match pixels {
                6 => D::tile::<E, 6, 1>(job),
                5 => D::tile::<E, 5, 1>(job),
                4 => D::tile::<E, 4, 1>(job),
                2 => D::tile::<E, 2, 1>(job),
                _ => D::tile::<E, 1, 1>(job),
            }
        }
    }
}

const _: () = assert!(size_of::<NeonLanes>() == LANES * size_of::<f32>());
