//! Instruction sets as values.

use std::fmt;
use std::str::FromStr;

/// An instruction-set level that the kernels have a body for.
///
/// The levels of a processor family form a ladder: a machine that has one level has all
/// levels of its family below it. A value of this type is only a name; [`Isa::is_available`]
/// says whether this machine can run it, and every kernel checks that once when
/// it is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Isa {
    /// Plain Rust, vectorised by the compiler for the build target. Runs everywhere.
    Scalar,
    /// AVX2 with FMA (Haswell, Zen and later).
    Avx2,
    /// AVX-512 F, BW, DQ and VL (Skylake-X).
    Avx512,
    /// The above with VNNI (Cascade Lake, Ice Lake).
    Avx512Vnni,
    /// The above with BF16 (Cooper Lake, Sapphire Rapids, Zen 4).
    Avx512Bf16,
    /// NEON: every processor of 64-bit ARM.
    Neon,
    /// The above with dot products of bytes (Cortex-A75, Neoverse N1, Apple M1 and later).
    NeonDot,
}

impl Isa {
    /// All levels, lowest first.
    pub const ALL: [Self; 7] = [
        Self::Scalar,
        Self::Avx2,
        Self::Avx512,
        Self::Avx512Vnni,
        Self::Avx512Bf16,
        Self::Neon,
        Self::NeonDot,
    ];

    /// The highest level that this machine can run.
    #[must_use]
    pub fn detect() -> Self {
        Self::ALL
            .into_iter()
            .rev()
            .find(|isa| isa.is_available())
            .unwrap_or(Self::Scalar)
    }

    /// Whether this machine, under this operating system, can run the level.
    #[must_use]
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = || is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = || {
                avx2()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            };
            let vnni = || avx512() && is_x86_feature_detected!("avx512vnni");
            match self {
                Self::Scalar => true,
                Self::Avx2 => avx2(),
                Self::Avx512 => avx512(),
                Self::Avx512Vnni => vnni(),
                Self::Avx512Bf16 => vnni() && is_x86_feature_detected!("avx512bf16"),
                Self::Neon | Self::NeonDot => false,
            }
        }
        #[cfg(target_arch = "aarch64")]
        {
            match self {
                // Part of the build target: the portable bodies count on it too.
                Self::Scalar | Self::Neon => true,
                Self::NeonDot => std::arch::is_aarch64_feature_detected!("dotprod"),
                Self::Avx2 | Self::Avx512 | Self::Avx512Vnni | Self::Avx512Bf16 => false,
            }
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        {
            self == Self::Scalar
        }
    }

    /// The levels that this machine can run, lowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|isa| isa.is_available())
    }

    /// The lower-case name, as `--isa` takes it and bench rows print it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Avx512Vnni => "avx512vnni",
            Self::Avx512Bf16 => "avx512bf16",
            Self::Neon => "neon",
            Self::NeonDot => "neondot",
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name is not one of [`Isa::ALL`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownIsa {
    /// The name that was given.
    pub name: String,
}

impl fmt::Display for UnknownIsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown instruction set {:?}; known are", self.name)?;
        for isa in Isa::ALL {
            write!(f, " {isa}")?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownIsa {}

impl FromStr for Isa {
    type Err = UnknownIsa;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|isa| isa.name() == name)
            .ok_or_else(|| UnknownIsa {
                name: name.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_as_itself() {
        for isa in Isa::ALL {
            assert_eq!(isa.name().parse::<Isa>(), Ok(isa));
        }
        assert!("sse9".parse::<Isa>().is_err());
    }

    #[test]
    fn the_detected_level_and_all_of_its_family_below_it_are_available() {
        let best = Isa::detect();
        let is_arm = |isa: &Isa| *isa >= Isa::Neon;
        assert!(
            Isa::ALL
                .into_iter()
                .take_while(|isa| *isa <= best)
                .filter(|isa| *isa == Isa::Scalar || is_arm(isa) == is_arm(&best))
                .all(Isa::is_available)
        );
    }
}
