//! The picture that is measured on.

use crate::draw;
use crate::failure::Failure;
use crate::pictures;
use crate::terminal;
use anyhow::Context as _;
use countenance_core::{DecodeLimits, Picture};
use std::path::Path;

const COLUMNS: usize = 1280;
const ROWS: usize = 720;
/// A usual setting of cameras and web sites.
const JPEG_QUALITY: u8 = 85;
/// From chin to crown: the face is then some 240 pixels wide, as on a video call.
const HEAD_HEIGHT: f32 = 400.0;
/// Around a picture of another shape.
const GREY: u8 = 128;

/// A 1280 x 720 picture as a JPEG file.
pub(super) struct Scene {
    pub(super) jpeg: Vec<u8>,
    /// What it is, in words.
    pub(super) description: String,
}

impl Scene {
    /// The drawn face.
    pub(super) fn drawn() -> Result<Self, Failure> {
        let picture = draw::portrait(COLUMNS, ROWS, HEAD_HEIGHT)?;
        Self::encode(picture.pixels(), "a drawn face")
    }

    /// A picture file, fitted into the middle.
    pub(super) fn of_file(path: &Path) -> Result<Self, Failure> {
        let bytes = pictures::read(path)?;
        let picture = countenance_vision::decode(&bytes, &DecodeLimits::default())
            .map_err(|error| Failure::from(error).about(path.display()))?;
        Self::encode(&fitted(&picture)?, &terminal::plain(path.display()))
    }

    fn encode(pixels: &[u8], name: &str) -> Result<Self, Failure> {
        let mut jpeg = Vec::new();
        jpeg_encoder::Encoder::new(&mut jpeg, JPEG_QUALITY)
            .encode(
                pixels,
                COLUMNS as u16,
                ROWS as u16,
                jpeg_encoder::ColorType::Rgb,
            )
            .context("scene does not encode")?;
        let description = format!(
            "{name}, {COLUMNS}\u{d7}{ROWS} JPEG of {} kB",
            jpeg.len() / 1000
        );
        Ok(Self { jpeg, description })
    }
}

/// The whole picture, as large as it fits, in the middle of a grey one.
fn fitted(picture: &Picture) -> anyhow::Result<Vec<u8>> {
    let (width, height) = (picture.width(), picture.height());
    let scale = (COLUMNS as f64 / width as f64).min(ROWS as f64 / height as f64);
    let columns = ((width as f64 * scale).round() as usize).clamp(1, COLUMNS);
    let rows = ((height as f64 * scale).round() as usize).clamp(1, ROWS);
    let whole = (0.0, 0.0, width as f64, height as f64);
    let small = pictures::scaled(picture, whole, columns as u32, rows as u32)?;
    let mut pixels = vec![GREY; COLUMNS * ROWS * 3];
    let (left, top) = ((COLUMNS - columns) / 2, (ROWS - rows) / 2);
    let target = pixels.chunks_exact_mut(COLUMNS * 3).skip(top);
    for (to, from) in target.zip(small.chunks_exact(columns * 3)) {
        if let Some(to) = to.get_mut(left * 3..(left + columns) * 3) {
            to.copy_from_slice(from);
        }
    }
    Ok(pixels)
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, GREY, ROWS, fitted};
    use countenance_core::Picture;

    #[test]
    fn a_picture_of_another_shape_keeps_it_between_grey_bars() {
        let white = Picture::from_rgb(300, 300, vec![255; 300 * 300 * 3]).unwrap();
        let pixels = fitted(&white).unwrap();
        let at = |x: usize, y: usize| pixels[(y * COLUMNS + x) * 3];
        assert_eq!(at(COLUMNS / 2, ROWS / 2), 255);
        assert_eq!(at(COLUMNS / 2, 0), 255);
        assert_eq!(at(0, ROWS / 2), GREY);
        assert_eq!(at(COLUMNS - 1, ROWS / 2), GREY);
        assert_eq!(at(280, 360), 255);
        assert_eq!(at(279, 360), GREY);
    }
}
