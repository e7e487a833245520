//! A model planned for one input size: a straight list of steps over buffers that were
//! allocated once.

use crate::error::PlanError;
use crate::graph::Output;
use crate::model::{Model, Packed, Part};
use crate::ranges::LayerRanges;
use crate::seam::{Net, RunError, Size};
use countenance_kernels::{
    Buffer, Dense, DenseBlocks, Depthwise, DoubleAndAdd, MaxPool, Plane, PlaneShape, Pointwise,
    Rgb, Separable, StepError, Sum, Team,
};
use std::time::Duration;

/// Pixels that an input may have: 50 megapixels, rounded up to whole tiles.
const MAX_PIXELS: usize = 52 << 20;

/// One step and the planes it reads and writes.
#[derive(Debug)]
enum Step {
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

/// Where an output's values come from and where they are after a run.
#[derive(Debug)]
struct Emitted {
    output: Output,
    source: Source,
    values: Vec<f32>,
}

/// What holds an output's values after a run.
#[derive(Clone, Copy, Debug)]
enum Source {
    Plane(usize),
    /// The dense layer of a step.
    Step(usize),
}

/// A planned network with its buffers and its team of threads.
#[derive(Debug)]
pub struct Network {
    size: Size,
    steps: Vec<Step>,
    planes: Vec<Plane>,
    scratch: Vec<Buffer<u8>>,
    outputs: Vec<Emitted>,
    team: Team,
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

impl Network {
    /// Plans `model` for pictures of `size`, shared by `threads` threads.
    ///
    /// # Errors
    /// [`PlanError`] when the size does not suit the network or a layer has no kernel.
    pub fn plan(model: &Model, size: Size, threads: usize) -> Result<Self, PlanError> {
        let bad = |reason| PlanError::InputSize {
            width: size.width,
            height: size.height,
            reason,
        };
        if size.width == 0 || size.height == 0 {
            return Err(bad("it is empty"));
        }
        if size
            .width
            .checked_mul(size.height)
            .is_none_or(|pixels| pixels > MAX_PIXELS)
        {
            return Err(bad("it is larger than 50 megapixels"));
        }
        if !model.isa.is_available() {
            return Err(PlanError::IsaUnavailable {
                isa: model.isa.name(),
            });
        }
        let shapes = shapes(model, size).map_err(bad)?;
        let planes: Vec<Plane> = shapes
            .iter()
            .map(|shape| Plane::new(shape.unwrap_or(NOTHING), model.element))
            .collect();
        let threads = threads.clamp(1, 64);
        let team = Team::new(threads);
        let mut steps = Vec::with_capacity(model.parts.len());
        for (index, part) in model.parts.iter().enumerate() {
            let step = plan_step(model, part, &shapes, size, threads).map_err(|error| {
                let reason = match error {
                    StepError::ShapeMismatch => "the shapes do not fit one another",
                    StepError::NoKernel => "there is no kernel for this machine and precision",
                };
                PlanError::Layer {
                    layer: index,
                    reason,
                }
            })?;
            steps.push(step);
        }
        let bytes = steps
            .iter()
            .map(|step| match step {
                Step::Separable(step, ..) => step.scratch_bytes(),
                _ => 0,
            })
            .max()
            .unwrap_or(0);
        let scratch = (0..team.members()).map(|_| Buffer::zeroed(bytes)).collect();
        let outputs = model
            .outputs
            .iter()
            .map(|output| {
                let made = |part: &Part| part.output == output.tensor;
                let source = match (shapes.get(output.tensor), model.parts.iter().position(made)) {
                    (Some(Some(_)), _) => Source::Plane(output.tensor),
                    (_, Some(step)) => Source::Step(step),
                    _ => return Err(bad("an output is the picture itself")),
                };
                let shape = shapes.get(output.tensor).copied().flatten();
                let pixels = shape.map_or(1, |shape| shape.pixels());
                Ok(Emitted {
                    output: output.clone(),
                    source,
                    values: vec![0.0; pixels * output.channels],
                })
            })
            .collect::<Result<Vec<_>, PlanError>>()?;
        Ok(Self {
            size,
            steps,
            planes,
            scratch,
            outputs,
            team,
        })
    }

    /// Runs one step.
    fn step(&mut self, index: usize, pixels: &[u8]) {
        let planes = &mut self.planes;
        match &mut self.steps[index] {
            Step::Rgb(step, to) => step.run(&mut self.team, pixels, &mut planes[*to]),
            Step::Depthwise(step, from, to) => {
                let (from, to) = pair(planes, *from, *to);
                step.run(&mut self.team, from, to);
            }
            Step::Separable(step, from, to) => {
                let (from, to) = pair(planes, *from, *to);
                step.run(&mut self.team, from, to, &mut self.scratch);
            }
            Step::Pointwise(step, from, to) => {
                let (from, to) = pair(planes, *from, *to);
                step.run(&mut self.team, from, to);
            }
            Step::MaxPool(step, from, to) => {
                let (from, to) = pair(planes, *from, *to);
                step.run(from, to);
            }
            Step::DoubleAndAdd(step, small, large, to) => {
                // Outputs have higher numbers than inputs.
                let (before, after) = planes.split_at_mut(*to);
                step.run(&before[*small], &before[*large], &mut after[0]);
            }
            Step::Sum(step, part, full, to) => {
                let (before, after) = planes.split_at_mut(*to);
                step.run(&before[*part], &before[*full], &mut after[0]);
            }
            Step::Dense(step, from) => step.run(&mut self.team, &planes[*from]),
            Step::DenseBlocks(step, from) => step.run(&mut self.team, &planes[*from]),
        }
    }

    fn check(&self, pixels: &[u8]) -> Result<(), RunError> {
        let expected = self.size.width * self.size.height * 3;
        if pixels.len() != expected {
            return Err(RunError::WrongInputLength {
                expected,
                got: pixels.len(),
            });
        }
        Ok(())
    }

    /// Copies the outputs out of their planes and dense layers.
    fn emit(&mut self) {
        for emitted in &mut self.outputs {
            let values = match emitted.source {
                Source::Plane(plane) => {
                    gather(&self.planes[plane], &emitted.output, &mut emitted.values);
                    continue;
                }
                Source::Step(step) => match &self.steps[step] {
                    Step::Dense(dense, _) => dense.output(),
                    Step::DenseBlocks(dense, _) => dense.output(),
                    _ => continue,
                },
            };
            emitted.values.copy_from_slice(values);
            if emitted.output.sigmoid {
                emitted.values.iter_mut().for_each(sigmoid);
            }
        }
    }

    /// Runs the network and measures every step with `now`, a monotonic clock.
    ///
    /// # Errors
    /// As for [`Net::run`].
    pub fn run_profiled(
        &mut self,
        pixels: &[u8],
        now: &dyn Fn() -> Duration,
    ) -> Result<Vec<StepReport>, RunError> {
        self.check(pixels)?;
        let mut reports = Vec::with_capacity(self.steps.len());
        for index in 0..self.steps.len() {
            let before = now();
            self.step(index, pixels);
            let time = now().saturating_sub(before);
            reports.push(StepReport {
                time,
                ..self.report(index)
            });
        }
        self.emit();
        Ok(reports)
    }

    /// What each step is and costs, without times.
    #[must_use]
    pub fn describe(&self) -> Vec<StepReport> {
        (0..self.steps.len())
            .map(|index| self.report(index))
            .collect()
    }

    fn report(&self, index: usize) -> StepReport {
        let shape = |plane: usize| {
            let shape = self.planes[plane].shape();
            [shape.channels, shape.height, shape.width]
        };
        let bytes = |planes: &[usize]| {
            planes
                .iter()
                .map(|p| self.planes[*p].bytes())
                .sum::<usize>()
        };
        let (kernel, shape, macs, bytes) = match &self.steps[index] {
            Step::Rgb(s, to) => (
                s.kernel_name(),
                shape(*to),
                s.macs(),
                s.bytes() + bytes(&[*to]),
            ),
            Step::Depthwise(s, from, to) => {
                (s.kernel_name(), shape(*to), s.macs(), bytes(&[*from, *to]))
            }
            Step::Separable(s, from, to) => {
                let (depth, point) = s.macs();
                let all = bytes(&[*from, *to]) + s.weight_bytes();
                (s.kernel_name(), shape(*to), depth + point, all)
            }
            Step::Pointwise(s, from, to) => {
                let all = bytes(&[*from, *to]) + s.weight_bytes();
                (s.kernel_name(), shape(*to), s.macs(), all)
            }
            Step::MaxPool(_, from, to) => (
                "max_pool2x2".to_owned(),
                shape(*to),
                0,
                bytes(&[*from, *to]),
            ),
            Step::DoubleAndAdd(_, small, large, to) => (
                "double_and_add".to_owned(),
                shape(*to),
                0,
                bytes(&[*small, *large, *to]),
            ),
            Step::Sum(_, part, full, to) => {
                ("sum".to_owned(), shape(*to), 0, bytes(&[*part, *full, *to]))
            }
            Step::Dense(s, from) => {
                let all = s.bytes() + bytes(&[*from]) + s.weight_bytes();
                (s.kernel_name(), [s.output().len(), 1, 1], s.macs(), all)
            }
            Step::DenseBlocks(s, from) => {
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

    /// Bytes of activations and scratch.
    #[must_use]
    pub fn buffer_bytes(&self) -> usize {
        self.planes.iter().map(Plane::bytes).sum::<usize>()
            + self.scratch.iter().map(Buffer::bytes).sum::<usize>()
    }

    /// The plane of a tensor after a run; for calibration.
    pub(crate) fn plane(&self, tensor: usize) -> &Plane {
        &self.planes[tensor]
    }
}

impl Net for Network {
    fn input_size(&self) -> Size {
        self.size
    }

    fn run(&mut self, pixels: &[u8]) -> Result<(), RunError> {
        self.check(pixels)?;
        for index in 0..self.steps.len() {
            self.step(index, pixels);
        }
        self.emit();
        Ok(())
    }

    fn output(&self, name: &str) -> Option<&[f32]> {
        self.outputs
            .iter()
            .find(|emitted| emitted.output.name == name)
            .map(|emitted| emitted.values.as_slice())
    }
}

/// The shape of the picture's tensor and of dense layers' vectors, which have no plane.
const NOTHING: PlaneShape = PlaneShape {
    channels: 0,
    height: 0,
    width: 0,
    halo: 0,
};

/// Shapes of all tensors, `None` for those without a plane.
fn shapes(model: &Model, size: Size) -> Result<Vec<Option<PlaneShape>>, &'static str> {
    let mut sizes = vec![(size.height, size.width); model.channels.len()];
    let mut shapes = vec![None; model.channels.len()];
    for part in model.parts.iter() {
        let (height, width) = sizes[part.inputs[0]];
        let (height, width) = match &part.packed {
            Packed::Rgb { windows, .. }
            | Packed::Depthwise { windows, .. }
            | Packed::Separable { windows, .. } => (windows.count(height), windows.count(width)),
            Packed::Pointwise { .. } => (height, width),
            Packed::MaxPool => (height / 2, width / 2),
            Packed::DoubleAndAdd => {
                let large = sizes[part.inputs[1]];
                if large != (height * 2, width * 2) {
                    return Err("width and height must be multiples of 32");
                }
                large
            }
            Packed::Sum { .. } => {
                if sizes[part.inputs[1]] != (height, width) {
                    return Err("two maps that it adds come out with different sizes");
                }
                (height, width)
            }
            Packed::DenseBlocks { weights } => {
                if height * width * model.channels[part.inputs[0]] != weights.inputs() {
                    return Err("the last layer was trained for another size");
                }
                continue;
            }
            Packed::Dense { pixels, .. } => {
                if height * width != *pixels {
                    return Err("the last layer was trained for another size");
                }
                continue;
            }
        };
        if height == 0 || width == 0 {
            return Err("it is too small");
        }
        sizes[part.output] = (height, width);
        let read_by_window = model.parts.iter().any(|reader| {
            reader.inputs.contains(&part.output)
                && matches!(
                    reader.packed,
                    Packed::Depthwise { .. } | Packed::Separable { .. }
                )
        });
        let channels = model.channels[part.output];
        let halo = usize::from(read_by_window);
        shapes[part.output] = Some(PlaneShape {
            channels,
            height,
            width,
            halo,
        });
    }
    Ok(shapes)
}

fn plan_step(
    model: &Model,
    part: &Part,
    shapes: &[Option<PlaneShape>],
    size: Size,
    threads: usize,
) -> Result<Step, StepError> {
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
            Step::Rgb(Box::new(step), to)
        }
        Packed::Depthwise { weights, windows } => {
            let (a, b) = (shape(from)?, shape(to)?);
            let step = Depthwise::plan(weights.clone(), isa, *windows, element, a, b, threads)?;
            Step::Depthwise(step, from, to)
        }
        Packed::Separable {
            depthwise,
            pointwise,
            windows,
        } => {
            let (a, b) = (shape(from)?, shape(to)?);
            let (depthwise, pointwise) = (depthwise.clone(), pointwise.clone());
            let step = Separable::plan(depthwise, pointwise, *windows, element, a, b, threads)?;
            Step::Separable(step, from, to)
        }
        Packed::Pointwise { weights } => {
            let step =
                Pointwise::plan(weights.clone(), element, shape(from)?, shape(to)?, threads)?;
            Step::Pointwise(step, from, to)
        }
        Packed::MaxPool => Step::MaxPool(
            MaxPool::plan(isa, element, shape(from)?, shape(to)?)?,
            from,
            to,
        ),
        Packed::DoubleAndAdd => {
            let large = part.inputs[1];
            let step = DoubleAndAdd::plan(isa, element, shape(from)?, shape(large)?, shape(to)?)?;
            Step::DoubleAndAdd(step, from, large, to)
        }
        Packed::Sum { slopes } => {
            let full = part.inputs[1];
            let step = Sum::plan(isa, element, shape(from)?, shape(full)?, shape(to)?, slopes)?;
            Step::Sum(step, from, full, to)
        }
        Packed::DenseBlocks { weights } => {
            let step = DenseBlocks::plan(weights.clone(), isa, shape(from)?, threads)?;
            Step::DenseBlocks(Box::new(step), from)
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
            Step::Dense(Box::new(step), from)
        }
    })
}

/// Two planes at once. Outputs have higher numbers than inputs.
fn pair(planes: &mut [Plane], from: usize, to: usize) -> (&Plane, &mut Plane) {
    let (before, after) = planes.split_at_mut(to);
    (&before[from], &mut after[0])
}

/// An output's channels, pixel by pixel.
fn gather(plane: &Plane, output: &Output, values: &mut [f32]) {
    let shape = plane.shape();
    let mut to = values.chunks_exact_mut(output.channels);
    for y in 0..shape.height {
        for x in 0..shape.width {
            let Some(pixel) = to.next() else { return };
            for (c, value) in pixel.iter_mut().enumerate() {
                *value = plane.get(output.first_channel + c, y, x);
                if output.sigmoid {
                    sigmoid(value);
                }
            }
        }
    }
}

fn sigmoid(value: &mut f32) {
    *value = 1.0 / (1.0 + (-*value).exp());
}
