//! A network that reads a line of text, run by a published engine.
//!
//! Convolutions and attention in one graph, with shapes that depend on the length of the line: the own engine plans neither.
//! It runs a few times for a document and never for a face, so that an engine that is slower costs little; the part of it that was
//! slowest is our own (`docs/adr/0042-reading-the-zone.md`).

use crate::LoadError;
use crate::published::Published;
use crate::seam::{LineNet, RunError, Size, Steps};
use countenance_kernels::Isa;
use rten_tensor::prelude::*;
use std::borrow::Cow;
use std::fmt;

/// Rows of a line's picture.
const ROWS: usize = 48;
/// Columns that a line's picture has at least and at most; the longest line of a document fills 1472.
const COLUMNS: std::ops::RangeInclusive<usize> = 32..=4096;

/// A network that reads lines of text (PP-OCR's recognizer): f32 `1 x 3 x 48 x W`, blue, green, red in -1..=1, to probabilities
/// `1 x W/8 x classes`. Cheap to clone.
#[derive(Clone)]
pub struct TextModel(Published);

impl TextModel {
    /// Reads an ONNX file; its runs take `threads` threads.
    ///
    /// # Errors
    /// [`LoadError`] when the file is too large or the engine does not take it.
    pub fn from_onnx(bytes: Cow<'static, [u8]>, threads: usize) -> Result<Self, LoadError> {
        let reason = "a text network has one input and one output";
        Published::from_onnx(bytes, threads, Some(Isa::detect()), reason).map(Self)
    }
}

impl LineNet for TextModel {
    fn read_line(&mut self, pixels: &[u8], size: Size) -> Result<Steps, RunError> {
        let Size { width, height } = size;
        if height != ROWS || !COLUMNS.contains(&width) {
            return Err(RunError::LineSize { width, height });
        }
        let output = self
            .0
            .run(pixels, size, |value| f32::from(value) / 127.5 - 1.0)?;
        let &[1, _, classes] = output.shape() else {
            return Err(RunError::BadOutput);
        };
        Steps::new(classes, output.into_data())
    }
}

impl fmt::Debug for TextModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextModel").finish_non_exhaustive()
    }
}
