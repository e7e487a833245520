//! A decoded picture.

use countenance_net::Size;
use std::fmt;
use std::hint::black_box;
use thiserror::Error;

/// A decoded, upright picture: RGB, 8 bits, rows top to bottom, interleaved R, G, B.
///
/// A picture of a face is biometric data: `Debug` shows its size only, and the pixels
/// are overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// Columns or rows that a [`Picture`] has at most: every pixel's coordinates are exact in f32.
pub const MAX_SIDE: usize = 1 << 24;

/// Pixels that are no picture.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PictureError {
    /// A side is 0 or above [`MAX_SIDE`], or the sides multiply beyond the address space.
    #[error("no picture has {width} x {height} pixels")]
    ImpossibleSize {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// The pixels are not `width * height * 3` bytes.
    #[error("pixels have {got} bytes, expected {expected}")]
    WrongLength {
        /// Bytes the size asks for.
        expected: usize,
        /// Bytes that were given.
        got: usize,
    },
}

impl Picture {
    /// Takes `width * height * 3` bytes, interleaved R, G, B, rows top to bottom.
    ///
    /// # Errors
    /// [`PictureError`] when a side is 0 or above [`MAX_SIDE`], or the length does not fit.
    pub fn from_rgb(width: usize, height: usize, pixels: Vec<u8>) -> Result<Self, PictureError> {
        let expected = width
            .checked_mul(height)
            .filter(|_| width.max(height) <= MAX_SIDE)
            .and_then(|count| count.checked_mul(3))
            .filter(|&bytes| bytes > 0)
            .ok_or(PictureError::ImpossibleSize { width, height })?;
        if pixels.len() != expected {
            return Err(PictureError::WrongLength {
                expected,
                got: pixels.len(),
            });
        }
        Ok(Self {
            width,
            height,
            pixels,
        })
    }

    /// Takes pixels whose number is known to fit.
    pub(crate) fn of_known_size(width: usize, height: usize, pixels: Vec<u8>) -> Self {
        debug_assert_eq!(pixels.len(), width * height * 3);
        Self {
            width,
            height,
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

    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> Size {
        Size {
            width: self.width,
            height: self.height,
        }
    }

    /// All pixels, `height * width * 3` bytes.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({} x {})", self.width, self.height)
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        wipe(&mut self.pixels);
    }
}

/// Overwrites pixels with zeros at the speed of memory.
///
/// `zeroize` writes byte by byte, which for a 50-megapixel picture costs more than decoding it;
/// a plain fill whose result is then used cannot be left out by the compiler either.
pub(crate) fn wipe<T: Copy + Default>(pixels: &mut [T]) {
    pixels.fill(T::default());
    black_box(pixels);
}
