//! Depthwise 3x3 and the pointwise layer behind it as one step.
//!
//! Strip by strip of a few rows: the depthwise layer writes all its channels for these
//! rows into a scratch strip (quantised on the way, when the pointwise layer is integer),
//! and the pointwise layer reads it while it is still in cache. The depthwise result never
//! exists as a whole.

use crate::ahead::Ahead;
use crate::buffer::Buffer;
use crate::depthwise::{self, DepthwiseFn, DepthwiseJob, DepthwiseWeights};
use crate::isa::Isa;
use crate::pack::PointwiseWeights;
use crate::plane::{Element, LANES, Plane, PlaneShape, Storage};
use crate::pointwise::{self, PixelTile, PointwiseFn, PointwiseJob, split_pixels};
use crate::team::{Parted, Team};
use crate::windows::Windows;
use std::ops::Range;
use std::sync::Arc;

/// Strips are sized to stay in the second-level cache beside the weights that pass by.
const STRIP_BYTES: usize = 192 * 1024;

/// What one member of a team does of a step.
#[derive(Clone, Debug)]
struct Part {
    rows: Range<usize>,
    channel_tiles: Range<usize>,
    /// What it asks for on behalf of a later step.
    ahead: Ahead,
}

/// A fused depthwise + pointwise step, planned for one shape.
#[derive(Debug)]
pub struct Separable {
    depthwise: Arc<DepthwiseWeights>,
    pointwise: Arc<PointwiseWeights>,
    depthwise_kernel: DepthwiseFn,
    pointwise_kernel: PointwiseFn,
    windows: Windows,
    element: Element,
    input: PlaneShape,
    output: PlaneShape,
    strip_rows: usize,
    /// Pixel tiles for a strip of so many rows; index 0 is unused.
    tiles: Vec<Vec<PixelTile>>,
    /// Output offset of each pixel of a strip from the strip's first pixel.
    offsets: Vec<u32>,
    parts: Vec<Part>,
}

/// Why a step cannot be planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepError {
    /// The shapes of input, output and weights do not fit one another.
    ShapeMismatch,
    /// The instruction set has no kernel for this arithmetic and element.
    NoKernel,
}

impl Separable {
    /// Plans the step.
    ///
    /// `input` needs a border; `output` has as many rows and columns as there are windows, with or without a border. `threads` decides how the step is cut into parts.
    ///
    /// # Errors
    /// [`StepError`] when shapes do not fit or no kernel exists.
    pub fn plan(
        depthwise: Arc<DepthwiseWeights>,
        pointwise: Arc<PointwiseWeights>,
        windows: impl Into<Windows>,
        element: Element,
        input: PlaneShape,
        output: PlaneShape,
        threads: usize,
    ) -> Result<Self, StepError> {
        let isa = pointwise.isa;
        let windows = windows.into();
        let fits = input.halo == 1
            && windows.are_known()
            && input.channels == depthwise.channels
            && input.blocks() * LANES == pointwise.inputs
            && output.channels == pointwise.outputs
            && output.height == windows.count(input.height)
            && output.width == windows.count(input.width)
            && output.pixels() > 0;
        if !fits {
            return Err(StepError::ShapeMismatch);
        }
        let depthwise_kernel =
            depthwise::select(isa, element, pointwise.word).ok_or(StepError::NoKernel)?;
        let pointwise_kernel =
            pointwise::select(isa, pointwise.arithmetic, element).ok_or(StepError::NoKernel)?;

        let row_bytes = output.width * pointwise.inputs * pointwise.word.bytes();
        let parts = cut(threads, output.height, pointwise.tiles.len());
        let tallest = parts.iter().map(|part| part.rows.len()).max().unwrap_or(1);
        let strip_rows = (STRIP_BYTES / row_bytes).clamp(1, tallest);
        let tiles = (0..=strip_rows)
            .map(|rows| tile_run(isa, rows * output.width))
            .collect();
        let offsets = (0..strip_rows * output.width)
            .map(|i| ((i / output.width) * output.row_stride() + (i % output.width) * LANES) as u32)
            .collect();
        Ok(Self {
            depthwise,
            pointwise,
            depthwise_kernel,
            pointwise_kernel,
            windows,
            element,
            input,
            output,
            strip_rows,
            tiles,
            offsets,
            parts,
        })
    }

    /// Has the step ask for what a later one reads, as much as its tiles can from the front.
    pub fn ask_ahead(&mut self, later: &mut Ahead) {
        for part in &mut self.parts {
            let whole = part.rows.len() / self.strip_rows;
            let rest = part.rows.len() % self.strip_rows;
            let pixel_tiles = whole * self.tiles[self.strip_rows].len() + self.tiles[rest].len();
            let tiles = part.channel_tiles.len() * pixel_tiles;
            part.ahead = later.take(PointwiseJob::ahead_bytes(&self.pointwise, tiles));
        }
    }

    /// Bytes of scratch that each member needs.
    #[must_use]
    pub fn scratch_bytes(&self) -> usize {
        self.strip_rows * self.output.width * self.pointwise.inputs * self.pointwise.word.bytes()
    }

    /// Multiply-accumulates of the two layers.
    #[must_use]
    pub fn macs(&self) -> (usize, usize) {
        let pixels = self.output.pixels();
        (
            pixels * self.depthwise.channels * 9,
            pixels * self.depthwise.channels * self.pointwise.outputs,
        )
    }

    /// Bytes of packed weights.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        self.depthwise.bytes() + self.pointwise.bytes()
    }

    /// Name of the kernel pair.
    #[must_use]
    pub fn kernel_name(&self) -> String {
        format!("separable_{}", self.pointwise.kernel_name())
    }

    /// Runs the step; `scratch` has one buffer per member of the team.
    ///
    /// # Panics
    /// When planes or scratch are not those of the plan.
    pub fn run(
        &self,
        team: &mut Team,
        input: &Plane,
        output: &mut Plane,
        scratch: &mut [Buffer<u8>],
    ) {
        assert!(input.shape() == self.input && output.shape() == self.output);
        assert!(input.element() == self.element && output.element() == self.element);
        assert!(scratch.len() >= team.members());
        assert!(
            scratch
                .iter()
                .all(|buffer| buffer.len() >= self.scratch_bytes())
        );
        let corner = self.windows.corner(&self.input) * element_bytes(self.element);
        let source = Parted(base(input).cast_mut());
        let target = Parted(base_mut(output));
        let scratch = Parted(scratch.as_mut_ptr());
        team.run(self.parts.len(), &|part, member| {
            let part = &self.parts[part];
            // SAFETY: the shapes were checked above; parts write disjoint rows or disjoint
            // channel tiles of the output; there is a buffer for every member, and a member
            // runs one part at a time.
            unsafe {
                let own: &mut Buffer<u8> = &mut *scratch.address().add(member);
                let strip = own.as_mut_ptr();
                self.run_part(part, source.address().add(corner), target.address(), strip);
            }
        });
    }

    /// # Safety
    /// Pointers are to the first window of the planned input, the planned output and a scratch
    /// of the planned size.
    unsafe fn run_part(&self, part: &Part, input: *const u8, output: *mut u8, strip: *mut u8) {
        let size = element_bytes(self.element);
        let word = self.pointwise.word.bytes();
        let mut ahead = part.ahead.start();
        let mut row = part.rows.start;
        while row < part.rows.end {
            let rows = self.strip_rows.min(part.rows.end - row);
            let strip_pixels = rows * self.output.width;
            // SAFETY: the strip holds `rows` rows of all input channels; input rows up to
            // `(row + rows - 1) * stride + 2` exist thanks to the border.
            unsafe {
                (self.depthwise_kernel)(&DepthwiseJob {
                    input,
                    row: self.input.row_stride(),
                    block: self.input.block_stride(),
                    blocks: self.input.blocks(),
                    weights: &self.depthwise,
                    stride: self.windows.step,
                    first_row: row,
                    rows,
                    width: self.output.width,
                    out: strip,
                    out_row: self.output.width * LANES,
                    out_block: strip_pixels * LANES,
                });
                (self.pointwise_kernel)(&PointwiseJob {
                    activations: strip,
                    block_bytes: strip_pixels * LANES * word,
                    weights: &self.pointwise,
                    channel_tiles: &self.pointwise.tiles[part.channel_tiles.clone()],
                    pixel_tiles: &self.tiles[rows],
                    offsets: &self.offsets,
                    out: output.add(self.output.pixel(row, 0) * size),
                    out_block: self.output.block_stride(),
                    ahead,
                });
            }
            if !ahead.is_null() {
                let tiles = part.channel_tiles.len() * self.tiles[rows].len();
                ahead = ahead.wrapping_add(PointwiseJob::ahead_bytes(&self.pointwise, tiles));
            }
            row += rows;
        }
    }
}

/// Tiles over `pixels` neighbours.
fn tile_run(isa: Isa, pixels: usize) -> Vec<PixelTile> {
    let mut first = 0;
    split_pixels(isa, pixels)
        .into_iter()
        .map(|width| {
            let tile = PixelTile {
                first,
                pixels: width as u32,
                offsets: first,
            };
            first += width as u32;
            tile
        })
        .collect()
}

/// Cuts a step for a team: by rows where there are many, else by output channels (each
/// part then repeats the cheap depthwise layer). More parts than members, so that a
/// member that was late takes less.
fn cut(threads: usize, height: usize, channel_tiles: usize) -> Vec<Part> {
    let whole = Part {
        rows: 0..height,
        channel_tiles: 0..channel_tiles,
        ahead: Ahead::default(),
    };
    if threads <= 1 {
        return vec![whole];
    }
    let share = |total: usize, parts: usize, i: usize| total * i / parts..total * (i + 1) / parts;
    if height >= 4 * threads * 2 {
        let parts = threads * 2;
        (0..parts)
            .map(|i| Part {
                rows: share(height, parts, i),
                ..whole.clone()
            })
            .collect()
    } else {
        let parts = threads.min(channel_tiles);
        (0..parts)
            .map(|i| Part {
                channel_tiles: share(channel_tiles, parts, i),
                ..whole.clone()
            })
            .collect()
    }
}

pub(crate) fn element_bytes(element: Element) -> usize {
    match element {
        Element::F32 => 4,
        Element::Bf16 => 2,
    }
}

pub(crate) fn base(plane: &Plane) -> *const u8 {
    match &plane.storage {
        Storage::F32(buffer) => buffer.as_ptr().cast(),
        Storage::Bf16(buffer) => buffer.as_ptr().cast(),
    }
}

pub(crate) fn base_mut(plane: &mut Plane) -> *mut u8 {
    match &mut plane.storage {
        Storage::F32(buffer) => buffer.as_mut_ptr().cast(),
        Storage::Bf16(buffer) => buffer.as_mut_ptr().cast(),
    }
}

/// A pointwise step on its own, planned for one shape.
#[derive(Debug)]
pub struct Pointwise {
    weights: Arc<PointwiseWeights>,
    kernel: PointwiseFn,
    element: Element,
    input: PlaneShape,
    output: PlaneShape,
    tiles: Vec<Vec<PixelTile>>,
    offsets: Vec<u32>,
}

impl Pointwise {
    /// Plans the step. The input plane's element must be what the arithmetic multiplies:
    /// f32 for [`pointwise::Arithmetic::F32`], bf16 for [`pointwise::Arithmetic::Bf16`].
    ///
    /// # Errors
    /// [`StepError`] when shapes do not fit or no kernel exists.
    pub fn plan(
        weights: Arc<PointwiseWeights>,
        element: Element,
        input: PlaneShape,
        output: PlaneShape,
        threads: usize,
    ) -> Result<Self, StepError> {
        let fits = input.blocks() * LANES == weights.inputs
            && output.channels == weights.outputs
            && (input.height, input.width) == (output.height, output.width)
            && output.pixels() > 0;
        if !fits {
            return Err(StepError::ShapeMismatch);
        }
        let direct = matches!(
            (element, weights.arithmetic),
            (Element::F32, pointwise::Arithmetic::F32)
                | (Element::Bf16, pointwise::Arithmetic::Bf16)
        );
        let kernel = pointwise::select(weights.isa, weights.arithmetic, element)
            .filter(|_| direct)
            .ok_or(StepError::NoKernel)?;
        let offsets: Vec<u32> = (0..output.height)
            .flat_map(|y| (0..output.width).map(move |x| output.pixel(y, x) as u32))
            .collect();
        let parts = if threads <= 1 {
            1
        } else {
            (threads * 2).min(output.height)
        };
        let tiles =
            (0..parts)
                .map(|i| {
                    let rows = output.height * i / parts..output.height * (i + 1) / parts;
                    let mut tiles = Vec::new();
                    // Without a border the rows of a part are one run of pixels.
                    let runs: Vec<(usize, usize)> = if input.halo == 0 {
                        vec![(rows.start, rows.len() * input.width)]
                    } else {
                        rows.map(|y| (y, input.width)).collect()
                    };
                    for (y, pixels) in runs {
                        let first = (input.pixel(y, 0) / LANES) as u32;
                        let offset = (y * output.width) as u32;
                        tiles.extend(tile_run(weights.isa, pixels).into_iter().map(|tile| {
                            PixelTile {
                                first: tile.first + first,
                                offsets: tile.offsets + offset,
                                ..tile
                            }
                        }));
                    }
                    tiles
                })
                .collect();
        Ok(Self {
            weights,
            kernel,
            element,
            input,
            output,
            tiles,
            offsets,
        })
    }

    /// Multiply-accumulates.
    #[must_use]
    pub fn macs(&self) -> usize {
        self.output.pixels() * self.input.channels * self.weights.outputs
    }

    /// Bytes of packed weights.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        self.weights.bytes()
    }

    /// Name of the kernel.
    #[must_use]
    pub fn kernel_name(&self) -> String {
        format!("pointwise_{}", self.weights.kernel_name())
    }

    /// Runs the step.
    ///
    /// # Panics
    /// When planes are not those of the plan.
    pub fn run(&self, team: &mut Team, input: &Plane, output: &mut Plane) {
        assert!(input.shape() == self.input && output.shape() == self.output);
        assert!(input.element() == self.element && output.element() == self.element);
        let source = Parted(base(input).cast_mut());
        let target = Parted(base_mut(output));
        team.run(self.tiles.len(), &|part, _| {
            // SAFETY: shapes were checked above; parts write disjoint pixels.
            unsafe {
                (self.kernel)(&PointwiseJob {
                    activations: source.address(),
                    block_bytes: self.input.block_stride() * element_bytes(self.element),
                    weights: &self.weights,
                    channel_tiles: &self.weights.tiles,
                    pixel_tiles: &self.tiles[part],
                    offsets: &self.offsets,
                    out: target.address(),
                    out_block: self.output.block_stride(),
                    ahead: std::ptr::null(),
                });
            }
        });
    }
}
