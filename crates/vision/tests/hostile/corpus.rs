//! Files made to hurt whoever opens them.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::{self, Read};

const PNG_MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

/// One PNG chunk with its length and checksum.
pub(crate) fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind[..], data].concat();
    let mut bytes = (data.len() as u32).to_be_bytes().to_vec();
    bytes.extend(&body);
    bytes.extend(crc32fast::hash(&body).to_be_bytes());
    bytes
}

/// The header chunk of an 8-bit RGB PNG.
pub(crate) fn header(width: u32, height: u32) -> Vec<u8> {
    let mut data = width.to_be_bytes().to_vec();
    data.extend(height.to_be_bytes());
    data.extend([8, 2, 0, 0, 0]);
    chunk(b"IHDR", &data)
}

/// `length` zero bytes in as few bytes as zlib can.
pub(crate) fn squeezed_zeros(length: u64) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    io::copy(&mut io::repeat(0).take(length), &mut zlib).unwrap();
    zlib.finish().unwrap()
}

/// A black PNG with extra chunks before its pixels.
pub(crate) fn png(width: u32, height: u32, extra: &[Vec<u8>]) -> Vec<u8> {
    let rows = u64::from(height) * (1 + 3 * u64::from(width));
    [
        PNG_MAGIC.to_vec(),
        header(width, height),
        extra.concat(),
        chunk(b"IDAT", &squeezed_zeros(rows)),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

/// A PNG that announces a size and brings next to nothing.
pub(crate) fn png_with_nothing_behind(width: u32, height: u32) -> Vec<u8> {
    [
        PNG_MAGIC.to_vec(),
        header(width, height),
        chunk(b"IDAT", &squeezed_zeros(64)),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

/// A small picture whose pixel data goes on for another 128 MB when unpacked.
pub(crate) fn png_zip_bomb() -> Vec<u8> {
    [
        PNG_MAGIC.to_vec(),
        header(16, 16),
        chunk(b"IDAT", &squeezed_zeros(128 << 20)),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

/// A text chunk that unpacks to `length` bytes.
pub(crate) fn international_text(length: u64) -> Vec<u8> {
    chunk(
        b"iTXt",
        &[b"Comment\0\x01\0\0\0".to_vec(), squeezed_zeros(length)].concat(),
    )
}

/// A compressed Latin text chunk that unpacks to `length` bytes.
pub(crate) fn compressed_text(length: u64) -> Vec<u8> {
    chunk(
        b"zTXt",
        &[b"Comment\0\0".to_vec(), squeezed_zeros(length)].concat(),
    )
}

/// A colour profile that unpacks to `length` bytes.
pub(crate) fn profile(length: u64) -> Vec<u8> {
    chunk(
        b"iCCP",
        &[b"profile\0\0".to_vec(), squeezed_zeros(length)].concat(),
    )
}

/// An animation control chunk.
pub(crate) fn animation(frames: u32) -> Vec<u8> {
    let frame = [0, 16, 16, 0, 0u32].map(u32::to_be_bytes).concat();
    [
        chunk(b"acTL", &[frames.to_be_bytes(), [0; 4]].concat()),
        chunk(b"fcTL", &[frame, vec![0, 1, 0, 10, 0, 0]].concat()),
    ]
    .concat()
}

/// An honest JPEG of some size, with every kind of block in it.
pub(crate) fn jpeg(width: u16, height: u16, progressive: bool) -> Vec<u8> {
    encode(width, height, progressive, |i| {
        [
            (i * 7 % 251) as u8,
            (i * 13 % 241) as u8,
            (i / 9 % 256) as u8,
        ]
    })
}

fn encode(width: u16, height: u16, progressive: bool, pixel: fn(usize) -> [u8; 3]) -> Vec<u8> {
    let pixels: Vec<u8> = (0..usize::from(width) * usize::from(height))
        .flat_map(pixel)
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
    encoder.set_progressive(progressive);
    encoder
        .encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    bytes
}

/// Where a marker's segment begins, its `ff` included.
pub(crate) fn find_marker(jpeg: &[u8], wanted: impl Fn(u8) -> bool) -> usize {
    let mut at = 2;
    loop {
        assert_eq!(jpeg[at], 0xff);
        if wanted(jpeg[at + 1]) {
            return at;
        }
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
}

/// A JPEG whose frame header announces another size.
pub(crate) fn jpeg_of_announced_size(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = jpeg(32, 32, false);
    let frame = find_marker(&bytes, |m| m == 0xc0);
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

/// A JPEG whose frame header is of another kind.
pub(crate) fn jpeg_of_coding(marker: u8) -> Vec<u8> {
    let mut bytes = jpeg(32, 32, false);
    let frame = find_marker(&bytes, |m| m == 0xc0);
    bytes[frame + 1] = marker;
    bytes
}

/// A JPEG with 12 bits per channel in its header.
pub(crate) fn jpeg_of_precision(bits: u8) -> Vec<u8> {
    let mut bytes = jpeg(32, 32, false);
    let frame = find_marker(&bytes, |m| m == 0xc0);
    bytes[frame + 4] = bits;
    bytes
}

/// A small frame header is followed by a huge one.
pub(crate) fn jpeg_with_two_frames() -> Vec<u8> {
    let bytes = jpeg(32, 32, false);
    let huge = jpeg_of_announced_size(65_500, 65_500);
    let frame = find_marker(&bytes, |m| m == 0xc0);
    let length = 2 + usize::from(u16::from_be_bytes([bytes[frame + 2], bytes[frame + 3]]));
    [
        &bytes[..frame + length],
        &huge[frame..frame + length],
        &bytes[frame + length..],
    ]
    .concat()
}

/// A black progressive JPEG whose last scan comes `times` times: few bytes, much work.
pub(crate) fn jpeg_with_scans(width: u16, height: u16, times: usize) -> Vec<u8> {
    let bytes = encode(width, height, true, |_| [0; 3]);
    let first = find_marker(&bytes, |m| m == 0xda);
    let last = (first..bytes.len() - 1)
        .rev()
        .find(|&i| bytes[i..i + 2] == [0xff, 0xda])
        .unwrap();
    let end = bytes.len() - 2;
    [
        &bytes[..end],
        &bytes[last..end].repeat(times),
        &bytes[end..],
    ]
    .concat()
}

/// Puts segments right behind the start of an honest JPEG.
pub(crate) fn jpeg_with(marker: u8, payload: &[u8], times: usize) -> Vec<u8> {
    let honest = jpeg(32, 32, false);
    let mut segment = vec![0xff, marker];
    segment.extend((payload.len() as u16 + 2).to_be_bytes());
    segment.extend(payload);
    [&honest[..2], &segment.repeat(times), &honest[2..]].concat()
}

/// EXIF with as many entries as a directory can have, each of them the largest value there is
/// room for, and a next directory that is the first one again.
pub(crate) fn exif_bomb() -> Vec<u8> {
    let mut block = b"Exif\0\0MM\0\x2a\0\0\0\x08".to_vec();
    let entries = 5400u16;
    block.extend(entries.to_be_bytes());
    for i in 0..entries {
        block.extend((0x8000 + i).to_be_bytes());
        block.extend(7u16.to_be_bytes());
        block.extend(64_000u32.to_be_bytes());
        block.extend(8u32.to_be_bytes());
    }
    block.extend(8u32.to_be_bytes());
    block
}

/// One RIFF chunk, padded to an even length.
pub(crate) fn riff_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_vec();
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

/// A WebP file around chunks.
pub(crate) fn webp(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = [b"WEBP".to_vec(), chunks.concat()].concat();
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((body.len() as u32).to_le_bytes());
    bytes.extend(body);
    bytes
}

/// The extended header of a WebP file.
pub(crate) fn extended(flags: u8, width: u32, height: u32) -> Vec<u8> {
    let mut data = vec![flags, 0, 0, 0];
    data.extend(&(width - 1).to_le_bytes()[..3]);
    data.extend(&(height - 1).to_le_bytes()[..3]);
    riff_chunk(b"VP8X", &data)
}

/// An honest lossless WebP.
pub(crate) fn lossless_webp() -> Vec<u8> {
    let pixels: Vec<u8> = (0..32 * 32 * 3).map(|i| (i * 7 % 251) as u8).collect();
    let mut bytes = Vec::new();
    image::codecs::webp::WebPEncoder::new_lossless(&mut bytes)
        .encode(&pixels, 32, 32, image::ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

/// An animation of `frames` frames.
pub(crate) fn animated_webp(frames: usize) -> Vec<u8> {
    let still = lossless_webp();
    let mut frame = vec![0; 6];
    frame.extend([31, 0, 0, 31, 0, 0, 100, 0, 0, 0]);
    frame.extend(&still[12..]);
    let mut chunks = vec![extended(2, 32, 32), riff_chunk(b"ANIM", &[0; 6])];
    chunks.extend(std::iter::repeat_n(riff_chunk(b"ANMF", &frame), frames));
    webp(&chunks)
}

/// A lossless WebP that announces a size and brings nothing.
pub(crate) fn webp_of_announced_size(width: u32, height: u32) -> Vec<u8> {
    let mut data = vec![0x2f];
    data.extend(((width - 1) | ((height - 1) << 14)).to_le_bytes());
    data.extend([0; 16]);
    webp(&[riff_chunk(b"VP8L", &data)])
}
