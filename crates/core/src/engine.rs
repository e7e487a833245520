//! What is shared between threads, and what each thread has of its own.

use crate::{Clock, CompareError, ComparePolicy, StoppedClock};
use countenance_document::{LineNet, ZoneReader};
use countenance_gallery::{Calibration, ModelId, Threshold};
use countenance_vision::{Detector, Extractor, MeshFinder, Net, PassiveJudge, Size};
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Plans one network for an input size; shared by all workers.
pub type PlanNetwork =
    dyn Fn(Size) -> Result<Box<dyn Net>, Box<dyn Error + Send + Sync>> + Send + Sync;

/// Makes the network that reads lines of text; each thread has its own.
pub type PlanLine =
    dyn Fn() -> Result<Box<dyn LineNet>, Box<dyn Error + Send + Sync>> + Send + Sync;

/// What an engine is made of.
#[derive(Clone)]
pub struct EngineParts {
    /// The model whose templates the engine makes.
    pub model: ModelId,
    /// Plans the face detector (YuNet) for any size whose sides are multiples of 32.
    pub detector: Arc<PlanNetwork>,
    /// Plans the embedding network (SFace) for 112 x 112 pixels.
    pub embedder: Arc<PlanNetwork>,
    /// Plans the face mesh for 192 x 192 pixels; without it frames cannot be observed.
    pub mesh: Option<Arc<PlanNetwork>>,
    /// Reads lines of text; without it machine-readable zones cannot be read.
    pub text: Option<Arc<PlanLine>>,
    /// Networks that say how live a face looks, with the width of what each looks at in widths of the face; an operator may add some.
    pub passive: Vec<(f32, Arc<PlanNetwork>)>,
    /// What was measured of the embedding network; thresholds come only from here.
    pub calibrations: Calibrations,
    /// Measures the stages.
    pub clock: Arc<dyn Clock>,
}

/// What was measured of a model, for each way of making a template: averaging in the mirror
/// image shifts all scores, so it has thresholds of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calibrations {
    /// Of templates of the face as it is.
    pub plain: Option<Calibration>,
    /// Of templates with [`flip_averaging`](crate::CapturePolicy::flip_averaging).
    pub flip_averaged: Option<Calibration>,
}

impl Calibrations {
    /// The calibration of one way of making a template, if it was measured.
    #[must_use]
    pub fn of(&self, flip_averaging: bool) -> Option<&Calibration> {
        if flip_averaging {
            self.flip_averaged.as_ref()
        } else {
            self.plain.as_ref()
        }
    }
}

impl EngineParts {
    /// Parts that can make and compare templates but decide nothing yet: without
    /// calibration, and with a clock that stands still.
    #[must_use]
    pub fn new(model: ModelId, detector: Arc<PlanNetwork>, embedder: Arc<PlanNetwork>) -> Self {
        let calibrations = Calibrations::default();
        Self {
            model,
            detector,
            embedder,
            mesh: None,
            text: None,
            passive: Vec::new(),
            calibrations,
            clock: Arc::new(StoppedClock),
        }
    }
}

/// The models, their calibration and a clock: cheap to clone, used from any thread.
///
/// Work is done by a [`Worker`], one per thread.
#[derive(Clone)]
pub struct Engine {
    parts: EngineParts,
}

/// One thread's planned networks. Its methods are the use cases.
pub struct Worker {
    pub(crate) detector: Detector,
    pub(crate) extractor: Extractor,
    /// Planned when a frame is first observed.
    pub(crate) meshes: Option<MeshFinder>,
    /// Planned when a face is first asked how live it looks; nothing where no operator added networks for it.
    pub(crate) passive: Option<PassiveJudge>,
    /// Made when a document is first read.
    pub(crate) reader: Option<ZoneReader>,
    pub(crate) engine: Engine,
}

impl Engine {
    /// An engine from its parts.
    #[must_use]
    pub fn new(parts: EngineParts) -> Self {
        Self { parts }
    }

    /// The model whose templates this engine makes.
    #[must_use]
    pub fn model(&self) -> &ModelId {
        &self.parts.model
    }

    /// What was measured of the model.
    #[must_use]
    pub fn calibrations(&self) -> &Calibrations {
        &self.parts.calibrations
    }

    /// The threshold of a policy.
    ///
    /// # Errors
    /// [`CompareError::NotCalibrated`] when the policy's way of making templates was never
    /// measured, [`CompareError::Threshold`] when its rate lies outside what was.
    pub fn threshold(&self, policy: &ComparePolicy) -> Result<Threshold, CompareError> {
        let flip_averaging = policy.capture.flip_averaging;
        let calibration = self.parts.calibrations.of(flip_averaging).ok_or_else(|| {
            CompareError::NotCalibrated {
                model: self.model().clone(),
                flip_averaging,
            }
        })?;
        Ok(calibration.threshold(policy.fmr)?)
    }

    /// Plans the networks of one thread.
    ///
    /// # Errors
    /// What the planner says when the embedding network cannot be planned for 112 x 112.
    /// Detector networks are planned when a picture first needs their size.
    pub fn worker(&self) -> Result<Worker, Box<dyn Error + Send + Sync>> {
        let side = countenance_vision::CROP_SIDE;
        let embedder = (self.parts.embedder)(Size {
            width: side,
            height: side,
        })?;
        let plan = Arc::clone(&self.parts.detector);
        Ok(Worker {
            detector: Detector::new(move |size| plan(size)),
            extractor: Extractor::new(embedder, self.model().as_str()),
            meshes: None,
            passive: None,
            reader: None,
            engine: self.clone(),
        })
    }

    /// Plans the face mesh of one thread.
    pub(crate) fn meshes(&self) -> Result<MeshFinder, Box<dyn Error + Send + Sync>> {
        let plan = self
            .parts
            .mesh
            .as_ref()
            .ok_or("the engine has no face mesh")?;
        let side = MeshFinder::SIDE;
        let size = Size {
            width: side,
            height: side,
        };
        Ok(MeshFinder::new(plan(size)?))
    }

    /// Whether an operator added networks that say how live a face looks.
    #[must_use]
    pub fn has_passive_liveness(&self) -> bool {
        !self.parts.passive.is_empty()
    }

    /// Plans the networks of one thread that say how live a face looks.
    pub(crate) fn passive(&self) -> Result<PassiveJudge, Box<dyn Error + Send + Sync>> {
        let side = PassiveJudge::SIDE;
        let size = Size {
            width: side,
            height: side,
        };
        let nets = self.parts.passive.iter();
        let nets = nets.map(|(scale, plan)| Ok((*scale, plan(size)?)));
        Ok(PassiveJudge::new(
            nets.collect::<Result<_, Box<dyn Error + Send + Sync>>>()?,
        ))
    }

    /// Makes what reads machine-readable zones in one thread.
    pub(crate) fn zone_reader(&self) -> Result<ZoneReader, Box<dyn Error + Send + Sync>> {
        let plan = self.parts.text.as_ref();
        let plan = plan.ok_or("the engine has no text network")?;
        Ok(ZoneReader::new(plan()?))
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.parts.clock
    }
}

impl Worker {
    /// The engine it belongs to.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("model", self.model())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("model", self.engine.model())
            .finish_non_exhaustive()
    }
}
