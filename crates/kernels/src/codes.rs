//! Three-bit codes of templates: the first pass of a search.
//!
//! A *block* holds the codes of 32 templates of `dims` values (a multiple of 32), twelve
//! bytes per value, and two bytes that say how far a template is from its codes:
//!
//! ```text
//! dims/32 groups of 384 bytes   three lines A, B, C of templates 0..16, and three of templates 16..32
//! 64 bytes                      32 tangents, 32 times 255 less the length
//! ```
//!
//! So a place of zeros, where there is no template, has the largest length and hardly ever passes.
//!
//! Byte `4t + e` of a line belongs to template `t` of its half and to the values
//! `32g + 4k + e`, `k` in 0..8: `A = k0 | k1<<3 | k6>>1<<6`, `B = k2 | k3<<3 | (k7>>2)<<6 | (k6&1)<<7`,
//! `C = k4 | k5<<3 | (k7&3)<<6`. So the four values of one template lie in one 32-bit lane, as `vpdpbusd` wants it, and
//! each code comes out with a mask, shifted to the left by 0, 2, 3 or 5 bits: sums of each kind are kept apart and
//! shifted at the end.

use crate::isa::Isa;
use std::ops::Deref;

/// Templates of one block.
pub const BLOCK_TEMPLATES: usize = 32;
/// Values of one group; the number of values of a template is a multiple of it.
pub const GROUP_VALUES: usize = 32;
/// The largest code.
pub const MAX_CODE: u8 = 7;
/// Most values of a template.
const MAX_VALUES: usize = 4096;
/// Bytes of one half of a group: three lines.
const HALF_BYTES: usize = 192;
/// Templates of one half.
const HALF: usize = 16;
/// Bits that sums of codes are shifted by, so that floors come in finer steps.
pub(crate) const FINER: u32 = 8;
/// 256 times the middle of the codes, 3.5.
const MIDDLE: i32 = 896;
/// One more than the largest cosine of a probe.
const COSINES: i32 = 1 << 23;
/// One more than the largest sine of a probe.
const SINES: i32 = 1 << 15;

/// Whether templates may have so many values: a multiple of 32 from 32 to 4096.
#[must_use]
pub fn fits_groups(dims: usize) -> bool {
    (GROUP_VALUES..=MAX_VALUES).contains(&dims) && dims.is_multiple_of(GROUP_VALUES)
}

/// Bytes of a block of templates of `dims` values.
#[must_use]
pub fn block_bytes(dims: usize) -> usize {
    line_bytes(dims) + 64
}

fn line_bytes(dims: usize) -> usize {
    dims / GROUP_VALUES * 2 * HALF_BYTES
}

/// How far a template is from its codes, in units that whoever writes and asks agrees on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeAngle {
    /// Length of the template's shadow on its codes.
    pub length: u8,
    /// Tangent of the angle between the two.
    pub tangent: u8,
}

/// Writes the codes (0..=7 each, `dims` of them) of one template, and how far it is from them.
///
/// # Panics
/// When the block, the codes or the lane (0..32) do not fit `dims`.
pub fn put_codes(block: &mut [u8], lane: usize, codes: &[u8], angle: CodeAngle) {
    let dims = codes.len();
    assert!(fits_groups(dims) && block.len() == block_bytes(dims) && lane < BLOCK_TEMPLATES);
    let (lines, rest) = block.split_at_mut(line_bytes(dims));
    rest[lane] = angle.tangent;
    rest[BLOCK_TEMPLATES + lane] = 255 - angle.length;
    let first = lane % HALF * 4;
    for (group, codes) in lines
        .chunks_exact_mut(HALF_BYTES)
        .skip(lane / HALF)
        .step_by(2)
        .zip(codes.as_chunks::<GROUP_VALUES>().0)
    {
        for e in 0..4 {
            let code = |k: usize| codes[4 * k + e] & MAX_CODE;
            group[first + e] = code(0) | code(1) << 3 | code(6) >> 1 << 6;
            group[64 + first + e] = code(2) | code(3) << 3 | code(7) >> 2 << 6 | code(6) << 7;
            group[128 + first + e] = code(4) | code(5) << 3 | code(7) << 6;
        }
    }
}

/// What a probe asks of the codes: with `f = (cosine − sine · tangent) >> 8`, a template with codes `c` passes when
/// `f < 0` or `256 · Σ weights[i] · (c[i] − 3.5) >= length · f`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeProbe {
    weights: Vec<i8>,
    middle: i32,
    cosine: i32,
    sine: i32,
}

impl CodeProbe {
    /// A probe. `None` when the number of weights is none of a template, when a sum of 16 bits could run over (for
    /// the even and the odd pairs of values apart, `7 · Σ |weights|` must stay below 2^15), a weight is −128, the cosine
    /// is not in 0..2^23 or the sine not in 0..2^15.
    #[must_use]
    pub fn new(weights: Vec<i8>, cosine: i32, sine: i32) -> Option<Self> {
        let pairs = |odd: usize| -> i32 {
            let quads = weights.chunks_exact(4);
            let of = |quad: &[i8]| {
                quad[odd * 2..odd * 2 + 2]
                    .iter()
                    .map(|w| i32::from(*w).abs())
                    .sum::<i32>()
            };
            quads.map(of).sum()
        };
        let fits = fits_groups(weights.len())
            && (0..COSINES).contains(&cosine)
            && (0..SINES).contains(&sine)
            && !weights.contains(&i8::MIN)
            && [0, 1].into_iter().all(|odd| {
                pairs(odd)
                    .checked_mul(i32::from(MAX_CODE))
                    .is_some_and(|sum| sum < 1 << 15)
            });
        fits.then(|| Self {
            middle: MIDDLE * weights.iter().map(|w| i32::from(*w)).sum::<i32>(),
            weights,
            cosine,
            sine,
        })
    }

    /// A probe that every template of `dims` values passes.
    #[must_use]
    pub fn everything(dims: usize) -> Self {
        Self {
            weights: vec![0; dims],
            middle: 0,
            cosine: -1,
            sine: 0,
        }
    }

    pub(crate) fn weights(&self) -> &[i8] {
        &self.weights
    }
    /// 896 times the sum of the weights.
    pub(crate) fn middle(&self) -> i32 {
        self.middle
    }
    pub(crate) fn cosine(&self) -> i32 {
        self.cosine
    }
    pub(crate) fn sine(&self) -> i32 {
        self.sine
    }
}

/// Templates that pass, by their number, in order. One serves many searches.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    numbers: Vec<u32>,
    count: usize,
}

impl Passed {
    /// A kernel may write so many numbers behind the last.
    const BEHIND: usize = HALF;

    /// Nobody, and room for so many.
    pub(crate) fn clear(&mut self, templates: usize) {
        self.count = 0;
        if self.numbers.len() < templates + Self::BEHIND {
            self.numbers.resize(templates + Self::BEHIND, 0);
        }
    }

    /// Where the next number is written: there is room for each template that is left, and [`Self::BEHIND`] more.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn next(&mut self) -> *mut u32 {
        self.numbers[self.count..].as_mut_ptr()
    }

    /// So many numbers were written.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn add(&mut self, count: usize) {
        self.count += count;
    }

    /// Adds a number where the condition holds, without a branch.
    pub(crate) fn put_if(&mut self, number: u32, condition: bool) {
        self.numbers[self.count] = number;
        self.count += usize::from(condition);
    }

    /// Adds the numbers of a block, beginning with `first`, whose bits are set.
    pub(crate) fn put(&mut self, first: u32, mut bits: u32) {
        while bits != 0 {
            self.numbers[self.count] = first + bits.trailing_zeros();
            self.count += 1;
            bits &= bits - 1;
        }
    }
}

impl Deref for Passed {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        &self.numbers[..self.count]
    }
}

/// Most probes of one call of a kernel body.
pub(crate) const MAX_PROBES: usize = 4;

/// Blocks, and what one to four probes ask of them.
pub(crate) struct ScanJob<'a> {
    pub(crate) blocks: &'a [u8],
    pub(crate) dims: usize,
    pub(crate) probes: &'a [CodeProbe],
    /// Who passes, with room for all: one list per probe.
    pub(crate) passed: &'a mut [Passed],
}

impl ScanJob<'_> {
    pub(crate) fn count(&self) -> usize {
        self.blocks.len() / block_bytes(self.dims)
    }
}

pub(crate) type ScanFn = unsafe fn(&mut ScanJob<'_>);

/// The meaning.
fn scan_scalar(job: &mut ScanJob<'_>) {
    let angles = line_bytes(job.dims);
    for (number, block) in job.blocks.chunks_exact(block_bytes(job.dims)).enumerate() {
        for (probe, list) in job.probes.iter().zip(job.passed.iter_mut()) {
            let mut passed = 0;
            for lane in 0..BLOCK_TEMPLATES {
                let mut sum = 0i32;
                let halves = block[..angles].chunks_exact(HALF_BYTES);
                for (g, group) in halves.skip(lane / HALF).step_by(2).enumerate() {
                    for e in 0..4 {
                        let at = lane % HALF * 4 + e;
                        let (a, b, c) = (group[at], group[64 + at], group[128 + at]);
                        let (six, seven) = (a >> 6 << 1 | b >> 7, b >> 6 << 2 | c >> 6);
                        let codes = [a, a >> 3, b, b >> 3, c, c >> 3, six, seven];
                        for (k, code) in codes.into_iter().enumerate() {
                            let weight = probe.weights[g * GROUP_VALUES + 4 * k + e];
                            sum += i32::from(weight) * i32::from(code & MAX_CODE);
                        }
                    }
                }
                let tangent = i32::from(block[angles + lane]);
                let length = 255 - i32::from(block[angles + BLOCK_TEMPLATES + lane]);
                let least = (probe.cosine - probe.sine * tangent) >> FINER;
                let passes = least < 0 || (sum << FINER) - probe.middle >= length * least;
                passed |= u32::from(passes) << lane;
            }
            list.put((number * BLOCK_TEMPLATES) as u32, passed);
        }
    }
}

/// The kernel of the first pass, chosen for an instruction set.
///
/// *Computes*: for each probe and template whether it passes as [`CodeProbe`] says, in integers: every
/// instruction set gives the same bits.
/// *Layout*: see [`put_codes`].
#[derive(Clone, Copy, Debug)]
pub struct CodeScan {
    isa: Isa,
    kernel: ScanFn,
}

impl CodeScan {
    /// The kernel for an instruction set; `None` when the machine does not have it.
    #[must_use]
    pub fn new(isa: Isa) -> Option<Self> {
        if !isa.is_available() {
            return None;
        }
        let kernel: ScanFn = match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => crate::x86_64::scan_codes_avx2,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => crate::x86_64::scan_codes_avx512,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni | Isa::Avx512Bf16 => crate::x86_64::scan_codes_avx512vnni,
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => crate::aarch64::scan_codes_neon,
            #[cfg(target_arch = "aarch64")]
            Isa::NeonDot => crate::aarch64::scan_codes_neondot,
            _ => scan_scalar,
        };
        Some(Self { isa, kernel })
    }

    /// The name of the kernel, such as `scan_codes3_avx2`.
    #[must_use]
    pub fn kernel_name(self) -> String {
        let isa = match self.isa {
            Isa::Avx512Bf16 => Isa::Avx512Vnni,
            other => other,
        };
        format!("scan_codes3_{isa}")
    }

    /// Which templates of the blocks pass, for each probe.
    ///
    /// # Panics
    /// When `blocks` is no whole number of blocks of `dims` values, or of more than 2^31 templates, a probe has another number
    /// of weights, or there are not as many lists as probes.
    pub fn run(self, dims: usize, blocks: &[u8], probes: &[CodeProbe], passed: &mut [Passed]) {
        assert!(fits_groups(dims) && blocks.len().is_multiple_of(block_bytes(dims)));
        let templates = blocks.len() / block_bytes(dims) * BLOCK_TEMPLATES;
        assert!(templates <= 1 << 31 && passed.len() == probes.len());
        assert!(probes.iter().all(|probe| probe.weights.len() == dims));
        passed.iter_mut().for_each(|list| list.clear(templates));
        for (probes, passed) in probes.chunks(MAX_PROBES).zip(passed.chunks_mut(MAX_PROBES)) {
            // SAFETY: the machine has the instruction set; all lengths were checked, and the lists have room.
            unsafe {
                (self.kernel)(&mut ScanJob {
                    blocks,
                    dims,
                    probes,
                    passed,
                });
            }
        }
    }
}
