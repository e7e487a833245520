//! The faces of one picture, numbered.

use super::canvas::{Canvas, DrawError};
use super::ink::{AMBER, BLUE, Ink, MARGIN, QUIET, SHADOW, TEXT, WHITE};
use super::text::{Anchor, Weight};
use super::window::Window;
use countenance_core::{DetectedFace, Face, Picture};
use tiny_skia::Rect;

/// The longest side of the picture on the sheet.
const LONGEST_SIDE: f32 = 1100.0;
/// The shortest sheet that has room for its words.
const LEAST_WIDTH: f32 = 480.0;
/// A picture is enlarged at most so much.
const LARGEST_SCALE: f32 = 4.0;
const CAPTION: f32 = 76.0;
const RADIUS: f32 = 10.0;

/// Everything the sheet says.
pub(crate) struct DetectionSheet<'a> {
    pub(crate) picture: &'a Picture,
    pub(crate) faces: &'a [DetectedFace],
    /// The file's name.
    pub(crate) name: String,
    /// What was found, in words.
    pub(crate) summary: String,
}

/// Paints the picture with its faces. Faces with something against them are amber.
pub(crate) fn detection(sheet: &DetectionSheet<'_>) -> Result<Canvas, DrawError> {
    let size = sheet.picture.size();
    let (columns, rows) = (size.width as f32, size.height as f32);
    let scale = (LONGEST_SIDE / columns.max(rows)).min(LARGEST_SCALE);
    let (width, height) = ((columns * scale).max(LEAST_WIDTH), (rows * scale).max(1.0));
    let mut canvas = Canvas::new(width + 2.0 * MARGIN, height + MARGIN + CAPTION + 24.0)?;
    let room = Rect::from_xywh(MARGIN, MARGIN, width, height).ok_or(DrawError::Size)?;
    let window = Window::whole(size, room).ok_or(DrawError::Size)?;
    canvas.picture(sheet.picture, &window, RADIUS)?;
    for (i, face) in sheet.faces.iter().enumerate() {
        let ink = if face.causes.is_empty() { BLUE } else { AMBER };
        let number = (sheet.faces.len() > 1).then_some(i + 1);
        mark(&mut canvas, &face.face, &window, RADIUS, ink, number);
    }
    let baseline = MARGIN + height + 36.0;
    let name = canvas
        .typeface()
        .fit(&sheet.name, Weight::Bold, 20.0, width);
    canvas.text(
        &name,
        (MARGIN, baseline),
        Anchor::Start,
        Weight::Bold,
        20.0,
        TEXT,
    );
    let summary = canvas
        .typeface()
        .fit(&sheet.summary, Weight::Regular, 16.0, width);
    let at = (MARGIN, baseline + 26.0);
    canvas.text(&summary, at, Anchor::Start, Weight::Regular, 16.0, QUIET);
    Ok(canvas)
}

/// Marks a face: its area, its five landmarks and, among several, its number.
pub(super) fn mark(
    canvas: &mut Canvas,
    face: &Face,
    window: &Window,
    radius: f32,
    ink: Ink,
    number: Option<usize>,
) {
    let inside = canvas.mask(window.area, radius);
    let inside = inside.as_ref();
    let Some(area) = window.rect(face.area) else {
        return;
    };
    // Thinner on small faces, so that the marks do not hide what they mark.
    let side = area.width().min(area.height());
    let width = (side / 60.0).clamp(1.25, 3.5);
    let corner = (side / 14.0).clamp(2.0, 12.0);
    canvas.stroke_rect(area, corner, width + 2.5, SHADOW.alpha(70), inside);
    canvas.stroke_rect(area, corner, width + 1.2, WHITE, inside);
    canvas.stroke_rect(area, corner, width, ink, inside);
    let dot = (side / 50.0).clamp(1.0, 5.0);
    for landmark in face.landmarks {
        let (x, y) = window.point(landmark);
        canvas.dot(x, y, dot + 2.5, SHADOW.alpha(70), inside);
        canvas.dot(x, y, dot + 1.5, WHITE, inside);
        canvas.dot(x, y, dot, ink, inside);
    }
    if let Some(number) = number {
        number_tag(canvas, area, number, ink);
    }
}

/// A small tag with a number on the top left corner of a face.
fn number_tag(canvas: &mut Canvas, area: Rect, number: usize, ink: Ink) {
    let text = number.to_string();
    let size = (area.width() / 5.0).clamp(9.0, 17.0);
    let width = canvas.typeface().width(&text, Weight::Bold, size) + size * 0.9;
    let height = size * 1.45;
    let Some(tag) = Rect::from_xywh(
        area.left() - height * 0.35,
        area.top() - height * 0.35,
        width.max(height),
        height,
    ) else {
        return;
    };
    canvas.fill_rect(tag, height / 2.0, ink);
    let at = (
        tag.left() + tag.width() / 2.0,
        tag.top() + height / 2.0 + size * 0.36,
    );
    canvas.text(&text, at, Anchor::Middle, Weight::Bold, size, WHITE);
}
