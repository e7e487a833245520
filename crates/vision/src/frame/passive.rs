//! How live a face looks in one picture, by networks that an operator may add.
//!
//! Each looks at the face with so much around it: the edge of a print or of a screen, and how the picture of a picture
//! differs from that of a head. What it was trained on decides what it sees, so this is one sign beside others.

use crate::{Picture, Rect};
use countenance_net::{Net, RunError};
use std::fmt;
use zeroize::Zeroizing;

/// Output of each network: three probabilities, of which the second is that of a live face.
const OUTPUT: &str = "prob";
const CLASSES: usize = 3;
const LIVE: usize = 1;

/// Networks that say how live a face looks.
pub struct PassiveJudge {
    nets: Vec<(f32, Box<dyn Net>)>,
}

impl PassiveJudge {
    /// Columns and rows that each network looks at.
    pub const SIDE: usize = 80;

    /// A judge of networks for [`PassiveJudge::SIDE`] pixels to a side, each with the width and height of what it looks at in
    /// those of the face.
    #[must_use]
    pub fn new(nets: Vec<(f32, Box<dyn Net>)>) -> Self {
        Self { nets }
    }

    /// How live the face in `area` (pixels of the picture) looks, in 0..=1: the mean of all networks.
    ///
    /// # Errors
    /// [`RunError`] when a network does not run, or says something else than probabilities.
    pub fn score(&mut self, picture: &Picture, area: Rect) -> Result<f32, RunError> {
        let mut pixels = Zeroizing::new(vec![0; Self::SIDE * Self::SIDE * 3]);
        let mut sum = 0.0;
        for (scale, net) in &mut self.nets {
            sample(picture, window(picture, area, *scale), &mut pixels);
            net.run(&pixels)?;
            match net.output(OUTPUT) {
                Some(values) if values.len() == CLASSES => sum += values[LIVE],
                _ => return Err(RunError::BadOutput),
            }
        }
        let mean = sum / self.nets.len().max(1) as f32;
        if (0.0..=1.0).contains(&mean) {
            Ok(mean)
        } else {
            Err(RunError::BadOutput)
        }
    }
}

impl fmt::Debug for PassiveJudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PassiveJudge(of {})", self.nets.len())
    }
}

/// The part of a picture around a face: `scale` times as large, smaller where the picture is, and moved inside.
fn window(picture: &Picture, area: Rect, scale: f32) -> Rect {
    let (columns, rows) = (picture.width() as f32, picture.height() as f32);
    let (width, height) = (area.width.max(1.0), area.height.max(1.0));
    let scale = scale.min(columns / width).min(rows / height);
    let (width, height) = (width * scale, height * scale);
    let center = area.center();
    Rect {
        x: (center.x - width / 2.0).min(columns - width).max(0.0),
        y: (center.y - height / 2.0).min(rows - height).max(0.0),
        width,
        height,
    }
}

/// Fills a square with a part of a picture, bilinear at pixel centers and without smoothing, as the networks were trained.
fn sample(picture: &Picture, part: Rect, out: &mut [u8]) {
    let side = PassiveJudge::SIDE;
    let along = |number: usize, start: f32, length: f32, count: usize| {
        let place = start + (number as f32 + 0.5) * length / side as f32 - 0.5;
        let place = place.clamp(0.0, (count - 1) as f32);
        let whole = place as usize;
        (whole, (whole + 1).min(count - 1), place - whole as f32)
    };
    let pixels = picture.pixels();
    let (columns, rows) = (picture.width(), picture.height());
    for (y, line) in out.chunks_exact_mut(side * 3).enumerate() {
        let (upper, lower, down) = along(y, part.y, part.height, rows);
        for (x, pixel) in line.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let (left, right, over) = along(x, part.x, part.width, columns);
            for (channel, value) in pixel.iter_mut().enumerate() {
                let at = |row: usize, column: usize| {
                    let place = (row * columns + column) * 3 + channel;
                    f32::from(pixels.get(place).copied().unwrap_or_default())
                };
                let mix = |row| at(row, left) * (1.0 - over) + at(row, right) * over;
                *value = (mix(upper) * (1.0 - down) + mix(lower) * down + 0.5) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countenance_net::Size;

    /// Says how light what it was shown is.
    struct Light([f32; 3]);

    impl Net for Light {
        fn input_size(&self) -> Size {
            Size {
                width: PassiveJudge::SIDE,
                height: PassiveJudge::SIDE,
            }
        }

        fn run(&mut self, pixels: &[u8]) -> Result<(), RunError> {
            let sum: f32 = pixels.iter().map(|value| f32::from(*value)).sum();
            let live = sum / pixels.len() as f32 / 255.0;
            self.0 = [1.0 - live, live, 0.0];
            Ok(())
        }

        fn output(&self, name: &str) -> Option<&[f32]> {
            (name == OUTPUT).then_some(&self.0)
        }
    }

    fn face() -> Rect {
        Rect {
            x: 40.0,
            y: 40.0,
            width: 20.0,
            height: 20.0,
        }
    }

    /// 100 x 100, white where the face is.
    fn picture() -> Picture {
        let white =
            |place: usize| (40..60).contains(&(place % 100)) && (40..60).contains(&(place / 100));
        let pixels = (0..10_000).flat_map(|place| [if white(place) { 255 } else { 0 }; 3]);
        Picture::from_rgb(100, 100, pixels.collect()).unwrap()
    }

    #[test]
    fn each_network_sees_the_face_with_so_much_around_it_and_their_mean_counts() {
        let score = |scales: &[f32]| {
            let nets = scales
                .iter()
                .map(|scale| (*scale, Box::new(Light([0.0; 3])) as Box<dyn Net>));
            PassiveJudge::new(nets.collect())
                .score(&picture(), face())
                .unwrap()
        };
        assert!(score(&[1.0]) > 0.97);
        assert!((score(&[2.0]) - 0.25).abs() < 0.02);
        assert!((score(&[1.0, 2.0]) - 0.62).abs() < 0.02);
    }

    #[test]
    fn a_window_is_moved_inside_the_picture_and_never_larger_than_it() {
        let corner = Rect {
            x: -5.0,
            y: 90.0,
            ..face()
        };
        let moved = window(&picture(), corner, 2.5);
        assert_eq!((moved.x, moved.y, moved.width), (0.0, 50.0, 50.0));
        let whole = window(&picture(), face(), 9.0);
        assert_eq!((whole.x, whole.y, whole.width), (0.0, 0.0, 100.0));
    }

    #[test]
    fn a_network_that_says_no_probabilities_is_an_error() {
        struct Odd;
        impl Net for Odd {
            fn input_size(&self) -> Size {
                Light([0.0; 3]).input_size()
            }
            fn run(&mut self, _: &[u8]) -> Result<(), RunError> {
                Ok(())
            }
            fn output(&self, _: &str) -> Option<&[f32]> {
                Some(&[0.0, f32::NAN, 0.0])
            }
        }
        let mut judge = PassiveJudge::new(vec![(2.0, Box::new(Odd))]);
        assert_eq!(judge.score(&picture(), face()), Err(RunError::BadOutput));
    }
}
