//! What one frame shows of a face, as numbers.

use countenance_vision::{FaceCues, FaceView, Mesh, QualityCause, Rect, Size};
use std::fmt;

/// What one frame shows of a face. It is all that judging sees; of the picture a small gray one of the face is left.
#[derive(Clone, PartialEq)]
pub struct FrameCues {
    /// Where the face is, in pixels.
    pub area: Rect,
    /// The picture.
    pub picture: Size,
    /// Turn to the side in degrees, positive towards image-right: the person's own left.
    pub yaw_deg: f32,
    /// Nod in degrees, positive downwards, as the mesh lies: good for saying how far somebody nodded since, not for where they look.
    pub nod_deg: f32,
    /// Nod in degrees, positive downwards, as five points of the face have it.
    pub pitch_deg: f32,
    /// Distance of the corners of the mouth over the distance of the eyes, along the face. The detector's own corners hardly move
    /// when somebody smiles; these are the mesh's.
    pub mouth_width: f32,
    /// Points all over the face.
    pub mesh: Mesh,
    /// The face in gray.
    pub view: FaceView,
    /// Whether the detector looked, and did not only follow the face of the frame before.
    pub detected: bool,
    /// Mean red, green and blue of the inner face, in 0..=255.
    pub color: [f32; 3],
    /// What speaks against the frame as a picture of a face.
    pub cause: Option<QualityCause>,
}

impl fmt::Debug for FrameCues {
    /// Points and measures are biometric characteristics and are not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameCues")
            .field("area", &self.area)
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

impl FrameCues {
    pub(crate) fn of(seen: FaceCues, cause: Option<QualityCause>) -> Self {
        Self {
            area: seen.area,
            picture: seen.picture,
            yaw_deg: seen.yaw_deg,
            // Looking straight is asked of the face as the detector has it: the mesh sees more nod in people who look into
            // the camera than they know of.
            pitch_deg: seen.quality.pitch_deg,
            nod_deg: seen.pitch_deg,
            mouth_width: seen.mouth_width,
            mesh: seen.mesh,
            view: seen.view,
            detected: seen.detected,
            color: seen.color,
            cause,
        }
    }
}
