//! PNG by the png crate.

use super::{
    DecodeError, DecodeLimits, Format, Orientation, Raster, flatten_rgba, over_white, picture,
};
use png::{BitDepth, ColorType, Decoder, DecodingError, Limits, Transformations};
use std::io::{Cursor, ErrorKind};

const FORMAT: Format = Format::Png;

pub(super) fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Raster, DecodeError> {
    // Rows and the EXIF block come out of this allowance; pixels are our own buffer.
    let allowance = limits
        .max_metadata_bytes
        .saturating_add(limits.max_side.saturating_mul(16));
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: allowance });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let header = decoder
        .read_header_info()
        .map_err(|error| refusal(error, limits))?;
    limits.check_size(FORMAT, header.width as usize, header.height as usize)?;

    let mut reader = decoder
        .read_info()
        .map_err(|error| refusal(error, limits))?;
    let info = reader.info();
    let (width, height) = (info.width as usize, info.height as usize);
    if let Some(animation) = info.animation_control {
        return Err(DecodeError::Animated {
            format: FORMAT,
            frames: animation.num_frames,
        });
    }
    let mut pixels = vec![
        0;
        reader
            .output_buffer_size()
            .ok_or_else(|| corrupt("no size"))?
    ];
    let frame = reader
        .next_frame(&mut pixels)
        .map_err(|error| refusal(error, limits))?;
    pixels.truncate(frame.buffer_size());
    // An EXIF block may follow the pixels.
    reader.finish().map_err(|error| refusal(error, limits))?;
    let exif = reader.info().exif_metadata.as_deref();
    let orientation = exif.map_or(Orientation::Upright, Orientation::read);

    if frame.bit_depth != BitDepth::Eight {
        return Err(corrupt("bit depth"));
    }
    match frame.color_type {
        ColorType::Rgb => {}
        ColorType::Rgba => flatten_rgba(&mut pixels),
        ColorType::Grayscale => pixels = pixels.iter().flat_map(|&grey| [grey; 3]).collect(),
        ColorType::GrayscaleAlpha => {
            pixels = pixels
                .chunks_exact(2)
                .flat_map(|p| [over_white(p[0], p[1]); 3])
                .collect();
        }
        ColorType::Indexed => return Err(corrupt("palette was not expanded")),
    }
    Ok(Raster {
        picture: picture(FORMAT, width, height, pixels)?,
        orientation,
    })
}

fn corrupt(reason: &str) -> DecodeError {
    DecodeError::Corrupt {
        format: FORMAT,
        reason: reason.into(),
    }
}

/// What the decoder's own error means here.
fn refusal(error: DecodingError, limits: &DecodeLimits) -> DecodeError {
    match error {
        DecodingError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof => {
            DecodeError::Truncated { format: FORMAT }
        }
        DecodingError::LimitsExceeded => DecodeError::MetadataTooLarge {
            limit: limits.max_metadata_bytes,
        },
        other => corrupt(&other.to_string()),
    }
}
