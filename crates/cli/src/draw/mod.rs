//! Pictures for people: what was found, painted so that it can be shown on a slide.

mod canvas;
mod comparison;
mod detection;
mod ink;
mod portrait;
mod text;
mod window;

use crate::failure::Failure;
use crate::registry::private::refuse_in_data;
use std::path::Path;

pub(crate) use canvas::Canvas;
pub(crate) use comparison::{ComparisonSlide, Panel, comparison};
pub(crate) use detection::{DetectionSheet, detection};
pub(crate) use portrait::portrait;

/// Writes a drawing as a PNG file, anywhere but in a data folder.
pub(crate) fn save(drawing: &Canvas, path: &Path) -> Result<(), Failure> {
    refuse_in_data(path)?;
    drawing
        .save(path)
        .map_err(|error| Failure::from(error).about(path.display()))
}
