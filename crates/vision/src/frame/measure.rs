//! From the points of a mesh to what a person did.

use super::mesh::{Mesh, at};
use crate::{CROP_SIDE, Crop};

/// Rows and columns of the crop that are face whoever it is, without hair and background.
const INNER: std::ops::Range<usize> = CROP_SIDE / 4..CROP_SIDE * 3 / 4;

/// Which way a head looks, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pose {
    pub(super) yaw_deg: f32,
    pub(super) pitch_deg: f32,
    pub(super) roll_deg: f32,
}

/// Reads the angles off two axes of the mesh: from side to side, the mean of mirrored pairs, and from forehead to
/// chin.
pub(super) fn pose(mesh: &Mesh) -> Pose {
    let mut across = [0.0; 3];
    for [left, right] in at::PAIRS {
        let pair = minus(mesh.point(right), mesh.point(left));
        across = plus(across, pair);
    }
    let down = minus(mesh.point(at::CHIN), mesh.point(at::FOREHEAD));
    // x right, y down, z towards the camera: a left-handed frame, so that the face looks along down x across.
    let [x, y, z] = cross(down, across).map(|value| -value);
    Pose {
        yaw_deg: x.atan2(z).to_degrees(),
        pitch_deg: y.atan2(x.hypot(z)).to_degrees(),
        roll_deg: across[1].atan2(across[0]).to_degrees(),
    }
}

/// Width of the mouth over the distance of the eyes, along the face.
pub(super) fn mouth_width(mesh: &Mesh) -> f32 {
    let [left, right] = at::EYES.map(|eye| mesh.middle(&eye));
    let [left_corner, right_corner] = at::MOUTH_CORNERS.map(|corner| mesh.point(corner));
    ratio(
        length(minus(right_corner, left_corner)),
        length(minus(right, left)),
    )
}

/// Height of the opening of the mouth over its width.
pub(super) fn mouth_open(mesh: &Mesh) -> f32 {
    let [left, right] = at::MOUTH_CORNERS.map(|corner| mesh.point(corner));
    let opening = minus(mesh.point(at::LOWER_LIP), mesh.point(at::UPPER_LIP));
    ratio(length(opening), length(minus(right, left)))
}

/// Height of the opening of the eyes over their width, mean of both.
pub(super) fn eyes_open(mesh: &Mesh) -> f32 {
    let open = at::EYES.map(|[outer, inner, upper, lower]| {
        let height = length(minus(mesh.point(lower), mesh.point(upper)));
        ratio(height, length(minus(mesh.point(inner), mesh.point(outer))))
    });
    open.iter().sum::<f32>() / 2.0
}

/// Mean red, green and blue of the inner face.
pub(super) fn inner_color(crop: &Crop) -> [f32; 3] {
    let mut sums = [0_u32; 3];
    for row in crop
        .pixels()
        .chunks_exact(CROP_SIDE * 3)
        .take(INNER.end)
        .skip(INNER.start)
    {
        for pixel in row
            .as_chunks::<3>()
            .0
            .iter()
            .take(INNER.end)
            .skip(INNER.start)
        {
            for (sum, value) in sums.iter_mut().zip(pixel) {
                *sum += u32::from(*value);
            }
        }
    }
    let count = INNER.len() * INNER.len();
    sums.map(|sum| sum as f32 / count as f32)
}

/// A ratio that is a number also for a mesh that is a point.
fn ratio(part: f32, whole: f32) -> f32 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn plus(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|i| a[i] + b[i])
}

fn minus(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|i| a[i] - b[i])
}

fn cross(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn length(a: [f32; 3]) -> f32 {
    a.iter().map(|value| value * value).sum::<f32>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::mesh::tests::{Head, head};
    use crate::{Picture, TEMPLATE_POINTS, align};

    #[test]
    fn the_angles_of_a_turned_head_are_read_back() {
        for (yaw_deg, pitch_deg, roll_deg) in [
            (0.0, 0.0, 0.0),
            (30.0, 0.0, 0.0),
            (-40.0, 0.0, 0.0),
            (0.0, 20.0, 0.0),
            (0.0, 0.0, -25.0),
            (20.0, -10.0, 0.0),
        ] {
            let pose = pose(&head(&Head {
                yaw_deg,
                pitch_deg,
                roll_deg,
                ..Head::default()
            }));
            assert!((pose.yaw_deg - yaw_deg).abs() < 2.0, "{pose:?} {yaw_deg}");
            assert!(
                (pose.pitch_deg - pitch_deg).abs() < 2.0,
                "{pose:?} {pitch_deg}"
            );
            assert!(
                (pose.roll_deg - roll_deg).abs() < 5.0,
                "{pose:?} {roll_deg}"
            );
        }
    }

    #[test]
    fn turning_the_head_does_not_change_the_mouth_and_smiling_does() {
        let calm = mouth_width(&head(&Head::default()));
        for yaw_deg in [-30.0, 30.0] {
            let turned = mouth_width(&head(&Head {
                yaw_deg,
                ..Head::default()
            }));
            assert!((turned / calm - 1.0).abs() < 0.03, "{turned} {calm}");
        }
        let smiling = mouth_width(&head(&Head {
            smile: 1.2,
            ..Head::default()
        }));
        assert!((smiling / calm - 1.2).abs() < 0.01, "{smiling} {calm}");
    }

    #[test]
    fn the_color_is_the_one_of_the_inner_face() {
        let side = 112;
        let pixels = (0..side * side)
            .flat_map(|i| {
                let (x, y) = (i % side, i / side);
                let inside = INNER.contains(&x) && INNER.contains(&y);
                if inside { [200, 100, 50] } else { [0, 255, 0] }
            })
            .collect();
        let picture = Picture::from_rgb(side, side, pixels).unwrap();
        let color = inner_color(&align(&picture, &TEMPLATE_POINTS));
        assert!(
            (color[0] - 200.0).abs() + (color[1] - 100.0).abs() + (color[2] - 50.0).abs() < 0.1
        );
    }

    #[test]
    fn a_mesh_in_one_place_gives_numbers() {
        let mesh = Mesh::new(vec![[1.0; 3]; 468], 1.0).unwrap();
        assert_eq!(
            (mouth_width(&mesh), mouth_open(&mesh), eyes_open(&mesh)),
            (0.0, 0.0, 0.0)
        );
        let pose = pose(&mesh);
        assert!(
            pose.yaw_deg.is_finite() && pose.pitch_deg.is_finite() && pose.roll_deg.is_finite()
        );
    }
}
