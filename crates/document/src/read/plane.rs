//! A grey picture.

use std::fmt;
use thiserror::Error;
use zeroize::Zeroize as _;

/// Pixels of the longer side up to which a picture is looked at as it is; a larger one is halved, or more, by averaging.
const LONG_SIDE: usize = 1600;

/// A grey picture: 8 bits, rows top to bottom. `Debug` shows its size only; the pixels are overwritten when it is dropped.
#[derive(Clone, Eq, PartialEq)]
pub struct Plane {
    width: usize,
    height: usize,
    factor: usize,
    pixels: Vec<u8>,
}

/// Pixels that are no picture.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
#[error("{got} bytes are no picture of {width} x {height} pixels")]
pub struct PlaneError {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Bytes that were given.
    pub got: usize,
}

impl Plane {
    /// Makes grey of `width * height * 3` bytes, interleaved R, G, B. A picture whose longer side has more than twice 1600
    /// pixels is made smaller by a whole number, at most that of its shorter side.
    ///
    /// # Errors
    /// [`PlaneError`] when a side is 0 or the number of bytes does not fit.
    pub fn from_rgb(width: usize, height: usize, rgb: &[u8]) -> Result<Self, PlaneError> {
        let expected = width.checked_mul(height).and_then(|n| n.checked_mul(3));
        if expected != Some(rgb.len()) || rgb.is_empty() {
            return Err(PlaneError {
                width,
                height,
                got: rgb.len(),
            });
        }
        // A sliver has no more rows to be averaged than it has: it stays longer.
        let factor = (width.max(height) / LONG_SIDE).clamp(1, width.min(height));
        let (w, h) = (width / factor, height / factor);
        let mut pixels = Vec::with_capacity(w * h);
        // Rec. 601, in 1/256; green weighs most.
        let grey = |p: &[u8; 3]| {
            let [r, g, b] = p.map(u32::from);
            77 * r + 150 * g + 29 * b
        };
        let (rows, _) = rgb.as_chunks::<3>();
        if factor == 1 {
            pixels.extend(rows.iter().map(|p| (grey(p) >> 8) as u8));
        } else {
            let mut sums = vec![0_u32; w];
            let area = (factor * factor) as u32;
            for block in rows.chunks_exact(width * factor).take(h) {
                sums.fill(0);
                for row in block.chunks_exact(width) {
                    for (sum, several) in sums.iter_mut().zip(row.chunks_exact(factor)) {
                        *sum += several.iter().map(grey).sum::<u32>() >> 8;
                    }
                }
                pixels.extend(sums.iter().map(|sum| (sum / area).min(255) as u8));
            }
            sums.zeroize();
        }
        Ok(Self {
            width: w,
            height: h,
            factor,
            pixels,
        })
    }

    /// Columns, at least 1.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows, at least 1.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns and rows of the picture that became one here.
    pub(super) fn factor(&self) -> usize {
        self.factor
    }

    pub(super) fn rows(&self) -> std::slice::ChunksExact<'_, u8> {
        self.pixels.chunks_exact(self.width)
    }

    /// The value at a place between pixels; beyond the edge, that of the edge.
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        let x = x.clamp(0.0, (self.width - 1) as f32);
        let y = y.clamp(0.0, (self.height - 1) as f32);
        let (left, top) = (x as usize, y as usize);
        let (fx, fy) = (x - left as f32, y - top as f32);
        let right = (left + 1).min(self.width - 1);
        let below = (top + 1).min(self.height - 1);
        let value = |x: usize, y: usize| {
            let pixel = self.pixels.get(y * self.width + x);
            f32::from(pixel.copied().unwrap_or(0))
        };
        let upper = value(left, top) * (1.0 - fx) + value(right, top) * fx;
        let lower = value(left, below) * (1.0 - fx) + value(right, below) * fx;
        upper * (1.0 - fy) + lower * fy
    }
}

impl fmt::Debug for Plane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plane({} x {})", self.width, self.height)
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        // As fast as memory, and used afterwards so that it is not left out; see `vision`'s pictures.
        self.pixels.fill(0);
        std::hint::black_box(&mut self.pixels);
    }
}

#[cfg(test)]
mod tests {
    use super::Plane;

    #[test]
    fn grey_is_between_its_colors_and_large_pictures_shrink() {
        let plane = Plane::from_rgb(2, 1, &[255, 255, 255, 0, 0, 0]).unwrap();
        let near = |a: f32, b: f32| (a - b).abs() < 0.01;
        assert!(near(plane.at(0.0, 0.0), 255.0) && near(plane.at(1.0, 0.0), 0.0));
        assert!(near(plane.at(0.5, 0.0), 127.5) && near(plane.at(-9.0, 9.0), 255.0));
        let plane = Plane::from_rgb(3300, 3, &[77; 3300 * 9]).unwrap();
        assert_eq!((plane.width(), plane.height()), (1650, 1));
        assert!(near(plane.at(1649.0, 0.0), 77.0));
        assert!(Plane::from_rgb(2, 2, &[0; 3]).is_err());
        assert!(Plane::from_rgb(0, 0, &[]).is_err());
        assert!(Plane::from_rgb(usize::MAX, 2, &[0; 6]).is_err());
    }

    #[test]
    fn a_sliver_is_a_picture_all_the_same() {
        for (width, height, size) in [
            (1, 9000, (1, 9000)),
            (9000, 1, (9000, 1)),
            (2, 9000, (1, 4500)),
            (3200, 1, (3200, 1)),
            (3, 6400, (1, 2133)),
        ] {
            let plane = Plane::from_rgb(width, height, &vec![9; width * height * 3]).unwrap();
            assert_eq!((plane.width(), plane.height()), size);
            assert_eq!(plane.rows().count(), plane.height());
            let (right, bottom) = (plane.width() as f32, plane.height() as f32);
            assert!((plane.at(right, bottom) - 9.0).abs() < 0.01, "{plane:?}");
            assert!(super::super::ink::marks(&plane).is_empty());
        }
    }
}
