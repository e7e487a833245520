//! The last layer: every output sees every activation of a plane.
//!
//! A dense layer is a pointwise layer over one pixel whose input channels are all values
//! of the plane in memory order. Where the arithmetic is not that of the plane, the plane
//! is first converted (and quantised) into a strip.

use crate::ahead::Ahead;
use crate::buffer::Buffer;
use crate::isa::Isa;
use crate::lanes::{Dot, Lanes, Stored, Written};
use crate::pack::PointwiseWeights;
use crate::plane::{Element, LANES, Plane, PlaneShape};
use crate::pointwise::{
    Arithmetic, PixelTile, PointwiseFn, PointwiseJob, Quantization, TileJob, Word,
};
use crate::scalar::ScalarLanes;
use crate::separable::{StepError, base};
use crate::stamp::{level_of_lanes, stamp_f32};
use crate::team::{Parted, Team};
use std::sync::Arc;

struct ConvertJob {
    input: *const u8,
    /// `[block][factor, zero][lane]`.
    scaling: *const f32,
    blocks: usize,
    pixels: usize,
    out: *mut u8,
}

/// `out = in * factor + zero` per channel, in the word of the arithmetic.
///
/// # Safety
/// Pointers are valid for `blocks * pixels` vectors.
#[inline(always)]
unsafe fn convert<V: Lanes, E: Stored, S: Written>(job: &ConvertJob) {
    for block in 0..job.blocks {
        // SAFETY: inside the buffers that the caller vouches for.
        unsafe {
            let factor = V::load(job.scaling.add(block * 2 * LANES));
            let zero = V::load(job.scaling.add(block * 2 * LANES + LANES));
            for pixel in block * job.pixels..(block + 1) * job.pixels {
                let value = E::load::<V>(job.input.cast::<E>().add(pixel * LANES));
                S::store(
                    value.mul_add(factor, zero),
                    job.out.cast::<S>().add(pixel * LANES),
                );
            }
        }
    }
}

type ConvertFn = unsafe fn(&ConvertJob);

fn select_convert(isa: Isa, element: Element, word: Word) -> Option<ConvertFn> {
    macro_rules! pairs {
        ($features:literal, $lanes:ty) => {
            level_of_lanes!($features, $lanes, convert, ConvertJob, ConvertFn; (element, word);
                (Element::Bf16, Word::F32) => u16 f32;
                (Element::Bf16, Word::U8) => u16 u8;
                (Element::Bf16, Word::I16) => u16 i16;
                (Element::F32, Word::F32) => f32 f32;
                (Element::Bf16, Word::Bf16) => u16 u16)
        };
    }
    if !isa.is_available() {
        return None;
    }
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Scalar => pairs!("sse2", ScalarLanes),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => pairs!("avx2,fma", crate::x86_64::Avx2Lanes),
        #[cfg(target_arch = "x86_64")]
        _ => pairs!(
            "avx512f,avx512bw,avx512dq,avx512vl",
            crate::x86_64::Avx512Lanes
        ),
        #[cfg(target_arch = "aarch64")]
        Isa::Neon | Isa::NeonDot => pairs!("", crate::aarch64::NeonLanes),
        #[cfg(not(target_arch = "x86_64"))]
        _ => pairs!("", ScalarLanes),
    }
}

/// One pixel, f32 out: what a dense layer needs.
///
/// # Safety
/// As for the pointwise kernel; the job has one pixel.
#[inline(always)]
unsafe fn dense<V: Lanes, D: Dot<V>, E: Written>(job: &PointwiseJob<'_>) {
    for channels in job.channel_tiles {
        // SAFETY: passed on.
        unsafe {
            let tile = TileJob {
                activations: job.activations,
                block_bytes: job.block_bytes,
                blocks: job.weights.inputs / LANES,
                weights: job.weights.panel.as_ptr().add(channels.weights),
                #[cfg(target_arch = "aarch64")]
                starts: job.weights.starts_of(channels.first_block),
                epilogue: job
                    .weights
                    .epilogue
                    .as_ptr()
                    .add(channels.first_block * 3 * LANES),
                out: job
                    .out
                    .add(channels.first_block * job.out_block * size_of::<E>()),
                out_pixels: job.offsets.as_ptr(),
                out_block: job.out_block,
                ahead: job.weights.panel.as_ptr(),
                ahead_step: 0,
            };
            V::dense_tile::<D, E>(&tile, channels.blocks);
        }
    }
}

/// The dense kernel for an instruction set and arithmetic.
fn select(isa: Isa, arithmetic: Arithmetic) -> Option<PointwiseFn> {
    stamp_f32!(dense(PointwiseJob<'_>); (isa, arithmetic))
}

/// A dense layer, planned for one plane.
#[derive(Debug)]
pub struct Dense {
    weights: Arc<PointwiseWeights>,
    kernel: PointwiseFn,
    element: Element,
    input: PlaneShape,
    /// How to make the strip, and the strip; `None` when the plane itself serves.
    conversion: Option<(ConvertFn, Buffer<f32>, Buffer<u8>)>,
    /// Outputs, padded to whole blocks.
    output: Buffer<f32>,
    parts: usize,
}

impl Dense {
    /// Plans the step. `input` has no border; the weights' input channels are the plane's
    /// values in the order `[block][y][x][lane]`. `quantization` (per channel of the plane)
    /// must be what the weights were packed with, repeated per pixel.
    ///
    /// # Errors
    /// [`StepError`] when shapes do not fit or no kernel exists.
    pub fn plan(
        weights: Arc<PointwiseWeights>,
        element: Element,
        input: PlaneShape,
        quantization: Option<Quantization<'_>>,
        threads: usize,
    ) -> Result<Self, StepError> {
        let fits = input.halo == 0
            && input.elements() == weights.inputs
            && quantization
                .is_none_or(|q| q.scale.len() == input.channels && q.zero.len() == input.channels);
        if !fits {
            return Err(StepError::ShapeMismatch);
        }
        let kernel = select(weights.isa, weights.arithmetic).ok_or(StepError::NoKernel)?;
        let direct = quantization.is_none()
            && matches!(
                (element, weights.word),
                (Element::F32, Word::F32) | (Element::Bf16, Word::Bf16)
            );
        let conversion = if direct {
            None
        } else {
            let convert =
                select_convert(weights.isa, element, weights.word).ok_or(StepError::NoKernel)?;
            let mut scaling = Buffer::zeroed(input.blocks() * 2 * LANES);
            for c in 0..input.channels {
                let base = (c / LANES) * 2 * LANES + c % LANES;
                let (factor, zero) =
                    quantization.map_or((1.0, 0.0), |q| (1.0 / q.scale[c], q.zero[c]));
                scaling[base] = factor;
                scaling[base + LANES] = zero;
            }
            Some((
                convert,
                scaling,
                Buffer::zeroed(weights.inputs * weights.word.bytes()),
            ))
        };
        let output = Buffer::zeroed(weights.outputs.div_ceil(LANES) * LANES);
        let parts = threads.clamp(1, weights.tiles.len().max(1));
        Ok(Self {
            weights,
            kernel,
            element,
            input,
            conversion,
            output,
            parts,
        })
    }

    /// Multiply-accumulates.
    #[must_use]
    pub fn macs(&self) -> usize {
        self.weights.inputs * self.weights.outputs
    }

    /// Bytes of the strip and the outputs.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.output.bytes()
            + self
                .conversion
                .as_ref()
                .map_or(0, |(_, _, strip)| strip.bytes())
    }

    /// Bytes of packed weights.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        self.weights.bytes()
    }

    /// What a run reads once and nobody else.
    #[must_use]
    pub fn ahead(&self) -> Ahead {
        Ahead::of(&self.weights.panel)
    }

    /// Name of the kernel.
    #[must_use]
    pub fn kernel_name(&self) -> String {
        format!("dense_{}", self.weights.kernel_name())
    }

    /// The outputs of the last run.
    #[must_use]
    pub fn output(&self) -> &[f32] {
        &self.output[..self.weights.outputs]
    }

    /// Runs the step.
    ///
    /// # Panics
    /// When the plane is not that of the plan.
    pub fn run(&mut self, team: &mut Team, input: &Plane) {
        assert!(input.shape() == self.input && input.element() == self.element);
        let activations = match &mut self.conversion {
            None => base(input),
            Some((convert, scaling, strip)) => {
                // SAFETY: strip and plane have `weights.inputs` values, scaling two vectors a
                // block.
                unsafe {
                    convert(&ConvertJob {
                        input: base(input),
                        scaling: scaling.as_ptr(),
                        blocks: self.input.blocks(),
                        pixels: self.input.pixels(),
                        out: strip.as_mut_ptr(),
                    });
                }
                strip.as_ptr()
            }
        };
        let source = Parted(activations.cast_mut());
        let target = Parted(self.output.as_mut_ptr());
        let this = &*self;
        let count = this.weights.tiles.len();
        let pixel_tiles = [PixelTile {
            first: 0,
            pixels: 1,
            offsets: 0,
        }];
        team.run(this.parts, &|part, _| {
            let tiles = count * part / this.parts..count * (part + 1) / this.parts;
            // SAFETY: one pixel whose "blocks" lie one after the other; parts write
            // disjoint output blocks.
            unsafe {
                (this.kernel)(&PointwiseJob {
                    activations: source.address(),
                    block_bytes: LANES * this.weights.word.bytes(),
                    weights: &this.weights,
                    channel_tiles: &this.weights.tiles[tiles],
                    pixel_tiles: &pixel_tiles,
                    offsets: &[0],
                    out: target.address().cast(),
                    out_block: LANES,
                    ahead: std::ptr::null(),
                });
            }
        });
    }
}
