//! The renderer for tuning: the photo hangs on the facets of a mannequin.
//!
//! The mannequin's corners stand below, measured on nobody and moved so that eyes, nose and mouth come to lie where
//! the photo has them. Around it lies a ring, the rest of the head, and the edge of the frame, which stays. All are joined by
//! Delaunay's triangles, turned in space, and drawn with a depth buffer.

use crate::head::{BETWEEN, EYES, FRAME, Portrait, Pose, Shown};
use crate::image::Image;

/// From the axis of turning to the camera, in eye distances.
const CAMERA: f32 = 9.0;
/// The axis of turning: below the eyes, and behind them, in eye distances.
const AXIS: [f32; 2] = [0.6, -1.0];
/// Points of a ring.
const RING: usize = 28;
/// Nose tip and mouth of the mannequin, below its eyes.
const NOSE: f32 = 0.62;
const MOUTH: f32 = 1.08;

/// The right half of the mannequin from the middle between the eyes: right, down and towards the camera, in eye distances;
/// what lies in the middle is not mirrored.
const CORNERS: [[f32; 3]; 36] = [
    // the middle: top, hairline, forehead, brow, root, bridge, tip, below it, lips, chin
    [0.0, -1.5, -0.6],
    [0.0, -1.05, -0.05],
    [0.0, -0.6, 0.12],
    [0.0, -0.25, 0.17],
    [0.0, -0.02, 0.12],
    [0.0, 0.3, 0.3],
    [0.0, 0.62, 0.52],
    [0.0, 0.75, 0.28],
    [0.0, 0.96, 0.3],
    [0.0, 1.08, 0.22],
    [0.0, 1.22, 0.27],
    [0.0, 1.42, 0.17],
    [0.0, 1.72, 0.18],
    [0.0, 1.92, -0.2],
    // nose: side, wing
    [0.14, 0.32, 0.12],
    [0.22, 0.64, 0.16],
    // eye: inner, upper, lower, outer; brow
    [0.24, 0.02, 0.02],
    [0.5, -0.1, 0.05],
    [0.5, 0.1, 0.02],
    [0.74, 0.0, -0.12],
    [0.45, -0.32, 0.12],
    [0.8, -0.25, -0.12],
    // forehead, temple
    [0.5, -0.7, 0.0],
    [0.85, -0.75, -0.35],
    [1.08, -0.2, -0.7],
    [0.6, -1.3, -0.55],
    // cheek
    [0.5, 0.45, 0.0],
    [0.85, 0.3, -0.2],
    [1.1, 0.4, -0.75],
    [0.6, 0.85, -0.02],
    // mouth: corner, upper, lower
    [0.42, 1.08, 0.06],
    [0.2, 0.98, 0.24],
    [0.22, 1.2, 0.2],
    // jaw
    [0.85, 0.95, -0.45],
    [0.7, 1.4, -0.3],
    [0.35, 1.72, 0.02],
];
/// The corner of the mouth, and what a smile takes along with it: by how much.
const SMILING: [(usize, f32); 5] = [(30, 1.0), (31, 0.45), (32, 0.45), (29, 0.5), (26, 0.2)];

struct Vertex {
    x: f32,
    y: f32,
    /// Towards the camera, in pixels.
    z: f32,
    /// Share of the head's movement.
    share: f32,
    /// Share of a smile, negative to the left.
    smile: f32,
}

/// A photo on a mannequin.
pub struct Facets {
    portrait: Portrait,
    vertices: Vec<Vertex>,
    triangles: Vec<[usize; 3]>,
}

impl Facets {
    /// Hangs a portrait on the mannequin; `deep` is 1 for the mean depth.
    #[must_use]
    pub fn new(portrait: Portrait, deep: f32) -> Self {
        let [nose, left, right] = portrait.below;
        let mouth = (left.y + right.y) / 2.0 - BETWEEN.1;
        let wide = (right.x - left.x) / (2.0 * CORNERS[30][0] * EYES);
        let mut vertices = Vec::new();
        for (number, [x, y, z]) in CORNERS.into_iter().enumerate() {
            let smile = SMILING.iter().find(|(corner, _)| *corner == number);
            let smile = smile.map_or(0.0, |(_, share)| *share);
            // What the photo has elsewhere lies elsewhere: all below the eyes by the mouth, the nose by its tip.
            let below = if y <= 0.0 {
                y * EYES
            } else if y <= NOSE {
                y / NOSE * (nose.y - BETWEEN.1)
            } else if y <= MOUTH {
                let part = (y - NOSE) / (MOUTH - NOSE);
                nose.y - BETWEEN.1 + part * (mouth - (nose.y - BETWEEN.1))
            } else {
                mouth + (y - MOUTH) * EYES
            };
            let sides: &[f32] = if x > 0.0 { &[-1.0, 1.0] } else { &[0.0] };
            for side in sides {
                let across = if (30..33).contains(&number) {
                    wide
                } else {
                    1.0
                };
                vertices.push(Vertex {
                    x: BETWEEN.0 + side * x * across * EYES,
                    y: BETWEEN.1 + below,
                    z: z * deep * EYES,
                    share: 1.0,
                    smile: side * smile,
                });
            }
        }
        for (far, behind, share) in [(1.35, 1.2, 1.0), (1.9, 1.6, 0.25)] {
            for i in 0..RING {
                let turn = i as f32 / RING as f32 * std::f32::consts::TAU;
                vertices.push(Vertex {
                    x: BETWEEN.0 + far * EYES * turn.cos(),
                    y: BETWEEN.1 + (0.2 + 1.55 * far * turn.sin()) * EYES,
                    z: -behind * EYES,
                    share,
                    smile: 0.0,
                });
            }
        }
        let (right, bottom) = (FRAME.0 as f32 - 1.0, FRAME.1 as f32 - 1.0);
        let inside = |v: &Vertex| (1.0..right).contains(&v.x) && (1.0..bottom).contains(&v.y);
        vertices.retain(inside);
        for i in 0..8 {
            let part = i as f32 / 8.0;
            for (x, y) in [
                (part * right, 0.0),
                (right, part * bottom),
                (right - part * right, bottom),
                (0.0, bottom - part * bottom),
            ] {
                vertices.push(Vertex {
                    x,
                    y,
                    z: -2.5 * EYES,
                    share: 0.0,
                    smile: 0.0,
                });
            }
        }
        let flat: Vec<(f64, f64)> = vertices
            .iter()
            .map(|v| (f64::from(v.x), f64::from(v.y)))
            .collect();
        let triangles = triangles(&flat);
        Self {
            portrait,
            vertices,
            triangles,
        }
    }

    /// Where the vertices lie in a pose: column, row and nearness.
    fn posed(&self, pose: &Pose) -> Vec<[f32; 3]> {
        let (sy, cy) = pose.yaw.to_radians().sin_cos();
        let (sp, cp) = pose.pitch.to_radians().sin_cos();
        let [ax, ay, az] = [BETWEEN.0, BETWEEN.1 + AXIS[0] * EYES, AXIS[1] * EYES];
        let place = |v: &Vertex| {
            let wider = pose.smile * v.smile * EYES;
            let (dx, dy, dz) = (0.1 * wider, -0.05 * wider.abs(), -0.04 * wider.abs());
            let (x, y, z) = (v.x + dx - ax, v.y + dy - ay, v.z + dz - az);
            let (qx, qz) = (cy * x + sy * z, cy * z - sy * x);
            let (qy, qz) = (cp * y + sp * qz, cp * qz - sp * y);
            let scale = (CAMERA * EYES - z) / (CAMERA * EYES - qz);
            let (tx, ty) = (ax + qx * scale + pose.right, ay + qy * scale + pose.down);
            [
                v.x + v.share * (tx - v.x),
                v.y + v.share * (ty - v.y),
                z + v.share * (qz - z),
            ]
        };
        self.vertices.iter().map(place).collect()
    }
}

impl Shown for Facets {
    fn frame(&self, pose: &Pose) -> Image {
        let posed = self.posed(pose);
        let mut nearest = vec![f32::MIN; FRAME.0 * FRAME.1];
        let mut frame = self.portrait.frame.clone();
        for triangle in &self.triangles {
            let [a, b, c] = triangle.map(|i| posed[i]);
            let from = triangle.map(|i| &self.vertices[i]);
            let doubled = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
            if doubled.abs() < 1e-6 {
                continue;
            }
            let span = |axis: usize, end: usize| {
                let low = a[axis].min(b[axis]).min(c[axis]).floor().max(0.0) as usize;
                let high = a[axis].max(b[axis]).max(c[axis]).ceil().max(0.0) as usize;
                low..(high + 1).min(end)
            };
            for row in span(1, FRAME.1) {
                for column in span(0, FRAME.0) {
                    let (x, y) = (column as f32, row as f32);
                    let v = ((x - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (y - a[1])) / doubled;
                    let w = ((b[0] - a[0]) * (y - a[1]) - (x - a[0]) * (b[1] - a[1])) / doubled;
                    let u = 1.0 - v - w;
                    if u < -1e-4 || v < -1e-4 || w < -1e-4 {
                        continue;
                    }
                    let near = u * a[2] + v * b[2] + w * c[2];
                    let at = row * FRAME.0 + column;
                    if near > nearest[at] {
                        nearest[at] = near;
                        let sx = u * from[0].x + v * from[1].x + w * from[2].x;
                        let sy = u * from[0].y + v * from[1].y + w * from[2].y;
                        frame.pixels_mut()[at] = self.portrait.frame.sample(sx, sy);
                    }
                }
            }
        }
        frame
    }
}

/// Delaunay's triangles, by Bowyer's and Watson's insertion (Computer Journal 24(2), 1981).
fn triangles(points: &[(f64, f64)]) -> Vec<[usize; 3]> {
    let n = points.len();
    let mut all = points.to_vec();
    all.extend([(-1e5, -1e5), (1e5, -1e5), (0.0, 1e5)]);
    let holds = |t: &[usize; 3], p: (f64, f64)| {
        let [a, b, c] = t.map(|i| (all[i].0 - p.0, all[i].1 - p.1));
        let square = |q: (f64, f64)| q.0 * q.0 + q.1 * q.1;
        let inside = square(a) * (b.0 * c.1 - c.0 * b.1) - square(b) * (a.0 * c.1 - c.0 * a.1)
            + square(c) * (a.0 * b.1 - b.0 * a.1);
        let [a, b, c] = t.map(|i| all[i]);
        let turn = (b.0 - a.0) * (c.1 - a.1) - (c.0 - a.0) * (b.1 - a.1);
        inside * turn.signum() > 0.0
    };
    let mut found = vec![[n, n + 1, n + 2]];
    for (number, point) in points.iter().enumerate() {
        let (bad, good): (Vec<_>, Vec<_>) = found.into_iter().partition(|t| holds(t, *point));
        found = good;
        let edges: Vec<(usize, usize)> = bad
            .iter()
            .flat_map(|t| [(t[0], t[1]), (t[1], t[2]), (t[2], t[0])])
            .collect();
        for (a, b) in &edges {
            let same = |(c, d): &&(usize, usize)| (c, d) == (a, b) || (d, c) == (a, b);
            if edges.iter().filter(same).count() == 1 {
                found.push([*a, *b, number]);
            }
        }
    }
    found.retain(|t| t.iter().all(|i| *i < n));
    found
}

#[cfg(test)]
mod tests {
    use super::triangles;

    #[test]
    fn a_square_with_a_point_inside_has_four_triangles() {
        let square = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (1.7, 2.1)];
        let mut found = triangles(&square);
        found.iter_mut().for_each(|t| t.sort_unstable());
        found.sort_unstable();
        assert_eq!(found, [[0, 1, 4], [0, 3, 4], [1, 2, 4], [2, 3, 4]]);
    }
}
