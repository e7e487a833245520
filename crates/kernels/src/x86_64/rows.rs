//! Which 8-bit rows reach a floor with a 16-bit probe on x86-64; see [`crate::rows`].

use crate::rows::{RowJob, reaches};
use core::arch::x86_64::*;

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
pub(crate) unsafe fn filter_rows_avx2(job: &mut RowJob<'_>) {
    let dims = job.probe.len();
    for place in job.places {
        // SAFETY: the row and the probe have `dims` values, a multiple of 32.
        unsafe {
            let row = job.rows.as_ptr().add(*place as usize * dims);
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
            let (product, square) = (_mm_extract_epi32::<0>(sums), _mm_extract_epi32::<1>(sums));
            job.reached
                .put_if(*place, reaches(product, square, job.floor));
        }
    }
}

/// Rows of one step with AVX-512: their sums are added up together.
const ROWS: usize = 4;

/// Which of four rows reach the floor, from the sums of their products and squares in vectors.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn reached(products: [__m512i; ROWS], squares: [__m512i; ROWS], floor: __m512) -> u8 {
    // In each 128 bits two sums of products and two of squares by turns, then one of each of two rows.
    let both: [__m512i; ROWS] = std::array::from_fn(|row| {
        let (product, square) = (products[row], squares[row]);
        _mm512_add_epi32(
            _mm512_unpacklo_epi32(product, square),
            _mm512_unpackhi_epi32(product, square),
        )
    });
    let pair = |a, b| _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    let (first, last) = (pair(both[0], both[1]), pair(both[2], both[3]));
    let halves = _mm512_add_epi32(
        _mm512_shuffle_i64x2::<0b10_00_10_00>(first, last),
        _mm512_shuffle_i64x2::<0b11_01_11_01>(first, last),
    );
    // The first two rows in the first 128 bits, the last two in the third.
    let whole = _mm512_add_epi32(
        halves,
        _mm512_shuffle_i64x2::<0b10_11_00_01>(halves, halves),
    );
    let sums = _mm512_cvtepi32_ps(whole);
    let mine = _mm512_mul_ps(sums, _mm512_abs_ps(sums));
    let least = _mm512_mul_ps(_mm512_movehdup_ps(sums), floor);
    let bits = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(mine, least);
    (bits & 1 | bits >> 1 & 2 | bits >> 6 & 4 | bits >> 7 & 8) as u8
}

macro_rules! wide {
    ($name:ident, $features:literal, $meet:ident) => {
        /// AVX-512, thirty-two values of four rows per step.
        ///
        /// # Safety
        /// The machine has the features; places are in range and lengths fit one another.
        #[target_feature(enable = $features)]
        pub(crate) unsafe fn $name(job: &mut RowJob<'_>) {
            let dims = job.probe.len();
            let floor = _mm512_set1_ps(job.floor);
            let (list, mut count) = (job.reached.next(), 0);
            for places in job.places.chunks(ROWS) {
                // Where there are less than four, the first is read in the place of those that are missing.
                let mut four = [places[0]; ROWS];
                four[..places.len()].copy_from_slice(places);
                let mut products = [_mm512_setzero_si512(); ROWS];
                let mut squares = [_mm512_setzero_si512(); ROWS];
                // SAFETY: the rows and the probe have `dims` values, a multiple of 32.
                unsafe {
                    let rows = four.map(|place| job.rows.as_ptr().add(place as usize * dims));
                    for at in (0..dims).step_by(32) {
                        let probe = _mm512_loadu_si512(job.probe.as_ptr().add(at).cast());
                        for row in 0..ROWS {
                            let values = _mm256_loadu_si256(rows[row].add(at).cast());
                            let values = _mm512_cvtepi8_epi16(values);
                            products[row] = $meet!(products[row], values, probe);
                            squares[row] = $meet!(squares[row], values, values);
                        }
                    }
                }
                let bits = reached(products, squares, floor) & ((1 << places.len()) - 1);
                // SAFETY: the list has room for all places and four more.
                unsafe {
                    let four = _mm_loadu_si128(four.as_ptr().cast());
                    let four = _mm_maskz_compress_epi32(bits, four);
                    _mm_storeu_si128(list.add(count).cast(), four);
                }
                count += bits.count_ones() as usize;
            }
            job.reached.add(count);
        }
    };
}

macro_rules! multiply_then_add {
    ($sum:expr, $a:expr, $b:expr) => {
        _mm512_add_epi32($sum, _mm512_madd_epi16($a, $b))
    };
}
wide!(
    filter_rows_avx512,
    "avx512f,avx512bw,avx512dq,avx512vl",
    multiply_then_add
);

macro_rules! multiply_and_add {
    ($sum:expr, $a:expr, $b:expr) => {
        _mm512_dpwssd_epi32($sum, $a, $b)
    };
}
wide!(
    filter_rows_avx512vnni,
    "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni",
    multiply_and_add
);
