//! Words as outlines.

use ab_glyph::{Font as _, FontRef, InvalidFont, OutlineCurve, Point, PxScale, ScaleFont as _};
use tiny_skia::{Path, PathBuilder};

/// Noto Sans in two weights (SIL Open Font License 1.1).
pub(super) struct Typeface {
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

/// How heavy the letters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Where a word stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Typeface {
    pub(super) fn load() -> Result<Self, InvalidFont> {
        Ok(Self {
            regular: FontRef::try_from_slice(notosans::REGULAR_TTF)?,
            bold: FontRef::try_from_slice(notosans::BOLD_TTF)?,
        })
    }

    fn font(&self, weight: Weight) -> &FontRef<'static> {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// Pixels per em to the scale that the font library wants: the height from ascent to descent.
    fn scale(font: &FontRef<'_>, size: f32) -> PxScale {
        let em = font.units_per_em().unwrap_or(1000.0);
        PxScale::from(size * font.height_unscaled() / em)
    }

    /// The width of a line of text.
    pub(super) fn width(&self, text: &str, weight: Weight, size: f32) -> f32 {
        let font = self.font(weight);
        let font = font.as_scaled(Self::scale(font, size));
        let mut width = 0.0;
        let mut previous = None;
        for c in text.chars() {
            let glyph = font.glyph_id(c);
            if let Some(previous) = previous {
                width += font.kern(previous, glyph);
            }
            width += font.h_advance(glyph);
            previous = Some(glyph);
        }
        width
    }

    /// The text itself, or its beginning with an ellipsis where it is wider than `room`.
    pub(super) fn fit(&self, text: &str, weight: Weight, size: f32, room: f32) -> String {
        if self.width(text, weight, size) <= room {
            return text.to_owned();
        }
        let mut kept: Vec<char> = text.chars().collect();
        while kept.pop().is_some() {
            let shortened: String = kept.iter().chain(&['…']).collect();
            if self.width(&shortened, weight, size) <= room {
                return shortened;
            }
        }
        String::new()
    }

    /// The outlines of a line of text whose baseline begins at `x`, `y`; `None` for blanks.
    pub(super) fn outline(
        &self,
        text: &str,
        weight: Weight,
        size: f32,
        x: f32,
        y: f32,
    ) -> Option<Path> {
        let font = self.font(weight);
        let scaled = font.as_scaled(Self::scale(font, size));
        let factor = size / font.units_per_em().unwrap_or(1000.0);
        let mut path = PathBuilder::new();
        let mut pen = x;
        let mut previous = None;
        for c in text.chars() {
            let glyph = scaled.glyph_id(c);
            if let Some(previous) = previous {
                pen += scaled.kern(previous, glyph);
            }
            if let Some(outline) = font.outline(glyph) {
                let place = |point: Point| (pen + point.x * factor, y - point.y * factor);
                trace(&outline.curves, place, &mut path);
            }
            pen += scaled.h_advance(glyph);
            previous = Some(glyph);
        }
        path.finish()
    }
}

/// Joins curves into closed contours: a curve that does not begin where the last one ended opens a new one.
fn trace(curves: &[OutlineCurve], place: impl Fn(Point) -> (f32, f32), path: &mut PathBuilder) {
    let mut at = None;
    for curve in curves {
        let (start, end) = match curve {
            OutlineCurve::Line(start, end)
            | OutlineCurve::Quad(start, _, end)
            | OutlineCurve::Cubic(start, _, _, end) => (*start, *end),
        };
        if at != Some(start) {
            if at.is_some() {
                path.close();
            }
            let (x, y) = place(start);
            path.move_to(x, y);
        }
        let (x, y) = place(end);
        match curve {
            OutlineCurve::Line(..) => path.line_to(x, y),
            OutlineCurve::Quad(_, control, _) => {
                let (cx, cy) = place(*control);
                path.quad_to(cx, cy, x, y);
            }
            OutlineCurve::Cubic(_, first, second, _) => {
                let (ax, ay) = place(*first);
                let (bx, by) = place(*second);
                path.cubic_to(ax, ay, bx, by, x, y);
            }
        }
        at = Some(end);
    }
    if at.is_some() {
        path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::{Typeface, Weight};

    #[test]
    fn a_text_that_does_not_fit_ends_with_an_ellipsis_inside_its_room() {
        let typeface = Typeface::load().unwrap();
        let fitted = typeface.fit("a rather long file name.jpeg", Weight::Bold, 20.0, 100.0);
        assert!(
            fitted.ends_with('…') && fitted.starts_with("a rat"),
            "{fitted}"
        );
        assert!(typeface.width(&fitted, Weight::Bold, 20.0) <= 100.0);
        assert_eq!(typeface.fit("short", Weight::Bold, 20.0, 100.0), "short");
    }

    #[test]
    fn outlines_are_as_wide_as_their_text() {
        let typeface = Typeface::load().unwrap();
        let width = typeface.width("Hamburg", Weight::Regular, 40.0);
        let bounds = typeface
            .outline("Hamburg", Weight::Regular, 40.0, 0.0, 0.0)
            .unwrap()
            .bounds();
        assert!((bounds.width() - width).abs() < 8.0, "{bounds:?} {width}");
        assert!(bounds.top() < -25.0 && bounds.bottom() > 5.0, "{bounds:?}");
    }
}
