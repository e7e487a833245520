//! The search itself: it finds every canary in every form, and nothing where there is none.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

use countenance_leak_drill::canary::{Canaries, Kind, Wanted};
use countenance_leak_drill::encode;
use countenance_leak_drill::people::{self, Person};
use countenance_leak_drill::scan::{self, Report};
use flate2::Compression;
use flate2::write::GzEncoder;
use image::{ImageFormat, RgbImage};
use std::io::Write as _;

fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 11) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn template(seed: u32) -> Vec<f32> {
    let values: Vec<f32> = noise(seed, 128)
        .iter()
        .map(|&byte| f32::from(byte) - 127.5)
        .collect();
    let norm = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.iter().map(|value| value / norm).collect()
}

/// A smooth picture with a marked corner, as photos are.
fn picture(person: usize) -> RgbImage {
    let marks = noise(person as u32 * 977 + 5, 36 * 3);
    RgbImage::from_fn(120, 90, |x, y| {
        if x < 48 && y < 48 {
            let at = ((y / 8 * 6 + x / 8) * 3) as usize;
            image::Rgb([marks[at], marks[at + 1], marks[at + 2]])
        } else {
            image::Rgb([x as u8, y as u8, (x + y) as u8])
        }
    })
}

fn wanted() -> Wanted {
    let people: Vec<Person> = (0..6).map(Person::new).collect();
    let mut wanted = Wanted::of(&people);
    for person in &people {
        let picture = picture(person.number);
        let file = people::file(&picture, ImageFormat::Jpeg).unwrap();
        wanted
            .templates
            .push((person.number, template(person.number as u32 + 1)));
        wanted.photos.push((person.number, picture, file));
    }
    wanted
}

fn search(canaries: &Canaries, bytes: &[u8]) -> Report {
    let mut report = Report::default();
    scan::bytes(canaries, bytes, 3, &mut report);
    report
}

fn hidden(bytes: &[u8]) -> Vec<u8> {
    [&noise(7, 1001), bytes, &noise(9, 77)].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn every_word_and_template_is_found_in_every_form_and_packing() {
    let wanted = wanted();
    let canaries = Canaries::new(&wanted).unwrap();
    let words = wanted.words.iter();
    let words = words.map(|(who, kind, bytes)| (*who, *kind, encode::word(bytes)));
    let templates = wanted.templates.iter();
    let templates =
        templates.map(|(who, values)| (Some(*who), Kind::Template, encode::template(values)));
    let mut forms = 0;
    for (who, kind, all) in words.chain(templates) {
        for (form, bytes) in all {
            forms += 1;
            let plain = hidden(&bytes);
            let packed = [gzip(&plain), zstd(&plain), gzip(&zstd(&plain))];
            for place in packed.iter().map(|one| hidden(one)).chain([plain.clone()]) {
                let found = search(&canaries, &place).findings;
                let it = found
                    .iter()
                    .any(|one| one.person == who && one.kind == kind);
                assert!(it, "{who:?} {kind:?} {form}: {found:?}");
            }
        }
    }
    assert!(forms > 200, "{forms}");
}

#[test]
fn base64_is_found_at_each_alignment_whatever_stands_around_it() {
    use base64::Engine as _;
    let wanted = wanted();
    let canaries = Canaries::new(&wanted).unwrap();
    let id = Person::new(3).id;
    for before in 0..7 {
        let text = [&noise(3, before), id.as_bytes(), b"behind"].concat();
        let text = base64::engine::general_purpose::STANDARD.encode(text);
        let found = search(&canaries, text.as_bytes()).findings;
        assert!(found.iter().any(|one| one.person == Some(3)), "{before}");
    }
}

#[test]
fn photos_are_found_as_files_pixels_and_in_another_encoding() {
    let canaries = Canaries::new(&wanted()).unwrap();
    for person in 0..6 {
        let picture = picture(person);
        let files = [
            people::file(&picture, ImageFormat::Jpeg).unwrap(),
            people::file(&picture, ImageFormat::Png).unwrap(),
            people::file(&picture, ImageFormat::WebP).unwrap(),
            picture.as_raw().clone(),
        ];
        for file in files {
            for place in [hidden(&file), hidden(&zstd(&file))] {
                let found = search(&canaries, &place).findings;
                let it = |one: &countenance_leak_drill::canary::Finding| {
                    one.person == Some(person) && one.kind == Kind::Picture
                };
                assert!(found.iter().any(it), "{person}: {found:?}");
            }
        }
    }
}

#[test]
fn nothing_is_found_where_nothing_is() {
    let canaries = Canaries::new(&wanted()).unwrap();
    let stranger = people::file(&picture(40), ImageFormat::Png).unwrap();
    let words = encode::word(Person::new(40).id.as_bytes());
    let values = encode::template(&template(41));
    let others: Vec<u8> = words
        .into_iter()
        .chain(values)
        .flat_map(|form| form.1)
        .collect();
    for bytes in [noise(1, 1 << 20), stranger, others, gzip(&noise(2, 9999))] {
        let found = search(&canaries, &hidden(&bytes)).findings;
        assert!(found.is_empty(), "{found:?}");
    }
}
