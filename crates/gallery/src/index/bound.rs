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
//! 3. **Angles.** Between vectors other than zero, angles obey the triangle inequality on the sphere. With the codes
//!    `c`, `cᵢ = 2kᵢ − 7` (never zero), and the weights `w` that the scan multiplies them with:
//!    `∠(c,w) ≤ ∠(c,y) + ∠(y,q) + ∠(q,w)`. What codes and weights are chosen does not matter.
//! 4. **Each of them.** `∠(y,q) ≤ τ` with `cos τ = (T − E − 2.01R)/(1 + 5·10⁻⁶)`, as the product of both lengths is no more than that
//!    divisor and the cosine is kept above zero; `sin ∠(q,w) ≤ ‖q − w/σ‖/‖q‖` for whatever `σ > 0`, so `∠(q,w) ≤ ε`.
//!    Let `θ = ∠(c,y)` and `β = τ + ε`, with `β` below a right angle (else everything passes).
//! 5. **Linear.** `θ` is below a right angle too, for codes of the signs of their values, so `θ + β < π` and
//!    `⟨c,w⟩ ≥ ‖c‖‖w‖ cos(θ + β) = ‖w‖·A·(cos β − tan θ · sin β)`, where `A = ‖c‖ cos θ = ⟨c,y⟩/‖y‖`.
//!    The record has `a ≤ A·u` and `t ≥ min(255, tan θ · v)` as bytes ([`encode`](super::encode)). Where
//!    `cos β − (t/v) sin β` is negative, everything passes; else it is less than the bracket, which is positive, and
//!    `a/u` less than `A`. With `t = 255`, which may stand for any angle, it is made negative.
//! 6. **Integers.** Times 128: `256 Σwᵢ(kᵢ − 3.5) ≥ a·f` with `f = ⌊2¹⁵(‖w‖/u)(cos β − (t/v) sin β) / 256⌋`, the cosine
//!    rounded down and the sine up ([`CodeProbe`]). ∎
//!
//! The second pass knows the reference exactly: it is `v/‖v‖` with 8-bit integers `v`, each value rounded to f32
//! once (relative 2^-24). With the probe as `t/2^14 + f` in 16-bit integers
//! `|s − ⟨v,t⟩/(2^14·‖v‖)| ≤ ‖f‖·1.000001 + E + 2^-23`; who may still reach `T` is compared as in
//! [`Template::compare`](crate::Template::compare), to the bit.

use super::encode::{TANGENTS, length_unit};
use super::rotation::Rotation;
use countenance_kernels::CodeProbe;
use std::f64::consts::FRAC_PI_2;
use zeroize::Zeroizing;

/// Units of the 16-bit probe.
const PROBE_UNIT: f64 = 16384.0;
/// Units of the cosine and the sine of a probe's angle.
const ANGLE_UNIT: f64 = 32768.0;
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
    /// A row that may reach the threshold reaches this with it.
    pub(super) floor: f32,
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
            (threshold - scoring - 2.01 * rotation.error()) / (1.0 + 5e-6),
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
            floor: row_floor(threshold - 1.000_001 * rescoring),
        }
    }
}

/// What a [row](countenance_kernels::RowFilter) has to reach whose score is at least `score`: five roundings to f32, of the product, its square,
/// the row's square, this and the product of both, change the two sides by less than a millionth.
fn row_floor(score: f64) -> f32 {
    let floor = (PROBE_UNIT * score).powi(2).copysign(score);
    (floor - 1e-6 * floor.abs()) as f32
}

/// Weights for the codes, at about the largest scale that 8 bits and the sums of the scan allow, and the angle within
/// which a template lies whose cosine with the probe reaches the least one. `None` where that is no help.
fn code_probe(rotated: &[f32], least: f64) -> Option<CodeProbe> {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let length = norm(&mut rotated.iter().map(|v| f64::from(*v)));
    let largest = rotated.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    let mut scale = 127.0 / f64::from(largest.max(f32::MIN_POSITIVE));
    // 0.75^32 of 127 is below 1: by then all weights are small enough.
    for _ in 0..32 {
        let whole = |value: &f32| (f64::from(*value) * scale).round();
        let off = norm(&mut rotated.iter().map(|v| f64::from(*v) - whole(v) / scale));
        let weight = norm(&mut rotated.iter().map(whole));
        // A ten-millionth more than the roundings of these lines.
        let angle = least.min(1.0).acos() + (off / length).min(1.0).asin() + 1e-7;
        if !(least > 0.0 && angle < FRAC_PI_2) {
            return None;
        }
        let unit = ANGLE_UNIT * weight / length_unit(rotated.len());
        let sine = (unit * angle.sin() / TANGENTS + 1e-6).ceil() as i32;
        let cosine = (unit * angle.cos() - 1e-6).floor() as i32;
        // The largest tangent may stand for any.
        let cosine = cosine.clamp(0, (sine * 255 - 1).max(0));
        let weights = rotated.iter().map(|v| whole(v) as i8).collect();
        if let Some(probe) = CodeProbe::new(weights, cosine, sine) {
            return Some(probe);
        }
        scale *= 0.75;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::encode::code;
    use super::{PROBE_UNIT, code_probe, row_floor};
    use countenance_kernels::{CodeScan, Isa, Passed, RowFilter, block_bytes, put_codes};
    use proptest::prelude::*;

    /// A vector scaled to a length of one.
    fn unit(values: &[f64]) -> Vec<f64> {
        let norm = values.iter().map(|v| v * v).sum::<f64>().sqrt();
        values.iter().map(|v| v / norm).collect()
    }

    fn product(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    /// Whether the scan lets a template pass for a probe that is `angle` away from it on the side that its codes do not lie on,
    /// where the bound has the least to spare, when it asks for those within `asked`.
    fn passes(values: &[f64], angle: f64, asked: f64) -> bool {
        let reference = unit(values);
        let short: Vec<f32> = reference.iter().map(|v| *v as f32).collect();
        let mut codes = vec![0; short.len()];
        let far = code(&short, &mut codes);
        let odd: Vec<f64> = codes.iter().map(|c| 2.0 * f64::from(*c) - 7.0).collect();
        let shadow = product(&odd, &reference);
        let away: Vec<f64> = odd
            .iter()
            .zip(&reference)
            .map(|(odd, own)| own * shadow - odd)
            .collect();
        let probe: Vec<f32> = reference
            .iter()
            .zip(&unit(&away))
            .map(|(own, away)| (own * angle.cos() + away * angle.sin()) as f32)
            .collect();
        let mut block = vec![0; block_bytes(codes.len())];
        put_codes(&mut block, 5, &codes, far);
        let asked = code_probe(&probe, asked.cos()).unwrap();
        let mut passed = [Passed::default()];
        let scan = CodeScan::new(Isa::Scalar).unwrap();
        scan.run(codes.len(), &block, &[asked], &mut passed);
        passed[0].contains(&5)
    }

    proptest! {
        #[test]
        fn whoever_is_as_far_as_the_bound_allows_passes_and_not_much_farther(
            values in proptest::collection::vec(-1.0_f64..1.0, 128),
            spike in prop_oneof![Just(0.0), 0.0_f64..9.0],
            angle in 0.2_f64..1.3,
        ) {
            let mut values: Vec<f64> = values.iter().map(|v| v + 0.1_f64.copysign(*v)).collect();
            values[7] += spike;
            prop_assert!(passes(&values, angle - 1e-5, angle));
            // At small angles, and where codes are far (for a single large value), the bound is loose on purpose.
            let tight = angle > 1.0 && spike == 0.0;
            prop_assert!(!tight || !passes(&values, angle + 0.04, angle));
        }
    }

    proptest! {
        #[test]
        fn a_row_reaches_the_floor_of_its_own_score_and_not_one_much_higher(
            row in proptest::collection::vec(-127_i8..=127, 128),
            probe in proptest::collection::vec(-4000_i16..=4000, 128),
        ) {
            let pairs = row.iter().zip(&probe);
            let product: f64 = pairs.map(|(v, t)| f64::from(*v) * f64::from(*t)).sum();
            let square: f64 = row.iter().map(|v| f64::from(*v).powi(2)).sum();
            let score = product / square.max(1.0).sqrt() / PROBE_UNIT;
            let filter = RowFilter::new(Isa::Scalar).unwrap();
            let mut reached = Passed::default();
            let mut passes = |score: f64| {
                filter.run(&row, &probe, row_floor(score), &[0], &mut reached);
                !reached.is_empty()
            };
            prop_assert!(passes(score));
            prop_assert!(!passes(score + 1e-6 + score.abs() * 1e-6));
        }
    }

    #[test]
    fn every_unit_vector_has_weights_that_fit() {
        for dims in [32, 128, 1024, 4096] {
            let flat = vec![1.0 / (dims as f32).sqrt(); dims];
            let mut one = vec![0.0; dims];
            one[dims - 1] = -1.0;
            for rotated in [flat, one] {
                assert!(code_probe(&rotated, 0.5).is_some(), "{dims}");
            }
        }
    }
}
