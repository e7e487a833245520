//! A network that reads a line of text, run by a published engine.
//!
//! Convolutions and attention in one graph, with shapes that depend on the length of the line: the own engine plans neither.
//! It runs a few times for a document and never for a face, so that an engine that is two times slower costs little
//! (`docs/adr/0042-reading-the-zone.md`).

use crate::LoadError;
use crate::seam::{LineNet, RunError, Size, Steps};
use rten::{RunOptions, ThreadPool};
use rten_tensor::prelude::*;
use rten_tensor::{Tensor, TensorView};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroize as _;

/// No file of a text network is larger, in bytes.
const LARGEST_FILE: usize = 64 << 20;
/// Rows of a line's picture.
const ROWS: usize = 48;
/// Columns that a line's picture has at least and at most; the longest line of a document fills 1472.
const COLUMNS: std::ops::RangeInclusive<usize> = 32..=4096;

/// A network that reads lines of text (PP-OCR's recognizer): f32 `1 x 3 x 48 x W`, blue, green, red in -1..=1, to probabilities
/// `1 x W/8 x classes`. Cheap to clone.
#[derive(Clone)]
pub struct TextModel {
    model: Arc<rten::Model>,
    pool: Arc<ThreadPool>,
}

impl TextModel {
    /// Reads an ONNX file; its runs take `threads` threads.
    ///
    /// # Errors
    /// [`LoadError`] when the file is too large or the engine does not take it.
    pub fn from_onnx(bytes: Cow<'static, [u8]>, threads: usize) -> Result<Self, LoadError> {
        if bytes.len() > LARGEST_FILE {
            return Err(LoadError::TooLarge {
                bytes: bytes.len(),
                limit: LARGEST_FILE,
            });
        }
        let model = match bytes {
            Cow::Borrowed(bytes) => rten::Model::load_static_slice(bytes),
            Cow::Owned(bytes) => rten::Model::load(bytes),
        };
        let model = model.map_err(|error| LoadError::NotOnnx {
            reason: error.to_string(),
        })?;
        if model.input_ids().len() != 1 || model.output_ids().len() != 1 {
            return Err(LoadError::Graph {
                reason: "a text network has one input and one output",
            });
        }
        Ok(Self {
            model: Arc::new(model),
            pool: Arc::new(ThreadPool::with_num_threads(threads.max(1))),
        })
    }
}

impl LineNet for TextModel {
    fn read_line(&mut self, pixels: &[u8], size: Size) -> Result<Steps, RunError> {
        let Size { width, height } = size;
        if height != ROWS || !COLUMNS.contains(&width) {
            return Err(RunError::LineSize { width, height });
        }
        let expected = width * height * 3;
        if pixels.len() != expected {
            return Err(RunError::WrongInputLength {
                expected,
                got: pixels.len(),
            });
        }
        let mut planes = Vec::with_capacity(expected);
        for plane in (0..3).rev() {
            let values = pixels.iter().skip(plane).step_by(3);
            planes.extend(values.map(|&value| f32::from(value) / 127.5 - 1.0));
        }
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::clone(&self.pool));
        let input = TensorView::from_data(&[1, 3, height, width], planes.as_slice());
        let output = self.model.run_one(input.into(), Some(options));
        planes.zeroize();
        let engine = |error: &dyn fmt::Display| RunError::Engine {
            reason: error.to_string(),
        };
        let output: Tensor<f32> = output
            .map_err(|error| engine(&error))?
            .try_into()
            .map_err(|_| RunError::BadOutput)?;
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
