//! Every kind of picture that a person may bring comes out as the same upright RGB picture.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]
#![expect(clippy::big_endian_bytes, reason = "JPEG, PNG and TIFF are big-endian")]

use countenance_vision::{DecodeError, DecodeLimits, Picture, decode};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};
use std::io::Write;

const WIDTH: usize = 24;
const HEIGHT: usize = 16;

/// A picture whose four quarters have different colours, so that no turn looks like another:
/// red, green / blue, white.
fn quarters() -> Picture {
    let mut pixels = Vec::new();
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            pixels.extend(match (x < WIDTH / 2, y < HEIGHT / 2) {
                (true, true) => [200, 30, 30],
                (false, true) => [30, 200, 30],
                (true, false) => [30, 30, 200],
                (false, false) => [220, 220, 220],
            });
        }
    }
    Picture::from_rgb(WIDTH, HEIGHT, pixels).unwrap()
}

fn read(bytes: &[u8]) -> Picture {
    decode(bytes, &DecodeLimits::default()).unwrap()
}

fn jpeg(pixels: &[u8], width: usize, height: usize, color: ExtendedColorType) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 100)
        .encode(pixels, width as u32, height as u32, color)
        .unwrap();
    bytes
}

fn png(pixels: &[u8], color: ExtendedColorType) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(pixels, WIDTH as u32, HEIGHT as u32, color)
        .unwrap();
    bytes
}

fn largest_difference(a: &Picture, b: &Picture) -> u8 {
    assert_eq!(a.size(), b.size());
    a.pixels()
        .iter()
        .zip(b.pixels())
        .map(|(a, b)| a.abs_diff(*b))
        .max()
        .unwrap()
}

/// A minimal EXIF block that says nothing but the orientation.
fn exif(orientation: u16, little_endian: bool) -> Vec<u8> {
    let u16s = |v: u16| {
        if little_endian {
            v.to_le_bytes()
        } else {
            v.to_be_bytes()
        }
    };
    let u32s = |v: u32| {
        if little_endian {
            v.to_le_bytes()
        } else {
            v.to_be_bytes()
        }
    };
    let mut block = Vec::new();
    block.extend(if little_endian { b"II" } else { b"MM" });
    block.extend(u16s(42));
    block.extend(u32s(8));
    block.extend(u16s(1));
    block.extend(u16s(0x0112));
    block.extend(u16s(3));
    block.extend(u32s(1));
    block.extend(u16s(orientation));
    block.extend(u16s(0));
    block.extend(u32s(0));
    block
}

/// Puts a segment right behind the start of a JPEG.
fn with_segment(jpeg: &[u8], marker: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xff, marker]);
    bytes.extend((payload.len() as u16 + 2).to_be_bytes());
    bytes.extend(payload);
    bytes.extend(&jpeg[2..]);
    bytes
}

/// How a writer stores an upright picture when it then claims this orientation: the inverse of
/// what the reader must do, written down from the table in EXIF 2.3 (row 0 and column 0).
fn stored(upright: &Picture, orientation: u16) -> (Vec<u8>, usize, usize) {
    let (w, h) = (upright.width(), upright.height());
    let (sw, sh) = if orientation >= 5 { (h, w) } else { (w, h) };
    let mut pixels = Vec::new();
    for row in 0..sh {
        for column in 0..sw {
            // Where the 0th row and the 0th column of the stored picture are seen.
            let (x, y) = match orientation {
                1 => (column, row),                 // top, left
                2 => (w - 1 - column, row),         // top, right
                3 => (w - 1 - column, h - 1 - row), // bottom, right
                4 => (column, h - 1 - row),         // bottom, left
                5 => (row, column),                 // left, top
                6 => (w - 1 - row, column),         // right, top
                7 => (w - 1 - row, h - 1 - column), // right, bottom
                _ => (row, h - 1 - column),         // left, bottom
            };
            let at = 3 * (y * w + x);
            pixels.extend(&upright.pixels()[at..at + 3]);
        }
    }
    (pixels, sw, sh)
}

#[test]
fn all_eight_orientations_of_a_jpeg_come_out_upright() {
    for orientation in 1..=8 {
        for little_endian in [true, false] {
            let (pixels, w, h) = stored(&quarters(), orientation);
            let mut block = b"Exif\0\0".to_vec();
            block.extend(exif(orientation, little_endian));
            let bytes = with_segment(&jpeg(&pixels, w, h, ExtendedColorType::Rgb8), 0xe1, &block);
            let difference = largest_difference(&read(&bytes), &quarters());
            assert!(
                difference < 12,
                "orientation {orientation} is off by {difference}"
            );
        }
    }
}

#[test]
fn an_orientation_in_a_png_or_webp_counts_too() {
    let (pixels, w, h) = stored(&quarters(), 6);
    let mut as_png = Vec::new();
    let mut encoder = PngEncoder::new(&mut as_png);
    encoder.set_exif_metadata(exif(6, true)).unwrap();
    encoder
        .write_image(&pixels, w as u32, h as u32, ExtendedColorType::Rgb8)
        .unwrap();
    assert_eq!(read(&as_png), quarters());

    let mut as_webp = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut as_webp);
    encoder.set_exif_metadata(exif(6, true)).unwrap();
    encoder
        .write_image(&pixels, w as u32, h as u32, ExtendedColorType::Rgb8)
        .unwrap();
    assert_eq!(read(&as_webp), quarters());
}

#[test]
fn an_orientation_beyond_the_eight_and_damaged_exif_leave_the_picture_as_it_is() {
    let plain = jpeg(quarters().pixels(), WIDTH, HEIGHT, ExtendedColorType::Rgb8);
    for payload in [
        &exif(9, true)[..],
        b"II",
        b"MM\0\x2a\xff\xff\xff\xff",
        &exif(6, true)[..12],
    ] {
        let bytes = with_segment(&plain, 0xe1, &[b"Exif\0\0", payload].concat());
        assert_eq!(read(&bytes), read(&plain));
    }
}

#[test]
fn a_jpeg_comes_out_in_its_colours() {
    let bytes = jpeg(quarters().pixels(), WIDTH, HEIGHT, ExtendedColorType::Rgb8);
    assert!(largest_difference(&read(&bytes), &quarters()) < 12);
}

#[test]
fn a_grey_jpeg_and_a_grey_png_become_three_equal_channels() {
    let grey: Vec<u8> = (0..WIDTH * HEIGHT)
        .map(|i| (i % WIDTH * 10) as u8)
        .collect();
    let expected: Vec<u8> = grey.iter().flat_map(|&v| [v; 3]).collect();
    let expected = Picture::from_rgb(WIDTH, HEIGHT, expected).unwrap();
    assert_eq!(read(&png(&grey, ExtendedColorType::L8)), expected);
    let from_jpeg = read(&jpeg(&grey, WIDTH, HEIGHT, ExtendedColorType::L8));
    assert!(largest_difference(&from_jpeg, &expected) < 4);
}

#[test]
fn sixteen_bits_keep_their_high_byte() {
    let deep: Vec<u8> = quarters()
        .pixels()
        .iter()
        .flat_map(|&v| [0xab, v])
        .collect();
    assert_eq!(read(&png(&deep, ExtendedColorType::Rgb16)), quarters());
    let grey: Vec<u8> = (0..WIDTH * HEIGHT)
        .flat_map(|i| [0x12, (i % 200) as u8])
        .collect();
    let picture = read(&png(&grey, ExtendedColorType::L16));
    assert_eq!(&picture.pixels()[..6], &[0, 0, 0, 1, 1, 1]);
}

#[test]
fn transparent_pixels_lie_over_white() {
    let pixels: Vec<u8> = [[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 128]]
        .into_iter()
        .cycle()
        .take(WIDTH * HEIGHT)
        .flatten()
        .collect();
    let expected = [200, 100, 0, 255, 255, 255, 227, 177, 127];
    let as_png = png(&pixels, ExtendedColorType::Rgba8);
    assert_eq!(&read(&as_png).pixels()[..9], &expected);

    let mut as_webp = Vec::new();
    WebPEncoder::new_lossless(&mut as_webp)
        .encode(
            &pixels,
            WIDTH as u32,
            HEIGHT as u32,
            ExtendedColorType::Rgba8,
        )
        .unwrap();
    assert_eq!(&read(&as_webp).pixels()[..9], &expected);

    let grey: Vec<u8> = [[100, 255], [100, 0]]
        .into_iter()
        .cycle()
        .take(WIDTH * HEIGHT)
        .flatten()
        .collect();
    let picture = read(&png(&grey, ExtendedColorType::La8));
    assert_eq!(&picture.pixels()[..6], &[100, 100, 100, 255, 255, 255]);
}

#[test]
fn a_palette_of_every_depth_is_looked_up() {
    for (depth, per_byte) in [
        (png::BitDepth::One, 8),
        (png::BitDepth::Two, 4),
        (png::BitDepth::Four, 2),
        (png::BitDepth::Eight, 1),
    ] {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 8, 2);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(depth);
        encoder.set_palette(vec![10, 20, 30, 200, 210, 220]);
        // Index 0 everywhere, but 1 in the very first pixel.
        let mut rows = vec![0u8; 2 * 8 / per_byte];
        rows[0] = 1 << (8 - 8 / per_byte);
        encoder
            .write_header()
            .unwrap()
            .write_image_data(&rows)
            .unwrap();
        let picture = read(&bytes);
        assert_eq!(
            &picture.pixels()[..6],
            &[200, 210, 220, 10, 20, 30],
            "{depth:?}"
        );
    }
}

#[test]
fn a_lossless_webp_is_read_to_the_bit() {
    let mut bytes = Vec::new();
    WebPEncoder::new_lossless(&mut bytes)
        .encode(
            quarters().pixels(),
            WIDTH as u32,
            HEIGHT as u32,
            ExtendedColorType::Rgb8,
        )
        .unwrap();
    assert_eq!(read(&bytes), quarters());
}

#[test]
fn a_lossy_webp_comes_out_in_its_colour() {
    /// 16 x 16 pixels of R, G, B = 200, 60, 40, written by libwebp at quality 50.
    const BYTES: &[u8] = &[
        0x52, 0x49, 0x46, 0x46, 0x36, 0x00, 0x00, 0x00, 0x57, 0x45, 0x42, 0x50, 0x56, 0x50, 0x38,
        0x20, 0x2a, 0x00, 0x00, 0x00, 0x90, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x10, 0x00, 0x10, 0x00,
        0x02, 0xc0, 0x4c, 0x25, 0xa0, 0x02, 0x74, 0xba, 0x00, 0x03, 0x98, 0x00, 0xfe, 0xe7, 0x8b,
        0xff, 0x42, 0x8d, 0x94, 0x4d, 0x78, 0xff, 0xe5, 0x9f, 0xf9, 0xfd, 0xf1, 0x77, 0xb9, 0x80,
        0x00, 0x00,
    ];
    let expected = Picture::from_rgb(16, 16, [200, 60, 40].repeat(16 * 16)).unwrap();
    assert!(largest_difference(&read(BYTES), &expected) < 8);
}

#[test]
fn cmyk_ycck_and_progressive_jpegs_come_out_in_their_colours() {
    // Inks; the encoder stores them Adobe's way, inverted and with Adobe's marker.
    let cmyk: Vec<u8> = quarters()
        .pixels()
        .chunks_exact(3)
        .flat_map(|p| [255 - p[0], 255 - p[1], 255 - p[2], 0])
        .collect();
    for color in [
        jpeg_encoder::ColorType::Cmyk,
        jpeg_encoder::ColorType::CmykAsYcck,
    ] {
        let mut bytes = Vec::new();
        jpeg_encoder::Encoder::new(&mut bytes, 100)
            .encode(&cmyk, WIDTH as u16, HEIGHT as u16, color)
            .unwrap();
        let difference = largest_difference(&read(&bytes), &quarters());
        assert!(difference < 12, "{color:?} is off by {difference}");
    }
    // Without the marker nobody knows whether 0 is no ink or full ink.
    let mut unmarked = Vec::new();
    jpeg_encoder::Encoder::new(&mut unmarked, 100)
        .encode(
            &cmyk,
            WIDTH as u16,
            HEIGHT as u16,
            jpeg_encoder::ColorType::Cmyk,
        )
        .unwrap();
    let name = unmarked.windows(5).position(|w| w == b"Adobe").unwrap();
    unmarked[name..name + 5].copy_from_slice(b"Nobel");
    assert!(matches!(
        decode(&unmarked, &DecodeLimits::default()),
        Err(DecodeError::Unsupported { .. })
    ));

    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 100);
    encoder.set_progressive(true);
    encoder
        .encode(
            quarters().pixels(),
            WIDTH as u16,
            HEIGHT as u16,
            jpeg_encoder::ColorType::Rgb,
        )
        .unwrap();
    assert!(largest_difference(&read(&bytes), &quarters()) < 12);
}

#[test]
fn an_interlaced_png_is_put_together() {
    // Adam7 (PNG, section 8.2): first column, first row, column step, row step of each pass.
    const PASSES: [(usize, usize, usize, usize); 7] = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ];
    let mut rows = Vec::new();
    for (x0, y0, dx, dy) in PASSES {
        for y in (y0..HEIGHT).step_by(dy) {
            rows.push(0);
            for x in (x0..WIDTH).step_by(dx) {
                let at = 3 * (y * WIDTH + x);
                rows.extend(&quarters().pixels()[at..at + 3]);
            }
        }
    }
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(&rows).unwrap();
    let mut header = Vec::new();
    header.extend((WIDTH as u32).to_be_bytes());
    header.extend((HEIGHT as u32).to_be_bytes());
    header.extend([8, 2, 0, 0, 1]);
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [
        (b"IHDR", header),
        (b"IDAT", zlib.finish().unwrap()),
        (b"IEND", vec![]),
    ] {
        bytes.extend((data.len() as u32).to_be_bytes());
        let body = [&kind[..], &data].concat();
        bytes.extend(&body);
        bytes.extend(crc32fast::hash(&body).to_be_bytes());
    }
    assert_eq!(read(&bytes), quarters());
}

#[test]
fn bytes_after_the_end_of_a_picture_are_ignored() {
    for mut bytes in [
        jpeg(quarters().pixels(), WIDTH, HEIGHT, ExtendedColorType::Rgb8),
        png(quarters().pixels(), ExtendedColorType::Rgb8),
    ] {
        let alone = read(&bytes);
        bytes.extend(b"PK\x03\x04 and more");
        assert_eq!(read(&bytes), alone);
    }
}

#[test]
fn debug_shows_the_size_of_a_picture_and_no_pixel() {
    assert_eq!(format!("{:?}", quarters()), "Picture(24 x 16)");
}
