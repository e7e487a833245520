//! A sheet in logical units, two pixels each, with what can be put on it.

use super::ink::{Ink, PAPER};
use super::text::{Anchor, Typeface, Weight};
use super::window::Window;
use countenance_core::Picture;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path as FilePath;
use tiny_skia::{
    FillRule, FilterQuality, LineCap, Mask, Paint, Path, PathBuilder, Pattern, Pixmap, Rect,
    SpreadMode, Stroke, Transform,
};

/// Pixels per logical unit.
const PIXELS: f32 = 2.0;

/// Longest side of a sheet in logical units, so that no input asks for an unbounded picture.
const LONGEST_SIDE: f32 = 4096.0;

/// Why a picture could not be drawn.
#[derive(Debug)]
pub(crate) enum DrawError {
    /// The built-in font does not load.
    Font,
    /// The sheet would have no pixels, or too many.
    Size,
    /// A picture could not be scaled.
    Scale(String),
    /// The PNG could not be made.
    Encode(png::EncodingError),
    /// The PNG could not be written.
    Write(io::Error),
}

impl std::fmt::Display for DrawError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Font => f.write_str("built-in font does not load"),
            Self::Size => f.write_str("sheet has no drawable size"),
            Self::Scale(reason) => write!(f, "picture does not scale: {reason}"),
            Self::Encode(_) => f.write_str("drawing does not encode as PNG"),
            Self::Write(_) => f.write_str("drawing cannot be written"),
        }
    }
}

impl std::error::Error for DrawError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Encode(error) => Some(error),
            Self::Write(error) => Some(error),
            Self::Font | Self::Size | Self::Scale(_) => None,
        }
    }
}

/// A sheet of paper. All coordinates are logical units from its top left corner.
pub(crate) struct Canvas {
    pixmap: Pixmap,
    typeface: Typeface,
}

impl Canvas {
    /// An empty sheet.
    pub(crate) fn new(width: f32, height: f32) -> Result<Self, DrawError> {
        if width.max(height) > LONGEST_SIDE {
            return Err(DrawError::Size);
        }
        let pixels = |length: f32| (length * PIXELS).round().max(0.0) as u32;
        let mut pixmap = Pixmap::new(pixels(width), pixels(height)).ok_or(DrawError::Size)?;
        pixmap.fill(PAPER.color());
        let typeface = Typeface::load().map_err(|_| DrawError::Font)?;
        Ok(Self { pixmap, typeface })
    }

    pub(super) fn typeface(&self) -> &Typeface {
        &self.typeface
    }

    /// Fills a rectangle with round corners.
    pub(super) fn fill_rect(&mut self, area: Rect, radius: f32, ink: Ink) {
        if let Some(path) = round_rect(area, radius) {
            self.fill(&path, ink);
        }
    }

    /// Draws the outline of a rectangle with round corners.
    pub(super) fn stroke_rect(
        &mut self,
        area: Rect,
        radius: f32,
        width: f32,
        ink: Ink,
        inside: Option<&Mask>,
    ) {
        if let Some(path) = round_rect(area, radius) {
            let stroke = Stroke {
                width,
                ..Stroke::default()
            };
            self.pixmap
                .stroke_path(&path, &paint(ink), &stroke, scaled(), inside);
        }
    }

    /// Draws a straight line with round ends.
    pub(super) fn line(&mut self, from: (f32, f32), to: (f32, f32), width: f32, ink: Ink) {
        let mut path = PathBuilder::new();
        path.move_to(from.0, from.1);
        path.line_to(to.0, to.1);
        let stroke = Stroke {
            width,
            line_cap: LineCap::Round,
            ..Stroke::default()
        };
        if let Some(path) = path.finish() {
            self.pixmap
                .stroke_path(&path, &paint(ink), &stroke, scaled(), None);
        }
    }

    /// Fills a circle.
    pub(super) fn dot(&mut self, x: f32, y: f32, radius: f32, ink: Ink, inside: Option<&Mask>) {
        if let Some(path) = PathBuilder::from_circle(x, y, radius) {
            self.pixmap
                .fill_path(&path, &paint(ink), FillRule::Winding, scaled(), inside);
        }
    }

    /// Fills any outline.
    pub(super) fn fill(&mut self, path: &Path, ink: Ink) {
        self.pixmap
            .fill_path(path, &paint(ink), FillRule::Winding, scaled(), None);
    }

    /// Writes one line; `y` is its baseline.
    pub(super) fn text(
        &mut self,
        text: &str,
        (x, y): (f32, f32),
        anchor: Anchor,
        weight: Weight,
        size: f32,
        ink: Ink,
    ) {
        let shift = match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => 0.5,
            Anchor::End => 1.0,
        };
        let x = x - shift * self.typeface.width(text, weight, size);
        if let Some(path) = self.typeface.outline(text, weight, size, x, y) {
            self.fill(&path, ink);
        }
    }

    /// A mask that keeps marks inside a rectangle with round corners.
    pub(super) fn mask(&self, area: Rect, radius: f32) -> Option<Mask> {
        let mut mask = Mask::new(self.pixmap.width(), self.pixmap.height())?;
        let path = round_rect(area, radius)?;
        mask.fill_path(&path, FillRule::Winding, true, scaled());
        Some(mask)
    }

    /// Paints the part of a picture that a window shows.
    pub(super) fn picture(
        &mut self,
        picture: &Picture,
        window: &Window,
        radius: f32,
    ) -> Result<(), DrawError> {
        let area = window.area;
        let columns = ((area.width() * PIXELS).round() as u32).max(1);
        let rows = ((area.height() * PIXELS).round() as u32).max(1);
        let pixels = window.sample(picture, columns, rows)?;
        let pattern = Pattern::new(
            pixels.as_ref(),
            SpreadMode::Pad,
            FilterQuality::Bilinear,
            1.0,
            Transform::from_row(
                1.0 / PIXELS,
                0.0,
                0.0,
                1.0 / PIXELS,
                area.left(),
                area.top(),
            ),
        );
        let paint = Paint {
            shader: pattern,
            anti_alias: true,
            ..Paint::default()
        };
        if let Some(path) = round_rect(area, radius) {
            self.pixmap
                .fill_path(&path, &paint, FillRule::Winding, scaled(), None);
        }
        Ok(())
    }

    /// The sheet as interleaved R, G, B, and its columns and rows.
    pub(crate) fn rgb(&self) -> (Vec<u8>, u32, u32) {
        // The paper is opaque, so the pixels are too, and premultiplied is plain.
        let pixels = self.pixmap.data().chunks_exact(4);
        let rgb = pixels.flat_map(|pixel| pixel.iter().take(3).copied());
        (rgb.collect(), self.pixmap.width(), self.pixmap.height())
    }

    /// Writes the sheet as a PNG file.
    pub(super) fn save(&self, path: &FilePath) -> Result<(), DrawError> {
        let (rgb, width, height) = self.rgb();
        let file = File::create(path).map_err(DrawError::Write)?;
        let mut file = BufWriter::new(file);
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(encoding)?;
        writer.write_image_data(&rgb).map_err(encoding)?;
        writer.finish().map_err(encoding)?;
        file.flush().map_err(DrawError::Write)
    }
}

fn encoding(error: png::EncodingError) -> DrawError {
    match error {
        png::EncodingError::IoError(error) => DrawError::Write(error),
        other => DrawError::Encode(other),
    }
}

fn scaled() -> Transform {
    Transform::from_scale(PIXELS, PIXELS)
}

fn paint(ink: Ink) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(ink.color());
    paint.anti_alias = true;
    paint
}

/// The outline of a rectangle with round corners.
fn round_rect(area: Rect, radius: f32) -> Option<Path> {
    /// How far the control points of a cubic stand from the corner to make nearly a quarter circle.
    const QUARTER: f32 = 0.552_285;
    let radius = radius.min(area.width() / 2.0).min(area.height() / 2.0);
    if radius <= 0.0 {
        return Some(PathBuilder::from_rect(area));
    }
    let (left, top, right, bottom) = (area.left(), area.top(), area.right(), area.bottom());
    let near = radius * (1.0 - QUARTER);
    let mut path = PathBuilder::new();
    path.move_to(left + radius, top);
    path.line_to(right - radius, top);
    path.cubic_to(right - near, top, right, top + near, right, top + radius);
    path.line_to(right, bottom - radius);
    path.cubic_to(
        right,
        bottom - near,
        right - near,
        bottom,
        right - radius,
        bottom,
    );
    path.line_to(left + radius, bottom);
    path.cubic_to(
        left + near,
        bottom,
        left,
        bottom - near,
        left,
        bottom - radius,
    );
    path.line_to(left, top + radius);
    path.cubic_to(left, top + near, left + near, top, left + radius, top);
    path.close();
    path.finish()
}
