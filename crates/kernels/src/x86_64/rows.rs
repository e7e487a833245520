//! Inner products of 8-bit rows with a 16-bit probe on x86-64; see [`crate::rows`].

use crate::rows::{RowJob, RowProduct};
use core::arch::x86_64::*;

/// How many rows ahead are asked for: they lie anywhere, and each takes as long to come as
/// several take to compute.
const AHEAD: usize = 12;

/// Asks for the cache lines of the row that comes [`AHEAD`] rows later; before the first, for
/// all that come sooner.
///
/// # Safety
/// The job's lengths fit one another.
#[inline(always)]
unsafe fn prefetch(job: &RowJob<'_>, number: usize) {
    let end = job.places.len().min(number + AHEAD + 1);
    let begin = if number == 0 {
        0
    } else {
        end.min(number + AHEAD)
    };
    for place in &job.places[begin..end] {
        let dims = job.probe.len();
        // SAFETY: the place is that of a row; a prefetch reads nothing.
        unsafe {
            let row = job.rows.as_ptr().add(*place as usize * dims);
            let mut line = 0;
            while line < dims {
                _mm_prefetch::<_MM_HINT_T0>(row.add(line));
                line += 64;
            }
        }
    }
}

/// Asks for the cache lines of a row.
pub(crate) fn ask(row: &[i8]) {
    for line in row.chunks(64) {
        // SAFETY: every x86-64 processor has the instruction; it reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr()) };
    }
}

/// AVX2, sixteen values per step.
///
/// # Safety
/// The machine has AVX2; places are in range and lengths fit one another.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn dot_rows_avx2(job: &mut RowJob<'_>) {
    let dims = job.probe.len();
    for number in 0..job.places.len() {
        // SAFETY: the row and the probe have `dims` values, a multiple of 32.
        unsafe {
            prefetch(job, number);
            let row = job.rows.as_ptr().add(job.places[number] as usize * dims);
            let mut product = _mm256_setzero_si256();
            let mut square = _mm256_setzero_si256();
            let mut at = 0;
            while at < dims {
                let values = _mm256_cvtepi8_epi16(_mm_loadu_si128(row.add(at).cast()));
                let probe = _mm256_loadu_si256(job.probe.as_ptr().add(at).cast());
                product = _mm256_add_epi32(product, _mm256_madd_epi16(values, probe));
                square = _mm256_add_epi32(square, _mm256_madd_epi16(values, values));
                at += 16;
            }
            let both = _mm256_hadd_epi32(product, square);
            let both = _mm256_hadd_epi32(both, both);
            let low = _mm256_castsi256_si128(both);
            let sums = _mm_add_epi32(low, _mm256_extracti128_si256::<1>(both));
            job.out[number] = RowProduct {
                product: _mm_extract_epi32::<0>(sums),
                square: _mm_extract_epi32::<1>(sums),
            };
        }
    }
}

macro_rules! wide {
    ($name:ident, $features:literal, $meet:ident) => {
        /// AVX-512, thirty-two values per step.
        ///
        /// # Safety
        /// The machine has the features; places are in range and lengths fit one another.
        #[target_feature(enable = $features)]
        pub(crate) unsafe fn $name(job: &mut RowJob<'_>) {
            let dims = job.probe.len();
            for number in 0..job.places.len() {
                // SAFETY: the row and the probe have `dims` values, a multiple of 32.
                unsafe {
                    prefetch(job, number);
                    let row = job.rows.as_ptr().add(job.places[number] as usize * dims);
                    let mut product = _mm512_setzero_si512();
                    let mut square = _mm512_setzero_si512();
                    let mut at = 0;
                    while at < dims {
                        let values = _mm512_cvtepi8_epi16(_mm256_loadu_si256(row.add(at).cast()));
                        let probe = _mm512_loadu_si512(job.probe.as_ptr().add(at).cast());
                        product = $meet!(product, values, probe);
                        square = $meet!(square, values, values);
                        at += 32;
                    }
                    job.out[number] = RowProduct {
                        product: _mm512_reduce_add_epi32(product),
                        square: _mm512_reduce_add_epi32(square),
                    };
                }
            }
        }
    };
}

macro_rules! multiply_then_add {
    ($sum:expr, $a:expr, $b:expr) => {
        _mm512_add_epi32($sum, _mm512_madd_epi16($a, $b))
    };
}
wide!(
    dot_rows_avx512,
    "avx512f,avx512bw,avx512dq,avx512vl",
    multiply_then_add
);

macro_rules! multiply_and_add {
    ($sum:expr, $a:expr, $b:expr) => {
        _mm512_dpwssd_epi32($sum, $a, $b)
    };
}
wide!(
    dot_rows_avx512vnni,
    "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni",
    multiply_and_add
);
