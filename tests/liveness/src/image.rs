//! Pictures of numbers, to be bent and lit before they become bytes.

use anyhow::Context as _;
use countenance_core::Picture;

/// Red, green and blue in 0..=255, as light and not yet as bytes.
pub type Color = [f32; 3];

/// What the capture page packs its frames with.
const QUALITY: u8 = 85;
/// Values of a table of noise.
const NOISES: usize = 8191;

/// A picture of so many columns and rows.
#[derive(Clone)]
pub struct Image {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    pixels: Vec<Color>,
}

impl Image {
    /// A picture whose pixels are made one by one, from the top left.
    pub fn build(
        width: usize,
        height: usize,
        mut color: impl FnMut(usize, usize) -> Color,
    ) -> Self {
        let pixels = (0..width * height)
            .map(|at| color(at % width, at / width))
            .collect();
        Self {
            width,
            height,
            pixels,
        }
    }

    /// The numbers of a decoded picture.
    pub fn of(picture: &Picture) -> Self {
        let pixels = picture.pixels().as_chunks::<3>().0.iter();
        Self {
            width: picture.width(),
            height: picture.height(),
            pixels: pixels.map(|pixel| pixel.map(f32::from)).collect(),
        }
    }

    /// The pixel at a column and row; the nearest one outside.
    pub fn at(&self, x: isize, y: isize) -> Color {
        let x = x.clamp(0, self.width as isize - 1) as usize;
        let y = y.clamp(0, self.height as isize - 1) as usize;
        self.pixels[y * self.width + x]
    }

    /// Between four pixels.
    pub fn sample(&self, x: f32, y: f32) -> Color {
        let (left, top) = (x.floor(), y.floor());
        let (u, v) = (x - left, y - top);
        let (left, top) = (left as isize, top as isize);
        if left >= 0 && top >= 0 && left + 1 < self.width as isize && top + 1 < self.height as isize
        {
            // The usual case, without looking at the edges four times.
            let at = top as usize * self.width + left as usize;
            let (above, below) = (
                &self.pixels[at..at + 2],
                &self.pixels[at + self.width..][..2],
            );
            return std::array::from_fn(|c| {
                let above_c = above[0][c] + u * (above[1][c] - above[0][c]);
                let below_c = below[0][c] + u * (below[1][c] - below[0][c]);
                above_c + v * (below_c - above_c)
            });
        }
        let four = [
            (self.at(left, top), (1.0 - u) * (1.0 - v)),
            (self.at(left + 1, top), u * (1.0 - v)),
            (self.at(left, top + 1), (1.0 - u) * v),
            (self.at(left + 1, top + 1), u * v),
        ];
        std::array::from_fn(|c| four.iter().map(|(color, weight)| color[c] * weight).sum())
    }

    /// Means of `block` x `block` pixels.
    #[must_use]
    pub fn shrunk(&self, block: usize) -> Self {
        let block = block.max(1);
        Self::build(
            self.width.div_ceil(block),
            self.height.div_ceil(block),
            |x, y| {
                let mut sum = [0.0; 3];
                for (dy, dx) in (0..block).flat_map(|dy| (0..block).map(move |dx| (dy, dx))) {
                    let color = self.at((x * block + dx) as isize, (y * block + dy) as isize);
                    sum = std::array::from_fn(|c| sum[c] + color[c]);
                }
                sum.map(|value| value / (block * block) as f32)
            },
        )
    }

    /// Each pixel the mean of a square around it.
    #[must_use]
    pub fn blurred(&self, radius: isize) -> Self {
        let count = (2 * radius + 1) as f32;
        let line = |from: &Self, across: bool| {
            Self::build(self.width, self.height, |x, y| {
                let mut sum = [0.0; 3];
                for d in -radius..=radius {
                    let (dx, dy) = if across { (d, 0) } else { (0, d) };
                    let color = from.at(x as isize + dx, y as isize + dy);
                    sum = std::array::from_fn(|c| sum[c] + color[c]);
                }
                sum.map(|value| value / count)
            })
        };
        line(&line(self, true), false)
    }

    /// All pixels, row by row.
    pub fn pixels_mut(&mut self) -> &mut [Color] {
        &mut self.pixels
    }

    /// The JPEG that a page makes of what a camera sees, with the camera's noise.
    ///
    /// # Errors
    /// When the encoder refuses it.
    pub fn taken(&self, noise: f32, dice: &mut Dice) -> anyhow::Result<Vec<u8>> {
        // Noise out of a table that is long enough for nobody to see it come again, from another place in each line.
        let table: Vec<f32> = (0..NOISES).map(|_| dice.around() * noise).collect();
        let mut bytes = Vec::with_capacity(self.pixels.len() * 3);
        for line in self.pixels.chunks(self.width.max(1)) {
            let mut at = dice.below(NOISES);
            for color in line {
                for value in color {
                    at = (at + 1) % NOISES;
                    bytes.push((value + table[at] + 0.5).clamp(0.0, 255.0) as u8);
                }
            }
        }
        let mut jpeg = Vec::new();
        let (width, height) = (u16::try_from(self.width)?, u16::try_from(self.height)?);
        jpeg_encoder::Encoder::new(&mut jpeg, QUALITY)
            .encode(&bytes, width, height, jpeg_encoder::ColorType::Rgb)
            .context("a frame does not encode")?;
        Ok(jpeg)
    }
}

/// Chance that is the same on every machine (xorshift64*).
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Evenly in 0..1.
    pub fn part(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Evenly between two values.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.part()
    }

    /// A whole number below another.
    pub fn below(&mut self, count: usize) -> usize {
        ((self.part() * count as f32) as usize).min(count.saturating_sub(1))
    }

    /// About 0, with a deviation of 1.
    pub fn around(&mut self) -> f32 {
        (self.part() + self.part() + self.part() - 1.5) * 2.0
    }
}
