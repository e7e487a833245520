//! Five landmarks to the upright 112 x 112 crop that the embedding network was trained on.

mod average;

use crate::picture::wipe;
use crate::{Picture, Point};
use average::Part;
use countenance_net::{Along, Isa, RgbSamples};
use std::fmt;

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
        sample(&part.pixels, part.width, &part.map, side, crop);
    } else {
        sample(picture.pixels(), picture.width(), map, side, crop);
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

/// Fills a crop with bilinear samples of pixels of so many columns, black around them.
fn sample(pixels: &[u8], width: usize, map: &Similarity, side: usize, crop: &mut [u8]) {
    // Every level gives the same bytes, so nobody has to choose one.
    let Some(samples) = RgbSamples::new(Isa::detect()) else {
        return;
    };
    for (y, row) in crop.chunks_exact_mut(3 * side).enumerate() {
        let y = y as f32;
        let across = Along {
            slope: map.a,
            start: map.b * y,
            offset: map.offset.x,
        };
        let down = Along {
            slope: -map.b,
            start: map.a * y,
            offset: map.offset.y,
        };
        samples.run(pixels, width, across, down, row.as_chunks_mut().0);
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
