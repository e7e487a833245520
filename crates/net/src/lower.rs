//! From ONNX nodes to layers: folds constants, batch norms and activations.
//!
//! Batch normalisation `y = gamma * (x - mean) / sqrt(var + eps) + beta` (Ioffe and Szegedy
//! 2015) is an affine map per channel, so behind a convolution it goes into the weights and
//! bias, and before a dense layer into that layer's weights and bias. All folding is done
//! in f64 and rounded once.

mod layers;

use crate::constant::{Constant, MAX_ELEMENTS};
use crate::error::LoadError;
use crate::graph::{Convolution, Graph, Normalization, Operation, Output, TensorId};
use crate::onnx::{GraphProto, NodeProto};
use std::collections::HashMap;

/// Layers and channels that a network may have; the pinned ones stay below 100 and 1024.
const MAX_NODES: usize = 4096;
const MAX_CHANNELS: usize = 1 << 16;

/// What a name of the file stands for while nodes are read.
#[derive(Clone, Debug)]
enum Value {
    Constant(Constant),
    /// The picture, perhaps normalised already.
    Picture,
    Tensor(TensorId),
    /// A tensor that was flattened, with an affine map per channel still to be folded.
    Flat(TensorId),
    /// The nearest-neighbour double of a tensor, which only a sum may read.
    Doubled(TensorId),
    /// A tensor whose axes were moved to row, column, channel, with a sigmoid or not.
    Rows(TensorId, bool),
    /// The result of a dense layer.
    Vector(TensorId),
}

struct Lowering<'a> {
    names: HashMap<&'a str, Value>,
    uses: HashMap<&'a str, usize>,
    graph: Graph,
    /// Affine maps per channel that wait for the dense layer that reads the tensor.
    affine: HashMap<TensorId, Vec<(f64, f64)>>,
}

/// Reads a file's graph.
pub(crate) fn lower(file: &GraphProto) -> Result<Graph, LoadError> {
    if file.node.len() > MAX_NODES {
        return Err(LoadError::Graph {
            reason: "it has more nodes than any network here",
        });
    }
    let mut lowering = Lowering {
        names: HashMap::new(),
        uses: HashMap::new(),
        graph: Graph::new(Normalization {
            mean: 0.0,
            scale: 1.0,
        }),
        affine: HashMap::new(),
    };
    let mut total = 0usize;
    for tensor in &file.initializer {
        let constant = Constant::read(tensor)?;
        total += constant.len();
        if total > MAX_ELEMENTS {
            return Err(LoadError::Graph {
                reason: "its constants are larger than any network's",
            });
        }
        lowering
            .names
            .insert(&tensor.name, Value::Constant(constant));
    }
    for name in file.node.iter().flat_map(|node| &node.input) {
        *lowering.uses.entry(name).or_default() += 1;
    }
    let pictures: Vec<_> = file
        .input
        .iter()
        .filter(|input| {
            // Files made by quantisers still list the weights they replaced as inputs.
            !lowering.names.contains_key(input.name.as_str())
                && lowering.uses.contains_key(input.name.as_str())
        })
        .collect();
    let [picture] = pictures.as_slice() else {
        return Err(LoadError::Graph {
            reason: "it does not have exactly one input",
        });
    };
    lowering.names.insert(&picture.name, Value::Picture);
    for output in &file.output {
        *lowering.uses.entry(&output.name).or_default() += 1;
    }
    for node in &file.node {
        let value = lowering.node(node)?;
        let name = node
            .output
            .first()
            .ok_or_else(|| refuse(node, "it has no output"))?;
        lowering.names.insert(name, value);
    }
    for output in &file.output {
        let (tensor, sigmoid) = match lowering.names.get(output.name.as_str()) {
            Some(Value::Rows(tensor, sigmoid)) => (*tensor, *sigmoid),
            Some(Value::Vector(tensor)) => (*tensor, false),
            _ => {
                return Err(LoadError::Graph {
                    reason: "an output is not a map or a vector",
                });
            }
        };
        let channels = lowering.graph.channels[tensor];
        let name = output.name.clone();
        lowering.graph.outputs.push(Output {
            name,
            tensor,
            first_channel: 0,
            channels,
            sigmoid,
        });
    }
    if !lowering.affine.is_empty() {
        return Err(LoadError::Graph {
            reason: "a batch norm could not be folded",
        });
    }
    let mut graph = lowering.graph;
    graph.merge_siblings();
    Ok(graph)
}

fn refuse(node: &NodeProto, reason: &'static str) -> LoadError {
    LoadError::Node {
        op: node.op_type.clone(),
        output: node.output.first().cloned().unwrap_or_default(),
        reason,
    }
}

impl<'a> Lowering<'a> {
    fn value(&self, node: &'a NodeProto, index: usize) -> Result<&Value, LoadError> {
        node.input
            .get(index)
            .and_then(|name| self.names.get(name.as_str()))
            .ok_or_else(|| refuse(node, "it reads something that does not exist"))
    }

    fn constant(&self, node: &'a NodeProto, index: usize) -> Result<&Constant, LoadError> {
        match self.value(node, index)? {
            Value::Constant(constant) => Ok(constant),
            _ => Err(refuse(node, "a parameter is not constant")),
        }
    }

    /// A constant of `count` values.
    fn vector(
        &self,
        node: &'a NodeProto,
        index: usize,
        count: usize,
    ) -> Result<Vec<f32>, LoadError> {
        let constant = self.constant(node, index)?;
        if constant.len() != count {
            return Err(refuse(node, "a parameter has not one value per channel"));
        }
        Ok(constant.values().into_owned())
    }

    fn tensor(&self, node: &'a NodeProto, index: usize) -> Result<TensorId, LoadError> {
        match self.value(node, index)? {
            Value::Tensor(id) => Ok(*id),
            _ => Err(refuse(node, "it reads something that is not a map")),
        }
    }

    /// The convolution that made a tensor which nothing but `node` reads.
    fn maker_of(&mut self, node: &'a NodeProto, tensor: TensorId) -> Option<&mut Convolution> {
        if node
            .input
            .first()
            .and_then(|name| self.uses.get(name.as_str()))
            != Some(&1)
        {
            return None;
        }
        match self.graph.maker_mut(tensor)? {
            Operation::Convolution(convolution) => Some(convolution),
            _ => None,
        }
    }

    fn node(&mut self, node: &'a NodeProto) -> Result<Value, LoadError> {
        match node.op_type.as_str() {
            "Constant" => {
                let tensor = node
                    .tensor("value")
                    .ok_or_else(|| refuse(node, "it has no value"))?;
                Ok(Value::Constant(Constant::read(tensor)?))
            }
            "DequantizeLinear" => {
                let zero = if node.input.len() > 2 {
                    Some(self.constant(node, 2)?)
                } else {
                    None
                };
                let value =
                    self.constant(node, 0)?
                        .dequantize(self.constant(node, 1)?, zero, node)?;
                Ok(Value::Constant(value))
            }
            "Reshape" => match self.value(node, 0)? {
                Value::Constant(constant) => constant
                    .reshape(self.constant(node, 1)?)
                    .map(Value::Constant)
                    .ok_or_else(|| refuse(node, "the shape does not fit")),
                Value::Rows(tensor, sigmoid) => {
                    let rows = Value::Rows(*tensor, *sigmoid);
                    let shape = self.constant(node, 1)?.values();
                    let channels = self.graph.channels[*tensor] as f32;
                    if *shape != [1.0, -1.0, channels] {
                        return Err(refuse(node, "the shape is not [1, pixels, channels]"));
                    }
                    Ok(rows)
                }
                _ => Err(refuse(
                    node,
                    "it reshapes something that is not a row of pixels",
                )),
            },
            "Sub" | "Mul" => self.normalization(node),
            "Conv" => self.convolution(node),
            "BatchNormalization" => self.batch_norm(node),
            "PRelu" | "Relu" => self.activation(node),
            "Dropout" | "Identity" => Ok(self.value(node, 0)?.clone()),
            "MaxPool" => {
                let tensor = self.tensor(node, 0)?;
                let two = [2, 2];
                if node.ints("kernel_shape", &[]) != two
                    || node.ints("strides", &[]) != two
                    || node.ints("pads", &[0, 0, 0, 0]) != [0, 0, 0, 0]
                    || node.int("ceil_mode", 0) != 0
                {
                    return Err(refuse(node, "it is not 2x2 with stride 2"));
                }
                let channels = self.graph.channels[tensor];
                Ok(Value::Tensor(self.graph.push(
                    Operation::MaxPool,
                    vec![tensor],
                    channels,
                )))
            }
            "Resize" => {
                let tensor = self.tensor(node, 0)?;
                let scales = self.constant(node, 2)?.values();
                let nearest = node.text("mode", "nearest") == b"nearest"
                    && node.text("coordinate_transformation_mode", "") == b"asymmetric"
                    && node.text("nearest_mode", "") == b"floor";
                if !nearest || *scales != [1.0, 1.0, 2.0, 2.0] {
                    return Err(refuse(node, "it is not nearest-neighbour doubling"));
                }
                Ok(Value::Doubled(tensor))
            }
            "Add" => {
                let (small, large) = match (self.value(node, 0)?, self.value(node, 1)?) {
                    (Value::Doubled(small), Value::Tensor(large))
                    | (Value::Tensor(large), Value::Doubled(small)) => (*small, *large),
                    _ => return Err(refuse(node, "it does not add a doubled map to a map")),
                };
                let channels = self.graph.channels[large];
                if self.graph.channels[small] != channels {
                    return Err(refuse(node, "the maps have not the same channels"));
                }
                let inputs = vec![small, large];
                Ok(Value::Tensor(self.graph.push(
                    Operation::DoubleAndAdd,
                    inputs,
                    channels,
                )))
            }
            "Transpose" => {
                let tensor = self.tensor(node, 0)?;
                if node.ints("perm", &[]) != [0, 2, 3, 1] {
                    return Err(refuse(node, "it does not move channels last"));
                }
                Ok(Value::Rows(tensor, false))
            }
            "Sigmoid" => match self.value(node, 0)? {
                Value::Rows(tensor, false) => Ok(Value::Rows(*tensor, true)),
                _ => Err(refuse(node, "it is not at the end of the network")),
            },
            "Flatten" => {
                if node.int("axis", 1) != 1 {
                    return Err(refuse(node, "its axis is not 1"));
                }
                Ok(Value::Flat(self.tensor(node, 0)?))
            }
            "Gemm" => self.dense(node),
            _ => Err(refuse(node, "networks here do not use this operator")),
        }
    }
}
