//! The shapes that a picture's size gives to all that a network computes.

use crate::model::{Model, Packed};
use crate::seam::Size;
use countenance_kernels::{PlaneShape, Pooling};

/// The shape of the picture's tensor and of dense layers' vectors, which have no plane.
pub(crate) const NOTHING: PlaneShape = PlaneShape {
    channels: 0,
    height: 0,
    width: 0,
    halo: 0,
};

/// Shapes of all tensors, `None` for those without a plane.
pub(crate) fn shapes(model: &Model, size: Size) -> Result<Vec<Option<PlaneShape>>, &'static str> {
    let mut sizes = vec![(size.height, size.width); model.channels.len()];
    let mut shapes = vec![None; model.channels.len()];
    for part in model.parts.iter() {
        let (height, width) = sizes[part.inputs[0]];
        let (height, width) = match &part.packed {
            Packed::Depthwise {
                windows,
                pooling: Pooling::Max2x2,
                ..
            } => (windows.count(height) / 2, windows.count(width) / 2),
            Packed::Rgb { windows, .. }
            | Packed::Depthwise { windows, .. }
            | Packed::Separable { windows, .. } => (windows.count(height), windows.count(width)),
            Packed::Pointwise { .. } => (height, width),
            Packed::MaxPool => (height / 2, width / 2),
            Packed::DoubleAndAdd => {
                let large = sizes[part.inputs[1]];
                if large != (height * 2, width * 2) {
                    return Err("width and height must be multiples of 32");
                }
                large
            }
            Packed::Sum { .. } => {
                if sizes[part.inputs[1]] != (height, width) {
                    return Err("two maps that it adds come out with different sizes");
                }
                (height, width)
            }
            Packed::DenseBlocks { weights } => {
                if height * width * model.channels[part.inputs[0]] != weights.inputs() {
                    return Err("the last layer was trained for another size");
                }
                continue;
            }
            Packed::Dense { pixels, .. } => {
                if height * width != *pixels {
                    return Err("the last layer was trained for another size");
                }
                continue;
            }
        };
        if height == 0 || width == 0 {
            return Err("it is too small");
        }
        sizes[part.output] = (height, width);
        let read_by_window = model.parts.iter().any(|reader| {
            reader.inputs.contains(&part.output)
                && matches!(
                    reader.packed,
                    Packed::Depthwise { .. } | Packed::Separable { .. }
                )
        });
        let channels = model.channels[part.output];
        let halo = usize::from(read_by_window);
        shapes[part.output] = Some(PlaneShape {
            channels,
            height,
            width,
            halo,
        });
    }
    Ok(shapes)
}
