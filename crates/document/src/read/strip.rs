//! A line made straight, and what the network says of each of its places.

use super::alphabet::{CLASSES, COLUMNS};
use super::lines::Course;
use super::plane::Plane;
use super::runs::{self, Run};
use countenance_net::{LineNet, RunError, Size};
use std::ops::RangeInclusive;
use zeroize::Zeroize as _;

/// Rows of a straight line's picture, as the network wants it.
const ROWS: usize = 48;
/// Rows that the taller letters fill of them.
const LETTER_ROWS: f32 = 28.8;
/// Columns from one step of the network to the next.
const STEP: usize = 8;
/// Columns of a place: four steps. So letters are as wide as they are printed; with three they are narrower and read a quarter faster, and a K
/// is taken for a filler now and then.
const PLACE: usize = 4 * STEP;

/// Letters whose edges are less steep are soft. In specimens that are neither blurred nor shaken it is 134 to 196; shaken so that M is taken for W or G for
/// 6, 64 to 93.
const SHARP: u8 = 110;
/// A run is one of fillers when those read of it have at least this score each, and nothing else more than that part of it.
const SURE: f32 = 0.5;
const NEAR: f32 = 0.1;

/// How probable each symbol is at one place, and how tall the ink there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    pub(super) scores: Scores,
    /// Rows of ink between the half-dark edges; `None` where there is none.
    pub(super) ink_height: Option<f32>,
    /// Whether the edges of the line's letters are soft.
    pub(super) is_soft: bool,
}

/// One score for each symbol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scores(pub(super) [f32; 37]);

impl Scores {
    /// Whether it is a filler and nothing else comes near.
    fn filler(self) -> bool {
        let [others @ .., filler] = self.0;
        let most = others.into_iter().fold(0.0, f32::max);
        filler > SURE && most < filler * NEAR
    }
}

impl Default for Scores {
    fn default() -> Self {
        Self([0.0; 37])
    }
}

/// Cells of the places `from..=to` of a line.
pub(super) fn cells(
    plane: &Plane,
    course: &Course,
    places: &RangeInclusive<i32>,
    net: &mut dyn LineNet,
) -> Result<Vec<Cell>, RunError> {
    let count = usize::try_from(places.end() - places.start() + 1).unwrap_or(0);
    // One empty place on either side.
    let width = (count + 2) * PLACE;
    let mut grey = straighten(plane, course, *places.start(), width);
    let found = runs::runs(&grey, width, PLACE);
    let mut read = None;
    if !found.is_empty() {
        let shown: Vec<usize> = (0..count + 2)
            .filter(|place| !found.iter().any(|run| run.holds(*place)))
            .collect();
        let scores = read_places(&grey, width, &shown, net)?;
        read = spread(&shown, &scores, &found, count + 2);
    }
    let scores = match read {
        Some(scores) => scores,
        // No run, or one of something else, which is read place by place.
        None => read_places(&grey, width, &Vec::from_iter(0..count + 2), net)?,
    };
    let is_soft = steepness(&grey, width, count) < SHARP;
    let own = scores.iter().enumerate().skip(1).take(count);
    let cells = own.map(|(place, scores)| Cell {
        scores: *scores,
        ink_height: ink_height(&grey, width, place * PLACE),
        is_soft,
    });
    let cells = cells.collect();
    grey.zeroize();
    Ok(cells)
}

/// Lets the network read some places of a line as if they were all; one score for each of them.
fn read_places(
    grey: &[u8],
    width: usize,
    shown: &[usize],
    net: &mut dyn LineNet,
) -> Result<Vec<Scores>, RunError> {
    let mut pixels = Vec::with_capacity(shown.len() * PLACE * ROWS * 3);
    for row in grey.chunks_exact(width) {
        for place in shown {
            let own = row.get(place * PLACE..(place + 1) * PLACE);
            pixels.extend(own.unwrap_or_default().iter().flat_map(|value| [*value; 3]));
        }
    }
    let width = shown.len() * PLACE;
    let size = Size {
        width,
        height: ROWS,
    };
    let steps = net.read_line(&pixels, size);
    pixels.zeroize();
    let steps = steps?;
    let rows: Vec<&[f32]> = steps.iter().collect();
    if rows.len() != width / STEP || rows.iter().any(|row| row.len() != CLASSES) {
        return Err(RunError::BadOutput);
    }
    let scores = rows.chunks_exact(PLACE / STEP).map(|own| {
        Scores(std::array::from_fn(|symbol| {
            let columns = COLUMNS.get(symbol).copied().unwrap_or_default();
            let of = |row: &&[f32]| -> f32 {
                let values = columns
                    .iter()
                    .filter_map(|column| row.get(usize::from(*column)));
                values.sum()
            };
            own.iter().map(of).fold(0.0, f32::max)
        }))
    });
    Ok(scores.collect())
}

/// The scores of all `count` places: those of a run have the scores of the place before it. `None` when one of the places that are read for a
/// run is no filler for sure.
fn spread(shown: &[usize], scores: &[Scores], runs: &[Run], count: usize) -> Option<Vec<Scores>> {
    let mut of: Vec<Option<Scores>> = vec![None; count];
    for (place, scores) in shown.iter().zip(scores) {
        *of.get_mut(*place)? = Some(*scores);
    }
    for run in runs {
        let read = run.read().map(|place| of.get(place).copied().flatten());
        let [_, before, _] = read;
        if !read.iter().all(|scores| scores.is_some_and(Scores::filler)) {
            return None;
        }
        of.get_mut(run.from..run.to)?.fill(before);
    }
    of.into_iter().collect()
}

/// The line from left to right, light on the whole range.
fn straighten(plane: &Plane, course: &Course, first: i32, width: usize) -> Vec<u8> {
    let mut values = vec![0.0_f32; width * ROWS];
    let rise = course.height / LETTER_ROWS;
    for x in 0..width {
        let u = first as f32 - 1.5 + (x as f32 + 0.5) / PLACE as f32;
        let (tx, ty) = (course.x.slope(u), course.y.slope(u));
        let length = tx.hypot(ty).max(1e-3);
        let (nx, ny) = (-ty / length * rise, tx / length * rise);
        let (px, py) = (course.x.at(u), course.y.at(u));
        for y in 0..ROWS {
            let off = y as f32 + 0.5 - ROWS as f32 / 2.0;
            if let Some(value) = values.get_mut(y * width + x) {
                *value = plane.at(px + nx * off, py + ny * off);
            }
        }
    }
    let mut sorted = values.clone();
    let part = |sorted: &mut [f32], share: f32| {
        let at = ((sorted.len() - 1) as f32 * share) as usize;
        *sorted.select_nth_unstable_by(at, f32::total_cmp).1
    };
    let (dark, light) = (part(&mut sorted, 0.02), part(&mut sorted, 0.9));
    sorted.zeroize();
    let scale = 235.0 / (light - dark).max(16.0);
    let bytes = values
        .iter()
        .map(|value| ((value - dark) * scale + 10.0).clamp(0.0, 255.0) as u8)
        .collect();
    values.zeroize();
    bytes
}

/// How steep the edges of the letters are, along the line and across it, whichever is less: for each place the largest difference
/// between pixels two apart, and of these the middle one.
fn steepness(grey: &[u8], width: usize, count: usize) -> u8 {
    let steepest = |step: usize| {
        let mut steepest = vec![0_u8; count + 2];
        let (rows, below) = (
            grey.chunks_exact(width),
            grey.get(step..).unwrap_or_default(),
        );
        for (row, beyond) in rows.zip(below.chunks(width)) {
            let places = row.chunks(PLACE).zip(beyond.chunks(PLACE));
            for (most, (own, beyond)) in steepest.iter_mut().zip(places) {
                let most_here = own.iter().zip(beyond).map(|(a, b)| a.abs_diff(*b)).max();
                *most = (*most).max(most_here.unwrap_or(0));
            }
        }
        let mut own = steepest.get(1..=count).unwrap_or_default().to_vec();
        own.sort_unstable();
        own.get(count / 2).copied().unwrap_or(0)
    };
    steepest(2).min(steepest(2 * width))
}

/// How tall the ink of a place is, to a part of a row.
fn ink_height(grey: &[u8], width: usize, left: usize) -> Option<f32> {
    let mut profile = [0.0_f32; ROWS];
    for (dark, row) in profile.iter_mut().zip(grey.chunks_exact(width)) {
        let mut own: Vec<u8> = row.get(left + 2..left + PLACE - 2)?.to_vec();
        own.sort_unstable();
        // The mean of the darkest three: a stroke, and not a speck.
        let darkest: f32 = own.iter().take(3).map(|value| f32::from(*value)).sum();
        *dark = 255.0 - darkest / 3.0;
    }
    let most = profile.iter().copied().fold(0.0, f32::max);
    if most < 120.0 {
        return None;
    }
    let half = most / 2.0;
    let middle = ROWS / 2;
    let edge = |rows: &mut dyn Iterator<Item = usize>| -> Option<f32> {
        let mut before: Option<(usize, f32)> = None;
        for y in rows {
            let dark = *profile.get(y)?;
            if dark >= half {
                let (from, paler) = before?;
                let part = (half - paler) / (dark - paler).max(1e-3);
                return Some(from as f32 + (y as f32 - from as f32) * part);
            }
            before = Some((y, dark));
        }
        None
    };
    let top = edge(&mut (0..=middle))?;
    let bottom = edge(&mut (middle..ROWS).rev())?;
    Some(bottom - top)
}
