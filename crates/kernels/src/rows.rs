//! Which 8-bit rows reach a floor with a 16-bit probe: what the first pass left over.

use crate::codes::Passed;
use crate::isa::Isa;

/// Values of a row are a multiple of this.
const STEP: usize = 32;

pub(crate) struct RowJob<'a> {
    pub(crate) rows: &'a [i8],
    pub(crate) probe: &'a [i16],
    pub(crate) floor: f32,
    /// Numbers of rows, all in range.
    pub(crate) places: &'a [u32],
    /// With room for all places.
    pub(crate) reached: &'a mut Passed,
}

pub(crate) type RowFn = unsafe fn(&mut RowJob<'_>);

/// Whether a row reaches the floor, rounded to f32 after each operation.
pub(crate) fn reaches(product: i32, square: i32, floor: f32) -> bool {
    let product = product as f32;
    product * product.abs() >= square as f32 * floor
}

/// The meaning.
fn filter_rows_scalar(job: &mut RowJob<'_>) {
    let dims = job.probe.len();
    for place in job.places {
        let row = &job.rows[*place as usize * dims..][..dims];
        let (mut product, mut square) = (0, 0);
        for (value, probe) in row.iter().zip(job.probe) {
            product += i32::from(*value) * i32::from(*probe);
            square += i32::from(*value) * i32::from(*value);
        }
        job.reached
            .put_if(*place, reaches(product, square, job.floor));
    }
}

/// The kernel that rescores, chosen for an instruction set.
///
/// *Computes*: with `p = Σ row[i] · probe[i]` and `s = Σ row[i]²`, in integers, the places whose rows have
/// `p · |p| >= s · floor`, in f32: every instruction set gives the same places. So a floor of `f · |f|` asks for a cosine of at least `f`, in
/// units of the probe.
/// *Units*: `Σ |probe[i]|` is at most 2^24, so that no sum runs over.
#[derive(Clone, Copy, Debug)]
pub struct RowFilter {
    isa: Isa,
    kernel: RowFn,
}

impl RowFilter {
    /// The kernel for an instruction set; `None` when the machine does not have it.
    #[must_use]
    pub fn new(isa: Isa) -> Option<Self> {
        if !isa.is_available() {
            return None;
        }
        let kernel: RowFn = match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => crate::x86_64::filter_rows_avx2,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => crate::x86_64::filter_rows_avx512,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni | Isa::Avx512Bf16 => crate::x86_64::filter_rows_avx512vnni,
            #[cfg(target_arch = "aarch64")]
            Isa::Neon | Isa::NeonDot => crate::aarch64::filter_rows_neon,
            _ => filter_rows_scalar,
        };
        Some(Self { isa, kernel })
    }

    /// The name of the kernel, such as `filter_rows_i8i16_avx2`.
    #[must_use]
    pub fn kernel_name(self) -> String {
        let isa = match self.isa {
            Isa::Avx512Bf16 => Isa::Avx512Vnni,
            Isa::NeonDot => Isa::Neon,
            other => other,
        };
        format!("filter_rows_i8i16_{isa}")
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

    /// The places, in their order, whose rows reach the floor.
    ///
    /// # Panics
    /// When `rows` is no whole number of rows as long as the probe (a multiple of 32), a place lies
    /// behind them, or the probe's sum is above 2^24.
    pub fn run(self, rows: &[i8], probe: &[i16], floor: f32, places: &[u32], reached: &mut Passed) {
        let dims = probe.len();
        assert!(dims > 0 && dims.is_multiple_of(STEP) && rows.len().is_multiple_of(dims));
        let sum: u32 = probe.iter().map(|v| u32::from(v.unsigned_abs())).sum();
        assert!(sum <= 1 << 24);
        let count = rows.len() / dims;
        assert!(places.iter().all(|place| (*place as usize) < count));
        reached.clear(places.len());
        // SAFETY: the machine has the instruction set; all lengths and places were checked, and the list has room.
        unsafe {
            (self.kernel)(&mut RowJob {
                rows,
                probe,
                floor,
                places,
                reached,
            });
        }
    }
}
