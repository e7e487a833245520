//! Which faces are in this picture?

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A picture, as JSON.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DetectRequest {
    /// JPEG, PNG or WebP, in base64.
    #[schema(content_encoding = "base64")]
    pub picture: String,
}

/// The same as multipart/form-data.
#[derive(ToSchema)]
pub struct DetectForm {
    /// JPEG, PNG or WebP.
    #[schema(value_type = String, format = Binary)]
    pub picture: Vec<u8>,
}

/// The faces of a picture. Nothing of it is kept.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct DetectAnswer {
    /// Columns of the upright picture.
    pub width: usize,
    /// Rows of the upright picture.
    pub height: usize,
    /// The faces, the surest first.
    pub faces: Vec<Face>,
}

/// One face.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Face {
    /// Where it is.
    pub area: Area,
    /// Image-left eye, image-right eye, nose tip, image-left and image-right mouth corner, each x and y in pixels of
    /// the upright picture.
    pub landmarks: [[f64; 2]; 5],
    /// Measured on the face.
    pub quality: Quality,
    /// What speaks against making a template of it, such as `too_small`; empty when nothing does.
    pub causes: Vec<String>,
}

/// A rectangle in pixels of the upright picture, from its top left; may reach beyond the picture.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Area {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Columns.
    pub width: f64,
    /// Rows.
    pub height: f64,
}

/// Measured properties of one face in one picture.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Quality {
    /// Width of the face in pixels.
    pub face_width_px: f64,
    /// 0 (flat) and up, the same for dim and bright light.
    pub sharpness: f64,
    /// Mean luma, 0 to 255.
    pub brightness: f64,
    /// Standard deviation of the luma, 0 to 127.5.
    pub contrast: f64,
    /// Turn to the side in degrees, positive towards image-right.
    pub yaw_deg: f64,
    /// Nod in degrees, positive downwards.
    pub pitch_deg: f64,
    /// Tilt in degrees, positive clockwise.
    pub roll_deg: f64,
    /// Share of the face that lies inside the picture, 0 to 1.
    pub visible_fraction: f64,
}
