#![doc = include_str!("../README.md")]

mod added;
mod calibration;
mod digest;
mod manifest;
mod ranges;
mod store;
mod weights;

pub use added::{AddedRole, AddedSpec};
pub use calibration::{
    Calibration, CalibrationError, CalibrationRow, CalibrationTable, Extraction,
};
pub use digest::{ParseSha256Error, Sha256};
pub use manifest::{
    DataSpec, Dtype, Manifest, ManifestError, ModelInput, ModelOutput, ModelSpec, PackageSpec,
    Role, SampleSpec,
};
pub use ranges::{ActivationRanges, RangesError, TensorRange};
pub use store::{FileError, PinnedFile, Store};
pub use weights::{WeightFile, Weights, WeightsError};
