//! Which way a head looks, estimated from five landmarks.
//!
//! A mean head's five points are laid through the five landmarks by a scaled orthographic camera
//! (the first step of POSIT: DeMenthon and Davis, IJCV 15, 1995): least squares for the two upper
//! rows of `scale * rotation`, which are then made orthonormal and read as angles.
//!
//! Limits: five points and one head for everyone. Roll is good to a few degrees, yaw to some 10
//! within 45 either way, pitch to some 15; beyond 60 degrees the detector itself guesses the
//! hidden eye. They say "turned too far", not where somebody looks.

use crate::Point;
use crate::align::TEMPLATE_POINTS;

/// Towards the camera from the plane of the eyes, in pixels of the alignment template (35.2 pixels
/// from eye to eye): the nose tip stands out by 0.6 eye distances, the mouth corners by 0.1, mean
/// adult proportions.
const DEPTHS: [f64; 5] = [0.0, 0.0, 21.0, 3.5, 3.5];

/// The detector sees the nose tip of a face that looks straight ahead this much lower than the
/// template has it: the median over the development pictures (8.5 degrees of nod without it).
const NOSE_DROP: f64 = 3.1;

/// The mean head: pixels of the alignment template, x right, y down, z towards the camera.
fn mean_head() -> [Vec3; 5] {
    std::array::from_fn(|i| {
        let drop = if i == 2 { NOSE_DROP } else { 0.0 };
        [
            f64::from(TEMPLATE_POINTS[i].x),
            f64::from(TEMPLATE_POINTS[i].y) + drop,
            DEPTHS[i],
        ]
    })
}

/// Head angles in degrees; all 0 for the mean head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pose {
    /// Turn, positive towards image-right.
    pub(super) yaw_deg: f32,
    /// Nod, positive downwards.
    pub(super) pitch_deg: f32,
    /// Tilt, positive clockwise as seen.
    pub(super) roll_deg: f32,
}

type Vec3 = [f64; 3];

pub(super) fn estimate(landmarks: &[Point; 5]) -> Pose {
    let model = centred(mean_head());
    let seen = centred(std::array::from_fn(|i| {
        [f64::from(landmarks[i].x), f64::from(landmarks[i].y), 0.0]
    }));
    // Normal equations: (sum m m^T) row = sum m * seen coordinate.
    let mut gram = [[0.0; 3]; 3];
    let (mut right_x, mut right_y) = ([0.0; 3], [0.0; 3]);
    for (m, s) in model.iter().zip(&seen) {
        for i in 0..3 {
            for j in 0..3 {
                gram[i][j] += m[i] * m[j];
            }
            right_x[i] += m[i] * s[0];
            right_y[i] += m[i] * s[1];
        }
    }
    let (i, j) = orthonormal(solve(&gram, right_x), solve(&gram, right_y));
    // The rotation is roll after pitch after yaw; its third row, i x j, knows nothing of the roll.
    let k = cross(i, j);
    Pose {
        yaw_deg: (-k[0]).atan2(k[2]).to_degrees() as f32,
        pitch_deg: (-k[1]).clamp(-1.0, 1.0).asin().to_degrees() as f32,
        roll_deg: (-i[1]).atan2(j[1]).to_degrees() as f32,
    }
}

/// Points with their mean taken away.
fn centred(points: [Vec3; 5]) -> [Vec3; 5] {
    let mean: Vec3 = std::array::from_fn(|c| points.iter().map(|p| p[c]).sum::<f64>() / 5.0);
    points.map(|p| std::array::from_fn(|c| p[c] - mean[c]))
}

/// Cramer's rule; the matrix is the model's own and never singular.
fn solve(m: &[Vec3; 3], right: Vec3) -> Vec3 {
    let determinant = dot(m[0], cross(m[1], m[2]));
    // The matrix is symmetric: its rows are its columns.
    [
        dot(right, cross(m[1], m[2])) / determinant,
        dot(m[0], cross(right, m[2])) / determinant,
        dot(m[0], cross(m[1], right)) / determinant,
    ]
}

/// The nearest two perpendicular unit vectors, treating both alike.
fn orthonormal(a: Vec3, b: Vec3) -> (Vec3, Vec3) {
    let (a, b) = (unit(a), unit(b));
    let sum = unit(std::array::from_fn(|c| a[c] + b[c]));
    let difference = unit(std::array::from_fn(|c| a[c] - b[c]));
    let half = std::f64::consts::FRAC_1_SQRT_2;
    (
        std::array::from_fn(|c| half * (sum[c] + difference[c])),
        std::array::from_fn(|c| half * (sum[c] - difference[c])),
    )
}

fn dot(a: Vec3, b: Vec3) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn cross(a: Vec3, b: Vec3) -> Vec3 {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn unit(a: Vec3) -> Vec3 {
    let length = dot(a, a).sqrt();
    if length > 0.0 {
        a.map(|v| v / length)
    } else {
        [0.0, 0.0, 1.0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean head turned by the given angles, seen by a distant camera.
    fn head(yaw_deg: f64, pitch_deg: f64, roll_deg: f64) -> [Point; 5] {
        let (sy, cy) = yaw_deg.to_radians().sin_cos();
        let (sp, cp) = pitch_deg.to_radians().sin_cos();
        let (sr, cr) = roll_deg.to_radians().sin_cos();
        std::array::from_fn(|i| {
            let [x, y, z] = mean_head()[i];
            let (x, y) = (x - 56.0, y - 72.0);
            // The nose (large z) goes right with yaw, then down with pitch, then the image turns.
            let (x, z) = (cy * x + sy * z, cy * z - sy * x);
            let y = cp * y + sp * z;
            let (x, y) = (cr * x - sr * y, sr * x + cr * y);
            Point {
                x: (3.0 * x + 400.0) as f32,
                y: (3.0 * y + 300.0) as f32,
            }
        })
    }

    #[test]
    fn the_mean_head_looks_straight_ahead() {
        let pose = estimate(&head(0.0, 0.0, 0.0));
        for angle in [pose.yaw_deg, pose.pitch_deg, pose.roll_deg] {
            assert!(angle.abs() < 0.01, "{pose:?}");
        }
    }

    #[test]
    fn each_angle_of_a_turned_mean_head_is_read_back() {
        for angle in [-45.0, -20.0, 10.0, 30.0] {
            assert!((f64::from(estimate(&head(angle, 0.0, 0.0)).yaw_deg) - angle).abs() < 0.1);
            assert!((f64::from(estimate(&head(0.0, angle, 0.0)).pitch_deg) - angle).abs() < 0.1);
            assert!((f64::from(estimate(&head(0.0, 0.0, angle)).roll_deg) - angle).abs() < 0.1);
        }
    }

    #[test]
    fn angles_are_read_back_when_they_come_together() {
        let pose = estimate(&head(25.0, 10.0, -15.0));
        let angles = [pose.yaw_deg, pose.pitch_deg, pose.roll_deg];
        for (got, expected) in angles.into_iter().zip([25.0, 10.0, -15.0]) {
            assert!((got - expected).abs() < 0.5, "{pose:?}");
        }
    }

    #[test]
    fn coinciding_landmarks_give_numbers() {
        let pose = estimate(&[Point { x: 5.0, y: 5.0 }; 5]);
        assert!(
            pose.yaw_deg.is_finite() && pose.pitch_deg.is_finite() && pose.roll_deg.is_finite()
        );
    }
}
