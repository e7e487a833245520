//! A dense layer whose weights stay the bytes they came as: f32 arithmetic at a quarter of
//! the memory traffic.
//!
//! A layer of megabytes that is read once a run is bound by memory, not by arithmetic. Its
//! weights come block-quantised, `w[o][k] = (q[o][k] - zero[o][k / 64]) * scale[o][k / 64]`
//! with 8-bit `q`, so the sum
//!
//! ```text
//! y[o] = sum over blocks b of  scale[o][b] * (sum over k in b of  q[o][k] * a[k])
//!      - sum over blocks b of  scale[o][b] * zero[o][b] * (sum over k in b of  a[k])
//! ```
//!
//! is the layer in f32 with scales and zero points taken out of the inner sum, and only `q`
//! is read. The last sums are the same for all outputs. Four outputs go together so that
//! each loaded activation serves four rows.

use crate::ahead::Ahead;
use crate::buffer::Buffer;
use crate::isa::Isa;
use crate::lanes::Lanes;
use crate::plane::{LANES, Plane, PlaneShape};
use crate::scalar::ScalarLanes;
use crate::separable::StepError;
use crate::team::{Parted, Team};
use std::sync::Arc;

/// Weights that share a scale.
const BLOCK: usize = 64;
/// Outputs that are computed together.
const ROWS: usize = 4;

/// Values of a row with one for each block: whole registers.
const fn padded(blocks: usize) -> usize {
    blocks.next_multiple_of(LANES)
}

/// A layer's parameters before packing.
#[derive(Clone, Copy, Debug)]
pub struct BlockWeightsLayer<'a> {
    /// Inputs, in the order channel, row, column.
    pub inputs: usize,
    /// Outputs.
    pub outputs: usize,
    /// Signed bytes, `[outputs][inputs]`.
    pub weights: &'a [u8],
    /// `[outputs][ceil(inputs / 64)]`.
    pub scales: &'a [f32],
    /// As many as scales.
    pub zeros: &'a [f32],
    /// What is done to an input of channel `c` first: `value * factor[c] + shift[c]`.
    pub input_map: &'a [(f32, f32)],
    /// What is done to an output last: `value * factor[o] + shift[o]`; biases go in here.
    pub output_map: &'a [(f32, f32)],
}

/// Packed weights of a dense layer; they serve every instruction set.
#[derive(Debug)]
pub struct BlockWeights {
    inputs: usize,
    outputs: usize,
    blocks: usize,
    /// `[group of 4 outputs][block][output][64]`.
    weights: Buffer<i8>,
    /// `[group of 4 outputs][block][output]`.
    scales: Buffer<f32>,
    /// `-scale * zero`: `[output][block]`, rows padded with zeros to whole registers.
    shifts: Buffer<f32>,
    input_map: Vec<(f32, f32)>,
    output_map: Vec<(f32, f32)>,
}

impl BlockWeights {
    /// Packs a layer; `None` when the slices do not fit.
    #[must_use]
    pub fn pack(layer: &BlockWeightsLayer<'_>) -> Option<Self> {
        let BlockWeightsLayer {
            inputs, outputs, ..
        } = *layer;
        let blocks = inputs.div_ceil(BLOCK);
        let fits = inputs > 0
            && layer.weights.len() == inputs * outputs
            && layer.scales.len() == blocks * outputs
            && layer.zeros.len() == layer.scales.len()
            && !layer.input_map.is_empty()
            && inputs.is_multiple_of(layer.input_map.len())
            && layer.output_map.len() == outputs;
        if !fits {
            return None;
        }
        let groups = outputs.div_ceil(ROWS);
        let mut weights = Buffer::<i8>::zeroed(groups * blocks * ROWS * BLOCK);
        let mut scales = Buffer::<f32>::zeroed(groups * blocks * ROWS);
        let padded = padded(blocks);
        let mut shifts = Buffer::<f32>::zeroed(groups * ROWS * padded);
        for o in 0..outputs {
            let (group, row) = (o / ROWS, o % ROWS);
            let of_output = &layer.weights[o * inputs..(o + 1) * inputs];
            for (block, values) in of_output.chunks(BLOCK).enumerate() {
                let at = (group * blocks + block) * ROWS + row;
                for (to, byte) in weights[at * BLOCK..].iter_mut().zip(values) {
                    *to = byte.cast_signed();
                }
                let from = o * blocks + block;
                scales[at] = layer.scales[from];
                shifts[o * padded + block] = -layer.scales[from] * layer.zeros[from];
            }
        }
        Some(Self {
            inputs,
            outputs,
            blocks,
            weights,
            scales,
            shifts,
            input_map: layer.input_map.to_vec(),
            output_map: layer.output_map.to_vec(),
        })
    }

    /// Bytes of packed weights.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.weights.bytes() + self.scales.bytes() + self.shifts.bytes()
    }

    /// Inputs.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Outputs.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }
}

struct BlocksJob {
    activations: *const f32,
    /// Of each block; `shifts` times this is what the zero points take away.
    block_sums: *const f32,
    weights: *const i8,
    scales: *const f32,
    shifts: *const f32,
    blocks: usize,
    groups: usize,
    out: *mut f32,
}

/// # Safety
/// Pointers are valid for `groups` groups of `blocks` blocks; the machine has V's
/// instructions.
#[inline(always)]
unsafe fn dense_blocks<V: Lanes>(job: &BlocksJob) {
    // SAFETY: offsets stay inside what the caller vouches for.
    unsafe {
        let (mut weights, mut scales, mut shifts) = (job.weights, job.scales, job.shifts);
        let padded = padded(job.blocks);
        for group in 0..job.groups {
            let mut totals = [V::splat(0.0); ROWS];
            for block in 0..job.blocks {
                let mut sums = [V::splat(0.0); ROWS];
                let mut k = 0;
                while k < BLOCK {
                    let value = V::load(job.activations.add(block * BLOCK + k));
                    let mut row = 0;
                    while row < ROWS {
                        let weight = V::load_i8(weights.add(row * BLOCK + k));
                        sums[row] = value.mul_add(weight, sums[row]);
                        row += 1;
                    }
                    k += LANES;
                }
                let mut row = 0;
                while row < ROWS {
                    V::prefetch(weights.cast::<u8>().wrapping_add(4096 + row * BLOCK));
                    totals[row] = sums[row].mul_add(V::splat(*scales.add(row)), totals[row]);
                    row += 1;
                }
                weights = weights.add(ROWS * BLOCK);
                scales = scales.add(ROWS);
            }
            let mut block = 0;
            while block < job.blocks {
                let sum = V::load(job.block_sums.add(block));
                let mut row = 0;
                while row < ROWS {
                    totals[row] = sum.mul_add(V::load(shifts.add(row * padded)), totals[row]);
                    row += 1;
                }
                shifts = shifts.add(LANES);
                block += LANES;
            }
            shifts = shifts.add((ROWS - 1) * padded);
            let mut row = 0;
            while row < ROWS {
                let mut lanes = [0.0f32; LANES];
                totals[row].store(lanes.as_mut_ptr());
                *job.out.add(group * ROWS + row) = lanes.iter().sum();
                row += 1;
            }
        }
    }
}

type BlocksFn = unsafe fn(&BlocksJob);

fn select(isa: Isa) -> Option<BlocksFn> {
    macro_rules! stamped {
        ($features:literal, $lanes:ty) => {{
            #[cfg_attr(target_arch = "x86_64", target_feature(enable = $features))]
            unsafe fn stamped(job: &BlocksJob) {
                // SAFETY: passed on; the level was checked below.
                unsafe { dense_blocks::<$lanes>(job) }
            }
            stamped as BlocksFn
        }};
    }
    isa.is_available().then(|| match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Scalar => stamped!("sse2", ScalarLanes),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => stamped!("avx2,fma", crate::x86_64::Avx2Lanes),
        #[cfg(target_arch = "x86_64")]
        _ => stamped!("avx512f,avx512bw,avx512vl", crate::x86_64::Avx512Lanes),
        #[cfg(target_arch = "aarch64")]
        Isa::Neon | Isa::NeonDot => stamped!("", crate::aarch64::NeonLanes),
        #[cfg(not(target_arch = "x86_64"))]
        _ => stamped!("", ScalarLanes),
    })
}

/// A dense layer over block-quantised weights, planned for one plane.
#[derive(Debug)]
pub struct DenseBlocks {
    weights: Arc<BlockWeights>,
    kernel: BlocksFn,
    isa: Isa,
    input: PlaneShape,
    /// The plane's values in the order channel, row, column, padded with zeros.
    activations: Buffer<f32>,
    /// Sum of each 64 of them, padded with zeros to whole registers.
    block_sums: Buffer<f32>,
    output: Buffer<f32>,
    parts: usize,
}

impl DenseBlocks {
    /// Plans the step for a plane of any element, with or without a border.
    ///
    /// # Errors
    /// [`StepError`] when shapes do not fit or no kernel exists.
    pub fn plan(
        weights: Arc<BlockWeights>,
        isa: Isa,
        input: PlaneShape,
        threads: usize,
    ) -> Result<Self, StepError> {
        if input.channels * input.pixels() != weights.inputs
            || input.channels != weights.input_map.len()
        {
            return Err(StepError::ShapeMismatch);
        }
        let kernel = select(isa).ok_or(StepError::NoKernel)?;
        let groups = weights.outputs.div_ceil(ROWS);
        Ok(Self {
            activations: Buffer::zeroed(weights.blocks * BLOCK),
            block_sums: Buffer::zeroed(padded(weights.blocks)),
            output: Buffer::zeroed(groups * ROWS),
            parts: threads.clamp(1, groups),
            weights,
            kernel,
            isa,
            input,
        })
    }

    /// Multiply-accumulates.
    #[must_use]
    pub fn macs(&self) -> usize {
        self.weights.inputs * self.weights.outputs
    }

    /// Bytes of the activations and outputs.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.activations.bytes() + self.block_sums.bytes() + self.output.bytes()
    }

    /// What a run reads once and nobody else.
    #[must_use]
    pub fn ahead(&self) -> Ahead {
        Ahead::of(bytemuck::cast_slice(&self.weights.weights))
    }

    /// Bytes of packed weights.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        self.weights.bytes()
    }

    /// Name of the kernel.
    #[must_use]
    pub fn kernel_name(&self) -> String {
        format!("dense_f32i8f32_blocks64_{}", self.isa)
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
        assert!(input.shape() == self.input);
        let pixels = self.input.pixels();
        for (c, (factor, shift)) in self.weights.input_map.iter().enumerate() {
            let to = &mut self.activations[c * pixels..(c + 1) * pixels];
            input.channels(c, 1, to);
            for value in to {
                *value = *value * factor + shift;
            }
        }
        let blocks = self.activations.as_chunks::<BLOCK>().0;
        for (to, block) in self.block_sums.iter_mut().zip(blocks) {
            // Sixteen sums side by side: what a compiler makes registers of.
            let mut sums = [0.0f32; LANES];
            for values in block.as_chunks::<LANES>().0 {
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += value;
                }
            }
            *to = sums.iter().sum();
        }
        let groups = self.weights.outputs.div_ceil(ROWS);
        let source = Parted(self.activations.as_ptr().cast_mut());
        let block_sums = Parted(self.block_sums.as_ptr().cast_mut());
        let target = Parted(self.output.as_mut_ptr());
        let (weights, parts, kernel) = (&self.weights, self.parts, self.kernel);
        team.run(parts, &|part, _| {
            let first = groups * part / parts;
            let count = groups * (part + 1) / parts - first;
            let offset = first * weights.blocks * ROWS;
            // SAFETY: buffers have the packed shape; parts write disjoint outputs.
            unsafe {
                kernel(&BlocksJob {
                    activations: source.address(),
                    block_sums: block_sums.address(),
                    weights: weights.weights.as_ptr().add(offset * BLOCK),
                    scales: weights.scales.as_ptr().add(offset),
                    shifts: weights
                        .shifts
                        .as_ptr()
                        .add(first * ROWS * padded(weights.blocks)),
                    blocks: weights.blocks,
                    groups: count,
                    out: target.address().add(first * ROWS),
                });
            }
        });
        for (value, (factor, shift)) in self.output.iter_mut().zip(&self.weights.output_map) {
            *value = *value * factor + shift;
        }
    }
}
