//! Four lanes of sixteen at a time, for registers of four f32: nine weights of sixteen channels
//! would be 36 of the 32 registers, and those of four leave room for seven outputs.
//!
//! The four quarters of a row come one behind the other, so that it is read from the
//! nearest cache but for the first time.

use super::kernel::{DepthwiseJob, Nine, Window, row};
use super::pooled::pooled_row;
use crate::lanes::{Lanes, Stored, Written};
use crate::plane::LANES;

/// Lanes of a quarter.
const QUARTER: usize = LANES / 4;

/// What is done to the four quarters of each row: `$row` with the row's window and pointers.
macro_rules! quarters {
    ($job:ident, $rows:literal, $row:ident::<$v:ty, $e:ty, $s:ty, $stride:literal, $p:literal>) => {
        for block in 0..$job.blocks {
            let input = $job.input.cast::<$e>().add(block * $job.block);
            let out = $job.out.cast::<$s>().add(block * $job.out_block);
            for r in 0..$job.rows {
                let input = input.add(($job.first_row + r) * $rows * $stride * $job.row);
                let out = out.add(r * $job.out_row);
                for lane in (0..LANES).step_by(QUARTER) {
                    type Taps<V> = Nine<V, $stride>;
                    let window: Taps<$v> = Window::<$v, $e>::of($job.weights, block, lane);
                    $row::<$v, $e, $s, Taps<$v>, $p>(&window, $job, input.add(lane), out.add(lane));
                }
            }
        }
    };
}

/// Seven outputs at once: the maps of the pinned networks are multiples of seven wide.
///
/// # Safety
/// `V` is a quarter; rows, columns and blocks are those of the planes behind the job's pointers.
#[inline(always)]
pub(super) unsafe fn by_quarters<V: Lanes, E: Stored, S: Written>(job: &DepthwiseJob<'_>) {
    // SAFETY: passed on.
    unsafe {
        if job.stride == 2 {
            quarters!(job, 1, row::<V, E, S, 2, 7>);
        } else {
            quarters!(job, 1, row::<V, E, S, 1, 7>);
        }
    }
}

/// Pooled, four outputs of two rows at once.
///
/// # Safety
/// As for [`by_quarters`].
#[inline(always)]
pub(super) unsafe fn pooled_by_quarters<V: Lanes, E: Stored, S: Written>(job: &DepthwiseJob<'_>) {
    // SAFETY: passed on.
    unsafe {
        if job.stride == 2 {
            quarters!(job, 2, pooled_row::<V, E, S, 2, 4>);
        } else {
            quarters!(job, 2, pooled_row::<V, E, S, 1, 4>);
        }
    }
}
