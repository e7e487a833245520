//! From TensorFlow's nodes to layers.
//!
//! TensorFlow keeps pictures as row, column, channel and weights as row, column, input, output;
//! here weights are output, input, row, column. Batch norms were folded before the file was
//! written, so nothing is computed: values are put in another order.

use super::File;
use super::node::{Node, Padding, padding, plain, stride};
use crate::constant::Constant;
use crate::dense::DenseLayer;
use crate::error::LoadError;
use crate::graph::{
    Activation, Convolution, Graph, Kind, Normalization, Operation, Output, TensorId,
};
use countenance_kernels::{Border, Windows};
use std::collections::{HashMap, HashSet};

/// Nodes and channels that a network may have; the pinned one stays below 256 and 1405.
const MAX_NODES: usize = 4096;
const MAX_CHANNELS: usize = 1 << 16;

/// What a name of the file stands for while nodes are read.
#[derive(Clone, Debug)]
enum Value {
    /// In the weight file, under the node's name.
    Constant,
    Picture,
    Tensor(TensorId),
    /// A tensor with channels of zeros behind its own, which only a sum may read.
    Padded(TensorId, usize),
    /// The result of a layer that sees the whole map, with a sigmoid or not.
    Vector(TensorId, bool),
}

struct Lowering<'a> {
    constants: &'a HashMap<&'a str, Constant>,
    names: HashMap<&'a str, Value>,
    uses: HashMap<&'a str, usize>,
    graph: Graph,
}

/// Reads a file's graph as far as the wanted outputs need it.
pub(super) fn lower(
    file: &File,
    constants: &HashMap<&str, Constant>,
    outputs: &[&str],
    scale: f32,
) -> Result<Graph, LoadError> {
    let nodes = &file.topology.node;
    if nodes.len() > MAX_NODES {
        return Err(LoadError::Graph {
            reason: "it has more nodes than any network here",
        });
    }
    let mut names = HashSet::new();
    if let Some(node) = nodes.iter().find(|node| !names.insert(node.name.as_str())) {
        return Err(node.refuse("its name stands twice"));
    }
    let mut ends = Vec::with_capacity(outputs.len());
    for output in outputs {
        let signature = file.signature.outputs.get(*output);
        let end = signature.ok_or(LoadError::Graph {
            reason: "a wanted output is not in its signature",
        })?;
        ends.push((*output, plain(&end.name)));
    }
    let needed = needed(nodes, ends.iter().map(|(_, name)| *name));
    let mut lowering = Lowering {
        constants,
        names: HashMap::new(),
        uses: HashMap::new(),
        graph: Graph::new(Normalization { mean: 0.0, scale }),
    };
    for node in nodes
        .iter()
        .filter(|node| needed.contains(node.name.as_str()))
    {
        for name in &node.input {
            *lowering.uses.entry(plain(name)).or_default() += 1;
        }
    }
    for (_, name) in &ends {
        *lowering.uses.entry(name).or_default() += 1;
    }
    for node in nodes
        .iter()
        .filter(|node| needed.contains(node.name.as_str()))
    {
        let value = lowering.node(node)?;
        lowering.names.insert(&node.name, value);
    }
    for (output, name) in ends {
        let Some(Value::Vector(tensor, sigmoid)) = lowering.names.get(name) else {
            return Err(LoadError::Graph {
                reason: "an output is not a vector",
            });
        };
        let (tensor, sigmoid) = (*tensor, *sigmoid);
        let channels = lowering.graph.channels[tensor];
        lowering.graph.outputs.push(Output {
            name: output.to_owned(),
            tensor,
            first_channel: 0,
            channels,
            sigmoid,
        });
    }
    Ok(lowering.graph)
}

/// The names of all nodes that some ends need.
fn needed<'a>(nodes: &'a [Node], ends: impl Iterator<Item = &'a str>) -> HashSet<&'a str> {
    let by_name: HashMap<&str, &Node> = nodes
        .iter()
        .map(|node| (node.name.as_str(), node))
        .collect();
    let mut needed = HashSet::new();
    let mut waiting: Vec<&str> = ends.collect();
    while let Some(name) = waiting.pop() {
        if needed.insert(name)
            && let Some(node) = by_name.get(name)
        {
            waiting.extend(node.input.iter().map(|input| plain(input)));
        }
    }
    needed
}

impl<'a> Lowering<'a> {
    fn value(&self, node: &'a Node, index: usize) -> Result<&Value, LoadError> {
        node.reads(index)
            .and_then(|name| self.names.get(name))
            .ok_or_else(|| node.refuse("it reads something that does not exist"))
    }

    fn constant(&self, node: &'a Node, index: usize) -> Result<&'a Constant, LoadError> {
        match (self.value(node, index)?, node.reads(index)) {
            (Value::Constant, Some(name)) => self.constants.get(name),
            _ => None,
        }
        .ok_or_else(|| node.refuse("a parameter is not constant"))
    }

    /// A constant of `count` values.
    fn vector(&self, node: &'a Node, index: usize, count: usize) -> Result<Vec<f32>, LoadError> {
        let constant = self.constant(node, index)?;
        if constant.len() != count {
            return Err(node.refuse("a parameter has not one value per channel"));
        }
        Ok(constant.values().into_owned())
    }

    fn tensor(&self, node: &'a Node, index: usize) -> Result<TensorId, LoadError> {
        match self.value(node, index)? {
            Value::Tensor(id) => Ok(*id),
            _ => Err(node.refuse("it reads something that is not a map")),
        }
    }

    fn node(&mut self, node: &'a Node) -> Result<Value, LoadError> {
        match node.op.as_str() {
            "Placeholder" => Ok(Value::Picture),
            "Const" if self.constants.contains_key(node.name.as_str()) => Ok(Value::Constant),
            "Const" => Err(node.refuse("its values are not in the weight file")),
            "_FusedConv2D" => self.convolution(node),
            "DepthwiseConv2dNative" => self.depthwise(node),
            "AddV2" => self.sum(node),
            "Prelu" => self.prelu(node),
            "MaxPool" => self.max_pool(node),
            "Pad" => self.pad(node),
            "Identity" => Ok(self.value(node, 0)?.clone()),
            "Reshape" => {
                let Value::Vector(tensor, sigmoid) = *self.value(node, 0)? else {
                    return Err(node.refuse("it reshapes something that is not a vector"));
                };
                let channels = self.graph.channels[tensor] as f32;
                if *self.constant(node, 1)?.values() != [-1.0, channels] {
                    return Err(node.refuse("the shape is not [-1, values]"));
                }
                Ok(Value::Vector(tensor, sigmoid))
            }
            "Sigmoid" => match *self.value(node, 0)? {
                Value::Vector(tensor, false) => Ok(Value::Vector(tensor, true)),
                _ => Err(node.refuse("it is not at the end of the network")),
            },
            _ => Err(node.refuse("networks here do not use this operator")),
        }
    }

    fn convolution(&mut self, node: &'a Node) -> Result<Value, LoadError> {
        let weights = self.constant(node, 1)?;
        let [kh, kw, inputs, outputs] = weights.dims[..] else {
            return Err(node.refuse("its weights have not four dimensions"));
        };
        if outputs == 0 || outputs > MAX_CHANNELS || weights.len() == 0 {
            return Err(node.refuse("it has too many or no output channels"));
        }
        let bias = self.vector(node, 2, outputs)?;
        let fused = node.texts("fused_ops");
        let activation = match fused.iter().map(Vec::as_slice).collect::<Vec<_>>()[..] {
            [b"BiasAdd"] => Activation::None,
            [b"BiasAdd", b"Prelu"] => Activation::Prelu(self.vector(node, 3, outputs)?),
            _ => return Err(node.refuse("what is fused into it is not a bias and a PReLU")),
        };
        let (from, channels) = match self.value(node, 0)? {
            Value::Picture => (0, 3),
            Value::Tensor(id) => (*id, self.graph.channels[*id]),
            _ => return Err(node.refuse("it reads something that is not a map")),
        };
        if inputs != channels {
            return Err(node.refuse("its weights do not fit its input"));
        }
        let (step, padding) = (stride(node)?, padding(node)?);
        let kind = match (kh, kw, step) {
            (3, 3, 1 | 2) if from == 0 && padding == Padding::Same => Kind::Rgb,
            (1, 1, 1) if from != 0 => Kind::Pointwise,
            (kh, kw, step)
                if from != 0
                    && padding == Padding::Valid
                    && kh == kw
                    && step == kh
                    && activation == Activation::None =>
            {
                return self.dense(node, from, &bias);
            }
            _ => {
                return Err(node
                    .refuse("it is neither 3x3 over the picture, nor 1x1, nor of the whole map"));
            }
        };
        let convolution = Convolution {
            kind,
            windows: Windows {
                step,
                border: Border::Same,
            },
            inputs,
            outputs,
            weights: outputs_first(&weights.values(), inputs, outputs),
            bias,
            activation,
        };
        let operation = Operation::Convolution(convolution);
        Ok(Value::Tensor(self.graph.push(
            operation,
            vec![from],
            outputs,
        )))
    }

    /// A convolution with a window as large as its step, which is read as one that sees the whole
    /// map: planning refuses a map of another size.
    fn dense(&mut self, node: &'a Node, from: TensorId, bias: &[f32]) -> Result<Value, LoadError> {
        let weights = self.constant(node, 1)?;
        let (outputs, channels) = (bias.len(), self.graph.channels[from]);
        let rows = outputs_first(&weights.values(), channels, outputs);
        let features = rows.len() / outputs;
        let layer = Constant::of(vec![outputs, features], rows).and_then(|rows| {
            let output_map = bias.iter().map(|bias| (1.0, f64::from(*bias))).collect();
            DenseLayer::new(rows, vec![(1.0, 0.0); channels], output_map)
        });
        let layer = layer.ok_or_else(|| node.refuse("its weights do not fit its input"))?;
        let layer = self
            .graph
            .push(Operation::Dense(layer), vec![from], outputs);
        Ok(Value::Vector(layer, false))
    }

    fn depthwise(&mut self, node: &'a Node) -> Result<Value, LoadError> {
        let from = self.tensor(node, 0)?;
        let weights = self.constant(node, 1)?;
        let channels = self.graph.channels[from];
        if weights.dims != [3, 3, channels, 1] {
            return Err(node.refuse("it is not 3x3 over the channels of its input"));
        }
        let step = stride(node)?;
        if !(1..=2).contains(&step) || padding(node)? != Padding::Same {
            return Err(node.refuse("its border or step is not supported"));
        }
        let convolution = Convolution {
            kind: Kind::Depthwise,
            windows: Windows {
                step,
                border: Border::Same,
            },
            inputs: channels,
            outputs: channels,
            // The channel is the output, and each has one input.
            weights: outputs_first(&weights.values(), 1, channels),
            bias: vec![0.0; channels],
            activation: Activation::None,
        };
        let operation = Operation::Convolution(convolution);
        Ok(Value::Tensor(self.graph.push(
            operation,
            vec![from],
            channels,
        )))
    }

    fn sum(&mut self, node: &'a Node) -> Result<Value, LoadError> {
        let (part, full) = match (self.value(node, 0)?, self.value(node, 1)?) {
            (Value::Tensor(a), Value::Tensor(b)) => (*a, *b),
            (Value::Padded(part, channels), Value::Tensor(full))
            | (Value::Tensor(full), Value::Padded(part, channels))
                if *channels == self.graph.channels[*full] =>
            {
                let channels = self.graph.channels[*full];
                let layer = Operation::Sum(Activation::None);
                let inputs = vec![*part, *full];
                return Ok(Value::Tensor(self.graph.push(layer, inputs, channels)));
            }
            _ => return Err(node.refuse("it does not add two maps of the same channels")),
        };
        let channels = self.graph.channels[full];
        if self.graph.channels[part] != channels {
            return Err(node.refuse("it does not add two maps of the same channels"));
        }
        let layer = Operation::Sum(Activation::None);
        Ok(Value::Tensor(self.graph.push(
            layer,
            vec![part, full],
            channels,
        )))
    }

    fn prelu(&mut self, node: &'a Node) -> Result<Value, LoadError> {
        let tensor = self.tensor(node, 0)?;
        let slopes = self.vector(node, 1, self.graph.channels[tensor])?;
        let alone = node.reads(0).and_then(|name| self.uses.get(name)) == Some(&1);
        match self.graph.maker_mut(tensor) {
            Some(
                Operation::Sum(activation) | Operation::Convolution(Convolution { activation, .. }),
            ) if alone && *activation == Activation::None => {
                *activation = Activation::Prelu(slopes);
                Ok(Value::Tensor(tensor))
            }
            _ => Err(node.refuse("it does not follow a layer that nothing else reads")),
        }
    }

    fn max_pool(&mut self, node: &'a Node) -> Result<Value, LoadError> {
        let from = self.tensor(node, 0)?;
        let two = [1, 2, 2, 1];
        if node.integers("ksize") != two
            || node.integers("strides") != two
            || padding(node)? != Padding::Valid
        {
            return Err(node.refuse("it is not 2x2 with stride 2"));
        }
        let channels = self.graph.channels[from];
        Ok(Value::Tensor(self.graph.push(
            Operation::MaxPool,
            vec![from],
            channels,
        )))
    }

    fn pad(&mut self, node: &'a Node) -> Result<Value, LoadError> {
        let from = self.tensor(node, 0)?;
        let paddings = self.constant(node, 1)?.values();
        let [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, more] = paddings[..] else {
            return Err(node.refuse("it pads more than channels behind the last"));
        };
        if !(0.0..=MAX_CHANNELS as f32).contains(&more) {
            return Err(node.refuse("it has too many output channels"));
        }
        let channels = self.graph.channels[from] + more as usize;
        Ok(Value::Padded(from, channels))
    }
}

/// `[row][column][input][output]` to `[output][input][row][column]`.
fn outputs_first(weights: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let pixels = weights.len() / (inputs * outputs);
    let mut to = Vec::with_capacity(weights.len());
    for output in 0..outputs {
        for input in 0..inputs {
            to.extend((0..pixels).map(|at| weights[(at * inputs + input) * outputs + output]));
        }
    }
    to
}
