//! A small network that looks at one patch of a picture, run by a published engine.
//!
//! Operators may add such a network. It runs once or twice in a session, so that it need not be planned; its operators
//! are whatever its authors used.

use crate::LoadError;
use crate::seam::{Net, RunError, Size};
use rten::{RunOptions, ThreadPool};
use rten_tensor::{Tensor, TensorView};
use std::fmt;
use std::sync::Arc;
use zeroize::{Zeroize as _, Zeroizing};

/// No file of such a network is larger, in bytes.
const LARGEST_FILE: usize = 64 << 20;
/// No patch has more pixels to a side.
const LARGEST_SIDE: usize = 512;

/// A network from pictures of one size, f32 `1 x 3 x H x W`, blue, green, red in 0..=255, to some values. Cheap to clone.
#[derive(Clone)]
pub struct PatchModel {
    model: Arc<rten::Model>,
    output: Arc<str>,
    pool: Arc<ThreadPool>,
}

impl PatchModel {
    /// Reads an ONNX file; its runs take `threads` threads.
    ///
    /// # Errors
    /// [`LoadError`] when the file is too large, the engine does not take it or it has not one input and one output.
    pub fn from_onnx(bytes: Vec<u8>, threads: usize) -> Result<Self, LoadError> {
        if bytes.len() > LARGEST_FILE {
            return Err(LoadError::TooLarge {
                bytes: bytes.len(),
                limit: LARGEST_FILE,
            });
        }
        let model = rten::Model::load(bytes).map_err(|error| LoadError::NotOnnx {
            reason: error.to_string(),
        })?;
        let unnamed = LoadError::Graph {
            reason: "a network of patches has one input and one named output",
        };
        let (&[_], &[output]) = (model.input_ids(), model.output_ids()) else {
            return Err(unnamed);
        };
        let info = model.node_info(output);
        let name = info.as_ref().and_then(|info| info.name());
        let output = Arc::from(name.ok_or(unnamed)?);
        Ok(Self {
            model: Arc::new(model),
            output,
            pool: Arc::new(ThreadPool::with_num_threads(threads.max(1))),
        })
    }

    /// The network for pictures of one size.
    #[must_use]
    pub fn of_size(&self, size: Size) -> PatchNet {
        PatchNet {
            model: self.clone(),
            size,
            values: Zeroizing::default(),
        }
    }
}

/// A [`PatchModel`] with its last output.
pub struct PatchNet {
    model: PatchModel,
    size: Size,
    values: Zeroizing<Vec<f32>>,
}

impl Net for PatchNet {
    fn input_size(&self) -> Size {
        self.size
    }

    fn run(&mut self, pixels: &[u8]) -> Result<(), RunError> {
        let Size { width, height } = self.size;
        let expected = width.min(LARGEST_SIDE) * height.min(LARGEST_SIDE) * 3;
        if pixels.len() != expected {
            return Err(RunError::WrongInputLength {
                expected,
                got: pixels.len(),
            });
        }
        let mut planes = Vec::with_capacity(expected);
        for plane in (0..3).rev() {
            planes.extend(
                pixels
                    .iter()
                    .skip(plane)
                    .step_by(3)
                    .map(|&value| f32::from(value)),
            );
        }
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::clone(&self.model.pool));
        let input = TensorView::from_data(&[1, 3, height, width], planes.as_slice());
        let output = self.model.model.run_one(input.into(), Some(options));
        planes.zeroize();
        let output = output.map_err(|error| RunError::Engine {
            reason: error.to_string(),
        })?;
        let output: Tensor<f32> = output.try_into().map_err(|_| RunError::BadOutput)?;
        self.values = Zeroizing::new(output.into_data());
        Ok(())
    }

    fn output(&self, name: &str) -> Option<&[f32]> {
        (name == &*self.model.output && !self.values.is_empty()).then_some(&self.values)
    }
}

impl fmt::Debug for PatchModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PatchModel").finish_non_exhaustive()
    }
}

impl fmt::Debug for PatchNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PatchNet")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
