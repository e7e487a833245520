//! An aligned crop to an embedding.

use crate::Crop;
use countenance_net::{Net, RunError};
use std::fmt;
use std::sync::Arc;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The output of the embedding network that carries the values.
const OUTPUT: &str = "fc1";

/// A face as a direction: f32 values with an L2 norm of 1, and the model that made them.
///
/// `Debug` shows no values; they are overwritten on drop.
#[derive(Clone)]
pub struct Embedding {
    values: Box<[f32]>,
    model_id: Arc<str>,
}

impl Embedding {
    /// The values; their squares sum to 1.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The model that made it; embeddings of different models must not be compared.
    #[must_use]
    pub fn model_id(&self) -> &str {
        &self.model_id
    }
}

impl fmt::Debug for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedding")
            .field("model_id", &self.model_id)
            .finish_non_exhaustive()
    }
}

impl Drop for Embedding {
    fn drop(&mut self) {
        self.values.zeroize();
    }
}

impl ZeroizeOnDrop for Embedding {}

/// No embedding could be made.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtractError {
    /// The network's output is missing.
    #[error("embedding output {name} is missing")]
    BadOutput {
        /// The output's name.
        name: &'static str,
    },
    /// The network gave zeros, infinities or no numbers: its weights are broken.
    #[error("embedding has no direction")]
    NoDirection,
    /// The network did not run.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Makes embeddings of aligned crops.
pub struct Extractor {
    net: Box<dyn Net>,
    model_id: Arc<str>,
    mirrored: Vec<u8>,
}

impl Extractor {
    /// Takes an embedding network planned for 112 x 112 and the id of its weights.
    #[must_use]
    pub fn new(net: Box<dyn Net>, model_id: &str) -> Self {
        Self {
            net,
            model_id: model_id.into(),
            mirrored: Vec::new(),
        }
    }

    /// The id of the weights.
    #[must_use]
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// Embeds a crop; with `flip_averaging` the mirrored crop is embedded too and the two
    /// directions are added, which costs twice and lowers the FNMR a little.
    ///
    /// # Errors
    /// [`ExtractError`] when the network does not run or gives no direction.
    pub fn extract(
        &mut self,
        crop: &Crop,
        flip_averaging: bool,
    ) -> Result<Embedding, ExtractError> {
        let mut values = self.run(crop.pixels())?;
        if flip_averaging {
            let mut mirrored = std::mem::take(&mut self.mirrored);
            crop.mirror_into(&mut mirrored);
            let flipped = self.run(&mirrored);
            crate::picture::wipe(&mut mirrored);
            self.mirrored = mirrored;
            let mut flipped = flipped?;
            for (value, other) in values.iter_mut().zip(flipped.iter()) {
                *value += other;
            }
            flipped.zeroize();
            normalise(&mut values)?;
        }
        Ok(Embedding {
            values,
            model_id: Arc::clone(&self.model_id),
        })
    }

    /// One run, normalised.
    fn run(&mut self, pixels: &[u8]) -> Result<Box<[f32]>, ExtractError> {
        self.net.run(pixels)?;
        let output = self
            .net
            .output(OUTPUT)
            .ok_or(ExtractError::BadOutput { name: OUTPUT })?;
        let mut values: Box<[f32]> = output.into();
        normalise(&mut values)?;
        Ok(values)
    }
}

impl fmt::Debug for Extractor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extractor")
            .field("model_id", &self.model_id)
            .finish_non_exhaustive()
    }
}

/// Scales values to an L2 norm of 1.
fn normalise(values: &mut [f32]) -> Result<(), ExtractError> {
    let norm = values
        .iter()
        .map(|&v| f64::from(v) * f64::from(v))
        .sum::<f64>()
        .sqrt();
    if !norm.is_finite() || norm <= f64::from(f32::MIN_POSITIVE) {
        return Err(ExtractError::NoDirection);
    }
    for value in values {
        *value = (f64::from(*value) / norm) as f32;
    }
    Ok(())
}
