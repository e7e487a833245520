//! Inner products of 8-bit rows with a 16-bit probe: what the first pass left over.

use crate::isa::Isa;

/// Values of a row are a multiple of this.
const STEP: usize = 32;

/// What is said of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowProduct {
    /// `Σ row[i] · probe[i]`.
    pub product: i32,
    /// `Σ row[i]²`.
    pub square: i32,
}

pub(crate) struct RowJob<'a> {
    pub(crate) rows: &'a [i8],
    pub(crate) probe: &'a [i16],
    /// Numbers of rows, all in range.
    pub(crate) places: &'a [u32],
    pub(crate) out: &'a mut [RowProduct],
}

pub(crate) type RowFn = unsafe fn(&mut RowJob<'_>);

/// The meaning.
fn dot_rows_scalar(job: &mut RowJob<'_>) {
    let dims = job.probe.len();
    for (place, out) in job.places.iter().zip(job.out.iter_mut()) {
        let row = &job.rows[*place as usize * dims..][..dims];
        *out = RowProduct::default();
        for (value, probe) in row.iter().zip(job.probe) {
            out.product += i32::from(*value) * i32::from(*probe);
            out.square += i32::from(*value) * i32::from(*value);
        }
    }
}

/// The kernel that rescores, chosen for an instruction set.
///
/// *Computes*: for each place the product with the probe and the square of the row, in
/// integers: every instruction set gives the same numbers.
/// *Units*: `Σ |probe[i]|` is at most 2^24, so that no sum runs over.
#[derive(Clone, Copy, Debug)]
pub struct RowDots {
    isa: Isa,
    kernel: RowFn,
}

impl RowDots {
    /// The kernel for an instruction set; `None` when the machine does not have it.
    #[must_use]
    pub fn new(isa: Isa) -> Option<Self> {
        if !isa.is_available() {
            return None;
        }
        let kernel: RowFn = match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => crate::x86_64::dot_rows_avx2,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => crate::x86_64::dot_rows_avx512,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni | Isa::Avx512Bf16 => crate::x86_64::dot_rows_avx512vnni,
            #[cfg(target_arch = "aarch64")]
            Isa::Neon | Isa::NeonDot => crate::aarch64::dot_rows_neon,
            _ => dot_rows_scalar,
        };
        Some(Self { isa, kernel })
    }

    /// The name of the kernel, such as `dot_rows_i8i16_avx2`.
    #[must_use]
    pub fn kernel_name(self) -> String {
        let isa = match self.isa {
            Isa::Avx512Bf16 => Isa::Avx512Vnni,
            Isa::NeonDot => Isa::Neon,
            other => other,
        };
        format!("dot_rows_i8i16_{isa}")
    }

    /// Asks for the cache lines of the rows of `dims` values at `places`, and does not wait for them. Computes nothing: where the
    /// processor has no such instruction, or a place lies behind the rows, nothing happens.
    pub fn ask(self, rows: &[i8], dims: usize, places: &[u32]) {
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        for place in places {
            let begin = *place as usize * dims;
            if let Some(row) = rows.get(begin..begin + dims) {
                #[cfg(target_arch = "x86_64")]
                crate::x86_64::ask(row);
                #[cfg(target_arch = "aarch64")]
                crate::aarch64::ask(row);
            }
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let _ = (rows, dims, places);
    }

    /// Products of the rows at `places` with the probe, in that order.
    ///
    /// # Panics
    /// When `rows` is no whole number of rows as long as the probe (a multiple of 32), a place lies
    /// behind them, `out` is not as long as `places`, or the probe's sum is above 2^24.
    pub fn run(self, rows: &[i8], probe: &[i16], places: &[u32], out: &mut [RowProduct]) {
        let dims = probe.len();
        assert!(dims > 0 && dims.is_multiple_of(STEP) && rows.len().is_multiple_of(dims));
        let sum: u32 = probe.iter().map(|v| u32::from(v.unsigned_abs())).sum();
        assert!(sum <= 1 << 24 && out.len() == places.len());
        let count = rows.len() / dims;
        assert!(places.iter().all(|place| (*place as usize) < count));
        // SAFETY: the machine has the instruction set; all lengths and places were checked.
        unsafe {
            (self.kernel)(&mut RowJob {
                rows,
                probe,
                places,
                out,
            });
        }
    }
}
