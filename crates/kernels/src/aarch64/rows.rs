//! Which 8-bit rows reach a floor with a 16-bit probe on 64-bit ARM; see [`crate::rows`].

use crate::lanes::Lanes;
use crate::rows::{RowJob, reaches};
use core::arch::aarch64::*;

/// Asks for the cache lines of a row.
pub(crate) fn ask(row: &[i8]) {
    for line in row.chunks(64) {
        super::NeonLanes::prefetch_for_later(line.as_ptr().cast());
    }
}

/// Sixteen values per step.
///
/// # Safety
/// Places are in range and lengths fit one another.
pub(crate) unsafe fn filter_rows_neon(job: &mut RowJob<'_>) {
    let dims = job.probe.len();
    for place in job.places {
        // SAFETY: the row and the probe have `dims` values, a multiple of 32; the build target
        // has NEON.
        unsafe {
            let row = job.rows.as_ptr().add(*place as usize * dims);
            // Two sums each: no multiply waits for the one before.
            let mut product = [vdupq_n_s32(0); 2];
            let mut square = [vdupq_n_s32(0); 2];
            for at in (0..dims).step_by(16) {
                let values = vld1q_s8(row.add(at));
                let (low, high) = (vmovl_s8(vget_low_s8(values)), vmovl_high_s8(values));
                let probe = job.probe.as_ptr().add(at);
                let (first, last) = (vld1q_s16(probe), vld1q_s16(probe.add(8)));
                product[0] = vmlal_s16(product[0], vget_low_s16(low), vget_low_s16(first));
                product[1] = vmlal_high_s16(product[1], low, first);
                product[0] = vmlal_s16(product[0], vget_low_s16(high), vget_low_s16(last));
                product[1] = vmlal_high_s16(product[1], high, last);
                let low = vmull_s8(vget_low_s8(values), vget_low_s8(values));
                square[0] = vpadalq_s16(square[0], low);
                square[1] = vpadalq_s16(square[1], vmull_high_s8(values, values));
            }
            let product = vaddvq_s32(vaddq_s32(product[0], product[1]));
            let square = vaddvq_s32(vaddq_s32(square[0], square[1]));
            job.reached
                .put_if(*place, reaches(product, square, job.floor));
        }
    }
}
