//! A network that a published engine runs: of one picture, once or a few times for a person, and never for every frame.

use crate::LoadError;
use crate::seam::{RunError, Size};
use rten::{RunOptions, ThreadPool};
use rten_tensor::{Tensor, TensorView};
use std::borrow::Cow;
use std::sync::Arc;
use zeroize::Zeroizing;

/// No file of such a network is larger, in bytes.
const LARGEST_FILE: usize = 64 << 20;

/// A network with one input, f32 `1 x 3 x H x W` of blue, green, red, and one output. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Published {
    model: Arc<rten::Model>,
    pool: Arc<ThreadPool>,
}

impl Published {
    /// Reads an ONNX file; its runs take `threads` threads. `reason` says what a network with other inputs and outputs is not.
    pub(crate) fn from_onnx(
        bytes: Cow<'static, [u8]>,
        threads: usize,
        reason: &'static str,
    ) -> Result<Self, LoadError> {
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
            return Err(LoadError::Graph { reason });
        }
        Ok(Self {
            model: Arc::new(model),
            pool: Arc::new(ThreadPool::with_num_threads(threads.max(1))),
        })
    }

    /// What the output is called.
    pub(crate) fn output_name(&self) -> Option<Arc<str>> {
        let info = self.model.node_info(*self.model.output_ids().first()?)?;
        info.name().map(Arc::from)
    }

    /// The output for a picture, `pixels` its rows of red, green, blue, each changed by `value`.
    pub(crate) fn run(
        &self,
        pixels: &[u8],
        Size { width, height }: Size,
        value: impl Fn(u8) -> f32,
    ) -> Result<Tensor<f32>, RunError> {
        let expected = width.saturating_mul(height).saturating_mul(3);
        if pixels.len() != expected {
            return Err(RunError::WrongInputLength {
                expected,
                got: pixels.len(),
            });
        }
        let mut planes = Zeroizing::new(Vec::with_capacity(expected));
        for plane in (0..3).rev() {
            planes.extend(pixels.iter().skip(plane).step_by(3).map(|&one| value(one)));
        }
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::clone(&self.pool));
        let input = TensorView::from_data(&[1, 3, height, width], planes.as_slice());
        let output = self.model.run_one(input.into(), Some(options));
        output
            .map_err(|error| RunError::Engine {
                reason: error.to_string(),
            })?
            .try_into()
            .map_err(|_| RunError::BadOutput)
    }
}
