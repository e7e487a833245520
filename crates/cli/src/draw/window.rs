//! Which part of a picture is shown where.

use super::canvas::DrawError;
use crate::pictures;
use countenance_core::{Face, Picture, Point, Rect as PictureRect, Size};
use tiny_skia::{IntSize, Pixmap, Rect};

/// A face is shown with this much around it: the window is this many times its longer side.
const FACE_IN_WINDOW: f32 = 1.9;

/// A part of a picture and the place on the sheet where it is shown, of one shape.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Left edge of the part, in pixels of the picture; 0 is the left edge of the first column.
    left: f32,
    /// Top edge of the part.
    top: f32,
    /// Columns of the part.
    width: f32,
    /// Rows of the part.
    height: f32,
    /// Logical units per pixel of the picture.
    scale: f32,
    /// The place on the sheet.
    pub(super) area: Rect,
}

impl Window {
    /// Shows the whole picture in the middle of `room`, enlarged or made smaller to fit.
    pub(super) fn whole(picture: Size, room: Rect) -> Option<Self> {
        let (width, height) = (picture.width as f32, picture.height as f32);
        let scale = (room.width() / width).min(room.height() / height);
        let area = Rect::from_xywh(
            room.left() + (room.width() - width * scale) / 2.0,
            room.top() + (room.height() - height * scale) / 2.0,
            width * scale,
            height * scale,
        )?;
        Some(Self {
            left: 0.0,
            top: 0.0,
            width,
            height,
            scale,
            area,
        })
    }

    /// Fills `room` with a face and what is around it, as far as the picture goes.
    pub(super) fn around(face: &Face, picture: Size, room: Rect) -> Self {
        let (columns, rows) = (picture.width as f32, picture.height as f32);
        let aspect = room.width() / room.height();
        let wanted = FACE_IN_WINDOW * face.area.width.max(face.area.height);
        // As high as wanted, but within the picture on both sides.
        let height = wanted.max(wanted / aspect).min(rows).min(columns / aspect);
        let width = height * aspect;
        let center = face.area.center();
        Self {
            left: (center.x - width / 2.0).clamp(0.0, (columns - width).max(0.0)),
            top: (center.y - height / 2.0).clamp(0.0, (rows - height).max(0.0)),
            width,
            height,
            scale: room.height() / height,
            area: room,
        }
    }

    /// A point of the picture on the sheet. Whole numbers are pixel centres.
    pub(super) fn point(&self, point: Point) -> (f32, f32) {
        (
            self.area.left() + (point.x + 0.5 - self.left) * self.scale,
            self.area.top() + (point.y + 0.5 - self.top) * self.scale,
        )
    }

    /// An area of the picture on the sheet.
    pub(super) fn rect(&self, area: PictureRect) -> Option<Rect> {
        let (x, y) = self.point(Point {
            x: area.x,
            y: area.y,
        });
        Rect::from_xywh(x, y, area.width * self.scale, area.height * self.scale)
    }

    /// The shown part of the picture with so many columns and rows.
    pub(super) fn sample(
        &self,
        picture: &Picture,
        columns: u32,
        rows: u32,
    ) -> Result<Pixmap, DrawError> {
        let (left, top) = (f64::from(self.left), f64::from(self.top));
        // Rounding must not put the far edge a hair outside of the picture.
        let width = f64::from(self.width).min(picture.width() as f64 - left);
        let height = f64::from(self.height).min(picture.height() as f64 - top);
        let part = (left, top, width, height);
        let rgba = pictures::scaled(picture, part, columns, rows)
            .map_err(|error| DrawError::Scale(error.to_string()))?
            .chunks_exact(3)
            .flat_map(|pixel| pixel.iter().copied().chain([255]))
            .collect();
        let size = IntSize::from_wh(columns, rows).ok_or(DrawError::Size)?;
        Pixmap::from_vec(rgba, size).ok_or(DrawError::Size)
    }
}
