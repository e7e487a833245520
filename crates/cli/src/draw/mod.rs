//! Pictures for people: what was found, painted so that it can be shown on a slide.

mod canvas;
mod comparison;
mod detection;
mod ink;
mod portrait;
mod text;
mod window;

pub(crate) use canvas::Canvas;
pub(crate) use comparison::{ComparisonSlide, Panel, comparison};
pub(crate) use detection::{DetectionSheet, detection};
pub(crate) use portrait::portrait;
