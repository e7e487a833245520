//! Layers that carry weights, and what is folded into them.

use super::{Lowering, MAX_CHANNELS, Value, refuse};
use crate::dense::DenseLayer;
use crate::error::LoadError;
use crate::graph::{Activation, Convolution, Kind, Operation};
use crate::onnx::NodeProto;

impl<'a> Lowering<'a> {
    pub(super) fn normalization(&mut self, node: &'a NodeProto) -> Result<Value, LoadError> {
        if !matches!(self.value(node, 0)?, Value::Picture) {
            return Err(refuse(node, "it is not at the start of the network"));
        }
        let value = self.vector(node, 1, 1)?[0];
        let normalization = &mut self.graph.normalization;
        if node.op_type == "Sub" {
            // (b - m) * s - v  =  (b - (m + v / s)) * s
            normalization.mean += value / normalization.scale;
        } else if value > 0.0 {
            normalization.scale *= value;
        } else {
            return Err(refuse(node, "the factor is not positive"));
        }
        Ok(Value::Picture)
    }

    pub(super) fn convolution(&mut self, node: &'a NodeProto) -> Result<Value, LoadError> {
        let (input, inputs) = match self.value(node, 0)? {
            Value::Picture => (0, 3),
            Value::Tensor(id) => (*id, self.graph.channels[*id]),
            _ => return Err(refuse(node, "it reads something that is not a map")),
        };
        let weights = self.constant(node, 1)?;
        let [outputs, per_group, kh, kw] = weights.dims[..] else {
            return Err(refuse(node, "its weights have not four dimensions"));
        };
        if outputs == 0 || outputs > MAX_CHANNELS {
            return Err(refuse(node, "it has too many or no output channels"));
        }
        let group = usize::try_from(node.int("group", 1)).unwrap_or(0);
        let strides = node.ints("strides", &[1, 1]);
        let pads = node.ints("pads", &[0, 0, 0, 0]);
        if node.ints("dilations", &[1, 1]) != [1, 1] || per_group.checked_mul(group) != Some(inputs)
        {
            return Err(refuse(node, "its groups or dilations are not supported"));
        }
        let depthwise = group == inputs && outputs == inputs && per_group == 1;
        let kind = match (kh, kw) {
            (3, 3) if input == 0 && group == 1 => Kind::Rgb,
            (3, 3) if input != 0 && depthwise => Kind::Depthwise,
            (1, 1) if input != 0 && group == 1 => Kind::Pointwise,
            _ => {
                return Err(refuse(
                    node,
                    "it is neither 3x3 over the picture or per channel, nor 1x1",
                ));
            }
        };
        let border = if kind == Kind::Pointwise {
            [0; 4]
        } else {
            [1; 4]
        };
        let stride = match strides {
            [1, 1] => 1,
            [2, 2] if kind != Kind::Pointwise => 2,
            _ => return Err(refuse(node, "its stride is not supported")),
        };
        if pads != border {
            return Err(refuse(node, "its border is not supported"));
        }
        let weights = weights.values().into_owned();
        let bias = if node.input.len() > 2 {
            self.vector(node, 2, outputs)?
        } else {
            vec![0.0; outputs]
        };
        let convolution = Convolution {
            kind,
            windows: stride.into(),
            inputs,
            outputs,
            weights,
            bias,
            activation: Activation::None,
        };
        let operation = Operation::Convolution(convolution);
        Ok(Value::Tensor(self.graph.push(
            operation,
            vec![input],
            outputs,
        )))
    }

    pub(super) fn batch_norm(&mut self, node: &'a NodeProto) -> Result<Value, LoadError> {
        let value = self.value(node, 0)?.clone();
        let (Value::Tensor(tensor) | Value::Vector(tensor)) = value else {
            return Err(refuse(node, "it does not follow a layer"));
        };
        let channels = self.graph.channels[tensor];
        let epsilon = f64::from(node.float("epsilon", 1e-5));
        let [gamma, beta, mean, variance] = [
            self.vector(node, 1, channels)?,
            self.vector(node, 2, channels)?,
            self.vector(node, 3, channels)?,
            self.vector(node, 4, channels)?,
        ];
        if variance
            .iter()
            .any(|variance| f64::from(*variance) + epsilon <= 0.0)
        {
            return Err(refuse(node, "a variance is not positive"));
        }
        let map: Vec<(f64, f64)> = (0..channels)
            .map(|c| {
                let scale = f64::from(gamma[c]) / (f64::from(variance[c]) + epsilon).sqrt();
                (scale, f64::from(beta[c]) - f64::from(mean[c]) * scale)
            })
            .collect();
        if let Value::Vector(_) = value {
            if let Some(Operation::Dense(dense)) = self.graph.maker_mut(tensor) {
                dense.fold_behind(&map);
            }
            return Ok(value);
        }
        let waiting = self.affine.contains_key(&tensor);
        match self.maker_of(node, tensor) {
            Some(convolution) if convolution.activation == Activation::None => {
                let outputs = convolution.outputs;
                fold_behind(
                    &map,
                    outputs,
                    &mut convolution.weights,
                    &mut convolution.bias,
                );
            }
            // Behind an activation it can only wait for a dense layer.
            Some(_) if !waiting => {
                self.affine.insert(tensor, map);
            }
            _ => return Err(refuse(node, "it cannot be folded into a layer")),
        }
        Ok(value)
    }

    pub(super) fn activation(&mut self, node: &'a NodeProto) -> Result<Value, LoadError> {
        let tensor = self.tensor(node, 0)?;
        let channels = self.graph.channels[tensor];
        let activation = if node.op_type == "PRelu" {
            Activation::Prelu(self.vector(node, 1, channels)?)
        } else {
            Activation::Relu
        };
        match self.maker_of(node, tensor) {
            Some(convolution) if convolution.activation == Activation::None => {
                convolution.activation = activation;
                Ok(Value::Tensor(tensor))
            }
            _ => Err(refuse(
                node,
                "it does not follow a convolution that nothing else reads",
            )),
        }
    }

    pub(super) fn dense(&mut self, node: &'a NodeProto) -> Result<Value, LoadError> {
        let Value::Flat(tensor) = *self.value(node, 0)? else {
            return Err(refuse(node, "it does not read a flattened map"));
        };
        let weights = self.constant(node, 1)?.clone();
        let unit = |name| (node.float(name, 1.0) - 1.0).abs() < f32::EPSILON;
        if node.int("transA", 0) != 0
            || node.int("transB", 0) != 1
            || !unit("alpha")
            || !unit("beta")
        {
            return Err(refuse(
                node,
                "it is not a plain product with transposed weights",
            ));
        }
        let outputs = weights.dims.first().copied().unwrap_or(0);
        let bias = if node.input.len() > 2 {
            self.vector(node, 2, outputs)?
        } else if outputs <= MAX_CHANNELS {
            vec![0.0; outputs]
        } else {
            Vec::new()
        };
        let output_map = bias.iter().map(|bias| (1.0, f64::from(*bias))).collect();
        let waiting = self.affine.remove(&tensor);
        let channels = self.graph.channels[tensor];
        let input_map = waiting.unwrap_or_else(|| vec![(1.0, 0.0); channels]);
        let layer = DenseLayer::new(weights, input_map, output_map)
            .ok_or_else(|| refuse(node, "its weights do not fit its input"))?;
        let layer = self
            .graph
            .push(Operation::Dense(layer), vec![tensor], outputs);
        Ok(Value::Vector(layer))
    }
}

/// Folds an affine map per output channel into the layer before it.
fn fold_behind(map: &[(f64, f64)], outputs: usize, weights: &mut [f32], bias: &mut [f32]) {
    let per_output = weights.len() / outputs;
    for ((row, bias), (scale, shift)) in weights.chunks_exact_mut(per_output).zip(bias).zip(map) {
        for weight in row {
            *weight = (f64::from(*weight) * scale) as f32;
        }
        *bias = (f64::from(*bias) * scale + shift) as f32;
    }
}
