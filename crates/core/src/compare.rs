//! Use case: do these two pictures show one person?

use crate::timing::timed;
use crate::{
    Capture, CaptureError, CompareError, ComparePolicy, Decision, Recapture, Side, StageTimings,
    Worker,
};
use countenance_gallery::{Score, Template, Threshold};
use countenance_vision::QualityCause;

/// A comparison and everything it was decided on.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The answer.
    pub decision: Decision,
    /// How alike the faces are; `None` when a picture has to be taken again.
    pub score: Option<Score>,
    /// What the score was held against.
    pub threshold: Threshold,
    /// The reference picture; `None` when the reference was a template.
    pub reference: Option<Capture>,
    /// The probe picture.
    pub probe: Capture,
    /// How long it took.
    pub timings: StageTimings,
}

impl Worker {
    /// Compares the faces of two pictures (JPEG, PNG or WebP bytes).
    ///
    /// Both pictures are looked at before either is embedded, so that a caller learns what
    /// is wrong with each.
    ///
    /// # Errors
    /// [`CompareError`] when a picture does not decode, a network fails or no threshold
    /// stands for the rate. A poor picture is an outcome: [`Decision::Recapture`].
    pub fn compare(
        &mut self,
        reference: &[u8],
        probe: &[u8],
        policy: &ComparePolicy,
    ) -> Result<Comparison, CompareError> {
        let start = self.engine.clock().elapsed();
        let threshold = self.engine.threshold(policy)?;
        let mut timings = StageTimings::default();
        let (reference, reference_crop) = self
            .capture(reference, &policy.capture, &mut timings)
            .map_err(failed(Side::Reference))?;
        let (probe, probe_crop) = self
            .capture(probe, &policy.capture, &mut timings)
            .map_err(failed(Side::Probe))?;
        let (score, decision) = match (reference_crop, probe_crop) {
            (Err(cause), _) => (None, recapture(Side::Reference, cause)),
            (_, Err(cause)) => (None, recapture(Side::Probe, cause)),
            (Ok(reference), Ok(probe)) => {
                let reference = self
                    .embed(&reference, &policy.capture, &mut timings)
                    .map_err(failed(Side::Reference))?;
                let probe = self
                    .embed(&probe, &policy.capture, &mut timings)
                    .map_err(failed(Side::Probe))?;
                self.decide(&reference, &probe, &threshold, &mut timings)?
            }
        };
        timings.total = self.engine.clock().elapsed().saturating_sub(start);
        Ok(Comparison {
            decision,
            score,
            threshold,
            reference: Some(reference),
            probe,
            timings,
        })
    }

    /// Compares the face of a picture with a template made before.
    ///
    /// # Errors
    /// As [`Worker::compare`], and when the template is of another model.
    pub fn compare_with_template(
        &mut self,
        reference: &Template,
        probe: &[u8],
        policy: &ComparePolicy,
    ) -> Result<Comparison, CompareError> {
        let start = self.engine.clock().elapsed();
        let threshold = self.engine.threshold(policy)?;
        let mut timings = StageTimings::default();
        let (probe, crop) = self
            .capture(probe, &policy.capture, &mut timings)
            .map_err(failed(Side::Probe))?;
        let (score, decision) = match crop {
            Err(cause) => (None, recapture(Side::Probe, cause)),
            Ok(crop) => {
                let probe = self
                    .embed(&crop, &policy.capture, &mut timings)
                    .map_err(failed(Side::Probe))?;
                self.decide(reference, &probe, &threshold, &mut timings)?
            }
        };
        timings.total = self.engine.clock().elapsed().saturating_sub(start);
        Ok(Comparison {
            decision,
            score,
            threshold,
            reference: None,
            probe,
            timings,
        })
    }

    fn decide(
        &self,
        reference: &Template,
        probe: &Template,
        threshold: &Threshold,
        timings: &mut StageTimings,
    ) -> Result<(Option<Score>, Decision), CompareError> {
        timed(self.engine.clock(), &mut timings.compare, || {
            let score = reference.compare(probe)?;
            let accepted = threshold.accepts(score);
            Ok((
                Some(score),
                if accepted {
                    Decision::Accept
                } else {
                    Decision::Reject
                },
            ))
        })
    }
}

fn failed(side: Side) -> impl Fn(CaptureError) -> CompareError {
    move |source| CompareError::Capture { side, source }
}

fn recapture(side: Side, cause: QualityCause) -> Decision {
    Decision::Recapture(Recapture { side, cause })
}
