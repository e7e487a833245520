//! A template as it lies in memory: codes with a residual, and a row of bytes.

use super::rotation::Rotation;
use crate::template::Template;
use countenance_kernels::MAX_CODE;
use zeroize::Zeroizing;

/// Distance of two neighboring code levels, in standard deviations of the value of a random unit vector.
///
/// Measured on templates of LFW View 1 at the threshold for FMR 1e-5, share of impostors that pass the first
/// pass: 3 bits 4.4 % at 0.42, 1.7 % at 0.54, 1.8 % at 0.60, 3.5 % at 0.72. With 2 bits 31 % pass at
/// best, with 4 bits 0.13 %; the bytes that each search reads (codes, plus two lines for
/// whoever passes) are then 74, 52 and 66 per template.
pub(super) const CODE_STEP: f64 = 0.5625;

/// Steps per unit of the residual's norm: it is at most 1.05 (each value is off by half a step or
/// less, or by less than itself).
pub(super) const RESIDUAL_STEPS: f64 = 240.0;

/// The largest magnitude in a row.
const ROW_PEAK: f32 = 127.0;

/// Distance of two neighboring code levels of vectors of `dims` values: an f32, so that all
/// who use it mean the same number.
pub(super) fn code_step(dims: usize) -> f64 {
    f64::from((CODE_STEP / (dims as f64).sqrt()) as f32)
}

/// A template, ready to be put into an index, and where it was made so. One serves many templates: making and wiping fresh
/// memory took as long as all else.
pub(super) struct Encoded {
    pub(super) codes: Zeroizing<Box<[u8]>>,
    pub(super) residual: u8,
    pub(super) row: Zeroizing<Box<[i8]>>,
    /// The row as it is stored.
    plain: Zeroizing<Box<[i8]>>,
    vectors: [Zeroizing<Box<[f32]>>; 2],
}

impl Encoded {
    pub(super) fn blank(rotation: &Rotation) -> Self {
        let padded = rotation.padded();
        let row = || Zeroizing::new(vec![0_i8; padded].into_boxed_slice());
        Self {
            codes: Zeroizing::new(vec![0; padded].into_boxed_slice()),
            residual: 0,
            row: row(),
            plain: row(),
            vectors: std::array::from_fn(|_| Zeroizing::new(vec![0.0; padded].into_boxed_slice())),
        }
    }

    /// Takes a template of the rotation's length.
    pub(super) fn fill(&mut self, rotation: &Rotation, template: &Template) {
        put_row(template, &mut self.plain);
        let [rotated, other] = &mut self.vectors;
        // What is found is compared as the row says, so the row is what is coded.
        for (value, row) in rotated.iter_mut().zip(self.plain.iter()) {
            *value = f32::from(*row);
        }
        rotation.rotate_in(rotated, other);
        let factor = (1.0 / norm(&self.plain)) as f32;
        rotated.iter_mut().for_each(|value| *value *= factor);
        self.residual = code(rotated, &mut self.codes);
        rotation.shuffle_row_into(&self.plain, &mut self.row);
    }

    /// Forgets the template. The memory is used again, so that no write to it can be left out.
    pub(super) fn wipe(&mut self) {
        self.codes.fill(0);
        self.residual = 0;
        self.row.fill(0);
        self.plain.fill(0);
        for vector in &mut self.vectors {
            vector.fill(0.0);
        }
    }
}

/// Writes the 8-bit values of a template, as they are stored: the largest magnitude is 127.
fn put_row(template: &Template, row: &mut [i8]) {
    let values = template.values();
    let peak = values.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    let scale = ROW_PEAK / peak;
    for (row, value) in row.iter_mut().zip(values) {
        // Halves away from zero: the sum is exact in f64, and the cast cuts.
        let scaled = f64::from(value * scale);
        *row = (scaled + 0.5_f64.copysign(scaled)) as i32 as i8;
    }
}

fn norm(row: &[i8]) -> f64 {
    let square: i32 = row.iter().map(|v| i32::from(*v) * i32::from(*v)).sum();
    f64::from(square).sqrt()
}

/// The unit vector of a row, to the bit as [`Template::from_embedding`] makes it.
pub(super) fn unit(row: &[i8]) -> Zeroizing<Vec<f32>> {
    let norm = norm(row);
    Zeroizing::new(row.iter().map(|v| (f64::from(*v) / norm) as f32).collect())
}

/// Writes the nearest codes and says the norm of what they leave, rounded up.
fn code(rotated: &[f32], codes: &mut [u8]) -> u8 {
    let step = code_step(rotated.len()) as f32;
    let scale = 1.0 / step;
    let mut sums = [0.0_f32; 16];
    let chunks = rotated.as_chunks::<16>().0.iter();
    for (values, codes) in chunks.zip(codes.as_chunks_mut::<16>().0) {
        for ((value, code), sum) in values.iter().zip(codes).zip(&mut sums) {
            // Values end in the middle of 0..=7; the cut to u8 rounds down.
            let place = (value * scale + 4.0).clamp(0.0, f32::from(MAX_CODE));
            let whole = place as i32;
            *code = whole as u8;
            let off = value - (whole as f32 - 3.5) * step;
            *sum += off * off;
        }
    }
    let square: f64 = sums.iter().map(|sum| f64::from(*sum)).sum();
    // Each difference is off by three roundings of numbers below 3, each sum by its length / 16 and
    // three more: far below a ten-thousandth, and 1e-6 for what vanishes.
    let norm = square.sqrt() * 1.000_1 + 2e-6;
    (norm * RESIDUAL_STEPS).ceil().min(255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::{RESIDUAL_STEPS, code, code_step, put_row, unit};
    use crate::{ModelId, Template};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_residual_is_never_below_what_the_codes_leave(
            values in proptest::collection::vec(-1.0_f32..1.0, 128), spike in 0.0_f32..50.0,
        ) {
            let mut values = values;
            values[7] += spike;
            let norm = values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
            let values: Vec<f32> = values.iter().map(|v| (f64::from(*v) / norm) as f32).collect();
            let mut codes = [0; 128];
            let residual = code(&values, &mut codes);
            let step = code_step(128);
            let left: f64 = values.iter().zip(codes.iter())
                .map(|(v, c)| (f64::from(*v) - (f64::from(*c) - 3.5) * step).powi(2))
                .sum();
            prop_assert!(codes.iter().all(|c| *c <= 7));
            prop_assert!(left.sqrt() <= f64::from(residual) / RESIDUAL_STEPS);
            prop_assert!(left.sqrt() + 0.005 >= f64::from(residual) / RESIDUAL_STEPS);
            prop_assert!(residual < 255);
        }

        #[test]
        fn a_stored_template_keeps_its_row_and_its_bits(
            row in proptest::collection::vec(-127_i8..=127, 128), peak in 0usize..128,
        ) {
            let mut row = row;
            row[peak] = 127;
            let values: Vec<f32> = row.iter().map(|v| f32::from(*v)).collect();
            let template = Template::from_embedding(ModelId::new("m").unwrap(), &values).unwrap();
            let mut put = vec![0; 128];
            put_row(&template, &mut put);
            prop_assert_eq!(&put, &row);
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&unit(&row)), bits(template.values()));
        }
    }
}
