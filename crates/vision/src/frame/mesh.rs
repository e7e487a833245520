//! The face mesh: 468 points laid over one face.
//!
//! The network looks at a square crop in which the face is upright and fills two thirds, as it was trained
//! on. Where the face was in the last frame says where the crop lies in the next.

use crate::align::{Similarity, cut_out};
use crate::picture::wipe;
use crate::{Face, Picture, Point, Rect};
use countenance_net::{Net, RunError};
use std::fmt;
use thiserror::Error;

/// Columns and rows of the network's picture.
const SIDE: usize = 192;

/// The crop is so much wider than the face in it.
const MARGIN: f32 = 1.5;

/// Least value of the network's own word for "this is a face".
const MIN_PRESENCE: f32 = 0.5;

/// Outputs of the network: points, and whether there is a face.
const POINTS_OUTPUT: &str = "output_mesh";
const PRESENCE_OUTPUT: &str = "output_faceflag";

/// Points of a mesh.
pub(super) const COUNT: usize = 468;

/// Points by what they lie on; image-left first where there are two. The numbers are the network's.
pub(super) mod at {
    pub(crate) const NOSE_TIP: usize = 4;
    pub(crate) const FOREHEAD: usize = 10;
    pub(crate) const CHIN: usize = 152;
    pub(crate) const UPPER_LIP: usize = 13;
    pub(crate) const LOWER_LIP: usize = 14;
    pub(crate) const MOUTH_CORNERS: [usize; 2] = [61, 291];
    /// Outer corner, inner corner, upper lid, lower lid.
    pub(crate) const EYES: [[usize; 4]; 2] = [[33, 133, 159, 145], [263, 362, 386, 374]];
    /// Points of the bony sides of a face and their mirror images.
    pub(crate) const PAIRS: [[usize; 2]; 8] = [
        [33, 263],
        [133, 362],
        [127, 356],
        [234, 454],
        [58, 288],
        [98, 327],
        [70, 300],
        [50, 280],
    ];
}

/// Points all over a face, each x and y in pixels of the picture and z in pixels towards the camera, from
/// somewhere inside the head. The depth is the network's guess from one picture.
///
/// `Debug` shows none of them.
#[derive(Clone, PartialEq)]
pub struct Mesh {
    points: Box<[[f32; 3]]>,
    presence: f32,
}

impl Mesh {
    /// All 468 points: x, y and z.
    #[must_use]
    pub fn points(&self) -> &[[f32; 3]] {
        &self.points
    }

    /// How sure the network is that there is a face, in 0..=1.
    #[must_use]
    pub fn presence(&self) -> f32 {
        self.presence
    }

    /// A mesh of 468 finite points; `None` for others.
    #[must_use]
    pub fn new(points: Vec<[f32; 3]>, presence: f32) -> Option<Self> {
        let finite = points.iter().flatten().all(|value| value.is_finite());
        (points.len() == COUNT && finite && presence.is_finite()).then(|| Self {
            points: points.into(),
            presence,
        })
    }

    /// One point; the numbers are those of [`at`].
    pub(super) fn point(&self, number: usize) -> [f32; 3] {
        self.points.get(number).copied().unwrap_or_default()
    }

    /// The middle of some points.
    pub(super) fn middle(&self, numbers: &[usize]) -> [f32; 3] {
        let mut sum = [0.0; 3];
        for number in numbers {
            for (sum, value) in sum.iter_mut().zip(self.point(*number)) {
                *sum += value;
            }
        }
        sum.map(|value| value / numbers.len().max(1) as f32)
    }

    /// Eyes, nose tip and mouth corners, as a detector gives them.
    pub(super) fn five_points(&self) -> [Point; 5] {
        let flat = |[x, y, _]: [f32; 3]| Point { x, y };
        let [left, right] = at::EYES.map(|eye| flat(self.middle(&eye)));
        let [left_mouth, right_mouth] = at::MOUTH_CORNERS.map(|corner| flat(self.point(corner)));
        let nose = flat(self.point(at::NOSE_TIP));
        [left, right, nose, left_mouth, right_mouth]
    }

    /// The smallest upright area that has all points.
    #[must_use]
    pub fn area(&self) -> Rect {
        self.area_turned(0.0)
    }

    /// The same in a frame that is turned by an angle.
    fn area_turned(&self, angle: f32) -> Rect {
        let (sin, cos) = angle.sin_cos();
        let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
        for [x, y, _] in &self.points {
            let turned = [cos * x + sin * y, cos * y - sin * x];
            for ((low, high), value) in low.iter_mut().zip(&mut high).zip(turned) {
                *low = low.min(value);
                *high = high.max(value);
            }
        }
        Rect {
            x: low[0],
            y: low[1],
            width: high[0] - low[0],
            height: high[1] - low[1],
        }
    }
}

impl fmt::Debug for Mesh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mesh")
            .field("presence", &self.presence)
            .finish_non_exhaustive()
    }
}

/// Where to lay a mesh: a square that may be turned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Region {
    center: Point,
    width: f32,
    /// Clockwise as seen, in radians.
    angle: f32,
}

impl Region {
    /// Around a face that was just found.
    pub(super) fn around_face(face: &Face) -> Self {
        let [left, right, ..] = face.landmarks;
        Self {
            center: face.area.center(),
            width: MARGIN * face.area.width.max(face.area.height),
            angle: (right.y - left.y).atan2(right.x - left.x),
        }
    }

    /// Around a face that has a mesh already.
    pub(super) fn around_mesh(mesh: &Mesh) -> Self {
        let [left, right, ..] = mesh.five_points();
        let angle = (right.y - left.y).atan2(right.x - left.x);
        let area = mesh.area_turned(angle);
        let center = area.center();
        let (sin, cos) = angle.sin_cos();
        Self {
            center: Point {
                x: cos * center.x - sin * center.y,
                y: sin * center.x + cos * center.y,
            },
            width: MARGIN * area.width.max(area.height),
            angle,
        }
    }

    fn is_sensible(&self) -> bool {
        let Self {
            center,
            width,
            angle,
        } = *self;
        [center.x, center.y, angle].iter().all(|v| v.is_finite()) && (1.0..1e7).contains(&width)
    }
}

/// No mesh could be laid.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MeshError {
    /// The network has not the outputs of a face mesh.
    #[error("mesh output {name} is missing or has a wrong length")]
    BadOutput {
        /// The output's name.
        name: &'static str,
    },
    /// The network did not run.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Lays meshes over faces with a network planned for 192 x 192.
pub struct MeshFinder {
    net: Box<dyn Net>,
    crop: Vec<u8>,
}

impl MeshFinder {
    /// Columns and rows for which the network is to be planned.
    pub const SIDE: usize = SIDE;

    /// Takes a face mesh network planned for [`MeshFinder::SIDE`] in both directions.
    #[must_use]
    pub fn new(net: Box<dyn Net>) -> Self {
        Self {
            net,
            crop: vec![0; SIDE * SIDE * 3],
        }
    }

    /// Lays a mesh over the face in a region; `None` when there is none.
    pub(super) fn find(
        &mut self,
        picture: &Picture,
        region: &Region,
    ) -> Result<Option<Mesh>, MeshError> {
        if !region.is_sensible() {
            return Ok(None);
        }
        let map = Similarity::of_square(region.center, region.width, region.angle, SIDE);
        cut_out(picture, &map, SIDE, &mut self.crop);
        let ran = self.net.run(&self.crop);
        wipe(&mut self.crop);
        ran?;
        let output = |name: &'static str, length: usize| {
            let values = self
                .net
                .output(name)
                .filter(|values| values.len() == length);
            values.ok_or(MeshError::BadOutput { name })
        };
        let presence = output(PRESENCE_OUTPUT, 1)?.first().copied().unwrap_or(0.0);
        let values = output(POINTS_OUTPUT, 3 * COUNT)?;
        if presence.is_nan() || presence < MIN_PRESENCE {
            return Ok(None);
        }
        let points = values.as_chunks::<3>().0.iter().map(|[x, y, z]| {
            let point = map.apply(*x, *y);
            [point.x, point.y, -z * map.step()]
        });
        Ok(Mesh::new(points.collect(), presence))
    }
}

impl fmt::Debug for MeshFinder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeshFinder").finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use countenance_net::Size;

    /// How a head is held, for a mesh without a network.
    pub(crate) struct Head {
        pub(crate) yaw_deg: f32,
        pub(crate) pitch_deg: f32,
        pub(crate) roll_deg: f32,
        /// Share of a head's depth; 0 is a plane.
        pub(crate) depth: f32,
        pub(crate) scale: f32,
        /// Width of the mouth, in its own.
        pub(crate) smile: f32,
    }

    impl Default for Head {
        fn default() -> Self {
            Self {
                yaw_deg: 0.0,
                pitch_deg: 0.0,
                roll_deg: 0.0,
                depth: 1.0,
                scale: 1.0,
                smile: 1.0,
            }
        }
    }

    /// Where the numbered points of a face lie, in eye distances from the middle between the eyes; all others are
    /// spread over it.
    fn place(number: usize, smile: f32) -> [f32; 2] {
        let mirrored = at::PAIRS
            .iter()
            .find(|pair| pair[1] == number)
            .map(|pair| pair[0]);
        let [x, y] = match mirrored.unwrap_or(number) {
            33 => [-0.7, 0.0],
            133 => [-0.3, 0.0],
            127 => [-1.1, 0.0],
            234 => [-1.1, 0.4],
            58 => [-0.9, 1.0],
            98 => [-0.2, 0.6],
            70 => [-0.8, -0.35],
            50 => [-0.6, 0.5],
            159 | 386 => [-0.5, -0.06],
            145 | 374 => [-0.5, 0.06],
            at::NOSE_TIP => [0.0, 0.55],
            at::FOREHEAD => [0.0, -0.9],
            at::CHIN => [0.0, 1.7],
            at::UPPER_LIP => [0.0, 0.97],
            at::LOWER_LIP => [0.0, 1.0],
            61 | 291 => [-0.4 * smile, 1.0],
            2 => [0.0, 0.65],
            other => {
                // A spiral over the face.
                let turn = other as f32 * 2.4;
                let far = (other as f32 / COUNT as f32).sqrt();
                [1.1 * far * turn.cos(), 0.4 + 1.3 * far * turn.sin()]
            }
        };
        let right = mirrored.is_some() || matches!(number, 386 | 374 | 291);
        [if right { -x } else { x }, y]
    }

    /// The mesh of a head seen by a pinhole camera from fifteen eye distances away.
    pub(crate) fn head(held: &Head) -> Mesh {
        let (sy, cy) = held.yaw_deg.to_radians().sin_cos();
        let (sp, cp) = held.pitch_deg.to_radians().sin_cos();
        let (sr, cr) = held.roll_deg.to_radians().sin_cos();
        let points = (0..COUNT).map(|number| {
            let [x, y] = place(number, held.smile);
            let round = (1.0 - (x / 1.5).powi(2) - ((y - 0.4) / 2.2).powi(2))
                .max(0.0)
                .sqrt();
            let nose = 0.35 * (-(x / 0.15).powi(2) - ((y - 0.5) / 0.3).powi(2)).exp();
            // Forehead and chin are as deep, so that the axis between them stands upright.
            let z = held.depth * (round + nose);
            let (x, z) = (cy * x + sy * z, cy * z - sy * x);
            let (y, z) = (cp * y + sp * z, cp * z - sp * y);
            let (x, y) = (cr * x - sr * y, sr * x + cr * y);
            let seen = 60.0 * held.scale * 15.0 / (15.0 - z);
            [320.0 + x * seen, 240.0 + y * seen, z * 60.0 * held.scale]
        });
        Mesh::new(points.collect(), 1.0).unwrap()
    }

    /// A network that says what it was told.
    pub(crate) struct Says {
        pub(crate) points: Vec<f32>,
        pub(crate) presence: Vec<f32>,
    }

    impl Net for Says {
        fn input_size(&self) -> Size {
            Size {
                width: SIDE,
                height: SIDE,
            }
        }
        fn run(&mut self, _: &[u8]) -> Result<(), RunError> {
            Ok(())
        }
        fn output(&self, name: &str) -> Option<&[f32]> {
            match name {
                "output_mesh" => Some(&self.points),
                "output_faceflag" => Some(&self.presence),
                _ => None,
            }
        }
    }

    fn gray() -> Picture {
        Picture::from_rgb(64, 64, vec![90; 64 * 64 * 3]).unwrap()
    }

    fn found(points: Vec<f32>, presence: f32, region: &Region) -> Result<Option<Mesh>, MeshError> {
        let says = Says {
            points,
            presence: vec![presence],
        };
        MeshFinder::new(Box::new(says)).find(&gray(), region)
    }

    const REGION: Region = Region {
        center: Point { x: 100.0, y: 50.0 },
        width: 384.0,
        angle: 0.0,
    };

    #[test]
    fn points_of_the_crop_lie_where_the_picture_has_them() {
        // The crop's middle is the region's, and a crop pixel is two of the picture's.
        let middle = [95.5, 95.5, -3.0].repeat(COUNT);
        let mesh = found(middle, 0.9, &REGION).unwrap().unwrap();
        let near = |[x, y, z]: [f32; 3]| (x - 100.0).abs() + (y - 50.0).abs() + (z - 6.0).abs();
        assert!(mesh.points().iter().all(|point| near(*point) < 1e-3));
        // A quarter turn clockwise: right in the crop is down in the picture.
        let right = [105.5, 95.5, 0.0].repeat(COUNT);
        let turned = Region {
            angle: std::f32::consts::FRAC_PI_2,
            ..REGION
        };
        let [x, y, _] = found(right, 0.9, &turned).unwrap().unwrap().points()[0];
        assert!(
            (x - 100.0).abs() < 1e-3 && (y - 70.0).abs() < 1e-3,
            "{x} {y}"
        );
    }

    #[test]
    fn where_the_network_sees_no_face_there_is_no_mesh() {
        let points = [1.0, 2.0, 3.0].repeat(COUNT);
        assert!(found(points.clone(), 0.6, &REGION).unwrap().is_some());
        for presence in [0.4, -1.0, f32::NAN] {
            assert_eq!(found(points.clone(), presence, &REGION), Ok(None));
        }
        assert_eq!(
            found([f32::NAN, 2.0, 3.0].repeat(COUNT), 1.0, &REGION),
            Ok(None)
        );
        let nowhere = Region {
            width: f32::NAN,
            ..REGION
        };
        assert_eq!(found(points, 1.0, &nowhere), Ok(None));
    }

    #[test]
    fn another_networks_outputs_are_refused_by_name() {
        let error = found(vec![0.0; 10], 1.0, &REGION).unwrap_err();
        assert_eq!(
            error,
            MeshError::BadOutput {
                name: "output_mesh"
            }
        );
    }

    #[test]
    fn the_next_region_is_upright_for_a_tilted_head_and_half_as_wide_again() {
        for roll_deg in [-40.0_f32, 0.0, 25.0] {
            let mesh = head(&Head {
                roll_deg,
                ..Head::default()
            });
            let region = Region::around_mesh(&mesh);
            assert!(
                (region.angle.to_degrees() - roll_deg).abs() < 0.5,
                "{region:?}"
            );
            let upright = Region::around_mesh(&head(&Head::default()));
            assert!(
                (region.width / upright.width - 1.0).abs() < 0.01,
                "{region:?}"
            );
            let high = mesh.area_turned(region.angle).height;
            assert!((region.width / high - MARGIN).abs() < 1e-3);
        }
    }

    #[test]
    fn debug_shows_no_point() {
        assert_eq!(
            format!("{:?}", head(&Head::default())),
            "Mesh { presence: 1.0, .. }"
        );
    }
}
