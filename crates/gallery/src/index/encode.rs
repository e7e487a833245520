//! A template as it lies in memory: codes, how far it is from them, and a row of bytes.

use super::rotation::Rotation;
use crate::template::Template;
use countenance_kernels::{CodeAngle, MAX_CODE};
use zeroize::Zeroizing;

/// Distance of two neighboring code levels, in standard deviations of the value of a random unit vector: where the angle between
/// a template and its codes is least.
const CODE_STEP: f64 = 0.59;

/// Units of the tangent of the angle between a template and its codes: about 0.19 with 128 values.
pub(super) const TANGENTS: f64 = 340.0;

/// The largest magnitude in a row.
const ROW_PEAK: f32 = 127.0;

/// Units of the length of a template's shadow on its codes, which is about `3.3 · √dims`: the byte is about 160.
pub(super) fn length_unit(dims: usize) -> f64 {
    48.0 / (dims as f64).sqrt()
}

/// A template, ready to be put into an index, and where it was made so. One serves many templates: making and wiping fresh
/// memory took as long as all else.
pub(super) struct Encoded {
    pub(super) codes: Zeroizing<Box<[u8]>>,
    pub(super) angle: CodeAngle,
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
            angle: CodeAngle::default(),
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
        self.angle = code(rotated, &mut self.codes);
        rotation.shuffle_row_into(&self.plain, &mut self.row);
    }

    /// Forgets the template. The memory is used again, so that no write to it can be left out.
    pub(super) fn wipe(&mut self) {
        self.codes.fill(0);
        self.angle = CodeAngle::default();
        self.row.fill(0);
        self.plain.fill(0);
        for vector in &mut self.vectors {
            vector.fill(0.0);
        }
    }
}

/// Adding it leaves of an f32 below 2^22 what is whole, rounded to nearest, and it stands in the last bits. A cast does no more, but a
/// processor casts one number at a time where it adds several.
const WHOLE: f32 = 12_582_912.0;

/// A whole number below 2^22 from its f32.
fn integer(whole: f32) -> i32 {
    (whole + WHOLE)
        .to_bits()
        .wrapping_sub(WHOLE.to_bits())
        .cast_signed()
}

/// Writes the 8-bit values of a template, as they are stored: the largest magnitude is 127.
fn put_row(template: &Template, row: &mut [i8]) {
    let values = template.values();
    let scale = ROW_PEAK / peak(values);
    for (row, value) in row.iter_mut().zip(values) {
        let scaled = value * scale;
        let near = (scaled + WHOLE) - WHOLE;
        // Halves went to the even number, and belong away from zero. The difference is exact.
        let off = scaled - near;
        let up = if off >= 0.5 && scaled > 0.0 { 1.0 } else { 0.0 };
        let down = if off <= -0.5 && scaled < 0.0 {
            1.0
        } else {
            0.0
        };
        *row = integer(near + up - down) as i8;
    }
}

/// The largest magnitude. In sixteen lanes, so that no comparison waits for the one before.
fn peak(values: &[f32]) -> f32 {
    let mut peaks = [0.0_f32; 16];
    for values in values.chunks(16) {
        for (peak, value) in peaks.iter_mut().zip(values) {
            let magnitude = value.abs();
            *peak = if magnitude > *peak { magnitude } else { *peak };
        }
    }
    peaks.into_iter().fold(0.0, f32::max)
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

/// Writes the nearest codes and says how far they are: the length rounded down, the tangent up.
pub(super) fn code(rotated: &[f32], codes: &mut [u8]) -> CodeAngle {
    let dims = rotated.len();
    let scale = ((dims as f64).sqrt() / CODE_STEP) as f32;
    let (mut products, mut squares) = ([0.0_f32; 16], [0_i32; 16]);
    let chunks = rotated.as_chunks::<16>().0.iter();
    for (values, codes) in chunks.zip(codes.as_chunks_mut::<16>().0) {
        let sums = products.iter_mut().zip(&mut squares);
        for ((value, code), (product, square)) in values.iter().zip(codes).zip(sums) {
            // Values end in the middle of 0..=7, and are rounded down.
            let place = (value * scale + 4.0).clamp(0.0, f32::from(MAX_CODE));
            let near = (place + WHOLE) - WHOLE;
            let whole = integer(if near > place { near - 1.0 } else { near });
            *code = whole as u8;
            let odd = 2 * whole - 7;
            *product += value * odd as f32;
            *square += odd * odd;
        }
    }
    let product: f64 = products.iter().map(|sum| f64::from(*sum)).sum();
    let square = f64::from(squares.iter().sum::<i32>());
    // Codes have the signs of their values (but of those that vanish beside four steps), so each sum only grows and is off by
    // dims / 16 roundings of 2^-24 and one for each product; the length of the template by 1e-6.
    let off = 2e-6 + 1.01 * (dims as f64 / 16.0 + 2.0) * f64::from(f32::EPSILON) / 2.0;
    let length = (product * length_unit(dims) * (1.0 - off)).floor();
    let shadow = (product * (1.0 - off)).max(f64::MIN_POSITIVE);
    let tangent = (square / (shadow * shadow) - 1.0).max(0.0).sqrt();
    CodeAngle {
        length: length.clamp(0.0, 255.0) as u8,
        tangent: (tangent * TANGENTS).ceil().min(255.0) as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::{ROW_PEAK, TANGENTS, code, length_unit, put_row, unit};
    use crate::{ModelId, Template};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_angle_is_never_less_than_that_to_the_codes(
            values in proptest::collection::vec(-1.0_f32..1.0, 128), spike in 0.0_f32..50.0,
        ) {
            let mut values = values;
            values[7] += spike;
            let norm = values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
            let values: Vec<f32> = values.iter().map(|v| (f64::from(*v) / norm) as f32).collect();
            let mut codes = [0; 128];
            let angle = code(&values, &mut codes);
            prop_assert!(codes.iter().all(|c| *c <= 7));
            let odd: Vec<f64> = codes.iter().map(|c| 2.0 * f64::from(*c) - 7.0).collect();
            let product: f64 = values.iter().zip(&odd).map(|(v, c)| f64::from(*v) * c).sum();
            let square: f64 = odd.iter().map(|c| c * c).sum();
            let norm = values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
            let shadow = product / norm;
            let real = (square - shadow * shadow).max(0.0).sqrt() / shadow;
            let (length, tangent) = (f64::from(angle.length), f64::from(angle.tangent));
            prop_assert!(length <= shadow * length_unit(128));
            prop_assert!(length + 1.01 >= (shadow * length_unit(128)).min(255.0));
            prop_assert!(tangent >= (real * TANGENTS).min(255.0));
            prop_assert!(tangent <= real * TANGENTS + 1.01);
        }

        #[test]
        fn a_row_is_rounded_to_nearest_and_halves_away_from_zero(
            values in proptest::collection::vec((-254_i16..=254).prop_map(|half| f32::from(half) / 2.0), 128),
            other in proptest::collection::vec(-1.0_f32..1.0, 128), halves: bool,
        ) {
            // Halves of the largest magnitude, 127, or anything.
            let mut values = if halves { values } else { other };
            values[5] = if halves { ROW_PEAK } else { 1.0 };
            let template = Template::from_embedding(ModelId::new("m").unwrap(), &values).unwrap();
            let values = template.values();
            let scale = ROW_PEAK / values.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
            let wanted: Vec<i8> = values.iter().map(|v| f64::from(v * scale).round() as i8).collect();
            let mut put = vec![0; 128];
            put_row(&template, &mut put);
            prop_assert_eq!(put, wanted);
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
