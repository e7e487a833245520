//! The picture that is measured on.

use crate::draw;
use crate::failure::Failure;
use crate::pictures;
use crate::terminal;
use anyhow::Context as _;
use countenance_core::{DecodeLimits, Picture, Size};
use std::path::Path;

/// What is verified.
const PHOTO: Size = Size {
    width: 1280,
    height: 720,
};
/// What a capture page sends of a session.
const FRAME: Size = Size {
    width: 640,
    height: 480,
};
/// A usual setting of cameras and web sites.
const JPEG_QUALITY: u8 = 85;
/// From chin to crown: the face is then some 240 pixels wide, as on a video call.
const HEAD_HEIGHT: f32 = 400.0;
/// Around a picture of another shape.
const GREY: u8 = 128;

/// A picture as a JPEG file.
pub(super) struct Scene {
    pub(super) jpeg: Vec<u8>,
    /// What it is, in words.
    pub(super) description: String,
}

impl Scene {
    /// The drawn face, 1280 x 720.
    pub(super) fn drawn() -> Result<Self, Failure> {
        let picture = draw::portrait(PHOTO.width, PHOTO.height, HEAD_HEIGHT)?;
        Self::encode(picture.pixels(), PHOTO, "a drawn face")
    }

    /// A picture file, fitted into the middle of 1280 x 720.
    pub(super) fn of_file(path: &Path) -> Result<Self, Failure> {
        Self::of_size(path, PHOTO)
    }

    /// A picture file as a frame of a session, fitted into the middle of 640 x 480.
    pub(super) fn frame_of_file(path: &Path) -> Result<Self, Failure> {
        Self::of_size(path, FRAME)
    }

    fn of_size(path: &Path, size: Size) -> Result<Self, Failure> {
        let bytes = pictures::read(path)?;
        let picture = countenance_vision::decode(&bytes, &DecodeLimits::default())
            .map_err(|error| Failure::from(error).about(path.display()))?;
        let pixels = fitted(&picture, size)?;
        Self::encode(&pixels, size, &terminal::plain(path.display()))
    }

    fn encode(pixels: &[u8], size: Size, name: &str) -> Result<Self, Failure> {
        let Size { width, height } = size;
        let mut jpeg = Vec::new();
        jpeg_encoder::Encoder::new(&mut jpeg, JPEG_QUALITY)
            .encode(
                pixels,
                width as u16,
                height as u16,
                jpeg_encoder::ColorType::Rgb,
            )
            .context("scene does not encode")?;
        let description = format!(
            "{name}, {width}\u{d7}{height} JPEG of {} kB",
            jpeg.len() / 1000
        );
        Ok(Self { jpeg, description })
    }
}

/// The whole picture, as large as it fits, in the middle of a grey one.
fn fitted(picture: &Picture, size: Size) -> anyhow::Result<Vec<u8>> {
    let (width, height) = (picture.width() as f64, picture.height() as f64);
    let scale = (size.width as f64 / width).min(size.height as f64 / height);
    let columns = ((width * scale).round() as usize).clamp(1, size.width);
    let rows = ((height * scale).round() as usize).clamp(1, size.height);
    let whole = (0.0, 0.0, width, height);
    let small = pictures::scaled(picture, whole, columns as u32, rows as u32)?;
    let mut pixels = vec![GREY; size.width * size.height * 3];
    let (left, top) = ((size.width - columns) / 2, (size.height - rows) / 2);
    let target = pixels.chunks_exact_mut(size.width * 3).skip(top);
    for (to, from) in target.zip(small.chunks_exact(columns * 3)) {
        if let Some(to) = to.get_mut(left * 3..(left + columns) * 3) {
            to.copy_from_slice(from);
        }
    }
    Ok(pixels)
}

#[cfg(test)]
mod tests {
    use super::{GREY, PHOTO, fitted};
    use countenance_core::Picture;

    #[test]
    fn a_picture_of_another_shape_keeps_it_between_grey_bars() {
        let white = Picture::from_rgb(300, 300, vec![255; 300 * 300 * 3]).unwrap();
        let pixels = fitted(&white, PHOTO).unwrap();
        let at = |x: usize, y: usize| pixels[(y * PHOTO.width + x) * 3];
        assert_eq!(at(640, 360), 255);
        assert_eq!(at(640, 0), 255);
        assert_eq!(at(0, 360), GREY);
        assert_eq!(at(1279, 360), GREY);
        assert_eq!(at(280, 360), 255);
        assert_eq!(at(279, 360), GREY);
    }
}
