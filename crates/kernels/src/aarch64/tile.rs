//! The register tile of a layer, by lanes.
//!
//! NEON multiplies a register by one lane of another, so a tile loads sixteen bytes of a
//! pixel's channels at once, four words of them, and broadcasts nothing: where the other
//! instruction sets read one word for sixteen outputs, this reads four.
//!
//! It has no product of unsigned with signed bytes below the level of 8-bit matrices. So
//! activations are stored as `q - 128`, and every sum begins with `128 * sum of the weights`:
//! the same integers in the end.

use super::neon::{Neon, NeonLanes};
use crate::lanes::{Dot, Lanes, Written};
use crate::plane::LANES;
use crate::pointwise::{AHEAD, TileJob};
use core::arch::aarch64::float32x4_t;

/// Registers of four outputs in a block.
pub(super) const FOURS: usize = LANES / 4;

/// How sixteen bytes of a pixel's channels meet weights.
///
/// # Safety
/// As for [`Lanes`].
pub(crate) trait ByLane: Dot<NeonLanes> {
    /// Sums of four outputs.
    type Four: Copy;
    /// Sixteen bytes of weights: those of four outputs for one word.
    type Register: Copy;
    /// Sixteen bytes of a pixel's channels: four words.
    type Pixel: Copy;
    /// One of these words, as it is multiplied.
    type Word: Copy;

    /// What the sums of four outputs begin with.
    unsafe fn start(starts: *const i32) -> Self::Four;
    unsafe fn register(from: *const u8) -> Self::Register;
    unsafe fn pixel(from: *const u8) -> Self::Pixel;
    unsafe fn word<const W: i32>(pixel: Self::Pixel) -> Self::Word;
    /// Adds the products of word `W` with the weights.
    unsafe fn meet<const W: i32>(
        sum: Self::Four,
        word: Self::Word,
        weights: Self::Register,
    ) -> Self::Four;
    unsafe fn value(sum: Self::Four) -> float32x4_t;
}

/// One word of every pixel of a tile.
///
/// # Safety
/// `weights` are `B` blocks of 64 bytes.
#[inline(always)]
unsafe fn word<D: ByLane, const P: usize, const B: usize, const W: i32>(
    sums: &mut [[[D::Four; FOURS]; P]; B],
    pixels: [D::Pixel; P],
    weights: *const u8,
) {
    // SAFETY: passed on.
    unsafe {
        let mut words = [D::word::<W>(pixels[0]); P];
        let mut p = 1;
        while p < P {
            words[p] = D::word::<W>(pixels[p]);
            p += 1;
        }
        let mut b = 0;
        while b < B {
            let mut four = 0;
            while four < FOURS {
                let register = D::register(weights.add(64 * b + 16 * four));
                let mut p = 0;
                while p < P {
                    sums[b][p][four] = D::meet::<W>(sums[b][p][four], words[p], register);
                    p += 1;
                }
                four += 1;
            }
            b += 1;
        }
    }
}

/// The register tile of [`crate::pointwise::tile`] by lanes.
///
/// # Safety
/// As there; there are starts for the tile's outputs where the arithmetic reads them.
#[inline(always)]
pub(super) unsafe fn by_lane<D: ByLane, E: Written, const P: usize, const B: usize>(job: &TileJob) {
    // SAFETY: offsets stay inside what the caller vouches for: `blocks` blocks of P pixels
    // of 64 / CHANNELS bytes, 16 / CHANNELS words a block with B * 64 bytes of weights each.
    unsafe {
        let mut sums = [[[D::start(job.starts); FOURS]; P]; B];
        let mut b = 0;
        while b < B {
            let mut four = 0;
            while four < FOURS {
                let start = D::start(job.starts.wrapping_add(b * LANES + 4 * four));
                let mut p = 0;
                while p < P {
                    sums[b][p][four] = start;
                    p += 1;
                }
                four += 1;
            }
            b += 1;
        }
        let pixel_bytes = 64 / D::CHANNELS;
        let mut weights = job.weights;
        let mut block = job.activations;
        let mut ahead = job.ahead;
        for _ in 0..job.blocks {
            if P > 1 {
                NeonLanes::prefetch_for_later(ahead);
                NeonLanes::prefetch_for_later(ahead.wrapping_add(64));
                ahead = ahead.wrapping_add(job.ahead_step);
            }
            for sixteen in 0..pixel_bytes / 16 {
                let from = block.add(16 * sixteen);
                let mut pixels = [D::pixel(from); P];
                let mut p = 1;
                while p < P {
                    pixels[p] = D::pixel(from.add(p * pixel_bytes));
                    p += 1;
                }
                if P == 1 {
                    let mut line = 0;
                    while line < 4 * B {
                        NeonLanes::prefetch(weights.wrapping_add(AHEAD + 64 * line));
                        line += 1;
                    }
                }
                word::<D, P, B, 0>(&mut sums, pixels, weights);
                word::<D, P, B, 1>(&mut sums, pixels, weights.add(64 * B));
                word::<D, P, B, 2>(&mut sums, pixels, weights.add(128 * B));
                word::<D, P, B, 3>(&mut sums, pixels, weights.add(192 * B));
                weights = weights.add(256 * B);
            }
            block = block.add(job.block_bytes);
        }
        let mut b = 0;
        while b < B {
            let at = job.epilogue.add(b * 3 * LANES);
            let scale = NeonLanes::load(at);
            let bias = NeonLanes::load(at.add(LANES));
            let slope = NeonLanes::load(at.add(2 * LANES));
            let out = job.out.cast::<E>().add(b * job.out_block);
            // One by one: a loop that the compiler leaves one would keep all sums in memory,
            // where it can count through them.
            macro_rules! finish {
                ($($p:literal)+) => {
                    $(if $p < P {
                        let values = Neon(sums[b][$p].map(|four| D::value(four)));
                        let value = values.mul_add(scale, bias).prelu(slope);
                        E::store(value, out.add(*job.out_pixels.add($p) as usize));
                    })+
                };
            }
            finish!(0 1 2 3 4 5);
            b += 1;
        }
    }
}

impl TileJob {
    /// The work without the first pixels, of so many bytes each.
    ///
    /// # Safety
    /// There are more pixels.
    pub(super) unsafe fn skip_pixels(&self, pixels: usize, bytes: usize) -> Self {
        // SAFETY: inside the tile.
        unsafe {
            Self {
                activations: self.activations.add(pixels * bytes),
                out_pixels: self.out_pixels.add(pixels),
                ..*self
            }
        }
    }
}
