//! How the 3x3 windows of a layer lie on what it reads.

use crate::plane::{LANES, PlaneShape};

/// Where the zeros around the input lie when there is one more than two sides can share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Border {
    /// One row and column of zeros on every side: ONNX's `pads = [1, 1, 1, 1]`.
    #[default]
    Around,
    /// As few as the windows need, and the odd one behind the last row and column:
    /// TensorFlow's `SAME`. It differs from [`Border::Around`] where the step is two and the
    /// size even: the first window then begins at the first pixel and not before it.
    Same,
}

/// The step from one 3x3 window to the next, and the border.
///
/// A plain number is a step with [`Border::Around`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Windows {
    /// 1 or 2.
    pub step: usize,
    /// Where the border is.
    pub border: Border,
}

impl From<usize> for Windows {
    fn from(step: usize) -> Self {
        Self {
            step,
            border: Border::Around,
        }
    }
}

impl Windows {
    /// Is there a kernel for the step?
    pub(crate) fn are_known(self) -> bool {
        self.step == 1 || self.step == 2
    }

    /// Windows along one axis of so many pixels.
    #[must_use]
    pub fn count(self, size: usize) -> usize {
        size.div_ceil(self.step)
    }

    /// Pixels by which the first window lies behind where it would lie with a border all around.
    pub(crate) fn shift(self, size: usize) -> usize {
        usize::from(self.border == Border::Same && self.step == 2 && size.is_multiple_of(2))
    }

    /// Elements from a plane's first pixel, border included, to the first window's corner.
    ///
    /// With a shift the last window of `n` rows ends at row `2 * (n / 2 - 1) + 2 + 1 = n + 1`, which
    /// is the border's.
    pub(crate) fn corner(self, plane: &PlaneShape) -> usize {
        self.shift(plane.height) * plane.row_stride() + self.shift(plane.width) * LANES
    }
}
