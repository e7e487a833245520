//! Reads the pinned networks, plans them once and runs them.
//!
//! A [`Model`] is what an ONNX file or a TensorFlow.js graph model says, with block-quantised
//! weights and batch norms folded and everything packed for one machine and precision. A [`Network`] is a model
//! planned for one input size: a straight list of fused steps over buffers that were
//! allocated once. [`Net`] is the seam: what the rooms above need of any engine, so that
//! they can be tested without weights.

mod constant;
#[cfg(feature = "text")]
mod cuts;
mod dense;
mod error;
mod graph;
mod lower;
mod model;
mod network;
mod onnx;
mod options;
mod packer;
#[cfg(feature = "text")]
mod patch;
#[cfg(feature = "text")]
mod published;
mod ranges;
mod record;
mod seam;
mod shapes;
mod step;
#[cfg(feature = "text")]
mod text;
mod tfjs;

pub use countenance_kernels::{
    Along, Arithmetic, Isa, RgbSamples, give_back_large_blocks, peak_macs,
};
pub use error::{LoadError, PlanError};
pub use model::{ColorOrder, Model};
pub use network::Network;
pub use options::{Options, Precision};
#[cfg(feature = "text")]
pub use patch::{PatchModel, PatchNet};
pub use ranges::{LayerRanges, Ranges};
pub use record::RangeRecorder;
pub use seam::{LineNet, Net, RunError, Size, Steps};
pub use step::StepReport;
#[cfg(feature = "text")]
pub use text::TextModel;
pub use tfjs::TfjsFiles;
