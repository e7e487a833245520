//! Pointwise (1x1) convolution: at every pixel a matrix of weights times its channels.
//!
//! The plain idea, for pixel `p` and output channel `o`:
//!
//! ```text
//! sum    = 0
//! for every input channel i:  sum += a[p][i] * w[o][i]
//! v      = sum * scale[o] + bias[o]
//! out[p][o] = max(v, 0) + slope[o] * min(v, 0)
//! ```
//!
//! What the fast version adds: a register tile of several pixels by several blocks of
//! sixteen output channels, so that each loaded weight meets every pixel of the tile and
//! each broadcast activation every block; weights packed in the order in which the tile
//! reads them; activations read as 32-bit words that hold one, two or four channels,
//! whatever the arithmetic. Every sum runs over the input channels in the same order in
//! every tile, so results depend neither on the tiling nor on the number of threads.

#[cfg(target_arch = "aarch64")]
use crate::aarch64::Pairs;
use crate::isa::Isa;
#[cfg(target_arch = "x86_64")]
use crate::lanes::Bf16;
use crate::lanes::{Dot, F32, I16, Lanes, U8, Written};
use crate::pack::PointwiseWeights;
use crate::plane::{Element, LANES};
use crate::scalar::ScalarLanes;

/// The arithmetic of a layer's products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arithmetic {
    /// f32 products and sums.
    F32,
    /// bf16 products, f32 sums; needs [`Isa::Avx512Bf16`].
    Bf16,
    /// 0..=255 activations times -127..=127 weights, 32-bit integer sums: the same
    /// integers on every instruction set.
    Int8,
}

/// The element type of the strip of activations that a pointwise kernel reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    F32,
    Bf16,
    U8,
    I16,
}

impl Word {
    /// What an instruction set wants for an arithmetic; `None` when it has none.
    pub(crate) fn of(isa: Isa, arithmetic: Arithmetic) -> Option<Self> {
        match arithmetic {
            Arithmetic::F32 => Some(Self::F32),
            Arithmetic::Bf16 => (isa == Isa::Avx512Bf16).then_some(Self::Bf16),
            Arithmetic::Int8 => Some(match isa {
                Isa::Avx512Vnni | Isa::Avx512Bf16 | Isa::Neon | Isa::NeonDot => Self::U8,
                Isa::Scalar | Isa::Avx2 | Isa::Avx512 => Self::I16,
            }),
        }
    }

    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::Bf16 | Self::I16 => 2,
            Self::U8 => 1,
        }
    }

    /// Channels in a 32-bit word.
    pub(crate) fn channels(self) -> usize {
        4 / self.bytes()
    }
}

/// How the activations that enter an integer layer were quantised, per input channel:
/// `q = clamp(round(value / scale + zero), 0, 255)`.
#[derive(Clone, Copy, Debug)]
pub struct Quantization<'a> {
    /// Value of one step, > 0.
    pub scale: &'a [f32],
    /// The step that stands for 0.0; an integer in 0..=255.
    pub zero: &'a [f32],
}

/// One group of output blocks that a register tile covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChannelTile {
    pub(crate) first_block: usize,
    pub(crate) blocks: usize,
    /// Byte offset of the group's weights in the panel.
    pub(crate) weights: usize,
}

/// Output blocks of one register tile.
pub(crate) fn group_blocks(isa: Isa, dense: bool) -> usize {
    fn of<V: Lanes>(dense: bool) -> usize {
        if dense {
            V::DENSE_BLOCKS
        } else {
            V::TILE_BLOCKS
        }
    }
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => of::<crate::x86_64::Avx2Lanes>(dense),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Avx512Vnni | Isa::Avx512Bf16 => of::<crate::x86_64::Avx512Lanes>(dense),
        #[cfg(target_arch = "aarch64")]
        Isa::Neon | Isa::NeonDot => of::<crate::aarch64::NeonLanes>(dense),
        _ => of::<ScalarLanes>(dense),
    }
}

/// Tile widths of an instruction set, widest first.
pub(crate) fn tile_pixels(isa: Isa) -> &'static [usize] {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => crate::x86_64::Avx2Lanes::TILE_PIXELS,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Avx512Vnni | Isa::Avx512Bf16 => crate::x86_64::Avx512Lanes::TILE_PIXELS,
        #[cfg(target_arch = "aarch64")]
        Isa::Neon | Isa::NeonDot => crate::aarch64::NeonLanes::TILE_PIXELS,
        _ => ScalarLanes::TILE_PIXELS,
    }
}

/// Covers `pixels` with tile widths, as few and as even as the widths allow.
pub(crate) fn split_pixels(isa: Isa, mut pixels: usize) -> Vec<usize> {
    let widths = tile_pixels(isa);
    let mut split = Vec::new();
    while pixels > 0 {
        let tiles = pixels.div_ceil(widths[0]);
        let even = pixels.div_ceil(tiles);
        // The widest body that does not exceed the even share, unless the share itself has
        // one: 49 becomes 13 12 12 12, 40 becomes 14 13 13.
        let width = widths
            .iter()
            .copied()
            .filter(|w| *w <= even)
            .max()
            .unwrap_or(1);
        split.push(width);
        pixels -= width;
    }
    split
}

/// One register tile's work.
pub(crate) struct TileJob {
    /// The tile's first pixel in channel block 0 of the strip.
    pub(crate) activations: *const u8,
    /// Bytes between channel blocks of the strip.
    pub(crate) block_bytes: usize,
    /// Input channel blocks.
    pub(crate) blocks: usize,
    pub(crate) weights: *const u8,
    /// What the sums of the first block begin with, where there are such numbers.
    #[cfg(target_arch = "aarch64")]
    pub(crate) starts: *const i32,
    pub(crate) epilogue: *const f32,
    /// Block `first_block`, lane 0 of pixel offset 0.
    pub(crate) out: *mut u8,
    /// Elements from `out` to each pixel of the tile.
    pub(crate) out_pixels: *const u32,
    /// Elements between output blocks.
    pub(crate) out_block: usize,
    /// Where the lines begin that a later step will read.
    pub(crate) ahead: *const u8,
    /// Bytes of them for each input block: [`AHEAD_BYTES`] or none.
    pub(crate) ahead_step: usize,
}

/// Bytes that a tile asks for on behalf of a later step with every input block: two lines beside
/// at least a hundred products.
pub(crate) const AHEAD_BYTES: usize = 128;

/// How far ahead of the weights in use a dense layer asks for more, in bytes: measured
/// best among 1 to 16 KiB.
pub(crate) const AHEAD: usize = 4096;

/// The register tile: `P` pixels by `B` blocks.
///
/// # Safety
/// The job's pointers are valid for the tile's shape; the machine has V's instructions.
#[inline(always)]
pub(crate) unsafe fn tile<V, D, E, const P: usize, const B: usize>(job: &TileJob)
where
    V: Lanes,
    D: Dot<V>,
    E: Written,
{
    // SAFETY: offsets stay inside what the caller vouches for: `blocks` blocks of P pixels
    // of 64 / CHANNELS bytes, 16 / CHANNELS words a block with B * 64 bytes of weights each.
    unsafe {
        let mut sums = [[D::zero(); B]; P];
        let mut weights = job.weights;
        let mut block = job.activations;
        let mut ahead = job.ahead;
        let pixel_bytes = 64 / D::CHANNELS;
        for _ in 0..job.blocks {
            if P > 1 {
                // Without a step it is the same two lines again, which costs less than to ask.
                V::prefetch_for_later(ahead);
                V::prefetch_for_later(ahead.wrapping_add(64));
                ahead = ahead.wrapping_add(job.ahead_step);
            }
            for word in 0..LANES / D::CHANNELS {
                let mut loaded = [D::weights(weights); B];
                let mut b = 1;
                while b < B {
                    loaded[b] = D::weights(weights.add(64 * b));
                    b += 1;
                }
                if P == 1 {
                    // A dense layer reads megabytes once, faster than the hardware's
                    // prefetcher follows across page borders.
                    let mut b = 0;
                    while b < B {
                        V::prefetch(weights.wrapping_add(AHEAD + 64 * b));
                        b += 1;
                    }
                }
                weights = weights.add(64 * B);
                let mut p = 0;
                while p < P {
                    let at = block.add(p * pixel_bytes + word * 4);
                    let mut b = 0;
                    while b < B {
                        sums[p][b] = D::step(sums[p][b], at, loaded[b]);
                        b += 1;
                    }
                    p += 1;
                }
            }
            block = block.add(job.block_bytes);
        }
        let mut b = 0;
        while b < B {
            let at = job.epilogue.add(b * 3 * LANES);
            let scale = V::load(at);
            let bias = V::load(at.add(LANES));
            let slope = V::load(at.add(2 * LANES));
            let out = job.out.cast::<E>().add(b * job.out_block);
            let mut p = 0;
            while p < P {
                let value = D::finish(sums[p][b]).mul_add(scale, bias);
                E::store(value.prelu(slope), out.add(*job.out_pixels.add(p) as usize));
                p += 1;
            }
            b += 1;
        }
    }
}

/// A run of pixels that are neighbours in the strip.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PixelTile {
    /// First pixel, counted in the strip.
    pub(crate) first: u32,
    pub(crate) pixels: u32,
    /// First entry in the list of output offsets.
    pub(crate) offsets: u32,
}

/// Everything one call of a pointwise kernel does.
pub(crate) struct PointwiseJob<'a> {
    pub(crate) activations: *const u8,
    pub(crate) block_bytes: usize,
    pub(crate) weights: &'a PointwiseWeights,
    pub(crate) channel_tiles: &'a [ChannelTile],
    pub(crate) pixel_tiles: &'a [PixelTile],
    pub(crate) offsets: &'a [u32],
    pub(crate) out: *mut u8,
    pub(crate) out_block: usize,
    /// What a later step will read; null for nothing.
    pub(crate) ahead: *const u8,
}

impl PointwiseJob<'_> {
    /// Bytes that are asked for ahead by all tiles of so many.
    pub(crate) fn ahead_bytes(weights: &PointwiseWeights, tiles: usize) -> usize {
        tiles * (weights.inputs / LANES) * AHEAD_BYTES
    }
}

/// All tiles of a job, channel tiles outside: their weights stay in cache while the
/// pixels pass.
///
/// # Safety
/// As for [`tile`], for every tile of the job.
#[inline(always)]
unsafe fn pointwise<V: Lanes, D: Dot<V>, E: Written>(job: &PointwiseJob<'_>) {
    let blocks = job.weights.inputs / LANES;
    let pixel_bytes = 64 / D::CHANNELS;
    let (mut ahead, ahead_step) = if job.ahead.is_null() {
        (job.weights.panel.as_ptr(), 0)
    } else {
        (job.ahead, AHEAD_BYTES)
    };
    for channels in job.channel_tiles {
        for pixels in job.pixel_tiles {
            // SAFETY: the planner made the tiles from the shapes that the buffers have.
            unsafe {
                let tile = TileJob {
                    activations: job.activations.add(pixels.first as usize * pixel_bytes),
                    block_bytes: job.block_bytes,
                    blocks,
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
                    out_pixels: job.offsets.as_ptr().add(pixels.offsets as usize),
                    out_block: job.out_block,
                    ahead,
                    ahead_step,
                };
                ahead = ahead.wrapping_add(blocks * ahead_step);
                V::tile::<D, E>(&tile, pixels.pixels as usize, channels.blocks);
            }
        }
    }
}

/// A pointwise kernel stamped for one instruction set.
pub(crate) type PointwiseFn = for<'a, 'b> unsafe fn(&'a PointwiseJob<'b>);

/// The kernel for an instruction set, arithmetic and output element.
///
/// A level runs the body of a lower one where its own instructions would change nothing:
/// bodies are large, and each is compiled once.
pub(crate) fn select(isa: Isa, arithmetic: Arithmetic, element: Element) -> Option<PointwiseFn> {
    if !isa.is_available() {
        return None;
    }
    let isa = match (isa, arithmetic) {
        (Isa::Avx512Vnni | Isa::Avx512Bf16, Arithmetic::F32) => Isa::Avx512,
        (Isa::NeonDot, Arithmetic::F32) => Isa::Neon,
        _ => isa,
    };
    crate::stamp::stamp! {
        pointwise(PointwiseJob<'_>);
        (isa, arithmetic, element);
        Scalar, "", ScalarLanes: (F32 F32 f32 F32) (F32 F32 u16 Bf16) (Int8 I16 u16 Bf16);
        "x86_64" Avx2, "avx2,fma", crate::x86_64::Avx2Lanes:
            (F32 F32 f32 F32) (F32 F32 u16 Bf16) (Int8 I16 u16 Bf16);
        "x86_64" Avx512, "avx512f,avx512bw,avx512dq,avx512vl", crate::x86_64::Avx512Lanes:
            (F32 F32 f32 F32) (F32 F32 u16 Bf16) (Int8 I16 u16 Bf16);
        "x86_64" Avx512Vnni, "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni", crate::x86_64::Avx512Lanes:
            (Int8 U8 u16 Bf16);
        "x86_64" Avx512Bf16, "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16",
            crate::x86_64::Avx512Bf16Lanes: (Int8 U8 u16 Bf16) (Bf16 Bf16 u16 Bf16);
        "aarch64" Neon, "neon", crate::aarch64::NeonLanes:
            (F32 F32 f32 F32) (F32 F32 u16 Bf16) (Int8 Pairs u16 Bf16);
        "aarch64" NeonDot, "neon,dotprod", crate::aarch64::NeonLanes: (Int8 U8 u16 Bf16);
    }
}
