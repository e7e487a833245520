//! The first pass of a search with registers of 512 bits.

use crate::codes::{CodeProbe, FINER, Passed, ScanJob, block_bytes};
use core::arch::x86_64::*;

/// What sixteen templates of a block have beside their codes, and what a probe asks of them.
struct Angles {
    tangent: __m512i,
    length: __m512i,
}

impl Angles {
    /// # Safety
    /// The machine has AVX-512; `bytes` are those of a half: 16 tangents, and lengths 32 bytes behind.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    unsafe fn load(bytes: *const u8) -> Self {
        // SAFETY: as the caller says.
        let (tangent, rest) = unsafe {
            (
                _mm_loadu_si128(bytes.cast()),
                _mm_loadu_si128(bytes.add(32).cast()),
            )
        };
        let rest = _mm512_cvtepu8_epi32(rest);
        Self {
            tangent: _mm512_cvtepu8_epi32(tangent),
            length: _mm512_sub_epi32(_mm512_set1_epi32(255), rest),
        }
    }
}

/// The numbers of one probe in every lane.
struct Asked {
    middle: __m512i,
    cosine: __m512i,
    sine: __m512i,
}

impl Asked {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn of(probe: &CodeProbe) -> Self {
        Self {
            middle: _mm512_set1_epi32(probe.middle()),
            cosine: _mm512_set1_epi32(probe.cosine()),
            sine: _mm512_set1_epi32(probe.sine()),
        }
    }

    /// Which templates pass, with 256 times the sums of their products.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn passed(&self, sums: __m512i, angles: &Angles) -> __mmask16 {
        let sums = _mm512_sub_epi32(sums, self.middle);
        let least = _mm512_srai_epi32::<{ FINER }>(_mm512_sub_epi32(
            self.cosine,
            _mm512_madd_epi16(angles.tangent, self.sine),
        ));
        // The upper half of a length is zero: only the lower half of `least` counts.
        let floor = _mm512_madd_epi16(angles.length, least);
        _mm512_cmpge_epi32_mask(sums, floor) | _mm512_movepi32_mask(least)
    }
}

/// A list of templates that pass while it is written. Without branches: one of two blocks has somebody who passes, and nobody could
/// foresee which.
struct List {
    out: *mut u32,
    count: usize,
    /// Numbers of the next sixteen templates.
    numbers: __m512i,
}

impl List {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn open(passed: &mut Passed) -> Self {
        Self {
            out: passed.next(),
            count: 0,
            numbers: _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
        }
    }

    /// Takes the next sixteen.
    ///
    /// # Safety
    /// The machine has AVX-512, and the list room for sixteen more.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    unsafe fn put(&mut self, bits: __mmask16) {
        let numbers = _mm512_maskz_compress_epi32(bits, self.numbers);
        // SAFETY: as the caller says.
        unsafe { _mm512_storeu_si512(self.out.add(self.count).cast(), numbers) };
        self.count += bits.count_ones() as usize;
        self.numbers = _mm512_add_epi32(self.numbers, _mm512_set1_epi32(16));
    }

    fn close(self, passed: &mut Passed) {
        passed.add(self.count);
    }
}

/// The body for 512 bits: `$meet!(sum, codes, word)` adds products to sums, `$total!(sum)` makes
/// sixteen 32-bit sums of them.
macro_rules! wide {
    ($name:ident, $features:literal, $meet:ident, $total:ident) => {
        /// # Safety
        /// The machine has the features; as for [`super::scan_codes_avx512`], with `P` probes.
        #[inline]
        #[target_feature(enable = $features)]
        pub(super) unsafe fn $name<const P: usize>(job: &mut ScanJob<'_>) {
            let (count, groups, bytes) = (job.count(), job.dims / 32, block_bytes(job.dims));
            let asked: [Asked; P] = std::array::from_fn(|p| Asked::of(&job.probes[p]));
            let weights: [*const i8; P] = std::array::from_fn(|p| job.probes[p].weights().as_ptr());
            let mut lists: [List; P] = std::array::from_fn(|p| List::open(&mut job.passed[p]));
            // SAFETY: as in the body for AVX2; the lists have room.
            unsafe {
                for number in 0..count {
                    let block = job.blocks.as_ptr().add(number * bytes);
                    let mut sums = [[_mm512_setzero_si512(); P]; 2];
                    for group in 0..groups {
                        for (half, sums) in sums.iter_mut().enumerate() {
                            let line = block.add((2 * group + half) * 192);
                            let a = _mm512_loadu_si512(line.cast());
                            let b = _mm512_loadu_si512(line.add(64).cast());
                            let c = _mm512_loadu_si512(line.add(128).cast());
                            macro_rules! meet {
                                ($k:literal, $codes:expr) => {
                                    let codes = $codes;
                                    for p in 0..P {
                                        let word = weights[p].add(group * 32 + $k * 4);
                                        let word =
                                            _mm512_set1_epi32(word.cast::<i32>().read_unaligned());
                                        sums[p] = $meet!(sums[p], codes, word);
                                    }
                                };
                            }
                            unpack!(
                                a,
                                b,
                                c,
                                _mm512_and_si512,
                                _mm512_or_si512,
                                _mm512_srli_epi16,
                                _mm512_set1_epi8,
                                meet
                            );
                        }
                    }
                    for (half, sums) in sums.iter().enumerate() {
                        let angles = Angles::load(block.add(groups * 384 + half * 16));
                        for p in 0..P {
                            let sums = _mm512_slli_epi32::<{ FINER }>($total!(sums[p]));
                            lists[p].put(asked[p].passed(sums, &angles));
                        }
                    }
                }
                for (list, passed) in lists.into_iter().zip(job.passed.iter_mut()) {
                    list.close(passed);
                }
            }
        }
    };
}

/// Sixteen-bit sums, as with AVX2.
macro_rules! meet_pairs {
    ($sum:expr, $codes:ident, $word:ident) => {
        _mm512_add_epi16($sum, _mm512_maddubs_epi16($codes, $word))
    };
}
macro_rules! total_pairs {
    ($sum:expr) => {
        _mm512_madd_epi16($sum, _mm512_set1_epi16(1))
    };
}
wide!(
    avx512,
    "avx512f,avx512bw,avx512dq,avx512vl",
    meet_pairs,
    total_pairs
);

/// Thirty-two-bit sums at once.
macro_rules! meet_quads {
    ($sum:expr, $codes:ident, $word:ident) => {
        _mm512_dpbusd_epi32($sum, $codes, $word)
    };
}
macro_rules! total_quads {
    ($sum:expr) => {
        $sum
    };
}
wide!(
    avx512vnni,
    "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni",
    meet_quads,
    total_quads
);

/// One probe with VNNI. Codes come out of their bytes 0, 3, 5 or 2 bits to the left, and stay there: the sums of each kind are
/// kept apart and shifted at the end. So there are fewer instructions, and no sum waits for the one before.
///
/// # Safety
/// As for [`super::scan_codes_avx512vnni`], with one probe.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub(super) unsafe fn avx512vnni_one(job: &mut ScanJob<'_>) {
    /// Bits of the one where the mask has ones, else of the other.
    const SELECT: i32 = 0xca;
    let (count, groups, bytes) = (job.count(), job.dims / 32, block_bytes(job.dims));
    let asked = Asked::of(&job.probes[0]);
    let mask = |bits: u8| _mm512_set1_epi8(bits.cast_signed());
    let (low, high) = (mask(0x07), mask(0x38));
    let mut list = List::open(&mut job.passed[0]);
    // SAFETY: as in the body for AVX2; the list has room.
    unsafe {
        for number in 0..count {
            let block = job.blocks.as_ptr().add(number * bytes);
            let mut sums = [[_mm512_setzero_si512(); 4]; 2];
            for group in 0..groups {
                let words = job.probes[0].weights().as_ptr().add(group * 32);
                let word =
                    |k: usize| _mm512_set1_epi32(words.add(k * 4).cast::<i32>().read_unaligned());
                for (half, [plain, three, five, two]) in sums.iter_mut().enumerate() {
                    let line = block.add((2 * group + half) * 192);
                    let a = _mm512_loadu_si512(line.cast());
                    let b = _mm512_loadu_si512(line.add(64).cast());
                    let c = _mm512_loadu_si512(line.add(128).cast());
                    // What runs over from the neighboring byte is masked away.
                    let (above, below) = (_mm512_srli_epi16::<2>(b), _mm512_srli_epi16::<4>(c));
                    let six = _mm512_ternarylogic_epi32::<SELECT>(mask(0xc0), a, above);
                    let seven = _mm512_ternarylogic_epi32::<SELECT>(mask(0x10), above, below);
                    let meet = |sum: &mut __m512i, k: usize, codes: __m512i, bits: __m512i| {
                        *sum = _mm512_dpbusd_epi32(*sum, _mm512_and_si512(codes, bits), word(k));
                    };
                    meet(plain, 0, a, low);
                    meet(three, 1, a, high);
                    meet(plain, 2, b, low);
                    meet(three, 3, b, high);
                    meet(plain, 4, c, low);
                    meet(three, 5, c, high);
                    meet(five, 6, six, mask(0xe0));
                    meet(two, 7, seven, mask(0x1c));
                }
            }
            for (half, [plain, three, five, two]) in sums.into_iter().enumerate() {
                let angles = Angles::load(block.add(groups * 384 + half * 16));
                let plain = _mm512_slli_epi32::<{ FINER }>(plain);
                let three = _mm512_slli_epi32::<{ FINER - 3 }>(three);
                let five = _mm512_slli_epi32::<{ FINER - 5 }>(five);
                let two = _mm512_slli_epi32::<{ FINER - 2 }>(two);
                let sums =
                    _mm512_add_epi32(_mm512_add_epi32(plain, three), _mm512_add_epi32(five, two));
                list.put(asked.passed(sums, &angles));
            }
        }
    }
    list.close(&mut job.passed[0]);
}
