//! Samples of a picture along a line on x86-64; see [`crate::samples`].

use crate::samples::{DIGITS, HALF, ONE, SampleJob, Span};
use core::arch::x86_64::*;

/// Samples of one step.
const STEP: usize = 4;

/// Whole pixels and steps of four samples, counted from the span's origin.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn split(span: &Span, numbers: __m128) -> (__m128i, __m128i) {
    let along = &span.along;
    let place = _mm_add_ps(
        _mm_add_ps(
            _mm_mul_ps(_mm_set1_ps(along.slope), numbers),
            _mm_set1_ps(along.start),
        ),
        _mm_set1_ps(along.offset),
    );
    let place = _mm_sub_ps(place, _mm_set1_ps(span.origin));
    let steps = _mm_cvttps_epi32(_mm_mul_ps(place, _mm_set1_ps(ONE as f32)));
    (
        _mm_srli_epi32::<{ ONE.trailing_zeros() as i32 }>(steps),
        _mm_and_si128(steps, _mm_set1_epi32(ONE - 1)),
    )
}

/// Four 32-bit numbers, each twice.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn twice(numbers: __m128i) -> __m256i {
    let wide = _mm256_cvtepu32_epi64(numbers);
    _mm256_or_si256(wide, _mm256_slli_epi64::<32>(wide))
}

/// The weighted mean of two rows of sums.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn mean(upper: __m256i, lower: __m256i, v: __m256i) -> __m256i {
    let sum = _mm256_add_epi32(
        _mm256_slli_epi32::<{ ONE.trailing_zeros() as i32 }>(upper),
        _mm256_mullo_epi32(_mm256_sub_epi32(lower, upper), v),
    );
    _mm256_srli_epi32::<{ DIGITS as i32 }>(_mm256_add_epi32(sum, _mm256_set1_epi32(HALF)))
}

/// AVX2, four samples per step: a pixel and the next are eight bytes of one 64-bit lane.
///
/// # Safety
/// The machine has AVX2; the line is inside, and from its farthest pixel's lower neighbor eight bytes can be read; all that is
/// counted in bytes fits 31 bits.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn samples_avx2(job: &mut SampleJob<'_>) {
    let (width, count) = (job.width as i32, job.out.len());
    let whole = count / STEP * STEP;
    let origin = job.down.origin as i32 * width + job.across.origin as i32;
    // Of each 64-bit lane the bytes of red and green, those of a pixel and the next side by side, in 16 bits each; and those of blue.
    let red_green = _mm256_broadcastsi128_si256(_mm_setr_epi8(
        0, -1, 3, -1, 1, -1, 4, -1, 8, -1, 11, -1, 9, -1, 12, -1,
    ));
    let blue = _mm256_broadcastsi128_si256(_mm_setr_epi8(
        2, -1, 5, -1, -1, -1, -1, -1, 10, -1, 13, -1, -1, -1, -1, -1,
    ));
    // Three bytes of each lane, one behind the other.
    let close = _mm256_setr_epi8(
        0, 1, 2, 8, 9, 10, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, //
        -1, -1, -1, -1, -1, -1, 0, 1, 2, 8, 9, 10, -1, -1, -1, -1,
    );
    for first in (0..whole).step_by(STEP) {
        let numbers = _mm_add_ps(_mm_set1_ps(first as f32), _mm_setr_ps(0.0, 1.0, 2.0, 3.0));
        let (column, u) = split(&job.across, numbers);
        let (row, v) = split(&job.down, numbers);
        let at = _mm_add_epi32(_mm_mullo_epi32(row, _mm_set1_epi32(width)), column);
        let at = _mm_add_epi32(at, _mm_set1_epi32(origin));
        let at = _mm_add_epi32(at, _mm_slli_epi32::<1>(at));
        // SAFETY: each place, a row below it and eight bytes from there lie in the picture.
        let (upper, lower) = unsafe {
            let above = job.pixels.as_ptr();
            let below = above.add(3 * job.width);
            (
                _mm256_i32gather_epi64::<1>(above.cast(), at),
                _mm256_i32gather_epi64::<1>(below.cast(), at),
            )
        };
        let rest = _mm_sub_epi32(_mm_set1_epi32(ONE), u);
        let u = twice(_mm_or_si128(rest, _mm_slli_epi32::<16>(u)));
        let v = twice(v);
        let sums = |bytes, which| _mm256_madd_epi16(_mm256_shuffle_epi8(bytes, which), u);
        // Red in the lower half of each lane and green in the upper.
        let red_green = mean(sums(upper, red_green), sums(lower, red_green), v);
        let blue = mean(sums(upper, blue), sums(lower, blue), v);
        let red_green = _mm256_or_si256(red_green, _mm256_srli_epi64::<24>(red_green));
        let all = _mm256_or_si256(red_green, _mm256_slli_epi64::<16>(blue));
        let all = _mm256_shuffle_epi8(all, close);
        let all = _mm_or_si128(
            _mm256_castsi256_si128(all),
            _mm256_extracti128_si256::<1>(all),
        );
        // SAFETY: four samples of three bytes from here on.
        unsafe {
            let out = job.out.as_mut_ptr().add(first).cast::<u8>();
            _mm_storel_epi64(out.cast(), all);
            let last = _mm_extract_epi32::<2>(all);
            out.add(8).cast::<i32>().write_unaligned(last);
        }
    }
    for number in whole..count {
        job.out[number] = job.sample(number);
    }
}
