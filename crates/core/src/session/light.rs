//! Whether a face answers the light of the screen.

use super::dice::Dice;
use super::rules::{COLORS, LIGHT_LAG};
use std::time::Duration;

/// Red, green and blue of what the screen shows.
pub type Color = [u8; 3];

/// What can be shown: six hues as far apart as a screen has them.
const HUES: [Color; 6] = [
    [255, 32, 32],
    [224, 224, 32],
    [32, 255, 32],
    [32, 224, 224],
    [32, 64, 255],
    [224, 32, 224],
];
/// How far apart in time the lags are that are tried.
const LAG_STEP: Duration = Duration::from_millis(40);
/// How long after a change a camera still adapts.
const SETTLE: Duration = Duration::from_millis(80);
/// Frames that must be left to compare.
const LEAST: usize = 8;
/// Least spread of the face's chromaticity: below it is the camera's own noise.
const SPREAD: f64 = 0.002;

/// A random sequence without the same color twice in a row.
pub(super) fn colors(dice: &mut Dice) -> Vec<Color> {
    let mut at = dice.below(6) as usize;
    let mut shown = vec![HUES[at]];
    while shown.len() < COLORS {
        at = (at + 1 + dice.below(5) as usize) % HUES.len();
        shown.push(HUES[at]);
    }
    shown
}

/// Chromaticity that was shown, and that was seen.
type Pair = ([f64; 3], [f64; 3]);

/// The best correlation, over all lags, between the chromaticity that was shown and that of the face, in −1..=1; 0
/// where there is too little to compare or the face did not change.
///
/// `shown`: from when on each color was shown. `seen`: mean red, green and blue of the face.
pub(super) fn response(shown: &[(Duration, Color)], seen: &[(Duration, [f32; 3])]) -> f32 {
    let lags = (0..).map(|step| LAG_STEP * step);
    lags.take_while(|lag| *lag <= LIGHT_LAG)
        .map(|lag| correlation(&pairs(shown, seen, lag)))
        .fold(0.0, f64::max) as f32
}

/// What was shown and what was seen, where a color was shown long enough.
fn pairs(shown: &[(Duration, Color)], seen: &[(Duration, [f32; 3])], lag: Duration) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (at, color) in seen {
        let Some(at) = at.checked_sub(lag) else {
            continue;
        };
        let current = shown.iter().rev().find(|(from, _)| *from <= at);
        if let Some((from, shown)) = current
            && at - *from >= SETTLE
        {
            pairs.push((
                chromaticity(shown.map(f64::from)),
                chromaticity(color.map(f64::from)),
            ));
        }
    }
    pairs
}

/// Shares of red, green and blue: how bright it is does not matter.
fn chromaticity(color: [f64; 3]) -> [f64; 3] {
    let sum = color.iter().sum::<f64>().max(1.0);
    color.map(|value| value / sum)
}

/// Pearson's correlation over all three shares, each about its own mean.
fn correlation(pairs: &[Pair]) -> f64 {
    if pairs.len() < LEAST {
        return 0.0;
    }
    let count = pairs.len() as f64;
    let mean = |share: fn(&Pair) -> [f64; 3]| {
        let mut sums = [0.0; 3];
        for pair in pairs {
            for (sum, value) in sums.iter_mut().zip(share(pair)) {
                *sum += value / count;
            }
        }
        sums
    };
    let (shown, seen) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let (mut both, mut own, mut other) = (0.0, 0.0, 0.0);
    for pair in pairs {
        for channel in 0..3 {
            let (a, b) = (
                pair.0[channel] - shown[channel],
                pair.1[channel] - seen[channel],
            );
            both += a * b;
            own += a * a;
            other += b * b;
        }
    }
    if own <= 0.0 || (other / count).sqrt() < SPREAD {
        return 0.0;
    }
    both / (own * other).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::rules::{COLOR_SHOWN, LIGHT_RESPONSE};
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn shown(seed: u8) -> Vec<(Duration, Color)> {
        let colors = colors(&mut Dice::new([seed; 32]));
        let steps = (0..).map(|step| ms(1000) + COLOR_SHOWN * step);
        steps.zip(colors).collect()
    }

    /// A face lit mostly by the room and a little by a screen `lag` later, seen 15 times a second with noise.
    fn face(
        by: &[(Duration, Color)],
        share: f32,
        lag: u64,
        noise: &mut Dice,
    ) -> Vec<(Duration, [f32; 3])> {
        let frame = |number: u64| {
            let at = ms(1000 + 66 * number);
            let lit = at.checked_sub(ms(lag));
            let color = lit.and_then(|lit| by.iter().rev().find(|(from, _)| *from <= lit));
            let color = color.map_or([128.0; 3], |(_, color)| color.map(f32::from));
            let skin = [170.0, 120.0, 95.0];
            let seen = std::array::from_fn(|channel| {
                let jitter = noise.below(101) as f32 / 100.0 - 0.5;
                skin[channel] * (1.0 + share * (color[channel] / 255.0 - 0.5)) + jitter
            });
            (at, seen)
        };
        (0..36).map(frame).collect()
    }

    #[test]
    fn a_face_in_front_of_the_screen_answers_and_one_that_is_not_does_not() {
        let mut noise = Dice::new([9; 32]);
        let (mut lives, mut replays) = (Vec::new(), Vec::new());
        for seed in 0..200 {
            let here = shown(seed);
            let elsewhere = shown(seed + 50);
            let live = response(
                &here,
                &face(&here, 0.06, 40 * u64::from(seed % 8), &mut noise),
            );
            lives.push(live);
            let replay = response(
                &here,
                &face(&elsewhere, 0.06, 40 * u64::from(seed % 8), &mut noise),
            );
            replays.push(replay);
            let unlit = response(&here, &face(&here, 0.0, 0, &mut noise));
            assert!(unlit < LIGHT_RESPONSE, "{unlit}");
        }
        lives.sort_by(f32::total_cmp);
        replays.sort_by(f32::total_cmp);
        assert!(lives[0] >= LIGHT_RESPONSE, "{lives:?}");
        let passed = replays
            .iter()
            .filter(|replay| **replay >= LIGHT_RESPONSE)
            .count();
        assert!(passed <= 6, "{replays:?}");
    }

    #[test]
    fn no_color_follows_itself() {
        for seed in 0..50 {
            let shown = colors(&mut Dice::new([seed; 32]));
            assert_eq!(shown.len(), COLORS);
            assert!(shown.windows(2).all(|two| two[0] != two[1]));
        }
    }

    #[test]
    fn nothing_seen_is_no_answer() {
        assert!(response(&shown(1), &[]).abs() < f32::EPSILON);
    }
}
