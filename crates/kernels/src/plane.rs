//! Activations between layers: blocks of sixteen channels, with or without a border.

use crate::buffer::Buffer;

/// Channels per block: one AVX-512 register of f32, four NEON registers.
pub const LANES: usize = 16;

/// The element type of stored activations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// IEEE single precision.
    F32,
    /// The upper half of an f32, rounded to nearest even.
    Bf16,
}

impl Element {
    /// Bytes of one.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::Bf16 => 2,
        }
    }
}

/// The shape of a [`Plane`]: layout `[block][y][x][16]`, channel `16 * block + lane`.
///
/// With a border (`halo == 1`) every block has one more row above and below and one more
/// column left and right, which stay zero: a 3x3 window at the edge reads zeros there
/// without asking where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaneShape {
    /// Channels that carry meaning; the last block is padded with zeros.
    pub channels: usize,
    /// Rows, the border not counted.
    pub height: usize,
    /// Columns, the border not counted.
    pub width: usize,
    /// Width of the border: 0 or 1.
    pub halo: usize,
}

impl PlaneShape {
    /// Blocks of [`LANES`] channels.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.channels.div_ceil(LANES)
    }

    /// Elements from one row to the next.
    #[must_use]
    pub fn row_stride(&self) -> usize {
        (self.width + 2 * self.halo) * LANES
    }

    /// Elements from one block to the next.
    #[must_use]
    pub fn block_stride(&self) -> usize {
        (self.height + 2 * self.halo) * self.row_stride()
    }

    /// Elements of the whole plane, border and padding included.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.blocks() * self.block_stride()
    }

    /// Position of lane 0 of a pixel inside its block.
    #[must_use]
    pub fn pixel(&self, y: usize, x: usize) -> usize {
        (y + self.halo) * self.row_stride() + (x + self.halo) * LANES
    }

    /// Pixels, the border not counted.
    #[must_use]
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }
}

/// The storage of a plane.
#[derive(Debug)]
pub(crate) enum Storage {
    F32(Buffer<f32>),
    Bf16(Buffer<u16>),
}

/// Activations of one layer.
#[derive(Debug)]
pub struct Plane {
    shape: PlaneShape,
    pub(crate) storage: Storage,
}

impl Plane {
    /// A plane of zeros.
    #[must_use]
    pub fn new(shape: PlaneShape, element: Element) -> Self {
        let storage = match element {
            Element::F32 => Storage::F32(Buffer::zeroed(shape.elements())),
            Element::Bf16 => Storage::Bf16(Buffer::zeroed(shape.elements())),
        };
        Self { shape, storage }
    }

    /// The shape.
    #[must_use]
    pub fn shape(&self) -> PlaneShape {
        self.shape
    }

    /// The element type.
    #[must_use]
    pub fn element(&self) -> Element {
        match self.storage {
            Storage::F32(_) => Element::F32,
            Storage::Bf16(_) => Element::Bf16,
        }
    }

    /// Bytes that the plane occupies.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.storage {
            Storage::F32(buffer) => buffer.bytes(),
            Storage::Bf16(buffer) => buffer.bytes(),
        }
    }

    /// One value. For reading results and for tests; kernels never go through here.
    ///
    /// # Panics
    /// When the position is outside the shape.
    #[must_use]
    pub fn get(&self, channel: usize, y: usize, x: usize) -> f32 {
        let at = self.at(channel, y, x);
        match &self.storage {
            Storage::F32(buffer) => buffer[at],
            Storage::Bf16(buffer) => bf16_to_f32(buffer[at]),
        }
    }

    /// The values of `count` channels from `first` on, pixel by pixel.
    ///
    /// # Panics
    /// When there are no such channels or `to` has not `count` places per pixel.
    pub fn channels(&self, first: usize, count: usize, to: &mut [f32]) {
        let shape = self.shape;
        assert!(first + count <= shape.channels && to.len() == count * shape.pixels());
        match &self.storage {
            Storage::F32(buffer) => gather(shape, buffer, first, count, to, |value| value),
            Storage::Bf16(buffer) => gather(shape, buffer, first, count, to, bf16_to_f32),
        }
    }

    /// Sets one value, rounding to the element type. For filling planes in tests and
    /// calibration.
    ///
    /// # Panics
    /// When the position is outside the shape.
    pub fn set(&mut self, channel: usize, y: usize, x: usize, value: f32) {
        let at = self.at(channel, y, x);
        match &mut self.storage {
            Storage::F32(buffer) => buffer[at] = value,
            Storage::Bf16(buffer) => buffer[at] = f32_to_bf16(value),
        }
    }

    /// Whether two planes have the same shape, element and bits, border and padding
    /// included.
    #[must_use]
    pub fn same_bits(&self, other: &Self) -> bool {
        self.shape == other.shape
            && match (&self.storage, &other.storage) {
                (Storage::F32(a), Storage::F32(b)) => a
                    .iter()
                    .map(|v| v.to_bits())
                    .eq(b.iter().map(|v| v.to_bits())),
                (Storage::Bf16(a), Storage::Bf16(b)) => **a == **b,
                _ => false,
            }
    }

    fn at(&self, channel: usize, y: usize, x: usize) -> usize {
        let shape = &self.shape;
        assert!(channel < shape.channels && y < shape.height && x < shape.width);
        (channel / LANES) * shape.block_stride() + shape.pixel(y, x) + channel % LANES
    }
}

/// Writes channels out of their blocks, `count` values to a pixel.
fn gather<T: Copy>(
    shape: PlaneShape,
    buffer: &[T],
    first: usize,
    count: usize,
    to: &mut [f32],
    value: impl Fn(T) -> f32,
) {
    for place in 0..count {
        let channel = first + place;
        let lane = channel / LANES * shape.block_stride() + channel % LANES;
        for y in 0..shape.height {
            let from = buffer[lane + shape.pixel(y, 0)..].iter().step_by(LANES);
            let to = to[y * shape.width * count + place..].iter_mut();
            for (to, from) in to.step_by(count).zip(from).take(shape.width) {
                *to = value(*from);
            }
        }
    }
}

/// Rounds a finite f32 to the nearest bf16, ties to even; NaN stays NaN.
#[must_use]
pub fn f32_to_bf16(value: f32) -> u16 {
    let bits = value.to_bits();
    if value.is_nan() {
        return ((bits >> 16) | 0x40) as u16;
    }
    (bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16) as u16
}

/// The f32 that a bf16 stands for; exact.
#[must_use]
pub fn bf16_to_f32(value: u16) -> f32 {
    f32::from_bits(u32::from(value) << 16)
}

/// Rounds a filter's taps to bf16 so that their sum stays what it was.
///
/// Activations behind a normalised, rectified layer are far from zero on average, and a
/// filter that looks for edges cancels what they have in common. Taps rounded one by one
/// leave a rest of that which is as large as the signal; here each tap takes over the
/// rounding error of the one before, the largest first, so that only the error of the
/// smallest remains.
pub(crate) fn round_filter<const N: usize>(taps: [f32; N]) -> [u16; N] {
    let mut order: [usize; N] = std::array::from_fn(|k| k);
    order.sort_by(|a, b| taps[*b].abs().total_cmp(&taps[*a].abs()));
    let mut rounded = [0; N];
    let mut error = 0.0;
    for k in order {
        let wanted = taps[k] + error;
        rounded[k] = f32_to_bf16(wanted);
        error = wanted - bf16_to_f32(rounded[k]);
    }
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_surrounds_every_block() {
        let shape = PlaneShape {
            channels: 17,
            height: 2,
            width: 3,
            halo: 1,
        };
        assert_eq!(shape.blocks(), 2);
        assert_eq!(shape.row_stride(), 5 * 16);
        assert_eq!(shape.block_stride(), 4 * 5 * 16);
        assert_eq!(shape.pixel(0, 0), (5 + 1) * 16);
        assert_eq!(shape.elements(), 2 * 4 * 5 * 16);
    }

    #[test]
    fn channels_are_read_pixel_by_pixel_across_blocks() {
        let shape = PlaneShape {
            channels: 48,
            height: 3,
            width: 5,
            halo: 1,
        };
        for element in [Element::F32, Element::Bf16] {
            let mut plane = Plane::new(shape, element);
            for (place, (y, x)) in (0..3).flat_map(|y| (0..5).map(move |x| (y, x))).enumerate() {
                for channel in 0..48 {
                    plane.set(channel, y, x, (place * 8 + channel) as f32);
                }
            }
            for (first, count) in [(0, 1), (1, 4), (6, 10), (15, 2), (10, 30), (0, 48)] {
                let mut got = vec![0.0; count * 15];
                plane.channels(first, count, &mut got);
                let pixels = (0..3).flat_map(|y| (0..5).map(move |x| (y, x)));
                let want = pixels.flat_map(|(y, x)| {
                    let plane = &plane;
                    (first..first + count).map(move |channel| plane.get(channel, y, x))
                });
                assert_eq!(got, want.collect::<Vec<_>>(), "{first} {count}");
            }
        }
    }

    #[test]
    fn bf16_rounds_to_nearest_even_and_keeps_specials() {
        assert_eq!(f32_to_bf16(1.0), 0x3f80);
        assert_eq!(f32_to_bf16(f32::from_bits(0x3f80_8000)), 0x3f80); // tie, even below
        assert_eq!(f32_to_bf16(f32::from_bits(0x3f81_8000)), 0x3f82); // tie, even above
        assert_eq!(f32_to_bf16(f32::from_bits(0x3f80_8001)), 0x3f81);
        assert_eq!(f32_to_bf16(-0.0), 0x8000);
        assert_eq!(f32_to_bf16(f32::INFINITY), 0x7f80);
        assert!(bf16_to_f32(f32_to_bf16(f32::NAN)).is_nan());
    }

    #[test]
    fn a_rounded_filter_keeps_its_sum() {
        // An edge: the taps cancel but for 0.01, and each alone rounds by up to 0.002.
        let taps = [
            0.501f32, -0.403, 0.207, -0.299, 0.611, -0.613, 0.113, -0.109, 0.002,
        ];
        let sum = |taps: &[f32]| taps.iter().sum::<f32>();
        let kept = round_filter(taps).map(bf16_to_f32);
        let one_by_one = taps.map(|tap| bf16_to_f32(f32_to_bf16(tap)));
        assert!((sum(&kept) - sum(&taps)).abs() < 2e-5, "{}", sum(&kept));
        assert!((sum(&one_by_one) - sum(&taps)).abs() > 2e-4);
        for (tap, rounded) in taps.iter().zip(kept) {
            assert!((tap - rounded).abs() < 0.004);
        }
    }
}
