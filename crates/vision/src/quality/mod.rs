//! Is this picture of a face good enough to compare?

mod pose;

use crate::align::{CROP_SIDE, Similarity};
use crate::{Crop, Face, Picture, Point, Rect};
use countenance_net::Size;
use std::fmt;

/// Measured properties of one face in one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Width of the face's area, in pixels of the picture.
    pub face_width_px: f32,
    /// Energy of the Laplacian over the variance of the luma, inside the aligned crop: 0 (flat)
    /// and up, the same for dim and bright light.
    pub sharpness: f32,
    /// Mean luma inside the aligned crop, in 0..=255.
    pub brightness: f32,
    /// Standard deviation of the luma inside the aligned crop, in 0..=127.5.
    pub contrast: f32,
    /// Turn to the side in degrees, positive towards image-right; an estimate from five points.
    pub yaw_deg: f32,
    /// Nod in degrees, positive downwards; an estimate from five points.
    pub pitch_deg: f32,
    /// Tilt in the picture plane in degrees, positive clockwise.
    pub roll_deg: f32,
    /// Share of the face, as its landmarks lay it out, that lies inside the picture, in 0..=1.
    pub visible_fraction: f32,
}

/// Where [`assess`] draws its lines.
///
/// The defaults refuse what no threshold could save and none of the 4992 development pictures
/// (LFW View 1), whose extremes stand with each limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QualityLimits {
    /// Smallest [`Quality::face_width_px`]; default 32, below which the crop is enlarged more
    /// than three times. Narrowest development face: 58.
    pub min_face_width_px: f32,
    /// Smallest [`Quality::sharpness`]; default 0.0056. Softest development face: 0.0058, the next 0.012, median
    /// 0.126.
    pub min_sharpness: f32,
    /// Smallest [`Quality::brightness`]; default 30. Darkest development face: 43.
    pub min_brightness: f32,
    /// Largest [`Quality::brightness`]; default 225. Brightest development face: 208.
    pub max_brightness: f32,
    /// Largest absolute [`Quality::yaw_deg`]; default 70. Most turned development face: 68, and
    /// 99 of 100 are below 34.
    pub max_yaw_deg: f32,
    /// Largest absolute [`Quality::pitch_deg`]; default 35. Farthest development face: 14.
    pub max_pitch_deg: f32,
    /// Smallest [`Quality::visible_fraction`]; default 0.9. Every development face is whole.
    pub min_visible_fraction: f32,
}

impl Default for QualityLimits {
    fn default() -> Self {
        Self {
            min_face_width_px: 32.0,
            min_sharpness: 0.0056,
            min_brightness: 30.0,
            max_brightness: 225.0,
            max_yaw_deg: 70.0,
            max_pitch_deg: 35.0,
            min_visible_fraction: 0.9,
        }
    }
}

/// Why a picture should be taken again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum QualityCause {
    /// No face was found.
    NoFace,
    /// Several faces, none clearly the main one.
    SeveralFaces,
    /// The face has too few pixels.
    TooSmall,
    /// The face is out of focus or moved.
    TooBlurred,
    /// The face is underexposed.
    TooDark,
    /// The face is overexposed.
    TooBright,
    /// The face looks away.
    TurnedTooFar,
    /// The face reaches beyond the picture.
    CutOffByEdge,
}

impl QualityCause {
    /// Every cause, in the order in which they are reported.
    pub const ALL: [Self; 8] = [
        Self::NoFace,
        Self::SeveralFaces,
        Self::TooSmall,
        Self::TooBlurred,
        Self::TooDark,
        Self::TooBright,
        Self::TurnedTooFar,
        Self::CutOffByEdge,
    ];

    /// A stable name for machines.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoFace => "no_face",
            Self::SeveralFaces => "several_faces",
            Self::TooSmall => "too_small",
            Self::TooBlurred => "too_blurred",
            Self::TooDark => "too_dark",
            Self::TooBright => "too_bright",
            Self::TurnedTooFar => "turned_too_far",
            Self::CutOffByEdge => "cut_off_by_edge",
        }
    }

    /// What the person in front of the camera can do, as one sentence.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::NoFace => "Look into the camera so that the whole face is in the picture.",
            Self::SeveralFaces => "Be alone in the picture.",
            Self::TooSmall => "Come closer to the camera.",
            Self::TooBlurred => "Hold still and wait until the camera is in focus.",
            Self::TooDark => "Find more light, from the front.",
            Self::TooBright => "Find less light, or turn away from the lamp or the sun.",
            Self::TurnedTooFar => "Look straight into the camera.",
            Self::CutOffByEdge => "Move so that the whole face is in the picture.",
        }
    }
}

impl fmt::Display for QualityCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A face with less than this share of the largest face's pixels is background.
const BACKGROUND_SHARE: f32 = 0.25;

/// Picks the main face.
///
/// 1. Faces with less than a quarter of the largest one's pixels are background.
/// 2. If one face is left, it is the main one.
/// 3. If exactly one of those left covers the centre of the picture, it is the main one; if
///    several do, the one that covers it with its inner half.
/// 4. Otherwise nobody is the main face.
///
/// # Errors
/// [`QualityCause::NoFace`] or [`QualityCause::SeveralFaces`], which are outcomes to report.
pub fn choose_face(faces: &[Face], picture: Size) -> Result<&Face, QualityCause> {
    let largest = faces
        .iter()
        .map(|face| face.area.pixels())
        .fold(0.0, f32::max);
    let center = frame(picture).center();
    let in_front = || {
        faces
            .iter()
            .filter(|f| f.area.pixels() >= BACKGROUND_SHARE * largest)
    };
    let central =
        |area: fn(Rect) -> Rect| only(in_front().filter(|f| area(f.area).contains(center)));
    only(in_front())
        .or_else(|| central(|area| area))
        .or_else(|| central(inner_half))
        .ok_or(if faces.is_empty() {
            QualityCause::NoFace
        } else {
            QualityCause::SeveralFaces
        })
}

/// The area of half the sides around the same centre.
fn inner_half(area: Rect) -> Rect {
    Rect {
        x: area.x + area.width / 4.0,
        y: area.y + area.height / 4.0,
        width: area.width / 2.0,
        height: area.height / 2.0,
    }
}

/// The one element, if there is exactly one.
fn only<T>(mut elements: impl Iterator<Item = T>) -> Option<T> {
    let first = elements.next();
    if elements.next().is_some() {
        None
    } else {
        first
    }
}

/// The whole picture as an area.
fn frame(picture: Size) -> Rect {
    Rect {
        x: -0.5,
        y: -0.5,
        width: picture.width as f32,
        height: picture.height as f32,
    }
}

/// The part of a crop that is skin, eyes, nose and mouth in every aligned face: first column,
/// first row, columns, rows.
const INNER: (usize, usize, usize, usize) = (26, 36, 60, 66);

/// Measures a face in a picture and in its aligned crop.
#[must_use]
pub fn measure(picture: &Picture, face: &Face, crop: &Crop) -> Quality {
    let pose = pose::estimate(&face.landmarks);
    let light = Light::of(crop);
    Quality {
        face_width_px: face.area.width,
        sharpness: light.sharpness,
        brightness: light.mean,
        contrast: light.deviation,
        yaw_deg: pose.yaw_deg,
        pitch_deg: pose.pitch_deg,
        roll_deg: pose.roll_deg,
        visible_fraction: visible_fraction(picture, &face.landmarks),
    }
}

/// Where a face lies in crop coordinates, from temple to temple and from brow to chin: the
/// detector's own areas end at the picture's edge where they should not.
const FACE: Rect = Rect {
    x: 16.0,
    y: 30.0,
    width: 80.0,
    height: 82.0,
};

/// How much of [`FACE`] lies inside the picture, by a grid of points.
fn visible_fraction(picture: &Picture, landmarks: &[Point; 5]) -> f32 {
    const GRID: usize = 20;
    let Some(map) = Similarity::to_picture(landmarks) else {
        return 0.0;
    };
    let frame = frame(picture.size());
    let step = |i: usize, length: f32| (i as f32 + 0.5) / GRID as f32 * length;
    let inside = (0..GRID * GRID)
        .filter(|i| {
            let x = FACE.x + step(i % GRID, FACE.width);
            let y = FACE.y + step(i / GRID, FACE.height);
            frame.contains(map.apply(x, y))
        })
        .count();
    inside as f32 / (GRID * GRID) as f32
}

/// Luma statistics of the inner part of a crop.
struct Light {
    mean: f32,
    deviation: f32,
    sharpness: f32,
}

impl Light {
    fn of(crop: &Crop) -> Self {
        let (left, top, columns, rows) = INNER;
        let luma: Vec<i32> = crop.pixels().chunks_exact(3).map(luma).collect();
        let (mut sum, mut squares, mut edges) = (0i64, 0i64, 0i64);
        for y in top..top + rows {
            for x in left..left + columns {
                let at = y * CROP_SIDE + x;
                let here = luma[at];
                let around =
                    luma[at - 1] + luma[at + 1] + luma[at - CROP_SIDE] + luma[at + CROP_SIDE];
                let edge = i64::from(around - 4 * here);
                sum += i64::from(here);
                squares += i64::from(here * here);
                edges += edge * edge;
            }
        }
        let count = (columns * rows) as f64;
        let mean = sum as f64 / count;
        let variance = squares as f64 / count - mean * mean;
        let edges = edges as f64 / count;
        Self {
            mean: mean as f32,
            deviation: variance.max(0.0).sqrt() as f32,
            // A black or one-coloured crop has no edges at all.
            sharpness: if variance > 1.0 {
                (edges / variance) as f32
            } else {
                0.0
            },
        }
    }
}

/// Luma of an R, G, B pixel (ITU-R BT.601), in 0..=255.
fn luma(pixel: &[u8]) -> i32 {
    (77 * i32::from(pixel[0]) + 150 * i32::from(pixel[1]) + 29 * i32::from(pixel[2])) >> 8
}

/// Names everything that is wrong with a face, in the order of [`QualityCause::ALL`].
#[must_use]
pub fn assess(quality: &Quality, limits: &QualityLimits) -> Vec<QualityCause> {
    let causes = [
        (
            quality.face_width_px < limits.min_face_width_px,
            QualityCause::TooSmall,
        ),
        (
            quality.sharpness < limits.min_sharpness,
            QualityCause::TooBlurred,
        ),
        (
            quality.brightness < limits.min_brightness,
            QualityCause::TooDark,
        ),
        (
            quality.brightness > limits.max_brightness,
            QualityCause::TooBright,
        ),
        (
            quality.yaw_deg.abs() > limits.max_yaw_deg
                || quality.pitch_deg.abs() > limits.max_pitch_deg,
            QualityCause::TurnedTooFar,
        ),
        (
            quality.visible_fraction < limits.min_visible_fraction,
            QualityCause::CutOffByEdge,
        ),
    ];
    causes
        .into_iter()
        .filter_map(|(wrong, cause)| wrong.then_some(cause))
        .collect()
}
