//! Which chains are the lines of a zone, and where its characters stand.

use super::chain::Chain;

/// Lines of a zone are this far apart, in pitches: a quarter of an inch is 2.5.
const APART: std::ops::Range<f32> = 1.2..3.8;
/// Pitches of two lines differ by less than this part.
const SAME_PITCH: f32 = 0.15;
/// A mark farther from the fitted line than this, in pitches, is no letter of it.
const OFF: f32 = 0.35;
/// Pairs of lines that are tried.
const MOST_PAIRS: usize = 16;

/// A parabola: a place along one axis for each character's number.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Parabola([f64; 3]);

impl Parabola {
    /// The least squares of places at numbers; a straight line where there is too little for more.
    fn fit(points: &[(f32, f32)]) -> Self {
        let mut sums = [0.0_f64; 5];
        let mut moments = [0.0_f64; 3];
        for (u, v) in points {
            let (u, v) = (f64::from(*u), f64::from(*v));
            let mut power = 1.0;
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum += power;
                if let Some(moment) = moments.get_mut(i) {
                    *moment += power * v;
                }
                power *= u;
            }
        }
        let [n, u, uu, uuu, uuuu] = sums;
        let [v, uv, uuv] = moments;
        // Cramer's rule on the normal equations.
        let minors = [
            uu * uuuu - uuu * uuu,
            u * uuuu - uuu * uu,
            u * uuu - uu * uu,
        ];
        let [m0, m1, m2] = minors;
        let whole = n * m0 - u * m1 + uu * m2;
        if whole.abs() < 1e-6 * n.max(1.0) {
            let straight = n * uu - u * u;
            if straight.abs() < 1e-9 {
                return Self([if n > 0.0 { v / n } else { 0.0 }, 0.0, 0.0]);
            }
            return Self([
                (v * uu - u * uv) / straight,
                (n * uv - u * v) / straight,
                0.0,
            ]);
        }
        let a = v * m0 - u * (uv * uuuu - uuu * uuv) + uu * (uv * uuu - uu * uuv);
        let b = n * (uv * uuuu - uuv * uuu) - v * m1 + uu * (u * uuv - uv * uu);
        let c = n * (uu * uuv - uuu * uv) - u * (u * uuv - uv * uu) + v * m2;
        Self([a / whole, b / whole, c / whole])
    }

    pub(super) fn at(self, u: f32) -> f32 {
        let [a, b, c] = self.0;
        let u = f64::from(u);
        (a + u * (b + u * c)) as f32
    }

    pub(super) fn slope(self, u: f32) -> f32 {
        let [_, b, c] = self.0;
        (b + 2.0 * c * f64::from(u)) as f32
    }

    fn shifted(self, by: f32) -> Self {
        let [a, b, c] = self.0;
        let s = f64::from(by);
        Self([a + s * (b + s * c), b + 2.0 * c * s, c])
    }
}

/// Where the characters of a line stand: number `u` has its middle at `x(u)`, `y(u)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    pub(super) x: Parabola,
    pub(super) y: Parabola,
    /// Numbers of the first and last mark.
    pub(super) first: i32,
    pub(super) last: i32,
    /// Height of its taller letters, in pixels.
    pub(super) height: f32,
    marks: usize,
}

impl Course {
    fn of(chain: &Chain) -> Self {
        let mut marks = chain.marks.clone();
        let places = |marks: &[(f32, super::ink::Mark)]| {
            let xs: Vec<(f32, f32)> = marks.iter().map(|(u, mark)| (*u, mark.x)).collect();
            let ys: Vec<(f32, f32)> = marks.iter().map(|(u, mark)| (*u, mark.y)).collect();
            (Parabola::fit(&xs), Parabola::fit(&ys))
        };
        let (mut x, mut y) = places(&marks);
        for _ in 0..2 {
            let near = |(u, mark): &(f32, super::ink::Mark)| {
                (x.at(*u) - mark.x).hypot(y.at(*u) - mark.y) < OFF * chain.pitch
            };
            let kept: Vec<_> = marks.iter().copied().filter(near).collect();
            if kept.len() == marks.len() || kept.len() * 2 < marks.len() {
                break;
            }
            marks = kept;
            (x, y) = places(&marks);
        }
        let mut heights: Vec<f32> = marks.iter().map(|(_, mark)| mark.height).collect();
        heights.sort_by(f32::total_cmp);
        let number = |at: Option<&(f32, super::ink::Mark)>| at.map_or(0, |(u, _)| *u as i32);
        Self {
            x,
            y,
            first: number(marks.first()),
            last: number(marks.last()),
            height: heights.get(heights.len() * 4 / 5).copied().unwrap_or(0.0),
            marks: marks.len(),
        }
    }

    pub(super) fn pitch(&self) -> f32 {
        let middle = (self.first + self.last) as f32 / 2.0;
        self.x.slope(middle).hypot(self.y.slope(middle))
    }

    /// Numbered so that the character under this one's number `u` has the number `u` too, and how far below it lies, in
    /// pitches; `None` when the other line is none of the same zone.
    fn under(&self, other: &Self) -> Option<(Self, f32)> {
        let pitch = self.pitch();
        if pitch < 2.0 || (pitch - other.pitch()).abs() > SAME_PITCH * pitch {
            return None;
        }
        let middle = (self.first + self.last) as f32 / 2.0;
        let (px, py) = (self.x.at(middle), self.y.at(middle));
        let (tx, ty) = (self.x.slope(middle) / pitch, self.y.slope(middle) / pitch);
        let mut v = (other.first + other.last) as f32 / 2.0;
        for _ in 0..4 {
            let (dx, dy) = (other.x.at(v) - px, other.y.at(v) - py);
            v -= (dx * tx + dy * ty) / pitch;
        }
        let shift = (v - middle).round();
        let (dx, dy) = (other.x.at(v) - px, other.y.at(v) - py);
        let below = (dy * tx - dx * ty) / pitch;
        if !APART.contains(&below) || shift.abs() > 60.0 {
            return None;
        }
        let by = shift as i32;
        Some((
            Self {
                x: other.x.shifted(shift),
                y: other.y.shifted(shift),
                first: other.first - by,
                last: other.last - by,
                ..*other
            },
            below,
        ))
    }
}

/// Lines that may be a zone: numbered alike, from top to bottom, and the first and last number of a mark in any of them.
#[derive(Clone, Debug)]
pub(super) struct Band {
    pub(super) courses: Vec<Course>,
    pub(super) first: i32,
    pub(super) last: i32,
}

impl Band {
    fn of(courses: Vec<Course>) -> Self {
        let first = courses.iter().map(|course| course.first).min().unwrap_or(0);
        let last = courses.iter().map(|course| course.last).max().unwrap_or(0);
        Self {
            courses,
            first,
            last,
        }
    }

    fn marks(&self) -> usize {
        self.courses.iter().map(|course| course.marks).sum()
    }

    /// Characters from the first to the last mark.
    pub(super) fn span(&self) -> usize {
        usize::try_from(self.last - self.first + 1).unwrap_or(0)
    }
}

/// Bands of two and three lines, that with the most marks first.
pub(super) fn bands(chains: &[Chain]) -> Vec<Band> {
    let courses: Vec<Course> = chains.iter().map(Course::of).collect();
    let mut bands = Vec::new();
    for upper in &courses {
        let mut below: Vec<(Course, f32)> = courses
            .iter()
            .filter_map(|other| upper.under(other))
            .collect();
        below.sort_by(|a, b| a.1.total_cmp(&b.1));
        for (second, step) in &below {
            bands.push(Band::of(vec![*upper, *second]));
            for other in &courses {
                // The third is as far from the second as that from the first.
                if let Some((third, next)) = second.under(other)
                    && (next - step).abs() < 0.3 * step
                {
                    bands.push(Band::of(vec![*upper, *second, third]));
                }
            }
        }
    }
    bands.sort_by_key(|band| std::cmp::Reverse(band.marks()));
    bands.truncate(MOST_PAIRS);
    bands
}

#[cfg(test)]
mod tests {
    use super::super::chain::chains;
    use super::super::ink::Mark;
    use super::*;

    /// Lines of letters seen from the side: the pitch shrinks to the right.
    fn page(lines: usize, columns: usize, slope: f32) -> Vec<Mark> {
        let mut marks = Vec::new();
        for line in 0..lines {
            for column in 0..columns {
                let u = column as f32;
                let along = 24.0 * u - 0.04 * u * u;
                marks.push(Mark {
                    x: 60.0 + along - slope * 60.0 * line as f32,
                    y: 400.0 + slope * along + 60.0 * line as f32,
                    height: if column % 4 == 0 { 20.0 } else { 23.0 },
                });
            }
        }
        marks
    }

    #[test]
    fn lines_become_bands_with_all_their_characters() {
        for (lines, columns) in [(3, 30), (2, 36), (2, 44)] {
            for slope in [-0.2, 0.0, 0.2] {
                let found = bands(&chains(page(lines, columns, slope)));
                let whole = found
                    .iter()
                    .find(|band| band.courses.len() == lines)
                    .unwrap_or_else(|| unreachable!("{lines} x {columns} at {slope}: {found:?}"));
                assert_eq!(whole.span(), columns);
                assert!(
                    whole
                        .courses
                        .windows(2)
                        .all(|pair| pair[0].y.at(5.0) < pair[1].y.at(5.0))
                );
                for course in &whole.courses {
                    assert!((course.x.at(20.0) - course.x.at(19.0) - 22.4).abs() < 0.6);
                }
            }
        }
        assert!(bands(&[]).is_empty());
    }
}
