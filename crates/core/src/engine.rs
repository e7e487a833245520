//! What is shared between threads, and what each thread has of its own.

use crate::{Clock, StoppedClock};
use countenance_gallery::{Calibration, FalseMatchRate, ModelId, Threshold, ThresholdError};
use countenance_vision::{Detector, Extractor, Net, Size};
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Plans one network for an input size; shared by all workers.
pub type PlanNetwork =
    dyn Fn(Size) -> Result<Box<dyn Net>, Box<dyn Error + Send + Sync>> + Send + Sync;

/// What an engine is made of.
#[derive(Clone)]
pub struct EngineParts {
    /// Plans the face detector (YuNet) for any size whose sides are multiples of 32.
    pub detector: Arc<PlanNetwork>,
    /// Plans the embedding network (SFace) for 112 x 112 pixels.
    pub embedder: Arc<PlanNetwork>,
    /// What was measured of the embedding network; names the model of its templates.
    pub calibration: Calibration,
    /// Measures the stages.
    pub clock: Arc<dyn Clock>,
}

impl EngineParts {
    /// Parts with a clock that stands still.
    #[must_use]
    pub fn new(
        detector: Arc<PlanNetwork>,
        embedder: Arc<PlanNetwork>,
        calibration: Calibration,
    ) -> Self {
        Self {
            detector,
            embedder,
            calibration,
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
        self.parts.calibration.model()
    }

    /// What was measured of the model.
    #[must_use]
    pub fn calibration(&self) -> &Calibration {
        &self.parts.calibration
    }

    /// The threshold at a false-match rate.
    ///
    /// # Errors
    /// [`ThresholdError`] when the rate lies outside the calibration.
    pub fn threshold(&self, fmr: FalseMatchRate) -> Result<Threshold, ThresholdError> {
        self.parts.calibration.threshold(fmr)
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
            engine: self.clone(),
        })
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.parts.clock
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
