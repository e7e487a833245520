//! A part of a picture, scaled onto the canvas that a network looks at.

use crate::picture::wipe;
use crate::{Picture, Point, Rect};
use countenance_net::Size;
use fast_image_resize::images::{TypedCroppedImageMut, TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

/// Below this scale a view is painted from a few picture pixels for every canvas pixel, not
/// from all of them.
///
/// Only coarse levels are so small. They need to show that there is a face; where its
/// landmarks are is for the closer look to say, which is painted from every pixel.
const SPARSE_SCALE: f32 = 0.25;

/// Picture pixels along each axis that then go into a canvas pixel.
const SPARSE_FACTOR: f64 = 2.0;

/// Where picture pixels are thinned out by less than this, all of them are taken.
const LEAST_THINNING: f64 = 1.2;

/// What painting takes: the library that scales, and memory.
#[derive(Default)]
pub(super) struct Painter {
    resizer: Resizer,
    thinned: Vec<u8>,
}

impl Painter {
    /// Forgets what was painted from, and gives large memory back.
    pub(super) fn forget(&mut self, kept_bytes: usize) {
        wipe(&mut self.thinned);
        if self.thinned.capacity() > kept_bytes {
            self.thinned = Vec::new();
        }
    }
}

/// A part of a picture, in pixels.
#[derive(Clone, Copy)]
struct Part {
    x: f64,
    y: f64,
    wide: f64,
    high: f64,
}

impl Part {
    /// One in `thinning` pixels along each axis, those nearest to the middle of what they stand for, and their columns and rows.
    fn thin_out(self, picture: &Picture, thinning: f64, pixels: &mut Vec<u8>) -> (usize, usize) {
        let count = |size: f64| (size / thinning).round() as usize;
        let (columns, rows) = (count(self.wide), count(self.high));
        let (step_x, step_y) = (self.wide / columns as f64, self.high / rows as f64);
        let place = |column| {
            let x = (self.x + step_x * 0.5) + step_x * f64::from(column);
            (x as usize).min(picture.width() - 1)
        };
        let places: Vec<usize> = (0..columns as u32).map(place).collect();
        pixels.resize(3 * columns * rows, 0);
        let mut y = self.y + step_y * 0.5;
        for thin in pixels.chunks_exact_mut(3 * columns.max(1)) {
            let row = (y as usize).min(picture.height() - 1);
            let row = &picture.pixels()[3 * row * picture.width()..][..3 * picture.width()];
            let row = row.as_chunks::<3>().0;
            for (pixel, place) in thin.as_chunks_mut::<3>().0.iter_mut().zip(&places) {
                if let Some(of_picture) = row.get(*place) {
                    *pixel = *of_picture;
                }
            }
            y += step_y;
        }
        (columns, rows)
    }
}

/// Which part of a picture lies on the canvas, and how large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct View {
    /// Where the canvas's top left corner lies, in pixels from the picture's corner.
    pub(super) left: f32,
    /// See `left`.
    pub(super) top: f32,
    /// Canvas pixels per picture pixel.
    pub(super) scale: f32,
    /// Columns and rows of the canvas.
    pub(super) canvas: Size,
}

impl View {
    /// Paints the view; canvas pixels outside the picture are black.
    pub(super) fn paint(&self, picture: &Picture, painter: &mut Painter, canvas: &mut Vec<u8>) {
        let Size { width, height } = self.canvas;
        let ([x, y, columns, rows], mut part) = self.halves(picture.size());
        canvas.clear();
        canvas.resize(3 * width * height, 0);
        let mut source = (picture.width(), picture.height(), picture.pixels());
        let Painter { resizer, thinned } = painter;
        let thinning = (part.wide / columns as f64).min(part.high / rows as f64) / SPARSE_FACTOR;
        if self.scale <= SPARSE_SCALE && thinning > LEAST_THINNING && thinning.is_finite() {
            let (wide, high) = part.thin_out(picture, thinning, thinned);
            source = (wide, high, thinned);
            part = Part {
                x: 0.0,
                y: 0.0,
                wide: wide as f64,
                high: high as f64,
            };
        }
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .crop(part.x, part.y, part.wide, part.high);
        // One pixel type by name: one copy of the resizer is compiled and not thirteen.
        let (wide, high, pixels) = source;
        let source = TypedImageRef::<U8x3>::from_buffer(wide as u32, high as u32, pixels);
        let target = TypedImage::<U8x3>::from_buffer(width as u32, height as u32, canvas);
        // Nothing of the picture on the canvas leaves it black: no face is found there.
        if let (Ok(source), Ok(target)) = (source, target)
            && let Ok(mut part) =
                TypedCroppedImageMut::new(target, x as u32, y as u32, columns as u32, rows as u32)
        {
            let _black_where_impossible = resizer.resize_typed(&source, &mut part, &options);
        }
    }

    /// The column, row, columns and rows of the canvas that show a picture of a size, and the part of the picture that they show.
    fn halves(&self, picture: Size) -> ([usize; 4], Part) {
        let (x, columns) = self.covered(self.left, picture.width, self.canvas.width);
        let (y, rows) = self.covered(self.top, picture.height, self.canvas.height);
        // Rounding must not carry the part beyond the picture, or nothing is painted at all.
        let along = |origin: f32, first: usize, count: usize, whole: usize| {
            let (scale, whole) = (f64::from(self.scale), whole as f64);
            let start = (f64::from(origin) + first as f64 / scale).clamp(0.0, whole);
            (start, (count as f64 / scale).min(whole - start))
        };
        let (from_x, wide) = along(self.left, x, columns, picture.width);
        let (from_y, high) = along(self.top, y, rows, picture.height);
        let part = Part {
            x: from_x,
            y: from_y,
            wide,
            high,
        };
        ([x, y, columns, rows], part)
    }

    /// First canvas pixel and number of canvas pixels along one axis that show the picture.
    fn covered(&self, origin: f32, picture: usize, canvas: usize) -> (usize, usize) {
        let first = (-origin * self.scale).ceil().max(0.0);
        let end = ((picture as f32 - origin) * self.scale + 1e-3)
            .floor()
            .min(canvas as f32);
        (first as usize, (end - first).max(0.0) as usize)
    }

    /// A point on the canvas, in pixels of the picture.
    pub(super) fn point(&self, on_canvas: Point) -> Point {
        Point {
            x: (on_canvas.x + 0.5) / self.scale + self.left - 0.5,
            y: (on_canvas.y + 0.5) / self.scale + self.top - 0.5,
        }
    }

    /// An area on the canvas, in pixels of the picture.
    pub(super) fn area(&self, on_canvas: Rect) -> Rect {
        let corner = self.point(Point {
            x: on_canvas.x,
            y: on_canvas.y,
        });
        Rect {
            x: corner.x,
            y: corner.y,
            width: on_canvas.width / self.scale,
            height: on_canvas.height / self.scale,
        }
    }

    /// The part of the picture that the canvas shows, in pixels of the picture.
    pub(super) fn shown(&self) -> Rect {
        Rect {
            x: self.left,
            y: self.top,
            width: self.canvas.width as f32 / self.scale,
            height: self.canvas.height as f32 / self.scale,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn white(width: usize, height: usize) -> Picture {
        Picture::from_rgb(width, height, vec![255; 3 * width * height]).unwrap()
    }

    #[test]
    fn a_picture_of_any_size_is_painted_whole_on_every_view_of_every_level() {
        let mut canvas = Vec::new();
        for (width, height) in [
            (1, 1),
            (79, 80),
            (4000, 300),
            (333, 4001),
            (1280, 720),
            (997, 3),
        ] {
            let picture = white(width, height);
            for level in super::super::levels::levels(picture.size()) {
                for view in &level.views {
                    view.paint(&picture, &mut Painter::default(), &mut canvas);
                    let painted = canvas.chunks_exact(3).filter(|p| **p == [255; 3]).count() as f32;
                    let common = view.shown().intersection(Rect {
                        x: 0.0,
                        y: 0.0,
                        width: width as f32,
                        height: height as f32,
                    });
                    // A canvas pixel that shows half a picture pixel stays black, on either side.
                    let least = (common.width * view.scale - 2.0).max(0.0)
                        * (common.height * view.scale - 2.0).max(0.0);
                    assert!(painted >= least, "{view:?} shows {painted} of {least}");
                }
            }
        }
    }

    #[test]
    fn a_thinned_view_is_painted_as_the_library_would_paint_it_in_one_go() {
        for (width, height) in [(1280, 720), (4001, 307), (1999, 3001), (640, 4000)] {
            let pixels = (0..3 * width * height).map(|i| (i * 89 % 251) as u8);
            let picture = Picture::from_rgb(width, height, pixels.collect()).unwrap();
            let mut thinned = 0;
            let levels = super::super::levels::levels(picture.size());
            for view in levels.flat_map(|level| level.views) {
                let mut canvas = Vec::new();
                view.paint(&picture, &mut Painter::default(), &mut canvas);
                let Size {
                    width: wide,
                    height: high,
                } = view.canvas;
                let mut wanted = vec![0; 3 * wide * high];
                let ([x, y, columns, rows], part) = view.halves(picture.size());
                if view.scale > SPARSE_SCALE {
                    continue;
                }
                thinned += 1;
                let options = ResizeOptions::new()
                    .resize_alg(ResizeAlg::SuperSampling(FilterType::Bilinear, 2))
                    .crop(part.x, part.y, part.wide, part.high);
                let source = TypedImageRef::<U8x3>::from_buffer(
                    width as u32,
                    height as u32,
                    picture.pixels(),
                );
                let target =
                    TypedImage::<U8x3>::from_buffer(wide as u32, high as u32, &mut wanted).unwrap();
                let [x, y, columns, rows] = [x, y, columns, rows].map(|side| side as u32);
                let mut part = TypedCroppedImageMut::new(target, x, y, columns, rows).unwrap();
                Resizer::new()
                    .resize_typed(&source.unwrap(), &mut part, &options)
                    .unwrap();
                assert!(canvas == wanted, "{view:?} of {width} x {height}");
            }
            assert!(thinned > 0, "{width} x {height}");
        }
    }

    #[test]
    fn points_on_the_canvas_lie_where_the_picture_has_them() {
        let view = View {
            left: 10.0,
            top: -4.0,
            scale: 2.0,
            canvas: Size {
                width: 8,
                height: 8,
            },
        };
        // The canvas's corner pixel is the left upper quarter of picture pixel 10, -4.
        assert_eq!(
            view.point(Point { x: 0.0, y: 0.0 }),
            Point { x: 9.75, y: -4.25 }
        );
        assert_eq!(
            view.point(Point { x: 0.5, y: 8.5 }),
            Point { x: 10.0, y: 0.0 }
        );
    }
}
