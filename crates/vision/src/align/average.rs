//! Means over blocks of pixels, where a picture has more of them than a crop.

use super::Similarity;
use crate::picture::wipe;
use crate::{Picture, Point};
use std::ops::{AddAssign, Range};

/// The part of a picture that a crop shows, averaged over blocks.
pub(super) struct Part {
    pub(super) pixels: Vec<u8>,
    pub(super) width: usize,
    /// Crop coordinates to coordinates of the part.
    pub(super) map: Similarity,
}

impl Part {
    pub(super) fn averaged(picture: &Picture, map: &Similarity, side: usize, block: usize) -> Self {
        let (columns, rows) = (
            picture.width().div_ceil(block),
            picture.height().div_ceil(block),
        );
        let scale = block as f32;
        // Blocks touched by the crop's corners, with one to spare for the bilinear neighbours.
        let side = (side - 1) as f32;
        let corners = [(0.0, 0.0), (side, 0.0), (0.0, side), (side, side)];
        let span = |coordinate: fn(Point) -> f32, count: usize| {
            let along = corners.map(|(x, y)| coordinate(map.apply(x, y)) / scale);
            let first = along.iter().fold(f32::MAX, |a, &b| a.min(b)) - 1.0;
            let end = along.iter().fold(f32::MIN, |a, &b| a.max(b)) + 3.0;
            // The casts saturate at 0.
            let first = (first as usize).min(count - 1);
            (first, (end as usize).clamp(first + 1, count))
        };
        let (left, right) = span(|p| p.x, columns);
        let (top, bottom) = span(|p| p.y, rows);
        let mut pixels = vec![0; 3 * (right - left) * (bottom - top)];
        if block <= MOST_ROWS_OF_16_BITS {
            put_means::<u16>(picture, top..bottom, left..right, block, &mut pixels);
        } else {
            put_means::<u32>(picture, top..bottom, left..right, block, &mut pixels);
        }
        // The centre of block 0 lies between its first and its last pixel.
        let half = (scale - 1.0) / 2.0;
        let offset = Point {
            x: (map.offset.x - half) / scale - left as f32,
            y: (map.offset.y - half) / scale - top as f32,
        };
        let map = Similarity {
            a: map.a / scale,
            b: map.b / scale,
            offset,
        };
        Self {
            pixels,
            width: right - left,
            map,
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        wipe(&mut self.pixels);
    }
}

/// So many pixels of one column add up to at most 16 bits.
const MOST_ROWS_OF_16_BITS: usize = 257;

/// Writes the means of rows of blocks; sums of columns are of type `S`, the narrower the faster.
fn put_means<S: Sum>(
    picture: &Picture,
    rows: Range<usize>,
    columns: Range<usize>,
    block: usize,
    means: &mut [u8],
) {
    let mut sums: Vec<S> = Vec::new();
    let means = means.chunks_exact_mut(3 * columns.len());
    for (row, means) in rows.zip(means) {
        put_block_means(picture, row, columns.clone(), block, &mut sums, means);
    }
}

/// What pixels of one column are added up in.
trait Sum: Copy + Default + From<u8> + Into<u64> + AddAssign {}

impl Sum for u16 {}
/// A picture has at most 2^24 rows.
impl Sum for u32 {}

/// Writes the means of one row of blocks, each of those of its pixels that are inside the picture,
/// rounded to nearest. `sums` is scratch space.
///
/// Rows of pixels are added up before blocks are: whole rows of sums keep the vector units busy, which
/// three channels of one block cannot.
fn put_block_means<S: Sum>(
    picture: &Picture,
    row: usize,
    columns: Range<usize>,
    block: usize,
    sums: &mut Vec<S>,
    means: &mut [u8],
) {
    let (width, first) = (picture.width(), columns.start * block);
    let end = (columns.end * block).min(width);
    let rows = row * block..((row + 1) * block).min(picture.height());
    let high = rows.len();
    sums.clear();
    sums.resize(3 * (end - first), S::default());
    for y in rows {
        let pixels = &picture.pixels()[3 * (y * width + first)..3 * (y * width + end)];
        for (sum, &value) in sums.iter_mut().zip(pixels) {
            *sum += S::from(value);
        }
    }
    let mean = Quotient::by(block * high);
    let means = means.as_chunks_mut::<3>().0;
    // The usual widths, known when this is compiled: a block is as many additions and nothing else.
    match block {
        2 => put_quotients::<S, 2>(sums, mean, means),
        3 => put_quotients::<S, 3>(sums, mean, means),
        4 => put_quotients::<S, 4>(sums, mean, means),
        5 => put_quotients::<S, 5>(sums, mean, means),
        6 => put_quotients::<S, 6>(sums, mean, means),
        _ => {
            for (columns, out) in sums.chunks_exact(3 * block).zip(&mut *means) {
                *out = quotients(columns, mean);
            }
        }
    }
    let rest = sums.chunks_exact(3 * block).remainder();
    if let Some(out) = means.last_mut().filter(|_| !rest.is_empty()) {
        *out = quotients(rest, Quotient::by(rest.len() / 3 * high));
    }
}

/// Writes the means of whole blocks of `BLOCK` columns.
fn put_quotients<S: Sum, const BLOCK: usize>(sums: &[S], mean: Quotient, means: &mut [[u8; 3]]) {
    for (columns, out) in sums.chunks_exact(3 * BLOCK).zip(means) {
        *out = quotients(columns, mean);
    }
}

/// The mean of one block, of which these are the sums of columns.
#[inline(always)]
fn quotients<S: Sum>(columns: &[S], mean: Quotient) -> [u8; 3] {
    let mut sum = [0_u64; 3];
    for pixel in columns.as_chunks::<3>().0 {
        for (sum, &value) in sum.iter_mut().zip(pixel) {
            *sum += value.into();
        }
    }
    sum.map(|sum| mean.rounded(sum) as u8)
}

/// Division of sums of bytes by their number, many times, as a multiplication.
#[derive(Clone, Copy)]
struct Quotient {
    divisor: u64,
    /// `2^41` over the divisor, rounded up; 0 where the divisor is too large for it.
    reciprocal: u64,
}

impl Quotient {
    /// `divisor` is at least 1.
    fn by(divisor: usize) -> Self {
        let divisor = divisor as u64;
        // Rounding up adds less than `256 · divisor² / 2^41` to a quotient times its divisor: less than one.
        let reciprocal = match divisor {
            ..=0x1_6a00 => (1_u64 << 41).div_ceil(divisor),
            _ => 0,
        };
        Self {
            divisor,
            reciprocal,
        }
    }

    /// The quotient rounded to nearest, of at most 255 times the divisor.
    #[inline(always)]
    fn rounded(self, dividend: u64) -> u64 {
        let dividend = dividend + self.divisor / 2;
        match self.reciprocal {
            0 => dividend / self.divisor,
            reciprocal => (dividend * reciprocal) >> 41,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_ROWS_OF_16_BITS, Quotient, put_means};
    use crate::Picture;

    #[test]
    fn a_quotient_is_that_of_division_for_every_sum_that_a_block_may_have() {
        for divisor in (1..=300).chain([4095, 4096, 1 << 20, (1 << 27) + 1]) {
            let quotient = Quotient::by(divisor);
            let divisor = divisor as u64;
            let most = 255 * divisor;
            for multiple in 0..256 {
                for near in [0, 1, divisor / 2, divisor.div_ceil(2), divisor - 1] {
                    let sum = (multiple * divisor + near).min(most);
                    assert_eq!(quotient.rounded(sum), (sum + divisor / 2) / divisor);
                }
            }
        }
    }

    #[test]
    fn the_largest_column_fits_its_sums() {
        let (width, height) = (2, MOST_ROWS_OF_16_BITS);
        let picture = Picture::from_rgb(width, height, vec![255; 3 * width * height]).unwrap();
        let mut means = [0; 3];
        put_means::<u16>(&picture, 0..1, 0..1, height, &mut means);
        assert_eq!(means, [255; 3]);
    }

    #[test]
    fn a_block_is_the_mean_of_those_of_its_pixels_that_are_inside() {
        let (width, height) = (23, 17);
        let pixels: Vec<u8> = (0..3 * width * height)
            .map(|i| (i * 89 % 251) as u8)
            .collect();
        let picture = Picture::from_rgb(width, height, pixels.clone()).unwrap();
        for block in [2, 3, 5, 16, 30] {
            let columns = 0..width.div_ceil(block);
            let rows = 0..height.div_ceil(block);
            let mut means = vec![0; 3 * rows.len() * columns.len()];
            let mut wide = means.clone();
            put_means::<u16>(&picture, rows.clone(), columns.clone(), block, &mut means);
            put_means::<u32>(&picture, rows, columns, block, &mut wide);
            assert_eq!(means, wide, "{block}");
            let mut expected = Vec::new();
            for top in (0..height).step_by(block) {
                for left in (0..width).step_by(block) {
                    for channel in 0..3 {
                        let inside: Vec<usize> = (top..(top + block).min(height))
                            .flat_map(|y| (left..(left + block).min(width)).map(move |x| (x, y)))
                            .map(|(x, y)| usize::from(pixels[3 * (y * width + x) + channel]))
                            .collect();
                        let sum: usize = inside.iter().sum();
                        expected.push(((sum + inside.len() / 2) / inside.len()) as u8);
                    }
                }
            }
            assert_eq!(means, expected, "{block}");
        }
    }
}
