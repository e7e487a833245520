//! Windows over maps that lie row by row.

use super::{PER_TERM, Values, levels};
use countenance_kernels::{ChannelFilters, FilterShape};

/// The meaning, in f64: the value, and the sum of what was added in absolute values.
fn meaning(
    shape: FilterShape,
    (height, width): (usize, usize),
    (map, weights, bias): (&[f32], &[f32], f32),
    (y, x): (usize, usize),
) -> (f64, f64) {
    let reach = shape.side / 2;
    let (mut sum, mut size) = (f64::from(bias), f64::from(bias.abs()));
    for (at, weight) in weights.iter().enumerate() {
        let row = y * shape.row_step + at / shape.side;
        let column = x * shape.column_step + at % shape.side;
        let inside =
            (reach..height + reach).contains(&row) && (reach..width + reach).contains(&column);
        if inside {
            let value = map[(row - reach) * width + column - reach];
            let product = f64::from(value) * f64::from(*weight);
            sum += product;
            size += product.abs();
        }
    }
    (sum, size)
}

#[test]
fn filters_of_channels_match_their_meaning() {
    for isa in levels() {
        for side in [3, 5] {
            for (row_step, column_step) in [(1, 1), (2, 1), (1, 2), (2, 2)] {
                let shape = FilterShape {
                    channels: 3,
                    side,
                    row_step,
                    column_step,
                };
                let sizes = (1..=5).flat_map(|height| (1..=35).map(move |width| (height, width)));
                for (height, width) in sizes.chain([(12, 368), (3, 130)]) {
                    let mut values = Values(7 + (height * 400 + width) as u64);
                    let window = side * side;
                    let (input, weights, bias) = (
                        values.many(3 * height * width),
                        values.many(3 * window),
                        values.many(3),
                    );
                    let layer = ChannelFilters::new(isa, shape, weights.clone(), bias.clone());
                    let layer = layer.expect("there is a kernel");
                    let (rows, columns) = shape.output(height, width);
                    let mut out = vec![f32::NAN; 3 * rows * columns];
                    layer.run(&input, height, width, &mut out);
                    for (at, got) in out.iter().enumerate() {
                        let (c, y, x) = (at / (rows * columns), at / columns % rows, at % columns);
                        let of = (
                            &input[c * height * width..][..height * width],
                            &weights[c * window..][..window],
                            bias[c],
                        );
                        let (expected, size) = meaning(shape, (height, width), of, (y, x));
                        let bound = PER_TERM * (window + 1) as f64 * size;
                        assert!(
                            (f64::from(*got) - expected).abs() <= bound,
                            "{} at {c},{y},{x} of {height}x{width}: {got}, expected {expected}",
                            layer.kernel_name()
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn filters_that_do_not_fit_are_refused() {
    let shape = FilterShape {
        channels: 2,
        side: 3,
        row_step: 1,
        column_step: 1,
    };
    let new = |shape: FilterShape, weights: usize, bias: usize| {
        ChannelFilters::new(
            countenance_kernels::Isa::Scalar,
            shape,
            vec![0.0; weights],
            vec![0.0; bias],
        )
    };
    assert!(new(shape, 18, 2).is_ok());
    for (shape, weights, bias) in [
        (shape, 17, 2),
        (shape, 18, 1),
        (FilterShape { side: 4, ..shape }, 32, 2),
        (
            FilterShape {
                row_step: 3,
                ..shape
            },
            18,
            2,
        ),
        (
            FilterShape {
                column_step: 0,
                ..shape
            },
            18,
            2,
        ),
    ] {
        assert!(new(shape, weights, bias).is_err());
    }
}
