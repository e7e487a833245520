//! A photo that turns its head and smiles.
//!
//! Two ways that share nothing but the photo: [`crate::surface`] gives every pixel the depth of an egg with a nose and
//! looks for what each pixel of the frame shows; [`crate::facets`] hangs the photo on some sixty facets of a mannequin
//! and draws them. Neither knows anything of the mesh that a session is judged by.

use crate::image::{Color, Image};
use countenance_core::Point;

/// Columns and rows of a frame.
pub const FRAME: (usize, usize) = (640, 480);
/// Pixels from eye to eye in a frame.
pub const EYES: f32 = 84.0;
/// Where the middle between the eyes lies in a frame.
pub const BETWEEN: (f32, f32) = (320.0, 196.0);

/// What a head does. All 0 is the photo as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pose {
    /// Degrees, positive towards image-right.
    pub yaw: f32,
    /// Degrees, positive downwards.
    pub pitch: f32,
    /// How much it smiles; 1 widens the mouth by about a fifth.
    pub smile: f32,
    /// Pixels to the right.
    pub right: f32,
    /// Pixels downwards.
    pub down: f32,
}

/// A photo laid into a frame, with what is known of its face.
pub struct Portrait {
    /// The photo as it stands in the frame.
    pub frame: Image,
    /// Nose tip, image-left and image-right mouth corner in the frame.
    pub below: [Point; 3],
}

impl Portrait {
    /// Lays a photo into a frame so that its eyes come to lie where they should. `None` where the five
    /// points (eyes, nose tip, mouth corners) make no face.
    #[must_use]
    pub fn of(photo: &Image, points: &[Point; 5]) -> Option<Self> {
        let [left, right, nose, left_corner, right_corner] = *points;
        let (dx, dy) = (right.x - left.x, right.y - left.y);
        let apart = dx.hypot(dy);
        if apart < 8.0 {
            return None;
        }
        // Frame pixels to photo pixels: a similarity.
        let step = apart / EYES;
        let (cos, sin) = (dx / apart * step, dy / apart * step);
        let middle = ((left.x + right.x) / 2.0, (left.y + right.y) / 2.0);
        let block = step.floor().max(1.0);
        let small = photo.shrunk(block as usize);
        let frame = Image::build(FRAME.0, FRAME.1, |x, y| {
            let (u, v) = (x as f32 - BETWEEN.0, y as f32 - BETWEEN.1);
            let px = middle.0 + cos * u - sin * v;
            let py = middle.1 + sin * u + cos * v;
            small.sample((px + 0.5) / block - 0.5, (py + 0.5) / block - 0.5)
        });
        let square = step * step;
        let below = [nose, left_corner, right_corner].map(|corner| {
            let (px, py) = (corner.x - middle.0, corner.y - middle.1);
            Point {
                x: BETWEEN.0 + (cos * px + sin * py) / square,
                y: BETWEEN.1 + (cos * py - sin * px) / square,
            }
        });
        Some(Self { frame, below })
    }
}

/// Something that shows a face.
pub trait Shown {
    /// The frame in a pose.
    fn frame(&self, pose: &Pose) -> Image;
}

/// Lights a face by a screen: `share` of its light at white.
pub fn light(image: &mut Image, color: Color, share: f32) {
    let width = image.width as f32;
    let height = image.height as f32;
    let columns = image.width;
    for (at, pixel) in image.pixels_mut().iter_mut().enumerate() {
        // The screen is near the face and far from the wall.
        let x = (at % columns) as f32 / width - 0.5;
        let y = (at / columns) as f32 / height - 0.5;
        let near = 0.2 + 0.8 * (-(x * x + y * y) / 0.12).exp();
        for (value, color) in pixel.iter_mut().zip(color) {
            *value *= 1.0 + share * near * (color / 255.0 - 0.5);
        }
    }
}
