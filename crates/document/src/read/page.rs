//! Where the page lies that a zone is printed on.

use super::lines::Course;
use super::plane::Plane;
use crate::mrz::Format;

/// Millimeters from one character to the next: ten to an inch (Doc 9303 part 3).
const PITCH_MM: f32 = 2.54;
/// Pitches from one line to the next: a quarter of an inch.
const LINES_APART: f32 = 2.5;
/// The lines stand in the middle of a zone of this height along the lower edge of the page (Doc 9303 part 3).
const ZONE_MM: f32 = 23.2;
/// Lines that look nearer to or farther from each other than these parts of what they are printed at are not followed further: the
/// page is read as less tilted than that, and so as no larger than it can be.
const TILT: (f32, f32) = (0.4, 1.1);
/// Pitches that the page may reach beyond its sides, since zones are printed some millimeters off. Whoever stands beside or behind
/// a page has the middle of their face farther from it than that, or the page covers half of the face.
const OFF: f32 = 1.5;
/// Pitches between two pages that lie in one picture: 30 mm.
const BETWEEN: f32 = 12.0;

/// Where the page of a zone lies in a picture: what lies on it is the document's own, such as its portrait.
///
/// All that is known of it comes from the zone: characters are printed at ten to an inch, so their pitch is a measure, and the
/// format says how large the page is. Places are in pixels of the picture that the [`Plane`] was made of, whole numbers being
/// middles of pixels. Above the first line the page ends where the standard says, without a tolerance; the sides have one of
/// 1.5 pitches, 3.8 mm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Page {
    format: Format,
    first: [f32; 2],
    along: [f32; 2],
    up: [f32; 2],
}

impl Page {
    /// The page of a zone of this format: `first` is the middle of its first character, `along` the way from there to the
    /// next one, and `up` as long a way toward the upper edge, as far as the page is not tilted.
    #[must_use]
    pub fn new(format: Format, first: [f32; 2], along: [f32; 2], up: [f32; 2]) -> Self {
        Self {
            format,
            first,
            along,
            up,
        }
    }

    /// The page of lines whose first character has the number `first`.
    pub(super) fn of(
        plane: &Plane,
        courses: &[Course],
        first: i32,
        format: Format,
    ) -> Option<Self> {
        let (upper, lower) = (courses.first()?, courses.last()?);
        let (from, columns) = (first as f32, format.columns() as f32);
        let to = from + columns - 1.0;
        let place = |course: &Course, u: f32| [course.x.at(u), course.y.at(u)];
        let (begin, end) = (place(upper, from), place(upper, to));
        // The chord, and not the slope in the middle: it holds at both ends of a line that is seen from the side.
        let along = scaled(apart(begin, end), 1.0 / (columns - 1.0));
        let (left, right) = (
            apart(place(lower, from), begin),
            apart(place(lower, to), end),
        );
        let steps = 2.0 * LINES_APART * (courses.len() - 1) as f32;
        let up = scaled([left[0] + right[0], left[1] + right[1]], 1.0 / steps);
        let (pitch, height) = (length(along), length(up));
        let to_picture = plane.factor() as f32;
        if !(pitch > 0.0 && height > 0.0) {
            return None;
        }
        let (low, high) = TILT;
        let up = scaled(up, height.clamp(low * pitch, high * pitch) / height);
        Some(Self {
            format,
            first: plane.in_picture(begin),
            along: scaled(along, to_picture),
            up: scaled(up, to_picture),
        })
    }

    /// The format of its zone.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Pixels from one character to the next: 2.54 mm of the page.
    #[must_use]
    pub fn pitch(&self) -> f32 {
        length(self.along)
    }

    /// Whether this place is on the page, from its first line upward.
    #[must_use]
    pub fn contains(&self, x: f32, y: f32) -> bool {
        let [left, right] = self.sides();
        // Places that are no numbers are nowhere.
        self.place(x, y).is_some_and(|(column, above)| {
            (left..=right).contains(&column) && (0.0..=self.height()).contains(&above)
        })
    }

    /// Whether a second page as large, laid beside, above or below this one with some room between them, may reach here.
    #[must_use]
    pub fn is_beside(&self, x: f32, y: f32) -> bool {
        let (width, height) = size_mm(self.format);
        let (width, height) = (width / PITCH_MM, height / PITCH_MM);
        let Some((column, above)) = self.place(x, y) else {
            return false;
        };
        let ([left, right], top) = (self.sides(), self.height());
        let (across, along) = (width + BETWEEN, height + BETWEEN);
        (left - across..=right + across).contains(&column)
            && (top - height - along..=top + along).contains(&above)
    }

    /// A place in pitches along the lines from the first character, and up from the first line; `None` for one that is no number.
    fn place(&self, x: f32, y: f32) -> Option<(f32, f32)> {
        let ([ax, ay], [ux, uy]) = (self.along, self.up);
        let [px, py] = apart(self.first, [x, y]);
        let area = ax * uy - ay * ux;
        let (column, above) = ((px * uy - py * ux) / area, (ax * py - ay * px) / area);
        (column.is_finite() && above.is_finite()).then_some((column, above))
    }

    /// The upright box around the part of the page above its first line: left, top, right, bottom.
    #[must_use]
    pub fn bounds(&self) -> [f32; 4] {
        let [left, right] = self.sides();
        let corners = [left, right].into_iter().flat_map(|column| {
            [0.0, self.height()].map(|above| {
                let of = |axis: fn([f32; 2]) -> f32| {
                    axis(self.first) + column * axis(self.along) + above * axis(self.up)
                };
                [of(|[x, _]| x), of(|[_, y]| y)]
            })
        });
        let none = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
        corners.fold(none, |[left, top, right, bottom], [x, y]| {
            [left.min(x), top.min(y), right.max(x), bottom.max(y)]
        })
    }

    /// Its sides, in pitches from the middle of the first character.
    fn sides(&self) -> [f32; 2] {
        let columns = self.format.columns() as f32;
        let margin = (size_mm(self.format).0 / PITCH_MM - columns) / 2.0;
        let beyond = 0.5 + margin + OFF;
        [-beyond, columns - 1.0 + beyond]
    }

    /// From the middle of the first line to the upper edge, in pitches.
    fn height(&self) -> f32 {
        let lines = (self.format.lines() - 1) as f32 * LINES_APART;
        (size_mm(self.format).1 - ZONE_MM / 2.0) / PITCH_MM - lines / 2.0
    }
}

/// Width and height of a page, in millimeters (Doc 9303, parts 4 to 7).
fn size_mm(format: Format) -> (f32, f32) {
    match format {
        Format::Td1 => (85.6, 54.0),
        Format::Td2 | Format::MrvB => (105.0, 74.0),
        Format::Td3 => (125.0, 88.0),
        Format::MrvA => (120.0, 80.0),
    }
}

fn apart([ax, ay]: [f32; 2], [bx, by]: [f32; 2]) -> [f32; 2] {
    [bx - ax, by - ay]
}

fn scaled(way: [f32; 2], by: f32) -> [f32; 2] {
    way.map(|part| part * by)
}

fn length([x, y]: [f32; 2]) -> f32 {
    x.hypot(y)
}

#[cfg(test)]
mod tests {
    use super::super::chain::chains;
    use super::super::ink::Mark;
    use super::super::lines::bands;
    use super::*;

    /// The page of a zone whose letters stand at a pitch in pixels of the plane, turned about its first character.
    fn page(format: Format, pitch: f32, degrees: f32, sides: (usize, usize), apart: f32) -> Page {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let mut marks = Vec::new();
        for line in 0..format.lines() {
            for column in 0..format.columns() {
                let (x, y) = (column as f32 * pitch, line as f32 * apart * pitch);
                marks.push(Mark {
                    x: 100.0 + x * cos - y * sin,
                    y: 600.0 + x * sin + y * cos,
                    height: 0.9 * pitch,
                });
            }
        }
        let found = bands(&chains(marks));
        let band = found
            .iter()
            .find(|band| band.courses.len() == format.lines())
            .unwrap();
        let (width, height) = sides;
        let plane = Plane::from_rgb(width, height, &vec![0; width * height * 3]).unwrap();
        Page::of(&plane, &band.courses, band.first, format).unwrap()
    }

    /// A place of a page in millimeters from its upper left corner, in pixels of a plane.
    fn at(format: Format, pitch: f32, degrees: f32, x_mm: f32, y_mm: f32) -> [f32; 2] {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let (width, height) = size_mm(format);
        let zone = PITCH_MM * format.columns() as f32;
        let first_line = height - (ZONE_MM + 6.35 * (format.lines() - 1) as f32) / 2.0;
        let x = (x_mm - (width - zone) / 2.0) / PITCH_MM - 0.5;
        let y = (y_mm - first_line) / PITCH_MM;
        [
            100.0 + pitch * (x * cos - y * sin),
            600.0 + pitch * (x * sin + y * cos),
        ]
    }

    const FORMATS: [Format; 5] = [
        Format::Td1,
        Format::Td2,
        Format::Td3,
        Format::MrvA,
        Format::MrvB,
    ];

    #[test]
    fn a_page_is_as_large_as_its_format() {
        for format in FORMATS {
            for degrees in [-10.0, 0.0, 10.0] {
                let page = page(format, 16.0, degrees, (1, 1), LINES_APART);
                assert!((page.pitch() - 16.0).abs() < 0.1, "{page:?}");
                let (width, height) = size_mm(format);
                let is_on = |x_mm: f32, y_mm: f32| {
                    let [x, y] = at(format, 16.0, degrees, x_mm, y_mm);
                    page.contains(x, y)
                };
                let told = format!("{format:?} {degrees}");
                // A portrait, the corners, and what is just beyond them.
                assert!(is_on(19.0, height / 3.0), "{told}");
                assert!(is_on(0.5, 1.0) && is_on(width - 0.5, 1.0), "{told}");
                assert!(!is_on(width / 2.0, -1.0), "{told}");
                assert!(!is_on(-5.0, 20.0) && !is_on(width + 5.0, 20.0), "{told}");
                assert!(!is_on(width / 2.0, height - 5.0), "{told}");
                let [left, top, right, bottom] = page.bounds();
                for (x_mm, y_mm) in [(0.0, 0.5), (width, 0.5), (width / 2.0, 10.0)] {
                    let [x, y] = at(format, 16.0, degrees, x_mm, y_mm);
                    assert!((left..=right).contains(&x) && (top..=bottom).contains(&y));
                }
            }
        }
    }

    #[test]
    fn a_page_in_a_plane_that_was_shrunk_is_where_it_is_in_the_picture() {
        let shrunk = page(Format::Td3, 16.0, 10.0, (3300, 2), LINES_APART);
        assert!((shrunk.pitch() - 32.0).abs() < 0.1, "{shrunk:?}");
        let in_picture = |x_mm: f32, y_mm: f32| {
            // Two pixels became one, whose middle lies between theirs.
            at(Format::Td3, 16.0, 10.0, x_mm, y_mm).map(|place| 2.0 * place + 0.5)
        };
        let [x, y] = in_picture(0.5, 1.0);
        assert!(shrunk.contains(x, y));
        let [x, y] = in_picture(60.0, -1.0);
        assert!(!shrunk.contains(x, y));
        let [x, y] = in_picture((125.0 - 44.0 * PITCH_MM) / 2.0 + PITCH_MM / 2.0, 73.225);
        let [fx, fy] = shrunk.first;
        assert!((x - fx).hypot(y - fy) < 0.3, "{shrunk:?} {x} {y}");
    }

    #[test]
    fn a_page_that_leans_back_is_lower() {
        let upright = page(Format::Td3, 16.0, 0.0, (1, 1), LINES_APART);
        let leaning = page(Format::Td3, 16.0, 0.0, (1, 1), 2.0);
        let [x, y] = at(Format::Td3, 16.0, 0.0, 60.0, 3.0);
        assert!(upright.contains(x, y) && !leaning.contains(x, y));
        // Lines farther from each other than any zone's make it no higher than a tenth.
        let wide = page(Format::Td3, 16.0, 0.0, (1, 1), 3.7);
        let [x, y] = at(Format::Td3, 16.0, 0.0, 60.0, -10.0);
        assert!(!wide.contains(x, y));
        assert!(!upright.contains(f32::NAN, y) && !upright.contains(x, f32::INFINITY));
    }
}
