//! The two figures: the DET curve and the distributions of scores.

use super::plot::{Axis, Plot};
use crate::evaluate::measure::Rates;
use countenance_gallery::statistics::{OperatingPoint, SortedScores};
use std::fmt;

/// Bars of the distributions over −1..=1.
const BARS: usize = 160;

/// FNMR over FMR, both by powers of ten, with the band of the bootstrap.
pub(super) fn det_curve(rates: &Rates) -> Result<String, fmt::Error> {
    let from = rates.curve.last().map_or(1e-6, |point| point.target.rate());
    let from = 10_f64.powf((from * 1.01).log10().floor());
    let x = Axis {
        from,
        to: 0.1,
        by_powers: true,
    };
    let seen = |value: fn(&OperatingPoint) -> f64| rates.curve.iter().map(value);
    let lowest = seen(|it| it.fnmr_low)
        .filter(|low| *low > 0.0)
        .fold(0.01, f64::min);
    let highest = seen(|it| it.fnmr_high).fold(0.02, f64::max);
    let ticks = [
        0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0,
    ];
    let y = Axis {
        from: ticks
            .iter()
            .copied()
            .filter(|tick| *tick <= lowest)
            .fold(0.0001, f64::max),
        to: ticks
            .iter()
            .copied()
            .filter(|tick| *tick >= highest)
            .fold(1.0, f64::min),
        by_powers: true,
    };
    let mut plot = Plot::new(x, y, 430.0);
    let decades = (from.log10().round() as i32)..=-1;
    let powers: Vec<_> = decades
        .map(|power| (10_f64.powi(power), format!("1e{power}")))
        .collect();
    plot.x_ticks(&powers)?;
    let shown: Vec<_> = ticks
        .iter()
        .filter(|tick| (y.from..=y.to).contains(*tick))
        .map(|tick| (*tick, format!("{} %", tick * 100.0)))
        .collect();
    plot.y_ticks(&shown)?;
    plot.names("false-match rate", "false non-match rate")?;
    let along = |value: fn(&OperatingPoint) -> f64| {
        rates
            .curve
            .iter()
            .map(|it| (it.target.rate(), value(it)))
            .collect::<Vec<_>>()
    };
    let mut band = along(|it| it.fnmr_high);
    band.extend(along(|it| it.fnmr_low).into_iter().rev());
    plot.area("band", &band)?;
    plot.line("curve", &along(|it| it.fnmr))?;
    for point in &rates.points {
        if point.target.rate() < from * 0.999 {
            continue;
        }
        let class = if point.is_supported() {
            "point"
        } else {
            "open"
        };
        let title = format!(
            "FMR {}: FNMR {:.2} % at threshold {:.3}",
            point.target,
            point.fnmr * 100.0,
            point.threshold
        );
        plot.dot(class, point.target.rate(), point.fnmr, &title)?;
        // At the left edge a text to the right of the dot stays inside.
        let label = format!("{:.2} %", point.fnmr * 100.0);
        plot.text(
            "label",
            "start",
            (point.target.rate(), point.fnmr),
            (8.0, -8.0),
            &label,
        )?;
    }
    Ok(plot.svg("DET curve: false non-match rate over false-match rate"))
}

/// How often each score comes up, for genuine and impostor comparisons.
pub(super) fn distributions(rates: &Rates) -> Result<String, fmt::Error> {
    let (genuine, impostor) = (shares(&rates.genuine), shares(&rates.impostor));
    let highest = genuine.iter().chain(&impostor).copied().fold(0.0, f64::max);
    let first = genuine
        .iter()
        .zip(&impostor)
        .position(|(a, b)| *a > 0.0 || *b > 0.0);
    let from = (score_of(first.unwrap_or(0)) * 10.0).floor() / 10.0;
    let x = Axis {
        from,
        to: 1.0,
        by_powers: false,
    };
    let y = Axis {
        from: 0.0,
        to: highest * 1.12,
        by_powers: false,
    };
    let mut plot = Plot::new(x, y, 330.0);
    let tenths = ((from * 10.0).round() as i32)..=10;
    let ticks: Vec<_> = tenths
        .filter(|tenth| tenth % 2 == 0)
        .map(|tenth| {
            (
                f64::from(tenth) / 10.0,
                format!("{:.1}", f64::from(tenth) / 10.0),
            )
        })
        .collect();
    plot.x_ticks(&ticks)?;
    plot.names("comparison score (cosine)", "share of comparisons")?;
    for (class, shares) in [("impostor", &impostor), ("genuine", &genuine)] {
        let mut outline = vec![(from, 0.0)];
        outline.extend(
            shares
                .iter()
                .enumerate()
                .map(|(bar, share)| (middle_of(bar), *share)),
        );
        outline.push((1.0, 0.0));
        outline.retain(|(score, _)| *score >= from);
        plot.area(&format!("{class} area"), &outline)?;
        let peak = shares.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        if let Some((bar, share)) = peak {
            plot.text(
                class,
                "middle",
                (middle_of(bar), *share),
                (0.0, -8.0),
                class,
            )?;
        }
    }
    // Those of all rates crowd each other; the loosest and the default tell the story.
    for (rate, anchor, away) in [(1e-2, "end", -6.0), (1e-4, "start", 6.0)] {
        let is_it = |point: &&OperatingPoint| (point.target.rate() / rate - 1.0).abs() < 1e-9;
        let Some(point) = rates.points.iter().find(is_it) else {
            continue;
        };
        let score = f64::from(point.threshold);
        plot.line("threshold", &[(score, 0.0), (score, highest * 1.12)])?;
        let label = format!("FMR {}", point.target);
        plot.text(
            "label",
            anchor,
            (score, highest * 1.12),
            (away, 12.0),
            &label,
        )?;
    }
    Ok(plot.svg("distributions of genuine and impostor scores"))
}

/// The share of scores in each bar.
fn shares(scores: &SortedScores) -> Vec<f64> {
    (0..BARS)
        .map(|bar| {
            let last = bar + 1 == BARS;
            let above = if last {
                0.0
            } else {
                scores.share_passing(score_of(bar + 1) as f32)
            };
            scores.share_passing(score_of(bar) as f32) - above
        })
        .collect()
}

/// The score where a bar begins.
fn score_of(bar: usize) -> f64 {
    bar as f64 * 2.0 / BARS as f64 - 1.0
}

fn middle_of(bar: usize) -> f64 {
    score_of(bar) + 1.0 / BARS as f64
}

#[cfg(test)]
mod tests {
    use super::{BARS, shares};
    use countenance_gallery::statistics::SortedScores;

    #[test]
    fn every_score_falls_into_one_bar() {
        let scores = SortedScores::new(vec![-1.0, -0.999, 0.0, 0.5, 1.0, 1.0]).unwrap();
        let shares = shares(&scores);
        assert_eq!(shares.len(), BARS);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((shares[0] - 2.0 / 6.0).abs() < 1e-12);
        assert!((shares[BARS - 1] - 2.0 / 6.0).abs() < 1e-12);
    }
}
