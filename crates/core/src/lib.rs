#![doc = include_str!("../README.md")]

mod capture;
mod clock;
mod compare;
mod decision;
mod detect;
mod engine;
mod error;
mod extract;
mod policy;
mod timing;

pub use capture::Capture;
pub use clock::{Clock, StoppedClock};
pub use compare::Comparison;
pub use decision::{Decision, Recapture, Side};
pub use detect::{DetectedFace, Detection};
pub use engine::{Calibrations, Engine, EngineParts, PlanNetwork, Worker};
pub use error::{CaptureError, CompareError, Fault};
pub use extract::Extraction;
pub use policy::{CapturePolicy, ComparePolicy, FaceChoice};
pub use timing::StageTimings;

pub use countenance_gallery::{
    Calibration, CalibrationPoint, FalseMatchRate, ModelId, Score, Template, Threshold,
    ThresholdError,
};
pub use countenance_vision::{
    DecodeError, DecodeLimits, Face, Isa, Options, Picture, Point, Precision, Quality,
    QualityCause, QualityLimits, Rect, Search, Size,
};
