//! Which face of a picture of a document is its portrait.

use crate::timing::timed;
use crate::{CaptureError, PortraitPlace, StageTimings, Worker};
use countenance_document::{Format, Page};
use countenance_vision::{Face, Picture, Point, QualityCause, Search};

/// A portrait is at most 45 mm high (Doc 9303 part 3), and the face from chin to forehead some nine tenths of it: pitches of 2.54 mm.
const TALLEST: f32 = 16.0;
/// The same on a card, whose portrait lies on the other side of the zone and is some 30 mm high.
const TALLEST_ON_CARD: f32 = 12.0;
/// And no smaller than this: the photographs of cards are 20 mm high at least, and the face more than half of them.
const SMALLEST_ON_CARD: f32 = 4.0;
/// A face with this share of the largest one's pixels is another main face, and no smaller print of it.
const ANOTHER_SHARE: f32 = 0.5;

impl Worker {
    /// The largest face on the page of the zone, and where it is: whoever holds a document beside their own face is not whom it shows. Without a
    /// page, where no zone was read, the largest face of the picture.
    pub(crate) fn find_portrait(
        &mut self,
        picture: &Picture,
        page: Option<&Page>,
        search: Search,
        timings: &mut StageTimings,
    ) -> Result<(Result<Face, QualityCause>, Option<PortraitPlace>), CaptureError> {
        let Self {
            detector, engine, ..
        } = self;
        let mut detect = |picture: &Picture, search| {
            timed(engine.clock(), &mut timings.detect, || {
                detector.detect(picture, search)
            })
        };
        let faces = detect(picture, search)?;
        let main = largest(faces.iter()).copied();
        let at = |found: Result<Face, QualityCause>, place| {
            let place = found.is_ok().then_some(place);
            Ok((found, place))
        };
        let Some(page) = page else {
            return Ok((main, None));
        };
        if main.is_ok_and(|face| is_portrait_on(page, &face)) {
            return at(main, PortraitPlace::Page);
        }
        // A face near by hides a small one from a search that stops at what is clear, and cannot when the page alone is looked at.
        if let Some((part, corner)) = part_of(picture, page) {
            let mut faces = detect(&part, Search::All)?;
            faces
                .iter_mut()
                .for_each(|face| *face = moved(face, corner));
            let own = largest(faces.iter().filter(|face| is_portrait_on(page, face))).copied();
            if own != Err(QualityCause::NoFace) {
                return at(own, PortraitPlace::Page);
            }
        }
        if page.format() != Format::Td1 {
            return at(Err(QualityCause::NoFace), PortraitPlace::Page);
        }
        // The other side of a card may lie beside this one: that it is of the same card nothing shows.
        let faces = detect(picture, Search::All)?;
        let other = |face: &&Face| is_on_other_side(page, face);
        let found = largest(faces.iter().filter(other)).copied();
        at(found, PortraitPlace::Apart)
    }
}

/// The largest of some faces, if no other comes near.
fn largest<'a>(faces: impl Iterator<Item = &'a Face> + Clone) -> Result<&'a Face, QualityCause> {
    let largest = faces
        .clone()
        .max_by(|a, b| a.area.pixels().total_cmp(&b.area.pixels()))
        .ok_or(QualityCause::NoFace)?;
    let near = |face: &&Face| face.area.pixels() >= ANOTHER_SHARE * largest.area.pixels();
    if faces.filter(near).count() > 1 {
        return Err(QualityCause::SeveralFaces);
    }
    Ok(largest)
}

fn is_portrait_on(page: &Page, face: &Face) -> bool {
    let middle = face.area.center();
    page.contains(middle.x, middle.y) && is_at_most(TALLEST, page, face)
}

/// Whether the other side of a card may lie so that this is its portrait.
fn is_on_other_side(page: &Page, face: &Face) -> bool {
    let middle = face.area.center();
    let is_as_large = face.area.height >= SMALLEST_ON_CARD * page.pitch();
    is_as_large && is_at_most(TALLEST_ON_CARD, page, face) && page.is_beside(middle.x, middle.y)
}

fn is_at_most(tallest: f32, page: &Page, face: &Face) -> bool {
    face.area.height <= tallest * page.pitch()
}

/// The part of a picture that has the page, and where its upper left pixel is; `None` where they do not meet.
fn part_of(picture: &Picture, page: &Page) -> Option<(Picture, Point)> {
    let (width, height) = (picture.width(), picture.height());
    let [left, top, right, bottom] = page.bounds();
    // Below zero is zero, and beyond the picture its edge.
    let within = |from: f32, to: f32, side: usize| {
        let (from, to) = (
            from.floor() as usize,
            (to.ceil() as usize).saturating_add(1),
        );
        (from.min(side), to.min(side))
    };
    let ((left, right), (top, bottom)) = (within(left, right, width), within(top, bottom, height));
    let columns = left * 3..right * 3;
    let rows = picture.pixels().chunks_exact(width * 3);
    let mut pixels = Vec::with_capacity(columns.len() * bottom.saturating_sub(top));
    for row in rows.take(bottom).skip(top) {
        pixels.extend_from_slice(row.get(columns.clone())?);
    }
    let corner = Point {
        x: left as f32,
        y: top as f32,
    };
    let part = Picture::from_rgb(
        right.saturating_sub(left),
        bottom.saturating_sub(top),
        pixels,
    )
    .ok()?;
    Some((part, corner))
}

/// A face of a part, in pixels of the whole.
fn moved(face: &Face, corner: Point) -> Face {
    let mut moved = *face;
    moved.area.x += corner.x;
    moved.area.y += corner.y;
    for point in &mut moved.landmarks {
        point.x += corner.x;
        point.y += corner.y;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use countenance_vision::Rect;

    /// A passport whose characters stand ten pixels apart: 492 x 346, its first line at 588.
    fn page() -> Page {
        Page::new(Format::Td3, [100.0, 588.0], [10.0, 0.0], [0.0, -10.0])
    }

    fn face(x: f32, y: f32, height: f32) -> Face {
        let area = Rect {
            x: x - height * 0.4,
            y: y - height / 2.0,
            width: height * 0.8,
            height,
        };
        Face {
            area,
            landmarks: [area.center(); 5],
            score: 0.9,
        }
    }

    #[test]
    fn a_portrait_lies_on_its_page_and_is_no_taller_than_one() {
        let page = page();
        assert!(is_portrait_on(&page, &face(150.0, 400.0, 120.0)));
        for (x, y, height) in [
            // Beside, above, below the first line; and before the page, as large as somebody behind it.
            (700.0, 400.0, 120.0),
            (150.0, 250.0, 120.0),
            (150.0, 620.0, 120.0),
            (150.0, 400.0, 170.0),
        ] {
            let face = face(x, y, height);
            assert!(!is_portrait_on(&page, &face), "{x} {y} {height}");
        }
    }

    #[test]
    fn the_other_side_of_a_card_lies_beside_it_and_has_a_portrait_as_large_as_cards_have() {
        // 337 x 213, its first line at 588: from 81 to 418 and from 441 to 654.
        let card = Page::new(Format::Td1, [105.0, 588.0], [10.0, 0.0], [0.0, -10.0]);
        for (x, y) in [
            (500.0, 540.0),
            (800.0, 540.0),
            (250.0, 300.0),
            (250.0, 850.0),
            (-300.0, 540.0),
        ] {
            assert!(is_on_other_side(&card, &face(x, y, 100.0)), "{x} {y}");
        }
        for (x, y, height) in [
            // Farther away than a second card reaches.
            (1100.0, 540.0, 100.0),
            (250.0, 50.0, 100.0),
            (250.0, 1100.0, 100.0),
            // A face as large as that of somebody who holds it, and one of somebody far behind.
            (500.0, 540.0, 125.0),
            (500.0, 540.0, 35.0),
        ] {
            assert!(
                !is_on_other_side(&card, &face(x, y, height)),
                "{x} {y} {height}"
            );
        }
    }

    #[test]
    fn a_page_is_cut_out_and_its_faces_moved_back() {
        let (width, height) = (500, 700);
        let pixels: Vec<u8> = (0..width * height)
            .flat_map(|at| [(at % width / 4) as u8, (at / width / 4) as u8, 7])
            .collect();
        let picture = Picture::from_rgb(width, height, pixels).unwrap();
        let (part, corner) = part_of(&picture, &page()).unwrap();
        assert!(part.width() < 500 && part.height() < 330, "{part:?}");
        assert!(page().contains(corner.x + 1.0, corner.y + 1.0));
        assert!(!page().contains(corner.x - 2.0, corner.y - 2.0));
        let expected = [(corner.x / 4.0) as u8, (corner.y / 4.0) as u8, 7];
        assert_eq!(part.pixels()[..3], expected);
        let there = moved(&face(50.0, 60.0, 40.0), corner);
        let Point { x, y } = there.area.center();
        assert_eq!((x, y), (50.0 + corner.x, 60.0 + corner.y));
        assert_eq!(there.landmarks[2], there.area.center());
        // A page beyond the picture is none.
        let beyond = Page::new(Format::Td3, [9e3, 9e3], [10.0, 0.0], [0.0, -10.0]);
        assert!(part_of(&picture, &beyond).is_none());
        let nowhere = Page::new(Format::Td3, [f32::NAN; 2], [10.0, 0.0], [0.0, -10.0]);
        let _ = part_of(&picture, &nowhere);
    }

    #[test]
    fn two_faces_as_large_on_a_page_are_several() {
        let faces = [face(150.0, 400.0, 120.0), face(450.0, 400.0, 118.0)];
        assert_eq!(largest(faces.iter()), Err(QualityCause::SeveralFaces));
        let none: [Face; 0] = [];
        assert_eq!(largest(none.iter()), Err(QualityCause::NoFace));
    }
}
