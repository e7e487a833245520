//! Lanes of the x86-64 instruction sets.

mod avx2;
mod avx512;

pub(crate) use avx2::Avx2Lanes;
pub(crate) use avx512::{Avx512Bf16Lanes, Avx512Lanes};
