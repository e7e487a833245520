//! Which views of a picture to look at, from coarse to fine.
//!
//! A network sees faces from some [`SMALLEST_PX`] canvas pixels to frame-filling ones. The coarsest
//! level shows the whole picture on a small canvas with a margin, so that a face that fills
//! the frame is seen whole. Each finer level is [`STEP`] times larger, up to the one where the
//! smallest face wanted has [`SMALLEST_PX`] pixels. Levels larger than [`TILE`] are looked at in
//! overlapping tiles; since larger faces were found on the coarser level, the overlap need only be
//! as wide as the largest face that the coarser level may have missed.

use super::view::View;
use super::yunet::GRANULE;
use countenance_net::Size;

/// Longest side of the picture on the coarsest level, in canvas pixels.
const COARSEST: f32 = 176.0;

/// Black margin on each side of the coarsest level, in canvas pixels.
const MARGIN: f32 = 8.0;

/// A level is this many times larger than the one before.
const STEP: f32 = 2.0;

/// Width of the smallest face that a search looks for, in pixels of the picture.
pub(super) const SMALLEST_FACE_PX: f32 = 20.0;

/// Canvas pixels that the smallest face is given.
const SMALLEST_PX: f32 = 16.0;

/// Largest canvas side.
const TILE: usize = 640;

/// Canvas pixels that neighbouring tiles share.
const OVERLAP: usize = 96;

/// The views of one level.
pub(super) struct Level {
    /// Side by side they show the whole picture.
    pub(super) views: Vec<View>,
}

/// All levels for a picture, the coarsest first.
pub(super) fn levels(picture: Size) -> impl Iterator<Item = Level> {
    let longest = picture.width.max(picture.height) as f32;
    let coarsest = COARSEST / longest;
    let finest = SMALLEST_PX / SMALLEST_FACE_PX;
    // The first scale, then steps until a level is as fine as needed.
    let mut scales = vec![coarsest];
    let mut scale = coarsest;
    while scale < finest {
        scale = (scale * STEP).min(finest.max(coarsest));
        scales.push(scale);
    }
    scales.into_iter().enumerate().map(move |(index, scale)| {
        let margin = if index == 0 { MARGIN } else { 0.0 };
        Level {
            views: tiles(picture, scale, margin),
        }
    })
}

/// Covers a picture at one scale.
fn tiles(picture: Size, scale: f32, margin: f32) -> Vec<View> {
    let columns = spans(picture.width as f32 * scale, margin);
    let rows = spans(picture.height as f32 * scale, margin);
    let mut views = Vec::with_capacity(columns.starts.len() * rows.starts.len());
    for &top in &rows.starts {
        for &left in &columns.starts {
            views.push(View {
                left: left / scale,
                top: top / scale,
                scale,
                canvas: Size {
                    width: columns.canvas,
                    height: rows.canvas,
                },
            });
        }
    }
    views
}

/// The canvases along one axis.
struct Spans {
    /// Where each begins, in scaled pixels.
    starts: Vec<f32>,
    /// Pixels of each.
    canvas: usize,
}

/// Covers `length` scaled pixels with as few canvases as possible.
fn spans(length: f32, margin: f32) -> Spans {
    let padded = length + 2.0 * margin;
    let whole = (padded.ceil() as usize).next_multiple_of(GRANULE);
    if whole <= TILE {
        // Centred: the margin is the same on both sides.
        return Spans {
            starts: vec![(length - whole as f32) / 2.0],
            canvas: whole,
        };
    }
    let last = length - TILE as f32;
    let count = (last / (TILE - OVERLAP) as f32).ceil().max(1.0);
    let starts = (0..=count as usize)
        .map(|i| last * i as f32 / count)
        .collect();
    Spans {
        starts,
        canvas: TILE,
    }
}
