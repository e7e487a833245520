//! One step of a plan: a kernel and the planes it reads and writes.

use crate::model::{Model, Packed, Part};
use crate::ranges::LayerRanges;
use crate::seam::Size;
use countenance_kernels::{
    Ahead, Buffer, Dense, DenseBlocks, Depthwise, DoubleAndAdd, MaxPool, Plane, PlaneShape,
    Pointwise, Rgb, Separable, StepError, Sum, Team,
};
use std::time::Duration;

/// One step and the planes it reads and writes.
#[derive(Debug)]
pub(crate) enum Step {
    Rgb(Box<Rgb>, usize),
    Depthwise(Depthwise, usize, usize),
    Separable(Separable, usize, usize),
    Pointwise(Pointwise, usize, usize),
    MaxPool(MaxPool, usize, usize),
    DoubleAndAdd(DoubleAndAdd, usize, usize, usize),
    Sum(Sum, usize, usize, usize),
    Dense(Box<Dense>, usize),
    DenseBlocks(Box<DenseBlocks>, usize),
}

/// What one step of a plan is and costs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StepReport {
    /// `separable` and the like, with the kernel's name.
    pub kernel: String,
    /// Channels, rows and columns of the result.
    pub shape: [usize; 3],
    /// Multiply-accumulates.
    pub macs: usize,
    /// Bytes of activations read and written and of weights read.
    pub bytes: usize,
    /// Time of the last profiled run; zero before one.
    pub time: Duration,
}

impl Step {
    /// Plans one part of a model whose tensors have these shapes.
    pub(crate) fn plan(
        model: &Model,
        part: &Part,
        shapes: &[Option<PlaneShape>],
        size: Size,
        threads: usize,
    ) -> Result<Self, StepError> {
        let (isa, element) = (model.isa, model.element);
        let (from, to) = (part.inputs[0], part.output);
        let shape = |tensor: usize| shapes[tensor].ok_or(StepError::ShapeMismatch);
        Ok(match &part.packed {
            Packed::Rgb { weights, windows } => {
                let picture = (size.width, size.height);
                let step = Rgb::plan(
                    weights.clone(),
                    isa,
                    *windows,
                    element,
                    picture,
                    shape(to)?,
                    threads,
                )?;
                Self::Rgb(Box::new(step), to)
            }
            Packed::Depthwise {
                weights,
                windows,
                pooling,
            } => {
                let (a, b) = (shape(from)?, shape(to)?);
                let step = Depthwise::plan(
                    weights.clone(),
                    isa,
                    (*windows, *pooling),
                    element,
                    a,
                    b,
                    threads,
                )?;
                Self::Depthwise(step, from, to)
            }
            Packed::Separable {
                depthwise,
                pointwise,
                windows,
            } => {
                let (a, b) = (shape(from)?, shape(to)?);
                let (depthwise, pointwise) = (depthwise.clone(), pointwise.clone());
                let step = Separable::plan(depthwise, pointwise, *windows, element, a, b, threads)?;
                Self::Separable(step, from, to)
            }
            Packed::Pointwise { weights } => {
                let step =
                    Pointwise::plan(weights.clone(), element, shape(from)?, shape(to)?, threads)?;
                Self::Pointwise(step, from, to)
            }
            Packed::MaxPool => Self::MaxPool(
                MaxPool::plan(isa, element, shape(from)?, shape(to)?)?,
                from,
                to,
            ),
            Packed::DoubleAndAdd => {
                let large = part.inputs[1];
                let step =
                    DoubleAndAdd::plan(isa, element, shape(from)?, shape(large)?, shape(to)?)?;
                Self::DoubleAndAdd(step, from, large, to)
            }
            Packed::Sum { slopes } => {
                let full = part.inputs[1];
                let step = Sum::plan(isa, element, shape(from)?, shape(full)?, shape(to)?, slopes)?;
                Self::Sum(step, from, full, to)
            }
            Packed::DenseBlocks { weights } => {
                let step = DenseBlocks::plan(weights.clone(), isa, shape(from)?, threads)?;
                Self::DenseBlocks(Box::new(step), from)
            }
            Packed::Dense {
                weights,
                quantization,
                ..
            } => {
                let quantization = quantization.as_deref().map(LayerRanges::quantization);
                let step = Dense::plan(
                    weights.clone(),
                    element,
                    shape(from)?,
                    quantization,
                    threads,
                )?;
                Self::Dense(Box::new(step), from)
            }
        })
    }

    /// Runs it; the first step reads the picture.
    pub(crate) fn run(
        &mut self,
        team: &mut Team,
        planes: &mut [Plane],
        scratch: &mut [Buffer<u8>],
        pixels: &[u8],
    ) {
        match self {
            Self::Rgb(step, to) => step.run(team, pixels, &mut planes[*to]),
            Self::Depthwise(step, from, to) => {
                let (from, to) = pair(planes, *from, *to);
                step.run(team, from, to);
            }
            Self::Separable(step, from, to) => {
                let (from, to) = pair(planes, *from, *to);
                step.run(team, from, to, scratch);
            }
            Self::Pointwise(step, from, to) => {
                let (from, to) = pair(planes, *from, *to);
                step.run(team, from, to);
            }
            Self::MaxPool(step, from, to) => {
                let (from, to) = pair(planes, *from, *to);
                step.run(from, to);
            }
            Self::DoubleAndAdd(step, small, large, to) => {
                // Outputs have higher numbers than inputs.
                let (before, after) = planes.split_at_mut(*to);
                step.run(&before[*small], &before[*large], &mut after[0]);
            }
            Self::Sum(step, part, full, to) => {
                let (before, after) = planes.split_at_mut(*to);
                step.run(&before[*part], &before[*full], &mut after[0]);
            }
            Self::Dense(step, from) => step.run(team, &planes[*from]),
            Self::DenseBlocks(step, from) => step.run(team, &planes[*from]),
        }
    }

    /// Bytes that each thread needs beside the planes.
    pub(crate) fn scratch_bytes(&self) -> usize {
        match self {
            Self::Separable(step, ..) => step.scratch_bytes(),
            _ => 0,
        }
    }

    /// What it reads once and is bound by, for the steps before it to ask for.
    pub(crate) fn ahead(&self) -> Ahead {
        match self {
            Self::Dense(step, _) => step.ahead(),
            Self::DenseBlocks(step, _) => step.ahead(),
            _ => Ahead::default(),
        }
    }

    /// Has it ask for what a later step reads.
    pub(crate) fn ask_ahead(&mut self, later: &mut Ahead) {
        if let Self::Separable(step, ..) = self {
            step.ask_ahead(later);
        }
    }

    /// The values of a layer that has no plane.
    pub(crate) fn vector(&self) -> Option<&[f32]> {
        match self {
            Self::Dense(dense, _) => Some(dense.output()),
            Self::DenseBlocks(dense, _) => Some(dense.output()),
            _ => None,
        }
    }

    /// What it is and costs, without a time.
    pub(crate) fn report(&self, all: &[Plane]) -> StepReport {
        let shape = |plane: usize| {
            let shape = all[plane].shape();
            [shape.channels, shape.height, shape.width]
        };
        let bytes = |planes: &[usize]| planes.iter().map(|p| all[*p].bytes()).sum::<usize>();
        let (kernel, shape, macs, bytes) = match self {
            Self::Rgb(s, to) => (
                s.kernel_name(),
                shape(*to),
                s.macs(),
                s.bytes() + bytes(&[*to]),
            ),
            Self::Depthwise(s, from, to) => {
                (s.kernel_name(), shape(*to), s.macs(), bytes(&[*from, *to]))
            }
            Self::Separable(s, from, to) => {
                let (depth, point) = s.macs();
                let all = bytes(&[*from, *to]) + s.weight_bytes();
                (s.kernel_name(), shape(*to), depth + point, all)
            }
            Self::Pointwise(s, from, to) => {
                let all = bytes(&[*from, *to]) + s.weight_bytes();
                (s.kernel_name(), shape(*to), s.macs(), all)
            }
            Self::MaxPool(_, from, to) => (
                "max_pool2x2".to_owned(),
                shape(*to),
                0,
                bytes(&[*from, *to]),
            ),
            Self::DoubleAndAdd(_, small, large, to) => (
                "double_and_add".to_owned(),
                shape(*to),
                0,
                bytes(&[*small, *large, *to]),
            ),
            Self::Sum(_, part, full, to) => {
                ("sum".to_owned(), shape(*to), 0, bytes(&[*part, *full, *to]))
            }
            Self::Dense(s, from) => {
                let all = s.bytes() + bytes(&[*from]) + s.weight_bytes();
                (s.kernel_name(), [s.output().len(), 1, 1], s.macs(), all)
            }
            Self::DenseBlocks(s, from) => {
                let all = s.bytes() + bytes(&[*from]) + s.weight_bytes();
                (s.kernel_name(), [s.output().len(), 1, 1], s.macs(), all)
            }
        };
        StepReport {
            kernel,
            shape,
            macs,
            bytes,
            time: Duration::ZERO,
        }
    }
}

/// Two planes at once. Outputs have higher numbers than inputs.
fn pair(planes: &mut [Plane], from: usize, to: usize) -> (&Plane, &mut Plane) {
    let (before, after) = planes.split_at_mut(to);
    (&before[from], &mut after[0])
}
