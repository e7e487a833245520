//! Samples of a picture of bytes along a line: what an aligned crop is made of, row by row.
//!
//! ```text
//! sample i lies at  x = (slope · i + start) + offset  of `across`, and y of `down`, rounded to f32 after each operation
//! counted           from the whole pixel at or before both ends of the line, rounded to f32 once more
//! in fixed point    x in 2048ths of a pixel, rounded down:  x = column + u/2048, y = row + v/2048
//! a channel is      the mean of the pixels (column, row), (column + 1, row), (column, row + 1), (column + 1, row + 1)
//!                   weighted by (1 − u/2048, u/2048) and (1 − v/2048, v/2048), rounded to nearest, halves up
//! ```
//!
//! Pixels outside the picture are black. All sums are integers, so every instruction set gives the same bytes.

use crate::isa::Isa;

/// Steps of a pixel.
pub(crate) const ONE: i32 = 1 << 11;
/// Half of what a weighted sum is divided by.
pub(crate) const HALF: i32 = 1 << 21;
/// Binary digits of what a weighted sum is divided by.
pub(crate) const DIGITS: u32 = 22;
/// Samples of a line at most: their numbers are exact in f32.
const MOST: usize = 1 << 16;
/// Pixels that a line may pass, so that its steps from one end fit an f32 exactly.
const LONGEST: f32 = 2000.0;
/// Beyond this there is no picture.
const FAR: f32 = (1 << 25) as f32;
/// Bytes that a kernel reads of a pixel and the next.
const READ: usize = 8;

/// One coordinate along a line, in pixels; 0 is the middle of the first column or row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Along {
    /// From one sample to the next.
    pub slope: f32,
    /// Added to the product.
    pub start: f32,
    /// Added at the end.
    pub offset: f32,
}

impl Along {
    fn at(self, sample: usize) -> f32 {
        self.slope * sample as f32 + self.start + self.offset
    }

    /// Where a line of so many samples lies; `None` where no picture is, or when it is too long. What lies between the ends of a line
    /// lies between their coordinates, as each operation keeps the order.
    fn span(self, count: usize) -> Option<Span> {
        let (one, other) = (self.at(0), self.at(count.saturating_sub(1)));
        let origin = one.min(other).floor();
        let last = one.max(other) - origin;
        (origin.abs() < FAR && last < LONGEST).then_some(Span {
            along: self,
            origin,
            last: (last * ONE as f32) as i32 / ONE,
        })
    }
}

/// A coordinate counted from a whole pixel at or before the line.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) along: Along,
    pub(crate) origin: f32,
    /// Whole pixels from the origin to the farthest sample.
    last: i32,
}

impl Span {
    /// A sample's whole coordinate and what is left of it in steps.
    pub(crate) fn split(&self, sample: usize) -> (i64, i32) {
        let steps = ((self.along.at(sample) - self.origin) * ONE as f32) as i32;
        (self.origin as i64 + i64::from(steps / ONE), steps % ONE)
    }

    /// The largest whole coordinate, if all are inside a picture of so many, and so are those that follow them.
    fn inside(&self, size: usize) -> Option<usize> {
        let first = usize::try_from(self.origin as i64).ok()?;
        let last = first + usize::try_from(self.last).ok()?;
        (last + 1 < size).then_some(last)
    }
}

pub(crate) struct SampleJob<'a> {
    pub(crate) pixels: &'a [u8],
    /// Pixels of a row.
    pub(crate) width: usize,
    pub(crate) across: Span,
    pub(crate) down: Span,
    pub(crate) out: &'a mut [[u8; 3]],
}

impl SampleJob<'_> {
    /// The meaning of one sample.
    pub(crate) fn sample(&self, number: usize) -> [u8; 3] {
        let ((column, u), (row, v)) = (self.across.split(number), self.down.split(number));
        let height = self.pixels.len() / 3 / self.width;
        let pixel = |column: i64, row: i64| match (usize::try_from(column), usize::try_from(row)) {
            (Ok(x), Ok(y)) if x < self.width && y < height => {
                let at = 3 * (y * self.width + x);
                [self.pixels[at], self.pixels[at + 1], self.pixels[at + 2]].map(i32::from)
            }
            _ => [0; 3],
        };
        let upper = (pixel(column, row), pixel(column + 1, row));
        let lower = (pixel(column, row + 1), pixel(column + 1, row + 1));
        std::array::from_fn(|c| {
            let along = |(left, right): ([i32; 3], [i32; 3])| left[c] * (ONE - u) + right[c] * u;
            ((along(upper) * (ONE - v) + along(lower) * v + HALF) >> DIGITS) as u8
        })
    }
}

/// A body for lines that are inside.
pub(crate) type SampleFn = unsafe fn(&mut SampleJob<'_>);

/// The meaning.
fn samples_scalar(job: &mut SampleJob<'_>) {
    for number in 0..job.out.len() {
        job.out[number] = job.sample(number);
    }
}

/// The kernel that samples pictures of RGB bytes, chosen for an instruction set.
#[derive(Clone, Copy, Debug)]
pub struct RgbSamples {
    inside: SampleFn,
}

impl RgbSamples {
    /// The kernel for an instruction set; `None` when the machine does not have it.
    #[must_use]
    pub fn new(isa: Isa) -> Option<Self> {
        if !isa.is_available() {
            return None;
        }
        let inside: SampleFn = match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 | Isa::Avx512 | Isa::Avx512Vnni | Isa::Avx512Bf16 => {
                crate::x86_64::samples_avx2
            }
            _ => samples_scalar,
        };
        Some(Self { inside })
    }

    /// Fills `out` with the samples of a line through a picture whose rows have `width` pixels. A line of more than 2000 pixels along one
    /// side, or one that is nowhere, is black.
    ///
    /// # Panics
    /// When `pixels` is no whole number of rows of RGB, or there are more than 65,536 samples.
    pub fn run(self, pixels: &[u8], width: usize, across: Along, down: Along, out: &mut [[u8; 3]]) {
        assert!(width > 0 && pixels.len().is_multiple_of(3 * width) && out.len() <= MOST);
        let (Some(across), Some(down)) = (across.span(out.len()), down.span(out.len())) else {
            out.fill([0; 3]);
            return;
        };
        let height = pixels.len() / 3 / width;
        // Bodies count bytes in 32 bits, and read a few more than the two pixels below.
        let reached = across
            .inside(width)
            .zip(down.inside(height))
            .map(|(column, row)| 3 * ((row + 1) * width + column) + READ)
            .is_some_and(|end| end <= pixels.len().min(i32::MAX as usize));
        let mut job = SampleJob {
            pixels,
            width,
            across,
            down,
            out,
        };
        if reached {
            // SAFETY: the machine has the instruction set; all that is read lies before the end that was checked.
            unsafe { (self.inside)(&mut job) }
        } else {
            samples_scalar(&mut job);
        }
    }
}
