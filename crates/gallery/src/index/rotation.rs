//! What hides templates in memory: transforms drawn for one collection that keep inner products.

use super::groups;
use rand_core::RngCore;
use zeroize::Zeroizing;

/// Rounds of a signed permutation and a Hadamard transform. One round makes a vector with one
/// value flat; after two, no vector that was not made for it stays uneven.
const ROUNDS: usize = 2;

/// A signed permutation: exact.
struct Shuffle {
    from: Zeroizing<Vec<u16>>,
    negative: Zeroizing<Vec<bool>>,
}

/// A value whose sign is turned without a branch.
pub(super) trait Signed: Copy + Default + zeroize::Zeroize {
    fn turned(self, negative: bool) -> Self;
}

impl Signed for f32 {
    fn turned(self, negative: bool) -> Self {
        Self::from_bits(self.to_bits() ^ u32::from(negative) << 31)
    }
}

macro_rules! signed {
    ($($integer:ty)+) => {
        $(impl Signed for $integer {
            fn turned(self, negative: bool) -> Self {
                let mask = -Self::from(negative);
                (self ^ mask).wrapping_sub(mask)
            }
        })+
    };
}
signed!(i8 i16);

impl Shuffle {
    fn draw(length: usize, random: &mut dyn RngCore) -> Self {
        let mut from: Zeroizing<Vec<u16>> = Zeroizing::new((0..length as u16).collect());
        for last in (1..length).rev() {
            from.swap(last, below(last as u32 + 1, random) as usize);
        }
        let negative = (0..length)
            .map(|_| random.next_u32() >> 31 == 1)
            .collect::<Vec<_>>();
        Self {
            from,
            negative: Zeroizing::new(negative),
        }
    }

    fn apply<T: Signed>(&self, input: &[T], out: &mut [T]) {
        let moves = self.from.iter().zip(self.negative.iter());
        for (out, (from, negative)) in out.iter_mut().zip(moves) {
            if let Some(value) = input.get(usize::from(*from)) {
                *out = value.turned(*negative);
            }
        }
    }

    fn undo<T: Signed>(&self, input: &[T], out: &mut [T]) {
        let moves = self.from.iter().zip(self.negative.iter());
        for (value, (from, negative)) in input.iter().zip(moves) {
            if let Some(out) = out.get_mut(usize::from(*from)) {
                *out = value.turned(*negative);
            }
        }
    }
}

/// A number below `bound`, each as likely.
fn below(bound: u32, random: &mut dyn RngCore) -> u32 {
    let whole = u32::MAX - u32::MAX % bound;
    loop {
        let drawn = random.next_u32();
        if drawn < whole {
            return drawn % bound;
        }
    }
}

/// The two transforms of a collection: one of real vectors, one of rows of bytes.
///
/// Real vectors of `dims` values, with zeros up to a whole number of groups, go through two
/// rounds of a signed permutation and a Hadamard transform. That is an orthogonal map: inner
/// products stay, and the values of any vector come out about normally distributed, which is
/// what the codes are made for. Rows of bytes go through a signed permutation of their own,
/// under which integer products stay exactly.
pub(super) struct Rotation {
    dims: usize,
    rounds: [Shuffle; ROUNDS],
    row: Shuffle,
}

impl Rotation {
    pub(super) fn draw(dims: usize, random: &mut dyn RngCore) -> Self {
        let padded = groups(dims);
        Self {
            dims,
            rounds: std::array::from_fn(|_| Shuffle::draw(padded, random)),
            row: Shuffle::draw(padded, random),
        }
    }

    /// Values of a rotated vector.
    pub(super) fn padded(&self) -> usize {
        groups(self.dims)
    }

    /// Values of one Hadamard transform: the largest power of two that divides the padded length.
    fn block(&self) -> usize {
        1 << self.padded().trailing_zeros()
    }

    /// How far a rotated vector is from where real arithmetic would put it, at most, as a share of
    /// its length.
    ///
    /// In each round each of the log2(block) levels of the transform rounds each value once
    /// (relative error 2^-24, so that is the relative error of the vector too, and exact levels keep
    /// its length up to the common factor), the factor is rounded once and each product with
    /// it once. Four more are for whoever scales the vector before or after. A hundredth more
    /// covers the products of these errors.
    pub(super) fn error(&self) -> f64 {
        let levels = f64::from(self.block().ilog2());
        1.01 * (ROUNDS as f64 * (levels + 2.0) + 4.0) * f64::from(f32::EPSILON) / 2.0
    }

    /// Rotates a vector of `dims` values.
    pub(super) fn rotate(&self, values: impl IntoIterator<Item = f32>) -> Zeroizing<Vec<f32>> {
        let padded = self.padded();
        let mut now = Zeroizing::new(vec![0.0_f32; padded]);
        for (now, value) in now.iter_mut().zip(values) {
            *now = value;
        }
        self.rotate_in(&mut now, &mut Zeroizing::new(vec![0.0_f32; padded]));
        now
    }

    /// Rotates a vector of padded length, in place.
    pub(super) fn rotate_in(&self, now: &mut [f32], next: &mut [f32]) {
        const { assert!(ROUNDS == 2, "the last round ends where the first began") };
        let factor = 1.0 / (self.block() as f32).sqrt();
        let round = |shuffle: &Shuffle, from: &[f32], to: &mut [f32]| {
            shuffle.apply(from, to);
            for block in to.chunks_exact_mut(self.block()) {
                hadamard(block, factor);
            }
        };
        let [first, second] = &self.rounds;
        round(first, now, next);
        round(second, next, now);
    }

    /// Moves a row of `dims` values to where it lies in memory.
    pub(super) fn shuffle_row<T: Signed>(&self, values: &[T]) -> Zeroizing<Vec<T>> {
        let mut whole = Zeroizing::new(vec![T::default(); self.padded()]);
        whole[..values.len()].copy_from_slice(values);
        let mut out = Zeroizing::new(vec![T::default(); self.padded()]);
        self.shuffle_row_into(&whole, &mut out);
        out
    }

    /// The same for a row of padded length.
    pub(super) fn shuffle_row_into<T: Signed>(&self, values: &[T], out: &mut [T]) {
        self.row.apply(values, out);
    }

    /// The `dims` values of a row in memory.
    pub(super) fn restore_row(&self, row: &[i8]) -> Zeroizing<Vec<i8>> {
        let mut out = Zeroizing::new(vec![0; self.padded()]);
        self.row.undo(row, &mut out);
        out.truncate(self.dims);
        out
    }
}

/// The Hadamard transform; the length is a power of two from 32.
fn hadamard(values: &mut [f32], factor: f32) {
    for eight in values.as_chunks_mut::<8>().0 {
        let [a, b, c, d, e, f, g, h] = *eight;
        let (a, b, c, d) = (a + b, a - b, c + d, c - d);
        let (e, f, g, h) = (e + f, e - f, g + h, g - h);
        let (a, b, c, d) = (a + c, b + d, a - c, b - d);
        let (e, f, g, h) = (e + g, f + h, e - g, f - h);
        *eight = [a + e, b + f, c + g, d + h, a - e, b - f, c - g, d - h];
    }
    let mut width = 8;
    while width < values.len() {
        for pair in values.chunks_exact_mut(2 * width) {
            let (low, high) = pair.split_at_mut(width);
            for (low, high) in low.iter_mut().zip(high) {
                (*low, *high) = (*low + *high, *low - *high);
            }
        }
        width *= 2;
    }
    for value in values {
        *value *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::Rotation;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

    fn unit(length: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
        let values: Vec<f32> = (0..length)
            .map(|_| random.next_u32() as f32 / u32::MAX as f32 - 0.5)
            .collect();
        let norm = values.iter().map(|v| v * v).sum::<f32>().sqrt();
        values.iter().map(|v| v / norm).collect()
    }

    fn product(a: &[f32], b: &[f32]) -> f64 {
        a.iter()
            .zip(b)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum()
    }

    #[test]
    fn products_stay_within_twice_the_stated_error() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for dims in [3, 32, 100, 128, 192, 512] {
            let rotation = Rotation::draw(dims, &mut random);
            let turn = |v: &[f32]| rotation.rotate(v.iter().copied());
            for _ in 0..20 {
                let (a, b) = (unit(dims, &mut random), unit(dims, &mut random));
                let rotated = product(&turn(&a), &turn(&b));
                let off = (rotated - product(&a, &b)).abs();
                assert!(off <= 2.01 * rotation.error(), "{dims}: {off}");
            }
        }
    }

    #[test]
    fn a_vector_with_one_value_comes_out_spread() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        for dims in [128, 192, 512] {
            let rotation = Rotation::draw(dims, &mut random);
            let mut one = vec![0.0; dims];
            one[5] = 1.0;
            let largest = rotation
                .rotate(one)
                .iter()
                .fold(0.0_f32, |m, v| m.max(v.abs()));
            assert!(largest < 0.7, "{dims}: {largest}");
        }
    }

    #[test]
    fn rows_come_back_as_they_went_and_lie_elsewhere_meanwhile() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        for dims in [1, 31, 128, 200] {
            let rotation = Rotation::draw(dims, &mut random);
            let row: Vec<i8> = (0..dims).map(|i| (i as i32 % 255 - 127) as i8).collect();
            let shuffled = rotation.shuffle_row(&row);
            assert_eq!(*rotation.restore_row(&shuffled), row);
            assert!(dims < 100 || shuffled[..dims] != row[..]);
        }
    }

    #[test]
    fn two_collections_have_two_rotations() {
        let mut random = ChaCha8Rng::seed_from_u64(4);
        let one = Rotation::draw(128, &mut random);
        let other = Rotation::draw(128, &mut random);
        let values = unit(128, &mut random);
        let cosine = product(
            &one.rotate(values.iter().copied()),
            &other.rotate(values.iter().copied()),
        );
        assert!(cosine.abs() < 0.5, "{cosine}");
    }
}
