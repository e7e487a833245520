//! A zone that is small in a large picture: found where the smaller plane shows its lines, and read there at full size.

use super::chain::chains;
use super::ink::marks;
use super::lines::{Band, bands};
use super::plane::Plane;
use super::{Zone, ZoneReader};
use countenance_net::RunError;
use std::ops::RangeInclusive;

/// Heights of marks that may be letters and are too small to be read, in pixels of the plane.
const TINY: RangeInclusive<usize> = 3..=15;
/// A plane whose characters are this far apart, in pixels, is as good as the picture.
const ENOUGH: f32 = 16.0;
/// What a part is made no smaller than: its characters are this far apart, in pixels.
const READ_AT: f32 = 24.0;
/// Characters that lines have at least which are looked at closer, and at most.
const SPAN: RangeInclusive<usize> = 20..=52;
/// Places that are looked at closer.
const MOST: usize = 2;
/// Pitches around the lines that are looked at with them: along, where characters may be missing, and across.
const AROUND: [f32; 2] = [10.0, 5.0];

impl ZoneReader {
    /// As [`read`](Self::read) on the plane of a picture. Where a large picture was made smaller for it, and its lines are seen there but
    /// are too small to be read clearly, the places where they are are read at full size: two of them at most.
    ///
    /// `rgb` are the pixels that the plane was made of.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_closely(&mut self, plane: &Plane, rgb: &[u8]) -> Result<Zone, RunError> {
        let mut best = self.read(plane)?;
        if plane.factor() == 1 || is_as_good_as_can_be(&best, plane) {
            return Ok(best);
        }
        for part in parts(plane, rgb).into_iter().take(MOST) {
            let closer = self.read(&part)?;
            if doubts(&closer) < doubts(&best) {
                best = closer;
            }
            if doubts(&best) == 0 {
                break;
            }
        }
        Ok(best)
    }
}

/// Whether looking closer would not tell more.
fn is_as_good_as_can_be(zone: &Zone, plane: &Plane) -> bool {
    match zone {
        Zone::Read(read) => read.is_clear() || read.page.pitch() >= ENOUGH * plane.factor() as f32,
        _ => false,
    }
}

/// How much there is against a zone: nothing against one that is clear, and most against none.
fn doubts(zone: &Zone) -> usize {
    match zone {
        Zone::Read(read) if read.is_clear() => 0,
        Zone::Read(read) => 1 + read.corrected + read.unsure,
        Zone::Unreadable => usize::MAX - 1,
        Zone::Absent => usize::MAX,
    }
}

/// The parts of a picture that may have a zone, at full size, the fullest lines first.
fn parts(plane: &Plane, rgb: &[u8]) -> Vec<Plane> {
    let found = bands(&chains(marks(plane, &TINY)));
    let mut boxes: Vec<[usize; 4]> = Vec::new();
    let mut parts = Vec::new();
    for band in found.iter().filter(|band| SPAN.contains(&band.span())) {
        let Some((within, pitch)) = place(plane, band) else {
            continue;
        };
        // Two bands of one zone are one place.
        if boxes.iter().any(|other| overlap(other, &within)) {
            continue;
        }
        boxes.push(within);
        let factor = (pitch / READ_AT) as usize;
        parts.extend(plane.part(rgb, within, factor.max(1)));
    }
    parts
}

/// Where a band lies in the picture, with what is around it, and its pitch there; `None` where its characters are large enough in
/// the plane.
fn place(plane: &Plane, band: &Band) -> Option<([usize; 4], f32)> {
    let pitch = band.courses.first()?.pitch();
    if !(1.0..ENOUGH).contains(&pitch) {
        return None;
    }
    let [along, across] = AROUND.map(|pitches| pitches * pitch);
    let mut within = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
    for course in &band.courses {
        for end in [band.first, band.last] {
            let (x, y) = (course.x.at(end as f32), course.y.at(end as f32));
            let [left, top, right, bottom] = within;
            within = [
                left.min(x - along),
                top.min(y - across),
                right.max(x + along),
                bottom.max(y + across),
            ];
        }
    }
    let [left, top, right, bottom] = within;
    let (from, to) = (
        plane.in_picture([left, top]),
        plane.in_picture([right, bottom]),
    );
    let [left, top, right, bottom] =
        [from[0], from[1], to[0], to[1]].map(|at| at.max(0.0) as usize);
    Some(([left, top, right, bottom], pitch * plane.factor() as f32))
}

fn overlap(a: &[usize; 4], b: &[usize; 4]) -> bool {
    let [left, top, right, bottom] = a;
    let [other_left, other_top, other_right, other_bottom] = b;
    left < other_right && other_left < right && top < other_bottom && other_top < bottom
}
