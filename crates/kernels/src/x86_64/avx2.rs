//! AVX2 with FMA: two registers of eight.

use crate::lanes::{Dot, F32, I16, Lanes, Written};
use crate::pointwise::TileJob;
use core::arch::x86_64::*;

/// Sixteen f32 in two 256-bit registers.
#[derive(Clone, Copy)]
pub(crate) struct Avx2Lanes(__m256, __m256);

/// Rounds to nearest even and clamps to 0..=255, eight per register.
#[inline(always)]
unsafe fn to_u8_range(value: __m256) -> __m256i {
    // SAFETY: the caller has AVX2. The clamp comes before the conversion, so that large
    // values saturate instead of becoming the indefinite integer.
    unsafe {
        let low = _mm256_max_ps(value, _mm256_setzero_ps());
        _mm256_cvtps_epi32(_mm256_min_ps(low, _mm256_set1_ps(255.0)))
    }
}

/// Upper halves rounded to nearest even, for finite values and infinities.
#[inline(always)]
unsafe fn to_bf16(value: __m256) -> __m256i {
    // SAFETY: the caller has AVX2.
    unsafe {
        let bits = _mm256_castps_si256(value);
        let odd = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
        let rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
        let nan = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_UNORD_Q>(value, value));
        let quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x0040_0000));
        _mm256_srli_epi32::<16>(_mm256_blendv_epi8(rounded, quiet, nan))
    }
}

impl Lanes for Avx2Lanes {
    // Six pixels by sixteen channels: twelve sums, two weights and one broadcast fill
    // fifteen of the sixteen registers.
    const TILE_BLOCKS: usize = 1;
    const TILE_PIXELS: &'static [usize] = &[6, 5, 4, 2, 1];

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the caller has AVX2.
        unsafe { Self(_mm256_set1_ps(value), _mm256_set1_ps(value)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller promises sixteen readable f32.
        unsafe { Self(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller promises sixteen writable f32.
        unsafe {
            _mm256_storeu_ps(to, self.0);
            _mm256_storeu_ps(to.add(8), self.1);
        }
    }
    #[inline(always)]
    unsafe fn load_bf16(from: *const u16) -> Self {
        // SAFETY: the caller promises sixteen readable u16.
        unsafe {
            let low = _mm256_cvtepu16_epi32(_mm_loadu_si128(from.cast()));
            let high = _mm256_cvtepu16_epi32(_mm_loadu_si128(from.add(8).cast()));
            Self(
                _mm256_castsi256_ps(_mm256_slli_epi32::<16>(low)),
                _mm256_castsi256_ps(_mm256_slli_epi32::<16>(high)),
            )
        }
    }
    #[inline(always)]
    unsafe fn load_i8(from: *const i8) -> Self {
        // SAFETY: the caller promises sixteen readable bytes.
        unsafe {
            let bytes = _mm_loadu_si128(from.cast());
            let low = _mm256_cvtepi8_epi32(bytes);
            let high = _mm256_cvtepi8_epi32(_mm_srli_si128::<8>(bytes));
            Self(_mm256_cvtepi32_ps(low), _mm256_cvtepi32_ps(high))
        }
    }
    #[inline(always)]
    unsafe fn load_u8(from: *const u8) -> Self {
        // SAFETY: the caller promises sixteen readable bytes.
        unsafe {
            let bytes = _mm_loadu_si128(from.cast());
            let low = _mm256_cvtepu8_epi32(bytes);
            let high = _mm256_cvtepu8_epi32(_mm_srli_si128::<8>(bytes));
            Self(_mm256_cvtepi32_ps(low), _mm256_cvtepi32_ps(high))
        }
    }
    #[inline(always)]
    unsafe fn store_bf16(self, to: *mut u16) {
        // SAFETY: the caller promises sixteen writable u16. packus works per 128-bit half;
        // the permutation puts the halves back in order.
        unsafe {
            let packed = _mm256_packus_epi32(to_bf16(self.0), to_bf16(self.1));
            _mm256_storeu_si256(to.cast(), _mm256_permute4x64_epi64::<0b11_01_10_00>(packed));
        }
    }
    #[inline(always)]
    unsafe fn store_u8(self, to: *mut u8) {
        // SAFETY: the caller promises sixteen writable bytes.
        unsafe {
            let words = _mm256_packus_epi32(to_u8_range(self.0), to_u8_range(self.1));
            let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(words);
            let bytes = _mm_packus_epi16(
                _mm256_castsi256_si128(words),
                _mm256_extracti128_si256::<1>(words),
            );
            _mm_storeu_si128(to.cast(), bytes);
        }
    }
    #[inline(always)]
    unsafe fn store_u8_wide(self, to: *mut i16) {
        // SAFETY: the caller promises sixteen writable i16.
        unsafe {
            let words = _mm256_packus_epi32(to_u8_range(self.0), to_u8_range(self.1));
            _mm256_storeu_si256(to.cast(), _mm256_permute4x64_epi64::<0b11_01_10_00>(words));
        }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: the caller has FMA.
        unsafe {
            Self(
                _mm256_fmadd_ps(self.0, factor.0, addend.0),
                _mm256_fmadd_ps(self.1, factor.1, addend.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the caller has AVX2.
        unsafe {
            Self(
                _mm256_add_ps(self.0, other.0),
                _mm256_add_ps(self.1, other.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: the caller has AVX2.
        unsafe {
            Self(
                _mm256_max_ps(self.0, other.0),
                _mm256_max_ps(self.1, other.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: the caller has AVX2.
        unsafe {
            Self(
                _mm256_min_ps(self.0, other.0),
                _mm256_min_ps(self.1, other.1),
            )
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
                (_, 6) => D::tile::<E, 6, 1>(job),
                (_, 5) => D::tile::<E, 5, 1>(job),
                (_, 4) => D::tile::<E, 4, 1>(job),
                (_, 2) => D::tile::<E, 2, 1>(job),
                _ => D::tile::<E, 1, 1>(job),
            }
        }
    }
}

impl Dot<Avx2Lanes> for F32 {
    const CHANNELS: usize = 1;
    type Sum = Avx2Lanes;
    type Weights = Avx2Lanes;

    #[inline(always)]
    unsafe fn zero() -> Avx2Lanes {
        // SAFETY: the caller has AVX2.
        unsafe { Avx2Lanes::splat(0.0) }
    }
    #[inline(always)]
    unsafe fn weights(from: *const u8) -> Avx2Lanes {
        // SAFETY: the caller promises 64 readable bytes.
        unsafe { Avx2Lanes::load(from.cast()) }
    }
    #[inline(always)]
    unsafe fn step(sum: Avx2Lanes, word: *const u8, weights: Avx2Lanes) -> Avx2Lanes {
        // SAFETY: the caller promises four readable bytes.
        unsafe { Avx2Lanes::splat(word.cast::<f32>().read_unaligned()).mul_add(weights, sum) }
    }
    #[inline(always)]
    unsafe fn finish(sum: Avx2Lanes) -> Avx2Lanes {
        sum
    }
}

/// Integer registers, eight sums or sixteen weights each.
#[derive(Clone, Copy)]
pub(crate) struct Avx2Words(__m256i, __m256i);

impl Dot<Avx2Lanes> for I16 {
    const CHANNELS: usize = 2;
    type Sum = Avx2Words;
    type Weights = Avx2Words;

    #[inline(always)]
    unsafe fn zero() -> Avx2Words {
        // SAFETY: the caller has AVX2.
        unsafe { Avx2Words(_mm256_setzero_si256(), _mm256_setzero_si256()) }
    }
    #[inline(always)]
    unsafe fn weights(from: *const u8) -> Avx2Words {
        // SAFETY: the caller promises 64 readable bytes.
        unsafe {
            Avx2Words(
                _mm256_loadu_si256(from.cast()),
                _mm256_loadu_si256(from.add(32).cast()),
            )
        }
    }
    #[inline(always)]
    unsafe fn step(sum: Avx2Words, word: *const u8, weights: Avx2Words) -> Avx2Words {
        // SAFETY: the caller promises four readable bytes. 255 * 127 * 2 fits 32 bits; the
        // 16-bit multiply-add cannot saturate, unlike `maddubs` on bytes.
        unsafe {
            let pair = _mm256_set1_epi32(word.cast::<i32>().read_unaligned());
            Avx2Words(
                _mm256_add_epi32(sum.0, _mm256_madd_epi16(pair, weights.0)),
                _mm256_add_epi32(sum.1, _mm256_madd_epi16(pair, weights.1)),
            )
        }
    }
    #[inline(always)]
    unsafe fn finish(sum: Avx2Words) -> Avx2Lanes {
        // SAFETY: the caller has AVX2.
        unsafe { Avx2Lanes(_mm256_cvtepi32_ps(sum.0), _mm256_cvtepi32_ps(sum.1)) }
    }
}
