//! A model planned for one input size: a straight list of steps over buffers that were
//! allocated once.

use crate::error::PlanError;
use crate::graph::Output;
use crate::model::{Model, Part};
use crate::seam::{Net, RunError, Size};
use crate::shapes::{NOTHING, shapes};
use crate::step::{Step, StepReport};
use countenance_kernels::{Ahead, Buffer, Plane, PlaneShape, StepError, Team, together};
use std::time::Duration;

/// Planes of so many bytes together are laid side by side in pages of their own.
const LARGE_PLANES: usize = 2 << 20;

/// Pixels that an input may have: 50 megapixels, rounded up to whole tiles.
const MAX_PIXELS: usize = 52 << 20;

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
        let stored: Vec<PlaneShape> = shapes
            .iter()
            .map(|shape| shape.unwrap_or(NOTHING))
            .collect();
        let plane = |shape: &PlaneShape| Plane::new(*shape, model.element);
        let make = || -> Vec<Plane> { stored.iter().map(plane).collect() };
        let elements: usize = stored.iter().map(PlaneShape::elements).sum();
        let planes = match elements * model.element.bytes() {
            bytes @ LARGE_PLANES.. => together(bytes + bytes / 8, make),
            _ => make(),
        };
        let threads = threads.clamp(1, 64);
        let team = Team::new(threads);
        let mut steps = Vec::with_capacity(model.parts.len());
        for (index, part) in model.parts.iter().enumerate() {
            let step = Step::plan(model, part, &shapes, size, threads).map_err(|error| {
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
        // From the last to the first: the step before a layer asks for what it reads first.
        let mut later = Ahead::default();
        for step in steps.iter_mut().rev() {
            step.ask_ahead(&mut later);
            if step.ahead() != Ahead::default() {
                later = step.ahead();
            }
        }
        let bytes = steps.iter().map(Step::scratch_bytes).max().unwrap_or(0);
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

    fn step(&mut self, index: usize, pixels: &[u8]) {
        self.steps[index].run(&mut self.team, &mut self.planes, &mut self.scratch, pixels);
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
            let output = &emitted.output;
            match emitted.source {
                Source::Plane(plane) => self.planes[plane].channels(
                    output.first_channel,
                    output.channels,
                    &mut emitted.values,
                ),
                Source::Step(step) => match self.steps[step].vector() {
                    Some(values) => emitted.values.copy_from_slice(values),
                    None => continue,
                },
            }
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
                ..self.steps[index].report(&self.planes)
            });
        }
        self.emit();
        Ok(reports)
    }

    /// What each step is and costs, without times.
    #[must_use]
    pub fn describe(&self) -> Vec<StepReport> {
        let reports = self.steps.iter().map(|step| step.report(&self.planes));
        reports.collect()
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

fn sigmoid(value: &mut f32) {
    *value = 1.0 / (1.0 + (-*value).exp());
}
