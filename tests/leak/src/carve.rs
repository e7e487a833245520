//! Files inside of bytes: gzip and zstd are unpacked, pictures decoded, wherever they begin.

use image::{ImageFormat, RgbImage};
use std::io::{Cursor, Read};

/// Most bytes that are taken out of one packed piece.
const MOST: u64 = 64 << 20;

/// Most bytes of a picture's file. No photo that is searched for has a quarter of it, and the decoders copy whatever
/// they are given: thousands of false beginnings in the weights of a core file would cost the whole of it each.
const MOST_OF_PICTURE: usize = 4 << 20;

fn starts(bytes: &[u8], magic: &[u8]) -> Vec<usize> {
    let finder = aho_corasick::AhoCorasick::new([magic]);
    finder.map_or_else(
        |_| Vec::new(),
        |finder| finder.find_iter(bytes).map(|hit| hit.start()).collect(),
    )
}

/// What gzip and zstd pieces hold; a piece that breaks gives what came before.
#[must_use]
pub fn unpacked(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut pieces = Vec::new();
    for start in starts(bytes, &[0x1f, 0x8b, 0x08]) {
        let mut out = Vec::new();
        let _ = flate2::read::GzDecoder::new(&bytes[start..])
            .take(MOST)
            .read_to_end(&mut out);
        pieces.push(("gzip", out));
    }
    for start in starts(bytes, &[0x28, 0xb5, 0x2f, 0xfd]) {
        let mut out = Vec::new();
        if let Ok(decoder) = ruzstd::decoding::StreamingDecoder::new(&bytes[start..]) {
            let _ = decoder.take(MOST).read_to_end(&mut out);
        }
        pieces.push(("zstd", out));
    }
    pieces.retain(|(_, out)| !out.is_empty());
    pieces
}

/// Every JPEG, PNG and WebP picture that decodes.
#[must_use]
pub fn pictures(bytes: &[u8]) -> Vec<RgbImage> {
    let mut pictures = Vec::new();
    let kinds: [(&[u8], usize, ImageFormat); 3] = [
        (&[0xff, 0xd8, 0xff], 0, ImageFormat::Jpeg),
        (b"\x89PNG\r\n\x1a\n", 0, ImageFormat::Png),
        (b"WEBPVP8", 8, ImageFormat::WebP),
    ];
    for (magic, offset, format) in kinds {
        for start in starts(bytes, magic) {
            let Some(start) = start.checked_sub(offset) else {
                continue;
            };
            let end = bytes.len().min(start + MOST_OF_PICTURE);
            let file = Cursor::new(&bytes[start..end]);
            let mut reader = image::ImageReader::with_format(file, format);
            let mut limits = image::Limits::default();
            limits.max_alloc = Some(MOST);
            reader.limits(limits);
            if let Ok(picture) = reader.decode() {
                pictures.push(picture.to_rgb8());
            }
        }
    }
    pictures
}
