//! Picture files: read whole, within bounds; parts of pictures made smaller or larger.

use crate::failure::Failure;
use countenance_core::{DecodeLimits, Picture};
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{ResizeOptions, Resizer};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Reads a picture file.
///
/// No more than the decoder's limit and one byte is read, so that the decoder itself can say that there is too
/// much; a device file that never ends costs no more than that.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let named = |error: std::io::Error| Failure::from(error).about(path.display());
    let file = File::open(path).map_err(named)?;
    let metadata = file.metadata().map_err(named)?;
    if metadata.is_dir() {
        return Err(Failure::from(anyhow::anyhow!("is a folder, not a picture"))
            .about(path.display())
            .with_hint(format!(
                "name the pictures inside, for example {}",
                path.join("*.jpg").display()
            )));
    }
    let limit = DecodeLimits::default().max_bytes as u64;
    let mut bytes = Vec::new();
    let expected = metadata.len().min(limit) as usize;
    bytes.reserve_exact(expected.saturating_add(1));
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(named)?;
    Ok(bytes)
}

/// A part of a picture, `(left, top, width, height)` in its pixels, with so many columns and rows: RGB,
/// interleaved, rows top to bottom.
pub(crate) fn scaled(
    picture: &Picture,
    (left, top, width, height): (f64, f64, f64, f64),
    columns: u32,
    rows: u32,
) -> anyhow::Result<Vec<u8>> {
    // One pixel type by name: one copy of the resizer is compiled and not thirteen.
    let source = TypedImageRef::<U8x3>::from_buffer(
        u32::try_from(picture.width())?,
        u32::try_from(picture.height())?,
        picture.pixels(),
    )?;
    let mut pixels = vec![0; 3 * columns as usize * rows as usize];
    let mut target = TypedImage::from_buffer(columns, rows, &mut pixels)?;
    let options = ResizeOptions::new().crop(left, top, width, height);
    Resizer::new().resize_typed(&source, &mut target, &options)?;
    Ok(pixels)
}
