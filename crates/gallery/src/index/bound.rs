//! The upper bound by which the first pass may leave a template out, and its proof.
//!
//! Let `x` be a reference and `p` a probe, as [`Template`](crate::Template)s unit vectors within
//! `1e-6`, and `s` their [comparison score](crate::Template::compare): the f32 sum of their
//! products. Claim: *a template that the scan does not let pass has `s < T`.*
//!
//! 1. **Rounding of the score.** `|s − ⟨x,p⟩| ≤ E` by [`product_error`]: each product and each
//!    sum rounds once, at most `n/16 + 24` of them one upon the other (see `dot.rs`), and
//!    `Σ|xᵢpᵢ| ≤ ‖x‖‖p‖`.
//! 2. **Rotation.** `y` and `q` are the rotated vectors as computed (`y` from the row, and scaled to a
//!    unit vector afterwards). In real arithmetic the map is orthogonal; computed, each is off by
//!    at most `R` ([`Rotation::error`]). So
//!    `⟨x,p⟩ ≤ ⟨y,q⟩ + 2.01·R`.
//! 3. **Codes.** `cᵢ = Δ(kᵢ − 3.5)` with codes `k` in 0..=7 and `r = y − c`. What codes are chosen
//!    does not matter: `‖r‖ ≤ b/240`, where the byte `b` is the norm of `r` rounded up
//!    ([`encode`](super::encode)).
//! 4. **The probe's weights.** `q = w/σ + e` with 8-bit integers `w`. Then
//!    `⟨y,q⟩ = ⟨c,w⟩/σ + ⟨r,w⟩/σ + ⟨y,e⟩ ≤ (Δ/σ)(Σwᵢkᵢ − 3.5·Σwᵢ) + b·‖w‖/(240σ) + (1 + R)·1.000001·‖e‖`
//!    by Cauchy–Schwarz, twice.
//! 5. Together, `s ≥ T` implies
//!    `16·Σwᵢkᵢ + b·(16‖w‖/240Δ) ≥ 16·((σ/Δ)(T − E − 2.01R − 1.00001‖e‖) + 3.5·Σwᵢ)`.
//!    The scan compares exactly these integers with the factor of `b` rounded up and the right
//!    side rounded down ([`CodeProbe`]). ∎
//!
//! The second pass knows the reference exactly: it is `v/‖v‖` with 8-bit integers `v`, each value rounded to f32
//! once (relative 2^-24). With the probe as `t/2^14 + f` in 16-bit integers
//! `|s − ⟨v,t⟩/(2^14·‖v‖)| ≤ ‖f‖·1.000001 + E + 2^-23`; who may still reach `T` is compared as in
//! [`Template::compare`](crate::Template::compare), to the bit.

use super::encode::{RESIDUAL_STEPS, code_step};
use super::rotation::Rotation;
use countenance_kernels::CodeProbe;
use zeroize::Zeroizing;

/// Units of the 16-bit probe.
const PROBE_UNIT: f64 = 16384.0;
/// The scan compares sums times this.
const FINER: f64 = 16.0;
/// Middle of the codes.
const MIDDLE: f64 = 3.5;
/// How far a template's length may be from one.
const LENGTH: f64 = 1.000_001;

/// How far a comparison score of `dims` values is from the real inner product, at most.
pub(super) fn product_error(dims: usize) -> f64 {
    let roundings = dims as f64 / 16.0 + 24.0;
    1.01 * roundings * f64::from(f32::EPSILON) / 2.0
}

/// A probe, ready to be held against an index.
pub(super) struct Probe {
    pub(super) codes: CodeProbe,
    /// The probe in 16 bits, in the order of the rows.
    pub(super) row: Zeroizing<Vec<i16>>,
    /// A row may reach the threshold when its second-pass score does not lie below this.
    rescored_floor: f64,
}

impl Probe {
    pub(super) fn new(rotation: &Rotation, values: &[f32], threshold: f32) -> Self {
        let scoring = product_error(values.len());
        // Scores are cut to −1..=1; below that everything passes.
        let threshold = if threshold <= -0.999 {
            -2.0
        } else {
            f64::from(threshold)
        };
        let rotated = rotation.rotate(values.iter().copied());
        let codes = code_probe(
            &rotated,
            threshold - scoring - 2.01 * rotation.error(),
            code_step(rotation.padded()),
        )
        // Without weights everything passes: slower, and exact all the same.
        .unwrap_or_else(|| CodeProbe::everything(rotation.padded()));
        let mut lost = 0.0;
        let mut whole = Zeroizing::new(vec![0i16; values.len()]);
        for (whole, value) in whole.iter_mut().zip(values) {
            *whole = (f64::from(*value) * PROBE_UNIT).round() as i16;
            lost += (f64::from(*value) - f64::from(*whole) / PROBE_UNIT).powi(2);
        }
        let rescoring = lost.sqrt() * LENGTH + scoring + f64::from(f32::EPSILON);
        Self {
            codes,
            row: rotation.shuffle_row(&whole),
            rescored_floor: threshold - 1.000_001 * rescoring,
        }
    }

    /// Whether a row with this product and square may reach the threshold.
    pub(super) fn may_reach(&self, product: i32, square: i32) -> bool {
        // Both sides of `product / (unit · √square) >= floor`, times what is below the line, squared: most rows end here, and
        // neither root nor division is worth it. Rounding adds 2^-51, far less than the floor leaves.
        let (product, floor) = (f64::from(product), PROBE_UNIT * self.rescored_floor);
        let (mine, least) = (product * product, floor * floor * f64::from(square.max(1)));
        if floor < 0.0 {
            product >= 0.0 || mine <= least
        } else {
            product >= 0.0 && mine >= least
        }
    }
}

/// Weights for the codes, at about the largest scale that 8 bits and the sums of the scan allow.
fn code_probe(rotated: &[f32], floor: f64, step: f64) -> Option<CodeProbe> {
    let largest = rotated.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    let mut scale = 127.0 / f64::from(largest.max(f32::MIN_POSITIVE));
    // 0.75^32 of 127 is below 1: by then all weights are small enough.
    for _ in 0..32 {
        let mut weights = vec![0i8; rotated.len()];
        let (mut lost, mut square, mut sum) = (0.0, 0.0, 0.0);
        for (weight, value) in weights.iter_mut().zip(rotated) {
            *weight = (f64::from(*value) * scale).round() as i8;
            let whole = f64::from(*weight);
            lost += (f64::from(*value) - whole / scale).powi(2);
            square += whole * whole;
            sum += whole;
        }
        let residual = (FINER * square.sqrt() * LENGTH / (RESIDUAL_STEPS * step)).ceil();
        let real = scale / step * (floor - 1.000_01 * lost.sqrt()) + MIDDLE * sum;
        // One less for the rounding of this very line.
        let floor = (FINER * real - 1.0).floor().clamp(-1e9, 1e9) as i32;
        if let Some(probe) = CodeProbe::new(weights, residual as i32, floor) {
            return Some(probe);
        }
        scale *= 0.75;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{code_probe, code_step};

    #[test]
    fn every_unit_vector_has_weights_that_fit() {
        for dims in [32, 128, 1024, 4096] {
            let flat = vec![1.0 / (dims as f32).sqrt(); dims];
            let mut one = vec![0.0; dims];
            one[dims - 1] = -1.0;
            for rotated in [flat, one] {
                assert!(
                    code_probe(&rotated, 0.5, code_step(dims)).is_some(),
                    "{dims}"
                );
            }
        }
    }
}
