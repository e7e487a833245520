//! Files made to hurt whoever opens them are refused with a clear error, within bounded time and
//! memory. Honest files of the same makers are read: the corpus is not refused for being odd.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]
#![expect(clippy::big_endian_bytes, reason = "JPEG and PNG are big-endian")]

mod corpus;

use corpus::*;
use countenance_vision::{DecodeError, DecodeLimits, Format, Picture, decode};
use peak_alloc::PeakAlloc;
use std::time::{Duration, Instant};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What must come of a file.
enum Outcome {
    /// A picture of this size.
    Picture(usize, usize),
    Animated,
    Corrupt,
    Empty,
    MetadataTooLarge,
    TooManyBytes,
    TooManyPixels,
    TooManyScans,
    Truncated(Format),
    UnknownFormat,
    Unsupported,
}

impl Outcome {
    fn is(&self, result: &Result<Picture, DecodeError>) -> bool {
        match (self, result) {
            (Self::Picture(w, h), Ok(picture)) => (picture.width(), picture.height()) == (*w, *h),
            (Self::Animated, Err(DecodeError::Animated { .. }))
            | (Self::Corrupt, Err(DecodeError::Corrupt { .. }))
            | (Self::Empty, Err(DecodeError::Empty))
            | (Self::MetadataTooLarge, Err(DecodeError::MetadataTooLarge { .. }))
            | (Self::TooManyBytes, Err(DecodeError::TooManyBytes { .. }))
            | (Self::TooManyPixels, Err(DecodeError::TooManyPixels { .. }))
            | (Self::TooManyScans, Err(DecodeError::TooManyScans { .. }))
            | (Self::UnknownFormat, Err(DecodeError::UnknownFormat))
            | (Self::Unsupported, Err(DecodeError::Unsupported { .. })) => true,
            (Self::Truncated(a), Err(DecodeError::Truncated { format: b })) => a == b,
            _ => false,
        }
    }
}

struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    outcome: Outcome,
    /// Bytes that decoding may hold besides the file.
    most_bytes: usize,
}

fn case(name: &'static str, bytes: Vec<u8>, outcome: Outcome) -> Case {
    Case {
        name,
        bytes,
        outcome,
        most_bytes: 4 << 20,
    }
}

/// A file that announces up to 50 million pixels and may have memory for them: three bytes each,
/// four more while a lossless WebP is decoded.
fn large(name: &'static str, bytes: Vec<u8>, outcome: Outcome) -> Case {
    Case {
        name,
        bytes,
        outcome,
        most_bytes: 50_000_000 * 7 + (4 << 20),
    }
}

/// The corpus and, among it, the honest files.
fn cases() -> Vec<Case> {
    use Outcome::*;
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() / 2].to_vec();
    let zip = b"PK\x03\x04\x14\0\0\0\0\0";
    let mut lying_riff = lossless_webp();
    lying_riff[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut bad_checksum = png(16, 16, &[]);
    let at = bad_checksum.len() - 20;
    bad_checksum[at] ^= 1;
    let mut icc = b"ICC_PROFILE\0\x01\xff".to_vec();
    icc.resize(60_000, 7);
    let start = [0xff, 0xd8];
    vec![
        case("honest png", png(16, 16, &[]), Picture(16, 16)),
        case("honest jpeg", jpeg(48, 32, false), Picture(48, 32)),
        case(
            "honest progressive jpeg",
            jpeg(48, 32, true),
            Picture(48, 32),
        ),
        case("honest webp", lossless_webp(), Picture(32, 32)),
        case("nothing", vec![], Empty),
        case(
            "text",
            b"<html>not a picture</html>".to_vec(),
            UnknownFormat,
        ),
        case("gif", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), UnknownFormat),
        case("zeros", vec![0; 1 << 20], UnknownFormat),
        case(
            "more bytes than allowed",
            vec![0xff; (64 << 20) + 1],
            TooManyBytes,
        ),
        case(
            "png of 65535 x 65535",
            png_with_nothing_behind(65_535, 65_535),
            TooManyPixels,
        ),
        case(
            "png of 2^31 - 1 squared",
            png_with_nothing_behind(!0 >> 1, !0 >> 1),
            TooManyPixels,
        ),
        case(
            "png of one very long row",
            png_with_nothing_behind(40_000, 1),
            TooManyPixels,
        ),
        case("png without width", png_with_nothing_behind(0, 16), Corrupt),
        large(
            "png of 50 megapixels of nothing",
            png(7071, 7071, &[]),
            Picture(7071, 7071),
        ),
        large(
            "png with rows missing",
            png_with_nothing_behind(7000, 7000),
            Corrupt,
        ),
        case(
            "png whose pixels never end",
            png_zip_bomb(),
            Picture(16, 16),
        ),
        case(
            "png with a text bomb",
            png(16, 16, &[international_text(128 << 20)]),
            Picture(16, 16),
        ),
        case(
            "png with a packed text bomb",
            png(16, 16, &[compressed_text(128 << 20)]),
            Picture(16, 16),
        ),
        case(
            "png with a profile bomb",
            png(16, 16, &[profile(128 << 20)]),
            Picture(16, 16),
        ),
        Case {
            // The reader's buffer doubles until the allowance of some 2 MB is used up.
            most_bytes: 8 << 20,
            ..case(
                "png with 20 megabytes of exif",
                png(16, 16, &[chunk(b"eXIf", &vec![b'M'; 20 << 20])]),
                MetadataTooLarge,
            )
        },
        case("png with a wrong checksum", bad_checksum, Corrupt),
        case("animated png", png(16, 16, &[animation(1000)]), Animated),
        case("half a png", cut(png(64, 64, &[])), Truncated(Format::Png)),
        case(
            "a png's magic alone",
            b"\x89PNG\r\n".to_vec(),
            Truncated(Format::Png),
        ),
        case(
            "jpeg of 65500 x 65500",
            jpeg_of_announced_size(65_500, 65_500),
            TooManyPixels,
        ),
        case(
            "jpeg without height",
            jpeg_of_announced_size(32, 0),
            Corrupt,
        ),
        large(
            "jpeg with data missing",
            jpeg_of_announced_size(7000, 7000),
            Picture(7000, 7000),
        ),
        case(
            "jpeg with two frame headers",
            jpeg_with_two_frames(),
            Corrupt,
        ),
        case(
            "jpeg with a thousand scans",
            jpeg_with_scans(256, 256, 1000),
            TooManyScans,
        ),
        case(
            "large jpeg with fifty scans",
            jpeg_with_scans(5000, 5000, 50),
            TooManyScans,
        ),
        case("arithmetic jpeg", jpeg_of_coding(0xc9), Unsupported),
        case("lossless jpeg", jpeg_of_coding(0xc3), Unsupported),
        case("jpeg of 12 bits", jpeg_of_precision(12), Unsupported),
        case(
            "jpeg with an exif bomb",
            jpeg_with(0xe1, &exif_bomb(), 1),
            Picture(32, 32),
        ),
        case(
            "jpeg with 200 profiles",
            jpeg_with(0xe2, &icc, 200),
            MetadataTooLarge,
        ),
        case(
            "jpeg with 15 MB of comments",
            jpeg_with(0xfe, &[32; 60_000], 250),
            Picture(32, 32),
        ),
        case(
            "jpeg of fill bytes",
            [&start[..], &vec![0xff; 32 << 20]].concat(),
            Truncated(Format::Jpeg),
        ),
        case("jpeg start and end", vec![0xff, 0xd8, 0xff, 0xd9], Corrupt),
        case(
            "jpeg segment of length 1",
            vec![0xff, 0xd8, 0xff, 0xe0, 0, 1, 0, 0],
            Corrupt,
        ),
        case(
            "half a jpeg",
            cut(jpeg(64, 64, false)),
            Truncated(Format::Jpeg),
        ),
        case(
            "half a progressive jpeg",
            cut(jpeg(64, 64, true)),
            Truncated(Format::Jpeg),
        ),
        case("animated webp", animated_webp(200), Animated),
        case(
            "webp of 2^24 squared",
            webp(&[
                extended(0, 1 << 24, 1 << 24),
                riff_chunk(b"VP8L", &[0x2f, 0, 0, 0, 0]),
            ]),
            Corrupt,
        ),
        case(
            "webp of 16383 x 16383",
            webp_of_announced_size(16_383, 16_383),
            TooManyPixels,
        ),
        large(
            "webp with data missing",
            webp_of_announced_size(7000, 7000),
            Corrupt,
        ),
        case("webp that claims 4 GB", lying_riff, Truncated(Format::WebP)),
        case("half a webp", cut(lossless_webp()), Truncated(Format::WebP)),
        case(
            "jpeg that is a zip too",
            [jpeg(32, 32, false), zip.to_vec()].concat(),
            Picture(32, 32),
        ),
        case(
            "png that is a jpeg too",
            [png(16, 16, &[]), jpeg(32, 32, false)].concat(),
            Picture(16, 16),
        ),
        case(
            "zip that is a jpeg too",
            [zip.to_vec(), jpeg(32, 32, false)].concat(),
            UnknownFormat,
        ),
    ]
}

#[test]
fn every_hostile_file_has_its_outcome_in_bounded_time_and_memory() {
    const LONGEST: Duration = Duration::from_secs(5);
    let limits = DecodeLimits::default();
    let cases = cases();
    let mut failures = Vec::new();
    for case in &cases {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let start = Instant::now();
        let result = decode(&case.bytes, &limits);
        let time = start.elapsed();
        let bytes = MEMORY.peak_usage().saturating_sub(before);
        println!("{}: {result:?}, {time:?}, {bytes} bytes", case.name);
        if !case.outcome.is(&result) {
            failures.push(format!("{}: {result:?}", case.name));
        }
        if time > LONGEST || bytes > case.most_bytes {
            failures.push(format!("{}: {time:?}, {bytes} bytes", case.name));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} failed:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

#[test]
fn a_picture_cut_anywhere_is_refused() {
    for (name, bytes) in [
        ("jpeg", jpeg(40, 24, false)),
        ("progressive jpeg", jpeg(40, 24, true)),
        ("png", png(24, 24, &[])),
        ("webp", lossless_webp()),
    ] {
        assert!(
            decode(&bytes, &DecodeLimits::default()).is_ok(),
            "{name} as a whole"
        );
        for length in 0..bytes.len() {
            let result = decode(&bytes[..length], &DecodeLimits::default());
            assert!(result.is_err(), "{name} of {length} bytes gives {result:?}");
        }
    }
}

#[test]
fn bytes_changed_at_random_give_a_picture_or_an_error() {
    // xorshift64: the same damage on every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    let limits = DecodeLimits {
        max_pixels: 1 << 20,
        ..DecodeLimits::default()
    };
    for honest in [
        jpeg(40, 24, false),
        jpeg(40, 24, true),
        png(24, 24, &[]),
        lossless_webp(),
    ] {
        for _ in 0..1500 {
            let mut bytes = honest.clone();
            for _ in 0..1 + random() % 8 {
                let at = random() % bytes.len();
                bytes[at] = random() as u8;
            }
            if let Ok(picture) = decode(&bytes, &limits) {
                assert!(picture.width() * picture.height() <= limits.max_pixels);
            }
        }
    }
}

#[test]
fn limits_are_the_callers() {
    let bytes = jpeg(48, 32, true);
    let read = |limits| decode(&bytes, &limits);
    let given = DecodeLimits::default();
    assert!(
        read(DecodeLimits {
            max_pixels: 48 * 32,
            ..given
        })
        .is_ok()
    );
    assert!(matches!(
        read(DecodeLimits {
            max_pixels: 48 * 32 - 1,
            ..given
        }),
        Err(DecodeError::TooManyPixels {
            width: 48,
            height: 32,
            ..
        })
    ));
    assert!(matches!(
        read(DecodeLimits {
            max_side: 47,
            ..given
        }),
        Err(DecodeError::TooManyPixels { .. })
    ));
    assert!(matches!(
        read(DecodeLimits {
            max_scans: 1,
            ..given
        }),
        Err(DecodeError::TooManyScans { limit: 1, .. })
    ));
    assert!(matches!(
        read(DecodeLimits {
            max_bytes: 100,
            ..given
        }),
        Err(DecodeError::TooManyBytes { limit: 100, .. })
    ));
}
