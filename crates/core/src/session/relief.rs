//! Whether a face that turned is a head or a plane.
//!
//! Two views of a plane are joined by one homography, however it is held and turned. The one that takes both eyes
//! and both corners of the mouth from the first view to the second says where a nose printed in their plane would be;
//! a nose that stands out of it is elsewhere (Hartley and Zisserman, Multiple View Geometry, 2nd ed., 13.3: plane and parallax).

use countenance_vision::Point;

type Matrix = [[f64; 3]; 3];

/// How far the nose is from where a plane would have it, in heights of the face between eyes and mouth; `None`
/// where the points make no view of a face.
///
/// Points are image-left eye, image-right eye, nose tip, image-left and image-right mouth corner.
pub(super) fn relief(straight: &[Point; 5], turned: &[Point; 5]) -> Option<f32> {
    let corners = |points: &[Point; 5]| {
        let [left_eye, right_eye, _, left_mouth, right_mouth] = *points;
        [left_eye, right_eye, right_mouth, left_mouth]
    };
    let from = square_to(&corners(straight))?;
    let to = square_to(&corners(turned))?;
    let plane = product(&to, &inverse(&from)?);
    let nose = apply(&plane, straight[2])?;
    let height = height(turned);
    let off = (nose.0 - f64::from(turned[2].x)).hypot(nose.1 - f64::from(turned[2].y));
    let relief = (off / height) as f32;
    relief.is_finite().then_some(relief)
}

/// From between the eyes to the middle of the mouth: what a turn to the side does not shorten.
fn height(points: &[Point; 5]) -> f64 {
    let middle = |a: Point, b: Point| (f64::from(a.x + b.x) / 2.0, f64::from(a.y + b.y) / 2.0);
    let (eyes, mouth) = (middle(points[0], points[1]), middle(points[3], points[4]));
    (eyes.0 - mouth.0)
        .hypot(eyes.1 - mouth.1)
        .max(f64::MIN_POSITIVE)
}

/// The homography from the unit square to four corners (Heckbert, Fundamentals of Texture Mapping, 1989, 2.2.3).
fn square_to(corners: &[Point; 4]) -> Option<Matrix> {
    let [a, b, c, d] = corners.map(|point| (f64::from(point.x), f64::from(point.y)));
    let (sx, sy) = (a.0 - b.0 + c.0 - d.0, a.1 - b.1 + c.1 - d.1);
    let (dx1, dy1) = (b.0 - c.0, b.1 - c.1);
    let (dx2, dy2) = (d.0 - c.0, d.1 - c.1);
    let area = dx1 * dy2 - dx2 * dy1;
    if area.abs() < 1e-9 {
        return None;
    }
    let g = (sx * dy2 - dx2 * sy) / area;
    let h = (dx1 * sy - sx * dy1) / area;
    Some([
        [b.0 - a.0 + g * b.0, d.0 - a.0 + h * d.0, a.0],
        [b.1 - a.1 + g * b.1, d.1 - a.1 + h * d.1, a.1],
        [g, h, 1.0],
    ])
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let cell = |row: usize, column: usize| (0..3).map(|k| a[row][k] * b[k][column]).sum();
    std::array::from_fn(|row| std::array::from_fn(|column| cell(row, column)))
}

fn inverse(m: &Matrix) -> Option<Matrix> {
    // The adjugate: cofactors, transposed.
    let minor = |row: usize, column: usize| {
        let (r1, r2) = ((row + 1) % 3, (row + 2) % 3);
        let (c1, c2) = ((column + 1) % 3, (column + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    let determinant: f64 = (0..3).map(|column| m[0][column] * minor(0, column)).sum();
    if determinant.abs() < 1e-12 {
        return None;
    }
    Some(std::array::from_fn(|row| {
        std::array::from_fn(|column| minor(column, row) / determinant)
    }))
}

fn apply(m: &Matrix, point: Point) -> Option<(f64, f64)> {
    let (x, y) = (f64::from(point.x), f64::from(point.y));
    let [px, py, pw] = m.map(|row| row[0] * x + row[1] * y + row[2]);
    (pw.abs() > 1e-9).then(|| (px / pw, py / pw))
}

#[cfg(test)]
mod tests {
    use super::relief;
    use countenance_vision::Point;

    /// A head's points in units of the eyes' distance, and how far each stands out.
    const HEAD: [[f64; 3]; 5] = [
        [-0.5, -0.5, 0.0],
        [0.5, -0.5, 0.0],
        [0.0, 0.1, 0.45],
        [-0.4, 0.6, 0.05],
        [0.4, 0.6, 0.05],
    ];

    /// Seen by a pinhole camera from ten eye distances away, turned by yaw and pitch, `depth` times as deep.
    fn seen(yaw_deg: f64, pitch_deg: f64, depth: f64) -> [Point; 5] {
        let (sy, cy) = yaw_deg.to_radians().sin_cos();
        let (sp, cp) = pitch_deg.to_radians().sin_cos();
        HEAD.map(|[x, y, z]| {
            let z = z * depth;
            let (x, z) = (x * cy + z * sy, z * cy - x * sy);
            let (y, z) = (y * cp + z * sp, z * cp - y * sp);
            let scale = 900.0 / (10.0 - z);
            Point {
                x: (320.0 + x * scale) as f32,
                y: (240.0 + y * scale) as f32,
            }
        })
    }

    #[test]
    fn a_head_has_relief_and_a_plane_has_none_however_it_is_turned() {
        let straight = seen(0.0, 0.0, 1.0);
        for yaw in [-30.0, -20.0, -16.0, 16.0, 20.0, 30.0] {
            let head = relief(&straight, &seen(yaw, 0.0, 1.0)).expect("a face");
            assert!(head > 0.09, "{yaw}: {head}");
            for pitch in [-20.0, 0.0, 20.0] {
                let flat = relief(&seen(0.0, 0.0, 0.0), &seen(yaw, pitch, 0.0)).expect("a face");
                assert!(flat < 0.001, "{yaw} {pitch}: {flat}");
            }
        }
    }

    #[test]
    fn points_in_a_line_are_no_face() {
        let line = [Point { x: 1.0, y: 1.0 }; 5];
        assert_eq!(relief(&line, &seen(20.0, 0.0, 1.0)), None);
    }
}
