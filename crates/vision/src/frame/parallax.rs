//! Whether the nose of a face that turned stands out of the face, by its pixels.
//!
//! A face mesh is a network's opinion: shown a flat picture that is turned far enough, it gives it some of the depth
//! that faces have. Pixels have no opinion. The homography that lays the turned face best over the straight one, without the
//! nose, lays the nose of a flat picture over the nose as well; the nose of a head is then off by its height times the sine of
//! the turn.
//!
//! ```text
//! smooth both; leave the light out: mean 0, deviation 1 over the face
//! on half the pixels, then on all: Gauss-Newton with the straight face's own gradients
//!   (inverse compositional: Baker and Matthews, IJCV 56(3), 2004)
//! look for the straight nose around its place in the turned face as the homography lays it (normalized correlation)
//! ```

use super::homography::{Homography, UNKNOWNS, solve};
use crate::Point;
use crate::align::{CROP_SIDE, Crop, Similarity, TEMPLATE_POINTS};
use crate::picture::wipe;
use std::fmt;
use std::ops::Range;

/// The middle of the face in a crop, and how far it reaches to the sides and up and down, in pixels: brows to below the mouth.
const MIDDLE: [f32; 2] = [56.0, 69.0];
const REACH: [f32; 2] = [31.0, 38.0];
/// Columns and rows of a crop that the nose takes: no plane is laid by them.
const NOSE_COLUMNS: Range<usize> = 45..68;
const NOSE_ROWS: Range<usize> = 58..81;
/// Columns and rows that its tip takes, which stands out most: the less around it, the less is it held back.
const TIP_COLUMNS: Range<usize> = 49..64;
const TIP_ROWS: Range<usize> = 64..78;
/// How far a nose is looked for, in pixels.
const AROUND: usize = 9;
/// Pixels that are 1 in the coordinates of a homography.
const UNIT: f32 = 32.0;
/// Rounds of Gauss-Newton at the most; and the step, in [`UNIT`]s, at which it has arrived.
const ROUNDS: usize = 40;
const ARRIVED: f64 = 1e-4;
/// Correlation of the two faces without the nose from which one lies over the other; a head's sides change when it turns, too.
const LAID: f32 = 0.8;

/// A face in gray as it lies in its crop: what two frames are compared by. It is a picture of a face: `Debug` does not show
/// it, and it is overwritten on drop.
#[derive(Clone, PartialEq)]
pub struct FaceView {
    /// 112 rows of 112.
    gray: Box<[u8]>,
    /// Eyes, nose tip and corners of the mouth, in pixels of the crop.
    landmarks: [Point; 5],
}

impl FaceView {
    /// Of a crop, and the landmarks (in pixels of its picture) that it was aligned by.
    #[must_use]
    pub fn new(crop: &Crop, landmarks: &[Point; 5]) -> Self {
        let (pixels, _) = crop.pixels().as_chunks::<3>();
        let gray = pixels.iter().map(|[red, green, blue]| {
            // ITU-R BT.601.
            let sum = 77 * u32::from(*red) + 150 * u32::from(*green) + 29 * u32::from(*blue);
            (sum >> 8) as u8
        });
        let map = Similarity::to_picture(landmarks);
        Self {
            gray: gray.collect(),
            landmarks: map.map_or(TEMPLATE_POINTS, |map| {
                landmarks.map(|point| map.undo(point))
            }),
        }
    }
}

impl fmt::Debug for FaceView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaceView(112 x 112)")
    }
}

impl Drop for FaceView {
    fn drop(&mut self) {
        wipe(&mut self.gray);
    }
}

/// How far, in distances of the eyes and positive towards image-right, the nose of a turned face lies from where it would
/// if the face were a plane.
///
/// About 0 for a flat picture, however it is held. How far heads and flat pictures lie apart is in `docs/accuracy.md`. `None` where
/// no homography lays one over the other: then it says nothing.
#[must_use]
pub fn parallax(straight: &FaceView, turned: &FaceView) -> Option<f32> {
    let mut plane = by_landmarks(&straight.landmarks, &turned.landmarks)?;
    let (fine, fine_turned) = (Layer::fine(straight), Layer::fine(turned));
    let (half, half_turned) = (fine.halved(), fine_turned.halved());
    plane = Face::of(&half)?.lay(&half_turned, plane)?.0;
    let (plane, like) = Face::of(&fine)?.lay(&fine_turned, plane)?;
    if like < LAID {
        return None;
    }
    let moved = nose(&fine, &fine_turned, &plane)?;
    let [left, right, ..] = &TEMPLATE_POINTS;
    Some(moved / (right.x - left.x))
}

/// From coordinates of a crop to those of homographies.
fn unit(x: f32, y: f32) -> [f32; 2] {
    [(x - MIDDLE[0]) / UNIT, (y - MIDDLE[1]) / UNIT]
}

/// Where to begin: what eyes, nose and mouth say, without perspective.
fn by_landmarks(from: &[Point; 5], to: &[Point; 5]) -> Option<Homography> {
    let exact = |points: &[Point; 5]| points.map(|point| unit(point.x, point.y).map(f64::from));
    let (from, to) = (exact(from), exact(to));
    let mut gram = [[0.0; UNKNOWNS]; UNKNOWNS];
    let mut right = [0.0; UNKNOWNS];
    for ([x, y], [u, v]) in from.iter().zip(&to) {
        for (start, value) in [(0, u), (3, v)] {
            let row = [*x, *y, 1.0];
            for i in 0..3 {
                for j in 0..3 {
                    gram[start + i][start + j] += row[i] * row[j];
                }
                right[start + i] += row[i] * value;
            }
        }
    }
    gram[6][6] = 1.0;
    gram[7][7] = 1.0;
    solve(&gram, &right).map(Homography::new)
}

/// Gray values of a crop, or of every second of its rows and columns.
struct Layer {
    side: usize,
    /// Pixels of the crop from one to the next.
    step: f32,
    gray: Vec<f32>,
}

impl Layer {
    fn fine(view: &FaceView) -> Self {
        Self {
            side: CROP_SIDE,
            step: 1.0,
            gray: view.gray.iter().map(|value| f32::from(*value)).collect(),
        }
        .smoothed()
        .smoothed()
    }

    /// Means of two by two, smoothed.
    fn halved(&self) -> Self {
        let side = self.side / 2;
        let gray = (0..side * side).map(|at| {
            let from = 2 * (at / side) * self.side + 2 * (at % side);
            let pair = |from: usize| self.gray[from] + self.gray[from + 1];
            (pair(from) + pair(from + self.side)) / 4.0
        });
        Self {
            side,
            step: 2.0 * self.step,
            gray: gray.collect(),
        }
        .smoothed()
    }

    /// Each the mean of itself and its neighbors, weighted 1 2 1 across and down; the border as it is.
    fn smoothed(mut self) -> Self {
        for apart in [1, self.side] {
            let mut before = self.gray.clone();
            for at in self.side + 1..before.len() - self.side - 1 {
                self.gray[at] = (before[at - apart] + 2.0 * before[at] + before[at + apart]) / 4.0;
            }
            wipe(&mut before);
        }
        self
    }

    /// Where a pixel lies in the crop.
    fn place(&self, column: usize, row: usize) -> [f32; 2] {
        let half = (self.step - 1.0) / 2.0;
        unit(
            column as f32 * self.step + half,
            row as f32 * self.step + half,
        )
    }

    /// The value at a place, bilinear; the border's beyond it.
    fn at(&self, [x, y]: [f32; 2]) -> f32 {
        let half = (self.step - 1.0) / 2.0;
        let last = (self.side - 2) as f32;
        let x = ((x * UNIT + MIDDLE[0] - half) / self.step).clamp(0.0, last + 0.999);
        let y = ((y * UNIT + MIDDLE[1] - half) / self.step).clamp(0.0, last + 0.999);
        let (column, row) = (x as usize, y as usize);
        let (u, v) = (x - column as f32, y - row as f32);
        let from = row * self.side + column;
        let across = |from: usize| self.gray[from] + u * (self.gray[from + 1] - self.gray[from]);
        let (upper, lower) = (across(from), across(from + self.side));
        upper + v * (lower - upper)
    }

    /// Values where a homography takes some places.
    fn through(&self, plane: &Homography, places: impl Iterator<Item = [f32; 2]>) -> Vec<f32> {
        let [across, down, far] = plane.rows();
        let value = |[x, y]: [f32; 2]| {
            let [u, v, w] = [across, down, far].map(|[a, b, c]| a * x + b * y + c);
            self.at([u / w, v / w])
        };
        places.map(value).collect()
    }
}

impl Drop for Layer {
    fn drop(&mut self) {
        wipe(&mut self.gray);
    }
}

/// A straight face without its nose, ready to have another laid over it.
struct Face {
    places: Vec<[f32; 2]>,
    /// Mean 0 and deviation 1.
    values: Vec<f32>,
    /// How the value at each place changes with each entry of the homography.
    changes: Vec<[f32; UNKNOWNS]>,
    gram: [[f64; UNKNOWNS]; UNKNOWNS],
}

impl Face {
    fn of(layer: &Layer) -> Option<Self> {
        let mut face = Self {
            places: Vec::new(),
            values: Vec::new(),
            changes: Vec::new(),
            gram: [[0.0; UNKNOWNS]; UNKNOWNS],
        };
        let unit_step = UNIT / layer.step;
        for row in 1..layer.side - 1 {
            for column in 1..layer.side - 1 {
                let [x, y] = layer.place(column, row);
                let out = [x * UNIT / REACH[0], y * UNIT / REACH[1]];
                let full = [column, row].map(|at| (at as f32 * layer.step) as usize);
                let is_nose = NOSE_COLUMNS.contains(&full[0]) && NOSE_ROWS.contains(&full[1]);
                if is_nose || out[0] * out[0] + out[1] * out[1] > 1.0 {
                    continue;
                }
                let at = row * layer.side + column;
                let across = (layer.gray[at + 1] - layer.gray[at - 1]) / 2.0 * unit_step;
                let down =
                    (layer.gray[at + layer.side] - layer.gray[at - layer.side]) / 2.0 * unit_step;
                let far = -(across * x + down * y);
                face.places.push([x, y]);
                face.values.push(layer.gray[at]);
                face.changes.push([
                    across * x,
                    across * y,
                    across,
                    down * x,
                    down * y,
                    down,
                    far * x,
                    far * y,
                ]);
            }
        }
        let deviation = level(&mut face.values)?;
        for change in &mut face.changes {
            for value in change.iter_mut() {
                *value /= deviation;
            }
            for (sums, one) in face.gram.iter_mut().zip(*change) {
                for (sum, other) in sums.iter_mut().zip(*change) {
                    *sum += f64::from(one * other);
                }
            }
        }
        Some(face)
    }

    /// The homography that lays a turned face best over this one, from a guess on, and how alike they are then, as a correlation.
    fn lay(&self, turned: &Layer, mut plane: Homography) -> Option<(Homography, f32)> {
        for _ in 0..ROUNDS {
            let mut seen = turned.through(&plane, self.places.iter().copied());
            level(&mut seen)?;
            let mut right = [0.0_f32; UNKNOWNS];
            for ((seen, value), change) in seen.iter().zip(&self.values).zip(&self.changes) {
                let off = seen - value;
                for (sum, change) in right.iter_mut().zip(change) {
                    *sum += change * off;
                }
            }
            let step = solve(&self.gram, &right.map(f64::from))?;
            plane = plane.after(&Homography::nearly_still(step).inverse()?)?;
            if step.iter().all(|value| value.abs() < ARRIVED) {
                break;
            }
        }
        let mut seen = turned.through(&plane, self.places.iter().copied());
        level(&mut seen)?;
        let products = seen.iter().zip(&self.values).map(|(a, b)| a * b);
        let like = products.sum::<f32>() / seen.len() as f32;
        like.is_finite().then_some((plane, like))
    }
}

/// How far the nose lies from where a plane's would, in pixels to the right.
fn nose(straight: &Layer, turned: &Layer, plane: &Homography) -> Option<f32> {
    let (columns, rows) = (TIP_COLUMNS.len(), TIP_ROWS.len());
    let wide = columns + 2 * AROUND;
    let mut own: Vec<f32> = TIP_ROWS
        .flat_map(|row| TIP_COLUMNS.map(move |column| straight.gray[row * CROP_SIDE + column]))
        .collect();
    level(&mut own)?;
    let places = (TIP_ROWS.start - AROUND..TIP_ROWS.end + AROUND).flat_map(|row| {
        (TIP_COLUMNS.start - AROUND..TIP_COLUMNS.end + AROUND)
            .map(move |column| unit(column as f32, row as f32))
    });
    let seen = turned.through(plane, places);
    let like = |right: usize, down: usize| {
        let (mut product, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for (row, own) in own.chunks_exact(columns).enumerate() {
            let from = (down + row) * wide + right;
            for (own, seen) in own.iter().zip(&seen[from..from + columns]) {
                product += own * seen;
                sum += seen;
                squares += seen * seen;
            }
        }
        let count = (columns * rows) as f32;
        let deviation = (squares / count - (sum / count).powi(2)).max(1e-6).sqrt();
        product / count / deviation
    };
    let (mut best, mut place) = (f32::MIN, (0, 0));
    for down in 0..=2 * AROUND {
        for right in 0..=2 * AROUND {
            let here = like(right, down);
            if here > best {
                (best, place) = (here, (right, down));
            }
        }
    }
    let (right, down) = place;
    let whole = right as f32 - AROUND as f32;
    if right == 0 || right == 2 * AROUND {
        // Not found, or beyond where it was looked for.
        return None;
    }
    // The top of the parabola through it and its neighbors.
    let (before, after) = (like(right - 1, down), like(right + 1, down));
    let bend = before - 2.0 * best + after;
    let part = if bend < 0.0 {
        (before - after) / bend / 2.0
    } else {
        0.0
    };
    Some(whole + part)
}

/// Makes the mean 0 and the deviation 1, and says what it was; `None` for values that are all alike.
fn level(values: &mut [f32]) -> Option<f32> {
    let count = values.len() as f32;
    let mean = values.iter().sum::<f32>() / count;
    let squares = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f32>();
    let deviation = (squares / count).sqrt();
    if deviation.is_nan() || deviation < 0.5 {
        return None;
    }
    for value in values {
        *value = (*value - mean) / deviation;
    }
    Some(deviation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Picture, align};

    /// How a picture of a face is held, or a head.
    #[derive(Clone, Copy)]
    struct Held {
        yaw_deg: f32,
        pitch_deg: f32,
        /// 1 for a head, 0 for a plane.
        depth: f32,
        /// Distances of the eyes to the camera.
        near: f32,
        light: f32,
        texture: f32,
    }

    const STRAIGHT: Held = Held {
        yaw_deg: 0.0,
        pitch_deg: 0.0,
        depth: 1.0,
        near: 9.0,
        light: 1.0,
        texture: 1.0,
    };

    /// Towards the camera at a place, all in distances of the eyes from the middle between them.
    fn depth(x: f32, y: f32) -> f32 {
        let nose = 0.4 * (-(x / 0.2).powi(2) - ((y - 0.55) / 0.3).powi(2)).exp();
        nose - 0.5 * x * x - 0.15 * (y - 0.5).powi(2)
    }

    fn seen(held: &Held, [x, y]: [f32; 2]) -> [f32; 2] {
        let (sy, cy) = held.yaw_deg.to_radians().sin_cos();
        let (sp, cp) = held.pitch_deg.to_radians().sin_cos();
        let z = held.depth * depth(x, y);
        let (x, z) = (cy * x + sy * z, cy * z - sy * x);
        let (y, z) = (cp * y + sp * z, cp * z - sp * y);
        let scale = 40.0 * held.near / (held.near - z);
        [100.0 + x * scale, 80.0 + y * scale]
    }

    fn view(held: &Held) -> FaceView {
        let side = 200;
        let pixels = (0..side * side).flat_map(|at| {
            let pixel = [(at % side) as f32, (at / side) as f32];
            let mut place = [0.0_f32; 2];
            for _ in 0..30 {
                let here = seen(held, place);
                for axis in 0..2 {
                    place[axis] += 0.6 * (pixel[axis] - here[axis]) / 40.0;
                }
            }
            let [x, y] = place.map(|value| value * held.texture);
            let skin = (5.0 * x + 1.0).sin() * (6.0 * y).cos()
                + (11.0 * x - 7.0 * y).sin()
                + (9.0 * y + 4.0 * x).cos() * (13.0 * x).sin();
            let gray = held.light * (128.0 + 30.0 * skin);
            [gray as u8; 3]
        });
        let picture = Picture::from_rgb(side, side, pixels.collect()).unwrap();
        let landmarks = [
            [-0.5, 0.0],
            [0.5, 0.0],
            [0.0, 0.57],
            [-0.41, 1.15],
            [0.42, 1.15],
        ]
        .map(|place| seen(held, place))
        .map(|[x, y]| Point { x, y });
        FaceView::new(&align(&picture, &landmarks), &landmarks)
    }

    #[test]
    fn the_nose_of_a_head_that_turns_stands_out_towards_where_it_turns() {
        let straight = view(&STRAIGHT);
        for yaw_deg in [-24.0_f32, -16.0, -12.0, 12.0, 16.0, 24.0] {
            let turned = view(&Held {
                yaw_deg,
                ..STRAIGHT
            });
            let found = parallax(&straight, &turned).unwrap() * yaw_deg.signum();
            assert!(found > 0.02, "{yaw_deg}: {found}");
        }
    }

    #[test]
    fn a_flat_picture_has_no_parallax_wherefrom_and_whereto_it_is_tilted() {
        let flat = Held {
            depth: 0.0,
            near: 4.0,
            ..STRAIGHT
        };
        for (from, to) in [(0.0, 30.0), (-20.0, 40.0), (30.0, -30.0), (38.0, -38.0)] {
            let straight = view(&Held {
                yaw_deg: from,
                ..flat
            });
            for (pitch_deg, light) in [(0.0, 1.0), (-20.0, 0.6), (20.0, 1.2)] {
                let turned = view(&Held {
                    yaw_deg: to,
                    pitch_deg,
                    light,
                    ..flat
                });
                let found = parallax(&straight, &turned);
                assert!(
                    found.is_some_and(|found| found.abs() < 0.01),
                    "{from} {to} {pitch_deg}: {found:?}"
                );
            }
        }
    }

    #[test]
    fn faces_that_do_not_lie_over_each_other_say_nothing() {
        let straight = view(&STRAIGHT);
        let other = view(&Held {
            texture: 1.7,
            ..STRAIGHT
        });
        let dark = view(&Held {
            light: 0.0,
            ..STRAIGHT
        });
        for (from, to) in [(&straight, &other), (&straight, &dark), (&dark, &straight)] {
            assert_eq!(parallax(from, to), None);
        }
        let nowhere = [Point { x: 5.0, y: 5.0 }; 5];
        let picture = Picture::from_rgb(10, 10, vec![90; 300]).unwrap();
        let nothing = FaceView::new(&align(&picture, &nowhere), &nowhere);
        assert_eq!(parallax(&straight, &nothing), None);
        assert_eq!(parallax(&nothing, &straight), None);
    }

    #[test]
    fn debug_shows_no_pixel() {
        assert_eq!(format!("{:?}", view(&STRAIGHT)), "FaceView(112 x 112)");
    }
}
