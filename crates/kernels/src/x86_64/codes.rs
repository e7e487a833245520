//! The first pass of a search on x86-64; see [`crate::codes`] for layout and meaning.

use crate::codes::{BLOCK_TEMPLATES, FINER, ScanJob, block_bytes};
use core::arch::x86_64::*;

/// Calls a body for the number of probes that the job has: one to four.
macro_rules! by_probes {
    ($job:ident, $body:ident) => {
        // SAFETY: passed on.
        unsafe {
            match $job.probes.len() {
                1 => $body::<1>($job),
                2 => $body::<2>($job),
                3 => $body::<3>($job),
                _ => $body::<4>($job),
            }
        }
    };
}

/// AVX2, eight templates per register.
///
/// # Safety
/// The machine has AVX2; the job's lengths fit one another.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn scan_codes_avx2(job: &mut ScanJob<'_>) {
    by_probes!(job, avx2);
}

/// AVX-512 without VNNI, sixteen templates per register.
///
/// # Safety
/// The machine has AVX-512 F, BW, DQ and VL; the job's lengths fit one another.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(crate) unsafe fn scan_codes_avx512(job: &mut ScanJob<'_>) {
    by_probes!(job, avx512);
}

/// AVX-512 with VNNI, sixteen templates per register.
///
/// # Safety
/// As for [`scan_codes_avx512`], with VNNI.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub(crate) unsafe fn scan_codes_avx512vnni(job: &mut ScanJob<'_>) {
    // SAFETY: passed on.
    unsafe {
        match job.probes.len() {
            1 => avx512vnni_one(job),
            2 => avx512vnni::<2>(job),
            3 => avx512vnni::<3>(job),
            _ => avx512vnni::<4>(job),
        }
    }
}

/// Eight vectors of codes out of the lines A, B and C, each handed to `$each!(k, codes)`. The
/// shifts are of 16-bit lanes: what runs over from the neighboring byte is masked away.
macro_rules! unpack {
    ($a:ident, $b:ident, $c:ident, $and:ident, $or:ident, $shift:ident, $splat:ident, $each:ident) => {
        let seven = $splat(7);
        $each!(0, $and($a, seven));
        $each!(1, $and($shift::<3>($a), seven));
        $each!(2, $and($b, seven));
        $each!(3, $and($shift::<3>($b), seven));
        $each!(4, $and($c, seven));
        $each!(5, $and($shift::<3>($c), seven));
        let (b, c) = ($shift::<2>($b), $shift::<4>($c));
        let six = $or($and($a, $splat(0xc0_u8 as i8)), $and(b, $splat(0x20)));
        let last = $or($and(b, $splat(0x10)), $and(c, $splat(0x0c)));
        $each!(6, $shift::<5>(six));
        $each!(7, $shift::<2>(last));
    };
}

mod wide;

use wide::{avx512, avx512vnni, avx512vnni_one};

/// # Safety
/// As for [`scan_codes_avx2`], with `P` probes.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<const P: usize>(job: &mut ScanJob<'_>) {
    let (count, groups, bytes) = (job.count(), job.dims / 32, block_bytes(job.dims));
    // SAFETY: there are `count` blocks of `bytes` bytes; each probe has `groups * 32` weights;
    // `passed` has a word for each probe and block.
    unsafe {
        let mut weights = [job.probes[0].weights().as_ptr(); P];
        let mut middle = [_mm256_setzero_si256(); P];
        let mut cosine = [_mm256_setzero_si256(); P];
        let mut sine = [_mm256_setzero_si256(); P];
        for p in 0..P {
            let probe = &job.probes[p];
            weights[p] = probe.weights().as_ptr();
            middle[p] = _mm256_set1_epi32(probe.middle());
            cosine[p] = _mm256_set1_epi32(probe.cosine());
            sine[p] = _mm256_set1_epi32(probe.sine());
        }
        let ones = _mm256_set1_epi16(1);
        for number in 0..count {
            let block = job.blocks.as_ptr().add(number * bytes);
            let angles = block.add(groups * 384);
            let mut passed = [0u32; P];
            for half in 0..2 {
                // Sixteen-bit sums: that they do not run over is what `CodeProbe::new` checks.
                let mut sums = [[_mm256_setzero_si256(); P]; 2];
                for group in 0..groups {
                    let lines = block.add((2 * group + half) * 192);
                    for (side, sums) in sums.iter_mut().enumerate() {
                        let line = lines.add(side * 32);
                        let a = _mm256_loadu_si256(line.cast());
                        let b = _mm256_loadu_si256(line.add(64).cast());
                        let c = _mm256_loadu_si256(line.add(128).cast());
                        macro_rules! meet {
                            ($k:literal, $codes:expr) => {
                                let codes = $codes;
                                for p in 0..P {
                                    let word = weights[p].add(group * 32 + $k * 4);
                                    let word =
                                        _mm256_set1_epi32(word.cast::<i32>().read_unaligned());
                                    sums[p] = _mm256_add_epi16(
                                        sums[p],
                                        _mm256_maddubs_epi16(codes, word),
                                    );
                                }
                            };
                        }
                        unpack!(
                            a,
                            b,
                            c,
                            _mm256_and_si256,
                            _mm256_or_si256,
                            _mm256_srli_epi16,
                            _mm256_set1_epi8,
                            meet
                        );
                    }
                }
                for (side, sums) in sums.iter().enumerate() {
                    let eight = half * 2 + side;
                    let bytes = angles.add(eight * 8);
                    let tangent = _mm256_cvtepu8_epi32(_mm_loadl_epi64(bytes.cast()));
                    let rest = _mm256_cvtepu8_epi32(_mm_loadl_epi64(bytes.add(32).cast()));
                    let length = _mm256_sub_epi32(_mm256_set1_epi32(255), rest);
                    for p in 0..P {
                        let sum =
                            _mm256_slli_epi32::<{ FINER as i32 }>(_mm256_madd_epi16(sums[p], ones));
                        let sum = _mm256_sub_epi32(sum, middle[p]);
                        let least = _mm256_srai_epi32::<{ FINER as i32 }>(_mm256_sub_epi32(
                            cosine[p],
                            _mm256_madd_epi16(tangent, sine[p]),
                        ));
                        // The upper half of a length is zero: only the lower half of `least` counts.
                        let below = _mm256_cmpgt_epi32(_mm256_madd_epi16(length, least), sum);
                        // Where `least` is negative its sign clears the bit.
                        let below = _mm256_andnot_si256(least, below);
                        let bits = !_mm256_movemask_ps(_mm256_castsi256_ps(below)) as u32 & 0xff;
                        passed[p] |= bits << (eight * 8);
                    }
                }
            }
            for (passed, bits) in job.passed.iter_mut().zip(passed) {
                passed.put((number * BLOCK_TEMPLATES) as u32, bits);
            }
        }
    }
}
