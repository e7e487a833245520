//! Image bytes to a picture, bounded before anything is allocated.

mod jpeg;
mod orientation;
mod png;
mod webp;

use crate::Picture;
use orientation::Orientation;
use thiserror::Error;

/// A picture format, found by content and never by a file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JPEG: baseline or progressive; grey, YCbCr, RGB, CMYK or YCCK.
    Jpeg,
    /// PNG: every colour type and bit depth, interlaced or not.
    Png,
    /// WebP: one still picture, lossy or lossless.
    WebP,
}

/// What a picture may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Bytes of the file; default 64 MiB.
    pub max_bytes: usize,
    /// Columns times rows, from the header; default 50 million.
    pub max_pixels: usize,
    /// Columns or rows, from the header; default 32 768.
    pub max_side: usize,
    /// Bytes of an EXIF block or colour profile; default 2 MiB.
    pub max_metadata_bytes: usize,
    /// Scans of a JPEG; default 64 (encoders write at most some 20). A large picture may have
    /// fewer: scans times pixels are held to 16 times [`Self::max_pixels`].
    pub max_scans: usize,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_pixels: 50_000_000,
            max_side: 32_768,
            max_metadata_bytes: 2 << 20,
            max_scans: 64,
        }
    }
}

/// Bytes that give no picture.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// More than one frame.
    #[error("{format:?} picture is animated ({frames} frames)")]
    Animated {
        /// The format found.
        format: Format,
        /// Frames announced.
        frames: u32,
    },
    /// The data contradicts itself or its format.
    #[error("corrupt {format:?} picture: {reason}")]
    Corrupt {
        /// The format found.
        format: Format,
        /// What the decoder says; never pixels.
        reason: String,
    },
    /// No bytes at all.
    #[error("picture has no bytes")]
    Empty,
    /// A metadata block beyond [`DecodeLimits::max_metadata_bytes`].
    #[error("metadata of more than {limit} bytes")]
    MetadataTooLarge {
        /// Bytes allowed.
        limit: usize,
    },
    /// More bytes than [`DecodeLimits::max_bytes`].
    #[error("picture has {got} bytes, more than {limit}")]
    TooManyBytes {
        /// Bytes allowed.
        limit: usize,
        /// Bytes given.
        got: usize,
    },
    /// More pixels than [`DecodeLimits::max_pixels`] or a side beyond [`DecodeLimits::max_side`].
    #[error(
        "picture has {width} x {height} pixels, more than {max_pixels} or a side above {max_side}"
    )]
    TooManyPixels {
        /// Columns announced by the header.
        width: usize,
        /// Rows announced by the header.
        height: usize,
        /// Pixels allowed.
        max_pixels: usize,
        /// Longest side allowed.
        max_side: usize,
    },
    /// More scans than [`DecodeLimits::max_scans`] allows for this size.
    #[error("picture has {got} scans, more than {limit}")]
    TooManyScans {
        /// Scans allowed.
        limit: usize,
        /// Scans in the file.
        got: usize,
    },
    /// The file ends before its picture does.
    #[error("{format:?} picture ends early")]
    Truncated {
        /// The format found.
        format: Format,
    },
    /// The first bytes belong to no format read here.
    #[error("bytes are no JPEG, PNG or WebP picture")]
    UnknownFormat,
    /// A valid variant that is not read here (arithmetic or lossless JPEG, for example).
    #[error("{format:?} variant is not supported: {reason}")]
    Unsupported {
        /// The format found.
        format: Format,
        /// Which variant.
        reason: String,
    },
}

/// Decodes a JPEG, PNG or WebP picture and turns it upright by its EXIF orientation.
///
/// The format is found by content. Sizes are checked from the header before anything is
/// allocated. Transparent pixels are laid over white; 16 bits become 8 by dropping the low
/// byte; CMYK, as Adobe's programs store it, becomes RGB without a colour profile. Bytes after
/// the end of the picture are ignored. A truncated picture is refused, never filled up; only a
/// JPEG that lacks data and still has its end marker shows grey where the data is missing.
///
/// At its peak a decode holds the file, the pixels (3 bytes each, 4 with transparency, 7 for
/// lossless WebP) and, for progressive JPEG, two bytes per coefficient.
///
/// # Errors
/// [`DecodeError`], one variant per cause.
pub fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Picture, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    if bytes.len() > limits.max_bytes {
        return Err(DecodeError::TooManyBytes {
            limit: limits.max_bytes,
            got: bytes.len(),
        });
    }
    let raster = match recognise(bytes)? {
        Format::Jpeg => jpeg::decode(bytes, limits),
        Format::Png => png::decode(bytes, limits),
        Format::WebP => webp::decode(bytes, limits),
    }?;
    Ok(raster.orientation.upright(raster.picture))
}

/// A picture as it lies in the file, and how to turn it.
struct Raster {
    picture: Picture,
    orientation: Orientation,
}

/// Finds the format by the first bytes.
fn recognise(bytes: &[u8]) -> Result<Format, DecodeError> {
    const JPEG: &[u8] = &[0xff, 0xd8, 0xff];
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
    for (format, magic) in [(Format::Jpeg, JPEG), (Format::Png, PNG)] {
        if bytes.starts_with(magic) {
            return Ok(format);
        }
        if magic.starts_with(bytes) {
            return Err(DecodeError::Truncated { format });
        }
    }
    match (bytes.get(..4), bytes.get(8..12)) {
        (Some(b"RIFF"), Some(b"WEBP")) => Ok(Format::WebP),
        _ => Err(DecodeError::UnknownFormat),
    }
}

impl DecodeLimits {
    /// Refuses a size before anything is allocated for it.
    fn check_size(&self, format: Format, width: usize, height: usize) -> Result<(), DecodeError> {
        if width == 0 || height == 0 {
            return Err(DecodeError::Corrupt {
                format,
                reason: format!("size is {width} x {height}"),
            });
        }
        let within = width
            .checked_mul(height)
            .is_some_and(|pixels| pixels <= self.max_pixels);
        if !within || width.max(height) > self.max_side {
            return Err(DecodeError::TooManyPixels {
                width,
                height,
                max_pixels: self.max_pixels,
                max_side: self.max_side,
            });
        }
        Ok(())
    }
}

/// Makes a picture of decoded pixels; the decoders always give a fitting length.
fn picture(
    format: Format,
    width: usize,
    height: usize,
    pixels: Vec<u8>,
) -> Result<Picture, DecodeError> {
    Picture::from_rgb(width, height, pixels).map_err(|error| DecodeError::Corrupt {
        format,
        reason: error.to_string(),
    })
}

/// Lays RGBA over white, in place, and keeps RGB.
fn flatten_rgba(pixels: &mut Vec<u8>) {
    let count = pixels.len() / 4;
    for i in 0..count {
        let (r, g, b, a) = (
            pixels[4 * i],
            pixels[4 * i + 1],
            pixels[4 * i + 2],
            pixels[4 * i + 3],
        );
        pixels[3 * i] = over_white(r, a);
        pixels[3 * i + 1] = over_white(g, a);
        pixels[3 * i + 2] = over_white(b, a);
    }
    pixels.truncate(3 * count);
}

/// One channel with alpha over white, rounded to nearest.
fn over_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}
