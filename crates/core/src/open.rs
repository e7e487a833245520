//! Use case: open an engine on pinned weights.

use crate::{Clock, Engine, Networks, OpenError};
use countenance_models::{Manifest, Weights};
use countenance_net::Options;
use std::sync::Arc;

impl Engine {
    /// Reads the networks of a manifest out of their weights and packs them for this machine.
    ///
    /// Everything comes in as a value: nothing is read from disk or environment.
    ///
    /// # Errors
    /// [`OpenError`] when manifest, weights and calibration do not fit together.
    pub fn open(
        manifest: &Manifest,
        weights: &Weights,
        options: &Options,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        Networks::load(manifest, weights, options)?.engine(clock)
    }
}
