//! JPEG by zune-jpeg, after a walk over the markers that finds what the file will cost.

#![expect(clippy::big_endian_bytes, reason = "JPEG is big-endian")]

use super::{DecodeError, DecodeLimits, Format, Orientation, Raster, picture};
use memchr::memchr;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

const FORMAT: Format = Format::Jpeg;

/// Scans times pixels may reach this many times the pixel limit: 16 scans of the largest
/// picture (an encoder's usual progressive script has 10), more of a smaller one.
const SCAN_BUDGET: usize = 16;

pub(super) fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Raster, DecodeError> {
    let header = Header::read(bytes, limits)?;
    let options = DecoderOptions::default()
        .set_max_width(limits.max_side)
        .set_max_height(limits.max_side)
        .jpeg_set_max_scans(limits.max_scans)
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_strict_mode(true);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(refusal)?;
    let (width, height) = decoder
        .dimensions()
        .ok_or_else(|| corrupt("no frame header"))?;
    if (width, height) != (header.width, header.height) {
        return Err(corrupt("two frame headers"));
    }
    let mut pixels = vec![0; 3 * width * height];
    decoder.decode_into(&mut pixels).map_err(refusal)?;
    Ok(Raster {
        picture: picture(FORMAT, width, height, pixels)?,
        orientation: header.exif.map_or(Orientation::Upright, Orientation::read),
    })
}

/// What the markers say, without a single coefficient decoded.
struct Header<'a> {
    width: usize,
    height: usize,
    exif: Option<&'a [u8]>,
}

impl<'a> Header<'a> {
    /// Walks all markers to the end of the picture (ITU-T T.81, annex B).
    fn read(bytes: &'a [u8], limits: &DecodeLimits) -> Result<Self, DecodeError> {
        let mut frame = None;
        let mut exif = None;
        let mut profile_bytes = 0;
        let mut scans = 0;
        let mut adobe = false;
        let mut markers = Markers { bytes, at: 2 };
        loop {
            let (marker, segment) = markers.next()?;
            match marker {
                0xd9 => break,
                0xc0..=0xc2 => {
                    if frame.is_some() {
                        return Err(corrupt("two frame headers"));
                    }
                    frame = Some(read_frame(segment, limits)?);
                }
                0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                    return Err(unsupported("lossless, hierarchical or arithmetic coding"));
                }
                0xda => scans += 1,
                0xe1 if exif.is_none() => exif = segment.strip_prefix(b"Exif\0\0"),
                0xee => adobe |= segment.starts_with(b"Adobe"),
                0xe2 if segment.starts_with(b"ICC_PROFILE\0") => profile_bytes += segment.len(),
                _ => {}
            }
        }
        let (width, height, components) = frame.ok_or_else(|| corrupt("no frame header"))?;
        // Adobe's programs store inks inverted; without their marker nobody knows.
        if components == 4 && !adobe {
            return Err(unsupported("CMYK without an Adobe marker"));
        }
        if scans == 0 {
            return Err(corrupt("no scan"));
        }
        let allowed = (SCAN_BUDGET * limits.max_pixels / (width * height)).min(limits.max_scans);
        if scans > allowed {
            return Err(DecodeError::TooManyScans {
                limit: allowed,
                got: scans,
            });
        }
        let metadata = profile_bytes.max(exif.map_or(0, <[u8]>::len));
        if metadata > limits.max_metadata_bytes {
            return Err(DecodeError::MetadataTooLarge {
                limit: limits.max_metadata_bytes,
            });
        }
        Ok(Self {
            width,
            height,
            exif,
        })
    }
}

/// Columns, rows and components of a frame header.
fn read_frame(segment: &[u8], limits: &DecodeLimits) -> Result<(usize, usize, u8), DecodeError> {
    let &[precision, h1, h0, w1, w0, components, ..] = segment else {
        return Err(corrupt("frame header is too short"));
    };
    let width = usize::from(u16::from_be_bytes([w1, w0]));
    let height = usize::from(u16::from_be_bytes([h1, h0]));
    limits.check_size(FORMAT, width, height)?;
    if precision != 8 {
        return Err(unsupported("more than 8 bits per channel"));
    }
    if !matches!(components, 1 | 3 | 4) {
        return Err(unsupported("neither 1, 3 nor 4 components"));
    }
    Ok((width, height, components))
}

/// A cursor over markers and their segments that skips entropy-coded data.
struct Markers<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Markers<'a> {
    /// The next marker that means something here, and its segment (empty where it has none).
    fn next(&mut self) -> Result<(u8, &'a [u8]), DecodeError> {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let skip = memchr(0xff, rest).ok_or(TRUNCATED)?;
            let marker = *rest.get(skip + 1).ok_or(TRUNCATED)?;
            self.at += skip + 1;
            match marker {
                // Fill bytes: the last one may begin the marker.
                0xff => {
                    let fill = rest[skip + 1..]
                        .iter()
                        .take_while(|&&byte| byte == 0xff)
                        .count();
                    self.at += fill - 1;
                }
                // A stuffed zero, a restart, a stray start: no segment follows.
                0x00 | 0x01 | 0xd0..=0xd8 => self.at += 1,
                0xd9 => return Ok((marker, &[])),
                _ => {
                    let rest = &self.bytes[self.at + 1..];
                    let &[high, low, ..] = rest else {
                        return Err(TRUNCATED);
                    };
                    let length = usize::from(u16::from_be_bytes([high, low]));
                    if length < 2 {
                        return Err(corrupt("segment is shorter than its length"));
                    }
                    let segment = rest.get(2..length).ok_or(TRUNCATED)?;
                    self.at += 1 + length;
                    return Ok((marker, segment));
                }
            }
        }
    }
}

const TRUNCATED: DecodeError = DecodeError::Truncated { format: FORMAT };

fn corrupt(reason: &str) -> DecodeError {
    DecodeError::Corrupt {
        format: FORMAT,
        reason: reason.into(),
    }
}

fn unsupported(reason: &str) -> DecodeError {
    DecodeError::Unsupported {
        format: FORMAT,
        reason: reason.into(),
    }
}

/// What the decoder's own error means here.
fn refusal(error: DecodeErrors) -> DecodeError {
    match error {
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => TRUNCATED,
        DecodeErrors::Unsupported(scheme) => unsupported(&format!("{scheme:?}")),
        other => corrupt(&other.to_string()),
    }
}
