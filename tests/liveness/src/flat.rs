//! A flat picture held before the camera: a print, or a screen.

use crate::head::{FRAME, Pose, Shown};
use crate::image::{Color, Image};

/// What the picture is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Paper: matt, with a white margin, coarser than the photo.
    Print,
    /// A screen: brighter, bluish, with a bezel, a reflection and moiré.
    Screen,
}

/// A flat picture in front of a wall.
pub struct Flat {
    picture: Image,
    medium: Medium,
    /// Size of the picture in the frame; 1 fills it.
    size: f32,
    /// Phase of the moiré and of the wall.
    phase: f32,
    /// From the picture to the camera, in widths of the frame.
    camera: f32,
}

/// From the picture to the camera, in widths of the frame, where nothing else is said.
const CAMERA: f32 = 2.0;

impl Flat {
    /// A frame shown on a medium.
    #[must_use]
    pub fn new(picture: Image, medium: Medium, size: f32, phase: f32) -> Self {
        let picture = match medium {
            Medium::Print => picture.blurred(1),
            Medium::Screen => picture,
        };
        Self {
            picture,
            medium,
            size,
            phase,
            camera: CAMERA,
        }
    }

    /// The same so many widths of the frame from the camera: the nearer, the more a tilt shows.
    #[must_use]
    pub fn from(mut self, camera: f32) -> Self {
        self.camera = camera;
        self
    }

    /// The wall alone.
    #[must_use]
    pub fn away(&self) -> Image {
        Image::build(FRAME.0, FRAME.1, |column, row| {
            self.wall(column as f32, row as f32)
        })
    }

    /// The same medium with another frame on it.
    pub fn show(&mut self, picture: Image) {
        self.picture = picture;
    }

    fn inked(&self, x: f32, y: f32) -> Color {
        let color = self.picture.sample(x, y);
        match self.medium {
            // Ink is less dark and less bright than what was photographed.
            Medium::Print => color.map(|v| 28.0 + 200.0 * (v / 255.0).powf(0.92)),
            Medium::Screen => {
                let fine = (x * 1.93 + self.phase).sin() * (y * 2.11 + 0.7 * self.phase).sin();
                let lit = color.map(|v| 255.0 * (v / 255.0).powf(1.12) * (1.04 + 0.02 * fine));
                [lit[0] * 0.96, lit[1], lit[2] * 1.06]
            }
        }
    }

    fn wall(&self, x: f32, y: f32) -> Color {
        let shade = 128.0 + 20.0 * (x * 0.011 + self.phase).sin() + 14.0 * (y * 0.017).cos();
        [shade, shade * 0.97, shade * 0.92]
    }
}

impl Shown for Flat {
    /// Yaw and pitch turn the picture in the hand. It cannot smile by itself.
    fn frame(&self, pose: &Pose) -> Image {
        let (sy, cy) = pose.yaw.to_radians().sin_cos();
        let (sp, cp) = pose.pitch.to_radians().sin_cos();
        let (width, height) = (FRAME.0 as f32, FRAME.1 as f32);
        let camera = self.camera * width;
        // The plane's two directions in space: x right, y down, z towards the camera.
        let across = [cy, -sy * sp, -sy * cp];
        let along = [0.0, cp, -sp];
        let normal = [
            across[1] * along[2] - across[2] * along[1],
            across[2] * along[0] - across[0] * along[2],
            across[0] * along[1] - across[1] * along[0],
        ];
        let dot = |a: [f32; 3], b: [f32; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let center = [width / 2.0 + pose.right, height / 2.0 + pose.down, 0.0];
        Image::build(FRAME.0, FRAME.1, |column, row| {
            // The ray from the camera through this pixel meets the plane.
            let eye = [width / 2.0, height / 2.0, camera];
            let ray = [column as f32 - eye[0], row as f32 - eye[1], -camera];
            let to = [center[0] - eye[0], center[1] - eye[1], center[2] - eye[2]];
            let far = dot(normal, to) / dot(normal, ray);
            let hit = [
                eye[0] + far * ray[0] - center[0],
                eye[1] + far * ray[1] - center[1],
                eye[2] + far * ray[2] - center[2],
            ];
            let u = dot(hit, across) / self.size;
            let v = dot(hit, along) / self.size;
            let (x, y) = (u + width / 2.0, v + height / 2.0);
            let margin = 10.0;
            let inside = |slack: f32| {
                (-slack..width + slack).contains(&x) && (-slack..height + slack).contains(&y)
            };
            let mut color = if inside(0.0) {
                self.inked(x, y)
            } else if inside(margin) {
                match self.medium {
                    Medium::Print => [236.0, 234.0, 228.0],
                    Medium::Screen => [18.0, 18.0, 20.0],
                }
            } else {
                self.wall(column as f32, row as f32)
            };
            if self.medium == Medium::Screen && inside(0.0) {
                // A lamp's reflection stays while the picture turns.
                let (gx, gy) = (column as f32 - 470.0 - 6.0 * pose.yaw, row as f32 - 120.0);
                let glare = 46.0 * (-(gx * gx + gy * gy) / 3600.0).exp();
                color = color.map(|value| value + glare);
            }
            color
        })
    }
}
