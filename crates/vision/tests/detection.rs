//! Faces from 20 pixels to frame-filling, in pictures from 80 pixels to 50 megapixels, on the
//! pinned detector and sample photos, which `cargo xtask models` fetches.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod given;

use countenance_models::{Manifest, Store};
use countenance_vision::{
    Crop, DecodeLimits, Detector, Face, Options, Picture, Quality, QualityCause, QualityLimits,
    Rect, Search, Size, align, assess, choose_face, decode, measure,
};
use fast_image_resize::Resizer;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use std::sync::{Arc, Mutex};

/// A detector and the photo of one frontal face; `None`, said loudly, where they were not fetched.
struct Studio {
    store: Store,
    manifest: Manifest,
    detector: Detector,
}

impl Studio {
    fn open() -> Option<Self> {
        let (store, manifest) = given::fetched()?;
        let detector = given::detector(&store, &manifest);
        Some(Self {
            store,
            manifest,
            detector,
        })
    }

    fn photo(&self, name: &str) -> Picture {
        let bytes = self
            .store
            .read(self.manifest.sample(name).unwrap().file())
            .unwrap();
        decode(&bytes, &DecodeLimits::default()).unwrap()
    }

    fn detect(&mut self, picture: &Picture, search: Search) -> Vec<Face> {
        self.detector.detect(picture, search).unwrap()
    }

    /// The head of one person and where the face is in it.
    fn head(&mut self) -> (Picture, Rect) {
        let photo = self.photo("obama.jpg");
        let face = self.detect(&photo, Search::All)[0];
        let margin = face.area.width * 0.4;
        let head = cut(
            &photo,
            (face.area.x - margin) as usize,
            (face.area.y - margin / 2.0) as usize,
            (face.area.width + 2.0 * margin) as usize,
            (face.area.height + margin) as usize,
        );
        let area = Rect {
            x: margin,
            y: margin / 2.0,
            ..face.area
        };
        (head, area)
    }

    fn inspect(&mut self, picture: &Picture) -> (Quality, Vec<QualityCause>) {
        let faces = self.detect(picture, Search::Main);
        let face = choose_face(&faces, picture.size()).unwrap();
        let crop: Crop = align(picture, &face.landmarks);
        let quality = measure(picture, face, &crop);
        (quality, assess(&quality, &QualityLimits::default()))
    }
}

fn cut(picture: &Picture, x: usize, y: usize, width: usize, height: usize) -> Picture {
    let mut pixels = Vec::with_capacity(3 * width * height);
    for row in y..y + height {
        let start = 3 * (row * picture.width() + x);
        pixels.extend(&picture.pixels()[start..start + 3 * width]);
    }
    Picture::from_rgb(width, height, pixels).unwrap()
}

fn scaled(picture: &Picture, factor: f32) -> Picture {
    let width = (picture.width() as f32 * factor).round().max(1.0) as usize;
    let height = (picture.height() as f32 * factor).round().max(1.0) as usize;
    let source = TypedImageRef::<U8x3>::from_buffer(
        picture.width() as u32,
        picture.height() as u32,
        picture.pixels(),
    )
    .unwrap();
    let mut pixels = vec![0; 3 * width * height];
    let mut target = TypedImage::from_buffer(width as u32, height as u32, &mut pixels).unwrap();
    Resizer::new()
        .resize_typed(&source, &mut target, None)
        .unwrap();
    Picture::from_rgb(width, height, pixels).unwrap()
}

/// A wall with a gentle gradient, and pictures hung on it.
fn wall(width: usize, height: usize, hung: &[(&Picture, usize, usize)]) -> Picture {
    let mut pixels = Vec::with_capacity(3 * width * height);
    for y in 0..height {
        for x in 0..width {
            let shade = 90 + (60 * x / width) as u8 + (40 * y / height) as u8;
            pixels.extend([shade, shade, shade - 10]);
        }
    }
    for (picture, left, top) in hung {
        for row in 0..picture.height().min(height - top) {
            let columns = picture.width().min(width - left);
            let from = 3 * row * picture.width();
            let to = 3 * ((top + row) * width + left);
            pixels[to..to + 3 * columns]
                .copy_from_slice(&picture.pixels()[from..from + 3 * columns]);
        }
    }
    Picture::from_rgb(width, height, pixels).unwrap()
}

fn mapped(pixels: &Picture, change: impl Fn(u8) -> u8) -> Picture {
    let changed = pixels.pixels().iter().map(|&v| change(v)).collect();
    Picture::from_rgb(pixels.width(), pixels.height(), changed).unwrap()
}

#[test]
fn a_face_of_any_width_is_found_in_a_picture_of_any_size() {
    let Some(mut studio) = Studio::open() else {
        return;
    };
    let (head, area) = studio.head();
    struct Case {
        width: usize,
        height: usize,
        face_width: f32,
    }
    let case = |width, height, face_width| Case {
        width,
        height,
        face_width,
    };
    let cases = [
        case(80, 80, 20.0),
        case(80, 80, 40.0),
        case(80, 100, 56.0),
        case(120, 90, 24.0),
        case(250, 250, 100.0),
        case(640, 480, 20.0),
        case(640, 480, 200.0),
        case(1280, 720, 20.0),
        case(1280, 720, 48.0),
        case(1280, 720, 300.0),
        case(480, 2000, 30.0),
        case(4000, 3000, 20.0),
        case(4000, 3000, 150.0),
        case(4000, 3000, 1200.0),
        case(8600, 5800, 20.0),
        case(8600, 5800, 400.0),
        case(8600, 5800, 2500.0),
    ];
    let mut failures = Vec::new();
    for case in &cases {
        let factor = case.face_width / area.width;
        let small = scaled(&head, factor);
        // Somewhere off the middle, wholly inside where there is room.
        let left = case.width.saturating_sub(small.width()) * 2 / 3;
        let top = case.height.saturating_sub(small.height()) / 3;
        let picture = wall(case.width, case.height, &[(&small, left, top)]);
        let expected = Rect {
            x: left as f32 + area.x * factor,
            y: top as f32 + area.y * factor,
            width: area.width * factor,
            height: area.height * factor,
        };
        // Every scale of a very large picture is looked at once: it takes long.
        let megapixels = case.width * case.height / 1_000_000;
        let searches: &[Search] = match (megapixels, case.face_width < 50.0) {
            (0..3, _) => &[Search::All, Search::Main],
            (40.., true) => &[Search::All],
            _ => &[Search::Main],
        };
        for &search in searches {
            let start = std::time::Instant::now();
            let faces = studio.detect(&picture, search);
            let overlaps: Vec<f32> = faces.iter().map(|f| f.area.overlap(expected)).collect();
            let found = format!(
                "{} px in {} x {}, {search:?}: overlaps {overlaps:?} in {:?}",
                case.face_width,
                case.width,
                case.height,
                start.elapsed()
            );
            println!("{found}");
            if faces.len() != 1 || overlaps[0] < 0.6 {
                failures.push(found);
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn a_face_that_fills_the_frame_is_found() {
    let Some(mut studio) = Studio::open() else {
        return;
    };
    let (head, area) = studio.head();
    let face = cut(
        &head,
        area.x as usize,
        area.y as usize,
        area.width as usize,
        (area.height as usize).min(head.height() - area.y as usize),
    );
    for width in [80.0, 250.0, 1000.0, 4000.0] {
        let picture = scaled(&face, width / face.width() as f32);
        let faces = studio.detect(&picture, Search::Main);
        assert_eq!(faces.len(), 1, "{picture:?}");
        assert!(
            faces[0].area.width > 0.7 * width,
            "{picture:?}: {:?}",
            faces[0]
        );
    }
}

#[test]
fn ten_faces_are_ten_faces() {
    let Some(mut studio) = Studio::open() else {
        return;
    };
    let (head, area) = studio.head();
    let small = scaled(&head, 60.0 / area.width);
    let places: Vec<_> = (0..10)
        .map(|i| (&small, 20 + i % 5 * 240, 40 + i / 5 * 340))
        .collect();
    let picture = wall(1280, 720, &places);
    let faces = studio.detect(&picture, Search::All);
    assert_eq!(faces.len(), 10);
    assert_eq!(
        choose_face(&faces, picture.size()),
        Err(QualityCause::SeveralFaces)
    );
}

#[test]
fn a_picture_without_a_face_has_none() {
    let Some(mut studio) = Studio::open() else {
        return;
    };
    for (width, height) in [(80, 80), (1, 1), (3000, 2), (1280, 720)] {
        let picture = wall(width, height, &[]);
        for search in [Search::All, Search::Main] {
            let faces = studio.detect(&picture, search);
            assert_eq!(
                choose_face(&faces, picture.size()),
                Err(QualityCause::NoFace)
            );
        }
    }
}

#[test]
fn landmarks_stay_where_they_are_when_the_picture_moves_and_shrinks() {
    let Some(mut studio) = Studio::open() else {
        return;
    };
    let photo = studio.photo("obama.jpg");
    let reference = studio.detect(&photo, Search::Main)[0];
    let eyes = reference.landmarks[1].x - reference.landmarks[0].x;
    for factor in [0.25_f32, 0.4, 0.7, 1.3] {
        let moved = wall(1600, 1600, &[(&scaled(&photo, factor), 71, 93)]);
        let face = studio.detect(&moved, Search::Main)[0];
        for (point, expected) in face.landmarks.iter().zip(reference.landmarks) {
            let x = (point.x - 71.0) / factor - expected.x;
            let y = (point.y - 93.0) / factor - expected.y;
            let off = x.hypot(y) / eyes;
            assert!(
                off < 0.08,
                "at {factor} a landmark is off by {off} eye distances"
            );
        }
    }
}

#[test]
fn a_good_portrait_has_no_cause_and_a_spoiled_one_has_its_own() {
    let Some(mut studio) = Studio::open() else {
        return;
    };
    let photo = studio.photo("obama.jpg");
    let (quality, causes) = studio.inspect(&photo);
    assert_eq!(causes, [], "{quality:?}");

    let dark = mapped(&photo, |v| v / 8);
    let bright = mapped(&photo, |v| 255 - (255 - v) / 8);
    let blurred = scaled(&scaled(&photo, 0.031), 1.0 / 0.031);
    let small = wall(640, 480, &[(&scaled(&photo, 0.11), 200, 100)]);
    for (picture, cause) in [
        (&dark, QualityCause::TooDark),
        (&bright, QualityCause::TooBright),
        (&blurred, QualityCause::TooBlurred),
        (&small, QualityCause::TooSmall),
    ] {
        let (quality, causes) = studio.inspect(picture);
        assert_eq!(causes, [cause], "{quality:?}");
    }
    for name in ["obama_partial_face.jpg", "obama_partial_face2.jpg"] {
        let (quality, causes) = studio.inspect(&studio.photo(name));
        assert_eq!(causes, [QualityCause::CutOffByEdge], "{name}: {quality:?}");
    }
}

/// A detector that writes down which sizes it plans.
fn watched(studio: &Studio) -> (Detector, Arc<Mutex<Vec<Size>>>) {
    let planned = Arc::new(Mutex::new(Vec::new()));
    let model = given::detector_model(&studio.store, &studio.manifest, &Options::default());
    let log = Arc::clone(&planned);
    let detector = Detector::new(move |size: Size| {
        log.lock().unwrap().push(size);
        given::plan(&model, size)
    });
    (detector, planned)
}

#[test]
fn plans_are_made_once_for_pictures_of_one_shape() {
    let Some(studio) = Studio::open() else { return };
    let photo = studio.photo("obama.jpg");
    let (mut detector, planned) = watched(&studio);
    let first = detector.detect(&photo, Search::Main).unwrap();
    let sizes = planned.lock().unwrap().len();
    assert!(sizes <= 2, "a coarse and a closer look, not {sizes}");
    assert_eq!(detector.detect(&photo, Search::Main).unwrap(), first);
    assert_eq!(planned.lock().unwrap().len(), sizes);
}

#[test]
fn a_large_picture_leaves_no_large_plan_behind() {
    let Some(studio) = Studio::open() else { return };
    let (mut detector, planned) = watched(&studio);
    let black = Picture::from_rgb(900, 900, vec![0; 3 * 900 * 900]).unwrap();
    detector.detect(&black, Search::All).unwrap();
    let large = "width: 640, height: 640";
    let during = format!("{:?}", planned.lock().unwrap());
    assert!(during.contains(large), "the search needed one: {during}");
    let after = format!("{detector:?}");
    assert!(!after.contains(large) && after.contains("192"), "{after}");
}
