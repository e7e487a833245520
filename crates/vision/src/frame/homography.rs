//! What joins two views of one plane, however it is held and turned (Hartley and Zisserman, Multiple View Geometry, 2nd ed., 13.1).

/// Unknowns of a homography whose last entry is 1.
pub(super) const UNKNOWNS: usize = 8;

/// Takes points of one view to those of another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Homography([[f64; 3]; 3]);

impl Homography {
    /// Its eight entries row by row, without the last 1.
    pub(super) fn new(entries: [f64; UNKNOWNS]) -> Self {
        let [a, b, c, d, e, f, g, h] = entries;
        Self([[a, b, c], [d, e, f], [g, h, 1.0]])
    }

    /// The one that leaves every point where it is, but for this.
    pub(super) fn nearly_still(by: [f64; UNKNOWNS]) -> Self {
        let [a, b, c, d, e, f, g, h] = by;
        Self([[1.0 + a, b, c], [d, 1.0 + e, f], [g, h, 1.0]])
    }

    /// The one that takes points nearest to others (least squares of the linear equations: 4.1 there; the points should lie around the
    /// origin and about 1 from it, 4.4); `None` when they do not fix one.
    pub(super) fn fit(from: &[[f64; 2]], to: &[[f64; 2]]) -> Option<Self> {
        let mut gram = [[0.0; UNKNOWNS]; UNKNOWNS];
        let mut right = [0.0; UNKNOWNS];
        for ([x, y], [u, v]) in from.iter().zip(to) {
            let rows = [
                ([*x, *y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y], *u),
                ([0.0, 0.0, 0.0, *x, *y, 1.0, -v * x, -v * y], *v),
            ];
            for (row, value) in rows {
                for i in 0..UNKNOWNS {
                    for j in 0..UNKNOWNS {
                        gram[i][j] += row[i] * row[j];
                    }
                    right[i] += row[i] * value;
                }
            }
        }
        solve(&gram, &right).map(Self::new)
    }

    /// Where a point goes; `None` for one that goes to infinity.
    pub(super) fn apply(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        let [u, v, w] = self.0.map(|[a, b, c]| a * x + b * y + c);
        (w.abs() > 1e-9).then(|| [u / w, v / w])
    }

    /// Its rows, for loops over many points.
    pub(super) fn rows(&self) -> [[f32; 3]; 3] {
        self.0.map(|row| row.map(|value| value as f32))
    }

    /// First the other, then this one.
    pub(super) fn after(&self, first: &Self) -> Option<Self> {
        let product = self.0.map(|row| {
            std::array::from_fn(|column| (0..3).map(|k| row[k] * first.0[k][column]).sum::<f64>())
        });
        Self::scaled(product)
    }

    /// The one that goes back.
    pub(super) fn inverse(&self) -> Option<Self> {
        let m = &self.0;
        let minor = |row: usize, column: usize| {
            let (r, s) = ((row + 1) % 3, (row + 2) % 3);
            let (c, d) = ((column + 1) % 3, (column + 2) % 3);
            m[r][c] * m[s][d] - m[r][d] * m[s][c]
        };
        // The adjugate is the inverse but for a factor, and a homography does not have one.
        Self::scaled(std::array::from_fn(|row| {
            std::array::from_fn(|column| minor(column, row))
        }))
    }

    fn scaled(m: [[f64; 3]; 3]) -> Option<Self> {
        let last = m[2][2];
        let scaled = m.map(|row| row.map(|value| value / last));
        let fine = last.abs() > 1e-12 && scaled.iter().flatten().all(|value| value.is_finite());
        fine.then_some(Self(scaled))
    }
}

/// Gauss with pivots; `None` when the rows depend on each other.
pub(super) fn solve(
    gram: &[[f64; UNKNOWNS]; UNKNOWNS],
    right: &[f64; UNKNOWNS],
) -> Option<[f64; UNKNOWNS]> {
    let mut m: [[f64; UNKNOWNS + 1]; UNKNOWNS] = std::array::from_fn(|row| {
        std::array::from_fn(|column| gram[row].get(column).copied().unwrap_or(right[row]))
    });
    for column in 0..UNKNOWNS {
        let pivot = (column..UNKNOWNS)
            .max_by(|a, b| m[*a][column].abs().total_cmp(&m[*b][column].abs()))?;
        let size = m[pivot][column].abs();
        if size.is_nan() || size < 1e-12 {
            return None;
        }
        m.swap(column, pivot);
        let own = m[column];
        for (row, line) in m.iter_mut().enumerate() {
            if row != column {
                let factor = line[column] / own[column];
                for (value, own) in line.iter_mut().zip(own) {
                    *value -= factor * own;
                }
            }
        }
    }
    Some(std::array::from_fn(|i| m[i][UNKNOWNS] / m[i][i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TILT: [f64; UNKNOWNS] = [0.9, 0.1, 0.2, -0.05, 1.1, -0.3, 0.15, -0.1];
    const CORNERS: [[f64; 2]; 5] = [
        [-1.0, -1.0],
        [1.0, -0.9],
        [0.8, 1.0],
        [-1.1, 0.9],
        [0.1, 0.2],
    ];

    fn near(a: [f64; 2], b: [f64; 2]) -> bool {
        (a[0] - b[0]).abs() + (a[1] - b[1]).abs() < 1e-9
    }

    #[test]
    fn the_homography_of_points_that_one_moved_is_that_one() {
        let tilt = Homography::new(TILT);
        let moved = CORNERS.map(|corner| tilt.apply(corner).unwrap());
        let fit = Homography::fit(&CORNERS, &moved).unwrap();
        for (corner, moved) in CORNERS.into_iter().zip(moved) {
            assert!(near(fit.apply(corner).unwrap(), moved));
        }
        assert_eq!(Homography::fit(&[[1.0, 1.0]; 5], &moved), None);
    }

    #[test]
    fn there_and_back_is_where_it_was() {
        let tilt = Homography::new(TILT);
        let both = tilt.inverse().unwrap().after(&tilt).unwrap();
        for corner in CORNERS {
            assert!(near(both.apply(corner).unwrap(), corner));
        }
        let flat = Homography::new([0.0; UNKNOWNS]);
        assert_eq!(flat.after(&flat).unwrap(), flat);
        assert_eq!(
            Homography::new([1.0, 2.0, 3.0, 2.0, 4.0, 6.0, 0.0, 0.0])
                .inverse()
                .and_then(|back| back.apply([0.5, 0.5])),
            None
        );
    }
}
