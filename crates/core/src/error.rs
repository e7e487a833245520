//! What can go wrong in a use case, and whose fault it is.

use crate::Side;
use countenance_gallery::{ModelId, ModelIdError, TemplateError, ThresholdError};
use countenance_vision::{DecodeError, DetectError, ExtractError, ObserveError, RunError};
use std::error::Error;
use thiserror::Error;

/// Who can do something about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// This software.
    Bug,
    /// Whoever called, with bytes or values that make no sense.
    Caller,
    /// Whoever set the machine up: weights, calibration, options, keys, the data folder.
    Config,
    /// The disk or the database.
    Storage,
    /// The subject: unknown, without consent, locked.
    Subject,
}

impl From<countenance_vault::Fault> for Fault {
    fn from(fault: countenance_vault::Fault) -> Self {
        match fault {
            countenance_vault::Fault::Bug => Self::Bug,
            countenance_vault::Fault::Caller => Self::Caller,
            countenance_vault::Fault::Config => Self::Config,
            countenance_vault::Fault::Storage => Self::Storage,
            countenance_vault::Fault::Subject => Self::Subject,
        }
    }
}

/// A picture could not be taken through to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The bytes give no picture.
    #[error("picture does not decode")]
    Decode(#[from] DecodeError),
    /// The detector failed.
    #[error("face detection failed")]
    Detect(#[from] DetectError),
    /// The embedding network failed.
    #[error("template extraction failed")]
    Extract(#[from] ExtractError),
    /// How live a face looks could not be said: a network did not run.
    #[error("how live the face looks cannot be said")]
    LooksLive(#[source] RunError),
    /// The face mesh cannot be planned.
    #[error("face mesh cannot be planned")]
    MeshPlan(#[source] Box<dyn Error + Send + Sync>),
    /// The embedding network is named by no model name.
    #[error("embedding names no model")]
    ModelName(#[from] ModelIdError),
    /// A frame could not be looked at.
    #[error("frame cannot be looked at")]
    Observe(#[from] ObserveError),
    /// The networks that say how live a face looks cannot be planned.
    #[error("networks of passive liveness cannot be planned")]
    PassivePlan(#[source] Box<dyn Error + Send + Sync>),
    /// The machine-readable zone could not be read: its network did not run.
    #[error("machine-readable zone cannot be read")]
    ReadZone(#[source] RunError),
    /// The embedding is no template.
    #[error("embedding makes no template")]
    Template(#[from] TemplateError),
    /// The text network cannot be planned.
    #[error("text network cannot be planned")]
    TextPlan(#[source] Box<dyn Error + Send + Sync>),
}

impl CaptureError {
    /// Who can do something about it.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Decode(_) => Fault::Caller,
            Self::Detect(_)
            | Self::Extract(_)
            | Self::LooksLive(_)
            | Self::MeshPlan(_)
            | Self::ModelName(_)
            | Self::Observe(_)
            | Self::PassivePlan(_)
            | Self::ReadZone(_)
            | Self::Template(_)
            | Self::TextPlan(_) => Fault::Config,
        }
    }
}

/// Two faces could not be compared.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CompareError {
    /// One of the pictures failed.
    #[error("{side} failed")]
    Capture {
        /// Which picture.
        side: Side,
        /// What failed.
        source: CaptureError,
    },
    /// Thresholds for this way of making templates were never measured.
    #[error("model {model} has no calibration with flip averaging {}", on_or_off(*flip_averaging))]
    NotCalibrated {
        /// The model.
        model: ModelId,
        /// Whether the policy averages in the mirror image.
        flip_averaging: bool,
    },
    /// The templates are of two models.
    #[error("templates do not compare")]
    Templates(#[from] countenance_gallery::CompareError),
    /// No threshold stands for the chosen rate.
    #[error("no threshold for the chosen false-match rate")]
    Threshold(#[from] ThresholdError),
}

impl CompareError {
    /// Who can do something about it.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Capture { source, .. } => source.fault(),
            Self::NotCalibrated { .. } => Fault::Config,
            Self::Templates(_) | Self::Threshold(_) => Fault::Caller,
        }
    }
}

fn on_or_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
