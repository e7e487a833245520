//! Lanes of the x86-64 instruction sets.

mod avx2;
mod avx512;
mod codes;
mod rows;
mod samples;

pub(crate) use avx2::Avx2Lanes;
pub(crate) use avx512::{Avx512Bf16Lanes, Avx512Lanes};
pub(crate) use codes::{scan_codes_avx2, scan_codes_avx512, scan_codes_avx512vnni};
pub(crate) use rows::{ask, filter_rows_avx2, filter_rows_avx512, filter_rows_avx512vnni};
pub(crate) use samples::samples_avx2;
