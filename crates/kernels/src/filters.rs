//! Depthwise convolution of maps that lie row by row, one channel behind the other, with a border of zeros.
//!
//! The plain idea, for channel `c` and output pixel `(y, x)`, where a window reaches `r` pixels to each side:
//!
//! ```text
//! out[c][y][x] = bias[c] + sum over ky, kx of
//!     w[c][ky][kx] * in[c][y*row_step + ky - r][x*column_step + kx - r]
//! ```
//!
//! Networks that are planned here keep channels in blocks of sixteen ([`crate::Depthwise`]). This is for one that another engine runs,
//! whose maps lie as ONNX has them. The fast version copies each map into a frame of zeros first, even and odd columns apart where every
//! second window is wanted: so sixteen neighboring outputs need sixteen neighboring inputs for each weight, and there is no edge case.

use crate::buffer::Buffer;
use crate::isa::Isa;
use crate::lanes::Lanes;
use crate::plane::LANES;
use crate::scalar::ScalarLanes;
use crate::separable::StepError;
use zeroize::Zeroize as _;

/// Sides of the windows that there are bodies for.
const SIDES: [usize; 2] = [3, 5];

/// What all windows of a layer have in common.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FilterShape {
    /// Channels, each with a window of its own.
    pub channels: usize,
    /// Rows and columns of a window: 3 or 5.
    pub side: usize,
    /// Rows from one window to the next: 1 or 2.
    pub row_step: usize,
    /// Columns from one window to the next: 1 or 2.
    pub column_step: usize,
}

impl FilterShape {
    fn is_known(&self) -> bool {
        let steps = [self.row_step, self.column_step];
        SIDES.contains(&self.side) && steps.iter().all(|step| (1..=2).contains(step))
    }

    /// Rows and columns of the output for so many of the input.
    #[must_use]
    pub fn output(&self, height: usize, width: usize) -> (usize, usize) {
        // A window reaches half its side beyond the map, so that each pixel is the middle of one.
        (
            height.div_ceil(self.row_step),
            width.div_ceil(self.column_step),
        )
    }
}

/// One channel.
struct FilterJob<'a> {
    /// The map in its frame of zeros: even columns of a row, then its odd ones where there are two phases.
    framed: &'a [f32],
    /// Values from one framed row to the next, and from its even columns to its odd ones.
    row: usize,
    phase: usize,
    weights: &'a [f32],
    bias: f32,
    row_step: usize,
    /// Columns of the output.
    width: usize,
    out: &'a mut [f32],
}

type FilterFn = unsafe fn(&mut FilterJob<'_>);

/// # Safety
/// The machine has the instruction set of `V`. The frame has the rows of all windows, each with `LANES` values more than the output has
/// columns and the window reaches to; there are `SIDE * SIDE` weights.
#[inline(always)]
unsafe fn filter<V: Lanes, const SIDE: usize, const STEP: usize>(job: &mut FilterJob<'_>) {
    // SAFETY: the machine has the instruction set; the last load of a row ends before the row does, and a store either ends
    // in the output's row or goes to an array of its own.
    unsafe {
        let mut taps = [[V::splat(0.0); SIDE]; SIDE];
        for (taps, weights) in taps.iter_mut().zip(job.weights.chunks_exact(SIDE)) {
            for (tap, weight) in taps.iter_mut().zip(weights) {
                *tap = V::splat(*weight);
            }
        }
        let bias = V::splat(job.bias);
        for (y, out) in job.out.chunks_exact_mut(job.width).enumerate() {
            let rows = job.framed.as_ptr().add(y * job.row_step * job.row);
            for x in (0..job.width).step_by(LANES) {
                let mut sum = bias;
                for (ky, taps) in taps.iter().enumerate() {
                    let row = rows.add(ky * job.row + x);
                    for (kx, tap) in taps.iter().enumerate() {
                        let values = V::load(row.add(kx % STEP * job.phase + kx / STEP));
                        sum = values.mul_add(*tap, sum);
                    }
                }
                if let Some(out) = out.get_mut(x..x + LANES) {
                    sum.store(out.as_mut_ptr());
                } else {
                    let mut last = [0.0; LANES];
                    sum.store(last.as_mut_ptr());
                    let rest = &mut out[x..];
                    rest.copy_from_slice(&last[..rest.len()]);
                }
            }
        }
    }
}

fn select(isa: Isa, side: usize, step: usize) -> Option<FilterFn> {
    macro_rules! stamped {
        ($features:literal, $lanes:ty) => {{
            macro_rules! of {
                ($side:literal, $step:literal) => {{
                    #[cfg_attr(target_arch = "x86_64", target_feature(enable = $features))]
                    unsafe fn stamped(job: &mut FilterJob<'_>) {
                        // SAFETY: passed on; the level is checked below.
                        unsafe { filter::<$lanes, $side, $step>(job) }
                    }
                    Some(stamped as FilterFn)
                }};
            }
            match (side, step) {
                (3, 1) => of!(3, 1),
                (3, 2) => of!(3, 2),
                (5, 1) => of!(5, 1),
                (5, 2) => of!(5, 2),
                _ => None,
            }
        }};
    }
    if !isa.is_available() {
        return None;
    }
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => stamped!("avx2,fma", crate::x86_64::Avx2Lanes),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Avx512Vnni | Isa::Avx512Bf16 => {
            stamped!("avx512f,avx512bw,avx512vl", crate::x86_64::Avx512Lanes)
        }
        #[cfg(target_arch = "x86_64")]
        Isa::Scalar => stamped!("sse2", ScalarLanes),
        #[cfg(target_arch = "x86_64")]
        Isa::Neon | Isa::NeonDot => None,
        #[cfg(target_arch = "aarch64")]
        Isa::Neon | Isa::NeonDot => stamped!("", crate::aarch64::NeonLanes),
        #[cfg(not(target_arch = "x86_64"))]
        _ => stamped!("", ScalarLanes),
    }
}

/// A layer of such windows, for maps of any size.
#[derive(Debug)]
pub struct ChannelFilters {
    shape: FilterShape,
    /// `[channel][ky][kx]`.
    weights: Vec<f32>,
    bias: Vec<f32>,
    isa: Isa,
    kernel: FilterFn,
}

impl ChannelFilters {
    /// A layer with `weights` (`[channels][side][side]`) and `bias` (`[channels]`).
    ///
    /// # Errors
    /// [`StepError`] when the slices do not fit or no kernel exists.
    pub fn new(
        isa: Isa,
        shape: FilterShape,
        weights: Vec<f32>,
        bias: Vec<f32>,
    ) -> Result<Self, StepError> {
        let window = shape.side * shape.side;
        let fits = shape.is_known()
            && Some(weights.len()) == shape.channels.checked_mul(window)
            && bias.len() == shape.channels;
        if !fits {
            return Err(StepError::ShapeMismatch);
        }
        let kernel = select(isa, shape.side, shape.column_step).ok_or(StepError::NoKernel)?;
        Ok(Self {
            shape,
            weights,
            bias,
            isa,
            kernel,
        })
    }

    /// What its windows have in common.
    #[must_use]
    pub fn shape(&self) -> FilterShape {
        self.shape
    }

    /// The name of the kernel, such as `filters5x5_f32_avx2`.
    #[must_use]
    pub fn kernel_name(&self) -> String {
        let isa = match self.isa {
            Isa::Avx512Vnni | Isa::Avx512Bf16 => Isa::Avx512,
            Isa::NeonDot => Isa::Neon,
            other => other,
        };
        let side = self.shape.side;
        format!("filters{side}x{side}_f32_{isa}")
    }

    /// Runs the layer on maps of `height` rows and `width` columns.
    ///
    /// # Panics
    /// When `input` does not have so many values for each channel, or `out` not as many as [`FilterShape::output`] says.
    pub fn run(&self, input: &[f32], height: usize, width: usize, out: &mut [f32]) {
        let FilterShape {
            channels,
            side,
            row_step,
            column_step,
        } = self.shape;
        let (rows, columns) = self.shape.output(height, width);
        assert!(height > 0 && width > 0);
        assert!(input.len() == channels * height * width && out.len() == channels * rows * columns);
        let reach = side / 2;
        let given = (width + 2 * reach).div_ceil(column_step);
        let phase = given.max(columns.next_multiple_of(LANES) + side);
        let row = phase * column_step;
        let needed = (rows - 1) * row_step + side;
        let mut framed = Buffer::<f32>::zeroed(needed.max(height + 2 * reach) * row);
        let maps = input.chunks_exact(height * width);
        let outs = out.chunks_exact_mut(rows * columns);
        let weights = self.weights.chunks_exact(side * side).zip(&self.bias);
        for ((map, out), (weights, bias)) in maps.zip(outs).zip(weights) {
            let inner = framed.chunks_exact_mut(row).skip(reach);
            for (to, from) in inner.zip(map.chunks_exact(width)) {
                if column_step == 1 {
                    to[reach..reach + width].copy_from_slice(from);
                } else {
                    let (even, odd) = to.split_at_mut(phase);
                    let halves = [even, odd];
                    for (x, value) in from.iter().enumerate() {
                        let x = x + reach;
                        halves[x % 2][x / 2] = *value;
                    }
                }
            }
            let mut job = FilterJob {
                framed: &framed,
                row,
                phase,
                weights,
                bias: *bias,
                row_step,
                width: columns,
                out,
            };
            // SAFETY: the level was checked when the kernel was chosen; the frame has `needed` rows, and `phase` leaves room for the
            // last sixteen outputs of a row and what their windows reach to.
            unsafe { (self.kernel)(&mut job) }
        }
        framed.zeroize();
    }
}
