//! Dark marks on a lighter ground: what letters are made of.

use super::plane::Plane;
use std::ops::RangeInclusive;

/// Pixels that the height of a mark has at least and at most: smaller ones are noise, larger ones no letters of a zone.
pub(super) const HEIGHTS: RangeInclusive<usize> = 7..=96;
/// A mark is no wider than this many heights: two letters that run together are.
const WIDEST: usize = 2;
/// A mark is no narrower than one of this many heights.
const NARROWEST: usize = 6;
/// Marks that are looked at; a picture with more is not of a document.
const MOST_MARKS: usize = 20_000;

/// The box around connected dark pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) height: f32,
}

/// Sums of all pixels above and to the left.
struct Sums {
    width: usize,
    sums: Vec<u32>,
}

impl Sums {
    fn of(plane: &Plane) -> Self {
        let width = plane.width() + 1;
        let mut sums = vec![0_u32; width * (plane.height() + 1)];
        for (y, row) in plane.rows().enumerate() {
            let (above, below) = sums.split_at_mut((y + 1) * width);
            let above = above.get(y * width..).unwrap_or_default();
            let mut sum = 0_u32;
            for ((pixel, above), below) in row
                .iter()
                .zip(above.iter().skip(1))
                .zip(below.iter_mut().skip(1))
            {
                sum += u32::from(*pixel);
                // A plane of at most 2^24 pixels of 255 fits.
                *below = above.wrapping_add(sum);
            }
        }
        Self { width, sums }
    }

    /// Four times the rows of a box: mean times area.
    fn total(&self, x0: usize, x1: usize, top: &[u32], bottom: &[u32]) -> u32 {
        let of = |row: &[u32], x: usize| row.get(x).copied().unwrap_or(0);
        of(bottom, x1)
            .wrapping_sub(of(bottom, x0))
            .wrapping_sub(of(top, x1))
            .wrapping_add(of(top, x0))
    }

    fn row(&self, y: usize) -> &[u32] {
        self.sums
            .get(y * self.width..(y + 1) * self.width)
            .unwrap_or_default()
    }
}

/// A stretch of dark pixels in a row.
#[derive(Clone, Copy)]
struct Stretch {
    from: usize,
    to: usize,
    mark: usize,
}

/// A mark that grows.
#[derive(Clone, Copy)]
struct Growing {
    /// The mark it was found to be part of; itself if none.
    part_of: usize,
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
}

/// The marks of a picture that may be letters.
///
/// A pixel is dark where the mean of 3 x 3 around it lies an eighth below the mean of its wider surroundings: so light may fall off
/// and a picture may be dim.
pub(super) fn marks(plane: &Plane, heights: &RangeInclusive<usize>) -> Vec<Mark> {
    let (width, height) = (plane.width(), plane.height());
    let sums = Sums::of(plane);
    let reach = (width.max(height) / 52).clamp(8, 40);
    let mut growing: Vec<Growing> = Vec::new();
    let (mut before, mut now): (Vec<Stretch>, Vec<Stretch>) = (Vec::new(), Vec::new());
    for y in 0..height {
        now.clear();
        let (near_top, near_bottom) =
            (sums.row(y.saturating_sub(1)), sums.row((y + 2).min(height)));
        let (far_y0, far_y1) = (y.saturating_sub(reach), (y + reach + 1).min(height));
        let (far_top, far_bottom) = (sums.row(far_y0), sums.row(far_y1));
        let near_rows = ((y + 2).min(height) - y.saturating_sub(1)) as u32;
        let mut open: Option<usize> = None;
        for x in 0..=width {
            let dark = x < width && {
                let (x0, x1) = (x.saturating_sub(1), (x + 2).min(width));
                let near = sums.total(x0, x1, near_top, near_bottom);
                let near_area = (x1 - x0) as u32 * near_rows;
                let (x0, x1) = (x.saturating_sub(reach), (x + reach + 1).min(width));
                let far = sums.total(x0, x1, far_top, far_bottom);
                let far_area = ((x1 - x0) * (far_y1 - far_y0)) as u32;
                let (near, far) = (near / near_area, far / far_area);
                near + far / 8 + 3 < far
            };
            match (dark, open) {
                (true, None) => open = Some(x),
                (false, Some(from)) => {
                    open = None;
                    now.push(join(&mut growing, &before, from, x, y));
                }
                _ => {}
            }
        }
        std::mem::swap(&mut before, &mut now);
    }
    let mut whole: Vec<Option<Growing>> = vec![None; growing.len()];
    for at in 0..growing.len() {
        let root = root(&mut growing, at);
        if let (Some(part), Some(whole)) = (growing.get(at).copied(), whole.get_mut(root)) {
            let so_far = whole.get_or_insert(part);
            so_far.left = so_far.left.min(part.left);
            so_far.right = so_far.right.max(part.right);
            so_far.top = so_far.top.min(part.top);
            so_far.bottom = so_far.bottom.max(part.bottom);
        }
    }
    let letters = whole.into_iter().flatten().filter_map(|mark| {
        let (w, h) = (mark.right - mark.left, mark.bottom - mark.top);
        let is_letter = heights.contains(&h) && w <= WIDEST * h && w * NARROWEST >= h;
        is_letter.then_some(Mark {
            x: (mark.left + mark.right - 1) as f32 / 2.0,
            y: (mark.top + mark.bottom - 1) as f32 / 2.0,
            height: h as f32,
        })
    });
    letters.take(MOST_MARKS).collect()
}

/// A new stretch, joined to what it touches in the row before, also over a corner.
fn join(
    growing: &mut Vec<Growing>,
    before: &[Stretch],
    from: usize,
    to: usize,
    y: usize,
) -> Stretch {
    let mut mark = None;
    let first = before.partition_point(|stretch| stretch.to < from);
    for touching in before
        .iter()
        .skip(first)
        .take_while(|stretch| stretch.from <= to)
    {
        let other = root(growing, touching.mark);
        match mark {
            None => mark = Some(other),
            Some(mark) if mark != other => {
                if let Some(other) = growing.get_mut(other) {
                    other.part_of = mark;
                }
            }
            Some(_) => {}
        }
    }
    let mark = mark.unwrap_or_else(|| {
        let at = growing.len();
        growing.push(Growing {
            part_of: at,
            left: from,
            right: to,
            top: y,
            bottom: y + 1,
        });
        at
    });
    if let Some(grown) = growing.get_mut(mark) {
        grown.left = grown.left.min(from);
        grown.right = grown.right.max(to);
        grown.bottom = y + 1;
    }
    Stretch { from, to, mark }
}

fn root(growing: &mut [Growing], mut at: usize) -> usize {
    while let Some(parent) = growing.get(at).map(|mark| mark.part_of) {
        if parent == at {
            break;
        }
        // Halves the way for the next time.
        let grandparent = growing.get(parent).map_or(parent, |mark| mark.part_of);
        if let Some(mark) = growing.get_mut(at) {
            mark.part_of = grandparent;
        }
        at = grandparent;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A light picture with dark boxes: left, top, right, bottom.
    fn boxes(width: usize, height: usize, light: u8, dark: u8, boxes: &[[usize; 4]]) -> Plane {
        let mut rgb = vec![light; width * height * 3];
        for [left, top, right, bottom] in boxes {
            for y in *top..*bottom {
                rgb[(y * width + left) * 3..(y * width + right) * 3].fill(dark);
            }
        }
        Plane::from_rgb(width, height, &rgb).unwrap()
    }

    #[test]
    fn a_letter_is_one_mark_however_it_is_joined() {
        // A U: two strokes that meet below.
        let u = [[100, 50, 104, 80], [116, 50, 120, 80], [100, 76, 120, 80]];
        for (light, dark) in [(230, 20), (60, 8)] {
            let found = marks(&boxes(300, 200, light, dark, &u), &HEIGHTS);
            assert_eq!(found.len(), 1, "{found:?}");
            let mark = found[0];
            assert!((mark.x - 109.5).abs() <= 1.0 && (mark.y - 64.5).abs() <= 1.0);
            assert!((mark.height - 30.0).abs() <= 2.0, "{mark:?}");
        }
    }

    #[test]
    fn an_even_picture_a_rule_and_a_dot_have_no_letters() {
        assert!(marks(&boxes(300, 200, 200, 0, &[]), &HEIGHTS).is_empty());
        let rule = [[20, 100, 280, 103], [50, 50, 53, 53]];
        assert!(marks(&boxes(300, 200, 230, 20, &rule), &HEIGHTS).is_empty());
        assert!(marks(&boxes(1, 1, 9, 0, &[]), &HEIGHTS).is_empty());
    }
}
