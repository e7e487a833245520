//! Packing a pointwise or dense layer's weights for one instruction set and arithmetic.
//!
//! The register tile reads, for every 32-bit word of input channels, the weights of its
//! sixteen-channel output blocks one behind the other. Rows of sixteen outputs are encoded
//! one at a time into such words and then interleaved, so that a layer of megabytes is
//! read and written once, in order, and never stands anywhere in f32 as a whole.

use crate::buffer::Buffer;
use crate::isa::Isa;
use crate::plane::{LANES, f32_to_bf16};
use crate::pointwise::{Arithmetic, ChannelTile, Quantization, Word, group_blocks};

/// Packed weights of a pointwise or dense layer, for one instruction set and arithmetic.
#[derive(Debug)]
pub struct PointwiseWeights {
    pub(crate) isa: Isa,
    pub(crate) arithmetic: Arithmetic,
    pub(crate) word: Word,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// `[channel tile][word of input channels][block][lane][channel in word]`.
    pub(crate) panel: Buffer<u8>,
    /// What sums begin with, `[block][lane]`, for instruction sets that multiply signed bytes
    /// only: they take activations as `q - 128`, so it is 128 times the sum of the weights.
    /// Empty for all others.
    pub(crate) starts: Buffer<i32>,
    /// `[block][scale, bias, slope][lane]`.
    pub(crate) epilogue: Buffer<f32>,
    pub(crate) tiles: Vec<ChannelTile>,
}

/// A layer's parameters before packing.
#[derive(Clone, Copy, Debug)]
pub struct PointwiseLayer<'a> {
    /// Input channels; a multiple of 16.
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
    /// `[outputs][inputs]`.
    pub weights: &'a [f32],
    /// `[outputs]`.
    pub bias: &'a [f32],
    /// PReLU slopes, `[outputs]`; 0 is ReLU, 1 the identity.
    pub slope: &'a [f32],
    /// For [`Arithmetic::Int8`]: how the activations are quantised.
    pub quantization: Option<Quantization<'a>>,
    /// Whether the layer sees one pixel only (a dense layer).
    pub dense: bool,
}

/// A layer's shape and parameters when its weights come row by row.
#[derive(Clone, Copy, Debug)]
pub struct PointwiseRows<'a> {
    /// Input channels; a multiple of 16.
    pub inputs: usize,
    /// PReLU slopes, one per output; 0 is ReLU, 1 the identity.
    pub slope: &'a [f32],
    /// For [`Arithmetic::Int8`]: how the activations are quantised.
    pub quantization: Option<Quantization<'a>>,
    /// Whether the layer sees one pixel only (a dense layer).
    pub dense: bool,
}

impl PointwiseWeights {
    /// Packs a layer.
    ///
    /// For [`Arithmetic::Int8`] the activation scales are folded into the weights, each
    /// output channel gets the scale that makes its largest weight 127, and the zero
    /// points are folded into the bias: `sum((q - z) w) = sum(q w) - sum(z w)`.
    ///
    /// Returns `None` when the instruction set is not available on this machine or has no
    /// such arithmetic, or when the slices do not fit the shape.
    #[must_use]
    pub fn pack(isa: Isa, arithmetic: Arithmetic, layer: &PointwiseLayer<'_>) -> Option<Self> {
        let PointwiseLayer {
            inputs, outputs, ..
        } = *layer;
        if layer.weights.len() != inputs * outputs
            || layer.bias.len() != outputs
            || layer.slope.len() != outputs
        {
            return None;
        }
        let rows = PointwiseRows {
            inputs,
            slope: layer.slope,
            quantization: layer.quantization,
            dense: layer.dense,
        };
        Self::pack_rows(isa, arithmetic, &rows, |output, row| {
            row.copy_from_slice(&layer.weights[output * inputs..(output + 1) * inputs]);
            layer.bias[output]
        })
    }

    /// As [`PointwiseWeights::pack`], with the weights of each output asked of `row_of`
    /// once, in order: it fills a row of `inputs` values and returns the bias. Values that
    /// it does not write are those of the row before, zero at first.
    #[must_use]
    pub fn pack_rows(
        isa: Isa,
        arithmetic: Arithmetic,
        layer: &PointwiseRows<'_>,
        mut row_of: impl FnMut(usize, &mut [f32]) -> f32,
    ) -> Option<Self> {
        let word = Word::of(isa, arithmetic).filter(|_| isa.is_available())?;
        let (inputs, outputs) = (layer.inputs, layer.slope.len());
        let quantization = match (arithmetic, layer.quantization) {
            (Arithmetic::Int8, None) => return None,
            (Arithmetic::Int8, quantization) => quantization,
            _ => None,
        };
        let fits = inputs.is_multiple_of(LANES)
            && quantization.is_none_or(|q| q.scale.len() == inputs && q.zero.len() == inputs);
        if !fits {
            return None;
        }
        let blocks = outputs.div_ceil(LANES);
        let words = inputs / word.channels();
        let tiles = channel_tiles(blocks, group_blocks(isa, layer.dense), words);
        let mut panel = Buffer::<u8>::zeroed(blocks * words * 64);
        let mut epilogue = Buffer::<f32>::zeroed(blocks * 3 * LANES);
        let signed = word == Word::U8 && matches!(isa, Isa::Neon | Isa::NeonDot);
        let mut starts = Buffer::<i32>::zeroed(if signed { blocks * LANES } else { 0 });
        let mut row = vec![0.0; inputs];
        let mut integers = vec![0; inputs];
        // Outputs beyond the last are rows of zeros.
        let mut encoded = vec![0u32; LANES * words];
        for tile in &tiles {
            for b in 0..tile.blocks {
                let block = tile.first_block + b;
                for lane in 0..LANES {
                    let to = &mut encoded[lane * words..(lane + 1) * words];
                    let output = block * LANES + lane;
                    if output >= outputs {
                        to.fill(0);
                        continue;
                    }
                    let bias = row_of(output, &mut row);
                    let (scale, bias) = match quantization {
                        Some(q) => quantize(&mut row, q, bias, &mut integers),
                        None => (1.0, bias),
                    };
                    encode(word, &row, &integers, to);
                    if let Some(start) = starts.get_mut(block * LANES + lane) {
                        // As the sums of the kernels: where one runs over, all do.
                        *start = integers.iter().fold(0, |sum, w| w.wrapping_add(sum)) << 7;
                    }
                    let base = block * 3 * LANES + lane;
                    epilogue[base] = scale;
                    epilogue[base + LANES] = bias;
                    epilogue[base + 2 * LANES] = layer.slope[output];
                }
                let panel = &mut panel[tile.weights..tile.weights + words * tile.blocks * 64];
                interleave(&encoded, words, panel, tile.blocks, b);
            }
        }
        #[cfg(target_arch = "aarch64")]
        if signed && isa == Isa::Neon {
            pair(&mut panel);
        }
        Some(Self {
            isa,
            arithmetic,
            word,
            inputs,
            outputs,
            panel,
            starts,
            epilogue,
            tiles,
        })
    }

    /// Input channels.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Output channels.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Bytes of packed weights.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.panel.bytes() + self.starts.bytes() + self.epilogue.bytes()
    }

    /// Where the starts of a block and those behind it are; nowhere where there are none.
    #[cfg(target_arch = "aarch64")]
    pub(crate) fn starts_of(&self, block: usize) -> *const i32 {
        self.starts.as_ptr().wrapping_add(block * LANES)
    }

    /// The arithmetic of the products.
    #[must_use]
    pub fn arithmetic(&self) -> Arithmetic {
        self.arithmetic
    }

    /// `pointwise_u8_avx512vnni` and the like.
    #[must_use]
    pub fn kernel_name(&self) -> String {
        let word = match self.word {
            Word::F32 => "f32",
            Word::Bf16 => "bf16",
            Word::U8 => "u8i8i32",
            Word::I16 => "u8i8i32w16",
        };
        format!("{word}_{}", self.isa)
    }
}

/// Groups of output blocks as wide as the register tile, the rest one by one.
fn channel_tiles(blocks: usize, group: usize, words: usize) -> Vec<ChannelTile> {
    let mut tiles = Vec::new();
    let mut first_block = 0;
    while first_block < blocks {
        let count = if blocks - first_block >= group {
            group
        } else {
            1
        };
        tiles.push(ChannelTile {
            first_block,
            blocks: count,
            weights: first_block * words * 64,
        });
        first_block += count;
    }
    tiles
}

/// A row's channels as the 32-bit words that the kernels read, first channel lowest.
/// Integer words come from `integers`, the others from `row`.
fn encode(word: Word, row: &[f32], integers: &[i32], to: &mut [u32]) {
    match word {
        Word::F32 => {
            for (to, value) in to.iter_mut().zip(row) {
                *to = value.to_bits();
            }
        }
        Word::Bf16 => {
            for (to, [low, high]) in to.iter_mut().zip(row.as_chunks().0) {
                *to = u32::from(f32_to_bf16(*low)) | u32::from(f32_to_bf16(*high)) << 16;
            }
        }
        Word::I16 => {
            for (to, [low, high]) in to.iter_mut().zip(integers.as_chunks().0) {
                *to = (low & 0xffff | high << 16).cast_unsigned();
            }
        }
        Word::U8 => {
            for (to, [a, b, c, d]) in to.iter_mut().zip(integers.as_chunks().0) {
                let low = a & 0xff | (b & 0xff) << 8;
                *to = (low | (c & 0xff) << 16 | d << 24).cast_unsigned();
            }
        }
    }
}

/// Puts sixteen rows of words, one per lane, where block `b` of a channel tile has them.
fn interleave(rows: &[u32], words: usize, panel: &mut [u8], blocks: usize, b: usize) {
    for (w, of_word) in panel.chunks_exact_mut(64 * blocks).enumerate() {
        let to = &mut of_word[64 * b..64 * (b + 1)];
        for (lane, to) in to.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            *to = rows[lane * words + w].to_le_bytes();
        }
    }
}

/// Puts the channels of words in pairs; see [`crate::aarch64::PAIRS_BYTES`].
#[cfg(target_arch = "aarch64")]
fn pair(panel: &mut [u8]) {
    for bytes in panel.as_chunks_mut::<16>().0 {
        *bytes = crate::aarch64::PAIRS_BYTES.map(|from| bytes[from]);
    }
}

/// 1.5 * 2^23: a number of up to 22 bits added to it is rounded to an integer, ties to
/// even, by the addition itself, and stands in the low bits of the sum. Unlike the methods
/// of the same meaning this needs no instruction that the oldest processors lack, and the
/// compiler makes vectors of it.
const ROUNDER: f32 = 12_582_912.0;

fn rounded(value: f32) -> i32 {
    (value + ROUNDER).to_bits().cast_signed() - ROUNDER.to_bits().cast_signed()
}

/// The largest magnitude of a row times its scales, which are multiplied in.
fn scale_row(row: &mut [f32], scales: &[f32]) -> f32 {
    // Side by side, so that no step waits for the one before.
    let mut largest = [0.0f32; LANES];
    let (rows, scales) = (
        row.as_chunks_mut::<LANES>().0,
        scales.as_chunks::<LANES>().0,
    );
    for (row, scales) in rows.iter_mut().zip(scales) {
        for ((weight, scale), largest) in row.iter_mut().zip(scales).zip(&mut largest) {
            *weight *= scale;
            let size = weight.abs();
            *largest = if size > *largest { size } else { *largest };
        }
    }
    largest.into_iter().fold(0.0, f32::max)
}

/// Turns a row of weights into integers of -127..=127; returns their step and the bias
/// with the zero points folded in. See [`PointwiseWeights::pack`].
fn quantize(row: &mut [f32], q: Quantization<'_>, bias: f32, to: &mut [i32]) -> (f32, f32) {
    let largest = scale_row(row, q.scale);
    let step = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    let mut offset = 0i64;
    for ((weights, zeros), to) in row
        .chunks(1024)
        .zip(q.zero.chunks(1024))
        .zip(to.chunks_mut(1024))
    {
        // 1024 products of 127 and 255 fit 32 bits.
        let mut part = 0i32;
        for ((weight, zero), to) in weights.iter().zip(zeros).zip(to) {
            *to = rounded(*weight / step);
            part += *to * rounded(*zero);
        }
        offset += i64::from(part);
    }
    (step, bias - step * offset as f32)
}
