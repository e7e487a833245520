//! The renderer that judges: every pixel of the photo has the depth of a mean head.
//!
//! The head is an ellipsoid with a nose and eye sockets, written down here and fitted to nobody; it knows nothing
//! of the face mesh. For each pixel of the frame, the point of the surface that is seen there is found by a
//! fixed-point iteration.

use crate::head::{BETWEEN, EYES, FRAME, Portrait, Pose, Shown};
use crate::image::Image;

/// The axis of turning: below the eyes, and behind the face, in eye distances.
const AXIS: (f32, f32) = (0.5, 1.15);
/// From the axis to the camera, in eye distances.
const CAMERA: f32 = 11.0;
/// Rounds of the iteration.
const ROUNDS: usize = 9;
/// Pixels from one point of the map to the next.
const STEP: usize = 4;

/// A photo on a mean head.
pub struct Surface {
    portrait: Portrait,
    background: Image,
    /// Depth towards the camera in eye distances, and share of the head, pixel by pixel.
    depth: Vec<(f32, f32)>,
}

impl Surface {
    /// A photo's own proportions vary the head a little: `wide` and `nose` are 1 for the mean.
    #[must_use]
    pub fn new(portrait: Portrait, wide: f32, nose: f32) -> Self {
        let depth = (0..FRAME.0 * FRAME.1)
            .map(|at| {
                let x = ((at % FRAME.0) as f32 - BETWEEN.0) / EYES;
                let y = ((at / FRAME.0) as f32 - BETWEEN.1) / EYES;
                head(x, y, wide, nose)
            })
            .collect();
        let background = portrait.frame.blurred(6);
        Self {
            portrait,
            background,
            depth,
        }
    }

    fn depth(&self, x: f32, y: f32) -> (f32, f32) {
        let column = (x.round().max(0.0) as usize).min(FRAME.0 - 1);
        let row = (y.round().max(0.0) as usize).min(FRAME.1 - 1);
        self.depth[row * FRAME.0 + column]
    }
}

/// Depth and share of the head at a place, in eye distances from the middle between the eyes.
fn head(x: f32, y: f32, wide: f32, nose: f32) -> (f32, f32) {
    let (ex, ey) = (x / (1.3 * wide), (y - 0.35) / 1.95);
    let r = ex * ex + ey * ey;
    let round = 1.2 * ((1.0 - r.min(0.97)).sqrt() - 1.0);
    let bump = |dx: f32, dy: f32, height: f32| height * (-(dx * dx + dy * dy) / 2.0).exp();
    // The nose's ridge grows from the root to the tip.
    let along = ((y + 0.05) / 0.65).clamp(0.0, 1.0);
    let below = if y > 0.6 { (y - 0.6) / 0.09 } else { 0.0 };
    let ridge = 0.5 * nose * along * (-(x / 0.2).powi(2) / 2.0 - below * below / 2.0).exp();
    let sockets = bump((x - 0.5) / 0.2, y / 0.14, -0.1) + bump((x + 0.5) / 0.2, y / 0.14, -0.1);
    let chin = bump(x / 0.3, (y - 1.75) / 0.2, 0.12);
    let lips = bump(x / 0.35, (y - 1.05) / 0.2, 0.1);
    let share = 1.0 - ((r.sqrt() - 0.95) / 0.3).clamp(0.0, 1.0);
    (
        round + ridge + sockets + chin + lips,
        share * share * (3.0 - 2.0 * share),
    )
}

impl Surface {
    /// By how much a smile moves what lies at a point: corners go outwards and up, cheeks with them.
    fn smiled(&self, x: f32, y: f32, smile: f32) -> (f32, f32) {
        let (mut right, mut down) = (0.0, 0.0);
        for (corner, side) in self.portrait.below[1..].iter().zip([-1.0, 1.0]) {
            let (dx, dy) = ((x - corner.x) / EYES, (y - corner.y) / EYES);
            let near = (-(dx * dx + dy * dy) / (2.0 * 0.2 * 0.2)).exp();
            right += side * 0.1 * EYES * smile * near;
            down -= 0.05 * EYES * smile * near;
        }
        (right, down)
    }

    /// Where in the photo lies what a pixel shows, and how much of it is head.
    fn source(&self, pose: &Pose, column: f32, row: f32) -> [f32; 3] {
        let (sy, cy) = pose.yaw.to_radians().sin_cos();
        let (sp, cp) = pose.pitch.to_radians().sin_cos();
        let (axis_x, axis_y) = (BETWEEN.0, BETWEEN.1 + AXIS.0 * EYES);
        // Where a point of the photo comes to lie.
        let turned = |x: f32, y: f32| {
            let (depth, share) = self.depth(x, y);
            let (dx, dy) = self.smiled(x, y, pose.smile);
            let z = depth * EYES + AXIS.1 * EYES;
            let (px, py) = (x - axis_x, y - axis_y);
            let (qx, qz) = (cy * px + sy * z, cy * z - sy * px);
            let (qy, qz) = (cp * py + sp * qz, cp * qz - sp * py);
            // The photo itself was taken from where the camera is.
            let (from, to) = (CAMERA * EYES - z, CAMERA * EYES - qz);
            let scale = from / to;
            let moved = (axis_x + qx * scale - x, axis_y + qy * scale - y);
            (
                share * (moved.0 + pose.right) + dx,
                share * (moved.1 + pose.down) + dy,
                share,
            )
        };
        let (mut x, mut y, mut share) = (column, row, 0.0);
        for _ in 0..ROUNDS {
            let (dx, dy, here) = turned(x, y);
            x += 0.7 * (column - dx - x);
            y += 0.7 * (row - dy - y);
            share = here;
        }
        [x - column, y - row, share.min(1.0)]
    }
}

impl Shown for Surface {
    fn frame(&self, pose: &Pose) -> Image {
        // The map is smooth: every fourth pixel of it is enough.
        let map = Image::build(FRAME.0 / STEP + 2, FRAME.1 / STEP + 2, |column, row| {
            self.source(pose, (column * STEP) as f32, (row * STEP) as f32)
        });
        Image::build(FRAME.0, FRAME.1, |column, row| {
            let (u, v) = (column as f32, row as f32);
            let [dx, dy, share] = map.sample(u / STEP as f32, v / STEP as f32);
            let wall = self.background.at(column as isize, row as isize);
            if share <= 0.0 {
                return wall;
            }
            let face = self.portrait.frame.sample(u + dx, v + dy);
            // Where the head is, it is sharp; the wall behind it stays and is a little soft.
            std::array::from_fn(|c| wall[c] + share * (face[c] - wall[c]))
        })
    }
}
