//! A small network that looks at one patch of a picture, run by a published engine.
//!
//! Operators may add such a network. It runs once or twice in a session, so that it need not be planned; its operators
//! are whatever its authors used.

use crate::LoadError;
use crate::published::Published;
use crate::seam::{Net, RunError, Size};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A network from pictures of one size, f32 `1 x 3 x H x W`, blue, green, red in 0..=255, to some values. Cheap to clone.
#[derive(Clone)]
pub struct PatchModel {
    published: Published,
    output: Arc<str>,
}

impl PatchModel {
    /// Reads an ONNX file; its runs take `threads` threads.
    ///
    /// # Errors
    /// [`LoadError`] when the file is too large, the engine does not take it or it has not one input and one output.
    pub fn from_onnx(bytes: Vec<u8>, threads: usize) -> Result<Self, LoadError> {
        let reason = "a network of patches has one input and one named output";
        let published = Published::from_onnx(bytes.into(), threads, None, reason)?;
        let output = published.output_name();
        let output = output.ok_or(LoadError::Graph { reason })?;
        Ok(Self { published, output })
    }

    /// The network for pictures of one size.
    #[must_use]
    pub fn of_size(&self, size: Size) -> PatchNet {
        PatchNet {
            model: self.clone(),
            size,
            values: Zeroizing::default(),
        }
    }
}

/// A [`PatchModel`] with its last output.
pub struct PatchNet {
    model: PatchModel,
    size: Size,
    values: Zeroizing<Vec<f32>>,
}

impl Net for PatchNet {
    fn input_size(&self) -> Size {
        self.size
    }

    fn run(&mut self, pixels: &[u8]) -> Result<(), RunError> {
        let output = self.model.published.run(pixels, self.size, f32::from)?;
        self.values = Zeroizing::new(output.into_data());
        Ok(())
    }

    fn output(&self, name: &str) -> Option<&[f32]> {
        (name == &*self.model.output && !self.values.is_empty()).then_some(&self.values)
    }
}

impl fmt::Debug for PatchModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PatchModel").finish_non_exhaustive()
    }
}

impl fmt::Debug for PatchNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PatchNet")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
