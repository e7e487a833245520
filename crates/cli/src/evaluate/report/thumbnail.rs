//! Small pictures for the report.

use crate::pictures;
use anyhow::Context as _;
use base64::Engine as _;
use countenance_core::{DecodeLimits, Rect};
use countenance_vision::decode;
use std::fs;
use std::path::Path;

/// Columns and rows.
const SIDE: u16 = 144;

/// JPEG quality, 1..=100.
const QUALITY: u8 = 82;

/// The face of a picture with some surroundings, as a JPEG `data:` URL.
pub(super) fn data_url(path: &Path, face: Option<Rect>) -> anyhow::Result<String> {
    let named = || path.display().to_string();
    let bytes = fs::read(path).with_context(named)?;
    let picture = decode(&bytes, &DecodeLimits::default()).with_context(named)?;
    let (width, height) = (picture.width() as f64, picture.height() as f64);
    // A square somewhat larger than the face, moved and cut to lie inside the picture.
    let side = face.map_or(width.min(height), |face| {
        (f64::from(face.width.max(face.height)) * 1.7).clamp(1.0, width.min(height))
    });
    let center = face.map_or((width / 2.0, height / 2.0), |face| {
        let center = face.center();
        (f64::from(center.x), f64::from(center.y))
    });
    let left = (center.0 - side / 2.0).clamp(0.0, width - side);
    let top = (center.1 - side / 2.0).clamp(0.0, height - side);
    let part = (left, top, side, side);
    let small = pictures::scaled(&picture, part, u32::from(SIDE), u32::from(SIDE))?;
    let mut jpeg = Vec::new();
    jpeg_encoder::Encoder::new(&mut jpeg, QUALITY).encode(
        &small,
        SIDE,
        SIDE,
        jpeg_encoder::ColorType::Rgb,
    )?;
    let text = base64::engine::general_purpose::STANDARD.encode(&jpeg);
    Ok(format!("data:image/jpeg;base64,{text}"))
}
