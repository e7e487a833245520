//! What can be wrong with a network file.

use thiserror::Error;

/// A network could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadError {
    /// The file is not an ONNX protobuf.
    #[error("not an ONNX file: {reason}")]
    NotOnnx {
        /// What the protobuf reader said.
        reason: String,
    },
    /// The file is not a TensorFlow.js graph model.
    #[error("not a TensorFlow.js graph model: {reason}")]
    NotTfjs {
        /// What the JSON reader said.
        reason: String,
    },
    /// The file is larger than any network here.
    #[error("the file has {bytes} bytes, more than the {limit} that are read")]
    TooLarge {
        /// Bytes of the file.
        bytes: usize,
        /// Bytes that are read at most.
        limit: usize,
    },
    /// A constant is malformed or not finite.
    #[error("tensor {name:?}: {reason}")]
    Tensor {
        /// The tensor's name.
        name: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A node is not one that networks here use, or not in the way they use it.
    #[error("node {op} that makes {output:?}: {reason}")]
    Node {
        /// The operator.
        op: String,
        /// The node's first output.
        output: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The graph as a whole is not a network of the supported family.
    #[error("graph: {reason}")]
    Graph {
        /// What is wrong.
        reason: &'static str,
    },
}

/// A network could not be planned.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanError {
    /// The input size does not suit the network.
    #[error("a {width}x{height} input does not suit this network: {reason}")]
    InputSize {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// This machine lacks the instruction set.
    #[error("this machine cannot run {isa} kernels")]
    IsaUnavailable {
        /// The instruction set that was asked for.
        isa: &'static str,
    },
    /// A layer has no kernel for the shapes at hand.
    #[error("layer {layer} cannot be planned: {reason}")]
    Layer {
        /// The layer's number.
        layer: usize,
        /// What is wrong.
        reason: &'static str,
    },
}
