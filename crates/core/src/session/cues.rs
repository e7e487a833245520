//! What one frame shows of a face, as numbers.

use countenance_vision::{Crop, Face, Picture, Point, Quality, QualityCause, Rect, Size};
use std::fmt;

/// Side of an aligned crop.
const SIDE: usize = countenance_vision::CROP_SIDE;
/// Rows and columns of the crop that are face whoever it is: cheeks and nose, without hair and background.
const INNER: (usize, usize) = (SIDE / 4, SIDE * 3 / 4);

/// What one frame shows of a face. It is all that judging sees; the picture is gone by then.
#[derive(Clone, PartialEq)]
pub struct FrameCues {
    /// Where the face is, in pixels.
    pub area: Rect,
    /// The picture.
    pub picture: Size,
    /// Turn to the side in degrees, positive towards image-right: the person's own left.
    pub yaw_deg: f32,
    /// Nod in degrees, positive downwards.
    pub pitch_deg: f32,
    /// Distance of the corners of the mouth over the distance of the eyes.
    pub mouth_width: f32,
    /// Image-left eye, image-right eye, nose tip, image-left and image-right mouth corner, in pixels.
    pub points: [Point; 5],
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
    pub(crate) fn of(
        picture: &Picture,
        face: &Face,
        crop: &Crop,
        quality: &Quality,
        cause: Option<QualityCause>,
    ) -> Self {
        let [left_eye, right_eye, _, left_mouth, right_mouth] = face.landmarks;
        Self {
            area: face.area,
            picture: picture.size(),
            yaw_deg: quality.yaw_deg,
            pitch_deg: quality.pitch_deg,
            mouth_width: distance(left_mouth, right_mouth)
                / distance(left_eye, right_eye).max(f32::MIN_POSITIVE),
            points: face.landmarks,
            color: mean_color(crop.pixels()),
            cause,
        }
    }
}

pub(super) fn distance(a: Point, b: Point) -> f32 {
    (a.x - b.x).hypot(a.y - b.y)
}

fn mean_color(pixels: &[u8]) -> [f32; 3] {
    let (from, to) = INNER;
    let mut sums = [0_u32; 3];
    for row in pixels.chunks_exact(SIDE * 3).take(to).skip(from) {
        let (inner, _) = row.as_chunks::<3>();
        for pixel in inner.iter().take(to).skip(from) {
            for (sum, value) in sums.iter_mut().zip(pixel) {
                *sum += u32::from(*value);
            }
        }
    }
    let count = ((to - from) * (to - from)) as f32;
    sums.map(|sum| sum as f32 / count)
}

#[cfg(test)]
mod tests {
    use super::{SIDE, mean_color};

    #[test]
    fn the_color_is_the_one_of_the_inner_face() {
        let mut pixels = vec![0; SIDE * SIDE * 3];
        for (at, pixel) in pixels.chunks_exact_mut(3).enumerate() {
            let (x, y) = (at % SIDE, at / SIDE);
            let inside =
                (SIDE / 4..SIDE * 3 / 4).contains(&x) && (SIDE / 4..SIDE * 3 / 4).contains(&y);
            pixel.copy_from_slice(if inside {
                &[200, 100, 50]
            } else {
                &[0, 255, 0]
            });
        }
        assert_eq!(
            mean_color(&pixels).map(|value| value as u32),
            [200, 100, 50]
        );
    }
}
