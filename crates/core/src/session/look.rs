//! Looking at one frame of a session.

use super::cues::FrameCues;
use super::pace::{FrameError, FrameMark};
use super::run::{Next, Run};
use super::verdict::Verdict;
use crate::{CaptureError, CompareError, ComparePolicy, StageTimings, Worker};
use countenance_vision::{Before, DecodeLimits};
use thiserror::Error;

/// A frame does not do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LookError {
    /// It does not decode, or a network failed.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// No threshold stands for the rate.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// The client does not keep to the protocol.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl Worker {
    /// Shows a run one frame (JPEG, PNG or WebP bytes). What is to be sent is in the run then; with a verdict it is over.
    ///
    /// # Errors
    /// [`LookError`]; the run is of no use after one.
    pub fn look_at_frame(
        &mut self,
        run: &mut Run,
        mark: &FrameMark,
        bytes: &[u8],
        policy: &ComparePolicy,
        limits: DecodeLimits,
    ) -> Result<Option<Verdict>, LookError> {
        let mut capture = policy.capture.clone();
        capture.decode = limits;
        let mut timings = StageTimings::default();
        let seen = self.see(bytes, run.before(), &capture, &mut timings)?;
        let cues = seen.as_ref().map(|(cues, _)| cues);
        let next = run.frame(mark, cues.map_err(|cause| *cause))?;
        let (is_key, seen) = match (next, seen) {
            (Next::Lost(cause), _) => return Ok(Some(Verdict::Recapture(cause))),
            (Next::Key, Ok(seen)) => (true, seen),
            (Next::Compare, Ok(seen)) => (false, seen),
            _ => return Ok(None),
        };
        let (cues, crop) = if seen.0.detected {
            seen
        } else {
            // A template wants the detector's points, and to be sure that nobody else has come into the picture.
            let before = run.before().map(|before| Before {
                detector_rests: false,
                ..before
            });
            match self.see(bytes, before, &capture, &mut timings)? {
                Ok(seen) => seen,
                Err(cause) => return Ok(Some(Verdict::Recapture(cause))),
            }
        };
        let template = self.embed(&crop, &capture, &mut timings)?;
        let threshold = self.engine.threshold(policy)?;
        if is_key {
            let looks_live = self.looks_live(bytes, cues.area, &capture)?;
            return Ok(run.key_frame(template, looks_live, &threshold));
        }
        Ok(run.compare_frame(&template, &threshold))
    }
}

/// What a frame shows, and the crop that a template can be made of.
pub(crate) type Seen = (FrameCues, countenance_vision::Crop);
