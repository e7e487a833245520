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
    /// Where its upper left pixel is in the picture.
    corner: [usize; 2],
    /// Columns and rows of the picture.
    picture: [usize; 2],
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
        Ok(Self::grey(
            [width, height],
            rgb,
            [0, 0, width, height],
            factor,
        ))
    }

    /// A part of the picture that it was made of, from `left`, `top` to before `right`, `bottom`, `factor` times smaller than there; `None` where the
    /// pixels are not those or nothing of the part is in the picture.
    pub(super) fn part(&self, rgb: &[u8], within: [usize; 4], factor: usize) -> Option<Self> {
        let [width, height] = self.picture;
        let [left, top, right, bottom] = within;
        let (right, bottom) = (right.min(width), bottom.min(height));
        let is_whole = rgb.len() == width * height * 3;
        let is_some = factor >= 1 && left + factor <= right && top + factor <= bottom;
        (is_whole && is_some)
            .then(|| Self::grey(self.picture, rgb, [left, top, right, bottom], factor))
    }

    /// Makes grey of a part that lies within the picture and has a row and a column at least.
    fn grey(picture: [usize; 2], rgb: &[u8], within: [usize; 4], factor: usize) -> Self {
        let [width, _] = picture;
        let [left, top, right, bottom] = within;
        let (w, h) = ((right - left) / factor, (bottom - top) / factor);
        let mut pixels = Vec::with_capacity(w * h);
        // Rec. 601, in 1/256; green weighs most.
        let grey = |p: &[u8; 3]| {
            let [r, g, b] = p.map(u32::from);
            77 * r + 150 * g + 29 * b
        };
        let (all, _) = rgb.as_chunks::<3>();
        let rows = all.chunks_exact(width).take(bottom).skip(top);
        let mut rows = rows.map(|row| row.get(left..right).unwrap_or_default());
        if factor == 1 {
            rows.for_each(|row| pixels.extend(row.iter().map(|p| (grey(p) >> 8) as u8)));
        } else {
            let mut sums = vec![0_u32; w];
            let area = (factor * factor) as u32;
            for _ in 0..h {
                sums.fill(0);
                for row in rows.by_ref().take(factor) {
                    for (sum, several) in sums.iter_mut().zip(row.chunks_exact(factor)) {
                        *sum += several.iter().map(grey).sum::<u32>() >> 8;
                    }
                }
                pixels.extend(sums.iter().map(|sum| (sum / area).min(255) as u8));
            }
            sums.zeroize();
        }
        Self {
            width: w,
            height: h,
            factor,
            corner: [left, top],
            picture,
            pixels,
        }
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

    /// A place of it in pixels of the picture: a pixel here is the mean of a block, and its middle that of the block.
    pub(super) fn in_picture(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let factor = self.factor as f32;
        let [left, top] = self.corner.map(|at| at as f32);
        let middle = (factor - 1.0) / 2.0;
        [x * factor + middle + left, y * factor + middle + top]
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
    fn a_part_is_what_is_there_in_the_picture() {
        let (width, height) = (3300, 40);
        let near = |[x, y]: [f32; 2], [u, v]: [f32; 2]| (x - u).hypot(y - v) < 0.01;
        let shade = |x: usize, y: usize| ((x / 2 + 3 * y) % 251) as u8;
        let rgb: Vec<u8> = (0..width * height)
            .flat_map(|at| [shade(at % width, at / width); 3])
            .collect();
        let plane = Plane::from_rgb(width, height, &rgb).unwrap();
        assert_eq!(plane.factor(), 2);
        let part = plane.part(&rgb, [3000, 10, 9000, 30], 1).unwrap();
        assert_eq!((part.width(), part.height()), (300, 20));
        for (x, y) in [(0, 0), (7, 5), (299, 19)] {
            let there = part.at(x as f32, y as f32);
            assert!(
                (there - f32::from(shade(3000 + x, 10 + y))).abs() <= 1.0,
                "{x} {y}"
            );
            let place = part.in_picture([x as f32, y as f32]);
            assert!(near(place, [(3000 + x) as f32, (10 + y) as f32]));
        }
        let part = plane.part(&rgb, [3000, 10, 3009, 30], 3).unwrap();
        assert_eq!((part.width(), part.height()), (3, 6));
        assert!(near(part.in_picture([1.0, 0.0]), [3004.0, 11.0]));
        for within in [
            [3300, 0, 3400, 10],
            [0, 40, 10, 50],
            [10, 10, 10, 20],
            [0, 0, 2, 10],
        ] {
            assert!(plane.part(&rgb, within, 3).is_none(), "{within:?}");
        }
        assert!(plane.part(&rgb[3..], [0, 0, 10, 10], 1).is_none());
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
            assert!(super::super::ink::marks(&plane, &super::super::ink::HEIGHTS).is_empty());
        }
    }
}
