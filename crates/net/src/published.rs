//! A network that a published engine runs: of one picture, once or a few times for a person, and never for every frame.

use crate::LoadError;
use crate::cuts::{self, Cut};
use crate::seam::{RunError, Size};
use countenance_kernels::Isa;
use rten::{NodeId, RunOptions, ThreadPool, Value, ValueOrView};
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
    input: NodeId,
    output: NodeId,
    cuts: Arc<[Cut]>,
}

impl Published {
    /// Reads an ONNX file; its runs take `threads` threads. `reason` says what a network with other inputs and outputs is not. With
    /// `cut` an instruction set it is cut at its depthwise convolutions, which our own kernels then compute.
    pub(crate) fn from_onnx(
        bytes: Cow<'static, [u8]>,
        threads: usize,
        cut: Option<Isa>,
        reason: &'static str,
    ) -> Result<Self, LoadError> {
        if bytes.len() > LARGEST_FILE {
            return Err(LoadError::TooLarge {
                bytes: bytes.len(),
                limit: LARGEST_FILE,
            });
        }
        let layers = cut.map_or_else(Vec::new, |isa| cuts::layers(&bytes, isa));
        let read = match bytes {
            Cow::Borrowed(bytes) => rten::Model::load_static_slice(bytes),
            Cow::Owned(bytes) => rten::Model::load(bytes),
        };
        let model = read.map_err(|error| LoadError::NotOnnx {
            reason: error.to_string(),
        })?;
        let (&[input], &[output]) = (model.input_ids(), model.output_ids()) else {
            return Err(LoadError::Graph { reason });
        };
        let cuts: Vec<Cut> = layers
            .into_iter()
            .filter_map(|layer| layer.cut(&model))
            .collect();
        Ok(Self {
            input,
            output,
            cuts: cuts.into(),
            model: Arc::new(model),
            pool: Arc::new(ThreadPool::with_num_threads(threads.max(1))),
        })
    }

    /// What the output is called.
    pub(crate) fn output_name(&self) -> Option<Arc<str>> {
        let info = self.model.node_info(self.output)?;
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
        let input = TensorView::from_data(&[1, 3, height, width], planes.as_slice());
        let (mut from, mut value) = (self.input, ValueOrView::from(input));
        for cut in &*self.cuts {
            value = cut.run(self.part(from, value, cut.before)?)?.into();
            from = cut.behind;
        }
        let output = self.part(from, value, self.output)?;
        output.try_into().map_err(|_| RunError::BadOutput)
    }

    /// What the engine makes at one place of the graph of a value at another.
    fn part(&self, from: NodeId, value: ValueOrView<'_>, to: NodeId) -> Result<Value, RunError> {
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::clone(&self.pool));
        let made = self.model.run_n(vec![(from, value)], [to], Some(options));
        let [made] = made.map_err(|error| RunError::Engine {
            reason: error.to_string(),
        })?;
        Ok(made)
    }
}
