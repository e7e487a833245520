//! Use case: which faces are in this picture?

use crate::timing::timed;
use crate::{CaptureError, CapturePolicy, StageTimings, Worker};
use countenance_vision::{Face, Quality, QualityCause, Size, align, assess, decode, measure};

/// The faces of a picture.
#[derive(Clone, Debug)]
pub struct Detection {
    /// Columns and rows of the upright picture.
    pub size: Size,
    /// The faces, the surest first.
    pub faces: Vec<DetectedFace>,
    /// How long it took; nothing is embedded or compared.
    pub timings: StageTimings,
}

/// One face of a picture.
#[derive(Clone, Debug)]
pub struct DetectedFace {
    /// Where it is, in pixels of the upright picture.
    pub face: Face,
    /// Measured on the aligned face.
    pub quality: Quality,
    /// What speaks against making a template of it.
    pub causes: Vec<QualityCause>,
}

impl Worker {
    /// Finds the faces of a picture (JPEG, PNG or WebP bytes) and measures each.
    ///
    /// # Errors
    /// [`CaptureError`] when the bytes do not decode or the detector fails; a picture
    /// without a face is an empty list.
    pub fn detect(
        &mut self,
        bytes: &[u8],
        policy: &CapturePolicy,
    ) -> Result<Detection, CaptureError> {
        let Self {
            detector, engine, ..
        } = self;
        let clock = engine.clock();
        let start = clock.elapsed();
        let mut timings = StageTimings::default();
        let picture = timed(clock, &mut timings.decode, || decode(bytes, &policy.decode))?;
        let found = timed(clock, &mut timings.detect, || {
            detector.detect(&picture, policy.search)
        })?;
        let limits = policy.quality.unwrap_or_default();
        let faces = timed(clock, &mut timings.align, || {
            let faces = found.into_iter().map(|face| {
                let quality = measure(&picture, &face, &align(&picture, &face.landmarks));
                DetectedFace {
                    face,
                    quality,
                    causes: assess(&quality, &limits),
                }
            });
            faces.collect()
        });
        timings.total = clock.elapsed().saturating_sub(start);
        Ok(Detection {
            size: picture.size(),
            faces,
            timings,
        })
    }
}
