//! Still WebP by the image-webp crate.

use super::{DecodeError, DecodeLimits, Format, Orientation, Raster, flatten_rgba, picture};
use image_webp::{DecodingError, WebPDecoder};
use std::io::{Cursor, ErrorKind};

const FORMAT: Format = Format::WebP;

pub(super) fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Raster, DecodeError> {
    // The RIFF header says how long the file is; the decoder itself would read past a cut.
    if let Some(&[a, b, c, d]) = bytes.get(4..8)
        && u64::from(u32::from_le_bytes([a, b, c, d])) + 8 > bytes.len() as u64
    {
        return Err(DecodeError::Truncated { format: FORMAT });
    }
    let mut decoder =
        WebPDecoder::new(Cursor::new(bytes)).map_err(|error| refusal(error, limits))?;
    decoder.set_memory_limit(limits.max_metadata_bytes);
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    limits.check_size(FORMAT, width, height)?;
    if decoder.is_animated() {
        return Err(DecodeError::Animated {
            format: FORMAT,
            frames: decoder.num_frames(),
        });
    }
    let exif = decoder
        .exif_metadata()
        .map_err(|error| refusal(error, limits))?;
    let size = decoder
        .output_buffer_size()
        .ok_or(DecodeError::TooManyPixels {
            width,
            height,
            max_pixels: limits.max_pixels,
            max_side: limits.max_side,
        })?;
    let mut pixels = vec![0; size];
    decoder
        .read_image(&mut pixels)
        .map_err(|error| refusal(error, limits))?;
    if decoder.has_alpha() {
        flatten_rgba(&mut pixels);
    }
    let orientation = exif
        .as_deref()
        .map_or(Orientation::Upright, read_orientation);
    Ok(Raster {
        picture: picture(FORMAT, width, height, pixels)?,
        orientation,
    })
}

/// The EXIF chunk, which some writers start with JPEG's own prefix.
fn read_orientation(exif: &[u8]) -> Orientation {
    Orientation::read(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif))
}

/// What the decoder's own error means here.
fn refusal(error: DecodingError, limits: &DecodeLimits) -> DecodeError {
    match error {
        DecodingError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof => {
            DecodeError::Truncated { format: FORMAT }
        }
        DecodingError::MemoryLimitExceeded => DecodeError::MetadataTooLarge {
            limit: limits.max_metadata_bytes,
        },
        DecodingError::UnsupportedFeature(reason) => DecodeError::Unsupported {
            format: FORMAT,
            reason,
        },
        other => DecodeError::Corrupt {
            format: FORMAT,
            reason: other.to_string(),
        },
    }
}
