//! The numeric kernels of Countenance: the only numeric `unsafe` in the workspace.
//!
//! Every kernel has one scalar meaning and one body per instruction set; the
//! instruction set is chosen once, by value ([`Isa`]), never inside a loop.

#![allow(
    unsafe_code,
    reason = "this is the crate for it; every block says why it is sound"
)]
#![cfg_attr(
    not(target_arch = "x86_64"),
    allow(
        dead_code,
        reason = "what is generic over levels is not stamped for those of another architecture"
    )
)]

#[cfg(target_arch = "aarch64")]
mod aarch64;
mod ahead;
mod buffer;
mod codes;
mod dense;
mod dense_blocks;
mod depthwise;
mod filters;
mod isa;
mod lanes;
mod memory;
mod pack;
mod peak;
mod plane;
mod pointwise;
mod region;
mod resample;
mod rgb;
mod rows;
mod samples;
mod scalar;
mod separable;
mod stamp;
mod team;
mod windows;
#[cfg(target_arch = "x86_64")]
mod x86_64;

pub use ahead::Ahead;
pub use buffer::Buffer;
pub use codes::{
    BLOCK_TEMPLATES, CodeAngle, CodeProbe, CodeScan, GROUP_VALUES, MAX_CODE, Passed, block_bytes,
    fits_groups, put_codes,
};
pub use dense::Dense;
pub use dense_blocks::{BlockWeights, BlockWeightsLayer, DenseBlocks};
pub use depthwise::{Depthwise, DepthwiseWeights, Pooling};
pub use filters::{ChannelFilters, FilterShape};
pub use isa::{Isa, UnknownIsa};
pub use memory::give_back_large_blocks;
pub use pack::{PointwiseLayer, PointwiseRows, PointwiseWeights};
pub use peak::peak_macs;
pub use plane::{Element, LANES, Plane, PlaneShape, bf16_to_f32, f32_to_bf16};
pub use pointwise::{Arithmetic, Quantization};
pub use region::{Lot, Region, RegionError, together};
pub use resample::{DoubleAndAdd, MaxPool, Sum};
pub use rgb::{Rgb, RgbWeights};
pub use rows::RowFilter;
pub use samples::{Along, RgbSamples};
pub use separable::{Pointwise, Separable, StepError};
pub use team::Team;
pub use windows::{Border, Windows};
