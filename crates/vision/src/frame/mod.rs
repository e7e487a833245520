//! What one frame of a camera shows of a face, as numbers: what a challenge is judged by.

mod homography;
mod measure;
mod mesh;
mod parallax;
mod passive;
mod relief;

use crate::{
    Crop, DetectError, Detector, Face, Picture, Point, Quality, QualityCause, Rect, Search, align,
    choose_face,
};
use countenance_net::Size;
use mesh::Region;
use std::fmt;
use thiserror::Error;

pub use mesh::{Mesh, MeshError, MeshFinder};
pub use parallax::{FaceView, parallax};
pub use passive::PassiveJudge;
pub use relief::{relief, widening};

/// What one frame shows of one face. Of the picture itself a small gray one of the face is in it.
///
/// Image-left is the subject's right. Angles are positive as in [`Quality`].
#[derive(Clone, PartialEq)]
pub struct FaceCues {
    /// Columns and rows of the frame.
    pub picture: Size,
    /// The face from chin to forehead and from side to side, as the mesh lies, in pixels.
    pub area: Rect,
    /// Image-left eye, image-right eye, nose tip, image-left and image-right mouth corner, in
    /// pixels: the detector's where it looked, else the mesh's.
    pub points: [Point; 5],
    /// Whether the detector looked. Only such a frame shows that there is one face, and only its
    /// crop lies as precisely as an embedding wants it.
    pub detected: bool,
    /// Points all over the face.
    pub mesh: Mesh,
    /// The face in gray, for [`parallax`].
    pub view: FaceView,
    /// Turn to the side in degrees, positive towards image-right.
    pub yaw_deg: f32,
    /// Nod in degrees, positive downwards.
    pub pitch_deg: f32,
    /// Tilt in the picture plane in degrees, positive clockwise.
    pub roll_deg: f32,
    /// From one corner of the mouth to the other over the distance of the eyes, along the face and not
    /// in the picture: turning the head changes it little.
    pub mouth_width: f32,
    /// Height of the opening between the lips over the width of the mouth; 0 when it is closed.
    pub mouth_open: f32,
    /// Height of the opening between the lids over the width of the eye, mean of both eyes. Weak: glasses and
    /// few pixels hide it.
    pub eyes_open: f32,
    /// Mean red, green and blue of the inner face, in 0..=255: cheeks, nose and mouth.
    pub color: [f32; 3],
    /// Light, sharpness and size, as for a photo; its angles are those of the five points.
    pub quality: Quality,
}

impl fmt::Debug for FaceCues {
    /// Points and measures are biometric characteristics and are not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaceCues")
            .field("picture", &self.picture)
            .field("area", &self.area)
            .field("detected", &self.detected)
            .finish_non_exhaustive()
    }
}

/// A face in a frame: its cues, and its crop for an embedding.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The numbers.
    pub cues: FaceCues,
    /// The face aligned by [`FaceCues::points`].
    pub crop: Crop,
}

/// A frame could not be looked at.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ObserveError {
    /// Faces could not be looked for.
    #[error(transparent)]
    Detect(#[from] DetectError),
    /// The mesh could not be laid.
    #[error(transparent)]
    Mesh(#[from] MeshError),
}

/// Where the face of the frame before lay.
#[derive(Clone, Copy)]
pub struct Before<'a> {
    /// Columns and rows of that frame.
    pub size: Size,
    /// The mesh in it.
    pub mesh: &'a Mesh,
    /// Whether the detector looks only if the face is no longer there: much faster, but a second face in the frame goes
    /// unnoticed, and the crop follows the mesh.
    pub detector_rests: bool,
}

impl fmt::Debug for Before<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Before")
            .field("size", &self.size)
            .field("detector_rests", &self.detector_rests)
            .finish_non_exhaustive()
    }
}

/// A face that the detector found covers at least so much of the mesh before, as intersection over union, where it is the same.
const SAME_FACE: f32 = 0.3;

/// How often a mesh is laid anew around itself where none was before. What it measures depends on how it lies in its square: with the detector's
/// square, mouths are up to 8 % wider or narrower than with that of the frame before, and three times laid they are as wide within 3 %.
const SETTLE: usize = 2;

/// Looks at one frame.
///
/// With a frame `before` of the same size the mesh is laid where that one lay; else, and where the detector finds the face elsewhere,
/// around what the detector found.
///
/// The inner result is the outcome: a face, or why there is none.
///
/// # Errors
/// [`ObserveError`] when a network cannot be planned or run.
pub fn observe(
    picture: &Picture,
    detector: &mut Detector,
    meshes: &mut MeshFinder,
    before: Option<Before<'_>>,
) -> Result<Result<Observation, QualityCause>, ObserveError> {
    let before = before.filter(|before| before.size == picture.size());
    if let Some(before) = before
        && before.detector_rests
        && let Some(mesh) = meshes.find(picture, &Region::around_mesh(before.mesh))?
    {
        let face = Face {
            area: mesh.area(),
            landmarks: mesh.five_points(),
            score: mesh.presence(),
        };
        return Ok(Ok(of_face(picture, &face, mesh, false)));
    }
    let faces = detector.detect(picture, Search::Main)?;
    let face = match choose_face(&faces, picture.size()) {
        Ok(face) => face,
        Err(cause) => return Ok(Err(cause)),
    };
    Ok(match lay(picture, face, meshes, before)? {
        Some(mesh) => Ok(of_face(picture, face, mesh, true)),
        // The detector takes more for a face than the mesh does: drawings, masks, the back of a head.
        None => Err(QualityCause::NoFace),
    })
}

/// Lays a mesh over a face that the detector found.
fn lay(
    picture: &Picture,
    face: &Face,
    meshes: &mut MeshFinder,
    before: Option<Before<'_>>,
) -> Result<Option<Mesh>, MeshError> {
    let same = before.filter(|before| before.mesh.area().overlap(face.area) >= SAME_FACE);
    if let Some(before) = same
        && let Some(mesh) = meshes.find(picture, &Region::around_mesh(before.mesh))?
    {
        return Ok(Some(mesh));
    }
    let mut mesh = meshes.find(picture, &Region::around_face(face))?;
    for _ in 0..SETTLE {
        let Some(rough) = &mesh else { break };
        mesh = meshes.find(picture, &Region::around_mesh(rough))?;
    }
    Ok(mesh)
}

fn of_face(picture: &Picture, face: &Face, mesh: Mesh, detected: bool) -> Observation {
    let crop = align(picture, &face.landmarks);
    let quality = crate::measure(picture, face, &crop);
    let pose = measure::pose(&mesh);
    let cues = FaceCues {
        picture: picture.size(),
        area: mesh.area(),
        points: face.landmarks,
        detected,
        yaw_deg: pose.yaw_deg,
        pitch_deg: pose.pitch_deg,
        roll_deg: pose.roll_deg,
        mouth_width: measure::mouth_width(&mesh),
        mouth_open: measure::mouth_open(&mesh),
        eyes_open: measure::eyes_open(&mesh),
        color: measure::inner_color(&crop),
        quality,
        mesh,
        view: FaceView::new(&crop, &face.landmarks),
    };
    Observation { cues, crop }
}

#[cfg(test)]
mod tests {
    use super::mesh::tests::{Head, Says, head};
    use super::*;

    fn gray() -> Picture {
        Picture::from_rgb(640, 480, vec![90; 640 * 480 * 3]).unwrap()
    }

    /// A detector that must not be asked.
    fn no_detector() -> Detector {
        Detector::new(|_| Err("the detector was asked"))
    }

    fn meshes(presence: f32) -> MeshFinder {
        let points =
            (0..468).flat_map(|i| [60.0 + (i % 7) as f32 * 10.0, 40.0 + (i / 7) as f32, 0.0]);
        MeshFinder::new(Box::new(Says {
            points: points.collect(),
            presence: vec![presence],
        }))
    }

    fn before() -> FaceCues {
        let mesh = head(&Head::default());
        let face = Face {
            area: mesh.area(),
            landmarks: mesh.five_points(),
            score: 1.0,
        };
        of_face(&gray(), &face, mesh, true).cues
    }

    #[test]
    fn a_face_that_is_still_there_is_followed_without_the_detector() {
        let seen = observe(
            &gray(),
            &mut no_detector(),
            &mut meshes(0.9),
            Some(Before {
                size: gray().size(),
                mesh: &before().mesh,
                detector_rests: true,
            }),
        );
        let cues = seen.unwrap().unwrap().cues;
        assert!(!cues.detected);
        assert!(cues.area.overlap(before().area) > 0.1, "{:?}", cues.area);
    }

    #[test]
    fn the_detector_looks_first_and_when_it_is_told_to_and_when_the_face_is_lost_and_when_the_frame_has_another_size()
     {
        let before = before();
        let smaller = Picture::from_rgb(320, 240, vec![90; 320 * 240 * 3]).unwrap();
        let before = |detector_rests| {
            Some(Before {
                size: before.picture,
                mesh: &before.mesh,
                detector_rests,
            })
        };
        for (picture, presence, before) in [
            (&gray(), 0.9, None),
            (&gray(), 0.1, before(true)),
            (&gray(), 0.9, before(false)),
            (&smaller, 0.9, before(true)),
        ] {
            let seen = observe(picture, &mut no_detector(), &mut meshes(presence), before);
            let error = seen.unwrap_err();
            assert!(matches!(error, ObserveError::Detect(_)), "{error}");
        }
    }

    #[test]
    fn debug_shows_no_point_and_no_measure() {
        let shown = format!("{:?}", before());
        assert!(
            shown.contains("area") && !shown.contains("mouth") && !shown.contains("points"),
            "{shown}"
        );
    }
}
