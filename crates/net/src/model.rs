//! A network whose weights are packed for one machine and precision, ready to be planned
//! for any input size.

use crate::constant::MAX_ELEMENTS;
use crate::error::LoadError;
use crate::graph::{Graph, Output, TensorId};
use crate::lower::lower;
use crate::onnx::ModelProto;
use crate::options::{Options, Precision};
use crate::packer::Packer;
use crate::ranges::{LayerRanges, Ranges};
use crate::tfjs::TfjsFiles;
use countenance_kernels::{
    BlockWeights, DepthwiseWeights, Element, Isa, PointwiseWeights, Pooling, RgbWeights, Windows,
    together,
};
use prost::{Message, bytes::Bytes};
use std::sync::Arc;

/// The weights of a file so large are laid side by side in pages of their own: up to two megabytes more than they need, which smaller networks
/// would not give back in time.
const LARGE_FILE: usize = 4 << 20;

/// Weights grow by this when they are packed, at most: from bytes to f32.
const MOST_GROWTH: usize = 4;

/// Bytes of an ONNX file that are read at most: every value takes at least one.
const MAX_BYTES: usize = 4 * MAX_ELEMENTS;

/// The order in which a network wants the colours of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorOrder {
    /// Blue first, as OpenCV keeps pictures.
    Bgr,
    /// Red first.
    Rgb,
}

/// Packed weights of one step.
#[derive(Clone, Debug)]
pub(crate) enum Packed {
    Rgb {
        weights: Arc<RgbWeights>,
        windows: Windows,
    },
    Depthwise {
        weights: Arc<DepthwiseWeights>,
        windows: Windows,
        pooling: Pooling,
    },
    Separable {
        depthwise: Arc<DepthwiseWeights>,
        pointwise: Arc<PointwiseWeights>,
        windows: Windows,
    },
    Pointwise {
        weights: Arc<PointwiseWeights>,
    },
    MaxPool,
    DoubleAndAdd,
    Sum {
        /// One per channel of the output.
        slopes: Arc<[f32]>,
    },
    DenseBlocks {
        weights: Arc<BlockWeights>,
    },
    Dense {
        weights: Arc<PointwiseWeights>,
        pixels: usize,
        quantization: Option<Arc<LayerRanges>>,
    },
}

/// A step of the network before it has a size.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) packed: Packed,
    pub(crate) inputs: Vec<TensorId>,
    pub(crate) output: TensorId,
}

/// A network with packed weights. Cloning shares the weights.
#[derive(Clone, Debug)]
pub struct Model {
    pub(crate) isa: Isa,
    pub(crate) precision: Precision,
    pub(crate) element: Element,
    pub(crate) channels: Arc<[usize]>,
    pub(crate) parts: Arc<[Part]>,
    pub(crate) outputs: Arc<[Output]>,
}

impl Model {
    /// Reads an ONNX file and packs its weights for `options`.
    ///
    /// `order` is what the network was trained with; the first layer's weights are
    /// permuted so that pictures always come as R, G, B. `ranges` are the calibrated
    /// activation ranges that [`Precision::Int8`] needs: layers without them run in
    /// bf16 or f32.
    ///
    /// # Errors
    /// [`LoadError`] when the file is malformed, holds values that are not finite, or is
    /// not of the supported family.
    pub fn from_onnx(
        bytes: &[u8],
        order: ColorOrder,
        options: &Options,
        ranges: Option<&Ranges>,
    ) -> Result<Self, LoadError> {
        Self::of_file(copied(bytes)?, order, options, ranges)
    }

    /// The same of a file that is part of the program: its weights are read where they are, and not copied first.
    ///
    /// # Errors
    /// As for [`Model::from_onnx`].
    pub fn from_static_onnx(
        bytes: &'static [u8],
        order: ColorOrder,
        options: &Options,
        ranges: Option<&Ranges>,
    ) -> Result<Self, LoadError> {
        bounded(bytes)?;
        Self::of_file(Bytes::from_static(bytes), order, options, ranges)
    }

    fn of_file(
        bytes: Bytes,
        order: ColorOrder,
        options: &Options,
        ranges: Option<&Ranges>,
    ) -> Result<Self, LoadError> {
        let size = bytes.len();
        let graph = read(bytes)?;
        let pack = || Self::pack(&graph, order, options, ranges, true);
        match size {
            LARGE_FILE.. => together(MOST_GROWTH * size, pack),
            _ => pack(),
        }
    }

    /// Reads a TensorFlow.js graph model and packs its weights for `options`. Pictures come as
    /// R, G, B; there are no 8-bit layers.
    ///
    /// # Errors
    /// [`LoadError`] when a file is malformed, holds values that are not finite, lacks a wanted
    /// output, or is not of the supported family.
    pub fn from_tfjs(files: &TfjsFiles<'_>, options: &Options) -> Result<Self, LoadError> {
        Self::pack(&files.graph()?, ColorOrder::Rgb, options, None, true)
    }

    /// As [`Model::from_onnx`] in f32 without fusing, so that every activation can be seen:
    /// the model that calibration runs.
    ///
    /// # Errors
    /// As for [`Model::from_onnx`].
    pub(crate) fn unfused(bytes: &[u8], order: ColorOrder, isa: Isa) -> Result<Self, LoadError> {
        let options = Options {
            isa,
            precision: Precision::F32,
            threads: 1,
        };
        Self::pack(&read(copied(bytes)?)?, order, &options, None, false)
    }

    fn pack(
        graph: &Graph,
        order: ColorOrder,
        options: &Options,
        ranges: Option<&Ranges>,
        fuse: bool,
    ) -> Result<Self, LoadError> {
        let isa = options.isa;
        let native_bf16 = isa == Isa::Avx512Bf16;
        // What there is on this machine for this network; see the table in
        // docs/performance.md for why `auto` prefers what it prefers.
        let precision = match options.precision {
            Precision::Int8 | Precision::Auto if ranges.is_some() => Precision::Int8,
            Precision::Int8 | Precision::Auto | Precision::Bf16 if native_bf16 => Precision::Bf16,
            _ => Precision::F32,
        };
        let element = if precision == Precision::F32 {
            Element::F32
        } else {
            Element::Bf16
        };
        let packer = Packer {
            graph,
            isa,
            precision,
            order,
            ranges,
        };
        let mut parts = Vec::with_capacity(graph.layers.len());
        let mut fused = vec![false; graph.layers.len()];
        for (index, layer) in graph.layers.iter().enumerate() {
            if fused[index] {
                continue;
            }
            let follower = if fuse { packer.fusable(layer) } else { None };
            if let Some(next) = follower {
                fused[next] = true;
            }
            parts.push(packer.part(layer, follower.map(|next| &graph.layers[next]))?);
        }
        Ok(Self {
            isa,
            precision,
            element,
            channels: graph.channels.as_slice().into(),
            parts: parts.into(),
            outputs: graph.outputs.as_slice().into(),
        })
    }

    /// The precision that was chosen; never [`Precision::Auto`].
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The instruction set whose kernels run.
    #[must_use]
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Names of the outputs.
    pub fn output_names(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().map(|output| output.name.as_str())
    }

    /// Bytes of packed weights.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        self.parts
            .iter()
            .map(|part| match &part.packed {
                Packed::Depthwise { weights, .. } => weights.bytes(),
                Packed::Separable {
                    depthwise,
                    pointwise,
                    ..
                } => depthwise.bytes() + pointwise.bytes(),
                Packed::Pointwise { weights } | Packed::Dense { weights, .. } => weights.bytes(),
                Packed::DenseBlocks { weights } => weights.bytes(),
                Packed::Rgb { .. }
                | Packed::MaxPool
                | Packed::DoubleAndAdd
                | Packed::Sum { .. } => 0,
            })
            .sum()
    }
}

/// Refuses a file that is too large.
fn bounded(bytes: &[u8]) -> Result<(), LoadError> {
    if bytes.len() > MAX_BYTES {
        return Err(LoadError::TooLarge {
            bytes: bytes.len(),
            limit: MAX_BYTES,
        });
    }
    Ok(())
}

fn copied(bytes: &[u8]) -> Result<Bytes, LoadError> {
    bounded(bytes)?;
    Ok(Bytes::copy_from_slice(bytes))
}

/// Reads a bounded file. What is large in it stays the bytes it came as.
fn read(bytes: Bytes) -> Result<Graph, LoadError> {
    let file = ModelProto::decode(bytes).map_err(|error| LoadError::NotOnnx {
        reason: error.to_string(),
    })?;
    let graph = file.graph.ok_or(LoadError::Graph {
        reason: "the file has none",
    })?;
    lower(&graph)
}
