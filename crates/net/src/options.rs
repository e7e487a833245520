//! How a network is to be run: values, never compile-time features.

use countenance_kernels::{Arithmetic, Isa};
use std::fmt;
use std::str::FromStr;

/// The arithmetic of the heavy layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Precision {
    /// The fastest that holds the accuracy bounds of docs/performance.md on this machine.
    #[default]
    Auto,
    /// BF16 products, f32 sums.
    Bf16,
    /// Single precision throughout; the reference.
    F32,
    /// 8-bit products with calibrated activation ranges, 32-bit sums.
    Int8,
}

impl Precision {
    /// All precisions, the default first.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Bf16, Self::F32, Self::Int8];

    /// The arithmetic of the layers that do most of the work; `auto` counts as f32.
    #[must_use]
    pub fn arithmetic(self) -> Arithmetic {
        match self {
            Self::Auto | Self::F32 => Arithmetic::F32,
            Self::Bf16 => Arithmetic::Bf16,
            Self::Int8 => Arithmetic::Int8,
        }
    }

    /// The lower-case name, as `--precision` takes it and bench rows print it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Bf16 => "bf16",
            Self::F32 => "f32",
            Self::Int8 => "int8",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|precision| precision.name() == name)
            .ok_or_else(|| format!("unknown precision {name:?}; known are auto bf16 f32 int8"))
    }
}

/// How to run a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The instruction set whose kernels run.
    pub isa: Isa,
    /// The arithmetic of the heavy layers.
    pub precision: Precision,
    /// Threads that share one run, the calling one included; at least 1.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            isa: Isa::detect(),
            precision: Precision::Auto,
            threads: 1,
        }
    }
}
