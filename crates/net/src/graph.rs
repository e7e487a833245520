//! A network as layers: what is left after constants, batch norms and activations are folded.

use crate::dense::DenseLayer;
use countenance_kernels::Windows;

/// Number of an activation tensor; 0 is the picture.
pub(crate) type TensorId = usize;

/// What a layer does to the result at the end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Activation {
    None,
    Relu,
    /// One slope per channel.
    Prelu(Vec<f32>),
}

impl Activation {
    /// PReLU slopes that mean the same.
    pub(crate) fn slopes(&self, channels: usize) -> Vec<f32> {
        match self {
            Self::None => vec![1.0; channels],
            Self::Relu => vec![0.0; channels],
            Self::Prelu(slopes) => slopes.clone(),
        }
    }
}

/// How a convolution's weights are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 3x3 with a border of one over all three channels of the picture.
    Rgb,
    /// 3x3 with a border of one, channel by channel.
    Depthwise,
    /// 1x1.
    Pointwise,
}

/// One convolution with everything that was folded into it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Convolution {
    pub(crate) kind: Kind,
    /// How the windows of a 3x3 layer lie.
    pub(crate) windows: Windows,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// `[outputs][inputs / group][kh][kw]`.
    pub(crate) weights: Vec<f32>,
    pub(crate) bias: Vec<f32>,
    pub(crate) activation: Activation,
}

/// One layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operation {
    Convolution(Convolution),
    /// 2x2 with stride 2.
    MaxPool,
    /// The first input doubled in size, plus the second.
    DoubleAndAdd,
    /// The sum of two maps; the first may have fewer channels, and those it lacks are zero.
    Sum(Activation),
    /// Every output sees every value of the input.
    Dense(DenseLayer),
}

/// A layer and its tensors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    pub(crate) operation: Operation,
    pub(crate) inputs: Vec<TensorId>,
    pub(crate) output: TensorId,
}

/// A named output: some channels of a tensor, pixel by pixel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Output {
    pub(crate) name: String,
    pub(crate) tensor: TensorId,
    pub(crate) first_channel: usize,
    pub(crate) channels: usize,
    pub(crate) sigmoid: bool,
}

/// What the network does to the picture's bytes first: `(byte - mean) * scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Normalization {
    pub(crate) mean: f32,
    pub(crate) scale: f32,
}

/// A network of the supported family: a picture in, convolutions in a straight or
/// branching line, maps or vectors out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Graph {
    pub(crate) normalization: Normalization,
    /// Channels of every tensor, by its number.
    pub(crate) channels: Vec<usize>,
    /// In an order in which every input exists before it is read.
    pub(crate) layers: Vec<Layer>,
    pub(crate) outputs: Vec<Output>,
}

impl Graph {
    /// A network without a layer yet.
    pub(crate) fn new(normalization: Normalization) -> Self {
        Self {
            normalization,
            channels: vec![3],
            layers: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// Adds a layer behind those there are; the tensor that it makes.
    pub(crate) fn push(
        &mut self,
        operation: Operation,
        inputs: Vec<TensorId>,
        channels: usize,
    ) -> TensorId {
        let output = self.channels.len();
        self.channels.push(channels);
        self.layers.push(Layer {
            operation,
            inputs,
            output,
        });
        output
    }

    /// What makes a tensor; nothing makes the picture.
    pub(crate) fn maker_mut(&mut self, tensor: TensorId) -> Option<&mut Operation> {
        let maker = self
            .layers
            .iter_mut()
            .rfind(|layer| layer.output == tensor)?;
        Some(&mut maker.operation)
    }

    /// How many layers and outputs read a tensor.
    pub(crate) fn readers(&self, tensor: TensorId) -> usize {
        self.layers
            .iter()
            .flat_map(|layer| &layer.inputs)
            .filter(|id| **id == tensor)
            .count()
            + self
                .outputs
                .iter()
                .filter(|output| output.tensor == tensor)
                .count()
    }

    /// The only layer that reads a tensor, when there is one and no output does.
    pub(crate) fn only_reader(&self, tensor: TensorId) -> Option<usize> {
        if self.readers(tensor) != 1 {
            return None;
        }
        self.layers
            .iter()
            .position(|layer| layer.inputs.contains(&tensor))
    }

    /// Joins small pointwise layers that read the same tensor, and the depthwise layers
    /// behind them, into one of each: the twelve heads of a detector level become two
    /// layers whose sixteen channels fill one block.
    pub(crate) fn merge_siblings(&mut self) {
        let mut first = 0;
        while first < self.layers.len() {
            let family = self.small_siblings(first);
            if family.len() > 1 {
                self.merge(&family);
            }
            first += 1;
        }
    }

    /// The pointwise layers without activation that read what layer `first` reads and are
    /// each read by one depthwise layer, in order, when they fit one block of channels.
    fn small_siblings(&self, first: usize) -> Vec<(usize, usize)> {
        const BLOCK: usize = countenance_kernels::LANES;
        let head = |index: usize| -> Option<(usize, usize)> {
            let layer = &self.layers[index];
            let Operation::Convolution(convolution) = &layer.operation else {
                return None;
            };
            if convolution.kind != Kind::Pointwise
                || convolution.activation != Activation::None
                || convolution.outputs >= BLOCK
                || layer.inputs != self.layers[first].inputs
            {
                return None;
            }
            let next = self.only_reader(layer.output)?;
            match &self.layers[next].operation {
                Operation::Convolution(next_convolution)
                    if next_convolution.kind == Kind::Depthwise
                        && next_convolution.windows.step == 1
                        && next_convolution.activation == Activation::None =>
                {
                    Some((index, next))
                }
                _ => None,
            }
        };
        let family: Vec<_> = (first..self.layers.len()).filter_map(head).collect();
        let channels: usize = family
            .iter()
            .map(|(index, _)| self.channels[self.layers[*index].output])
            .sum();
        if family.first().is_some_and(|(index, _)| *index == first) && channels <= BLOCK {
            family
        } else {
            Vec::new()
        }
    }

    fn merge(&mut self, family: &[(usize, usize)]) {
        let (keep_point, keep_depth) = family[0];
        let mut joined: [Option<Convolution>; 2] = [None, None];
        let kept = self.layers[keep_depth].output;
        let mut channel = 0;
        for (point, depth) in family {
            let tensor = self.layers[*depth].output;
            for (slot, index) in joined.iter_mut().zip([*point, *depth]) {
                let Operation::Convolution(convolution) = &self.layers[index].operation else {
                    continue;
                };
                match slot {
                    None => *slot = Some(convolution.clone()),
                    Some(all) => {
                        all.weights.extend_from_slice(&convolution.weights);
                        all.bias.extend_from_slice(&convolution.bias);
                        all.outputs += convolution.outputs;
                        if all.kind == Kind::Depthwise {
                            all.inputs += convolution.inputs;
                        }
                    }
                }
            }
            let width = self.channels[tensor];
            for output in self
                .outputs
                .iter_mut()
                .filter(|output| output.tensor == tensor)
            {
                output.tensor = kept;
                output.first_channel += channel;
            }
            channel += width;
        }
        for (slot, index) in joined.into_iter().zip([keep_point, keep_depth]) {
            let Some(convolution) = slot else { continue };
            self.channels[self.layers[index].output] = convolution.outputs;
            self.layers[index].operation = Operation::Convolution(convolution);
        }
        let mut gone: Vec<usize> = family[1..].iter().flat_map(|(p, d)| [*p, *d]).collect();
        gone.sort_unstable();
        for index in gone.into_iter().rev() {
            self.layers.remove(index);
        }
    }
}
