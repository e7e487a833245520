//! The vector vocabulary that kernel bodies are written in.
//!
//! A body is generic over [`Lanes`] (sixteen f32 of some instruction set) and over
//! [`Dot`] (how a 32-bit word of activations meets 64 bytes of weights). It is stamped
//! once per instruction set inside a `#[target_feature]` function; everything here is
//! `#[inline(always)]` so that it takes on the features of the function it lands in.

/// Sixteen f32 lanes.
///
/// # Safety
/// All methods may only run on a machine that has the instruction set of the
/// implementing type. Pointers must be valid for sixteen elements; no alignment is asked.
pub(crate) trait Lanes: Copy {
    /// Blocks of sixteen output channels that one register tile of a pointwise kernel covers.
    const TILE_BLOCKS: usize;
    /// Tile widths in pixels that [`Lanes::tile`] has a body for, widest first, ending in 1.
    const TILE_PIXELS: &'static [usize];
    /// Blocks of sixteen outputs that a dense (one-pixel) tile covers.
    const DENSE_BLOCKS: usize = 4;

    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    unsafe fn load_bf16(from: *const u16) -> Self;
    unsafe fn load_i8(from: *const i8) -> Self;
    unsafe fn load_u8(from: *const u8) -> Self;
    unsafe fn store_bf16(self, to: *mut u16);
    /// Rounds to nearest even, clamps to 0..=255, stores sixteen bytes as [`U8`] reads them:
    /// where an instruction set multiplies signed bytes only, less 128 each.
    unsafe fn store_u8(self, to: *mut u8);
    /// Rounds to nearest even, clamps to 0..=255, stores sixteen 16-bit integers.
    unsafe fn store_u8_wide(self, to: *mut i16);
    /// `self * factor + addend`, fused where the instruction set fuses.
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    unsafe fn min(self, other: Self) -> Self;

    /// `max(self, 0) + slope * min(self, 0)`: PReLU; slope 0 is ReLU, slope 1 the identity.
    #[inline(always)]
    unsafe fn prelu(self, slope: Self) -> Self {
        // SAFETY: the caller runs on a machine with the instruction set.
        unsafe {
            let zero = Self::splat(0.0);
            self.min(zero).mul_add(slope, self.max(zero))
        }
    }

    /// PReLU plus `addend`.
    #[inline(always)]
    unsafe fn prelu_add(self, slope: Self, addend: Self) -> Self {
        // SAFETY: the caller runs on a machine with the instruction set.
        unsafe { self.prelu(slope).add(addend) }
    }

    /// Asks for the cache line at an address that need not be valid.
    fn prefetch(address: *const u8);
    /// As [`Lanes::prefetch`], for a line that is read some time later: no further than the
    /// second-level cache.
    fn prefetch_for_later(address: *const u8);

    /// Runs one pointwise register tile; see [`crate::pointwise::tile`].
    unsafe fn tile<D: Dot<Self>, E: Written>(
        job: &crate::pointwise::TileJob,
        pixels: usize,
        blocks: usize,
    );

    /// Runs one tile of a dense layer: one pixel, `blocks` blocks (one or
    /// [`Lanes::DENSE_BLOCKS`]; whoever has another number of those has a function of its own, too).
    #[inline(always)]
    unsafe fn dense_tile<D: Dot<Self>, E: Written>(job: &crate::pointwise::TileJob, blocks: usize) {
        // SAFETY: passed on.
        unsafe {
            if blocks == Self::DENSE_BLOCKS {
                D::tile::<E, 1, 4>(job)
            } else {
                D::tile::<E, 1, 1>(job)
            }
        }
    }
}

/// An element type that a kernel writes.
///
/// # Safety
/// As for [`Lanes`].
pub(crate) trait Written: Copy + 'static {
    unsafe fn store<V: Lanes>(value: V, to: *mut Self);
}

/// An element type that activations are kept in between steps: written and read again.
///
/// # Safety
/// As for [`Lanes`].
pub(crate) trait Stored: Written {
    unsafe fn load<V: Lanes>(from: *const Self) -> V;
}

macro_rules! written {
    ($($element:ty, $store:ident;)+) => {
        $(impl Written for $element {
            #[inline(always)]
            unsafe fn store<V: Lanes>(value: V, to: *mut Self) {
                // SAFETY: passed on.
                unsafe { value.$store(to) }
            }
        })+
    };
}

written! {
    f32, store;
    u16, store_bf16; // bf16 bits
    u8, store_u8; // quantised to 0..=255
    i16, store_u8_wide; // the same in 16 bits
}

impl Stored for f32 {
    #[inline(always)]
    unsafe fn load<V: Lanes>(from: *const Self) -> V {
        // SAFETY: passed on.
        unsafe { V::load(from) }
    }
}

/// bf16 bits.
impl Stored for u16 {
    #[inline(always)]
    unsafe fn load<V: Lanes>(from: *const Self) -> V {
        // SAFETY: passed on.
        unsafe { V::load_bf16(from) }
    }
}

/// A column of three activations per channel against three weights, for instruction sets
/// that multiply 16-bit values in pairs.
///
/// # Safety
/// As for [`Lanes`].
pub(crate) trait Columns<E>: Lanes {
    /// Three activations of sixteen channels, in the order in which they are multiplied.
    type Column: Copy;

    /// Loads the values at `input`, one row and two rows below.
    unsafe fn column(input: *const E, row: usize) -> Self::Column;
    /// Adds a column's products with its weights: the pairs (upper, middle) and
    /// (lowest, 0) of every channel.
    unsafe fn meet(self, column: Self::Column, weights: &[Self; 2]) -> Self;
}

/// How one 32-bit word of a pixel's channels meets 64 bytes of packed weights: sixteen
/// output channels times `CHANNELS` input channels.
///
/// # Safety
/// As for [`Lanes`].
pub(crate) trait Dot<V: Lanes>: 'static {
    /// Input channels in a 32-bit word: 1 for f32, 2 for 16-bit types, 4 for bytes.
    const CHANNELS: usize;
    /// Sixteen running sums.
    type Sum: Copy;
    /// 64 bytes of weights in a register.
    type Weights: Copy;

    unsafe fn zero() -> Self::Sum;
    unsafe fn weights(from: *const u8) -> Self::Weights;
    /// Adds the products of the word at `word` (four bytes) with the weights.
    unsafe fn step(sum: Self::Sum, word: *const u8, weights: Self::Weights) -> Self::Sum;
    unsafe fn finish(sum: Self::Sum) -> V;

    /// The register tile, [`crate::pointwise::tile`]; an instruction set may have one of its own.
    #[inline(always)]
    unsafe fn tile<E: Written, const P: usize, const B: usize>(job: &crate::pointwise::TileJob)
    where
        Self: Sized,
    {
        // SAFETY: passed on.
        unsafe { crate::pointwise::tile::<V, Self, E, P, B>(job) }
    }
}

/// f32 products and sums.
pub(crate) enum F32 {}
/// bf16 products, f32 sums.
pub(crate) enum Bf16 {}
/// u8 activations (see [`Lanes::store_u8`]), i8 weights, i32 sums.
pub(crate) enum U8 {}
/// The integers of [`U8`] widened to 16 bits, i32 sums: the same sums exactly, for
/// instruction sets whose 8-bit product saturates.
pub(crate) enum I16 {}
