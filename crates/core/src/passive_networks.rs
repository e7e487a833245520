//! Networks that an operator adds to say how live a face looks.

use crate::networks::{Networks, OpenError};
use countenance_models::AddedSpec;
use countenance_net::PatchModel;

impl Networks {
    /// Adds a network of passive liveness: what the manifest says of it, and the bytes of its file, which
    /// [`AddedSpec::read`] has checked.
    ///
    /// # Errors
    /// [`OpenError::Load`] when the bytes make no network.
    pub fn add_passive_liveness(
        &mut self,
        spec: &AddedSpec,
        bytes: Vec<u8>,
    ) -> Result<(), OpenError> {
        let model = PatchModel::from_onnx(bytes, self.threads);
        let model = model.map_err(|source| OpenError::Load {
            model: spec.id.clone(),
            source,
        })?;
        self.passive.push((spec.scale, model));
        Ok(())
    }
}
