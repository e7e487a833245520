//! What the rooms above need of an engine.

use thiserror::Error;

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

/// A run could not be made.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunError {
    /// The picture has another size than the network was planned for.
    #[error("input has {got} bytes, expected {expected}")]
    WrongInputLength {
        /// Bytes the plan needs.
        expected: usize,
        /// Bytes that were given.
        got: usize,
    },
}
