//! A plot as SVG: a frame, two axes, and a map from values to places.

use std::fmt::{self, Write as _};

/// Width of a plot, in units of its view box.
const WIDTH: f64 = 860.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 52.0;

/// An axis from one value to another, evenly or by powers of ten.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) by_powers: bool,
}

impl Axis {
    /// Where a value lies, in 0..=1 from `from` to `to`; values beyond are cut to the ends.
    fn part(self, value: f64) -> f64 {
        let scale = |value: f64| {
            if self.by_powers {
                value.max(1e-300).log10()
            } else {
                value
            }
        };
        let part = (scale(value) - scale(self.from)) / (scale(self.to) - scale(self.from));
        part.clamp(0.0, 1.0)
    }
}

/// A plot under construction.
#[derive(Debug)]
pub(super) struct Plot {
    x: Axis,
    y: Axis,
    height: f64,
    body: String,
}

impl Plot {
    pub(super) fn new(x: Axis, y: Axis, height: f64) -> Self {
        Self {
            x,
            y,
            height,
            body: String::new(),
        }
    }

    /// The place of a pair of values.
    pub(super) fn place(&self, x: f64, y: f64) -> (f64, f64) {
        let right = LEFT + self.x.part(x) * (WIDTH - LEFT - RIGHT);
        let down = self.height - BOTTOM - self.y.part(y) * (self.height - TOP - BOTTOM);
        (right, down)
    }

    /// A labelled line across the plot at each value of the x axis.
    pub(super) fn x_ticks(&mut self, ticks: &[(f64, String)]) -> fmt::Result {
        for (value, label) in ticks {
            let (x, bottom) = self.place(*value, self.y.from);
            write!(
                self.body,
                r#"<line class="grid" x1="{x:.1}" x2="{x:.1}" y1="{TOP}" y2="{bottom:.1}"/><text x="{x:.1}" y="{:.1}" text-anchor="middle">{label}</text>"#,
                bottom + 20.0,
            )?;
        }
        Ok(())
    }

    /// A labelled line across the plot at each value of the y axis.
    pub(super) fn y_ticks(&mut self, ticks: &[(f64, String)]) -> fmt::Result {
        for (value, label) in ticks {
            let (_, y) = self.place(self.x.from, *value);
            write!(
                self.body,
                r#"<line class="grid" x1="{LEFT}" x2="{:.1}" y1="{y:.1}" y2="{y:.1}"/><text x="{:.1}" y="{:.1}" text-anchor="end">{label}</text>"#,
                WIDTH - RIGHT,
                LEFT - 9.0,
                y + 4.5,
            )?;
        }
        Ok(())
    }

    /// The names of the axes.
    pub(super) fn names(&mut self, x: &str, y: &str) -> fmt::Result {
        write!(
            self.body,
            r#"<text class="label" x="{:.1}" y="{:.1}" text-anchor="middle">{x}</text><text class="label" transform="translate(15 {:.1}) rotate(-90)" text-anchor="middle">{y}</text>"#,
            (LEFT + WIDTH - RIGHT) / 2.0,
            self.height - 8.0,
            (TOP + self.height - BOTTOM) / 2.0,
        )
    }

    /// A line through values.
    pub(super) fn line(&mut self, class: &str, values: &[(f64, f64)]) -> fmt::Result {
        let points = self.points(values);
        write!(
            self.body,
            r#"<polyline class="{class}" points="{points}"/>"#
        )
    }

    /// An area whose outline goes through values.
    pub(super) fn area(&mut self, class: &str, values: &[(f64, f64)]) -> fmt::Result {
        let points = self.points(values);
        write!(self.body, r#"<polygon class="{class}" points="{points}"/>"#)
    }

    /// A dot with a text that shows when pointed at.
    pub(super) fn dot(&mut self, class: &str, x: f64, y: f64, title: &str) -> fmt::Result {
        let (x, y) = self.place(x, y);
        write!(
            self.body,
            r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="5"><title>{title}</title></circle>"#
        )
    }

    /// A text beside a place, `dx` and `dy` units away.
    pub(super) fn text(
        &mut self,
        class: &str,
        anchor: &str,
        (x, y): (f64, f64),
        (dx, dy): (f64, f64),
        text: &str,
    ) -> fmt::Result {
        let (x, y) = self.place(x, y);
        write!(
            self.body,
            r#"<text class="{class}" text-anchor="{anchor}" x="{:.1}" y="{:.1}">{text}</text>"#,
            x + dx,
            y + dy,
        )
    }

    /// The whole, with a description for those who cannot see it.
    pub(super) fn svg(self, description: &str) -> String {
        let bottom = self.height - BOTTOM;
        format!(
            r#"<svg viewBox="0 0 {WIDTH} {}" role="img" aria-label="{description}">{}<line class="axis" x1="{LEFT}" x2="{}" y1="{bottom}" y2="{bottom}"/></svg>"#,
            self.height,
            self.body,
            WIDTH - RIGHT,
        )
    }

    fn points(&self, values: &[(f64, f64)]) -> String {
        let places = values.iter().map(|(x, y)| {
            let (x, y) = self.place(*x, *y);
            format!("{x:.1},{y:.1}")
        });
        places.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::{Axis, Plot};

    #[test]
    fn powers_of_ten_are_evenly_spaced_and_values_beyond_are_cut() {
        let axis = Axis {
            from: 1e-6,
            to: 1e-2,
            by_powers: true,
        };
        assert!((axis.part(1e-4) - 0.5).abs() < 1e-9);
        assert!(axis.part(1e-9).abs() < 1e-9 && axis.part(0.0).abs() < 1e-9);
        assert!((axis.part(1.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn larger_values_lie_to_the_right_and_above() {
        let axis = Axis {
            from: 0.0,
            to: 1.0,
            by_powers: false,
        };
        let plot = Plot::new(axis, axis, 400.0);
        let (low, high) = (plot.place(0.2, 0.2), plot.place(0.8, 0.8));
        assert!(high.0 > low.0 && high.1 < low.1);
    }
}
