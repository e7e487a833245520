//! AVX-512: one register of sixteen.

use crate::lanes::{Bf16, Columns, Dot, F32, I16, Lanes, U8, Written};
use crate::pointwise::TileJob;
use core::arch::x86_64::*;

/// Sixteen f32; bf16 rounding in integer arithmetic.
#[derive(Clone, Copy)]
pub(crate) struct Avx512Lanes(__m512);

/// Sixteen f32 on a machine that rounds to bf16 in one instruction.
#[derive(Clone, Copy)]
pub(crate) struct Avx512Bf16Lanes(__m512);

/// Rounds to nearest even and clamps to 0..=255.
#[inline(always)]
unsafe fn to_u8_range(value: __m512) -> __m512i {
    // SAFETY: the caller has AVX-512F. `cvtps` turns values beyond i32 into the most
    // negative integer, so the upper clamp comes first; the lower one may follow.
    unsafe {
        let capped = _mm512_min_ps(value, _mm512_set1_ps(255.0));
        _mm512_max_epi32(_mm512_cvtps_epi32(capped), _mm512_setzero_si512())
    }
}

/// Upper halves rounded to nearest even; NaN stays NaN.
#[inline(always)]
unsafe fn round_to_bf16(value: __m512) -> __m256i {
    // SAFETY: the caller has AVX-512F.
    unsafe {
        let bits = _mm512_castps_si512(value);
        let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
        let rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
        let nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(value, value);
        let kept = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x0040_0000));
        _mm512_cvtepi32_epi16(_mm512_srli_epi32::<16>(kept))
    }
}

macro_rules! avx512_lanes {
    ($lanes:ident, $to_bf16:expr) => {
        impl Lanes for $lanes {
            // Fourteen pixels by two blocks: 28 sums, two weights and one broadcast fill 31
            // of the 32 registers; the maps of the pinned networks are multiples of 14 or 7.
            const TILE_BLOCKS: usize = 2;
            const TILE_PIXELS: &'static [usize] = &[14, 12, 10, 8, 7, 4, 2, 1];

            #[inline(always)]
            unsafe fn splat(value: f32) -> Self {
                // SAFETY: the caller has AVX-512F.
                unsafe { Self(_mm512_set1_ps(value)) }
            }
            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: the caller promises sixteen readable f32.
                unsafe { Self(_mm512_loadu_ps(from)) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                // SAFETY: the caller promises sixteen writable f32.
                unsafe { _mm512_storeu_ps(to, self.0) }
            }
            #[inline(always)]
            unsafe fn load_bf16(from: *const u16) -> Self {
                // SAFETY: the caller promises sixteen readable u16.
                unsafe {
                    let wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(from.cast()));
                    Self(_mm512_castsi512_ps(_mm512_slli_epi32::<16>(wide)))
                }
            }
            #[inline(always)]
            unsafe fn load_i8(from: *const i8) -> Self {
                // SAFETY: the caller promises sixteen readable bytes.
                unsafe {
                    let bytes = _mm_loadu_si128(from.cast());
                    Self(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)))
                }
            }
            #[inline(always)]
            unsafe fn load_u8(from: *const u8) -> Self {
                // SAFETY: the caller promises sixteen readable bytes.
                unsafe {
                    let bytes = _mm_loadu_si128(from.cast());
                    Self(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes)))
                }
            }
            #[inline(always)]
            unsafe fn store_bf16(self, to: *mut u16) {
                // SAFETY: the caller promises sixteen writable u16.
                unsafe { _mm256_storeu_si256(to.cast(), $to_bf16(self.0)) }
            }
            #[inline(always)]
            unsafe fn store_u8(self, to: *mut u8) {
                // SAFETY: the caller promises sixteen writable bytes.
                unsafe {
                    let floored = _mm512_max_ps(self.0, _mm512_setzero_ps());
                    // Values beyond i32 become 2^31 as unsigned integers, and saturate.
                    let whole = _mm512_cvtps_epi32(floored);
                    _mm_storeu_si128(to.cast(), _mm512_cvtusepi32_epi8(whole));
                }
            }
            #[inline(always)]
            unsafe fn store_u8_wide(self, to: *mut i16) {
                // SAFETY: the caller promises sixteen writable i16.
                unsafe {
                    _mm256_storeu_si256(to.cast(), _mm512_cvtepi32_epi16(to_u8_range(self.0)));
                }
            }
            #[inline(always)]
            unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
                // SAFETY: the caller has AVX-512F.
                unsafe { Self(_mm512_fmadd_ps(self.0, factor.0, addend.0)) }
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: the caller has AVX-512F.
                unsafe { Self(_mm512_add_ps(self.0, other.0)) }
            }
            #[inline(always)]
            unsafe fn max(self, other: Self) -> Self {
                // SAFETY: the caller has AVX-512F.
                unsafe { Self(_mm512_max_ps(self.0, other.0)) }
            }
            #[inline(always)]
            unsafe fn min(self, other: Self) -> Self {
                // SAFETY: the caller has AVX-512F.
                unsafe { Self(_mm512_min_ps(self.0, other.0)) }
            }
            #[inline(always)]
            unsafe fn prelu(self, slope: Self) -> Self {
                // SAFETY: the caller has AVX-512F.
                unsafe {
                    let zero = _mm512_setzero_ps();
                    let negative = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, zero);
                    Self(_mm512_mask_mul_ps(self.0, negative, self.0, slope.0))
                }
            }
            #[inline(always)]
            unsafe fn prelu_add(self, slope: Self, addend: Self) -> Self {
                // SAFETY: the caller has AVX-512F.
                unsafe {
                    let zero = _mm512_setzero_ps();
                    let negative = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, zero);
                    let factor = _mm512_mask_mov_ps(_mm512_set1_ps(1.0), negative, slope.0);
                    Self(_mm512_fmadd_ps(self.0, factor, addend.0))
                }
            }
            #[inline(always)]
            fn prefetch(address: *const u8) {
                // SAFETY: a prefetch is a hint; it never faults.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
            }
            #[inline(always)]
            fn prefetch_for_later(address: *const u8) {
                // SAFETY: a prefetch is a hint; it never faults.
                unsafe { _mm_prefetch::<_MM_HINT_T1>(address.cast()) }
            }
            #[inline(always)]
            unsafe fn tile<D: Dot<Self>, E: Written>(job: &TileJob, pixels: usize, blocks: usize) {
                // SAFETY: passed on; the planner asks only for tiles listed above.
                unsafe {
                    match (blocks, pixels) {
                        (2, 14) => D::tile::<E, 14, 2>(job),
                        (2, 12) => D::tile::<E, 12, 2>(job),
                        (2, 10) => D::tile::<E, 10, 2>(job),
                        (2, 8) => D::tile::<E, 8, 2>(job),
                        (2, 7) => D::tile::<E, 7, 2>(job),
                        (2, 4) => D::tile::<E, 4, 2>(job),
                        (2, 2) => D::tile::<E, 2, 2>(job),
                        (2, 1) => D::tile::<E, 1, 2>(job),
                        (_, 14) => D::tile::<E, 14, 1>(job),
                        (_, 12) => D::tile::<E, 12, 1>(job),
                        (_, 10) => D::tile::<E, 10, 1>(job),
                        (_, 8) => D::tile::<E, 8, 1>(job),
                        (_, 7) => D::tile::<E, 7, 1>(job),
                        (_, 4) => D::tile::<E, 4, 1>(job),
                        (_, 2) => D::tile::<E, 2, 1>(job),
                        _ => D::tile::<E, 1, 1>(job),
                    }
                }
            }
        }

        impl Dot<$lanes> for F32 {
            const CHANNELS: usize = 1;
            type Sum = __m512;
            type Weights = __m512;

            #[inline(always)]
            unsafe fn zero() -> __m512 {
                // SAFETY: the caller has AVX-512F.
                unsafe { _mm512_setzero_ps() }
            }
            #[inline(always)]
            unsafe fn weights(from: *const u8) -> __m512 {
                // SAFETY: the caller promises 64 readable bytes.
                unsafe { _mm512_loadu_ps(from.cast()) }
            }
            #[inline(always)]
            unsafe fn step(sum: __m512, word: *const u8, weights: __m512) -> __m512 {
                // SAFETY: the caller promises four readable bytes.
                unsafe {
                    let value = _mm512_set1_ps(word.cast::<f32>().read_unaligned());
                    _mm512_fmadd_ps(value, weights, sum)
                }
            }
            #[inline(always)]
            unsafe fn finish(sum: __m512) -> $lanes {
                $lanes(sum)
            }
        }

        impl Dot<$lanes> for I16 {
            const CHANNELS: usize = 2;
            type Sum = __m512i;
            type Weights = __m512i;

            #[inline(always)]
            unsafe fn zero() -> __m512i {
                // SAFETY: the caller has AVX-512F.
                unsafe { _mm512_setzero_si512() }
            }
            #[inline(always)]
            unsafe fn weights(from: *const u8) -> __m512i {
                // SAFETY: the caller promises 64 readable bytes.
                unsafe { _mm512_loadu_si512(from.cast()) }
            }
            #[inline(always)]
            unsafe fn step(sum: __m512i, word: *const u8, weights: __m512i) -> __m512i {
                // SAFETY: the caller promises four readable bytes and has AVX-512BW.
                unsafe {
                    let pair = _mm512_set1_epi32(word.cast::<i32>().read_unaligned());
                    _mm512_add_epi32(sum, _mm512_madd_epi16(pair, weights))
                }
            }
            #[inline(always)]
            unsafe fn finish(sum: __m512i) -> $lanes {
                // SAFETY: the caller has AVX-512F.
                unsafe { $lanes(_mm512_cvtepi32_ps(sum)) }
            }
        }

        impl Dot<$lanes> for U8 {
            const CHANNELS: usize = 4;
            type Sum = __m512i;
            type Weights = __m512i;

            #[inline(always)]
            unsafe fn zero() -> __m512i {
                // SAFETY: the caller has AVX-512F.
                unsafe { _mm512_setzero_si512() }
            }
            #[inline(always)]
            unsafe fn weights(from: *const u8) -> __m512i {
                // SAFETY: the caller promises 64 readable bytes.
                unsafe { _mm512_loadu_si512(from.cast()) }
            }
            #[inline(always)]
            unsafe fn step(sum: __m512i, word: *const u8, weights: __m512i) -> __m512i {
                // SAFETY: the caller promises four readable bytes and has AVX-512 VNNI.
                unsafe {
                    let four = _mm512_set1_epi32(word.cast::<i32>().read_unaligned());
                    _mm512_dpbusd_epi32(sum, four, weights)
                }
            }
            #[inline(always)]
            unsafe fn finish(sum: __m512i) -> $lanes {
                // SAFETY: the caller has AVX-512F.
                unsafe { $lanes(_mm512_cvtepi32_ps(sum)) }
            }
        }
    };
}

/// The hardware conversion.
#[inline(always)]
unsafe fn convert_to_bf16(value: __m512) -> __m256i {
    // SAFETY: the caller has AVX-512 BF16; both types are 256 plain bits.
    unsafe { core::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(value)) }
}

avx512_lanes!(Avx512Lanes, round_to_bf16);
avx512_lanes!(Avx512Bf16Lanes, convert_to_bf16);

impl Dot<Avx512Bf16Lanes> for Bf16 {
    const CHANNELS: usize = 2;
    type Sum = __m512;
    type Weights = __m512i;

    #[inline(always)]
    unsafe fn zero() -> __m512 {
        // SAFETY: the caller has AVX-512F.
        unsafe { _mm512_setzero_ps() }
    }
    #[inline(always)]
    unsafe fn weights(from: *const u8) -> __m512i {
        // SAFETY: the caller promises 64 readable bytes.
        unsafe { _mm512_loadu_si512(from.cast()) }
    }
    #[inline(always)]
    unsafe fn step(sum: __m512, word: *const u8, weights: __m512i) -> __m512 {
        // SAFETY: the caller promises four readable bytes and has AVX-512 BF16; the
        // transmutes only rename 512 plain bits.
        unsafe {
            let pair = _mm512_set1_epi32(word.cast::<i32>().read_unaligned());
            _mm512_dpbf16_ps(
                sum,
                core::mem::transmute::<__m512i, __m512bh>(pair),
                core::mem::transmute::<__m512i, __m512bh>(weights),
            )
        }
    }
    #[inline(always)]
    unsafe fn finish(sum: __m512) -> Avx512Bf16Lanes {
        Avx512Bf16Lanes(sum)
    }
}

impl Columns<u16> for Avx512Bf16Lanes {
    /// The upper two values of each channel side by side, and the lowest beside a zero.
    type Column = (__m512i, __m512i);

    #[inline(always)]
    unsafe fn column(input: *const u16, row: usize) -> Self::Column {
        // SAFETY: the caller promises three times sixteen readable values and has
        // AVX-512BW.
        unsafe {
            let upper = _mm512_castsi256_si512(_mm256_loadu_si256(input.cast()));
            let middle = _mm256_loadu_si256(input.add(row).cast());
            let both = _mm512_inserti64x4::<1>(upper, middle);
            let zipped = _mm512_permutexvar_epi16(_mm512_loadu_si512(ZIP.as_ptr().cast()), both);
            let lowest = _mm256_loadu_si256(input.add(2 * row).cast());
            (zipped, _mm512_cvtepu16_epi32(lowest))
        }
    }

    #[inline(always)]
    unsafe fn meet(self, column: Self::Column, weights: &[Self; 2]) -> Self {
        // SAFETY: the caller has AVX-512 BF16; the transmutes only rename 512 plain bits.
        unsafe {
            let pairs = |bits: __m512i| core::mem::transmute::<__m512i, __m512bh>(bits);
            let weights = weights.map(|weight| pairs(_mm512_castps_si512(weight.0)));
            let sum = _mm512_dpbf16_ps(self.0, pairs(column.0), weights[0]);
            Self(_mm512_dpbf16_ps(sum, pairs(column.1), weights[1]))
        }
    }
}

/// Value `i` of the lower half beside value `i` of the upper half.
static ZIP: [u16; 32] = {
    let mut zip = [0; 32];
    let mut i = 0;
    while i < 16 {
        zip[2 * i] = i as u16;
        zip[2 * i + 1] = 16 + i as u16;
        i += 1;
    }
    zip
};
