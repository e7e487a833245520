//! Five landmarks to the upright 112 x 112 crop that the embedding network was trained on.

use crate::picture::wipe;
use crate::{Picture, Point};
use std::fmt;
use std::ops::{AddAssign, Range};

/// Columns and rows of a [`Crop`].
pub const CROP_SIDE: usize = 112;

/// Where the five landmarks come to lie in a crop, in pixels: image-left eye, image-right eye,
/// nose tip, image-left and image-right mouth corner.
///
/// The usual template of ArcFace (Deng et al., CVPR 2019) and of SFace.
pub const TEMPLATE_POINTS: [Point; 5] = [
    Point {
        x: 38.2946,
        y: 51.6963,
    },
    Point {
        x: 73.5318,
        y: 51.5014,
    },
    Point {
        x: 56.0252,
        y: 71.7366,
    },
    Point {
        x: 41.5493,
        y: 92.3655,
    },
    Point {
        x: 70.7299,
        y: 92.2041,
    },
];

/// An aligned face: 112 x 112 RGB, 8 bits, interleaved, rows top to bottom.
///
/// `Debug` shows no pixels; they are overwritten on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Crop {
    pixels: Box<[u8]>,
}

impl Crop {
    /// All pixels, `112 * 112 * 3` bytes.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Writes the crop mirrored left to right.
    pub(crate) fn mirror_into(&self, mirrored: &mut Vec<u8>) {
        mirrored.clear();
        for row in self.pixels.chunks_exact(CROP_SIDE * 3) {
            for pixel in row.rchunks_exact(3) {
                mirrored.extend_from_slice(pixel);
            }
        }
    }
}

impl fmt::Debug for Crop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Crop(112 x 112)")
    }
}

impl Drop for Crop {
    fn drop(&mut self) {
        wipe(&mut self.pixels);
    }
}

/// Turns, scales and moves a face so that its landmarks lie on [`TEMPLATE_POINTS`], as nearly as
/// a similarity transform can (least squares: Umeyama, IEEE TPAMI 13(4), 1991).
///
/// ```text
/// fit (a, b, t):  template = [a -b; b a] landmark + t
/// for each crop pixel:  invert the fit, sample the picture there, bilinear at pixel centres
/// ```
///
/// Where the picture has `n` times more pixels than the crop, the part that the crop shows is first
/// averaged over blocks of `n` x `n` pixels, so that fine detail does not alias. Crop pixels
/// outside the picture are black. So is the whole crop when the landmarks coincide, which no
/// detector gives.
#[must_use]
pub fn align(picture: &Picture, landmarks: &[Point; 5]) -> Crop {
    let mut pixels = vec![0; CROP_SIDE * CROP_SIDE * 3].into_boxed_slice();
    if let Some(map) = Similarity::to_picture(landmarks) {
        cut_out(picture, &map, CROP_SIDE, &mut pixels);
    }
    Crop { pixels }
}

/// Fills a square crop of `side` x `side` pixels with what the picture has there, as [`align`] says.
pub(crate) fn cut_out(picture: &Picture, map: &Similarity, side: usize, crop: &mut [u8]) {
    let block = map.step().round();
    if block >= 2.0 {
        let part = Part::averaged(picture, map, side, block as usize);
        part.grid().sample(&part.map, side, crop);
    } else {
        let grid = Grid {
            pixels: picture.pixels(),
            width: picture.width(),
            height: picture.height(),
        };
        grid.sample(map, side, crop);
    }
}

/// The part of a picture that a crop shows, averaged over blocks.
struct Part {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
    /// Crop coordinates to coordinates of the part.
    map: Similarity,
}

impl Part {
    fn averaged(picture: &Picture, map: &Similarity, side: usize, block: usize) -> Self {
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
        let mut pixels = Vec::with_capacity(3 * (right - left) * (bottom - top));
        if block <= MOST_ROWS_OF_16_BITS {
            push_means::<u16>(picture, top..bottom, left..right, block, &mut pixels);
        } else {
            push_means::<u32>(picture, top..bottom, left..right, block, &mut pixels);
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
            height: bottom - top,
            map,
        }
    }

    fn grid(&self) -> Grid<'_> {
        Grid {
            pixels: &self.pixels,
            width: self.width,
            height: self.height,
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

/// Appends the means of rows of blocks; sums of columns are of type `S`, the narrower the faster.
fn push_means<S: Sum>(
    picture: &Picture,
    rows: Range<usize>,
    columns: Range<usize>,
    block: usize,
    means: &mut Vec<u8>,
) {
    let mut sums: Vec<S> = Vec::new();
    for row in rows {
        push_block_means(picture, row, columns.clone(), block, &mut sums, means);
    }
}

/// What pixels of one column are added up in.
trait Sum: Copy + Default + From<u8> + Into<u64> + AddAssign {}

impl Sum for u16 {}
/// A picture has at most 2^24 rows.
impl Sum for u32 {}

/// Appends the means of one row of blocks, each of those of its pixels that are inside the picture,
/// rounded to nearest. `sums` is scratch space.
///
/// Rows of pixels are added up before blocks are: whole rows of sums keep the vector units busy, which
/// three channels of one block cannot.
fn push_block_means<S: Sum>(
    picture: &Picture,
    row: usize,
    columns: Range<usize>,
    block: usize,
    sums: &mut Vec<S>,
    means: &mut Vec<u8>,
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
    let full = Quotient::by(block * high);
    let last = Quotient::by((end - first - 1) % block * high + high);
    for chunk in sums.chunks(3 * block) {
        let mut sum = [0_u64; 3];
        for pixel in chunk.chunks_exact(3) {
            for (sum, &value) in sum.iter_mut().zip(pixel) {
                *sum += value.into();
            }
        }
        let mean = if chunk.len() == 3 * block { full } else { last };
        means.extend(sum.map(|sum| mean.rounded(sum) as u8));
    }
}

/// Division by one number, many times, as a multiplication.
#[derive(Clone, Copy)]
struct Quotient {
    half: u64,
    /// 2^64 over the divisor, rounded up.
    reciprocal: u128,
}

impl Quotient {
    /// `divisor` is at least 1.
    fn by(divisor: usize) -> Self {
        let divisor = divisor as u64;
        Self {
            half: divisor / 2,
            reciprocal: u128::from(u64::MAX / divisor) + 1,
        }
    }

    /// The quotient rounded to nearest; exact while dividend times divisor is below 2^64.
    fn rounded(self, dividend: u64) -> u64 {
        ((u128::from(dividend + self.half) * self.reciprocal) >> 64) as u64
    }
}

/// From crop coordinates to picture coordinates: `[a b; -b a] crop + offset`.
#[derive(Clone, Copy)]
pub(crate) struct Similarity {
    a: f32,
    b: f32,
    offset: Point,
}

impl Similarity {
    /// Fits landmarks to the template and inverts the fit; `None` when the landmarks coincide.
    pub(crate) fn to_picture(landmarks: &[Point; 5]) -> Option<Self> {
        let mean = |points: &[Point; 5]| {
            let sum = points.iter().fold((0.0, 0.0), |(x, y), p| {
                (x + f64::from(p.x), y + f64::from(p.y))
            });
            (sum.0 / 5.0, sum.1 / 5.0)
        };
        let (from, to) = (mean(landmarks), mean(&TEMPLATE_POINTS));
        let (mut along, mut across, mut spread) = (0.0, 0.0, 0.0);
        for (p, q) in landmarks.iter().zip(&TEMPLATE_POINTS) {
            let (px, py) = (f64::from(p.x) - from.0, f64::from(p.y) - from.1);
            let (qx, qy) = (f64::from(q.x) - to.0, f64::from(q.y) - to.1);
            along += px * qx + py * qy;
            across += px * qy - py * qx;
            spread += px * px + py * py;
        }
        // template = [along -across; across along] / spread * landmark; invert.
        let square = along * along + across * across;
        let (a, b) = (along * spread / square, across * spread / square);
        let map = Self {
            a: a as f32,
            b: b as f32,
            offset: Point {
                x: (from.0 - a * to.0 - b * to.1) as f32,
                y: (from.1 + b * to.0 - a * to.1) as f32,
            },
        };
        (a.is_finite() && b.is_finite()).then_some(map)
    }

    pub(crate) fn apply(&self, x: f32, y: f32) -> Point {
        Point {
            x: self.a * x + self.b * y + self.offset.x,
            y: self.a * y - self.b * x + self.offset.y,
        }
    }

    /// The square of `width` picture pixels around a center, turned by an angle (clockwise as seen),
    /// on a crop of `side` pixels.
    pub(crate) fn of_square(center: Point, width: f32, angle: f32, side: usize) -> Self {
        let step = width / side as f32;
        let (sin, cos) = angle.sin_cos();
        let (a, b) = (step * cos, -step * sin);
        let middle = (side as f32 - 1.0) / 2.0;
        Self {
            a,
            b,
            offset: Point {
                x: center.x - a * middle - b * middle,
                y: center.y - a * middle + b * middle,
            },
        }
    }

    /// From picture coordinates to crop coordinates.
    pub(crate) fn undo(&self, point: Point) -> Point {
        let (x, y) = (point.x - self.offset.x, point.y - self.offset.y);
        let square = self.a * self.a + self.b * self.b;
        Point {
            x: (self.a * x - self.b * y) / square,
            y: (self.b * x + self.a * y) / square,
        }
    }

    /// Picture pixels per crop pixel.
    pub(crate) fn step(&self) -> f32 {
        self.a.hypot(self.b)
    }
}

/// Pixels with black around them.
struct Grid<'p> {
    pixels: &'p [u8],
    width: usize,
    height: usize,
}

/// One pixel in the fixed-point coordinates and weights of [`Grid::sample`].
const ONE: i64 = 1 << 11;

impl Grid<'_> {
    /// Fills a crop with bilinear samples.
    fn sample(&self, map: &Similarity, side: usize, crop: &mut [u8]) {
        for (y, row) in crop.chunks_exact_mut(3 * side).enumerate() {
            for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
                let point = map.apply(x as f32, y as f32);
                // The casts saturate, far beyond any picture.
                let across = (point.x * ONE as f32) as i64;
                let down = (point.y * ONE as f32) as i64;
                let (column, row) = (across.div_euclid(ONE), down.div_euclid(ONE));
                let u = across.rem_euclid(ONE) as u32;
                let v = down.rem_euclid(ONE) as u32;
                pixel.copy_from_slice(&self.blend(column, row, u, v));
            }
        }
    }

    /// Four neighbours weighted by the point's place between them; `u` and `v` in 0..[`ONE`].
    fn blend(&self, column: i64, row: i64, u: u32, v: u32) -> [u8; 3] {
        const WHOLE: u32 = ONE as u32;
        let weights = [
            (WHOLE - u) * (WHOLE - v),
            u * (WHOLE - v),
            (WHOLE - u) * v,
            u * v,
        ];
        let mix = |neighbours: [u8; 4]| {
            let sum: u32 = neighbours
                .iter()
                .zip(weights)
                .map(|(&n, w)| u32::from(n) * w)
                .sum();
            ((sum + WHOLE * WHOLE / 2) / (WHOLE * WHOLE)) as u8
        };
        let inside = column >= 0 && row >= 0;
        let (x, y) = (column as usize, row as usize);
        if inside && x + 1 < self.width && y + 1 < self.height {
            let at = 3 * (y * self.width + x);
            let below = at + 3 * self.width;
            let (upper, lower) = (&self.pixels[at..at + 6], &self.pixels[below..below + 6]);
            return std::array::from_fn(|c| mix([upper[c], upper[c + 3], lower[c], lower[c + 3]]));
        }
        std::array::from_fn(|c| {
            mix([
                self.or_black(column, row, c),
                self.or_black(column.saturating_add(1), row, c),
                self.or_black(column, row.saturating_add(1), c),
                self.or_black(column.saturating_add(1), row.saturating_add(1), c),
            ])
        })
    }

    fn or_black(&self, column: i64, row: i64, channel: usize) -> u8 {
        match (usize::try_from(column), usize::try_from(row)) {
            (Ok(x), Ok(y)) if x < self.width && y < self.height => {
                self.pixels[3 * (y * self.width + x) + channel]
            }
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The template's points scaled, turned and moved.
    fn moved(scale: f32, turn_deg: f32, x: f32, y: f32) -> [Point; 5] {
        let (sin, cos) = turn_deg.to_radians().sin_cos();
        TEMPLATE_POINTS.map(|p| Point {
            x: scale * (cos * p.x - sin * p.y) + x,
            y: scale * (sin * p.x + cos * p.y) + y,
        })
    }

    /// A smooth picture that tells where a pixel came from: red grows to the right, green down.
    fn ramp(width: usize, height: usize) -> Picture {
        let shade = |i: usize, n: usize| (i as f32 / n as f32 * 255.0) as u8;
        let pixels = (0..width * height)
            .flat_map(|i| [shade(i % width, width), shade(i / width, height), 77])
            .collect();
        Picture::from_rgb(width, height, pixels).unwrap()
    }

    #[test]
    fn a_face_on_the_template_is_copied_bit_for_bit() {
        let picture = ramp(CROP_SIDE, CROP_SIDE);
        assert_eq!(align(&picture, &TEMPLATE_POINTS).pixels(), picture.pixels());
    }

    #[test]
    fn the_crop_shows_what_lies_at_the_landmarks_at_every_scale_and_turn() {
        for (scale, turn_deg) in [
            (0.5, 0.0),
            (1.0, 30.0),
            (2.0, -75.0),
            (5.3, 10.0),
            (30.0, 180.0),
        ] {
            let (x, y) = (150.0 * scale, 160.0 * scale);
            let side = (400.0 * scale) as usize;
            let landmarks = moved(scale, turn_deg, x, y);
            let picture = ramp(side, side);
            let crop = align(&picture, &landmarks);
            for (template, landmark) in TEMPLATE_POINTS.iter().zip(landmarks) {
                let at =
                    3 * (template.y.round() as usize * CROP_SIDE + template.x.round() as usize);
                let expected = [landmark.x, landmark.y].map(|v| v / side as f32 * 255.0);
                for (got, expected) in crop.pixels()[at..at + 2].iter().zip(expected) {
                    assert!(
                        (f32::from(*got) - expected).abs() < 2.5,
                        "{scale} {turn_deg}"
                    );
                }
            }
        }
    }

    #[test]
    fn fine_stripes_of_a_large_face_become_grey_and_not_coarse_stripes() {
        let side = 112 * 7;
        let pixels = (0..side * side)
            .flat_map(|i| [if i % 2 == 0 { 255 } else { 0 }; 3])
            .collect();
        let picture = Picture::from_rgb(side, side, pixels).unwrap();
        let crop = align(&picture, &moved(6.7, 0.0, 3.0, 3.0));
        assert!(crop.pixels().iter().all(|v| (100..=155).contains(v)));
    }

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
        let mut means = Vec::new();
        push_means::<u16>(&picture, 0..1, 0..1, height, &mut means);
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
            let (mut means, mut wide) = (Vec::new(), Vec::new());
            push_means::<u16>(&picture, rows.clone(), columns.clone(), block, &mut means);
            push_means::<u32>(&picture, rows, columns, block, &mut wide);
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

    #[test]
    fn what_lies_outside_the_picture_is_black() {
        let white = Picture::from_rgb(56, 112, vec![255; 56 * 112 * 3]).unwrap();
        for scale in [1.0, 0.4, 3.0] {
            let crop = align(&white, &moved(scale, 0.0, 0.0, 0.0));
            let edge = (56.0 / scale) as usize;
            for (i, pixel) in crop.pixels().chunks_exact(3).enumerate() {
                let (x, y) = (i % CROP_SIDE, i / CROP_SIDE);
                if x > edge + 1 || y as f32 > 112.0 / scale + 1.0 {
                    assert_eq!(pixel, [0; 3], "{x}, {y} at {scale}");
                }
            }
            let inside = 3 * (4 * CROP_SIDE + 4);
            assert_eq!(crop.pixels()[inside], 255);
        }
        let far_away = align(&white, &moved(1.0, 0.0, 1e30, -1e30));
        assert!(far_away.pixels().iter().all(|&v| v == 0));
    }

    #[test]
    fn coinciding_landmarks_give_a_black_crop() {
        let crop = align(&ramp(50, 50), &[Point { x: 20.0, y: 20.0 }; 5]);
        assert!(crop.pixels().iter().all(|&v| v == 0));
        let crop = align(
            &ramp(50, 50),
            &[Point {
                x: f32::NAN,
                y: 20.0,
            }; 5],
        );
        assert!(crop.pixels().iter().all(|&v| v == 0));
    }

    #[test]
    fn debug_shows_no_pixel() {
        assert_eq!(
            format!("{:?}", align(&ramp(9, 9), &TEMPLATE_POINTS)),
            "Crop(112 x 112)"
        );
    }
}
