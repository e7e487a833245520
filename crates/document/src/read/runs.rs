//! Runs of places that look alike: a third of a zone is fillers, and the network need not read each of them.

use zeroize::Zeroize as _;

/// Places of a run at least: the first two and the last of it are read.
const SHORTEST: usize = 5;
/// Side of the squares, in pixels, that a place is looked at in.
const SQUARE: usize = 4;
/// Places look alike when their squares correlate as much as this. In OCR-B a filler and the letter next to it do so at 0.71 (K, sharp) to 0.93
/// (R or H, blurred until no letter can be told from another), two fillers at 0.99.
const ALIKE: f32 = 0.95;

/// Places `from..to` that look like the place before them and like that after them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Run {
    pub(super) from: usize,
    pub(super) to: usize,
}

impl Run {
    /// The places that are read for those of the run: two before it and one after.
    pub(super) fn read(self) -> [usize; 3] {
        [self.from - 2, self.from - 1, self.to]
    }

    pub(super) fn holds(self, place: usize) -> bool {
        (self.from..self.to).contains(&place)
    }
}

/// The runs in a line of places of `place` columns each, from left to right.
pub(super) fn runs(grey: &[u8], width: usize, place: usize) -> Vec<Run> {
    let mut tiles: Vec<Vec<f32>> = (0..width / place)
        .map(|at| tile(grey, width, at * place, place))
        .collect();
    let mut runs = Vec::new();
    let mut first = 0;
    while let Some(of) = tiles.get(first) {
        let rest = tiles.get(first + 1..).unwrap_or_default();
        let last = first + rest.iter().take_while(|tile| alike(of, tile)).count();
        if last + 1 - first >= SHORTEST {
            runs.push(Run {
                from: first + 2,
                to: last,
            });
        }
        first = last + 1;
    }
    tiles.iter_mut().for_each(|tile| tile.zeroize());
    runs
}

/// Means of a place's squares, less their mean, of length 1; all 0 where there is nothing to see.
fn tile(grey: &[u8], width: usize, left: usize, place: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(grey.len() / width.max(1) * place / (SQUARE * SQUARE));
    for rows in grey.chunks_exact(width * SQUARE) {
        let from = values.len();
        values.resize(from + place / SQUARE, 0.0);
        for row in rows.chunks_exact(width) {
            let own = row.get(left..left + place).unwrap_or_default();
            let squares = own.chunks_exact(SQUARE);
            for (value, square) in values.iter_mut().skip(from).zip(squares) {
                *value += square.iter().map(|pixel| f32::from(*pixel)).sum::<f32>();
            }
        }
    }
    let mean = values.iter().sum::<f32>() / values.len().max(1) as f32;
    values.iter_mut().for_each(|value| *value -= mean);
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    let scale = if length > 1.0 { 1.0 / length } else { 0.0 };
    values.iter_mut().for_each(|value| *value *= scale);
    values
}

fn alike(a: &[f32], b: &[f32]) -> bool {
    a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>() >= ALIKE
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: usize = 32;
    const ROWS: usize = 48;

    /// A line of chevrons, bars and empty places, with some noise.
    fn line(text: &str, noise: u32) -> (Vec<u8>, usize) {
        let width = text.len() * PLACE;
        let mut grey = vec![0; width * ROWS];
        let mut state = 1_u32;
        for y in 0..ROWS {
            for (at, symbol) in text.bytes().enumerate() {
                for x in 0..PLACE {
                    let arm = (24 - y.abs_diff(24)).saturating_sub(10);
                    let chevron = (10..38).contains(&y) && x.abs_diff(24 - arm) < 3;
                    let bar = (10..38).contains(&y) && x.abs_diff(8) < 3;
                    let ink = match symbol {
                        b'<' => chevron,
                        b'K' => chevron || bar,
                        b'I' => bar,
                        _ => false,
                    };
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let speck = (state >> 24) * noise / 256;
                    let value = if ink { 20 } else { 235 - speck as u8 };
                    grey[y * width + at * PLACE + x] = value;
                }
            }
        }
        (grey, width)
    }

    fn of(text: &str, noise: u32) -> Vec<(usize, usize)> {
        let (grey, width) = line(text, noise);
        let runs = runs(&grey, width, PLACE);
        runs.iter().map(|run| (run.from, run.to)).collect()
    }

    #[test]
    fn fillers_are_read_at_both_ends_of_their_run() {
        for noise in [0, 60] {
            assert_eq!(of(" II<<<<<<<<< ", noise), [(5, 11)]);
            assert_eq!(of("<<<<<I<<<<<<", noise), [(2, 4), (8, 11)]);
        }
        assert_eq!(
            Run { from: 5, to: 11 }.read(),
            [3, 4, 11],
            "two before it, one after"
        );
    }

    #[test]
    fn a_letter_among_fillers_ends_their_run() {
        assert_eq!(of("I<<<<K<<<<I", 0), []);
        assert_eq!(of("I<<<<<K<<<<I", 0), [(3, 5)]);
    }

    #[test]
    fn what_shows_nothing_is_no_run() {
        assert_eq!(of("            ", 0), []);
        assert_eq!(of("", 0), []);
    }
}
