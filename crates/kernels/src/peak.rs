//! What a core can multiply at best: the yardstick for every other kernel.

use crate::isa::Isa;
use crate::lanes::{Dot, Lanes, Written};
use crate::plane::{Element, LANES};
use crate::pointwise::{Arithmetic, Word};
use crate::stamp::stamp_f32;

/// Independent running sums: more than the latency of a multiply-add times its rate on any
/// supported processor, fewer than there are registers (NEON has sums of four registers).
const SUMS: usize = if cfg!(target_arch = "aarch64") { 6 } else { 8 };

struct PeakJob {
    rounds: usize,
    word: [f32; LANES],
    weights: [f32; LANES],
    out: *mut f32,
}

/// Multiply-adds from registers to registers.
///
/// # Safety
/// The machine has V's instructions; `out` takes sixteen values.
#[inline(always)]
unsafe fn peak<V: Lanes, D: Dot<V>, E: Written>(job: &PeakJob) {
    // SAFETY: reads the job's own arrays; the rest is the caller's promise.
    unsafe {
        let weights = D::weights(job.weights.as_ptr().cast());
        let mut sums = [D::zero(); SUMS];
        for _ in 0..job.rounds {
            let mut i = 0;
            while i < SUMS {
                sums[i] = D::step(sums[i], job.word.as_ptr().cast(), weights);
                i += 1;
            }
        }
        let mut total = D::finish(sums[0]);
        let mut i = 1;
        while i < SUMS {
            total = total.add(D::finish(sums[i]));
            i += 1;
        }
        E::store(total, job.out.cast());
    }
}

fn select(isa: Isa, arithmetic: Arithmetic) -> Option<unsafe fn(&PeakJob)> {
    stamp_f32!(peak(PeakJob); (isa, arithmetic))
}

/// Multiplies and adds in registers for `rounds` rounds and says how many
/// multiply-accumulates that were; the caller measures the time.
///
/// `None` when the machine or the instruction set has no such arithmetic.
#[must_use]
pub fn peak_macs(isa: Isa, arithmetic: Arithmetic, rounds: usize) -> Option<usize> {
    let kernel = select(isa, arithmetic)?;
    let channels = Word::of(isa, arithmetic)?.channels();
    let mut out = [0.0f32; LANES];
    // Small numbers: sums neither overflow nor become subnormal.
    let word = [f32::from_bits(0x0101_0101); LANES];
    let job = PeakJob {
        rounds,
        word,
        weights: word,
        out: out.as_mut_ptr(),
    };
    // SAFETY: the level was checked; `out` has sixteen values.
    unsafe { kernel(&job) };
    std::hint::black_box(&out);
    Some(rounds * SUMS * LANES * channels)
}
