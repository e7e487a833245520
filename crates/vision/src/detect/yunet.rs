//! What the outputs of a YuNet network mean.
//!
//! YuNet (Wu, Peng, Yu, "YuNet: a tiny millisecond-level face detector", 2023) looks at the cells
//! of three grids, 8, 16 and 32 pixels wide. For each cell it says whether a face is there
//! (`cls`), how well its box fits (`obj`), the box (`bbox`) and five landmarks (`kps`), both
//! relative to the cell and in units of its side, the box's sides as logarithms.

use super::{DetectError, Face};
use crate::{Point, Rect};
use countenance_net::Net;

struct Grid {
    side: usize,
    cls: &'static str,
    obj: &'static str,
    bbox: &'static str,
    kps: &'static str,
}

const GRIDS: [Grid; 3] = [
    Grid {
        side: 8,
        cls: "cls_8",
        obj: "obj_8",
        bbox: "bbox_8",
        kps: "kps_8",
    },
    Grid {
        side: 16,
        cls: "cls_16",
        obj: "obj_16",
        bbox: "bbox_16",
        kps: "kps_16",
    },
    Grid {
        side: 32,
        cls: "cls_32",
        obj: "obj_32",
        bbox: "bbox_32",
        kps: "kps_32",
    },
];

/// Sides of the input must be multiples of this.
pub(super) const GRANULE: usize = 32;

/// Reads all faces with at least `min_score` out of a network that has just run, in canvas pixels.
pub(super) fn read(
    net: &dyn Net,
    min_score: f32,
    mut found: impl FnMut(Face),
) -> Result<(), DetectError> {
    let size = net.input_size();
    for grid in &GRIDS {
        let columns = size.width / grid.side;
        let cells = columns * (size.height / grid.side);
        let cls = output(net, grid.cls, cells)?;
        let obj = output(net, grid.obj, cells)?;
        let bbox = output(net, grid.bbox, 4 * cells)?;
        let kps = output(net, grid.kps, 10 * cells)?;
        for (cell, (&cls, &obj)) in cls.iter().zip(obj).enumerate() {
            let product = cls.clamp(0.0, 1.0) * obj.clamp(0.0, 1.0);
            if product.is_nan() || product < min_score * min_score {
                continue;
            }
            let corner = Point {
                x: (cell % columns) as f32,
                y: (cell / columns) as f32,
            };
            let face = decode(
                corner,
                grid.side as f32,
                &bbox[4 * cell..4 * cell + 4],
                &kps[10 * cell..10 * cell + 10],
                product.sqrt(),
            );
            if face.is_finite() {
                found(face);
            }
        }
    }
    Ok(())
}

/// One cell's box and landmarks in canvas pixels.
fn decode(corner: Point, side: f32, bbox: &[f32], kps: &[f32], score: f32) -> Face {
    let width = bbox[2].exp() * side;
    let height = bbox[3].exp() * side;
    let area = Rect {
        x: (corner.x + bbox[0]) * side - width / 2.0,
        y: (corner.y + bbox[1]) * side - height / 2.0,
        width,
        height,
    };
    let landmarks = std::array::from_fn(|k| Point {
        x: (corner.x + kps[2 * k]) * side,
        y: (corner.y + kps[2 * k + 1]) * side,
    });
    Face {
        area,
        landmarks,
        score,
    }
}

/// One output, checked for its length.
fn output<'n>(
    net: &'n dyn Net,
    name: &'static str,
    length: usize,
) -> Result<&'n [f32], DetectError> {
    net.output(name)
        .filter(|values| values.len() == length)
        .ok_or(DetectError::BadOutput { name })
}
