//! Lanes of 64-bit ARM.
//!
//! NEON is part of every build target of this architecture, so its bodies need no
//! `#[target_feature]`; only dot products of bytes do.

mod codes;
mod dot;
mod neon;
mod rows;
mod tile;

pub(crate) use codes::{scan_codes_neon, scan_codes_neondot};
pub(crate) use dot::{PAIRS_BYTES, Pairs};
pub(crate) use neon::{NeonLanes, NeonQuarter};
pub(crate) use rows::{ask, filter_rows_neon};
