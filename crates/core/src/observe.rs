//! Use case: what does this frame of a camera show of a face?

use crate::{CaptureError, Worker};
use countenance_vision::{
    DecodeLimits, FaceCues, Observation, Picture, QualityCause, decode, observe,
};

impl Worker {
    /// Looks at one frame (JPEG, PNG or WebP bytes): its cues and the aligned face.
    ///
    /// With the cues of the frame `before` the face is followed, which is much faster; without, the detector looks
    /// first. Only then a second face is seen, and only then the crop is good for a template
    /// ([`FaceCues::detected`]).
    ///
    /// # Errors
    /// [`CaptureError`] when the bytes do not decode or a network fails. No face is an outcome.
    pub fn observe(
        &mut self,
        bytes: &[u8],
        limits: &DecodeLimits,
        before: Option<&FaceCues>,
    ) -> Result<Result<Observation, QualityCause>, CaptureError> {
        self.observe_picture(&decode(bytes, limits)?, before)
    }

    /// As [`Worker::observe`], of a picture that is decoded already.
    ///
    /// # Errors
    /// [`CaptureError`] when a network fails.
    pub fn observe_picture(
        &mut self,
        picture: &Picture,
        before: Option<&FaceCues>,
    ) -> Result<Result<Observation, QualityCause>, CaptureError> {
        let meshes = match &mut self.meshes {
            Some(meshes) => meshes,
            none => none.insert(self.engine.meshes().map_err(CaptureError::MeshPlan)?),
        };
        Ok(observe(picture, &mut self.detector, meshes, before)?)
    }
}
