//! Use case: make a template of the face in this picture.

use crate::{Capture, CaptureError, CapturePolicy, StageTimings, Worker};
use countenance_gallery::Template;

/// A picture taken through to its template, if it is good enough.
#[derive(Clone, Debug)]
pub struct Extraction {
    /// What was found in the picture.
    pub capture: Capture,
    /// The template; `None` when [`Capture::causes`] says why not.
    pub template: Option<Template>,
    /// How long it took; nothing is compared.
    pub timings: StageTimings,
}

impl Worker {
    /// Makes a template of the face in a picture (JPEG, PNG or WebP bytes).
    ///
    /// # Errors
    /// [`CaptureError`] when the bytes do not decode or a network fails. A poor picture is
    /// an outcome: [`Capture::causes`] names what is wrong.
    pub fn extract(
        &mut self,
        bytes: &[u8],
        policy: &CapturePolicy,
    ) -> Result<Extraction, CaptureError> {
        let start = self.engine.clock().elapsed();
        let mut timings = StageTimings::default();
        let (capture, crop) = self.capture(bytes, policy, &mut timings)?;
        let template = match crop {
            Ok(crop) => Some(self.embed(&crop, policy, &mut timings)?),
            Err(_) => None,
        };
        timings.total = self.engine.clock().elapsed().saturating_sub(start);
        Ok(Extraction {
            capture,
            template,
            timings,
        })
    }
}
