//! Five landmarks to the upright 112 x 112 crop that the embedding network was trained on.

use crate::picture::wipe;
use crate::{Picture, Point};
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
/// Where the picture has more pixels than the crop, each crop pixel is the mean of up to 8 x 8
/// samples, so that fine detail does not alias. Crop pixels outside the picture are black. So is
/// the whole crop when the landmarks coincide, which no detector gives.
#[must_use]
pub fn align(picture: &Picture, landmarks: &[Point; 5]) -> Crop {
    let mut pixels = vec![0; CROP_SIDE * CROP_SIDE * 3].into_boxed_slice();
    if let Some(map) = Similarity::to_picture(landmarks) {
        let samples = (map.step().round() as usize).clamp(1, MAX_SAMPLES);
        let sampler = Sampler::new(picture);
        for (y, row) in pixels.chunks_exact_mut(3 * CROP_SIDE).enumerate() {
            for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
                pixel.copy_from_slice(&mean(&sampler, &map, x as f32, y as f32, samples));
            }
        }
    }
    Crop { pixels }
}

/// Most samples along one axis of a crop pixel.
const MAX_SAMPLES: usize = 8;

/// The mean of `samples` x `samples` points spread evenly over one crop pixel.
fn mean(sampler: &Sampler<'_>, map: &Similarity, x: f32, y: f32, samples: usize) -> [u8; 3] {
    if samples == 1 {
        return sampler.at(map.apply(x, y)).map(|v| (v + 0.5) as u8);
    }
    let count = samples as f32;
    let offset = |i: usize| (i as f32 + 0.5) / count - 0.5;
    let mut sum = [0.0; 3];
    for j in 0..samples {
        for i in 0..samples {
            let sample = sampler.at(map.apply(x + offset(i), y + offset(j)));
            for (sum, sample) in sum.iter_mut().zip(sample) {
                *sum += sample;
            }
        }
    }
    sum.map(|v| (v / (count * count) + 0.5) as u8)
}

/// From crop coordinates to picture coordinates: `[a b; -b a] crop + offset`.
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

    /// Picture pixels per crop pixel.
    fn step(&self) -> f32 {
        self.a.hypot(self.b)
    }
}

/// Bilinear samples of a picture with black around it.
struct Sampler<'p> {
    pixels: &'p [u8],
    width: isize,
    height: isize,
}

impl<'p> Sampler<'p> {
    fn new(picture: &'p Picture) -> Self {
        Self {
            pixels: picture.pixels(),
            width: picture.width() as isize,
            height: picture.height() as isize,
        }
    }

    /// R, G, B in 0..=255 at a point.
    fn at(&self, point: Point) -> [f32; 3] {
        let (left, top) = (point.x.floor(), point.y.floor());
        let (u, v) = (point.x - left, point.y - top);
        // The casts saturate, far beyond any picture.
        let (x, y) = (left as isize, top as isize);
        if x >= 0 && y >= 0 && x + 1 < self.width && y + 1 < self.height {
            let at = 3 * (y * self.width + x) as usize;
            let below = at + 3 * self.width as usize;
            let (upper, lower) = (&self.pixels[at..at + 6], &self.pixels[below..below + 6]);
            return std::array::from_fn(|c| {
                blend(upper[c], upper[c + 3], lower[c], lower[c + 3], u, v)
            });
        }
        let (n, e) = (y, x.saturating_add(1));
        let s = y.saturating_add(1);
        std::array::from_fn(|c| {
            blend(
                self.or_black(x, n, c),
                self.or_black(e, n, c),
                self.or_black(x, s, c),
                self.or_black(e, s, c),
                u,
                v,
            )
        })
    }

    fn or_black(&self, x: isize, y: isize, channel: usize) -> u8 {
        if x < 0 || y < 0 || x >= self.width || y >= self.height {
            return 0;
        }
        self.pixels[3 * (y * self.width + x) as usize + channel]
    }
}

/// Four neighbours weighted by the point's place between them.
fn blend(nw: u8, ne: u8, sw: u8, se: u8, u: f32, v: f32) -> f32 {
    let (nw, ne, sw, se) = (f32::from(nw), f32::from(ne), f32::from(sw), f32::from(se));
    let upper = nw + (ne - nw) * u;
    let lower = sw + (se - sw) * u;
    upper + (lower - upper) * v
}
