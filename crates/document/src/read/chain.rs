//! Marks in a row, evenly apart: lines of text in a fixed pitch, at any slope.

use super::ink::Mark;

/// From one letter to the next, in heights of the larger: the pitch of OCR-B is 1.06 of a digit's height.
const STEP: std::ops::Range<f32> = 0.5..1.9;
/// How far a neighbor may lie above or below, in heights.
const RISE: f32 = 0.5;
/// The smaller of two neighbors has at least this part of the larger one's height; fillers are lower than letters.
const ALIKE: f32 = 0.55;
/// A chain of fewer marks is not looked at.
const FEWEST: usize = 6;
/// Chains that are looked at, the longest first.
const MOST_CHAINS: usize = 48;
/// Letters that may be missing between two chains of one line.
const GAP: f32 = 16.0;
/// Pitches of two chains of one line differ by less than this part.
const SAME_PITCH: f32 = 0.14;
/// A line of fewer marks is none.
pub(super) const FEWEST_OF_LINE: usize = 12;

/// Marks of one line from left to right, each with its number along the pitch.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) marks: Vec<(f32, Mark)>,
    pub(super) pitch: f32,
}

impl Chain {
    fn of(marks: Vec<Mark>) -> Option<Self> {
        let mut steps: Vec<f32> = marks
            .windows(2)
            .filter_map(|pair| match pair {
                [a, b] => Some((b.x - a.x).hypot(b.y - a.y)),
                _ => None,
            })
            .collect();
        let pitch = median(&mut steps)?;
        let mut number = 0.0;
        let mut numbered: Vec<(f32, Mark)> = Vec::with_capacity(marks.len());
        // The pitch changes along a line that is seen from the side: it is followed.
        let mut local = pitch;
        for mark in marks {
            if let Some((_, last)) = numbered.last() {
                let step = (mark.x - last.x).hypot(mark.y - last.y);
                let whole = (step / local).round();
                if whole < 1.0 {
                    continue;
                }
                number += whole;
                local += 0.15 * ((step / whole).clamp(0.85 * local, 1.15 * local) - local);
            }
            numbered.push((number, mark));
        }
        Some(Self {
            marks: numbered,
            pitch,
        })
    }

    /// A straight line through the marks near one end: place at that end and direction.
    fn end(&self, last: bool) -> Option<(Mark, f32)> {
        let near: Vec<&(f32, Mark)> = if last {
            self.marks.iter().rev().take(10).collect()
        } else {
            self.marks.iter().take(10).collect()
        };
        let (first, other) = (near.first()?, near.last()?);
        let run = other.1.x - first.1.x;
        Some((
            first.1,
            (other.1.y - first.1.y) / if run == 0.0 { 1.0 } else { run },
        ))
    }
}

/// The chains of a picture, the longest first.
pub(super) fn chains(mut marks: Vec<Mark>) -> Vec<Chain> {
    marks.sort_by(|a, b| a.x.total_cmp(&b.x));
    let next = neighbors(&marks);
    let mut is_next = vec![false; marks.len()];
    for to in next.iter().flatten() {
        if let Some(is_next) = is_next.get_mut(*to) {
            *is_next = true;
        }
    }
    let mut chains = Vec::new();
    for start in (0..marks.len()).filter(|at| is_next.get(*at) == Some(&false)) {
        let mut chain = Vec::new();
        let mut at = Some(start);
        while let Some(here) = at {
            chain.extend(marks.get(here).copied());
            at = next.get(here).copied().flatten();
        }
        if chain.len() >= FEWEST {
            chains.extend(Chain::of(chain));
        }
    }
    chains.sort_by_key(|chain| std::cmp::Reverse(chain.marks.len()));
    chains.truncate(MOST_CHAINS);
    merge(chains)
}

/// For each mark its neighbor to the right, where each is the other's nearest.
fn neighbors(marks: &[Mark]) -> Vec<Option<usize>> {
    let mut right: Vec<Option<(f32, usize)>> = vec![None; marks.len()];
    let mut left: Vec<Option<(f32, usize)>> = vec![None; marks.len()];
    let tallest = marks
        .iter()
        .fold(0.0_f32, |most, mark| most.max(mark.height));
    for (a, mark) in marks.iter().enumerate() {
        for (b, other) in marks.iter().enumerate().skip(a + 1) {
            let step = other.x - mark.x;
            if step > STEP.end * tallest {
                break;
            }
            let (low, high) = (mark.height.min(other.height), mark.height.max(other.height));
            let rise = (other.y - mark.y).abs();
            if !STEP.contains(&(step / high)) || rise > RISE * high || low < ALIKE * high {
                continue;
            }
            let far = step + 2.0 * rise;
            let nearer = |place: Option<&mut Option<(f32, usize)>>, to: usize| {
                if let Some(place) = place
                    && place.is_none_or(|(before, _)| far < before)
                {
                    *place = Some((far, to));
                }
            };
            nearer(right.get_mut(a), b);
            nearer(left.get_mut(b), a);
        }
    }
    let back = |to: usize| left.get(to).copied().flatten().map(|(_, from)| from);
    right
        .iter()
        .enumerate()
        .map(|(from, to)| to.map(|(_, to)| to).filter(|to| back(*to) == Some(from)))
        .collect()
}

/// Puts chains together that one line was torn into.
fn merge(mut chains: Vec<Chain>) -> Vec<Chain> {
    let mut lines: Vec<Chain> = Vec::new();
    while !chains.is_empty() {
        let mut line = chains.remove(0);
        while let Some(at) = chains
            .iter()
            .position(|other| continues(&line, other).is_some())
        {
            let other = chains.remove(at);
            let all = if continues(&line, &other) == Some(true) {
                line.marks.iter().chain(&other.marks)
            } else {
                other.marks.iter().chain(&line.marks)
            };
            match Chain::of(all.map(|(_, mark)| *mark).collect()) {
                Some(longer) => line = longer,
                None => break,
            }
        }
        lines.push(line);
    }
    lines.retain(|line| line.marks.len() >= FEWEST_OF_LINE);
    lines.sort_by_key(|line| std::cmp::Reverse(line.marks.len()));
    lines
}

/// Whether one chain goes on in the other: to the right (`true`) or to the left.
fn continues(line: &Chain, other: &Chain) -> Option<bool> {
    if (line.pitch - other.pitch).abs() > SAME_PITCH * line.pitch {
        return None;
    }
    let fits = |end: Option<(Mark, f32)>, start: Option<(Mark, f32)>, sign: f32| {
        let (Some((end, slope)), Some((start, back))) = (end, start) else {
            return false;
        };
        let run = (start.x - end.x) * sign;
        let ahead = end.y + slope * (start.x - end.x);
        let behind = start.y + back * (end.x - start.x);
        run > 0.4 * line.pitch
            && run < GAP * line.pitch
            && (ahead - start.y).abs().min((behind - end.y).abs()) < 0.5 * line.pitch
    };
    if fits(line.end(true), other.end(false), 1.0) {
        Some(true)
    } else if fits(line.end(false), other.end(true), -1.0) {
        Some(false)
    } else {
        None
    }
}

pub(super) fn median(values: &mut [f32]) -> Option<f32> {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(count: usize, slope: f32, missing: std::ops::Range<usize>) -> Vec<Mark> {
        (0..count)
            .filter(|i| !missing.contains(i))
            .map(|i| Mark {
                x: 50.0 + 24.0 * i as f32,
                y: 300.0 + slope * 24.0 * i as f32 + if i % 3 == 0 { 1.0 } else { 0.0 },
                height: if i % 2 == 0 { 23.0 } else { 17.0 },
            })
            .collect()
    }

    #[test]
    fn a_sloping_line_with_a_hole_is_one_chain_and_keeps_its_numbers() {
        for slope in [-0.25, 0.0, 0.25] {
            let mut marks = row(44, slope, 17..25);
            // Noise that is no part of it.
            marks.push(Mark {
                x: 400.0,
                y: 90.0,
                height: 20.0,
            });
            let found = chains(marks);
            assert_eq!(found.len(), 1, "{found:?}");
            let numbers: Vec<f32> = found[0].marks.iter().map(|(number, _)| *number).collect();
            assert_eq!(numbers.first().copied(), Some(0.0));
            assert_eq!(numbers.last().copied(), Some(43.0), "{slope}");
        }
    }

    #[test]
    fn scattered_marks_are_no_line() {
        let marks = (0..200_u32).map(|i| Mark {
            x: (i * 7919 % 1280) as f32,
            y: (i * 104_729 % 720) as f32,
            height: 10.0 + (i % 20) as f32,
        });
        assert!(chains(marks.collect()).is_empty());
        assert!(chains(Vec::new()).is_empty());
    }
}
