//! What the rooms above need of an engine.

use std::fmt;
use thiserror::Error;
use zeroize::Zeroize as _;

/// Width and height of a network's input, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// A network planned for one input size.
///
/// A run reads a picture and leaves its outputs inside the network until the next run.
pub trait Net: Send {
    /// The picture size that [`Net::run`] takes.
    fn input_size(&self) -> Size;

    /// Runs the network on one picture.
    ///
    /// `pixels` are `height * width * 3` bytes, rows top to bottom, pixels left to
    /// right, interleaved R, G, B in 0..=255. Whatever the network itself wants (BGR,
    /// normalised floats) is the network's own business.
    ///
    /// # Errors
    /// [`RunError::WrongInputLength`] when `pixels` has another length.
    fn run(&mut self, pixels: &[u8]) -> Result<(), RunError>;

    /// The values of an output after the last run, in the order the ONNX file gives
    /// them (row-major over its shape), or `None` when the network has no such output.
    fn output(&self, name: &str) -> Option<&[f32]>;
}

/// What a [`LineNet`] says of a line of text: for each step along it, how probable each class is.
///
/// It is somebody's text: `Debug` shows its size only, and the values are overwritten when it is dropped.
#[derive(Clone)]
pub struct Steps {
    classes: usize,
    values: Vec<f32>,
}

impl Steps {
    /// Takes `steps * classes` values, step by step.
    ///
    /// # Errors
    /// [`RunError::BadOutput`] when there are no classes, or the values make no whole steps.
    pub fn new(classes: usize, values: Vec<f32>) -> Result<Self, RunError> {
        if classes == 0 || !values.len().is_multiple_of(classes) {
            return Err(RunError::BadOutput);
        }
        Ok(Self { classes, values })
    }

    /// Number of steps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.classes
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The probabilities of one step after the other, 0..=1.
    pub fn iter(&self) -> std::slice::ChunksExact<'_, f32> {
        self.values.chunks_exact(self.classes)
    }
}

impl<'a> IntoIterator for &'a Steps {
    type Item = &'a [f32];
    type IntoIter = std::slice::ChunksExact<'a, f32>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Steps({} of {})", self.len(), self.classes)
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.values.zeroize();
    }
}

/// A network that reads a line of text of any length.
pub trait LineNet: Send {
    /// Runs the network on a line.
    ///
    /// `pixels` are `size.height * size.width * 3` bytes as for [`Net::run`], the line running from left to right. The steps
    /// lie evenly along it.
    ///
    /// # Errors
    /// [`RunError`] when `pixels` has another length or the network does not take the size.
    fn read_line(&mut self, pixels: &[u8], size: Size) -> Result<Steps, RunError>;
}

/// A run could not be made.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunError {
    /// The network gave something else than its description says.
    #[error("the network's output has another form than expected")]
    BadOutput,
    /// A published engine that runs the network refused.
    #[error("the network did not run: {reason}")]
    Engine {
        /// What it said.
        reason: String,
    },
    /// The line is not of a size that the network takes.
    #[error("no line of text has {width} x {height} pixels")]
    LineSize {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// The picture has another size than the network was planned for.
    #[error("input has {got} bytes, expected {expected}")]
    WrongInputLength {
        /// Bytes the plan needs.
        expected: usize,
        /// Bytes that were given.
        got: usize,
    },
}
