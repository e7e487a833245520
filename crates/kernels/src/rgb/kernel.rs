//! The kernels: taking the mean away, and windows over what is left.

use crate::isa::Isa;
#[cfg(target_arch = "x86_64")]
use crate::lanes::Bf16;
use crate::lanes::{Dot, F32, Lanes, Written};
use crate::plane::{Element, LANES};
use crate::scalar::ScalarLanes;

pub(super) struct RgbJob {
    /// Upper left corner of the first output's window.
    pub(super) input: *const u8,
    /// Bytes between rows of the input, and between the windows of neighbouring outputs.
    pub(super) row: usize,
    pub(super) step: usize,
    /// Rows of the input between rows of outputs.
    pub(super) stride: usize,
    pub(super) rows: usize,
    pub(super) width: usize,
    pub(super) blocks: usize,
    pub(super) weights: *const f32,
    pub(super) out: *mut u8,
    pub(super) out_row: usize,
    pub(super) out_block: usize,
}

/// Vectors of a block's weights: taps, bias and slope.
const fn block_vectors(channels_of_word: usize) -> usize {
    3 * 9usize.div_ceil(channels_of_word) + 2
}

/// `P` neighbouring outputs of `B` blocks.
///
/// # Safety
/// Pointers are valid for the window rows, weights and outputs of the tile.
#[inline(always)]
unsafe fn window<V: Lanes, D: Dot<V>, E: Written, const P: usize, const B: usize>(
    job: &RgbJob,
    input: *const u8,
    weights: *const f32,
    out: *mut E,
) {
    // SAFETY: the caller vouches for the pointers; three rows of the words of P windows,
    // B blocks of vectors.
    unsafe {
        let words = 9usize.div_ceil(D::CHANNELS);
        let per_block = block_vectors(D::CHANNELS) * LANES;
        let mut sums = [[D::zero(); B]; P];
        for ky in 0..3 {
            for word in 0..words {
                let at = weights.add((ky * words + word) * LANES);
                let mut loaded = [D::weights(at.cast()); B];
                let mut b = 1;
                while b < B {
                    loaded[b] = D::weights(at.add(b * per_block).cast());
                    b += 1;
                }
                let mut p = 0;
                while p < P {
                    let value = input.add(ky * job.row + p * job.step + 4 * word);
                    let mut b = 0;
                    while b < B {
                        sums[p][b] = D::step(sums[p][b], value, loaded[b]);
                        b += 1;
                    }
                    p += 1;
                }
            }
        }
        let mut b = 0;
        while b < B {
            let rest = weights.add(b * per_block + 3 * words * LANES);
            let (bias, slope) = (V::load(rest), V::load(rest.add(LANES)));
            let mut p = 0;
            while p < P {
                let value = D::finish(sums[p][b]).add(bias).prelu(slope);
                E::store(value, out.add(b * job.out_block + p * LANES));
                p += 1;
            }
            b += 1;
        }
    }
}

#[inline(always)]
unsafe fn rgb<V: Lanes, D: Dot<V>, E: Written, const P: usize, const B: usize>(job: &RgbJob) {
    // SAFETY: rows, columns and blocks are those of the buffers behind the pointers.
    unsafe {
        let per_block = block_vectors(D::CHANNELS) * LANES;
        let mut block = 0;
        while block < job.blocks {
            let group = if job.blocks - block >= B { B } else { 1 };
            let weights = job.weights.add(block * per_block);
            for r in 0..job.rows {
                let input = job.input.add(r * job.stride * job.row);
                let out = job
                    .out
                    .cast::<E>()
                    .add(block * job.out_block + r * job.out_row);
                let mut x = 0;
                while x < job.width {
                    if job.width < P || group < B {
                        for b in 0..group {
                            window::<V, D, E, 1, 1>(
                                job,
                                input.add(x * job.step),
                                weights.add(b * per_block),
                                out.add(b * job.out_block + x * LANES),
                            );
                        }
                        x += 1;
                    } else {
                        // The last group overlaps its neighbour instead of leaving a rest.
                        let at = x.min(job.width - P);
                        let input = input.add(at * job.step);
                        window::<V, D, E, P, B>(job, input, weights, out.add(at * LANES));
                        x += P;
                    }
                }
            }
            block += group;
        }
    }
}

/// Rows of bytes that have the mean taken away.
pub(super) struct CenterJob {
    pub(super) bytes: *const u8,
    /// Bytes of a row.
    pub(super) row: usize,
    pub(super) rows: usize,
    pub(super) mean: f32,
    pub(super) out: *mut u8,
    /// Elements between rows of the output.
    pub(super) out_row: usize,
}

/// # Safety
/// Pointers are valid for the job's rows; rows of the output have [`SLACK`] elements more
/// that may be overwritten.
#[inline(always)]
unsafe fn center<V: Lanes, E: Written>(job: &CenterJob) {
    // SAFETY: the last sixteen of the last row are read from before its end, or one by one
    // through a copy.
    unsafe {
        let minus = V::splat(-job.mean);
        for r in 0..job.rows {
            let from = job.bytes.add(r * job.row);
            let to = job.out.cast::<E>().add(r * job.out_row);
            let mut x = 0;
            while x + LANES <= job.row {
                E::store(V::load_u8(from.add(x)).add(minus), to.add(x));
                x += LANES;
            }
            if x < job.row && job.row >= LANES {
                let x = job.row - LANES;
                E::store(V::load_u8(from.add(x)).add(minus), to.add(x));
            } else if x < job.row {
                let mut copy = [0u8; LANES];
                copy.as_mut_ptr().copy_from(from, job.row);
                let mut centered = [0.0f32; LANES];
                V::load_u8(copy.as_ptr())
                    .add(minus)
                    .store(centered.as_mut_ptr());
                // What lies beyond the row is border.
                for value in &mut centered[job.row..] {
                    *value = 0.0;
                }
                E::store(V::load(centered.as_ptr()), to);
            }
        }
    }
}

/// Elements behind a row of the centered picture that centering a short row may touch.
pub(super) const SLACK: usize = LANES;

type RgbFn = unsafe fn(&RgbJob);
type CenterFn = unsafe fn(&CenterJob);

/// The kernels of an instruction set for what the layer writes.
#[derive(Debug)]
pub(super) struct Kernels {
    pub(super) center: CenterFn,
    pub(super) convolve: RgbFn,
    /// Whether the products are of bf16.
    pub(super) paired: bool,
}

impl Kernels {
    /// Bytes of a value of the centered picture.
    pub(super) fn value_bytes(&self) -> usize {
        if self.paired { 2 } else { 4 }
    }
}

pub(super) fn select(isa: Isa, element: Element, blocks: usize) -> Option<Kernels> {
    if !isa.is_available() {
        return None;
    }
    macro_rules! stamped {
        ($features:literal, $lanes:ty, $d:ty, $word:ty, $e:ty, $p:literal, $b:literal) => {{
            #[cfg_attr(target_arch = "x86_64", target_feature(enable = $features))]
            unsafe fn convolve(job: &RgbJob) {
                // SAFETY: passed on; the level was checked above.
                unsafe { rgb::<$lanes, $d, $e, $p, $b>(job) }
            }
            #[cfg_attr(target_arch = "x86_64", target_feature(enable = $features))]
            unsafe fn centered(job: &CenterJob) {
                // SAFETY: passed on; the level was checked above.
                unsafe { center::<$lanes, $word>(job) }
            }
            Some(Kernels {
                center: centered,
                convolve,
                paired: size_of::<$word>() == 2,
            })
        }};
    }
    #[cfg(target_arch = "x86_64")]
    {
        use crate::x86_64::{Avx2Lanes, Avx512Bf16Lanes, Avx512Lanes};
        macro_rules! avx512 {
            ($e:ty, $b:literal) => {
                stamped!(
                    "avx512f,avx512bw,avx512vl",
                    Avx512Lanes,
                    F32,
                    f32,
                    $e,
                    14,
                    $b
                )
            };
        }
        macro_rules! avx512_bf16 {
            ($b:literal) => {
                stamped!(
                    "avx512f,avx512bw,avx512vl,avx512bf16",
                    Avx512Bf16Lanes,
                    Bf16,
                    u16,
                    u16,
                    14,
                    $b
                )
            };
        }
        match (isa, element, blocks > 1) {
            (Isa::Scalar, Element::F32, _) => stamped!("sse2", ScalarLanes, F32, f32, f32, 2, 1),
            (Isa::Scalar, Element::Bf16, _) => stamped!("sse2", ScalarLanes, F32, f32, u16, 2, 1),
            (Isa::Avx2, Element::F32, _) => stamped!("avx2,fma", Avx2Lanes, F32, f32, f32, 5, 1),
            (Isa::Avx2, Element::Bf16, _) => stamped!("avx2,fma", Avx2Lanes, F32, f32, u16, 5, 1),
            (Isa::Avx512Bf16, Element::Bf16, false) => avx512_bf16!(1),
            (Isa::Avx512Bf16, Element::Bf16, true) => avx512_bf16!(2),
            (_, Element::F32, false) => avx512!(f32, 1),
            (_, Element::F32, true) => avx512!(f32, 2),
            (_, Element::Bf16, false) => avx512!(u16, 1),
            (_, Element::Bf16, true) => avx512!(u16, 2),
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    match (isa, element, blocks) {
        #[cfg(target_arch = "aarch64")]
        (Isa::Neon | Isa::NeonDot, Element::F32, _) => {
            stamped!("", crate::aarch64::NeonLanes, F32, f32, f32, 6, 1)
        }
        #[cfg(target_arch = "aarch64")]
        (Isa::Neon | Isa::NeonDot, Element::Bf16, _) => {
            stamped!("", crate::aarch64::NeonLanes, F32, f32, u16, 6, 1)
        }
        (_, Element::F32, _) => stamped!("", ScalarLanes, F32, f32, f32, 2, 1),
        (_, Element::Bf16, _) => stamped!("", ScalarLanes, F32, f32, u16, 2, 1),
    }
}
