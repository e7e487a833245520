//! Whether a face that turned is a head or a plane.
//!
//! Two views of a plane are joined by one homography; two views of a head are not: what stands out moves more.
//! The homography that fits all the bony points best leaves almost nothing over for a plane, and the depth of the face times
//! the sine of the turn for a head.

use super::homography::Homography;
use super::mesh::Mesh;

/// Points that bone holds still under them: forehead, temples, brows, corners of the eyes, nose, cheeks. Lips, lids
/// and jaw move by themselves.
const BONY: [usize; 28] = [
    10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 2, 98, 327, 33, 133, 362, 263, 54, 284, 127, 356,
    234, 454, 50, 280, 70, 300,
];

/// How much of the movement between two views of a face no plane can explain: the root mean square, over the bony
/// points, of what the best homography leaves over, as a share of the height from the forehead to below the nose.
///
/// 0 for a plane but for the network's own noise. How far heads and flat pictures lie apart is in `docs/accuracy.md`. `None` where
/// the points make no view of a face.
#[must_use]
pub fn relief(before: &Mesh, after: &Mesh) -> Option<f32> {
    let from = Normalized::of(before)?;
    let to = Normalized::of(after)?;
    let plane = Homography::fit(&from.points, &to.points)?;
    let mut squares = 0.0;
    for (from, to) in from.points.iter().zip(&to.points) {
        let [x, y] = plane.apply(*from)?;
        squares += (x - to[0]).powi(2) + (y - to[1]).powi(2);
    }
    let relief = (squares / BONY.len() as f64).sqrt() as f32;
    relief.is_finite().then_some(relief)
}

/// How much wider for its height the bony face has become from one view to another: 0 as wide as before, 0.1 a tenth wider.
///
/// Somebody who turns to the side gets narrower, and who smiles or nods a little stays as they were; a picture that is tipped
/// back by 45° is wider by two fifths, and its mouth with it. The affine map that fits the bony points best (least squares) says it, along the
/// face's own height and across. `None` where the points make no view of a face.
#[must_use]
pub fn widening(before: &Mesh, after: &Mesh) -> Option<f32> {
    let from = Normalized::of(before)?.points;
    let to = Normalized::of(after)?.points;
    // Both lie about their means: to = map from.
    let (mut square, mut product) = ([[0.0; 2]; 2], [[0.0; 2]; 2]);
    for (from, to) in from.iter().zip(&to) {
        for i in 0..2 {
            for j in 0..2 {
                square[i][j] += from[i] * from[j];
                product[i][j] += to[i] * from[j];
            }
        }
    }
    let [[a, b], [c, d]] = square;
    let inverse = [[d, -b], [-c, a]];
    // The determinant scales both directions alike.
    let map = product.map(|row| [0, 1].map(|j| row[0] * inverse[0][j] + row[1] * inverse[1][j]));
    let (top, bottom) = (before.point(10), before.point(2));
    let down = [bottom[0] - top[0], bottom[1] - top[1]].map(f64::from);
    let long = |[x, y]: [f64; 2]| {
        let [u, v] = map.map(|row| row[0] * x + row[1] * y);
        u.hypot(v)
    };
    let widening = (long([-down[1], down[0]]) / long(down) - 1.0) as f32;
    widening.is_finite().then_some(widening)
}

/// The bony points about their mean, in units of their spread from top to bottom, which a turn to the side does not
/// shorten.
struct Normalized {
    points: [[f64; 2]; BONY.len()],
}

impl Normalized {
    fn of(mesh: &Mesh) -> Option<Self> {
        let raw = BONY.map(|number| {
            let [x, y, _] = mesh.point(number);
            [f64::from(x), f64::from(y)]
        });
        let count = raw.len() as f64;
        let mean = [0, 1].map(|axis| raw.iter().map(|point| point[axis]).sum::<f64>() / count);
        // From the middle of the forehead to below the nose.
        let (top, bottom) = (mesh.point(10), mesh.point(2));
        let height = f64::from(bottom[0] - top[0]).hypot(f64::from(bottom[1] - top[1]));
        (height > 0.0).then(|| Self {
            points: raw.map(|[x, y]| [(x - mean[0]) / height, (y - mean[1]) / height]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::mesh::tests::{Head, head};

    #[test]
    fn a_head_has_relief_and_a_plane_has_none_however_it_is_turned() {
        let depth = |share: f32| Head {
            depth: share,
            ..Head::default()
        };
        for yaw_deg in [-35.0, -25.0, -16.0, 16.0, 25.0, 35.0] {
            let turned = |share: f32, pitch_deg: f32| {
                head(&Head {
                    yaw_deg,
                    pitch_deg,
                    roll_deg: 7.0,
                    ..depth(share)
                })
            };
            let of_head = relief(&head(&depth(1.0)), &turned(1.0, 0.0)).unwrap();
            assert!(of_head > 0.02, "{yaw_deg}: {of_head}");
            for pitch_deg in [-20.0, 0.0, 20.0] {
                let flat = relief(&head(&depth(0.0)), &turned(0.0, pitch_deg)).unwrap();
                assert!(flat < 1e-3, "{yaw_deg} {pitch_deg}: {flat}");
            }
        }
    }

    #[test]
    fn a_face_that_only_moves_in_its_picture_has_no_relief() {
        let here = head(&Head::default());
        let there = head(&Head {
            roll_deg: 30.0,
            scale: 1.7,
            ..Head::default()
        });
        assert!(relief(&here, &there).unwrap() < 1e-3);
    }

    #[test]
    fn a_plane_that_is_tipped_gets_wider_and_a_face_that_turns_or_tilts_does_not() {
        let held = |yaw_deg: f32, pitch_deg: f32, roll_deg: f32, depth: f32| {
            head(&Head {
                yaw_deg,
                pitch_deg,
                roll_deg,
                depth,
                ..Head::default()
            })
        };
        for roll_deg in [-20.0, 0.0, 20.0] {
            let straight = |depth| held(0.0, 0.0, roll_deg, depth);
            for pitch_deg in [-45.0, 45.0] {
                let tipped = held(0.0, pitch_deg, 0.0, 0.0);
                let wider = widening(&straight(0.0), &tipped).unwrap();
                assert!(wider > 0.2, "{pitch_deg}: {wider}");
            }
            for (yaw_deg, pitch_deg) in [(0.0, 0.0), (0.0, 5.0), (25.0, 0.0), (-25.0, 0.0)] {
                let moved = held(yaw_deg, pitch_deg, 0.0, 1.0);
                let wider = widening(&straight(1.0), &moved).unwrap();
                assert!(wider < 0.06, "{yaw_deg} {pitch_deg}: {wider}");
            }
        }
    }

    #[test]
    fn points_in_one_place_are_no_view_of_a_face() {
        let here = head(&Head::default());
        let nowhere = Mesh::new(vec![[5.0; 3]; 468], 1.0).unwrap();
        assert_eq!(relief(&here, &nowhere), None);
        assert_eq!(relief(&nowhere, &here), None);
        assert_eq!(widening(&here, &nowhere), None);
        assert_eq!(widening(&nowhere, &here), None);
    }
}
