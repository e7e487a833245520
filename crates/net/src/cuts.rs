//! Where a published network is cut: at depthwise convolutions, which our own kernels compute in the place of its engine.
//!
//! The engine multiplies matrices nearly as fast as the machine can, and goes through the windows of a depthwise convolution one value at a time. In a
//! network that reads lines these are a fifteenth of the products and were half of the time.

use crate::constant::Constant;
use crate::onnx::{ModelProto, NodeProto, TensorProto};
use crate::seam::RunError;
use countenance_kernels::{ChannelFilters, FilterShape, Isa};
use prost::Message as _;
use rten::{Model, NodeId, Value};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};
use std::collections::{HashMap, HashSet};

/// A depthwise convolution, and the values before and behind it.
pub(crate) struct Cut {
    pub(crate) before: NodeId,
    pub(crate) behind: NodeId,
    filters: ChannelFilters,
}

impl Cut {
    /// What stands behind it for what stands before it.
    pub(crate) fn run(&self, value: Value) -> Result<Value, RunError> {
        let value: Tensor<f32> = value.try_into().map_err(|_| RunError::BadOutput)?;
        let shape = self.filters.shape();
        let &[1, channels, height, width] = value.shape() else {
            return Err(RunError::BadOutput);
        };
        if channels != shape.channels || height == 0 || width == 0 {
            return Err(RunError::BadOutput);
        }
        let (rows, columns) = shape.output(height, width);
        let mut out = vec![0.0; channels * rows * columns];
        let input = value.into_data();
        self.filters.run(&input, height, width, &mut out);
        Ok(NdTensor::from_data([1, channels, rows, columns], out).into())
    }
}

/// A depthwise convolution by the names of the values before and behind it.
pub(crate) struct Layer {
    before: String,
    behind: String,
    filters: ChannelFilters,
}

impl Layer {
    /// The cut of it, where the engine has kept both values.
    pub(crate) fn cut(self, model: &Model) -> Option<Cut> {
        Some(Cut {
            before: model.find_node(&self.before)?,
            behind: model.find_node(&self.behind)?,
            filters: self.filters,
        })
    }
}

/// The depthwise convolutions at which a network may be cut, in order. Where the file is not as expected there are fewer, and none at worst.
pub(crate) fn layers(bytes: &[u8], isa: Isa) -> Vec<Layer> {
    let Some(graph) = ModelProto::decode(bytes).ok().and_then(|file| file.graph) else {
        return Vec::new();
    };
    let constants: HashMap<&str, &TensorProto> = graph
        .initializer
        .iter()
        .map(|tensor| (tensor.name.as_str(), tensor))
        .chain(graph.node.iter().filter_map(constant))
        .collect();
    let is_computed = |name: &&String| !name.is_empty() && !constants.contains_key(name.as_str());
    let mut layers = Vec::new();
    for (at, node) in graph.node.iter().enumerate() {
        let Some(filters) = filters(node, &constants, isa) else {
            continue;
        };
        // Nothing behind the cut asks for what was computed before it.
        let behind = graph.node.get(at..).unwrap_or_default();
        let made: HashSet<&String> = behind.iter().flat_map(|node| &node.output).collect();
        let mut asked = behind.iter().skip(1).flat_map(|node| &node.input);
        if !asked
            .by_ref()
            .filter(is_computed)
            .all(|name| made.contains(name))
        {
            continue;
        }
        if let (Some(before), Some(behind)) = (node.input.first(), node.output.first()) {
            layers.push(Layer {
                before: before.clone(),
                behind: behind.clone(),
                filters,
            });
        }
    }
    layers
}

/// The name and value of a node that is a constant.
fn constant(node: &NodeProto) -> Option<(&str, &TensorProto)> {
    let value = node
        .tensor("value")
        .filter(|_| node.op_type == "Constant")?;
    Some((node.output.first()?.as_str(), value))
}

/// The windows of a depthwise convolution whose output has a pixel for each step of its input.
fn filters(
    node: &NodeProto,
    constants: &HashMap<&str, &TensorProto>,
    isa: Isa,
) -> Option<ChannelFilters> {
    let read = |at: usize| {
        let tensor = constants.get(node.input.get(at)?.as_str())?;
        Constant::read(tensor).ok()
    };
    if node.op_type != "Conv" || node.text("auto_pad", "NOTSET") != b"NOTSET" {
        return None;
    }
    let weights = read(1)?;
    let &[channels, 1, side, columns] = weights.dims.as_slice() else {
        return None;
    };
    let reach = i64::try_from(side / 2).ok()?;
    let &[row_step, column_step] = node.ints("strides", &[1, 1]) else {
        return None;
    };
    let is_depthwise = i64::try_from(channels) == Ok(node.int("group", 1))
        && side == columns
        && node.ints("pads", &[0; 4]) == [reach; 4]
        && node.ints("dilations", &[1, 1]) == [1, 1];
    let bias = match node.input.len() {
        2 => vec![0.0; channels],
        _ => read(2)?.values().into_owned(),
    };
    let shape = FilterShape {
        channels,
        side,
        row_step: usize::try_from(row_step).ok()?,
        column_step: usize::try_from(column_step).ok()?,
    };
    let weights = weights.values().into_owned();
    let filters = is_depthwise.then(|| ChannelFilters::new(isa, shape, weights, bias))?;
    filters.ok()
}
