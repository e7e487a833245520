//! The EXIF orientation: which way up a picture is.

use crate::Picture;
use exif::{In, Reader, Tag};

/// EXIF 2.3, tag 0x0112: how the stored rows and columns lie in the upright picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Orientation {
    /// 1: as stored.
    #[default]
    Upright,
    /// 2: mirrored left to right.
    Mirrored,
    /// 3: turned by half.
    Half,
    /// 4: mirrored top to bottom.
    Flipped,
    /// 5: rows are columns.
    Transposed,
    /// 6: to be turned a quarter clockwise.
    Clockwise,
    /// 7: rows are columns, from the far corner.
    Transverse,
    /// 8: to be turned a quarter counter-clockwise.
    Counterclockwise,
}

impl Orientation {
    /// Reads the orientation of a TIFF-structured EXIF block; damaged EXIF counts as upright,
    /// since viewers show such pictures as they are stored.
    pub(crate) fn read(exif: &[u8]) -> Self {
        let value = Reader::new().read_raw(exif.to_vec()).ok().and_then(|exif| {
            exif.get_field(Tag::Orientation, In::PRIMARY)?
                .value
                .get_uint(0)
        });
        match value {
            Some(2) => Self::Mirrored,
            Some(3) => Self::Half,
            Some(4) => Self::Flipped,
            Some(5) => Self::Transposed,
            Some(6) => Self::Clockwise,
            Some(7) => Self::Transverse,
            Some(8) => Self::Counterclockwise,
            _ => Self::Upright,
        }
    }

    /// Turns a stored picture upright.
    pub(crate) fn upright(self, stored: Picture) -> Picture {
        if self == Self::Upright {
            return stored;
        }
        let (w, h) = (stored.width(), stored.height());
        match self {
            Self::Upright | Self::Mirrored => remap(&stored, w, h, |x, y| (w - 1 - x, y)),
            Self::Half => remap(&stored, w, h, |x, y| (w - 1 - x, h - 1 - y)),
            Self::Flipped => remap(&stored, w, h, |x, y| (x, h - 1 - y)),
            Self::Transposed => remap(&stored, h, w, |x, y| (y, x)),
            Self::Clockwise => remap(&stored, h, w, |x, y| (y, h - 1 - x)),
            Self::Transverse => remap(&stored, h, w, |x, y| (w - 1 - y, h - 1 - x)),
            Self::Counterclockwise => remap(&stored, h, w, |x, y| (w - 1 - y, x)),
        }
    }
}

/// Fills a picture of the given size from the stored pixel that `source` names.
///
/// Goes through blocks of 32 x 32 pixels, so that columns read from a large picture are still in
/// the cache when their neighbours are wanted.
fn remap(
    stored: &Picture,
    width: usize,
    height: usize,
    source: impl Fn(usize, usize) -> (usize, usize),
) -> Picture {
    const BLOCK: usize = 32;
    let from = stored.pixels();
    let mut pixels = vec![0; from.len()];
    for top in (0..height).step_by(BLOCK) {
        for left in (0..width).step_by(BLOCK) {
            for y in top..(top + BLOCK).min(height) {
                for x in left..(left + BLOCK).min(width) {
                    let (sx, sy) = source(x, y);
                    let at = 3 * (sy * stored.width() + sx);
                    let to = 3 * (y * width + x);
                    pixels[to..to + 3].copy_from_slice(&from[at..at + 3]);
                }
            }
        }
    }
    Picture::of_known_size(width, height, pixels)
}
