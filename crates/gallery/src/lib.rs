#![doc = include_str!("../README.md")]

mod calibration;
mod dot;
mod index;
mod rate;
mod score;
pub mod statistics;
mod template;

pub use calibration::{Calibration, CalibrationError, CalibrationPoint, Threshold, ThresholdError};
pub use countenance_kernels::Isa;
pub use index::{Candidate, CollectionIndex, Entry, IndexError, Searcher};
pub use rate::{FalseMatchRate, FalseMatchRateError};
pub use score::{Score, ScoreError};
pub use template::{CompareError, ModelId, ModelIdError, Template, TemplateError};
