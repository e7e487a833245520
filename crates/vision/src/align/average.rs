//! Means over blocks of pixels, where a picture has more of them than a crop.

use super::Similarity;
use crate::picture::wipe;
use crate::{Picture, Point};
use std::ops::{Add, AddAssign, Range};

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
        put_means(picture, top..bottom, left..right, block, &mut pixels);
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

/// Blocks up to so many pixels wide are averaged with numbers of 16 bits.
const SMALL: usize = 11;

/// Writes the means of rows of blocks, each of those of its pixels that are inside the picture, rounded to nearest.
///
/// Rows of pixels are added up before blocks are: whole rows of sums keep the vector units busy, which
/// three channels of one block cannot.
fn put_means(
    picture: &Picture,
    rows: Range<usize>,
    columns: Range<usize>,
    block: usize,
    means: &mut [u8],
) {
    let (width, first) = (picture.width(), columns.start * block);
    let end = (columns.end * block).min(width);
    let (mut small, mut large) = (Vec::new(), Vec::new());
    let means = means.chunks_exact_mut(3 * columns.len());
    for (row, means) in rows.zip(means) {
        let rows = row * block..((row + 1) * block).min(picture.height());
        let high = rows.len();
        let lines = rows.map(|y| &picture.pixels()[3 * (y * width + first)..3 * (y * width + end)]);
        let means = means.as_chunks_mut::<3>().0;
        if block <= SMALL && high == block {
            add_up(lines, &mut small);
            put_small(&mut small, block, means);
        } else {
            add_up(lines, &mut large);
            put_large(&large, block, high, means);
        }
    }
}

/// The sums of columns of bytes. The first three lines are read together: that is all of them for most faces, and memory answers for
/// several at once.
fn add_up<'a, S>(mut lines: impl Iterator<Item = &'a [u8]>, sums: &mut Vec<S>)
where
    S: From<u8> + Add<Output = S> + AddAssign,
{
    sums.clear();
    match (lines.next(), lines.next(), lines.next()) {
        (Some(one), Some(two), Some(three)) => {
            let columns = one.iter().zip(two).zip(three);
            sums.extend(columns.map(|((a, b), c)| S::from(*a) + S::from(*b) + S::from(*c)));
        }
        (Some(one), Some(two), None) => {
            sums.extend(one.iter().zip(two).map(|(a, b)| S::from(*a) + S::from(*b)));
        }
        (one, ..) => sums.extend(one.unwrap_or_default().iter().map(|a| S::from(*a))),
    }
    for line in lines {
        for (sum, &value) in sums.iter_mut().zip(line) {
            *sum += value.into();
        }
    }
}

/// The means of whole blocks of at most [`SMALL`] pixels, and that of a block that the edge cuts.
fn put_small(sums: &mut Vec<u16>, block: usize, means: &mut [[u8; 3]]) {
    let cut = sums.len() % (3 * block);
    if let Some(mean) = means.last_mut().filter(|_| cut > 0) {
        let columns = sums.iter().skip(sums.len() - cut);
        let columns: Vec<u32> = columns.map(|&sum| sum.into()).collect();
        put_large(&columns, block, block, std::slice::from_mut(mean));
    }
    let whole = sums.len() / (3 * block);
    let means = means.get_mut(..whole).unwrap_or_default();
    // Behind a pixel's three sums that of the next is read, too.
    sums.push(0);
    let quotient = Quotient::of_block(block);
    // The usual widths, known when this is compiled: a block is as many additions and nothing else.
    match block {
        2 => put_blocks(sums, 2, quotient, means),
        3 => put_blocks(sums, 3, quotient, means),
        4 => put_blocks(sums, 4, quotient, means),
        5 => put_blocks(sums, 5, quotient, means),
        6 => put_blocks(sums, 6, quotient, means),
        _ => put_blocks(sums, block, quotient, means),
    }
}

/// The means of whole blocks. A pixel is four sums, as vector units like it: the last belongs to its neighbour, and nobody looks at it.
#[inline(always)]
fn put_blocks(sums: &[u16], block: usize, quotient: Quotient, means: &mut [[u8; 3]]) {
    let firsts = (0..).step_by(3 * block);
    for (first, mean) in firsts.zip(means) {
        let Some(columns) = sums.get(first..first + 3 * block + 1) else {
            break;
        };
        let mut sum = [0_u16; 4];
        for pixel in 0..block {
            let four = &columns[3 * pixel..3 * pixel + 4];
            for (sum, &value) in sum.iter_mut().zip(four) {
                *sum = sum.wrapping_add(value);
            }
        }
        let [red, green, blue, _] = sum.map(|sum| quotient.rounded(sum));
        *mean = [red, green, blue];
    }
}

/// The means of blocks of any size, `high` pixels high.
fn put_large(sums: &[u32], block: usize, high: usize, means: &mut [[u8; 3]]) {
    for (columns, mean) in sums.chunks(3 * block).zip(means) {
        let pixels = columns.as_chunks::<3>().0;
        let count = (pixels.len() * high) as u64;
        *mean = std::array::from_fn(|c| {
            let sum: u64 = pixels.iter().map(|pixel| u64::from(pixel[c])).sum();
            ((sum + count / 2) / count) as u8
        });
    }
}

/// Division by the number of pixels of a block, as a multiplication of 16 bits.
#[derive(Clone, Copy)]
struct Quotient {
    half: u16,
    /// `2^(16 + shift)` over the divisor, rounded up.
    reciprocal: u16,
    shift: u32,
}

impl Quotient {
    /// For a block of so many pixels a side, 2 to [`SMALL`].
    fn of_block(block: usize) -> Self {
        let divisor = (block * block) as u32;
        let shift = (divisor - 1).ilog2();
        Self {
            half: (divisor / 2) as u16,
            reciprocal: (1_u32 << (16 + shift)).div_ceil(divisor) as u16,
            shift,
        }
    }

    /// The quotient rounded to nearest, of at most 255 times the divisor. Rounding the reciprocal up adds less than one to it
    /// times the divisor: less than `255.5 · divisor² / 2^(16 + shift)`.
    #[inline(always)]
    fn rounded(self, dividend: u16) -> u8 {
        let dividend = u32::from(dividend.wrapping_add(self.half));
        ((dividend * u32::from(self.reciprocal)) >> 16 >> self.shift) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::{Quotient, SMALL, put_means};
    use crate::Picture;

    #[test]
    fn a_quotient_is_that_of_division_for_every_sum_that_a_block_may_have() {
        for block in 2..=SMALL {
            let quotient = Quotient::of_block(block);
            let divisor = (block * block) as u32;
            for sum in 0..=255 * divisor {
                let wanted = (sum + divisor / 2) / divisor;
                assert_eq!(
                    u32::from(quotient.rounded(sum as u16)),
                    wanted,
                    "{sum} / {divisor}"
                );
            }
        }
    }

    #[test]
    fn the_brightest_blocks_of_every_size_are_white() {
        for block in [2, 3, 7, 11, 12, 300] {
            let (width, height) = (2 * block + 1, block + 1);
            let white = Picture::from_rgb(width, height, vec![255; 3 * width * height]).unwrap();
            let mut means = [0; 18];
            put_means(&white, 0..2, 0..3, block, &mut means);
            assert_eq!(means, [255; 18], "{block}");
        }
    }

    #[test]
    fn a_block_is_the_mean_of_those_of_its_pixels_that_are_inside() {
        let (width, height) = (23, 17);
        let pixels: Vec<u8> = (0..3 * width * height)
            .map(|i| (i * 89 % 251) as u8)
            .collect();
        let picture = Picture::from_rgb(width, height, pixels.clone()).unwrap();
        for block in [2, 3, 4, 5, 6, 7, 11, 12, 16, 30] {
            let columns = 0..width.div_ceil(block);
            let rows = 0..height.div_ceil(block);
            let mut means = vec![0; 3 * rows.len() * columns.len()];
            put_means(&picture, rows, columns, block, &mut means);
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
