//! Whether a face answers the light of the screen.

use super::dice::Dice;
use super::rules::{COLORS, LightPace};
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
pub(super) fn response(
    shown: &[(Duration, Color)],
    seen: &[(Duration, [f32; 3])],
    pace: &LightPace,
) -> f32 {
    let lags = (0..).map(|step| LAG_STEP * step);
    lags.take_while(|lag| *lag <= pace.lag)
        .map(|lag| correlation(&pairs(shown, seen, lag, pace.settle)))
        .fold(0.0, f64::max) as f32
}

/// What was shown and what was seen, where a color was shown long enough.
fn pairs(
    shown: &[(Duration, Color)],
    seen: &[(Duration, [f32; 3])],
    lag: Duration,
    settle: Duration,
) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (at, color) in seen {
        let Some(at) = at.checked_sub(lag) else {
            continue;
        };
        let current = shown.iter().rev().find(|(from, _)| *from <= at);
        if let Some((from, shown)) = current
            && at - *from >= settle
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
    use super::super::rules::{LIGHT_RESPONSE, QUICK_LIGHT, SLOW_LIGHT};
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn shown(seed: u8, pace: &LightPace) -> Vec<(Duration, Color)> {
        let colors = colors(&mut Dice::new([seed; 32]));
        let steps = (0..).map(|step| ms(1000) + pace.shown * step);
        steps.zip(colors).collect()
    }

    /// A face lit mostly by the room and a little by a screen `lag` later, seen 15 times a second with noise, to the end of the colors.
    fn face(
        (by, pace): (&[(Duration, Color)], &LightPace),
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
        let until = ms(1000) + pace.shown * COLORS as u32 + pace.tail;
        let frames = (0..).map(frame);
        frames.take_while(|(at, _)| *at <= until).collect()
    }

    #[test]
    fn a_face_in_front_of_the_screen_answers_and_one_that_is_not_does_not() {
        for pace in [QUICK_LIGHT, SLOW_LIGHT] {
            let mut noise = Dice::new([9; 32]);
            let (mut lives, mut replays) = (Vec::new(), Vec::new());
            for seed in 0..200 {
                let here = shown(seed, &pace);
                let elsewhere = shown(seed + 50, &pace);
                let lag = 40 * u64::from(seed % 8);
                let mut answer = |by: &[(Duration, Color)], share| {
                    let seen = face((by, &pace), share, lag, &mut noise);
                    response(&here, &seen, &pace)
                };
                lives.push(answer(&here, 0.06));
                replays.push(answer(&elsewhere, 0.06));
                let unlit = answer(&here, 0.0);
                assert!(unlit < LIGHT_RESPONSE, "{unlit}");
            }
            lives.sort_by(f32::total_cmp);
            replays.sort_by(f32::total_cmp);
            assert!(lives[0] >= LIGHT_RESPONSE, "{pace:?} {lives:?}");
            let passed = replays
                .iter()
                .filter(|replay| **replay >= LIGHT_RESPONSE)
                .count();
            assert!(passed <= 6, "{pace:?} {replays:?}");
        }
    }

    #[test]
    fn what_a_screen_shows_while_it_fades_is_not_looked_at() {
        let here = shown(3, &SLOW_LIGHT);
        let mut noise = Dice::new([9; 32]);
        let mut seen = face((&here, &SLOW_LIGHT), 0.06, 0, &mut noise);
        let fading = |at: Duration| {
            let since = here.iter().rev().find(|(from, _)| *from <= at);
            since.is_some_and(|(from, _)| at - *from < ms(300))
        };
        for (at, color) in &mut seen {
            if fading(*at) {
                *color = [10.0, 250.0, 10.0];
            }
        }
        assert!(response(&here, &seen, &SLOW_LIGHT) >= LIGHT_RESPONSE);
        assert!(response(&here, &seen, &QUICK_LIGHT) < LIGHT_RESPONSE);
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
        assert!(response(&shown(1, &QUICK_LIGHT), &[], &QUICK_LIGHT).abs() < f32::EPSILON);
    }
}
